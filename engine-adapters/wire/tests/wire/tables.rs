//! Every variant of the engine's enumerations has its place on the wire. The lists of the samples are held against
//! the engine's sources, since the compiler does not tell when an enumeration grows.

use std::collections::BTreeSet;
use std::fmt::Debug;

use engine_core::{RejectReason, RiskLimit};
use engine_wire::{ErrorCode, Language, event_type, reject_message};

use crate::samples;

const COMMAND_RS: &str = include_str!("../../../../engine-core/src/command.rs");
const EVENT_RS: &str = include_str!("../../../../engine-core/src/event.rs");

/// The names of the variants of an enumeration, read off its source.
fn variants_in_source(source: &str, name: &str) -> BTreeSet<String> {
    let body = source
        .split(&format!("pub enum {name} {{\n"))
        .nth(1)
        .expect("the enumeration is there");
    let body = body.split("\n}").next().expect("a split has a first part");
    let at_first_level = body.lines().filter_map(|line| line.strip_prefix("    "));
    let names = at_first_level.filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase()));
    names.map(variant_name).collect()
}

/// The first word of what `Debug` prints.
fn variant_name(text: impl AsRef<str>) -> String {
    text.as_ref()
        .chars()
        .take_while(char::is_ascii_alphanumeric)
        .collect()
}

fn assert_complete(source: &str, name: &str, samples: &[impl Debug]) {
    let sampled: BTreeSet<_> = samples
        .iter()
        .map(|sample| variant_name(format!("{sample:?}")))
        .collect();
    assert_eq!(sampled, variants_in_source(source, name), "samples of {name}");
}

#[test]
fn the_samples_have_every_variant_of_the_engine() {
    assert_complete(COMMAND_RS, "Command", &samples::commands());
    assert_complete(COMMAND_RS, "OrderKind", &samples::kinds());
    assert_complete(EVENT_RS, "Event", &samples::events());
    assert_complete(EVENT_RS, "RejectReason", &samples::reject_reasons());
    assert_complete(EVENT_RS, "CancelReason", &samples::CANCEL_REASONS);
    assert_complete(
        EVENT_RS,
        "Request",
        &[&samples::REQUESTS[..], &samples::REQUESTS_OF_ACCOUNTS].concat(),
    );
    assert_complete(EVENT_RS, "OrderType", &samples::ORDER_TYPES);
}

#[test]
fn every_reject_has_a_code_that_is_a_client_error_and_two_messages() {
    for reason in samples::reject_reasons() {
        let code = ErrorCode::from(reason);
        assert!((400..500).contains(&code.status()), "{reason:?} is {code}");
        let english = reject_message(reason, Language::English);
        let korean = reject_message(reason, Language::Korean);
        assert!(
            english.is_ascii() && !korean.is_ascii(),
            "{reason:?}: {english:?}, {korean:?}"
        );
        assert_ne!(
            english,
            ErrorCode::Internal.message(Language::English),
            "{reason:?}"
        );
    }
}

#[test]
fn the_rejects_of_the_protocol_have_its_codes() {
    for (reason, code) in [
        (RejectReason::DuplicateOrderId, "DUPLICATE_CLIENT_ORDER_ID"),
        (RejectReason::OrderNotFound, "ORDER_NOT_FOUND"),
        (RejectReason::PostOnlyWouldCross, "POST_ONLY_WOULD_CROSS"),
        (RejectReason::ZeroQuantity, "INVALID_QUANTITY"),
        (RejectReason::MinNotional, "MIN_NOTIONAL"),
        (RejectReason::PriceBand, "PRICE_BAND"),
        (RejectReason::MarketHalted, "MARKET_HALTED"),
        (RejectReason::MarketClosed, "MARKET_CLOSED"),
        (RejectReason::InsufficientBalance, "INSUFFICIENT_BALANCE"),
        (RejectReason::RiskLimit(RiskLimit::Position), "RISK_LIMIT"),
    ] {
        assert_eq!(ErrorCode::from(reason).as_str(), code);
    }
}

#[test]
fn the_codes_are_those_of_the_protocol() {
    let of_status = |status| -> Vec<&str> {
        let codes = ErrorCode::ALL.iter().filter(|code| code.status() == status);
        codes.map(|code| code.as_str()).collect()
    };
    assert_eq!(
        of_status(400).join(" "),
        "INVALID_JSON INVALID_SYMBOL INVALID_SIDE INVALID_ORDER_TYPE INVALID_TIME_IN_FORCE INVALID_QUANTITY \
         INVALID_PRICE PRICE_REQUIRED PRICE_NOT_ALLOWED INVALID_STOP_PRICE TICK_SIZE LOT_SIZE MIN_NOTIONAL PRICE_BAND \
         INVALID_INTERVAL INVALID_DEPTH INVALID_LIMIT INVALID_CLIENT_ORDER_ID INVALID_FIELD"
    );
    assert_eq!(of_status(401), ["UNAUTHORIZED"]);
    assert_eq!(of_status(403), ["FORBIDDEN"]);
    assert_eq!(
        of_status(404),
        ["SYMBOL_NOT_FOUND", "ORDER_NOT_FOUND", "NOT_FOUND"]
    );
    assert_eq!(of_status(405), ["METHOD_NOT_ALLOWED"]);
    assert_eq!(
        of_status(409),
        ["DUPLICATE_CLIENT_ORDER_ID", "ORDER_CLOSED", "ALREADY_EXISTS"]
    );
    assert_eq!(of_status(413), ["PAYLOAD_TOO_LARGE"]);
    assert_eq!(of_status(415), ["UNSUPPORTED_MEDIA_TYPE"]);
    let refusals = "INSUFFICIENT_BALANCE RISK_LIMIT MARKET_CLOSED MARKET_HALTED POST_ONLY_WOULD_CROSS";
    assert_eq!(of_status(422).join(" "), refusals);
    assert_eq!(of_status(429), ["RATE_LIMITED"]);
    assert_eq!(of_status(500), ["INTERNAL"]);
    assert_eq!(of_status(503), ["OVERLOADED", "NOT_READY"]);
    assert_eq!(ErrorCode::ALL.len(), 39);
}

#[test]
fn every_event_has_a_type() {
    for event in samples::events() {
        assert_ne!(event_type(&event), "Unknown", "{event:?}");
    }
}
