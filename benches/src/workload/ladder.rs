use super::command::{Command, Kind};
use engine_core::Side;

/// Prices are ticks in `1..PRICES - 1`; the two ends of the ladder stand for "nothing here".
pub(super) const PRICES: i64 = 65_536;

/// No order.
const NONE: u32 = 0;

/// One order of the flow. Its id is its place in the list of all orders.
#[derive(Clone, Copy)]
pub(super) struct Order {
    pub(super) quantity: u32,
    pub(super) price: i64,
    pub(super) side: Side,
    symbol: u16,
    older: u32,
    newer: u32,
    /// Where the book's list of live orders has it.
    place: u32,
}

#[derive(Clone, Copy)]
struct Level {
    oldest: u32,
    newest: u32,
}

/// One symbol. A price holds bids or asks, never both, so one ladder serves both sides.
struct Book {
    levels: Vec<Level>,
    best: [i64; 2],
    live: Vec<u32>,
}

/// The books that the flow is drawn from: first in, first out at each price, and nothing else.
///
/// It decides what every command trades. It is slow and plain on purpose: it is what the contenders are
/// checked against.
pub(super) struct Ladders {
    orders: Vec<Order>,
    books: Vec<Book>,
    traded: u64,
}

impl Ladders {
    pub(super) fn new(symbols: usize) -> Self {
        let nobody = Order {
            quantity: 0,
            price: 0,
            side: Side::Buy,
            symbol: 0,
            older: NONE,
            newer: NONE,
            place: 0,
        };
        let book = || Book {
            levels: vec![
                Level {
                    oldest: NONE,
                    newest: NONE
                };
                PRICES as usize
            ],
            best: [0, PRICES - 1],
            live: Vec::new(),
        };
        Self {
            orders: vec![nobody],
            books: (0..symbols).map(|_| book()).collect(),
            traded: 0,
        }
    }

    /// The id that the next new order has to take.
    pub(super) fn next_id(&self) -> u64 {
        self.orders.len() as u64
    }

    /// The best price of a side, if any order rests there.
    pub(super) fn best(&self, symbol: u16, side: Side) -> Option<i64> {
        let price = self.books[usize::from(symbol)].best[side as usize];
        (price != empty_end(side)).then_some(price)
    }

    /// The middle between the best prices, rounded down; an empty side counts as the end of the ladder.
    pub(super) fn middle(&self, symbol: u16) -> i64 {
        let [bid, ask] = self.books[usize::from(symbol)].best;
        (bid + ask) / 2
    }

    pub(super) fn live(&self, symbol: u16) -> &[u32] {
        &self.books[usize::from(symbol)].live
    }

    pub(super) fn order(&self, id: u32) -> Order {
        self.orders[id as usize]
    }

    /// The quantities at a price, oldest first.
    pub(super) fn quantities_at(&self, symbol: u16, price: i64) -> impl Iterator<Item = u32> {
        let oldest = self.books[usize::from(symbol)].levels[price as usize].oldest;
        std::iter::successors(Some(oldest), |&id| Some(self.orders[id as usize].newer))
            .take_while(|&id| id != NONE)
            .map(|id| self.orders[id as usize].quantity)
    }

    /// What all commands so far have traded.
    pub(super) fn traded(&self) -> u64 {
        self.traded
    }

    /// Does what a command asks for and returns the quantity that it trades.
    pub(super) fn submit(&mut self, command: &Command) -> u64 {
        let id = command.id as u32;
        match command.kind {
            Kind::Add | Kind::Ioc => return self.enter(command),
            Kind::Cancel => {
                self.unlink(id);
                self.forget(id);
            }
            Kind::Reduce => self.orders[id as usize].quantity = command.quantity,
            Kind::Reprice => {
                self.unlink(id);
                let order = &mut self.orders[id as usize];
                (order.quantity, order.price) = (command.quantity, command.price);
                self.link(id);
            }
        }
        0
    }

    fn enter(&mut self, command: &Command) -> u64 {
        let Command {
            side,
            symbol,
            price,
            quantity,
            ..
        } = *command;
        let id = self.orders.len() as u32;
        assert_eq!(command.id, u64::from(id), "ids of new orders are dense");
        let left = self.take(command);
        self.orders.push(Order {
            quantity: left,
            price,
            side,
            symbol,
            older: NONE,
            newer: NONE,
            place: 0,
        });
        if left > 0 && command.kind == Kind::Add {
            self.link(id);
            let live = &mut self.books[usize::from(symbol)].live;
            self.orders[id as usize].place = live.len() as u32;
            live.push(id);
        }
        u64::from(quantity - left)
    }

    /// Trades with the other side up to the limit and returns what is left.
    fn take(&mut self, command: &Command) -> u32 {
        let mut left = command.quantity;
        while left > 0
            && let Some(price) = self.best(command.symbol, command.side.opposite())
            && crosses(command, price)
        {
            let maker = self.books[usize::from(command.symbol)].levels[price as usize].oldest;
            let filled = left.min(self.orders[maker as usize].quantity);
            left -= filled;
            self.traded += u64::from(filled);
            self.orders[maker as usize].quantity -= filled;
            if self.orders[maker as usize].quantity == 0 {
                self.unlink(maker);
                self.forget(maker);
            }
        }
        left
    }

    /// Puts an order behind all others at its price.
    fn link(&mut self, id: u32) {
        let Order {
            price, side, symbol, ..
        } = self.orders[id as usize];
        let book = &mut self.books[usize::from(symbol)];
        let level = &mut book.levels[price as usize];
        let older = std::mem::replace(&mut level.newest, id);
        if older == NONE {
            level.oldest = id;
        } else {
            self.orders[older as usize].newer = id;
        }
        let order = &mut self.orders[id as usize];
        (order.older, order.newer) = (older, NONE);
        let best = &mut book.best[side as usize];
        *best = match side {
            Side::Buy => price.max(*best),
            Side::Sell => price.min(*best),
        };
    }

    /// Takes an order out of its level, and the best price to the next level if that was the last one.
    fn unlink(&mut self, id: u32) {
        let Order {
            price,
            side,
            symbol,
            older,
            newer,
            ..
        } = self.orders[id as usize];
        let book = &mut self.books[usize::from(symbol)];
        let level = &mut book.levels[price as usize];
        if older == NONE {
            level.oldest = newer;
        } else {
            self.orders[older as usize].newer = newer;
        }
        if newer == NONE {
            level.newest = older;
        } else {
            self.orders[newer as usize].older = older;
        }
        let best = &mut book.best[side as usize];
        let step = if side == Side::Buy { -1 } else { 1 };
        while *best != empty_end(side) && book.levels[*best as usize].oldest == NONE {
            *best += step;
        }
    }

    /// Takes an order out of the list of live ones, whose last takes its place.
    fn forget(&mut self, id: u32) {
        let Order { symbol, place, .. } = self.orders[id as usize];
        let live = &mut self.books[usize::from(symbol)].live;
        live.swap_remove(place as usize);
        if let Some(&moved) = live.get(place as usize) {
            self.orders[moved as usize].place = place;
        }
    }
}

/// The end of the ladder at which a side's best price stands when it is empty.
pub(super) const fn empty_end(side: Side) -> i64 {
    match side {
        Side::Buy => 0,
        Side::Sell => PRICES - 1,
    }
}

fn crosses(taker: &Command, price: i64) -> bool {
    match taker.side {
        Side::Buy => price <= taker.price,
        Side::Sell => price >= taker.price,
    }
}
