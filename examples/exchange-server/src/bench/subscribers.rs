//! Many connections that follow a symbol, on a thread of their own.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::runtime::Builder;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::{JoinSet, LocalSet};
use tokio::time::timeout;

use super::measured::{Errors, Latencies};
use super::stream::{Ended, Stream, kind, list, timestamp_ms};
use super::target::Target;

/// How many connect at a time: more would only fill the server's queue of new connections.
const CONNECTING_MAX: usize = 128;

/// Who subscribes to what.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) target: Target,
    pub(crate) symbols: Vec<String>,
    pub(crate) channels: Vec<String>,
    pub(crate) count: u32,
    pub(crate) timeout: Duration,
    /// From when on messages count, once that is known.
    pub(crate) measured_from: Arc<OnceLock<Instant>>,
}

/// What the subscribers saw.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// How many got their subscription.
    pub(crate) subscribed: u32,
    /// Messages of all kinds.
    pub(crate) messages: u64,
    /// From the time in an order book to when it was here, as far as milliseconds can tell.
    pub(crate) delivery: Latencies,
    /// The same for trades and changes of levels.
    pub(crate) events: Latencies,
    pub(crate) errors: Errors,
}

/// Subscribers that follow the server until they are stopped.
pub(crate) struct Subscribers {
    thread: JoinHandle<io::Result<Seen>>,
    stop: oneshot::Sender<()>,
}

impl Subscribers {
    /// Starts them; `ready` is told when each has its subscription or has failed.
    pub(crate) fn start(plan: Plan, ready: oneshot::Sender<()>) -> io::Result<Self> {
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("subscribers".into())
            .spawn(move || follow_all(plan, ready, stopped))?;
        Ok(Self { thread, stop })
    }

    /// Ends all of them and says what they saw.
    pub(crate) fn stop(self) -> io::Result<Seen> {
        // A thread that has ended by itself needs no telling.
        let _ = self.stop.send(());
        self.thread.join().expect("a subscriber does not panic")
    }
}

fn follow_all(plan: Plan, ready: oneshot::Sender<()>, stopped: oneshot::Receiver<()>) -> io::Result<Seen> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let shared = Rc::new(Shared::new(plan, ready));
    let followers = LocalSet::new();
    runtime.block_on(followers.run_until(async {
        let mut tasks = JoinSet::new();
        for number in 0..shared.plan.count {
            tasks.spawn_local(Rc::clone(&shared).follow(number));
        }
        // Stopped, or nobody holds the other end any more.
        let _ = stopped.await;
    }));
    Ok(shared.seen.borrow().clone())
}

struct Shared {
    plan: Plan,
    connecting: Semaphore,
    seen: RefCell<Seen>,
    /// How many have their subscription or have failed, and who waits for all of them.
    settled: RefCell<(u32, Option<oneshot::Sender<()>>)>,
}

impl Shared {
    fn new(plan: Plan, ready: oneshot::Sender<()>) -> Self {
        Self {
            plan,
            connecting: Semaphore::new(CONNECTING_MAX),
            seen: RefCell::new(Seen::new()),
            settled: RefCell::new((0, Some(ready))),
        }
    }

    async fn follow(self: Rc<Self>, number: u32) {
        let subscribed = {
            let _turn = self.connecting.acquire().await;
            let late = || Err(Ended::late());
            timeout(self.plan.timeout, self.subscribe(number))
                .await
                .unwrap_or_else(|_| late())
        };
        self.seen.borrow_mut().subscribed += u32::from(subscribed.is_ok());
        self.settle();
        let ended = match subscribed {
            Ok(stream) => self.listen(stream).await,
            Err(ended) => ended,
        };
        self.seen.borrow_mut().errors.count(&ended.code);
    }

    async fn subscribe(&self, number: u32) -> Result<Stream, Ended> {
        let symbols = &self.plan.symbols;
        let symbol = symbols[number as usize % symbols.len()].clone();
        let (symbols, channels) = (list(&[symbol]), list(&self.plan.channels));
        let mut stream = Stream::open(&self.plan.target).await?;
        let subscribe = format!(r#"{{"type":"Subscribe","channels":{channels},"symbols":{symbols}}}"#);
        stream.send(subscribe).await?;
        stream.wait_for("SubscribeSuccess").await?;
        Ok(stream)
    }

    /// Tells who waits once this was the last one.
    fn settle(&self) {
        let mut settled = self.settled.borrow_mut();
        settled.0 += 1;
        if settled.0 == self.plan.count
            && let Some(ready) = settled.1.take()
        {
            // Where nobody waits any more the load has begun.
            let _ = ready.send(());
        }
    }

    async fn listen(&self, mut stream: Stream) -> Ended {
        loop {
            match stream.next().await {
                Ok(message) => {
                    let from = self.plan.measured_from.get();
                    if from.is_some_and(|from| *from <= Instant::now()) {
                        self.seen.borrow_mut().message(&message, now_micros());
                    }
                }
                Err(ended) => return ended,
            }
        }
    }
}

impl Ended {
    fn late() -> Self {
        Self {
            code: "WS_TIMEOUT".into(),
            reason: "no subscription in time".into(),
        }
    }
}

impl Seen {
    pub(crate) fn new() -> Self {
        Self {
            subscribed: 0,
            messages: 0,
            delivery: Latencies::new(),
            events: Latencies::new(),
            errors: Errors::default(),
        }
    }

    fn message(&mut self, message: &str, now_micros: u64) {
        self.messages += 1;
        let latencies = match kind(message) {
            "OrderBookUpdate" => &mut self.delivery,
            "Execution" | "DepthUpdate" => &mut self.events,
            _ => return,
        };
        if let Some(time) = timestamp_ms(message) {
            let late = now_micros.saturating_sub(time.saturating_mul(1_000));
            latencies.record(Duration::from_micros(late));
        }
    }
}

fn now_micros() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn books_and_events_are_told_apart_and_nothing_else_is_a_delivery() {
        let mut seen = Seen::new();
        seen.message(
            r#"{"type":"OrderBookUpdate","symbol":"X","timestamp":1000,"sequence":1}"#,
            1_040_000,
        );
        seen.message(
            r#"{"type":"Connected","client_id":"x","server_time":1}"#,
            1_040_000,
        );
        for kind in ["Execution", "DepthUpdate"] {
            let event = format!(r#"{{"type":"{kind}","symbol":"X","timestamp":1000}}"#);
            seen.message(&event, 1_007_000);
        }
        let counts = (seen.messages, seen.delivery.count(), seen.events.count());
        assert_eq!(counts, (4, 1, 2));
        assert_eq!(seen.events.percentiles()[0] / 1_000, 7);
        assert_eq!(seen.delivery.percentiles()[4] / 1_000, 40);
    }
}
