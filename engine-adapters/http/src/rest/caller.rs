//! Who sends a request, and its body, which a signature may be about.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use engine_wire::ErrorCode;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::Method;
use hyper::body::Body as _;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};

use super::context::Context;
use super::failure::Failure;
use crate::app::{App, Auth};
use crate::identity::{Caller, SignedRequest, Tier, Via};
use crate::limits::Kind;

/// The most bytes of a body.
pub(crate) const BODY_MAX: usize = 64 << 10;
/// The most bytes of a batch of orders.
pub(crate) const BATCH_BODY_MAX: usize = 1 << 20;

/// How long a body may take to come.
const BODY_TIMEOUT: Duration = Duration::from_secs(8);

/// A request of somebody, whole.
pub(crate) struct Call {
    pub(crate) caller: Caller,
    pub(crate) context: Context,
    pub(crate) body: Bytes,
    /// The header `idempotency-key`.
    pub(crate) key: Option<Box<str>>,
}

/// A request of an administrator, whole.
pub(crate) struct AdminCall(pub(crate) Call);

/// A request of somebody who wants to say who he is, whole.
pub(crate) struct OpenCall {
    pub(crate) body: Bytes,
}

impl Call {
    /// The body as text.
    pub(crate) fn text(&self) -> Result<&str, Failure> {
        text(&self.body)
    }

    /// Whether the caller may place and change orders.
    pub(crate) fn may_trade(&self) -> Result<(), Failure> {
        match self.caller.is_frozen {
            true => Err(Failure::text(
                ErrorCode::Forbidden,
                "the account is frozen",
                "계정이 동결되었습니다",
            )),
            false => Ok(()),
        }
    }
}

pub(crate) fn text(body: &[u8]) -> Result<&str, Failure> {
    Ok(engine_wire::utf8(body).map_err(engine_wire::RequestError::from)?)
}

/// Reads a body of some kind of object. What is JSON but not such an object is a wrong field.
pub(crate) fn object<'a, T: serde::Deserialize<'a>>(body: &'a [u8]) -> Result<T, Failure> {
    let text = text(body)?;
    let read = serde_json::from_str(text).map_err(|error| {
        Failure::new(match error.classify() {
            serde_json::error::Category::Data => ErrorCode::InvalidField,
            _ => ErrorCode::InvalidJson,
        })
    })?;
    // A list of the values of the fields would be read too, but nobody means that.
    match text.trim_start().starts_with('{') {
        true => Ok(read),
        false => Err(Failure::new(ErrorCode::InvalidField)),
    }
}

impl FromRequest<Arc<App>> for Call {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Failure> {
        let (parts, body) = request.into_parts();
        let context = parts.extensions.get::<Context>().cloned();
        let context = context.ok_or(Failure::new(ErrorCode::Internal))?;
        let most = match parts.uri.path().ends_with("/orders") {
            true => BATCH_BODY_MAX,
            false => BODY_MAX,
        };
        // A token is looked at before the body is read: whoever has none sends nothing here.
        let known = match parts.headers.contains_key("x-api-key") {
            true => None,
            false => Some(of_token(app, &parts.headers).map_err(|failure| context.suspect(app, failure))?),
        };
        let body = read(body, &parts.headers, most).await?;
        let caller = match known {
            Some(caller) => caller,
            None => of_signature(app, &parts.method, context.path.as_ref(), &parts.headers, &body)
                .map_err(|failure| context.suspect(app, failure))?,
        };
        let kind = match parts.method == Method::GET {
            true => Kind::Reads,
            false => Kind::Orders,
        };
        context.admit(app, Some(&caller), kind, 1)?;
        let key = idempotency_key(&parts.headers)?;
        Ok(Self {
            caller,
            context,
            body,
            key,
        })
    }
}

impl FromRequest<Arc<App>> for AdminCall {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Failure> {
        let call = Call::from_request(request, app).await?;
        match call.caller.tier {
            Tier::Admin => Ok(Self(call)),
            _ => Err(Failure::new(ErrorCode::Forbidden)),
        }
    }
}

impl FromRequest<Arc<App>> for OpenCall {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Failure> {
        let (parts, body) = request.into_parts();
        let context = parts.extensions.get::<Context>().cloned();
        let context = context.ok_or(Failure::new(ErrorCode::Internal))?;
        context.admit(app, None, Kind::Auth, 1)?;
        let body = read(body, &parts.headers, BODY_MAX).await?;
        Ok(Self { body })
    }
}

/// The whole body, unless it is too long or of another kind.
pub(crate) async fn read(body: Body, headers: &HeaderMap, most: usize) -> Result<Bytes, Failure> {
    let told = body.size_hint().lower();
    if told > most as u64 {
        return Err(Failure::new(ErrorCode::PayloadTooLarge));
    }
    let collected = tokio::time::timeout(BODY_TIMEOUT, Limited::new(body, most).collect()).await;
    let late = |_| {
        Failure::text(
            ErrorCode::InvalidJson,
            "the body did not come in time",
            "본문이 제시간에 도착하지 않았습니다",
        )
    };
    let collected =
        collected
            .map_err(late)?
            .map_err(|error| match error.downcast_ref::<LengthLimitError>() {
                Some(_) => Failure::new(ErrorCode::PayloadTooLarge),
                None => Failure::new(ErrorCode::InvalidJson),
            })?;
    let body = collected.to_bytes();
    let is_json = |value: &str| {
        let kind = value.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case("application/json")
    };
    // Without a type a body is taken for what it has to be.
    let kind = headers
        .get(CONTENT_TYPE)
        .map(|value| value.to_str().unwrap_or_default());
    if !body.is_empty() && !kind.is_none_or(is_json) {
        return Err(Failure::new(ErrorCode::UnsupportedMediaType));
    }
    Ok(body)
}

/// Who has this token; without one the demo account, where there is one.
pub(crate) fn of_token(app: &App, headers: &HeaderMap) -> Result<Caller, Failure> {
    let refused = || Failure::new(ErrorCode::Unauthorized);
    let Some(value) = headers.get(AUTHORIZATION) else {
        return demo(app).ok_or_else(refused);
    };
    let value = value.to_str().map_err(|_| refused())?;
    let (scheme, token) = value.split_once(' ').ok_or_else(refused)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(refused());
    }
    app.identity.verify(token.trim(), app.now()).map_err(|error| {
        tracing::debug!(%error, "a token is refused");
        refused()
    })
}

/// The account that a request without a token acts for.
pub(crate) fn demo(app: &App) -> Option<Caller> {
    match app.config.auth {
        Auth::Required => None,
        Auth::Demo(account) => Some(Caller {
            account,
            tier: Tier::Enterprise,
            is_frozen: false,
            via: Via::Session(0),
        }),
    }
}

fn of_signature(
    app: &App,
    method: &Method,
    path: Option<&hyper::http::uri::PathAndQuery>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Caller, Failure> {
    let header = |name| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let request = SignedRequest {
        key: header("x-api-key"),
        timestamp: header("x-timestamp"),
        signature: header("x-signature"),
        method: method.as_str(),
        path: path.map_or("", |path| path.as_str()),
        body,
    };
    app.identity.verify_signed(&request, app.now()).map_err(|error| {
        tracing::debug!(%error, "a signature is refused");
        Failure::new(ErrorCode::Unauthorized)
    })
}

/// The most characters of an idempotency key: those of a client order id, which it can stand for.
fn idempotency_key(headers: &HeaderMap) -> Result<Option<Box<str>>, Failure> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    let text = value.to_str().map_err(|_| Failure::field("idempotency-key"))?;
    match engine_core::ClientOrderId::new(text) {
        Ok(_) => Ok(Some(text.into())),
        Err(_) => Err(Failure::field("idempotency-key")),
    }
}
