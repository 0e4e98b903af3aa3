//! Indicators over the minutes of a market, from its trades, exact and without a float.

use std::error::Error;

use engine_core::data::indicators::{Bollinger, Ema, Indicator, Period, Rsi, Study, StudySource};
use engine_core::data::{Interval, Trade, TradeFeed};
use engine_core::{InstrumentId, Price, Qty, Seq, Side, Timestamp};
use rust_decimal::Decimal;

/// The last price of each minute, in ticks of 0.01.
const CLOSES: [i64; 12] = [
    10_000, 10_010, 10_005, 10_020, 10_040, 10_030, 10_025, 10_050, 10_060, 10_045, 10_070, 10_080,
];

fn main() -> Result<(), Box<dyn Error>> {
    let (instrument, minutes) = (InstrumentId::new(0), StudySource::Candles(Interval::M1));
    let period = Period::new(5).ok_or("five is a period")?;
    let mut ema = Study::new(instrument, minutes, Ema::new(period));
    let mut rsi = Study::new(instrument, minutes, Rsi::new(period));
    let bands = Bollinger::new(period, 200).ok_or("two deviations are not too many")?;
    let mut bands = Study::new(instrument, minutes, bands);

    let minute = |number: u64| Timestamp::from_nanos(number * Interval::M1.as_nanos());
    for (number, close) in (1..).zip(CLOSES) {
        let trade = Trade {
            seq: Seq::new(number),
            index: 0,
            time: minute(number),
            price: Price::new(close),
            quantity: Qty::new(1),
            taker_side: Side::Buy,
            taker: None,
        };
        ema.record(&trade)?;
        rsi.record(&trade)?;
        bands.record(&trade)?;
    }
    // The last candle closes by time alone.
    let now = minute(CLOSES.len() as u64 + 1);
    ema.advance(now);
    rsi.advance(now);
    bands.advance(now);

    let tick = Decimal::new(1, 2);
    let (ema, rsi) = (
        ema.indicator().value().ok_or("no EMA")?,
        rsi.indicator().value().ok_or("no RSI")?,
    );
    let bands = bands.indicator().value().ok_or("no bands")?;
    let rounded = |ticks: engine_core::data::Ratio| ticks.times(tick).and_then(|price| price.rounded(4));
    println!("EMA {}", rounded(ema.ratio()).ok_or("too large")?);
    println!("RSI {}", rsi.ratio().rounded(2).ok_or("too large")?);
    println!("middle {}", rounded(bands.middle).ok_or("too large")?);
    println!("upper {}", rounded(bands.upper.ratio()).ok_or("too large")?);
    Ok(())
}
