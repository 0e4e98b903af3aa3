//! The binary form of an event: the number of its kind, then its fields in the order of the table.

use engine_core::{Asked, Displayed, Event, TimeInForce};

use super::DecodeError;
use super::bytes::{Binary, Reader, options};
use super::command::structs;

/// Gives the variants of `Event` their numbers and the order of their fields.
macro_rules! events {
    ($($tag:literal $variant:ident { $($field:ident)* })*) => {
        impl Binary for Event {
            fn put(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$variant { $($field),* } => {
                        out.push($tag);
                        $($field.put(out);)*
                    })*
                    other => unreachable!("{other:?} has no number in the binary form"),
                }
            }

            fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                Ok(match reader.take::<u8>()? {
                    $($tag => Self::$variant { $($field: reader.take()?),* },)*
                    tag => return Err(DecodeError::UnknownTag { what: "event", tag }),
                })
            }
        }
    };
}

events! {
    0 Listed { instrument }
    1 Accepted { instrument order account side order_type price quantity }
    2 Terms { order time_in_force trigger }
    3 Named { order client_id }
    4 Rejected { instrument order account request reason asked }
    5 Traded { instrument maker maker_account taker taker_account taker_side maker_displayed price quantity }
    6 Cancelled { instrument order account side remaining displayed reason }
    7 Amended { instrument order account price quantity kept_priority }
    8 Decremented { instrument order account by remaining }
    9 Triggered { instrument order account }
    10 Armed { instrument order account quantity }
    11 Rested { instrument order side price displayed }
    12 Pulled { instrument order side price displayed }
    13 Reduced { instrument order side price by }
    14 Replenished { instrument order side price displayed }
    15 PhaseChanged { instrument phase }
    16 Indicative { instrument price quantity imbalance }
    17 Marked { instrument price }
    18 CancelAllArmed { account deadline }
    19 Killed { account }
    20 Resumed { account }
    21 AssetAdded { asset }
    22 Deposited { account asset amount }
    23 Withdrew { account asset amount }
    24 Repeated { account first }
    25 AccountSet { account tier group }
    26 LimitsSet { account instrument }
    27 Frozen { account }
    28 Unfrozen { account }
    29 Shortfall { account asset needed available }
    30 Settled { trade asset maker_fee taker_fee }
    31 BalanceChanged { account asset total held }
    32 PositionChanged { account instrument quantity cost realised }
}

structs! {
    Asked { side order_type price quantity }
    Displayed { price quantity }
}

options! { Asked Displayed }

impl Binary for TimeInForce {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(match self {
            Self::Gtc => 0,
            Self::Ioc => 1,
            Self::Fok => 2,
            Self::Gtd(_) => 3,
            Self::Day => 4,
            Self::AtOpen => 5,
            Self::AtClose => 6,
        });
        if let Self::Gtd(moment) = self {
            moment.put(out);
        }
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match reader.take::<u8>()? {
            0 => Self::Gtc,
            1 => Self::Ioc,
            2 => Self::Fok,
            3 => Self::Gtd(reader.take()?),
            4 => Self::Day,
            5 => Self::AtOpen,
            6 => Self::AtClose,
            tag => {
                return Err(DecodeError::UnknownTag {
                    what: "time in force",
                    tag,
                });
            }
        })
    }
}
