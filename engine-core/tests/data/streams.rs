//! Projections of generated streams of commands: the book and the orders are those that the naive engine has.

use std::collections::BTreeMap;

use engine_core::data::{
    Depth, DepthOrder, DepthReplica, DepthUpdate, Drained, OrderState, OrderStatus, Projection, Projections,
    ProjectionsConfig, ProjectionsImage, Taken,
};
use engine_core::{
    Amount, Command, Engine, Event, EventBatch, InstrumentId, Notional, OrderId, OrderIds, Price, Qty, Seq,
    Side, Timestamp,
};
use engine_testkit::differential::{Seeds, differential};
use engine_testkit::streams::Stream;
use engine_testkit::{NaiveConfig, NaiveEngine, UnderTest};

/// How many streams; `ENGINE_STREAMS` asks for another number, `ENGINE_SEED` for others.
const STREAMS: u64 = 390;

/// The projections of an engine, checked after every command.
struct Watched {
    projections: Projections,
    replicas: BTreeMap<InstrumentId, DepthReplica>,
    ledger: Ledger,
    batches: u64,
}

/// What trades say of the orders that live, and how many of each end there were.
#[derive(Default)]
struct Ledger {
    traded: BTreeMap<OrderId, Traded>,
    ended: BTreeMap<OrderId, Traded>,
    accepted: u64,
}

/// What an order has traded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Traded {
    filled: u64,
    cost: i128,
    fee: i128,
}

impl Traded {
    fn of(state: &OrderState) -> Self {
        Self {
            filled: state.filled.lots(),
            cost: state.cost.units(),
            fee: state.fee.units(),
        }
    }
}

impl Ledger {
    /// Takes the events of one command.
    fn take(&mut self, events: &[Event]) {
        for event in events {
            match *event {
                Event::Accepted { order, .. } => {
                    self.accepted += 1;
                    self.traded.insert(order, Traded::default());
                }
                Event::Traded {
                    maker,
                    taker,
                    price,
                    quantity,
                    ..
                } => {
                    for order in [maker, taker] {
                        let traded = self.of(order);
                        traded.filled += quantity.lots();
                        traded.cost += price.notional(quantity).units();
                    }
                }
                Event::Settled {
                    trade,
                    maker_fee,
                    taker_fee,
                    ..
                } => {
                    let Event::Traded { maker, taker, .. } = events[trade as usize] else {
                        panic!("what is settled is a trade");
                    };
                    self.of(maker).fee += maker_fee.units();
                    self.of(taker).fee += taker_fee.units();
                }
                _ => {}
            }
        }
    }

    fn of(&mut self, order: OrderId) -> &mut Traded {
        self.traded
            .get_mut(&order)
            .expect("an order that trades was accepted")
    }
}

impl Watched {
    fn new(ids: OrderIds) -> Self {
        Self {
            projections: Projections::new(ProjectionsConfig {
                ids,
                closed_orders_max: Some(100_000),
                ..ProjectionsConfig::default()
            }),
            replicas: BTreeMap::new(),
            ledger: Ledger::default(),
            batches: 0,
        }
    }

    fn take(&mut self, seq: Seq, time: Timestamp, events: &[Event]) {
        // Engine time does not go back where a command's does.
        let time = time.max(self.projections.time());
        let applied = self.projections.apply(&EventBatch { seq, time, events });
        applied.expect("an engine does not contradict itself");
        self.ledger.take(events);
        self.batches += 1;
        // Sometimes an update covers several batches.
        if self.batches % 3 != 1 {
            self.update_replicas();
        }
    }

    fn update_replicas(&mut self) {
        let instruments: Vec<InstrumentId> = self.projections.instruments().collect();
        let mut update = DepthUpdate::default();
        for instrument in instruments {
            let drained = self
                .projections
                .drain_depth_update(instrument, &mut update)
                .expect("it is listed");
            let depth = self.projections.depth(instrument).expect("it is listed");
            let replica = self.replicas.entry(instrument).or_insert_with(|| {
                let mut replica = DepthReplica::new(0);
                replica
                    .take_snapshot(&depth.snapshot(usize::MAX))
                    .expect("a book");
                replica
            });
            assert_ne!(drained, Drained::TooMuch, "a batch changes few levels");
            if drained == Drained::Changes && Some(update.last_sequence) > replica.sequence() {
                assert_eq!(replica.take_update(&update), Ok(Taken::Applied));
            }
            for side in Side::BOTH {
                assert!(
                    replica.levels(side).eq(depth.levels(side)),
                    "the copy is the book"
                );
            }
        }
    }

    /// What holds whatever the engine.
    fn check(&mut self) {
        self.projections.check_invariants();
        for instrument in self.projections.instruments() {
            let depth = self.projections.depth(instrument).expect("it is listed");
            for side in Side::BOTH {
                check_levels(depth, side);
            }
        }
        self.check_ends();
        let image = self.projections.image();
        let restored = Projections::restore(image.clone()).expect("an image of projections");
        assert!(restored.image() == image, "an image gives what it was taken of");
        restored.check_invariants();
        if self.batches.is_multiple_of(5) {
            self.projections = restored;
        }
    }

    /// Every order that has ended did so once, with what it had traded.
    fn check_ends(&mut self) {
        let closed: Vec<OrderState> = self.projections.closed_orders().collect();
        let ended = closed
            .iter()
            .filter(|state| !matches!(state.status, OrderStatus::Rejected(_)))
            .count();
        let open = self.projections.order_count();
        assert_eq!(
            (ended + open) as u64,
            self.ledger.accepted,
            "an accepted order is open or has ended"
        );
        for state in &closed {
            if matches!(state.status, OrderStatus::Rejected(_)) {
                assert!(state.filled.is_zero());
                continue;
            }
            let is_open = self
                .projections
                .order(state.order)
                .is_some_and(|now| !now.status.is_closed());
            if !is_open && let Some(traded) = self.ledger.traded.get(&state.order) {
                self.ledger.ended.insert(state.order, *traded);
            }
            let is_whole = state.filled == state.quantity && !state.quantity.is_zero();
            let is_by_value = state.quantity.is_zero();
            assert_eq!(
                state.status == OrderStatus::Filled,
                is_whole || is_by_value && state.status == OrderStatus::Filled,
                "{state:?}"
            );
        }
        let newest: BTreeMap<OrderId, &OrderState> =
            closed.iter().map(|state| (state.order, state)).collect();
        for (order, state) in newest {
            let is_rejected = matches!(state.status, OrderStatus::Rejected(_));
            if let Some(traded) = self.ledger.ended.get(&order).filter(|_| !is_rejected) {
                assert_eq!(Traded::of(state), *traded, "{state:?}");
            }
        }
    }

    /// What the open orders have traded is what was said of them.
    fn check_open(&self, state: &OrderState) {
        let traded = self.ledger.traded.get(&state.order).copied();
        assert_eq!(traded, Some(Traded::of(state)), "{state:?}");
    }
}

/// Levels are the sums of the orders, which stand in priority order.
fn check_levels(depth: Depth<'_>, side: Side) {
    let orders: Vec<DepthOrder> = depth.orders(side).collect();
    let mut sums: Vec<(Price, u64)> = Vec::new();
    for order in &orders {
        match sums.last_mut().filter(|(price, _)| *price == order.price) {
            Some((_, sum)) => *sum += order.quantity.lots(),
            None => sums.push((order.price, order.quantity.lots())),
        }
    }
    assert!(sums.is_sorted_by(|(one, _), (next, _)| one.is_better(*next, side)));
    let levels: Vec<(Price, u64)> = depth
        .levels(side)
        .map(|level| (level.price, level.quantity.lots()))
        .collect();
    assert_eq!(levels, sums);
    assert_eq!(depth.best(side), depth.levels(side).next());
}

/// The naive engine and what the projections make of its events.
struct WatchedNaive {
    engine: NaiveEngine,
    watched: std::cell::RefCell<Watched>,
}

impl UnderTest for WatchedNaive {
    fn apply(&mut self, seq: Seq, time: Timestamp, command: &Command, events: &mut Vec<Event>) {
        let happened = self.engine.apply(seq, time, command);
        self.watched.get_mut().take(seq, time, &happened);
        events.extend(happened);
    }

    fn check_invariants(&self) {
        let mut watched = self.watched.borrow_mut();
        watched.check();
        let projections = &watched.projections;
        for instrument in projections.instruments() {
            let depth = projections.depth(instrument).expect("it is listed");
            for side in Side::BOTH {
                let shown = depth
                    .orders(side)
                    .map(|order| (order.order, order.price, order.quantity));
                assert_eq!(
                    shown.collect::<Vec<_>>(),
                    self.engine.displayed(instrument, side),
                    "{side} side"
                );
            }
        }
        let live = self.engine.live();
        assert_eq!(
            projections.order_count(),
            live.len(),
            "as many orders are open as live"
        );
        for order in &live {
            let state = projections.order(order.order).expect("a live order has a state");
            assert!(!state.status.is_closed(), "{state:?} lives");
            watched.check_open(&state);
            let seen = (
                state.instrument,
                state.account,
                state.side,
                state.quantity,
                state.filled,
                state.is_triggered,
            );
            let is = (
                order.instrument,
                order.account,
                order.side,
                order.total,
                order.traded,
                order.is_triggered,
            );
            assert_eq!(seen, is, "{state:?}");
            if state.order_type != engine_core::OrderType::Pegged && order.queued_at.is_some() {
                assert_eq!(state.price, order.queued_at, "{state:?}");
            }
        }
        let accounts: std::collections::BTreeSet<_> = live.iter().filter_map(|order| order.account).collect();
        for account in accounts {
            let mut open: Vec<OrderId> = projections
                .open_orders(account)
                .map(|state| state.order)
                .collect();
            open.sort_unstable();
            let mine = live
                .iter()
                .filter(|order| order.account == Some(account))
                .map(|order| order.order);
            assert_eq!(open, mine.collect::<Vec<_>>());
        }
    }
}

#[test]
fn books_and_orders_are_those_of_the_naive_engine() {
    differential(Seeds::from_env(STREAMS), |config: NaiveConfig| WatchedNaive {
        engine: NaiveEngine::new(config),
        watched: Watched::new(OrderIds::Chosen { hash_seed: 5 }).into(),
    });
}

/// An engine whose events go to two projections that know differently who names the orders: one finds orders by
/// hashing their ids, the other by what the engine's own ids tell. Both must come to the same.
struct WatchedTwice {
    engine: Engine,
    ids: OrderIds,
    hashed: std::cell::RefCell<Watched>,
    by_slot: std::cell::RefCell<Watched>,
}

impl UnderTest for WatchedTwice {
    fn apply(&mut self, seq: Seq, time: Timestamp, command: &Command, events: &mut Vec<Event>) {
        let begin = events.len();
        UnderTest::apply(&mut self.engine, seq, time, command, events);
        self.hashed.get_mut().take(seq, time, &events[begin..]);
        self.by_slot.get_mut().take(seq, time, &events[begin..]);
    }

    fn check_invariants(&self) {
        let (mut hashed, mut by_slot) = (self.hashed.borrow_mut(), self.by_slot.borrow_mut());
        hashed.check();
        if self.ids == OrderIds::Assigned {
            by_slot.check();
            let (one, other) = (hashed.projections.image(), by_slot.projections.image());
            assert!(one.instruments == other.instruments && one.orders == other.orders);
        }
    }
}

#[test]
fn ids_that_the_engine_hands_out_lead_to_the_same_projections() {
    differential(Seeds::from_env(STREAMS), |config: NaiveConfig| {
        let ids = if config.ids_chosen {
            OrderIds::Chosen { hash_seed: 1 }
        } else {
            OrderIds::Assigned
        };
        WatchedTwice {
            engine: Engine::new(config.into()),
            ids,
            hashed: Watched::new(OrderIds::Chosen { hash_seed: 2 }).into(),
            by_slot: Watched::new(ids).into(),
        }
    });
}

/// Each projection switched on by itself, then all together.
fn alone_and_together() -> [ProjectionsConfig; 6] {
    let ids = OrderIds::Chosen { hash_seed: 0 };
    let all = ProjectionsConfig {
        ids,
        ..ProjectionsConfig::default()
    };
    let off = ProjectionsConfig {
        ids,
        ..ProjectionsConfig::OFF
    };
    let mut configs = [(); 6].map(|()| off.clone());
    configs[0].depth_changes_max = all.depth_changes_max;
    configs[1].trades_max = all.trades_max;
    configs[2].candles = all.candles.clone();
    configs[3].statistics_trades_max = all.statistics_trades_max;
    configs[4].closed_orders_max = all.closed_orders_max;
    configs[5] = all;
    configs
}

/// The images of projections with these configurations after a stream.
fn images_of(stream: &Stream, configs: [ProjectionsConfig; 6]) -> [ProjectionsImage; 6] {
    let mut engine = NaiveEngine::new(stream.config);
    let mut projections = configs.map(Projections::new);
    let mut seq = Seq::new(0);
    for (time, command) in &stream.commands {
        seq = seq.next();
        let events = engine.apply(seq, *time, command);
        for projections in &mut projections {
            let batch = EventBatch {
                seq,
                time: (*time).max(projections.time()),
                events: &events,
            };
            projections
                .apply(&batch)
                .expect("an engine does not contradict itself");
            projections.check_invariants();
        }
    }
    projections.map(|projections| projections.image())
}

#[test]
fn what_is_switched_on_does_not_depend_on_what_else_is() {
    for seed in 0..60 {
        let images = images_of(&Stream::of(seed), alone_and_together());
        let [depth, trades, candles, statistics, orders, whole] = images;
        assert_eq!(orders.orders, whole.orders, "stream {seed}");
        for (at, instrument) in whole.instruments.into_iter().enumerate() {
            let together = (
                instrument.depth,
                instrument.trades,
                instrument.candles,
                instrument.statistics,
            );
            let alone = (
                depth.instruments[at].depth.clone(),
                trades.instruments[at].trades.clone(),
                candles.instruments[at].candles.clone(),
                statistics.instruments[at].statistics.clone(),
            );
            assert_eq!(alone, together, "stream {seed}");
            assert!(depth.instruments[at].trades.is_none() && orders.instruments[at].depth.is_none());
        }
    }
}

#[test]
fn the_average_price_of_nothing_is_none() {
    let state = OrderState {
        order: OrderId::new(1),
        instrument: InstrumentId::new(0),
        account: None,
        client_id: None,
        side: Side::Buy,
        order_type: engine_core::OrderType::Limit,
        time_in_force: engine_core::TimeInForce::Gtc,
        price: None,
        trigger: None,
        is_triggered: false,
        quantity: Qty::new(5),
        filled: Qty::ZERO,
        cost: Notional::ZERO,
        fee: Amount::ZERO,
        status: OrderStatus::Pending,
        created: Timestamp::ZERO,
        updated: Timestamp::ZERO,
    };
    assert_eq!(state.average_price(), None);
}
