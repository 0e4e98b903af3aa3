//! R38: every key, wrong in every way that its kind can be wrong. Nothing starts then, and the message names key and place.

use std::fs;

use super::keys::{Key, Kind, keys};
use super::settings::{Origin, Settings};
use super::*;

fn read_with(text: &str, environment: &[(&str, &str)], flags: ServeArguments) -> Result<Options, String> {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    fs::write(file.path(), text).expect("it can be written");
    let owned = |(name, value): &(&str, &str)| (name.to_string(), value.to_string());
    let environment: Vec<_> = environment.iter().map(owned).collect();
    let arguments = ServeArguments {
        config: Some(file.path().to_owned()),
        ..flags
    };
    let path = file.path().display().to_string();
    Options::read(&arguments, &environment).map_err(|error| error.to_string().replace(&path, "FILE"))
}

fn read(text: &str) -> Result<Options, String> {
    read_with(text, &[], ServeArguments::default())
}

/// Values that are not of a kind.
fn wrong(kind: &Kind) -> Vec<String> {
    let texts: &[&str] = match kind {
        Kind::Address => &["7", "\"here\"", "\"127.0.0.1\"", "\"127.0.0.1:65536\"", "[]"],
        Kind::Path => &["1", "\"\"", "true", "[\"a\"]"],
        Kind::Word(_) => &["\"perhaps\"", "\"\"", "true", "1", "[]"],
        Kind::Number { .. } => &["\"many\"", "\"1\"", "1.0", "true", "[1]", "-1"],
        Kind::Names => &["\"all\"", "3", "[3]", "[\"\"]"],
        Kind::Origins => &["\"*\"", "[\"*\"]", "[\"example.com\"]", "[\"http://a/b\"]", "[1]"],
        Kind::Url => &[
            "4318",
            "\"localhost:4318\"",
            "\"http://\"",
            "\"http://me:secret@host\"",
            "\"http://a b\"",
        ],
        Kind::Symbols => &["\"X\"", "[\"X\"]", "3"],
    };
    let mut wrong: Vec<String> = texts.iter().map(ToString::to_string).collect();
    if let Kind::Number { least, most } = kind {
        wrong.extend(least.checked_sub(1).map(|below| below.to_string()));
        wrong.push((most + 1).to_string());
        wrong.push(i64::MAX.to_string());
    }
    wrong
}

/// The quoted form of a default, or something that can be where there is none.
fn right(key: &Key) -> String {
    let example = match key.name.as_str() {
        "tls.certificate" | "tls.key" => "\"some.pem\"",
        "otlp.endpoint" => "\"http://127.0.0.1:4318\"",
        "symbols" => "[{symbol = \"X\", tick = \"0.01\", lot = \"1\"}]",
        _ => key.default.as_deref().expect("the others have defaults"),
    };
    example.to_owned()
}

#[test]
fn every_key_is_refused_with_its_name_and_file_when_it_is_wrong() {
    for key in keys() {
        for value in wrong(&key.kind) {
            let text = format!("{} = {value}", key.name);
            let error = read(&text).expect_err(&text);
            assert!(
                error.starts_with("FILE: ") && error.contains(&format!("{} = ", key.name)),
                "{text}: {error}"
            );
        }
    }
}

#[test]
fn every_variable_is_refused_with_its_name_when_it_is_wrong() {
    for key in keys() {
        let Some(variable) = key.variable() else { continue };
        let value = match key.kind {
            // Every list of texts is one of names.
            Kind::Names => continue,
            Kind::Path => "",
            _ => "-",
        };
        let error = read_with("", &[(&variable, value)], ServeArguments::default());
        let error = error.expect_err(&variable);
        assert!(error.starts_with(&format!("{variable}: {}", key.name)), "{error}");
    }
}

#[test]
fn a_key_that_does_not_exist_is_refused_wherever_it_is() {
    for key in keys() {
        let text = format!("{}_ = 1", key.name);
        let error = read(&text).expect_err(&text);
        assert_eq!(error, format!("FILE: there is no key {}_", key.name));
        if let Some((table, _)) = key.name.rsplit_once('.') {
            let error = read(&format!("{table} = 1")).expect_err(table);
            assert!(
                error.contains(&format!("{table} = 1: it must be a table")),
                "{error}"
            );
        }
    }
    let error = read_with("", &[("XTRADER_QUEUEMAX", "1")], ServeArguments::default());
    let error = error.expect_err("there is no such variable");
    assert_eq!(error, "XTRADER_QUEUEMAX: there is no key XTRADER_QUEUEMAX");
    let error = read("rest = \"127.0.0.1:1\"\nrest = \"127.0.0.1:2\"").expect_err("it is there twice");
    assert!(error.contains("FILE") && error.contains("rest"), "{error}");
}

#[test]
fn every_key_can_be_set_in_the_file_and_in_the_environment() {
    for key in keys()
        .iter()
        .filter(|key| key.name != "symbols" && key.name != "otlp.endpoint")
    {
        let mut text = format!("{} = {}\n", key.name, right(key));
        for other in ["tls.certificate", "tls.key"] {
            if key.name.starts_with("tls.") && key.name != other {
                text.push_str(&format!("{other} = \"other.pem\"\n"));
            }
        }
        let options = read(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert!(
            matches!(options.settings.origin(&key.name), Origin::File(_)),
            "{}",
            key.name
        );
        let variable = key.variable().expect("it has one");
        let value = right(key);
        let value = value.trim_matches(['"', '[', ']']);
        let options = read_with(&text, &[(&variable, value)], ServeArguments::default());
        let options = options.unwrap_or_else(|error| panic!("{variable}={value}: {error}"));
        assert_eq!(options.settings.origin(&key.name), Origin::Variable(variable));
    }
}

#[test]
fn a_flag_counts_before_the_environment_and_that_before_the_file() {
    let text =
        "auth = \"required\"\nrest = \"0.0.0.0:80\"\nqueue_max = 5\n[limits.accounts.free.orders]\nburst = 7";
    let options = read(text).expect("it can be");
    assert_eq!((options.rest.port(), options.queue_max), (80, 5));
    assert_eq!(options.limits.accounts.free.orders.burst, 7);
    assert_eq!(options.limits.keys.free.orders.burst, 200, "that is another rate");
    assert_eq!(options.ws, SocketAddr::from(([127, 0, 0, 1], 7001)));
    let environment = [
        ("XTRADER_REST", "127.0.0.1:81"),
        ("XTRADER_CORS_ORIGINS", "http://a, https://b:1"),
    ];
    let options = read_with(text, &environment, ServeArguments::default()).expect("it can be");
    assert_eq!((options.rest.port(), options.queue_max), (81, 5));
    assert_eq!(options.cors_origins, ["http://a", "https://b:1"]);
    let flags = ServeArguments {
        rest: Some("127.0.0.1:82".to_owned()),
        ..ServeArguments::default()
    };
    let options = read_with(text, &environment, flags).expect("it can be");
    assert_eq!(options.rest.port(), 82);
}

#[test]
fn what_is_said_together_must_fit() {
    let refused = |text: &str| read(text).expect_err(text);
    let error = refused("rest = \"0.0.0.0:7000\"");
    assert!(
        error.contains("0.0.0.0:7000") && error.contains("--auth required"),
        "{error}"
    );
    let error = refused("ws = \"192.168.0.1:7000\"");
    assert!(error.contains("ws must be a loopback address"), "{error}");
    assert_eq!(
        refused("tls.key = \"a\""),
        "FILE: tls.key needs tls.certificate too"
    );
    let error = refused("[limits.addresses.auth]\nburst = 1000000000\nper_minute = 1");
    assert!(
        error.starts_with("FILE: ") && error.contains("limits.addresses.auth"),
        "{error}"
    );
    let error = refused("symbols = [{symbol = \"X\", tick = 0.01}]");
    assert!(error.contains("tick must be written as a text"), "{error}");
}

#[test]
fn limits_hold_where_tokens_are_required_unless_somebody_says_otherwise() {
    let enabled = |text: &str| read(text).expect(text).limits.enabled;
    assert!(!enabled(""));
    assert!(enabled("auth = \"required\""));
    assert!(enabled("limits.enabled = \"on\""));
    assert!(!enabled("auth = \"required\"\nlimits.enabled = \"off\""));
}

#[test]
fn what_is_printed_says_the_same_and_who_said_it() {
    let text = "durability = \"interval\"\nadmins = [\"root\", \"a \\\" b\"]\n[[symbols]]\nsymbol = \"X\"\ntick = \"0.01\"";
    let options =
        read_with(text, &[("XTRADER_DATA", "C:\\x")], ServeArguments::default()).expect("it can be");
    let printed = options.settings.to_string();
    let again = read(&printed).expect("it is a configuration");
    let same = Options {
        settings: again.settings.clone(),
        ..options
    };
    assert_eq!(again, same);
    for (key, origin) in [("data", "XTRADER_DATA"), ("durability", ""), ("rest", "default")] {
        let line = printed
            .lines()
            .find(|line| line.starts_with(&format!("{key} = ")));
        assert!(
            line.is_some_and(|line| line.contains(&format!(" # {origin}"))),
            "{key}: {printed}"
        );
    }
}

/// The example beside the deployment files names every key with its default, and nothing else.
#[test]
fn the_example_is_complete_and_says_the_defaults() {
    let example = include_str!("../../../deploy/xtrader.toml");
    let lines = example.lines().filter_map(|line| line.strip_prefix("# "));
    let mut shown: Vec<&str> = lines
        .filter(|line| line.contains(" = ") && !line.starts_with(' '))
        .collect();
    let first_of_symbols = shown.iter().position(|line| line.starts_with("symbol = "));
    shown.truncate(first_of_symbols.expect("the symbols are shown last"));
    let mut expected: Vec<String> = Vec::new();
    for key in keys().iter().filter(|key| key.name != "symbols") {
        expected.push(format!("{} = {}", key.name, right(key)));
    }
    assert_eq!(shown, expected);
    assert!(read(example).is_ok_and(|options| Some(options)
        == read("").ok().map(|plain| Options {
            settings: read(example).expect("it was read").settings,
            ..plain
        })));
    let uncommented: String = example
        .lines()
        .filter(|line| !line.starts_with("# otlp.endpoint"))
        .map(|line| line.strip_prefix("# ").unwrap_or(line))
        .filter(|line| line.contains(" = ") || line.starts_with('['))
        .map(|line| format!("{line}\n"))
        .collect();
    read(&uncommented).unwrap_or_else(|error| panic!("{error}\n{uncommented}"));
}

/// The page for operators has a row for every key.
#[test]
fn the_page_of_the_server_explains_every_key() {
    let page = include_str!("../../../../../docs/server.md");
    for key in keys() {
        let is_rate = key.name.starts_with("limits.") && key.name.matches('.').count() > 1;
        let name = if is_rate { "limits.addresses" } else { &key.name };
        assert!(page.contains(&format!("`{name}")), "docs/server.md lacks {name}");
    }
}

#[test]
fn defaults_are_of_their_kinds() {
    let said = Said {
        file: None,
        environment: &[
            ("PATH".to_owned(), "/bin".to_owned()),
            ("XTRADER_TOKEN".to_owned(), "t".to_owned()),
        ],
        flags: Vec::new(),
    };
    let settings = Settings::read(&said).expect("defaults can be");
    assert!(
        keys()
            .iter()
            .all(|key| key.default.is_none() || settings.find(&key.name).is_some())
    );
}
