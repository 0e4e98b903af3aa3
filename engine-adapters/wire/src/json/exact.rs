//! Commands in their binary form within a line, for those that no other line says exactly.

use engine_core::{Command, Timestamp};

use super::op::Op;
use super::words::Word;
use super::write::Object;
use crate::binary::{COMMAND_VERSION, decode_command, encode_command};

/// Writes a command and its time as a line that has it in its binary form, without the line's end.
///
/// The other lines ask as people and programs do. What an embedded engine was asked for in its own terms may be nothing
/// that they can say: a quantity of 0, or a second instrument with the symbol of the first.
///
/// ```
/// use engine_core::{Command, Timestamp};
/// use engine_wire::{Input, Line, Symbols, write_exact};
///
/// let mut line = Vec::new();
/// write_exact(&Command::Tick, Timestamp::from_nanos(7), &mut line);
/// let line = String::from_utf8(line)?;
/// let input = Line::read(&line)?.input(&mut Symbols::new())?;
/// assert_eq!(input, Input::Exact(Command::Tick));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write_exact(command: &Command, time: Timestamp, out: &mut Vec<u8>) {
    let mut bytes = Vec::new();
    encode_command(command, &mut bytes);
    let mut text = format!("{COMMAND_VERSION}:");
    for byte in bytes {
        text.extend([byte >> 4, byte & 15].map(digit));
    }
    let mut object = Object::new(out);
    object.word("op", Op::Command.word());
    object.text("command", &text);
    object.integer("time_ns", time.nanos());
    object.end();
}

/// The command that a text is: a version, a colon, and two hexadecimal digits for each byte.
pub(super) fn read(text: &str) -> Option<Command> {
    let (version, digits) = text.split_once(':')?;
    let (pairs, []) = digits.as_bytes().as_chunks::<2>() else {
        return None;
    };
    let bytes: Option<Vec<u8>> = pairs
        .iter()
        .map(|[high, low]| Some(value(*high)? << 4 | value(*low)?))
        .collect();
    decode_command(version.parse().ok()?, &bytes?).ok()
}

fn digit(value: u8) -> char {
    char::from(b"0123456789abcdef"[usize::from(value)])
}

fn value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}
