//! One account in one instrument: its position, and what its live orders there add up to.

use crate::{Limits, Notional, Price, Qty, Side, Timestamp};

/// What an account has bought and sold of an instrument.
///
/// ```
/// use engine_core::{Notional, Position, Price};
///
/// // 10 bought at 100 and 5 at 103.
/// let position = Position { quantity: 15, cost: Notional::new(1515), realised: Notional::ZERO };
/// assert_eq!(position.unrealised(Price::new(104)), Notional::new(45));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Bought less sold, in lots.
    pub quantity: i64,
    /// What the open quantity cost, in ticks times lots; negative when sold. Its average price is this by the
    /// quantity.
    pub cost: Notional,
    /// What closing has brought so far, without fees, in ticks times lots.
    pub realised: Notional,
}

impl Position {
    /// What closing it at `mark` would bring, in ticks times lots.
    pub fn unrealised(&self, mark: Price) -> Notional {
        let value = i128::from(mark.ticks()) * i128::from(self.quantity);
        Notional::new(value - self.cost.units())
    }
}

/// One account in one instrument, as limits and orders that only reduce see it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Line {
    /// Bought less sold.
    pub(super) quantity: i64,
    /// The number of its [`Extra`] plus one; 0 is none.
    pub(super) extra: u32,
    /// What its live orders add up to.
    pub(super) open: Open,
}

/// What an account's live orders in an instrument add up to; nothing where they are not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Open {
    /// What is left of them, by side.
    pub(super) lots: [u64; 2],
    /// How many there are.
    pub(super) orders: u32,
}

/// The position of one account in one instrument, and what it cost; two of them fit in a cache line.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, align(32))]
pub(super) struct Row {
    /// Bought less sold.
    pub(super) quantity: i64,
    /// What the position cost, or [`APART`].
    cost: i64,
    /// What closing has brought.
    realised: i64,
    /// The number of its [`Extra`] plus one; 0 is none.
    pub(super) extra: u32,
}

const _: () = assert!(size_of::<Row>() == 32);

/// The cost of a row whose costs do not fit in it.
const APART: i64 = i64::MIN;

/// What a position cost and what closing has brought, in ticks times lots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cost {
    pub(super) open: i128,
    pub(super) realised: i128,
}

/// What only some lines have: limits of their own, orders that may only reduce, or a position on margin.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Extra {
    /// The account's own limits.
    pub(super) limits: Option<Limits>,
    /// Live reduce-only orders, by side.
    pub(super) reduce_only: [u32; 2],
    /// On margin, what live orders come to at their worst, by side, in ticks times lots.
    pub(super) exposure: [i128; 2],
    /// The second of engine time in which the last order was accepted, and how many were in it.
    second: u64,
    second_orders: u32,
}

const SECOND_NS: u64 = 1_000_000_000;

impl Extra {
    /// New orders accepted so far in the second of `now`.
    pub(super) fn orders_this_second(&self, now: Timestamp) -> u32 {
        if self.second == now.nanos() / SECOND_NS {
            self.second_orders
        } else {
            0
        }
    }

    /// Takes back how many orders were accepted in the second of `now`.
    pub(super) fn put_back_count(&mut self, now: Timestamp, orders: u32) {
        (self.second, self.second_orders) = (now.nanos() / SECOND_NS, orders);
    }

    /// Counts an order that is accepted.
    pub(super) fn count_order(&mut self, now: Timestamp) {
        let second = now.nanos() / SECOND_NS;
        if second != self.second {
            (self.second, self.second_orders) = (second, 0);
        }
        self.second_orders = self.second_orders.saturating_add(1);
    }
}

impl Line {
    /// Whether the position would still be one that can be counted if all orders of a side traded, with one more.
    #[inline]
    pub(super) fn has_room(&self, side: Side, quantity: Qty) -> bool {
        let open = self.open.lots[side as usize].checked_add(quantity.lots());
        let Some(open) = open.and_then(|open| i64::try_from(open).ok()) else {
            return false;
        };
        match side {
            Side::Buy => self.quantity.checked_add(open).is_some(),
            Side::Sell => (-self.quantity).checked_add(open).is_some(),
        }
    }

    /// The position if all live orders of a side traded, and `more`.
    #[inline]
    pub(super) fn position_with(&self, side: Side, more: u64) -> i128 {
        let signed = match side {
            Side::Buy => i128::from(self.quantity),
            Side::Sell => -i128::from(self.quantity),
        };
        signed + i128::from(self.open.lots[side as usize]) + i128::from(more)
    }

    /// How much of the position is against orders of a side.
    #[inline]
    pub(super) fn against(&self, side: Side) -> u64 {
        match side {
            Side::Buy if self.quantity < 0 => self.quantity.unsigned_abs(),
            Side::Sell if self.quantity > 0 => self.quantity.unsigned_abs(),
            _ => 0,
        }
    }

    /// How much an order of `side` could take off the position beside the live orders of that side.
    #[inline]
    pub(super) fn reducible(&self, side: Side) -> u64 {
        self.against(side).saturating_sub(self.open.lots[side as usize])
    }
}

impl Row {
    /// What its position cost, if that fits in it.
    #[inline]
    pub(super) fn cost(&self) -> Option<Cost> {
        (self.cost != APART).then_some(Cost {
            open: self.cost.into(),
            realised: self.realised.into(),
        })
    }

    /// Notes what its position cost. Says whether that fits in it.
    pub(super) fn set_cost(&mut self, cost: Cost) -> bool {
        let both = i64::try_from(cost.open)
            .ok()
            .zip(i64::try_from(cost.realised).ok());
        let both = both.filter(|(open, _)| *open != APART);
        (self.cost, self.realised) = both.unwrap_or((APART, 0));
        both.is_some()
    }

    /// What says whether it is small.
    #[inline]
    pub(super) fn costs(&self) -> [i64; 2] {
        [self.cost, self.realised]
    }

    /// What several trades do, `signed` lots worth `notional` together, if they are in the direction of the position or
    /// open one. For a row that is small and trades that are worth little.
    #[inline]
    pub(super) fn open(&mut self, signed: i64, notional: i64) -> Option<Position> {
        if self.quantity != 0 && (self.quantity ^ signed) < 0 {
            return None;
        }
        self.quantity += signed;
        self.cost += if signed < 0 { -notional } else { notional };
        Some(self.small_position())
    }

    /// The position in a row that is small.
    #[inline]
    fn small_position(&self) -> Position {
        Position {
            quantity: self.quantity,
            cost: Notional::new(self.cost.into()),
            realised: Notional::new(self.realised.into()),
        }
    }

    /// What [`Self::trade`] does, for a row that is small and a trade that is worth little. Returns the position then.
    ///
    /// Nobody can guess whether a trade opens or closes, so there is no branch on it: k lots of the position are
    /// closed, and what is traded beyond k is opened; k may be zero. With accounts no price is below zero, so a cost
    /// has the sign of its position, and is shared out without it.
    #[inline(always)]
    pub(super) fn trade_small(&mut self, side: Side, price: Price, quantity: Qty) -> Position {
        let (lots, signed) = (quantity.lots() as i64, signed(side, quantity));
        // All ones for a short position: with it a number changes its sign.
        let short = self.quantity >> (i64::BITS - 1);
        let turned = |number: i64| (number ^ short) - short;
        let (open, cost) = (turned(self.quantity), turned(self.cost));
        let against = (self.quantity ^ signed) >> (i64::BITS - 1);
        let closed = lots.min(open) & against;
        let taken = match cost.checked_mul(closed) {
            Some(product) => {
                let whole = (open as u64).max(1);
                let (share, rest) = (product as u64 / whole, product as u64 % whole);
                turned(share as i64 + (i64::from(rest != 0) & !short))
            }
            None => share_large(self.cost, closed, open),
        };
        let closed = turned(closed);
        self.quantity += signed;
        self.cost += price.ticks() * (signed + closed) - taken;
        self.realised += price.ticks() * closed - taken;
        self.small_position()
    }

    /// Changes the position, and what it cost, by a trade and returns what that realised, in ticks times lots.
    ///
    /// Cannot overflow: admission keeps the position within `Qty::MAX`, and its cost is at most that times the
    /// highest price.
    #[inline]
    pub(super) fn trade(&mut self, cost: &mut Cost, side: Side, price: Price, quantity: Qty) -> i128 {
        let (before, signed) = (self.quantity, signed(side, quantity));
        self.quantity += signed;
        if before == 0 || (before > 0) == (signed > 0) {
            cost.open += i128::from(price.ticks()) * i128::from(signed);
            return 0;
        }
        cost.close(before, signed, price)
    }
}

impl Cost {
    /// A trade of `signed` against a position of `before`.
    #[inline]
    fn close(&mut self, before: i64, signed: i64, price: Price) -> i128 {
        let open = before.abs();
        let closed = signed.abs().min(open);
        let taken = if closed == open {
            self.open
        } else {
            share_up(self.open, closed, open)
        };
        let price = i128::from(price.ticks());
        // With the sign of the position.
        let closed = closed * before.signum();
        let realised = price * i128::from(closed) - taken;
        // What goes beyond the position opens another one.
        self.open += price * i128::from(signed + closed) - taken;
        self.realised = self.realised.saturating_add(realised);
        realised
    }

    /// The position of `quantity` that cost this.
    #[inline]
    pub(super) fn position(&self, quantity: i64) -> Position {
        Position {
            quantity,
            cost: Notional::new(self.open),
            realised: Notional::new(self.realised),
        }
    }
}

/// What a trade adds to the position of who is on this side of it.
#[inline]
pub(super) fn signed(side: Side, quantity: Qty) -> i64 {
    let lots = quantity.lots() as i64;
    match side {
        Side::Buy => lots,
        Side::Sell => -lots,
    }
}

/// ⌈`cost` × `part` / `whole`⌉ for 0 < `part` ≤ `whole`, where the product has more than 64 bits.
#[cold]
#[inline(never)]
fn share_large(cost: i64, part: i64, whole: i64) -> i64 {
    // A share of 64 bits has no more.
    share_up(cost.into(), part, whole) as i64
}

/// ⌈`cost` × `part` / `whole`⌉ for 0 < `part` ≤ `whole`.
#[inline]
fn share_up(cost: i128, part: i64, whole: i64) -> i128 {
    let small = i64::try_from(cost)
        .ok()
        .and_then(|cost| cost.checked_neg()?.checked_mul(part));
    if let Some(negated) = small {
        return i128::from(-negated.div_euclid(whole));
    }
    // The quotient times the part is at most the cost, the remainder times the part has 126 bits.
    let (part, whole) = (i128::from(part), i128::from(whole));
    let (each, rest) = (cost.div_euclid(whole), cost.rem_euclid(whole));
    each * part - (-rest * part).div_euclid(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traded(trades: &[(Side, i64, u64)]) -> Position {
        let (mut row, mut cost) = (Row::default(), Cost::default());
        let mut small = Row::default();
        for (side, price, quantity) in trades {
            let (price, quantity) = (Price::new(*price), Qty::new(*quantity));
            row.trade(&mut cost, *side, price, quantity);
            let traded = small.trade_small(*side, price, quantity);
            assert_eq!(traded, cost.position(row.quantity));
            assert_eq!(small.cost(), Some(cost));
        }
        cost.position(row.quantity)
    }

    fn position(quantity: i64, cost: i128, realised: i128) -> Position {
        Position {
            quantity,
            cost: Notional::new(cost),
            realised: Notional::new(realised),
        }
    }

    #[test]
    fn a_position_averages_closes_and_flips_through_zero() {
        use Side::{Buy, Sell};
        let mut trades = vec![(Buy, 100, 10), (Buy, 103, 5)];
        assert_eq!(traded(&trades), position(15, 1515, 0));
        // Closes 15 at 104: 1,560 − 1,515 = 45; then sells 5 more.
        trades.push((Sell, 104, 20));
        assert_eq!(traded(&trades), position(-5, -520, 45));
        // ⌈−520 × 2 / 5⌉ = −208, so 208 − 202 = 6.
        trades.push((Buy, 101, 2));
        assert_eq!(traded(&trades), position(-3, -312, 51));
        // 312 − 3 × 100 = 12.
        trades.push((Buy, 100, 3));
        assert_eq!(traded(&trades), position(0, 0, 63));
    }

    #[test]
    fn shares_of_a_cost_times_a_quantity_beyond_64_bits_are_exact_on_both_sides() {
        use Side::{Buy, Sell};
        for (open, close) in [(Buy, Sell), (Sell, Buy)] {
            // 2^60 + 3 for 2^20 + 1, of which 12,345 and then the rest are closed.
            traded(&[
                (open, 1 << 40, 1 << 20),
                (open, 3, 1),
                (close, 1 << 40, 12_345),
                (close, (1 << 40) - 1, (1 << 20) + 1 - 12_345),
            ]);
        }
    }

    #[test]
    fn what_rounding_cuts_off_a_profit_comes_back_when_the_position_is_closed() {
        use Side::{Buy, Sell};
        // 3 cost 10. Closing one at 4 takes ⌈10 / 3⌉ = 4 of it, the second ⌈6 / 2⌉ = 3, the last 3.
        let mut trades = vec![(Buy, 3, 2), (Buy, 4, 1), (Sell, 4, 1)];
        assert_eq!(traded(&trades), position(2, 6, 0));
        trades.push((Sell, 4, 1));
        assert_eq!(traded(&trades), position(1, 3, 1));
        trades.push((Sell, 4, 1));
        assert_eq!(traded(&trades), position(0, 0, 2));
    }

    #[test]
    fn shares_of_large_costs_are_exact() {
        let most = i128::from(Price::MAX.ticks()) * i128::from(i64::MAX);
        for cost in [
            most,
            -most,
            10,
            -10,
            i128::from(i64::MIN),
            i128::from(i64::MAX) + 1,
        ] {
            for (part, whole) in [
                (1, 3),
                (2, 3),
                (i64::MAX - 1, i64::MAX),
                (1, i64::MAX),
                (12_345, 99_991),
            ] {
                let up = share_up(cost, part, whole);
                // up × whole − cost × part lies in 0..whole; taken modulo 2^128 it cannot wrap into that by chance.
                let excess = up
                    .wrapping_mul(i128::from(whole))
                    .wrapping_sub(cost.wrapping_mul(i128::from(part)));
                assert!(
                    (0..i128::from(whole)).contains(&excess),
                    "{cost} × {part} / {whole}: {up}"
                );
            }
        }
    }
}
