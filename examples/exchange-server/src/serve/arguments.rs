//! What can be said on the command line and in the environment.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Deserialize;

/// Runs the exchange: REST and WebSocket, journal and recovery.
///
/// Every flag is also a key of the file that --config names and an environment variable. A flag counts before the
/// environment, the environment before the file. The page docs/server.md describes every key.
#[derive(Debug, Default, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct ServeArguments {
    /// A TOML file with any of these keys, and with those that have no flag
    #[arg(long, value_name = "FILE", env = "XTRADER_CONFIG")]
    pub(crate) config: Option<PathBuf>,

    /// Where REST is served, and WebSocket at /ws [default: 127.0.0.1:7000]
    #[arg(long, value_name = "ADDR:PORT", env = "XTRADER_REST")]
    pub(crate) rest: Option<SocketAddr>,

    /// Where WebSocket alone is served, at /ws [default: 127.0.0.1:7001]
    #[arg(long, value_name = "ADDR:PORT", env = "XTRADER_WS")]
    pub(crate) ws: Option<SocketAddr>,

    /// Where everything is kept that must outlive the process [default: data]
    #[arg(long, value_name = "DIR", env = "XTRADER_DATA")]
    pub(crate) data: Option<PathBuf>,

    /// How a request without a token is seen [default: demo]
    #[arg(long, value_enum, env = "XTRADER_AUTH")]
    pub(crate) auth: Option<AuthMode>,

    /// When an order is acknowledged [default: sync]
    #[arg(long, value_enum, env = "XTRADER_DURABILITY")]
    pub(crate) durability: Option<DurabilityMode>,

    /// Whether simulated traders keep the book alive [default: off]
    #[arg(long, value_enum, env = "XTRADER_TRADERS")]
    pub(crate) traders: Option<Switch>,

    /// How many days of a simulated past the charts of a new exchange with traders begin with [default: 30]
    #[arg(long, value_name = "DAYS", env = "XTRADER_HISTORY_DAYS")]
    pub(crate) history_days: Option<u64>,

    /// How the log is written to standard error [default: text]
    #[arg(long, value_enum, env = "XTRADER_LOG")]
    pub(crate) log: Option<LogForm>,

    /// How much is logged: error, warn, info, debug or trace [default: info]
    #[arg(long, value_name = "LEVEL", env = "XTRADER_LOG_LEVEL")]
    pub(crate) log_level: Option<String>,

    /// Says what would be done with this configuration, or what is wrong with it, and ends
    #[arg(long)]
    pub(crate) check_config: bool,
}

impl ServeArguments {
    /// Those of the demo, whatever the environment says.
    pub(crate) fn demo(rest: SocketAddr, ws: SocketAddr, data: PathBuf, history_days: u64) -> Self {
        Self {
            rest: Some(rest),
            ws: Some(ws),
            data: Some(data),
            auth: Some(AuthMode::Demo),
            traders: Some(Switch::On),
            history_days: Some(history_days),
            ..Self::default()
        }
    }
}

/// How a request without a token is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AuthMode {
    /// It acts for the account `demo`; only on loopback addresses
    Demo,
    /// It sees what is public
    Required,
}

/// When an order is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DurabilityMode {
    /// When it is on disk
    Sync,
    /// When the operating system has it, which writes it within `sync_interval_ms`
    Interval,
    /// At once; nothing outlives the process
    Memory,
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Switch {
    /// They trade
    On,
    /// There are none
    Off,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogForm {
    /// Lines for people
    Text,
    /// One JSON object a line
    Json,
}

const EXAMPLES: &str = r#"Examples:
  The demo exchange with an account that needs no token, on this machine only:
    exchange-server serve

  For others, with tokens and a certificate:
    exchange-server serve --config /etc/xtrader.toml --auth required --rest 0.0.0.0:7000 --ws 0.0.0.0:7001

  What a configuration comes to, without starting:
    exchange-server serve --config /etc/xtrader.toml --check-config

Exit codes: 0 after a signal, when everything that was acknowledged is on disk; 1 when it could not start or had to stop;
2 when the configuration is wrong; 3 when the journal is damaged. A second signal ends the process at once.
"#;
