//! The error codes of the protocol, each with its HTTP status and its message in two languages.

use engine_core::{RejectReason, RiskLimit};

/// A language of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// English, unless something else is asked for.
    #[default]
    English,
    /// Korean.
    Korean,
}

/// Writes the table of codes: the enum and what can be looked up by it.
macro_rules! codes {
    ($($status:literal { $($name:ident $code:literal $english:literal $korean:literal)* })*) => {
        /// An error code of the protocol.
        ///
        /// ```
        /// use engine_wire::{ErrorCode, Language};
        ///
        /// let code = ErrorCode::OrderNotFound;
        /// assert_eq!((code.as_str(), code.status()), ("ORDER_NOT_FOUND", 404));
        /// assert_eq!(code.message(Language::English), "no such order");
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        #[expect(missing_docs, reason = "each is described by its message")]
        pub enum ErrorCode {
            $($($name,)*)*
        }

        impl ErrorCode {
            /// Every code, in ascending order of status.
            pub const ALL: &[Self] = &[$($(Self::$name,)*)*];

            /// The code as it stands on the wire.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $($(Self::$name => $code,)*)*
                }
            }

            /// The HTTP status that goes with it.
            pub const fn status(self) -> u16 {
                match self {
                    $($(Self::$name)|* => $status,)*
                }
            }

            /// What it means, where no closer cause is known.
            pub const fn message(self, language: Language) -> &'static str {
                match (self, language) {
                    $($(
                        (Self::$name, Language::English) => $english,
                        (Self::$name, Language::Korean) => $korean,
                    )*)*
                }
            }
        }
    };
}

codes! {
    400 {
        InvalidJson "INVALID_JSON" "the body is not valid JSON" "본문이 올바른 JSON이 아닙니다"
        InvalidSymbol "INVALID_SYMBOL" "the symbol is missing or malformed" "종목이 없거나 형식이 잘못되었습니다"
        InvalidSide "INVALID_SIDE" "side must be Buy or Sell" "매매 방향은 Buy 또는 Sell이어야 합니다"
        InvalidOrderType "INVALID_ORDER_TYPE" "unknown order type" "알 수 없는 주문 유형입니다"
        InvalidTimeInForce "INVALID_TIME_IN_FORCE"
            "this time in force is unknown or does not go with this order" "주문 유효 조건을 알 수 없거나 이 주문에 쓸 수 없습니다"
        InvalidQuantity "INVALID_QUANTITY" "the quantity is missing, malformed or out of range" "수량이 없거나 잘못되었습니다"
        InvalidPrice "INVALID_PRICE" "the price is malformed or out of range" "가격이 잘못되었거나 범위를 벗어났습니다"
        PriceRequired "PRICE_REQUIRED" "this order type needs a price" "이 주문 유형에는 가격이 필요합니다"
        PriceNotAllowed "PRICE_NOT_ALLOWED" "this order type takes no price" "이 주문 유형에는 가격을 지정할 수 없습니다"
        InvalidStopPrice "INVALID_STOP_PRICE"
            "the stop price or trailing distance is missing, malformed, out of range or does not belong here"
            "스톱 가격 또는 추적 폭이 없거나 잘못되었습니다"
        TickSize "TICK_SIZE" "the price is not a multiple of the tick" "가격이 호가 단위의 배수가 아닙니다"
        LotSize "LOT_SIZE" "the quantity is not a multiple of the lot" "수량이 최소 수량 단위의 배수가 아닙니다"
        MinNotional "MIN_NOTIONAL" "the value of the order is below the minimum" "주문 금액이 최소 금액보다 작습니다"
        PriceBand "PRICE_BAND" "the price is too far from the last trade" "가격이 최근 체결가에서 허용 범위를 벗어났습니다"
        InvalidInterval "INVALID_INTERVAL" "unknown interval" "알 수 없는 간격입니다"
        InvalidDepth "INVALID_DEPTH" "the depth is out of range" "호가 깊이가 범위를 벗어났습니다"
        InvalidLimit "INVALID_LIMIT" "the limit is out of range" "개수 제한이 범위를 벗어났습니다"
        InvalidClientOrderId "INVALID_CLIENT_ORDER_ID"
            "a client order id has 1 to 36 printable ASCII characters without spaces"
            "클라이언트 주문 ID는 공백 없는 ASCII 문자 1~36자여야 합니다"
        InvalidField "INVALID_FIELD" "a field is unknown, malformed or does not belong here" "필드를 알 수 없거나 값이 잘못되었습니다"
    }
    401 {
        Unauthorized "UNAUTHORIZED" "authentication is missing or not valid" "인증 정보가 없거나 올바르지 않습니다"
    }
    403 {
        Forbidden "FORBIDDEN" "this is not allowed" "권한이 없습니다"
    }
    404 {
        SymbolNotFound "SYMBOL_NOT_FOUND" "no such symbol" "존재하지 않는 종목입니다"
        OrderNotFound "ORDER_NOT_FOUND" "no such order" "존재하지 않는 주문입니다"
        NotFound "NOT_FOUND" "there is nothing here" "요청한 경로를 찾을 수 없습니다"
    }
    405 {
        MethodNotAllowed "METHOD_NOT_ALLOWED" "this method is not allowed here" "허용되지 않는 메서드입니다"
    }
    409 {
        DuplicateClientOrderId "DUPLICATE_CLIENT_ORDER_ID"
            "another order has this id" "같은 ID를 가진 다른 주문이 있습니다"
        OrderClosed "ORDER_CLOSED"
            "the order is already filled, cancelled or expired" "이미 체결, 취소 또는 만료된 주문입니다"
        AlreadyExists "ALREADY_EXISTS" "this exists already" "이미 존재합니다"
    }
    413 {
        PayloadTooLarge "PAYLOAD_TOO_LARGE" "the body is too large" "본문이 너무 큽니다"
    }
    415 {
        UnsupportedMediaType "UNSUPPORTED_MEDIA_TYPE" "the body must be application/json" "본문은 application/json이어야 합니다"
    }
    422 {
        InsufficientBalance "INSUFFICIENT_BALANCE" "the available balance is not sufficient" "사용 가능한 잔고가 부족합니다"
        RiskLimit "RISK_LIMIT" "a limit does not allow this order" "한도를 초과하여 주문할 수 없습니다"
        MarketClosed "MARKET_CLOSED" "the market is closed" "시장이 마감되었습니다"
        MarketHalted "MARKET_HALTED" "the market is halted" "거래가 정지되었습니다"
        PostOnlyWouldCross "POST_ONLY_WOULD_CROSS"
            "a post-only order would trade at once" "메이커 전용 주문이 즉시 체결될 수 있습니다"
    }
    429 {
        RateLimited "RATE_LIMITED" "too many requests" "요청이 너무 많습니다"
    }
    500 {
        Internal "INTERNAL" "an internal error" "내부 오류가 발생했습니다"
    }
    503 {
        Overloaded "OVERLOADED"
            "the order queue is full; the order was not taken" "주문 대기열이 가득 차 주문이 접수되지 않았습니다"
        NotReady "NOT_READY" "the server is not ready" "서버가 아직 준비되지 않았습니다"
    }
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// Writes the table of reject reasons: the code and the messages of each.
macro_rules! reasons {
    ($($reason:ident $(($($inner:tt)*))? $code:ident $english:literal $korean:literal)*) => {
        /// What can be looked up by a [`RejectReason`]: `None` for one that is newer than this table.
        const fn row(reason: RejectReason) -> Option<(ErrorCode, &'static str, &'static str)> {
            match reason {
                $(RejectReason::$reason $(($($inner)*))? => Some((ErrorCode::$code, $english, $korean)),)*
                _ => None,
            }
        }
    };
}

reasons! {
    TooManyInstruments RiskLimit "as many symbols are listed as may be" "등록할 수 있는 종목 수를 초과했습니다"
    UnknownInstrument SymbolNotFound "no such symbol" "존재하지 않는 종목입니다"
    DuplicateOrderId DuplicateClientOrderId "a live order has this id" "같은 ID를 가진 주문이 살아 있습니다"
    DuplicateClientOrderId DuplicateClientOrderId
        "a live order has this client order id" "같은 클라이언트 주문 ID를 가진 주문이 살아 있습니다"
    OrderNotFound OrderNotFound "no such order" "존재하지 않는 주문입니다"
    Killed RiskLimit "trading is stopped by a kill switch" "킬 스위치로 거래가 중단되었습니다"
    MarketClosed MarketClosed "the market is closed" "시장이 마감되었습니다"
    MarketHalted MarketHalted
        "the market is halted; only cancels are taken" "거래가 정지되어 주문 취소만 할 수 있습니다"
    NoAuction InvalidField "there is no auction to end" "진행 중인 단일가 매매가 없습니다"
    SamePhase InvalidField "the market is in this phase already" "시장이 이미 이 단계에 있습니다"
    ZeroQuantity InvalidQuantity "quantity must be greater than 0" "수량은 0보다 커야 합니다"
    QuantityTooLarge InvalidQuantity "quantity is above the maximum" "수량이 최대 수량보다 큽니다"
    QuantityTooSmall InvalidQuantity "quantity is below the minimum" "수량이 최소 수량보다 작습니다"
    QuantityBelowFilled InvalidQuantity
        "quantity must be greater than what has been filled" "수량은 이미 체결된 수량보다 커야 합니다"
    InvalidBudget InvalidQuantity "quote_quantity must be greater than 0" "주문 총액은 0보다 커야 합니다"
    InvalidTimeInForce InvalidTimeInForce
        "this time in force does not go with this order now" "이 주문에는 지금 이 유효 조건을 쓸 수 없습니다"
    ExpiryInPast InvalidTimeInForce "expire_at must be in the future" "만료 시각은 미래여야 합니다"
    InvalidDisplay InvalidQuantity
        "display_quantity must be greater than 0, at most the quantity, and not too small a part of it"
        "표시 수량은 0보다 크고 주문 수량 이하여야 하며 너무 작지 않아야 합니다"
    InvalidMinQuantity InvalidQuantity
        "min_quantity must be greater than 0 and at most the quantity"
        "최소 체결 수량은 0보다 크고 주문 수량 이하여야 합니다"
    InvalidCombination InvalidField
        "these conditions do not go together, or not in this phase" "함께 쓸 수 없거나 지금 단계에서 쓸 수 없는 조건입니다"
    ReduceOnly RiskLimit "there is no position that this order would reduce" "이 주문으로 줄일 포지션이 없습니다"
    InvalidLink InvalidField "these orders cannot be linked like this" "이렇게 연결할 수 없는 주문들입니다"
    InvalidPrice InvalidPrice "price is out of range" "가격이 범위를 벗어났습니다"
    PriceNotAllowed PriceNotAllowed "this order has no price to change" "이 주문에는 바꿀 가격이 없습니다"
    InvalidTrigger InvalidStopPrice
        "the stop price or trailing distance is out of range" "스톱 가격 또는 추적 폭이 범위를 벗어났습니다"
    PriceBand PriceBand "price is too far from the last trade" "가격이 최근 체결가에서 허용 범위를 벗어났습니다"
    MinNotional MinNotional "the value of the order is below the minimum" "주문 금액이 최소 금액보다 작습니다"
    NothingToAmend InvalidField "there is nothing to change" "변경할 내용이 없습니다"
    BookFull RiskLimit "the book holds as much as it may" "호가창이 가득 찼습니다"
    TooManyStops RiskLimit "as many stop orders wait as may" "대기 중인 스톱 주문이 너무 많습니다"
    PostOnlyWouldCross PostOnlyWouldCross
        "a post-only order would trade at once" "메이커 전용 주문이 즉시 체결될 수 있습니다"
    AccountRequired InvalidField "an order needs an account here" "이 주문에는 계정이 필요합니다"
    AccountFrozen Forbidden "the account is frozen" "동결된 계정입니다"
    UnboundedCost InvalidField
        "this order has no price beyond which it cannot trade, so what it would cost is unknown"
        "이 주문은 체결 가격의 한도가 없어 비용을 알 수 없습니다"
    RiskLimit(RiskLimit::OrderQuantity) RiskLimit
        "the quantity is above the limit for an order" "주문 수량 한도를 초과했습니다"
    RiskLimit(RiskLimit::OrderNotional) RiskLimit
        "the value is above the limit for an order" "주문 금액 한도를 초과했습니다"
    RiskLimit(RiskLimit::OpenOrders) RiskLimit
        "the account has as many open orders as it may" "미체결 주문 수 한도를 초과했습니다"
    RiskLimit(RiskLimit::OpenQuantity) RiskLimit
        "the account's open quantity would be above the limit" "미체결 수량 한도를 초과했습니다"
    RiskLimit(RiskLimit::Position) RiskLimit
        "the account's position could go above the limit" "포지션 한도를 초과할 수 있습니다"
    RiskLimit(RiskLimit::PriceCollar) RiskLimit
        "the price is further from the last trade than the limit allows" "가격이 최근 체결가에서 한도를 벗어났습니다"
    RiskLimit(RiskLimit::OrderRate) RiskLimit
        "as many orders came in this second as may" "초당 주문 수 한도를 초과했습니다"
    RiskLimit(RiskLimit::ReduceOnly) RiskLimit
        "a live order of this side may only reduce the position, and this one would use it up"
        "포지션 축소 전용 주문이 있어 이 주문을 낼 수 없습니다"
    InsufficientBalance InsufficientBalance
        "the available balance is not sufficient" "사용 가능한 잔고가 부족합니다"
    AccountsOff InvalidField "there are no accounts here" "이 엔진은 계정을 사용하지 않습니다"
    KeyReused AlreadyExists "another transfer had this key" "다른 입출금에 사용된 키입니다"
    UnknownAsset InvalidField "no such asset" "존재하지 않는 자산입니다"
    InvalidAsset InvalidField
        "an asset has a name of 1 to 16 printable ASCII characters and at most 18 decimal places"
        "자산 이름은 ASCII 문자 1~16자, 소수 자릿수는 18 이하여야 합니다"
    TooManyAssets RiskLimit "there are as many assets as may be" "등록할 수 있는 자산 수를 초과했습니다"
    TooManyAccounts RiskLimit "there are as many accounts as may be" "등록할 수 있는 계정 수를 초과했습니다"
    InvalidAmount InvalidField
        "amount must be greater than 0 and not too large" "금액은 0보다 크고 너무 크지 않아야 합니다"
    AmountTooLarge RiskLimit "there would be more of the asset than there can be" "자산의 총량 한도를 초과했습니다"
    AssetRequired InvalidField "the symbol needs its assets" "종목에 자산이 지정되어야 합니다"
    AssetScale InvalidField
        "a tick times a lot, or a lot, is no whole number of the asset's smallest units"
        "호가 단위와 수량 단위가 자산의 최소 단위와 맞지 않습니다"
    FeesBelowZero InvalidField
        "a maker's rebate is above what a taker pays" "메이커 리베이트가 테이커 수수료보다 큽니다"
    TooManyRates RiskLimit "there are as many different fees as may be" "등록할 수 있는 수수료 종류를 초과했습니다"
    MarginTerms InvalidField
        "the margin rates are out of order, or the greatest position is too large" "증거금 조건이 올바르지 않습니다"
}

impl From<RejectReason> for ErrorCode {
    /// The code of a reject; `INTERNAL` for a reason that is newer than this table.
    fn from(reason: RejectReason) -> Self {
        row(reason).map_or(Self::Internal, |(code, ..)| code)
    }
}

/// What a reject means, for people.
pub fn reject_message(reason: RejectReason, language: Language) -> &'static str {
    let Some((_, english, korean)) = row(reason) else {
        return ErrorCode::Internal.message(language);
    };
    match language {
        Language::English => english,
        Language::Korean => korean,
    }
}
