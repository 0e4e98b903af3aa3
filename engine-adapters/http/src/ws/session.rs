//! One client from its first message to its last.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context as Waking, Poll, Waker};
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use bytes::Bytes;
use engine_core::data::Interval;
use engine_core::{AccountId, Command, MassCancel, MassCancelCause};
use engine_wire::ErrorCode;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::time::{Instant, interval, timeout};

use super::inbound::{Credentials, Inbound, Wish};
use super::messages;
use crate::app::App;
use crate::fanout::seen_before;
use crate::hub::{CloseReason, Connection, Outbox, PrivateChannel, Selection, SelectionError, Subscribed};
use crate::rest::caller::demo;
use crate::rest::context::Context;

/// How often the server asks whether the client is there.
const PING_EVERY: Duration = Duration::from_secs(30);
/// How long a client may say nothing.
const SILENCE_MAX: Duration = Duration::from_secs(60);
/// So many frames in a row that mean nothing close the connection.
const BAD_FRAMES_MAX: u32 = 20;
/// How many frames of any kind a client may send at once, and how many a second after that. One that listens to as many
/// topics as it may, each by a frame of its own, stays below.
const FRAMES_BURST: u32 = 1_200;
const FRAMES_PER_SECOND: u32 = 100;
/// How many messages are written before the next look at what comes in.
const BURST: usize = 64;
/// How long writing may not get on before it is looked whether the client is given up.
const STALL: Duration = Duration::from_millis(200);
/// How long the close may take to be written.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
/// The code for a client that breaks the rules.
const POLICY: u16 = 1008;

/// Why a client is let go.
enum End {
    /// It went, or its connection broke.
    Gone,
    /// The server closes it.
    Close(u16, &'static str),
}

impl From<CloseReason> for End {
    fn from(reason: CloseReason) -> Self {
        Self::Close(reason.code(), reason.as_str())
    }
}

/// Serves a client until it goes or is closed.
pub(super) async fn serve(app: Arc<App>, context: Context, socket: WebSocket) {
    let metrics = &app.metrics;
    metrics.ws_clients.fetch_add(1, Ordering::Relaxed);
    metrics.ws_accepted.fetch_add(1, Ordering::Relaxed);
    let connection = app.hub.connect();
    let (writer, mut reader) = socket.split();
    let mut session = Session {
        outbox: connection.outbox(),
        connection,
        context,
        writer,
        heard: Instant::now(),
        bad_frames: 0,
        budget: Budget::new(Instant::now()),
        cancels_for: None,
        app: &app,
    };
    let end = session.run(&mut reader).await;
    session.close(end, &mut reader).await;
    metrics.ws_clients.fetch_sub(1, Ordering::Relaxed);
}

struct Session<'a> {
    app: &'a Arc<App>,
    context: Context,
    connection: Connection,
    outbox: Outbox,
    writer: SplitSink<WebSocket, Message>,
    /// When the client last said anything.
    heard: Instant,
    bad_frames: u32,
    budget: Budget,
    /// Whose orders are cancelled when this connection ends.
    cancels_for: Option<AccountId>,
}

impl Session<'_> {
    async fn run(&mut self, reader: &mut SplitStream<WebSocket>) -> End {
        let now_ms = self.app.now().millis();
        self.connection.send(&messages::connected(&client_id(), now_ms));
        let mut beats = interval(PING_EVERY);
        beats.reset();
        let mut waiting = Vec::new();
        let outbox = self.outbox.clone();
        loop {
            tokio::select! {
                taken = outbox.take(BURST, &mut waiting) => {
                    let written = match taken {
                        Ok(()) => self.write(&mut waiting).await,
                        Err(reason) => Err(reason.into()),
                    };
                    if let Err(end) = written {
                        return end;
                    }
                }
                frame = reader.next() => {
                    if let Err(end) = self.hear(frame) {
                        return end;
                    }
                }
                _ = beats.tick() => {
                    if self.heard.elapsed() >= SILENCE_MAX {
                        return End::Close(POLICY, "no sign of life");
                    }
                    self.connection.send(&messages::beat("Ping", self.app.now().millis()));
                }
            }
        }
    }

    /// Writes what waits, and gives up when the client has been given up meanwhile.
    async fn write(&mut self, waiting: &mut Vec<Bytes>) -> Result<(), End> {
        let outbox = &self.outbox;
        let writer = &mut self.writer;
        let mut writing = pin!(async {
            for message in waiting.drain(..) {
                // Everything that is published is written by us, as text.
                let text = Utf8Bytes::try_from(message).map_err(|_| End::Gone)?;
                writer.feed(Message::Text(text)).await.map_err(|_| End::Gone)?;
            }
            writer.flush().await.map_err(|_| End::Gone)
        });
        let started = Instant::now();
        loop {
            match timeout(STALL, writing.as_mut()).await {
                Ok(written) => return written,
                Err(_) if is_given_up(outbox) => return Err(CloseReason::SlowConsumer.into()),
                Err(_) if started.elapsed() >= SILENCE_MAX => return Err(End::Gone),
                Err(_) => {}
            }
        }
    }

    /// Takes one frame.
    fn hear(&mut self, frame: Option<Result<Message, axum::Error>>) -> Result<(), End> {
        let message = match frame {
            None | Some(Ok(Message::Close(_))) => return Err(End::Gone),
            Some(Err(error)) => return Err(broken(&error)),
            Some(Ok(message)) => message,
        };
        self.heard = Instant::now();
        if !self.budget.take(self.heard) {
            self.app.metrics.ws_bad.fetch_add(1, Ordering::Relaxed);
            return Err(End::Close(POLICY, "too many frames"));
        }
        match message {
            Message::Text(text) => match Inbound::read(&text) {
                Ok(inbound) => self.obey(inbound),
                Err(code) => self.complain(code.as_str(), code.message(self.context.language)),
            },
            Message::Binary(_) => {
                let code = ErrorCode::InvalidJson;
                self.complain(code.as_str(), "frames are text")
            }
            // Pings of the protocol itself are answered below us.
            _ => Ok(()),
        }
    }

    fn obey(&mut self, inbound: Inbound) -> Result<(), End> {
        match inbound {
            Inbound::Subscribe(wish) => self.subscribe(&wish),
            Inbound::Unsubscribe(wish) => self.unsubscribe(&wish),
            Inbound::Authenticate(credentials) => self.authenticate(&credentials),
            Inbound::Pong {} => self.understood(),
            Inbound::Ping(beat) => {
                let timestamp = beat.timestamp.unwrap_or_else(|| self.app.now().millis());
                self.connection.send(&messages::beat("Pong", timestamp));
                self.understood()
            }
        }
    }

    fn understood(&mut self) -> Result<(), End> {
        self.bad_frames = 0;
        Ok(())
    }

    /// Says what is wrong with a frame; too many of them in a row end the connection.
    fn complain(&mut self, code: &'static str, why: &str) -> Result<(), End> {
        self.bad_frames += 1;
        if self.bad_frames >= BAD_FRAMES_MAX {
            self.app.metrics.ws_bad.fetch_add(1, Ordering::Relaxed);
            return Err(End::Close(POLICY, "too many frames that mean nothing"));
        }
        self.connection.send(&messages::error(code, why));
        Ok(())
    }

    fn subscribe(&mut self, wish: &Wish) -> Result<(), End> {
        let default = [Interval::M5.to_string()];
        let intervals: &[String] = match wish.intervals.is_empty() {
            true => &default,
            false => &wish.intervals,
        };
        let (topics, private) = match self.select(wish, intervals) {
            Ok(selected) => selected,
            Err(error) => return self.complain("SUBSCRIPTION_FAILED", &error.to_string()),
        };
        if !private.is_empty() && self.connection.account().is_none() {
            let code = ErrorCode::Unauthorized;
            return self.complain(code.as_str(), code.message(self.context.language));
        }
        let shown = match topics.iter().any(|topic| topic.name().starts_with("candles:")) {
            true => intervals,
            false => &[],
        };
        self.connection.send(&messages::granted(
            "SubscribeSuccess",
            &wish.channels,
            &wish.symbols,
            shown,
        ));
        let since = wish.since.map(seen_before);
        for topic in &topics {
            match self.connection.subscribe(topic, since) {
                Ok(Subscribed::TakeSnapshot) => {
                    self.connection.send(&messages::snapshot_required(topic.name()));
                }
                Ok(_) => {}
                Err(error) => return self.complain("SUBSCRIPTION_FAILED", &error.to_string()),
            }
        }
        for channel in private {
            match self.connection.subscribe_private(channel, since) {
                Ok(Some(Subscribed::Already)) => {}
                Ok(_) if channel == PrivateChannel::Balances => self.tell_balances(),
                Ok(Some(Subscribed::TakeSnapshot)) => {
                    self.connection
                        .send(&messages::snapshot_required(channel.as_str()));
                }
                Ok(_) => {}
                Err(error) => return self.complain("SUBSCRIPTION_FAILED", &error.to_string()),
            }
        }
        self.understood()
    }

    /// Says what the account has now; every change from here on follows by itself.
    fn tell_balances(&self) {
        if let Some(account) = self.connection.account() {
            let tell = |message| self.connection.send(&Bytes::from(message));
            self.app.views.tell_balances(account, tell);
        }
    }

    fn select(
        &self,
        wish: &Wish,
        intervals: &[String],
    ) -> Result<(Vec<crate::hub::Topic>, Vec<PrivateChannel>), SelectionError> {
        self.app.hub.select(&Selection {
            channels: &words_of(&wish.channels),
            symbols: &words_of(&wish.symbols),
            intervals: &words_of(intervals),
        })
    }

    fn unsubscribe(&mut self, wish: &Wish) -> Result<(), End> {
        let all = Interval::USUAL.map(|interval| interval.to_string());
        let intervals: &[String] = match wish.intervals.is_empty() {
            true => &all,
            false => &wish.intervals,
        };
        let (topics, private) = match self.select(wish, intervals) {
            Ok(selected) => selected,
            Err(error) => return self.complain("SUBSCRIPTION_FAILED", &error.to_string()),
        };
        for topic in &topics {
            self.connection.unsubscribe(topic);
        }
        for channel in private {
            self.connection.unsubscribe_private(channel);
        }
        let success = messages::granted(
            "UnsubscribeSuccess",
            &wish.channels,
            &wish.symbols,
            &wish.intervals,
        );
        self.connection.send(&success);
        self.understood()
    }

    fn authenticate(&mut self, credentials: &Credentials) -> Result<(), End> {
        let caller = match &credentials.token {
            Some(token) => self.app.identity.verify(token, self.app.now()).ok(),
            None => demo(self.app),
        };
        let Some(caller) = caller else {
            let code = ErrorCode::Unauthorized;
            return self.complain(code.as_str(), code.message(self.context.language));
        };
        self.connection.authenticate(caller.account);
        self.cancels_for = Some(caller.account).filter(|_| credentials.cancel_on_disconnect);
        self.connection.send(&messages::authenticated(caller.account));
        self.understood()
    }

    /// Lets the client go. What it is still sending is read for a while and thrown away: a connection that is ended with
    /// something unread is reset, and its client may never see why.
    async fn close(mut self, end: End, reader: &mut SplitStream<WebSocket>) {
        if let Some(account) = self.cancels_for {
            let command = Command::MassCancel(MassCancel {
                account: Some(account),
                cause: MassCancelCause::Disconnected,
                ..MassCancel::default()
            });
            match self.app.engine.submit(command) {
                // What becomes of it is told to whoever listens to the account.
                Ok(ticket) => drop(ticket),
                Err(error) => tracing::error!(%error, %account, "orders of a lost connection stay"),
            }
        }
        let End::Close(code, reason) = end else {
            // What answers the client's own close has not been written yet.
            drop(self.connection);
            let _ = timeout(CLOSE_TIMEOUT, self.writer.flush()).await;
            return;
        };
        if code == CloseReason::SlowConsumer.code() {
            self.app.metrics.ws_slow.fetch_add(1, Ordering::Relaxed);
        }
        // Whatever waits for the client is freed before it takes its time for the close.
        drop(self.connection);
        let frame = CloseFrame {
            code,
            reason: reason.into(),
        };
        let ending = async {
            let sent = self.writer.send(Message::Close(Some(frame))).await;
            while sent.is_ok() && matches!(reader.next().await, Some(Ok(_))) {}
        };
        let _ = timeout(CLOSE_TIMEOUT, ending).await;
    }
}

/// How many frames a client may still send.
struct Budget {
    left: u32,
    /// Up to when what a client may send has been added.
    filled: Instant,
}

impl Budget {
    fn new(now: Instant) -> Self {
        Self {
            left: FRAMES_BURST,
            filled: now,
        }
    }

    /// Takes one frame out; false if there is none left.
    fn take(&mut self, now: Instant) -> bool {
        let each = Duration::from_secs(1) / FRAMES_PER_SECOND;
        let more = now.saturating_duration_since(self.filled).as_nanos() / each.as_nanos();
        let more = u32::try_from(more).unwrap_or(FRAMES_BURST).min(FRAMES_BURST);
        if self.left + more >= FRAMES_BURST {
            self.filled = now;
        } else {
            self.filled += each * more;
        }
        self.left = (self.left + more).min(FRAMES_BURST);
        let has_one = self.left > 0;
        self.left -= u32::from(has_one);
        has_one
    }
}

fn words_of(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

/// What a frame that cannot be read means. The close has been written already where the protocol asks for one.
fn broken(error: &axum::Error) -> End {
    let text = error.to_string().to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if says(&["control"]) {
        End::Close(1002, "protocol error")
    } else if says(&["too long", "too big", "exceeds"]) {
        End::Close(1009, "message too big")
    } else if says(&["utf-8"]) {
        End::Close(1007, "text that is not UTF-8")
    } else {
        End::Close(1002, "protocol error")
    }
}

/// Whether the hub has closed this client, without waiting for anything.
fn is_given_up(outbox: &Outbox) -> bool {
    let mut none = Vec::new();
    let mut waking = Waking::from_waker(Waker::noop());
    matches!(outbox.poll_take(&mut waking, 0, &mut none), Poll::Ready(Err(_)))
}

/// A name for a client that nobody can guess: a random UUID.
fn client_id() -> String {
    let mut bytes = [0; 16];
    // Without randomness the name is the same for all, which harms nobody.
    let _ = getrandom::fill(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_may_send_a_burst_and_then_as_many_as_time_gives() {
        let start = Instant::now();
        let mut budget = Budget::new(start);
        let taken = |budget: &mut Budget, now| (0..10_000).take_while(|_| budget.take(now)).count();
        assert_eq!(taken(&mut budget, start), 1_200);
        assert_eq!(taken(&mut budget, start + Duration::from_millis(9)), 0);
        assert_eq!(taken(&mut budget, start + Duration::from_millis(25)), 2);
        assert_eq!(
            taken(&mut budget, start + Duration::from_millis(30)),
            1,
            "nothing is lost by asking"
        );
        assert_eq!(taken(&mut budget, start + Duration::from_secs(3_600)), 1_200);
    }
}
