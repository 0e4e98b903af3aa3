//! Telling a difference so that a reader can judge it.

use std::fmt::Write as _;

use super::{Said, Small};
use crate::naive::{NaiveConfig, NaiveEngine};
use crate::script::{render_event, render_stream};
use crate::streams::Stream;

use engine_core::Seq;

/// The difference as a script, what led to it, what each engine says, and how to run it again.
pub fn describe(stream: &Stream, small: &Small) -> String {
    let Stream { seed, profile, .. } = stream;
    let mut text = format!("the engines differ in stream {seed} ({profile:?})\n\nscript:\n");
    for line in render_stream(&stream.config, &small.commands).lines() {
        let _ = writeln!(text, "  {line}");
    }
    let _ = writeln!(text, "\nbefore the last command the naive engine said:");
    for line in history(&stream.config, small) {
        let _ = writeln!(text, "  {line}");
    }
    tell(&mut text, "naive engine", &small.difference.naive);
    tell(&mut text, "engine under test", &small.difference.tested);
    let _ = write!(
        text,
        "\nrun it again with ENGINE_SEED={seed} ENGINE_STREAMS=1 in front of the same command"
    );
    text
}

fn history(config: &NaiveConfig, small: &Small) -> Vec<String> {
    let mut naive = NaiveEngine::new(*config);
    let before = &small.commands[..small.difference.at];
    let events = before
        .iter()
        .flat_map(|(time, command)| naive.apply(Seq::new(1), *time, command));
    events.map(|event| render_event(&event)).collect()
}

fn tell(text: &mut String, who: &str, said: &Said) {
    let _ = writeln!(text, "\nthe {who} says to the last command:");
    match said {
        Said::Panicked(message) => {
            let _ = writeln!(text, "  (panic) {message}");
        }
        Said::Events(events) if events.is_empty() => {
            let _ = writeln!(text, "  (nothing)");
        }
        Said::Events(events) => {
            for event in events {
                let _ = writeln!(text, "  {}", render_event(event));
            }
        }
    }
}
