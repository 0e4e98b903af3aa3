//! What is read, what cannot be, and how the program ends then.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use crate::program::{X, buy, program, run, said, sell};

/// Runs a script of which line `number` cannot be read, and expects the output of the lines before it.
#[track_caller]
fn check_stops(input: &[u8], number: u64, cause: &str) {
    let output = run(&[], input);
    let shown = String::from_utf8_lossy(input)
        .chars()
        .take(200)
        .collect::<String>();
    assert_eq!(output.status.code(), Some(2), "{shown}");
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        format!("exchange-server: line {number}: {cause}\n"),
        "{shown}"
    );
    let before = String::from_utf8_lossy(&output.stdout);
    let accepted = r#"{"line":2,"type":"Accepted","id":1}"#;
    assert_eq!(
        before,
        if number > 2 {
            format!("{accepted}\n")
        } else {
            String::new()
        },
        "{shown}"
    );
}

#[test]
fn a_line_that_cannot_be_read_stops_after_the_output_of_the_lines_before_it() {
    for (line, cause) in [
        ("{", "not valid JSON: unexpected end at byte 1"),
        ("nonsense", "not valid JSON: expected an object at byte 0"),
        (
            r#"{"op":"hash"} {"op":"hash"}"#,
            "not valid JSON: expected the end at byte 14",
        ),
        (r#"{"op":"fly"}"#, "op is not valid"),
        (r#"{"id":1}"#, "op is required"),
        (
            r#"{"op":"new","side":"Buy","order_type":"Market","quantity":1}"#,
            "id is required",
        ),
        (
            r#"{"op":"new","id":9223372036854775808,"side":"Buy","order_type":"Market","quantity":1}"#,
            "id is out of range",
        ),
        (
            r#"{"op":"new","id":-1,"side":"Buy","order_type":"Market","quantity":1}"#,
            "id is not valid",
        ),
        (
            r#"{"op":"new","id":1.5,"side":"Buy","order_type":"Market","quantity":1}"#,
            "id is not valid",
        ),
        (
            r#"{"op":"new","id":"1","side":"Buy","order_type":"Market","quantity":1}"#,
            "id is not valid",
        ),
        (r#"{"op":"cancel"}"#, "id is required"),
        (
            r#"{"op":"hash","time_ns":999}"#,
            "time_ns 999 is before engine time 1000",
        ),
        (r#"{"op":"time","time_ns":-1}"#, "time_ns is not valid"),
        (r#"{"op":"book","symbol":"Y"}"#, "no such symbol"),
        (r#"{"op":"book","depth":0}"#, "depth must be greater than 0"),
        (r#"{"op":"book","deep":1}"#, "unknown field \"deep\""),
        (
            r#"{"op":"phase","symbol":"X","phase":"open"}"#,
            "phase is not valid",
        ),
        (r#"{"op":"candles","interval":"2m"}"#, "interval is not valid"),
        (
            r#"{"op":"symbol","symbol":"X","tick":1,"lot":1}"#,
            "this exists already",
        ),
        (
            r#"{"op":"symbol","symbol":"Y","tick":0,"lot":1}"#,
            "tick 0 is not greater than 0, or has too many digits",
        ),
    ] {
        let order = buy(1, "10", "1").replace('}', r#","time_ns":1000}"#);
        check_stops(
            format!("{X}\n{order}\n{line}\n{}", buy(2, "10", "1")).as_bytes(),
            3,
            cause,
        );
    }
}

#[test]
fn bytes_that_are_no_text_and_lines_without_end_stop_too() {
    let order = buy(1, "10", "1");
    let mut input = format!("{X}\n{order}\n{{\"op\":\"").into_bytes();
    input.extend([0xff, 0xfe]);
    check_stops(&input, 3, "not valid JSON: not UTF-8 at byte 7");
    let mut input = format!("{X}\n{order}\n").into_bytes();
    input.extend(vec![b' '; (1 << 20) + 1]);
    check_stops(&input, 3, "more bytes than a line may have");
}

#[test]
fn nothing_comes_before_the_first_symbol() {
    check_stops(
        buy(1, "10", "1").as_bytes(),
        1,
        "nothing can be asked for before the first symbol line",
    );
    check_stops(
        br#"{"op":"time","time_ns":1}"#,
        1,
        "nothing can be asked for before the first symbol line",
    );
}

#[test]
fn an_error_also_ends_a_summary_of_the_lines_before_it() {
    let output = run(
        &["--summary"],
        format!("{X}\n{}\nnonsense\n", buy(1, "10", "1")).as_bytes(),
    );
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains(r#""events":{"Accepted":1}"#), "{said}");
}

#[test]
fn blank_lines_and_ends_of_lines_of_all_kinds_are_read() {
    let script = format!(
        "\n  \n{X}\r\n\r\n{}\r\n\t{} ",
        buy(1, "10", "1"),
        sell(2, "10", "1")
    );
    assert_eq!(
        said(&[], &script),
        "{\"line\":5,\"type\":\"Accepted\",\"id\":1}\n{\"line\":6,\"type\":\"Accepted\",\"id\":2}\n\
         {\"line\":6,\"type\":\"Traded\",\"symbol\":\"X\",\"maker\":1,\"taker\":2,\"price\":10,\"quantity\":1}\n"
    );
    assert_eq!(said(&[], ""), "");
}

#[test]
fn a_file_is_read_like_standard_input() {
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    let file = folder.path().join("commands.jsonl");
    let script = format!("{X}\n{}\n", buy(1, "10", "1"));
    fs::write(&file, &script).expect("the file can be written");
    let path = file.to_str().expect("the path is text");
    assert_eq!(said(&[path], ""), said(&["-"], &script));
    assert_eq!(said(&[path], ""), "{\"line\":2,\"type\":\"Accepted\",\"id\":1}\n");
    let output = run(&["no/such/file"], b"");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no/such/file: No such file"));
}

#[test]
fn events_can_go_into_a_file() {
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    let file = folder.path().join("events.jsonl");
    let path = file.to_str().expect("the path is text");
    assert_eq!(
        said(&["--events", path], &format!("{X}\n{}\n", buy(1, "10", "1"))),
        ""
    );
    let events = fs::read_to_string(&file).expect("the file was written");
    assert_eq!(events, "{\"line\":2,\"type\":\"Accepted\",\"id\":1}\n");
}

#[test]
fn facts_about_the_book_are_said_when_they_are_asked_for() {
    let script = format!(
        "{X}\n{}\n{}\n",
        buy(1, "10", "2"),
        r#"{"op":"amend","id":1,"quantity":1}"#
    );
    assert_eq!(
        said(&["--facts"], &script).lines().collect::<Vec<_>>(),
        [
            r#"{"line":1,"type":"Listed","symbol":"X"}"#,
            r#"{"line":2,"type":"Accepted","id":1}"#,
            r#"{"line":2,"type":"Rested","id":1,"price":10,"displayed":2}"#,
            r#"{"line":3,"type":"Amended","id":1,"price":10,"quantity":1,"kept_priority":true}"#,
            r#"{"line":3,"type":"Reduced","id":1,"price":10,"by":1}"#,
        ]
    );
}

#[test]
fn somebody_who_waits_for_an_answer_gets_it() {
    let mut command = program(&[]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    let mut answers = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    writeln!(stdin, "{X}").expect("the program reads");
    for id in 1..=3 {
        writeln!(stdin, "{}", buy(id, "10", "1")).expect("the program reads");
        let answer = answers.next().expect("there is an answer").expect("it is text");
        assert_eq!(
            answer,
            format!(r#"{{"line":{},"type":"Accepted","id":{id}}}"#, id + 1)
        );
    }
    drop(stdin);
    assert!(child.wait().expect("the program ends").success());
}

#[test]
fn whoever_has_seen_enough_may_leave() {
    let mut command = program(&[]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().expect("it is piped");
    // The program may be gone before everything is written.
    let _ = writeln!(stdin, "{X}\n{}", buy(1, "10", "1"));
    drop(stdin);
    let output = child.wait_with_output().expect("the program ends");
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
