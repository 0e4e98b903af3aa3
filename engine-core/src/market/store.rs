//! The live orders of all instruments, with what the rules have to know of each.

use std::collections::{BTreeMap, BTreeSet};

use crate::book::{CacheLine, Kept, OrderIds, Orders, Slot};
use crate::command::{
    ClientOrderId, OrderKind, Peg, Place, PostOnly, SelfTrade, TimeInForce, Trail, Visibility,
};
use crate::event::OrderType;
use crate::types::{AccountId, GroupId, InstrumentId, OrderId, Price, Qty, Timestamp};

/// What every order has beside its place in the book.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Details {
    /// Whose it is.
    pub(crate) account: Option<AccountId>,
    /// Its quantity with what has traded of it.
    pub(crate) total: Qty,
    /// When it came, counted in acceptances.
    pub(crate) arrival: u64,
    /// Where it trades.
    pub(crate) instrument: InstrumentId,
    /// Where its [`Conditions`] are, from 1; 0 is a limit order good till cancelled without any.
    conditions: u32,
}

const _: () = assert!(size_of::<Details>() == 32);

impl Kept for Details {
    type Alignment = CacheLine;
}

impl Details {
    /// Those of an order without conditions.
    #[inline]
    pub(super) fn new(
        account: Option<AccountId>,
        total: Qty,
        arrival: u64,
        instrument: InstrumentId,
    ) -> Self {
        Self {
            account,
            total,
            arrival,
            instrument,
            conditions: 0,
        }
    }
}

/// What only some orders have: everything that a limit order good till cancelled does without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Conditions {
    /// What it is now: a stop that was set off is a market or limit order.
    pub(crate) order_type: OrderType,
    pub(crate) time_in_force: TimeInForce,
    pub(crate) visibility: Visibility,
    pub(crate) post_only: PostOnly,
    pub(crate) all_or_none: bool,
    pub(crate) reduce_only: bool,
    pub(crate) self_trade: SelfTrade,
    pub(crate) group: Option<GroupId>,
    pub(crate) client_id: Option<ClientOrderId>,
    /// What of an iceberg is not displayed.
    pub(crate) reserve: Qty,
    /// What sets it off, if it is a stop and has a trigger yet.
    pub(crate) trigger: Option<Price>,
    /// How its trigger follows the price, if it does.
    pub(crate) trail: Option<Trail>,
    /// The best price that its trigger has followed.
    pub(crate) trail_best: Option<Price>,
    /// What its price follows, and at what distance.
    pub(crate) peg: Option<(Peg, i64)>,
    /// How far it may follow.
    pub(crate) peg_limit: Option<Price>,
    /// The orders that it depends on.
    pub(crate) link: Option<u64>,
    /// What it waits for while it stands in no queue.
    pub(crate) waits: Option<WaitsFor>,
}

/// What a live order that stands in no queue waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum WaitsFor {
    /// Its trigger.
    Trigger,
    /// Its turn, having been elected.
    Turn,
    /// An auction.
    Auction,
    /// The end of an auction in which it takes part at any price.
    Uncrossing,
    /// A price to be pegged to.
    Peg,
    /// The end of its bracket's entry.
    Arming,
}

/// Flags beside an order's price, so that the matching loop sees them without reading more.
pub(crate) mod flag {
    /// It has [`Conditions`](super::Conditions).
    pub(crate) const CONDITIONS: u8 = 1;
    /// It shows only a part.
    pub(crate) const ICEBERG: u8 = 2;
    /// It trades whole or not at all.
    pub(crate) const ALL_OR_NONE: u8 = 4;
    /// It stands behind what is displayed and follows it.
    pub(crate) const PEGGED: u8 = 8;
    /// Other orders depend on it.
    pub(crate) const LINKED: u8 = 16;
}

impl Conditions {
    /// The conditions of a new order, or `None` if it has none that outlive its entry.
    #[inline]
    pub(crate) fn of(place: &Place) -> Option<Self> {
        let plain = matches!(place.kind, OrderKind::Limit { .. })
            && matches!(
                place.time_in_force,
                TimeInForce::Gtc | TimeInForce::Ioc | TimeInForce::Fok
            )
            && place.is_unconditional();
        if plain {
            None
        } else {
            Some(Self::of_special(place))
        }
    }

    #[cold]
    fn of_special(place: &Place) -> Self {
        let trail = match place.kind {
            OrderKind::TrailingStop { trail } | OrderKind::TrailingStopLimit { trail, .. } => Some(trail),
            _ => None,
        };
        let (peg, peg_limit) = match place.kind {
            OrderKind::Pegged { peg, offset, limit } => (Some((peg, offset)), limit),
            _ => (None, None),
        };
        Self {
            order_type: OrderType::of(&place.kind),
            time_in_force: place.time_in_force,
            visibility: place.visibility,
            post_only: place.post_only,
            all_or_none: place.all_or_none,
            reduce_only: place.reduce_only,
            self_trade: place.self_trade,
            group: place.group,
            client_id: place.client_id,
            trigger: place.kind.trigger(),
            trail,
            peg,
            peg_limit,
            ..Self::NONE
        }
    }

    /// Those of a limit order good till cancelled, which says nothing by them.
    pub(super) const NONE: Self = Self {
        order_type: OrderType::Limit,
        time_in_force: TimeInForce::Gtc,
        visibility: Visibility::Displayed,
        post_only: PostOnly::No,
        all_or_none: false,
        reduce_only: false,
        self_trade: SelfTrade::None,
        group: None,
        client_id: None,
        reserve: Qty::ZERO,
        trigger: None,
        trail: None,
        trail_best: None,
        peg: None,
        peg_limit: None,
        link: None,
        waits: None,
    };

    /// The flags that the matching loop has to see.
    pub(crate) fn flags(&self) -> u8 {
        let mut flags = flag::CONDITIONS;
        if matches!(self.visibility, Visibility::Iceberg { .. }) {
            flags |= flag::ICEBERG;
        }
        if self.all_or_none {
            flags |= flag::ALL_OR_NONE;
        }
        if self.peg.is_some() {
            flags |= flag::PEGGED;
        }
        if self.link.is_some() {
            flags |= flag::LINKED;
        }
        flags
    }

    /// The quantity that an iceberg shows at a time.
    pub(crate) fn display(&self) -> Option<Qty> {
        match self.visibility {
            Visibility::Iceberg { display } => Some(display),
            Visibility::Displayed | Visibility::Hidden => None,
        }
    }
}

/// All live orders of an engine (or of one market), and who may enter new ones.
///
/// Invariants: every live order is in `orders`; it is in `clients` if it has a client order id and an account, and in
/// `expiries` if it is good till a moment; arrivals are unique and only grow.
#[repr(C)]
pub(crate) struct Store {
    pub(crate) orders: Orders<Details>,
    pub(super) arrivals: u64,
    /// Before this moment nothing is due; it may be too early, never too late.
    pub(crate) due: Timestamp,
    pub(crate) killed: Killed,
    conditions: Vec<Conditions>,
    conditions_free: Vec<u32>,
    clients: BTreeMap<(AccountId, ClientOrderId), Slot>,
    expiries: BTreeSet<(Timestamp, Slot)>,
    /// The volatility auctions that are on and end by themselves.
    auction_ends: BTreeSet<(Timestamp, InstrumentId)>,
}

/// Whose new orders are refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Killed {
    /// Everyone's.
    pub(crate) engine: bool,
    /// These accounts'.
    pub(crate) accounts: BTreeSet<AccountId>,
}

impl Killed {
    /// Whether an order of this account is refused.
    #[inline]
    pub(crate) fn concerns(&self, account: Option<AccountId>) -> bool {
        self.engine
            || !self.accounts.is_empty() && account.is_some_and(|account| self.accounts.contains(&account))
    }
}

impl Store {
    /// No orders.
    pub(crate) fn new(ids: OrderIds, orders_max: u32) -> Self {
        Self {
            orders: Orders::new(ids, orders_max),
            conditions: Vec::new(),
            conditions_free: Vec::new(),
            clients: BTreeMap::new(),
            expiries: BTreeSet::new(),
            auction_ends: BTreeSet::new(),
            due: Timestamp::ZERO,
            arrivals: 0,
            killed: Killed::default(),
        }
    }

    /// Takes in a new order that has no conditions.
    #[inline]
    pub(crate) fn insert_plain(&mut self, place: &Place, price: Price) -> Slot {
        let arrival = self.next_arrival();
        let details = Details::new(place.account, place.quantity, arrival, place.instrument);
        self.orders
            .insert(place.id, place.side, price, place.quantity, details)
    }

    /// Takes in a new order, which waits until it is entered. The caller has checked that there is room for it.
    pub(crate) fn insert(&mut self, place: &Place, price: Price, conditions: Option<Conditions>) -> Slot {
        let slot = self.insert_plain(place, price);
        if let Some(conditions) = conditions {
            self.add_conditions(slot, conditions);
        }
        slot
    }

    /// Gives conditions to an order that has none.
    pub(super) fn add_conditions(&mut self, slot: Slot, conditions: Conditions) {
        let at = self.keep(conditions);
        let details = self.orders.data_mut(slot);
        details.conditions = at;
        if let (Some(account), Some(client_id)) = (details.account, conditions.client_id) {
            self.clients.insert((account, client_id), slot);
        }
        if let TimeInForce::Gtd(deadline) = conditions.time_in_force {
            self.expiries.insert((deadline, slot));
            self.due = self.due.min(deadline);
        }
        self.orders.set_mark(slot, conditions.flags());
    }

    fn keep(&mut self, conditions: Conditions) -> u32 {
        if let Some(at) = self.conditions_free.pop() {
            self.conditions[at as usize - 1] = conditions;
            return at;
        }
        self.conditions.push(conditions);
        u32::try_from(self.conditions.len()).expect("there are fewer conditions than slots, which u32 counts")
    }

    /// Forgets an order that is over and stands in no queue.
    #[inline]
    pub(crate) fn remove(&mut self, slot: Slot) {
        if self.orders.mark(slot) & flag::CONDITIONS != 0 {
            self.remove_conditions(slot);
        }
        self.orders.remove(slot);
    }

    #[cold]
    fn remove_conditions(&mut self, slot: Slot) {
        let details = *self.orders.data(slot);
        let conditions = self.conditions[details.conditions as usize - 1];
        if let (Some(account), Some(client_id)) = (details.account, conditions.client_id) {
            self.clients.remove(&(account, client_id));
        }
        if let TimeInForce::Gtd(deadline) = conditions.time_in_force {
            self.expiries.remove(&(deadline, slot));
        }
        self.conditions_free.push(details.conditions);
    }

    /// The next place in the order of arrival.
    #[inline]
    pub(crate) fn next_arrival(&mut self) -> u64 {
        self.arrivals += 1;
        self.arrivals
    }

    /// What an order has beside its price and quantity.
    #[inline]
    pub(crate) fn details(&self, slot: Slot) -> &Details {
        self.orders.data(slot)
    }

    /// An order's conditions, if it has any.
    #[inline]
    pub(crate) fn conditions(&self, slot: Slot) -> Option<&Conditions> {
        if self.orders.mark(slot) & flag::CONDITIONS == 0 {
            return None;
        }
        Some(&self.conditions[self.details(slot).conditions as usize - 1])
    }

    /// An order's conditions, to change them.
    ///
    /// # Panics
    /// If it has none.
    pub(crate) fn conditions_mut(&mut self, slot: Slot) -> &mut Conditions {
        let at = self.details(slot).conditions;
        assert_ne!(at, 0, "only an order with conditions has them changed");
        &mut self.conditions[at as usize - 1]
    }

    /// Notes what an order that stands in no queue waits for.
    pub(crate) fn wait(&mut self, slot: Slot, what: WaitsFor) {
        self.conditions_mut(slot).waits = Some(what);
    }

    /// What of an order has not traded, displayed or not.
    #[inline]
    pub(crate) fn remaining(&self, slot: Slot) -> Qty {
        let queued = self.orders.quantity(slot);
        if self.orders.mark(slot) & flag::ICEBERG == 0 {
            return queued;
        }
        queued
            + self
                .conditions(slot)
                .map_or(Qty::ZERO, |conditions| conditions.reserve)
    }

    /// What an order is now.
    pub(crate) fn order_type(&self, slot: Slot) -> OrderType {
        self.conditions(slot)
            .map_or(OrderType::Limit, |conditions| conditions.order_type)
    }

    /// An order's limit price, if its kind has one.
    pub(crate) fn limit(&self, slot: Slot) -> Option<Price> {
        self.order_type(slot).has_limit().then(|| self.orders.price(slot))
    }

    /// Whether callers choose ids and a live order has this one.
    #[inline(always)]
    pub(crate) fn is_taken(&self, id: OrderId) -> bool {
        self.orders.has_chosen_ids() && self.orders.find(id).is_some()
    }

    /// The live order that an account calls so.
    #[inline(never)]
    pub(crate) fn find_client(&self, account: AccountId, client_id: ClientOrderId) -> Option<Slot> {
        self.clients.get(&(account, client_id)).copied()
    }

    /// The first moment at which an order's time is up.
    #[inline]
    pub(crate) fn next_expiry(&self) -> Option<Timestamp> {
        self.expiries.first().map(|(deadline, _)| *deadline)
    }

    /// The first moment at which a volatility auction ends.
    #[inline]
    pub(crate) fn next_auction_end(&self) -> Option<Timestamp> {
        self.auction_ends.first().map(|(moment, _)| *moment)
    }

    /// The first instrument whose volatility auction ends at or before this moment.
    pub(crate) fn ended_auction(&self, moment: Timestamp) -> Option<InstrumentId> {
        self.auction_ends
            .first()
            .filter(|(end, _)| *end <= moment)
            .map(|(_, instrument)| *instrument)
    }

    /// Notes when an instrument's auction ends by itself, if it does, instead of what was noted before.
    pub(crate) fn set_auction_end(
        &mut self,
        instrument: InstrumentId,
        before: Option<Timestamp>,
        end: Option<Timestamp>,
    ) {
        if let Some(before) = before {
            self.auction_ends.remove(&(before, instrument));
        }
        if let Some(end) = end {
            self.auction_ends.insert((end, instrument));
            self.due = self.due.min(end);
        }
    }

    /// The orders whose time is up at or before this moment: by instrument, oldest first.
    pub(crate) fn due(&self, moment: Timestamp) -> Vec<OrderId> {
        let due = self
            .expiries
            .iter()
            .take_while(|(deadline, _)| *deadline <= moment);
        let mut due: Vec<Slot> = due.map(|(_, slot)| *slot).collect();
        due.sort_unstable_by_key(|slot| (self.details(*slot).instrument, self.details(*slot).arrival));
        due.into_iter().map(|slot| self.orders.id(slot)).collect()
    }

    /// The ids of all orders that `wanted` picks, oldest first.
    pub(crate) fn pick(&self, wanted: impl Fn(&Self, Slot) -> bool) -> Vec<OrderId> {
        let mut picked: Vec<Slot> = self.orders.iter().filter(|slot| wanted(self, *slot)).collect();
        picked.sort_unstable_by_key(|slot| self.details(*slot).arrival);
        picked.into_iter().map(|slot| self.orders.id(slot)).collect()
    }

    /// Panics where an invariant of this type is broken.
    pub(crate) fn check_invariants(&self) {
        self.orders.check_invariants();
        let (mut with_client, mut with_expiry, mut with_conditions) = (0, 0, 0);
        for slot in self.orders.iter() {
            let details = self.details(slot);
            assert!(details.arrival <= self.arrivals, "an arrival was counted");
            let Some(conditions) = self.conditions(slot) else {
                continue;
            };
            with_conditions += 1;
            assert_eq!(
                self.orders.mark(slot),
                conditions.flags(),
                "flags say what the conditions say"
            );
            if let (Some(account), Some(client_id)) = (details.account, conditions.client_id) {
                assert_eq!(
                    self.find_client(account, client_id),
                    Some(slot),
                    "a client order id finds its order"
                );
                with_client += 1;
            }
            if let TimeInForce::Gtd(deadline) = conditions.time_in_force {
                assert!(
                    self.expiries.contains(&(deadline, slot)),
                    "an order with a deadline is watched"
                );
                with_expiry += 1;
            }
        }
        assert_eq!(
            self.clients.len(),
            with_client,
            "no client order id outlives its order"
        );
        assert_eq!(self.expiries.len(), with_expiry, "no deadline outlives its order");
        let first = self
            .next_expiry()
            .into_iter()
            .chain(self.next_auction_end())
            .min();
        assert!(
            first.is_none_or(|first| self.due <= first),
            "nothing is due unseen"
        );
        assert_eq!(
            self.conditions.len() - self.conditions_free.len(),
            with_conditions,
            "no conditions are lost"
        );
    }
}

impl Place {
    /// Whether it has no condition at all: what it does not trade rests or is cancelled.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        matches!(self.time_in_force, TimeInForce::Gtc | TimeInForce::Ioc)
            && self.min_quantity.is_none()
            && self.is_unconditional()
    }

    /// Whether it has no condition that outlives its entry, but for its time in force.
    #[inline]
    fn is_unconditional(&self) -> bool {
        // Without a branch each: next to always all of it is true.
        (self.visibility == Visibility::Displayed)
            & (self.post_only == PostOnly::No)
            & !self.all_or_none
            & !self.reduce_only
            & (self.self_trade == SelfTrade::None)
            & self.group.is_none()
            & self.client_id.is_none()
    }
}

impl OrderKind {
    /// The limit price of an order of this kind, if it has one.
    #[inline]
    pub(crate) fn limit(&self) -> Option<Price> {
        match *self {
            Self::Limit { price }
            | Self::StopLimit { price, .. }
            | Self::TakeProfitLimit { price, .. }
            | Self::TrailingStopLimit { price, .. } => Some(price),
            Self::Pegged { limit, .. } => limit,
            _ => None,
        }
    }

    /// What sets an order of this kind off, if that is given.
    pub(crate) fn trigger(&self) -> Option<Price> {
        match *self {
            Self::Stop { trigger }
            | Self::StopLimit { trigger, .. }
            | Self::TakeProfit { trigger }
            | Self::TakeProfitLimit { trigger, .. } => Some(trigger),
            _ => None,
        }
    }
}

impl OrderType {
    /// The type of an order of this kind.
    pub(crate) fn of(kind: &OrderKind) -> Self {
        match kind {
            OrderKind::Market => Self::Market,
            OrderKind::MarketByQuote { .. } => Self::MarketByQuote,
            OrderKind::MarketToLimit => Self::MarketToLimit,
            OrderKind::Limit { .. } => Self::Limit,
            OrderKind::Stop { .. } => Self::Stop,
            OrderKind::StopLimit { .. } => Self::StopLimit,
            OrderKind::TakeProfit { .. } => Self::TakeProfit,
            OrderKind::TakeProfitLimit { .. } => Self::TakeProfitLimit,
            OrderKind::TrailingStop { .. } => Self::TrailingStop,
            OrderKind::TrailingStopLimit { .. } => Self::TrailingStopLimit,
            OrderKind::Pegged { .. } => Self::Pegged,
        }
    }

    /// Whether an order of this type has a limit price of its own.
    pub(crate) fn has_limit(self) -> bool {
        matches!(
            self,
            Self::Limit | Self::StopLimit | Self::TakeProfitLimit | Self::TrailingStopLimit
        )
    }

    /// Whether an order of this type waits for a trigger.
    pub(crate) fn is_stop(self) -> bool {
        matches!(
            self,
            Self::Stop
                | Self::StopLimit
                | Self::TakeProfit
                | Self::TakeProfitLimit
                | Self::TrailingStop
                | Self::TrailingStopLimit
        )
    }

    /// Whether an order of this type never rests.
    pub(crate) fn is_market(self) -> bool {
        matches!(self, Self::Market | Self::MarketByQuote)
    }
}
