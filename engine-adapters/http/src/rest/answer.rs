//! What a request is answered with, when nothing is wrong with it.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, HeaderValue};

pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A body of JSON with its status.
#[derive(Debug)]
pub(crate) struct Answer {
    status: StatusCode,
    body: Vec<u8>,
}

impl Answer {
    /// It is done, or here it is.
    pub(crate) fn ok(body: Vec<u8>) -> Self {
        Self {
            status: StatusCode::OK,
            body,
        }
    }

    /// It will be done.
    pub(crate) fn accepted(body: Vec<u8>) -> Self {
        Self {
            status: StatusCode::ACCEPTED,
            body,
        }
    }

    /// It was made.
    pub(crate) fn created(body: Vec<u8>) -> Self {
        Self {
            status: StatusCode::CREATED,
            body,
        }
    }

    /// With any status.
    pub(crate) fn with_status(status: StatusCode, body: Vec<u8>) -> Self {
        Self { status, body }
    }

    /// Its parts, to be kept and said again.
    pub(crate) fn into_parts(self) -> (StatusCode, Vec<u8>) {
        (self.status, self.body)
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        response.headers_mut().insert(CONTENT_TYPE, JSON);
        response
    }
}
