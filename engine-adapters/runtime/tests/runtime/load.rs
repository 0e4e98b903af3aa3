//! A full queue, a slow reader, a writer that does not get on.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use engine_core::{Command, Seq, Side, Timestamp};
use engine_runtime::journal::CursorError;
use engine_runtime::journal::simulation::{Faults, SimulatedDisk};
use engine_runtime::{
    Clock, ReadEventsError, Refused, Runtime, RuntimeBuilder, RuntimeConfig, SinkStart, SinkState, Stage,
    Subscription, Unanswered,
};

use crate::support::{ask, config, done, events_through, fresh, in_memory, list, open, place};

/// A clock that holds the writer until it is let go, so that a test decides what waits when.
struct HoldingClock {
    entered: Sender<()>,
    go: Receiver<()>,
}

impl Clock for HoldingClock {
    fn now(&mut self) -> Timestamp {
        // When the test is over nobody holds the writer any more.
        let _ = self.entered.send(());
        let _ = self.go.recv();
        Timestamp::ZERO
    }
}

/// The test's side of a [`HoldingClock`].
struct Hold {
    entered: Receiver<()>,
    go: Sender<()>,
}

impl Hold {
    /// Waits until the writer has begun a batch.
    fn wait(&self) {
        self.entered.recv().expect("the writer runs");
    }

    /// Lets the writer finish one batch.
    fn let_go(&self) {
        self.go.send(()).expect("the writer waits");
    }
}

fn held(config: RuntimeConfig) -> (RuntimeBuilder, Hold) {
    let (entered, has_entered) = channel();
    let (go, may_go) = channel();
    let clock = HoldingClock { entered, go: may_go };
    (
        RuntimeBuilder::new(config).clock(clock),
        Hold {
            entered: has_entered,
            go,
        },
    )
}

#[test]
fn a_full_queue_refuses_at_once_and_takes_again_when_there_is_room() {
    let config = RuntimeConfig {
        queue_max: 10,
        ..in_memory()
    };
    let (builder, hold) = held(config);
    let (runtime, _) = builder.in_memory().expect("a config");
    let handle = runtime.handle();
    let first = handle.submit(Command::Tick).expect("there is room");
    hold.wait();
    let waiting: Vec<_> = (0..10)
        .map(|_| handle.submit(Command::Tick).expect("there is room"))
        .collect();
    assert_eq!(handle.metrics().queued, 10);
    assert_eq!(handle.submit(Command::Tick).err(), Some(Refused::Overloaded));
    assert_eq!(
        handle.submit_all(vec![Command::Tick; 2]).err(),
        Some(Refused::Overloaded)
    );
    assert_eq!(handle.metrics().overloaded, 3);

    hold.let_go();
    done(first.wait());
    for (seq, ticket) in (2..).zip(waiting) {
        assert_eq!(done(ticket.wait()).0, Seq::new(seq), "nothing was lost");
    }
    assert_eq!(handle.metrics().queued, 0);
    let again = handle.submit_all(vec![Command::Tick; 10]).expect("there is room");
    hold.wait();
    hold.let_go();
    assert_eq!(again.wait().len(), 10);
    assert_eq!(
        handle.submit_all(vec![Command::Tick; 11]).err(),
        Some(Refused::Overloaded),
        "never fits"
    );
}

#[test]
fn a_writer_that_is_held_is_reported_once_and_gets_on() {
    let config = RuntimeConfig {
        stuck_after: Duration::from_millis(5),
        ..in_memory()
    };
    let (builder, hold) = held(config);
    let (report, reports) = channel();
    let builder = builder.on_stuck(move |stuck| report.send(stuck).expect("the test listens"));
    let (runtime, _) = builder.in_memory().expect("a config");
    let handle = runtime.handle();
    let ticket = handle.submit(Command::Tick).expect("there is room");
    hold.wait();
    let stuck = reports.recv().expect("the watchdog runs");
    assert_eq!(stuck.stage, Stage::Write);
    assert!(stuck.for_ >= Duration::from_millis(5));
    assert_eq!(
        handle.stuck().first().map(|stuck| stuck.stage),
        Some(Stage::Write)
    );
    hold.let_go();
    done(ticket.wait());

    // The next time is another one.
    let ticket = handle.submit(Command::Tick).expect("there is room");
    hold.wait();
    assert_eq!(reports.recv().expect("the watchdog runs").stage, Stage::Write);
    assert_eq!(handle.metrics().stuck, 2);
    hold.let_go();
    done(ticket.wait());
    drop(hold);
    runtime.stop().expect("no disk, no faults");
}

#[test]
fn what_waits_in_a_runtime_that_is_dropped_is_carried_out_first() {
    let (builder, hold) = held(in_memory());
    let (runtime, _) = builder.in_memory().expect("a config");
    let tickets: Vec<_> = (0..5)
        .map(|_| runtime.handle().submit(Command::Tick).expect("there is room"))
        .collect();
    hold.wait();
    drop(hold);
    drop(runtime);
    for ticket in tickets {
        done(ticket.wait());
    }
}

#[test]
fn when_the_disk_fails_everybody_who_waits_is_told_and_nobody_is_told_that_it_went_well() {
    let disk = SimulatedDisk::new();
    let (builder, hold) = held(config());
    let (runtime, _) = builder.open(disk.clone()).expect("an empty disk");
    let handle = runtime.handle();
    let submit = || handle.submit(Command::Tick).expect("there is room");
    let mut tickets = vec![submit()];
    hold.wait();
    tickets.extend((0..40).map(|_| submit()));
    let faults = Faults {
        failing_sync: Some(1),
        ..Faults::default()
    };
    disk.set_faults(faults, 1);
    hold.let_go();
    // The first batch meets the fault while the writer is held in the second.
    assert!(handle.wait_ended().is_err());
    assert!(matches!(handle.submit(Command::Tick), Err(Refused::Stopped(_))));
    drop(hold);
    let told: Vec<_> = tickets.into_iter().map(|ticket| ticket.wait().err()).collect();
    assert_eq!(
        told[..16],
        [const { Some(Unanswered::Unknown) }; 16],
        "the first batch"
    );
    assert_eq!(
        told[32..],
        [const { Some(Unanswered::NotTaken) }; 9],
        "what was still in the queue"
    );
    assert!(told.iter().all(Option::is_some));
}

/// Makes many events, more than are kept in memory.
fn make_events(runtime: &Runtime, commands: u64) -> Seq {
    let mut last = Seq::new(0);
    for _ in 0..commands / 100 {
        let orders = (0..100).map(|number| Command::Place(place(Side::Buy, 1 + number, 1)));
        let tickets = runtime
            .handle()
            .submit_all(orders.collect())
            .expect("there is room");
        last = done(tickets.wait().pop().expect("a hundred")).0;
    }
    last
}

fn next(subscription: &mut Subscription) -> Result<Seq, ReadEventsError> {
    let slice = subscription.next()?.expect("the runtime runs on");
    Ok(slice.first())
}

#[test]
fn a_slow_reader_reads_the_log_and_catches_up_while_nobody_waits_for_it() {
    let config = RuntimeConfig {
        recent_events_max: 50,
        ..config()
    };
    let (_, runtime) = fresh(&config);
    let mut slow = runtime.handle().subscribe_from(Seq::new(1));
    assert_eq!(next(&mut slow), Ok(Seq::new(1)));
    let end = make_events(&runtime, 3_000);
    assert_eq!(end, Seq::new(3_001), "all were answered while it slept");
    let mut expected = Seq::new(2);
    while expected <= end {
        let slice = slow.next().expect("the log has it").expect("the runtime runs on");
        assert_eq!(slice.first(), expected, "in order and without a gap");
        expected = slice.last().next();
    }
    // It is not behind any more, so it sees what comes.
    let seq = done(ask(runtime.handle(), Command::Tick)).0;
    assert_eq!(next(&mut slow), Ok(seq));
    events_through(runtime.handle(), seq);
}

#[test]
fn without_a_log_a_slow_reader_is_told_what_it_missed() {
    let config = RuntimeConfig {
        recent_events_max: 50,
        ..in_memory()
    };
    let (runtime, _) = RuntimeBuilder::new(config).in_memory().expect("a config");
    done(ask(runtime.handle(), list()));
    let mut slow = runtime.handle().subscribe();
    make_events(&runtime, 1_000);
    match next(&mut slow) {
        Err(ReadEventsError::Missed { from, oldest }) => {
            assert_eq!(from, Seq::new(2));
            assert!(oldest > Seq::new(600), "{oldest}");
            assert_eq!(next(&mut runtime.handle().subscribe_from(oldest)), Ok(oldest));
        }
        other => panic!("it missed a lot: {other:?}"),
    }
}

fn standing(runtime: &Runtime) -> Vec<(Box<str>, SinkState, u64)> {
    let sinks = runtime.handle().sinks().into_iter();
    sinks
        .map(|sink| (sink.name, sink.state, sink.noted.get()))
        .collect()
}

#[test]
fn a_sink_goes_on_after_a_restart_where_it_noted_that_it_was() {
    let (disk, runtime) = fresh(&config());
    let end = make_events(&runtime, 500);
    events_through(runtime.handle(), end);
    let mut sink = runtime
        .handle()
        .sink("copy", SinkStart::Oldest)
        .expect("a name")
        .expect("a disk");
    assert_eq!(next(sink.events()), Ok(Seq::new(1)));
    sink.advance(Seq::new(200)).expect("a disk without faults");
    let newest = runtime
        .handle()
        .sink("newest", SinkStart::Newest)
        .expect("a name")
        .expect("a disk");
    drop(newest);
    sink.report(SinkState::Failing("refused".into()));
    let failing = SinkState::Failing("refused".into());
    assert_eq!(
        standing(&runtime),
        [
            ("copy".into(), failing, 200),
            ("newest".into(), SinkState::Absent, end.get())
        ]
    );
    let cut = disk.power_cut(1);
    drop(runtime);

    let (runtime, _, _) = open(cut, &config()).expect("the disk is whole");
    assert_eq!(
        standing(&runtime),
        [
            ("copy".into(), SinkState::Absent, 200),
            ("newest".into(), SinkState::Absent, end.get())
        ],
        "sinks that nobody reads for are known"
    );
    let mut sink = runtime
        .handle()
        .sink("copy", SinkStart::Newest)
        .expect("a name")
        .expect("a disk");
    assert_eq!(sink.name(), "copy");
    assert_eq!(sink.events().position(), Seq::new(201));
    let slice = sink
        .events()
        .next()
        .expect("the log has it")
        .expect("the runtime runs on");
    assert_eq!(slice.iter().next().map(|batch| batch.seq), Some(Seq::new(201)));
    let mut newest = runtime
        .handle()
        .sink("newest", SinkStart::Oldest)
        .expect("a name")
        .expect("a disk");
    assert_eq!(newest.events().position(), end.next());

    runtime.handle().remove_sink("copy").expect("it is there");
    let newest = ("newest".into(), SinkState::Running, end.get());
    assert_eq!(standing(&runtime), [newest]);
    let mut again = runtime
        .handle()
        .sink("copy", SinkStart::Oldest)
        .expect("a name")
        .expect("a disk");
    assert_eq!(again.events().position(), Seq::new(1));
    let refused = runtime.handle().sink("no name", SinkStart::Oldest);
    assert!(matches!(refused, Err(CursorError::Name { .. })));
}

#[test]
fn a_sink_is_given_nothing_that_a_power_cut_can_take_back() {
    let config = RuntimeConfig {
        durability: engine_runtime::Durability::Interval(Duration::from_secs(3_600)),
        ..config()
    };
    let (_, runtime) = fresh(&config);
    let end = make_events(&runtime, 100);
    let mut sink = runtime
        .handle()
        .sink("copy", SinkStart::Oldest)
        .expect("a name")
        .expect("a disk");
    assert!(
        sink.events().try_next().expect("no faults").is_pending(),
        "nothing is on disk yet"
    );
    events_through(runtime.handle(), end);
    let mut last = Seq::new(0);
    // Closing brings everything to the disk.
    let stopping = std::thread::spawn(move || runtime.stop().expect("a disk without faults"));
    while let Some(slice) = sink.events().next().expect("no faults") {
        last = slice.last();
    }
    assert_eq!(last, end);
    stopping.join().expect("it stops");
}

#[test]
fn the_logs_are_kept_for_the_slowest_sink_and_not_for_ever() {
    let config = RuntimeConfig {
        snapshot_every: Some(500),
        snapshots_kept: 2,
        ..config()
    };
    let disk = SimulatedDisk::new();
    let segments = |disk: &SimulatedDisk| {
        let names = engine_runtime::journal::Storage::list(disk).expect("it can be listed");
        names.iter().filter(|name| name.ends_with(".log")).count()
    };
    let mut counts = Vec::new();
    for round in 0..6 {
        let (runtime, _, _) = open(disk.restart(), &config).expect("the disk is whole");
        drop(runtime);
        let (runtime, _, _) = open(disk.clone(), &config).expect("the disk is whole");
        if round == 0 {
            done(ask(runtime.handle(), list()));
            runtime.handle().sink("slow", SinkStart::Oldest).expect("a name");
        }
        if round == 4 {
            runtime.handle().remove_sink("slow").expect("it is there");
        }
        make_events(&runtime, 3_000);
        runtime.stop().expect("a disk without faults");
        counts.push(segments(&disk));
    }
    assert!(counts[3] > counts[1], "a sink holds them: {counts:?}");
    assert!(counts[5] < counts[1], "without it they go: {counts:?}");
}
