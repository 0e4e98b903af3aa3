//! What is configured, checked once: flags before environment before file before defaults.

mod error;
mod keys;
mod settings;

use std::net::SocketAddr;
use std::path::PathBuf;

use engine_core::SelfTrade;
use engine_http::limits::{Limits, LimitsOptions};

use super::arguments::ServeArguments;

pub(crate) use self::error::OptionsError;
use self::keys::rates_mut;
use self::settings::{Said, Setting, Settings};

/// Everything that a server is started with.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options {
    pub(crate) rest: SocketAddr,
    pub(crate) ws: SocketAddr,
    pub(crate) data: PathBuf,
    pub(crate) is_demo: bool,
    pub(crate) durability: DurabilityMode,
    pub(crate) sync_interval_ms: u64,
    pub(crate) has_traders: bool,
    pub(crate) history_days: u32,
    pub(crate) log: LogForm,
    pub(crate) log_level: tracing::Level,
    pub(crate) otlp: Option<Otlp>,
    pub(crate) tls: Option<Tls>,
    pub(crate) cors_origins: Vec<String>,
    pub(crate) connections_max: usize,
    pub(crate) logins_max: usize,
    pub(crate) queue_max: usize,
    pub(crate) snapshot_every: u64,
    pub(crate) key_retention_hours: u64,
    pub(crate) self_trade: SelfTrade,
    pub(crate) admins: Vec<String>,
    pub(crate) limits: LimitsOptions,
    /// Each as JSON with the fields of an instrument's spec.
    pub(crate) symbols: Option<Vec<String>>,
    /// All of it as it was said, and where.
    pub(crate) settings: Settings,
}

/// When an order is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DurabilityMode {
    /// When it is on disk.
    Sync,
    /// When the operating system has it.
    Interval,
    /// At once; nothing outlives the process.
    Memory,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogForm {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// A certificate and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tls {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// Where traces go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Otlp {
    pub(crate) endpoint: String,
    /// One request in so many is traced.
    pub(crate) one_in: u64,
}

impl Options {
    /// What flags, environment and file come to.
    pub(crate) fn read(
        arguments: &ServeArguments,
        environment: &[(String, String)],
    ) -> Result<Self, OptionsError> {
        let settings = Settings::read(&Said {
            file: arguments.config.as_deref(),
            environment,
            flags: arguments.said(),
        })?;
        let is_demo = settings.word("auth") == "demo";
        let options = Self {
            rest: settings.address("rest"),
            ws: settings.address("ws"),
            data: settings.word("data").into(),
            is_demo,
            durability: match settings.word("durability") {
                "memory" => DurabilityMode::Memory,
                "interval" => DurabilityMode::Interval,
                _ => DurabilityMode::Sync,
            },
            sync_interval_ms: settings.number("sync_interval_ms"),
            has_traders: settings.word("traders") == "on",
            history_days: settings.small("history_days"),
            log: match settings.word("log") {
                "json" => LogForm::Json,
                _ => LogForm::Text,
            },
            log_level: settings.word("log_level").parse().expect("it was checked"),
            otlp: otlp(&settings)?,
            tls: tls(&settings)?,
            cors_origins: settings.texts("cors_origins"),
            connections_max: settings.small("connections_max"),
            logins_max: settings.small("logins_max"),
            queue_max: settings.small("queue_max"),
            snapshot_every: settings.number("snapshot_every"),
            key_retention_hours: settings.number("key_retention_hours"),
            self_trade: self_trade(settings.word("self_trade_prevention")),
            admins: settings.texts("admins"),
            limits: limits(&settings, is_demo)?,
            symbols: symbols(&settings)?,
            settings,
        };
        options.check()?;
        Ok(options)
    }

    /// How many days of a simulated past a new exchange is given: none without traders.
    pub(crate) fn past_days(&self) -> u32 {
        match self.has_traders {
            true => self.history_days,
            false => 0,
        }
    }

    /// What no value says alone.
    fn check(&self) -> Result<(), OptionsError> {
        for (key, address) in [("rest", self.rest), ("ws", self.ws)] {
            if self.is_demo && !address.ip().is_loopback() {
                return Err(OptionsError::OpenDemo { key, address });
            }
        }
        Ok(())
    }
}

fn tls(settings: &Settings) -> Result<Option<Tls>, OptionsError> {
    let (certificate, key) = ("tls.certificate", "tls.key");
    let alone = |key, other| OptionsError::Alone {
        origin: settings.origin(key),
        key,
        other,
    };
    match (settings.text(certificate), settings.text(key)) {
        (Some(certificate), Some(key)) => Ok(Some(Tls {
            certificate: certificate.into(),
            key: key.into(),
        })),
        (None, None) => Ok(None),
        (Some(_), None) => Err(alone(certificate, key)),
        (None, Some(_)) => Err(alone(key, certificate)),
    }
}

fn otlp(settings: &Settings) -> Result<Option<Otlp>, OptionsError> {
    let key = "otlp.endpoint";
    let Some(endpoint) = settings.text(key) else {
        return Ok(None);
    };
    if cfg!(not(feature = "otel")) {
        return Err(OptionsError::Feature {
            origin: settings.origin(key),
            key,
            feature: "otel",
        });
    }
    Ok(Some(Otlp {
        endpoint: endpoint.to_owned(),
        one_in: settings.number("otlp.one_in"),
    }))
}

fn self_trade(word: &str) -> SelfTrade {
    match word {
        "None" => SelfTrade::None,
        "CancelOldest" => SelfTrade::CancelOldest,
        "CancelBoth" => SelfTrade::CancelBoth,
        "Decrement" => SelfTrade::Decrement,
        _ => SelfTrade::CancelNewest,
    }
}

fn limits(settings: &Settings, is_demo: bool) -> Result<LimitsOptions, OptionsError> {
    let mut limits = LimitsOptions {
        enabled: match settings.word("limits.enabled") {
            "on" => true,
            "off" => false,
            _ => !is_demo,
        },
        buckets_max: settings.small("limits.buckets_max"),
        ..LimitsOptions::default()
    };
    for (name, rate) in rates_mut(&mut limits) {
        rate.burst = settings.small(&format!("{name}.burst"));
        rate.per_minute = settings.small(&format!("{name}.per_minute"));
    }
    match Limits::new(&limits) {
        Ok(_) => Ok(limits),
        Err(cause) => {
            let tier = cause
                .tier
                .map_or(String::new(), |tier| format!(".{}", tier.as_str()));
            let name = format!("limits.{}{tier}.{}.per_minute", cause.table, cause.kind.as_str());
            Err(OptionsError::Rate {
                origin: settings.origin(&name),
                cause,
            })
        }
    }
}

/// Symbols as the reader of specs takes them.
fn symbols(settings: &Settings) -> Result<Option<Vec<String>>, OptionsError> {
    let Some(Setting { value, origin }) = settings.find("symbols") else {
        return Ok(None);
    };
    let tables = value.as_array().map(Vec::as_slice).unwrap_or_default();
    let specs = tables.iter().map(|table| {
        let fields = table.as_table().into_iter().flatten();
        if let Some((key, _)) = fields.into_iter().find(|(_, value)| value.is_float()) {
            return Err(OptionsError::Float {
                origin: origin.clone(),
                key: key.clone(),
            });
        }
        Ok(serde_json::to_string(table).expect("a table of texts and numbers is JSON"))
    });
    specs.collect::<Result<_, _>>().map(Some)
}

#[cfg(test)]
mod tests;
