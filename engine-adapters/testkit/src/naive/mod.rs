//! An engine that is slow and plain: one flat list of orders, searched and sorted on demand.
//!
//! It was written from `docs/matching-rules.md` alone, to be read beside it: a number in a comment is the rule's.
//! It shares types with the real engine and no rule.

mod admit;
mod amend;
mod auction;
mod cancel;
mod conditions;
mod due;
mod enter;
mod invariants;
mod links;
mod money;
mod observe;
mod order;
mod paid;
mod pegs;
mod phases;
mod place;
mod rest;
mod self_trade;
mod share;
mod stops;
mod take;

use engine_core::{
    AccountId, AccountsConfig, ClientOrderId, Command, EngineConfig, Event, InstrumentId, InstrumentSpec,
    OrderId, OrderIds, Phase, Price, Qty, Seq, SetMark, Side, Timestamp,
};
use engine_core::{RejectReason, Request};

pub use self::observe::LiveOrder;

use self::links::List;
use self::money::Money;
use self::order::{Order, State};

/// What a [`NaiveEngine`] is told when it is made.
#[derive(Clone, Copy, Debug)]
pub struct NaiveConfig {
    /// Whether callers choose the ids of orders. If not, an order is still called by the id in its command, which
    /// is then a label that no other order of the stream has: [`crate::differential`] translates the ids that the
    /// other engine hands out into these labels.
    pub ids_chosen: bool,
    /// How many orders may live.
    pub orders_max: u32,
    /// How many instruments may be listed.
    pub instruments_max: u32,
    /// Whether orders are paid for.
    pub accounts: Option<AccountsConfig>,
}

impl From<NaiveConfig> for EngineConfig {
    fn from(config: NaiveConfig) -> Self {
        Self {
            ids: if config.ids_chosen {
                OrderIds::Chosen { hash_seed: 0 }
            } else {
                OrderIds::Assigned
            },
            orders_max: config.orders_max,
            instruments_max: config.instruments_max,
            accounts: config.accounts,
        }
    }
}

/// The engine that is plain enough to be checked against the rules line by line. Accounts are off.
#[derive(Clone, Debug)]
pub struct NaiveEngine {
    config: NaiveConfig,
    now: Timestamp,
    markets: Vec<Market>,
    /// All live orders, in no order that means anything.
    orders: Vec<Order>,
    /// How many arrivals there were (1.5).
    arrivals: u64,
    /// How many entries into queues there were (1.1).
    entries: u64,
    /// How many orders were elected (7.3).
    elections: u64,
    /// How many trades there were.
    trades: u64,
    lists: Vec<List>,
    lists_begun: u64,
    killed: bool,
    killed_accounts: Vec<AccountId>,
    switches: Vec<(AccountId, Timestamp)>,
    /// Everybody's money, if orders are paid for.
    money: Option<Money>,
    /// How many of the events are settled.
    settled: usize,
    events: Vec<Event>,
}

/// One instrument, without its orders.
#[derive(Clone, Debug)]
struct Market {
    spec: InstrumentSpec,
    phase: Phase,
    last_trade: Option<Price>,
    mark: Option<Price>,
    /// When a volatility auction ends by itself (3.6).
    auction_until: Option<Timestamp>,
    /// What was last said in this auction (8.4).
    said: (Option<Price>, Qty, i64),
    /// Whether an order was queued since the all-or-none orders were last tried (4.4).
    liquidity_rested: bool,
    /// The lists of linked orders to one of which something happened, the first touched first (9).
    touched: Vec<u64>,
    /// The prices of trades since the last election (7.1).
    traded_at: Vec<Price>,
}

impl Market {
    /// 2.6
    fn prices(&self) -> [Price; 2] {
        [self.spec.terms().min_price, self.spec.terms().max_price]
    }

    fn allows(&self, price: Price) -> bool {
        let terms = self.spec.terms();
        (terms.min_price..=terms.max_price).contains(&price)
    }
}

impl NaiveEngine {
    /// An engine without instruments.
    pub fn new(config: NaiveConfig) -> Self {
        Self {
            config,
            now: Timestamp::ZERO,
            markets: Vec::new(),
            orders: Vec::new(),
            arrivals: 0,
            entries: 0,
            elections: 0,
            trades: 0,
            lists: Vec::new(),
            lists_begun: 0,
            killed: false,
            killed_accounts: Vec::new(),
            switches: Vec::new(),
            money: config.accounts.map(Money::new),
            settled: 0,
            events: Vec::new(),
        }
    }

    /// What follows from a command.
    ///
    /// # Panics
    /// When it is a command that this engine does not know.
    pub fn apply(&mut self, seq: Seq, time: Timestamp, command: &Command) -> Vec<Event> {
        // 10.1: time never goes back, and what is due happens first.
        self.now = self.now.max(time);
        if let Some(money) = &mut self.money {
            money.set_time(self.now);
        }
        self.settled = 0;
        self.happen_due();
        self.settle();
        match command {
            Command::List(spec) => self.list(spec),
            Command::Place(place) => self.place(place),
            Command::PlaceLinked(linked) => self.place_linked(linked),
            Command::Cancel(cancel) => self.cancel_by_owner(cancel),
            Command::Amend(amend) => self.amend(amend),
            Command::MassCancel(mass) => self.mass_cancel(mass),
            Command::SetPhase(set) => self.set_phase(set),
            Command::Uncross(instrument) => self.uncross_by_command(*instrument),
            Command::SetMark(set) => self.set_mark(set),
            Command::CancelAllAfter(switch) => self.cancel_all_after(switch),
            Command::Kill(scope) => self.kill(*scope),
            Command::Resume(scope) => self.resume(*scope),
            Command::Tick => {}
            other => self.apply_to_money(seq, other),
        }
        self.come_to_rest_everywhere();
        self.settle();
        std::mem::take(&mut self.events)
    }

    /// The live orders' ids, the oldest first.
    pub fn live_orders(&self) -> Vec<OrderId> {
        self.by_arrival(|_| true)
    }

    /// A live order's owner and the owner's name for it, if it has both.
    pub fn owner_and_name(&self, id: OrderId) -> Option<(AccountId, ClientOrderId)> {
        let place = &self.find(id)?.place;
        place.account.zip(place.client_id)
    }

    /// The phase of an instrument, or `None` where there is no such instrument.
    pub fn phase(&self, instrument: InstrumentId) -> Option<Phase> {
        Some(self.markets.get(instrument.get() as usize)?.phase)
    }

    fn list(&mut self, spec: &InstrumentSpec) {
        let listed = self.markets.len() as u32;
        if listed >= self.config.instruments_max {
            return self.refuse_market(Request::List, None, RejectReason::TooManyInstruments);
        }
        let mut spec = spec.clone();
        if let Some(money) = &mut self.money {
            match money.list(&spec) {
                Ok(paid) => spec = paid,
                Err(reason) => return self.refuse_market(Request::List, None, reason),
            }
        }
        let instrument = InstrumentId::new(listed);
        self.markets.push(Market {
            phase: spec.terms().initial_phase,
            spec,
            last_trade: None,
            mark: None,
            auction_until: None,
            said: (None, Qty::ZERO, 0),
            liquidity_rested: false,
            touched: Vec::new(),
            traded_at: Vec::new(),
        });
        self.events.push(Event::Listed { instrument });
    }

    fn set_mark(&mut self, set: &SetMark) {
        let SetMark { instrument, price } = *set;
        if !self.has(instrument) {
            return self.refuse_market(
                Request::SetMark,
                Some(instrument),
                RejectReason::UnknownInstrument,
            );
        }
        if !self.market(instrument).allows(price) {
            return self.refuse_market(Request::SetMark, Some(instrument), RejectReason::InvalidPrice);
        }
        self.market_mut(instrument).mark = Some(price);
        self.events.push(Event::Marked { instrument, price });
    }

    /// Refuses a command about a whole instrument.
    fn refuse_market(&mut self, request: Request, instrument: Option<InstrumentId>, reason: RejectReason) {
        self.events.push(Event::Rejected {
            instrument,
            order: OrderId::new(0),
            account: None,
            request,
            reason,
            asked: None,
        });
    }

    fn instruments(&self) -> Vec<InstrumentId> {
        (0..self.markets.len() as u32).map(InstrumentId::new).collect()
    }

    fn has(&self, instrument: InstrumentId) -> bool {
        (instrument.get() as usize) < self.markets.len()
    }

    fn market(&self, instrument: InstrumentId) -> &Market {
        &self.markets[instrument.get() as usize]
    }

    fn market_mut(&mut self, instrument: InstrumentId) -> &mut Market {
        &mut self.markets[instrument.get() as usize]
    }

    fn is_continuous(&self, instrument: InstrumentId) -> bool {
        self.market(instrument).phase == Phase::Continuous
    }

    fn find(&self, id: OrderId) -> Option<&Order> {
        self.orders.iter().find(|order| order.id() == id)
    }

    fn is_live(&self, id: OrderId) -> bool {
        self.find(id).is_some()
    }

    fn order(&self, id: OrderId) -> &Order {
        self.find(id).expect("whoever asks knows that the order lives")
    }

    fn order_mut(&mut self, id: OrderId) -> &mut Order {
        let found = self.orders.iter_mut().find(|order| order.id() == id);
        found.expect("whoever asks knows that the order lives")
    }

    fn next_arrival(&mut self) -> u64 {
        self.arrivals += 1;
        self.arrivals
    }

    /// The live orders that are so, oldest first (1.5).
    fn by_arrival(&self, is_so: impl Fn(&Order) -> bool) -> Vec<OrderId> {
        let mut found: Vec<&Order> = self.orders.iter().filter(|order| is_so(order)).collect();
        found.sort_by_key(|order| order.arrival);
        found.iter().map(|order| order.id()).collect()
    }

    /// The queued orders of a side.
    fn queued(&self, at: InstrumentId, side: Side) -> impl Iterator<Item = &Order> {
        let beside = move |order: &&Order| order.instrument() == at && order.side() == side;
        let orders = self.orders.iter().filter(beside);
        orders.filter(|order| order.queued_at().is_some())
    }

    /// The queued orders of a side in priority order (1.1).
    fn queue(&self, at: InstrumentId, side: Side) -> Vec<&Order> {
        let mut queue: Vec<&Order> = self.queued(at, side).collect();
        queue.sort_by_key(|order| order.priority());
        queue
    }

    /// The best displayed price of a side (1.2).
    fn best_displayed(&self, at: InstrumentId, side: Side) -> Option<Price> {
        let displayed = self.queued(at, side).filter(|order| !order.shown().is_zero());
        displayed.min_by_key(|order| order.priority())?.queued_at()
    }

    /// Puts an order at the back of the queue of a price, and says so (1.1).
    fn enqueue(&mut self, id: OrderId, price: Price) {
        self.entries += 1;
        let entry = self.entries;
        let order = self.order_mut(id);
        let shown = order.part_to_show();
        order.state = State::Queued { price, entry, shown };
        let (instrument, side) = (order.instrument(), order.side());
        self.market_mut(instrument).liquidity_rested = true;
        self.events.push(Event::Rested {
            instrument,
            order: id,
            side,
            price,
            displayed: shown,
        });
    }

    /// Shows the next part of an iceberg whose displayed part is used up, at the back of its price (3.1).
    fn replenish_if_used_up(&mut self, id: OrderId) {
        let Some(order) = self.find(id) else { return };
        let State::Queued { price, shown, .. } = order.state else {
            return;
        };
        if !shown.is_zero() || order.stands_behind() {
            return;
        }
        self.entries += 1;
        let entry = self.entries;
        let order = self.order_mut(id);
        let displayed = order.part_to_show();
        order.state = State::Queued {
            price,
            entry,
            shown: displayed,
        };
        let (instrument, side) = (order.instrument(), order.side());
        self.events.push(Event::Replenished {
            instrument,
            order: id,
            side,
            price,
            displayed,
        });
    }
}
