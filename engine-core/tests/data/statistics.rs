//! Statistics against a list of all trades.

use engine_core::data::{Projection, Statistics, Summary, Trade, TradeFeed, Turnover};
use engine_core::{Notional, Price, Qty};
use proptest::prelude::*;

use crate::{DAY, HOUR, Step, X, at, markets, steps, trade};

/// The trades that are less than 24 hours old.
fn window(trades: &[Trade], now: u64) -> Vec<Trade> {
    let is_in = |trade: &&Trade| now - trade.time.nanos() < DAY;
    trades.iter().filter(is_in).copied().collect()
}

fn assert_is(summary: &Summary, window: &[Trade], last: Option<&Trade>) -> Result<(), TestCaseError> {
    let prices = || window.iter().map(|trade| trade.price);
    let volume: u128 = window.iter().map(|trade| u128::from(trade.quantity.lots())).sum();
    let quote: i128 = window
        .iter()
        .map(|trade| trade.price.notional(trade.quantity).units())
        .sum();
    prop_assert_eq!(summary.last, last.map(|trade| trade.price));
    prop_assert_eq!(summary.open, prices().next());
    prop_assert_eq!(summary.high, prices().max());
    prop_assert_eq!(summary.low, prices().min());
    prop_assert_eq!(summary.volume.lots(), volume);
    prop_assert_eq!(summary.quote_volume(), Notional::new(quote));
    prop_assert_eq!(summary.trade_count, window.len() as u64);
    let vwap = summary.vwap().map(|vwap| (vwap.numerator(), vwap.denominator()));
    prop_assert_eq!(vwap, (volume > 0).then_some((quote, volume as i128)));
    let change = last
        .zip(window.first())
        .map(|(last, open)| last.price.ticks() - open.price.ticks());
    prop_assert_eq!(summary.change(), change);
    Ok(())
}

/// The documented window, in the plainest way: trades one by one, and slots of those that were too many.
#[derive(Default)]
struct Plain {
    recent: Vec<Trade>,
    slots: Vec<Vec<Trade>>,
}

impl Plain {
    fn expire(&mut self, now: u64) {
        let is_in = |trade: &Trade| now - trade.time.nanos() < DAY;
        self.slots
            .retain(|slot| is_in(slot.last().expect("a slot has trades")));
        self.recent.retain(is_in);
    }

    fn record(&mut self, trade: &Trade, trades_max: usize) {
        self.expire(trade.time.nanos());
        if self.recent.len() == trades_max {
            let oldest = self.recent.remove(0);
            let number = |trade: &Trade| trade.time.nanos() / Statistics::SLOT_NS;
            match self
                .slots
                .last_mut()
                .filter(|slot| number(&slot[0]) == number(&oldest))
            {
                Some(slot) => slot.push(oldest),
                None => self.slots.push(vec![oldest]),
            }
        }
        self.recent.push(*trade);
    }

    fn window(&self) -> Vec<Trade> {
        self.slots.iter().flatten().chain(&self.recent).copied().collect()
    }
}

proptest! {
    #[test]
    fn the_window_holds_exactly_the_trades_of_24_hours(trades in markets(80), silences in prop::collection::vec(steps(), 3)) {
        let mut statistics = Statistics::new(X, 1_000);
        for (count, trade) in (1..).zip(&trades) {
            statistics.record(trade).expect("trades come in order");
            let summary = statistics.summary();
            assert_is(&summary, &window(&trades[..count], trade.time.nanos()), Some(trade))?;
            prop_assert_eq!(summary.late_ns_max, 0);
            let image = statistics.image();
            statistics = Statistics::restore(image.clone()).expect("an image of statistics");
            prop_assert_eq!(statistics.image(), image);
        }
        let mut now = trades.last().map_or(0, |trade| trade.time.nanos());
        for silence in silences {
            now = silence.from(now);
            statistics.advance(at(now));
            assert_is(&statistics.summary(), &window(&trades, now), trades.last())?;
        }
    }

    #[test]
    fn beyond_the_bound_the_window_is_the_documented_one(
        trades in markets(80),
        trades_max in 1..8_usize,
        silence in steps(),
    ) {
        let (mut statistics, mut plain) = (Statistics::new(X, trades_max), Plain::default());
        for (count, trade) in (1..).zip(&trades) {
            statistics.record(trade).expect("trades come in order");
            plain.record(trade, trades_max);
            check_bound(&statistics, &plain, &trades[..count], trade.time.nanos())?;
            statistics = Statistics::restore(statistics.image()).expect("an image of statistics");
        }
        let now = silence.from(trades.last().map_or(0, |trade| trade.time.nanos()));
        statistics.advance(at(now));
        plain.expire(now);
        check_bound(&statistics, &plain, &trades, now)?;
    }
}

fn check_bound(
    statistics: &Statistics,
    plain: &Plain,
    trades: &[Trade],
    now: u64,
) -> Result<(), TestCaseError> {
    let summary = statistics.summary();
    let counted = plain.window();
    assert_is(&summary, &counted, trades.last())?;
    let is_exact = plain.slots.is_empty();
    prop_assert_eq!(
        summary.late_ns_max,
        if is_exact { 0 } else { Statistics::SLOT_NS }
    );
    // What the documentation promises: no trade of the window is missing, and none is later than it says.
    let exact = window(trades, now);
    prop_assert!(counted.ends_with(&exact));
    let oldest_ns = counted.first().map_or(0, |trade| now - trade.time.nanos());
    prop_assert!(is_exact || oldest_ns < DAY + summary.late_ns_max);
    Ok(())
}

#[test]
fn a_trade_leaves_to_the_nanosecond() {
    let mut statistics = Statistics::new(X, 10);
    statistics.record(&trade(1, HOUR + 7, 100, 5)).expect("the first");
    statistics.record(&trade(2, HOUR + 8, 90, 1)).expect("the second");
    statistics.advance(at(HOUR + 7 + DAY - 1));
    assert_eq!(statistics.summary().trade_count, 2);
    statistics.advance(at(HOUR + 7 + DAY));
    let summary = statistics.summary();
    assert_eq!(
        (summary.trade_count, summary.open, summary.high),
        (1, Some(Price::new(90)), Some(Price::new(90)))
    );
    statistics.advance(at(HOUR + 8 + DAY));
    let summary = statistics.summary();
    assert_eq!(
        (summary.trade_count, summary.open, summary.vwap()),
        (0, None, None)
    );
    assert_eq!(summary.last, Some(Price::new(90)), "the last price stays");
}

#[test]
fn the_change_is_an_exact_quotient() {
    let mut statistics = Statistics::new(X, 10);
    statistics.record(&trade(1, 0, 300, 1)).expect("the first");
    statistics.record(&trade(2, 1, 301, 1)).expect("the second");
    let percent = statistics
        .summary()
        .change_percent()
        .expect("there is an opening price");
    assert_eq!((percent.numerator(), percent.denominator()), (100, 300));
    assert_eq!(percent.rounded(4).expect("it is small").to_string(), "0.3333");
    statistics.record(&trade(3, DAY + 1, -5, 1)).expect("the third");
    statistics.record(&trade(4, DAY + 2, -10, 1)).expect("the fourth");
    let percent = statistics
        .summary()
        .change_percent()
        .expect("there is an opening price");
    assert_eq!(
        percent.rounded(0).expect("it is small").to_string(),
        "-100",
        "down is down, below zero too"
    );
}

#[test]
fn sums_beyond_what_a_notional_holds_are_right_again_when_the_trades_have_left() {
    let mut statistics = Statistics::new(X, 10);
    for number in 1..=5_000 {
        let trade = Trade {
            quantity: Qty::MAX,
            ..trade(number, number, Price::MAX.ticks(), 1)
        };
        statistics.record(&trade).expect("in order");
    }
    let summary = statistics.summary();
    assert_eq!(summary.quote_volume(), Notional::new(i128::MAX));
    assert_eq!(summary.vwap(), None, "it cannot be told");
    statistics
        .record(&trade(6_000, DAY + 5_000, 7, 3))
        .expect("in order");
    let summary = statistics.summary();
    assert_eq!(summary.quote_volume(), Notional::new(21));
    assert_eq!(summary.turnover, {
        let mut alone = Statistics::new(X, 10);
        alone.record(&trade(1, 0, 7, 3)).expect("the first");
        alone.summary().turnover
    });
    assert_ne!(summary.turnover, Turnover::default());
}

#[test]
fn the_bound_of_slots_holds_in_the_busiest_day() {
    let mut statistics = Statistics::new(X, 1);
    let step = Statistics::SLOT_NS / 2;
    for number in 1..=3 * DAY / step {
        statistics
            .record(&trade(number, number * step + 3, 100 + (number % 7) as i64, 1))
            .expect("in order");
    }
    let image = statistics.image();
    assert!(image.slots.len() <= 4_321, "{} slots", image.slots.len());
    assert!(
        image.slots.len() > 4_300,
        "{} slots: the day is full of them",
        image.slots.len()
    );
    assert_eq!(image.trades.len(), 1);
}

#[test]
fn an_image_that_no_statistics_have_is_refused() {
    let mut statistics = Statistics::new(X, 2);
    for number in 1..=5 {
        statistics
            .record(&trade(number, number * HOUR, 100, 1))
            .expect("in order");
    }
    let image = statistics.image();
    assert!(Statistics::restore(image.clone()).is_ok());
    let mut unordered = image.clone();
    unordered.trades.swap(0, 1);
    let mut full = image.clone();
    full.trades_max = 1;
    let mut roomy = image.clone();
    roomy.trades_max = 3;
    let mut future = image.clone();
    future.trades[1].time = at(6 * HOUR);
    let mut past = image.clone();
    past.cursor = {
        let mut later = statistics.clone();
        later.advance(at(3 * DAY));
        later.image().cursor
    };
    let mut empty_slot = image.clone();
    empty_slot.slots[0].trade_count = 0;
    let mut other_last = image.clone();
    other_last.last = Some(Price::new(1));
    let mut same_slot = image;
    same_slot.slots[0].time = same_slot.slots[1].time;
    for image in [
        unordered, full, roomy, future, past, empty_slot, other_last, same_slot,
    ] {
        assert!(Statistics::restore(image.clone()).is_err(), "{image:?}");
    }
}

#[test]
fn steps_reach_the_edges() {
    assert_eq!(Step::ToEdge(HOUR, -1).from(5), HOUR - 1);
    assert_eq!(Step::ToEdge(HOUR, 1).from(HOUR - 1), HOUR + 1);
}
