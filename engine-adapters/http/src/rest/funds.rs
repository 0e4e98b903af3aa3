//! What an account has: balances, positions, deposits.

use std::sync::Arc;

use axum::extract::{Path, State};
use engine_core::{AccountId, Command, Transfer, TransferKey};
use engine_runtime::Answer as Reply;
use engine_wire::{ErrorCode, Object, decimal};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::admin::{read_account, refusal};
use super::answer::Answer;
use super::caller::{AdminCall, Call, object};
use super::failure::Failure;
use super::schema;
use crate::app::App;
use crate::identity::Tier;
use crate::views::write_account_id;

/// What a demo account begins with. Of every other asset it is a million.
const DEMO_FUNDS: [(&str, i64); 5] = [
    ("KRW", 1_000_000_000),
    ("BTC", 100),
    ("ETH", 1_000),
    ("USD", 1_000_000),
    ("AAPL", 10_000),
];
const DEMO_FUNDS_OTHER: i64 = 1_000_000;

/// What keys of deposits are told apart by.
const DEPOSIT: &str = "account/deposit";
const GIFT: &str = "admin/deposit";

/// What the caller has of each asset.
#[utoipa::path(get, path = "/account", tag = "account", responses(
    (status = 200, description = "the account", body = schema::Account),
    (status = "default", description = "refused", body = schema::Error)), security(("bearer" = []), ("api_key" = [])))]
pub(crate) async fn account(State(app): State<Arc<App>>, call: Call) -> Result<Answer, Failure> {
    app.catch_up().await;
    let mut out = Vec::new();
    let mut object = Object::new(&mut out);
    write_account_id(call.caller.account, object.key("account_id"));
    object.word("tier", call.caller.tier.as_str());
    object.boolean("frozen", call.caller.is_frozen);
    app.views
        .write_balances(call.caller.account, object.key("balances"));
    object.end();
    Ok(Answer::ok(out))
}

/// The caller's positions in all symbols that it has traded.
#[utoipa::path(get, path = "/positions", tag = "account", responses(
    (status = 200, description = "the positions", body = schema::Positions),
    (status = "default", description = "refused", body = schema::Error)), security(("bearer" = []), ("api_key" = [])))]
pub(crate) async fn positions(State(app): State<Arc<App>>, call: Call) -> Result<Answer, Failure> {
    app.catch_up().await;
    let mut out = Vec::new();
    app.views.write_positions(call.caller.account, None, &mut out)?;
    Ok(Answer::ok(out))
}

/// The caller's position in a symbol.
#[utoipa::path(get, path = "/positions/{symbol}", tag = "account", params(("symbol" = String, Path)), responses(
    (status = 200, description = "the position", body = schema::Positions),
    (status = "default", description = "refused", body = schema::Error)), security(("bearer" = []), ("api_key" = [])))]
pub(crate) async fn position(
    State(app): State<Arc<App>>,
    Path(symbol): Path<String>,
    call: Call,
) -> Result<Answer, Failure> {
    let instrument = app.views.instrument(&symbol)?;
    app.catch_up().await;
    let mut out = Vec::new();
    app.views
        .write_positions(call.caller.account, Some(instrument), &mut out)?;
    Ok(Answer::ok(out))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DepositBody<'a> {
    asset: String,
    #[serde(borrow)]
    amount: &'a RawValue,
}

/// A decimal as a number or a text, exactly.
fn read_amount(raw: &RawValue) -> Result<Decimal, Failure> {
    let text = raw.get();
    let bare = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    decimal::parse(bare.unwrap_or(text)).map_err(|_| Failure::new(ErrorCode::InvalidQuantity))
}

/// Gives the caller demo funds.
#[utoipa::path(post, path = "/account/deposit", tag = "account", request_body = schema::Deposit, responses(
    (status = 200, description = "the account has it", body = schema::Account),
    (status = "default", description = "refused", body = schema::Error)), security(("bearer" = []), ("api_key" = [])))]
pub(crate) async fn deposit(State(app): State<Arc<App>>, call: Call) -> Result<Answer, Failure> {
    if !app.config.is_demo && call.caller.tier != Tier::Admin {
        return Err(Failure::new(ErrorCode::Forbidden));
    }
    let account = call.caller.account;
    app.idempotency
        .once(DEPOSIT, &call, || {
            deposited(&app, account, &call.body, call.transfer_key(DEPOSIT))
        })
        .await
}

/// Gives an account funds.
#[utoipa::path(post, path = "/admin/accounts/{id}/deposit", tag = "admin", params(("id" = String, Path)), request_body = schema::Deposit, responses(
    (status = 200, description = "the account has it", body = schema::Account),
    (status = "default", description = "refused", body = schema::Error)), security(("bearer" = [])))]
pub(crate) async fn admin_deposit(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    AdminCall(call): AdminCall,
) -> Result<Answer, Failure> {
    let account = read_account(&id)?;
    app.idempotency
        .once(GIFT, &call, || {
            deposited(&app, account, &call.body, call.transfer_key(GIFT))
        })
        .await
}

async fn deposited(
    app: &App,
    account: AccountId,
    body: &[u8],
    key: Option<TransferKey>,
) -> Result<Answer, Failure> {
    let body: DepositBody<'_> = object(body)?;
    give(app, account, &body.asset, read_amount(body.amount)?, key).await?;
    let mut out = Vec::new();
    let mut object = Object::new(&mut out);
    write_account_id(account, object.key("account_id"));
    app.views.write_balances(account, object.key("balances"));
    object.end();
    Ok(Answer::ok(out))
}

async fn give(
    app: &App,
    account: AccountId,
    asset: &str,
    amount: Decimal,
    key: Option<TransferKey>,
) -> Result<(), Failure> {
    if amount <= Decimal::ZERO {
        return Err(Failure::new(ErrorCode::InvalidQuantity));
    }
    let symbols = app.views.symbols();
    let id = symbols.find_asset(asset).ok_or(Failure::field("asset"))?;
    let spec = symbols.asset_spec(id).ok_or(Failure::field("asset"))?;
    let amount = spec.amount(amount);
    let transfer = Transfer {
        account,
        asset: id,
        amount: amount.map_err(|_| Failure::new(ErrorCode::InvalidQuantity))?,
        key,
    };
    let reply = refusal(app.engine.submit(Command::Deposit(transfer))?.await)?;
    if let Reply::Done(done) = reply {
        app.views.wait_for(done.seq()).await;
    }
    Ok(())
}

/// Gives a new account what it begins with in the demo.
pub(crate) async fn welcome(app: &App, account: AccountId) -> Result<(), Failure> {
    if !app.config.is_demo || app.views.has_balances(account) {
        return Ok(());
    }
    let symbols = app.views.symbols();
    for asset in symbols.assets() {
        let funds = DEMO_FUNDS.iter().find(|(name, _)| *name == asset.name);
        let amount = funds.map_or(DEMO_FUNDS_OTHER, |(_, amount)| *amount);
        give(app, account, &asset.name, Decimal::from(amount), None).await?;
    }
    Ok(())
}
