//! The content of a snapshot: values one after the other, without names, for types that know what they are.
//!
//! ```text
//! integer      its own width, little-endian          bool, option   one byte, 0 or 1, then the value if there is one
//! text, bytes  length (8 bytes), then the bytes      list, map      length (8 bytes), then the elements
//! struct       its fields in their order             enum           number of the variant (4 bytes), its fields
//! ```
//!
//! Nothing in it says what comes next: who reads it must know the version, and a check value and the hash of the state
//! stand beside it. The one type that asks what comes next is a decimal, which was written as text.

mod read;
mod write;

use std::fmt;

pub(crate) use self::read::from_bytes;
pub(crate) use self::write::to_writer;

/// The version of what is written. It changes with every field of what a snapshot holds.
pub(crate) const CONTENT_VERSION: u16 = 1;

/// Why a content cannot be written or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ContentError {
    /// It ends too early, or a length in it cannot be.
    #[error("it ends too early")]
    Truncated,
    /// It does not end where it should.
    #[error("{0} bytes too many")]
    Trailing(usize),
    /// A byte or number that stands for nothing.
    #[error("a number stands for nothing")]
    Meaningless,
    /// The type has no place in a content.
    #[error("a type has no form here")]
    Unsupported,
    /// The disk refused.
    #[error("it cannot be written: {0}")]
    Write(std::io::ErrorKind),
    /// A type refuses its value.
    #[error("{0}")]
    Refused(Box<str>),
}

impl serde::ser::Error for ContentError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Refused(message.to_string().into())
    }
}

impl serde::de::Error for ContentError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Refused(message.to_string().into())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Serialize};

    use super::*;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    enum Kind {
        Unit,
        New(u16),
        Pair(i8, i128),
        Named { a: Option<Box<Self>>, b: char },
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Everything {
        numbers: (u8, u16, u32, u64, u128, i8, i16, i32, i64, i128),
        flags: Vec<bool>,
        text: String,
        decimal: rust_decimal::Decimal,
        kinds: Vec<Kind>,
        map: BTreeMap<u32, String>,
        nothing: (),
        array: [u16; 3],
    }

    fn everything() -> Everything {
        let named = Kind::Named {
            a: Some(Box::new(Kind::New(7))),
            b: '가',
        };
        Everything {
            numbers: (1, 2, 3, 4, u128::MAX, -5, -6, -7, i64::MIN, i128::MIN),
            flags: vec![true, false],
            text: "한국".to_owned(),
            decimal: rust_decimal::Decimal::new(-12345, 8),
            kinds: vec![Kind::Unit, Kind::Pair(-1, 2), named],
            map: BTreeMap::from([(1, "one".to_owned()), (2, String::new())]),
            nothing: (),
            array: [9, 8, 7],
        }
    }

    fn bytes_of(value: &impl Serialize) -> Vec<u8> {
        let mut bytes = Vec::new();
        to_writer(value, &mut bytes).expect("memory takes everything");
        bytes
    }

    #[test]
    fn what_is_written_is_read_again() {
        let bytes = bytes_of(&everything());
        assert_eq!(from_bytes::<Everything>(&bytes), Ok(everything()));
    }

    #[test]
    fn the_form_is_the_one_that_is_described() {
        let value = (
            true,
            Some(0x0102_u16),
            "ab",
            vec![Kind::Unit, Kind::New(3)],
            None::<u8>,
        );
        let expected = [
            1, 1, 2, 1, 2, 0, 0, 0, 0, 0, 0, 0, b'a', b'b', 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0,
            3, 0, 0,
        ];
        assert_eq!(bytes_of(&value), expected);
    }

    #[test]
    fn a_content_that_is_cut_or_goes_on_is_refused() {
        let bytes = bytes_of(&everything());
        for end in 0..bytes.len() {
            assert!(from_bytes::<Everything>(&bytes[..end]).is_err(), "cut at {end}");
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        assert_eq!(from_bytes::<Everything>(&longer), Err(ContentError::Trailing(1)));
    }

    #[test]
    fn lengths_that_cannot_be_ask_for_no_memory() {
        assert_eq!(
            from_bytes::<Vec<u64>>(&u64::MAX.to_le_bytes()),
            Err(ContentError::Truncated)
        );
        assert_eq!(
            from_bytes::<String>(&u64::MAX.to_le_bytes()),
            Err(ContentError::Truncated)
        );
        assert_eq!(from_bytes::<bool>(&[2]), Err(ContentError::Meaningless));
        assert!(from_bytes::<Kind>(&[9, 0, 0, 0]).is_err());
    }
}
