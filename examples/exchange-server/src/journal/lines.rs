//! Commands as lines that a replay reads as the same commands.

use engine_core::{Command, InstrumentId, OrderRef, Sequenced};
use engine_wire::{Input, Line, Op, Symbols, write_command, write_exact};

/// What is known of a command beside itself.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Circumstances {
    /// The instrument of the live order that it names.
    pub(super) instrument: Option<InstrumentId>,
    /// Whether the engine has listed the instrument that it brings.
    pub(super) is_listed: bool,
}

/// Writes the commands of one stream, in order.
#[derive(Default)]
pub(super) struct LineWriter {
    symbols: Symbols,
    line: Vec<u8>,
}

impl LineWriter {
    /// Begins where these instruments are listed.
    pub(super) fn new(symbols: Symbols) -> Self {
        Self {
            symbols,
            line: Vec::new(),
        }
    }

    /// The line of the next command, with its end.
    ///
    /// Each line is read again before it counts. A command that it does not say exactly is written in its binary form.
    pub(super) fn line(&mut self, command: &Sequenced<Command>, known: Circumstances) -> &[u8] {
        self.line.clear();
        let instrument_of = |_: OrderRef| known.instrument;
        write_command(
            &command.value,
            command.time,
            &self.symbols,
            instrument_of,
            &mut self.line,
        );
        if !self.says(command, known) {
            self.line.clear();
            write_exact(&command.value, command.time, &mut self.line);
        }
        if let Command::List(spec) = &command.value
            && known.is_listed
        {
            self.symbols.list(spec);
        }
        self.line.push(b'\n');
        &self.line
    }

    /// Whether a replay takes the line for the command, or for one with the same effect.
    fn says(&mut self, command: &Sequenced<Command>, known: Circumstances) -> bool {
        let Ok(line) = std::str::from_utf8(&self.line).map(Line::read) else {
            return false;
        };
        let Ok(line) = line else { return false };
        if line.time() != Ok(Some(command.time)) || (self.symbols.is_empty() && line.op() != Op::Symbol) {
            return false;
        }
        if let Command::List(_) = &command.value {
            // The assets are known from now on, but only if the line is the one that counts.
            let mut symbols = self.symbols.clone();
            let is_said = known.is_listed
                && matches!(line.input(&mut symbols), Ok(Input::Command(said)) if said == command.value);
            if is_said {
                self.symbols = symbols;
            }
            return is_said;
        }
        match (line.input(&mut self.symbols), &command.value) {
            (Ok(Input::Command(said)), value) => said == *value,
            (Ok(Input::Cancel(said)), Command::Cancel(cancel)) => {
                said.cancel == *cancel && !said.as_nobody && said.instrument.is_none()
            }
            (Ok(Input::MassCancel { wanted, as_nobody }), Command::MassCancel(value)) => {
                wanted == *value && !as_nobody
            }
            (Ok(Input::Amend(said)), Command::Amend(amend)) => match known.instrument {
                Some(instrument) => {
                    said.instrument == Some(instrument)
                        && !said.as_nobody
                        && said.command(instrument, &self.symbols) == Ok(*amend)
                }
                // No such order lives, so the engine refuses whatever is asked of it.
                None => said.order == amend.order && said.account == amend.account && !said.as_nobody,
            },
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use engine_core::{
        AccountId, Amend, CancelAllAfter, InstrumentSpec, OrderId, Place, Price, Qty, Seq, Side, Timestamp,
    };
    use rust_decimal::Decimal;

    use super::*;

    const X: InstrumentId = InstrumentId::new(0);

    fn sequenced(value: Command) -> Sequenced<Command> {
        Sequenced {
            seq: Seq::new(1),
            time: Timestamp::from_nanos(5),
            value,
        }
    }

    fn spec(symbol: &str) -> InstrumentSpec {
        let spec = InstrumentSpec::builder(symbol, Decimal::new(1, 2), Decimal::ONE);
        spec.build().expect("the terms make an instrument")
    }

    fn with_x() -> LineWriter {
        let mut lines = LineWriter::default();
        lines.symbols.list(&spec("X"));
        lines
    }

    fn written(lines: &mut LineWriter, value: Command, known: Circumstances) -> String {
        let line = lines.line(&sequenced(value), known).to_vec();
        String::from_utf8(line).expect("lines are UTF-8")
    }

    #[test]
    fn what_a_line_can_say_is_said_in_words() {
        let order = Place::limit(X, OrderId::new(1), Side::Buy, Price::new(1000), Qty::new(5));
        let line = written(&mut with_x(), Command::Place(order), Circumstances::default());
        assert!(
            line.starts_with(r#"{"op":"new","id":1,"symbol":"X","side":"Buy""#),
            "{line}"
        );
    }

    #[test]
    fn what_no_line_says_is_written_in_its_binary_form() {
        let unknown = InstrumentId::new(7);
        let unlisted = Place::limit(unknown, OrderId::new(1), Side::Buy, Price::new(1000), Qty::new(5));
        let switch = CancelAllAfter {
            account: AccountId::new(7).expect("7 is an account"),
            timeout_ns: Some(1),
        };
        for value in [Command::Place(unlisted), Command::CancelAllAfter(switch)] {
            let line = written(&mut with_x(), value, Circumstances::default());
            assert!(line.starts_with(r#"{"op":"command","command":"1:"#), "{line}");
        }
        let early = written(
            &mut LineWriter::default(),
            Command::Tick,
            Circumstances::default(),
        );
        assert!(
            early.starts_with(r#"{"op":"command""#),
            "no symbol is known yet: {early}"
        );
        let refused = Command::List(Box::new(spec("Y")));
        let line = written(&mut with_x(), refused, Circumstances::default());
        assert!(line.starts_with(r#"{"op":"command""#), "{line}");
    }

    #[test]
    fn an_amend_is_told_in_units_where_its_order_lives() {
        let amend = Amend {
            order: OrderRef::Id(OrderId::new(1)),
            account: None,
            price: Some(Price::new(1001)),
            quantity: None,
        };
        let live = Circumstances {
            instrument: Some(X),
            ..Circumstances::default()
        };
        let line = written(&mut with_x(), Command::Amend(amend), live);
        assert_eq!(
            line,
            "{\"op\":\"amend\",\"id\":1,\"symbol\":\"X\",\"price\":10.01,\"time_ns\":5}\n"
        );
        let line = written(&mut with_x(), Command::Amend(amend), Circumstances::default());
        assert_eq!(line, "{\"op\":\"amend\",\"id\":1,\"time_ns\":5}\n");
    }
}
