//! What a run of streams reached, and what there is to reach.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use engine_core::{Command, Event, OrderKind, Place, RejectReason};

/// The variants that a run reached, as `Enum::Variant`.
///
/// A command counts when it was not refused, and what an order asks for when it was accepted: what is refused
/// reaches only its reason.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    reached: BTreeMap<String, u64>,
}

/// The sources that declare what may be asked and what may happen.
const SOURCES: [&str; 3] = [
    include_str!("../../../engine-core/src/command.rs"),
    include_str!("../../../engine-core/src/event.rs"),
    include_str!("../../../engine-core/src/spec.rs"),
];

impl Coverage {
    /// Every variant that there is, read from the sources of the vocabulary, errors excepted: a new variant is
    /// in this list without anybody having to think of it.
    pub fn declared() -> BTreeSet<String> {
        let mut declared = BTreeSet::new();
        for source in SOURCES {
            let mut current = None;
            for line in source.lines() {
                if let Some(rest) = line.strip_prefix("pub enum ") {
                    current = Some(identifier(rest)).filter(|name| !name.ends_with("Error"));
                } else if line == "}" {
                    current = None;
                } else if let (Some(name), Some(rest)) = (current, line.strip_prefix("    "))
                    && rest.starts_with(|c: char| c.is_ascii_uppercase())
                {
                    declared.insert(format!("{name}::{}", identifier(rest)));
                }
            }
        }
        declared
    }

    /// What was reached so far, and how often.
    pub fn reached(&self) -> &BTreeMap<String, u64> {
        &self.reached
    }

    /// Adds what a command and its events reached.
    pub fn see(&mut self, command: &Command, events: &[Event]) {
        for event in events {
            self.see_event(event);
        }
        let refused = events.iter().any(|event| matches!(event, Event::Rejected { .. }));
        if !refused {
            self.see_command(command);
        }
    }

    fn see_event(&mut self, event: &Event) {
        self.add("Event", event);
        match event {
            Event::Accepted { order_type, .. } => self.add("OrderType", order_type),
            Event::Cancelled { reason, .. } => self.add("CancelReason", reason),
            Event::PhaseChanged { phase, .. } => self.add("Phase", phase),
            Event::Rejected { request, reason, .. } => {
                self.add("Request", request);
                self.add("RejectReason", reason);
                if let RejectReason::RiskLimit(which) = reason {
                    self.add("RiskLimit", which);
                }
            }
            _ => {}
        }
    }

    fn see_command(&mut self, command: &Command) {
        self.add("Command", command);
        match command {
            Command::List(spec) => {
                let terms = spec.terms();
                self.add("Allocation", &terms.allocation);
                self.add("TriggerSource", &terms.trigger_source);
                self.add("Funding", &terms.funding);
                self.add("Phase", &terms.initial_phase);
            }
            Command::Place(place) => self.see_order(place),
            Command::PlaceLinked(linked) => {
                self.add("LinkKind", &linked.kind);
                for place in &linked.orders {
                    self.see_order(place);
                }
            }
            Command::Cancel(cancel) => self.add("OrderRef", &cancel.order),
            Command::Amend(amend) => self.add("OrderRef", &amend.order),
            Command::MassCancel(mass) => self.add("MassCancelCause", &mass.cause),
            Command::Kill(scope) | Command::Resume(scope) => self.add("Scope", scope),
            _ => {}
        }
    }

    fn see_order(&mut self, place: &Place) {
        self.add("OrderKind", &place.kind);
        self.add("TimeInForce", &place.time_in_force);
        self.add("Visibility", &place.visibility);
        self.add("PostOnly", &place.post_only);
        self.add("SelfTrade", &place.self_trade);
        match &place.kind {
            OrderKind::TrailingStop { trail } | OrderKind::TrailingStopLimit { trail, .. } => {
                self.add("Trail", trail);
            }
            OrderKind::Pegged { peg, .. } => self.add("Peg", peg),
            _ => {}
        }
    }

    fn add(&mut self, name: &str, value: &impl Debug) {
        let mut text = FirstWord::default();
        // Writing stops with an error after the first word; that is what is meant.
        let _ = std::fmt::write(&mut text, format_args!("{value:?}"));
        *self.reached.entry(format!("{name}::{}", text.word)).or_default() += 1;
    }
}

/// Takes the name of the variant from a debug text and no more, because the rest is long.
#[derive(Default)]
struct FirstWord {
    word: String,
}

impl std::fmt::Write for FirstWord {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let name = identifier(text);
        self.word.push_str(name);
        if name.len() == text.len() {
            Ok(())
        } else {
            Err(std::fmt::Error)
        }
    }
}

/// The identifier at the beginning of a text.
fn identifier(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric());
    &text[..end.unwrap_or(text.len())]
}
