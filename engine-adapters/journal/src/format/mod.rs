//! The bytes on disk. `docs/journal-format.md` is the normative description; these modules are its only readers
//! and writers.

pub(crate) mod bytes;
pub(crate) mod record;
pub(crate) mod seal;
pub(crate) mod sector;
pub(crate) mod segment;
