//! Ways to be answered, and to see what happens.

use std::future::Future;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use engine_core::{
    Command, EngineConfig, Event, LinkKind, Linked, OrderIds, OrderKind, Place, Price, Seq, Side, Timestamp,
};
use engine_runtime::{Answer, Answers, Outcome, Refused, RuntimeConfig, Unanswered};

use crate::support::{ask, config, done, fresh, in_memory, list, open, order, place};

/// Wakes a thread, as an executor does.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// The smallest executor there is.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}

#[test]
fn an_answer_can_be_awaited() {
    let (_, runtime) = fresh(&config());
    let ticket = runtime
        .handle()
        .submit(Command::Place(place(Side::Buy, 100, 5)))
        .expect("there is room");
    let answer = block_on(ticket).expect("no faults");
    let order = answer
        .first()
        .expect("it is no conflict")
        .order()
        .expect("it was accepted");
    assert!(matches!(answer.events()[0], Event::Accepted { order: accepted, .. } if accepted == order));
}

#[test]
fn several_commands_come_one_after_the_other_and_are_answered_in_order() {
    let (_, runtime) = fresh(&config());
    let commands = (1..=100).map(|lots| Command::Place(place(Side::Buy, 100, lots)));
    let tickets = runtime
        .handle()
        .submit_all(commands.collect())
        .expect("there is room");
    let answers = block_on(tickets).into_iter().map(done);
    for (number, (seq, events)) in (0..).zip(answers) {
        assert_eq!(seq, Seq::new(2 + number));
        let quantity = match events[0] {
            Event::Accepted { quantity, .. } => quantity.lots(),
            other => panic!("every order is accepted: {other:?}"),
        };
        assert_eq!(quantity, 1 + number);
    }
    assert!(
        runtime
            .handle()
            .submit_all(Vec::new())
            .expect("nothing fits always")
            .wait()
            .is_empty()
    );
}

#[test]
fn answers_come_with_the_tags_that_were_given() {
    let (_, runtime) = fresh(&config());
    let (told, tells) = channel();
    let answers: Arc<dyn Answers> = Arc::new(move |tag: u64, outcome: Outcome| {
        told.send((tag, done(outcome).0.get())).expect("the test listens");
    });
    let handle = runtime.handle();
    let commands = vec![Command::Tick; 40];
    handle
        .submit_to(&answers, 7, Command::Tick)
        .expect("there is room");
    handle
        .submit_all_to(&answers, 100, commands)
        .expect("there is room");
    let told: Vec<(u64, u64)> = tells.iter().take(41).collect();
    let expected = std::iter::once((7, 2)).chain((0..40).map(|number| (100 + number, 3 + number)));
    assert_eq!(told, expected.collect::<Vec<_>>());
}

#[test]
fn an_order_can_be_found_by_whoever_reads_as_far_as_was_released() {
    let (_, runtime) = fresh(&config());
    let mut subscription = runtime.handle().subscribe();
    for lots in 1..50 {
        let answer = order(runtime.handle(), place(Side::Buy, 100, lots));
        let Answer::Done(done) = &answer else {
            panic!("it is no repeat")
        };
        assert!(runtime.handle().released_through() >= done.seq());
        let slice = subscription
            .next()
            .expect("nothing is missed")
            .expect("it runs on");
        let batch = slice.iter().next().expect("a command");
        assert_eq!((batch.seq, batch.events), (done.seq(), done.events()));
    }
}

#[test]
fn events_can_be_awaited_and_end_when_the_runtime_does() {
    let (_, runtime) = fresh(&config());
    let mut subscription = runtime.handle().subscribe();
    let reading = std::thread::spawn(move || {
        let mut seen = Vec::new();
        while let Some(slice) = block_on(subscription.recv()).expect("nothing is missed") {
            seen.extend(slice.iter().map(|batch| batch.seq.get()));
        }
        seen
    });
    let waiting = {
        let handle = runtime.handle().clone();
        std::thread::spawn(move || block_on(handle.ended()))
    };
    (0..20).for_each(|_| drop(ask(runtime.handle(), Command::Tick)));
    runtime.stop().expect("a disk without faults");
    assert_eq!(
        reading.join().expect("it reads to the end"),
        (2..=21).collect::<Vec<_>>()
    );
    assert_eq!(waiting.join().expect("it hears of the end"), Ok(()));
}

#[test]
fn a_graceful_stop_answers_all_that_was_taken_and_takes_nothing_more() {
    let (disk, runtime) = fresh(&config());
    let handle = runtime.handle().clone();
    let tickets: Vec<_> = (0..500)
        .map(|_| {
            handle
                .submit(Command::Place(place(Side::Buy, 100, 1)))
                .expect("there is room")
        })
        .collect();
    let end = runtime.stop().expect("a disk without faults").end;
    assert_eq!(end, Seq::new(501));
    assert_eq!(handle.submit(Command::Tick).err(), Some(Refused::Stopping));
    for (seq, ticket) in (2..).zip(tickets) {
        assert_eq!(done(ticket.wait()).0, Seq::new(seq));
    }
    let (_, recovered, _) = open(disk.power_cut(3), &config()).expect("it was closed");
    assert_eq!((recovered.end, recovered.torn), (end, None));
    assert_eq!(
        recovered.snapshot,
        Some(end),
        "a stop takes a snapshot, so the next start is quick"
    );
}

#[test]
fn whoever_submits_while_the_runtime_stops_is_answered_or_refused() {
    for round in 0..20 {
        let (disk, runtime) = fresh(&config());
        let handle = runtime.handle().clone();
        let submitting = std::thread::spawn(move || {
            let mut carried_out = 0;
            loop {
                match handle.submit(Command::Tick) {
                    Err(Refused::Stopping) => return carried_out,
                    Err(Refused::Overloaded) => {}
                    Err(other) => panic!("{other}"),
                    Ok(ticket) => match ticket.wait() {
                        Ok(_) => carried_out += 1,
                        Err(Unanswered::NotTaken) => {}
                        Err(other) => panic!("{other}"),
                    },
                }
            }
        });
        (0..round).for_each(|_| drop(ask(runtime.handle(), Command::Tick)));
        let end = runtime.stop().expect("a disk without faults").end;
        let carried_out = submitting.join().expect("its assertions hold");
        assert_eq!(end.get(), 1 + round + carried_out);
        let (_, recovered, _) = open(disk.restart(), &config()).expect("it was closed");
        assert_eq!(recovered.end, end);
    }
}

#[test]
fn a_command_too_large_for_the_journal_is_told_and_harms_nobody() {
    let (_, runtime) = fresh(&config());
    let linked = Linked {
        kind: LinkKind::Bracket,
        orders: vec![place(Side::Buy, 100, 1); 1_000].into_iter().collect(),
    };
    let answer = ask(runtime.handle(), Command::PlaceLinked(Box::new(linked)));
    assert!(matches!(answer, Err(Unanswered::TooLarge { .. })), "{answer:?}");
    assert_eq!(done(ask(runtime.handle(), Command::Tick)).0, Seq::new(2));
}

#[test]
fn without_a_disk_everything_is_the_same_and_nothing_is_kept() {
    let (runtime, recovered) = engine_runtime::RuntimeBuilder::new(in_memory())
        .in_memory()
        .expect("a config");
    assert_eq!(recovered.end, Seq::new(0));
    done(ask(runtime.handle(), list()));
    let answer = order(runtime.handle(), place(Side::Buy, 100, 5));
    assert!(answer.first().and_then(|first| first.order()).is_some());
    let sink = runtime.handle().sink("nobody", engine_runtime::SinkStart::Oldest);
    assert!(
        sink.expect("that is no error").is_none(),
        "there is nowhere to note how far it is"
    );
    assert_eq!(runtime.stop().expect("no disk, no faults").end, Seq::new(2));
}

#[test]
fn the_sweep_of_a_deep_book_is_shown_whole() {
    let (_, runtime) = fresh(&config());
    let handle = runtime.handle();
    for lots in [900, 900, 900] {
        let makers = (0..lots).map(|_| Command::Place(place(Side::Sell, 100, 1)));
        let answers = handle.submit_all(makers.collect()).expect("there is room").wait();
        answers.into_iter().for_each(|answer| drop(done(answer)));
    }
    let taken = Arc::new(Mutex::new(0));
    let (seq, events) = done(ask(handle, Command::Place(place(Side::Buy, 100, 2_700))));
    *taken.lock().expect("nobody panics") = events.len();
    assert!(
        events.len() > 2_700,
        "more than one record of the event log holds"
    );
    let all = crate::support::events_through(handle, seq);
    assert_eq!(all.last().map(|(_, _, events)| events), Some(&events));
}

/// An engine whose orders are called after their place in the stream.
fn naming() -> RuntimeConfig {
    let engine = EngineConfig {
        ids: OrderIds::Chosen { hash_seed: 1 },
        ..config().engine
    };
    RuntimeConfig {
        engine,
        names_orders: true,
        ..config()
    }
}

#[test]
fn orders_are_called_after_their_place_also_in_a_list_and_after_a_restart() {
    let (disk, runtime) = fresh(&naming());
    let orders_of = |answer: Answer| -> Vec<u64> {
        let first = answer.first().expect("it is no conflict");
        first.orders().iter().map(|order| order.get()).collect()
    };
    let mine = crate::support::named(7, "mine", place(Side::Buy, 100, 5));
    assert_eq!(orders_of(order(runtime.handle(), mine)), [2 << 2]);
    assert_eq!(
        orders_of(order(runtime.handle(), mine)),
        [2 << 2],
        "a repeat has no place of its own"
    );
    let stop = Place {
        kind: OrderKind::Stop {
            trigger: Price::new(120),
        },
        ..place(Side::Buy, 0, 5)
    };
    let linked = Linked {
        kind: LinkKind::OneCancelsOther,
        orders: [place(Side::Buy, 90, 5), stop].into_iter().collect(),
    };
    let answer = ask(runtime.handle(), Command::PlaceLinked(Box::new(linked))).expect("no faults");
    assert_eq!(orders_of(answer), [3 << 2, 3 << 2 | 1]);
    let hash = runtime.stop().expect("a disk without faults").state_hash;

    let (runtime, recovered, _) = open(disk.restart(), &naming()).expect("the disk is whole");
    assert_eq!(recovered.state_hash, hash);
    assert_eq!(
        orders_of(order(runtime.handle(), place(Side::Sell, 200, 1))),
        [4 << 2]
    );
}

#[test]
fn a_past_is_told_with_its_own_times_and_the_clock_goes_on_from_there() {
    let (runtime, _) = engine_runtime::RuntimeBuilder::new(in_memory())
        .in_memory()
        .expect("a config");
    let at = Timestamp::from_nanos;
    let mut past = vec![(at(1_000), list())];
    past.extend([2_000, 1_500, 3_000].map(|time| (at(time), Command::Place(place(Side::Buy, 100, 1)))));
    let told = runtime.handle().submit_at(past).expect("there is room").wait();
    let time_of = |outcome| match outcome {
        Ok(Answer::Done(done)) => done.time().nanos(),
        other => panic!("it was carried out: {other:?}"),
    };
    let times: Vec<u64> = told.into_iter().map(time_of).collect();
    assert_eq!(times, [1_000, 2_000, 2_000, 3_000], "time never goes back");
    assert!(time_of(ask(runtime.handle(), Command::Tick)) > 1_700_000_000_000_000_000);
}

#[path = "../../examples/embed.rs"]
#[expect(dead_code, reason = "the example has a main function of its own")]
mod embed;

#[test]
fn the_example_goes_on_where_it_ended() -> Result<(), Box<dyn std::error::Error>> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().to_str().ok_or("a path that is text")?;
    assert!(embed::run(path)? >= Seq::new(3), "an instrument and two orders");
    assert!(embed::run(path)? >= Seq::new(5), "and two more");
    Ok(())
}
