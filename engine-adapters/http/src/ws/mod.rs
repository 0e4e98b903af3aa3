//! WebSocket: one task a client, which reads its frames and writes what waits for it.
//!
//! Nothing that publishes ever waits for a client: what does not fit into a client's queue closes it.

mod inbound;
mod messages;
mod session;

use std::sync::Arc;

use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use engine_wire::ErrorCode;

use crate::app::App;
use crate::rest::context::Context;
use crate::rest::failure::Failure;
use crate::server::Seat;

/// The most bytes of a message from a client.
const MESSAGE_MAX: usize = 64 << 10;
/// How much is read from a client at a time. Clients say little, and every connection holds such a buffer and clears it
/// before each look.
const READ_BUFFER: usize = 1 << 10;
/// From how many bytes on waiting frames are given to the system.
const WRITE_BUFFER: usize = 8 << 10;
/// The most bytes that wait for a client beside its queue.
const WRITE_BUFFER_MAX: usize = 1 << 20;

/// Makes a WebSocket of a connection.
pub(crate) async fn upgrade(
    State(app): State<Arc<App>>,
    Extension(context): Extension<Context>,
    seat: Option<Extension<Seat>>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    if app.is_stopping() {
        return Failure::new(ErrorCode::NotReady).into_response();
    }
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    let token = app.clients.token();
    upgrade
        .max_message_size(MESSAGE_MAX)
        .max_frame_size(MESSAGE_MAX)
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(WRITE_BUFFER_MAX)
        .on_upgrade(async move |socket| {
            session::serve(app, context, socket).await;
            drop((token, seat));
        })
}
