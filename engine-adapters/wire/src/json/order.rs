//! The order request, as it comes over REST and in lines of commands.

use std::borrow::Cow;

use engine_core::{
    AccountId, ClientOrderId, GroupId, InstrumentId, InstrumentSpec, OrderId, OrderKind, Peg, Place,
    PostOnly, Price, Qty, SelfTrade, Side, TimeInForce, Timestamp, Trail, Visibility,
};
use rust_decimal::Decimal;

use super::field::{Field, FieldSet, Fields};
use super::token::Value;
use super::words::{OrderWord, TimeWord, Word};
use crate::error::RequestError;

/// The fields of an order request that most have.
const PLAIN: FieldSet = FieldSet::of(&[
    Field::Symbol,
    Field::Side,
    Field::OrderType,
    Field::Price,
    Field::Quantity,
    Field::TimeInForce,
]);

/// The fields of an order request that most do not have.
const CONDITIONS: FieldSet = FieldSet::of(&[
    Field::QuoteQuantity,
    Field::ExpireAt,
    Field::ExpireAtNs,
    Field::ClientOrderId,
    Field::StopPrice,
    Field::TrailingDelta,
    Field::TrailingDeltaBps,
    Field::Peg,
    Field::PegOffset,
    Field::DisplayQuantity,
    Field::Hidden,
    Field::PostOnly,
    Field::MinQuantity,
    Field::AllOrNone,
    Field::ReduceOnly,
    Field::SelfTradePrevention,
]);

/// The fields of an order request.
pub(super) const ORDER: FieldSet = PLAIN.and(CONDITIONS);

/// An order request whose fields have been read one by one, and not yet been held against each other or an
/// instrument.
///
/// ```
/// use engine_core::{InstrumentId, InstrumentSpec, OrderId, Place, Price, Qty, Side};
/// use engine_wire::{OrderRequest, Placement};
/// use rust_decimal::Decimal;
///
/// let spec = InstrumentSpec::builder("X", Decimal::new(1, 2), Decimal::ONE).build()?;
/// let body = r#"{"symbol":"X","side":"buy","order_type":"Limit","price":"10.05","quantity":5}"#;
/// let place = OrderRequest::read(body)?.place(&Placement::new(InstrumentId::new(0), &spec, OrderId::new(1)))?;
/// let (instrument, id) = (InstrumentId::new(0), OrderId::new(1));
/// assert_eq!(place, Place::limit(instrument, id, Side::Buy, Price::new(1005), Qty::new(5)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct OrderRequest<'a> {
    /// The instrument's symbol.
    pub symbol: Option<Cow<'a, str>>,
    side: Side,
    order_type: OrderWord,
    time_in_force: TimeWord,
    quantity: Option<Decimal>,
    price: Option<Decimal>,
    conditions: Conditions,
}

/// The fields that most requests do not have.
#[derive(Clone, Debug, Default, PartialEq)]
struct Conditions {
    client_order_id: Option<ClientOrderId>,
    expire_at: Option<Timestamp>,
    quote_quantity: Option<Decimal>,
    stop_price: Option<Decimal>,
    trailing_delta: Option<Decimal>,
    trailing_delta_bps: Option<u32>,
    peg: Option<Peg>,
    peg_offset: Option<Decimal>,
    display_quantity: Option<Decimal>,
    hidden: bool,
    post_only: PostOnly,
    min_quantity: Option<Decimal>,
    all_or_none: bool,
    reduce_only: bool,
    self_trade: Option<SelfTrade>,
}

/// What a request does not say: where the order goes, what it is called and whose it is.
#[derive(Clone, Copy, Debug)]
pub struct Placement<'a> {
    /// The instrument to trade.
    pub instrument: InstrumentId,
    /// Its spec.
    pub spec: &'a InstrumentSpec,
    /// The order's id.
    pub id: OrderId,
    /// Whose order it is.
    pub account: Option<AccountId>,
    /// The group of the account.
    pub group: Option<GroupId>,
    /// What to do instead of trading with oneself, unless the request says.
    pub self_trade: SelfTrade,
}

impl<'a> Placement<'a> {
    /// Nobody's order.
    pub const fn new(instrument: InstrumentId, spec: &'a InstrumentSpec, id: OrderId) -> Self {
        Self {
            instrument,
            spec,
            id,
            account: None,
            group: None,
            self_trade: SelfTrade::None,
        }
    }
}

impl<'a> OrderRequest<'a> {
    /// Reads a request body.
    ///
    /// # Errors
    /// When it is no JSON object, or a field is unknown, missing or malformed.
    pub fn read(body: &'a str) -> Result<Self, RequestError> {
        let fields = Fields::read(body)?;
        fields.allow(ORDER)?;
        Self::of_fields(&fields)
    }

    /// Looks at the fields in a fixed order, so that of several faults always the same one is told.
    pub(super) fn of_fields(fields: &Fields<'a>) -> Result<Self, RequestError> {
        let required = |field| RequestError::Missing(field);
        Ok(Self {
            symbol: fields.text(Field::Symbol)?,
            side: fields.word(Field::Side)?.ok_or(required(Field::Side))?,
            order_type: fields.word(Field::OrderType)?.ok_or(required(Field::OrderType))?,
            time_in_force: fields.word(Field::TimeInForce)?.unwrap_or_default(),
            quantity: fields.decimal(Field::Quantity)?,
            price: fields.decimal(Field::Price)?,
            conditions: if fields.has_any(CONDITIONS) {
                Conditions::of_fields(fields)?
            } else {
                Conditions::default()
            },
        })
    }

    /// The owner's own name for the order.
    pub fn client_order_id(&self) -> Option<ClientOrderId> {
        self.conditions.client_order_id
    }

    /// The order that is asked for, in ticks and lots.
    ///
    /// # Errors
    /// When a field is missing or does not go with the order type, or a value does not fit the instrument. What
    /// the engine checks is left to the engine.
    pub fn place(&self, at: &Placement<'_>) -> Result<Place, RequestError> {
        let quantity = self.lots(at.spec)?;
        let kind = self.kind(at.spec)?;
        let optional_lots =
            |field, value: Option<Decimal>| value.map(|value| lots(at.spec, field, value)).transpose();
        Ok(Place {
            instrument: at.instrument,
            id: at.id,
            account: at.account,
            client_id: self.conditions.client_order_id,
            side: self.side,
            quantity,
            kind,
            time_in_force: self.time_in_force()?,
            visibility: self.visibility(at.spec)?,
            post_only: self.conditions.post_only,
            min_quantity: optional_lots(Field::MinQuantity, self.conditions.min_quantity)?,
            all_or_none: self.conditions.all_or_none,
            reduce_only: self.conditions.reduce_only,
            self_trade: self.conditions.self_trade.unwrap_or(at.self_trade),
            group: at.group,
        })
    }

    /// The quantity; zero where the order is for a value instead.
    fn lots(&self, spec: &InstrumentSpec) -> Result<Qty, RequestError> {
        match (self.quantity, self.conditions.quote_quantity) {
            (Some(quantity), None) => lots(spec, Field::Quantity, quantity),
            (None, Some(_)) if self.order_type == OrderWord::Market => Ok(Qty::ZERO),
            (_, Some(_)) => Err(RequestError::NotAllowed(Field::QuoteQuantity)),
            (None, None) => Err(RequestError::Missing(Field::Quantity)),
        }
    }

    fn kind(&self, spec: &InstrumentSpec) -> Result<OrderKind, RequestError> {
        self.check_companions()?;
        let price = || required_ticks(spec, Field::Price, self.price);
        let trigger = || required_ticks(spec, Field::StopPrice, self.conditions.stop_price);
        Ok(match self.order_type {
            OrderWord::Market => match self.conditions.quote_quantity {
                None => OrderKind::Market,
                Some(value) => OrderKind::MarketByQuote {
                    budget: spec
                        .notional(value)
                        .map_err(|_| RequestError::OutOfRange(Field::QuoteQuantity))?,
                },
            },
            OrderWord::MarketToLimit => OrderKind::MarketToLimit,
            OrderWord::Limit | OrderWord::Iceberg => OrderKind::Limit { price: price()? },
            OrderWord::Stop => OrderKind::Stop { trigger: trigger()? },
            OrderWord::StopLimit => OrderKind::StopLimit {
                price: price()?,
                trigger: trigger()?,
            },
            OrderWord::TakeProfit => OrderKind::TakeProfit { trigger: trigger()? },
            OrderWord::TakeProfitLimit => OrderKind::TakeProfitLimit {
                price: price()?,
                trigger: trigger()?,
            },
            OrderWord::TrailingStop => OrderKind::TrailingStop {
                trail: self.trail(spec)?,
            },
            OrderWord::TrailingStopLimit => OrderKind::TrailingStopLimit {
                price: price()?,
                trail: self.trail(spec)?,
            },
            OrderWord::Pegged => OrderKind::Pegged {
                peg: self.conditions.peg.ok_or(RequestError::Missing(Field::Peg))?,
                offset: self.conditions.peg_offset.map_or(Ok(0), |offset| {
                    ticks(spec, Field::PegOffset, offset).map(Price::ticks)
                })?,
                limit: self
                    .price
                    .map(|limit| ticks(spec, Field::Price, limit))
                    .transpose()?,
            },
        })
    }

    /// No field stands beside an order type that has no use for it.
    fn check_companions(&self) -> Result<(), RequestError> {
        use OrderWord::{
            Iceberg, Limit, Pegged, Stop, StopLimit, TakeProfit, TakeProfitLimit, TrailingStop,
            TrailingStopLimit,
        };
        let priced = [
            Limit,
            Iceberg,
            StopLimit,
            TakeProfitLimit,
            TrailingStopLimit,
            Pegged,
        ];
        let triggered = [Stop, StopLimit, TakeProfit, TakeProfitLimit];
        let trailing = [TrailingStop, TrailingStopLimit];
        for (field, given, types) in [
            (Field::Price, self.price.is_some(), priced.as_slice()),
            (Field::StopPrice, self.conditions.stop_price.is_some(), &triggered),
            (
                Field::TrailingDelta,
                self.conditions.trailing_delta.is_some(),
                &trailing,
            ),
            (
                Field::TrailingDeltaBps,
                self.conditions.trailing_delta_bps.is_some(),
                &trailing,
            ),
            (Field::Peg, self.conditions.peg.is_some(), &[Pegged]),
            (Field::PegOffset, self.conditions.peg_offset.is_some(), &[Pegged]),
        ] {
            if given && !types.contains(&self.order_type) {
                return Err(RequestError::NotAllowed(field));
            }
        }
        Ok(())
    }

    fn trail(&self, spec: &InstrumentSpec) -> Result<Trail, RequestError> {
        match (self.conditions.trailing_delta, self.conditions.trailing_delta_bps) {
            (Some(distance), None) => {
                let distance = ticks(spec, Field::TrailingDelta, distance)?.ticks();
                let distance =
                    u64::try_from(distance).map_err(|_| RequestError::NotPositive(Field::TrailingDelta));
                distance.map(Trail::Ticks)
            }
            (None, Some(bps)) => Ok(Trail::BasisPoints(bps)),
            (Some(_), Some(_)) => Err(RequestError::NotAllowed(Field::TrailingDeltaBps)),
            (None, None) => Err(RequestError::Missing(Field::TrailingDelta)),
        }
    }

    fn time_in_force(&self) -> Result<TimeInForce, RequestError> {
        if self.conditions.expire_at.is_some() && self.time_in_force != TimeWord::Gtd {
            return Err(RequestError::NotAllowed(Field::ExpireAt));
        }
        Ok(match self.time_in_force {
            TimeWord::Gtc => TimeInForce::Gtc,
            TimeWord::Ioc => TimeInForce::Ioc,
            TimeWord::Fok => TimeInForce::Fok,
            TimeWord::Gtd => TimeInForce::Gtd(
                self.conditions
                    .expire_at
                    .ok_or(RequestError::Missing(Field::ExpireAt))?,
            ),
            TimeWord::Day => TimeInForce::Day,
            TimeWord::Ato => TimeInForce::AtOpen,
            TimeWord::Atc => TimeInForce::AtClose,
        })
    }

    fn visibility(&self, spec: &InstrumentSpec) -> Result<Visibility, RequestError> {
        match (self.conditions.display_quantity, self.conditions.hidden) {
            (Some(_), true) => Err(RequestError::NotAllowed(Field::DisplayQuantity)),
            (Some(display), false) => Ok(Visibility::Iceberg {
                display: lots(spec, Field::DisplayQuantity, display)?,
            }),
            (None, _) if self.order_type == OrderWord::Iceberg => {
                Err(RequestError::Missing(Field::DisplayQuantity))
            }
            (None, true) => Ok(Visibility::Hidden),
            (None, false) => Ok(Visibility::Displayed),
        }
    }
}

impl Conditions {
    fn of_fields(fields: &Fields<'_>) -> Result<Self, RequestError> {
        Ok(Self {
            expire_at: expiry(fields)?,
            quote_quantity: fields.decimal(Field::QuoteQuantity)?,
            stop_price: fields.decimal(Field::StopPrice)?,
            trailing_delta: fields.decimal(Field::TrailingDelta)?,
            trailing_delta_bps: fields.integer(Field::TrailingDeltaBps)?,
            peg: fields.word(Field::Peg)?,
            peg_offset: fields.decimal(Field::PegOffset)?,
            display_quantity: fields.decimal(Field::DisplayQuantity)?,
            hidden: fields.boolean(Field::Hidden)?,
            post_only: post_only(fields)?,
            min_quantity: fields.decimal(Field::MinQuantity)?,
            all_or_none: fields.boolean(Field::AllOrNone)?,
            reduce_only: fields.boolean(Field::ReduceOnly)?,
            self_trade: fields.word(Field::SelfTradePrevention)?,
            client_order_id: client_order_id(fields)?,
        })
    }
}

pub(super) fn client_order_id(fields: &Fields<'_>) -> Result<Option<ClientOrderId>, RequestError> {
    let text = fields.text(Field::ClientOrderId)?;
    let read = |text: Cow<'_, str>| {
        ClientOrderId::new(&text).map_err(|_| RequestError::Malformed(Field::ClientOrderId))
    };
    text.map(read).transpose()
}

/// When the order expires, in milliseconds or nanoseconds.
fn expiry(fields: &Fields<'_>) -> Result<Option<Timestamp>, RequestError> {
    let millis = fields.integer(Field::ExpireAt)?;
    let nanos = fields.integer(Field::ExpireAtNs)?;
    match (millis, nanos) {
        (Some(_), Some(_)) => Err(RequestError::NotAllowed(Field::ExpireAtNs)),
        (Some(millis), None) => {
            let moment = Timestamp::from_millis(millis);
            moment.map(Some).ok_or(RequestError::OutOfRange(Field::ExpireAt))
        }
        (None, nanos) => Ok(nanos.map(Timestamp::from_nanos)),
    }
}

/// `true`, or what to do with an order that would take: `"Reject"` (as `true`) or `"Slide"`.
fn post_only(fields: &Fields<'_>) -> Result<PostOnly, RequestError> {
    if let Some(Value::Text(_)) = fields.value(Field::PostOnly) {
        return Ok(fields.word(Field::PostOnly)?.unwrap_or_default());
    }
    Ok(if fields.boolean(Field::PostOnly)? {
        PostOnly::Reject
    } else {
        PostOnly::No
    })
}

impl Word for PostOnly {
    const WORDS: &'static [(&'static str, Self)] = &[("Reject", Self::Reject), ("Slide", Self::Slide)];
}

pub(super) fn lots(spec: &InstrumentSpec, field: Field, value: Decimal) -> Result<Qty, RequestError> {
    spec.quantity(value)
        .map_err(|error| RequestError::of_convert(field, error))
}

pub(super) fn ticks(spec: &InstrumentSpec, field: Field, value: Decimal) -> Result<Price, RequestError> {
    spec.price(value)
        .map_err(|error| RequestError::of_convert(field, error))
}

fn required_ticks(
    spec: &InstrumentSpec,
    field: Field,
    value: Option<Decimal>,
) -> Result<Price, RequestError> {
    ticks(spec, field, value.ok_or(RequestError::Missing(field))?)
}
