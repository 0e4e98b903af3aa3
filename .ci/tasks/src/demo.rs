//! `cargo demo`: builds the exchange and starts it with simulated traders, to be looked at.

use std::ffi::OsString;
use std::net::{SocketAddr, TcpListener};
use std::process::{Command, ExitCode};

use crate::invocation::Invocation;
use crate::workspace::Workspace;

const HELP: &str = "\
Builds the exchange and starts it on this machine: BTC-KRW, ETH-KRW and AAPL, simulated traders, a simulated past, and an
account `demo` that needs no token. It says where to look when it is ready; Ctrl-C ends it.

Usage: cargo demo [OPTIONS]

Options:
  --rest ADDR:PORT      where REST is served, 127.0.0.1:7000 by default
  --ws ADDR:PORT        where WebSocket is served, 127.0.0.1:7001 by default
  --data DIR            keep everything there and go on with what is there; else it is gone at the end
  --history-days DAYS   how many days of a past the charts begin with, 30 by default
  --help                show this text

Examples:
  cargo demo
  cargo demo --rest 127.0.0.1:8000 --ws 127.0.0.1:8001    where the usual ports are in use
  cargo demo --data my-exchange                           to go on another time";

/// The exit code for a command line that makes no sense, as shells use it.
const USAGE_ERROR: u8 = 2;

/// The program that is built and started.
const PROGRAM: &str = "exchange-server";

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
enum Request {
    Help,
    Start {
        /// REST, then WebSocket.
        addresses: [SocketAddr; 2],
    },
}

/// Runs the task with the arguments after `cargo demo`.
pub fn run(arguments: &[String]) -> ExitCode {
    let addresses = match parse(arguments) {
        Ok(Request::Help) => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Ok(Request::Start { addresses }) => addresses,
        Err(reason) => {
            eprintln!("{reason}; `cargo demo --help` explains");
            return ExitCode::from(USAGE_ERROR);
        }
    };
    // Nobody should wait for a build only to be told this.
    if let Some(reason) = addresses.into_iter().find_map(taken) {
        eprintln!("{reason}");
        return ExitCode::FAILURE;
    }
    match build() {
        Ok(program) => become_program(program, arguments),
        Err(reason) => {
            eprintln!("the demo cannot start: {reason}");
            ExitCode::FAILURE
        }
    }
}

/// The words are the program's own, so that it is asked the same; only what is needed before a build is read here.
fn parse(arguments: &[String]) -> Result<Request, String> {
    let mut addresses = [7000, 7001].map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
    let mut words = arguments.iter().map(String::as_str);
    while let Some(word) = words.next() {
        let (name, joined) = word
            .split_once('=')
            .map_or((word, None), |(name, value)| (name, Some(value)));
        let mut value = || {
            joined
                .or_else(|| words.next())
                .ok_or(format!("{name} needs a value"))
        };
        let at = match name {
            "--help" | "-h" => return Ok(Request::Help),
            "--rest" => 0,
            "--ws" => 1,
            "--data" => {
                value()?;
                continue;
            }
            "--history-days" => {
                let days = value()?;
                let _: u32 = days
                    .parse()
                    .map_err(|_| format!("{name} is `{days}`, which is not a whole number"))?;
                continue;
            }
            _ => return Err(format!("`{word}` is no option")),
        };
        let text = value()?;
        addresses[at] = text
            .parse()
            .map_err(|_| format!("{name} is `{text}`, which is not an address such as 127.0.0.1:7000"))?;
    }
    Ok(Request::Start { addresses })
}

/// Why an address cannot be had, if it cannot.
fn taken(address: SocketAddr) -> Option<String> {
    let error = TcpListener::bind(address).err()?;
    Some(format!(
        "{address} cannot be listened on: {error}; choose others, such as --rest 127.0.0.1:8000 --ws 127.0.0.1:8001"
    ))
}

/// Builds the program and says where it is. What takes long is shown as it goes on.
fn build() -> Result<OsString, String> {
    let workspace = Workspace::read().map_err(|error| error.to_string())?;
    let build = Invocation::cargo("build --release --package").args([PROGRAM]);
    build.run().map_err(|error| error.to_string())?;
    Ok(workspace.target.join("release").join(PROGRAM).into())
}

/// Ends this process in favour of the program, so that a signal reaches it and nobody else.
fn become_program(program: OsString, arguments: &[String]) -> ExitCode {
    use std::os::unix::process::CommandExt;

    let error = Command::new(&program).arg("demo").args(arguments).exec();
    eprintln!("{} cannot be started: {error}", program.display());
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(line: &str) -> Result<Request, String> {
        parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    fn start(rest: &str, ws: &str) -> Result<Request, String> {
        let addresses = [rest, ws].map(|text| text.parse().expect("an address"));
        Ok(Request::Start { addresses })
    }

    #[test]
    fn addresses_are_the_usual_ones_or_those_that_are_named() {
        assert_eq!(asked(""), start("127.0.0.1:7000", "127.0.0.1:7001"));
        assert_eq!(
            asked("--data here --ws=127.0.0.1:1 --rest [::1]:2 --history-days 3"),
            start("[::1]:2", "127.0.0.1:1")
        );
        assert_eq!(asked("--data d --help"), Ok(Request::Help));
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        for (line, reason) in [
            ("--rest", "--rest needs a value"),
            (
                "--rest 7000",
                "--rest is `7000`, which is not an address such as 127.0.0.1:7000",
            ),
            (
                "--history-days few",
                "--history-days is `few`, which is not a whole number",
            ),
            ("--auth none", "`--auth` is no option"),
        ] {
            assert_eq!(asked(line), Err(reason.to_owned()));
        }
    }

    #[test]
    fn an_address_in_use_is_said_before_anything_is_built() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("some port is free");
        let address = listener.local_addr().expect("it has an address");
        let reason = taken(address).expect("it is in use");
        assert!(
            reason.contains(&address.to_string()) && reason.contains("--rest"),
            "{reason}"
        );
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        assert_eq!(taken(any), None);
    }
}
