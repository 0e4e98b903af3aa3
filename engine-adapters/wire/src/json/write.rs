//! Writing JSON objects into a buffer of the caller.

use rust_decimal::Decimal;

use crate::decimal;

/// An object that is being written. It opens its brace when it is made, and [`Object::end`] closes it.
pub struct Object<'o> {
    out: &'o mut Vec<u8>,
    first: bool,
}

impl<'o> Object<'o> {
    /// Begins an object at the end of `out`.
    pub fn new(out: &'o mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, first: true }
    }

    /// Writes a key, after which its value has to be written into what is returned.
    #[inline]
    pub fn key(&mut self, key: &'static str) -> &mut Vec<u8> {
        self.out
            .extend_from_slice(if self.first { b"\"" } else { b",\"" });
        self.first = false;
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
        self.out
    }

    /// A field with a string.
    pub fn text(&mut self, key: &'static str, value: &str) {
        write_text(value, self.key(key));
    }

    /// A field with a word that needs no escape sequence.
    #[inline]
    pub fn word(&mut self, key: &'static str, value: &'static str) {
        let out = self.key(key);
        out.push(b'"');
        out.extend_from_slice(value.as_bytes());
        out.push(b'"');
    }

    /// A field with a whole number.
    #[inline]
    pub fn integer(&mut self, key: &'static str, value: u64) {
        decimal::write_integer(value, self.key(key));
    }

    /// A field with a decimal.
    pub fn decimal(&mut self, key: &'static str, value: Decimal) {
        decimal::write(value, self.key(key));
    }

    /// A field with a truth value.
    pub fn boolean(&mut self, key: &'static str, value: bool) {
        self.key(key)
            .extend_from_slice(if value { b"true" } else { b"false" });
    }

    /// A field without a value.
    pub fn null(&mut self, key: &'static str) {
        self.key(key).extend_from_slice(b"null");
    }

    /// Ends the object.
    pub fn end(self) {
        self.out.push(b'}');
    }
}

/// Writes a JSON string with its quotes.
pub fn write_text(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            0..0x20 => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                out.extend_from_slice(b"\\u00");
                out.extend_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
            }
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}
