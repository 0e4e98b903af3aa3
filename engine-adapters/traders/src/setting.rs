//! What is usual in an instrument: the things that a spec does not say.

use engine_core::{AssetId, InstrumentSpec, Price, Qty};
use rust_decimal::Decimal;

/// What is usual in an instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The price around which it wanders.
    pub price: Price,
    /// The quantity of a usual order.
    pub quantity: Qty,
    /// How far the price moves in a day, in millionths: one standard deviation.
    pub daily_move_ppm: u32,
}

impl Setting {
    /// The setting of an instrument that is worth `price`: usual orders have 200 times the least value, in a round
    /// quantity, and a usual day moves the price by 1.8 %.
    pub fn new(spec: &InstrumentSpec, price: Price) -> Self {
        let ticks = i128::from(price.ticks().max(1));
        let by_value = 200 * spec.min_notional().units() / ticks;
        let by_quantity = 100 * i128::from(spec.terms().min_quantity.lots());
        let most = i128::from(spec.terms().max_quantity.lots() / 10_000).max(1);
        let lots = by_value.max(by_quantity).min(most);
        Self {
            price,
            quantity: Qty::new(round(lots as u64)),
            daily_move_ppm: 18_000,
        }
    }

    /// What quantities are multiples of, so that they look like those of people: a hundredth to a fiftieth of the usual
    /// one, at least a lot.
    pub(crate) fn quantity_step(&self) -> u64 {
        (self.quantity.lots() / 50).max(1)
    }

    /// This percentage of the usual quantity, in whole steps, at least one.
    pub(crate) fn quantity_percent(&self, percent: u64) -> Qty {
        let step = self.quantity_step();
        let lots = u128::from(self.quantity.lots()) * u128::from(percent) / 100;
        let steps = (lots / u128::from(step)).max(1);
        let lots = u64::try_from(steps * u128::from(step)).unwrap_or(u64::MAX);
        Qty::new(lots.min(Qty::MAX.lots()))
    }
}

/// The greatest number with one digit of 1, 2 or 5 and zeros that is not above `lots`, at least 1.
fn round(lots: u64) -> u64 {
    let mut power = 1_u64;
    while power <= lots / 10 {
        power *= 10;
    }
    match lots / power {
        0 | 1 => power,
        2..=4 => 2 * power,
        _ => 5 * power,
    }
}

/// The assets of the [`demo`] instruments; an asset's id is its place.
pub const DEMO_ASSETS: [&str; 5] = ["KRW", "BTC", "ETH", "USD", "AAPL"];

/// The instruments of the demo, with what is usual in them: BTC-KRW, ETH-KRW and AAPL.
pub fn demo() -> [(InstrumentSpec, Setting); 3] {
    let satoshi = Decimal::new(1, 8);
    let won = |amount: i64| Decimal::from(amount);
    let cent = Decimal::new(1, 2);
    let [krw, btc, eth, usd, aapl] = [0, 1, 2, 3, 4].map(AssetId::new);
    let listed = |symbol: &str, (base, quote), tick, lot, min_notional, price| {
        let spec = InstrumentSpec::builder(symbol, tick, lot)
            .assets(base, quote)
            .min_notional(min_notional)
            .price_band_bps(5_000)
            .fees_ppm(200, 500)
            .build()
            .expect("the demo's specs are checked by a test");
        let price = spec.price(price).expect("the demo's prices are whole ticks");
        let setting = Setting::new(&spec, price);
        (spec, setting)
    };
    [
        listed(
            "BTC-KRW",
            (btc, krw),
            won(1_000),
            satoshi,
            won(5_000),
            won(50_000_000),
        ),
        listed(
            "ETH-KRW",
            (eth, krw),
            won(500),
            satoshi,
            won(5_000),
            won(3_500_000),
        ),
        listed(
            "AAPL",
            (aapl, usd),
            cent,
            Decimal::new(1, 4),
            Decimal::ONE,
            Decimal::from(200),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_orders_of_the_demo_are_round() {
        let usual: Vec<String> = demo()
            .iter()
            .map(|(spec, setting)| {
                let quantity = spec.quantity_decimal(setting.quantity);
                format!("{} {quantity} at {}", spec.terms().symbol, setting.price)
            })
            .collect();
        assert_eq!(
            usual,
            ["BTC-KRW 0.02 at 50000", "ETH-KRW 0.2 at 7000", "AAPL 1 at 20000"]
        );
    }

    #[test]
    fn the_smallest_quantity_that_anyone_uses_is_above_the_least_value() {
        for (spec, setting) in demo() {
            let lowest = Price::new(setting.price.ticks() / 2);
            let value = lowest.notional(setting.quantity_percent(10));
            assert!(value >= spec.min_notional(), "{}", spec.terms().symbol);
        }
    }

    #[test]
    fn numbers_are_rounded_down_to_one_two_or_five() {
        let rounded = [0, 1, 3, 5, 9, 10, 19, 20, 57_142, 4_999_999].map(round);
        assert_eq!(rounded, [1, 1, 2, 5, 5, 10, 10, 20, 50_000, 2_000_000]);
    }
}
