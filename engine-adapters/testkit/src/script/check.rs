//! Running a script and comparing what happened with what is expected.

use std::fmt::Write as _;

use engine_core::{Event, Seq};

use super::parse::{Script, parse};
use super::render_command::render_command;
use super::render_event::render_event;
use crate::naive::NaiveConfig;
use crate::under_test::{Labelled, UnderTest};

/// Runs a script through an engine made by `make` and compares the events of what stands below `---` (or of all)
/// with `expected`, line by line. An expected line may stop early: `accepted 1` is enough for
/// `accepted 1 buy Limit 5 @ 100`.
///
/// # Panics
/// When a line differs, with everything that happened; when the script cannot be read; when something above `---`
/// was refused.
pub fn check<E: UnderTest>(script: &str, expected: &str, make: impl FnOnce(NaiveConfig) -> E) {
    let script = match parse(script) {
        Ok(script) => script,
        Err(error) => panic!("{error}"),
    };
    let engine = make(script.config);
    let happened = if script.config.ids_chosen {
        run(engine, &script)
    } else {
        run(Labelled::new(engine), &script)
    };
    let expected = expected
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default().trim());
    let expected: Vec<&str> = expected.filter(|line| !line.is_empty()).collect();
    compare(&happened, &expected);
}

/// What one command did.
struct Happened {
    command: String,
    lines: Vec<String>,
    is_compared: bool,
}

fn run(mut engine: impl UnderTest, script: &Script) -> Vec<Happened> {
    let mut happened = Vec::new();
    let mut seq = Seq::new(0);
    for step in &script.steps {
        seq = seq.next();
        let mut events = Vec::new();
        engine.apply(seq, step.time, &step.command, &mut events);
        engine.check_invariants();
        let command = render_command(&step.command);
        let refused = events.iter().any(|event| matches!(event, Event::Rejected { .. }));
        assert!(
            step.is_compared || !refused,
            "`{command}` is given but was refused: {events:?}"
        );
        happened.push(Happened {
            command,
            lines: events.iter().map(render_event).collect(),
            is_compared: step.is_compared,
        });
    }
    happened
}

fn compare(happened: &[Happened], expected: &[&str]) {
    let mut rest = expected.iter();
    let mut report = String::new();
    let mut differs = false;
    for step in happened {
        let _ = writeln!(report, "> {}", step.command);
        for line in &step.lines {
            if !step.is_compared {
                let _ = writeln!(report, "      {line}");
                continue;
            }
            match rest.next() {
                Some(expected) if says(line, expected) => {
                    let _ = writeln!(report, "  ok  {line}");
                }
                other => {
                    differs = true;
                    let other = other.copied().unwrap_or("nothing more");
                    let _ = writeln!(report, "  !!  {line}\n      expected: {other}");
                }
            }
        }
    }
    for missing in rest {
        differs = true;
        let _ = writeln!(report, "  !!  did not happen: {missing}");
    }
    assert!(!differs, "events differ from what is expected\n{report}");
}

/// Whether the words of `expected` are the first words of `line`.
fn says(line: &str, expected: &str) -> bool {
    let mut words = line.split_whitespace();
    expected.split_whitespace().all(|word| words.next() == Some(word))
}
