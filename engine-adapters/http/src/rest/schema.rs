//! The shapes of bodies, for the description of the API. Nothing is read or written through these.

#![expect(dead_code, reason = "the description is made from the types alone")]

use utoipa::ToSchema;

/// A decimal: requests may also send it as a string. It is exact, however many digits it has.
pub(crate) type Decimal = f64;

/// Every error.
#[derive(ToSchema)]
pub(crate) struct Error {
    /// A code for programs.
    #[schema(example = "INVALID_QUANTITY")]
    error: String,
    /// What it means, for people.
    #[schema(example = "quantity must be greater than 0")]
    message: String,
    /// Names the request in the server's log.
    request_id: String,
}

/// A new order.
#[derive(ToSchema)]
pub(crate) struct OrderRequest {
    #[schema(example = "BTC-KRW")]
    symbol: String,
    /// `Buy` or `Sell`.
    #[schema(example = "Buy")]
    side: String,
    /// `Market` `Limit` `Stop` `StopLimit` `TakeProfit` `TakeProfitLimit` `TrailingStop` `TrailingStopLimit` `MarketToLimit` `Pegged` `Iceberg`.
    #[schema(example = "Limit")]
    order_type: String,
    #[schema(example = 50_000_000)]
    price: Option<Decimal>,
    #[schema(example = 0.001)]
    quantity: Option<Decimal>,
    /// For a market order: what it may spend or bring.
    quote_quantity: Option<Decimal>,
    /// `GTC` `IOC` `FOK` `GTD` `DAY` `ATO` `ATC`.
    #[schema(example = "GTC")]
    time_in_force: Option<String>,
    /// Milliseconds since 1970, for `GTD`.
    expire_at: Option<u64>,
    client_order_id: Option<String>,
    stop_price: Option<Decimal>,
    trailing_delta: Option<Decimal>,
    trailing_delta_bps: Option<u32>,
    /// `Primary` `Market` `Mid`.
    peg: Option<String>,
    peg_offset: Option<Decimal>,
    display_quantity: Option<Decimal>,
    hidden: Option<bool>,
    /// `true` refuses an order that would trade at once, `"Slide"` moves it to where it does not.
    post_only: Option<bool>,
    min_quantity: Option<Decimal>,
    all_or_none: Option<bool>,
    reduce_only: Option<bool>,
    /// `None` `CancelNewest` `CancelOldest` `CancelBoth` `Decrement`.
    self_trade_prevention: Option<String>,
}

/// An order was taken.
#[derive(ToSchema)]
pub(crate) struct Ack {
    order_id: String,
    client_order_id: Option<String>,
    #[schema(example = "ACCEPTED")]
    status: String,
    message: String,
}

/// Orders that depend on each other.
#[derive(ToSchema)]
pub(crate) struct OrderList {
    /// `OCO` or `Bracket`.
    #[schema(example = "OCO")]
    kind: String,
    orders: Vec<OrderRequest>,
}

/// Linked orders were taken.
#[derive(ToSchema)]
pub(crate) struct OrderListAck {
    order_list_id: String,
    status: String,
    orders: Vec<Ack>,
}

/// Which order to cancel: one of both.
#[derive(ToSchema)]
pub(crate) struct CancelRequest {
    order_id: Option<String>,
    client_order_id: Option<String>,
}

/// What to change.
#[derive(ToSchema)]
pub(crate) struct AmendRequest {
    price: Option<Decimal>,
    /// The new total, filled part included.
    quantity: Option<Decimal>,
}

/// When the dead-man's switch fires unless it is armed again.
#[derive(ToSchema)]
pub(crate) struct CancelAfter {
    timeout_ms: u64,
}

/// When the dead-man's switch fires.
#[derive(ToSchema)]
pub(crate) struct Deadline {
    deadline: Option<u64>,
}

/// What was cancelled.
#[derive(ToSchema)]
pub(crate) struct Cancelled {
    cancelled: Vec<String>,
}

/// An order as its owner sees it.
#[derive(ToSchema)]
pub(crate) struct OrderState {
    order_id: String,
    client_order_id: Option<String>,
    symbol: String,
    side: String,
    order_type: String,
    time_in_force: String,
    price: Option<Decimal>,
    quantity: Decimal,
    filled_quantity: Decimal,
    remaining_quantity: Decimal,
    average_price: Option<Decimal>,
    /// `Pending` `PartiallyFilled` `Filled` `Cancelled` `Rejected` `Expired`.
    status: String,
    reason: Option<String>,
    stop_price: Option<Decimal>,
    triggered: Option<bool>,
    expire_at: Option<u64>,
    fee: Decimal,
    created_at: u64,
    updated_at: u64,
}

/// A page of orders.
#[derive(ToSchema)]
pub(crate) struct Orders {
    orders: Vec<OrderState>,
    /// Give it as `cursor` for the next page.
    next_cursor: Option<String>,
}

/// One order's part of a trade.
#[derive(ToSchema)]
pub(crate) struct Fill {
    exec_id: String,
    order_id: String,
    symbol: String,
    side: String,
    price: Decimal,
    quantity: Decimal,
    fee: Decimal,
    /// `Maker` or `Taker`.
    liquidity: String,
    timestamp: u64,
}

/// A page of fills.
#[derive(ToSchema)]
pub(crate) struct Fills {
    fills: Vec<Fill>,
    next_cursor: Option<String>,
}

/// What is fixed about a symbol, and its phase.
#[derive(ToSchema)]
pub(crate) struct Symbol {
    symbol: String,
    base: Option<String>,
    quote: Option<String>,
    tick: Decimal,
    lot: Decimal,
    min_quantity: Decimal,
    max_quantity: Decimal,
    min_notional: Decimal,
    price_band_bps: Option<u32>,
    maker_fee_bps: Decimal,
    taker_fee_bps: Decimal,
    /// `continuous` `auction` `halted` `closed`.
    phase: String,
}

/// All symbols.
#[derive(ToSchema)]
pub(crate) struct Symbols {
    symbols: Vec<Symbol>,
    simulated: Simulated,
}

/// What of the market is not real.
#[derive(ToSchema)]
pub(crate) struct Simulated {
    /// Everything before this moment is a simulated past.
    past_until: Option<u64>,
    /// Simulated traders trade.
    traders: bool,
}

/// The best levels of a book: price and quantity.
#[derive(ToSchema)]
pub(crate) struct Book {
    symbol: String,
    bids: Vec<[Decimal; 2]>,
    asks: Vec<[Decimal; 2]>,
    timestamp: u64,
    sequence: u64,
}

/// The best levels of a book.
#[derive(ToSchema)]
pub(crate) struct BookAnswer {
    orderbook: Book,
}

/// What the price did in an interval.
#[derive(ToSchema)]
pub(crate) struct Candle {
    open_time: u64,
    close_time: u64,
    open: Decimal,
    high: Decimal,
    low: Decimal,
    close: Decimal,
    volume: Decimal,
    trade_count: u64,
}

/// Candles, oldest first.
#[derive(ToSchema)]
pub(crate) struct Candles {
    symbol: String,
    interval: String,
    candles: Vec<Candle>,
}

/// A trade as everybody sees it.
#[derive(ToSchema)]
pub(crate) struct Execution {
    symbol: String,
    exec_id: String,
    order_id: Option<String>,
    side: String,
    price: Decimal,
    quantity: Decimal,
    fee: Decimal,
    timestamp: u64,
    sequence: u64,
}

/// Trades, newest first.
#[derive(ToSchema)]
pub(crate) struct Executions {
    symbol: String,
    executions: Vec<Execution>,
}

/// The last 24 hours.
#[derive(ToSchema)]
pub(crate) struct Statistics {
    symbol: String,
    last_price: Option<Decimal>,
    price_change_24h: Option<Decimal>,
    volume_24h: Decimal,
    quote_volume_24h: Decimal,
    high_24h: Option<Decimal>,
    low_24h: Option<Decimal>,
    open_24h: Option<Decimal>,
    vwap_24h: Option<Decimal>,
    trade_count_24h: u64,
    best_bid: Option<Decimal>,
    best_ask: Option<Decimal>,
    timestamp: u64,
    sequence: u64,
}

/// The newest tick.
#[derive(ToSchema)]
pub(crate) struct Tick {
    price: Decimal,
    volume: Decimal,
    timestamp: u64,
}

/// A user's name and password.
#[derive(ToSchema)]
pub(crate) struct Credentials {
    username: String,
    password: String,
}

/// A refresh token.
#[derive(ToSchema)]
pub(crate) struct RefreshRequest {
    refresh_token: String,
}

/// Tokens.
#[derive(ToSchema)]
pub(crate) struct Grant {
    account_id: String,
    access_token: String,
    refresh_token: String,
    token_type: String,
    /// Seconds.
    expires_in: u64,
}

/// What to call a key.
#[derive(ToSchema)]
pub(crate) struct ApiKeyRequest {
    label: Option<String>,
}

/// A key and its secret, which is told once.
#[derive(ToSchema)]
pub(crate) struct ApiKeySecret {
    api_key: String,
    secret: String,
}

/// Names a key.
#[derive(ToSchema)]
pub(crate) struct ApiKeyName {
    api_key: String,
}

/// A key.
#[derive(ToSchema)]
pub(crate) struct ApiKey {
    api_key: String,
    label: String,
    created_at: u64,
}

/// Keys.
#[derive(ToSchema)]
pub(crate) struct ApiKeys {
    api_keys: Vec<ApiKey>,
}

/// The caller's account.
#[derive(ToSchema)]
pub(crate) struct Account {
    account_id: String,
    tier: Option<String>,
    frozen: Option<bool>,
    balances: Vec<Balance>,
}

/// What an account has of an asset.
#[derive(ToSchema)]
pub(crate) struct Balance {
    asset: String,
    total: Decimal,
    available: Decimal,
    held: Decimal,
}

/// What an account has bought less what it has sold, and what that is worth.
#[derive(ToSchema)]
pub(crate) struct Position {
    symbol: String,
    quantity: Decimal,
    average_price: Option<Decimal>,
    mark_price: Option<Decimal>,
    realised_pnl: Decimal,
    unrealised_pnl: Option<Decimal>,
}

/// Positions.
#[derive(ToSchema)]
pub(crate) struct Positions {
    positions: Vec<Position>,
}

/// Funds for an account.
#[derive(ToSchema)]
pub(crate) struct Deposit {
    #[schema(example = "KRW")]
    asset: String,
    #[schema(example = 1_000_000)]
    amount: Decimal,
}

/// A symbol to list; every field of an instrument's spec is taken.
#[derive(ToSchema)]
pub(crate) struct NewSymbol {
    symbol: String,
    tick: Decimal,
    lot: Decimal,
    min_notional: Option<Decimal>,
    price_band_bps: Option<u32>,
    maker_fee_bps: Option<Decimal>,
    taker_fee_bps: Option<Decimal>,
}

/// A phase.
#[derive(ToSchema)]
pub(crate) struct PhaseRequest {
    /// `continuous` `auction` `halted` `closed`.
    phase: String,
}

/// Whether to freeze; without a body it is so.
#[derive(ToSchema)]
pub(crate) struct FreezeRequest {
    frozen: Option<bool>,
}

/// Whether an account is frozen.
#[derive(ToSchema)]
pub(crate) struct Frozen {
    account_id: String,
    frozen: bool,
}

/// Alive.
#[derive(ToSchema)]
pub(crate) struct Health {
    status: String,
}

/// Whether orders are taken.
#[derive(ToSchema)]
pub(crate) struct Ready {
    /// `ready` or `not_ready`.
    status: String,
    reasons: Vec<String>,
    sequence: u64,
    views_lag: u64,
    simulated: Simulated,
    snapshot_error: Option<String>,
}
