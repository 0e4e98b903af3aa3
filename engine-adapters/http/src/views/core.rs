//! What the views know, and what each batch of events does to it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use engine_core::data::{DepthUpdate, Drained, FeedError, OrderState, Projection, Projections, Trade};
use engine_core::{
    AccountId, Event, EventBatch, InstrumentId, OrderId, Phase, Price, Qty, Seq, Side, Timestamp,
};
use engine_wire::Symbols;

use super::archive::{Archive, Closed, Pending};
use super::fee::Fee;
use super::fill::{Fill, Liquidity};
use super::json::{At, Of, status};
use super::money::Money;
use super::outlet::{Kind, Outlet, PrivateChannel, PublicChannel, PublicTopic};
use super::timing::Pace;

/// Everything that is asked for under the one lock.
pub(crate) struct Core {
    pub(crate) projections: Projections,
    pub(crate) phases: Vec<Phase>,
    pub(crate) symbols: Arc<Symbols>,
    pub(crate) archive: Arc<Archive>,
    /// What is on its way to the archive.
    pub(crate) filling: Pending,
    /// What open orders have been charged. An order without an entry has had no fill since the start.
    fees: HashMap<OrderId, Fee>,
    /// What closed before this moment was in the archive when the views began.
    archived: Timestamp,
    /// Orders accepted up to here may have fills that only the archive knows.
    started: Timestamp,
    pub(crate) pace: Pace,
    pub(crate) money: Money,
    /// The mark prices that were set.
    pub(crate) marks: BTreeMap<InstrumentId, Price>,
    scratch: Scratch,
}

/// Memory that every batch uses again.
#[derive(Default)]
struct Scratch {
    out: Vec<u8>,
    update: DepthUpdate,
    /// The orders of this batch whose owners are told, in the order in which something happened to them.
    touched: Vec<(AccountId, OrderId)>,
    is_touched: HashMap<OrderId, Progress>,
    /// What maker and taker of this batch's trades were charged, by the index of the trade.
    settled: Vec<(u32, [Fee; 2])>,
    /// The accounts of this batch whose balances are others now, and who want to know.
    paid: Vec<AccountId>,
}

/// What of an order's fills has been told within a batch.
#[derive(Clone, Copy, Default)]
struct Progress {
    in_batch: u64,
    told: u64,
}

/// A trade as its event says it, with its place in the stream.
#[derive(Clone, Copy)]
struct Traded {
    instrument: InstrumentId,
    index: u32,
    maker: (OrderId, Option<AccountId>),
    taker: (OrderId, Option<AccountId>),
    taker_side: Side,
    price: Price,
    quantity: Qty,
}

impl Traded {
    fn of(event: &Event, index: usize) -> Option<Self> {
        let Event::Traded {
            instrument,
            maker,
            maker_account,
            taker,
            taker_account,
            taker_side,
            price,
            quantity,
            ..
        } = *event
        else {
            return None;
        };
        Some(Self {
            instrument,
            // A command has fewer than 2^32 events: memory ends before.
            index: index as u32,
            maker: (maker, maker_account),
            taker: (taker, taker_account),
            taker_side,
            price,
            quantity,
        })
    }

    fn fill(&self, liquidity: Liquidity, at: At, fee: Fee) -> Option<Fill> {
        let ((order, account), side) = match liquidity {
            Liquidity::Maker => (self.maker, self.taker_side.opposite()),
            Liquidity::Taker => (self.taker, self.taker_side),
        };
        Some(Fill {
            account: account?,
            instrument: self.instrument,
            order,
            seq: at.seq,
            index: self.index,
            time: at.time,
            side,
            liquidity,
            price: self.price,
            quantity: self.quantity,
            remaining: None,
            fee,
        })
    }
}

impl Scratch {
    /// Trades are paid for after they are told, in their order.
    fn read_settled(&mut self, batch: &EventBatch<'_>, symbols: &Symbols) {
        self.settled.clear();
        for event in batch.events {
            if let Event::Settled {
                trade,
                asset,
                maker_fee,
                taker_fee,
            } = *event
            {
                let places = symbols.asset_spec(asset).map_or(0, |spec| spec.scale);
                let fees = [maker_fee, taker_fee].map(|fee| Fee::charged(fee, places));
                self.settled.push((trade, fees));
            }
        }
    }
}

impl Core {
    pub(crate) fn new(projections: Projections, symbols: Arc<Symbols>, archive: Arc<Archive>) -> Self {
        let started = projections.time();
        // An archive that cannot be read is told of when it is asked.
        let archived = archive.complete().map_or(Timestamp::ZERO, |(_, time)| time);
        Self {
            archived,
            phases: Vec::new(),
            pace: Pace::new(started),
            projections,
            symbols,
            archive,
            filling: Pending::default(),
            fees: HashMap::new(),
            started,
            money: Money::default(),
            marks: BTreeMap::new(),
            scratch: Scratch::default(),
        }
    }

    /// The last batch that was taken, and its time.
    pub(crate) fn at(&self) -> At {
        At {
            seq: self.projections.last().unwrap_or_default(),
            time: self.projections.time(),
        }
    }

    /// Takes one batch and tells whoever listens.
    pub(crate) fn apply(
        &mut self,
        batch: &EventBatch<'_>,
        outlet: &mut impl Outlet,
    ) -> Result<(), FeedError> {
        self.projections.apply(batch)?;
        self.scratch.read_settled(batch, &self.symbols);
        for (index, event) in batch.events.iter().enumerate() {
            self.note(event, index, batch, outlet);
        }
        if !self.scratch.touched.is_empty() {
            self.tell_owners(batch, outlet);
        }
        if !self.scratch.paid.is_empty() {
            self.tell_balances(batch, outlet);
        }
        Ok(())
    }

    fn note(&mut self, event: &Event, index: usize, batch: &EventBatch<'_>, outlet: &mut impl Outlet) {
        match *event {
            Event::Traded { instrument, .. } => {
                self.pace.mark_trade(instrument);
                self.traded(event, index, batch, outlet);
            }
            Event::Rested { instrument, .. }
            | Event::Pulled { instrument, .. }
            | Event::Reduced { instrument, .. }
            | Event::Replenished { instrument, .. } => self.pace.mark_book(instrument),
            Event::Cancelled {
                instrument,
                order,
                account,
                displayed,
                ..
            } => {
                if displayed.is_some() {
                    self.pace.mark_book(instrument);
                }
                self.touch(account, order, outlet);
            }
            Event::Accepted { order, account, .. }
            | Event::Amended { order, account, .. }
            | Event::Decremented { order, account, .. }
            | Event::Triggered { order, account, .. }
            | Event::Armed { order, account, .. } => self.touch(account, order, outlet),
            Event::Rejected {
                order,
                account,
                asked: Some(_),
                ..
            } => self.touch(account, order, outlet),
            Event::BalanceChanged { .. } | Event::PositionChanged { .. } => {
                let paid = self.money.note(event);
                let paid = paid.filter(|account| outlet.wants_account(*account));
                self.scratch.paid.extend(paid);
            }
            Event::Marked { instrument, price } => {
                self.marks.insert(instrument, price);
            }
            Event::PhaseChanged { instrument, phase } => self.set_phase(instrument, phase),
            Event::Listed { instrument } => {
                if let Some(spec) = self.symbols.spec(instrument).cloned() {
                    self.set_phase(instrument, spec.terms().initial_phase);
                    outlet.list(instrument, &spec.terms().symbol, batch.seq);
                    self.pace.mark_trade(instrument);
                }
            }
            _ => {}
        }
    }

    /// Notes the phase that an instrument is in.
    pub(crate) fn set_phase(&mut self, instrument: InstrumentId, phase: Phase) {
        let at = instrument.get() as usize;
        if self.phases.len() <= at {
            self.phases.resize(at + 1, Phase::Continuous);
        }
        self.phases[at] = phase;
    }

    /// The owner of an order is told of it at the end of the batch, if he listens.
    fn touch(&mut self, account: Option<AccountId>, order: OrderId, outlet: &impl Outlet) {
        let Some(account) = account.filter(|account| outlet.wants_account(*account)) else {
            return;
        };
        let known = self.scratch.is_touched.entry(order);
        if let std::collections::hash_map::Entry::Vacant(vacant) = known {
            vacant.insert(Progress::default());
            self.scratch.touched.push((account, order));
        }
    }

    fn traded(&mut self, event: &Event, index: usize, batch: &EventBatch<'_>, outlet: &mut impl Outlet) {
        let Some(trade) = Traded::of(event, index) else {
            return;
        };
        let at = At {
            seq: batch.seq,
            time: batch.time,
        };
        let [maker_fee, taker_fee] = self.fees_of(&trade);
        for (liquidity, fee) in [(Liquidity::Maker, maker_fee), (Liquidity::Taker, taker_fee)] {
            let Some(fill) = trade.fill(liquidity, at, fee) else {
                continue;
            };
            self.filling.add_fill(fill);
            self.charge(&fill);
            self.touch(Some(fill.account), fill.order, outlet);
            if let Some(progress) = self.scratch.is_touched.get_mut(&fill.order) {
                progress.in_batch += fill.quantity.lots();
            }
        }
        self.publish_trade(&trade, batch, taker_fee, outlet);
    }

    /// What the maker and the taker of a trade are charged; without accounts what their rates come to.
    fn fees_of(&self, trade: &Traded) -> [Fee; 2] {
        let settled = &self.scratch.settled;
        if let Ok(at) = settled.binary_search_by_key(&trade.index, |(index, _)| *index) {
            return settled[at].1;
        }
        let Some(spec) = self.symbols.spec(trade.instrument) else {
            return [Fee::default(); 2];
        };
        let value = trade.price.notional(trade.quantity);
        let terms = spec.terms();
        [terms.maker_fee_ppm, terms.taker_fee_ppm].map(|rate| Fee::on(value, rate, spec))
    }

    fn charge(&mut self, fill: &Fill) {
        if let Some(sum) = self.fees.get_mut(&fill.order) {
            *sum = sum.plus(fill.fee);
            return;
        }
        let state = self.projections.order(fill.order);
        let sum = match state {
            // The fill is among those that are summed up.
            Some(state) if state.created <= self.started => {
                self.archive.fee_of(&self.filling, fill.account, fill.order)
            }
            _ => fill.fee,
        };
        self.fees.insert(fill.order, sum);
    }

    /// What an order has been charged so far.
    pub(crate) fn fee_of(&self, state: &OrderState) -> Fee {
        if state.filled.is_zero() {
            return Fee::default();
        }
        match (self.fees.get(&state.order), state.account) {
            (Some(fee), _) => *fee,
            (None, Some(account)) => self.archive.fee_of(&self.filling, account, state.order),
            (None, None) => Fee::default(),
        }
    }

    fn publish_trade(&mut self, trade: &Traded, batch: &EventBatch<'_>, fee: Fee, outlet: &mut impl Outlet) {
        let topic = PublicTopic {
            channel: PublicChannel::Executions,
            instrument: trade.instrument,
        };
        if !outlet.wants(topic) {
            return;
        }
        let public = Trade::of_event(trade.instrument, batch, trade.index as usize);
        if let (Some(of), Some(public)) = (Of::new(&self.symbols, trade.instrument), public) {
            self.scratch.out.clear();
            of.trade(&public, fee, Some("Execution"), &mut self.scratch.out);
            outlet.publish(topic, Kind::Event, batch.seq, &self.scratch.out);
        }
    }

    /// Tells owners first their fills, then how their orders stand after the batch.
    #[cold]
    fn tell_owners(&mut self, batch: &EventBatch<'_>, outlet: &mut impl Outlet) {
        for (index, event) in batch.events.iter().enumerate() {
            if let Some(trade) = Traded::of(event, index) {
                self.tell_fills(&trade, batch, outlet);
            }
        }
        let touched = std::mem::take(&mut self.scratch.touched);
        for (account, order) in &touched {
            let Some(state) = self.projections.order(*order) else {
                continue;
            };
            let fee = self.fee_of(&state);
            if let Some(of) = Of::new(&self.symbols, state.instrument) {
                self.scratch.out.clear();
                of.order_update(&state, fee, &mut self.scratch.out);
                outlet.publish_account(*account, PrivateChannel::Orders, batch.seq, &self.scratch.out);
            }
        }
        self.scratch.touched = touched;
        self.scratch.touched.clear();
        self.scratch.is_touched.clear();
    }

    /// Tells accounts all that they have.
    #[cold]
    fn tell_balances(&mut self, batch: &EventBatch<'_>, outlet: &mut impl Outlet) {
        let at = At {
            seq: batch.seq,
            time: batch.time,
        };
        let mut paid = std::mem::take(&mut self.scratch.paid);
        paid.sort_unstable();
        paid.dedup();
        for account in &paid {
            self.scratch.out.clear();
            self.money
                .write_update(*account, &self.symbols, at, &mut self.scratch.out);
            outlet.publish_account(*account, PrivateChannel::Balances, batch.seq, &self.scratch.out);
        }
        paid.clear();
        self.scratch.paid = paid;
    }

    fn tell_fills(&mut self, trade: &Traded, batch: &EventBatch<'_>, outlet: &mut impl Outlet) {
        let at = At {
            seq: batch.seq,
            time: batch.time,
        };
        let fees = self.fees_of(trade);
        for (liquidity, fee) in [Liquidity::Maker, Liquidity::Taker].into_iter().zip(fees) {
            let Some(mut fill) = trade.fill(liquidity, at, fee) else {
                continue;
            };
            let state = self.projections.order(fill.order);
            let progress = self.scratch.is_touched.get_mut(&fill.order);
            let (Some(state), Some(progress)) = (state, progress) else {
                continue;
            };
            progress.told += fill.quantity.lots();
            // The state is that after the batch: what of the batch comes later is not filled yet.
            let later = progress.in_batch.saturating_sub(progress.told);
            let filled = state.filled.saturating_sub(Qty::new(later));
            let remaining = state.quantity.saturating_sub(filled);
            fill.remaining = Some(remaining);
            let word = match remaining.is_zero() && !state.quantity.is_zero() {
                true => status(engine_core::data::OrderStatus::Filled),
                false => status(engine_core::data::OrderStatus::PartiallyFilled),
            };
            if let Some(of) = Of::new(&self.symbols, fill.instrument) {
                self.scratch.out.clear();
                of.private_execution(&fill, word, &mut self.scratch.out);
                outlet.publish_account(fill.account, PrivateChannel::Orders, batch.seq, &self.scratch.out);
            }
        }
    }

    /// Says which levels have changed since the last call, of every book that has.
    pub(crate) fn tell_depth(&mut self, outlet: &mut impl Outlet) {
        for instrument in self.pace.take_changed_books() {
            let drained = self
                .projections
                .drain_depth_update(instrument, &mut self.scratch.update);
            let topic = PublicTopic {
                channel: PublicChannel::Depth,
                instrument,
            };
            // After too much at once the next update does not follow on the last: clients begin anew with a book.
            if drained != Some(Drained::Changes) || !outlet.wants(topic) {
                continue;
            }
            if let Some(of) = Of::new(&self.symbols, instrument) {
                self.scratch.out.clear();
                of.depth_update(&self.scratch.update, &mut self.scratch.out);
                let last = self.scratch.update.last_sequence;
                outlet.publish(topic, Kind::Event, last, &self.scratch.out);
            }
        }
    }

    /// Moves what has closed towards the archive.
    pub(crate) fn close_orders(&mut self) {
        while let Some(state) = self.projections.pop_closed_order() {
            if state.updated < self.archived {
                continue;
            }
            let fee = self.fee_of(&state);
            self.fees.remove(&state.order);
            if let Some(account) = state.account {
                let key = (account.get(), state.order.get());
                self.filling.orders.insert(key, Closed { state, fee });
            }
        }
        let at = self.at();
        self.filling.up_to = (at.seq, at.time);
    }

    /// Takes note again of the fills of a batch that the projections know already.
    pub(crate) fn refill(&mut self, batch: &EventBatch<'_>) {
        self.scratch.read_settled(batch, &self.symbols);
        let at = At {
            seq: batch.seq,
            time: batch.time,
        };
        for (index, event) in batch.events.iter().enumerate() {
            let Some(trade) = Traded::of(event, index) else {
                continue;
            };
            let fees = self.fees_of(&trade);
            for (liquidity, fee) in [Liquidity::Maker, Liquidity::Taker].into_iter().zip(fees) {
                if let Some(fill) = trade.fill(liquidity, at, fee) {
                    self.filling.add_fill(fill);
                }
            }
        }
    }

    /// The sequence of the last batch.
    pub(crate) fn seq(&self) -> Seq {
        self.at().seq
    }
}

/// What the rate of takers comes to for a trade: what everybody is told of one that is not new.
pub(crate) fn public_fee(symbols: &Symbols, instrument: InstrumentId, trade: &Trade) -> Fee {
    let spec = symbols.spec(instrument);
    spec.map_or(Fee::default(), |spec| {
        let value = trade.price.notional(trade.quantity);
        Fee::on(value, spec.terms().taker_fee_ppm, spec)
    })
}
