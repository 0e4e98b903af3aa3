//! Commands and events to try things on: one of each, and any at all.

use engine_core::{
    AccountId, Allocation, Amend, Amount, Asked, AssetId, AssetSpec, Cancel, CancelAllAfter, CancelReason,
    ClientOrderId, Command, Displayed, Event, Funding, GroupId, InstrumentId, InstrumentSpec, Limits,
    LinkKind, Linked, MassCancel, MassCancelCause, Notional, OrderId, OrderKind, OrderRef, OrderType, Peg,
    Phase, Place, PostOnly, Price, Qty, RejectReason, Request, RiskLimit, Scope, SelfTrade, Seq, SetAccount,
    SetLimits, SetMark, SetPhase, Side, TimeInForce, Timestamp, Trail, Transfer, TransferKey, TriggerSource,
    Visibility,
};
use proptest::prelude::*;
use rust_decimal::Decimal;

pub(crate) const REJECT_REASONS: [RejectReason; 31] = [
    RejectReason::UnknownInstrument,
    RejectReason::DuplicateOrderId,
    RejectReason::DuplicateClientOrderId,
    RejectReason::OrderNotFound,
    RejectReason::Killed,
    RejectReason::MarketClosed,
    RejectReason::MarketHalted,
    RejectReason::NoAuction,
    RejectReason::SamePhase,
    RejectReason::ZeroQuantity,
    RejectReason::QuantityTooLarge,
    RejectReason::QuantityTooSmall,
    RejectReason::QuantityBelowFilled,
    RejectReason::InvalidBudget,
    RejectReason::InvalidTimeInForce,
    RejectReason::ExpiryInPast,
    RejectReason::InvalidDisplay,
    RejectReason::InvalidMinQuantity,
    RejectReason::InvalidCombination,
    RejectReason::ReduceOnly,
    RejectReason::InvalidLink,
    RejectReason::InvalidPrice,
    RejectReason::PriceNotAllowed,
    RejectReason::InvalidTrigger,
    RejectReason::PriceBand,
    RejectReason::MinNotional,
    RejectReason::NothingToAmend,
    RejectReason::BookFull,
    RejectReason::TooManyStops,
    RejectReason::PostOnlyWouldCross,
    RejectReason::TooManyInstruments,
];

/// Those of accounts, which came later.
pub(crate) const REJECT_REASONS_OF_ACCOUNTS: [RejectReason; 25] = [
    RejectReason::AccountRequired,
    RejectReason::AccountFrozen,
    RejectReason::UnboundedCost,
    RejectReason::RiskLimit(RiskLimit::OrderQuantity),
    RejectReason::RiskLimit(RiskLimit::OrderNotional),
    RejectReason::RiskLimit(RiskLimit::OpenOrders),
    RejectReason::RiskLimit(RiskLimit::OpenQuantity),
    RejectReason::RiskLimit(RiskLimit::Position),
    RejectReason::RiskLimit(RiskLimit::PriceCollar),
    RejectReason::RiskLimit(RiskLimit::OrderRate),
    RejectReason::RiskLimit(RiskLimit::ReduceOnly),
    RejectReason::InsufficientBalance,
    RejectReason::AccountsOff,
    RejectReason::KeyReused,
    RejectReason::UnknownAsset,
    RejectReason::InvalidAsset,
    RejectReason::TooManyAssets,
    RejectReason::TooManyAccounts,
    RejectReason::InvalidAmount,
    RejectReason::AmountTooLarge,
    RejectReason::AssetRequired,
    RejectReason::AssetScale,
    RejectReason::FeesBelowZero,
    RejectReason::TooManyRates,
    RejectReason::MarginTerms,
];

/// All of them.
pub(crate) fn reject_reasons() -> Vec<RejectReason> {
    [&REJECT_REASONS[..], &REJECT_REASONS_OF_ACCOUNTS].concat()
}

pub(crate) const CANCEL_REASONS: [CancelReason; 15] = [
    CancelReason::User,
    CancelReason::IocRemainder,
    CancelReason::FokKilled,
    CancelReason::NoLiquidity,
    CancelReason::MinQuantity,
    CancelReason::SelfTrade,
    CancelReason::MassCancel,
    CancelReason::Disconnected,
    CancelReason::CancelAllAfter,
    CancelReason::Killed,
    CancelReason::Linked,
    CancelReason::Closed,
    CancelReason::VolatilityInterruption,
    CancelReason::Expired,
    CancelReason::PostOnly,
];

pub(crate) const REQUESTS: [Request; 12] = [
    Request::List,
    Request::Place,
    Request::PlaceLinked,
    Request::Cancel,
    Request::Amend,
    Request::MassCancel,
    Request::SetPhase,
    Request::Uncross,
    Request::SetMark,
    Request::CancelAllAfter,
    Request::Kill,
    Request::Resume,
];

/// Those of accounts, which came later.
pub(crate) const REQUESTS_OF_ACCOUNTS: [Request; 7] = [
    Request::AddAsset,
    Request::Deposit,
    Request::Withdraw,
    Request::SetAccount,
    Request::SetLimits,
    Request::Freeze,
    Request::Unfreeze,
];

pub(crate) const ORDER_TYPES: [OrderType; 11] = [
    OrderType::Market,
    OrderType::MarketByQuote,
    OrderType::MarketToLimit,
    OrderType::Limit,
    OrderType::Stop,
    OrderType::StopLimit,
    OrderType::TakeProfit,
    OrderType::TakeProfitLimit,
    OrderType::TrailingStop,
    OrderType::TrailingStopLimit,
    OrderType::Pegged,
];

pub(crate) const X: InstrumentId = InstrumentId::new(0);

pub(crate) fn account(number: u64) -> AccountId {
    AccountId::new(number).expect("a test's account is somebody")
}

pub(crate) fn client_id(text: &str) -> ClientOrderId {
    ClientOrderId::new(text).expect("a test's client order id is one")
}

/// An instrument with a tick of 0.01 and whole lots.
pub(crate) fn plain_spec() -> InstrumentSpec {
    InstrumentSpec::builder("X", Decimal::new(1, 2), Decimal::ONE)
        .build()
        .expect("a plain spec")
}

/// An instrument of which everything is as it is not by default.
pub(crate) fn full_spec() -> InstrumentSpec {
    InstrumentSpec::builder("BTC-KRW", Decimal::new(1000, 0), Decimal::new(1, 8))
        .assets(AssetId::new(0), AssetId::new(1))
        .quantities(Qty::new(10), Qty::new(1_000_000_000))
        .min_notional(Decimal::new(5000, 0))
        .price_band_bps(5_000)
        .dynamic_band_bps(300, Some(120_000_000_000))
        .market_protection_bps(250)
        .fees_ppm(-25, 525)
        .allocation(Allocation::ProRata {
            top_order: true,
            min_lots: Qty::new(7),
        })
        .trigger_source(TriggerSource::Mark)
        .initial_phase(Phase::Auction)
        .iceberg_parts_max(50)
        .stops_max(1_000)
        .build()
        .expect("a full spec")
}

/// A limit order of which everything is as it is not by default.
pub(crate) fn full_place() -> Place {
    Place {
        account: Some(account(7)),
        client_id: Some(client_id("my-1")),
        time_in_force: TimeInForce::Gtd(Timestamp::from_nanos(1_682_854_510_123_456_789)),
        visibility: Visibility::Iceberg { display: Qty::new(2) },
        post_only: PostOnly::Slide,
        min_quantity: Some(Qty::new(3)),
        all_or_none: true,
        reduce_only: true,
        self_trade: SelfTrade::Decrement,
        group: Some(GroupId::new(9)),
        ..Place::limit(X, OrderId::new(1), Side::Sell, Price::new(1005), Qty::new(5))
    }
}

/// Every kind of order.
pub(crate) fn kinds() -> Vec<OrderKind> {
    let (price, trigger) = (Price::new(1005), Price::new(-3));
    vec![
        OrderKind::Market,
        OrderKind::MarketByQuote {
            budget: Notional::new(123_456),
        },
        OrderKind::MarketToLimit,
        OrderKind::Limit { price },
        OrderKind::Stop { trigger },
        OrderKind::StopLimit { trigger, price },
        OrderKind::TakeProfit { trigger },
        OrderKind::TakeProfitLimit { trigger, price },
        OrderKind::TrailingStop {
            trail: Trail::Ticks(50),
        },
        OrderKind::TrailingStopLimit {
            trail: Trail::BasisPoints(250),
            price,
        },
        OrderKind::Pegged {
            peg: Peg::Primary,
            offset: -1,
            limit: None,
        },
        OrderKind::Pegged {
            peg: Peg::Mid,
            offset: 2,
            limit: Some(price),
        },
    ]
}

/// At least one of every command.
pub(crate) fn commands() -> Vec<Command> {
    let mut commands = vec![
        Command::List(Box::new(plain_spec())),
        Command::List(Box::new(full_spec())),
        Command::Place(Place::limit(
            X,
            OrderId::new(1),
            Side::Buy,
            Price::new(1000),
            Qty::new(5),
        )),
        Command::Place(full_place()),
        Command::PlaceLinked(Box::new(linked())),
    ];
    commands.extend(commands_about_orders());
    commands.extend([
        Command::SetPhase(SetPhase {
            instrument: X,
            phase: Phase::Halted,
        }),
        Command::Uncross(X),
        Command::SetMark(SetMark {
            instrument: X,
            price: Price::new(-1),
        }),
        Command::CancelAllAfter(CancelAllAfter {
            account: account(7),
            timeout_ns: Some(60_000_000_000),
        }),
        Command::CancelAllAfter(CancelAllAfter {
            account: account(7),
            timeout_ns: None,
        }),
        Command::Kill(Scope::Account(account(7))),
        Command::Kill(Scope::Engine),
        Command::Resume(Scope::Engine),
        Command::Tick,
    ]);
    commands.extend(kinds().into_iter().map(|kind| {
        let quantity = if matches!(kind, OrderKind::MarketByQuote { .. }) {
            Qty::ZERO
        } else {
            Qty::new(5)
        };
        Command::Place(Place::of_kind(X, OrderId::new(2), Side::Buy, quantity, kind))
    }));
    commands.extend(commands_about_accounts());
    commands
}

/// An instrument on margin with tiers of fees.
fn margin_spec() -> InstrumentSpec {
    InstrumentSpec::builder("ETH-KRW", Decimal::new(5, 1), Decimal::new(1, 3))
        .assets(AssetId::new(0), AssetId::new(1))
        .prices(Price::new(1), Price::new(1_000_000))
        .fees_ppm(100, 500)
        .fee_tier(Decimal::new(1_000_000, 0), 50, 400)
        .fee_tier(Decimal::new(25, 1) * Decimal::new(1_000_000, 0), -10, 300)
        .funding(Funding::Margin {
            initial_ppm: 100_000,
            maintenance_ppm: 50_025,
            position_max: Qty::new(5_000),
        })
        .build()
        .expect("a spec on margin")
}

fn commands_about_accounts() -> Vec<Command> {
    let transfer = Transfer {
        account: account(7),
        asset: AssetId::new(0),
        amount: Amount::new(150_000_000),
        key: Some(TransferKey::new(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef)),
    };
    vec![
        Command::List(Box::new(margin_spec())),
        Command::AddAsset(Box::new(AssetSpec {
            name: "KRW".to_owned(),
            scale: 8,
        })),
        Command::Deposit(transfer),
        Command::Withdraw(Transfer {
            key: None,
            ..transfer
        }),
        Command::SetAccount(SetAccount {
            account: account(7),
            tier: Some(2),
            group: Some(GroupId::new(9)),
        }),
        Command::SetAccount(SetAccount {
            account: account(7),
            tier: None,
            group: None,
        }),
        Command::SetLimits(Box::new(SetLimits {
            account: None,
            instrument: X,
            limits: Limits::default(),
        })),
        Command::SetLimits(Box::new(SetLimits {
            account: Some(account(7)),
            instrument: X,
            limits: Limits {
                order_quantity_max: Some(Qty::new(1)),
                order_notional_max: Some(Notional::new(2)),
                open_orders_max: Some(3),
                open_quantity_max: Some(Qty::new(4)),
                position_max: Some(Qty::new(5)),
                price_collar_bps: Some(6),
                orders_per_second_max: Some(7),
            },
        })),
        Command::Freeze(account(7)),
        Command::Unfreeze(account(7)),
    ]
}

fn linked() -> Linked {
    let stop = OrderKind::Stop {
        trigger: Price::new(9),
    };
    let first = Place::limit(X, OrderId::new(2), Side::Buy, Price::new(8), Qty::new(5));
    let second = Place::of_kind(X, OrderId::new(3), Side::Buy, Qty::new(5), stop);
    Linked {
        kind: LinkKind::OneCancelsOther,
        orders: [first, second].into_iter().collect(),
    }
}

fn commands_about_orders() -> Vec<Command> {
    let by_id = OrderRef::Id(OrderId::new(1));
    let by_name = OrderRef::Client(account(7), client_id("my-1"));
    vec![
        Command::Cancel(Cancel {
            order: by_id,
            account: None,
        }),
        Command::Cancel(Cancel {
            order: by_name,
            account: Some(account(7)),
        }),
        Command::Amend(Amend {
            order: by_id,
            account: Some(account(7)),
            price: Some(Price::new(1001)),
            quantity: Some(Qty::new(4)),
        }),
        Command::MassCancel(MassCancel::default()),
        Command::MassCancel(MassCancel {
            account: Some(account(7)),
            instrument: Some(X),
            side: Some(Side::Sell),
            cause: MassCancelCause::Disconnected,
        }),
    ]
}

/// What the samples of events are about.
const ORDER: OrderId = OrderId::new(1);
const PRICE: Price = Price::new(1005);
const QUANTITY: Qty = Qty::new(5);
const DISPLAYED: Qty = Qty::new(2);
const SIDE: Side = Side::Buy;

fn owner() -> Option<AccountId> {
    Some(account(7))
}

/// At least one of every event.
pub(crate) fn events() -> Vec<Event> {
    let mut events = vec![
        Event::Listed { instrument: X },
        Event::PhaseChanged {
            instrument: X,
            phase: Phase::Auction,
        },
        Event::Indicative {
            instrument: X,
            price: None,
            quantity: QUANTITY,
            imbalance: -3,
        },
        Event::Marked {
            instrument: X,
            price: PRICE,
        },
        Event::CancelAllArmed {
            account: account(7),
            deadline: Some(Timestamp::from_nanos(5)),
        },
        Event::CancelAllArmed {
            account: account(7),
            deadline: None,
        },
        Event::Killed { account: None },
        Event::Resumed { account: owner() },
    ];
    events.extend(events_of_a_life());
    events.extend(events_of_the_book());
    events.push(cancelled(
        Some(Displayed {
            price: PRICE,
            quantity: DISPLAYED,
        }),
        CancelReason::User,
    ));
    events.extend(CANCEL_REASONS.map(|reason| cancelled(None, reason)));
    let asked = Asked {
        side: SIDE,
        order_type: OrderType::Limit,
        price: Some(PRICE),
        quantity: QUANTITY,
    };
    events.push(rejected(
        Some(X),
        Request::Place,
        RejectReason::MinNotional,
        Some(asked),
    ));
    events.extend(REJECT_REASONS.map(|reason| rejected(None, Request::Place, reason, None)));
    events.extend(REQUESTS.map(|request| rejected(None, request, RejectReason::Killed, None)));
    events.extend(events_of_accounts());
    events.extend(REJECT_REASONS_OF_ACCOUNTS.map(|reason| rejected(None, Request::Place, reason, None)));
    events
        .extend(REQUESTS_OF_ACCOUNTS.map(|request| rejected(None, request, RejectReason::AccountsOff, None)));
    events
}

fn events_of_accounts() -> Vec<Event> {
    let (account, asset, instrument) = (account(7), AssetId::new(0), X);
    let amount = Amount::new(150_000_000);
    vec![
        Event::AssetAdded { asset },
        Event::Deposited {
            account,
            asset,
            amount,
        },
        Event::Withdrew {
            account,
            asset,
            amount,
        },
        Event::Repeated {
            account,
            first: Seq::new(5),
        },
        Event::AccountSet {
            account,
            tier: Some(2),
            group: None,
        },
        Event::AccountSet {
            account,
            tier: None,
            group: Some(GroupId::new(9)),
        },
        Event::LimitsSet {
            account: owner(),
            instrument,
        },
        Event::Frozen { account },
        Event::Unfrozen { account },
        Event::Shortfall {
            account,
            asset,
            needed: Amount::MAX,
            available: Amount::new(-1),
        },
        Event::Settled {
            trade: 3,
            asset,
            maker_fee: Amount::new(-2),
            taker_fee: Amount::new(5),
        },
        Event::BalanceChanged {
            account,
            asset,
            total: amount,
            held: Amount::new(50_000_000),
        },
        Event::PositionChanged {
            account,
            instrument,
            quantity: -5,
            cost: Notional::new(-5025),
            realised: Notional::new(7),
        },
    ]
}

fn cancelled(displayed: Option<Displayed>, reason: CancelReason) -> Event {
    let (account, remaining) = (owner(), QUANTITY);
    Event::Cancelled {
        instrument: X,
        order: ORDER,
        account,
        side: SIDE,
        remaining,
        displayed,
        reason,
    }
}

fn rejected(
    instrument: Option<InstrumentId>,
    request: Request,
    reason: RejectReason,
    asked: Option<Asked>,
) -> Event {
    Event::Rejected {
        instrument,
        order: ORDER,
        account: owner(),
        request,
        reason,
        asked,
    }
}

fn events_of_a_life() -> Vec<Event> {
    let (instrument, order, account, side) = (X, ORDER, owner(), SIDE);
    let (price, quantity) = (Some(PRICE), QUANTITY);
    let mut events = vec![
        Event::Terms {
            order,
            time_in_force: TimeInForce::Gtd(Timestamp::from_nanos(9)),
            trigger: Some(Price::new(-2)),
        },
        Event::Named {
            order,
            client_id: client_id("my-1"),
        },
        Event::Traded {
            instrument,
            maker: order,
            maker_account: account,
            taker: OrderId::new(2),
            taker_account: None,
            taker_side: Side::Sell,
            maker_displayed: true,
            price: PRICE,
            quantity,
        },
        Event::Amended {
            instrument,
            order,
            account,
            price: None,
            quantity,
            kept_priority: false,
        },
        Event::Decremented {
            instrument,
            order,
            account,
            by: DISPLAYED,
            remaining: quantity,
        },
        Event::Triggered {
            instrument,
            order,
            account,
        },
        Event::Armed {
            instrument,
            order,
            account,
            quantity,
        },
    ];
    events.extend(ORDER_TYPES.map(|order_type| Event::Accepted {
        instrument,
        order,
        account: None,
        side,
        order_type,
        price,
        quantity,
    }));
    events
}

fn events_of_the_book() -> [Event; 4] {
    let (instrument, order, side, price, displayed) = (X, ORDER, SIDE, PRICE, DISPLAYED);
    [
        Event::Rested {
            instrument,
            order,
            side,
            price,
            displayed,
        },
        Event::Pulled {
            instrument,
            order,
            side,
            price,
            displayed,
        },
        Event::Reduced {
            instrument,
            order,
            side,
            price,
            by: displayed,
        },
        Event::Replenished {
            instrument,
            order,
            side,
            price,
            displayed,
        },
    ]
}

/// Any order, also one that no engine takes.
pub(crate) fn any_place() -> impl Strategy<Value = Place> {
    let kind = (
        prop::sample::select(kinds()),
        any::<(i64, i64, u64, u32, i128, bool)>(),
    )
        .prop_map(rekind);
    let time_in_force = prop_oneof![
        prop::sample::select(vec![
            TimeInForce::Gtc,
            TimeInForce::Ioc,
            TimeInForce::Fok,
            TimeInForce::Day,
            TimeInForce::AtOpen,
            TimeInForce::AtClose
        ]),
        any::<u64>().prop_map(|nanos| TimeInForce::Gtd(Timestamp::from_nanos(nanos))),
    ];
    let visibility = prop_oneof![
        Just(Visibility::Displayed),
        Just(Visibility::Hidden),
        any::<u64>().prop_map(|lots| Visibility::Iceberg {
            display: Qty::new(lots)
        }),
    ];
    let policies = (
        prop::sample::select(vec![PostOnly::No, PostOnly::Reject, PostOnly::Slide]),
        prop::sample::select(vec![
            SelfTrade::None,
            SelfTrade::CancelNewest,
            SelfTrade::CancelOldest,
            SelfTrade::CancelBoth,
            SelfTrade::Decrement,
        ]),
        any::<bool>(),
        any::<bool>(),
        prop::sample::select(Side::BOTH.to_vec()),
    );
    let ids = (
        any::<u32>(),
        any::<u64>(),
        any::<u64>(),
        prop::option::of("[!-~]{1,36}"),
        prop::option::of(any::<u64>()),
        prop::option::of(any::<u32>()),
    );
    (kind, time_in_force, visibility, policies, ids, any::<u64>()).prop_map(
        |(kind, time_in_force, visibility, policies, ids, lots)| {
            let (post_only, self_trade, all_or_none, reduce_only, side) = policies;
            let (instrument, id, owner, name, least, group) = ids;
            Place {
                instrument: InstrumentId::new(instrument),
                id: OrderId::new(id),
                account: AccountId::new(owner),
                client_id: name.map(|name| client_id(&name)),
                side,
                quantity: Qty::new(lots),
                kind,
                time_in_force,
                visibility,
                post_only,
                min_quantity: least.map(Qty::new),
                all_or_none,
                reduce_only,
                self_trade,
                group: group.map(GroupId::new),
            }
        },
    )
}

/// A kind like the given one, with other parameters.
fn rekind((kind, numbers): (OrderKind, (i64, i64, u64, u32, i128, bool))) -> OrderKind {
    let (first, second, distance, bps, budget, flag) = numbers;
    let (price, trigger) = (Price::new(first), Price::new(second));
    let trail = if flag {
        Trail::Ticks(distance)
    } else {
        Trail::BasisPoints(bps)
    };
    match kind {
        OrderKind::Market => OrderKind::Market,
        OrderKind::MarketByQuote { .. } => OrderKind::MarketByQuote {
            budget: Notional::new(budget),
        },
        OrderKind::MarketToLimit => OrderKind::MarketToLimit,
        OrderKind::Limit { .. } => OrderKind::Limit { price },
        OrderKind::Stop { .. } => OrderKind::Stop { trigger },
        OrderKind::StopLimit { .. } => OrderKind::StopLimit { trigger, price },
        OrderKind::TakeProfit { .. } => OrderKind::TakeProfit { trigger },
        OrderKind::TakeProfitLimit { .. } => OrderKind::TakeProfitLimit { trigger, price },
        OrderKind::TrailingStop { .. } => OrderKind::TrailingStop { trail },
        OrderKind::TrailingStopLimit { .. } => OrderKind::TrailingStopLimit { trail, price },
        OrderKind::Pegged { peg, .. } => OrderKind::Pegged {
            peg,
            offset: second,
            limit: flag.then_some(price),
        },
    }
}

/// Any command: any order, or a list of them, or one of the samples.
pub(crate) fn any_command() -> impl Strategy<Value = Command> {
    let linked = (any::<bool>(), prop::collection::vec(any_place(), 0..5)).prop_map(|(bracket, orders)| {
        let kind = if bracket {
            LinkKind::Bracket
        } else {
            LinkKind::OneCancelsOther
        };
        Command::PlaceLinked(Box::new(Linked {
            kind,
            orders: orders.into(),
        }))
    });
    prop_oneof![
        4 => any_place().prop_map(Command::Place),
        1 => linked,
        3 => prop::sample::select(commands()),
    ]
}
