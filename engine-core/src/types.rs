//! The words of the engine: what a price, a quantity, an id and a moment are.
//!
//! Everything here is an integer with a meaning and the operations that this meaning allows. The module is a
//! leaf: it imports nothing from the rest of the crate.

use std::fmt;
use std::num::NonZeroU64;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

/// A price in whole ticks of its instrument; may be negative, because spreads can be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(transparent))]
pub struct Price(i64);

impl Price {
    /// The lowest price that the engine takes. 54 bits leave the book room for an order's flags in one word,
    /// and every price is exact in a JSON number.
    pub const MIN: Self = Self(-Self::MAX.0);
    /// The highest price that the engine takes.
    pub const MAX: Self = Self((1 << 53) - 1);

    /// A price of `ticks` ticks. Whether it lies within the limits is checked where an order is admitted.
    #[inline]
    pub const fn new(ticks: i64) -> Self {
        Self(ticks)
    }

    /// The number of ticks.
    #[inline]
    pub const fn ticks(self) -> i64 {
        self.0
    }

    /// Whether the price lies within [`Price::MIN`] and [`Price::MAX`].
    #[inline]
    pub const fn is_valid(self) -> bool {
        Self::MIN.0 <= self.0 && self.0 <= Self::MAX.0
    }

    /// The price `ticks` higher (lower if negative), or `None` outside the limits.
    #[inline]
    pub fn checked_add_ticks(self, ticks: i64) -> Option<Self> {
        self.0
            .checked_add(ticks)
            .map(Self)
            .filter(|price| price.is_valid())
    }

    /// What `quantity` costs at this price. Cannot overflow: 54 bits times 63 bits fit in 128.
    #[inline]
    pub const fn notional(self, quantity: Qty) -> Notional {
        Notional(self.0 as i128 * quantity.0 as i128)
    }

    /// Whether an order of `side` limited to this price may trade at `other`.
    #[inline]
    pub const fn reaches(self, other: Self, side: Side) -> bool {
        match side {
            Side::Buy => self.0 >= other.0,
            Side::Sell => self.0 <= other.0,
        }
    }

    /// Whether an order of `side` at this price stands before one at `other`.
    #[inline]
    pub const fn is_better(self, other: Self, side: Side) -> bool {
        match side {
            Side::Buy => self.0 > other.0,
            Side::Sell => self.0 < other.0,
        }
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A quantity in whole lots of its instrument.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(transparent))]
pub struct Qty(u64);

impl Qty {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The most that one order, and all orders of one side of a book together, may hold. It fits in an `i64`,
    /// so a position can be its signed sum.
    pub const MAX: Self = Self(i64::MAX as u64);

    /// A quantity of `lots` lots. Whether it lies within the limits is checked where an order is admitted.
    #[inline]
    pub const fn new(lots: u64) -> Self {
        Self(lots)
    }

    /// The number of lots.
    #[inline]
    pub const fn lots(self) -> u64 {
        self.0
    }

    /// Whether this is nothing.
    #[inline]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, or `None` above [`Qty::MAX`].
    #[inline]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0
            .checked_add(other.0)
            .map(Self)
            .filter(|sum| *sum <= Self::MAX)
    }

    /// The difference, or `None` below zero.
    #[inline]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// The difference, or zero if `other` is more.
    #[inline]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl std::ops::Add for Qty {
    type Output = Self;

    /// Cannot overflow where both are parts of one side of a book: that side is at most [`Qty::MAX`].
    #[inline]
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl std::ops::Sub for Qty {
    type Output = Self;

    #[inline]
    fn sub(self, other: Self) -> Self {
        debug_assert!(
            self.0 >= other.0,
            "a part is at most the whole: {} - {}",
            self.0,
            other.0
        );
        Self(self.0 - other.0)
    }
}

impl std::ops::AddAssign for Qty {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl std::ops::SubAssign for Qty {
    #[inline]
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl fmt::Display for Qty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Price times quantity, in ticks times lots: exact, and wide enough for every price and quantity.
///
/// Packed, so that events that carry one keep the alignment of the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(C, packed(8))]
pub struct Notional(i128);

impl Notional {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// A value of `units` ticks times lots.
    #[inline]
    pub const fn new(units: i128) -> Self {
        Self(units)
    }

    /// The value in ticks times lots.
    #[inline]
    pub const fn units(self) -> i128 {
        self.0
    }

    /// The value without its sign.
    #[inline]
    pub const fn abs(self) -> Self {
        Self(self.0.abs())
    }
}

/// A number of the smallest units of an asset; negative is owed.
///
/// Packed, so that events that carry one keep the alignment of the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(C, packed(8))]
pub struct Amount(i128);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The most that there can be of an asset: the greatest mantissa of a `Decimal`.
    pub const MAX: Self = Self((1 << 96) - 1);

    /// An amount of `units` smallest units.
    #[inline]
    pub const fn new(units: i128) -> Self {
        Self(units)
    }

    /// The number of smallest units.
    #[inline]
    pub const fn units(self) -> i128 {
        self.0
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.units().fmt(f)
    }
}

/// Names a deposit or withdrawal, so that its repeat is known for one: any 128 bits, a UUID for instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(C, packed(8))]
pub struct TransferKey(u128);

impl TransferKey {
    /// The key with these bits.
    #[inline]
    pub const fn new(bits: u128) -> Self {
        Self(bits)
    }

    /// The bits.
    #[inline]
    pub const fn get(self) -> u128 {
        self.0
    }
}

/// Writes a packed number as the number: a derived implementation would take a reference into it.
macro_rules! serde_as_number {
    ($($name:ident($inner:ty)),*) => {$(
        #[cfg(feature = "serde")]
        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let number = self.0;
                number.serialize(serializer)
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <$inner>::deserialize(deserializer).map(Self)
            }
        }
    )*};
}

serde_as_number!(Notional(i128), Amount(i128), TransferKey(u128));

/// Which way an order trades.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum Side {
    /// Wants to pay; higher prices stand first.
    Buy,
    /// Wants to be paid; lower prices stand first.
    Sell,
}

impl Side {
    /// Both sides, in their fixed order.
    pub const BOTH: [Self; 2] = [Self::Buy, Self::Sell];

    /// The other side.
    #[inline]
    pub const fn opposite(self) -> Self {
        // Looked up and not branched on: sides come in no order that a processor could guess.
        Self::BOTH[1 - self as usize]
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Buy => "Buy",
            Self::Sell => "Sell",
        })
    }
}

/// A moment of engine time: nanoseconds since the Unix epoch. Only the sequencer decides it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(transparent))]
pub struct Timestamp(u64);

impl Timestamp {
    /// The beginning of time.
    pub const ZERO: Self = Self(0);

    /// The moment `nanos` nanoseconds after the Unix epoch.
    #[inline]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// The moment `millis` milliseconds after the Unix epoch, or `None` beyond the year 2554.
    pub const fn from_millis(millis: u64) -> Option<Self> {
        match millis.checked_mul(1_000_000) {
            Some(nanos) => Some(Self(nanos)),
            None => None,
        }
    }

    /// Nanoseconds since the Unix epoch.
    #[inline]
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// Whole milliseconds since the Unix epoch.
    #[inline]
    pub const fn millis(self) -> u64 {
        self.0 / 1_000_000
    }

    /// The moment `nanos` later, or the last one there is.
    #[inline]
    pub const fn saturating_add_nanos(self, nanos: u64) -> Self {
        Self(self.0.saturating_add(nanos))
    }
}

/// Writes the id types, which differ in nothing but their name and width.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(transparent))]
        pub struct $name($inner);

        impl $name {
            /// The id with this number.
            #[inline]
            pub const fn new(number: $inner) -> Self {
                Self(number)
            }

            /// The number.
            #[inline]
            pub const fn get(self) -> $inner {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id! {
    /// Names an order: chosen by the caller or handed out by the engine, as the engine was built.
    OrderId(u64)
}
id! {
    /// Names an instrument within an engine.
    InstrumentId(u32)
}
id! {
    /// Names an asset (a currency or a thing) within an engine.
    AssetId(u32)
}
id! {
    /// Accounts of one owner, which self-trade prevention treats as one.
    GroupId(u32)
}
id! {
    /// A place in the one stream of commands; the first command has 1, and there are no gaps.
    Seq(u64)
}

impl Seq {
    /// The place after this one.
    #[inline]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// Names an account. There is no account 0: an order of nobody has no account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(transparent))]
pub struct AccountId(NonZeroU64);

impl AccountId {
    /// The account with this number, or `None` for 0, which is nobody.
    #[inline]
    pub const fn new(number: u64) -> Option<Self> {
        match NonZeroU64::new(number) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// The number.
    #[inline]
    pub const fn get(self) -> u64 {
        self.0.get()
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
