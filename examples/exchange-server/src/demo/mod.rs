//! `exchange-server demo`: an exchange to look at, with traders, a past and play money.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use crate::serve::{self, ServeArguments};

/// Runs an exchange to look at: three symbols, simulated traders, a simulated past, and an account that needs no token.
///
/// It is for this machine only, and nothing in it is real. Without --data everything is in a fresh directory that is
/// removed at the end.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct DemoArguments {
    /// Where REST is served, and WebSocket at /ws
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:7000")]
    rest: SocketAddr,

    /// Where WebSocket alone is served, at /ws
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:7001")]
    ws: SocketAddr,

    /// Keeps everything in this directory, and goes on with what is there
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,

    /// How many days of a past the charts begin with
    #[arg(long, value_name = "DAYS", default_value_t = 30)]
    history_days: u64,
}

const EXAMPLES: &str = r#"Examples:
  exchange-server demo
  exchange-server demo --data my-exchange    to go on with it another time
  exchange-server demo --rest 127.0.0.1:8000 --ws 127.0.0.1:8001    where the usual ports are in use

While it runs:
  curl http://127.0.0.1:7000/api/v1/orderbook/BTC-KRW
  curl -X POST http://127.0.0.1:7000/api/v1/order -H 'content-type: application/json' \
    -d '{"symbol":"BTC-KRW","side":"Buy","order_type":"Market","quantity":0.01}'
"#;

/// Serves the demo until a signal comes.
pub(crate) fn run(arguments: &DemoArguments) -> ExitCode {
    let fresh = match arguments.data {
        Some(_) => None,
        None => match Fresh::make() {
            Ok(fresh) => Some(fresh),
            Err(error) => {
                eprintln!(
                    "exchange-server: no directory for the demo can be made: {error}; name one with --data"
                );
                return ExitCode::FAILURE;
            }
        },
    };
    let data = match (&fresh, &arguments.data) {
        (Some(fresh), _) => &fresh.0,
        (None, Some(data)) => data,
        (None, None) => unreachable!("without a directory one is made"),
    };
    let note = if fresh.is_some() {
        " (removed at the end)"
    } else {
        ""
    };
    let place = format!("{}{note}", data.display());
    let serving = ServeArguments::demo(arguments.rest, arguments.ws, data, arguments.history_days);
    serve::run_with(&serving, &[], |addresses| print_places(addresses, &place))
}

/// Says where to look, once there is something to see.
fn print_places(addresses: &[SocketAddr], place: &str) {
    let [rest, ws, ..] = addresses else { return };
    println!(
        "\
  REST       http://{rest}/api/v1
  WebSocket  ws://{ws}/ws
  Docs       http://{rest}/docs
  Health     http://{rest}/health
  Readiness  http://{rest}/ready
  Metrics    http://{rest}/metrics
  Data       {place}
Try: curl http://{rest}/api/v1/orderbook/BTC-KRW
Traders, past and money are simulated. Ctrl-C ends it."
    );
}

/// A directory of this process, removed with everything in it at the end.
struct Fresh(PathBuf);

impl Fresh {
    fn make() -> io::Result<Self> {
        Self::make_in(&std::env::temp_dir())
    }

    fn make_in(parent: &Path) -> io::Result<Self> {
        let id = std::process::id();
        for number in 0..100 {
            let path = parent.join(format!("xtrader-demo-{id}-{number}"));
            match fs::create_dir(&path) {
                Ok(()) => return Ok(Self(path)),
                // Of a process that had this number before and was killed.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::from(io::ErrorKind::AlreadyExists))
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            eprintln!("exchange-server: {} cannot be removed: {error}", self.0.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_directory_is_nobody_else_s_and_goes_with_its_owner() {
        let parent = tempfile::tempdir().expect("a temporary directory");
        let one = Fresh::make_in(parent.path()).expect("a directory");
        let other = Fresh::make_in(parent.path()).expect("another one");
        assert_ne!(one.0, other.0);
        fs::write(one.0.join("file"), "text").expect("it can be written");
        drop((one, other));
        let left = fs::read_dir(parent.path()).expect("it is there").count();
        assert_eq!(left, 0);
    }
}
