//! The forms that commands and events have outside the engine: JSON for people and programs, and a compact binary
//! form for journals.
//!
//! Both are exact: a decimal on a wire becomes whole ticks and lots without a float between, or an error that names
//! the field. Both are versioned: what was written once is read for ever.

pub mod decimal;

mod code;

mod error;

mod symbols;

mod json;

mod binary;

pub use binary::{
    COMMAND_VERSION, DecodeError, EVENT_VERSION, decode_batch, decode_command, decode_events,
    decode_sequenced, encode_batch, encode_command, encode_events, encode_sequenced,
};
pub use code::{ErrorCode, Language, reject_message};
pub use error::RequestError;
pub use json::{
    AmendLine, AmendRequest, CancelLine, EVENT_JSON_VERSION, Field, Input, JsonError, JsonFault, Line,
    Object, Op, OrderListRequest, OrderRequest, Placement, Query, TransferLine, Word, event_type, objects,
    read_spec, utf8, write_command, write_event, write_exact, write_text,
};
pub use symbols::Symbols;
