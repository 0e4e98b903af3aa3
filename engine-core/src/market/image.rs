//! What a market is, as plain data: taking the parts of a snapshot.

use super::alone::Market;
use super::floor::Instrument;
use super::linked::Link;
use super::store::{Conditions, Store, WaitsFor};
use crate::book::Slot;
use crate::command::{PostOnly, SelfTrade, TimeInForce, Visibility};
use crate::event::OrderType;
use crate::snapshot::{
    ConditionsSnapshot, FreePlace, IndicativeSnapshot, InstrumentSnapshot, LinkSnapshot, MarketSnapshot,
    OrderSnapshot, OrdersSnapshot, PegSnapshot, SNAPSHOT_VERSION, SideSnapshot, StateHash, TrailSnapshot,
    Waits,
};
use crate::types::{Qty, Side};

impl Store {
    /// What decides the arrivals and ids of later orders.
    pub(crate) fn snapshot(&self) -> OrdersSnapshot {
        let free = self.orders.free_list();
        OrdersSnapshot {
            arrivals: self.arrivals,
            free: free
                .map(|(place, generation)| FreePlace { place, generation })
                .collect(),
            retired: self.orders.retired().collect(),
        }
    }

    /// The orders that stand in no queue, by instrument, side and arrival.
    pub(crate) fn waiting(&self) -> Vec<Slot> {
        let mut waiting: Vec<Slot> = self
            .orders
            .iter()
            .filter(|slot| self.orders.queue(*slot).is_none())
            .collect();
        waiting.sort_unstable_by_key(|slot| {
            let details = self.details(*slot);
            (details.instrument, self.orders.side(*slot), details.arrival)
        });
        waiting
    }

    fn order_snapshot(&self, slot: Slot) -> OrderSnapshot {
        let details = self.details(slot);
        OrderSnapshot {
            id: self.orders.id(slot),
            account: details.account,
            price: self.orders.price(slot),
            total: details.total,
            remaining: self.remaining(slot),
            arrival: details.arrival,
            conditions: self.conditions(slot).and_then(Conditions::snapshot).map(Box::new),
        }
    }
}

impl Market {
    /// All state as plain data, from which [`Market::restore`] makes a market that goes on as this one does.
    pub fn snapshot(&self) -> MarketSnapshot {
        MarketSnapshot {
            version: SNAPSHOT_VERSION,
            id: self.instrument.id,
            ids: self.store.orders.ids(),
            orders_max: self.store.orders.orders_max(),
            now: self.now,
            orders: self.store.snapshot(),
            market: self.instrument.snapshot(&self.store, &self.store.waiting()),
        }
    }

    /// The hash of all state that can influence a later event. It walks all of it.
    pub fn state_hash(&self) -> StateHash {
        self.snapshot().state_hash()
    }
}

impl Instrument {
    /// All state of this instrument's market. `waiting` is what [`Store::waiting`] says.
    pub(crate) fn snapshot(&self, store: &Store, waiting: &[Slot]) -> InstrumentSnapshot {
        let of = |slot: &Slot| store.details(*slot).instrument;
        let first = waiting.partition_point(|slot| of(slot) < self.id);
        let after = waiting.partition_point(|slot| of(slot) <= self.id);
        let waiting = &waiting[first..after];
        let said = self.auction.said;
        InstrumentSnapshot {
            spec: self.spec.clone(),
            phase: self.phase,
            last: self.last,
            marked: self.marked,
            indicative: IndicativeSnapshot {
                price: said.price,
                quantity: said.quantity,
                imbalance: said.imbalance,
            },
            auction_ends: self.auction.ends,
            buys: self.side_snapshot(store, Side::Buy, waiting),
            sells: self.side_snapshot(store, Side::Sell, waiting),
            links: self
                .links
                .iter()
                .map(|(id, link)| link.snapshot(*id, store))
                .collect(),
        }
    }

    fn side_snapshot(&self, store: &Store, side: Side, waiting: &[Slot]) -> SideSnapshot {
        let first = self.sides.first(&store.orders, side);
        let queued = std::iter::successors(first, |slot| self.sides.next(&store.orders, *slot));
        let waiting = waiting.iter().filter(|slot| store.orders.side(**slot) == side);
        SideSnapshot {
            queued: queued.map(|slot| store.order_snapshot(slot)).collect(),
            waiting: waiting.map(|slot| store.order_snapshot(*slot)).collect(),
        }
    }
}

impl Link {
    fn snapshot(&self, id: u64, store: &Store) -> LinkSnapshot {
        assert!(
            self.winner.is_none(),
            "a list whose order has traded ends with the command"
        );
        LinkSnapshot {
            id,
            kind: self.kind,
            orders: self
                .members
                .into_iter()
                .flatten()
                .map(|slot| store.orders.id(slot))
                .collect(),
        }
    }
}

impl Conditions {
    /// What these conditions say, if anything. What a stop waited for says nothing any more once it was set off.
    fn snapshot(&self) -> Option<ConditionsSnapshot> {
        let is_stop = self.order_type.is_stop();
        let snapshot = ConditionsSnapshot {
            order_type: self.order_type,
            time_in_force: self.time_in_force,
            visibility: self.visibility,
            post_only: self.post_only,
            all_or_none: self.all_or_none,
            reduce_only: self.reduce_only,
            self_trade: self.self_trade,
            group: self.group,
            client_id: self.client_id,
            reserve: self.reserve,
            trigger: self.trigger.filter(|_| is_stop),
            trail: self.trail.filter(|_| is_stop).map(|distance| TrailSnapshot {
                distance,
                best: self.trail_best,
            }),
            peg: self.peg.map(|(peg, offset)| PegSnapshot {
                peg,
                offset,
                limit: self.peg_limit,
            }),
            waits: self.waits.map(WaitsFor::snapshot),
        };
        (snapshot != ConditionsSnapshot::NONE).then_some(snapshot)
    }
}

impl ConditionsSnapshot {
    /// Those of a limit order good till cancelled.
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
        peg: None,
        waits: None,
    };
}

impl WaitsFor {
    fn snapshot(self) -> Waits {
        match self {
            Self::Trigger => Waits::Trigger,
            Self::Turn => unreachable!("an elected stop has its turn before the command is done"),
            Self::Auction => Waits::Auction,
            Self::Uncrossing => Waits::Uncrossing,
            Self::Peg => Waits::Peg,
            Self::Arming => Waits::Arming,
        }
    }
}
