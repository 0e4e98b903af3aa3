//! The simulated past, seen through the engine and its candles.

use engine_core::data::{Candle, Interval};
use engine_core::{Command, InstrumentId, Timestamp};
use engine_traders::{History, Past, demo, together};

use crate::simulation::{Exchange, HOUR, START, accounts, rejects};

const DAY: u64 = 24 * HOUR;

fn past(instrument: u32, days: u32, seed: u64) -> Past {
    let (spec, setting) = demo()[instrument as usize].clone();
    Past {
        instrument: InstrumentId::new(instrument),
        spec,
        setting,
        accounts: accounts(100),
        until: START,
        days,
        seed,
    }
}

/// An exchange that has lived through it, as of its end.
fn lived(days: u32) -> Exchange {
    let mut exchange = Exchange::listing(&demo().map(|(spec, _)| spec));
    let histories: Vec<History> = (0..3).map(|number| past(number, days, 1).history()).collect();
    for (time, command) in together(histories) {
        exchange.apply(time, command);
        assert_eq!(rejects(&exchange.events).next(), None);
    }
    exchange.apply(START, Command::Tick);
    exchange
}

/// The candles that ended within the last `age`.
fn candles(exchange: &mut Exchange, instrument: u32, interval: Interval, age: u64) -> Vec<Candle> {
    let candles = exchange
        .projections
        .candles(InstrumentId::new(instrument))
        .expect("it is listed");
    let from = Timestamp::from_nanos(START.nanos() - age);
    candles.between(interval, from..START).collect()
}

#[test]
fn charts_are_full_without_a_gap() {
    let mut exchange = lived(30);
    for instrument in 0..3 {
        for (interval, age) in [
            (Interval::M1, 25 * HOUR),
            (Interval::M5, 7 * DAY),
            (Interval::M15, 30 * DAY - HOUR),
            (Interval::H1, 30 * DAY - HOUR),
            (Interval::D1, 29 * DAY),
        ] {
            let candles = candles(&mut exchange, instrument, interval, age);
            assert_eq!(candles.len() as u64, age / interval.as_nanos(), "{interval}");
            let silent = candles.iter().filter(|candle| candle.trade_count == 0).count();
            assert_eq!(
                silent, 0,
                "{interval} candles of instrument {instrument} without a trade"
            );
        }
    }
}

#[test]
fn the_price_goes_on_where_it_was_and_days_have_alike_volumes() {
    let mut exchange = lived(30);
    for instrument in 0..3 {
        let minutes = candles(&mut exchange, instrument, Interval::M1, 25 * HOUR);
        for pair in minutes.windows(2) {
            let (close, open) = (pair[0].close.ticks(), pair[1].open.ticks());
            assert!(
                (open - close).abs() * 1_000 <= close * 5,
                "from {close} to {open}"
            );
        }
        let is_flat = |candle: &Candle| candle.high == candle.low;
        let flat = minutes.iter().filter(|candle| is_flat(candle)).count();
        assert!(
            flat * 20 < minutes.len(),
            "{flat} of {} minutes are flat",
            minutes.len()
        );

        let volumes = candles(&mut exchange, instrument, Interval::D1, 29 * DAY);
        let lots: Vec<u64> = volumes
            .iter()
            .map(|day| {
                day.volume
                    .quantity()
                    .expect("it is no more than a quantity")
                    .lots()
            })
            .collect();
        let (least, most) = (lots.iter().min(), lots.iter().max());
        let (least, most) = least.zip(most).expect("there are days");
        assert!(most / least < 8, "a day has {least} to {most} lots");
    }
}

#[test]
fn nothing_is_left_in_the_books_and_the_price_is_known() {
    let exchange = lived(3);
    assert_eq!(exchange.projections.order_count(), 0);
    let mut history = past(0, 3, 1).history();
    history.by_ref().for_each(drop);
    let mut exchange = lived(3);
    let last = candles(&mut exchange, 0, Interval::M1, HOUR)
        .last()
        .expect("it has minutes")
        .close;
    assert!(
        (history.price().ticks() - last.ticks()).abs() <= 3,
        "a trade is within three ticks"
    );
}

#[test]
fn times_ascend_and_end_before_the_present() {
    let histories: Vec<History> = (0..3).map(|number| past(number, 30, 1).history()).collect();
    let times: Vec<Timestamp> = together(histories).map(|(time, _)| time).collect();
    assert!(times.is_sorted());
    let (first, last) = times.first().zip(times.last()).expect("there are commands");
    assert!(
        first.nanos() < START.nanos() - 30 * DAY + HOUR,
        "it fills the days asked for"
    );
    assert!(*last < START);
    assert!(
        times.len() < 120_000,
        "a start must not wait for it: {}",
        times.len()
    );
}

#[test]
fn the_same_seed_gives_the_same_past_and_another_seed_another() {
    let commands = |seed| past(0, 2, seed).history().collect::<Vec<_>>();
    assert!(commands(1) == commands(1));
    assert!(commands(1) != commands(2));
}

#[test]
fn what_is_needed_is_more_than_what_is_ever_owed() {
    for instrument in 0..3 {
        let past = past(instrument, 30, 3);
        let needs = past.needs();
        let lot = past.spec.terms().lot;
        let mut position = 0_i128;
        let mut most = 0;
        for (_, command) in past.history() {
            let Command::Place(place) = command else {
                panic!("a past is made of orders");
            };
            if place.account != accounts::<2>(100).first().copied() {
                continue;
            }
            let lots = i128::from(place.quantity.lots());
            position += if place.side == engine_core::Side::Buy {
                lots
            } else {
                -lots
            };
            most = most.max(position.abs());
        }
        let most = rust_decimal::Decimal::from_i128_with_scale(most, 0) * lot;
        assert!(most > rust_decimal::Decimal::ZERO);
        for need in needs {
            assert!(most < need.base, "{most} of {need:?}");
        }
    }
}
