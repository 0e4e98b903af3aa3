//! The one form of every error that leaves the server.

use axum::response::{IntoResponse, Response};
use engine_core::RejectReason;
use engine_runtime::{Refused, Unanswered};
use engine_wire::{ErrorCode, Language, Object, RequestError, reject_message};
use hyper::StatusCode;

use crate::views::{NoSuchSymbol, ViewsError};

/// Why a request is refused: a code for programs, and what is said to people in their language.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    /// The code, which decides the status.
    pub(crate) code: ErrorCode,
    message: Message,
    /// After how many seconds it makes sense to ask again.
    pub(crate) retry_after_s: Option<u64>,
}

#[derive(Clone, Debug)]
enum Message {
    OfCode,
    Request(Box<RequestError>),
    Reject(RejectReason),
    Field(&'static str),
    Text(&'static str, &'static str),
}

impl Failure {
    /// Said with the words of its code.
    pub(crate) const fn new(code: ErrorCode) -> Self {
        Self {
            code,
            message: Message::OfCode,
            retry_after_s: None,
        }
    }

    /// A field of a body or a parameter that is missing, unknown or malformed.
    pub(crate) fn field(name: &'static str) -> Self {
        Self {
            message: Message::Field(name),
            ..Self::new(ErrorCode::InvalidField)
        }
    }

    /// Said with words of its own, in English and Korean.
    pub(crate) fn text(code: ErrorCode, english: &'static str, korean: &'static str) -> Self {
        Self {
            message: Message::Text(english, korean),
            ..Self::new(code)
        }
    }

    /// What the engine said no to.
    pub(crate) fn reject(reason: RejectReason) -> Self {
        Self {
            message: Message::Reject(reason),
            ..Self::new(reason.into())
        }
    }

    /// Whether this is why.
    pub(crate) fn is_reject(&self, reason: RejectReason) -> bool {
        matches!(self.message, Message::Reject(refused) if refused == reason)
    }

    /// Too many requests.
    pub(crate) fn rate_limited(retry_after_s: u64) -> Self {
        Self {
            retry_after_s: Some(retry_after_s),
            ..Self::new(ErrorCode::RateLimited)
        }
    }

    /// Writes the body.
    pub(crate) fn write(&self, language: Language, request_id: &str, out: &mut Vec<u8>) {
        let mut object = Object::new(out);
        object.word("error", self.code.as_str());
        match &self.message {
            Message::OfCode => object.text("message", self.code.message(language)),
            Message::Request(error) => object.text("message", &error.message(language).to_string()),
            Message::Reject(reason) => object.text("message", reject_message(*reason, language)),
            Message::Field(name) => {
                let text = match language {
                    Language::English => format!("{name} is missing or not valid"),
                    Language::Korean => format!("{name} 값이 없거나 올바르지 않습니다"),
                };
                object.text("message", &text);
            }
            Message::Text(english, korean) => {
                let text = match language {
                    Language::English => english,
                    Language::Korean => korean,
                };
                object.text("message", text);
            }
        }
        object.text("request_id", request_id);
        object.end();
    }

    /// The status that goes with the code.
    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// What a bare status means, for answers that were not made here.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        Self::new(match status {
            StatusCode::NOT_FOUND => ErrorCode::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => ErrorCode::MethodNotAllowed,
            StatusCode::PAYLOAD_TOO_LARGE => ErrorCode::PayloadTooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => ErrorCode::UnsupportedMediaType,
            StatusCode::UNAUTHORIZED => ErrorCode::Unauthorized,
            StatusCode::FORBIDDEN => ErrorCode::Forbidden,
            StatusCode::TOO_MANY_REQUESTS => ErrorCode::RateLimited,
            StatusCode::SERVICE_UNAVAILABLE => ErrorCode::NotReady,
            status if status.is_client_error() => ErrorCode::InvalidField,
            _ => ErrorCode::Internal,
        })
    }
}

impl From<RequestError> for Failure {
    fn from(error: RequestError) -> Self {
        Self {
            code: error.code(),
            message: Message::Request(Box::new(error)),
            retry_after_s: None,
        }
    }
}

impl From<NoSuchSymbol> for Failure {
    fn from(_: NoSuchSymbol) -> Self {
        Self::new(ErrorCode::SymbolNotFound)
    }
}

impl From<ViewsError> for Failure {
    fn from(error: ViewsError) -> Self {
        tracing::error!(%error, "the views cannot be read");
        Self::new(ErrorCode::Internal)
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Overloaded => Self {
                retry_after_s: Some(1),
                ..Self::new(ErrorCode::Overloaded)
            },
            _ => Self::new(ErrorCode::NotReady),
        }
    }
}

impl From<Unanswered> for Failure {
    fn from(unanswered: Unanswered) -> Self {
        match unanswered {
            Unanswered::NotTaken => Self::new(ErrorCode::NotReady),
            Unanswered::TooLarge { .. } => Self::new(ErrorCode::PayloadTooLarge),
            _ => Self::text(
                ErrorCode::Internal,
                "whether this happened is not known; ask again by client_order_id",
                "처리 여부를 알 수 없습니다. client_order_id로 다시 확인해 주세요",
            ),
        }
    }
}

impl IntoResponse for Failure {
    /// The body is written where the language and the request id are known.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}
