//! What a trader sees when it decides, and the commands that it can answer with.

use engine_core::{
    AccountId, Amend, Cancel, Command, InstrumentId, InstrumentSpec, OrderRef, Place, PostOnly, Price, Qty,
    SelfTrade, Side, TimeInForce, Timestamp,
};

use crate::own::OpenOrder;
use crate::setting::Setting;

/// The best displayed prices of a book.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Top {
    /// The best price to sell at.
    pub bid: Option<Price>,
    /// The best price to buy at.
    pub ask: Option<Price>,
}

impl Top {
    /// The best price of the orders of a side.
    pub fn best(&self, side: Side) -> Option<Price> {
        match side {
            Side::Buy => self.bid,
            Side::Sell => self.ask,
        }
    }
}

/// What a trader sees when it decides.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// Where it trades.
    pub instrument: InstrumentId,
    /// The instrument's spec.
    pub spec: &'a InstrumentSpec,
    /// What is usual there.
    pub setting: &'a Setting,
    /// For whom it trades.
    pub account: AccountId,
    /// The time.
    pub now: Timestamp,
    /// The best displayed prices.
    pub top: Top,
    /// What the instrument is worth, for those who claim to know.
    pub fair: Price,
    /// The prices of the last trades, the newest last.
    pub trades: &'a [Price],
    /// Its own orders that are open or asked for, the oldest first.
    pub own: &'a [OpenOrder],
    /// What it has bought less what it has sold since it began, in lots.
    pub position: i64,
}

impl View<'_> {
    /// A limit order that only rests: it is refused if it would trade.
    pub fn quote(&self, side: Side, price: Price, quantity: Qty) -> Command {
        Command::Place(Place {
            post_only: PostOnly::Reject,
            ..self.limit(side, price, quantity)
        })
    }

    /// A limit order that trades at once or not at all.
    pub fn take(&self, side: Side, price: Price, quantity: Qty) -> Command {
        Command::Place(Place {
            time_in_force: TimeInForce::Ioc,
            ..self.limit(side, price, quantity)
        })
    }

    /// A market order.
    pub fn take_at_any_price(&self, side: Side, quantity: Qty) -> Command {
        Command::Place(Place {
            account: Some(self.account),
            self_trade: SelfTrade::CancelNewest,
            ..Place::market(self.instrument, Default::default(), side, quantity)
        })
    }

    /// Takes an own order back; `None` while nobody knows its id.
    pub fn cancel(&self, order: &OpenOrder) -> Option<Command> {
        let order = OrderRef::Id(order.id?);
        let account = Some(self.account);
        Some(Command::Cancel(Cancel { order, account }))
    }

    /// Moves an own order to another price; `None` while nobody knows its id.
    pub fn reprice(&self, order: &OpenOrder, price: Price) -> Option<Command> {
        self.amend(order, Some(price), None)
    }

    /// Changes what is left of an own order; `None` while nobody knows its id.
    pub fn resize(&self, order: &OpenOrder, remaining: Qty) -> Option<Command> {
        let quantity = order.filled().checked_add(remaining)?;
        self.amend(order, None, Some(quantity))
    }

    fn amend(&self, order: &OpenOrder, price: Option<Price>, quantity: Option<Qty>) -> Option<Command> {
        Some(Command::Amend(Amend {
            order: OrderRef::Id(order.id?),
            account: Some(self.account),
            price,
            quantity,
        }))
    }

    fn limit(&self, side: Side, price: Price, quantity: Qty) -> Place {
        Place {
            account: Some(self.account),
            self_trade: SelfTrade::CancelNewest,
            ..Place::limit(self.instrument, Default::default(), side, price, quantity)
        }
    }
}
