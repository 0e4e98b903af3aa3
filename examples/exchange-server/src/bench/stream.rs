//! A WebSocket connection to the server, and the little that is read of its messages.

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::target::Target;

/// Thousands of connections share a machine with the server, and messages are small.
const BUFFER_BYTES: usize = 4 << 10;

/// Why a stream is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    /// The word under which it is counted: a close code, or what broke.
    pub(crate) code: String,
    pub(crate) reason: String,
}

impl Ended {
    fn new(code: impl Into<String>, reason: impl ToString) -> Self {
        Self {
            code: code.into(),
            reason: reason.to_string(),
        }
    }
}

/// A stream of messages.
pub(crate) struct Stream {
    socket: WebSocketStream<TcpStream>,
}

impl Stream {
    pub(crate) async fn open(target: &Target) -> Result<Self, Ended> {
        let connect = |error| Ended::new("WS_CONNECT", error);
        let stream = TcpStream::connect(target.address).await.map_err(connect)?;
        stream.set_nodelay(true).map_err(connect)?;
        let url = format!("ws://{}{}", target.authority, target.path);
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER_BYTES)
            .write_buffer_size(0);
        let upgrade = client_async_with_config(url, stream, Some(config)).await;
        let (socket, _) = upgrade.map_err(|error| Ended::new("WS_UPGRADE", error))?;
        Ok(Self { socket })
    }

    pub(crate) async fn send(&mut self, message: String) -> Result<(), Ended> {
        self.socket
            .send(Message::text(message))
            .await
            .map_err(|error| broken(&error))
    }

    /// The next message that is not a question whether anybody is there; those are answered here.
    pub(crate) async fn next(&mut self) -> Result<Utf8Bytes, Ended> {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) if kind(&text) == "Ping" => self.send(pong(&text)).await?,
                Some(Ok(Message::Text(text))) => return Ok(text),
                Some(Ok(Message::Close(Some(frame)))) => {
                    let code = format!("WS_CLOSED_{}", u16::from(frame.code));
                    return Err(Ended::new(code, frame.reason));
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(broken(&error)),
                None => return Err(Ended::new("WS_BROKEN", "the server closed the connection")),
            }
        }
    }

    /// The next message of this kind; an `Error` ends it.
    pub(crate) async fn wait_for(&mut self, wanted: &str) -> Result<(), Ended> {
        loop {
            let message = self.next().await?;
            match kind(&message) {
                "Error" => return Err(Ended::new("WS_REFUSED", message)),
                found if found == wanted => return Ok(()),
                _ => {}
            }
        }
    }
}

fn broken(error: &Error) -> Ended {
    Ended::new("WS_BROKEN", error)
}

/// What a message says that it is.
pub(crate) fn kind(message: &str) -> &str {
    let rest = message.strip_prefix("{\"type\":\"").unwrap_or_default();
    rest.split('"').next().unwrap_or_default()
}

/// The server's time of a message, in milliseconds: the last `timestamp` in it.
pub(crate) fn timestamp_ms(message: &str) -> Option<u64> {
    const KEY: &str = "\"timestamp\":";
    let from = memchr::memmem::rfind(message.as_bytes(), KEY.as_bytes())? + KEY.len();
    let rest = &message[from..];
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..digits].parse().ok()
}

fn pong(ping: &str) -> String {
    let time = timestamp_ms(ping).unwrap_or_default();
    format!(r#"{{"type":"Pong","timestamp":{time}}}"#)
}

/// The names as a JSON list.
pub(crate) fn list(names: &[String]) -> String {
    serde_json::to_string(names).expect("a list of texts is JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_say_what_they_are_and_when() {
        let book = r#"{"type":"OrderBookUpdate","symbol":"X","bids":[[1,2]],"asks":[],"timestamp":1682854510123,"sequence":7}"#;
        assert_eq!(
            (kind(book), timestamp_ms(book)),
            ("OrderBookUpdate", Some(1_682_854_510_123))
        );
        assert_eq!((kind("[]"), timestamp_ms("[]")), ("", None));
        let ping = r#"{"type":"Ping","timestamp":7}"#;
        assert_eq!(pong(ping), r#"{"type":"Pong","timestamp":7}"#);
    }
}
