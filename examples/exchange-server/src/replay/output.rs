//! Where events and answers go: into lines, into counts, or into both.

use std::collections::BTreeMap;
use std::io;

use engine_core::{Event, InstrumentId, OrderRef, Request};
use engine_wire::{ErrorCode, Language, Op, Symbols, event_type, reject_message};

use super::printer::Printer;
use super::script::Refusal;

/// What is made of the events of a replay.
pub(super) struct Output {
    pub(super) printer: Option<Printer>,
    pub(super) counts: Option<Counts>,
    /// Whether facts about the inside of the book are events to the outside, too.
    pub(super) facts: bool,
}

/// What the events of a replay come to.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) by_type: BTreeMap<&'static str, u64>,
    /// What traded, in lots.
    pub(super) traded: BTreeMap<InstrumentId, u128>,
}

impl Output {
    /// Whether nobody wants to know.
    pub(super) fn is_idle(&self) -> bool {
        self.printer.is_none() && self.counts.is_none()
    }

    /// Takes what a line led to. Where the line named its order by its owner's own name, so does a refusal.
    pub(super) fn events(
        &mut self,
        line: u64,
        named: Option<OrderRef>,
        events: &[Event],
        symbols: &Symbols,
    ) -> io::Result<()> {
        for event in events {
            match *event {
                Event::Rejected {
                    order,
                    request,
                    reason,
                    ..
                } => match op_about_order(request) {
                    Some(op) => {
                        let order = named.unwrap_or(OrderRef::Id(order));
                        self.refused(
                            line,
                            &Refusal {
                                op,
                                order,
                                code: ErrorCode::from(reason),
                            },
                        )?;
                    }
                    None => {
                        let message = reject_message(reason, Language::English);
                        eprintln!("exchange-server: line {line}: refused: {message}");
                    }
                },
                _ if self.facts || is_told(event) => self.event(line, event, symbols)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn event(&mut self, line: u64, event: &Event, symbols: &Symbols) -> io::Result<()> {
        if let Some(counts) = &mut self.counts {
            counts.add(event);
        }
        match &mut self.printer {
            Some(printer) => printer.event(line, event, symbols),
            None => Ok(()),
        }
    }

    pub(super) fn refused(&mut self, line: u64, refusal: &Refusal) -> io::Result<()> {
        if let Some(counts) = &mut self.counts {
            *counts.by_type.entry("Rejected").or_default() += 1;
        }
        match &mut self.printer {
            Some(printer) => printer.refused(line, refusal),
            None => Ok(()),
        }
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.printer.as_mut().map_or(Ok(()), Printer::flush)
    }
}

impl Counts {
    fn add(&mut self, event: &Event) {
        *self.by_type.entry(event_type(event)).or_default() += 1;
        if let Event::Traded {
            instrument, quantity, ..
        } = event
        {
            *self.traded.entry(*instrument).or_default() += u128::from(quantity.lots());
        }
    }
}

/// The operation of a request that is about an order: only those have refusals that are events.
fn op_about_order(request: Request) -> Option<Op> {
    match request {
        Request::Place => Some(Op::New),
        Request::PlaceLinked => Some(Op::OrderList),
        Request::Cancel => Some(Op::Cancel),
        Request::Amend => Some(Op::Amend),
        _ => None,
    }
}

/// Whether an event is told unless everything is asked for.
fn is_told(event: &Event) -> bool {
    matches!(
        event,
        Event::Accepted { .. }
            | Event::Traded { .. }
            | Event::Cancelled { .. }
            | Event::Amended { .. }
            | Event::Triggered { .. }
            | Event::PhaseChanged { .. }
            | Event::Indicative { .. }
    )
}
