use proptest::prelude::*;

use super::super::write::write_text;
use super::*;

fn scan(text: &str) -> Result<Vec<(String, Value<'_>)>, JsonError> {
    let mut fields = Vec::new();
    object(text, |key, value| {
        fields.push((key.resolve().into_owned(), value.value(text)));
        Ok(())
    })?;
    Ok(fields)
}

#[test]
fn values_are_parts_of_the_text() {
    let fields = scan(r#" { "a" : 1.50 , "b":"x\u0041\n","c":[1,{"d":null}],"e":{},"f":true,"g":null} "#);
    let fields = fields.expect("this is JSON");
    assert_eq!(fields[0], ("a".into(), Value::Number("1.50")));
    let Value::Text(text) = fields[1].1 else {
        panic!("b is a string")
    };
    assert_eq!(text.resolve(), "xA\n");
    assert_eq!(fields[2].1, Value::Array(r#"[1,{"d":null}]"#));
    assert_eq!(fields[3].1, Value::Object("{}"));
    assert_eq!((fields[4].1, fields[5].1), (Value::Bool(true), Value::Null));
}

#[test]
fn a_batch_is_cut_into_its_objects() {
    let fault = |at, what| {
        Err(JsonError {
            at,
            fault: JsonFault::Expected(what),
        })
    };
    assert_eq!(objects("[]"), Ok(vec![]));
    assert_eq!(
        objects(r#"[{"a":[{}]},{"b":"}"}]"#),
        Ok(vec![r#"{"a":[{}]}"#, r#"{"b":"}"}"#])
    );
    assert_eq!(objects("[{},7]"), fault(4, "an object"));
    assert_eq!(objects("{}"), fault(0, "an array"));
    assert_eq!(
        objects("[{}"),
        Err(JsonError {
            at: 3,
            fault: JsonFault::UnexpectedEnd
        })
    );
}

#[test]
fn the_place_of_a_fault_is_told() {
    for (text, at, fault) in [
        ("", 0, JsonFault::UnexpectedEnd),
        ("7", 0, JsonFault::Expected("an object")),
        ("{", 1, JsonFault::UnexpectedEnd),
        ("{\"a\" 1}", 5, JsonFault::Expected("`:`")),
        ("{\"a\":1 \"b\":2}", 7, JsonFault::Expected("`,` or `}`")),
        ("{\"a\":1,}", 7, JsonFault::Expected("a key")),
        ("{\"a\":nul}", 5, JsonFault::Expected("a value")),
        ("{\"a\":1}{", 7, JsonFault::Expected("the end")),
        ("{\"a\":\"\t\"}", 6, JsonFault::ControlCharacter),
        ("{\"a\":\"\\ud800\"}", 6, JsonFault::Escape),
        ("{\"a\":\"b", 7, JsonFault::UnexpectedEnd),
    ] {
        assert_eq!(scan(text), Err(JsonError { at, fault }), "{text}");
    }
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(16), "]".repeat(16));
    assert_eq!(scan(&deep).map_err(|error| error.fault), Err(JsonFault::TooDeep));
    assert_eq!(
        utf8(b"{\"\xff\"}"),
        Err(JsonError {
            at: 2,
            fault: JsonFault::NotUtf8
        })
    );
}

/// A text made of pieces that occur in JSON, so that much of it nearly is.
fn nearly_json() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "\\u00e9",
        "\\ud83d",
        "\\ude00",
        "\\n",
        "\\x",
        "a",
        " ",
        "\t",
        "0",
        "12",
        "-3.5",
        "true",
        "null",
        "\"k\"",
        "\"k\":",
        "{\"a\":1}",
        "[1,2]",
        "é",
        "\u{1}",
    ]);
    prop::collection::vec(pieces, 0..12).prop_map(|pieces| pieces.concat())
}

/// Whether the text has a number that only this scanner takes.
fn has_loose_number(text: &str) -> bool {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')))
        .any(|word| {
            word.starts_with(|c: char| c.is_ascii_digit() || c == '-')
                && serde_json::from_str::<serde_json::Value>(word).is_err()
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn what_another_parser_takes_is_taken_and_nothing_else(text in nearly_json()) {
        for text in [text.clone(), format!("{{\"a\":{text}}}"), format!("{{\"a\":\"{text}\"}}")] {
            let other = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&text);
            let own = scan(&text);
            if other.is_ok() {
                prop_assert!(own.is_ok(), "{text}: {own:?}");
            } else if !has_loose_number(&text) {
                prop_assert!(own.is_err(), "{text}: {other:?}");
            }
            if let (Ok(own), Ok(other)) = (own, other) {
                for (key, value) in own {
                    if let Value::Text(text) = value {
                        let same_key = other.get(&key).and_then(|other| other.as_str());
                        prop_assert!(same_key.is_some());
                        if text.plain().is_none() {
                            prop_assert_eq!(same_key, Some(&*text.resolve()));
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_written_text_is_read_again(text in "\\PC*|[\\x00-\\x7f]*") {
        let mut out = Vec::new();
        write_text(&text, &mut out);
        let written = utf8(&out).expect("what was UTF-8 still is");
        prop_assert_eq!(serde_json::from_str::<String>(written).expect("a JSON string"), text.clone());
        let object = format!("{{\"a\":{written}}}");
        let fields = scan(&object).expect("a JSON object");
        let Value::Text(read) = fields[0].1 else { panic!("a string") };
        prop_assert_eq!(read.resolve(), text);
    }
}
