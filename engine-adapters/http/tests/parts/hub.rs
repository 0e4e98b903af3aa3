//! Topics, connections and what slow readers get.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::task::{Context, Poll, Wake, Waker};

use bytes::Bytes;
use engine_core::AccountId;
use engine_http::hub::{
    Channel, CloseReason, Connection, Hub, HubOptions, Outbox, PrivateChannel, Selection, SelectionError,
    SubscribeError, Subscribed, SymbolTopics, Topic,
};

pub(crate) fn message(text: impl ToString) -> Bytes {
    Bytes::from(text.to_string())
}

fn account(number: u64) -> AccountId {
    AccountId::new(number).expect("not 0")
}

/// A hub that bears no bursts.
pub(crate) fn hub() -> (Arc<Hub>, Arc<SymbolTopics>) {
    let options = HubOptions::default();
    let hub = Hub::new(HubOptions {
        burst_max: options.queue_max,
        ..options
    });
    let topics = hub.list("BTC-KRW", Some(0));
    (hub, topics)
}

/// What a reader that does not wait gets.
pub(crate) fn take(outbox: &Outbox, count: usize) -> Poll<Result<Vec<String>, CloseReason>> {
    take_woken_by(outbox, count, Waker::noop())
}

fn take_woken_by(outbox: &Outbox, count: usize, waker: &Waker) -> Poll<Result<Vec<String>, CloseReason>> {
    let mut messages = Vec::new();
    let taken = outbox.poll_take(&mut Context::from_waker(waker), count, &mut messages);
    let text = |message: &Bytes| String::from_utf8(message.to_vec()).expect("tests send text");
    taken.map_ok(|()| messages.iter().map(text).collect())
}

/// All that waits, for a connection that is open.
fn drain(connection: &Connection) -> Vec<String> {
    let mut all = Vec::new();
    loop {
        match take(&connection.outbox(), 7) {
            Poll::Ready(Ok(messages)) => all.extend(messages),
            Poll::Ready(Err(reason)) => panic!("closed: {reason:?}"),
            Poll::Pending => return all,
        }
    }
}

fn listening(hub: &Arc<Hub>, topics: &[&Topic]) -> Connection {
    let mut connection = hub.connect();
    for topic in topics {
        let answer = connection.subscribe(topic, None);
        assert_eq!(answer, Ok(Subscribed::Live));
    }
    connection
}

fn numbers(range: impl Iterator<Item = u64>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

#[test]
fn everybody_who_listens_gets_the_same_bytes() {
    let (hub, topics) = hub();
    let readers = [(); 3].map(|()| listening(&hub, &[&topics.executions]));
    let other = listening(&hub, &[&topics.depth]);
    let sent = message("trade");
    topics.executions.publish_event(1, &sent);
    for reader in &readers {
        let mut messages = Vec::new();
        let mut context = Context::from_waker(Waker::noop());
        assert!(
            reader
                .outbox()
                .poll_take(&mut context, 9, &mut messages)
                .is_ready()
        );
        assert_eq!(messages.len(), 1);
        assert_eq!(messages[0].as_ptr(), sent.as_ptr(), "shared, not copied");
    }
    assert_eq!(drain(&other), Vec::<String>::new());
}

#[test]
fn a_quick_reader_gets_every_state() {
    let (hub, topics) = hub();
    let reader = listening(&hub, &[&topics.orderbook]);
    for number in 0..80 {
        topics.orderbook.publish_state(&message(number));
    }
    assert_eq!(drain(&reader), numbers(0..80));
    assert_eq!(hub.counts().conflated, 0);
}

#[test]
fn a_slow_reader_gets_the_newest_state_of_each_topic() {
    let (hub, topics) = hub();
    let reader = listening(&hub, &[&topics.orderbook, &topics.statistics]);
    for number in 0..1_000 {
        topics.orderbook.publish_state(&message(number));
    }
    topics.statistics.publish_state(&message("figures"));
    topics.orderbook.publish_state(&message(1_000));
    topics.statistics.publish_state(&message("newer figures"));
    let mut expected = numbers(0..79);
    expected.extend(["1000".to_owned(), "newer figures".to_owned()]);
    assert_eq!(drain(&reader), expected);
    assert_eq!(hub.counts().conflated, 920 + 1 + 1);
}

#[test]
fn the_101st_event_that_waits_closes_the_connection_and_no_other() {
    let (hub, topics) = hub();
    let slow = listening(&hub, &[&topics.executions, &topics.orderbook]);
    let quick = listening(&hub, &[&topics.executions]);
    for number in 1..=100 {
        topics.executions.publish_event(number, &message(number));
        topics.orderbook.publish_state(&message("book"));
    }
    assert_eq!(drain(&quick), numbers(1..101));
    assert_eq!(hub.counts().slow_closed, 0);
    topics.executions.publish_event(101, &message(101));
    assert_eq!(
        take(&slow.outbox(), 9),
        Poll::Ready(Err(CloseReason::SlowConsumer))
    );
    assert_eq!(drain(&quick), ["101"]);
    assert_eq!(hub.counts().slow_closed, 1);
    assert_eq!(CloseReason::SlowConsumer.code(), 4008);

    topics.executions.publish_event(102, &message(102));
    assert_eq!(hub.counts().slow_closed, 1, "closed once");
    assert_eq!(
        take(&slow.outbox(), 9),
        Poll::Ready(Err(CloseReason::SlowConsumer))
    );
}

#[test]
fn a_burst_fits_until_it_is_too_many_messages_or_too_many_bytes() {
    for (message, fits) in [
        ("x".repeat(200), 1_000),
        ("x".repeat(4_096), 128),
        ("x".repeat(1 << 20), 100),
    ] {
        let hub = Hub::new(HubOptions::default());
        let topics = hub.list("BTC-KRW", Some(0));
        let connection = listening(&hub, &[&topics.executions]);
        let message = Bytes::from(message);
        let mut numbers = 1..;
        let mut publish = |count: u64| {
            for number in numbers.by_ref().take(count as usize) {
                topics.executions.publish_event(number, &message);
            }
        };
        publish(fits);
        assert_eq!(hub.counts().slow_closed, 0, "{fits} fit");
        assert_eq!(drain(&connection).len() as u64, fits);
        publish(fits);
        assert_eq!(hub.counts().slow_closed, 0, "what was read makes room");
        publish(1);
        assert_eq!(hub.counts().slow_closed, 1, "one more than {fits} does not fit");
    }
}

#[test]
fn where_wake_ups_are_gathered_public_messages_wait_for_them_and_private_ones_do_not() {
    struct Count(AtomicU64);
    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let (hub, topics) = hub();
    hub.gather();
    let mut connection = listening(&hub, &[&topics.executions]);
    connection.authenticate(account(7));
    connection
        .subscribe_private(PrivateChannel::Orders, None)
        .expect("there is room");
    let (count, outbox) = (Arc::new(Count(AtomicU64::new(0))), connection.outbox());
    let waker = Waker::from(Arc::clone(&count));
    let woken = || count.0.load(Ordering::Relaxed);

    assert!(take_woken_by(&outbox, 9, &waker).is_pending());
    topics.executions.publish_event(1, &Bytes::from_static(b"1"));
    topics.executions.publish_event(2, &Bytes::from_static(b"2"));
    assert_eq!((woken(), hub.has_gathered()), (0, true));
    hub.wake_gathered();
    assert_eq!((woken(), hub.has_gathered()), (1, false), "once for both");
    assert_eq!(take(&outbox, 9), Poll::Ready(Ok(numbers(1..3))));

    assert!(take_woken_by(&outbox, 9, &waker).is_pending());
    hub.publish_private_event(account(7), PrivateChannel::Orders, 3, &Bytes::from_static(b"3"));
    assert_eq!((woken(), hub.has_gathered()), (2, false));
    connection.send(&Bytes::from_static(b"4"));
    assert_eq!(take(&outbox, 9), Poll::Ready(Ok(numbers(3..5))));
}

#[test]
fn answers_to_a_client_that_does_not_read_close_it_too() {
    let (hub, _) = hub();
    let reader = hub.connect();
    for number in 0..100 {
        reader.send(&message(number));
    }
    assert_eq!(hub.counts().slow_closed, 0);
    reader.send(&message("one more"));
    assert_eq!(
        take(&reader.outbox(), 9),
        Poll::Ready(Err(CloseReason::SlowConsumer))
    );
    assert_eq!(hub.counts().slow_closed, 1);
}

#[test]
fn states_take_no_event_s_place() {
    let (hub, topics) = hub();
    let mut reader = listening(&hub, &[&topics.executions, &topics.orderbook]);
    for topic in &topics.candles {
        reader.subscribe(topic, None).expect("not too many");
    }
    for number in 0..500 {
        topics.orderbook.publish_state(&message(number));
        for topic in &topics.candles {
            topic.publish_state(&message("candle"));
        }
    }
    for number in 1..=100 {
        topics.executions.publish_event(number, &message(number));
    }
    let all = drain(&reader);
    assert!(all.len() <= 100 + 80 + 8, "{}", all.len());
    assert_eq!(all[all.len() - 100..], numbers(1..101));
}

#[test]
fn a_new_state_stays_behind_the_event_that_came_before_it() {
    let (hub, topics) = hub();
    let candles = &topics.candles[0];
    let reader = listening(&hub, &[candles, &topics.executions]);
    for number in 1..=80 {
        topics.executions.publish_event(number, &message("t"));
    }
    candles.publish_state(&message("first, open"));
    candles.publish_event(1, &message("first, closed"));
    candles.publish_state(&message("second, open"));
    candles.publish_state(&message("second, open still"));
    assert_eq!(
        drain(&reader)[80..],
        ["first, open", "first, closed", "second, open still"]
    );
}

#[test]
fn who_begins_to_listen_is_told_the_newest_state_at_once() {
    let (hub, topics) = hub();
    topics.orderbook.publish_state(&message("old"));
    topics.orderbook.publish_state(&message("new"));
    assert_eq!(drain(&listening(&hub, &[&topics.orderbook])), ["new"]);
    topics.candles[0].publish_state(&message("open"));
    topics.candles[0].publish_event(1, &message("closed"));
    assert_eq!(
        drain(&listening(&hub, &[&topics.candles[0]])),
        Vec::<String>::new()
    );
}

#[test]
fn who_comes_back_gets_what_was_missed_before_anything_newer() {
    let (hub, topics) = hub();
    for number in 1..=300 {
        topics.executions.publish_event(number, &message(number));
    }
    let mut reader = hub.connect();
    reader.send(&message("subscribed"));
    let answer = reader.subscribe(&topics.executions, Some(50));
    assert_eq!(answer, Ok(Subscribed::Resumed { missed: 250 }));
    topics.executions.publish_event(301, &message(301));
    let mut expected = vec!["subscribed".to_owned()];
    expected.extend(numbers(51..302));
    assert_eq!(drain(&reader), expected);
}

#[test]
fn what_was_missed_takes_no_place_of_what_comes() {
    let (hub, topics) = hub();
    for number in 1..=300 {
        topics.executions.publish_event(number, &message(number));
    }
    let mut reader = hub.connect();
    reader
        .subscribe(&topics.executions, Some(0))
        .expect("not too many");
    for number in 301..=400 {
        topics.executions.publish_event(number, &message(number));
    }
    assert_eq!(drain(&reader), numbers(1..401));
}

#[test]
fn what_is_not_known_any_more_has_to_come_from_a_snapshot() {
    let (hub, topics) = hub();
    let subscribe = |since| hub.connect().subscribe(&topics.executions, Some(since));
    assert_eq!(subscribe(0), Ok(Subscribed::Resumed { missed: 0 }));
    assert_eq!(subscribe(1), Ok(Subscribed::TakeSnapshot), "it has not been yet");
    for number in 1..=600 {
        topics.executions.publish_event(number, &message(number));
    }
    assert_eq!(subscribe(99), Ok(Subscribed::TakeSnapshot));
    assert_eq!(subscribe(100), Ok(Subscribed::Resumed { missed: 500 }));
    assert_eq!(subscribe(600), Ok(Subscribed::Resumed { missed: 0 }));
    assert_eq!(subscribe(601), Ok(Subscribed::TakeSnapshot));
}

#[test]
fn who_has_seen_something_newer_elsewhere_has_missed_nothing_on_a_silent_topic() {
    let (hub, topics) = hub();
    topics.depth.publish_event(7, &message(7));
    let subscribe = |since| hub.connect().subscribe(&topics.depth, Some(since));
    assert_eq!(subscribe(9), Ok(Subscribed::TakeSnapshot));
    hub.reach(9);
    assert_eq!(subscribe(9), Ok(Subscribed::Resumed { missed: 0 }));
    assert_eq!(subscribe(6), Ok(Subscribed::Resumed { missed: 1 }));
    assert_eq!(subscribe(10), Ok(Subscribed::TakeSnapshot));
    topics.depth.publish_event(10, &message(10));
    assert_eq!(subscribe(9), Ok(Subscribed::Resumed { missed: 1 }));
}

#[test]
fn nobody_fills_the_memory_by_asking_again_and_again_for_what_was_missed() {
    let hub = Hub::new(HubOptions::default());
    let mut reader = hub.connect();
    let mut resumed = 0;
    for symbol in 0..20 {
        let topics = hub.list(&format!("S{symbol}"), Some(0));
        for number in 1..=200 {
            topics.executions.publish_event(number, &message(number));
        }
        let answer = reader
            .subscribe(&topics.executions, Some(0))
            .expect("not too many");
        resumed += usize::from(answer == Subscribed::Resumed { missed: 200 });
    }
    assert_eq!(resumed, 2, "500 are kept for one that does not read");
    assert_eq!(drain(&reader).len(), 400);
}

#[test]
fn after_unsubscribing_nothing_of_the_topic_comes_any_more() {
    let (hub, topics) = hub();
    let mut reader = listening(&hub, &[&topics.executions, &topics.orderbook]);
    for number in 1..=100 {
        topics.executions.publish_event(number, &message(number));
    }
    topics.orderbook.publish_state(&message("book"));
    assert!(reader.unsubscribe(&topics.executions));
    assert!(
        !reader.unsubscribe(&topics.executions),
        "it does not listen any more"
    );
    topics.executions.publish_event(101, &message(101));
    assert_eq!(drain(&reader), ["book"]);
    // The places of the events are free again.
    for number in 1..=100 {
        topics.depth.publish_event(number, &message(number));
        reader.send(&message("answer"));
    }
    assert_eq!(drain(&reader).len(), 100);
}

#[test]
fn subscribing_twice_changes_nothing() {
    let (hub, topics) = hub();
    let mut reader = listening(&hub, &[&topics.executions]);
    topics.executions.publish_event(1, &message(1));
    assert_eq!(
        reader.subscribe(&topics.executions, Some(0)),
        Ok(Subscribed::Already)
    );
    topics.executions.publish_event(2, &message(2));
    assert_eq!(drain(&reader), ["1", "2"]);
}

#[test]
fn a_connection_that_ends_leaves_nothing_behind() {
    let (hub, topics) = hub();
    let public = [&topics.executions, &topics.orderbook, &topics.candles[3]];
    let sent = message("x");
    let mut connections = Vec::new();
    for number in 1..=50 {
        let mut connection = listening(&hub, &public);
        connection.authenticate(account(number % 5 + 1));
        for channel in PrivateChannel::ALL {
            connection.subscribe_private(channel, None).expect("not too many");
        }
        connections.push(connection);
    }
    topics.orderbook.publish_state(&sent);
    topics.executions.publish_event(1, &sent);
    assert!(public.iter().all(|topic| topic.subscribers() == 50));
    assert_eq!((hub.counts().connections, hub.counts().private_topics), (50, 10));
    connections.drain(..25);
    assert!(public.iter().all(|topic| topic.subscribers() == 25));
    assert_eq!((hub.counts().connections, hub.counts().private_topics), (25, 10));
    connections.clear();
    assert!(public.iter().all(|topic| topic.subscribers() == 0));
    assert_eq!((hub.counts().connections, hub.counts().private_topics), (0, 0));
    topics.orderbook.publish_state(&message("newer"));
    drop(topics);
    drop(hub);
    assert!(sent.is_unique(), "nobody holds the bytes any more");
}

#[test]
fn private_messages_come_to_every_connection_of_the_account_and_to_no_other() {
    let (hub, _) = hub();
    let connect = |number| {
        let mut connection = hub.connect();
        let before = connection.subscribe_private(PrivateChannel::Orders, None);
        assert_eq!(before, Ok(None), "nobody has said whose it is");
        connection.authenticate(account(number));
        let after = connection.subscribe_private(PrivateChannel::Orders, None);
        assert_eq!(after, Ok(Some(Subscribed::Live)));
        connection
    };
    let (first, second, other) = (connect(1), connect(1), connect(2));
    hub.publish_private_event(account(1), PrivateChannel::Orders, 1, &message("filled"));
    hub.publish_private_state(account(1), PrivateChannel::Balances, &message("rich"));
    hub.publish_private_event(account(3), PrivateChannel::Orders, 1, &message("nobody's"));
    assert_eq!(drain(&first), ["filled"]);
    assert_eq!(drain(&second), ["filled"]);
    assert_eq!(drain(&other), Vec::<String>::new());
}

#[test]
fn private_messages_are_wanted_as_long_as_somebody_listens() {
    let (hub, _) = hub();
    let wanted = || hub.has_private(account(1), PrivateChannel::Orders);
    let mut reader = hub.connect();
    reader.authenticate(account(1));
    assert!(!wanted());
    reader
        .subscribe_private(PrivateChannel::Orders, None)
        .expect("not too many");
    assert!(wanted());
    assert!(reader.unsubscribe_private(PrivateChannel::Orders));
    assert!(!wanted());
}

#[test]
fn a_private_topic_can_be_resumed_while_another_connection_of_the_account_lives() {
    let (hub, _) = hub();
    let join = |since| {
        let mut reader = hub.connect();
        reader.authenticate(account(1));
        let answer = reader.subscribe_private(PrivateChannel::Orders, since);
        (
            reader,
            answer.expect("not too many").expect("it is known whose it is"),
        )
    };
    let (half_dead, _) = join(None);
    let publish = |number| {
        hub.publish_private_event(account(1), PrivateChannel::Orders, number, &message(number));
    };
    (10..=20).for_each(publish);
    let (back, answer) = join(Some(15));
    assert_eq!(answer, Subscribed::Resumed { missed: 5 });
    publish(21);
    assert_eq!(drain(&back), numbers(16..22));
    drop((half_dead, back));
    assert_eq!(join(Some(21)).1, Subscribed::TakeSnapshot);
}

#[test]
fn another_account_ends_what_the_first_one_heard() {
    let (hub, _) = hub();
    let mut reader = hub.connect();
    reader.authenticate(account(1));
    reader
        .subscribe_private(PrivateChannel::Orders, None)
        .expect("not too many");
    hub.publish_private_event(account(1), PrivateChannel::Orders, 1, &message("hers"));
    reader.authenticate(account(2));
    hub.publish_private_event(account(1), PrivateChannel::Orders, 2, &message("hers"));
    assert_eq!(drain(&reader), Vec::<String>::new());
    assert_eq!(hub.counts().private_topics, 0);
}

#[test]
fn connections_are_closed_after_what_waits_for_them() {
    let (hub, topics) = hub();
    let one = listening(&hub, &[&topics.executions]);
    let mut other = listening(&hub, &[&topics.executions]);
    other.authenticate(account(2));
    topics.executions.publish_event(1, &message(1));
    hub.close_account(account(2), CloseReason::AccountDisabled);
    topics.executions.publish_event(2, &message(2));
    assert_eq!(take(&other.outbox(), 9), Poll::Ready(Ok(vec!["1".to_owned()])));
    assert_eq!(
        take(&other.outbox(), 9),
        Poll::Ready(Err(CloseReason::AccountDisabled))
    );
    assert_eq!(drain(&one), ["1", "2"]);
    hub.close_all(CloseReason::GoingAway);
    assert_eq!(take(&one.outbox(), 9), Poll::Ready(Err(CloseReason::GoingAway)));
    assert_eq!(
        take(&other.outbox(), 9),
        Poll::Ready(Err(CloseReason::AccountDisabled)),
        "the first reason stands"
    );
}

#[test]
fn an_unknown_symbol_makes_no_topic() {
    let (hub, _) = hub();
    for channel in Channel::ALL {
        assert!(hub.find(channel, "XYZ-KRW", "5m").is_none());
        assert!(hub.find(channel, "btc-krw", "5m").is_none());
    }
    assert!(hub.find(Channel::Candles, "BTC-KRW", "2m").is_none());
    let again = hub.list("BTC-KRW", Some(9));
    let found = hub.find(Channel::Depth, "BTC-KRW", "").expect("it is listed");
    assert_eq!(found.name(), again.depth.name());
    let reader = listening(&hub, &[&found]);
    again.depth.publish_event(1, &message("one topic, listed twice"));
    assert_eq!(drain(&reader).len(), 1);
}

#[test]
fn a_selection_is_understood_as_a_whole_or_not_at_all() {
    let (hub, _) = hub();
    hub.list("ETH-KRW", None);
    let select = |channels: &[&str], symbols: &[&str], intervals: &[&str]| {
        let selection = Selection {
            channels,
            symbols,
            intervals,
        };
        let (topics, private) = hub.select(&selection)?;
        let mut names: Vec<String> = topics.iter().map(|topic| topic.name().to_owned()).collect();
        names.sort();
        Ok((names, private))
    };
    let (topics, private) = select(
        &["candles", "executions", "orders"],
        &["BTC-KRW", "BTC-KRW"],
        &["5m", "1h"],
    )
    .expect("known words");
    assert_eq!(
        topics,
        ["candles:BTC-KRW_1h", "candles:BTC-KRW_5m", "executions:BTC-KRW"]
    );
    assert_eq!(private, [PrivateChannel::Orders]);
    let (topics, private) = select(&["all", "depth"], &["all"], &["5m"]).expect("known words");
    assert_eq!(
        (topics.len(), private.len()),
        (10, 0),
        "private ones have to be named"
    );
    assert!(select(&["balances"], &[], &[]).is_ok());

    type Names = (Vec<String>, Vec<PrivateChannel>);
    let refused = |result: Result<Names, SelectionError>| result.expect_err("a word means nothing");
    assert_eq!(
        refused(select(&["executions"], &["BTC-KRW", "XYZ-KRW"], &[])).to_string(),
        "unsupported symbol: XYZ-KRW"
    );
    assert_eq!(
        refused(select(&["trades"], &["BTC-KRW"], &[])),
        SelectionError::Channel("trades".to_owned())
    );
    assert_eq!(
        refused(select(&["candles"], &["BTC-KRW"], &["2m"])),
        SelectionError::Interval("2m".to_owned())
    );
    assert_eq!(refused(select(&["depth"], &[], &[])), SelectionError::NoSymbol);
    let long = "x".repeat(1 << 16);
    let error = refused(select(&["depth"], &[&long], &[])).to_string();
    assert!(error.len() < 100, "an answer is not as long as what it answers");
}

#[test]
fn a_connection_listens_to_no_more_topics_than_it_may() {
    let options = HubOptions {
        topics_max: 2,
        ..HubOptions::default()
    };
    let hub = Hub::new(options);
    let topics = hub.list("BTC-KRW", None);
    let mut reader = listening(&hub, &[&topics.executions, &topics.depth]);
    let refused = Err(SubscribeError::TooMany { topics_max: 2 });
    assert_eq!(reader.subscribe(&topics.orderbook, None), refused);
    assert_eq!(topics.orderbook.subscribers(), 0);
    assert_eq!(reader.subscribe(&topics.depth, None), Ok(Subscribed::Already));
    reader.authenticate(account(1));
    let private = reader.subscribe_private(PrivateChannel::Orders, None);
    assert_eq!(private, Err(SubscribeError::TooMany { topics_max: 2 }));
    assert!(reader.unsubscribe(&topics.depth));
    assert!(reader.subscribe(&topics.orderbook, None).is_ok());
}

#[derive(Default)]
struct CountedWaker(AtomicUsize);

impl Wake for CountedWaker {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_reader_that_waits_is_woken_once_by_whatever_comes_first() {
    let (hub, topics) = hub();
    let woken_by = |act: &dyn Fn(&Connection)| {
        let reader = listening(&hub, &[&topics.executions, &topics.orderbook]);
        drain(&reader);
        let counter = Arc::new(CountedWaker::default());
        let waker = Waker::from(Arc::clone(&counter));
        assert_eq!(take_woken_by(&reader.outbox(), 9, &waker), Poll::Pending);
        act(&reader);
        counter.0.load(Ordering::SeqCst)
    };
    assert_eq!(woken_by(&|_| topics.executions.publish_event(1, &message(1))), 1);
    assert_eq!(woken_by(&|_| topics.orderbook.publish_state(&message(1))), 1);
    assert_eq!(woken_by(&|reader| reader.send(&message(1))), 1);
    assert_eq!(woken_by(&|_| hub.close_all(CloseReason::GoingAway)), 1);
    assert_eq!(woken_by(&|_| topics.depth.publish_event(1, &message(1))), 0);
    let twice = woken_by(&|_| {
        topics.executions.publish_event(2, &message(2));
        topics.executions.publish_event(3, &message(3));
    });
    assert_eq!(twice, 1, "it does not wait any more");
}

#[test]
fn no_wake_up_is_lost_between_two_threads() {
    struct Unpark(std::thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    const ROUNDS: u64 = 20_000;
    let (hub, topics) = hub();
    let reader = listening(&hub, &[&topics.executions]);
    let outbox = reader.outbox();
    let (seen, all_seen) = mpsc::channel();
    let reading = std::thread::spawn(move || {
        let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
        loop {
            match take_woken_by(&outbox, 2, &waker) {
                Poll::Pending => std::thread::park(),
                Poll::Ready(Ok(messages)) => {
                    for message in messages {
                        seen.send(message).expect("the test listens");
                    }
                }
                Poll::Ready(Err(reason)) => return reason,
            }
        }
    });
    // At most three are on their way, so that nothing overflows and the reader waits often.
    for number in 1..=ROUNDS {
        topics.executions.publish_event(number, &message(number));
        if let Some(expected) = number.checked_sub(3).filter(|expected| *expected > 0) {
            let received = all_seen.recv().expect("the reader reads");
            assert_eq!(received, expected.to_string());
        }
    }
    hub.close_all(CloseReason::GoingAway);
    assert_eq!(reading.join().expect("no panic"), CloseReason::GoingAway);
    assert_eq!(all_seen.iter().count(), 3, "what waited came before the end");
}

/// Reads as a client does that loses its connection after every few messages: it says what it has seen last, and if that is
/// too long ago, looks how things stand once it listens. Returns how many events came by themselves.
fn read_through_lost_connections(hub: &Arc<Hub>, topic: &Topic, snapshot: &AtomicU64, until: u64) -> u64 {
    let (mut last, mut seen) = (0, 0);
    while last < until {
        let mut connection = hub.connect();
        match connection.subscribe(topic, Some(last)) {
            Ok(Subscribed::Resumed { .. }) => {}
            Ok(Subscribed::TakeSnapshot) => last = snapshot.load(Ordering::SeqCst),
            other => panic!("a new connection: {other:?}"),
        }
        let mut left = 40;
        while left > 0 && last < until {
            match take(&connection.outbox(), left) {
                Poll::Pending => std::thread::yield_now(),
                Poll::Ready(Err(CloseReason::SlowConsumer)) => break,
                Poll::Ready(Err(reason)) => panic!("{reason:?}"),
                Poll::Ready(Ok(messages)) => {
                    left -= messages.len();
                    for message in messages {
                        let number: u64 = message.parse().expect("a number");
                        // The snapshot can be ahead of what comes.
                        if number > last {
                            assert_eq!(number, last + 1, "a gap");
                            last = number;
                            seen += 1;
                        }
                    }
                }
            }
        }
    }
    seen
}

#[test]
fn readers_that_come_and_go_while_it_is_published_miss_nothing_unawares() {
    const EVENTS: u64 = 50_000;
    let (hub, topics) = hub();
    let snapshot = AtomicU64::new(0);
    let read = || read_through_lost_connections(&hub, &topics.executions, &snapshot, EVENTS);
    let seen: Vec<u64> = std::thread::scope(|scope| {
        let readers: Vec<_> = (0..3).map(|_| scope.spawn(read)).collect();
        for number in 1..=EVENTS {
            snapshot.store(number, Ordering::SeqCst);
            topics.executions.publish_event(number, &message(number));
            if number % 64 == 0 {
                std::thread::yield_now();
            }
        }
        let seen = readers.into_iter().map(|reader| reader.join().expect("no gap"));
        seen.collect()
    });
    assert!(seen.iter().all(|seen| *seen > 0), "{seen:?}");
    assert_eq!(
        (topics.executions.subscribers(), hub.counts().connections),
        (0, 0)
    );
}
