//! Reading scripts.

use std::fmt;

use engine_core::{
    AccountId, AccountsConfig, Allocation, Amend, AssetId, Cancel, CancelAllAfter, ClientOrderId, Command,
    InstrumentId, InstrumentSpec, InstrumentSpecBuilder, LinkKind, Linked, MassCancel, MassCancelCause,
    OrderId, OrderRef, Phase, Price, Qty, Scope, SetMark, SetPhase, Side, Timestamp, TriggerSource,
};
use rust_decimal::Decimal;

use super::money;
use super::number::{nanos, number, time};
use super::parse_order::order;
use crate::naive::NaiveConfig;

/// A script that was read.
#[derive(Clone, Debug)]
pub struct Script {
    /// The limits of the engine.
    pub config: NaiveConfig,
    /// The commands in order, the first of which lists an instrument.
    pub steps: Vec<Step>,
}

/// One command of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub time: Timestamp,
    /// What.
    pub command: Command,
    /// Whether its events are compared.
    pub is_compared: bool,
}

/// What is wrong with a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptError {
    /// The line, counted from 1.
    pub line: usize,
    /// What it says.
    pub text: String,
    /// The word that was not understood or is missing.
    pub problem: String,
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, `{}`: {}", self.line, self.text, self.problem)
    }
}

/// Reads a script.
///
/// # Errors
/// When a line cannot be read, with the line and the word.
pub fn parse(text: &str) -> Result<Script, ScriptError> {
    let mut script = Script {
        config: NaiveConfig {
            ids_chosen: true,
            orders_max: 100_000,
            instruments_max: 1_000,
            accounts: None,
        },
        steps: Vec::new(),
    };
    let mut now = Timestamp::ZERO;
    for (at, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        read_line(&mut script, &mut now, line).map_err(|problem| ScriptError {
            line: at + 1,
            text: line.to_owned(),
            problem,
        })?;
    }
    Ok(script)
}

fn read_line(script: &mut Script, now: &mut Timestamp, line: &str) -> Result<(), String> {
    let mut words = Words::new(line);
    match words.peek() {
        None => {}
        Some("---") => {
            for step in &mut script.steps {
                step.is_compared = false;
            }
        }
        Some("at") => {
            words.skip();
            *now = words.take(time)?;
        }
        Some("engine") => {
            words.skip();
            read_engine(&mut words, &mut script.config)?;
        }
        Some(first) => {
            let begins = script.steps.is_empty();
            let mut given = |command| {
                script.steps.push(Step {
                    time: *now,
                    command,
                    is_compared: false,
                });
            };
            let accounts = script.config.accounts.is_some();
            if begins && accounts && first != "asset" {
                for asset in ["QUOTE 0", "BASE 0"] {
                    given(command(&format!("asset {asset}"), &script_terms(0, true))?);
                }
            }
            if begins && !matches!(first, "list" | "asset") {
                given(command("list", &script_terms(0, accounts))?);
            }
            let listed = script
                .steps
                .iter()
                .filter(|step| matches!(step.command, Command::List(_)));
            let command = command(line, &script_terms(listed.count(), accounts))?;
            script.steps.push(Step {
                time: *now,
                command,
                is_compared: true,
            });
        }
    }
    Ok(())
}

fn read_engine(words: &mut Words<'_>, config: &mut NaiveConfig) -> Result<(), String> {
    while let Some(word) = words.next() {
        match word {
            "orders" => config.orders_max = words.take(|word| word.parse().ok())?,
            "instruments" => config.instruments_max = words.take(|word| word.parse().ok())?,
            "handed-out-ids" => config.ids_chosen = false,
            "accounts" => config.accounts = Some(AccountsConfig::default()),
            "accounts-max" => in_accounts(config).accounts_max = words.take(|word| word.parse().ok())?,
            "assets-max" => in_accounts(config).assets_max = words.take(|word| word.parse().ok())?,
            "keys-max" => in_accounts(config).transfer_keys_max = words.take(|word| word.parse().ok())?,
            _ => return Err(unknown(word)),
        }
    }
    Ok(())
}

fn in_accounts(config: &mut NaiveConfig) -> &mut AccountsConfig {
    config.accounts.get_or_insert_default()
}

/// How a spec begins that is the next of a script: its symbol, and with accounts its assets.
fn script_terms(listed: usize, accounts: bool) -> InstrumentSpecBuilder {
    let spec = InstrumentSpec::builder(format!("S{listed}"), Decimal::ONE, Decimal::ONE);
    if accounts {
        spec.assets(AssetId::new(1), AssetId::new(0))
    } else {
        spec
    }
}

/// Reads one command; a list begins with `spec`.
fn command(line: &str, spec: &InstrumentSpecBuilder) -> Result<Command, String> {
    let mut words = Words::new(line);
    let first = words.next().unwrap_or_default();
    let command = match first {
        "buy" | "sell" => return Ok(Command::Place(order(line)?)),
        "oco:" | "bracket:" => return linked(line),
        "list" => list(&mut words, spec.clone())?,
        "cancel" => Command::Cancel(Cancel {
            order: words.take(order_ref)?,
            account: words.after("acct", account)?,
        }),
        "amend" => amend(&mut words)?,
        "mass-cancel" => mass_cancel(&mut words)?,
        "phase" => {
            let phase = words.take(phase)?;
            let instrument = words.instrument()?;
            Command::SetPhase(SetPhase { instrument, phase })
        }
        "uncross" => Command::Uncross(words.instrument()?),
        "mark" => {
            let price = words.take(price)?;
            let instrument = words.instrument()?;
            Command::SetMark(SetMark { instrument, price })
        }
        "switch" => Command::CancelAllAfter(CancelAllAfter {
            account: words.take(account)?,
            timeout_ns: words.take(|word| match word {
                "off" => Some(None),
                _ => nanos(word).map(Some),
            })?,
        }),
        "kill" => Command::Kill(words.take(scope)?),
        "resume" => Command::Resume(words.take(scope)?),
        "tick" => Command::Tick,
        _ => money::command(first, &mut words)?.ok_or_else(|| unknown(first))?,
    };
    words.end()?;
    Ok(command)
}

fn linked(line: &str) -> Result<Command, String> {
    let (kind, orders) = match line.split_once(':') {
        Some(("oco", orders)) => (LinkKind::OneCancelsOther, orders),
        Some(("bracket", orders)) => (LinkKind::Bracket, orders),
        _ => return Err(unknown(line)),
    };
    let orders = orders.split('|').map(str::trim).filter(|text| !text.is_empty());
    let orders = orders.map(order).collect::<Result<_, _>>()?;
    Ok(Command::PlaceLinked(Box::new(Linked { kind, orders })))
}

fn list(words: &mut Words<'_>, mut spec: InstrumentSpecBuilder) -> Result<Command, String> {
    let count = |word: &str| word.parse::<u32>().ok();
    while let Some(word) = words.next() {
        spec = match word {
            "symbol" => {
                let symbol = words.take(|word| Some(word.to_owned()))?;
                InstrumentSpec::builder(symbol, Decimal::ONE, Decimal::ONE)
            }
            "quantities" => {
                let (min, max) = words.take(|word| {
                    let (min, max) = word.split_once("..")?;
                    Some((qty(min)?, qty(max)?))
                })?;
                spec.quantities(min, max)
            }
            "notional" => spec.min_notional(words.take(|word| word.parse().ok())?),
            "band" => spec.price_band_bps(words.take(count)?),
            "dynamic" => {
                let bps = words.take(count)?;
                let lasts = words.after("for", nanos)?;
                spec.dynamic_band_bps(bps, lasts)
            }
            "protect" => spec.market_protection_bps(words.take(count)?),
            "prorata" => {
                let top_order = words.skip_if("top");
                let min_lots = words.after("min", qty)?.unwrap_or(Qty::new(1));
                spec.allocation(Allocation::ProRata { top_order, min_lots })
            }
            "trigger" => spec.trigger_source(words.take(|word| match word {
                "mark" => Some(TriggerSource::Mark),
                "last" => Some(TriggerSource::LastTrade),
                _ => None,
            })?),
            "phase" => spec.initial_phase(words.take(phase)?),
            "parts" => spec.iceberg_parts_max(words.take(count)?),
            "stops" => spec.stops_max(words.take(count)?),
            _ => money::term(spec, word, words)?,
        };
    }
    let spec = spec.build().map_err(|problem| problem.to_string())?;
    Ok(Command::List(Box::new(spec)))
}

fn amend(words: &mut Words<'_>) -> Result<Command, String> {
    let mut amend = Amend {
        order: words.take(order_ref)?,
        account: None,
        price: None,
        quantity: None,
    };
    while let Some(word) = words.next() {
        match word {
            "price" => amend.price = Some(words.take(price)?),
            "qty" => amend.quantity = Some(words.take(qty)?),
            "acct" => amend.account = Some(words.take(account)?),
            _ => return Err(unknown(word)),
        }
    }
    Ok(Command::Amend(amend))
}

fn mass_cancel(words: &mut Words<'_>) -> Result<Command, String> {
    let mut mass = MassCancel::default();
    while let Some(word) = words.next() {
        match word {
            "acct" => mass.account = Some(words.take(account)?),
            "in" => mass.instrument = Some(words.take(instrument)?),
            "buy" => mass.side = Some(Side::Buy),
            "sell" => mass.side = Some(Side::Sell),
            "disconnected" => mass.cause = MassCancelCause::Disconnected,
            _ => return Err(unknown(word)),
        }
    }
    Ok(Command::MassCancel(mass))
}

pub(super) fn price(word: &str) -> Option<Price> {
    let limits = [Price::MIN, Price::MAX].map(|price| i128::from(price.ticks()));
    number(word, limits).map(Price::new)
}

pub(super) fn qty(word: &str) -> Option<Qty> {
    number(word, [0, i128::from(Qty::MAX.lots())]).map(Qty::new)
}

pub(super) fn account(word: &str) -> Option<AccountId> {
    AccountId::new(word.parse().ok()?)
}

pub(super) fn instrument(word: &str) -> Option<InstrumentId> {
    word.parse().ok().map(InstrumentId::new)
}

fn order_ref(word: &str) -> Option<OrderRef> {
    match word.split_once('/') {
        Some((owner, name)) => Some(OrderRef::Client(account(owner)?, ClientOrderId::new(name).ok()?)),
        None => word.parse().ok().map(OrderId::new).map(OrderRef::Id),
    }
}

fn phase(word: &str) -> Option<Phase> {
    match word {
        "continuous" => Some(Phase::Continuous),
        "auction" => Some(Phase::Auction),
        "halted" => Some(Phase::Halted),
        "closed" => Some(Phase::Closed),
        _ => None,
    }
}

fn scope(word: &str) -> Option<Scope> {
    match word {
        "all" => Some(Scope::Engine),
        _ => account(word).map(Scope::Account),
    }
}

pub(super) fn unknown(word: &str) -> String {
    format!("`{word}` has no meaning here")
}

/// The words of a line, one after the other.
pub(super) struct Words<'a> {
    words: std::iter::Peekable<std::str::SplitWhitespace<'a>>,
}

impl<'a> Words<'a> {
    pub(super) fn new(line: &'a str) -> Self {
        Self {
            words: line.split_whitespace().peekable(),
        }
    }

    pub(super) fn next(&mut self) -> Option<&'a str> {
        self.words.next()
    }

    pub(super) fn peek(&mut self) -> Option<&'a str> {
        self.words.peek().copied()
    }

    fn skip(&mut self) {
        self.words.next();
    }

    pub(super) fn skip_if(&mut self, word: &str) -> bool {
        self.words.next_if(|next| *next == word).is_some()
    }

    /// The next word, read by `read`.
    pub(super) fn take<T>(&mut self, read: impl FnOnce(&str) -> Option<T>) -> Result<T, String> {
        let word = self.next().ok_or("a word is missing at the end")?;
        read(word).ok_or_else(|| unknown(word))
    }

    /// What stands after `key`, if that comes next.
    pub(super) fn after<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, String> {
        if self.skip_if(key) {
            self.take(read).map(Some)
        } else {
            Ok(None)
        }
    }

    fn instrument(&mut self) -> Result<InstrumentId, String> {
        Ok(self.after("in", instrument)?.unwrap_or_default())
    }

    fn end(&mut self) -> Result<(), String> {
        self.next().map_or(Ok(()), |word| Err(unknown(word)))
    }
}
