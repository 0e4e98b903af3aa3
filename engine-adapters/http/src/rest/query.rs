//! The parameters behind the question mark.

use std::collections::BTreeMap;

use axum::extract::{FromRequestParts, Query as RawQuery};
use engine_core::InstrumentId;
use engine_wire::ErrorCode;
use hyper::http::request::Parts;

use super::failure::Failure;
use crate::views::Views;

/// The parameters of a request, by name.
pub(crate) struct Query(BTreeMap<String, String>);

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let pairs = RawQuery::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        let RawQuery(pairs) = pairs.map_err(|_| Failure::new(ErrorCode::InvalidField))?;
        let count = pairs.len();
        let map: BTreeMap<_, _> = pairs.into_iter().collect();
        if map.len() < count {
            return Err(Failure::text(
                ErrorCode::InvalidField,
                "a parameter is there twice",
                "매개변수가 중복되었습니다",
            ));
        }
        Ok(Self(map))
    }
}

impl Query {
    /// Refuses every other parameter.
    pub(crate) fn allow(&self, names: &[&str]) -> Result<(), Failure> {
        match self.0.keys().all(|name| names.contains(&name.as_str())) {
            true => Ok(()),
            false => Err(Failure::text(
                ErrorCode::InvalidField,
                "there is no such parameter",
                "알 수 없는 매개변수입니다",
            )),
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A whole number.
    pub(crate) fn number(&self, name: &str, code: ErrorCode) -> Result<Option<u64>, Failure> {
        let read = |text: &str| {
            let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|_| is_plain).ok_or(Failure::new(code))
        };
        self.get(name).map(read).transpose()
    }

    /// A number from 1 to `most`; without it `default`.
    pub(crate) fn count(
        &self,
        name: &str,
        (default, most): (usize, usize),
        code: ErrorCode,
    ) -> Result<usize, Failure> {
        let Some(number) = self.number(name, code)? else {
            return Ok(default);
        };
        let number = usize::try_from(number).ok();
        number
            .filter(|number| (1..=most).contains(number))
            .ok_or(Failure::new(code))
    }

    /// The instrument that `symbol` names, if it is given.
    pub(crate) fn instrument(&self, views: &Views) -> Result<Option<InstrumentId>, Failure> {
        let find = |symbol| views.instrument(symbol).map_err(Failure::from);
        self.get("symbol").map(find).transpose()
    }
}
