//! What projections cost: the events of generated flow, taken by each projection alone and by all together.

mod arguments;
mod flow;
mod reading;
mod table;
mod taking;

pub use flow::Slices;
pub use reading::{Reading, read};
pub use taking::{Taking, take};

use crate::contender::Terms;
use crate::runner::{bar, pin};
use crate::workload::{Recipe, Workload, generate};
use arguments::Arguments;
use clap::Parser;
use engine_core::OrderIds;
use engine_core::data::{CandlesConfig, Interval, ProjectionsConfig};
use std::process::ExitCode;
use table::{ReadingRow, Table, TakingRow};

/// Ids all over `u64`, found by hashing.
const ANY_IDS: OrderIds = OrderIds::Chosen { hash_seed: 0x5EED };

/// A choice of projections, as a row of the table.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Its name in the table and on the command line.
    pub name: &'static str,
    /// Which projections are on.
    pub config: ProjectionsConfig,
}

/// Each projection alone, and all of them with either kind of ids.
pub fn choices() -> Vec<Choice> {
    let all = ProjectionsConfig::default();
    let off = ProjectionsConfig::OFF;
    let candles = Some(CandlesConfig {
        intervals: Interval::USUAL.to_vec(),
        candles_max: 1_000,
    });
    let choice = |name, config: ProjectionsConfig| {
        let config = ProjectionsConfig {
            orders_max: flow::ORDERS_MAX,
            ..config
        };
        Choice { name, config }
    };
    vec![
        choice("none", off.clone()),
        choice(
            "depth",
            ProjectionsConfig {
                depth_changes_max: all.depth_changes_max,
                ..off.clone()
            },
        ),
        choice(
            "trades",
            ProjectionsConfig {
                trades_max: all.trades_max,
                ..off.clone()
            },
        ),
        choice(
            "candles",
            ProjectionsConfig {
                candles,
                ..off.clone()
            },
        ),
        choice(
            "statistics",
            ProjectionsConfig {
                statistics_trades_max: all.statistics_trades_max,
                ..off.clone()
            },
        ),
        choice(
            "orders",
            ProjectionsConfig {
                closed_orders_max: all.closed_orders_max,
                ..off
            },
        ),
        choice("all", all.clone()),
        choice("all-u64", ProjectionsConfig { ids: ANY_IDS, ..all }),
    ]
}

/// Runs what the command line of this process asks for.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let chosen: Vec<Choice> = choices()
        .into_iter()
        .filter(|choice| arguments.asks_for(choice.name))
        .collect();
    if chosen.is_empty() {
        let names: Vec<&str> = choices().iter().map(|choice| choice.name).collect();
        eprintln!(
            "error: no projection of that name; there are {}",
            names.join(", ")
        );
        return ExitCode::FAILURE;
    }
    let is_pinned = pin(arguments.core);
    for recipe in arguments.recipes() {
        let mut table = measure(&recipe, &chosen, arguments.runs());
        table.is_pinned = is_pinned;
        println!("{}", table.render(arguments.markdown));
    }
    ExitCode::SUCCESS
}

/// Lets all choices take the same flow in turn, again and again, so that what else the machine does falls on all
/// of them alike.
fn measure(recipe: &Recipe, chosen: &[Choice], runs: u64) -> Table {
    let progress = bar(recipe.resting + recipe.commands, "flow").with_message("generating");
    let plain = generate(recipe, |commands| progress.set_position(commands));
    progress.finish_and_clear();
    let in_terms = |terms: Terms| {
        let mut workload = plain.clone();
        terms.apply_to(&mut workload);
        workload
    };
    let assigned = in_terms(Terms::EngineIds);
    let any = chosen
        .iter()
        .any(|choice| choice.config.ids == ANY_IDS)
        .then(|| in_terms(Terms::AnyIds));
    let workload_of = |choice: &Choice| -> &Workload {
        match &any {
            Some(any) if choice.config.ids == ANY_IDS => any,
            _ => &assigned,
        }
    };
    let mut takings: Vec<TakingRow> = chosen.iter().map(|choice| TakingRow::new(choice.name)).collect();
    let mut readings: Vec<ReadingRow> = Vec::new();
    let progress = bar(runs * chosen.len() as u64, "taking");
    for _ in 0..runs {
        for (choice, row) in chosen.iter().zip(&mut takings) {
            progress.set_message(choice.name);
            let (taking, mut projections) = take(workload_of(choice), &choice.config);
            row.runs.push(taking);
            if choice.name == "all" {
                ReadingRow::add(&mut readings, read(&mut projections));
            }
            progress.inc(1);
        }
    }
    progress.finish_and_clear();
    Table::new(recipe, takings, readings)
}
