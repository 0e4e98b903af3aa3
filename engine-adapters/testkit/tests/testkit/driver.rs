//! The differential driver finds differences and makes them small.

use std::panic::catch_unwind;

use engine_core::{Command, Event, Seq, TimeInForce, Timestamp};
use engine_testkit::differential::{Seeds, differential};
use engine_testkit::{NaiveConfig, NaiveEngine, UnderTest};

/// The naive engine with a fault.
struct Faulty {
    inner: NaiveEngine,
    fault: fn(&Command, &mut Vec<Event>),
}

impl UnderTest for Faulty {
    fn apply(&mut self, seq: Seq, time: Timestamp, command: &Command, events: &mut Vec<Event>) {
        let mut happened = self.inner.apply(seq, time, command);
        (self.fault)(command, &mut happened);
        events.extend(happened);
    }

    fn check_invariants(&self) {}
}

fn report_of(fault: fn(&Command, &mut Vec<Event>)) -> String {
    let seeds = Seeds { first: 0, count: 400 };
    let run = || {
        differential(seeds, |config: NaiveConfig| Faulty {
            inner: NaiveEngine::new(config),
            fault,
        });
    };
    let panic = catch_unwind(run).expect_err("the fault is found");
    *panic.downcast::<String>().expect("the report is a text")
}

fn script_of(report: &str) -> Vec<&str> {
    let lines = report.lines().skip_while(|line| *line != "script:").skip(1);
    lines.take_while(|line| !line.is_empty()).map(str::trim).collect()
}

#[test]
fn an_engine_that_agrees_passes() {
    differential(Seeds { first: 0, count: 130 }, NaiveEngine::new);
}

#[test]
fn a_swallowed_event_is_found_and_shrunk_to_the_commands_that_show_it() {
    let report = report_of(|_, events| events.retain(|event| !matches!(event, Event::Replenished { .. })));
    let script = script_of(&report);
    let commands: Vec<&&str> = script.iter().filter(|line| !line.starts_with("at ")).collect();
    assert!(commands.len() == 4, "an iceberg and a taker are enough: {report}");
    assert!(script.iter().any(|line| line.contains("iceberg")), "{report}");
    assert!(report.contains("ENGINE_SEED="), "{report}");
}

#[test]
fn conditions_that_do_not_matter_are_taken_away() {
    let report = report_of(|command, events| {
        let is_fok = |command: &Command| matches!(command, Command::Place(place) if place.time_in_force == TimeInForce::Fok);
        if is_fok(command) {
            events.clear();
        }
    });
    let script = script_of(&report);
    let last = script.last().expect("a script has commands");
    assert!(last.contains("fok"), "{report}");
    for condition in ["stp", "group", "hidden", "iceberg", "acct"] {
        assert!(!last.contains(condition), "{condition} does not matter: {report}");
    }
}

#[test]
fn a_panic_is_a_difference() {
    let report = report_of(|command, _| {
        assert!(!matches!(command, Command::Uncross(_)), "no uncrossing here");
    });
    assert!(report.contains("(panic) no uncrossing here"), "{report}");
    let [_engine, list, uncross] = script_of(&report)[..] else {
        panic!("an instrument and the command are enough: {report}");
    };
    assert!(list.starts_with("list") && uncross == "uncross", "{report}");
}
