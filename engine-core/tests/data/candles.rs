//! Candles against a list of all trades.

use engine_core::data::{Candle, Candles, Interval, Projection, Trade, TradeFeed, Volume};
use engine_core::{Notional, Price, Qty, Timestamp};
use proptest::prelude::*;

use crate::{DAY, HOUR, MINUTE, SECOND, X, at, markets, trade};

/// All candles of an interval up to `now`: made from all trades, one interval after the other.
fn recomputed(trades: &[Trade], interval: Interval, now: u64) -> Vec<Candle> {
    let length = interval.as_nanos();
    let Some(first) = trades.first() else {
        return Vec::new();
    };
    let mut candles: Vec<Candle> = Vec::new();
    let mut open = first.time.nanos() / length * length;
    while open <= now {
        let within: Vec<&Trade> = trades
            .iter()
            .filter(|trade| (open..open + length).contains(&trade.time.nanos()))
            .collect();
        let prices: Vec<Price> = within.iter().map(|trade| trade.price).collect();
        let carried = candles.last().map_or(first.price, |before| before.close);
        candles.push(Candle {
            open_time: at(open),
            close_time: at(open + length),
            open: prices.first().copied().unwrap_or(carried),
            high: prices.iter().copied().max().unwrap_or(carried),
            low: prices.iter().copied().min().unwrap_or(carried),
            close: prices.last().copied().unwrap_or(carried),
            volume: Volume::new(within.iter().map(|trade| u128::from(trade.quantity.lots())).sum()),
            quote_volume: Notional::new(
                within
                    .iter()
                    .map(|trade| trade.price.notional(trade.quantity).units())
                    .sum(),
            ),
            trade_count: within.len() as u64,
        });
        // A year of silent minutes tells no more than the first few hundred of them.
        let next = trades
            .iter()
            .map(|trade| trade.time.nanos())
            .filter(|time| *time >= open + length)
            .min();
        let gap_end = next.unwrap_or(now).min(now) / length * length;
        open += length;
        if gap_end > open + 400 * length {
            open = gap_end - 200 * length;
        }
    }
    candles
}

/// The intervals of these tests: usual ones, and one that does not go into a day.
fn intervals() -> Vec<Interval> {
    let seven = Interval::seconds(7).expect("longer than nothing");
    vec![
        Interval::D1,
        Interval::M1,
        seven,
        Interval::M5,
        Interval::H1,
        Interval::M1,
    ]
}

proptest! {
    #[test]
    fn candles_are_those_of_all_trades(
        trades in markets(40),
        candles_max in 100..300_usize,
        silence in 0..3 * HOUR,
    ) {
        let mut candles = Candles::new(X, &intervals(), candles_max);
        for (count, trade) in (1..).zip(&trades) {
            candles.record(trade).expect("trades come in order");
            check(&candles, &trades[..count], trade.time.nanos())?;
            candles = Candles::restore(candles.image()).expect("an image of candles");
        }
        let now = trades.last().map_or(0, |trade| trade.time.nanos()) + silence;
        candles.advance(at(now));
        check(&candles, &trades, now)?;
    }

    #[test]
    fn higher_intervals_are_what_a_recomputation_from_minutes_gives(trades in markets(40)) {
        let mut candles = Candles::new(X, &Interval::USUAL, 1_000);
        for trade in &trades {
            candles.record(trade).expect("trades come in order");
        }
        let now = trades.last().map_or(0, |trade| trade.time.nanos());
        for higher in Interval::USUAL {
            // A candle all of whose minutes are kept.
            for candle in candles.newest(higher, 3) {
                let minutes: Vec<Candle> =
                    candles.between(Interval::M1, candle.open_time..candle.close_time).collect();
                let traded: Vec<&Candle> = minutes.iter().filter(|minute| minute.trade_count > 0).collect();
                let (Some(first), Some(last)) = (traded.first(), traded.last()) else { continue };
                let expected = Candle {
                    open_time: candle.open_time,
                    close_time: candle.close_time,
                    open: first.open,
                    high: traded.iter().map(|minute| minute.high).max().expect("one has traded"),
                    low: traded.iter().map(|minute| minute.low).min().expect("one has traded"),
                    close: last.close,
                    volume: Volume::new(traded.iter().map(|minute| minute.volume.lots()).sum()),
                    quote_volume: Notional::new(traded.iter().map(|minute| minute.quote_volume.units()).sum()),
                    trade_count: traded.iter().map(|minute| minute.trade_count).sum(),
                };
                prop_assert_eq!(candle, expected, "at {}", now);
            }
        }
    }
}

fn check(candles: &Candles, trades: &[Trade], now: u64) -> Result<(), TestCaseError> {
    for interval in candles.intervals() {
        let all = recomputed(trades, interval, now);
        for count in [0, 1, 2, 90] {
            // Only a stretch that the recomputation has without a gap can be compared.
            let expected = newest_without_gap(&all, count);
            let got: Vec<Candle> = candles.newest(interval, expected.len()).collect();
            prop_assert_eq!(&got, expected, "{} newest of {}", count, interval);
            for candle in &got {
                prop_assert_eq!(candle.is_closed(at(now)), candle.close_time.nanos() <= now);
            }
            let closed = expected.iter().filter(|candle| candle.close_time.nanos() <= now);
            if let Some(first) = expected.first() {
                let since = at(first.close_time.nanos() - 1);
                let got: Vec<Candle> = candles.closed_since(interval, since).collect();
                prop_assert_eq!(got.iter().collect::<Vec<_>>(), closed.clone().collect::<Vec<_>>());
                let later: Vec<Candle> = candles.closed_since(interval, first.close_time).collect();
                let closed_later = closed.filter(|candle| candle.close_time > first.close_time);
                prop_assert_eq!(later.iter().collect::<Vec<_>>(), closed_later.collect::<Vec<_>>());
            }
        }
    }
    Ok(())
}

fn newest_without_gap(all: &[Candle], count: usize) -> &[Candle] {
    let mut from = all.len().saturating_sub(count);
    for at in (from + 1..all.len()).rev() {
        if all[at].open_time != all[at - 1].close_time {
            from = at;
            break;
        }
    }
    &all[from..]
}

#[test]
fn a_trade_at_the_end_of_an_interval_belongs_to_the_next_one() {
    let mut candles = Candles::new(X, &[Interval::M1], 10);
    candles.record(&trade(1, MINUTE - 1, 100, 1)).expect("the first");
    candles.record(&trade(2, MINUTE, 90, 2)).expect("the second");
    let got: Vec<(u64, i64, u128)> = candles
        .newest(Interval::M1, 9)
        .map(|candle| {
            (
                candle.open_time.nanos(),
                candle.close.ticks(),
                candle.volume.lots(),
            )
        })
        .collect();
    assert_eq!(got, [(0, 100, 1), (MINUTE, 90, 2)]);
}

#[test]
fn days_begin_at_midnight_also_after_leap_days_and_years() {
    // 2024-02-28T23:59:59.999999999Z, and the midnights of 02-29, 03-01 and 2025-01-01.
    let before_leap_day = 1_709_164_799 * SECOND + 999_999_999;
    let midnights = [1_709_164_800, 1_709_251_200, 1_735_689_600].map(|seconds: u64| seconds * SECOND);
    let mut candles = Candles::new(X, &[Interval::D1], 1_000);
    candles
        .record(&trade(1, before_leap_day, 100, 1))
        .expect("in order");
    for (number, midnight) in (2..).zip(midnights) {
        candles
            .record(&trade(number, midnight, 100 + number as i64, 1))
            .expect("in order");
    }
    let opened = |candle: &Candle| candle.open_time.nanos();
    let traded: Vec<u64> = candles
        .newest(Interval::D1, 1_000)
        .filter(|candle| candle.trade_count > 0)
        .map(|c| opened(&c))
        .collect();
    assert_eq!(
        traded,
        [midnights[0] - DAY, midnights[0], midnights[1], midnights[2]]
    );
    let days = candles.newest(Interval::D1, 1_000).count();
    assert_eq!(days, 309, "28 February 2024 to 1 January 2025");
}

#[test]
fn a_silent_market_closes_its_candle_by_time_alone() {
    let mut candles = Candles::new(X, &[Interval::M5], 10);
    candles
        .record(&trade(1, HOUR + MINUTE, 100, 1))
        .expect("the first");
    candles.advance(at(HOUR + 5 * MINUTE - 1));
    assert_eq!(candles.closed_since(Interval::M5, Timestamp::ZERO).count(), 0);
    candles.advance(at(HOUR + 5 * MINUTE));
    let closed: Vec<Candle> = candles.closed_since(Interval::M5, Timestamp::ZERO).collect();
    assert_eq!(closed.len(), 1);
    assert_eq!(closed[0].trade_count, 1);
    candles.advance(at(HOUR));
    assert_eq!(
        candles.time(),
        at(HOUR + 5 * MINUTE),
        "a closed candle does not reopen"
    );
}

#[test]
fn no_more_candles_are_kept_than_were_asked_for_and_a_year_of_silence_costs_none() {
    let mut candles = Candles::new(X, &[Interval::M1], 3);
    for number in 1..=10 {
        candles
            .record(&trade(number, number * MINUTE, 100 + number as i64, 1))
            .expect("in order");
    }
    let kept = &candles.image().series[0].1;
    assert_eq!(kept.len(), 3);
    let newest: Vec<i64> = candles
        .newest(Interval::M1, 3)
        .map(|candle| candle.close.ticks())
        .collect();
    assert_eq!(newest, [108, 109, 110]);
    candles.advance(at(366 * DAY));
    assert_eq!(candles.image().series[0].1.len(), 3);
    let closes: Vec<(i64, u64)> = candles
        .newest(Interval::M1, 3)
        .map(|candle| (candle.close.ticks(), candle.trade_count))
        .collect();
    assert_eq!(closes, [(110, 0); 3]);
}

#[test]
fn an_unknown_interval_has_no_candles() {
    let mut candles = Candles::new(X, &[Interval::M1], 3);
    candles.record(&trade(1, 0, 100, 1)).expect("the first");
    assert_eq!(candles.newest(Interval::H1, 5).count(), 0);
    assert_eq!(candles.newest(Interval::M1, 5).count(), 1);
}

#[test]
fn values_beyond_what_a_notional_holds_stop_there() {
    let mut candles = Candles::new(X, &[Interval::M1], 3);
    for number in 1..=3_000 {
        let trade = Trade {
            quantity: Qty::MAX,
            ..trade(number, 0, Price::MAX.ticks(), 1)
        };
        candles.record(&trade).expect("in order");
    }
    let candle = candles.newest(Interval::M1, 1).next().expect("it traded");
    assert_eq!(candle.quote_volume, Notional::new(i128::MAX));
    assert_eq!(candle.volume.lots(), 3_000 * u128::from(Qty::MAX.lots()));
}

#[test]
fn an_image_that_no_candles_have_is_refused() {
    let mut candles = Candles::new(X, &[Interval::M1, Interval::M5], 3);
    for number in 1..=3 {
        candles
            .record(&trade(number, number * MINUTE, 100, 1))
            .expect("in order");
    }
    let image = candles.image();
    assert!(Candles::restore(image.clone()).is_ok());
    let mut shifted = image.clone();
    shifted.series[0].1[0].open_time = at(1);
    let mut swapped = image.clone();
    swapped.series[0].1.swap(0, 1);
    let mut repeated = image.clone();
    repeated.series[1].0 = Interval::M1;
    let mut silent = image.clone();
    silent.series[0].1[2].trade_count = 0;
    let mut future = image.clone();
    future.series[0].1[2].open_time = at(9 * MINUTE);
    future.series[0].1[2].close_time = at(10 * MINUTE);
    let mut none = image;
    none.candles_max = 0;
    for image in [shifted, swapped, repeated, silent, future, none] {
        assert!(Candles::restore(image.clone()).is_err(), "{image:?}");
    }
}
