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
    serve(data, arguments)
        .output()
        .expect("the program was built with the test")
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
    Some((status, serde_json::from_str(body).ok()?))
}

/// A request that must be answered so.
pub(crate) fn ask(rest: SocketAddr, method: &str, path: &str, body: &str) -> Value {
    let (status, json) = request(rest, method, path, None, body).expect("the server answers");
    assert!(status < 300, "{method} {path}: {status} {json}");
    json
}
