//! What the program does not start with, and what it says then.

use std::fs;

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};

use crate::program::{Program, ask, ended, refused};

/// The program with nothing but these arguments.
fn plain(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_exchange-server"));
    command.args(arguments);
    command
}

/// It ended with this code, said nothing to those who wait for its addresses, and its message has all of these.
#[track_caller]
fn check(output: &Output, code: i32, said: &[&str]) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{text}");
    assert!(output.stdout.is_empty(), "{output:?}");
    for part in said {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
    assert!(!text.contains("panicked"), "{text}");
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of text")
}

#[test]
fn an_address_in_use_is_named_and_nothing_is_made() {
    let data = tempfile::tempdir().expect("a temporary directory");
    let listener = TcpListener::bind("127.0.0.1:0").expect("some port is free");
    let address = listener.local_addr().expect("it has one").to_string();
    let place = data.path().join("new");
    let place = text(&place);
    let output = ended(plain(&[
        "serve",
        "--rest",
        "127.0.0.1:0",
        "--ws",
        &address,
        "--data",
        place,
    ]));
    check(&output, 1, &[&address, "ws", "in use", "--ws"]);
    assert!(!Path::new(place).exists(), "nothing was made");
    let output = ended(plain(&["demo", "--rest", &address, "--data", place]));
    check(&output, 1, &[&address, "rest", "in use", "--rest"]);
}

#[test]
fn a_damaged_journal_is_not_served_and_the_message_says_where_and_what_to_do() {
    let data = tempfile::tempdir().expect("a temporary directory");
    let program = Program::start(data.path(), &[]);
    for number in 0..50 {
        let order = format!(
            r#"{{"symbol":"AAPL","side":"Buy","order_type":"Limit","price":{},"quantity":1}}"#,
            100 + number
        );
        ask(program.rest, "POST", "/v1/order", &order);
    }
    program.signal(rustix::process::Signal::KILL);
    program.wait();
    let journal = data.path().join("journal");
    let snapshots = fs::read_dir(&journal)
        .expect("it is there")
        .map(|entry| entry.expect("it is").path());
    for snapshot in snapshots.filter(|path| path.extension().is_some_and(|kind| kind == "snap")) {
        fs::remove_file(snapshot).expect("it can be removed");
    }
    let file = journal.join("commands-0000000001.log");
    let mut bytes = fs::read(&file).expect("it can be read");
    // Far behind the head of the file, and far before its last record.
    bytes[2_000] ^= 1;
    fs::write(&file, bytes).expect("it can be written");
    let output = refused(data.path(), &[]);
    check(
        &output,
        3,
        &["commands-0000000001.log", "exchange-server journal"],
    );
}

#[test]
fn a_data_directory_that_cannot_be_one_is_named() {
    let data = tempfile::tempdir().expect("a temporary directory");
    let file = data.path().join("file");
    fs::write(&file, "text").expect("it can be written");
    check(&refused(&file, &[]), 1, &["data directory", text(&file)]);
}

#[test]
fn what_a_configuration_names_must_be_there() {
    let data = tempfile::tempdir().expect("a temporary directory");
    let file = data.path().join("xtrader.toml");
    let refused_with = |toml: &str| {
        fs::write(&file, toml).expect("it can be written");
        refused(data.path(), &["--config", text(&file)])
    };
    check(&refused_with("admins = [\"nobody\"]"), 2, &["admins", "nobody"]);
    let tls = refused_with("tls.certificate = \"/no/such.pem\"\ntls.key = \"/no/such.key\"");
    check(&tls, 2, &["tls", "/no/such.pem"]);
    let symbol = refused_with("[[symbols]]\nsymbol = \"X\"\ntick = \"0\"\nlot = 1");
    check(&symbol, 2, &["symbols", "tick"]);
    let absent = refused(data.path(), &["--config", "/no/such.toml"]);
    check(&absent, 2, &["/no/such.toml"]);
}

#[test]
fn a_configuration_can_be_checked_without_naming_a_command() {
    let data = tempfile::tempdir().expect("a temporary directory");
    let file = data.path().join("xtrader.toml");
    fs::write(&file, "queue_max = 9\n").expect("it can be written");
    let checked = |arguments: &[&str], config: &Path| {
        let mut command = plain(arguments);
        command
            .env("XTRADER_CONFIG", config)
            .env("XTRADER_LOGINS_MAX", "3");
        command.current_dir(data.path()).output().expect("it ends")
    };
    for output in [
        checked(&["--check-config"], &file),
        checked(
            &["--check-config", "--config", text(&file)],
            Path::new("/no/such.toml"),
        ),
    ] {
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(
            text.contains(&format!("queue_max = 9 # {}", file.display())),
            "{text}"
        );
        assert!(text.contains("logins_max = 3 # XTRADER_LOGINS_MAX"), "{text}");
        assert!(text.contains("traders = \"off\" # default"), "{text}");
    }
    assert_eq!(
        fs::read_dir(data.path()).expect("it is there").count(),
        1,
        "nothing was made"
    );
    fs::write(&file, "queue_max = 0\n").expect("it can be written");
    check(
        &checked(&["--check-config"], &file),
        2,
        &[text(&file), "queue_max = 0"],
    );
    let wrong = plain(&["--check-config"]).env("XTRADER_QUEU_MAX", "1").output();
    check(&wrong.expect("it ends"), 2, &["XTRADER_QUEU_MAX"]);
}

#[test]
fn a_wrong_configuration_is_refused_with_file_and_key() {
    let data = tempfile::tempdir().expect("a temporary directory");
    let file = data.path().join("wrong.toml");
    fs::write(&file, "queue_max = \"many\"\n").expect("it can be written");
    let output = refused(data.path(), &["--config", file.to_str().expect("a path of text")]);
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(
        text.contains("wrong.toml") && text.contains("queue_max"),
        "{text}"
    );
    let output = refused(data.path(), &["--durability", "sometimes"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--durability"));
}

#[test]
fn the_demo_is_for_this_machine_only() {
    let data = tempfile::tempdir().expect("a temporary directory");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_exchange-server"));
    command
        .args(["serve", "--rest", "0.0.0.0:0", "--data"])
        .arg(data.path());
    let output = command.output().expect("the program was built with the test");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--auth required"));
}

#[test]
fn a_directory_that_is_in_use_is_left_alone() {
    let data = tempfile::tempdir().expect("a temporary directory");
    let program = Program::start(data.path(), &[]);
    let output = refused(data.path(), &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("in use"),
        "{output:?}"
    );
    program.stop();
}

#[test]
fn a_configuration_can_be_looked_at_without_starting() {
    let data = tempfile::tempdir().expect("a temporary directory");
    let output = refused(data.path(), &["--check-config", "--durability", "memory"]);
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("durability = \"memory\""), "{text}");
    assert!(
        fs::read_dir(data.path()).expect("it is there").next().is_none(),
        "nothing was made"
    );
}
