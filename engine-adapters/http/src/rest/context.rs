//! What is known of a request before anybody looks at what it wants.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Body;
use axum::response::Response;
use engine_wire::Language;
use hyper::Uri;
use hyper::header::{ACCEPT_LANGUAGE, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use hyper::http::uri::PathAndQuery;

use super::answer::JSON;
use super::failure::Failure;
use crate::app::App;
use crate::identity::Caller;
use crate::limits::{Ask, Kind, Verdict};

/// The header that names a request.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const RATE_LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const RATE_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RATE_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");
/// The most characters of a caller's own request id.
const REQUEST_ID_MAX: usize = 128;

/// What is known of a request before anybody looks at what it wants.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    /// The caller's own name for it, or ours.
    pub(crate) request_id: HeaderValue,
    /// The language of messages.
    pub(crate) language: Language,
    /// Where it comes from.
    pub(crate) address: IpAddr,
    /// The path as it was sent: what a signature is about. The router cuts off its prefix.
    pub(crate) path: Option<PathAndQuery>,
    /// What is left of what the caller may ask for, once that is known.
    rate: Arc<Mutex<Option<Verdict>>>,
}

impl Context {
    pub(crate) fn of(uri: &Uri, headers: &HeaderMap, address: IpAddr, ids: &RequestIds) -> Self {
        let own = headers.get(&REQUEST_ID).filter(|id| {
            let is_sign = |byte: &u8| byte.is_ascii_graphic();
            (1..=REQUEST_ID_MAX).contains(&id.len()) && id.as_bytes().iter().all(is_sign)
        });
        Self {
            request_id: own.cloned().unwrap_or_else(|| ids.next()),
            language: language(headers),
            address,
            path: uri.path_and_query().cloned(),
            rate: Arc::default(),
        }
    }

    /// Takes what the request costs from what the caller may ask for.
    pub(crate) fn admit(
        &self,
        app: &App,
        caller: Option<&Caller>,
        kind: Kind,
        cost: u32,
    ) -> Result<(), Failure> {
        let ask = Ask {
            address: self.address,
            caller,
            kind,
            cost,
        };
        let verdict = app.limits.admit(&ask, app.now());
        *self.rate() = Some(verdict);
        match verdict.retry_after_s() {
            Some(seconds) => Err(Failure::rate_limited(seconds)),
            None => Ok(()),
        }
    }

    fn rate(&self) -> MutexGuard<'_, Option<Verdict>> {
        self.rate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whoever comes with wrong credentials is counted with those who log in.
    pub(crate) fn suspect(&self, app: &App, failure: Failure) -> Failure {
        match self.admit(app, None, Kind::Auth, 1) {
            Ok(()) => failure,
            Err(limited) => limited,
        }
    }

    pub(crate) fn id(&self) -> &str {
        self.request_id.to_str().unwrap_or_default()
    }

    /// Names the request in its answer, and gives an error its body.
    pub(crate) fn finish(&self, mut response: Response) -> Response {
        let status = response.status();
        if status.is_client_error() || status.is_server_error() {
            let failure = response.extensions_mut().remove::<Failure>();
            let is_written = response.headers().get(CONTENT_TYPE) == Some(&JSON);
            if failure.is_some() || !is_written {
                let failure = failure.unwrap_or_else(|| Failure::of_status(status));
                response = self.refuse(&failure, response);
            }
        }
        let headers = response.headers_mut();
        headers.insert(REQUEST_ID, self.request_id.clone());
        // What is not limited has no headers about it.
        if let Some(verdict) = *self.rate()
            && verdict.limit < u32::MAX
        {
            headers.insert(RATE_LIMIT, HeaderValue::from(verdict.limit));
            headers.insert(RATE_REMAINING, HeaderValue::from(verdict.remaining));
            headers.insert(RATE_RESET, HeaderValue::from(verdict.reset_s()));
        }
        response
    }

    /// Puts the error's form into an answer, whose other headers stay (which methods are allowed, say).
    fn refuse(&self, failure: &Failure, response: Response) -> Response {
        let mut body = Vec::with_capacity(128);
        failure.write(self.language, self.id(), &mut body);
        let (mut parts, _) = response.into_parts();
        parts.status = failure.status();
        parts.headers.remove(hyper::header::CONTENT_LENGTH);
        parts.headers.insert(CONTENT_TYPE, JSON);
        if let Some(seconds) = failure.retry_after_s {
            parts.headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        Response::from_parts(parts, Body::from(body))
    }
}

/// Makes names for requests that have none: the process's own random beginning and a number.
#[derive(Debug)]
pub(crate) struct RequestIds {
    prefix: u64,
    next: AtomicU64,
}

impl RequestIds {
    pub(crate) fn new() -> Self {
        use std::hash::{BuildHasher, RandomState};
        Self {
            prefix: RandomState::new().hash_one(0),
            next: AtomicU64::new(0),
        }
    }

    fn next(&self) -> HeaderValue {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let mut text = [b'-'; 33];
        for (at, value) in [(0, self.prefix), (17, number)] {
            for digit in 0..16 {
                text[at + digit] = HEX[(value >> (60 - 4 * digit)) as usize & 15];
            }
        }
        HeaderValue::from_bytes(&text).expect("hexadecimal digits are a header's value")
    }
}

/// Korean if it is asked for before English, and else English.
fn language(headers: &HeaderMap) -> Language {
    let Some(accepted) = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()) else {
        return Language::English;
    };
    let quality = |item: &str| {
        let parameter = item.split(';').nth(1).map(str::trim);
        let quality = parameter.and_then(|parameter| parameter.strip_prefix("q="));
        // Thousandths: qualities have up to three decimals.
        quality.map_or(1_000, |quality| {
            let digits = quality.trim_start_matches('0').trim_start_matches('.');
            match quality.starts_with('1') {
                true => 1_000,
                false => format!("{digits:0<3}")[..3].parse().unwrap_or(0),
            }
        })
    };
    let best = |name: &str| {
        let items = accepted.split(',').map(str::trim);
        let of_name = items.filter(|item| {
            let tag = item.split([';', '-']).next().unwrap_or_default();
            tag.trim().eq_ignore_ascii_case(name)
        });
        of_name.map(quality).max().unwrap_or(0)
    };
    if best("ko") > best("en") {
        Language::Korean
    } else {
        Language::English
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &'static str) -> Language {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static(text));
        language(&headers)
    }

    #[test]
    fn the_language_is_the_one_that_is_liked_most() {
        for text in [
            "ko",
            "ko-KR",
            "KO",
            "ko-KR,ko;q=0.9,en-US;q=0.8",
            "fr, ko;q=0.5",
            "en;q=0.3,ko;q=0.31",
        ] {
            assert_eq!(asked(text), Language::Korean, "{text}");
        }
        for text in [
            "",
            "en",
            "en-US,ko;q=0.5",
            "fr",
            "ko;q=0",
            "ko;q=0.5,en;q=0.5",
            "korean",
            ";q=1,,",
        ] {
            assert_eq!(asked(text), Language::English, "{text}");
        }
    }

    #[test]
    fn a_request_has_the_callers_name_or_one_of_its_own() {
        let (ids, address) = (RequestIds::new(), IpAddr::from([127, 0, 0, 1]));
        let mut headers = HeaderMap::new();
        let first = Context::of(&Uri::default(), &headers, address, &ids);
        assert_ne!(
            first.id(),
            Context::of(&Uri::default(), &headers, address, &ids).id()
        );
        headers.insert(REQUEST_ID, HeaderValue::from_static("mine-7"));
        assert_eq!(
            Context::of(&Uri::default(), &headers, address, &ids).id(),
            "mine-7"
        );
        headers.insert(REQUEST_ID, HeaderValue::from_static("with a space"));
        assert_ne!(
            Context::of(&Uri::default(), &headers, address, &ids).id(),
            "with a space"
        );
    }
}
