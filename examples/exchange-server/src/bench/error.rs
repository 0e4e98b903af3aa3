//! Why a load test could not run.

use std::io;
use std::net::SocketAddr;

use super::http::Fault;

/// Why a load test could not run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BenchError {
    #[error("{0:?} is not an address like {1}host:port/path; TLS is not spoken here")]
    Address(String, &'static str),

    #[error("{host} cannot be resolved: {source}")]
    Resolve { host: String, source: io::Error },

    #[error("{host} has no address")]
    NoAddress { host: String },

    #[error(
        "{0} is not on this machine; a load test on a server that is not yours is an attack. \
         If it is yours, say --allow-remote"
    )]
    Remote(SocketAddr),

    #[error("{what} at {url}: {fault}")]
    Ask {
        what: &'static str,
        url: String,
        fault: Fault,
    },

    #[error("{what}: the server answers {status}: {body}")]
    Answer {
        what: &'static str,
        status: u16,
        body: String,
    },

    #[error("{what}: the answer has no {missing}")]
    Content {
        what: &'static str,
        missing: &'static str,
    },

    #[error("the server does not list {0}")]
    UnknownSymbol(String),

    #[error("the token has characters that a header cannot have")]
    Token,

    #[error(
        "{limit} files may be open at a time and {needed} are needed; raise the limit with `ulimit -n {needed}`"
    )]
    Files { limit: u64, needed: u64 },

    #[error("the system refuses a timer or a thread: {0}")]
    System(#[from] io::Error),
}
