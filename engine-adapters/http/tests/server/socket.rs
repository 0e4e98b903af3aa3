//! A client on a WebSocket that knows nothing but the protocol.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::support::within;

/// A client on a WebSocket.
pub(crate) struct Socket(pub(crate) WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        let (socket, _) = connect_async(format!("ws://{address}/ws"))
            .await
            .expect("it is upgraded");
        let mut socket = Self(socket);
        let connected = socket.next().await;
        assert_eq!(connected["type"], "Connected");
        assert_eq!(connected["client_id"].as_str().map(str::len), Some(36));
        socket
    }

    pub(crate) async fn say(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.expect("it is open");
    }

    /// The next message.
    pub(crate) async fn next(&mut self) -> Value {
        loop {
            match within(self.0.next())
                .await
                .expect("it is open")
                .expect("it is a frame")
            {
                Message::Text(text) => return serde_json::from_str(&text).expect("messages are JSON"),
                Message::Close(frame) => panic!("closed: {frame:?}"),
                _ => {}
            }
        }
    }

    /// The next message of a type.
    pub(crate) async fn next_of(&mut self, kind: &str) -> Value {
        loop {
            let message = self.next().await;
            if message["type"] == kind {
                return message;
            }
        }
    }

    pub(crate) async fn subscribe(&mut self, fields: &str) {
        self.say(&format!(r#"{{"type":"Subscribe",{fields}}}"#)).await;
        self.next_of("SubscribeSuccess").await;
    }

    /// The code with which the server closes.
    pub(crate) async fn closed(&mut self) -> u16 {
        loop {
            match within(self.0.next()).await {
                Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
                Some(Ok(_)) => {}
                other => panic!("closed without a code: {other:?}"),
            }
        }
    }
}
