//! Indicators against recomputations: how precise they are, what they take, and what their images give.

use engine_core::data::indicators::{
    Atr, Bollinger, Ema, Fixed, Indicator, Macd, Period, Rsi, Sma, Study, StudySource, Vwap,
};
use engine_core::data::{Candle, Interval, Projection, Trade, TradeFeed, Volume};
use engine_core::{Notional, Price};
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::indicators::{candle, period};
use crate::{DAY, HOUR, MINUTE, X, at, markets, trade};

#[test]
fn where_nothing_moves_the_relative_strength_is_in_the_middle() {
    let mut rsi = Rsi::new(period(3));
    let values: Vec<Option<Fixed>> = [5, 5, 5, 5].map(|close| rsi.price(Price::new(close))).to_vec();
    let half = Fixed::ONE.trillionths() * 50;
    assert_eq!(
        values
            .iter()
            .map(|value| value.map(Fixed::trillionths))
            .collect::<Vec<_>>(),
        [None, None, None, Some(half)]
    );
    assert_eq!(
        rsi.price(Price::new(6)).map(Fixed::trillionths),
        Some(2 * half),
        "only up"
    );
}

#[test]
fn prices_at_the_limits_overflow_nothing() {
    let (low, high) = (Price::MIN, Price::MAX);
    let mut bollinger = Bollinger::new(period(Period::MAX), Bollinger::WIDTH_MAX).expect("just not too wide");
    let mut averages = (
        Ema::new(period(2)),
        Macd::new(period(1), period(2), period(3)),
        Rsi::new(period(2)),
    );
    let mut atr = Atr::new(period(2));
    for round in 0..3_000 {
        let (mut price, beyond) = if round % 2 == 0 {
            (low, i64::MIN)
        } else {
            (high, i64::MAX)
        };
        if round % 100 > 97 {
            price = Price::new(beyond);
        }
        bollinger.price(price);
        averages.0.price(price);
        averages.1.price(price);
        averages.2.price(price);
        atr.update(&candle(price.ticks(), low.ticks(), price.ticks()));
    }
    let bands = bollinger.value().expect("it is full");
    let deviation = bands.deviation.trillionths() / Fixed::ONE.trillionths();
    assert_eq!(
        deviation,
        i128::from(Price::MAX.ticks()),
        "half of the prices at either end"
    );
    assert!(bands.deviation.decimal().is_some() && bands.upper > bands.deviation);
    assert!(
        averages
            .2
            .value()
            .is_some_and(|value| value.trillionths() <= 100 * Fixed::ONE.trillionths())
    );
}

/// The mean of the last closes, and what the recursion of an average gives, with 28 digits.
fn precise_average(numbers: &[i64], period: u32, numerator: u32, denominator: u32) -> Option<Decimal> {
    let (first, rest) = numbers.split_at_checked(period as usize)?;
    let sum: i64 = first.iter().sum();
    let mut average = Decimal::from(sum) / Decimal::from(period);
    for number in rest {
        average += (Decimal::from(*number) - average) * Decimal::from(numerator) / Decimal::from(denominator);
    }
    Some(average)
}

fn off(value: Fixed, precise: Decimal) -> Decimal {
    (value.decimal().expect("it is small") - precise).abs()
}

proptest! {
    #[test]
    fn averages_are_as_precise_as_documented(
        closes in prop::collection::vec(-1_000_000..1_000_000_i64, 1..300),
        candles in 1..60_u32,
    ) {
        let length = period(candles);
        let (mut sma, mut ema, mut atr) = (Sma::new(length), Ema::new(length), Atr::new(length));
        // 28 digits leave room for the last of twelve places.
        let last_place = Decimal::new(1, 12);
        for count in 1..=closes.len() {
            let (seen, close) = (&closes[..count], Price::new(closes[count - 1]));
            let window = count.checked_sub(candles as usize).map(|from| &closes[from..count]);
            let mean = sma.price(close).map(|mean| (mean.numerator(), mean.denominator()));
            let sum = window.map(|window| window.iter().map(|close| i128::from(*close)).sum::<i128>());
            prop_assert_eq!(mean, sum.map(|sum| (sum, i128::from(candles))));
            let value = ema.price(close);
            let precise = precise_average(seen, candles, 2, candles + 1);
            prop_assert_eq!(value.is_some(), precise.is_some());
            if let Some((value, precise)) = value.zip(precise) {
                let documented = Decimal::from(candles + 1) / Decimal::from(4) * last_place;
                prop_assert!(off(value, precise) <= documented + last_place / Decimal::from(1_000));
            }
            // Candles without a range: what is left of the true range are the jumps between closes.
            let value = atr.update(&candle(close.ticks(), close.ticks(), close.ticks()));
            let jumps: Vec<i64> = std::iter::once(0)
                .chain(seen.windows(2).map(|pair| (pair[1] - pair[0]).abs()))
                .collect();
            if let Some((value, precise)) = value.zip(precise_average(&jumps, candles, 1, candles)) {
                let documented = Decimal::from(candles) / Decimal::from(2) * last_place;
                prop_assert!(off(value, precise) <= documented + last_place / Decimal::from(1_000));
            }
        }
    }

    #[test]
    fn the_deviation_is_as_precise_as_documented(
        closes in prop::collection::vec(-10_000..10_000_i64, 1..80),
        candles in 1..25_u32,
    ) {
        let mut bollinger = Bollinger::new(period(candles), 250).expect("not too wide");
        for count in 1..=closes.len() {
            let bands = bollinger.price(Price::new(closes[count - 1]));
            let window = count.checked_sub(candles as usize).map(|from| &closes[from..count]);
            prop_assert_eq!(bands.is_some(), window.is_some());
            let Some((bands, window)) = bands.zip(window) else { continue };
            let (n, one) = (i128::from(candles), Fixed::ONE.trillionths());
            let sum: i128 = window.iter().map(|close| i128::from(*close)).sum();
            let squares: i128 = window.iter().map(|close| i128::from(*close).pow(2)).sum();
            let exact = (n * squares - sum * sum) * one * one;
            let deviation = bands.deviation.trillionths();
            prop_assert!((deviation * n).pow(2) <= exact);
            prop_assert!(((deviation + 2) * n).pow(2) > exact);
            let width = bands.upper.trillionths() - bands.lower.trillionths();
            prop_assert!((width - 5 * deviation).abs() <= 2, "two and a half to either side");
            let mean = (bands.upper.trillionths() + bands.lower.trillionths()) * n - 2 * sum * one;
            prop_assert!(mean.abs() <= n);
        }
    }

    #[test]
    fn an_indicator_goes_on_from_its_image(closes in prop::collection::vec(-1_000..1_000_i64, 1..60), cut in 0..60_usize) {
        let length = period(5);
        let (before, after) = closes.split_at(cut.min(closes.len()));
        goes_on(Sma::new(length), before, after)?;
        goes_on(Ema::new(length), before, after)?;
        goes_on(Rsi::new(length), before, after)?;
        goes_on(Atr::new(length), before, after)?;
        goes_on(Macd::new(length, period(7), period(3)), before, after)?;
        goes_on(Bollinger::new(length, 200).expect("not too wide"), before, after)?;
        goes_on(Vwap::anchored(Interval::H1), before, after)?;
    }

    #[test]
    fn a_study_over_candles_takes_every_candle_that_closes(trades in markets(30), silence in 0..3 * HOUR) {
        let length = period(3);
        let source = StudySource::Candles(Interval::M15);
        let mut emas = Study::new(X, source, Ema::new(length));
        let mut vwaps = Study::new(X, source, Vwap::anchored(Interval::D1));
        let trades: Vec<Trade> = without_years(trades);
        for trade in &trades {
            emas.record(trade).expect("trades come in order");
            vwaps.record(trade).expect("trades come in order");
            emas = Study::restore(emas.image()).expect("an image of a study");
        }
        let now = trades.last().map_or(0, |trade| trade.time.nanos()) + silence;
        emas.advance(at(now));
        vwaps.advance(at(now));
        let (mut ema, mut vwap) = (Ema::new(length), Vwap::anchored(Interval::D1));
        for candle in closed_candles(&trades, Interval::M15, now) {
            ema.update(&candle);
            vwap.update(&candle);
        }
        prop_assert_eq!(emas.indicator(), &ema);
        prop_assert_eq!(vwaps.indicator(), &vwap);
    }

    #[test]
    fn a_study_over_trades_takes_every_trade(trades in markets(30)) {
        let mut study = Study::new(X, StudySource::Trades, Vwap::new());
        for trade in &trades {
            study.record(trade).expect("trades come in order");
        }
        let volume: i128 = trades.iter().map(|trade| i128::from(trade.quantity.lots())).sum();
        let paid: i128 = trades.iter().map(|trade| trade.price.notional(trade.quantity).units()).sum();
        let value = study.indicator().value().map(|average| (average.numerator(), average.denominator()));
        prop_assert_eq!(value, Some((paid, volume)));
    }
}

fn goes_on<I: Indicator + Clone + PartialEq + std::fmt::Debug>(
    fresh: I,
    before: &[i64],
    after: &[i64],
) -> Result<(), TestCaseError> {
    let feed = |mut indicator: I, closes: &[i64]| {
        for close in closes {
            indicator.update(&candle(close + 3, close - 2, *close));
        }
        indicator
    };
    let cut = feed(fresh, before);
    let restored = I::restore(cut.image()).expect("an image of an indicator");
    prop_assert_eq!(&restored, &cut);
    prop_assert_eq!(feed(restored, after), feed(cut, after));
    Ok(())
}

/// The same trades, but no silence of more than a week.
fn without_years(trades: Vec<Trade>) -> Vec<Trade> {
    let mut saved = 0;
    let mut before = trades.first().map_or(0, |trade| trade.time.nanos());
    let closer = |trade: Trade| {
        saved += (trade.time.nanos() - before).saturating_sub(7 * DAY);
        before = trade.time.nanos();
        Trade {
            time: at(trade.time.nanos() - saved),
            ..trade
        }
    };
    trades.into_iter().map(closer).collect()
}

/// Every closed candle, silent ones too, in the plainest way.
fn closed_candles(trades: &[Trade], interval: Interval, now: u64) -> Vec<Candle> {
    let length = interval.as_nanos();
    let mut candles: Vec<Candle> = Vec::new();
    let Some(first) = trades.first() else {
        return candles;
    };
    let mut open = first.time.nanos() / length * length;
    while open + length <= now {
        let mut candle: Option<Candle> = None;
        for trade in trades
            .iter()
            .filter(|trade| (open..open + length).contains(&trade.time.nanos()))
        {
            let one = Candle::of_trade(trade);
            let candle = candle.get_or_insert(Candle {
                volume: Volume::ZERO,
                quote_volume: Notional::ZERO,
                ..one
            });
            candle.close = trade.price;
            candle.volume = Volume::new(candle.volume.lots() + one.volume.lots());
            candle.quote_volume = Notional::new(candle.quote_volume.units() + one.quote_volume.units());
        }
        let carried = candles.last().map_or(first.price, |before| before.close);
        let silent = Candle {
            volume: Volume::ZERO,
            quote_volume: Notional::ZERO,
            ..Candle::of_trade(&Trade {
                price: carried,
                ..*first
            })
        };
        candles.push(Candle {
            open_time: at(open),
            close_time: at(open + length),
            ..candle.unwrap_or(silent)
        });
        open += length;
    }
    candles
}

#[test]
fn a_study_comes_through_years_of_silence_with_the_state_that_every_candle_would_give() {
    let length = period(14);
    let mut study = Study::new(X, StudySource::Candles(Interval::M1), Ema::new(length));
    let mut rsi = Study::new(X, StudySource::Candles(Interval::M1), Rsi::new(length));
    let trades = [
        trade(1, 0, 100, 1),
        trade(2, 20 * MINUTE, 777, 1),
        trade(3, 21 * MINUTE, 5_000, 1),
    ];
    for trade in &trades {
        study.record(trade).expect("in order");
        rsi.record(trade).expect("in order");
    }
    let now = 2 * 365 * DAY;
    study.advance(at(now));
    rsi.advance(at(now));
    let (mut plain, mut plain_rsi) = (Ema::new(length), Rsi::new(length));
    for minute in 0..now / MINUTE {
        let close = match minute {
            0..20 => 100,
            20 => 777,
            _ => 5_000,
        };
        plain.price(Price::new(close));
        plain_rsi.price(Price::new(close));
    }
    assert_eq!(study.indicator(), &plain);
    assert_eq!(rsi.indicator(), &plain_rsi);
}

#[test]
fn images_that_no_indicator_has_are_refused() {
    let mut sma = Sma::new(period(2)).image();
    sma.closes = vec![Price::new(1); 3];
    assert!(Sma::restore(sma.clone()).is_err());
    let mut bollinger = Bollinger::new(period(2), 200).expect("not too wide").image();
    bollinger.closes = sma;
    assert!(Bollinger::restore(bollinger.clone()).is_err());
    bollinger.closes.closes.clear();
    bollinger.width = Bollinger::WIDTH_MAX + 1;
    assert!(Bollinger::restore(bollinger).is_err());
    let mut ema = Ema::new(period(2)).image();
    ema.begun = 3;
    assert!(Ema::restore(ema).is_err());
    let mut rsi = Rsi::new(period(2));
    rsi.price(Price::new(5));
    rsi.price(Price::new(6));
    let mut image = rsi.image();
    std::mem::swap(&mut image.gains, &mut image.losses);
    assert!(Rsi::restore(image).is_ok(), "it fell instead");
    image.gains = image.losses;
    assert!(Rsi::restore(image).is_ok());
    assert_eq!(Period::new(0), None);
    assert_eq!(Period::new(Period::MAX + 1), None);
}
