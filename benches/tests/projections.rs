//! What is measured is what happened: the projections of a flow end as its own figures say.

use engine_benches::contender::Terms;
use engine_benches::projections::{choices, read, take};
use engine_benches::workload::{Flow, Recipe, Workload, generate};
use engine_core::data::Projection;

fn beginning(terms: Terms) -> Workload {
    let recipe = Recipe {
        commands: 20_000,
        resting: 20_000,
        ..Recipe::default_of(Flow::Multi)
    };
    let mut workload = generate(&recipe, |_| {});
    terms.apply_to(&mut workload);
    workload
}

#[test]
fn every_choice_takes_the_whole_flow() {
    for choice in choices() {
        let terms = if choice.name.ends_with("u64") {
            Terms::AnyIds
        } else {
            Terms::EngineIds
        };
        let workload = beginning(terms);
        let (taking, mut projections) = take(&workload, &choice.config);
        assert_eq!(taking.commands, workload.header.commands, "{}", choice.name);
        assert!(
            taking.events > taking.commands && taking.trades > 0,
            "{}",
            choice.name
        );
        let last = projections.last().map(|last| last.get());
        let commands = workload.commands.len() as u64 + workload.header.symbols;
        assert_eq!(last, Some(commands), "{}", choice.name);
        let instruments: Vec<_> = projections.instruments().collect();
        assert_eq!(instruments.len(), 100);
        if choice.config.trades_max.is_some() {
            let trades: u64 = instruments
                .iter()
                .filter_map(|instrument| Some(projections.trades(*instrument)?.count()))
                .sum();
            assert_eq!(trades, taking.trades, "{}", choice.name);
        }
        if choice.config.closed_orders_max.is_some() {
            assert_eq!(projections.closed_orders().count(), 0, "they were handed out");
            assert_eq!(projections.closed_orders_lost(), 0);
        }
    }
}

#[test]
fn every_book_is_read() {
    let workload = beginning(Terms::EngineIds);
    let all = choices()
        .into_iter()
        .find(|choice| choice.name == "all")
        .expect("there is such a row");
    let (_, mut projections) = take(&workload, &all.config);
    let readings = read(&mut projections);
    assert!(
        readings
            .iter()
            .any(|reading| reading.name == "15 levels of both sides")
    );
    assert!(readings.iter().all(|reading| reading.calls.is_multiple_of(100)));
}
