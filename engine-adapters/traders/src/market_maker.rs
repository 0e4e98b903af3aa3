//! Quotes on both sides of a fair price, all the time.

use engine_core::{Command, Price, Qty, Side};

use crate::own::OpenOrder;
use crate::random::Random;
use crate::strategy::Strategy;
use crate::view::View;

/// With a full inventory the quotes are this far from where they would be without, in millionths of the price: so
/// whoever filled it moved the market, and everybody else is invited to empty it.
const SKEW_PPM_MAX: i64 = 20_000;

/// Quotes several levels on both sides of the fair price and follows it, one command at a time.
///
/// Its prices lean against its inventory. A side is no longer quoted once the inventory has reached its bound there.
/// What can be bought below or sold above its own prices, it takes.
#[derive(Clone, Debug)]
pub struct MarketMaker {
    /// How many orders it keeps on each side.
    pub levels: u8,
    /// From the fair price to its best quotes, in ticks.
    pub half_spread: i64,
    /// From one of its quotes to the next, in ticks.
    pub gap: i64,
    /// The most that it will own or owe, in lots; its open orders may exceed it by themselves.
    pub inventory_max: Qty,
}

impl Strategy for MarketMaker {
    fn decide(&mut self, view: &View<'_>, random: &mut Random) -> Option<Command> {
        let sides = Side::BOTH.map(|side| Ladder::new(self, view, side));
        let mut ladders = sides.iter();
        ladders
            .clone()
            .find_map(|ladder| ladder.leave_danger())
            .or_else(|| ladders.clone().find_map(|ladder| ladder.take_bargain()))
            .or_else(|| ladders.clone().find_map(|ladder| ladder.fill_up(random)))
            .or_else(|| ladders.clone().find_map(Ladder::tighten))
            .or_else(|| ladders.find_map(|ladder| ladder.renew(random)))
    }

    fn exposure_max(&self) -> Qty {
        // Every level holds at most `SIZE_PERCENT_MAX` of a usual order; the caller's bound is far above all of them.
        self.inventory_max
            .checked_add(self.inventory_max)
            .unwrap_or(Qty::MAX)
    }
}

impl MarketMaker {
    /// How far its inventory pushes its prices down, in ticks.
    fn skew(&self, view: &View<'_>) -> i64 {
        let most = i128::from(view.setting.price.ticks()) * i128::from(SKEW_PPM_MAX) / 1_000_000;
        let share = i128::from(view.position) * most;
        (share / i128::from(self.inventory_max.lots().max(1))).clamp(-most, most) as i64
    }

    /// Whether it may buy (or sell) more.
    fn has_room(&self, view: &View<'_>, side: Side) -> bool {
        let towards = match side {
            Side::Buy => view.position,
            Side::Sell => -view.position,
        };
        towards < self.inventory_max.lots() as i64
    }
}

/// One side of a market maker's quotes: where they should be, and where they are.
struct Ladder<'a> {
    maker: &'a MarketMaker,
    view: &'a View<'a>,
    side: Side,
    /// +1 for bids, -1 for asks: what makes a price better.
    better: i64,
    /// The best price that it would give.
    best: i64,
    /// `best`, or the best one that does not trade with what is displayed.
    touch: i64,
    has_room: bool,
}

impl<'a> Ladder<'a> {
    fn new(maker: &'a MarketMaker, view: &'a View<'a>, side: Side) -> Self {
        let better = if side == Side::Buy { 1 } else { -1 };
        let best = view.fair.ticks() - maker.skew(view) - better * maker.half_spread;
        let touch = match view.top.best(side.opposite()) {
            Some(opposite) => worse(best, opposite.ticks() - better, better),
            None => best,
        };
        Self {
            maker,
            view,
            side,
            better,
            best,
            touch,
            has_room: maker.has_room(view, side),
        }
    }

    /// Moves a quote that is better than it should be, because the fair price has come to it, or one that should not
    /// be there because there is no room for what it would bring.
    fn leave_danger(&self) -> Option<Command> {
        let settled = || self.quotes().filter(|open| !open.is_waiting());
        if !self.has_room {
            return settled().next().and_then(|open| self.view.cancel(open));
        }
        let is_dangerous = |price: i64| (price - self.best) * self.better * 2 > self.maker.gap;
        let (order, _) = settled()
            .filter_map(|open| Some((open, open.price?.ticks())))
            .filter(|(_, price)| is_dangerous(*price))
            .max_by_key(|(_, price)| price * self.better)?;
        let free = (0..=i64::from(self.maker.levels)).find(|level| !self.is_covered(*level));
        let level = free.unwrap_or_else(|| i64::from(self.maker.levels));
        self.view.reprice(order, self.price(level)?)
    }

    /// Takes what somebody else offers for less than it is worth.
    fn take_bargain(&self) -> Option<Command> {
        let opposite = self.view.top.best(self.side.opposite())?;
        let worth = self.best - self.better * 2 * self.maker.gap;
        let is_bargain = (worth - opposite.ticks()) * self.better > 0;
        // Neither from itself nor twice: its own order at this price is a quote of the other side, or on its way.
        let is_own = |open: &OpenOrder| open.price == Some(opposite);
        if !is_bargain || !self.has_room || self.view.own.iter().any(is_own) {
            return None;
        }
        let quantity = self.view.setting.quantity_percent(100);
        Some(self.view.take(self.side, opposite, quantity))
    }

    /// Quotes where a quote is missing.
    fn fill_up(&self, random: &mut Random) -> Option<Command> {
        let count = self.quotes().count();
        if !self.has_room || count >= usize::from(self.maker.levels) {
            return None;
        }
        let level = self.first_free()?;
        let quantity = self.size(level, random);
        Some(self.view.quote(self.side, self.price(level)?, quantity))
    }

    /// Brings the worst quote to a better place that is free.
    fn tighten(&self) -> Option<Command> {
        let price = self.price(self.first_free()?)?;
        let (order, worst) = self
            .quotes()
            .filter(|open| !open.is_waiting())
            .filter_map(|open| Some((open, open.price?.ticks())))
            .min_by_key(|(_, price)| price * self.better)?;
        if (price.ticks() - worst) * self.better * 2 <= self.maker.gap {
            return None;
        }
        self.view.reprice(order, price)
    }

    /// Gives a quote that has mostly traded its size back.
    fn renew(&self, random: &mut Random) -> Option<Command> {
        let least = self.view.setting.quantity_percent(30);
        let order = self
            .quotes()
            .find(|open| !open.is_waiting() && open.remaining < least)?;
        self.view.resize(order, self.size(0, random))
    }

    fn quotes(&self) -> impl Iterator<Item = &'a OpenOrder> {
        let side = self.side;
        self.view.own.iter().filter(move |open| open.side == side)
    }

    fn first_free(&self) -> Option<i64> {
        (0..i64::from(self.maker.levels)).find(|level| !self.is_covered(*level))
    }

    /// Whether a quote is nearer to this level than to the next.
    fn is_covered(&self, level: i64) -> bool {
        let wanted = self.ticks(level);
        self.quotes()
            .filter_map(|open| open.price)
            .any(|price| (price.ticks() - wanted).abs() * 2 <= self.maker.gap)
    }

    fn ticks(&self, level: i64) -> i64 {
        self.touch - self.better * level * self.maker.gap
    }

    /// The price of a level, if a price can be so low.
    fn price(&self, level: i64) -> Option<Price> {
        Some(self.ticks(level)).filter(|ticks| *ticks > 0).map(Price::new)
    }

    /// Deeper levels are larger.
    fn size(&self, level: i64, random: &mut Random) -> Qty {
        let usual = 100 + 40 * level.unsigned_abs();
        let percent = usual * random.within(70, 130) / 100;
        self.view.setting.quantity_percent(percent)
    }
}

/// The worse of two prices.
fn worse(one: i64, other: i64, better: i64) -> i64 {
    if better > 0 {
        one.min(other)
    } else {
        one.max(other)
    }
}
