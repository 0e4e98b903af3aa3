//! Values at fixed widths, little-endian, one after the other.

use std::num::NonZeroU64;

use engine_core::{
    AccountId, Amount, AssetId, GroupId, InstrumentId, Notional, OrderId, Price, Qty, Seq, Timestamp,
    TransferKey,
};
use rust_decimal::Decimal;

use super::DecodeError;

/// What is left to decode.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    #[inline]
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (first, rest) = self.0.split_first_chunk().ok_or(DecodeError::Truncated)?;
        self.0 = rest;
        Ok(*first)
    }

    pub(super) fn slice(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let (first, rest) = self.0.split_at_checked(length).ok_or(DecodeError::Truncated)?;
        self.0 = rest;
        Ok(first)
    }

    #[inline]
    pub(super) fn take<T: Binary>(&mut self) -> Result<T, DecodeError> {
        T::take(self)
    }

    /// Nothing may be left.
    #[inline]
    pub(super) fn end(self) -> Result<(), DecodeError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(DecodeError::TrailingBytes(self.0.len()))
        }
    }
}

/// A value with a binary form. What is put is taken again, and what can be taken puts the same bytes.
pub(super) trait Binary: Sized {
    fn put(&self, out: &mut Vec<u8>);

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError>;
}

/// Integers at their own width.
macro_rules! integers {
    ($($type:ty)*) => {
        $(impl Binary for $type {
            #[inline]
            fn put(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }

            #[inline]
            fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                reader.array().map(Self::from_le_bytes)
            }
        })*
    };
}

integers! { u8 u16 u32 u64 i32 i64 i128 u128 }

/// Types that are one integer and nothing else.
macro_rules! newtypes {
    ($($type:ty: $make:path, $number:ident;)*) => {
        $(impl Binary for $type {
            #[inline]
            fn put(&self, out: &mut Vec<u8>) {
                self.$number().put(out);
            }

            #[inline]
            fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                reader.take().map($make)
            }
        })*
    };
}

newtypes! {
    InstrumentId: Self::new, get;
    AssetId: Self::new, get;
    GroupId: Self::new, get;
    OrderId: Self::new, get;
    Price: Self::new, ticks;
    Qty: Self::new, lots;
    Notional: Self::new, units;
    Amount: Self::new, units;
    TransferKey: Self::new, get;
    Seq: Self::new, get;
    Timestamp: Self::from_nanos, nanos;
}

impl Binary for bool {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    #[inline]
    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match reader.take()? {
            0 => Ok(false),
            1 => Ok(true),
            tag => Err(DecodeError::UnknownTag {
                what: "truth value",
                tag,
            }),
        }
    }
}

impl Binary for AccountId {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        self.get().put(out);
    }

    #[inline]
    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Self::new(reader.take()?).ok_or(DecodeError::NoAccount)
    }
}

/// Zero is nobody, so an optional account takes no byte more.
impl Binary for Option<AccountId> {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        self.map_or(0, AccountId::get).put(out);
    }

    #[inline]
    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(NonZeroU64::new(reader.take()?).and_then(|number| AccountId::new(number.get())))
    }
}

/// A byte that tells whether the value follows.
macro_rules! options {
    ($($type:ty)*) => {
        $(impl Binary for Option<$type> {
            #[inline]
            fn put(&self, out: &mut Vec<u8>) {
                self.is_some().put(out);
                if let Some(value) = self {
                    value.put(out);
                }
            }

            #[inline]
            fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                Ok(if reader.take()? { Some(reader.take()?) } else { None })
            }
        })*
    };
}

options! { u8 u32 u64 Price Qty Notional InstrumentId AssetId GroupId TransferKey Timestamp }

pub(super) use options;

/// The mantissa, then how many of its digits stand after the point.
impl Binary for Decimal {
    fn put(&self, out: &mut Vec<u8>) {
        self.mantissa().put(out);
        out.push(self.scale() as u8);
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mantissa = reader.take()?;
        let scale: u8 = reader.take()?;
        Self::try_from_i128_with_scale(mantissa, u32::from(scale)).map_err(|_| DecodeError::Decimal)
    }
}
