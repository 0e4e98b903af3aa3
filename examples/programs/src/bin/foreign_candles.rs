//! Candles from the trades of somebody else's market: no engine and no order book are needed.

use std::error::Error;

use engine_core::data::{Candles, Interval, Trade, TradeFeed};
use engine_core::{InstrumentId, InstrumentSpec, Seq, Side, Timestamp};
use rust_decimal::Decimal;

/// What the other market sent: milliseconds, price, quantity, who took.
const FEED: &str = "\
1682854510123 49900.5 0.5 buy
1682854539000 49950.0 0.25 buy
1682854559999 49870.5 1.0 sell
1682854560000 49871.0 0.1 buy
1682854741500 49860.0 2.0 sell";

fn main() -> Result<(), Box<dyn Error>> {
    let spec = InstrumentSpec::builder("BTC-USD", Decimal::new(5, 1), Decimal::new(1, 8)).build()?;
    let mut candles = Candles::new(InstrumentId::new(0), &[Interval::M1], 1_000);
    for (number, line) in (1..).zip(FEED.lines()) {
        let [millis, price, quantity, side] = line.split(' ').collect::<Vec<_>>()[..] else {
            return Err(format!("line {number} does not have four words").into());
        };
        candles.record(&Trade {
            seq: Seq::new(number),
            index: 0,
            time: Timestamp::from_nanos(millis.parse::<u64>()? * 1_000_000),
            price: spec.price(price.parse()?)?,
            quantity: spec.quantity(quantity.parse()?)?,
            taker_side: if side == "buy" { Side::Buy } else { Side::Sell },
            taker: None,
        })?;
    }
    for candle in candles.newest(Interval::M1, 10) {
        let [open, high, low, close] = [candle.open, candle.high, candle.low, candle.close]
            .map(|price| spec.price_decimal(price).normalize());
        let volume = candle
            .volume
            .decimal(spec.terms().lot)
            .ok_or("more than a decimal holds")?;
        let second = candle.open_time.nanos() / 1_000_000_000;
        println!("{second} open {open} high {high} low {low} close {close} volume {volume}");
    }
    Ok(())
}
