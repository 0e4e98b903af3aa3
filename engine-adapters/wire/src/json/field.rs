//! The fields that a JSON object may have, and reading one as what it should be.

use std::borrow::Cow;

use rust_decimal::Decimal;
use smallvec::SmallVec;

use super::scan::{self, RepeatedKey};
use super::token::{Token, Value};
use super::words::Word;
use crate::code::ErrorCode;
use crate::decimal;
use crate::error::RequestError;

/// Writes the table of fields: the enum and what can be looked up by it.
macro_rules! fields {
    ($($name:ident $key:literal $code:ident)*) => {
        /// A field of a request, by its name on the wire.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        #[expect(missing_docs, reason = "each is described with the requests that have it")]
        #[repr(u8)]
        pub enum Field {
            $($name,)*
        }

        impl Field {
            /// Every field.
            pub(crate) const ALL: &[Self] = &[$(Self::$name,)*];

            /// Its name on the wire.
            pub const fn key(self) -> &'static str {
                match self {
                    $(Self::$name => $key,)*
                }
            }

            /// The code of what is wrong with its value.
            pub(crate) const fn code(self) -> ErrorCode {
                match self {
                    $(Self::$name => ErrorCode::$code,)*
                }
            }
        }
    };
}

fields! {
    Op "op" InvalidField
    Id "id" InvalidField
    Account "account" InvalidField
    Symbol "symbol" InvalidSymbol
    Side "side" InvalidSide
    OrderType "order_type" InvalidOrderType
    TimeInForce "time_in_force" InvalidTimeInForce
    Price "price" InvalidPrice
    Quantity "quantity" InvalidQuantity
    TimeNs "time_ns" InvalidField
    ClientOrderId "client_order_id" InvalidClientOrderId
    QuoteQuantity "quote_quantity" InvalidQuantity
    StopPrice "stop_price" InvalidStopPrice
    TrailingDelta "trailing_delta" InvalidStopPrice
    TrailingDeltaBps "trailing_delta_bps" InvalidStopPrice
    ExpireAt "expire_at" InvalidTimeInForce
    ExpireAtNs "expire_at_ns" InvalidTimeInForce
    DisplayQuantity "display_quantity" InvalidQuantity
    Hidden "hidden" InvalidField
    PostOnly "post_only" InvalidField
    MinQuantity "min_quantity" InvalidQuantity
    AllOrNone "all_or_none" InvalidField
    ReduceOnly "reduce_only" InvalidField
    SelfTradePrevention "self_trade_prevention" InvalidField
    Group "group" InvalidField
    Peg "peg" InvalidField
    PegOffset "peg_offset" InvalidPrice
    Kind "kind" InvalidField
    Orders "orders" InvalidField
    Phase "phase" InvalidField
    Asset "asset" InvalidField
    Amount "amount" InvalidQuantity
    Key "key" InvalidField
    Scale "scale" InvalidField
    Tier "tier" InvalidField
    OrderQuantityMax "order_quantity_max" InvalidField
    OrderNotionalMax "order_notional_max" InvalidField
    OpenOrdersMax "open_orders_max" InvalidField
    OpenQuantityMax "open_quantity_max" InvalidField
    PositionMax "position_max" InvalidField
    PriceCollarBps "price_collar_bps" InvalidField
    OrdersPerSecondMax "orders_per_second_max" InvalidField
    Depth "depth" InvalidDepth
    Interval "interval" InvalidInterval
    Limit "limit" InvalidLimit
    TimeoutMs "timeout_ms" InvalidField
    Cause "cause" InvalidField
    Comment "comment" InvalidField
    Tick "tick" InvalidField
    Lot "lot" InvalidField
    Base "base" InvalidField
    Quote "quote" InvalidField
    MaxQuantity "max_quantity" InvalidQuantity
    MinNotional "min_notional" InvalidField
    PriceBandBps "price_band_bps" InvalidField
    DynamicBandBps "dynamic_band_bps" InvalidField
    VolatilityAuctionNs "volatility_auction_ns" InvalidField
    VolatilityAuctionMs "volatility_auction_ms" InvalidField
    MarketProtectionBps "market_protection_bps" InvalidField
    MakerFeeBps "maker_fee_bps" InvalidField
    TakerFeeBps "taker_fee_bps" InvalidField
    Allocation "allocation" InvalidField
    ProRataTopOrder "pro_rata_top_order" InvalidField
    ProRataMinQuantity "pro_rata_min_quantity" InvalidQuantity
    TriggerSource "trigger_source" InvalidField
    InitialPhase "initial_phase" InvalidField
    IcebergPartsMax "iceberg_parts_max" InvalidField
    StopsMax "stops_max" InvalidField
    MinPrice "min_price" InvalidPrice
    MaxPrice "max_price" InvalidPrice
    FeeTiers "fee_tiers" InvalidField
    VolumeMin "volume_min" InvalidField
    InitialMarginBps "initial_margin_bps" InvalidField
    MaintenanceMarginBps "maintenance_margin_bps" InvalidField
    Command "command" InvalidField
}

/// A set of fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FieldSet(u128);

const _: () = assert!(Field::ALL.len() <= 128, "a set has a bit for every field");

impl FieldSet {
    pub(crate) const fn of(fields: &[Field]) -> Self {
        let (mut bits, mut at) = (0, 0);
        while at < fields.len() {
            bits |= 1 << fields[at] as u8;
            at += 1;
        }
        Self(bits)
    }

    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    const fn has(self, field: Field) -> bool {
        self.0 >> (field as u8) & 1 == 1
    }
}

impl Field {
    /// The field with this name.
    #[inline]
    fn of_key(key: &str) -> Option<Self> {
        let mut place = place_of_key(key.as_bytes());
        loop {
            let field = PLACES[place]?;
            if field.key() == key {
                return Some(field);
            }
            place = (place + 1) % PLACES.len();
        }
    }
}

/// The fields, each at the place that its name says or in the next free one after it. There are always free ones,
/// at which a search ends.
const PLACES: [Option<Field>; 256] = {
    let mut places = [None; 256];
    let mut at = 0;
    while at < Field::ALL.len() {
        let field = Field::ALL[at];
        let mut place = place_of_key(field.key().as_bytes());
        while places[place].is_some() {
            place = (place + 1) % places.len();
        }
        places[place] = Some(field);
        at += 1;
    }
    places
};

/// A number below 256 that the names of fields seldom share.
#[inline]
const fn place_of_key(key: &[u8]) -> usize {
    match key {
        [] => 0,
        [first, .., last] => (key.len() * 29 + *first as usize * 5 + *last as usize * 17) % 256,
        [only] => *only as usize,
    }
}

/// One JSON object, cut into known fields whose values have not been looked at yet.
#[derive(Debug)]
pub(crate) struct Fields<'a> {
    text: &'a str,
    present: FieldSet,
    values: SmallVec<[(Field, Token); 16]>,
    unknown: Option<Box<str>>,
}

impl<'a> Fields<'a> {
    /// Cuts `text` into its fields. A field that no request has is not an error yet: [`Fields::allow`] tells.
    pub(crate) fn read(text: &'a str) -> Result<Self, RequestError> {
        let mut fields = Self {
            text,
            present: FieldSet(0),
            values: SmallVec::new(),
            unknown: None,
        };
        scan::object(text, |key, token| {
            let field = match key.plain() {
                Some(key) => Field::of_key(key),
                None => Field::of_key(&key.resolve()),
            };
            let Some(field) = field else {
                fields.unknown.get_or_insert_with(|| key.resolve().into());
                return Ok(());
            };
            if fields.present.has(field) {
                return Err(RepeatedKey);
            }
            fields.present = fields.present.and(FieldSet::of(&[field]));
            fields.values.push((field, token));
            Ok(())
        })?;
        Ok(fields)
    }

    /// Refuses every field that is not in the set.
    pub(crate) fn allow(&self, allowed: FieldSet) -> Result<(), RequestError> {
        if self.unknown.is_none() && self.present.0 & !allowed.0 == 0 {
            return Ok(());
        }
        let misplaced = || {
            let (field, _) = self.values.iter().find(|(field, _)| !allowed.has(*field))?;
            Some(field.key().into())
        };
        match self.unknown.clone().or_else(misplaced) {
            Some(key) => Err(RequestError::UnknownField(key)),
            None => Ok(()),
        }
    }

    /// Whether any field of the set is there.
    #[inline]
    pub(crate) fn has_any(&self, fields: FieldSet) -> bool {
        self.present.0 & fields.0 != 0
    }

    /// The value of a field; `null` is no value.
    #[inline]
    pub(crate) fn value(&self, field: Field) -> Option<Value<'a>> {
        if !self.present.has(field) {
            return None;
        }
        let found = self.values.iter().find(|(key, _)| *key == field);
        found
            .map(|(_, token)| token.value(self.text))
            .filter(|value| !matches!(value, Value::Null))
    }

    pub(crate) fn text(&self, field: Field) -> Result<Option<Cow<'a, str>>, RequestError> {
        match self.value(field) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text.resolve())),
            Some(_) => Err(RequestError::Malformed(field)),
        }
    }

    /// A decimal, given as a number or as a string.
    pub(crate) fn decimal(&self, field: Field) -> Result<Option<Decimal>, RequestError> {
        let read = |text: &str| decimal::parse(text).map_err(|_| RequestError::Malformed(field));
        match self.value(field) {
            None => Ok(None),
            Some(Value::Number(text)) => read(text).map(Some),
            Some(Value::Text(text)) => text.plain().map_or_else(|| read(&text.resolve()), read).map(Some),
            Some(_) => Err(RequestError::Malformed(field)),
        }
    }

    pub(crate) fn integer<T: TryFrom<u64>>(&self, field: Field) -> Result<Option<T>, RequestError> {
        let Some(value) = self.value(field) else {
            return Ok(None);
        };
        let number = match value {
            Value::Number(text) => whole_number(text).and_then(|number| T::try_from(number).ok()),
            _ => None,
        };
        number.map(Some).ok_or(RequestError::Malformed(field))
    }

    pub(crate) fn boolean(&self, field: Field) -> Result<bool, RequestError> {
        match self.value(field) {
            None => Ok(false),
            Some(Value::Bool(value)) => Ok(value),
            Some(_) => Err(RequestError::Malformed(field)),
        }
    }

    /// One of a fixed set of words, in capital or small letters.
    pub(crate) fn word<T: Word>(&self, field: Field) -> Result<Option<T>, RequestError> {
        let Some(value) = self.value(field) else {
            return Ok(None);
        };
        let word = match value {
            Value::Text(text) => text.plain().map_or_else(|| T::read(&text.resolve()), T::read),
            _ => None,
        };
        word.map(Some).ok_or(RequestError::Malformed(field))
    }
}

/// The number that plain digits without a needless zero make.
#[inline]
fn whole_number(text: &str) -> Option<u64> {
    let digits = text.as_bytes();
    if digits.is_empty() || (digits.len() > 1 && digits[0] == b'0') {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit <= 9)?;
        number.checked_mul(10)?.checked_add(u64::from(digit))
    })
}
