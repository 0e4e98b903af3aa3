//! JSON text, cut into values without copying.
//!
//! The scanner takes what RFC 8259 takes, with two differences. A number may be written in any way that looks
//! like one (`+1`, `01`, `1e400`, `NaN`): the field that it stands in then says what is wrong with it, instead of
//! the whole text being refused. And a key may stand only once in an object of known fields.

use super::token::{Kind, Text, Token, Value, escape_at};

/// How deep arrays and objects may be nested.
const DEPTH_MAX: u32 = 16;

/// Why a text is no JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{fault} at byte {at}")]
pub struct JsonError {
    /// The place in the text, in bytes from 0.
    pub at: usize,
    /// What is wrong there.
    pub fault: JsonFault,
}

/// What is wrong with a JSON text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonFault {
    /// The text is not UTF-8.
    #[error("not UTF-8")]
    NotUtf8,
    /// The text ends in the middle of something.
    #[error("unexpected end")]
    UnexpectedEnd,
    /// Something else should stand here.
    #[error("expected {0}")]
    Expected(&'static str),
    /// A control character in a string.
    #[error("control character in a string")]
    ControlCharacter,
    /// A backslash with something after it that is no escape sequence.
    #[error("no such escape sequence")]
    Escape,
    /// Arrays and objects are nested too deeply.
    #[error("nested too deeply")]
    TooDeep,
    /// The text has four gigabytes or more.
    #[error("too long")]
    TooLong,
    /// The same key again.
    #[error("repeated key")]
    RepeatedKey,
}

/// Calls `field` with every key and value of the one object that `text` is, until it finds that a key repeats.
pub(crate) fn object<'a>(
    text: &'a str,
    mut field: impl FnMut(Text<'a>, Token) -> Result<(), RepeatedKey>,
) -> Result<(), JsonError> {
    let mut scanner = Scanner::new(text)?;
    let scanned = scanner.object(&mut field);
    scanned.ok_or_else(|| scanner.error())
}

/// A key stands in an object for the second time.
pub(crate) struct RepeatedKey;

/// The elements of the one array that `text` is.
pub(crate) fn array(text: &str) -> Result<Vec<Value<'_>>, JsonError> {
    let mut scanner = Scanner::new(text)?;
    let mut values = Vec::new();
    let scanned = scanner.array(&mut |token: Token| values.push(token.value(text)));
    scanned.ok_or_else(|| scanner.error())?;
    Ok(values)
}

/// The objects of the one array that `text` is, each as its own text: the orders of a batch, say, of which each may
/// be wrong by itself.
///
/// ```
/// assert_eq!(engine_wire::objects(r#" [ {"a":1} , {} ] "#)?, [r#"{"a":1}"#, "{}"]);
/// # Ok::<(), engine_wire::JsonError>(())
/// ```
///
/// # Errors
/// When it is no array, or has an element that is no object.
pub fn objects(text: &str) -> Result<Vec<&str>, JsonError> {
    let mut scanner = Scanner::new(text)?;
    let mut objects = Vec::new();
    let mut other = None;
    let scanned = scanner.array(&mut |token: Token| match token.value(text) {
        Value::Object(object) => objects.push(object),
        _ => other = other.or(Some(token.start)),
    });
    scanned.ok_or_else(|| scanner.error())?;
    match other {
        Some(at) => Err(JsonError {
            at: at as usize,
            fault: JsonFault::Expected("an object"),
        }),
        None => Ok(objects),
    }
}

/// The bytes at which a string is over, or something else than itself.
const STOPS: [bool; 256] = {
    let mut stops = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        stops[byte] = true;
        byte += 1;
    }
    stops[b'"' as usize] = true;
    stops[b'\\' as usize] = true;
    stops
};

/// The bytes of literals and of what looks like a number.
const WORDS: [bool; 256] = {
    let mut words = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let ascii = byte as u8;
        words[byte] = ascii.is_ascii_alphanumeric() || matches!(ascii, b'+' | b'-' | b'.');
        byte += 1;
    }
    words
};

/// Goes through a text from left to right. Its methods give `None` where the text is no JSON; why, they leave in
/// `fault`, so that nothing large is handed up on the way that nearly every text goes.
struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    depth: u32,
    fault: Option<JsonError>,
}

impl<'a> Scanner<'a> {
    fn new(text: &'a str) -> Result<Self, JsonError> {
        if u32::try_from(text.len()).is_err() {
            let fault = JsonFault::TooLong;
            return Err(JsonError { at: 0, fault });
        }
        Ok(Self {
            text,
            bytes: text.as_bytes(),
            at: 0,
            depth: 1,
            fault: None,
        })
    }

    /// Why the text is no JSON.
    #[cold]
    fn error(self) -> JsonError {
        self.fault.expect("whoever gave up has left a fault")
    }

    /// Gives up here.
    #[cold]
    fn fail<T>(&mut self, fault: JsonFault) -> Option<T> {
        self.fault = Some(JsonError { at: self.at, fault });
        None
    }

    fn object(&mut self, field: &mut impl FnMut(Text<'a>, Token) -> Result<(), RepeatedKey>) -> Option<()> {
        self.skip_space();
        self.expect(b'{', "an object")?;
        self.members(field)?;
        self.end()
    }

    fn array(&mut self, element: &mut impl FnMut(Token)) -> Option<()> {
        self.skip_space();
        self.expect(b'[', "an array")?;
        self.elements(element)?;
        self.end()
    }

    /// What follows the opening brace, up to and with the closing one.
    fn members(&mut self, field: &mut impl FnMut(Text<'a>, Token) -> Result<(), RepeatedKey>) -> Option<()> {
        self.skip_space();
        if self.take(b'}') {
            return Some(());
        }
        loop {
            let key_at = self.at;
            self.expect(b'"', "a key")?;
            let key = self.string()?;
            self.skip_space();
            self.expect(b':', "`:`")?;
            self.skip_space();
            let token = self.value()?;
            if field(key.text(self.text), token).is_err() {
                self.at = key_at;
                return self.fail(JsonFault::RepeatedKey);
            }
            self.skip_space();
            if self.take(b'}') {
                return Some(());
            }
            self.expect(b',', "`,` or `}`")?;
            self.skip_space();
        }
    }

    /// What follows the opening bracket, up to and with the closing one.
    fn elements(&mut self, element: &mut impl FnMut(Token)) -> Option<()> {
        self.skip_space();
        if self.take(b']') {
            return Some(());
        }
        loop {
            element(self.value()?);
            self.skip_space();
            if self.take(b']') {
                return Some(());
            }
            self.expect(b',', "`,` or `]`")?;
            self.skip_space();
        }
    }

    #[inline]
    fn value(&mut self) -> Option<Token> {
        match self.bytes.get(self.at) {
            Some(b'"') => {
                self.at += 1;
                self.string()
            }
            Some(b'{') => self.nested(Kind::Object, |inner| inner.members(&mut |_, _| Ok(()))),
            Some(b'[') => self.nested(Kind::Array, |inner| inner.elements(&mut |_| ())),
            Some(_) => self.word(),
            None => self.fail(JsonFault::UnexpectedEnd),
        }
    }

    /// Goes into an array or object and comes out behind it.
    fn nested(&mut self, kind: Kind, inside: impl FnOnce(&mut Self) -> Option<()>) -> Option<Token> {
        if self.depth == DEPTH_MAX {
            return self.fail(JsonFault::TooDeep);
        }
        let start = self.at;
        self.depth += 1;
        self.at += 1;
        inside(self)?;
        self.depth -= 1;
        Some(Token::new(kind, start, self.at))
    }

    /// A literal, or something that looks like a number.
    #[inline]
    fn word(&mut self) -> Option<Token> {
        let start = self.at;
        while self
            .bytes
            .get(self.at)
            .is_some_and(|byte| WORDS[usize::from(*byte)])
        {
            self.at += 1;
        }
        let kind = match &self.bytes[start..self.at] {
            [b'0'..=b'9' | b'-' | b'+' | b'.', ..] => Kind::Number,
            b"null" => Kind::Null,
            b"true" => Kind::True,
            b"false" => Kind::False,
            b"NaN" | b"Infinity" => Kind::Number,
            _ => {
                self.at = start;
                return self.fail(JsonFault::Expected("a value"));
            }
        };
        Some(Token::new(kind, start, self.at))
    }

    /// What follows the opening quote, up to and with the closing one.
    #[inline]
    fn string(&mut self) -> Option<Token> {
        let start = self.at;
        let mut kind = Kind::Text;
        loop {
            match self.bytes.get(self.at) {
                Some(byte) if !STOPS[usize::from(*byte)] => self.at += 1,
                Some(b'"') => {
                    self.at += 1;
                    return Some(Token::new(kind, start, self.at - 1));
                }
                Some(b'\\') => {
                    let Some((_, length)) = escape_at(&self.bytes[self.at..]) else {
                        return self.fail(JsonFault::Escape);
                    };
                    kind = Kind::EscapedText;
                    self.at += length;
                }
                Some(_) => return self.fail(JsonFault::ControlCharacter),
                None => return self.fail(JsonFault::UnexpectedEnd),
            }
        }
    }

    #[inline]
    fn skip_space(&mut self) {
        // Programs seldom write spaces, and one comparison tells.
        while let Some(0..=b' ') = self.bytes.get(self.at) {
            if !matches!(self.bytes[self.at], b' ' | b'\n' | b'\r' | b'\t') {
                return;
            }
            self.at += 1;
        }
    }

    #[inline]
    fn take(&mut self, byte: u8) -> bool {
        let there = self.bytes.get(self.at) == Some(&byte);
        self.at += usize::from(there);
        there
    }

    #[inline]
    fn expect(&mut self, byte: u8, what: &'static str) -> Option<()> {
        if self.take(byte) {
            return Some(());
        }
        self.fail(match self.bytes.get(self.at) {
            Some(_) => JsonFault::Expected(what),
            None => JsonFault::UnexpectedEnd,
        })
    }

    /// Nothing may follow.
    fn end(&mut self) -> Option<()> {
        self.skip_space();
        if self.at == self.bytes.len() {
            return Some(());
        }
        self.fail(JsonFault::Expected("the end"))
    }
}

/// The text of a body, which has to be UTF-8.
///
/// # Errors
/// When it is not, with the place of the first byte that is not.
pub fn utf8(bytes: &[u8]) -> Result<&str, JsonError> {
    std::str::from_utf8(bytes).map_err(|error| JsonError {
        at: error.valid_up_to(),
        fault: JsonFault::NotUtf8,
    })
}

#[cfg(test)]
mod tests;
