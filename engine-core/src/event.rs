//! What happened: the facts that a command leaves behind, in order.
//!
//! An event is a fixed-size value. Facts about orders and facts about the displayed book are separate events, so
//! that a projection of either reads only its own: the book is the sum of `Rested`, `Pulled`, `Reduced`,
//! `Replenished`, `Traded` and `Cancelled`.

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use crate::command::{ClientOrderId, Phase, TimeInForce};
use crate::types::{
    AccountId, Amount, AssetId, GroupId, InstrumentId, Notional, OrderId, Price, Qty, Seq, Side, Timestamp,
};

/// The events of one command: the smallest piece that anyone downstream sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventBatch<'a> {
    /// The command's place in the stream. An event's own number is this and its index in `events`.
    pub seq: Seq,
    /// The engine time of the command.
    pub time: Timestamp,
    /// What it did, in order.
    pub events: &'a [Event],
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[non_exhaustive]
pub enum Event {
    /// An instrument can be traded.
    Listed {
        /// Its id.
        instrument: InstrumentId,
    },
    /// A new order was taken; said once, before anything else of it.
    Accepted {
        /// Where.
        instrument: InstrumentId,
        /// Its id.
        order: OrderId,
        /// Whose it is.
        account: Option<AccountId>,
        /// Buy or sell.
        side: Side,
        /// What kind of order.
        order_type: OrderType,
        /// Its limit, where it has one.
        price: Option<Price>,
        /// Its quantity; zero where it is given as a value.
        quantity: Qty,
    },
    /// What else was agreed, for an order that is not just a limit order good till cancelled.
    Terms {
        /// Which order.
        order: OrderId,
        /// How long it stays.
        time_in_force: TimeInForce,
        /// What sets it off.
        trigger: Option<Price>,
    },
    /// The owner's own name for an order that was just accepted or refused.
    Named {
        /// Which order.
        order: OrderId,
        /// The name.
        client_id: ClientOrderId,
    },
    /// A command about an order was refused and changed nothing.
    Rejected {
        /// Where, if that is known.
        instrument: Option<InstrumentId>,
        /// Which order: the id given, or 0 where the engine hands ids out and gave none.
        order: OrderId,
        /// Who asked.
        account: Option<AccountId>,
        /// What was asked.
        request: Request,
        /// Why not.
        reason: RejectReason,
        /// What a new order was to be.
        asked: Option<Asked>,
    },
    /// Two orders traded, at the maker's price.
    Traded {
        /// Where.
        instrument: InstrumentId,
        /// The resting order (in an auction the older one).
        maker: OrderId,
        /// Its owner.
        maker_account: Option<AccountId>,
        /// The arriving order (in an auction the younger one).
        taker: OrderId,
        /// Its owner.
        taker_account: Option<AccountId>,
        /// Which side the taker was on.
        taker_side: Side,
        /// How much of the maker was displayed and is so no more: the quantity, or nothing.
        maker_displayed: bool,
        /// At what price.
        price: Price,
        /// How much.
        quantity: Qty,
    },
    /// An order is over before all of it traded.
    Cancelled {
        /// Where.
        instrument: InstrumentId,
        /// Which order.
        order: OrderId,
        /// Whose it is.
        account: Option<AccountId>,
        /// Its side.
        side: Side,
        /// What was left of it.
        remaining: Qty,
        /// Where in the displayed book it stood and with how much, if it did.
        displayed: Option<Displayed>,
        /// Why.
        reason: CancelReason,
    },
    /// An order was changed. If it did not keep its priority it was pulled before and rests (or trades) after.
    Amended {
        /// Where.
        instrument: InstrumentId,
        /// Which order.
        order: OrderId,
        /// Whose it is.
        account: Option<AccountId>,
        /// Its limit now, where it has one.
        price: Option<Price>,
        /// Its total quantity now, filled part included.
        quantity: Qty,
        /// Whether it kept its place.
        kept_priority: bool,
    },
    /// An order lost quantity to self-trade prevention without trading.
    Decremented {
        /// Where.
        instrument: InstrumentId,
        /// Which order.
        order: OrderId,
        /// Whose it is.
        account: Option<AccountId>,
        /// By how much.
        by: Qty,
        /// What is left of it.
        remaining: Qty,
    },
    /// A waiting order was set off.
    Triggered {
        /// Where.
        instrument: InstrumentId,
        /// Which order.
        order: OrderId,
        /// Whose it is.
        account: Option<AccountId>,
    },
    /// An exit of a bracket is live from now on, with the quantity that the entry traded.
    Armed {
        /// Where.
        instrument: InstrumentId,
        /// Which order.
        order: OrderId,
        /// Whose it is.
        account: Option<AccountId>,
        /// Its quantity.
        quantity: Qty,
    },
    /// An order stands in the book, at the back of its price.
    Rested {
        /// Where.
        instrument: InstrumentId,
        /// Which order.
        order: OrderId,
        /// Its side.
        side: Side,
        /// Its price.
        price: Price,
        /// How much of it is displayed; zero for an order that nobody sees.
        displayed: Qty,
    },
    /// A displayed order left its place but is not over.
    Pulled {
        /// Where.
        instrument: InstrumentId,
        /// Which order.
        order: OrderId,
        /// Its side.
        side: Side,
        /// The price where it stood.
        price: Price,
        /// How much of it was displayed there.
        displayed: Qty,
    },
    /// A displayed order lost quantity without trading and kept its place.
    Reduced {
        /// Where.
        instrument: InstrumentId,
        /// Which order.
        order: OrderId,
        /// Its side.
        side: Side,
        /// Its price.
        price: Price,
        /// By how much the displayed quantity fell.
        by: Qty,
    },
    /// An iceberg shows its next part, at the back of its price; what it showed before is used up.
    Replenished {
        /// Where.
        instrument: InstrumentId,
        /// Which order.
        order: OrderId,
        /// Its side.
        side: Side,
        /// Its price.
        price: Price,
        /// How much it shows now.
        displayed: Qty,
    },
    /// An instrument's market is in another phase.
    PhaseChanged {
        /// Where.
        instrument: InstrumentId,
        /// The phase from now on.
        phase: Phase,
    },
    /// What an auction would do if it ended now; said when it changes.
    Indicative {
        /// Where.
        instrument: InstrumentId,
        /// The price, if anything would trade.
        price: Option<Price>,
        /// How much would trade.
        quantity: Qty,
        /// What would be left over at that price: positive is bought, negative sold.
        imbalance: i64,
    },
    /// The mark price changed.
    Marked {
        /// Where.
        instrument: InstrumentId,
        /// The new mark price.
        price: Price,
    },
    /// A dead-man's switch was armed (or disarmed).
    CancelAllArmed {
        /// Whose.
        account: AccountId,
        /// When it will fire, if it is armed.
        deadline: Option<Timestamp>,
    },
    /// New orders are refused from now on.
    Killed {
        /// Whose; `None` is everyone's.
        account: Option<AccountId>,
    },
    /// New orders are taken again.
    Resumed {
        /// Whose; `None` is everyone's.
        account: Option<AccountId>,
    },
    /// An asset is known.
    AssetAdded {
        /// Its id.
        asset: AssetId,
    },
    /// An account got an amount.
    Deposited {
        /// Whose account.
        account: AccountId,
        /// Of what.
        asset: AssetId,
        /// How much.
        amount: Amount,
    },
    /// An amount was taken from an account.
    Withdrew {
        /// Whose account.
        account: AccountId,
        /// Of what.
        asset: AssetId,
        /// How much.
        amount: Amount,
    },
    /// A transfer was asked for again and changed nothing.
    Repeated {
        /// Whose account.
        account: AccountId,
        /// The command whose events answered it the first time.
        first: Seq,
    },
    /// An account has other terms.
    AccountSet {
        /// Whose.
        account: AccountId,
        /// Its fixed fee tier.
        tier: Option<u8>,
        /// The group of its orders.
        group: Option<GroupId>,
    },
    /// Orders are limited otherwise from now on.
    LimitsSet {
        /// Whose; `None` is everyone's who has no limits of his own.
        account: Option<AccountId>,
        /// Where.
        instrument: InstrumentId,
    },
    /// An account's new orders, amends and withdrawals are refused from now on.
    Frozen {
        /// Whose.
        account: AccountId,
    },
    /// An account's orders and withdrawals are taken again.
    Unfrozen {
        /// Whose.
        account: AccountId,
    },
    /// Why there was an `InsufficientBalance`; follows the `Rejected`.
    Shortfall {
        /// Whose account.
        account: AccountId,
        /// Of what it has too little.
        asset: AssetId,
        /// What was needed, or as much of it as can be said.
        needed: Amount,
        /// What was free.
        available: Amount,
    },
    /// A trade of this command was paid for.
    Settled {
        /// The index of its `Traded` among the events of the command.
        trade: u32,
        /// In what the fees were paid.
        asset: AssetId,
        /// What the maker was charged; negative was given.
        maker_fee: Amount,
        /// What the taker was charged; negative was given.
        taker_fee: Amount,
    },
    /// What an account has of an asset, from now on.
    BalanceChanged {
        /// Whose.
        account: AccountId,
        /// Of what.
        asset: AssetId,
        /// All of it.
        total: Amount,
        /// What of it orders and positions hold.
        held: Amount,
    },
    /// What an account has bought and sold of an instrument, from now on.
    PositionChanged {
        /// Whose.
        account: AccountId,
        /// Of what.
        instrument: InstrumentId,
        /// Bought less sold, in lots.
        quantity: i64,
        /// What the open quantity cost, in ticks times lots; negative when sold. Its average is this by `quantity`.
        cost: Notional,
        /// What closing has brought so far, without fees, in ticks times lots.
        realised: Notional,
    },
}

impl Event {
    /// Which instrument it is about, if it names one.
    #[inline]
    pub const fn instrument(&self) -> Option<InstrumentId> {
        match *self {
            Self::Listed { instrument }
            | Self::Accepted { instrument, .. }
            | Self::Traded { instrument, .. }
            | Self::Cancelled { instrument, .. }
            | Self::Amended { instrument, .. }
            | Self::Decremented { instrument, .. }
            | Self::Triggered { instrument, .. }
            | Self::Armed { instrument, .. }
            | Self::Rested { instrument, .. }
            | Self::Pulled { instrument, .. }
            | Self::Reduced { instrument, .. }
            | Self::Replenished { instrument, .. }
            | Self::PhaseChanged { instrument, .. }
            | Self::Indicative { instrument, .. }
            | Self::Marked { instrument, .. }
            | Self::LimitsSet { instrument, .. }
            | Self::PositionChanged { instrument, .. } => Some(instrument),
            Self::Rejected { instrument, .. } => instrument,
            Self::Terms { .. }
            | Self::Named { .. }
            | Self::CancelAllArmed { .. }
            | Self::Killed { .. }
            | Self::Resumed { .. }
            | Self::AssetAdded { .. }
            | Self::Deposited { .. }
            | Self::Withdrew { .. }
            | Self::Repeated { .. }
            | Self::AccountSet { .. }
            | Self::Frozen { .. }
            | Self::Unfrozen { .. }
            | Self::Shortfall { .. }
            | Self::Settled { .. }
            | Self::BalanceChanged { .. } => None,
        }
    }
}

const _: () = assert!(size_of::<Event>() <= 64, "an event fits a cache line");
const _: () = assert!(align_of::<Event>() == 8, "amounts do not widen the other events");

/// Where in the displayed book an order stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Displayed {
    /// The price.
    pub price: Price,
    /// The quantity shown.
    pub quantity: Qty,
}

/// What a refused new order was to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Asked {
    /// Buy or sell.
    pub side: Side,
    /// What kind of order.
    pub order_type: OrderType,
    /// Its limit, where it has one.
    pub price: Option<Price>,
    /// Its quantity; zero where it is given as a value.
    pub quantity: Qty,
}

/// The kind of an order, without its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[expect(missing_docs, reason = "each is described at its variant of `OrderKind`")]
pub enum OrderType {
    Market,
    MarketByQuote,
    MarketToLimit,
    Limit,
    Stop,
    StopLimit,
    TakeProfit,
    TakeProfitLimit,
    TrailingStop,
    TrailingStopLimit,
    Pegged,
}

/// What a refused command asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[expect(missing_docs, reason = "each is described at its variant of `Command`")]
pub enum Request {
    List,
    Place,
    PlaceLinked,
    Cancel,
    Amend,
    MassCancel,
    SetPhase,
    Uncross,
    SetMark,
    CancelAllAfter,
    Kill,
    Resume,
    AddAsset,
    Deposit,
    Withdraw,
    SetAccount,
    SetLimits,
    Freeze,
    Unfreeze,
}

/// Why an order is over before all of it traded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[non_exhaustive]
pub enum CancelReason {
    /// Its owner asked.
    User,
    /// Immediate-or-cancel: the part that did not trade at once.
    IocRemainder,
    /// Fill-or-kill: not all of it could trade at once.
    FokKilled,
    /// A market order: there was nothing (more) to take within its limits.
    NoLiquidity,
    /// Less than its minimum quantity could trade at once.
    MinQuantity,
    /// Self-trade prevention.
    SelfTrade,
    /// A mass cancel.
    MassCancel,
    /// Its owner's connection was lost.
    Disconnected,
    /// Its owner's dead-man's switch fired.
    CancelAllAfter,
    /// A kill switch.
    Killed,
    /// An order linked to it traded, triggered or ended.
    Linked,
    /// The auction that it was for is over, or the market closed.
    Closed,
    /// Its trade would have left the dynamic band; the market went into an auction.
    VolatilityInterruption,
    /// An order of a list that was to be post-only would have traded when it was entered.
    PostOnly,
    /// Its time was up.
    Expired,
}

/// Why a command was refused; the variants stand in the order in which the checks run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[non_exhaustive]
pub enum RejectReason {
    /// As many instruments are listed as may be.
    TooManyInstruments,
    /// Linked orders whose number, instrument, account, side or kind does not fit.
    InvalidLink,
    /// No such instrument.
    UnknownInstrument,
    /// A live order has this id.
    DuplicateOrderId,
    /// A live order of the account has this client order id.
    DuplicateClientOrderId,
    /// No live order has this id, or it is another account's.
    OrderNotFound,
    /// The account's kill switch, or the engine's, is thrown.
    Killed,
    /// The market is closed.
    MarketClosed,
    /// The market is halted: only cancels are taken.
    MarketHalted,
    /// There is no auction to end.
    NoAuction,
    /// The market is in this phase already.
    SamePhase,
    /// Zero, or a quantity where a value was asked for.
    ZeroQuantity,
    /// Above the instrument's greatest quantity.
    QuantityTooLarge,
    /// Below the instrument's least quantity.
    QuantityTooSmall,
    /// Not more than what has already traded.
    QuantityBelowFilled,
    /// The value to spend is not positive.
    InvalidBudget,
    /// This time in force does not go with this kind of order, or not in this phase.
    InvalidTimeInForce,
    /// The moment of expiry is not in the future.
    ExpiryInPast,
    /// The display quantity is zero, above the quantity, or makes too many parts.
    InvalidDisplay,
    /// The minimum quantity is zero or above the quantity.
    InvalidMinQuantity,
    /// Two conditions that do not go together, or not in this phase.
    InvalidCombination,
    /// An order that only reduces a position, without a position to reduce.
    ReduceOnly,
    /// A price beyond what the engine takes.
    InvalidPrice,
    /// A price given for an order that has none.
    PriceNotAllowed,
    /// A trigger price or trailing distance beyond what the engine takes, or zero.
    InvalidTrigger,
    /// Outside the instrument's static price band.
    PriceBand,
    /// Price times quantity is below the instrument's least value.
    MinNotional,
    /// Nothing to change was given.
    NothingToAmend,
    /// The book, or one side of it, holds as much as it may.
    BookFull,
    /// As many stops wait as may.
    TooManyStops,
    /// Orders belong to accounts here, and this one has none.
    AccountRequired,
    /// The account is frozen.
    AccountFrozen,
    /// There is no price beyond which the order cannot trade, so nobody knows what it would cost.
    UnboundedCost,
    /// A limit set for the account or for everyone.
    RiskLimit(RiskLimit),
    /// The account has less than this needs; `Shortfall` says how much.
    InsufficientBalance,
    /// A post-only order would trade.
    PostOnlyWouldCross,
    /// The engine has no accounts.
    AccountsOff,
    /// Another transfer of the account had this key.
    KeyReused,
    /// No such asset.
    UnknownAsset,
    /// A name that is too long, empty or not printable, or too many decimal places.
    InvalidAsset,
    /// As many assets exist as may.
    TooManyAssets,
    /// As many accounts exist as may.
    TooManyAccounts,
    /// Zero or less, or more than there can be.
    InvalidAmount,
    /// With it there would be more of the asset than there can be.
    AmountTooLarge,
    /// An instrument for accounts without its assets.
    AssetRequired,
    /// A tick times a lot, or a lot, is no whole number of the asset's smallest units, or too large a one.
    AssetScale,
    /// A maker's rebate above what its taker pays.
    FeesBelowZero,
    /// More different rates than orders can be told to have.
    TooManyRates,
    /// Margin rates that are out of order, or a greatest position whose value could not be counted.
    MarginTerms,
}

/// Which limit an order would exceed, in the order in which they are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[non_exhaustive]
pub enum RiskLimit {
    /// The quantity of an order.
    OrderQuantity,
    /// The value of an order.
    OrderNotional,
    /// The number of live orders.
    OpenOrders,
    /// What is left of all live orders of the side.
    OpenQuantity,
    /// The position that all live orders of the side would lead to.
    Position,
    /// The distance from the last trade.
    PriceCollar,
    /// The number of new orders in this second.
    OrderRate,
    /// A live order of the side may only reduce the position, and this one would use it up.
    ReduceOnly,
}
