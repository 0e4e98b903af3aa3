//! A number that tells whether two copies of a book are the same where it matters.
//!
//! The algorithm is Kraken's (docs.kraken.com, guides "Book checksum (WebSocket v2)" and "L3 checksum"): the
//! best ten asks from the lowest price up, then the best ten bids from the highest price down; of each the
//! price and the quantity as they are written with all decimal places of the instrument, without the point and
//! without leading zeros; all in one line, of which the CRC-32 is taken.

use std::fmt::Write;

use super::depth::{Depth, DepthLevel};
use crate::spec::InstrumentSpec;
use crate::types::{Price, Qty, Side};

/// How many levels of each side count.
const LEVELS: usize = 10;

/// How an instrument's prices and quantities are written in a checksum: a decimal without its point is the
/// number of ticks (lots) times the digits of one tick (lot).
///
/// ```
/// use engine_core::InstrumentSpec;
/// use engine_core::data::ChecksumUnits;
/// use rust_decimal::Decimal;
///
/// let spec = InstrumentSpec::builder("BTC-USD", Decimal::new(1, 1), Decimal::new(1, 8)).build()?;
/// let empty = ChecksumUnits::of(&spec).checksum([], []);
/// assert_eq!(empty, 0);
/// # Ok::<(), engine_core::SpecError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChecksumUnits {
    tick: i128,
    lot: i128,
}

impl ChecksumUnits {
    /// How this instrument's numbers are written.
    pub fn of(spec: &InstrumentSpec) -> Self {
        let terms = spec.terms();
        Self {
            tick: terms.tick.mantissa(),
            lot: terms.lot.mantissa(),
        }
    }

    /// The checksum of a book whose best levels are these, best first. Ten of each side count.
    pub fn checksum(
        self,
        asks: impl IntoIterator<Item = DepthLevel>,
        bids: impl IntoIterator<Item = DepthLevel>,
    ) -> u32 {
        let mut crc = Crc32::new();
        let levels = asks.into_iter().take(LEVELS).chain(bids.into_iter().take(LEVELS));
        for level in levels {
            self.write(&mut crc, level.price, level.quantity);
        }
        crc.value()
    }

    /// The checksum over the single orders of the best ten levels of each side, in priority order.
    pub fn order_checksum(self, depth: Depth<'_>) -> u32 {
        let mut crc = Crc32::new();
        for side in [Side::Sell, Side::Buy] {
            let last = depth.levels(side).take(LEVELS).last();
            let counts = |price: Price| last.is_some_and(|last| !last.price.is_better(price, side));
            for order in depth.orders(side).take_while(|order| counts(order.price)) {
                self.write(&mut crc, order.price, order.quantity);
            }
        }
        crc.value()
    }

    /// Writes the digits of a price and of a quantity. Zero has no digit that is not a leading zero.
    fn write(self, crc: &mut Crc32, price: Price, quantity: Qty) {
        // A spec's units leave room for every price and every quantity.
        let numbers = [
            i128::from(price.ticks()).saturating_mul(self.tick),
            i128::from(quantity.lots()).saturating_mul(self.lot),
        ];
        for number in numbers.into_iter().filter(|number| *number != 0) {
            write!(crc, "{number}").expect("a checksum takes everything");
        }
    }
}

/// CRC-32 as in zip, PNG and Ethernet (ISO/IEC 8802-3, reflected).
struct Crc32(u32);

/// What each value of a byte does to the remainder.
const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut remainder = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            remainder = if remainder & 1 == 1 {
                remainder >> 1 ^ 0xEDB8_8320
            } else {
                remainder >> 1
            };
            bit += 1;
        }
        table[byte] = remainder;
        byte += 1;
    }
    table
};

impl Crc32 {
    fn new() -> Self {
        Self(!0)
    }

    fn value(&self) -> u32 {
        !self.0
    }
}

impl Write for Crc32 {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        for byte in text.bytes() {
            self.0 = self.0 >> 8 ^ TABLE[usize::from(self.0 as u8 ^ byte)];
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;

    use super::*;
    use crate::data::{Projection, Projections, ProjectionsConfig};
    use crate::event::{Event, EventBatch};
    use crate::types::{InstrumentId, OrderId, Seq, Timestamp};

    fn units(tick_places: u32) -> ChecksumUnits {
        let spec = InstrumentSpec::builder("A-B", Decimal::new(1, tick_places), Decimal::new(1, 8)).build();
        ChecksumUnits::of(&spec.expect("a plain spec"))
    }

    fn levels(numbers: &[(i64, u64)]) -> impl Iterator<Item = DepthLevel> {
        numbers.iter().map(|(price, quantity)| DepthLevel {
            price: Price::new(*price),
            quantity: Qty::new(*quantity),
        })
    }

    /// The CRC catalogue's check value.
    #[test]
    fn the_crc_is_the_one_of_zip() {
        let mut crc = Crc32::new();
        crc.write_str("123456789").expect("it takes everything");
        assert_eq!(crc.value(), 0xCBF4_3926);
    }

    /// The worked example of Kraken's guide for WebSocket v2: BTC/USD, checksum 3310070434.
    #[test]
    fn the_example_of_the_second_guide_comes_out() {
        let asks = [
            (452_852, 100_000),
            (452_864, 154_571_953),
            (452_866, 154_571_109),
            (452_896, 154_560_911),
            (452_902, 15_890_660),
            (452_918, 154_553_491),
            (452_947, 4_454_749),
            (452_961, 35_380_000),
            (452_975, 9_945_542),
            (452_995, 18_772_827),
            (453_000, 1),
        ];
        let bids = [
            (452_835, 10_000_000),
            (452_834, 154_582_015),
            (452_821, 10_000_000),
            (452_810, 10_000_000),
            (452_803, 154_592_586),
            (452_790, 7_990_000),
            (452_776, 3_310_103),
            (452_775, 30_000_000),
            (452_773, 154_602_737),
            (452_766, 15_445_238),
            (452_700, 1),
        ];
        assert_eq!(units(1).checksum(levels(&asks), levels(&bids)), 3_310_070_434);
    }

    /// The worked example of Kraken's guide for WebSocket v1: checksum 974947235. Prices below one, so leading
    /// zeros count.
    #[test]
    fn the_example_of_the_first_guide_comes_out() {
        let asks: Vec<(i64, u64)> = (0..10).map(|at| (5_005 + 5 * at, 500)).collect();
        let bids: Vec<(i64, u64)> = [
            5_000, 4_995, 4_990, 4_980, 4_975, 4_970, 4_965, 4_960, 4_955, 4_950,
        ]
        .map(|price| (price, 500))
        .into();
        assert_eq!(units(5).checksum(levels(&asks), levels(&bids)), 974_947_235);
    }

    const GUIDE_ASKS: [(i64, u64); 14] = [
        (449_395, 452_308_393),
        (449_395, 111_261),
        (449_395, 100_000),
        (449_395, 1_000_000),
        (449_500, 10_334_926),
        (449_530, 64_537),
        (449_550, 250_000),
        (449_596, 35_630_000),
        (449_596, 35_630_000),
        (449_601, 338_072),
        (449_602, 88_967_575),
        (449_670, 314_392_283),
        (449_785, 6_778_960),
        (449_792, 35_630_000),
    ];
    const GUIDE_BIDS: [(i64, u64); 21] = [
        (449_394, 88_968_699),
        (449_394, 45_210_000),
        (449_394, 10_000_000),
        (449_394, 14_296_323),
        (449_394, 25_000_000),
        (449_394, 10_292_988),
        (449_394, 33_880_000),
        (449_394, 128_140_860),
        (449_371, 3_346_877),
        (449_347, 35_630_000),
        (449_302, 22_734_299),
        (449_302, 1_000_000),
        (449_302, 5_550_000),
        (449_302, 70_000_000),
        (449_302, 15_000_000),
        (449_280, 105_240),
        (449_196, 33_870_000),
        (449_195, 7_610_000),
        (449_120, 35_630_000),
        (449_097, 6_690_000),
        (449_019, 88_982),
    ];

    /// The worked example of Kraken's guide for level 3: checksum 1063832831. Several orders at a price.
    #[test]
    fn the_example_of_the_guide_for_orders_comes_out() {
        let instrument = InstrumentId::new(0);
        let shown = |number: usize, side, (price, quantity): (i64, u64)| Event::Rested {
            instrument,
            order: OrderId::new(number as u64),
            side,
            price: Price::new(price),
            displayed: Qty::new(quantity),
        };
        let mut events: Vec<Event> = GUIDE_ASKS
            .iter()
            .map(|level| (Side::Sell, *level))
            .chain(GUIDE_BIDS.iter().map(|level| (Side::Buy, *level)))
            .chain([(Side::Sell, (449_800, 7)), (Side::Buy, (449_000, 7))])
            .enumerate()
            .map(|(number, (side, level))| shown(number, side, level))
            .collect();
        events.insert(0, Event::Listed { instrument });
        let config = ProjectionsConfig {
            depth_changes_max: Some(0),
            ..ProjectionsConfig::OFF
        };
        let mut projections = Projections::new(config);
        let batch = EventBatch {
            seq: Seq::new(1),
            time: Timestamp::ZERO,
            events: &events,
        };
        projections.apply(&batch).expect("the batch is the first one");
        let depth = projections.depth(instrument).expect("it is listed");
        assert_eq!(units(1).order_checksum(depth), 1_063_832_831);
    }

    #[test]
    fn a_tick_of_several_digits_is_written_out() {
        let tick = Decimal::new(25, 2);
        let spec = InstrumentSpec::builder("A-B", tick, Decimal::from(10))
            .build()
            .expect("a plain spec");
        let mut crc = Crc32::new();
        ChecksumUnits::of(&spec).write(&mut crc, Price::new(401), Qty::new(3));
        let mut written = Crc32::new();
        // 401 × 0.25 = 100.25 and 3 × 10 = 30.
        written.write_str("1002530").expect("it takes everything");
        assert_eq!(crc.value(), written.value());
    }
}
