//! What the spec says about plain orders, in a form that takes a comparison each.

use crate::spec::{Allocation, InstrumentSpec};
use crate::types::{Price, Qty};

/// The limits within which a plain order is admitted without looking at the spec. An order outside of them may still be
/// admitted, or else the spec says what is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    min_lots: u64,
    /// The greatest quantity less the least; the latter is never zero.
    lots_span: u64,
    min_price: Price,
    max_price: Price,
    /// Whether nothing else limits an order's price and quantity.
    are_all: bool,
    /// Whether plain orders trade with each other by nothing but price and time.
    trade_plainly: bool,
}

impl Bounds {
    pub(super) fn of(spec: &InstrumentSpec) -> Self {
        let terms = spec.terms();
        Self {
            min_lots: terms.min_quantity.lots(),
            lots_span: terms.max_quantity.lots() - terms.min_quantity.lots(),
            min_price: terms.min_price,
            max_price: terms.max_price,
            are_all: terms.price_band_bps.is_none() && spec.min_notional().units() == 0,
            trade_plainly: terms.allocation == Allocation::PriceTime && terms.dynamic_band_bps.is_none(),
        }
    }

    /// Whether an order of this quantity and price is within all limits.
    #[inline]
    pub(super) fn cover(&self, quantity: Qty, price: Price) -> bool {
        self.are_all
            && quantity.lots().wrapping_sub(self.min_lots) <= self.lots_span
            && self.min_price <= price
            && price <= self.max_price
    }

    /// Whether plain orders trade with each other by nothing but price and time.
    #[inline]
    pub(super) fn trade_plainly(&self) -> bool {
        self.trade_plainly
    }
}
