//! The script language says everything that can be asked.

use engine_core::Command;
use engine_testkit::script::{parse, render_stream};
use engine_testkit::streams::Stream;

#[test]
fn what_is_written_is_read_back_the_same() {
    for seed in 0..260 {
        let stream = Stream::of(seed);
        let text = render_stream(&stream.config, &stream.commands);
        let script = parse(&text).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert_eq!(script.config.ids_chosen, stream.config.ids_chosen);
        assert_eq!(script.config.orders_max, stream.config.orders_max);
        let read: Vec<_> = script
            .steps
            .into_iter()
            .map(|step| (step.time, step.command))
            .collect();
        assert_eq!(read, stream.commands, "seed {seed}");
    }
}

#[test]
fn a_script_without_an_instrument_gets_a_plain_one() {
    let script = parse("cancel 1").expect("a cancel can be read");
    assert!(matches!(script.steps[0].command, Command::List(_)));
    assert_eq!(script.steps.len(), 2);
}

#[test]
fn a_line_that_cannot_be_read_is_named_with_its_word() {
    let error = parse("buy 1 5 @ 100\nsell 2 5 @ 100 icberg 3").expect_err("it is misspelt");
    assert_eq!(
        error.to_string(),
        "line 2, `sell 2 5 @ 100 icberg 3`: `icberg` has no meaning here"
    );
    for wrong in [
        "buy",
        "buy 1",
        "buy 1 5",
        "buy x 5 @ 100",
        "buy 1 5 @ 1.5",
        "buy 1 5 @ 100 stp",
        "buy 1 5 market @ 100",
        "buy 1 5 @ 100 limit 99",
        "cancel",
        "phase open",
        "at noon",
        "switch 0 5s",
        "list band 20000",
        "tick tock",
        "whatever",
    ] {
        let error = parse(wrong).expect_err(wrong);
        assert_eq!(error.line, 1, "{wrong}");
    }
}
