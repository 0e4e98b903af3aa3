//! Bodies of requests, and lines of commands.

use engine_core::{Command, InstrumentId, InstrumentSpec, OrderId, Timestamp};
use engine_wire::{
    AmendRequest, Input, Language, Line, OrderListRequest, OrderRequest, Placement, RequestError, Symbols,
    objects, read_spec, utf8, write_command,
};
use rust_decimal::Decimal;

/// Takes the text for every kind of request.
///
/// # Panics
/// If an error cannot be told to somebody, or a command comes back from its own JSON as another.
pub fn requests(bytes: &[u8]) {
    let Ok(text) = utf8(bytes) else { return };
    let spec = spec();
    let mut symbols = Symbols::new();
    symbols.list(&spec).expect("the first one");
    let placement = |id| Placement::new(InstrumentId::new(0), &spec, OrderId::new(id));

    let place = OrderRequest::read(text).and_then(|request| request.place(&placement(1)));
    if let Some(place) = told(place) {
        comes_back(&Command::Place(place), &mut symbols);
    }
    let linked =
        OrderListRequest::read(text).and_then(|request| request.linked(|index| placement(index as u64 + 1)));
    if let Some(linked) = told(linked) {
        comes_back(&Command::PlaceLinked(Box::new(linked)), &mut symbols);
    }
    told(AmendRequest::read(text).and_then(|request| request.terms(&spec)));
    told(read_spec(text, &mut symbols.clone()));
    for body in objects(text).into_iter().flatten() {
        assert!(
            body.starts_with('{') && body.ends_with('}'),
            "{body} is no object"
        );
    }
    let input = Line::read(text).and_then(|line| line.input(&mut symbols));
    if let Some(Input::Command(command)) = told(input) {
        comes_back(&command, &mut symbols);
    }
}

fn spec() -> InstrumentSpec {
    InstrumentSpec::builder("X", Decimal::new(1, 2), Decimal::new(1, 3))
        .build()
        .expect("both are positive")
}

/// What was asked for; an error is told as a client would be told.
fn told<T>(result: Result<T, RequestError>) -> Option<T> {
    result
        .inspect_err(|error| {
            let status = error.code().status();
            assert!((400..500).contains(&status), "{error:?} is the client's fault");
            for language in [Language::English, Language::Korean] {
                assert!(
                    !error.message(language).to_string().is_empty(),
                    "{error:?} says nothing"
                );
            }
        })
        .ok()
}

/// Writes a command as a line, and reads it again.
fn comes_back(command: &Command, symbols: &mut Symbols) {
    let time = Timestamp::from_nanos(7);
    let mut line = Vec::new();
    // Only amendments, which no body alone becomes, have to find their order's instrument.
    write_command(command, time, symbols, |_| None, &mut line);
    let line = utf8(&line).expect("what is written is text");
    let read = Line::read(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    assert_eq!(read.time().expect(line), Some(time), "{line}");
    match read.input(symbols) {
        Ok(Input::Command(again)) => assert_eq!(again, *command, "{line}"),
        other => panic!("{line}: {other:?}"),
    }
}
