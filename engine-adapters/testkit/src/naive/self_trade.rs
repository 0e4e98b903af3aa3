//! Self-trade prevention: what happens instead of a trade between own orders (5).

use engine_core::{CancelReason, Event, OrderId, Qty, SelfTrade};

use super::NaiveEngine;
use super::order::Form;

impl NaiveEngine {
    /// What the taker's mode says (5.2, 5.3).
    pub(super) fn prevent_self_trade(&mut self, taker: OrderId, maker: OrderId) {
        match self.order(taker).place.self_trade {
            SelfTrade::None => panic!("without prevention they trade"),
            SelfTrade::CancelNewest => self.cancel(taker, CancelReason::SelfTrade),
            SelfTrade::CancelOldest => self.cancel(maker, CancelReason::SelfTrade),
            SelfTrade::CancelBoth => {
                self.cancel(maker, CancelReason::SelfTrade);
                self.cancel(taker, CancelReason::SelfTrade);
            }
            SelfTrade::Decrement => self.decrement(taker, maker),
        }
    }

    /// 5.3. An all-or-none maker that is met is not larger than the taker, so the lesser quantity is all of it.
    fn decrement(&mut self, taker: OrderId, maker: OrderId) {
        let price = self.order(maker).queued_at().expect("a maker is queued");
        let wanted = self.wanted_at(taker, price);
        let lost = wanted.min(self.order(maker).remaining());
        if self.order(maker).remaining() == lost {
            self.cancel(maker, CancelReason::SelfTrade);
        } else {
            self.decrement_maker(maker, lost);
        }
        if self.order(taker).form() == Form::ByQuote {
            self.order_mut(taker).budget -= price.notional(lost).units();
        } else if wanted > lost {
            self.order_mut(taker).total -= lost;
        }
        if wanted == lost {
            self.say_cancelled(taker, lost, CancelReason::SelfTrade);
            self.close(taker);
        } else {
            self.say_decremented(taker, lost, wanted - lost);
        }
    }

    fn decrement_maker(&mut self, maker: OrderId, lost: Qty) {
        self.order_mut(maker).total -= lost;
        let (remaining, shown) = (self.order(maker).remaining(), self.order(maker).shown());
        self.say_decremented(maker, lost, remaining);
        self.reduce_shown(maker, lost.min(shown));
        if !shown.is_zero() {
            self.replenish_if_used_up(maker);
        }
    }

    /// Lowers what an order displays without a trade, and says so if that is anything.
    pub(super) fn reduce_shown(&mut self, id: OrderId, by: Qty) {
        if by.is_zero() {
            return;
        }
        let order = self.order_mut(id);
        order.lower_shown(by);
        let price = order.queued_at().expect("what is displayed is queued");
        let (instrument, side) = (order.instrument(), order.side());
        self.events.push(Event::Reduced {
            instrument,
            order: id,
            side,
            price,
            by,
        });
    }

    fn say_decremented(&mut self, id: OrderId, by: Qty, remaining: Qty) {
        let order = self.order(id);
        let (instrument, account) = (order.instrument(), order.place.account);
        self.events.push(Event::Decremented {
            instrument,
            order: id,
            account,
            by,
            remaining,
        });
    }
}
