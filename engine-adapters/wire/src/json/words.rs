//! The words that enumerations have on the wire, each read in capital or small letters.

use engine_core::{
    CancelReason, LinkKind, MassCancelCause, OrderType, Peg, Phase, Request, SelfTrade, Side, TimeInForce,
    TriggerSource,
};

/// A fixed set of values with a word for each.
///
/// ```
/// use engine_core::Side;
/// use engine_wire::Word;
///
/// assert_eq!(Side::read("buy"), Some(Side::Buy));
/// assert_eq!(Side::Sell.word(), "Sell");
/// ```
pub trait Word: Copy + PartialEq + 'static {
    /// Every value's word; where a value has several, the first is written and each is read.
    const WORDS: &'static [(&'static str, Self)];

    /// The value that has this word, in capital or small letters.
    fn read(text: &str) -> Option<Self> {
        let found = Self::WORDS
            .iter()
            .find(|(word, _)| word.eq_ignore_ascii_case(text));
        found.map(|(_, value)| *value)
    }

    /// The word of a value.
    fn word(self) -> &'static str {
        let found = Self::WORDS.iter().find(|(_, value)| *value == self);
        found.expect("a test holds every value against its words").0
    }
}

/// Gives a type its words.
macro_rules! words {
    ($type:ty: $($word:literal $value:expr),* $(,)?) => {
        impl Word for $type {
            const WORDS: &'static [(&'static str, Self)] = &[$(($word, $value)),*];
        }
    };
}

/// How an order is to trade, as one word; its parameters are fields of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum OrderWord {
    Market,
    Limit,
    Stop,
    StopLimit,
    TakeProfit,
    TakeProfitLimit,
    TrailingStop,
    TrailingStopLimit,
    MarketToLimit,
    Pegged,
    /// A limit order of which only a part is displayed.
    Iceberg,
}

words! { OrderWord:
    "Limit" Self::Limit,
    "Market" Self::Market,
    "Stop" Self::Stop,
    "StopLimit" Self::StopLimit,
    "TakeProfit" Self::TakeProfit,
    "TakeProfitLimit" Self::TakeProfitLimit,
    "TrailingStop" Self::TrailingStop,
    "TrailingStopLimit" Self::TrailingStopLimit,
    "MarketToLimit" Self::MarketToLimit,
    "Pegged" Self::Pegged,
    "Iceberg" Self::Iceberg,
}

/// A time in force, as one word; its moment is a field of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum TimeWord {
    #[default]
    Gtc,
    Ioc,
    Fok,
    Gtd,
    Day,
    Ato,
    Atc,
}

words! { TimeWord:
    "GTC" Self::Gtc,
    "IOC" Self::Ioc,
    "FOK" Self::Fok,
    "GTD" Self::Gtd,
    "DAY" Self::Day,
    "ATO" Self::Ato,
    "ATC" Self::Atc,
}

impl From<TimeInForce> for TimeWord {
    fn from(time_in_force: TimeInForce) -> Self {
        match time_in_force {
            TimeInForce::Gtc => Self::Gtc,
            TimeInForce::Ioc => Self::Ioc,
            TimeInForce::Fok => Self::Fok,
            TimeInForce::Gtd(_) => Self::Gtd,
            TimeInForce::Day => Self::Day,
            TimeInForce::AtOpen => Self::Ato,
            TimeInForce::AtClose => Self::Atc,
        }
    }
}

words! { Side: "Buy" Self::Buy, "Sell" Self::Sell }

words! { Peg: "Primary" Self::Primary, "Market" Self::Market, "Mid" Self::Mid }

words! { SelfTrade:
    "None" Self::None,
    "CancelNewest" Self::CancelNewest,
    "CancelOldest" Self::CancelOldest,
    "CancelBoth" Self::CancelBoth,
    "Decrement" Self::Decrement,
}

words! { Phase:
    "continuous" Self::Continuous,
    "auction" Self::Auction,
    "halted" Self::Halted,
    "closed" Self::Closed,
}

words! { LinkKind:
    "OCO" Self::OneCancelsOther,
    "OneCancelsOther" Self::OneCancelsOther,
    "Bracket" Self::Bracket,
}

words! { MassCancelCause: "Asked" Self::Asked, "Disconnected" Self::Disconnected }

words! { TriggerSource: "LastTrade" Self::LastTrade, "last_trade" Self::LastTrade, "Mark" Self::Mark }

/// Who trades first at a price, as one word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum AllocationWord {
    #[default]
    PriceTime,
    ProRata,
}

words! { AllocationWord:
    "PriceTime" Self::PriceTime,
    "price_time" Self::PriceTime,
    "FIFO" Self::PriceTime,
    "ProRata" Self::ProRata,
    "pro_rata" Self::ProRata,
}

words! { OrderType:
    "Market" Self::Market,
    "MarketByQuote" Self::MarketByQuote,
    "MarketToLimit" Self::MarketToLimit,
    "Limit" Self::Limit,
    "Stop" Self::Stop,
    "StopLimit" Self::StopLimit,
    "TakeProfit" Self::TakeProfit,
    "TakeProfitLimit" Self::TakeProfitLimit,
    "TrailingStop" Self::TrailingStop,
    "TrailingStopLimit" Self::TrailingStopLimit,
    "Pegged" Self::Pegged,
}

words! { CancelReason:
    "User" Self::User,
    "IocRemainder" Self::IocRemainder,
    "FokKilled" Self::FokKilled,
    "NoLiquidity" Self::NoLiquidity,
    "MinQuantity" Self::MinQuantity,
    "SelfTrade" Self::SelfTrade,
    "MassCancel" Self::MassCancel,
    "Disconnected" Self::Disconnected,
    "CancelAllAfter" Self::CancelAllAfter,
    "Killed" Self::Killed,
    "Linked" Self::Linked,
    "Closed" Self::Closed,
    "VolatilityInterruption" Self::VolatilityInterruption,
    "PostOnly" Self::PostOnly,
    "Expired" Self::Expired,
}

words! { Request:
    "symbol" Self::List,
    "new" Self::Place,
    "order_list" Self::PlaceLinked,
    "cancel" Self::Cancel,
    "amend" Self::Amend,
    "mass_cancel" Self::MassCancel,
    "phase" Self::SetPhase,
    "uncross" Self::Uncross,
    "mark_price" Self::SetMark,
    "cancel_after" Self::CancelAllAfter,
    "kill" Self::Kill,
    "resume" Self::Resume,
    "asset" Self::AddAsset,
    "deposit" Self::Deposit,
    "withdraw" Self::Withdraw,
    "account" Self::SetAccount,
    "limits" Self::SetLimits,
    "freeze" Self::Freeze,
    "unfreeze" Self::Unfreeze,
}
