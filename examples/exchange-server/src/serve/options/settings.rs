//! What every key comes to, and who said so: a flag before the environment, the environment before the file.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::error::OptionsError;
use super::keys::{ENVIRONMENT_PREFIX, Key, Kind, keys};

/// Variables with the server's prefix that are no keys: the file's name, and the token of the load tool.
const OTHER_VARIABLES: [&str; 2] = ["XTRADER_CONFIG", "XTRADER_TOKEN"];

/// Who said what a key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Default,
    File(PathBuf),
    Variable(String),
    Flag(String),
}

/// What a key comes to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Setting {
    pub(crate) value: Value,
    pub(crate) origin: Origin,
}

/// What is said in all places.
pub(crate) struct Said<'a> {
    pub(crate) file: Option<&'a Path>,
    /// Names and values, of which those without the server's prefix do not matter.
    pub(crate) environment: &'a [(String, String)],
    /// By name of the key.
    pub(crate) flags: Vec<(&'static str, String)>,
}

/// Every key that has a value, checked for what its kind may be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Settings {
    by_key: BTreeMap<String, Setting>,
}

impl Settings {
    /// What all that is said comes to.
    pub(crate) fn read(said: &Said<'_>) -> Result<Self, OptionsError> {
        let keys = keys();
        let mut settings = Self {
            by_key: BTreeMap::new(),
        };
        for key in &keys {
            if let Some(default) = &key.default {
                let value = literal(default);
                settings.set(key, value, Origin::Default)?;
            }
        }
        if let Some(file) = said.file {
            settings.take_file(&keys, file)?;
        }
        settings.take_environment(&keys, said.environment)?;
        for (name, text) in &said.flags {
            let key = keys.iter().find(|key| key.name == *name);
            let key = key.expect("every flag is a key");
            let origin = Origin::Flag(format!("--{}", name.replace('_', "-")));
            settings.set(key, of_text(&key.kind, text), origin)?;
        }
        Ok(settings)
    }

    fn take_file(&mut self, keys: &[Key], file: &Path) -> Result<(), OptionsError> {
        let text = fs::read_to_string(file).map_err(|cause| OptionsError::Read {
            file: file.to_owned(),
            cause,
        })?;
        let table: Table = toml::from_str(&text).map_err(|cause| OptionsError::Parse {
            file: file.to_owned(),
            cause: Box::new(cause),
        })?;
        self.take_table(keys, file, "", table)
    }

    /// Takes a table whose keys all begin with `prefix`.
    fn take_table(
        &mut self,
        keys: &[Key],
        file: &Path,
        prefix: &str,
        table: Table,
    ) -> Result<(), OptionsError> {
        for (name, value) in table {
            let name = format!("{prefix}{name}");
            let origin = Origin::File(file.to_owned());
            if let Some(key) = keys.iter().find(|key| key.name == name) {
                self.set(key, value, origin)?;
                continue;
            }
            let inner = format!("{name}.");
            let is_table = keys.iter().any(|key| key.name.starts_with(&inner));
            match value {
                Value::Table(table) if is_table => self.take_table(keys, file, &inner, table)?,
                value if is_table => {
                    return Err(OptionsError::Value {
                        origin,
                        key: name,
                        value: shown(&value),
                        wanted: "a table".to_owned(),
                    });
                }
                _ => return Err(OptionsError::Unknown { origin, key: name }),
            }
        }
        Ok(())
    }

    fn take_environment(
        &mut self,
        keys: &[Key],
        environment: &[(String, String)],
    ) -> Result<(), OptionsError> {
        for (variable, text) in environment {
            if !variable.starts_with(ENVIRONMENT_PREFIX) || OTHER_VARIABLES.contains(&variable.as_str()) {
                continue;
            }
            let origin = Origin::Variable(variable.clone());
            let is_it = |key: &&Key| key.variable().as_deref() == Some(variable);
            let Some(key) = keys.iter().find(is_it) else {
                return Err(OptionsError::Unknown {
                    origin,
                    key: variable.clone(),
                });
            };
            self.set(key, of_text(&key.kind, text), origin)?;
        }
        Ok(())
    }

    fn set(&mut self, key: &Key, value: Value, origin: Origin) -> Result<(), OptionsError> {
        if !is_of(&key.kind, &value) {
            return Err(OptionsError::Value {
                origin,
                key: key.name.clone(),
                value: shown(&value),
                wanted: key.kind.to_string(),
            });
        }
        self.by_key.insert(key.name.clone(), Setting { value, origin });
        Ok(())
    }

    pub(crate) fn find(&self, key: &str) -> Option<&Setting> {
        self.by_key.get(key)
    }

    fn value(&self, key: &str) -> &Value {
        &self.by_key.get(key).expect("the key has a default").value
    }

    pub(crate) fn origin(&self, key: &str) -> Origin {
        self.find(key)
            .map_or(Origin::Default, |setting| setting.origin.clone())
    }

    pub(crate) fn word(&self, key: &str) -> &str {
        self.value(key).as_str().expect("it was checked")
    }

    pub(crate) fn address(&self, key: &str) -> SocketAddr {
        self.word(key).parse().expect("it was checked")
    }

    pub(crate) fn number(&self, key: &str) -> u64 {
        let number = self.value(key).as_integer().expect("it was checked");
        u64::try_from(number).expect("it was checked")
    }

    /// A number whose greatest value is no greater than the type's.
    pub(crate) fn small<T: TryFrom<u64>>(&self, key: &str) -> T {
        let small = T::try_from(self.number(key)).ok();
        small.expect("its bounds are those of the type or closer")
    }

    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.find(key)?.value.as_str()
    }

    pub(crate) fn texts(&self, key: &str) -> Vec<String> {
        let all = self.value(key).as_array().expect("it was checked");
        all.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }
}

/// A default as it would be in a file.
fn literal(text: &str) -> Value {
    let table: Table = toml::from_str(&format!("value = {text}")).expect("a default is TOML");
    table["value"].clone()
}

/// A text of the command line or the environment, as it would be in a file. What is none of its kind stays a text.
fn of_text(kind: &Kind, text: &str) -> Value {
    match kind {
        Kind::Number { .. } => match text.parse() {
            Ok(number) => Value::Integer(number),
            Err(_) => Value::String(text.to_owned()),
        },
        Kind::Names | Kind::Origins => {
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            Value::Array(parts.map(|part| Value::String(part.to_owned())).collect())
        }
        _ => Value::String(text.to_owned()),
    }
}

fn is_of(kind: &Kind, value: &Value) -> bool {
    let texts = |is_good: fn(&str) -> bool| {
        let all = value.as_array().map(Vec::as_slice);
        all.is_some_and(|all| all.iter().all(|text| text.as_str().is_some_and(is_good)))
    };
    match kind {
        Kind::Address => value
            .as_str()
            .is_some_and(|text| text.parse::<SocketAddr>().is_ok()),
        Kind::Path => value.as_str().is_some_and(|text| !text.is_empty()),
        Kind::Word(words) => value.as_str().is_some_and(|text| words.contains(&text)),
        Kind::Number { least, most } => {
            let number = value.as_integer().and_then(|number| u64::try_from(number).ok());
            number.is_some_and(|number| (*least..=*most).contains(&number))
        }
        Kind::Names => texts(|text| !text.is_empty()),
        Kind::Origins => texts(|text| is_url(text) && text.matches('/').count() == 2),
        Kind::Url => value
            .as_str()
            .is_some_and(|text| is_url(text) && text.starts_with("http://")),
        Kind::Symbols => {
            let tables = value.as_array().map(Vec::as_slice);
            tables.is_some_and(|tables| tables.iter().all(Value::is_table))
        }
    }
}

/// Whether this is a scheme of the web with a host, and no credentials.
fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("http://").or(text.strip_prefix("https://"));
    rest.is_some_and(|rest| {
        let is_plain = |character: char| character.is_ascii_graphic() && !"@\"\\<>".contains(character);
        !rest.is_empty() && !rest.starts_with([':', '/']) && rest.chars().all(is_plain)
    })
}

/// A value as it would be in a file.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        // The escapes of JSON are escapes of TOML too.
        Value::String(text) => serde_json::to_string(text).expect("a text is JSON"),
        Value::Array(values) => {
            let values: Vec<String> = values.iter().map(shown).collect();
            format!("[{}]", values.join(", "))
        }
        Value::Table(table) => {
            let pairs = table.iter().map(|(key, value)| {
                let key = serde_json::to_string(key).expect("a text is JSON");
                format!("{key} = {}", shown(value))
            });
            format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
        }
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => format!("{number:?}"),
        Value::Boolean(truth) => truth.to_string(),
        Value::Datetime(time) => time.to_string(),
    }
}

/// Every key with its value and where that is from, as a file that says the same.
impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for key in keys() {
            match self.find(&key.name) {
                Some(Setting { value, origin }) => {
                    writeln!(f, "{} = {} # {origin}", key.name, shown(value))?;
                }
                None => writeln!(f, "# {} is not set", key.name)?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(file) => write!(f, "{}", file.display()),
            Self::Variable(variable) => f.write_str(variable),
            Self::Flag(flag) => f.write_str(flag),
        }
    }
}
