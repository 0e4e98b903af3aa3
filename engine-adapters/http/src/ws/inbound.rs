//! What clients say.

use engine_wire::ErrorCode;
use serde::Deserialize;

/// A message of a client.
#[derive(Debug, Deserialize)]
#[serde(tag = "type")]
pub(super) enum Inbound {
    Subscribe(Wish),
    Unsubscribe(Wish),
    Authenticate(Credentials),
    Ping(Beat),
    Pong {},
}

/// What a client wants to hear, or no longer wants to.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wish {
    pub(super) channels: Vec<String>,
    #[serde(default)]
    pub(super) symbols: Vec<String>,
    #[serde(default)]
    pub(super) intervals: Vec<String>,
    /// The sequence of the last event that the client has seen.
    pub(super) since: Option<u64>,
}

/// Who a client is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Credentials {
    pub(super) token: Option<String>,
    #[serde(default)]
    pub(super) cancel_on_disconnect: bool,
}

/// A sign of life.
#[derive(Debug, Deserialize)]
pub(super) struct Beat {
    pub(super) timestamp: Option<u64>,
}

impl Inbound {
    /// Reads a message.
    pub(super) fn read(text: &str) -> Result<Self, ErrorCode> {
        serde_json::from_str(text).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => ErrorCode::InvalidField,
            _ => ErrorCode::InvalidJson,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_nothing_is_told_apart_from_what_is_no_json() {
        for (text, code) in [
            ("", ErrorCode::InvalidJson),
            ("{", ErrorCode::InvalidJson),
            ("hello", ErrorCode::InvalidJson),
            ("[]", ErrorCode::InvalidField),
            ("{}", ErrorCode::InvalidField),
            (r#"{"type":"Shout"}"#, ErrorCode::InvalidField),
            (r#"{"type":"Subscribe"}"#, ErrorCode::InvalidField),
            (
                r#"{"type":"Subscribe","channels":"all"}"#,
                ErrorCode::InvalidField,
            ),
            (
                r#"{"type":"Subscribe","channels":["all"],"chanels":[]}"#,
                ErrorCode::InvalidField,
            ),
            (
                r#"{"type":"Subscribe","channels":["all"],"since":-1}"#,
                ErrorCode::InvalidField,
            ),
        ] {
            assert_eq!(Inbound::read(text).expect_err(text), code, "{text}");
        }
        let deep = "[".repeat(60_000);
        assert!(Inbound::read(&deep).is_err(), "nesting ends somewhere");
    }
}
