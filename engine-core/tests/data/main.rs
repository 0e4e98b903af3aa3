//! The projections against recomputations from everything that happened, and against published examples.

mod candles;
mod exchange;
mod feed;
#[cfg(feature = "serde")]
mod images;
mod indicators;
mod order_kinds;
mod orders;
mod page;
mod precision;
mod replica;
mod statistics;
mod streams;
mod trades;
mod warm;

use engine_core::data::Trade;
use engine_core::{InstrumentId, Price, Qty, Seq, Side, Timestamp};
use proptest::prelude::*;

const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

const X: InstrumentId = InstrumentId::new(0);

fn at(nanos: u64) -> Timestamp {
    Timestamp::from_nanos(nanos)
}

/// The trade with this number, a buy.
fn trade(number: u64, nanos: u64, price: i64, quantity: u64) -> Trade {
    Trade {
        seq: Seq::new(number),
        index: 0,
        time: at(nanos),
        price: Price::new(price),
        quantity: Qty::new(quantity),
        taker_side: Side::Buy,
        taker: None,
    }
}

/// How much later the next thing happens: not at all, a nanosecond, at the edges of an interval or of the
/// window, or after a long silence.
fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::By(0)),
        4 => Just(Step::By(1)),
        8 => (1..3 * MINUTE).prop_map(Step::By),
        2 => (1..3 * HOUR).prop_map(Step::By),
        1 => (1..3 * DAY).prop_map(Step::By),
        1 => (200..400 * DAY).prop_map(Step::By),
        4 => (prop::sample::select(vec![7 * SECOND, MINUTE, 5 * MINUTE, HOUR, DAY]), -1..=1_i8)
            .prop_map(|(length, off)| Step::ToEdge(length, off)),
        2 => (-1..=1_i8).prop_map(|off| Step::By((DAY as i64 + i64::from(off)) as u64)),
    ]
}

#[derive(Clone, Copy, Debug)]
enum Step {
    By(u64),
    /// To the next multiple of a length, or a nanosecond before or after it.
    ToEdge(u64, i8),
}

impl Step {
    fn from(self, now: u64) -> u64 {
        match self {
            Self::By(nanos) => now + nanos,
            Self::ToEdge(length, off) => {
                let edge = (now / length + 1) * length;
                edge.saturating_add_signed(i64::from(off)).max(now)
            }
        }
    }
}

/// Trades of a market, each with whether time went on without a trade before it.
fn markets(trades_max: usize) -> impl Strategy<Value = Vec<Trade>> {
    let one = (steps(), -20..=20_i64, 1..=50_u64);
    let start = prop_oneof![Just(0), Just(19_675 * DAY), 0..30_000 * DAY];
    // Around zero some prices are negative.
    let price = prop::sample::select(vec![100, 0]);
    (start, price, prop::collection::vec(one, 1..trades_max)).prop_map(|(start, price, moves)| {
        let (mut now, mut price) = (start, price);
        let mut trades = Vec::new();
        for (number, (step, change, quantity)) in (1..).zip(moves) {
            now = step.from(now);
            price += change / 4;
            trades.push(trade(number, now, price, quantity));
        }
        trades
    })
}
