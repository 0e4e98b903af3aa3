//! Starting the real program, talking to it, and ending it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// A server that runs.
pub(crate) struct Program {
    child: Child,
    pub(crate) rest: SocketAddr,
}

/// The program with these arguments, on ports that are free.
pub(crate) fn serve(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_exchange-server"));
    command
        .args(["serve", "--rest", "127.0.0.1:0", "--ws", "127.0.0.1:0", "--data"])
        .arg(data)
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs the program, which must end by itself.
pub(crate) fn refused(data: &Path, arguments: &[&str]) -> Output {
    ended(serve(data, arguments))
}

/// Runs what must end by itself. A server that is ready instead is ended, so that nobody waits for it.
pub(crate) fn ended(mut command: Command) -> Output {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program was built with the test");
    let mut line = String::new();
    let output = child.stdout.take().expect("it is piped");
    let mut output = BufReader::new(output);
    output.read_line(&mut line).expect("it is text");
    if line.starts_with("ready") {
        let _ = child.kill();
        let _ = child.wait();
        panic!("it was not refused: {line}");
    }
    let mut stdout = line.into_bytes();
    output.read_to_end(&mut stdout).expect("it can be read");
    Output {
        stdout,
        ..child.wait_with_output().expect("it ends")
    }
}

impl Program {
    /// Starts it and waits until it says that it is ready.
    pub(crate) fn start(data: &Path, arguments: &[&str]) -> Self {
        Self::run(serve(data, arguments)).0
    }

    /// Starts it and waits until it says that it is ready. Returns what it may say then, too.
    pub(crate) fn run(mut command: Command) -> (Self, BufReader<ChildStdout>) {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("the program was built with the test");
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().expect("it is piped"));
        output.read_line(&mut line).expect("it says something");
        let rest = line
            .strip_prefix("ready: REST http://")
            .and_then(|line| line.split(' ').next());
        let rest = rest.unwrap_or_else(|| panic!("not ready: {line:?}"));
        let program = Self {
            child,
            rest: rest.parse().expect("an address"),
        };
        (program, output)
    }

    /// The number of its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it runs");
    }

    pub(crate) fn wait(mut self) -> ExitStatus {
        self.child.wait().expect("it ends")
    }

    /// Ends it as an operator does.
    pub(crate) fn stop(self) {
        self.signal(Signal::TERM);
        assert_eq!(self.wait().code(), Some(0));
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // A test that failed leaves no server behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One request on a connection of its own: status and body, or `None` when the server goes away meanwhile.
pub(crate) fn request(
    rest: SocketAddr,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: &str,
) -> Option<(u16, Value)> {
    let (status, body) = request_text(rest, method, path, token, body)?;
    Some((status, serde_json::from_str(&body).ok()?))
}

/// As [`request`], with a body that need not be JSON.
pub(crate) fn request_text(
    rest: SocketAddr,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: &str,
) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(rest).ok()?;
    let token = token.map_or(String::new(), |token| {
        format!("authorization: Bearer {token}\r\n")
    });
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {rest}\r\nconnection: close\r\ncontent-type: application/json\r\n{token}content-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(body.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let status = answer.get(9..12)?.parse().ok()?;
    let (_, body) = answer.split_once("\r\n\r\n")?;
    Some((status, body.to_owned()))
}

/// A request that must be answered so.
pub(crate) fn ask(rest: SocketAddr, method: &str, path: &str, body: &str) -> Value {
    let (status, json) = request(rest, method, path, None, body).expect("the server answers");
    assert!(status < 300, "{method} {path}: {status} {json}");
    json
}
