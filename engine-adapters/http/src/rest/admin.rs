//! What only administrators may do.

use std::sync::Arc;

use axum::extract::{Path, State};
use engine_core::{
    AccountId, AssetSpec, Command, Event, InstrumentSpec, MassCancel, MassCancelCause, Phase, RejectReason,
    SetPhase,
};
use engine_runtime::Answer as Reply;
use engine_wire::{ErrorCode, Object, RequestError, Symbols, Word, read_spec};
use serde::Deserialize;

use super::answer::Answer;
use super::caller::{AdminCall, Call, object};
use super::failure::Failure;
use super::orders::cancel_all;
use super::schema;
use super::users::blocking;
use crate::app::App;
use crate::identity::{AccountError, Standing};

/// The decimal places of an asset that needs no more.
const ASSET_PLACES: u8 = 8;

/// Lists a symbol.
#[utoipa::path(post, path = "/admin/symbols", tag = "admin", request_body = schema::NewSymbol, responses(
    (status = 201, description = "listed", body = schema::Symbol),
    (status = "default", description = "refused", body = schema::Error)), security(("bearer" = [])))]
pub(crate) async fn list(State(app): State<Arc<App>>, AdminCall(call): AdminCall) -> Result<Answer, Failure> {
    app.idempotency
        .once("admin/symbols", &call, || listed(&app, &call))
        .await
}

async fn listed(app: &App, call: &Call) -> Result<Answer, Failure> {
    let _listing = app.listing.lock().await;
    let mut symbols = (*app.views.symbols()).clone();
    let spec = read_spec(call.text()?, &mut symbols)?;
    add_assets(app, &mut symbols, &spec).await?;
    let before = symbols.clone();
    let instrument = symbols.list(&spec).ok_or(RequestError::SymbolTaken)?;
    // Known before it is listed, so that nothing that happens there is without a name.
    app.views.set_symbols(symbols);
    let listed = refusal(app.engine.submit(Command::List(Box::new(spec)))?.await);
    let reply = match listed {
        Ok(reply) => reply,
        Err(failure) => {
            app.views.set_symbols(before);
            return Err(failure);
        }
    };
    caught_up(app, &reply).await;
    let mut out = Vec::new();
    app.views.write_symbol(instrument, &mut out)?;
    Ok(Answer::created(out))
}

/// Makes the assets known that the spec names for the first time, with as many decimal places as it needs.
async fn add_assets(app: &App, symbols: &mut Symbols, spec: &InstrumentSpec) -> Result<(), Failure> {
    let assets = asset_specs(symbols, spec);
    for asset in assets {
        refusal(
            app.engine
                .submit(Command::AddAsset(Box::new(asset.clone())))?
                .await,
        )?;
        symbols.add_asset(&asset).ok_or(Failure::field("quote"))?;
        app.views.set_symbols(symbols.clone());
    }
    Ok(())
}

/// The assets that have to be added before an instrument can be listed.
pub fn asset_specs(symbols: &Symbols, spec: &InstrumentSpec) -> Vec<AssetSpec> {
    let places = spec.terms().tick.scale() + spec.terms().lot.scale();
    let scale = u8::try_from(places)
        .unwrap_or(u8::MAX)
        .clamp(ASSET_PLACES, AssetSpec::SCALE_MAX);
    let names = symbols.assets_to_add().map(str::to_owned);
    names.map(|name| AssetSpec { name, scale }).collect()
}

/// The answer to a command that was not refused.
pub(crate) fn refusal(outcome: engine_runtime::Outcome) -> Result<Reply, Failure> {
    let reply = outcome?;
    let refused = reply.events().iter().find_map(|event| match event {
        Event::Rejected { reason, .. } => Some(*reason),
        _ => None,
    });
    match refused {
        Some(reason) => Err(Failure::reject(reason)),
        None => Ok(reply),
    }
}

async fn caught_up(app: &App, reply: &Reply) {
    if let Reply::Done(done) = reply {
        app.views.wait_for(done.seq()).await;
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PhaseBody {
    phase: String,
}

/// Moves a symbol to another trading phase; an auction that ends trades at its price first.
#[utoipa::path(post, path = "/admin/symbols/{symbol}/phase", tag = "admin", params(("symbol" = String, Path)), request_body = schema::PhaseRequest, responses(
    (status = 200, description = "in this phase", body = schema::Symbol),
    (status = "default", description = "refused", body = schema::Error)), security(("bearer" = [])))]
pub(crate) async fn phase(
    State(app): State<Arc<App>>,
    Path(symbol): Path<String>,
    AdminCall(call): AdminCall,
) -> Result<Answer, Failure> {
    app.idempotency
        .once("admin/phase", &call, || moved(&app, &symbol, &call))
        .await
}

async fn moved(app: &App, symbol: &str, call: &Call) -> Result<Answer, Failure> {
    let instrument = app.views.instrument(symbol)?;
    let body: PhaseBody = object(&call.body)?;
    let phase = Phase::read(&body.phase).ok_or(Failure::field("phase"))?;
    let outcome = app
        .engine
        .submit(Command::SetPhase(SetPhase { instrument, phase }))?
        .await;
    match refusal(outcome) {
        Ok(reply) => caught_up(app, &reply).await,
        // It is what was asked for.
        Err(failure) if failure.is_reject(RejectReason::SamePhase) => app.catch_up().await,
        Err(failure) => return Err(failure),
    }
    let mut out = Vec::new();
    app.views.write_symbol(instrument, &mut out)?;
    Ok(Answer::ok(out))
}

/// The account that a path names.
pub(crate) fn read_account(id: &str) -> Result<AccountId, Failure> {
    let account = id.parse().ok().and_then(AccountId::new);
    account.ok_or(Failure::new(ErrorCode::NotFound))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FreezeBody {
    #[serde(default = "is_frozen_by_default")]
    frozen: bool,
}

fn is_frozen_by_default() -> bool {
    true
}

/// Freezes an account: it may look and cancel, but neither place nor amend. `{"frozen":false}` takes it back.
#[utoipa::path(post, path = "/admin/accounts/{id}/freeze", tag = "admin", params(("id" = String, Path)), request_body = schema::FreezeRequest, responses(
    (status = 200, description = "done", body = schema::Frozen),
    (status = "default", description = "refused", body = schema::Error)), security(("bearer" = [])))]
pub(crate) async fn freeze(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    AdminCall(call): AdminCall,
) -> Result<Answer, Failure> {
    let account = read_account(&id)?;
    app.idempotency
        .once("admin/freeze", &call, || frozen(&app, account, &call))
        .await
}

async fn frozen(app: &Arc<App>, account: AccountId, call: &Call) -> Result<Answer, Failure> {
    let is_frozen = match call.body.is_empty() {
        true => true,
        false => object::<FreezeBody>(&call.body)?.frozen,
    };
    let (standing, now) = match is_frozen {
        true => (Standing::Frozen, app.now()),
        false => (Standing::Active, app.now()),
    };
    let changed = blocking(app, move |identity| identity.set_standing(account, standing, now));
    changed.await?.map_err(Failure::from)?;
    let mut out = Vec::new();
    let mut object = Object::new(&mut out);
    crate::views::write_account_id(account, object.key("account_id"));
    object.boolean("frozen", is_frozen);
    object.end();
    Ok(Answer::ok(out))
}

/// Cancels all open orders of an account.
#[utoipa::path(post, path = "/admin/accounts/{id}/mass-cancel", tag = "admin", params(("id" = String, Path)), responses(
    (status = 200, description = "the ids of what was cancelled", body = schema::Cancelled),
    (status = "default", description = "refused", body = schema::Error)), security(("bearer" = [])))]
pub(crate) async fn mass_cancel(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    AdminCall(call): AdminCall,
) -> Result<Answer, Failure> {
    let wanted = MassCancel {
        account: Some(read_account(&id)?),
        cause: MassCancelCause::Asked,
        ..MassCancel::default()
    };
    app.idempotency
        .once("admin/mass-cancel", &call, || cancel_all(&app, wanted))
        .await
}

impl From<AccountError> for Failure {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::NotFound => Self::new(ErrorCode::NotFound),
            AccountError::Password(_) => Self::field("password"),
            AccountError::Store(error) => error.into(),
        }
    }
}
