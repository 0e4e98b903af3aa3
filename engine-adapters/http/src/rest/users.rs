//! Users: registration, sessions, API keys.

use std::sync::Arc;

use axum::extract::{Path, State};
use engine_wire::{ErrorCode, Object};
use serde::Deserialize;

use super::answer::Answer;
use super::caller::{Call, OpenCall, object};
use super::failure::Failure;
use super::schema;
use crate::app::App;
use crate::identity::{
    ApiKeyError, ApiKeyId, Grant, Identity, LoginError, RefreshError, RegisterError, StoreError, Via,
};
use crate::views::write_account_id;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credentials {
    username: String,
    password: String,
}

/// Makes an account and logs it in.
#[utoipa::path(post, path = "/auth/register", tag = "auth", request_body = schema::Credentials, responses(
    (status = 201, description = "made", body = schema::Grant),
    (status = "default", description = "refused", body = schema::Error)))]
pub(crate) async fn register(State(app): State<Arc<App>>, call: OpenCall) -> Result<Answer, Failure> {
    let body: Credentials = object(&call.body)?;
    let now = app.now();
    let made = hashing(&app, move |identity| {
        identity.register(&body.username, &body.password, now)
    });
    let grant = made.await?.map_err(Failure::from)?;
    super::funds::welcome(&app, grant.account).await?;
    Ok(Answer::created(grant_json(&grant)))
}

/// Begins a session.
#[utoipa::path(post, path = "/auth/login", tag = "auth", request_body = schema::Credentials, responses(
    (status = 200, description = "logged in", body = schema::Grant),
    (status = "default", description = "refused", body = schema::Error)))]
pub(crate) async fn login(State(app): State<Arc<App>>, call: OpenCall) -> Result<Answer, Failure> {
    let body: Credentials = object(&call.body)?;
    let now = app.now();
    let begun = hashing(&app, move |identity| {
        identity.login(&body.username, &body.password, now)
    });
    Ok(Answer::ok(grant_json(&begun.await?.map_err(Failure::from)?)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RefreshBody {
    refresh_token: String,
}

/// Gives the next access token for a refresh token, and the next refresh token.
#[utoipa::path(post, path = "/auth/refresh", tag = "auth", request_body = schema::RefreshRequest, responses(
    (status = 200, description = "the next tokens", body = schema::Grant),
    (status = "default", description = "refused", body = schema::Error)))]
pub(crate) async fn refresh(State(app): State<Arc<App>>, call: OpenCall) -> Result<Answer, Failure> {
    let body: RefreshBody = object(&call.body)?;
    let now = app.now();
    let next = blocking(&app, move |identity| identity.refresh(&body.refresh_token, now));
    Ok(Answer::ok(grant_json(&next.await?.map_err(Failure::from)?)))
}

/// Ends the session of a refresh token.
#[utoipa::path(post, path = "/auth/logout", tag = "auth", request_body = schema::RefreshRequest, responses(
    (status = 200, description = "the session has ended"),
    (status = "default", description = "refused", body = schema::Error)))]
pub(crate) async fn logout(State(app): State<Arc<App>>, call: OpenCall) -> Result<Answer, Failure> {
    let body: RefreshBody = object(&call.body)?;
    let now = app.now();
    let ended = blocking(&app, move |identity| identity.logout(&body.refresh_token, now));
    ended.await?.map_err(Failure::from)?;
    Ok(Answer::ok(b"{\"status\":\"LOGGED_OUT\"}".to_vec()))
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct KeyBody {
    #[serde(default)]
    label: String,
}

/// Makes an API key, whose secret is told here and never again.
#[utoipa::path(post, path = "/auth/api-keys", tag = "auth", request_body = schema::ApiKeyRequest, responses(
    (status = 201, description = "the key and its secret", body = schema::ApiKeySecret),
    (status = "default", description = "refused", body = schema::Error)), security(("bearer" = [])))]
pub(crate) async fn create_key(State(app): State<Arc<App>>, call: Call) -> Result<Answer, Failure> {
    by_session(&call)?;
    app.idempotency
        .once("auth/api-keys", &call, || key_made(&app, &call))
        .await
}

async fn key_made(app: &Arc<App>, call: &Call) -> Result<Answer, Failure> {
    let body: KeyBody = match call.body.is_empty() {
        true => KeyBody::default(),
        false => object(&call.body)?,
    };
    let (account, now) = (call.caller.account, app.now());
    let made = blocking(app, move |identity| {
        identity.create_api_key(account, &body.label, now)
    });
    let made = made.await?.map_err(Failure::from)?;
    let mut out = Vec::new();
    let mut object = Object::new(&mut out);
    object.text("api_key", &made.id.to_string());
    object.text("secret", made.secret.expose());
    object.end();
    Ok(Answer::created(out))
}

/// The caller's API keys, without their secrets.
#[utoipa::path(get, path = "/auth/api-keys", tag = "auth", responses(
    (status = 200, description = "the keys", body = schema::ApiKeys),
    (status = "default", description = "refused", body = schema::Error)), security(("bearer" = [])))]
pub(crate) async fn keys(State(app): State<Arc<App>>, call: Call) -> Result<Answer, Failure> {
    let account = call.caller.account;
    let keys = blocking(&app, move |identity| identity.api_keys(account));
    let keys = keys.await?.map_err(Failure::from)?;
    let mut out = b"{\"api_keys\":[".to_vec();
    for (at, key) in keys.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        let mut object = Object::new(&mut out);
        object.text("api_key", &key.id.to_string());
        object.text("label", &key.label);
        object.integer("created_at", key.created_ms);
        object.end();
    }
    out.extend_from_slice(b"]}");
    Ok(Answer::ok(out))
}

/// Removes an API key: the next request with it is refused.
#[utoipa::path(delete, path = "/auth/api-keys/{api_key}", tag = "auth", params(("api_key" = String, Path)), responses(
    (status = 200, description = "removed"),
    (status = "default", description = "refused", body = schema::Error)), security(("bearer" = [])))]
pub(crate) async fn delete_key(
    State(app): State<Arc<App>>,
    Path(key): Path<String>,
    call: Call,
) -> Result<Answer, Failure> {
    by_session(&call)?;
    remove_key(&app, &call, &key).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeleteKeyBody {
    api_key: String,
}

/// Removes the API key that the body names.
#[utoipa::path(delete, path = "/auth/api-keys", tag = "auth", request_body = schema::ApiKeyName, responses(
    (status = 200, description = "removed"),
    (status = "default", description = "refused", body = schema::Error)), security(("bearer" = [])))]
pub(crate) async fn delete_named_key(State(app): State<Arc<App>>, call: Call) -> Result<Answer, Failure> {
    by_session(&call)?;
    let body: DeleteKeyBody = object(&call.body)?;
    remove_key(&app, &call, &body.api_key).await
}

async fn remove_key(app: &Arc<App>, call: &Call, key: &str) -> Result<Answer, Failure> {
    let id = ApiKeyId::read(key).ok_or(Failure::new(ErrorCode::NotFound))?;
    let account = call.caller.account;
    let removed = blocking(app, move |identity| identity.delete_api_key(account, id));
    removed.await?.map_err(Failure::from)?;
    Ok(Answer::ok(b"{\"status\":\"DELETED\"}".to_vec()))
}

/// A key that was taken from somebody must not be able to make others.
fn by_session(call: &Call) -> Result<(), Failure> {
    match call.caller.via {
        Via::Session(_) => Ok(()),
        Via::ApiKey(_) => Err(Failure::new(ErrorCode::Forbidden)),
    }
}

/// Runs what hashes a password where it may block, and only as many at a time as the machine bears.
async fn hashing<T: Send + 'static>(
    app: &Arc<App>,
    run: impl FnOnce(&Identity) -> T + Send + 'static,
) -> Result<T, Failure> {
    let permit = app.logins.acquire().await;
    let _permit = permit.map_err(|_| Failure::new(ErrorCode::NotReady))?;
    blocking(app, run).await
}

/// Runs what reads or writes the store where it may block.
pub(crate) async fn blocking<T: Send + 'static>(
    app: &Arc<App>,
    run: impl FnOnce(&Identity) -> T + Send + 'static,
) -> Result<T, Failure> {
    let identity = Arc::clone(&app.identity);
    let ran = tokio::task::spawn_blocking(move || run(&identity)).await;
    ran.map_err(|_| Failure::new(ErrorCode::Internal))
}

fn grant_json(grant: &Grant) -> Vec<u8> {
    let mut out = Vec::new();
    let mut object = Object::new(&mut out);
    write_account_id(grant.account, object.key("account_id"));
    object.text("access_token", grant.access_token.expose());
    object.text("refresh_token", grant.refresh_token.expose());
    object.word("token_type", "Bearer");
    object.integer("expires_in", grant.expires_in_s);
    object.end();
    out
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the identity store cannot be used");
        Self::new(ErrorCode::Internal)
    }
}

impl From<RegisterError> for Failure {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::Taken => Self::text(
                ErrorCode::AlreadyExists,
                "this username is taken",
                "이미 사용 중인 사용자 이름입니다",
            ),
            RegisterError::Name(_) => Self::field("username"),
            RegisterError::Password(_) => Self::field("password"),
            RegisterError::Store(error) => error.into(),
        }
    }
}

impl From<LoginError> for Failure {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::Store(error) => error.into(),
            _ => Self::text(
                ErrorCode::Unauthorized,
                "the username or the password is wrong",
                "사용자 이름 또는 비밀번호가 올바르지 않습니다",
            ),
        }
    }
}

impl From<RefreshError> for Failure {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::Store(error) => error.into(),
            error => {
                tracing::warn!(%error, "a refresh token is refused");
                Self::new(ErrorCode::Unauthorized)
            }
        }
    }
}

impl From<ApiKeyError> for Failure {
    fn from(error: ApiKeyError) -> Self {
        match error {
            ApiKeyError::Label => Self::field("label"),
            ApiKeyError::TooMany { .. } => Self::text(
                ErrorCode::RiskLimit,
                "there are as many API keys as may be",
                "API 키 개수 제한을 초과했습니다",
            ),
            ApiKeyError::NotFound => Self::new(ErrorCode::NotFound),
            ApiKeyError::Store(error) => error.into(),
        }
    }
}
