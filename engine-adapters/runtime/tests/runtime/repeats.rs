//! R16: one client order id is one order, however often and from wherever it is asked for.

use std::sync::Barrier;

use engine_core::{Command, Event, Qty, Side};
use engine_runtime::{Answer, FirstAnswer, Handle, RuntimeConfig};

use crate::support::{ask, config, fresh, named, open, order, place, soak};

fn repeat(answer: &Answer) -> FirstAnswer {
    match answer {
        Answer::Repeat(first) => *first,
        other => panic!("it was asked for before: {other:?}"),
    }
}

#[test]
fn a_repeat_is_answered_with_the_first_answer_and_does_nothing() {
    let (_, runtime) = fresh(&config());
    let handle = runtime.handle();
    let mine = named(7, "mine", place(Side::Buy, 100, 5));
    let first = order(handle, mine).first().expect("it is no conflict");
    assert!(first.order().is_some() && first.rejected.is_none());
    assert_eq!(repeat(&order(handle, mine)), first);

    let other = order(
        handle,
        engine_core::Place {
            quantity: Qty::new(6),
            ..mine
        },
    );
    assert!(
        matches!(other, Answer::Conflict { first: seq } if seq == first.seq),
        "{other:?}"
    );
    assert_eq!(handle.metrics().commands, 2, "the instrument and one order");
}

#[test]
fn a_repeat_after_the_order_was_filled_is_answered_as_at_first() {
    let (_, runtime) = fresh(&config());
    let handle = runtime.handle();
    let mine = named(7, "mine", place(Side::Buy, 100, 5));
    let first = order(handle, mine).first().expect("it is no conflict");
    let taker = order(handle, named(8, "taker", place(Side::Sell, 100, 5)));
    assert!(
        taker
            .events()
            .iter()
            .any(|event| matches!(event, Event::Traded { .. }))
    );
    assert_eq!(repeat(&order(handle, mine)), first);
}

#[test]
fn a_repeat_of_a_refused_order_is_refused_again_for_the_same_reason() {
    let (_, runtime) = fresh(&config());
    let nothing = named(7, "mine", place(Side::Buy, 100, 0));
    let first = order(runtime.handle(), nothing)
        .first()
        .expect("it is no conflict");
    assert!(first.rejected.is_some());
    assert_eq!(first.order(), None, "there is no such order");
    assert_eq!(repeat(&order(runtime.handle(), nothing)), first);
}

#[test]
fn repeats_are_known_after_a_restart_from_the_log_and_from_a_snapshot() {
    for snapshot_every in [None, Some(1)] {
        let config = RuntimeConfig {
            snapshot_every,
            ..config()
        };
        let (disk, runtime) = fresh(&config);
        let mine = named(7, "mine", place(Side::Buy, 100, 5));
        let first = order(runtime.handle(), mine).first().expect("it is no conflict");
        let cut = disk.power_cut(1);
        drop(runtime);
        for disk in [cut, disk.restart()] {
            let (runtime, _, _) = open(disk, &config).expect("the disk is whole");
            assert_eq!(repeat(&order(runtime.handle(), mine)), first);
        }
    }
}

#[test]
fn a_repeat_of_linked_orders_names_them_all() {
    let (_, runtime) = fresh(&config());
    let stop = engine_core::Place {
        kind: engine_core::OrderKind::Stop {
            trigger: engine_core::Price::new(120),
        },
        ..place(Side::Buy, 0, 5)
    };
    let orders = [named(7, "low", place(Side::Buy, 90, 5)), named(7, "stop", stop)];
    let linked = engine_core::Linked {
        kind: engine_core::LinkKind::OneCancelsOther,
        orders: orders.into_iter().collect(),
    };
    let command = Command::PlaceLinked(Box::new(linked));
    let first = ask(runtime.handle(), command.clone()).expect("no faults").first();
    let first = first.expect("it is no conflict");
    assert_eq!((first.orders().len(), first.rejected), (2, None));
    assert_eq!(repeat(&ask(runtime.handle(), command).expect("no faults")), first);
}

#[test]
fn of_two_that_come_at_once_exactly_one_is_carried_out() {
    const ROUND: u64 = 500;
    let rounds = 20 * soak();
    let config = RuntimeConfig {
        keys_max: 1_000_000,
        engine: engine_core::EngineConfig {
            orders_max: 100_000,
            ..config().engine
        },
        ..config()
    };
    let (disk, runtime) = fresh(&config);
    let ask_all = |handle: &Handle, round: u64| -> Vec<FirstAnswer> {
        let commands = (0..ROUND).map(|number| {
            let place = place(Side::Buy, 1 + number as i64 % 90, 5);
            Command::Place(named(7, &format!("{round}-{number}"), place))
        });
        let tickets = handle.submit_all(commands.collect()).expect("there is room");
        let answers = tickets.wait().into_iter();
        let firsts = answers.map(|answer| answer.expect("no faults").first());
        firsts.map(|first| first.expect("it is no conflict")).collect()
    };
    let start = Barrier::new(2);
    let both = std::thread::scope(|scope| {
        let asking = [(); 2].map(|()| {
            let (handle, start) = (runtime.handle().clone(), &start);
            scope.spawn(move || {
                let rounds = (0..rounds).map(|round| {
                    start.wait();
                    ask_all(&handle, round)
                });
                rounds.collect::<Vec<_>>()
            })
        });
        asking.map(|thread| thread.join().expect("its assertions hold"))
    });
    assert_eq!(both[0], both[1], "both were told the same");
    let metrics = runtime.handle().metrics();
    assert_eq!(metrics.commands, 1 + rounds * ROUND);
    assert_eq!(metrics.repeats, rounds * ROUND);

    let cut = disk.power_cut(5);
    drop(runtime);
    let (again, _, _) = open(cut, &config).expect("the disk is whole");
    for round in 0..rounds {
        assert_eq!(ask_all(again.handle(), round), both[0][round as usize]);
    }
    assert_eq!(again.handle().metrics().commands, 0, "everything was a repeat");
}
