//! Input, cut into lines.

use std::io::{self, Read};
use std::ops::Range;

/// The longest line that is read: as long as the longest body that the server takes.
const LINE_BYTES_MAX: usize = 1 << 20;

/// How much is read at a time.
const CHUNK_BYTES: usize = 1 << 18;

/// Lines without their ends, numbered from 1.
pub(super) struct Lines<R> {
    input: R,
    buffer: Vec<u8>,
    line: Range<usize>,
    /// What of the buffer is no line yet.
    rest: Range<usize>,
    /// How much of the rest is known to have no line's end.
    searched: usize,
    has_ended: bool,
    number: u64,
}

/// What there is to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// A line is there.
    Line,
    /// More has to be read before there is a line, which may mean waiting for somebody to write it.
    Fill,
    /// There are no more lines.
    End,
    /// The line is longer than any that is read.
    TooLong,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            buffer: vec![0; CHUNK_BYTES],
            line: 0..0,
            rest: 0..0,
            searched: 0,
            has_ended: false,
            number: 0,
        }
    }

    /// Goes to the next line, if it has been read already.
    pub(super) fn advance(&mut self) -> Next {
        let rest = &self.buffer[self.rest.clone()];
        let end = memchr::memchr(b'\n', &rest[self.searched..]).map(|at| self.searched + at);
        let (length, end_length) = match end {
            Some(length) => (length, 1),
            None if rest.len() > LINE_BYTES_MAX => (rest.len(), 0),
            None if !self.has_ended => {
                self.searched = rest.len();
                return Next::Fill;
            }
            None if rest.is_empty() => return Next::End,
            None => (rest.len(), 0),
        };
        self.number += 1;
        self.line = self.rest.start..self.rest.start + length;
        self.rest.start = self.line.end + end_length;
        self.searched = 0;
        if length > LINE_BYTES_MAX {
            Next::TooLong
        } else {
            Next::Line
        }
    }

    /// Reads on and says how many bytes that gave.
    pub(super) fn fill(&mut self) -> io::Result<usize> {
        self.buffer.copy_within(self.rest.clone(), 0);
        self.rest = 0..self.rest.len();
        if self.buffer.len() < self.rest.end + CHUNK_BYTES {
            self.buffer.resize(self.rest.end + CHUNK_BYTES, 0);
        }
        let read = loop {
            match self.input.read(&mut self.buffer[self.rest.end..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        self.rest.end += read;
        self.has_ended = read == 0;
        Ok(read)
    }

    /// The line, without its end.
    pub(super) fn line(&self) -> &[u8] {
        &self.buffer[self.line.clone()]
    }

    /// Its number.
    pub(super) fn number(&self) -> u64 {
        self.number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives its pieces one at a time, as a slow writer would.
    struct Pieces<'a>(Vec<&'a [u8]>);

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() {
                return Ok(0);
            }
            let piece = self.0.remove(0);
            buffer[..piece.len()].copy_from_slice(piece);
            Ok(piece.len())
        }
    }

    fn read(pieces: &[&[u8]]) -> Vec<(u64, String)> {
        let mut lines = Lines::new(Pieces(pieces.to_vec()));
        let mut read = Vec::new();
        loop {
            match lines.advance() {
                Next::Line => read.push((lines.number(), String::from_utf8_lossy(lines.line()).into_owned())),
                Next::Fill => drop(lines.fill().expect("pieces can be read")),
                Next::TooLong => read.push((lines.number(), "too long".to_owned())),
                Next::End => return read,
            }
        }
    }

    #[test]
    fn lines_are_the_same_however_they_are_cut() {
        let expected = [(1, "one".to_owned()), (2, String::new()), (3, "three".to_owned())];
        let text = b"one\n\nthree\n";
        assert_eq!(read(&[text]), expected);
        assert_eq!(read(&[b"one\n\nthree"]), expected, "the last line needs no end");
        for cut in 1..text.len() {
            assert_eq!(read(&[&text[..cut], &text[cut..]]), expected);
        }
        let bytes: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(read(&bytes), expected);
        assert_eq!(read(&[]), []);
    }

    #[test]
    fn a_line_may_have_a_mebibyte_and_no_byte_more() {
        let line = vec![b'x'; LINE_BYTES_MAX];
        let pieces: Vec<&[u8]> = line.chunks(CHUNK_BYTES).collect();
        assert_eq!(read(&pieces)[0].1.len(), LINE_BYTES_MAX);
        let longer = [pieces.as_slice(), &[b"x"]].concat();
        assert_eq!(read(&longer), [(1, "too long".to_owned())]);
    }

    #[test]
    fn nothing_is_waited_for_while_a_line_is_there() {
        let mut lines = Lines::new(Pieces(vec![b"one\ntwo\nthr", b"ee\n"]));
        assert_eq!(lines.advance(), Next::Fill);
        lines.fill().expect("pieces can be read");
        assert_eq!(
            (lines.advance(), lines.advance(), lines.advance()),
            (Next::Line, Next::Line, Next::Fill)
        );
    }
}
