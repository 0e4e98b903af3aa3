//! What an idle connection costs, and that it costs nothing when it has gone.
//!
//! A binary of its own, because its allocator counts.
#![expect(
    unsafe_code,
    reason = "an allocator that counts is unsafe by its trait, and passes everything on"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use engine_core::AccountId;
use engine_http::hub::{Connection, Hub, HubOptions, PrivateChannel, SymbolTopics};

thread_local! {
    /// What this thread has asked for and not given back, in bytes.
    static HELD: Cell<isize> = const { Cell::new(0) };
}

struct Counting;

fn count(change: isize) {
    // A thread that ends has no counter any more; nobody asks for its count then.
    let _ = HELD.try_with(|held| held.set(held.get() + change));
}

// SAFETY: every call goes on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size().cast_signed());
        // SAFETY: the caller's promise is the system's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(-layout.size().cast_signed());
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

const CONNECTIONS: isize = 5_000;

fn connect(hub: &std::sync::Arc<Hub>, topics: &SymbolTopics, number: isize) -> Connection {
    let mut connection = hub.connect();
    for topic in [&topics.executions, &topics.orderbook, &topics.statistics] {
        connection.subscribe(topic, None).expect("not too many");
    }
    let account = AccountId::new(number.unsigned_abs() as u64 + 1).expect("not 0");
    connection.authenticate(account);
    for channel in PrivateChannel::ALL {
        connection.subscribe_private(channel, None).expect("not too many");
    }
    connection
}

fn read_all(connection: &Connection) {
    let mut out = Vec::new();
    let mut context = Context::from_waker(Waker::noop());
    while let Poll::Ready(result) = connection.outbox().poll_take(&mut context, 100, &mut out) {
        result.expect("it is open");
        out.clear();
    }
}

#[test]
fn an_idle_connection_takes_at_most_two_kib_and_leaves_nothing() {
    let hub = Hub::new(HubOptions::default());
    let topics = hub.list("BTC-KRW", Some(0));
    let message = Bytes::from(vec![b'x'; 1_000]);
    // A topic keeps its newest state, a map its last node, and the first clone of bytes makes them countable: none of it
    // grows with connections.
    drop(connect(&hub, &topics, 0));
    topics.orderbook.publish_state(&message);
    topics.statistics.publish_state(&message);
    let before = HELD.get();
    {
        let connections: Vec<Connection> = (0..CONNECTIONS)
            .map(|number| connect(&hub, &topics, number))
            .collect();
        let each = (HELD.get() - before) / CONNECTIONS;
        assert!(each <= 2_048, "{each} bytes before anything came");

        // A burst makes the queues long. When it has been read, they are short again.
        for _ in 0..200 {
            topics.orderbook.publish_state(&message);
            topics.statistics.publish_state(&message);
        }
        let busy = (HELD.get() - before) / CONNECTIONS;
        assert!(busy <= 16_384, "{busy} bytes while much waits");
        connections.iter().for_each(read_all);
        let each = (HELD.get() - before) / CONNECTIONS;
        assert!(each <= 2_048, "{each} bytes after a burst");
    }
    let left = HELD.get() - before;
    assert_eq!(left, 0, "bytes that nobody gave back");
}
