//! Lines become steps: what each asks for, and when.

use engine_core::data::Interval;
use engine_core::{Command, InstrumentSpec, MassCancel, OrderRef, Timestamp};
use engine_wire::{
    AmendLine, CancelLine, ErrorCode, Field, Input, JsonError, Line, Op, Query, RequestError, Symbols, utf8,
};

/// What one line asks for, and when.
#[derive(Debug)]
pub(super) struct Step {
    /// The line's number.
    pub(super) line: u64,
    /// The engine time from the line on.
    pub(super) time: Timestamp,
    pub(super) action: Action,
}

#[derive(Debug)]
pub(super) enum Action {
    Apply(Command),
    /// A command in its binary form: whatever it is, the engine is asked.
    Exact(Command),
    Cancel(CancelLine),
    Amend(AmendLine),
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
}

impl From<JsonError> for LineError {
    fn from(error: JsonError) -> Self {
        Self::Request(error.into())
    }
}

/// Reads line after line. What a line means depends on the symbols and the time before it, and on nothing else.
#[derive(Default)]
pub(super) struct Script {
    symbols: Symbols,
    now: Timestamp,
}

impl Script {
    pub(super) fn new() -> Self {
        Self::default()
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

    /// What a line asks for; `None` for a line that is blank.
    pub(super) fn step(&mut self, number: u64, line: &[u8]) -> Result<Option<Step>, LineError> {
        let text = utf8(line)?;
        if text.trim_ascii().is_empty() {
            return Ok(None);
        }
        let line = Line::read(text)?;
        if self.symbols.is_empty() && !matches!(line.op(), Op::Symbol | Op::Command) {
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
            action,
        }))
    }

    /// A line that names its order is refused when it is wrong, as the server would; any other wrong line stops.
    fn action(&mut self, line: &Line<'_>) -> Result<Action, LineError> {
        match line.input(&mut self.symbols) {
            Ok(Input::Command(command)) => {
                if let Command::List(spec) = &command {
                    self.symbols.list(spec);
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
            Ok(Input::Transfer(_)) => Ok(Action::Apply(Command::Tick)),
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
