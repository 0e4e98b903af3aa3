//! Every route, and the way of a request to it and back.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use engine_wire::ErrorCode;
use hyper::Method;
use hyper::StatusCode;
use hyper::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, HOST, HeaderValue, ORIGIN, VARY,
};
use tower::ServiceExt;
use utoipa::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::caller::Call;
use super::context::{Context, RequestIds};
use super::failure::Failure;
use super::{admin, funds, history, market, operations, orders, users};
use crate::app::{App, Auth};
use crate::limits::Kind;

/// The prefix of every route of the API, and the shorter one that means the same.
const PREFIX: &str = "/api/v1";
const ALIAS: &str = "/v1";

/// What the description of the API says beside its routes.
#[derive(OpenApi)]
#[openapi(info(
    title = "xTrader",
    description = "A matching engine behind REST and WebSocket. Prices and quantities are exact decimals.",
    license(name = "MIT OR Apache-2.0")
))]
struct Description;

/// By which listener a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Everything is served there.
    All,
    /// Only `/ws` is.
    WebSocket,
}

/// Answers requests.
pub struct Rest {
    app: Arc<App>,
    router: Router,
    ids: RequestIds,
}

/// The routes that are part of the API proper, relative to its prefix.
fn api() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(orders::submit))
        .routes(routes!(
            orders::submit_batch,
            orders::mass_cancel,
            history::orders
        ))
        .routes(routes!(orders::submit_list))
        .routes(routes!(orders::cancel))
        .routes(routes!(orders::cancel_after))
        .routes(routes!(orders::delete, orders::amend, history::order))
        .routes(routes!(history::fills))
        .routes(routes!(history::trades))
        .routes(routes!(market::symbols))
        .routes(routes!(market::orderbook))
        .routes(routes!(market::klines))
        .routes(routes!(market::executions))
        .routes(routes!(market::statistics))
        .routes(routes!(users::register))
        .routes(routes!(users::login))
        .routes(routes!(users::refresh))
        .routes(routes!(users::logout))
        .routes(routes!(users::create_key, users::keys, users::delete_named_key))
        .routes(routes!(users::delete_key))
        .routes(routes!(funds::account))
        .routes(routes!(funds::positions))
        .routes(routes!(funds::position))
        .routes(routes!(funds::deposit))
        .routes(routes!(funds::admin_deposit))
        .routes(routes!(admin::list))
        .routes(routes!(admin::phase))
        .routes(routes!(admin::freeze))
        .routes(routes!(admin::mass_cancel))
}

/// All routes, and their description.
fn all(app: &Arc<App>) -> (Router, utoipa::openapi::OpenApi) {
    let described = OpenApiRouter::with_openapi(Description::openapi())
        .nest(PREFIX, api())
        .routes(routes!(market::ticks))
        .routes(routes!(operations::health))
        .routes(routes!(operations::ready))
        .routes(routes!(operations::metrics));
    let (router, mut description) = described.split_for_parts();
    let (alias, _) = api().split_for_parts();
    let router = router
        .nest(ALIAS, alias)
        .route("/login", post(users::login))
        .route("/register", post(users::register))
        .route("/ws", any(crate::ws::upgrade))
        .fallback(async || Failure::new(ErrorCode::NotFound))
        .method_not_allowed_fallback(async || Failure::new(ErrorCode::MethodNotAllowed))
        .with_state(Arc::clone(app));
    let components = description.components.get_or_insert_default();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .build();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    let key = ApiKey::Header(ApiKeyValue::new("x-api-key"));
    components.add_security_scheme("api_key", SecurityScheme::ApiKey(key));
    (router, description)
}

impl Rest {
    /// The routes over these parts. `others` are routes of the owner's own: a terminal, say.
    pub fn new(app: Arc<App>, others: Router) -> Self {
        let (router, description) = all(&app);
        let json = description.to_json().unwrap_or_default();
        let document =
            get(async move || ([(hyper::header::CONTENT_TYPE, super::answer::JSON)], json.clone()));
        let docs = utoipa_swagger_ui::SwaggerUi::new("/docs")
            .config(utoipa_swagger_ui::Config::from("/openapi.json"));
        let router = router
            .route("/openapi.json", document)
            .merge(Router::from(docs))
            .merge(others);
        Self {
            app,
            router,
            ids: RequestIds::new(),
        }
    }

    /// Answers one request.
    pub async fn answer(&self, request: Request, address: IpAddr, door: Door) -> Response {
        let context = Context::of(request.uri(), request.headers(), address, &self.ids);
        let number = self.app.metrics.requests.fetch_add(1, Ordering::Relaxed);
        match self.app.config.trace_one_in {
            Some(each) if number % each == 0 => self.answer_traced(context, request, door).await,
            _ => self.answer_in(context, request, door).await,
        }
    }

    /// Answers within a span that says what was asked and what came of it.
    async fn answer_traced(&self, context: Context, request: Request, door: Door) -> Response {
        let span = tracing::info_span!(
            "request",
            otel.name = request.method().as_str(),
            otel.kind = "server",
            http.request.method = request.method().as_str(),
            url.path = request.uri().path(),
            request_id = context.id(),
            http.response.status_code = tracing::field::Empty,
        );
        let answering = self.answer_in(context, request, door);
        let response = tracing::Instrument::instrument(answering, span.clone()).await;
        span.record("http.response.status_code", response.status().as_u16());
        response
    }

    async fn answer_in(&self, context: Context, mut request: Request, door: Door) -> Response {
        let origin = self.origin(&request);
        request.extensions_mut().insert(context.clone());
        let admitted = self
            .admit_page(&request, origin.is_some())
            .and_then(|()| self.admit_stranger(&context, &request));
        let answered = match admitted {
            Err(failure) => failure.into_response(),
            Ok(()) if door == Door::WebSocket && request.uri().path() != "/ws" => {
                Failure::new(ErrorCode::NotFound).into_response()
            }
            Ok(()) => self.route(request, origin.is_some()).await,
        };
        let mut response = context.finish(answered);
        if !response.status().is_success() {
            self.app.metrics.refused.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(origin) = origin {
            allow(&mut response, origin);
        }
        response
    }

    /// Where no token is needed, a page of somebody else that a browser on this machine shows could trade. So a request
    /// must be meant for this machine by name, and come from no other page.
    fn admit_page(&self, request: &Request, is_cross: bool) -> Result<(), Failure> {
        if self.app.config.auth == Auth::Required || is_cross {
            return Ok(());
        }
        let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
        let host = text(HOST).unwrap_or_default();
        let origin = request
            .headers()
            .get(ORIGIN)
            .map(|_| text(ORIGIN).unwrap_or_default());
        let is_own = origin.is_none_or(|origin| {
            let rest = origin
                .strip_prefix("http://")
                .or_else(|| origin.strip_prefix("https://"));
            rest == Some(host)
        });
        match is_own && is_loopback(host) {
            true => Ok(()),
            false => Err(Failure::text(
                ErrorCode::Forbidden,
                "the demo account is for this machine only",
                "데모 계정은 이 컴퓨터에서만 사용할 수 있습니다",
            )),
        }
    }

    /// Whoever does not say who it is counts by address.
    fn admit_stranger(&self, context: &Context, request: &Request) -> Result<(), Failure> {
        let headers = request.headers();
        let is_known = headers.contains_key(AUTHORIZATION) || headers.contains_key("x-api-key");
        match self.app.config.auth {
            Auth::Required if !is_known => context.admit(&self.app, None, Kind::Reads, 1),
            _ => Ok(()),
        }
    }

    async fn route(&self, request: Request, is_cross: bool) -> Response {
        if is_cross && request.method() == Method::OPTIONS {
            let is_question = request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
            if is_question {
                return StatusCode::NO_CONTENT.into_response();
            }
        }
        // Most of all requests are orders: they need no router.
        let path = request.uri().path();
        if request.method() == Method::POST && (path == "/api/v1/order" || path == "/v1/order") {
            return match self.order(request).await {
                Ok(response) => response,
                Err(failure) => failure.into_response(),
            };
        }
        match self.router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }

    async fn order(&self, request: Request) -> Result<Response, Failure> {
        let call = Call::from_request(request, &self.app).await?;
        Ok(orders::place(&self.app, &call, &call.body).await?.into_response())
    }

    /// The origin of a request from a browser that may call from there.
    fn origin(&self, request: &Request<Body>) -> Option<HeaderValue> {
        let origin = request.headers().get(ORIGIN)?;
        let origins = &self.app.config.origins;
        let is_allowed = origins
            .iter()
            .any(|allowed| allowed.as_bytes() == origin.as_bytes());
        is_allowed.then(|| origin.clone())
    }
}

/// Whether a host's name means this machine.
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let is_address = name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    is_address || name.eq_ignore_ascii_case("localhost")
}

fn allow(response: &mut Response, origin: HeaderValue) {
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(VARY, HeaderValue::from_static("origin"));
    let methods = HeaderValue::from_static("GET, POST, PATCH, DELETE");
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
    let names =
        "authorization, content-type, idempotency-key, x-request-id, x-api-key, x-timestamp, x-signature";
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(names));
}
