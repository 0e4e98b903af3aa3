//! Traces reach a collector, and a collector that is away costs nothing but the traces.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::thread::JoinHandle;

use crate::program::{Program, request, serve};

/// What was posted.
struct Posted {
    head: String,
    body: Vec<u8>,
}

/// Takes one post on a port of its own, as a collector does.
fn collector() -> (String, JoinHandle<Posted>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("some port is free");
    let endpoint = format!("http://{}", listener.local_addr().expect("it has one"));
    let thread = std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("somebody comes");
        let mut reader = BufReader::new(stream);
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).expect("a head is text");
            if line.trim().is_empty() {
                break;
            }
            let line = line.to_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().expect("a length is a number");
            }
            head.push_str(&line);
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).expect("all of it comes");
        let answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
        reader.get_mut().write_all(answer).expect("it is still there");
        Posted { head, body }
    });
    (endpoint, thread)
}

fn contains(body: &[u8], text: &str) -> bool {
    body.windows(text.len()).any(|part| part == text.as_bytes())
}

#[test]
fn a_request_is_a_span_at_the_collector() {
    let data = tempfile::tempdir().expect("a temporary directory");
    let (endpoint, collected) = collector();
    let mut command = serve(data.path(), &["--durability", "memory"]);
    command.env("XTRADER_OTLP_ENDPOINT", endpoint);
    let (program, _) = Program::run(command);
    let (status, answer) = request(program.rest, "GET", "/v1/executions/NONE", None, "").expect("an answer");
    assert_eq!(status, 404);
    let id = answer["request_id"].as_str().expect("it has an id").to_owned();
    // What is left is sent when the server ends.
    program.stop();
    let Posted { head, body } = collected.join().expect("something was posted");
    assert!(head.starts_with("post /v1/traces http/1.1"), "{head}");
    assert!(head.contains("content-type: application/x-protobuf"), "{head}");
    for part in [
        "xtrader",
        "GET",
        "/v1/executions/NONE",
        "http.response.status_code",
        &id,
    ] {
        assert!(
            contains(&body, part),
            "{part}: {}",
            String::from_utf8_lossy(&body)
        );
    }
}

#[test]
fn a_collector_that_is_away_is_no_reason_to_stop() {
    let data = tempfile::tempdir().expect("a temporary directory");
    let mut command = serve(data.path(), &["--durability", "memory"]);
    // A port that nobody may listen on without being asked for by name.
    command.env("XTRADER_OTLP_ENDPOINT", "http://127.0.0.1:1");
    let (program, _) = Program::run(command);
    let answer = request(program.rest, "GET", "/health", None, "");
    assert_eq!(answer.map(|(status, _)| status), Some(200));
    program.stop();
}
