//! What may be asked: every command, as plain data.
//!
//! A command carries everything that it needs. It is checked where it is admitted, never where it is built, so
//! building one cannot fail and a journal can hold the wrong ones too.

use std::fmt;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::spec::{AssetSpec, InstrumentSpec};
use crate::types::{
    AccountId, Amount, AssetId, GroupId, InstrumentId, Notional, OrderId, Price, Qty, Side, Timestamp,
    TransferKey,
};

/// What someone wants from the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[non_exhaustive]
pub enum Command {
    /// Lists an instrument; it gets the next free [`InstrumentId`], counted from 0.
    List(Box<InstrumentSpec>),
    /// Enters an order.
    Place(Place),
    /// Enters several orders that depend on each other: all or none.
    PlaceLinked(Box<Linked>),
    /// Takes an order back.
    Cancel(Cancel),
    /// Changes an order's price or quantity.
    Amend(Amend),
    /// Takes back all orders that match.
    MassCancel(MassCancel),
    /// Moves an instrument to another trading phase.
    SetPhase(SetPhase),
    /// Ends a call auction: trades at the auction price and goes on continuously.
    Uncross(InstrumentId),
    /// Sets the mark price, which triggers stops where the spec says so.
    SetMark(SetMark),
    /// Arms, re-arms or disarms an account's dead-man's switch.
    CancelAllAfter(CancelAllAfter),
    /// Cancels everything in scope and refuses new orders until [`Command::Resume`].
    Kill(Scope),
    /// Takes back a [`Command::Kill`] of the same scope.
    Resume(Scope),
    /// Makes an asset known; it gets the next free [`AssetId`], counted from 0.
    AddAsset(Box<AssetSpec>),
    /// Gives an account an amount of an asset.
    Deposit(Transfer),
    /// Takes an amount of an asset from an account.
    Withdraw(Transfer),
    /// Replaces an account's terms.
    SetAccount(SetAccount),
    /// Replaces what orders in an instrument are limited to.
    SetLimits(Box<SetLimits>),
    /// Refuses an account's new orders, amends and withdrawals until [`Command::Unfreeze`].
    Freeze(AccountId),
    /// Takes back a [`Command::Freeze`].
    Unfreeze(AccountId),
    /// Nothing but the time: lets orders expire, candles close and switches fire in a silent market.
    Tick,
}

/// A new order.
///
/// ```
/// use engine_core::{InstrumentId, OrderId, Place, Price, Qty, Side, TimeInForce};
///
/// let place = Place {
///     time_in_force: TimeInForce::Ioc,
///     ..Place::limit(InstrumentId::new(0), OrderId::new(1), Side::Buy, Price::new(100), Qty::new(5))
/// };
/// assert_eq!(place.quantity, Qty::new(5));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Place {
    /// The instrument to trade.
    pub instrument: InstrumentId,
    /// The order's id, where callers choose ids; without meaning where the engine hands them out.
    pub id: OrderId,
    /// Whose order it is, or nobody's.
    pub account: Option<AccountId>,
    /// The owner's own name for it.
    pub client_id: Option<ClientOrderId>,
    /// Buy or sell.
    pub side: Side,
    /// How much, in lots; zero for [`OrderKind::MarketByQuote`].
    pub quantity: Qty,
    /// At what price and when.
    pub kind: OrderKind,
    /// For how long.
    pub time_in_force: TimeInForce,
    /// How much of it others see.
    pub visibility: Visibility,
    /// Whether it may take.
    pub post_only: PostOnly,
    /// Least quantity that must trade at once; less cancels it.
    pub min_quantity: Option<Qty>,
    /// Trades whole or not at all.
    pub all_or_none: bool,
    /// May only make the account's position smaller.
    pub reduce_only: bool,
    /// What to do instead of trading with oneself.
    pub self_trade: SelfTrade,
    /// Accounts of one owner count as one for self-trade prevention.
    pub group: Option<GroupId>,
}

impl Place {
    /// A limit order, good till cancelled, without further conditions.
    pub const fn limit(
        instrument: InstrumentId,
        id: OrderId,
        side: Side,
        price: Price,
        quantity: Qty,
    ) -> Self {
        Self::of_kind(instrument, id, side, quantity, OrderKind::Limit { price })
    }

    /// A market order.
    pub const fn market(instrument: InstrumentId, id: OrderId, side: Side, quantity: Qty) -> Self {
        Self::of_kind(instrument, id, side, quantity, OrderKind::Market)
    }

    /// An order of any kind, good till cancelled, without further conditions.
    pub const fn of_kind(
        instrument: InstrumentId,
        id: OrderId,
        side: Side,
        quantity: Qty,
        kind: OrderKind,
    ) -> Self {
        Self {
            instrument,
            id,
            account: None,
            client_id: None,
            side,
            quantity,
            kind,
            time_in_force: TimeInForce::Gtc,
            visibility: Visibility::Displayed,
            post_only: PostOnly::No,
            min_quantity: None,
            all_or_none: false,
            reduce_only: false,
            self_trade: SelfTrade::None,
            group: None,
        }
    }
}

/// At what price, and from when on, an order trades.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum OrderKind {
    /// Takes what there is, within the instrument's protection limit; never rests.
    Market,
    /// Buys (or sells) for at most this value; never rests.
    MarketByQuote {
        /// What may be spent, in ticks times lots.
        budget: Notional,
    },
    /// Takes at the best opposite price only; the rest rests there as a limit order.
    MarketToLimit,
    /// Trades at its price or better; the rest rests.
    Limit {
        /// The worst price.
        price: Price,
    },
    /// Waits until the price has moved against it to `trigger`, then is a market order.
    Stop {
        /// Buy: at or above; sell: at or below.
        trigger: Price,
    },
    /// Waits like a stop, then is a limit order.
    StopLimit {
        /// Buy: at or above; sell: at or below.
        trigger: Price,
        /// The worst price then.
        price: Price,
    },
    /// Waits until the price has moved in its favour to `trigger`, then is a market order.
    TakeProfit {
        /// Buy: at or below; sell: at or above.
        trigger: Price,
    },
    /// Waits like a take-profit, then is a limit order.
    TakeProfitLimit {
        /// Buy: at or below; sell: at or above.
        trigger: Price,
        /// The worst price then.
        price: Price,
    },
    /// A stop whose trigger follows the price at a distance, then is a market order.
    TrailingStop {
        /// The distance.
        trail: Trail,
    },
    /// A stop whose trigger follows the price at a distance, then is a limit order.
    TrailingStopLimit {
        /// The distance.
        trail: Trail,
        /// The worst price then.
        price: Price,
    },
    /// Rests undisplayed at a price that follows the displayed book.
    Pegged {
        /// What it follows.
        peg: Peg,
        /// Added to it, in ticks; positive is higher.
        offset: i64,
        /// The worst price that it may follow to.
        limit: Option<Price>,
    },
}

/// The distance of a trailing stop from the best price seen since it was entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum Trail {
    /// A number of ticks.
    Ticks(u64),
    /// Hundredths of a percent of the best price, rounded up to a tick.
    BasisPoints(u32),
}

/// What a pegged order follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum Peg {
    /// The best displayed price of its own side.
    Primary,
    /// The best displayed price of the other side.
    Market,
    /// The middle between both, rounded away from trading.
    Mid,
}

/// How long an order stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum TimeInForce {
    /// Good till cancelled.
    #[default]
    Gtc,
    /// Immediate or cancel: what does not trade at once is cancelled.
    Ioc,
    /// Fill or kill: trades whole at once or not at all.
    Fok,
    /// Good till this moment of engine time.
    Gtd(Timestamp),
    /// Good till the market closes.
    Day,
    /// For the next call auction only.
    AtOpen,
    /// For the auction that closes the market only.
    AtClose,
}

/// How much of an order others see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum Visibility {
    /// All of it.
    #[default]
    Displayed,
    /// At most this much at a time; a used-up part is replaced at the back of the level.
    Iceberg {
        /// The quantity shown at a time.
        display: Qty,
    },
    /// Nothing; it stands behind what is displayed at its price.
    Hidden,
}

/// Whether an order may trade on entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum PostOnly {
    /// It may.
    #[default]
    No,
    /// It is refused if it would.
    Reject,
    /// It is moved to the best price at which it does not.
    Slide,
}

/// What happens when an order would trade with one of the same account or group: the taker's choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum SelfTrade {
    /// They trade.
    #[default]
    None,
    /// The taker's rest is cancelled.
    CancelNewest,
    /// The maker is cancelled and the taker goes on.
    CancelOldest,
    /// Both are cancelled.
    CancelBoth,
    /// Both lose the smaller quantity without trading; what is then empty is cancelled.
    Decrement,
}

/// Orders that depend on each other.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Linked {
    /// How they depend on each other.
    pub kind: LinkKind,
    /// Two orders for [`LinkKind::OneCancelsOther`], three for [`LinkKind::Bracket`]: the entry, then the exits.
    pub orders: SmallVec<[Place; 3]>,
}

/// How linked orders depend on each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum LinkKind {
    /// When one trades, triggers or is cancelled, the other is cancelled.
    OneCancelsOther,
    /// When the entry ends, the two exits are armed for what it traded, as one-cancels-other.
    Bracket,
}

/// Names a live order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum OrderRef {
    /// By its id.
    Id(OrderId),
    /// By its owner's own name for it.
    Client(AccountId, ClientOrderId),
}

impl OrderRef {
    /// Whose order it is said to be.
    pub fn owner(self) -> Option<AccountId> {
        match self {
            Self::Id(_) => None,
            Self::Client(account, _) => Some(account),
        }
    }
}

/// Takes an order back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Cancel {
    /// Which order.
    pub order: OrderRef,
    /// Who asks; if given, another account's order is not found.
    pub account: Option<AccountId>,
}

/// Changes an order's price or quantity; what is `None` stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Amend {
    /// Which order.
    pub order: OrderRef,
    /// Who asks; if given, another account's order is not found.
    pub account: Option<AccountId>,
    /// The new limit price.
    pub price: Option<Price>,
    /// The new total quantity, filled part included.
    pub quantity: Option<Qty>,
}

/// Takes back all orders that match every given criterion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct MassCancel {
    /// Only this account's orders.
    pub account: Option<AccountId>,
    /// Only in this instrument.
    pub instrument: Option<InstrumentId>,
    /// Only on this side.
    pub side: Option<Side>,
    /// Why, as the events will say.
    pub cause: MassCancelCause,
}

/// Why orders are cancelled in mass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum MassCancelCause {
    /// Someone asked for it.
    #[default]
    Asked,
    /// The owner's connection was lost.
    Disconnected,
}

/// Moves an instrument to another trading phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct SetPhase {
    /// Which instrument.
    pub instrument: InstrumentId,
    /// To which phase.
    pub phase: Phase,
}

/// What an instrument's market does at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum Phase {
    /// Orders trade as they come.
    #[default]
    Continuous,
    /// Orders are collected and trade at one price when the auction ends.
    Auction,
    /// Orders can only be cancelled.
    Halted,
    /// Orders can only be cancelled; day orders have ended.
    Closed,
}

/// Sets an instrument's mark price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct SetMark {
    /// Which instrument.
    pub instrument: InstrumentId,
    /// The new mark price.
    pub price: Price,
}

/// The dead-man's switch: cancels an account's orders unless it is re-armed in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct CancelAllAfter {
    /// Whose orders.
    pub account: AccountId,
    /// Nanoseconds from now; `None` disarms.
    pub timeout_ns: Option<u64>,
}

/// Whom a kill switch concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum Scope {
    /// One account.
    Account(AccountId),
    /// Everyone.
    Engine,
}

/// A deposit or a withdrawal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Transfer {
    /// Whose account.
    pub account: AccountId,
    /// Of what.
    pub asset: AssetId,
    /// How much; positive.
    pub amount: Amount,
    /// With a key, a repeat of the same transfer changes nothing.
    pub key: Option<TransferKey>,
}

/// An account's terms, which replace those before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct SetAccount {
    /// Whose.
    pub account: AccountId,
    /// The fee tier that it has whatever it trades; `None`: the one that its volume reaches.
    pub tier: Option<u8>,
    /// The group that its orders have unless they name one.
    pub group: Option<GroupId>,
}

/// Sets what orders in an instrument are limited to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct SetLimits {
    /// Whose orders; `None` is everyone's who has no limits of his own there.
    pub account: Option<AccountId>,
    /// In which instrument.
    pub instrument: InstrumentId,
    /// The limits, which replace those before as a whole.
    pub limits: Limits,
}

/// What one account's orders in one instrument are limited to; what is `None` is not limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Limits {
    /// The quantity of an order.
    pub order_quantity_max: Option<Qty>,
    /// The value of an order at its worst price, in ticks times lots.
    pub order_notional_max: Option<Notional>,
    /// The number of live orders.
    pub open_orders_max: Option<u32>,
    /// What is left of all live orders of a side.
    pub open_quantity_max: Option<Qty>,
    /// The position, bought or sold, that all live orders of a side would lead to.
    pub position_max: Option<Qty>,
    /// How far a limit price may be from the last trade, in basis points.
    pub price_collar_bps: Option<u32>,
    /// New orders in one second of engine time.
    pub orders_per_second_max: Option<u32>,
}

/// An owner's own name for an order: 1 to 36 printable ASCII characters without spaces.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientOrderId {
    length: u8,
    bytes: [u8; Self::LENGTH_MAX],
}

/// Why a text is no client order id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientOrderIdError {
    /// Empty, or longer than [`ClientOrderId::LENGTH_MAX`].
    #[error("a client order id has 1 to {max} characters, not {length}", max = ClientOrderId::LENGTH_MAX)]
    Length {
        /// The text's length in bytes.
        length: usize,
    },
    /// A byte that is not printable ASCII.
    #[error("a client order id is printable ASCII without spaces, but byte {at} is {byte:#04x}")]
    Character {
        /// The byte's position, from 0.
        at: usize,
        /// The byte.
        byte: u8,
    },
}

impl ClientOrderId {
    /// The greatest length: a UUID in its usual form.
    pub const LENGTH_MAX: usize = 36;

    /// Reads a client order id.
    ///
    /// # Errors
    /// When the text is empty, too long, or has a character that is not printable ASCII.
    pub fn new(text: &str) -> Result<Self, ClientOrderIdError> {
        let length = text.len();
        if length == 0 || length > Self::LENGTH_MAX {
            return Err(ClientOrderIdError::Length { length });
        }
        if let Some(at) = text.bytes().position(|byte| !byte.is_ascii_graphic()) {
            return Err(ClientOrderIdError::Character {
                at,
                byte: text.as_bytes()[at],
            });
        }
        let mut bytes = [0; Self::LENGTH_MAX];
        bytes[..length].copy_from_slice(text.as_bytes());
        Ok(Self {
            length: length as u8,
            bytes,
        })
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.length)]).expect("only ASCII was let in")
    }
}

impl fmt::Debug for ClientOrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl fmt::Display for ClientOrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(feature = "serde")]
impl Serialize for ClientOrderId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(feature = "serde")]
impl<'de> Deserialize<'de> for ClientOrderId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::new(&text).map_err(serde::de::Error::custom)
    }
}
