//! Lines become steps: what each asks for, and when.

use engine_core::data::Interval;
use engine_core::{
    AssetId, AssetSpec, Command, InstrumentSpec, InstrumentTerms, MassCancel, OrderRef, Timestamp,
};
use engine_wire::{
    AmendLine, CancelLine, ErrorCode, Field, Input, JsonError, Line, Op, Query, RequestError, Symbols,
    TransferLine, utf8,
};
use rust_decimal::Decimal;

use crate::cli::Accounts;

/// What one line asks for, and when.
#[derive(Debug)]
pub(super) struct Step {
    /// The line's number.
    pub(super) line: u64,
    /// The engine time from the line on.
    pub(super) time: Timestamp,
    /// What the line names for the first time and needs.
    pub(super) assets: Vec<AssetSpec>,
    pub(super) action: Action,
}

#[derive(Debug)]
pub(super) enum Action {
    Apply(Command),
    /// A command in its binary form: whatever it is, the engine is asked.
    Exact(Command),
    Cancel(CancelLine),
    Amend(AmendLine),
    Transfer(TransferLine),
    /// A cancel of all of nobody's orders that match.
    MassCancelOfNobody(MassCancel),
    /// A line about an order that says which, but asks for something that cannot be.
    Refuse(Refusal),
    Answer(Query),
}

/// Why a line about an order is refused without being asked of the engine.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refusal {
    pub(super) op: Op,
    pub(super) order: OrderRef,
    pub(super) code: ErrorCode,
}

/// Why a line stops everything.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum LineError {
    #[error(transparent)]
    Request(#[from] RequestError),
    #[error("time_ns {} is before engine time {}", time.nanos(), now.nanos())]
    TimeBackwards { time: Timestamp, now: Timestamp },
    #[error("nothing can be asked for before the first symbol line")]
    NoSymbolYet,
    #[error("more bytes than a line may have")]
    TooLong,
    #[error("the engine refused the symbol: {0}")]
    NotListed(&'static str),
    #[error("there is an asset {0} already")]
    AssetTwice(String),
}

impl From<JsonError> for LineError {
    fn from(error: JsonError) -> Self {
        Self::Request(error.into())
    }
}

/// The decimal places of an asset of which nothing else is known: enough for the usual ticks and lots.
const SCALE: u8 = 12;

/// The decimal places of an asset that an instrument names: enough for its fees to be exact, as far as that goes.
fn scale(terms: &InstrumentTerms, asset: AssetId) -> u8 {
    let unit = match terms.quote == Some(asset) {
        true => terms.tick.checked_mul(terms.lot),
        false => Some(terms.lot),
    };
    let millionth = |ppm: i32| Decimal::new(ppm.into(), 6).normalize().scale();
    let fees = match terms.quote == Some(asset) {
        true => millionth(terms.maker_fee_ppm).max(millionth(terms.taker_fee_ppm)),
        false => 0,
    };
    let needed = unit.map_or(u32::MAX, |unit| unit.normalize().scale() + fees);
    u8::try_from(needed)
        .unwrap_or(u8::MAX)
        .clamp(SCALE, AssetSpec::SCALE_MAX)
}

/// Reads line after line. What a line means depends on the symbols and the time before it, and on nothing else.
pub(super) struct Script {
    accounts: Accounts,
    symbols: Symbols,
    now: Timestamp,
}

impl Script {
    pub(super) fn new(accounts: Accounts) -> Self {
        Self {
            accounts,
            symbols: Symbols::new(),
            now: Timestamp::ZERO,
        }
    }

    /// The instruments so far.
    pub(super) fn symbols(&self) -> &Symbols {
        &self.symbols
    }

    /// Takes note of an instrument that the engine has listed without a `symbol` line.
    pub(super) fn list(&mut self, spec: &InstrumentSpec) -> Result<(), LineError> {
        match self.symbols.list(spec) {
            Some(_) => Ok(()),
            None => Err(RequestError::SymbolTaken.into()),
        }
    }

    /// Takes note of an asset that the engine knows without an `asset` line.
    pub(super) fn add_asset(&mut self, spec: &AssetSpec) -> Result<(), LineError> {
        match self.symbols.add_asset(spec) {
            Some(_) => Ok(()),
            None => Err(LineError::AssetTwice(spec.name.clone())),
        }
    }

    /// What a line asks for; `None` for a line that is blank.
    pub(super) fn step(&mut self, number: u64, line: &[u8]) -> Result<Option<Step>, LineError> {
        let text = utf8(line)?;
        if text.trim_ascii().is_empty() {
            return Ok(None);
        }
        let line = Line::read(text)?;
        if self.symbols.is_empty() && !matches!(line.op(), Op::Symbol | Op::Command | Op::Asset) {
            return Err(LineError::NoSymbolYet);
        }
        if let Some(time) = line.time()? {
            if time < self.now {
                return Err(LineError::TimeBackwards { time, now: self.now });
            }
            self.now = time;
        }
        let action = self.action(&line)?;
        Ok(Some(Step {
            line: number,
            time: self.now,
            assets: self.new_assets(&action),
            action,
        }))
    }

    /// The assets that were named for the first time: with accounts the engine has to know them.
    fn new_assets(&mut self, action: &Action) -> Vec<AssetSpec> {
        if self.accounts == Accounts::Off {
            return Vec::new();
        }
        let scale_of = |asset: AssetId| match action {
            Action::Apply(Command::List(spec)) => scale(spec.terms(), asset),
            _ => SCALE,
        };
        let first = self.symbols.asset_count() - self.symbols.assets_to_add().count();
        let names: Vec<String> = self.symbols.assets_to_add().map(str::to_owned).collect();
        let specs = names
            .into_iter()
            .zip((first..).map(|index| AssetId::new(index as u32)));
        let specs: Vec<AssetSpec> = specs
            .map(|(name, asset)| AssetSpec {
                name,
                scale: scale_of(asset),
            })
            .collect();
        for spec in &specs {
            self.symbols.add_asset(spec);
        }
        specs
    }

    /// A line that names its order is refused when it is wrong, as the server would; any other wrong line stops.
    fn action(&mut self, line: &Line<'_>) -> Result<Action, LineError> {
        match line.input(&mut self.symbols) {
            Ok(Input::Command(command)) => {
                match &command {
                    Command::List(spec) => drop(self.symbols.list(spec)),
                    Command::AddAsset(spec) if self.symbols.find_asset(&spec.name).is_some() => {
                        return Err(LineError::AssetTwice(spec.name.clone()));
                    }
                    Command::AddAsset(spec) => self.add_asset(spec)?,
                    _ => {}
                }
                Ok(Action::Apply(command))
            }
            Ok(Input::Exact(command)) => Ok(Action::Exact(command)),
            Ok(Input::Cancel(cancel)) => Ok(Action::Cancel(cancel)),
            Ok(Input::Amend(amend)) => Ok(Action::Amend(amend)),
            Ok(Input::MassCancel {
                wanted,
                as_nobody: true,
            }) => Ok(Action::MassCancelOfNobody(wanted)),
            Ok(Input::MassCancel {
                wanted,
                as_nobody: false,
            }) => Ok(Action::Apply(Command::MassCancel(wanted))),
            // Without accounts money is of no use, and nobody has any.
            Ok(Input::Transfer(_)) if self.accounts == Accounts::Off => Ok(Action::Apply(Command::Tick)),
            Ok(Input::Transfer(transfer)) => {
                self.symbols.asset(&transfer.asset);
                Ok(Action::Transfer(transfer))
            }
            Ok(Input::Query(Query::Candles { interval, .. })) if !Interval::USUAL.contains(&interval) => {
                Err(RequestError::Malformed(Field::Interval).into())
            }
            Ok(Input::Query(query)) => Ok(Action::Answer(query)),
            Ok(other) => unreachable!("{other:?} is an input that this program knows nothing of"),
            Err(error) => match line.order() {
                Some(order) => Ok(Action::Refuse(Refusal {
                    op: line.op(),
                    order,
                    code: error.code(),
                })),
                None => Err(error.into()),
            },
        }
    }
}
