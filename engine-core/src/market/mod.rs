//! One instrument's trading rules: everything between a command and the book.
//!
//! The rules are those of `docs/matching-rules.md`, whose numbers the comments name. A command is carried out on a
//! [`Floor`](floor::Floor): it is admitted or refused, an admitted order is entered, takes, and rests, waits or is
//! over; then what follows from it is carried out until nothing does.
//!
//! ```text
//! admit ─→ enter ─→ take ─→ rest ─→ come to rest: links, all-or-none, stops, pegs
//! ```

mod admit;
mod alone;
mod amend;
mod auction;
mod bounds;
mod cancel;
mod enter;
mod floor;
mod image;

mod linked;
mod many;
mod pegs;
mod phases;
mod plain;
mod possible;
mod pro_rata;
mod reach;
mod restore;
mod self_trade;
mod stops;
mod store;
mod take;

pub use alone::Market;

pub(crate) use admit::{NOT_REDUCIBLE, Reducible};
pub(crate) use alone::say_not_found;
pub(crate) use floor::{Floor, Instrument, say_refused_order};
pub(crate) use linked::is_well_linked;
pub(crate) use many::{Floors, Wanted};
pub(crate) use possible::is_ahead;
pub(crate) use store::{Details, Store};
