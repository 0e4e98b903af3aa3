//! Why a server does not start, or had to stop.

use std::net::SocketAddr;
use std::path::PathBuf;

use engine_http::identity::{EnsureError, OpenError};
use engine_http::views::ViewsError;
use engine_runtime::StartError;
use engine_runtime::journal::Fault;

/// Why a server does not start, or had to stop.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServeError {
    /// The data directory cannot be used.
    #[error("cannot use the data directory {}: {cause}", directory.display())]
    Data {
        directory: PathBuf,
        cause: std::io::Error,
    },
    /// The engine cannot be started.
    #[error("cannot start on the data in {}: {cause}", directory.display())]
    Start { directory: PathBuf, cause: StartError },
    /// The store of users cannot be used.
    #[error(transparent)]
    Identity(#[from] OpenError),
    /// The demo account cannot be had.
    #[error("the demo account: {0}")]
    Demo(#[from] EnsureError),
    /// An administrator cannot be made one.
    #[error("admins: there is no user {0:?}; register first, then restart")]
    NoAdmin(String),
    /// Views cannot be built or went wrong.
    #[error(transparent)]
    Views(#[from] ViewsError),
    /// A symbol of the configuration is none.
    #[error("symbols: {text}: {cause}")]
    Symbol {
        text: String,
        cause: engine_wire::RequestError,
    },
    /// The engine stopped.
    #[error("the engine has stopped: {0}")]
    Fault(#[from] Fault),
    /// An address cannot be had.
    #[error("cannot listen on {address} ({key}): {cause}; choose another with --{key}")]
    Listen {
        key: &'static str,
        address: SocketAddr,
        cause: std::io::Error,
    },
    /// The certificate cannot be used.
    #[error("tls: {}: {cause}", file.display())]
    Tls { file: PathBuf, cause: String },
    /// The system refuses threads or signals.
    #[error("cannot run: {0}")]
    System(#[from] std::io::Error),
    /// A thread of the views panicked.
    #[error("the views have stopped")]
    ViewsStopped,
    /// The simulated traders cannot begin.
    #[error("the simulated traders cannot begin: {0}")]
    Traders(String),
    /// Traces cannot be sent.
    #[cfg(feature = "otel")]
    #[error("otlp.endpoint: {0}")]
    Traces(String),
    /// The first commands were refused.
    #[error("the first symbols cannot be listed: {0}")]
    List(String),
}

impl ServeError {
    /// 3 when the journal is damaged, which needs somebody to look at it; 2 when the configuration is wrong; else 1.
    pub(crate) fn exit_code(&self) -> u8 {
        use engine_runtime::journal::{OpenError as Journal, ReadError};
        match self {
            Self::Start {
                cause: StartError::Open(Journal::Read(ReadError::Damage(_))),
                ..
            } => 3,
            Self::Tls { .. } | Self::Symbol { .. } | Self::List(_) | Self::NoAdmin(_) => 2,
            _ => 1,
        }
    }
}
