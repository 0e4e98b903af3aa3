//! A WebSocket client on a thread of its own.

use std::net::{SocketAddr, TcpStream};

use serde_json::Value;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message, WebSocket, client};

/// A client that has subscribed to everything public of a symbol.
pub(crate) struct Reader(WebSocket<TcpStream>);

impl Reader {
    /// Subscribes, and waits until that counts.
    pub(crate) fn subscribe(rest: SocketAddr, symbol: &str) -> Self {
        let stream = TcpStream::connect(rest).expect("the server listens");
        let (socket, _) = client(format!("ws://{rest}/ws"), stream).expect("it is a WebSocket");
        let mut reader = Self(socket);
        let wanted = format!(r#"{{"type":"Subscribe","channels":["all"],"symbols":["{symbol}"]}}"#);
        reader.0.send(Message::text(wanted)).expect("it listens");
        loop {
            let message = reader.next().expect("it is not closed");
            if message["type"] == "SubscribeSuccess" {
                return reader;
            }
        }
    }

    /// The next message, or the code that the connection was closed with, if it was closed with one.
    pub(crate) fn next(&mut self) -> Result<Value, Option<CloseCode>> {
        loop {
            match self.0.read() {
                Ok(Message::Text(text)) => return Ok(serde_json::from_str(&text).expect("messages are JSON")),
                Ok(Message::Close(frame)) => return Err(frame.map(|frame| frame.code)),
                Ok(_) => {}
                Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => return Err(None),
                Err(Error::Io(_) | Error::ConnectionClosed | Error::AlreadyClosed) => return Err(None),
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// Leaves as a client does that means to.
    pub(crate) fn leave(mut self) {
        // Whoever has gone already need not be told.
        let _ = self.0.close(None);
        while self.next().is_ok() {}
    }
}
