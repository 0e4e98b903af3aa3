//! Values as parts of the text that they stand in.

use std::borrow::Cow;

/// A JSON value, as a part of the text that it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Null,
    Bool(bool),
    /// Something that looks like a number.
    Number(&'a str),
    Text(Text<'a>),
    /// From `[` to `]`, well formed.
    Array(&'a str),
    /// From `{` to `}`, well formed.
    Object(&'a str),
}

/// Where in a text a value stands: half the size of the value, because it is moved around.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    kind: Kind,
    pub(super) start: u32,
    length: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    False,
    True,
    Number,
    Text,
    EscapedText,
    Array,
    Object,
}

impl Token {
    /// The value from `start` to `end`.
    #[inline]
    pub(super) fn new(kind: Kind, start: usize, end: usize) -> Self {
        // The scanner takes no text of four gigabytes.
        Self {
            kind,
            start: start as u32,
            length: (end - start) as u32,
        }
    }

    /// The value that stands here in `text`, the one that was scanned.
    #[inline]
    pub(crate) fn value(self, text: &str) -> Value<'_> {
        match self.kind {
            Kind::Null => Value::Null,
            Kind::False => Value::Bool(false),
            Kind::True => Value::Bool(true),
            Kind::Number => Value::Number(self.part(text)),
            Kind::Text | Kind::EscapedText => Value::Text(self.text(text)),
            Kind::Array => Value::Array(self.part(text)),
            Kind::Object => Value::Object(self.part(text)),
        }
    }

    #[inline]
    pub(super) fn text(self, text: &str) -> Text<'_> {
        Text {
            raw: self.part(text),
            escaped: self.kind == Kind::EscapedText,
        }
    }

    #[inline]
    fn part(self, text: &str) -> &str {
        &text[self.start as usize..][..self.length as usize]
    }
}

/// What stands between the quotes of a string, escape sequences checked but not resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Text<'a> {
    raw: &'a str,
    escaped: bool,
}

impl<'a> Text<'a> {
    /// The text itself, where there is no escape sequence in it.
    #[inline]
    pub(crate) fn plain(self) -> Option<&'a str> {
        if self.escaped { None } else { Some(self.raw) }
    }

    /// The text itself.
    #[inline]
    pub(crate) fn resolve(self) -> Cow<'a, str> {
        if self.escaped {
            Cow::Owned(self.unescape())
        } else {
            Cow::Borrowed(self.raw)
        }
    }

    fn unescape(self) -> String {
        let mut out = String::with_capacity(self.raw.len());
        let mut rest = self.raw;
        while let Some(at) = rest.find('\\') {
            out.push_str(&rest[..at]);
            let (character, length) =
                escape_at(&rest.as_bytes()[at..]).expect("the scanner has checked every escape sequence");
            out.push(character);
            rest = &rest[at + length..];
        }
        out.push_str(rest);
        out
    }
}

/// The character of the escape sequence with which `bytes` begin, and the sequence's length.
pub(super) fn escape_at(bytes: &[u8]) -> Option<(char, usize)> {
    let simple = |character| Some((character, 2));
    match bytes.get(1)? {
        b'"' => simple('"'),
        b'\\' => simple('\\'),
        b'/' => simple('/'),
        b'b' => simple('\u{8}'),
        b'f' => simple('\u{c}'),
        b'n' => simple('\n'),
        b'r' => simple('\r'),
        b't' => simple('\t'),
        b'u' => {
            let first = hex_at(bytes, 2)?;
            if let Some(character) = char::from_u32(first) {
                return Some((character, 6));
            }
            // A character beyond 16 bits is two sequences, the second half of which is useless alone.
            let second = (bytes.get(6..8)? == b"\\u").then(|| hex_at(bytes, 8))??;
            let both = (first < 0xdc00 && (0xdc00..0xe000).contains(&second))
                .then(|| 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00));
            Some((char::from_u32(both?)?, 12))
        }
        _ => None,
    }
}

/// The number that four hexadecimal digits make.
fn hex_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes
        .get(at..at + 4)?
        .iter()
        .try_fold(0, |sum, digit| Some(sum * 16 + char::from(*digit).to_digit(16)?))
}
