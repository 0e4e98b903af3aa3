//! An engine and its projections, for scenarios of orders.

use engine_core::data::{OrderState, Projection, Projections, ProjectionsConfig};
use engine_core::{
    AccountId, AccountsConfig, Cancel, Command, Engine, EngineConfig, EventBatch, InstrumentSpec, OrderId,
    OrderIds, OrderRef, Place, Price, Qty, Seq, Sequenced, Side,
};
use rust_decimal::Decimal;

use crate::{X, at};

/// An engine with one instrument and its projections.
pub(crate) struct Exchange {
    engine: Engine,
    pub(crate) projections: Projections,
    seq: Seq,
    pub(crate) now: u64,
}

impl Exchange {
    pub(crate) fn new(closed_orders_max: u32) -> Self {
        Self::with_ids(OrderIds::Chosen { hash_seed: 3 }, closed_orders_max)
    }

    pub(crate) fn with_ids(ids: OrderIds, closed_orders_max: u32) -> Self {
        let config = EngineConfig {
            ids,
            ..EngineConfig::default()
        };
        let mut exchange = Self::with_config(config, closed_orders_max);
        let spec = InstrumentSpec::builder("X", Decimal::ONE, Decimal::ONE)
            .build()
            .expect("a plain spec");
        exchange.go(Command::List(Box::new(spec)));
        exchange
    }

    /// An exchange with accounts, in which nothing is listed yet.
    pub(crate) fn with_accounts(closed_orders_max: u32) -> Self {
        let config = EngineConfig {
            ids: OrderIds::Chosen { hash_seed: 3 },
            accounts: Some(AccountsConfig::default()),
            ..EngineConfig::default()
        };
        Self::with_config(config, closed_orders_max)
    }

    fn with_config(config: EngineConfig, closed_orders_max: u32) -> Self {
        let ids = config.ids;
        Self {
            engine: Engine::new(config),
            projections: Projections::new(ProjectionsConfig {
                ids,
                closed_orders_max: Some(closed_orders_max),
                ..ProjectionsConfig::default()
            }),
            seq: Seq::default(),
            now: 0,
        }
    }

    pub(crate) fn go(&mut self, value: Command) {
        self.now += 1;
        self.seq = self.seq.next();
        let mut events = Vec::new();
        let command = Sequenced {
            seq: self.seq,
            time: at(self.now),
            value,
        };
        self.engine
            .apply(&command, &mut events)
            .expect("commands are numbered");
        let batch = EventBatch {
            seq: self.seq,
            time: at(self.now),
            events: &events,
        };
        self.projections
            .apply(&batch)
            .expect("the engine does not contradict itself");
    }

    pub(crate) fn place(&mut self, place: Place) -> OrderState {
        self.go(Command::Place(place));
        self.state(place.id.get())
    }

    pub(crate) fn state(&self, order: u64) -> OrderState {
        self.projections
            .order(OrderId::new(order))
            .expect("it was accepted or refused")
    }

    pub(crate) fn cancel(&mut self, order: u64) {
        self.go(Command::Cancel(Cancel {
            order: OrderRef::Id(OrderId::new(order)),
            account: None,
        }));
    }
}

pub(crate) fn limit(order: u64, side: Side, price: i64, quantity: u64) -> Place {
    Place::limit(
        X,
        OrderId::new(order),
        side,
        Price::new(price),
        Qty::new(quantity),
    )
}

pub(crate) fn account(number: u64) -> Option<AccountId> {
    AccountId::new(number)
}
