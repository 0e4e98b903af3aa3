use super::{Contender, Rehearsed, Tally, Terms, count};
use crate::workload::{Command, Header, Kind};
use engine_core::{
    Amend, Cancel, Event, InstrumentId, InstrumentSpec, Market, OrderId, OrderIds, OrderRef, Place, Price,
    Qty, TimeInForce,
};
use rust_decimal::Decimal;

/// How many orders may live at a time.
pub(super) const ORDERS_MAX: u32 = 4_000_000;

/// Who names the orders: the engine, or else the caller, with numbers all over `u64`.
pub(super) const fn naming(assigned: bool) -> OrderIds {
    if assigned {
        OrderIds::Assigned
    } else {
        OrderIds::Chosen { hash_seed: 0x5EED }
    }
}

/// [`Market`] of this workspace, one for each symbol, with all its rules on.
pub struct Markets<const ASSIGNED: bool> {
    pub(super) markets: Vec<Market>,
    events: Vec<Event>,
}

impl<const ASSIGNED: bool> Contender for Markets<ASSIGNED> {
    const NAME: &'static str = if ASSIGNED { "market" } else { "market-u64" };

    const NOTE: Option<&'static str> = if ASSIGNED {
        Some("hands the ids out")
    } else {
        Some("takes any ids of 64 bits; they are scattered over all of them")
    };

    const TERMS: Terms = if ASSIGNED { Terms::MarketIds } else { Terms::AnyIds };

    fn new(header: &Header) -> Self {
        let market = |symbol| Market::new(InstrumentId::new(symbol), spec(), naming(ASSIGNED), ORDERS_MAX);
        Self {
            markets: (0..header.symbols as u32).map(market).collect(),
            events: Vec::new(),
        }
    }

    #[inline]
    fn apply(&mut self, command: &Command, tally: &mut Tally) {
        self.perform(command);
        count(&self.events, tally);
    }
}

impl<const ASSIGNED: bool> Rehearsed for Markets<ASSIGNED> {
    #[inline]
    fn perform(&mut self, command: &Command) -> &[Event] {
        self.events.clear();
        let market = &mut self.markets[usize::from(command.symbol)];
        match command.kind {
            Kind::Add | Kind::Ioc => market.place(&place(command), &mut self.events),
            Kind::Cancel => market.cancel(&cancel(command), &mut self.events),
            Kind::Reduce | Kind::Reprice => market.amend(&amend(command), &mut self.events),
        }
        &self.events
    }
}

/// An instrument without bands and limits that the flow would run into.
pub(crate) fn spec() -> InstrumentSpec {
    let spec = InstrumentSpec::builder("FLOW", Decimal::new(1, 2), Decimal::ONE);
    spec.build().expect("a tick, a lot and defaults are a spec")
}

#[inline]
pub(crate) fn place(command: &Command) -> Place {
    let place = Place::limit(
        InstrumentId::new(u32::from(command.symbol)),
        OrderId::new(command.id),
        command.side,
        Price::new(command.price),
        Qty::new(u64::from(command.quantity)),
    );
    let time_in_force = if command.kind == Kind::Ioc {
        TimeInForce::Ioc
    } else {
        TimeInForce::Gtc
    };
    Place {
        time_in_force,
        ..place
    }
}

#[inline]
pub(crate) fn cancel(command: &Command) -> Cancel {
    Cancel {
        order: OrderRef::Id(OrderId::new(command.id)),
        account: None,
    }
}

#[inline]
pub(crate) fn amend(command: &Command) -> Amend {
    Amend {
        order: OrderRef::Id(OrderId::new(command.id)),
        account: None,
        price: (command.kind == Kind::Reprice).then_some(Price::new(command.price)),
        quantity: Some(Qty::new(u64::from(command.quantity))),
    }
}
