//! The ring of the newest trades.

use engine_core::data::{FeedError, Projection, Trade, TradeFeed, Trades};
use engine_core::{Price, Qty, Seq};
use proptest::prelude::*;

use crate::{X, at, markets, trade};

proptest! {
    #[test]
    fn the_ring_holds_the_newest_trades_and_their_numbers(trades in markets(60), trades_max in 1..20_usize) {
        let mut ring = Trades::new(X, trades_max);
        for (count, trade) in (1..).zip(&trades) {
            ring.record(trade).expect("trades come in order");
            let kept: Vec<(u64, Trade)> = ring.newest().map(|(number, trade)| (number, *trade)).collect();
            let expected: Vec<(u64, Trade)> = (1..=count).rev().take(trades_max)
                .map(|number| (number, trades[number as usize - 1]))
                .collect();
            prop_assert_eq!(kept, expected);
            prop_assert_eq!(ring.count(), count);
            let image = ring.image();
            ring = Trades::restore(image.clone()).expect("an image of a ring");
            prop_assert_eq!(ring.image(), image);
        }
    }
}

#[test]
fn a_trade_without_price_or_quantity_is_refused() {
    let mut ring = Trades::new(X, 10);
    let beyond = Price::MAX.ticks() + 1;
    for (price, quantity) in [(beyond, 1), (-beyond, 1), (100, 0)] {
        let refused = ring.record(&trade(1, 5, price, quantity));
        assert_eq!(refused, Err(FeedError::Trade(Seq::new(1))));
    }
    ring.record(&Trade {
        quantity: Qty::MAX,
        ..trade(1, 5, Price::MAX.ticks(), 1)
    })
    .expect("the limits are in");
    assert_eq!(ring.time(), at(5));
}

#[test]
fn an_image_that_no_ring_has_is_refused() {
    let mut ring = Trades::new(X, 2);
    for number in 1..=3 {
        ring.record(&trade(number, number, 100, 1))
            .expect("trades come in order");
    }
    let image = ring.image();
    let mut too_many = image.clone();
    too_many.trades.push(trade(4, 4, 100, 1));
    let mut unordered = image.clone();
    unordered.trades.swap(0, 1);
    let mut none = image.clone();
    none.trades_max = 0;
    let mut uncounted = image;
    uncounted.count = 1;
    for image in [too_many, unordered, none, uncounted] {
        assert!(Trades::restore(image.clone()).is_err(), "{image:?}");
    }
}
