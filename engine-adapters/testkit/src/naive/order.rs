//! One live order of the naive engine: everything about it in one place.

use engine_core::{
    Displayed, InstrumentId, OrderId, OrderKind, Place, Price, Qty, Side, TimeInForce, Visibility,
};

/// A live order.
#[derive(Clone, Debug)]
pub(super) struct Order {
    /// What was asked for, as accepted.
    pub(super) place: Place,
    /// The count of acceptances (1.5).
    pub(super) arrival: u64,
    /// Its total quantity, what has traded included; without meaning for a market order by value.
    pub(super) total: Qty,
    /// How much of it has traded.
    pub(super) traded: Qty,
    /// What a market order by value can still spend.
    pub(super) budget: i128,
    /// Its limit price now, if it has one that orders can be matched by.
    pub(super) limit: Option<Price>,
    /// The minimum quantity, as long as it is to be asked for.
    pub(super) min_quantity: Option<Qty>,
    /// The best trigger price that a trailing stop has seen.
    pub(super) trail_best: Option<Price>,
    /// Whether a stop was set off.
    pub(super) triggered: bool,
    /// The least and the greatest price of its instrument (2.6).
    pub(super) prices: [Price; 2],
    /// The list of linked orders that it belongs to.
    pub(super) list: Option<u64>,
    /// Where it is.
    pub(super) state: State,
}

/// Where a live order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Nowhere yet, or taking.
    Entering,
    /// In a queue at a price. Nobody sees it if `shown` is zero: it stands behind.
    Queued {
        price: Price,
        /// The count of entries into queues: the smaller came first.
        entry: u64,
        shown: Qty,
    },
    /// A stop; `elected` is its place among the elected ones.
    Stop { elected: Option<u64> },
    /// At-the-open or at-the-close, before its auction.
    ForAuction,
    /// A market order in an auction.
    MarketInAuction,
    /// A pegged order without a price.
    PegWithoutPrice,
    /// An exit of a bracket whose entry lives.
    Unarmed,
}

/// As what an order is entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Market,
    ByQuote,
    ToLimit,
    Limit,
    Stop,
    Pegged,
}

impl Order {
    pub(super) fn id(&self) -> OrderId {
        self.place.id
    }

    pub(super) fn side(&self) -> Side {
        self.place.side
    }

    pub(super) fn instrument(&self) -> InstrumentId {
        self.place.instrument
    }

    /// The whole quantity that has not traded; zero for an order by value.
    pub(super) fn remaining(&self) -> Qty {
        match self.place.kind {
            OrderKind::MarketByQuote { .. } => Qty::ZERO,
            _ => self.total - self.traded,
        }
    }

    /// As what it is entered: a stop that was set off is a market or limit order (7.4), a market-to-limit order
    /// that has got its price a limit order (3.5, 12.5).
    pub(super) fn form(&self) -> Form {
        match self.place.kind {
            OrderKind::Market => Form::Market,
            OrderKind::MarketByQuote { .. } => Form::ByQuote,
            OrderKind::MarketToLimit if self.limit.is_none() => Form::ToLimit,
            OrderKind::MarketToLimit | OrderKind::Limit { .. } => Form::Limit,
            OrderKind::Pegged { .. } => Form::Pegged,
            _ if !self.triggered => Form::Stop,
            OrderKind::Stop { .. } | OrderKind::TakeProfit { .. } | OrderKind::TrailingStop { .. } => {
                Form::Market
            }
            OrderKind::StopLimit { .. }
            | OrderKind::TakeProfitLimit { .. }
            | OrderKind::TrailingStopLimit { .. } => Form::Limit,
        }
    }

    /// Whether it stands behind the displayed orders of its price (1.1).
    pub(super) fn stands_behind(&self) -> bool {
        self.place.visibility == Visibility::Hidden || self.place.all_or_none || self.form() == Form::Pegged
    }

    /// How much of `remaining` it displays when it enters a queue (1.2).
    pub(super) fn part_to_show(&self) -> Qty {
        match self.place.visibility {
            _ if self.stands_behind() => Qty::ZERO,
            Visibility::Iceberg { display } => display.min(self.remaining()),
            _ => self.remaining(),
        }
    }

    /// The price at which it is queued.
    pub(super) fn queued_at(&self) -> Option<Price> {
        match self.state {
            State::Queued { price, .. } => Some(price),
            _ => None,
        }
    }

    /// How much of it is displayed.
    pub(super) fn shown(&self) -> Qty {
        match self.state {
            State::Queued { shown, .. } => shown,
            _ => Qty::ZERO,
        }
    }

    /// Where it is displayed and with how much.
    pub(super) fn displayed(&self) -> Option<Displayed> {
        let quantity = self.shown();
        let price = self.queued_at()?;
        (!quantity.is_zero()).then_some(Displayed { price, quantity })
    }

    /// Lowers what it displays.
    pub(super) fn lower_shown(&mut self, by: Qty) {
        if let State::Queued { shown, .. } = &mut self.state {
            *shown -= by;
        }
    }

    /// Its priority among the queued orders of its side (1.1): the least is the first.
    pub(super) fn priority(&self) -> (i64, bool, u64) {
        let State::Queued { price, entry, shown } = self.state else {
            panic!("only queued orders have a priority: {self:?}");
        };
        let distance = match self.side() {
            Side::Buy => -price.ticks(),
            Side::Sell => price.ticks(),
        };
        (distance, shown.is_zero(), entry)
    }

    /// Whether it waits as a stop (7), elected or not.
    pub(super) fn waits_as_stop(&self) -> bool {
        matches!(self.state, State::Stop { .. })
    }

    /// Whether it takes part in an auction (8.2).
    pub(super) fn is_in_auction(&self) -> bool {
        match self.state {
            State::MarketInAuction => true,
            State::Queued { .. } => !self.place.all_or_none && self.form() != Form::Pegged,
            _ => false,
        }
    }

    /// Whether two orders are own to each other (5.1).
    pub(super) fn is_own(&self, other: &Self) -> bool {
        let same_account = self.place.account.is_some() && self.place.account == other.place.account;
        let same_group = self.place.group.is_some() && self.place.group == other.place.group;
        same_account || same_group
    }

    /// Whether what is left of it may stay in the book after a taking.
    pub(super) fn may_stay(&self) -> bool {
        matches!(
            self.place.time_in_force,
            TimeInForce::Gtc | TimeInForce::Gtd(_) | TimeInForce::Day
        )
    }
}
