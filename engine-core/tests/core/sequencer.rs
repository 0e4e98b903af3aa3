//! Order, time and idempotency: what a sequencer promises, alone and in front of an engine.

use std::collections::VecDeque;

use engine_core::{
    AccountId, Cancel, ClientOrderId, Command, Engine, EngineConfig, Event, Gap, GroupId, InstrumentId,
    InstrumentSpec, KeyKind, Keyed, LinkKind, Linked, OrderId, OrderKind, OrderRef, Place, PostOnly, Price,
    Qty, RequestKey, SelfTrade, Seq, Sequenced, Sequencer, SequencerConfig, SequencerSnapshot,
    SequencerSnapshotError, Sequencing, Side, TimeInForce, Timestamp, Visibility,
};
use proptest::prelude::*;
use rust_decimal::Decimal;

const HOUR: u64 = 3_600_000_000_000;
const YEAR: u64 = 365 * 24 * HOUR;

fn at(nanos: u64) -> Timestamp {
    Timestamp::from_nanos(nanos)
}

fn account(number: u64) -> AccountId {
    AccountId::new(number).expect("the tests use no account 0")
}

fn name(text: &str) -> ClientOrderId {
    ClientOrderId::new(text).expect("the tests use short ASCII names")
}

fn order(owner: u64, client_id: &str, lots: u64) -> Place {
    Place {
        account: AccountId::new(owner),
        client_id: Some(name(client_id)),
        ..Place::limit(
            InstrumentId::new(0),
            OrderId::new(0),
            Side::Buy,
            Price::new(100),
            Qty::new(lots),
        )
    }
}

fn sequencer(keys_max: u32, retention_ns: Option<u64>) -> Sequencer {
    Sequencer::new(SequencerConfig {
        keys_max,
        retention_ns,
        hash_seed: 1,
    })
}

/// Sequences something that must be new.
fn new<T: Keyed + std::fmt::Debug>(sequencer: &mut Sequencer, clock: Timestamp, value: T) -> Sequenced<T> {
    match sequencer.sequence(clock, value) {
        Sequencing::New(sequenced) => sequenced,
        known => panic!("this was not sequenced before, but: {known:?}"),
    }
}

fn place(sequencer: &mut Sequencer, place: Place) -> Sequencing<Command> {
    let now = sequencer.now();
    sequencer.sequence(now, Command::Place(place))
}

#[test]
fn places_are_counted_from_one_without_gaps() {
    let mut sequencer = sequencer(10, None);
    assert_eq!(sequencer.last(), Seq::new(0));
    for expected in 1..=5 {
        assert_eq!(new(&mut sequencer, at(0), Command::Tick).seq, Seq::new(expected));
    }
    assert_eq!(sequencer.last(), Seq::new(5));
}

#[test]
fn time_never_goes_back_whatever_the_clock_does() {
    let mut sequencer = sequencer(10, None);
    let start = YEAR * 50;
    let clocks = [
        start,
        start,
        start - HOUR,
        start + 1,
        start + YEAR,
        start + 2,
        0,
        start + YEAR + 7,
    ];
    let times = clocks.map(|clock| new(&mut sequencer, at(clock), Command::Tick).time.nanos());
    let year_on = start + YEAR;
    assert_eq!(
        times,
        [
            start,
            start,
            start,
            start + 1,
            year_on,
            year_on,
            year_on,
            year_on + 7
        ]
    );
}

#[test]
fn an_order_expires_in_engine_time_though_the_clock_jumps() {
    let spec = InstrumentSpec::builder("X", Decimal::ONE, Decimal::ONE)
        .build()
        .expect("a tick and a lot of 1");
    let mut sequencer = sequencer(10, None);
    let mut engine = Engine::new(EngineConfig::default());
    let start = YEAR * 50;
    let mine = Place {
        time_in_force: TimeInForce::Gtd(at(start + 2 * HOUR)),
        ..order(1, "mine", 5)
    };
    let mut expired_after = |clock: u64, command: Command| {
        let mut events = Vec::new();
        let command = new(&mut sequencer, at(clock), command);
        engine
            .apply(&command, &mut events)
            .expect("the sequencer leaves no gaps");
        events
            .iter()
            .any(|event| matches!(event, Event::Cancelled { .. }))
    };
    assert!(!expired_after(start, Command::List(Box::new(spec))));
    assert!(!expired_after(start, Command::Place(mine)));
    assert!(
        !expired_after(start + 2 * HOUR - 1, Command::Tick),
        "its time is not up"
    );
    assert!(
        !expired_after(start - HOUR, Command::Tick),
        "a clock that goes back changes nothing"
    );
    assert!(
        !expired_after(start + HOUR, Command::Tick),
        "nor does one that is still behind"
    );
    assert!(
        expired_after(start + YEAR, Command::Tick),
        "a jump ends what was due on the way"
    );
    assert!(!expired_after(start, Command::Tick), "and it ends once");
}

#[test]
fn a_repeat_is_told_where_the_first_is() {
    let mut sequencer = sequencer(10, None);
    new(&mut sequencer, at(0), Command::Tick);
    let first = new(&mut sequencer, at(0), Command::Place(order(1, "a", 5))).seq;
    let other_id = Place {
        id: OrderId::new(99),
        ..order(1, "a", 5)
    };
    assert_eq!(
        place(&mut sequencer, other_id),
        Sequencing::Repeat { first },
        "the id is not content"
    );
    assert_eq!(sequencer.last(), first, "a repeat takes no place");
}

#[test]
fn any_difference_in_content_is_a_conflict() {
    let mut sequencer = sequencer(10, None);
    let mine = order(1, "a", 5);
    let first = new(&mut sequencer, at(0), Command::Place(mine)).seq;
    let changes: [fn(&mut Place); 15] = [
        |order| order.instrument = InstrumentId::new(1),
        |order| order.side = Side::Sell,
        |order| order.quantity = Qty::new(6),
        |order| {
            order.kind = OrderKind::Limit {
                price: Price::new(101),
            }
        },
        |order| order.kind = OrderKind::Market,
        |order| {
            order.kind = OrderKind::Stop {
                trigger: Price::new(100),
            }
        },
        |order| order.time_in_force = TimeInForce::Ioc,
        |order| order.time_in_force = TimeInForce::Gtd(at(9)),
        |order| order.visibility = Visibility::Hidden,
        |order| order.post_only = PostOnly::Slide,
        |order| order.min_quantity = Some(Qty::new(1)),
        |order| order.all_or_none = true,
        |order| order.reduce_only = true,
        |order| order.self_trade = SelfTrade::CancelBoth,
        |order| order.group = Some(GroupId::new(0)),
    ];
    for change in changes {
        let mut other = mine;
        change(&mut other);
        let answer = place(&mut sequencer, other);
        assert_eq!(answer, Sequencing::Conflict { first }, "{other:?}");
    }
    let alone = Linked {
        kind: LinkKind::Bracket,
        orders: [mine].as_slice().into(),
    };
    let listed = sequencer.sequence(at(0), Command::PlaceLinked(Box::new(alone)));
    assert_eq!(
        listed,
        Sequencing::Conflict { first },
        "a list is not the order in it"
    );
}

#[test]
fn names_of_other_accounts_and_orders_without_a_name_or_an_owner_are_never_repeats() {
    let mut sequencer = sequencer(10, None);
    for _ in 0..2 {
        let nobody = Place {
            account: None,
            ..order(1, "a", 5)
        };
        let nameless = Place {
            client_id: None,
            ..order(1, "a", 5)
        };
        assert!(matches!(place(&mut sequencer, nobody), Sequencing::New(_)));
        assert!(matches!(place(&mut sequencer, nameless), Sequencing::New(_)));
    }
    for owner in 1..=3 {
        assert!(matches!(
            place(&mut sequencer, order(owner, "a", 5)),
            Sequencing::New(_)
        ));
    }
    assert_eq!(sequencer.keys(), 3);
}

#[test]
fn a_list_is_known_by_each_of_its_orders() {
    let mut sequencer = sequencer(10, None);
    let list = |kind, lots| {
        let orders = [order(1, "a", lots), order(1, "b", 5)].as_slice().into();
        Command::PlaceLinked(Box::new(Linked { kind, orders }))
    };
    let first = new(&mut sequencer, at(0), list(LinkKind::OneCancelsOther, 5)).seq;
    assert_eq!(
        sequencer.sequence(at(0), list(LinkKind::OneCancelsOther, 5)),
        Sequencing::Repeat { first }
    );
    assert_eq!(
        sequencer.sequence(at(0), list(LinkKind::Bracket, 5)),
        Sequencing::Conflict { first }
    );
    assert_eq!(
        sequencer.sequence(at(0), list(LinkKind::OneCancelsOther, 6)),
        Sequencing::Conflict { first }
    );
    assert_eq!(
        place(&mut sequencer, order(1, "b", 5)),
        Sequencing::Conflict { first }
    );
}

#[test]
fn the_oldest_key_is_forgotten_for_a_new_one() {
    let mut sequencer = sequencer(3, None);
    for client_id in ["a", "b", "c"] {
        new(&mut sequencer, at(0), Command::Place(order(1, client_id, 5)));
    }
    let again = place(&mut sequencer, order(1, "a", 5));
    assert_eq!(
        again,
        Sequencing::Repeat { first: Seq::new(1) },
        "three are remembered"
    );
    new(&mut sequencer, at(0), Command::Place(order(1, "d", 5)));
    let again = place(&mut sequencer, order(1, "b", 5));
    assert_eq!(
        again,
        Sequencing::Repeat { first: Seq::new(2) },
        "being asked for makes no key younger"
    );
    assert!(
        matches!(place(&mut sequencer, order(1, "a", 5)), Sequencing::New(_)),
        "the first is forgotten"
    );
    assert_eq!(sequencer.keys(), 3);
}

#[test]
fn a_key_is_remembered_for_its_time_to_the_nanosecond() {
    let mut sequencer = sequencer(10, Some(100));
    let mine = Command::Place(order(1, "a", 5));
    let first = new(&mut sequencer, at(50), mine.clone()).seq;
    assert_eq!(
        sequencer.sequence(at(149), mine.clone()),
        Sequencing::Repeat { first }
    );
    assert_eq!(sequencer.now(), at(50), "a repeat moves no time");
    let second = new(&mut sequencer, at(150), mine.clone());
    assert_eq!((second.seq, second.time), (Seq::new(2), at(150)));
    assert_eq!(
        sequencer.sequence(at(60), mine),
        Sequencing::Repeat { first: Seq::new(2) }
    );
    assert_eq!(sequencer.keys(), 1);
}

#[test]
fn a_sequencer_without_memory_knows_no_repeats() {
    let mut sequencer = sequencer(0, None);
    for _ in 0..3 {
        assert!(matches!(
            place(&mut sequencer, order(1, "a", 5)),
            Sequencing::New(_)
        ));
    }
}

#[test]
fn a_gap_is_refused_with_both_numbers_and_a_repeat_ignored() {
    let mut sequencer = sequencer(10, None);
    let mut engine = Engine::new(EngineConfig::default());
    let tick = |seq| Sequenced {
        seq: Seq::new(seq),
        time: at(seq),
        value: Command::Tick,
    };
    let gap = |applied, found| {
        Err(Gap {
            applied: Seq::new(applied),
            found: Seq::new(found),
        })
    };
    let mut events = Vec::new();
    // In order, a gap, the one that was missing, both again, reordered, and on.
    let stream = [
        (1, Ok(())),
        (3, gap(1, 3)),
        (2, Ok(())),
        (1, Ok(())),
        (2, Ok(())),
        (4, gap(2, 4)),
        (3, Ok(())),
    ];
    for (seq, expected) in stream {
        assert_eq!(sequencer.observe(&tick(seq)), expected);
        assert_eq!(engine.apply(&tick(seq), &mut events), expected);
        assert_eq!(sequencer.last(), engine.applied());
        assert_eq!(sequencer.now(), engine.now());
    }
    assert_eq!(
        new(&mut sequencer, at(0), Command::Tick),
        Sequenced {
            time: at(3),
            ..tick(4)
        }
    );
}

/// Each order is sent twice, by clients that do not wait for each other; half the pairs are torn apart by a restart.
#[test]
fn ten_thousand_pairs_of_one_name_are_one_order_each() {
    const PAIRS: u64 = 10_000;
    let spec = InstrumentSpec::builder("X", Decimal::ONE, Decimal::ONE)
        .build()
        .expect("a tick and a lot of 1");
    let mut engine = Engine::new(EngineConfig::default());
    let mut sequencer = sequencer(20_000, None);
    let mut journal = vec![new(&mut sequencer, at(0), Command::List(Box::new(spec)))];
    // 7,919 is prime to 20,000: every order comes twice, in no simple order.
    let sent = (0..2 * PAIRS)
        .map(|turn| turn * 7_919 % (2 * PAIRS))
        .map(|turn| (turn, turn % PAIRS));
    for (turn, pair) in sent {
        if turn == PAIRS {
            sequencer = Sequencer::new(SequencerConfig {
                keys_max: 20_000,
                retention_ns: None,
                hash_seed: 2,
            });
            for sequenced in &journal {
                sequencer.observe(sequenced).expect("a journal has no gaps");
            }
        }
        let side = if pair % 2 == 0 { Side::Buy } else { Side::Sell };
        let wanted = Place {
            side,
            ..order(1 + pair % 3, &format!("order-{pair}"), 1 + pair % 7)
        };
        if let Sequencing::New(sequenced) = place(&mut sequencer, wanted) {
            journal.push(sequenced);
        }
    }
    let mut events = Vec::new();
    for command in &journal {
        engine
            .apply(command, &mut events)
            .expect("the sequencer leaves no gaps");
    }
    let accepted = events
        .iter()
        .filter(|event| matches!(event, Event::Accepted { .. }))
        .count() as u64;
    let refused = events
        .iter()
        .filter(|event| matches!(event, Event::Rejected { .. }))
        .count();
    assert_eq!((accepted, refused), (PAIRS, 0));
}

#[test]
fn a_repeat_is_recognised_after_the_order_was_filled_and_after_it_was_cancelled() {
    let spec = InstrumentSpec::builder("X", Decimal::ONE, Decimal::ONE)
        .build()
        .expect("a tick and a lot of 1");
    let mut engine = Engine::new(EngineConfig::default());
    let mut sequencer = sequencer(10, None);
    let (sold, bought) = (
        Place {
            side: Side::Sell,
            ..order(1, "s", 5)
        },
        order(2, "b", 3),
    );
    let cancel = Cancel {
        order: OrderRef::Client(account(1), name("s")),
        account: None,
    };
    let commands = [
        Command::List(Box::new(spec)),
        Command::Place(sold),
        Command::Place(bought),
        Command::Cancel(cancel),
    ];
    for command in commands {
        let command = new(&mut sequencer, at(0), command);
        engine
            .apply(&command, &mut Vec::new())
            .expect("the sequencer leaves no gaps");
    }
    assert_eq!(
        place(&mut sequencer, sold),
        Sequencing::Repeat { first: Seq::new(2) }
    );
    assert_eq!(
        place(&mut sequencer, bought),
        Sequencing::Repeat { first: Seq::new(3) }
    );
}

#[test]
fn an_impossible_snapshot_is_refused() {
    let mut sequencer = sequencer(10, None);
    for (clock, client_id) in [(1, "a"), (2, "b"), (3, "c")] {
        new(&mut sequencer, at(clock), Command::Place(order(1, client_id, 5)));
    }
    let good = sequencer.snapshot();
    let spoiled = |spoil: fn(&mut SequencerSnapshot)| {
        let mut snapshot = good.clone();
        spoil(&mut snapshot);
        Sequencer::restore(SequencerConfig::new(3), &snapshot).map(|restored| restored.last())
    };
    let refused = |seq| Err(SequencerSnapshotError { seq: Seq::new(seq) });
    assert_eq!(spoiled(|_| {}), Ok(Seq::new(3)));
    assert_eq!(spoiled(|snapshot| snapshot.keys.swap(0, 2)), refused(2));
    assert_eq!(spoiled(|snapshot| snapshot.keys[2].seq = Seq::new(4)), refused(4));
    assert_eq!(spoiled(|snapshot| snapshot.keys[0].seq = Seq::new(0)), refused(0));
    assert_eq!(spoiled(|snapshot| snapshot.keys[0].time = at(3)), refused(2));
    assert_eq!(spoiled(|snapshot| snapshot.now = at(2)), refused(3));
}

/// What a sequencer should remember, written down naively.
struct Naive {
    keys_max: usize,
    retention_ns: Option<u64>,
    now: u64,
    keys: VecDeque<(RequestKey, u64, u64, Command)>,
    last: u64,
}

impl Naive {
    fn sequence(&mut self, clock: u64, command: &Command) -> Sequencing<Command> {
        let now = self.now.max(clock);
        let fresh = |time: u64| self.retention_ns.is_none_or(|retention| now - time < retention);
        let known = command.keys().find_map(|key| {
            let found = self.keys.iter().rev().find(|(other, ..)| *other == key);
            found.filter(|(_, _, time, _)| fresh(*time))
        });
        if let Some((_, seq, _, first)) = known {
            let first_seq = Seq::new(*seq);
            return if first == command {
                Sequencing::Repeat { first: first_seq }
            } else {
                Sequencing::Conflict { first: first_seq }
            };
        }
        (self.now, self.last) = (now, self.last + 1);
        for key in command.keys() {
            self.keys.push_back((key, self.last, now, command.clone()));
        }
        while self.keys.len() > self.keys_max {
            self.keys.pop_front();
        }
        Sequencing::New(Sequenced {
            seq: Seq::new(self.last),
            time: at(now),
            value: command.clone(),
        })
    }
}

fn commands() -> impl Strategy<Value = Vec<(u64, Command)>> {
    let order = (1..3_u64, 0..12_u32, 1..3_u64)
        .prop_map(|(owner, client_id, lots)| Command::Place(order(owner, &client_id.to_string(), lots)));
    let command = prop_oneof![9 => order, 1 => Just(Command::Tick)];
    prop::collection::vec((0..300_u64, command), 0..200)
}

proptest! {
    #[test]
    fn a_sequencer_remembers_what_a_naive_one_does(
        stream in commands(),
        keys_max in 0..20_u32,
        retention_ns in prop::option::of(0..200_u64),
        seeds in (any::<u64>(), any::<u64>()),
        cut in 0..200_usize,
    ) {
        let config = |hash_seed| SequencerConfig { keys_max, retention_ns, hash_seed };
        let mut sequencer = Sequencer::new(config(seeds.0));
        let mut naive = Naive { keys_max: keys_max as usize, retention_ns, now: 0, keys: VecDeque::new(), last: 0 };
        let mut journal = Vec::new();
        for (turn, (clock, command)) in stream.iter().enumerate() {
            if turn == cut {
                let snapshot = sequencer.snapshot();
                sequencer = Sequencer::restore(config(seeds.1), &snapshot).expect("a sequencer's own snapshot");
                prop_assert_eq!(sequencer.snapshot(), snapshot);
            }
            let answer = sequencer.sequence(at(*clock), command.clone());
            prop_assert_eq!(&answer, &naive.sequence(*clock, command));
            if let Sequencing::New(sequenced) = answer {
                journal.push(sequenced);
            }
        }
        let mut observer = Sequencer::new(config(seeds.1));
        for sequenced in &journal {
            observer.observe(sequenced).expect("a journal has no gaps");
        }
        prop_assert_eq!(observer.snapshot(), sequencer.snapshot());
        prop_assert!(sequencer.keys() <= keys_max as usize);
    }
}

#[test]
fn keys_of_different_kinds_are_different() {
    #[derive(Debug)]
    struct Request(KeyKind, u8);

    impl Keyed for Request {
        fn keys(&self) -> impl Iterator<Item = RequestKey> {
            std::iter::once(RequestKey {
                account: account(1),
                kind: self.0,
                name: name("a"),
            })
        }

        fn fingerprint(&self) -> engine_core::Fingerprint {
            engine_core::Fingerprint::of(&[self.1])
        }
    }

    let mut sequencer = sequencer(10, None);
    let first = new(&mut sequencer, at(0), Request(KeyKind::Order, 1)).seq;
    let second = new(&mut sequencer, at(0), Request(KeyKind::Request, 1)).seq;
    let mut again = |kind, content| match sequencer.sequence(at(0), Request(kind, content)) {
        Sequencing::New(_) => panic!("the key is known"),
        Sequencing::Repeat { first } => (first, true),
        Sequencing::Conflict { first } => (first, false),
    };
    assert_eq!(again(KeyKind::Order, 1), (first, true));
    assert_eq!(again(KeyKind::Request, 2), (second, false));
}
