//! Why a request cannot be understood, with a code for programs and a message for people.

use std::fmt;

use engine_core::{ConvertError, RejectReason, SpecError};
use rust_decimal::Decimal;

use crate::code::{ErrorCode, Language, reject_message};
use crate::json::{Field, JsonError};

/// Why a request cannot be understood, or was refused.
///
/// ```
/// use engine_wire::{ErrorCode, Language, OrderRequest};
///
/// let body = r#"{"symbol":"X","side":"Buy","order_type":"Limit","price":1e400,"quantity":1}"#;
/// let error = OrderRequest::read(body).expect_err("an exponent is no plain notation");
/// assert_eq!(error.code(), ErrorCode::InvalidPrice);
/// assert_eq!(error.message(Language::English).to_string(), "price is not valid");
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum RequestError {
    /// It is not JSON.
    Json(JsonError),
    /// It has a field that it cannot have.
    UnknownField(Box<str>),
    /// A field that it needs is not there.
    Missing(Field),
    /// A field's value cannot be read as what it should be, or is none of the values that it may be.
    Malformed(Field),
    /// A field does not go with the others.
    NotAllowed(Field),
    /// A value should be greater than zero.
    NotPositive(Field),
    /// A price is not a whole number of ticks.
    OffTick {
        /// Which field.
        field: Field,
        /// The instrument's tick.
        tick: Decimal,
    },
    /// A quantity is not a whole number of lots.
    OffLot {
        /// Which field.
        field: Field,
        /// The instrument's lot.
        lot: Decimal,
    },
    /// A value is beyond what the engine takes.
    OutOfRange(Field),
    /// No instrument has this symbol.
    UnknownSymbol,
    /// Another instrument has this symbol.
    SymbolTaken,
    /// The fields are fine alone, but make no instrument.
    Spec(Box<SpecError>),
    /// An order in a list is wrong.
    InList {
        /// Its place in the list, from 0.
        index: usize,
        /// What is wrong with it.
        error: Box<Self>,
    },
    /// The engine refused it.
    Rejected(RejectReason),
}

impl RequestError {
    /// The code for programs.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Json(_) => ErrorCode::InvalidJson,
            Self::UnknownField(_) | Self::Spec(_) => ErrorCode::InvalidField,
            Self::Missing(Field::Price) => ErrorCode::PriceRequired,
            Self::NotAllowed(Field::Price) => ErrorCode::PriceNotAllowed,
            Self::Missing(field)
            | Self::Malformed(field)
            | Self::NotAllowed(field)
            | Self::NotPositive(field)
            | Self::OutOfRange(field) => field.code(),
            Self::OffTick { .. } => ErrorCode::TickSize,
            Self::OffLot { .. } => ErrorCode::LotSize,
            Self::UnknownSymbol => ErrorCode::SymbolNotFound,
            Self::SymbolTaken => ErrorCode::AlreadyExists,
            Self::InList { error, .. } => error.code(),
            Self::Rejected(reason) => ErrorCode::from(*reason),
        }
    }

    /// The message for people.
    pub fn message(&self, language: Language) -> impl fmt::Display + '_ {
        Message {
            error: self,
            language,
        }
    }

    /// The error of a decimal that is no price or quantity of its instrument.
    pub(crate) fn of_convert(field: Field, error: ConvertError) -> Self {
        match error {
            ConvertError::NotOnTick { tick, .. } => Self::OffTick { field, tick },
            ConvertError::NotOnLot { lot, .. } => Self::OffLot { field, lot },
            ConvertError::Negative(_) => Self::NotPositive(field),
            _ => Self::OutOfRange(field),
        }
    }
}

impl From<JsonError> for RequestError {
    fn from(error: JsonError) -> Self {
        Self::Json(error)
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message(Language::English).fmt(f)
    }
}

impl std::error::Error for RequestError {}

struct Message<'a> {
    error: &'a RequestError,
    language: Language,
}

impl fmt::Display for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.language {
            Language::English => english(self.error, f),
            Language::Korean => korean(self.error, f),
        }
    }
}

fn english(error: &RequestError, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match error {
        RequestError::Json(error) => write!(f, "not valid JSON: {error}"),
        RequestError::UnknownField(key) => write!(f, "unknown field {key:?}"),
        RequestError::Missing(field) => write!(f, "{} is required", field.key()),
        RequestError::Malformed(field) => write!(f, "{} is not valid", field.key()),
        RequestError::NotAllowed(field) => write!(f, "{} does not go with the other fields", field.key()),
        RequestError::NotPositive(field) => write!(f, "{} must be greater than 0", field.key()),
        RequestError::OffTick { field, tick } => {
            write!(f, "{} is not a multiple of the tick {tick}", field.key())
        }
        RequestError::OffLot { field, lot } => {
            write!(f, "{} is not a multiple of the lot {lot}", field.key())
        }
        RequestError::OutOfRange(field) => write!(f, "{} is out of range", field.key()),
        RequestError::Spec(error) => write!(f, "{error}"),
        RequestError::InList { index, error } => write!(f, "order {}: {error}", index + 1),
        RequestError::Rejected(reason) => f.write_str(reject_message(*reason, Language::English)),
        RequestError::UnknownSymbol | RequestError::SymbolTaken => {
            f.write_str(error.code().message(Language::English))
        }
    }
}

fn korean(error: &RequestError, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match error {
        RequestError::Json(error) => write!(f, "올바른 JSON이 아닙니다 (위치 {})", error.at),
        RequestError::UnknownField(key) => write!(f, "알 수 없는 필드입니다: {key:?}"),
        RequestError::Missing(field) => write!(f, "{} 필수입니다", topic(*field)),
        RequestError::Malformed(field) => write!(f, "{} 올바르지 않습니다", topic(*field)),
        RequestError::NotAllowed(field) => write!(f, "{} 다른 필드와 함께 쓸 수 없습니다", topic(*field)),
        RequestError::NotPositive(field) => write!(f, "{} 0보다 커야 합니다", topic(*field)),
        RequestError::OffTick { field, tick } => {
            write!(f, "{} 호가 단위 {tick}의 배수여야 합니다", topic(*field))
        }
        RequestError::OffLot { field, lot } => {
            write!(f, "{} 최소 수량 단위 {lot}의 배수여야 합니다", topic(*field))
        }
        RequestError::OutOfRange(field) => write!(f, "{} 범위를 벗어났습니다", topic(*field)),
        RequestError::InList { index, error } => {
            write!(f, "{}번째 주문: {}", index + 1, error.message(Language::Korean))
        }
        RequestError::Rejected(reason) => f.write_str(reject_message(*reason, Language::Korean)),
        RequestError::UnknownSymbol | RequestError::SymbolTaken | RequestError::Spec(_) => {
            f.write_str(error.code().message(Language::Korean))
        }
    }
}

/// A field as the topic of a Korean sentence: its noun with the particle that fits, or its name with both.
fn topic(field: Field) -> impl fmt::Display {
    let noun = match field {
        Field::Quantity => "수량은",
        Field::Price => "가격은",
        Field::QuoteQuantity => "주문 총액은",
        Field::StopPrice => "스톱 가격은",
        Field::DisplayQuantity => "표시 수량은",
        Field::MinQuantity => "최소 체결 수량은",
        Field::Symbol => "종목은",
        Field::Side => "매매 방향은",
        Field::OrderType => "주문 유형은",
        Field::TimeInForce => "주문 유효 조건은",
        Field::ExpireAt => "만료 시각은",
        Field::ClientOrderId => "클라이언트 주문 ID는",
        Field::Amount => "금액은",
        other => return Topic::Name(other.key()),
    };
    Topic::Noun(noun)
}

enum Topic {
    Noun(&'static str),
    Name(&'static str),
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Noun(noun) => f.write_str(noun),
            Self::Name(name) => write!(f, "{name}은(는)"),
        }
    }
}
