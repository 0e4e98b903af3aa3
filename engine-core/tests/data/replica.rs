//! A client's copy of a book: from snapshots and updates, through gaps and wrong checksums.

use engine_core::data::{
    ChecksumUnits, DepthLevel, DepthReplica, DepthSnapshot, DepthUpdate, Drained, Projection, Projections,
    ProjectionsConfig, ReplicaError, Taken,
};
use engine_core::{Event, EventBatch, InstrumentSpec, OrderId, Price, Qty, Seq, Side};
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::{X, at};

/// A book whose orders come and go by rested and pulled events alone.
struct Book {
    projections: Projections,
    seq: Seq,
    orders: Vec<(OrderId, Side, Price, Qty)>,
    next: u64,
}

impl Book {
    fn new(changes_max: usize) -> Self {
        let config = ProjectionsConfig {
            depth_changes_max: Some(changes_max),
            ..ProjectionsConfig::OFF
        };
        let mut book = Self {
            projections: Projections::new(config),
            seq: Seq::default(),
            orders: Vec::new(),
            next: 0,
        };
        book.apply(&[Event::Listed { instrument: X }]);
        book
    }

    fn apply(&mut self, events: &[Event]) {
        self.seq = self.seq.next();
        let batch = EventBatch {
            seq: self.seq,
            time: at(self.seq.get()),
            events,
        };
        self.projections.apply(&batch).expect("the book is as told");
    }

    fn add(&mut self, side: Side, price: i64, quantity: u64) -> Event {
        self.next += 1;
        let (order, price, displayed) = (OrderId::new(self.next), Price::new(price), Qty::new(quantity));
        self.orders.push((order, side, price, displayed));
        Event::Rested {
            instrument: X,
            order,
            side,
            price,
            displayed,
        }
    }

    fn remove(&mut self, at: usize) -> Event {
        let (order, side, price, displayed) = self.orders.remove(at);
        Event::Pulled {
            instrument: X,
            order,
            side,
            price,
            displayed,
        }
    }

    /// What has happened since the last call, with the checksum; `None` if nothing has.
    fn update(&mut self) -> Option<DepthUpdate> {
        let mut update = DepthUpdate::default();
        let drained = self
            .projections
            .drain_depth_update(X, &mut update)
            .expect("it is listed");
        update.checksum = Some(self.checksum());
        (drained == Drained::Changes).then_some(update)
    }

    fn checksum(&self) -> u32 {
        let depth = self.projections.depth(X).expect("it is listed");
        units().checksum(depth.levels(Side::Sell), depth.levels(Side::Buy))
    }

    fn snapshot(&self) -> DepthSnapshot {
        self.projections
            .depth(X)
            .expect("it is listed")
            .snapshot(usize::MAX)
    }
}

fn units() -> ChecksumUnits {
    let spec = InstrumentSpec::builder("X", Decimal::new(5, 1), Decimal::new(1, 3)).build();
    ChecksumUnits::of(&spec.expect("a plain spec"))
}

fn assert_same(replica: &DepthReplica, book: &Book) -> Result<(), TestCaseError> {
    let snapshot = book.snapshot();
    prop_assert_eq!(replica.levels(Side::Buy).collect::<Vec<_>>(), snapshot.bids);
    prop_assert_eq!(replica.levels(Side::Sell).collect::<Vec<_>>(), snapshot.asks);
    Ok(())
}

#[derive(Clone, Debug)]
enum Move {
    Add(bool, i64, u64),
    Remove(usize),
    /// The update is made.
    Publish,
    /// The update is made and lost.
    Lose,
    /// The client asks for a snapshot.
    Resync,
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        8 => (any::<bool>(), 0..12_i64, 1..9_u64).prop_map(|(buy, away, quantity)| Move::Add(buy, away, quantity)),
        5 => (0..100_usize).prop_map(Move::Remove),
        4 => Just(Move::Publish),
        1 => Just(Move::Lose),
        2 => Just(Move::Resync),
    ];
    prop::collection::vec(one, 1..120)
}

proptest! {
    #[test]
    fn a_replica_is_the_book_or_knows_that_it_is_not(moves in moves(), begins_late in any::<bool>()) {
        let mut book = Book::new(1_000);
        let mut replica = DepthReplica::new(1_000).with_checksums(units());
        if !begins_late {
            prop_assert_eq!(replica.take_snapshot(&book.snapshot()), Ok(()));
        }
        let mut is_lost = false;
        for step in moves {
            match step {
                Move::Add(buy, away, quantity) => {
                    let (side, price) = if buy { (Side::Buy, 100 - away) } else { (Side::Sell, 101 + away) };
                    let added = book.add(side, price, quantity);
                    book.apply(&[added]);
                }
                Move::Remove(at) if !book.orders.is_empty() => {
                    let removed = book.remove(at % book.orders.len());
                    book.apply(&[removed]);
                }
                Move::Remove(_) => book.apply(&[]),
                Move::Lose => {
                    let lost = book.update().map(|update| update.last_sequence);
                    is_lost |= replica.sequence().is_some() && lost > replica.sequence();
                }
                Move::Publish => {
                    let Some(update) = book.update() else { continue };
                    let was_synced = replica.sequence().is_some();
                    let taken = replica.take_update(&update);
                    if !was_synced {
                        prop_assert_eq!(taken, Ok(Taken::Kept));
                    } else if is_lost {
                        prop_assert!(matches!(taken, Err(ReplicaError::Gap { .. })), "{:?}", taken);
                        prop_assert_eq!(replica.sequence(), None);
                        is_lost = false;
                    } else {
                        prop_assert!(matches!(taken, Ok(Taken::Applied | Taken::PassedOver)), "{:?}", taken);
                        assert_same(&replica, &book)?;
                    }
                }
                Move::Resync => {
                    // What was made but not published yet is in the snapshot and in the next update.
                    prop_assert_eq!(replica.take_snapshot(&book.snapshot()), Ok(()));
                    is_lost = false;
                    assert_same(&replica, &book)?;
                }
            }
        }
    }
}

fn level(price: i64, quantity: u64) -> DepthLevel {
    DepthLevel {
        price: Price::new(price),
        quantity: Qty::new(quantity),
    }
}

fn update(first: u64, last: u64, bids: Vec<DepthLevel>) -> DepthUpdate {
    DepthUpdate {
        first_sequence: Seq::new(first),
        last_sequence: Seq::new(last),
        bids,
        ..DepthUpdate::default()
    }
}

fn snapshot(sequence: u64, bids: Vec<DepthLevel>) -> DepthSnapshot {
    DepthSnapshot {
        sequence: Seq::new(sequence),
        bids,
        ..DepthSnapshot::default()
    }
}

#[test]
fn updates_that_came_before_the_snapshot_are_used_or_passed_over() {
    let mut replica = DepthReplica::new(10);
    for (first, last, quantity) in [(1, 5, 1), (6, 7, 2), (8, 12, 3), (13, 13, 4)] {
        assert_eq!(
            replica.take_update(&update(first, last, vec![level(99, quantity)])),
            Ok(Taken::Kept)
        );
    }
    assert_eq!(
        replica.take_snapshot(&snapshot(9, vec![level(99, 7), level(98, 1)])),
        Ok(())
    );
    assert_eq!(replica.sequence(), Some(Seq::new(13)));
    assert_eq!(
        replica.levels(Side::Buy).collect::<Vec<_>>(),
        [level(99, 4), level(98, 1)]
    );
    assert_eq!(
        replica.take_update(&update(8, 12, vec![level(99, 3)])),
        Ok(Taken::PassedOver)
    );
}

#[test]
fn a_gap_names_both_sequences_and_a_snapshot_heals_it() {
    let mut replica = DepthReplica::new(10);
    assert_eq!(replica.take_snapshot(&snapshot(5, vec![level(99, 1)])), Ok(()));
    let late = update(8, 9, vec![level(99, 3)]);
    let gap = ReplicaError::Gap {
        expected: Seq::new(6),
        got: Seq::new(8),
    };
    assert_eq!(replica.take_update(&late), Err(gap));
    assert_eq!(gap.to_string(), "the update begins with batch 8, but 6 was due");
    assert_eq!(replica.sequence(), None, "not to be trusted");
    assert_eq!(
        replica.take_update(&update(10, 11, vec![level(98, 4)])),
        Ok(Taken::Kept)
    );
    // A snapshot that is too old heals nothing, and the waiting updates keep their order.
    assert_eq!(
        replica.take_snapshot(&snapshot(6, vec![level(99, 2)])),
        Err(ReplicaError::Gap {
            expected: Seq::new(7),
            got: Seq::new(8),
        })
    );
    assert_eq!(replica.take_snapshot(&snapshot(7, vec![level(99, 2)])), Ok(()));
    assert_eq!(replica.sequence(), Some(Seq::new(11)));
    assert_eq!(
        replica.levels(Side::Buy).collect::<Vec<_>>(),
        [level(99, 3), level(98, 4)]
    );
}

#[test]
fn a_wrong_checksum_is_found_at_once() {
    let mut book = Book::new(100);
    let mut replica = DepthReplica::new(0).with_checksums(units());
    let events = [book.add(Side::Buy, 99, 4), book.add(Side::Sell, 101, 5)];
    book.apply(&events);
    assert_eq!(replica.take_snapshot(&book.snapshot()), Ok(()));
    book.update();
    let added = book.add(Side::Buy, 98, 1);
    book.apply(&[added]);
    let mut update = book.update().expect("a level is new");
    update.bids[0].quantity = Qty::new(2);
    let error = replica.take_update(&update).expect_err("another book");
    assert!(matches!(error, ReplicaError::Checksum { expected, .. } if Some(expected) == update.checksum));
    assert_eq!(replica.sequence(), None);
    assert_eq!(replica.take_snapshot(&book.snapshot()), Ok(()));
    assert_eq!(replica.sequence(), Some(book.seq));
}

#[test]
fn only_so_many_updates_wait_and_the_loss_of_the_oldest_is_noticed() {
    let mut replica = DepthReplica::new(2);
    for sequence in 1..=4 {
        let update = update(sequence, sequence, vec![level(90 + sequence as i64, 1)]);
        assert_eq!(replica.take_update(&update), Ok(Taken::Kept));
    }
    let gap = ReplicaError::Gap {
        expected: Seq::new(2),
        got: Seq::new(3),
    };
    assert_eq!(replica.take_snapshot(&snapshot(1, Vec::new())), Err(gap));
    assert_eq!(replica.take_snapshot(&snapshot(2, Vec::new())), Ok(()));
    assert_eq!(replica.sequence(), Some(Seq::new(4)));
}

#[test]
fn a_snapshot_of_no_book_is_refused() {
    let mut replica = DepthReplica::new(2);
    for bids in [
        vec![level(98, 1), level(99, 1)],
        vec![level(99, 1), level(99, 2)],
        vec![level(99, 0)],
    ] {
        let refused = replica.take_snapshot(&snapshot(3, bids));
        assert_eq!(refused, Err(ReplicaError::Snapshot(Seq::new(3))));
        assert_eq!(replica.sequence(), None);
    }
}

#[test]
fn an_update_says_what_is_there_now_and_covers_every_batch_once() {
    let mut book = Book::new(100);
    let events = [
        book.add(Side::Buy, 99, 4),
        book.add(Side::Buy, 98, 1),
        book.add(Side::Sell, 101, 2),
    ];
    book.apply(&events);
    book.apply(&[]);
    let update = book.update().expect("three levels are new");
    assert_eq!(
        (update.first_sequence, update.last_sequence, update.time),
        (Seq::new(1), Seq::new(3), at(3))
    );
    assert_eq!(
        (update.bids, update.asks),
        (vec![level(99, 4), level(98, 1)], vec![level(101, 2)])
    );
    assert_eq!(book.update(), None, "nothing has changed");
    book.apply(&[]);
    let events = [
        book.remove(0),
        book.add(Side::Buy, 98, 2),
        book.add(Side::Buy, 98, 3),
    ];
    book.apply(&events);
    let update = book.update().expect("two levels have changed");
    assert_eq!(
        (update.first_sequence, update.last_sequence),
        (Seq::new(4), Seq::new(5))
    );
    assert_eq!(
        (update.bids, update.asks),
        (vec![level(99, 0), level(98, 6)], vec![])
    );
}

#[test]
fn more_changes_than_are_remembered_ask_for_a_snapshot_once() {
    let mut book = Book::new(8);
    let mut update = DepthUpdate::default();
    for price in 0..4 {
        let added = book.add(Side::Buy, price, 1);
        book.apply(&[added]);
    }
    for _ in 0..100 {
        // The same four levels again and again are four changes.
        let removed = book.remove(0);
        book.apply(&[removed]);
        let Event::Pulled { price, .. } = removed else {
            panic!("it was removed")
        };
        let added = book.add(Side::Buy, price.ticks(), 1);
        book.apply(&[added]);
    }
    assert_eq!(
        book.projections.drain_depth_update(X, &mut update),
        Some(Drained::Changes)
    );
    assert_eq!(update.bids.len(), 4);
    for price in 10..30 {
        let added = book.add(Side::Buy, price, 1);
        book.apply(&[added]);
    }
    assert_eq!(
        book.projections.drain_depth_update(X, &mut update),
        Some(Drained::TooMuch)
    );
    assert_eq!(update.bids, []);
    let mut replica = DepthReplica::new(0);
    assert_eq!(replica.take_snapshot(&book.snapshot()), Ok(()));
    assert_eq!(
        book.projections.drain_depth_update(X, &mut update),
        Some(Drained::Nothing)
    );
    let added = book.add(Side::Buy, 50, 1);
    book.apply(&[added]);
    assert_eq!(
        book.projections.drain_depth_update(X, &mut update),
        Some(Drained::Changes)
    );
    assert_eq!(
        replica.take_update(&update),
        Ok(Taken::Applied),
        "it follows on the snapshot"
    );
}

#[test]
fn a_snapshot_holds_as_many_levels_as_were_asked_for() {
    let mut book = Book::new(8);
    let events: Vec<Event> = (0..20)
        .flat_map(|away| {
            [
                book.add(Side::Buy, 100 - away, 1),
                book.add(Side::Sell, 200 + 7 * away, 2),
            ]
        })
        .collect();
    book.apply(&events);
    let depth = book.projections.depth(X).expect("it is listed");
    let mut snapshot = DepthSnapshot::default();
    for levels in [15, 0, 3] {
        depth.snapshot_into(levels, &mut snapshot);
        let bids: Vec<DepthLevel> = (0..levels as i64).map(|away| level(100 - away, 1)).collect();
        let asks: Vec<DepthLevel> = (0..levels as i64).map(|away| level(200 + 7 * away, 2)).collect();
        assert_eq!((&snapshot.bids, &snapshot.asks), (&bids, &asks));
        assert_eq!(snapshot.sequence, Seq::new(2));
    }
}
