//! What the server says to one client alone.

use bytes::Bytes;
use engine_core::AccountId;
use engine_wire::Object;

use crate::views::{text, write_account_id};

/// The first message.
pub(super) fn connected(client_id: &str, now_ms: u64) -> Bytes {
    message("Connected", |object| {
        object.text("client_id", client_id);
        object.integer("server_time", now_ms);
    })
}

/// A sign of life.
pub(super) fn beat(kind: &'static str, timestamp: u64) -> Bytes {
    message(kind, |object| object.integer("timestamp", timestamp))
}

/// A wish was granted.
pub(super) fn granted(
    kind: &'static str,
    channels: &[String],
    symbols: &[String],
    intervals: &[String],
) -> Bytes {
    message(kind, |object| {
        list("channels", channels, object);
        list("symbols", symbols, object);
        if !intervals.is_empty() {
            list("intervals", intervals, object);
        }
    })
}

/// It is known whose connection it is.
pub(super) fn authenticated(account: AccountId) -> Bytes {
    message("AuthenticateSuccess", |object| {
        write_account_id(account, object.key("account_id"));
    })
}

/// What was missed of a topic is not known any more: a snapshot is needed.
pub(super) fn snapshot_required(topic: &str) -> Bytes {
    message("SnapshotRequired", |object| object.text("topic", topic))
}

/// Something is wrong with what the client said.
pub(super) fn error(code: &'static str, why: &str) -> Bytes {
    message("Error", |object| {
        object.word("code", code);
        object.text("message", why);
    })
}

fn message(kind: &'static str, fields: impl FnOnce(&mut Object<'_>)) -> Bytes {
    let mut out = Vec::with_capacity(96);
    let mut object = Object::new(&mut out);
    object.word("type", kind);
    fields(&mut object);
    object.end();
    out.into()
}

fn list(key: &'static str, values: &[String], object: &mut Object<'_>) {
    let out = object.key(key);
    out.push(b'[');
    for (at, value) in values.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        text(value, out);
    }
    out.push(b']');
}
