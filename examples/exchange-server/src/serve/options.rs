//! What is configured, checked once: flags before environment before file before defaults.

use std::fmt;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::arguments::{AuthMode, DurabilityMode, LogForm, ServeArguments, Switch};

/// Everything that a server is started with.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options {
    pub(crate) rest: SocketAddr,
    pub(crate) ws: SocketAddr,
    pub(crate) data: PathBuf,
    pub(crate) auth: AuthMode,
    pub(crate) durability: DurabilityMode,
    pub(crate) sync_interval_ms: u64,
    pub(crate) traders: Switch,
    pub(crate) history_days: u32,
    pub(crate) log: LogForm,
    pub(crate) log_level: String,
    pub(crate) tls: Option<Tls>,
    pub(crate) cors_origins: Vec<String>,
    pub(crate) connections_max: usize,
    pub(crate) queue_max: usize,
    pub(crate) snapshot_every: u64,
    pub(crate) key_retention_hours: u64,
    pub(crate) admins: Vec<String>,
    /// Each as JSON with the fields of an instrument's spec.
    pub(crate) symbols: Option<Vec<String>>,
}

/// A certificate and its key.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tls {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// The file's keys.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    rest: Option<SocketAddr>,
    ws: Option<SocketAddr>,
    data: Option<PathBuf>,
    auth: Option<AuthMode>,
    durability: Option<DurabilityMode>,
    sync_interval_ms: Option<u64>,
    traders: Option<Switch>,
    history_days: Option<u64>,
    log: Option<LogForm>,
    log_level: Option<String>,
    tls: Option<Tls>,
    cors_origins: Option<Vec<String>>,
    connections_max: Option<u64>,
    queue_max: Option<u64>,
    snapshot_every: Option<u64>,
    key_retention_hours: Option<u64>,
    admins: Option<Vec<String>>,
    symbols: Option<Vec<toml::Table>>,
}

/// Why a configuration cannot be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OptionsError {
    /// The file cannot be read.
    #[error("cannot read the configuration {}: {cause}", file.display())]
    Read { file: PathBuf, cause: std::io::Error },
    /// The file is not what it should be; the cause names line and key.
    #[error("in the configuration {}: {cause}", file.display())]
    Parse {
        file: PathBuf,
        cause: Box<toml::de::Error>,
    },
    /// A value is outside of what can be.
    #[error("{origin}: {key} = {value} is out of range: {range}")]
    Range {
        origin: String,
        key: &'static str,
        value: String,
        range: String,
    },
    /// The demo account would be open to others.
    #[error(
        "auth = demo lets everybody who can connect trade without a token, so {key} must be a loopback address, not {address}; use --auth required"
    )]
    OpenDemo { key: &'static str, address: SocketAddr },
    /// A symbol's number was written as a float, which is not exact.
    #[error(
        "{origin}: symbols: {key} must be written as a text, such as \"0.01\", because floats are not exact"
    )]
    Float { origin: String, key: String },
}

impl Options {
    /// What flags, environment and file come to.
    pub(crate) fn read(arguments: &ServeArguments) -> Result<Self, OptionsError> {
        let origin = arguments.config.as_deref();
        let file = origin.map(read_file).transpose()?.unwrap_or_default();
        let origin = origin.map_or("the defaults".to_owned(), |file| file.display().to_string());
        let range = Range { origin: &origin };
        let loopback = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let options = Self {
            rest: arguments.rest.or(file.rest).unwrap_or(loopback(7000)),
            ws: arguments.ws.or(file.ws).unwrap_or(loopback(7001)),
            data: arguments.data.clone().or(file.data).unwrap_or("data".into()),
            auth: arguments.auth.or(file.auth).unwrap_or(AuthMode::Demo),
            durability: arguments
                .durability
                .or(file.durability)
                .unwrap_or(DurabilityMode::Sync),
            sync_interval_ms: range.number("sync_interval_ms", file.sync_interval_ms, (100, 1, 60_000))?,
            traders: arguments.traders.or(file.traders).unwrap_or(Switch::Off),
            history_days: range.days("history_days", arguments.history_days.or(file.history_days))?,
            log: arguments.log.or(file.log).unwrap_or(LogForm::Text),
            log_level: arguments
                .log_level
                .clone()
                .or(file.log_level)
                .unwrap_or("info".into()),
            tls: file.tls,
            cors_origins: file.cors_origins.unwrap_or_default(),
            connections_max: range.size("connections_max", file.connections_max, (20_000, 1, 1_000_000))?,
            queue_max: range.size("queue_max", file.queue_max, (65_536, 1, 16_777_216))?,
            snapshot_every: range.number(
                "snapshot_every",
                file.snapshot_every,
                (1_000_000, 1_000, 1_000_000_000_000),
            )?,
            key_retention_hours: range.number(
                "key_retention_hours",
                file.key_retention_hours,
                (24, 1, 8_760),
            )?,
            admins: file.admins.unwrap_or_default(),
            symbols: symbols(file.symbols, &origin)?,
        };
        options.check(&origin)?;
        Ok(options)
    }

    /// How many days of a simulated past a new exchange is given: none without traders.
    pub(crate) fn past_days(&self) -> u32 {
        match self.traders {
            Switch::On => self.history_days,
            Switch::Off => 0,
        }
    }

    /// What no value says alone.
    fn check(&self, origin: &str) -> Result<(), OptionsError> {
        if self.log_level.parse::<tracing::Level>().is_err() {
            return Err(OptionsError::Range {
                origin: origin.to_owned(),
                key: "log_level",
                value: self.log_level.clone(),
                range: "error, warn, info, debug or trace".to_owned(),
            });
        }
        for (key, address) in [("rest", self.rest), ("ws", self.ws)] {
            if self.auth == AuthMode::Demo && !address.ip().is_loopback() {
                return Err(OptionsError::OpenDemo { key, address });
            }
        }
        Ok(())
    }
}

/// Holds numbers of the file to what they may be.
struct Range<'a> {
    origin: &'a str,
}

impl Range<'_> {
    /// The value that is given, or the default; within the least and the most.
    fn number(
        &self,
        key: &'static str,
        given: Option<u64>,
        (default, least, most): (u64, u64, u64),
    ) -> Result<u64, OptionsError> {
        let value = given.unwrap_or(default);
        if (least..=most).contains(&value) {
            return Ok(value);
        }
        Err(OptionsError::Range {
            origin: self.origin.to_owned(),
            key,
            value: value.to_string(),
            range: format!("{least} to {most}"),
        })
    }

    fn days(&self, key: &'static str, given: Option<u64>) -> Result<u32, OptionsError> {
        let days = self.number(key, given, (30, 0, 365))?;
        Ok(u32::try_from(days).unwrap_or(u32::MAX))
    }

    fn size(
        &self,
        key: &'static str,
        given: Option<u64>,
        bounds: (u64, u64, u64),
    ) -> Result<usize, OptionsError> {
        let value = self.number(key, given, bounds)?;
        Ok(usize::try_from(value).unwrap_or(usize::MAX))
    }
}

fn read_file(file: &Path) -> Result<File, OptionsError> {
    let text = fs::read_to_string(file).map_err(|cause| OptionsError::Read {
        file: file.to_owned(),
        cause,
    })?;
    toml::from_str(&text).map_err(|cause| OptionsError::Parse {
        file: file.to_owned(),
        cause: Box::new(cause),
    })
}

/// Symbols as the reader of specs takes them.
fn symbols(tables: Option<Vec<toml::Table>>, origin: &str) -> Result<Option<Vec<String>>, OptionsError> {
    let Some(tables) = tables else {
        return Ok(None);
    };
    let specs = tables.into_iter().map(|table| {
        let float = table.iter().find(|(_, value)| value.is_float());
        if let Some((key, _)) = float {
            return Err(OptionsError::Float {
                origin: origin.to_owned(),
                key: key.clone(),
            });
        }
        Ok(serde_json::to_string(&table).expect("a table of texts and numbers is JSON"))
    });
    specs.collect::<Result<_, _>>().map(Some)
}

impl fmt::Display for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "rest = \"{}\"", self.rest)?;
        writeln!(f, "ws = \"{}\"", self.ws)?;
        writeln!(f, "data = {:?}", self.data.display().to_string())?;
        writeln!(f, "auth = \"{}\"", lower(&self.auth))?;
        writeln!(f, "durability = \"{}\"", lower(&self.durability))?;
        writeln!(f, "sync_interval_ms = {}", self.sync_interval_ms)?;
        writeln!(f, "traders = \"{}\"", lower(&self.traders))?;
        writeln!(f, "history_days = {}", self.history_days)?;
        writeln!(f, "log = \"{}\"", lower(&self.log))?;
        writeln!(f, "log_level = {:?}", self.log_level)?;
        writeln!(f, "cors_origins = {:?}", self.cors_origins)?;
        writeln!(f, "connections_max = {}", self.connections_max)?;
        writeln!(f, "queue_max = {}", self.queue_max)?;
        writeln!(f, "snapshot_every = {}", self.snapshot_every)?;
        writeln!(f, "key_retention_hours = {}", self.key_retention_hours)?;
        write!(f, "admins = {:?}", self.admins)?;
        if let Some(tls) = &self.tls {
            let (certificate, key) = (
                tls.certificate.display().to_string(),
                tls.key.display().to_string(),
            );
            write!(f, "\n[tls]\ncertificate = {certificate:?}\nkey = {key:?}")?;
        }
        Ok(())
    }
}

fn lower(value: &impl fmt::Debug) -> String {
    format!("{value:?}").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Options, String> {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        fs::write(file.path(), text).expect("it can be written");
        let arguments = ServeArguments {
            config: Some(file.path().to_owned()),
            ..ServeArguments::default()
        };
        Options::read(&arguments).map_err(|error| {
            let text = error.to_string();
            assert!(
                text.contains(&file.path().display().to_string()) || text.contains("auth = demo"),
                "it names the file: {text}"
            );
            text
        })
    }

    #[test]
    fn every_key_is_refused_with_its_name_when_it_is_wrong() {
        for (text, key) in [
            ("rest = 7", "rest"),
            ("ws = \"here\"", "ws"),
            ("data = 1", "data"),
            ("auth = \"none\"", "auth"),
            ("durability = true", "durability"),
            ("sync_interval_ms = 0", "sync_interval_ms"),
            ("sync_interval_ms = -1", "sync_interval_ms"),
            ("traders = \"some\"", "traders"),
            ("history_days = 366", "history_days"),
            ("log = \"xml\"", "log"),
            ("log_level = \"loud\"", "log_level"),
            ("cors_origins = \"all\"", "cors_origins"),
            ("connections_max = 0", "connections_max"),
            ("queue_max = 99999999", "queue_max"),
            ("snapshot_every = 1", "snapshot_every"),
            ("key_retention_hours = 0", "key_retention_hours"),
            ("admins = 3", "admins"),
            ("symbols = [{symbol = \"X\", tick = 0.01}]", "tick"),
            ("[tls]\ncertificate = \"a\"", "key"),
            ("prot = 7000", "prot"),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.contains(key), "{text}: {error}");
        }
    }

    #[test]
    fn a_file_counts_before_defaults_and_a_flag_before_the_file() {
        let options = read("auth = \"required\"\nrest = \"0.0.0.0:80\"\nqueue_max = 5").expect("it can be");
        assert_eq!((options.rest.port(), options.queue_max), (80, 5));
        assert_eq!(options.ws, SocketAddr::from(([127, 0, 0, 1], 7001)));
        let arguments = ServeArguments {
            rest: Some(SocketAddr::from(([127, 0, 0, 1], 81))),
            ..ServeArguments::default()
        };
        let options = Options::read(&arguments).expect("it can be");
        assert_eq!(options.rest.port(), 81);
    }

    #[test]
    fn the_demo_account_is_not_open_to_others() {
        let error = read("rest = \"0.0.0.0:7000\"").expect_err("demo and not loopback");
        assert!(
            error.contains("0.0.0.0:7000") && error.contains("--auth required"),
            "{error}"
        );
        let error = read("ws = \"192.168.0.1:7000\"").expect_err("demo and not loopback");
        assert!(error.contains("ws must be a loopback address"), "{error}");
    }

    #[test]
    fn what_is_printed_can_be_read_again() {
        let options = read("durability = \"interval\"\nadmins = [\"root\"]").expect("it can be");
        assert_eq!(
            read(&options.to_string()).expect("it is a configuration"),
            options
        );
    }
}
