//! Random publishing and reading: what a client can rely on, whatever happens.

use std::collections::BTreeMap;
use std::task::Poll;

use engine_http::hub::{CloseReason, Connection, Hub, HubOptions, Subscribed, Topic};
use proptest::prelude::*;

use crate::hub::{message, take};

/// Small, so that everything happens often: states are conflated from 8 on.
const QUEUE_MAX: usize = 10;
const HISTORY_MAX: usize = 12;

#[derive(Clone, Debug)]
enum Step {
    State(usize),
    Event(usize),
    Take(usize),
    /// The connection is lost, and the client comes back with what it has seen last.
    Reconnect,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0_usize..3).prop_map(Step::State),
        6 => (0_usize..3).prop_map(Step::Event),
        3 => (1_usize..8).prop_map(Step::Take),
        1 => Just(Step::Reconnect),
    ];
    prop::collection::vec(step, 1..200)
}

/// A message as its reader understands it: which topic, event or state, and a number that ascends within the topic.
fn text(topic: usize, is_event: bool, number: u64) -> String {
    format!("{topic} {} {number}", if is_event { "event" } else { "state" })
}

/// What one topic has published.
#[derive(Default)]
struct Published {
    /// Numbers of events and states together, ascending.
    number: u64,
    events: Vec<u64>,
    state: Option<u64>,
}

/// What the client knows of one topic.
#[derive(Default)]
struct Seen {
    last: u64,
    last_event: u64,
    last_state: Option<u64>,
    /// Events that it has not to expect any more, because it was told to take a snapshot.
    skipped_to: u64,
}

struct Run {
    hub: std::sync::Arc<Hub>,
    topics: Vec<Topic>,
    published: [Published; 3],
    connection: Connection,
    seen: [Seen; 3],
    /// Events that wait: the one number of the model that decides on closing.
    waiting_events: usize,
    is_closed: bool,
}

impl Run {
    fn new() -> Self {
        let options = HubOptions {
            queue_max: QUEUE_MAX,
            burst_max: QUEUE_MAX,
            history_max: HISTORY_MAX,
            ..HubOptions::default()
        };
        let hub = Hub::new(options);
        let listed = hub.list("X", Some(0));
        let topics: Vec<Topic> = listed.candles[..3].to_vec();
        let mut connection = hub.connect();
        for topic in &topics {
            connection.subscribe(topic, None).expect("not too many");
        }
        Self {
            hub,
            topics,
            published: Default::default(),
            connection,
            seen: Default::default(),
            waiting_events: 0,
            is_closed: false,
        }
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::State(topic) => {
                let published = &mut self.published[topic];
                published.number += 1;
                published.state = Some(published.number);
                self.topics[topic].publish_state(&message(text(topic, false, published.number)));
            }
            Step::Event(topic) => {
                let published = &mut self.published[topic];
                published.number += 1;
                published.events.push(published.number);
                published.state = None;
                self.topics[topic]
                    .publish_event(published.number, &message(text(topic, true, published.number)));
                if self.waiting_events == QUEUE_MAX {
                    self.is_closed = true;
                } else {
                    self.waiting_events += 1;
                }
            }
            Step::Take(count) => self.take(count),
            Step::Reconnect => self.reconnect(),
        }
    }

    /// Takes up to `count` messages, and holds each against what was promised.
    fn take(&mut self, count: usize) {
        match take(&self.connection.outbox(), count) {
            Poll::Pending => assert!(!self.is_closed, "a closed connection is told so"),
            Poll::Ready(Err(reason)) => {
                assert_eq!(reason, CloseReason::SlowConsumer);
                assert!(
                    self.is_closed,
                    "closed though only {} events waited",
                    self.waiting_events
                );
            }
            Poll::Ready(Ok(messages)) => {
                assert!(!self.is_closed, "nothing comes after the end");
                assert!(messages.len() <= count);
                messages.iter().for_each(|message| self.receive(message));
            }
        }
    }

    fn receive(&mut self, message: &str) {
        let words: Vec<&str> = message.split(' ').collect();
        let topic: usize = words[0].parse().expect("a topic");
        let number: u64 = words[2].parse().expect("a number");
        let seen = &mut self.seen[topic];
        assert!(number > seen.last, "topic {topic}: {number} after {}", seen.last);
        seen.last = number;
        if words[1] == "state" {
            seen.last_state = Some(number);
            return;
        }
        let from = seen.last_event.max(seen.skipped_to);
        let next = self.published[topic].events.iter().find(|event| **event > from);
        assert_eq!(next, Some(&number), "topic {topic}: a gap");
        seen.last_event = number;
        seen.last_state = None;
        self.waiting_events = self.waiting_events.saturating_sub(1);
    }

    /// Reads until nothing waits: then the client knows all there is to know.
    fn settle(&mut self) {
        if self.is_closed {
            return self.take(1);
        }
        while take_is_ready(self) {}
        for (topic, seen) in self.seen.iter().enumerate() {
            let published = &self.published[topic];
            assert_eq!(
                seen.last_state, published.state,
                "topic {topic}: the newest state"
            );
            let newest = published.events.last().copied().unwrap_or(0);
            assert_eq!(
                seen.last_event.max(seen.skipped_to),
                newest,
                "topic {topic}: all events"
            );
        }
    }

    fn reconnect(&mut self) {
        let mut connection = self.hub.connect();
        let mut missed_in_all = 0;
        for (topic, seen) in self.seen.iter_mut().enumerate() {
            let published = &self.published[topic];
            let since = seen.last_event.max(seen.skipped_to);
            let missed = published.events.iter().filter(|event| **event > since).count();
            let answer = connection.subscribe(&self.topics[topic], Some(since));
            let is_known = missed <= HISTORY_MAX && missed_in_all + missed <= HISTORY_MAX;
            if is_known {
                assert_eq!(answer, Ok(Subscribed::Resumed { missed }));
                missed_in_all += missed;
            } else {
                assert_eq!(answer, Ok(Subscribed::TakeSnapshot));
                seen.skipped_to = published.events.last().copied().unwrap_or(0);
            }
            // A snapshot, or what comes again, is newer than what was seen; a state is told anew.
            seen.last = since.max(seen.skipped_to);
            seen.last_state = None;
        }
        self.connection = connection;
        self.is_closed = false;
        self.waiting_events = 0;
        // What was missed does not count as waiting, so it is read before the count goes on.
        while take_is_ready(self) {}
        self.waiting_events = 0;
    }
}

fn take_is_ready(run: &mut Run) -> bool {
    let before: BTreeMap<usize, u64> = run.seen.iter().map(|seen| seen.last).enumerate().collect();
    run.take(3);
    run.seen
        .iter()
        .enumerate()
        .any(|(topic, seen)| before[&topic] != seen.last)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn a_client_sees_each_topic_in_order_without_a_gap_and_up_to_the_newest_state(steps in steps()) {
        let mut run = Run::new();
        for step in &steps {
            run.step(step);
            // One for each topic and each event, beside those that came before the queue was long.
            let states_max = QUEUE_MAX / 5 * 4 + run.topics.len() + QUEUE_MAX;
            prop_assert!(run.connection.outbox().waiting() <= QUEUE_MAX + states_max);
            prop_assert_eq!(run.hub.counts().connections, 1);
        }
        run.settle();
    }
}
