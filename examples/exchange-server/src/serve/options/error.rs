//! Why a configuration cannot be. Each says which key and where.

use std::net::SocketAddr;
use std::path::PathBuf;

use engine_http::limits::RateError;

use super::settings::Origin;

/// Why a configuration cannot be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OptionsError {
    /// The file cannot be read.
    #[error("cannot read the configuration {}: {cause}", file.display())]
    Read { file: PathBuf, cause: std::io::Error },
    /// The file is not TOML; the cause names line and column.
    #[error("in the configuration {}: {cause}", file.display())]
    Parse {
        file: PathBuf,
        cause: Box<toml::de::Error>,
    },
    /// There is no such key.
    #[error("{origin}: there is no key {key}")]
    Unknown { origin: Origin, key: String },
    /// A value is of another kind than it must be, or out of range.
    #[error("{origin}: {key} = {value}: it must be {wanted}")]
    Value {
        origin: Origin,
        key: String,
        value: String,
        wanted: String,
    },
    /// A key is there without the one that belongs to it.
    #[error("{origin}: {key} needs {other} too")]
    Alone {
        origin: Origin,
        key: &'static str,
        other: &'static str,
    },
    /// The demo account would be open to others.
    #[error(
        "auth = demo lets everybody who can connect trade without a token, so {key} must be a loopback address, not {address}; use --auth required"
    )]
    OpenDemo { key: &'static str, address: SocketAddr },
    /// A rate that does not fill its bucket in time.
    #[error("{origin}: {cause}")]
    Rate { origin: Origin, cause: RateError },
    /// A symbol's number was written as a float, which is not exact.
    #[error(
        "{origin}: symbols: {key} must be written as a text, such as \"0.01\", because floats are not exact"
    )]
    Float { origin: Origin, key: String },
    /// The program was built without what a key needs.
    #[error("{origin}: {key} needs a program that was built with --features {feature}")]
    Feature {
        origin: Origin,
        key: &'static str,
        feature: &'static str,
    },
}
