//! The options of `exchange-server bench`.

use std::time::Duration;

use clap::Args;
use clap::builder::RangedU64ValueParser;
use clap::value_parser;

/// Puts orders and subscribers on a server and says how much it took and how late it answered.
///
/// Orders come in pairs that trade with each other, at a fixed rate, over keep-alive connections. Each has a time at which
/// it is due, and its latency counts from that time, not from when a connection was free to send it. The page
/// docs/load-tool.md says what each figure means.
///
/// Use an account of its own: in every symbol used all open orders of the account are cancelled, again and again.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct BenchArguments {
    /// Where the server's REST interface is
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:7000")]
    pub(crate) url: String,

    /// Where its WebSocket is; without it, at /ws of the same address
    #[arg(long, value_name = "URL")]
    pub(crate) ws: Option<String>,

    /// Orders a second; 0 sends none and only measures the subscribers
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = value_parser!(u32).range(0..=200_000))]
    pub(crate) rate: u32,

    /// How long to measure, in seconds
    #[arg(long, value_name = "S", default_value_t = 10, value_parser = value_parser!(u32).range(1..=3_600))]
    pub(crate) duration: u32,

    /// How long to send before anything is measured, in seconds
    #[arg(long, value_name = "S", default_value_t = 2, value_parser = value_parser!(u32).range(0..=600))]
    pub(crate) warm_up: u32,

    /// Connections that orders are sent over, one at a time each
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = value_parser!(u32).range(1..=10_000))]
    pub(crate) connections: u32,

    /// WebSocket connections that follow a symbol, spread over the symbols
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = value_parser!(u32).range(0..=60_000))]
    pub(crate) subscribers: u32,

    /// What they follow of it
    #[arg(long, value_name = "A,B,…", value_delimiter = ',', default_value = "orderbook",
        value_parser = ["executions", "orderbook", "depth", "statistics", "candles"])]
    pub(crate) channels: Vec<String>,

    /// The symbols to trade and to follow; without it, all that the server lists
    #[arg(long, value_name = "A,B,…", value_delimiter = ',')]
    pub(crate) symbols: Vec<String>,

    /// In how many of a hundred orders a trade is wanted; the others find nothing to trade with and are over at once
    #[arg(long, value_name = "PERCENT", default_value_t = 100, value_parser = RangedU64ValueParser::<u8>::new().range(0..=100))]
    pub(crate) fills: u8,

    /// Does not follow the account's own executions over a WebSocket
    #[arg(long)]
    pub(crate) no_executions: bool,

    /// For how long an answer is waited for, in seconds
    #[arg(long, value_name = "S", default_value_t = 10, value_parser = value_parser!(u32).range(1..=120))]
    pub(crate) timeout: u32,

    /// An access token; without it, that in the environment variable XTRADER_TOKEN, else none, as a server in demo mode takes it
    #[arg(long, value_name = "TOKEN")]
    pub(crate) token: Option<String>,

    /// Prints one JSON object instead of a table
    #[arg(long)]
    pub(crate) json: bool,

    /// Takes a server that is not on this machine; it must be yours
    #[arg(long)]
    pub(crate) allow_remote: bool,
}

impl BenchArguments {
    pub(crate) fn warm_up(&self) -> Duration {
        Duration::from_secs(self.warm_up.into())
    }

    pub(crate) fn duration(&self) -> Duration {
        Duration::from_secs(self.duration.into())
    }

    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout.into())
    }

    /// The token to send, if there is one.
    pub(crate) fn bearer(&self) -> Option<String> {
        let from_environment = || std::env::var("XTRADER_TOKEN").ok();
        self.token
            .clone()
            .or_else(from_environment)
            .filter(|token| !token.is_empty())
    }
}

const EXAMPLES: &str = "Examples:
  What the demo on this machine takes:
    exchange-server bench --rate 5000 --duration 30

  Five thousand browsers on one busy symbol:
    exchange-server bench --rate 2000 --subscribers 5000 --symbols BTC-KRW

  How many messages a second it can hand out:
    exchange-server bench --rate 2000 --subscribers 200 --channels executions,depth --symbols BTC-KRW --no-executions

  For a program that compares runs:
    exchange-server bench --rate 30000 --connections 128 --no-executions --json

Exit codes: 0 when it ran to its end, however the server did; 1 when it could not run.
";
