//! Values at their limits end in an exact result or a typed reject, and what comes in goes out again.

use engine_core::{
    Amend, Cancel, CancelReason, ClientOrderId, Command, Engine, EngineConfig, EngineSnapshot, Event,
    InstrumentId, InstrumentSpec, LinkKind, Linked, Notional, OrderId, OrderIds, OrderKind, OrderRef, Peg,
    Place, Price, Qty, RejectReason, Sequenced, Side, TimeInForce, Timestamp, Trail, Visibility,
};
use rust_decimal::Decimal;

const X: InstrumentId = InstrumentId::new(0);

/// An engine with one instrument, and the events of the last command.
struct Desk {
    engine: Engine,
    events: Vec<Event>,
}

impl Desk {
    fn new(ids: OrderIds) -> Self {
        let spec = InstrumentSpec::builder("X", Decimal::ONE, Decimal::ONE)
            .build()
            .expect("a tick and a lot of 1");
        let config = EngineConfig {
            ids,
            ..EngineConfig::default()
        };
        let mut desk = Self {
            engine: Engine::new(config),
            events: Vec::new(),
        };
        desk.apply(Command::List(Box::new(spec)));
        desk
    }

    fn chosen() -> Self {
        Self::new(OrderIds::Chosen { hash_seed: 1 })
    }

    fn apply(&mut self, value: Command) -> &[Event] {
        self.apply_at(self.engine.now().nanos(), value)
    }

    fn apply_at(&mut self, nanos: u64, value: Command) -> &[Event] {
        let (seq, time) = (self.engine.applied().next(), Timestamp::from_nanos(nanos));
        self.events.clear();
        self.engine
            .apply(&Sequenced { seq, time, value }, &mut self.events)
            .expect("each command is the next");
        &self.events
    }

    /// Why the command was refused, if it was.
    fn refusal(&mut self, value: Command) -> Option<RejectReason> {
        let refusal = self.apply(value).iter().find_map(|event| match event {
            Event::Rejected { reason, .. } => Some(*reason),
            _ => None,
        });
        self.engine.check_invariants();
        refusal
    }

    fn place(&mut self, place: Place) -> Option<RejectReason> {
        self.refusal(Command::Place(place))
    }

    fn snapshot(&self) -> EngineSnapshot {
        self.engine.snapshot()
    }
}

fn limit(id: u64, side: Side, price: i64, lots: u64) -> Place {
    Place::limit(X, OrderId::new(id), side, Price::new(price), Qty::new(lots))
}

fn of_kind(id: u64, side: Side, lots: u64, kind: OrderKind) -> Place {
    Place::of_kind(X, OrderId::new(id), side, Qty::new(lots), kind)
}

fn amend(id: u64, price: Option<i64>, lots: Option<u64>) -> Command {
    Command::Amend(Amend {
        order: OrderRef::Id(OrderId::new(id)),
        account: None,
        price: price.map(Price::new),
        quantity: lots.map(Qty::new),
    })
}

fn cancel(id: OrderId) -> Command {
    Command::Cancel(Cancel {
        order: OrderRef::Id(id),
        account: None,
    })
}

const MAX: i64 = Price::MAX.ticks();
const MIN: i64 = Price::MIN.ticks();
const LOTS: u64 = Qty::MAX.lots();

#[test]
fn a_price_at_its_limit_is_taken_and_one_beyond_is_refused() {
    for (price, refusal) in [
        (MAX, None),
        (MIN, None),
        (0, None),
        (-1, None),
        (MAX + 1, Some(RejectReason::InvalidPrice)),
        (MIN - 1, Some(RejectReason::InvalidPrice)),
        (i64::MAX, Some(RejectReason::InvalidPrice)),
        (i64::MIN, Some(RejectReason::InvalidPrice)),
    ] {
        for side in Side::BOTH {
            let mut desk = Desk::chosen();
            assert_eq!(desk.place(limit(1, side, price, 1)), refusal, "{side} at {price}");
            let expected = refusal.map(|_| RejectReason::OrderNotFound);
            assert_eq!(
                desk.refusal(amend(1, Some(price), Some(2))),
                expected,
                "{side} amended at {price}"
            );
        }
    }
}

#[test]
fn a_quantity_at_its_limit_is_taken_and_one_beyond_is_refused() {
    for (lots, refusal) in [
        (1, None),
        (LOTS, None),
        (0, Some(RejectReason::ZeroQuantity)),
        (LOTS + 1, Some(RejectReason::QuantityTooLarge)),
        (u64::MAX, Some(RejectReason::QuantityTooLarge)),
    ] {
        let mut desk = Desk::chosen();
        assert_eq!(desk.place(limit(1, Side::Buy, 100, lots)), refusal, "{lots}");
        desk.place(limit(2, Side::Sell, 200, 5));
        assert_eq!(
            desk.refusal(amend(2, None, Some(lots))),
            refusal,
            "amended to {lots}"
        );
    }
}

#[test]
fn triggers_trails_pegs_and_budgets_have_limits_too() {
    let invalid = Some(RejectReason::InvalidTrigger);
    let ticks = |ticks| OrderKind::TrailingStop {
        trail: Trail::Ticks(ticks),
    };
    let basis_points = |bps| OrderKind::TrailingStop {
        trail: Trail::BasisPoints(bps),
    };
    let stop = |trigger| OrderKind::Stop {
        trigger: Price::new(trigger),
    };
    let budget = |units| OrderKind::MarketByQuote {
        budget: Notional::new(units),
    };
    let peg = |offset| OrderKind::Pegged {
        peg: Peg::Primary,
        offset,
        limit: None,
    };
    for (kind, refusal) in [
        (stop(MAX), None),
        (stop(MAX + 1), invalid),
        (stop(i64::MIN), invalid),
        (ticks(1), None),
        (ticks(0), invalid),
        (ticks(MAX.unsigned_abs()), None),
        (ticks(MAX.unsigned_abs() + 1), invalid),
        (ticks(u64::MAX), invalid),
        (basis_points(9_999), None),
        (basis_points(10_000), invalid),
        (basis_points(u32::MAX), invalid),
        (peg(MAX), None),
        (peg(MIN), None),
        (peg(i64::MIN), Some(RejectReason::InvalidPrice)),
        (budget(1), None),
        (budget(i128::MAX), None),
        (budget(0), Some(RejectReason::InvalidBudget)),
        (budget(i128::MIN), Some(RejectReason::InvalidBudget)),
    ] {
        for side in Side::BOTH {
            let mut desk = Desk::chosen();
            desk.place(limit(8, Side::Buy, MIN, 1));
            desk.place(limit(9, Side::Sell, MAX, 1));
            let lots = u64::from(!matches!(kind, OrderKind::MarketByQuote { .. }));
            assert_eq!(
                desk.place(of_kind(1, side, lots, kind)),
                refusal,
                "{side} {kind:?}"
            );
        }
    }
}

#[test]
fn a_side_holds_so_much_and_not_a_lot_more() {
    let full = Some(RejectReason::BookFull);
    let mut desk = Desk::chosen();
    assert_eq!(desk.place(limit(1, Side::Buy, 100, LOTS - 10)), None);
    assert_eq!(desk.place(limit(2, Side::Buy, MAX, 11)), full);
    assert_eq!(desk.place(limit(2, Side::Buy, MAX, 10)), None);
    assert_eq!(desk.place(limit(3, Side::Buy, 1, 1)), full);
    assert_eq!(
        desk.place(of_kind(
            3,
            Side::Buy,
            1,
            OrderKind::Stop {
                trigger: Price::new(MAX)
            }
        )),
        full
    );
    assert_eq!(
        desk.place(of_kind(3, Side::Buy, 1, OrderKind::Market)),
        full,
        "also one that would not rest"
    );
    assert_eq!(desk.refusal(amend(2, None, Some(11))), full);
    assert_eq!(desk.refusal(amend(2, None, Some(9))), None);
    assert_eq!(
        desk.refusal(amend(2, None, Some(10))),
        None,
        "what was given back can be had again"
    );
    assert_eq!(
        desk.place(limit(4, Side::Sell, MIN, LOTS)),
        None,
        "the other side has its own room"
    );
    let traded: u64 = desk
        .events
        .iter()
        .map(|event| {
            if let Event::Traded { quantity, .. } = event {
                quantity.lots()
            } else {
                0
            }
        })
        .sum();
    assert_eq!(traded, LOTS);
    let market = &desk.snapshot().instruments[0];
    assert!(
        market.buys.queued.is_empty() && market.sells.queued.is_empty(),
        "both were filled to the last lot"
    );
    assert_eq!(
        desk.place(limit(5, Side::Buy, 100, LOTS)),
        None,
        "and there is room for as much again"
    );
}

#[test]
fn an_auction_of_everything_there_can_be_is_exact() {
    let mut desk = Desk::chosen();
    desk.apply(Command::SetPhase(engine_core::SetPhase {
        instrument: X,
        phase: engine_core::Phase::Auction,
    }));
    desk.place(limit(1, Side::Buy, MAX, LOTS - 1));
    desk.place(of_kind(2, Side::Buy, 1, OrderKind::Market));
    desk.place(limit(3, Side::Sell, MIN, LOTS));
    let said = desk.events.iter().rev().find_map(|event| match event {
        Event::Indicative {
            quantity, imbalance, ..
        } => Some((quantity.lots(), *imbalance)),
        _ => None,
    });
    assert_eq!(said, Some((LOTS, 0)));
    desk.apply(Command::Uncross(X));
    let traded = |event: &Event| {
        if let Event::Traded { quantity, .. } = event {
            quantity.lots()
        } else {
            0
        }
    };
    assert_eq!(desk.events.iter().map(traded).sum::<u64>(), LOTS);
    desk.engine.check_invariants();
}

/// The first comes first: also among a million.
#[test]
fn a_million_orders_of_one_price_trade_in_their_order() {
    const ORDERS: u64 = 1_000_000;
    let mut desk = Desk::chosen();
    for id in 1..=ORDERS {
        desk.apply(Command::Place(limit(id, Side::Sell, 100, 1 + id % 3)));
    }
    // Every tenth leaves, from the middle outwards.
    for step in 0..ORDERS / 20 {
        for id in [ORDERS / 2 - 10 * step, ORDERS / 2 + 10 * (step + 1)] {
            let events = desk.apply(cancel(OrderId::new(id)));
            assert!(
                matches!(
                    events,
                    [Event::Cancelled {
                        reason: CancelReason::User,
                        ..
                    }]
                ),
                "{id}: {events:?}"
            );
        }
    }
    desk.engine.check_invariants();
    let left = (1..=ORDERS).filter(|id| id % 10 != 0);
    let lots: u64 = left.clone().map(|id| 1 + id % 3).sum();
    desk.apply(Command::Place(limit(ORDERS + 1, Side::Buy, 100, lots)));
    let makers = desk.events.iter().filter_map(|event| match event {
        Event::Traded { maker, quantity, .. } => Some((maker.get(), quantity.lots())),
        _ => None,
    });
    assert!(
        makers.eq(left.map(|id| (id, 1 + id % 3))),
        "each trades whole, the older before the younger"
    );
    let market = &desk.snapshot().instruments[0];
    assert!(market.buys.queued.is_empty() && market.sells.queued.is_empty());
}

/// One order of a kind that stands in lists of its own, for each turn.
fn rare(turn: u64, id: u64) -> Command {
    let buy = |kind| of_kind(id, Side::Buy, 3, kind);
    let resting = limit(id, Side::Buy, 40, 6);
    Command::Place(match turn % 8 {
        0 => Place {
            account: engine_core::AccountId::new(7),
            client_id: ClientOrderId::new(&id.to_string()).ok(),
            ..resting
        },
        1 => Place {
            time_in_force: TimeInForce::Gtd(Timestamp::from_nanos(u64::MAX / 2 + id)),
            ..resting
        },
        2 => Place {
            visibility: Visibility::Iceberg { display: Qty::new(2) },
            ..resting
        },
        3 => Place {
            all_or_none: true,
            ..resting
        },
        4 => buy(OrderKind::Stop {
            trigger: Price::new(1_000),
        }),
        5 => buy(OrderKind::TrailingStop {
            trail: Trail::Ticks(900),
        }),
        6 => buy(OrderKind::Pegged {
            peg: Peg::Primary,
            offset: -1,
            limit: None,
        }),
        _ => {
            let orders = [
                limit(id, Side::Sell, 900, 4),
                of_kind(
                    id + 1,
                    Side::Sell,
                    4,
                    OrderKind::Stop {
                        trigger: Price::new(10),
                    },
                ),
            ];
            let kind = LinkKind::OneCancelsOther;
            return Command::PlaceLinked(Box::new(Linked {
                kind,
                orders: orders.as_slice().into(),
            }));
        }
    })
}

/// The state without what only counts: an engine through which everything has gone is like a new one.
fn without_counts(mut snapshot: EngineSnapshot) -> EngineSnapshot {
    let fresh = Desk::new(snapshot.config.ids).snapshot();
    (snapshot.applied, snapshot.now) = (fresh.applied, fresh.now);
    snapshot.orders = fresh.orders;
    snapshot.instruments[0].last = None;
    snapshot
}

/// Sends `orders` orders in waves, each of which ends with an empty book, and tells how often they traded.
fn in_and_out(desk: &mut Desk, orders: u64) -> u64 {
    let mut traded = 0;
    const WAVE: u64 = 1_000;
    let mut live: Vec<OrderId> = Vec::new();
    let mut id = 1;
    for wave in 0..orders / WAVE {
        for turn in 0..WAVE {
            // A rare order in a wave makes the plain ones go the long way, so most waves have none.
            let command = if wave % 50 == 0 && turn % 10 == 0 {
                rare(turn / 10, id)
            } else if turn % 2 == 0 {
                Command::Place(limit(id, Side::Sell, 100 + (turn % 64) as i64, 5))
            } else {
                Command::Place(limit(id, Side::Buy, 90 + (turn % 24) as i64, 5))
            };
            id += 2;
            for event in desk.apply(command) {
                match event {
                    Event::Accepted { order, .. } => live.push(*order),
                    Event::Traded { .. } => traded += 1,
                    _ => {}
                }
            }
        }
        for order in live.drain(..) {
            desk.apply(cancel(order));
        }
    }
    assert_eq!(id / 2, orders, "so many were sent");
    traded
}

#[test]
fn ten_million_orders_come_and_go_and_nothing_stays() {
    let mut desk = Desk::new(OrderIds::Assigned);
    let trades = in_and_out(&mut desk, 10_000_000);
    assert!(trades > 1_000_000, "{trades} trades");
    desk.engine.check_invariants();
    let snapshot = desk.snapshot();
    assert_eq!(snapshot.instruments[0].buys, Default::default());
    // No more places than lived at a time: a wave, and the second orders of its lists.
    assert!(
        snapshot.orders.free.len() <= 1_020,
        "{} places",
        snapshot.orders.free.len()
    );
    assert_eq!(snapshot.orders.retired, [0_u32; 0]);
    assert_eq!(without_counts(snapshot), Desk::new(OrderIds::Assigned).snapshot());
}

#[test]
fn orders_with_chosen_ids_come_and_go_and_nothing_stays() {
    let mut desk = Desk::chosen();
    in_and_out(&mut desk, 1_000_000);
    desk.engine.check_invariants();
    assert_eq!(without_counts(desk.snapshot()), Desk::chosen().snapshot());
}
