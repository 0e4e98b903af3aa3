//! The life of every order, as its owner sees it.

mod state;
mod store;

pub use state::{OrderState, OrderStatus, OrdersImage, OrdersLimits};

use self::state::Details;
use self::store::Store;
use super::feed::{Cursor, Divergence, FeedError, Projection, RestoreError};
use crate::event::{CancelReason, Event, EventBatch, OrderType, RejectReason, Request};
use crate::types::{AccountId, OrderId, Qty, Seq, Timestamp};

/// The states of all orders of an engine: the open ones by account, and the ones that closed last.
///
/// An order is open from the moment it is accepted. When it closes it stays to be asked for until it is handed
/// out ([`pop_closed`](Self::pop_closed), to be archived) or until more than `closed_max` have closed after it;
/// what was not handed out by then is lost, and counted ([`closed_lost`](Self::closed_lost)). An id that is used
/// again after its order closed stands for the new order only.
///
/// A market order by value has no quantity. It is over at the end of the batch that accepted it: `Filled` if
/// something traded, else `Cancelled` with `NoLiquidity`.
///
/// A refused order has a state too, where it had an id that stands for nothing else. What is not said when an
/// order is refused is not known of it.
///
/// ```
/// use engine_core::data::{Orders, OrdersLimits, OrderStatus, Projection};
/// use engine_core::{Event, EventBatch, InstrumentId, OrderId, OrderType, Price, Qty, Seq, Side, Timestamp};
///
/// let accepted = Event::Accepted {
///     instrument: InstrumentId::new(0),
///     order: OrderId::new(1),
///     account: None,
///     side: Side::Buy,
///     order_type: OrderType::Limit,
///     price: Some(Price::new(100)),
///     quantity: Qty::new(5),
/// };
/// let mut orders = Orders::new(OrdersLimits::default());
/// orders.apply(&EventBatch { seq: Seq::new(1), time: Timestamp::ZERO, events: &[accepted] })?;
/// let state = orders.state(OrderId::new(1)).expect("it was accepted");
/// assert_eq!(state.status, OrderStatus::Pending);
/// # Ok::<(), engine_core::data::FeedError>(())
/// ```
#[derive(Debug)]
pub struct Orders {
    pub(super) cursor: Cursor,
    store: Store,
    /// The market order by value that this batch accepted.
    by_value: Option<OrderId>,
}

impl Orders {
    /// No orders yet.
    pub fn new(limits: OrdersLimits) -> Self {
        Self {
            cursor: Cursor::default(),
            store: Store::new(limits),
            by_value: None,
        }
    }

    /// The state of an order that is open or still kept.
    pub fn state(&self, order: OrderId) -> Option<OrderState> {
        self.store.find(order).map(|slot| self.store.state(slot))
    }

    /// The open orders of an account, newest first.
    pub fn open(&self, account: AccountId) -> impl Iterator<Item = OrderState> {
        self.store.open(account).map(|slot| self.store.state(slot))
    }

    /// How many orders are open.
    pub fn open_count(&self) -> usize {
        self.store.open_count()
    }

    /// The closed orders that are kept, the one that closed first first.
    pub fn closed(&self) -> impl Iterator<Item = OrderState> {
        self.store.closed().map(|slot| self.store.state(slot))
    }

    /// Hands out the order that closed first and forgets it.
    pub fn pop_closed(&mut self) -> Option<OrderState> {
        self.store.pop_closed()
    }

    /// How many closed orders were forgotten without having been handed out.
    pub fn closed_lost(&self) -> u64 {
        self.store.closed_lost()
    }

    /// Takes what an event says about an order.
    #[inline]
    pub(super) fn event(&mut self, time: Timestamp, event: &Event) -> Result<(), Divergence> {
        match *event {
            Event::Accepted { order, .. } => {
                self.accept(time, event)?;
                if let Event::Accepted {
                    order_type: OrderType::MarketByQuote,
                    ..
                } = event
                {
                    self.by_value = Some(order);
                }
                Ok(())
            }
            Event::Traded {
                maker,
                taker,
                price,
                quantity,
                ..
            } => {
                self.store.fill(taker, (price, quantity), time)?;
                self.store.fill(maker, (price, quantity), time)
            }
            Event::Cancelled { order, reason, .. } => {
                let status = match reason {
                    CancelReason::Expired => OrderStatus::Expired,
                    reason => OrderStatus::Cancelled(reason),
                };
                self.store.close(order, status, time)
            }
            Event::Rested { order, price, .. } => {
                self.store.rest(order, price);
                Ok(())
            }
            Event::Pulled { .. } | Event::Reduced { .. } | Event::Replenished { .. } => Ok(()),
            _ => self.rare_event(time, event),
        }
    }

    fn rare_event(&mut self, time: Timestamp, event: &Event) -> Result<(), Divergence> {
        match *event {
            Event::Terms {
                order,
                time_in_force,
                trigger,
            } => self.store.amend(order, time, |details, _| {
                details.time_in_force = time_in_force;
                details.trigger = trigger;
            }),
            Event::Named { order, client_id } => {
                self.store.amend(order, time, |details, _| details.client_id = Some(client_id))
            }
            Event::Amended {
                order,
                price,
                quantity,
                ..
            } => self.store.amend(order, time, |details, total| {
                details.price = price;
                *total = quantity;
            }),
            Event::Decremented { order, by, .. } => {
                self.store.amend(order, time, |_, total| *total = total.saturating_sub(by))
            }
            Event::Triggered { order, .. } => {
                self.store.amend(order, time, |details, _| details.is_triggered = true)
            }
            Event::Armed { order, quantity, .. } => {
                self.store.amend(order, time, |_, total| *total = quantity)
            }
            Event::Rejected { .. } => self.reject(time, event),
            _ => Ok(()),
        }
    }

    #[inline]
    fn accept(&mut self, time: Timestamp, event: &Event) -> Result<(), Divergence> {
        let Event::Accepted {
            instrument,
            order,
            account,
            side,
            order_type,
            price,
            quantity,
        } = *event
        else {
            return Ok(());
        };
        let details = Details {
            instrument: Some(instrument),
            side: Some(side),
            order_type: Some(order_type),
            price,
            ..Details::new(account, time)
        };
        self.store.insert(order, details, quantity)
    }

    fn reject(&mut self, time: Timestamp, event: &Event) -> Result<(), Divergence> {
        let Event::Rejected {
            instrument,
            order,
            account,
            request: Request::Place | Request::PlaceLinked,
            reason,
        } = *event
        else {
            return Ok(());
        };
        let is_known = reason == RejectReason::DuplicateOrderId || self.store.find(order).is_some();
        if order == OrderId::default() || is_known {
            return Ok(());
        }
        let details = Details {
            instrument,
            ..Details::new(account, time)
        };
        self.store.insert(order, details, Qty::ZERO)?;
        self.store.close(order, OrderStatus::Rejected(reason), time)
    }

    /// Ends a batch: a market order by value is over.
    #[inline]
    pub(super) fn end_batch(&mut self, time: Timestamp) -> Result<(), Divergence> {
        match self.by_value.take() {
            Some(order) => self.end_by_value(order, time),
            None => Ok(()),
        }
    }

    fn end_by_value(&mut self, order: OrderId, time: Timestamp) -> Result<(), Divergence> {
        let state = self.state(order).filter(|state| !state.status.is_closed());
        let Some(state) = state else { return Ok(()) };
        let status = if state.filled.is_zero() {
            OrderStatus::Cancelled(CancelReason::NoLiquidity)
        } else {
            OrderStatus::Filled
        };
        self.store.close(order, status, time)
    }
}

impl Orders {
    /// The image, as of a cursor that may be ahead of its own: nothing has happened to it since.
    pub(super) fn image_at(&self, cursor: Cursor) -> OrdersImage {
        self.store.image(cursor)
    }
}

impl Projection for Orders {
    type Image = OrdersImage;

    fn apply(&mut self, batch: &EventBatch<'_>) -> Result<(), FeedError> {
        self.cursor.admit(batch.seq, batch.time)?;
        let events = batch.events.iter().try_for_each(|event| self.event(batch.time, event));
        let outcome = events.and_then(|()| self.end_batch(batch.time));
        self.cursor.advance(batch.seq, batch.time, outcome)
    }

    fn last(&self) -> Option<Seq> {
        self.cursor.last()
    }

    fn time(&self) -> Timestamp {
        self.cursor.time()
    }

    fn image(&self) -> OrdersImage {
        self.image_at(self.cursor)
    }

    fn restore(image: OrdersImage) -> Result<Self, RestoreError> {
        Ok(Self {
            cursor: image.cursor,
            store: Store::restore(image)?,
            by_value: None,
        })
    }
}
