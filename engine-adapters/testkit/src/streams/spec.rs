//! Instruments for streams.

use engine_core::{Allocation, InstrumentSpec, Phase, Qty, TriggerSource};
use rust_decimal::Decimal;

use super::Writer;

impl Writer {
    pub(super) fn spec(&mut self) -> InstrumentSpec {
        let symbol = format!("S{}", self.listed);
        self.listed += 1;
        let weights = self.weights;
        let mut spec = InstrumentSpec::builder(symbol, Decimal::ONE, Decimal::ONE);
        if self.profile.has_accounts() {
            spec = self.paid(spec);
        }
        let random = &mut self.random;
        if random.percent(weights.band) {
            spec = spec.price_band_bps(random.pick(&[300, 800, 2_000]));
        }
        if random.percent(weights.band) {
            let lasts = random.percent(60).then(|| 1 + random.below(30));
            spec = spec.dynamic_band_bps(random.pick(&[100, 200, 400]), lasts);
        }
        if random.percent(weights.protection) {
            spec = spec.market_protection_bps(random.pick(&[1, 100, 300, 10_000]));
        }
        if random.percent(weights.pro_rata) {
            spec = spec.allocation(Allocation::ProRata {
                top_order: random.percent(50),
                min_lots: Qty::new(random.below(4)),
            });
        }
        if random.percent(15) {
            spec = spec.quantities(Qty::new(1 + random.below(3)), Qty::new(30 + random.below(20)));
        }
        if random.percent(10) {
            spec = spec.min_notional(Decimal::from(random.below(500)));
        }
        if random.percent(20) {
            spec = spec.trigger_source(TriggerSource::Mark);
        }
        if random.percent(15) {
            spec = spec.iceberg_parts_max(1 + random.below(6) as u32);
        }
        if random.percent(15) {
            spec = spec.stops_max(1 + random.below(4) as u32);
        }
        if random.percent(10) {
            spec = spec.initial_phase(random.pick(&[Phase::Auction, Phase::Halted, Phase::Closed]));
        }
        spec.build().expect("every choice is within the limits")
    }
}
