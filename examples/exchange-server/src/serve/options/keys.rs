//! Every key of the configuration: its name, what it may be, and what it is when nobody says.

use std::fmt;

use engine_http::identity::Tier;
use engine_http::limits::{Kind as RequestKind, LimitsOptions, Rate};

/// What the environment variables of the server begin with.
pub(crate) const ENVIRONMENT_PREFIX: &str = "XTRADER_";

/// A key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// As it is written in a file; a dot is a table within.
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// As it would be written in a file.
    pub(crate) default: Option<String>,
}

/// What the value of a key may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An address with a port.
    Address,
    /// A file or directory.
    Path,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A whole number within these bounds.
    Number { least: u64, most: u64 },
    /// Texts; separated by commas where there is only one text.
    Names,
    /// Origins of web pages, written like names.
    Origins,
    /// The address of a service.
    Url,
    /// The instruments of a new exchange, in a file only.
    Symbols,
}

impl Key {
    /// Its name in the environment; none for what is not one text.
    pub(crate) fn variable(&self) -> Option<String> {
        let has_one = self.kind != Kind::Symbols;
        has_one.then(|| {
            format!(
                "{ENVIRONMENT_PREFIX}{}",
                self.name.to_uppercase().replace('.', "_")
            )
        })
    }
}

/// All keys, in the order in which they are shown.
pub(crate) fn keys() -> Vec<Key> {
    let mut keys = vec![
        key("rest", Kind::Address, Some("\"127.0.0.1:7000\"")),
        key("ws", Kind::Address, Some("\"127.0.0.1:7001\"")),
        key("data", Kind::Path, Some("\"data\"")),
        key("auth", Kind::Word(&["demo", "required"]), Some("\"demo\"")),
        key(
            "durability",
            Kind::Word(&["sync", "interval", "memory"]),
            Some("\"sync\""),
        ),
        number("sync_interval_ms", 100, 1, 60_000),
        key("traders", Kind::Word(&["on", "off"]), Some("\"off\"")),
        number("history_days", 30, 0, 365),
        key("log", Kind::Word(&["text", "json"]), Some("\"text\"")),
        key(
            "log_level",
            Kind::Word(&["error", "warn", "info", "debug", "trace"]),
            Some("\"info\""),
        ),
        key("otlp.endpoint", Kind::Url, None),
        number("otlp.one_in", 1, 1, 1_000_000),
        key("tls.certificate", Kind::Path, None),
        key("tls.key", Kind::Path, None),
        key("cors_origins", Kind::Origins, Some("[]")),
        number("connections_max", 20_000, 1, 1_000_000),
        number("logins_max", 2, 1, 64),
        number("queue_max", 65_536, 1, 16_777_216),
        number("snapshot_every", 1_000_000, 1_000, 1_000_000_000_000),
        number("key_retention_hours", 24, 1, 8_760),
        key(
            "self_trade_prevention",
            Kind::Word(&["None", "CancelNewest", "CancelOldest", "CancelBoth", "Decrement"]),
            Some("\"CancelNewest\""),
        ),
        key("admins", Kind::Names, Some("[]")),
        key(
            "limits.enabled",
            Kind::Word(&["auto", "on", "off"]),
            Some("\"auto\""),
        ),
        number("limits.buckets_max", 131_072, 1_024, 16_777_216),
    ];
    let defaults = LimitsOptions::default();
    for (name, rate) in rates(&defaults) {
        keys.push(number(&format!("{name}.burst"), rate.burst.into(), 1, RATE_MAX));
        keys.push(number(
            &format!("{name}.per_minute"),
            rate.per_minute.into(),
            1,
            RATE_MAX,
        ));
    }
    keys.push(key("symbols", Kind::Symbols, None));
    keys
}

/// The most of a burst, and of a minute.
const RATE_MAX: u64 = 1_000_000_000;

/// Every rate that can be chosen, with the name of its table. Whoever logs in has not said yet who he is, so that rate is
/// one of addresses only.
pub(crate) fn rates(limits: &LimitsOptions) -> Vec<(String, Rate)> {
    let mut limits = *limits;
    let named = rates_mut(&mut limits).into_iter();
    named.map(|(name, rate)| (name, *rate)).collect()
}

/// As [`rates`], to be changed.
pub(crate) fn rates_mut(limits: &mut LimitsOptions) -> Vec<(String, &mut Rate)> {
    let mut all = Vec::new();
    for (table, tiers) in [("accounts", &mut limits.accounts), ("keys", &mut limits.keys)] {
        let tiers = [
            (Tier::Free, &mut tiers.free),
            (Tier::Premium, &mut tiers.premium),
            (Tier::Enterprise, &mut tiers.enterprise),
            (Tier::Admin, &mut tiers.admin),
        ];
        for (tier, rates) in tiers {
            let name = |kind: RequestKind| format!("limits.{table}.{}.{}", tier.as_str(), kind.as_str());
            all.push((name(RequestKind::Orders), &mut rates.orders));
            all.push((name(RequestKind::Reads), &mut rates.reads));
        }
    }
    let name = |kind: RequestKind| format!("limits.addresses.{}", kind.as_str());
    all.push((name(RequestKind::Orders), &mut limits.addresses.orders));
    all.push((name(RequestKind::Reads), &mut limits.addresses.reads));
    all.push((name(RequestKind::Auth), &mut limits.addresses.auth));
    all
}

fn key(name: &str, kind: Kind, default: Option<&str>) -> Key {
    Key {
        name: name.to_owned(),
        kind,
        default: default.map(str::to_owned),
    }
}

fn number(name: &str, default: u64, least: u64, most: u64) -> Key {
    key(name, Kind::Number { least, most }, Some(&default.to_string()))
}

/// What is wanted, for whoever gave something else.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address => f.write_str("an address with a port, such as \"127.0.0.1:7000\""),
            Self::Path => f.write_str("the name of a file or directory"),
            Self::Word(words) => write!(f, "one of the words {}", words.join(", ")),
            Self::Number { least, most } => write!(f, "a whole number, {least} to {most}"),
            Self::Names => f.write_str("a list of texts"),
            Self::Origins => f.write_str("a list of origins, such as \"https://example.com\""),
            Self::Url => {
                f.write_str("an address such as \"http://127.0.0.1:4318\", without a user or password in it")
            }
            Self::Symbols => f.write_str("tables with the fields of an instrument's spec"),
        }
    }
}
