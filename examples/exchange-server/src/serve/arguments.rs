//! What can be said on the command line and in the environment.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;

/// Runs the exchange: REST and WebSocket, journal and recovery.
///
/// Every flag is also a key of the file that --config names and an environment variable: XTRADER_ and the key in
/// capitals. A flag counts before the environment, the environment before the file. The page docs/server.md describes
/// every key.
#[derive(Debug, Default, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct ServeArguments {
    /// A TOML file with any of these keys, and with those that have no flag [env: XTRADER_CONFIG]
    #[arg(long, value_name = "FILE", env = "XTRADER_CONFIG", hide_env = true)]
    pub(crate) config: Option<PathBuf>,

    /// Where REST is served, and WebSocket at /ws [default: 127.0.0.1:7000]
    #[arg(long, value_name = "ADDR:PORT")]
    pub(crate) rest: Option<String>,

    /// Where WebSocket alone is served, at /ws [default: 127.0.0.1:7001]
    #[arg(long, value_name = "ADDR:PORT")]
    pub(crate) ws: Option<String>,

    /// Where everything is kept that must outlive the process [default: data]
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<String>,

    /// How a request without a token is seen [default: demo]
    #[arg(long, value_name = "demo|required")]
    pub(crate) auth: Option<String>,

    /// When an order is acknowledged [default: sync]
    #[arg(long, value_name = "sync|interval|memory")]
    pub(crate) durability: Option<String>,

    /// Whether simulated traders keep the book alive [default: off]
    #[arg(long, value_name = "on|off")]
    pub(crate) traders: Option<String>,

    /// How many days of a simulated past the charts of a new exchange with traders begin with [default: 30]
    #[arg(long, value_name = "DAYS")]
    pub(crate) history_days: Option<String>,

    /// How the log is written to standard error [default: text]
    #[arg(long, value_name = "text|json")]
    pub(crate) log: Option<String>,

    /// How much is logged [default: info]
    #[arg(long, value_name = "error|warn|info|debug|trace")]
    pub(crate) log_level: Option<String>,

    /// Says what would be done with this configuration and who said so, or what is wrong with it, and ends
    #[arg(long)]
    pub(crate) check_config: bool,
}

impl ServeArguments {
    /// Those of the demo.
    pub(crate) fn demo(rest: SocketAddr, ws: SocketAddr, data: &Path, history_days: u64) -> Self {
        Self {
            rest: Some(rest.to_string()),
            ws: Some(ws.to_string()),
            data: Some(data.display().to_string()),
            auth: Some("demo".to_owned()),
            traders: Some("on".to_owned()),
            history_days: Some(history_days.to_string()),
            ..Self::default()
        }
    }

    /// What is said of which key.
    pub(crate) fn said(&self) -> Vec<(&'static str, String)> {
        let all = [
            ("rest", &self.rest),
            ("ws", &self.ws),
            ("data", &self.data),
            ("auth", &self.auth),
            ("durability", &self.durability),
            ("traders", &self.traders),
            ("history_days", &self.history_days),
            ("log", &self.log),
            ("log_level", &self.log_level),
        ];
        let said = all
            .into_iter()
            .filter_map(|(key, text)| Some((key, text.clone()?)));
        said.collect()
    }
}

const EXAMPLES: &str = r#"Examples:
  The demo exchange with an account that needs no token, on this machine only:
    exchange-server serve

  For others, with tokens and a certificate:
    exchange-server serve --config /etc/xtrader.toml --auth required --rest 0.0.0.0:7000 --ws 0.0.0.0:7001

  What a configuration comes to, without starting:
    exchange-server --check-config --config /etc/xtrader.toml

Exit codes: 0 after a signal, when everything that was acknowledged is on disk; 1 when it could not start or had to stop;
2 when the configuration is wrong; 3 when the journal is damaged. A second signal ends the process at once.
"#;
