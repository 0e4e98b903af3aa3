//! Whether what the traders say they need is enough, by a ledger that counts everything against them.

use std::collections::BTreeMap;

use engine_core::{AccountId, Command, Event, OrderId, OrderKind, Price, Qty, Side};
use engine_traders::Need;
use rust_decimal::Decimal;

use crate::simulation::{HOUR, Simulation, later};

/// What somebody has, in lots and in ticks times lots; what open orders could take is held.
#[derive(Debug)]
struct Purse {
    base: i128,
    /// In millionths of a tick times a lot, because of the fees.
    quote: i128,
    least_base: i128,
    least_quote: i128,
}

struct Order {
    account: AccountId,
    side: Side,
    price: Price,
    remaining: Qty,
}

struct Ledger {
    purses: BTreeMap<AccountId, Purse>,
    orders: BTreeMap<OrderId, Order>,
}

const MILLION: i128 = 1_000_000;
/// Makers pay 200 and takers 500 millionths; everybody is charged what takers are, always rounded up.
const FEE_PPM: i128 = 500;

impl Ledger {
    fn new(needs: &[Need], tick: Decimal, lot: Decimal) -> Self {
        let whole = |value: Decimal| -> i128 { value.trunc().mantissa() };
        let purses = needs.iter().map(|need| {
            let base = whole(need.base / lot);
            let quote = whole(need.quote / (tick * lot)) * MILLION;
            let purse = Purse {
                base,
                quote,
                least_base: base,
                least_quote: quote,
            };
            (need.account, purse)
        });
        Self {
            purses: purses.collect(),
            orders: BTreeMap::new(),
        }
    }

    fn observe(&mut self, event: &Event) {
        match *event {
            Event::Accepted {
                order,
                account: Some(account),
                side,
                price: Some(price),
                quantity,
                ..
            } => {
                let remaining = quantity;
                self.orders.insert(
                    order,
                    Order {
                        account,
                        side,
                        price,
                        remaining,
                    },
                );
            }
            Event::Amended {
                order,
                price: Some(price),
                quantity,
                ..
            } => {
                if let Some(open) = self.orders.get_mut(&order) {
                    // Counted as if nothing had been filled: more than is held.
                    (open.price, open.remaining) = (price, quantity);
                }
            }
            Event::Cancelled { order, .. } => drop(self.orders.remove(&order)),
            Event::Traded {
                maker,
                maker_account,
                taker,
                taker_account,
                taker_side,
                price,
                quantity,
                ..
            } => {
                self.settle(maker, maker_account, taker_side.opposite(), price, quantity);
                self.settle(taker, taker_account, taker_side, price, quantity);
            }
            _ => {}
        }
    }

    fn settle(
        &mut self,
        order: OrderId,
        account: Option<AccountId>,
        side: Side,
        price: Price,
        quantity: Qty,
    ) {
        let account = account.expect("only the crowd trades");
        let purse = self
            .purses
            .get_mut(&account)
            .expect("every account said what it needs");
        let value = price.notional(quantity).units();
        let lots = i128::from(quantity.lots());
        let (base, quote) = if side == Side::Buy {
            (lots, -value)
        } else {
            (-lots, value)
        };
        purse.base += base;
        purse.quote += quote * MILLION - value * FEE_PPM;
        if let Some(open) = self.orders.get_mut(&order) {
            open.remaining = open.remaining.saturating_sub(quantity);
            if open.remaining.is_zero() {
                self.orders.remove(&order);
            }
        }
    }

    /// Nobody's open orders could take more than there is.
    fn check(&mut self) {
        for (account, purse) in &mut self.purses {
            let mut held = (0, 0);
            for order in self.orders.values().filter(|order| order.account == *account) {
                match order.side {
                    Side::Buy => {
                        held.1 += order.price.notional(order.remaining).units() * (MILLION + FEE_PPM);
                    }
                    Side::Sell => held.0 += i128::from(order.remaining.lots()),
                }
            }
            let (base, quote) = (purse.base - held.0, purse.quote - held.1);
            assert!(
                base >= 0 && quote >= 0,
                "account {account} has run out: {purse:?}, held {held:?}"
            );
            purse.least_base = purse.least_base.min(base);
            purse.least_quote = purse.least_quote.min(quote);
        }
    }
}

#[test]
fn funds_are_never_out() {
    for instrument in 0..3 {
        let mut simulation = Simulation::new(instrument, 4, 8);
        let needs = simulation.crowd.needs(1);
        let spec = simulation
            .exchange
            .engine
            .spec(simulation.instrument)
            .expect("it is listed");
        let mut ledger = Ledger::new(&needs, spec.terms().tick, spec.terms().lot);
        let mut count = 0_u64;
        simulation.run(later(24 * HOUR), |step| {
            for event in &step.exchange.events {
                ledger.observe(event);
            }
            count += 1;
            if count.is_multiple_of(64)
                || matches!(step.command, Command::Place(place) if place.kind == OrderKind::Market)
            {
                ledger.check();
            }
        });
        for purse in ledger.purses.values() {
            assert!(purse.least_base > 0 && purse.least_quote > 0, "{purse:?}");
        }
    }
}

#[test]
fn inventories_stay_within_their_bounds() {
    let mut simulation = Simulation::new(0, 10, 8);
    let usual = i128::from(simulation.setting.quantity.lots());
    let mut positions: BTreeMap<AccountId, i128> = BTreeMap::new();
    let mut most: BTreeMap<u64, i128> = BTreeMap::new();
    simulation.run(later(24 * HOUR), |step| {
        for event in &step.exchange.events {
            let Event::Traded {
                maker_account,
                taker_account,
                taker_side,
                quantity,
                ..
            } = *event
            else {
                continue;
            };
            let lots = i128::from(quantity.lots());
            let bought = if taker_side == Side::Buy { lots } else { -lots };
            for (account, change) in [(taker_account, bought), (maker_account, -bought)] {
                let account = account.expect("only the crowd trades");
                let position = positions.entry(account).or_default();
                *position += change;
                let most = most.entry(account.get()).or_default();
                *most = (*most).max(position.abs());
            }
        }
    });
    for (account, most) in most {
        let bound = [2_000, 2_000, 100, 100, 100, 30][account as usize - 1];
        assert!(most <= bound * usual, "account {account} had {most}");
        assert!(most >= 5 * usual, "account {account} hardly traded: {most}");
    }
}
