//! Trades for reasons of its own.

use engine_core::{Command, Price, Qty, Side};

use crate::own::OpenOrder;
use crate::random::Random;
use crate::strategy::Strategy;
use crate::view::View;

/// Enters small limit orders near the best prices, takes some back, and now and then takes what is there.
///
/// It forgets why it owns what it owns, and rather gets rid of it the more that is.
#[derive(Clone, Debug)]
pub struct Noise {
    /// How many orders it leaves in the book.
    pub orders_max: u16,
    /// In how many of a hundred turns it takes.
    pub take_percent: u8,
    /// How far behind the best price its orders are at most, in ticks.
    pub distance_max: u32,
    /// The most that it will own or owe, in lots.
    pub inventory_max: Qty,
}

impl Strategy for Noise {
    fn decide(&mut self, view: &View<'_>, random: &mut Random) -> Option<Command> {
        let settled = || view.own.iter().filter(|open| !open.is_waiting());
        if view.own.len() >= usize::from(self.orders_max) {
            return settled().next().and_then(|open| view.cancel(open));
        }
        let roll = random.below(100);
        let take = u64::from(self.take_percent);
        let side = self.side(view, random)?;
        if roll < take {
            return self.take(view, side, random);
        }
        // It takes back two for every three that it enters; the others trade or are too many one day.
        let chosen = random.below(settled().count() as u64);
        let old = settled().nth(chosen as usize);
        if let Some(old) = old.filter(|_| roll < take + (100 - take) * 2 / 5) {
            return view.cancel(old);
        }
        Some(self.rest(view, side, random))
    }

    fn exposure_max(&self) -> Qty {
        self.inventory_max
    }
}

impl Noise {
    /// Which way: as likely as not, less likely what would fill the inventory. `None` if all sides are full.
    fn side(&self, view: &View<'_>, random: &mut Random) -> Option<Side> {
        let most = self.inventory_max.lots().max(1) as i64;
        let fullness = i128::from(view.position) * 40 / i128::from(most);
        let buys = (50 - fullness).clamp(10, 90) as u64;
        let side = if random.percent(buys) {
            Side::Buy
        } else {
            Side::Sell
        };
        [side, side.opposite()]
            .into_iter()
            .find(|side| self.has_room(view, *side))
    }

    /// Whether another order of this side stays within the bound, even if all of them trade.
    fn has_room(&self, view: &View<'_>, side: Side) -> bool {
        let open = view.own.iter().filter(|open| open.side == side);
        let open: i128 = open
            .map(|open: &OpenOrder| i128::from(open.remaining.lots()))
            .sum();
        let position = i128::from(view.position);
        let towards = if side == Side::Buy { position } else { -position };
        let next = i128::from(view.setting.quantity_percent(SIZE_PERCENT_MAX).lots());
        towards + open + next <= i128::from(self.inventory_max.lots())
    }

    fn take(&self, view: &View<'_>, side: Side, random: &mut Random) -> Option<Command> {
        let quantity = size(view, random);
        let opposite = view.top.best(side.opposite())?;
        Some(match random.below(3) {
            0 => view.take_at_any_price(side, quantity),
            _ => view.take(side, opposite, quantity),
        })
    }

    /// Enters an order behind the best price of its side, or a tick before it, where there is one to spare.
    fn rest(&self, view: &View<'_>, side: Side, random: &mut Random) -> Command {
        let better = if side == Side::Buy { 1 } else { -1 };
        let best = view.top.best(side).unwrap_or(view.fair).ticks();
        // Half of the orders are within a sixteenth of the greatest distance.
        let spread = u64::from(self.distance_max) >> random.below(5);
        let distance = random.below(spread + 1) as i64;
        let wanted = if random.percent(10) {
            best + better
        } else {
            best - better * distance
        };
        let free = view
            .top
            .best(side.opposite())
            .map(|opposite| opposite.ticks() - better);
        let ticks = match (free, side) {
            (Some(free), Side::Buy) => wanted.min(free),
            (Some(free), Side::Sell) => wanted.max(free),
            (None, _) => wanted,
        };
        view.quote(side, Price::new(ticks.max(1)), size(view, random))
    }
}

const SIZE_PERCENT_MAX: u64 = 400;

/// Many small orders and few large ones.
fn size(view: &View<'_>, random: &mut Random) -> Qty {
    let most = SIZE_PERCENT_MAX >> random.below(5);
    view.setting.quantity_percent(random.within(10, most))
}

#[cfg(test)]
mod tests {
    use engine_core::{AccountId, InstrumentId, Timestamp};

    use super::*;
    use crate::setting::demo;
    use crate::view::Top;

    #[test]
    fn whoever_is_full_only_trades_the_other_way() {
        let [(spec, setting), ..] = demo();
        let inventory_max = Qty::new(setting.quantity.lots() * 20);
        let mut noise = Noise {
            orders_max: 25,
            take_percent: 30,
            distance_max: 10,
            inventory_max,
        };
        let full = inventory_max.lots() as i64 - setting.quantity.lots() as i64;
        for (position, side) in [(full, Side::Sell), (-full, Side::Buy)] {
            let view = View {
                instrument: InstrumentId::new(0),
                spec: &spec,
                setting: &setting,
                account: AccountId::new(1).expect("it is not 0"),
                now: Timestamp::ZERO,
                top: Top {
                    bid: Some(Price::new(49_999)),
                    ask: Some(Price::new(50_001)),
                },
                fair: Price::new(50_000),
                trades: &[],
                own: &[],
                position,
            };
            let mut random = Random::new(1);
            for _ in 0..1_000 {
                let command = noise
                    .decide(&view, &mut random)
                    .expect("it always does something");
                let Command::Place(place) = command else {
                    panic!("it has nothing to cancel: {command:?}");
                };
                assert_eq!(place.side, side);
            }
        }
    }
}
