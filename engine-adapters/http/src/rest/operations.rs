//! How the server is: for those who run it.

use std::sync::Arc;

use axum::extract::State;
use engine_wire::Object;
use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, HeaderValue};

use super::answer::Answer;
use super::schema;
use crate::app::App;

/// Whether the process is alive.
#[utoipa::path(get, path = "/health", tag = "operations", responses((status = 200, description = "alive", body = schema::Health)))]
pub(crate) async fn health() -> Answer {
    Answer::ok(b"{\"status\":\"ok\"}".to_vec())
}

/// Whether orders are taken; where not, why.
#[utoipa::path(get, path = "/ready", tag = "operations", responses(
    (status = 200, description = "ready", body = schema::Ready),
    (status = 503, description = "not ready, with the reasons", body = schema::Ready)))]
pub(crate) async fn ready(State(app): State<Arc<App>>) -> Answer {
    let mut reasons = Vec::new();
    if app.is_stopping() {
        reasons.push("the server is stopping".to_owned());
    }
    if let Some(refused) = app.engine.refuses() {
        reasons.push(refused.to_string());
    }
    for stuck in app.engine.stuck() {
        reasons.push(format!("{:?} is stuck", stuck.stage));
    }
    let (released, seen) = (app.engine.released_through(), app.views.seq());
    let is_ready = reasons.is_empty();
    let mut out = Vec::new();
    let mut object = Object::new(&mut out);
    object.word("status", if is_ready { "ready" } else { "not_ready" });
    let list = object.key("reasons");
    list.push(b'[');
    for (at, reason) in reasons.iter().enumerate() {
        if at > 0 {
            list.push(b',');
        }
        crate::views::text(reason, list);
    }
    list.push(b']');
    object.integer("sequence", released.get());
    object.integer("views_lag", released.get().saturating_sub(seen.get()));
    app.config.simulated.write(object.key("simulated"));
    if let Some(error) = app.engine.snapshot_error() {
        object.text("snapshot_error", &error.to_string());
    }
    object.end();
    let status = match is_ready {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    Answer::with_status(status, out)
}

/// All counters, as Prometheus reads them.
#[utoipa::path(get, path = "/metrics", tag = "operations", responses((status = 200, description = "metrics", content_type = "text/plain", body = String)))]
pub(crate) async fn metrics(State(app): State<Arc<App>>) -> axum::response::Response {
    let text = app.metrics.render(&app);
    let mut response = axum::response::Response::new(text.into());
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}
