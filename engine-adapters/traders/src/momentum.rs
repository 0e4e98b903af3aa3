//! Runs after the price.

use engine_core::{Command, Price, Qty, Side};

use crate::random::Random;
use crate::strategy::Strategy;
use crate::view::View;

/// Buys what has risen and sells what has fallen, by the last trades, and lets go when it no longer does.
#[derive(Clone, Debug)]
pub struct Momentum {
    /// How many trades it looks at.
    pub trades: u8,
    /// The most that it will own or owe, in lots.
    pub inventory_max: Qty,
}

impl Strategy for Momentum {
    fn decide(&mut self, view: &View<'_>, random: &mut Random) -> Option<Command> {
        if view.own.iter().any(|open| open.is_waiting()) {
            return None;
        }
        let (side, quantity) = match self.trend(view.trades) {
            Some(side) if self.has_room(view, side) => {
                (side, view.setting.quantity_percent(random.within(50, 150)))
            }
            _ if random.percent(30) => let_go(view)?,
            _ => return None,
        };
        let opposite = view.top.best(side.opposite())?;
        Some(view.take(side, opposite, quantity))
    }

    fn exposure_max(&self) -> Qty {
        self.inventory_max
    }
}

impl Momentum {
    /// Where the price goes: the last trade is further from the mean of those before than a usual step between two.
    fn trend(&self, trades: &[Price]) -> Option<Side> {
        let from = trades.len().checked_sub(usize::from(self.trades))?;
        let (last, before) = trades[from..].split_last()?;
        let count = i64::try_from(before.len()).ok().filter(|count| *count >= 2)?;
        // Up to 255 prices of 54 bits fit.
        let mean = before.iter().map(|price| price.ticks()).sum::<i64>() / count;
        let steps: i64 = before
            .windows(2)
            .map(|pair| (pair[1].ticks() - pair[0].ticks()).abs())
            .sum();
        let moved = last.ticks() - mean;
        let is_trend = moved.abs() > 2 * steps / (count - 1);
        is_trend.then_some(if moved > 0 { Side::Buy } else { Side::Sell })
    }

    fn has_room(&self, view: &View<'_>, side: Side) -> bool {
        let towards = if side == Side::Buy {
            view.position
        } else {
            -view.position
        };
        let next = view.setting.quantity_percent(150).lots() as i64;
        towards.saturating_add(next) <= self.inventory_max.lots() as i64
    }
}

/// What gets rid of some of what there is.
fn let_go(view: &View<'_>) -> Option<(Side, Qty)> {
    let side = match view.position {
        0 => return None,
        1.. => Side::Sell,
        _ => Side::Buy,
    };
    let some = view.setting.quantity_percent(100).lots();
    let lots = some
        .min(view.position.unsigned_abs())
        .max(view.setting.quantity_percent(10).lots());
    Some((side, Qty::new(lots)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trend(prices: &[i64]) -> Option<Side> {
        let prices: Vec<Price> = prices.iter().copied().map(Price::new).collect();
        let momentum = Momentum {
            trades: 5,
            inventory_max: Qty::new(10),
        };
        momentum.trend(&prices)
    }

    #[test]
    fn a_trend_is_a_move_beyond_the_usual_steps() {
        assert_eq!(trend(&[100, 101, 100, 101, 110]), Some(Side::Buy));
        assert_eq!(trend(&[100, 101, 100, 101, 90]), Some(Side::Sell));
        assert_eq!(
            trend(&[100, 110, 100, 110, 115]),
            None,
            "it has always moved so much"
        );
        assert_eq!(trend(&[100, 100, 100, 100, 100]), None);
    }

    #[test]
    fn only_the_last_trades_count_and_too_few_say_nothing() {
        assert_eq!(trend(&[100, 101, 100, 110]), None);
        assert_eq!(trend(&[1, 900, 100, 101, 100, 101, 110]), Some(Side::Buy));
    }
}
