//! The number of every variant in the binary form. A number is never given to anything else.

use engine_core::{
    CancelReason, LinkKind, MassCancelCause, OrderType, Peg, Phase, PostOnly, RejectReason, Request,
    RiskLimit, SelfTrade, Side, TriggerSource,
};

use super::DecodeError;
use super::bytes::{Binary, Reader, options};

/// Gives the variants of a type their numbers. The last arm is for types that can grow; it is never met, because a
/// test holds the tables against the types.
macro_rules! tags {
    ($type:ty, $what:literal: $($tag:literal $variant:ident $(($($inner:tt)*))?)* $(; $grows:tt)?) => {
        impl Binary for $type {
            #[inline]
            fn put(&self, out: &mut Vec<u8>) {
                out.push(match self {
                    $(Self::$variant $(($($inner)*))? => $tag,)*
                    $($grows => unreachable!("{self:?} has no number in the binary form"),)?
                });
            }

            #[inline]
            fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                Ok(match reader.take::<u8>()? {
                    $($tag => Self::$variant $(($($inner)*))?,)*
                    tag => return Err(DecodeError::UnknownTag { what: $what, tag }),
                })
            }
        }
    };
}

tags! { Side, "side": 0 Buy 1 Sell }

tags! { Peg, "peg": 0 Primary 1 Market 2 Mid }

tags! { PostOnly, "post-only": 0 No 1 Reject 2 Slide }

tags! { SelfTrade, "self-trade prevention": 0 None 1 CancelNewest 2 CancelOldest 3 CancelBoth 4 Decrement }

tags! { Phase, "phase": 0 Continuous 1 Auction 2 Halted 3 Closed }

tags! { LinkKind, "kind of list": 0 OneCancelsOther 1 Bracket }

tags! { MassCancelCause, "cause": 0 Asked 1 Disconnected }

tags! { TriggerSource, "trigger source": 0 LastTrade 1 Mark }

tags! { OrderType, "order type":
    0 Market 1 MarketByQuote 2 MarketToLimit 3 Limit 4 Stop 5 StopLimit 6 TakeProfit 7 TakeProfitLimit 8 TrailingStop
    9 TrailingStopLimit 10 Pegged
}

tags! { Request, "request":
    0 List 1 Place 2 PlaceLinked 3 Cancel 4 Amend 5 MassCancel 6 SetPhase 7 Uncross 8 SetMark 9 CancelAllAfter 10 Kill
    11 Resume 12 AddAsset 13 Deposit 14 Withdraw 15 SetAccount 16 SetLimits 17 Freeze 18 Unfreeze
}

tags! { CancelReason, "cancel reason":
    0 User 1 IocRemainder 2 FokKilled 3 NoLiquidity 4 MinQuantity 5 SelfTrade 6 MassCancel 7 Disconnected
    8 CancelAllAfter 9 Killed 10 Linked 11 Closed 12 VolatilityInterruption 13 Expired 14 PostOnly; _
}

tags! { RejectReason, "reject reason":
    0 UnknownInstrument 1 DuplicateOrderId 2 DuplicateClientOrderId 3 OrderNotFound 4 Killed 5 MarketClosed
    6 MarketHalted 7 NoAuction 8 SamePhase 9 ZeroQuantity 10 QuantityTooLarge 11 QuantityTooSmall
    12 QuantityBelowFilled 13 InvalidBudget 14 InvalidTimeInForce 15 ExpiryInPast 16 InvalidDisplay
    17 InvalidMinQuantity 18 InvalidCombination 19 ReduceOnly 20 InvalidLink 21 InvalidPrice 22 PriceNotAllowed
    23 InvalidTrigger 24 PriceBand 25 MinNotional 26 NothingToAmend 27 BookFull 28 TooManyStops
    29 PostOnlyWouldCross 30 TooManyInstruments 31 AccountRequired 32 AccountFrozen 33 UnboundedCost
    34 RiskLimit(RiskLimit::OrderQuantity) 35 RiskLimit(RiskLimit::OrderNotional) 36 RiskLimit(RiskLimit::OpenOrders)
    37 RiskLimit(RiskLimit::OpenQuantity) 38 RiskLimit(RiskLimit::Position) 39 RiskLimit(RiskLimit::PriceCollar)
    40 RiskLimit(RiskLimit::OrderRate) 41 RiskLimit(RiskLimit::ReduceOnly) 42 InsufficientBalance 43 AccountsOff
    44 KeyReused 45 UnknownAsset 46 InvalidAsset 47 TooManyAssets 48 TooManyAccounts 49 InvalidAmount
    50 AmountTooLarge 51 AssetRequired 52 AssetScale 53 FeesBelowZero 54 TooManyRates 55 MarginTerms; _
}

options! { Side }
