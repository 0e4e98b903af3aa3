//! What many engines get wrong, each as a scenario; the rules themselves are tested beside them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use engine_core::{Engine, Event, OrderId, Qty, Seq};
use engine_testkit::streams::Stream;
use engine_testkit::{NaiveEngine, UnderTest};

use crate::check;

#[test]
fn a_partly_filled_maker_is_still_first_after_a_younger_order_came() {
    check(
        "
        buy 1 10 @ 100
        sell 2 4 @ 100
        buy 3 10 @ 100
        ---
        sell 4 8 @ 100
        ",
        "
        accepted 4
        traded 1 x 4: 6 @ 100
        traded 3 x 4: 2 @ 100
        ",
    );
}

#[test]
fn fills_on_both_sides_are_at_the_makers_price() {
    check(
        "
        sell 1 5 @ 100
        buy 2 5 @ 90
        ---
        buy 3 5 @ 105 ioc
        sell 4 5 @ 80 ioc
        ",
        "
        accepted 3
        terms 3 ioc
        traded 1 x 3: 5 @ 100
        accepted 4
        terms 4 ioc
        traded 2 x 4: 5 @ 90
        ",
    );
}

#[test]
fn a_closed_id_is_gone_from_every_index_and_can_be_used_again() {
    check(
        "
        buy 1 5 @ 100 acct 7 name mine
        sell 2 5 @ 100 acct 8 name his
        ---
        cancel 1
        amend 1 qty 3
        cancel 7/mine
        amend 8/his qty 3
        mass-cancel acct 7
        sell 1 5 @ 99 acct 7 name mine
        cancel 7/mine
        ",
        "
        rejected 1 OrderNotFound Cancel
        rejected 1 OrderNotFound Amend
        rejected 0 OrderNotFound Cancel
        rejected 0 OrderNotFound Amend
        accepted 1 sell Limit 5 @ 99
        named 1 mine
        rested 1 5 @ 99 sell
        cancelled 1 5 User shown 5 @ 99 sell
        ",
    );
}

#[test]
fn an_exhausted_taker_makes_no_trade_of_nothing() {
    check(
        "
        sell 1 5 @ 100
        sell 2 5 @ 100
        ---
        buy 3 5 @ 100
        buy 4 5 @ 101
        ",
        "
        accepted 3
        traded 1 x 3: 5 @ 100
        accepted 4
        traded 2 x 4: 5 @ 100
        ",
    );
}

#[test]
fn cancels_from_the_middle_of_a_level_never_reorder_it() {
    check(
        "
        buy 1 1 @ 100
        buy 2 1 @ 100
        buy 3 1 @ 100
        buy 4 1 @ 100
        buy 5 1 @ 100
        buy 6 1 @ 100
        cancel 3
        cancel 5
        cancel 2
        ---
        sell 7 3 @ 100
        ",
        "
        accepted 7
        traded 1 x 7: 1 @ 100
        traded 4 x 7: 1 @ 100
        traded 6 x 7: 1 @ 100
        ",
    );
}

#[test]
fn a_kill_and_a_minimum_see_all_levels_and_change_nothing() {
    check(
        "
        sell 1 5 @ 100
        sell 2 5 @ 101
        sell 3 5 @ 102 acct 7
        sell 4 5 @ 103
        ---
        buy 5 16 @ 103 fok acct 7 stp oldest
        buy 6 16 @ 103 min 16 acct 7 stp oldest
        buy 7 15 @ 103 fok acct 7 stp oldest
        ",
        "
        accepted 5
        terms 5 fok
        cancelled 5 16 FokKilled
        accepted 6
        cancelled 6 16 MinQuantity
        accepted 7
        terms 7 fok
        traded 1 x 7: 5 @ 100
        traded 2 x 7: 5 @ 101
        cancelled 3 5 SelfTrade shown 5 @ 102
        traded 4 x 7: 5 @ 103
        ",
    );
}

#[test]
fn a_duplicate_live_id_is_refused_before_anything_else_happens() {
    check(
        "
        sell 1 5 @ 100
        buy 2 5 @ 90
        ---
        buy 2 5 @ 100
        buy 2 0 @ 100
        cancel 2
        ",
        "
        rejected 2 DuplicateOrderId
        rejected 2 DuplicateOrderId
        cancelled 2 5 User shown 5 @ 90
        ",
    );
}

#[test]
fn a_sweep_of_five_thousand_orders_is_a_loop() {
    let (mut script, mut expected) = (String::new(), String::from("accepted 1\n"));
    for order in 10_000..15_000 {
        let _ = writeln!(script, "sell {order} 1 @ {}", 100 + order % 7);
    }
    let mut makers: Vec<u64> = (10_000..15_000).collect();
    makers.sort_by_key(|order| (order % 7, *order));
    for order in makers {
        let _ = writeln!(expected, "traded {order} x 1: 1 @ {}", 100 + order % 7);
    }
    check(&format!("{script}---\nbuy 1 5000 @ 200"), &expected);
}

#[test]
fn values_at_the_limits_of_the_integers_end_in_a_refusal_or_an_exact_result() {
    check(
        "
        buy 1 MAX @ MAX
        sell 2 MAX @ MAX
        buy 3 MAX+1 @ 1
        buy 3 1 @ MAX+1
        sell 3 1 @ MIN-1
        buy 3 18446744073709551615 market
        buy 4 0 value 170141183460469231731687303715884105727
        buy 5 5 @ 100 gtd 18446744073709551615
        switch 7 18446744073709551615
        ",
        "
        accepted 1
        rested 1 9223372036854775807 @ 9007199254740991
        accepted 2
        traded 1 x 2: 9223372036854775807 @ 9007199254740991
        rejected 3 QuantityTooLarge
        rejected 3 InvalidPrice
        rejected 3 InvalidPrice
        rejected 3 QuantityTooLarge
        accepted 4
        cancelled 4 0 NoLiquidity
        accepted 5
        terms 5 gtd 18446744073709551615ns
        rested 5 5 @ 100
        switch 7 at 18446744073709551615ns
        ",
    );
}

/// Of every order that was not amended or armed: submitted = traded + lost to self-trade prevention + cancelled.
#[test]
fn executed_and_cancelled_are_what_was_submitted() {
    for seed in 0..260 {
        let stream = Stream::of(seed);
        check_quantities(&mut NaiveEngine::new(stream.config), &stream);
        check_quantities(&mut Engine::new(stream.config.into()), &stream);
    }
}

/// What is left of each order, by the events.
#[derive(Default)]
struct Ledger {
    left: BTreeMap<OrderId, Qty>,
}

fn check_quantities(engine: &mut impl UnderTest, stream: &Stream) {
    let mut ledger = Ledger::default();
    let mut seq = Seq::new(0);
    let mut events = Vec::new();
    for (time, command) in &stream.commands {
        seq = seq.next();
        events.clear();
        engine.apply(seq, *time, command, &mut events);
        for event in &events {
            ledger.book(event);
        }
    }
}

impl Ledger {
    fn book(&mut self, event: &Event) {
        match *event {
            Event::Accepted { order, quantity, .. } if !quantity.is_zero() => {
                self.left.insert(order, quantity);
            }
            // An order by value has no quantity to be counted by; its id may have been another's.
            Event::Accepted { order, .. } => {
                self.left.remove(&order);
            }
            Event::Amended { order, .. } | Event::Armed { order, .. } => {
                self.left.remove(&order);
            }
            Event::Traded {
                maker,
                taker,
                quantity,
                ..
            } => {
                assert!(!quantity.is_zero(), "no trade of nothing: {event:?}");
                self.lessen(maker, quantity);
                self.lessen(taker, quantity);
            }
            Event::Decremented {
                order, by, remaining, ..
            } => {
                self.lessen(order, by);
                let left = self.left.get(&order).copied();
                assert!(
                    left.is_none_or(|left| left == remaining),
                    "{event:?}, not {left:?}"
                );
            }
            Event::Cancelled { order, remaining, .. } => {
                let left = self.left.remove(&order);
                assert!(
                    left.is_none_or(|left| left == remaining),
                    "{event:?}, not {left:?}"
                );
            }
            _ => {}
        }
    }

    fn lessen(&mut self, order: OrderId, by: Qty) {
        if let Some(left) = self.left.get_mut(&order) {
            *left = left
                .checked_sub(by)
                .expect("no order trades more than was submitted");
        }
    }
}
