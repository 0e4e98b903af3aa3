//! The JSON forms: requests and lines of commands are read, commands and events are written.

mod token;

mod scan;

mod words;

mod field;

mod order;

mod list;

mod amend;

mod symbol;

mod op;

mod money;

mod input;

mod line;

mod write;

mod command;

mod exact;

mod event;

pub use amend::AmendRequest;
pub use command::write_command;
pub use event::{EVENT_JSON_VERSION, event_type, write_event};
pub use exact::write_exact;
pub use field::Field;
pub use input::{AmendLine, CancelLine, Input, Query, TransferLine};
pub use line::Line;
pub use list::OrderListRequest;
pub use op::Op;
pub use order::{OrderRequest, Placement};
pub use scan::{JsonError, JsonFault, objects, utf8};
pub use symbol::read_spec;
pub use words::Word;
pub use write::Object;
pub use write::write_text;
