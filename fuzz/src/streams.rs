//! Streams of commands, and snapshots.

use engine_core::{Engine, EngineSnapshot, Sequenced};
use engine_testkit::differential::compare;
use engine_testkit::script::render_stream;
use engine_testkit::streams::Stream;

/// Runs the commands that these bytes decide, half of them in an engine that was restored.
///
/// # Panics
/// If an invariant does not hold after a command, or the restored engine does not go on as the other does.
pub fn commands(bytes: &[u8]) {
    let stream = Stream::of_bytes(bytes);
    let mut engine = Engine::new(stream.config.into());
    let middle = stream.commands.len() / 2;
    go_on(&mut engine, &stream, 0, middle);
    let mut restored = Engine::restore(&engine.snapshot()).expect("an engine's own snapshot is restored");
    go_on(&mut engine, &stream, middle, stream.commands.len());
    go_on(&mut restored, &stream, middle, stream.commands.len());
    assert_eq!(
        engine.state_hash(),
        restored.state_hash(),
        "both have become the same"
    );
}

fn go_on(engine: &mut Engine, stream: &Stream, from: usize, to: usize) {
    let mut events = Vec::new();
    for (time, value) in &stream.commands[from..to] {
        let (seq, time, value) = (engine.applied().next(), *time, value.clone());
        engine
            .apply(&Sequenced { seq, time, value }, &mut events)
            .expect("each command is the next");
        engine.check_invariants();
    }
}

/// Compares the engine with the naive one over the commands that these bytes decide.
///
/// # Panics
/// If they differ.
pub fn differential(bytes: &[u8]) {
    let stream = Stream::of_bytes(bytes);
    if let Some(difference) = compare(&stream.config, &stream.commands, &|config| {
        Engine::new(config.into())
    }) {
        let commands = render_stream(&stream.config, &stream.commands[..=difference.at]);
        panic!(
            "{commands}\nthe naive engine: {:?}\nthe engine: {:?}",
            difference.naive, difference.tested
        );
    }
}

/// Takes the text for a snapshot, and goes on with the engine that it is of, if it is one.
///
/// # Panics
/// If a snapshot is restored that is not the engine's, or whose invariants do not hold.
pub fn snapshot(text: &[u8]) {
    let Ok(snapshot) = serde_json::from_slice::<EngineSnapshot>(text) else {
        return;
    };
    let Ok(mut engine) = Engine::restore(&snapshot) else {
        return;
    };
    engine.check_invariants();
    assert_eq!(engine.snapshot(), snapshot, "what was restored is what was said");
    let stream = Stream::of(snapshot.state_hash().get());
    go_on(&mut engine, &stream, 0, stream.commands.len().min(20));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A fuzzer that begins with texts that are no snapshots hardly gets beyond reading them.
    #[test]
    fn most_texts_of_the_corpus_are_snapshots_of_engines() {
        let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/snapshot");
        let (mut restored, mut refused) = (0, 0);
        for file in std::fs::read_dir(corpus).expect("the corpus is committed") {
            let text = std::fs::read(file.expect("a folder can be read").path()).expect("a file can be read");
            match serde_json::from_slice::<EngineSnapshot>(&text).map(|snapshot| Engine::restore(&snapshot)) {
                Ok(Ok(_)) => restored += 1,
                _ => refused += 1,
            }
        }
        assert!(restored > refused, "{restored} are, {refused} are not");
    }
}
