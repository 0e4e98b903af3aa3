//! A hash that is the same on every platform, in every process and for ever.
//!
//! Everything is turned into 64-bit words, in an order that the documentation of snapshots gives, and every word
//! goes through one step of SplitMix64:
//!
//! ```text
//! S(x):  x += 0x9E3779B97F4A7C15;  x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9;
//!        x = (x ^ x >> 27) * 0x94D049BB133111EB;  x ^ x >> 31          all modulo 2^64
//! h = 0;  for each word w:  h = S(h ^ w)
//! ```
//!
//! A step loses nothing: two inputs that differ in one word have different hashes. It is no protection against
//! somebody who looks for collisions.

use rust_decimal::Decimal;

use crate::command::{
    ClientOrderId, LinkKind, OrderKind, Peg, Phase, Place, PostOnly, SelfTrade, TimeInForce, Trail,
    Visibility,
};
use crate::event::OrderType;
use crate::spec::{Allocation, TriggerSource};
use crate::types::{
    AccountId, Amount, AssetId, GroupId, InstrumentId, Notional, OrderId, Price, Qty, Seq, Timestamp,
    TransferKey,
};

/// Words, hashed as they come.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Digest(u64);

impl Digest {
    /// The hash of one thing.
    pub(crate) fn of(thing: &(impl Words + ?Sized)) -> u64 {
        let mut digest = Self::default();
        thing.write(&mut digest);
        digest.0
    }

    #[inline]
    pub(crate) fn word(&mut self, word: u64) {
        let mut x = (self.0 ^ word).wrapping_add(0x9E37_79B9_7F4A_7C15);
        x = (x ^ x >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ x >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        self.0 = x ^ x >> 31;
    }

    /// The hash of all words so far.
    pub(crate) fn get(&self) -> u64 {
        self.0
    }

    /// The variant of an enum, counted from 0 in the order in which the variants stand in its type.
    #[inline]
    pub(crate) fn variant(&mut self, number: u64) -> &mut Self {
        self.word(number);
        self
    }

    #[inline]
    pub(crate) fn then(&mut self, thing: &(impl Words + ?Sized)) -> &mut Self {
        thing.write(self);
        self
    }
}

/// What has one form as words.
pub(crate) trait Words {
    /// Writes the words of this value.
    fn write(&self, digest: &mut Digest);
}

macro_rules! one_word {
    ($($name:ty: $word:expr;)*) => {
        $(impl Words for $name {
            #[inline]
            fn write(&self, digest: &mut Digest) {
                let word: fn(&Self) -> u64 = $word;
                digest.word(word(self));
            }
        })*
    };
}

one_word! {
    bool: |value| u64::from(*value);
    u8: |value| u64::from(*value);
    u32: |value| u64::from(*value);
    u64: |value| *value;
    i32: |value| i64::from(*value).cast_unsigned();
    i64: |value| value.cast_unsigned();
    Price: |price| price.ticks().cast_unsigned();
    Qty: |quantity| quantity.lots();
    Timestamp: |time| time.nanos();
    Seq: |seq| seq.get();
    OrderId: |id| id.get();
    AccountId: |id| id.get();
    InstrumentId: |id| u64::from(id.get());
    AssetId: |id| u64::from(id.get());
    GroupId: |id| u64::from(id.get());
    crate::Side: |side| *side as u64;
    Peg: |peg| *peg as u64;
    Phase: |phase| *phase as u64;
    PostOnly: |post_only| *post_only as u64;
    SelfTrade: |self_trade| *self_trade as u64;
    LinkKind: |kind| *kind as u64;
    OrderType: |order_type| *order_type as u64;
    TriggerSource: |source| *source as u64;
}

/// Two words, the lower half first.
impl Words for i128 {
    fn write(&self, digest: &mut Digest) {
        let bits = self.cast_unsigned();
        digest.word(bits as u64);
        digest.word((bits >> 64) as u64);
    }
}

impl Words for Notional {
    fn write(&self, digest: &mut Digest) {
        self.units().write(digest);
    }
}

impl Words for Amount {
    fn write(&self, digest: &mut Digest) {
        self.units().write(digest);
    }
}

impl Words for TransferKey {
    fn write(&self, digest: &mut Digest) {
        self.get().cast_signed().write(digest);
    }
}

/// Without trailing zeros, so that 1.0 is 1.
impl Words for Decimal {
    fn write(&self, digest: &mut Digest) {
        let value = self.normalize();
        digest.then(&value.mantissa()).then(&value.scale());
    }
}

/// 0, or 1 and the value.
impl<T: Words> Words for Option<T> {
    #[inline]
    fn write(&self, digest: &mut Digest) {
        match self {
            None => digest.word(0),
            Some(value) => {
                digest.variant(1).then(value);
            }
        }
    }
}

/// The number of elements, then each.
impl<T: Words> Words for [T] {
    fn write(&self, digest: &mut Digest) {
        digest.word(self.len() as u64);
        for element in self {
            digest.then(element);
        }
    }
}

impl<T: Words> Words for Vec<T> {
    fn write(&self, digest: &mut Digest) {
        self.as_slice().write(digest);
    }
}

impl<T: Words> Words for Box<T> {
    fn write(&self, digest: &mut Digest) {
        (**self).write(digest);
    }
}

/// The number of bytes, then eight bytes a word, the first in the lowest place, the last word filled with zeros.
pub(crate) struct Bytes<'a>(pub(crate) &'a [u8]);

impl Words for Bytes<'_> {
    fn write(&self, digest: &mut Digest) {
        digest.word(self.0.len() as u64);
        for chunk in self.0.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            digest.word(u64::from_le_bytes(word));
        }
    }
}

impl Words for str {
    fn write(&self, digest: &mut Digest) {
        Bytes(self.as_bytes()).write(digest);
    }
}

impl Words for String {
    fn write(&self, digest: &mut Digest) {
        self.as_str().write(digest);
    }
}

impl Words for ClientOrderId {
    fn write(&self, digest: &mut Digest) {
        self.as_str().write(digest);
    }
}

impl Words for Trail {
    fn write(&self, digest: &mut Digest) {
        match self {
            Self::Ticks(ticks) => digest.variant(0).then(ticks),
            Self::BasisPoints(bps) => digest.variant(1).then(bps),
        };
    }
}

impl Words for TimeInForce {
    fn write(&self, digest: &mut Digest) {
        match self {
            Self::Gtc => digest.variant(0),
            Self::Ioc => digest.variant(1),
            Self::Fok => digest.variant(2),
            Self::Gtd(deadline) => digest.variant(3).then(deadline),
            Self::Day => digest.variant(4),
            Self::AtOpen => digest.variant(5),
            Self::AtClose => digest.variant(6),
        };
    }
}

impl Words for Visibility {
    fn write(&self, digest: &mut Digest) {
        match self {
            Self::Displayed => digest.variant(0),
            Self::Iceberg { display } => digest.variant(1).then(display),
            Self::Hidden => digest.variant(2),
        };
    }
}

impl Words for Allocation {
    fn write(&self, digest: &mut Digest) {
        match self {
            Self::PriceTime => digest.variant(0),
            Self::ProRata { top_order, min_lots } => digest.variant(1).then(top_order).then(min_lots),
        };
    }
}

impl Words for OrderKind {
    fn write(&self, digest: &mut Digest) {
        match self {
            Self::Market => digest.variant(0),
            Self::MarketByQuote { budget } => digest.variant(1).then(budget),
            Self::MarketToLimit => digest.variant(2),
            Self::Limit { price } => digest.variant(3).then(price),
            Self::Stop { trigger } => digest.variant(4).then(trigger),
            Self::StopLimit { trigger, price } => digest.variant(5).then(trigger).then(price),
            Self::TakeProfit { trigger } => digest.variant(6).then(trigger),
            Self::TakeProfitLimit { trigger, price } => digest.variant(7).then(trigger).then(price),
            Self::TrailingStop { trail } => digest.variant(8).then(trail),
            Self::TrailingStopLimit { trail, price } => digest.variant(9).then(trail).then(price),
            Self::Pegged { peg, offset, limit } => digest.variant(10).then(peg).then(offset).then(limit),
        };
    }
}

/// Everything that the owner asked for. The id is none of it: where the engine hands ids out it means nothing.
impl Words for Place {
    fn write(&self, digest: &mut Digest) {
        let Self {
            instrument,
            id: _,
            account,
            client_id,
            side,
            quantity,
            kind,
            time_in_force,
            visibility,
            post_only,
            min_quantity,
            all_or_none,
            reduce_only,
            self_trade,
            group,
        } = self;
        digest.then(instrument).then(account).then(client_id).then(side);
        digest.then(quantity).then(kind).then(time_in_force);
        digest.then(visibility).then(post_only).then(min_quantity);
        digest
            .then(all_or_none)
            .then(reduce_only)
            .then(self_trade)
            .then(group);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Side;

    #[test]
    fn the_hash_of_words_is_fixed_for_ever() {
        // S(0) is the first number of SplitMix64 with seed 0, as its authors publish it.
        assert_eq!(Digest::of(&0_u64), 0xE220_A839_7B1D_CDAF);
        assert_eq!(of_words([1, 2, 3]), 0xD073_4750_FDE3_62B3);
    }

    #[test]
    fn values_have_the_words_that_the_documentation_says() {
        assert_eq!(
            Digest::of("abcdefghi"),
            of_words([9, 0x6867_6665_6463_6261, 0x69])
        );
        assert_eq!(Digest::of(&-2_i128), of_words([u64::MAX - 1, u64::MAX]));
        assert_eq!(
            Digest::of(&Decimal::new(-150, 2)),
            of_words([(-15_i64).cast_unsigned(), u64::MAX, 1])
        );
        assert_eq!(Digest::of(&Some(Price::new(7))), of_words([1, 7]));
        assert_eq!(Digest::of(&None::<Price>), of_words([0]));
        assert_eq!(Digest::of(&vec![Qty::new(3), Qty::new(4)]), of_words([2, 3, 4]));
        assert_eq!(
            Digest::of(&TimeInForce::Gtd(Timestamp::from_nanos(9))),
            of_words([3, 9])
        );
    }

    /// A journal is read by later versions, so a client's repeat must be the same content to all of them.
    #[test]
    fn the_fingerprint_of_an_order_is_fixed_for_ever() {
        let place = Place {
            account: AccountId::new(7),
            client_id: ClientOrderId::new("mine-1").ok(),
            kind: OrderKind::StopLimit {
                trigger: Price::new(-5),
                price: Price::new(9),
            },
            visibility: Visibility::Iceberg { display: Qty::new(2) },
            ..Place::market(InstrumentId::new(3), OrderId::new(4), Side::Sell, Qty::new(10))
        };
        let words = [
            [3, 1, 7, 1, 6].as_slice(),
            &[u64::from_le_bytes(*b"mine-1\0\0"), 1, 10],
            &[5, (-5_i64).cast_unsigned(), 9],
            &[0, 1, 2, 0, 0, 0, 0, 0, 0],
        ];
        let mut digest = Digest::default();
        words.concat().into_iter().for_each(|word| digest.word(word));
        assert_eq!(Digest::of(&place), digest.get());
    }

    fn of_words<const N: usize>(words: [u64; N]) -> u64 {
        let mut digest = Digest::default();
        words.into_iter().for_each(|word| digest.word(word));
        digest.0
    }
}
