//! The binary forms: compact, little-endian, the same bytes on every machine, and frozen by version.
//!
//! Whoever keeps the bytes keeps the version beside them, once for as many as he likes. Decoding takes any bytes and
//! never panics; what it takes is encoded to the same bytes again.

mod bytes;

mod tags;

mod place;

mod spec;

mod command;

mod event;

use engine_core::{ClientOrderIdError, Command, Event, EventBatch, Seq, SpecError, Timestamp};

use bytes::{Binary, Reader};

/// The newest version of the binary form of commands, in which they are encoded.
pub const COMMAND_VERSION: u16 = 1;

/// The newest version of the binary form of events, in which they are encoded.
pub const EVENT_VERSION: u16 = 1;

/// Why bytes are no command or event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The version is newer than this program, or none.
    #[error("version {found} is not one of 1 to {newest}")]
    Version {
        /// The version.
        found: u16,
        /// The newest one that can be read.
        newest: u16,
    },
    /// The bytes end too early.
    #[error("ends too early")]
    Truncated,
    /// Bytes are left over.
    #[error("{0} bytes too many")]
    TrailingBytes(usize),
    /// A number that stands for nothing.
    #[error("{tag} is no {what}")]
    UnknownTag {
        /// What it should stand for.
        what: &'static str,
        /// The number.
        tag: u8,
    },
    /// Bits that have no meaning are set.
    #[error("bits without meaning are set")]
    ReservedBits,
    /// An account with number 0.
    #[error("0 is no account")]
    NoAccount,
    /// A text is not UTF-8.
    #[error("a text is not UTF-8")]
    Text,
    /// A text is no client order id.
    #[error(transparent)]
    ClientOrderId(ClientOrderIdError),
    /// A decimal has too many digits.
    #[error("a decimal has too many digits")]
    Decimal,
    /// The terms make no instrument.
    #[error(transparent)]
    Spec(Box<SpecError>),
}

/// Puts a command at the end of `out`, in version [`COMMAND_VERSION`].
///
/// ```
/// use engine_core::Command;
/// use engine_wire::{COMMAND_VERSION, decode_command, encode_command};
///
/// let mut bytes = Vec::new();
/// encode_command(&Command::Tick, &mut bytes);
/// assert_eq!(decode_command(COMMAND_VERSION, &bytes), Ok(Command::Tick));
/// ```
#[inline]
pub fn encode_command(command: &Command, out: &mut Vec<u8>) {
    command.put(out);
}

/// The command that `bytes` are in this version.
///
/// # Errors
/// When the version is unknown, or the bytes are no command in it.
#[inline]
pub fn decode_command(version: u16, bytes: &[u8]) -> Result<Command, DecodeError> {
    check_version(version, COMMAND_VERSION)?;
    let mut reader = Reader(bytes);
    let command = reader.take()?;
    reader.end()?;
    Ok(command)
}

/// Puts the events of one command at the end of `out`, one after the other, in version [`EVENT_VERSION`].
pub fn encode_events(events: &[Event], out: &mut Vec<u8>) {
    for event in events {
        event.put(out);
    }
}

/// Appends the events that `bytes` are in this version; on an error nothing is appended.
///
/// # Errors
/// When the version is unknown, or the bytes are no events in it.
pub fn decode_events(version: u16, bytes: &[u8], events: &mut Vec<Event>) -> Result<(), DecodeError> {
    check_version(version, EVENT_VERSION)?;
    take_events(Reader(bytes), events)
}

/// Puts a command with its place and its time at the end of `out`, led by the version: a whole that needs nothing
/// beside it.
pub fn encode_sequenced(seq: Seq, time: Timestamp, command: &Command, out: &mut Vec<u8>) {
    put_head(COMMAND_VERSION, seq, time, out);
    command.put(out);
}

/// The place, the time and the command that `bytes` are.
///
/// # Errors
/// When the version is unknown, or the bytes are no sequenced command in it.
pub fn decode_sequenced(bytes: &[u8]) -> Result<(Seq, Timestamp, Command), DecodeError> {
    let mut reader = Reader(bytes);
    let (seq, time) = take_head(COMMAND_VERSION, &mut reader)?;
    let command = reader.take()?;
    reader.end()?;
    Ok((seq, time, command))
}

/// Puts the events of one command with their place and time at the end of `out`, led by the version.
pub fn encode_batch(batch: EventBatch<'_>, out: &mut Vec<u8>) {
    put_head(EVENT_VERSION, batch.seq, batch.time, out);
    encode_events(batch.events, out);
}

/// The place and time of the batch that `bytes` are; its events are appended, on an error nothing is.
///
/// # Errors
/// When the version is unknown, or the bytes are no batch in it.
pub fn decode_batch(bytes: &[u8], events: &mut Vec<Event>) -> Result<(Seq, Timestamp), DecodeError> {
    let mut reader = Reader(bytes);
    let head = take_head(EVENT_VERSION, &mut reader)?;
    take_events(reader, events)?;
    Ok(head)
}

fn put_head(version: u16, seq: Seq, time: Timestamp, out: &mut Vec<u8>) {
    version.put(out);
    seq.get().put(out);
    time.put(out);
}

fn take_head(newest: u16, reader: &mut Reader<'_>) -> Result<(Seq, Timestamp), DecodeError> {
    check_version(reader.take()?, newest)?;
    Ok((Seq::new(reader.take()?), reader.take()?))
}

fn take_events(mut reader: Reader<'_>, events: &mut Vec<Event>) -> Result<(), DecodeError> {
    let before = events.len();
    while !reader.0.is_empty() {
        match reader.take() {
            Ok(event) => events.push(event),
            Err(error) => {
                events.truncate(before);
                return Err(error);
            }
        }
    }
    Ok(())
}

#[inline]
fn check_version(found: u16, newest: u16) -> Result<(), DecodeError> {
    if (1..=newest).contains(&found) {
        Ok(())
    } else {
        Err(DecodeError::Version { found, newest })
    }
}
