//! The binary form of a command: the number of its kind, then its fields.

use engine_core::{
    Amend, Cancel, CancelAllAfter, Command, Limits, Linked, MassCancel, OrderRef, Scope, SetAccount,
    SetLimits, SetMark, SetPhase, Transfer,
};
use smallvec::SmallVec;

use super::DecodeError;
use super::bytes::{Binary, Reader};

impl Binary for Command {
    fn put(&self, out: &mut Vec<u8>) {
        /// Puts a number and what follows it.
        fn tagged(tag: u8, fields: &impl Binary, out: &mut Vec<u8>) {
            out.push(tag);
            fields.put(out);
        }
        match self {
            Self::List(spec) => tagged(0, &**spec, out),
            Self::Place(place) => tagged(1, place, out),
            Self::PlaceLinked(linked) => tagged(2, &**linked, out),
            Self::Cancel(cancel) => tagged(3, cancel, out),
            Self::Amend(amend) => tagged(4, amend, out),
            Self::MassCancel(mass_cancel) => tagged(5, mass_cancel, out),
            Self::SetPhase(set) => tagged(6, set, out),
            Self::Uncross(instrument) => tagged(7, instrument, out),
            Self::SetMark(mark) => tagged(8, mark, out),
            Self::CancelAllAfter(switch) => tagged(9, switch, out),
            Self::Kill(scope) => tagged(10, scope, out),
            Self::Resume(scope) => tagged(11, scope, out),
            Self::Tick => out.push(12),
            Self::AddAsset(spec) => tagged(13, &**spec, out),
            Self::Deposit(transfer) => tagged(14, transfer, out),
            Self::Withdraw(transfer) => tagged(15, transfer, out),
            Self::SetAccount(set) => tagged(16, set, out),
            Self::SetLimits(set) => tagged(17, &**set, out),
            Self::Freeze(account) => tagged(18, account, out),
            Self::Unfreeze(account) => tagged(19, account, out),
            other => unreachable!("{other:?} has no number in the binary form"),
        }
    }

    #[inline]
    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match reader.take::<u8>()? {
            0 => Self::List(Box::new(reader.take()?)),
            1 => Self::Place(reader.take()?),
            2 => Self::PlaceLinked(Box::new(reader.take()?)),
            3 => Self::Cancel(reader.take()?),
            4 => Self::Amend(reader.take()?),
            5 => Self::MassCancel(reader.take()?),
            6 => Self::SetPhase(reader.take()?),
            7 => Self::Uncross(reader.take()?),
            8 => Self::SetMark(reader.take()?),
            9 => Self::CancelAllAfter(reader.take()?),
            10 => Self::Kill(reader.take()?),
            11 => Self::Resume(reader.take()?),
            12 => Self::Tick,
            13 => Self::AddAsset(Box::new(reader.take()?)),
            14 => Self::Deposit(reader.take()?),
            15 => Self::Withdraw(reader.take()?),
            16 => Self::SetAccount(reader.take()?),
            17 => Self::SetLimits(Box::new(reader.take()?)),
            18 => Self::Freeze(reader.take()?),
            19 => Self::Unfreeze(reader.take()?),
            tag => return Err(DecodeError::UnknownTag { what: "command", tag }),
        })
    }
}

/// Gives a struct the binary form of its fields, one after the other.
macro_rules! structs {
    ($($type:ident { $($field:ident)* })*) => {
        $(impl Binary for $type {
            #[inline]
            fn put(&self, out: &mut Vec<u8>) {
                let Self { $($field),* } = self;
                $($field.put(out);)*
            }

            #[inline]
            fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                Ok(Self { $($field: reader.take()?),* })
            }
        })*
    };
}

pub(super) use structs;

structs! {
    Cancel { order account }
    Amend { order account price quantity }
    MassCancel { account instrument side cause }
    SetPhase { instrument phase }
    SetMark { instrument price }
    CancelAllAfter { account timeout_ns }
    Transfer { account asset amount key }
    SetAccount { account tier group }
    SetLimits { account instrument limits }
    Limits {
        order_quantity_max order_notional_max open_orders_max open_quantity_max position_max price_collar_bps
        orders_per_second_max
    }
}

impl Binary for OrderRef {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Id(id) => {
                out.push(0);
                id.put(out);
            }
            Self::Client(account, client_id) => {
                out.push(1);
                account.put(out);
                client_id.put(out);
            }
        }
    }

    #[inline]
    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match reader.take::<u8>()? {
            0 => Self::Id(reader.take()?),
            1 => Self::Client(reader.take()?, reader.take()?),
            tag => {
                return Err(DecodeError::UnknownTag {
                    what: "reference to an order",
                    tag,
                });
            }
        })
    }
}

impl Binary for Scope {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Account(account) => {
                out.push(0);
                account.put(out);
            }
            Self::Engine => out.push(1),
        }
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match reader.take::<u8>()? {
            0 => Self::Account(reader.take()?),
            1 => Self::Engine,
            tag => return Err(DecodeError::UnknownTag { what: "scope", tag }),
        })
    }
}

/// The kind, how many orders there are, and the orders. A list may be wrong in its length, too.
impl Binary for Linked {
    fn put(&self, out: &mut Vec<u8>) {
        self.kind.put(out);
        (self.orders.len() as u32).put(out);
        for place in &self.orders {
            place.put(out);
        }
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let kind = reader.take()?;
        let count: u32 = reader.take()?;
        // Not `with_capacity`: the count is not to be trusted before the orders are there.
        let mut orders = SmallVec::new();
        for _ in 0..count {
            orders.push(reader.take()?);
        }
        Ok(Self { kind, orders })
    }
}
