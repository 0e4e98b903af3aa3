//! The book by itself, for callers who bring their own rules.

use super::ahead::load;
use super::cell::Any;
use super::orders::{NewOrder, OrderIds, Orders, Slot, View};
use super::sides::{Fill, Sides};
use crate::{OrderId, Price, Qty, Side};

/// Resting orders of one instrument, in price-time priority, and nothing else: no matching on entry, no order
/// types, no accounts.
///
/// The book hands out ids, or takes ids that the caller chooses ([`OrderIds`]). With every order it keeps a `D`
/// of the caller's.
///
/// ```
/// use engine_core::{OrderBook, OrderIds, Price, Qty, Side};
///
/// let mut book = OrderBook::<()>::new(OrderIds::Assigned, 1_000);
/// let early = book.insert(Side::Sell, Price::new(101), Qty::new(5), ())?;
/// let late = book.insert(Side::Sell, Price::new(101), Qty::new(7), ())?;
///
/// let fill = book.fill_first(Side::Sell, Qty::new(3)).expect("somebody sells");
/// assert_eq!((fill.maker, fill.price, fill.left), (early, Price::new(101), Qty::new(2)));
///
/// book.remove(early);
/// assert_eq!(book.first(Side::Sell).map(|order| order.id), Some(late));
/// assert!(book.levels(Side::Sell).eq([(Price::new(101), Qty::new(7))]));
/// # Ok::<(), engine_core::InsertError>(())
/// ```
///
/// Invariants: the orders of a side stand best price first, at one price in the order of their arrival; a
/// side's total is the sum of its orders and at most [`Qty::MAX`]; there are at most `orders_max` orders.
pub struct OrderBook<D: Copy + Default = ()> {
    orders: Orders<Any<D>>,
    sides: Sides,
    totals: [Qty; 2],
}

/// One resting order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RestingOrder<D = ()> {
    /// Its id.
    pub id: OrderId,
    /// The side on which it stands.
    pub side: Side,
    /// Its price.
    pub price: Price,
    /// What is left of it.
    pub quantity: Qty,
    /// What the caller keeps with it.
    pub data: D,
}

impl<D> RestingOrder<D> {
    #[inline]
    fn new(order: &View, data: D) -> Self {
        Self {
            id: order.id(),
            side: order.side(),
            price: order.price(),
            quantity: order.quantity(),
            data,
        }
    }
}

/// Why an order cannot be inserted, in the order in which this is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InsertError {
    /// The caller gives an id to a book that hands ids out, or none to one that does not.
    #[error("the ids of this book are {0:?}")]
    WrongIds(OrderIds),
    /// An order with this id is in the book.
    #[error("order id {0} is in use")]
    IdInUse(OrderId),
    /// There is nothing to trade.
    #[error("the quantity is zero")]
    ZeroQuantity,
    /// The price lies outside [`Price::MIN`] to [`Price::MAX`].
    #[error("price {0} is out of range")]
    PriceOutOfRange(Price),
    /// The book has as many orders as it may have.
    #[error("the book is full with {orders_max} orders")]
    Full {
        /// The limit.
        orders_max: u32,
    },
    /// The side would hold more than [`Qty::MAX`].
    #[error("{total} on this side and {quantity} more are too much")]
    SideTotal {
        /// What the side holds.
        total: Qty,
        /// What is too much.
        quantity: Qty,
    },
}

/// Why an order cannot be reduced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReduceError {
    /// No order has this id.
    #[error("there is no order {0}")]
    UnknownId(OrderId),
    /// The order would keep nothing; [`OrderBook::remove`] is for that.
    #[error("an order of {quantity} cannot be reduced by {by}")]
    NothingLeft {
        /// What the order has.
        quantity: Qty,
        /// What it was to lose.
        by: Qty,
    },
}

impl<D: Copy + Default> OrderBook<D> {
    /// An empty book for at most `orders_max` orders.
    ///
    /// With more than some thousand orders in it, it reserves address space for `orders_max` of them.
    pub fn new(ids: OrderIds, orders_max: u32) -> Self {
        Self {
            orders: Orders::new(ids, orders_max),
            sides: Sides::new(),
            totals: [Qty::ZERO; 2],
        }
    }

    /// The number of orders.
    pub fn len(&self) -> usize {
        self.orders.len()
    }

    /// Whether there are no orders.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What all orders of a side hold together.
    pub fn total(&self, side: Side) -> Qty {
        self.totals[side as usize]
    }

    /// Puts an order behind all others of its price and says which id it got.
    ///
    /// # Errors
    /// If the book does not hand out ids, or the order or the book breaks a limit. Nothing has changed then.
    #[inline]
    pub fn insert(
        &mut self,
        side: Side,
        price: Price,
        quantity: Qty,
        data: D,
    ) -> Result<OrderId, InsertError> {
        if self.orders.ids() != OrderIds::Assigned {
            return Err(InsertError::WrongIds(self.orders.ids()));
        }
        let id = OrderId::default();
        let slot = self.insert_new(NewOrder {
            id,
            side,
            price,
            quantity,
            data: Any(data),
        })?;
        Ok(self.orders.id(slot))
    }

    /// Puts an order with this id behind all others of its price.
    ///
    /// # Errors
    /// If the book hands out ids itself, the id is in use, or the order or the book breaks a limit. Nothing has
    /// changed then.
    #[inline]
    pub fn insert_as(
        &mut self,
        id: OrderId,
        side: Side,
        price: Price,
        quantity: Qty,
        data: D,
    ) -> Result<(), InsertError> {
        if self.orders.ids() == OrderIds::Assigned {
            return Err(InsertError::WrongIds(OrderIds::Assigned));
        }
        if self.orders.find(id).is_some() {
            return Err(InsertError::IdInUse(id));
        }
        self.insert_new(NewOrder {
            id,
            side,
            price,
            quantity,
            data: Any(data),
        })
        .map(|_| ())
    }

    fn insert_new(&mut self, order: NewOrder<Any<D>>) -> Result<Slot, InsertError> {
        if order.quantity.is_zero() {
            return Err(InsertError::ZeroQuantity);
        }
        if !order.price.is_valid() {
            return Err(InsertError::PriceOutOfRange(order.price));
        }
        if self.orders.is_full() {
            let orders_max = self.orders.orders_max();
            return Err(InsertError::Full { orders_max });
        }
        let total = self.totals[order.side as usize];
        let Some(sum) = total.checked_add(order.quantity) else {
            let quantity = order.quantity;
            return Err(InsertError::SideTotal { total, quantity });
        };
        self.totals[order.side as usize] = sum;
        Ok(self.sides.rest(&mut self.orders, order))
    }

    /// Takes an order out, wherever it stands.
    #[inline]
    pub fn remove(&mut self, id: OrderId) -> Option<RestingOrder<D>> {
        let slot = self.orders.find(id)?;
        let data = self.orders.data(slot).0;
        let order = self.sides.evict(&mut self.orders, slot);
        self.totals[order.side() as usize] -= order.quantity();
        Some(RestingOrder::new(&order, data))
    }

    /// Takes `by` from an order, which keeps its place. Returns what is left.
    ///
    /// # Errors
    /// If there is no such order, or nothing would be left of it. Nothing has changed then.
    #[inline]
    pub fn reduce(&mut self, id: OrderId, by: Qty) -> Result<Qty, ReduceError> {
        let slot = self.orders.find(id).ok_or(ReduceError::UnknownId(id))?;
        let quantity = self.orders.quantity(slot);
        if by >= quantity {
            return Err(ReduceError::NothingLeft { quantity, by });
        }
        self.sides.reduce(&mut self.orders, slot, by);
        self.totals[self.orders.side(slot) as usize] -= by;
        Ok(quantity - by)
    }

    /// Trades up to `quantity` with the first order of a side, which leaves the book with nothing left of it.
    /// `None` if there is no order, or nothing to trade.
    #[inline]
    pub fn fill_first(&mut self, side: Side, quantity: Qty) -> Option<Fill> {
        if quantity.is_zero() {
            return None;
        }
        let fill = self.sides.fill_first(&mut self.orders, side, quantity)?;
        self.totals[side as usize] -= fill.quantity;
        Some(fill)
    }

    /// Loads the orders that will be looked up next, in one book or in many, and changes nothing.
    ///
    /// Books that do not fit the caches wait for memory several times per order, one load after the other. Asked for up
    /// to 64 orders together, the loads overlap; what is said of more is ignored. In small books it only costs
    /// time. Id 0 stands for a command that names no order.
    #[inline]
    pub fn look_ahead<'a>(named: impl IntoIterator<Item = (&'a Self, OrderId)>)
    where
        D: 'a,
    {
        load(named.into_iter().map(|(book, id)| (&book.orders, id)));
    }

    /// The order with this id.
    #[inline]
    pub fn get(&self, id: OrderId) -> Option<RestingOrder<D>> {
        self.orders.find(id).map(|slot| self.order(slot))
    }

    /// What the caller keeps with an order, to be changed.
    #[inline]
    pub fn data_mut(&mut self, id: OrderId) -> Option<&mut D> {
        let slot = self.orders.find(id)?;
        Some(&mut self.orders.data_mut(slot).0)
    }

    /// The best price of a side.
    #[inline]
    pub fn best(&self, side: Side) -> Option<Price> {
        self.sides.best(side)
    }

    /// The order of a side that stands before all others.
    #[inline]
    pub fn first(&self, side: Side) -> Option<RestingOrder<D>> {
        let slot = self.sides.first_displayed(&self.orders, side)?;
        Some(self.order(slot))
    }

    /// What all orders of one price hold together.
    #[inline]
    pub fn level_quantity(&self, side: Side, price: Price) -> Qty {
        self.sides.level_quantity(side, price)
    }

    /// The prices of a side and what is there, best first.
    pub fn levels(&self, side: Side) -> impl Iterator<Item = (Price, Qty)> {
        self.sides.levels(side)
    }

    /// The orders of a side in the order in which they would trade.
    pub fn orders(&self, side: Side) -> impl Iterator<Item = RestingOrder<D>> {
        let first = self.sides.first_displayed(&self.orders, side);
        let next = |slot: &Slot| self.sides.next_displayed(&self.orders, *slot);
        std::iter::successors(first, next).map(|slot| self.order(slot))
    }

    fn order(&self, slot: Slot) -> RestingOrder<D> {
        RestingOrder::new(&self.orders.view(slot), self.orders.data(slot).0)
    }

    /// Walks everything and panics where an invariant is broken: for tests.
    pub fn check_invariants(&self) {
        self.orders.check_invariants();
        let queued = self.sides.check_invariants(&self.orders);
        assert_eq!(queued, self.len(), "every order stands in a queue");
        for side in Side::BOTH {
            let total = self.levels(side).fold(Qty::ZERO, |sum, level| sum + level.1);
            assert_eq!(total, self.total(side), "the total is the sum of the levels");
        }
    }
}
