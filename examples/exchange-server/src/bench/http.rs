//! HTTP/1.1 as far as a load test needs it: one request at a time on a connection that stays open.
//!
//! Requests are bytes that were made before the clock started. Of an answer only what is needed is looked at.

use std::io;
use std::ops::Range;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::target::Target;

/// No answer that is waited for here is larger.
const ANSWER_BYTES_MAX: usize = 1 << 20;
const HEAD_BYTES_MAX: usize = 16 << 10;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("cannot connect: {0}")]
    Connect(io::Error),
    #[error("the connection broke: {0}")]
    Broken(#[from] io::Error),
    #[error("the server closed the connection")]
    Closed,
    #[error("the answer is not HTTP/1.1 with a content length")]
    NotHttp,
    #[error("no answer in time")]
    Timeout,
}

impl Fault {
    /// The word under which it is counted.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Connect(_) => "CONNECT",
            Self::Broken(_) | Self::Closed => "CLOSED",
            Self::NotHttp => "NOT_HTTP",
            Self::Timeout => "TIMEOUT",
        }
    }
}

/// A request in the bytes that go out.
pub(crate) fn request(
    target: &Target,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: Option<&str>,
) -> Vec<u8> {
    let mut text = format!(
        "{method} {}{path} HTTP/1.1\r\nhost: {}\r\n",
        target.path, target.authority
    );
    if let Some(token) = token {
        text += &format!("authorization: Bearer {token}\r\n");
    }
    if let Some(body) = body {
        text += &format!(
            "content-type: application/json\r\ncontent-length: {}\r\n",
            body.len()
        );
    }
    text += "\r\n";
    text += body.unwrap_or_default();
    text.into_bytes()
}

/// An answer, as far as it is looked at.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) body: &'a [u8],
}

/// A connection that stays open.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
    /// The server said that it will close.
    is_last: bool,
}

impl Connection {
    pub(crate) async fn open(target: &Target) -> Result<Self, Fault> {
        let stream = TcpStream::connect(target.address).await.map_err(Fault::Connect)?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            received: Vec::with_capacity(2 << 10),
            is_last: false,
        })
    }

    /// Whether another request may follow.
    pub(crate) fn is_reusable(&self) -> bool {
        !self.is_last
    }

    /// Sends a request and waits for its answer.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> Result<Answer<'_>, Fault> {
        self.received.clear();
        self.stream.write_all(request).await?;
        loop {
            match Head::read(&self.received)? {
                Some(head) if head.body.end <= self.received.len() => {
                    self.is_last = head.is_last;
                    return Ok(Answer {
                        status: head.status,
                        body: &self.received[head.body],
                    });
                }
                _ => {}
            }
            if self.stream.read_buf(&mut self.received).await? == 0 {
                return Err(Fault::Closed);
            }
        }
    }
}

/// What the beginning of an answer says.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    /// Where the body stands, whether or not it is all there.
    body: Range<usize>,
    is_last: bool,
}

impl Head {
    /// The head, once all of it is there.
    fn read(received: &[u8]) -> Result<Option<Self>, Fault> {
        let Some(end) = memchr::memmem::find(received, b"\r\n\r\n") else {
            return if received.len() > HEAD_BYTES_MAX {
                Err(Fault::NotHttp)
            } else {
                Ok(None)
            };
        };
        let head = std::str::from_utf8(&received[..end]).map_err(|_| Fault::NotHttp)?;
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(status).ok_or(Fault::NotHttp)?;
        let (mut length, mut is_last) = (None, false);
        for line in lines {
            let (name, value) = line.split_once(':').ok_or(Fault::NotHttp)?;
            let value = value.trim();
            if name.eq_ignore_ascii_case("content-length") {
                length = Some(value.parse::<usize>().map_err(|_| Fault::NotHttp)?);
            } else if name.eq_ignore_ascii_case("connection") {
                is_last = value.eq_ignore_ascii_case("close");
            }
        }
        if status == 204 {
            length = Some(0);
        }
        let length = length
            .filter(|length| *length <= ANSWER_BYTES_MAX)
            .ok_or(Fault::NotHttp)?;
        let body = end + 4..end + 4 + length;
        Ok(Some(Self {
            status,
            body,
            is_last,
        }))
    }
}

fn status(line: &str) -> Option<u16> {
    let rest = line.strip_prefix("HTTP/1.1 ")?;
    rest.get(..3)?.parse().ok().filter(|status| *status >= 200)
}

/// The text value of a key in a JSON object, where it is known to be plain and to stand there once.
pub(crate) fn text_of<'a>(body: &'a [u8], key: &str) -> Option<&'a str> {
    let quoted = format!("\"{key}\":\"");
    let from = memchr::memmem::find(body, quoted.as_bytes())? + quoted.len();
    let length = memchr::memchr(b'"', &body[from..])?;
    std::str::from_utf8(&body[from..from + length]).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACK: &[u8] =
        b"HTTP/1.1 202 Accepted\r\nContent-Length: 16\r\nx-request-id: 7\r\n\r\n{\"order_id\":\"a\"}";

    #[test]
    fn an_answer_is_whole_when_its_length_says_so() {
        let head = |bytes| Head::read(bytes).expect("it is HTTP");
        let whole = head(ACK).expect("its head is whole");
        assert_eq!((whole.status, whole.is_last), (202, false));
        assert_eq!(&ACK[whole.body], b"{\"order_id\":\"a\"}");
        for cut in 0..ACK.len() {
            let is_whole = head(&ACK[..cut]).is_some_and(|head| head.body.end <= cut);
            assert!(!is_whole, "cut at {cut}");
        }
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for bytes in [
            "HTTP/1.1 202 Accepted\r\n\r\n",
            "HTTP/1.1 202 Accepted\r\ntransfer-encoding: chunked\r\n\r\n",
            "HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 100 Continue\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n",
            "nonsense\r\n\r\n",
        ] {
            assert!(
                matches!(Head::read(bytes.as_bytes()), Err(Fault::NotHttp)),
                "{bytes:?}"
            );
        }
        let endless = vec![b'x'; HEAD_BYTES_MAX + 1];
        assert!(matches!(Head::read(&endless), Err(Fault::NotHttp)));
    }

    #[test]
    fn a_server_may_say_that_it_closes() {
        let bytes = b"HTTP/1.1 503 No\r\nconnection: Close\r\ncontent-length: 0\r\n\r\n";
        let head = Head::read(bytes).expect("it is HTTP").expect("it is whole");
        assert!(head.is_last);
    }

    #[test]
    fn texts_are_found_by_key() {
        let body = br#"{"error":"RATE_LIMITED","message":"the order_id"}"#;
        assert_eq!(text_of(body, "error"), Some("RATE_LIMITED"));
        assert_eq!(text_of(body, "order_id"), None);
    }
}
