use crate::workload::{Flow, Recipe};
use clap::Parser;
use std::path::PathBuf;

/// How many commands are taken where nobody asked for figures.
const SMOKE_COMMANDS: u64 = 20_000;

/// How many orders rest in the first flow: as many as in `mixed`, over a hundred symbols.
const MIXED_RESTING: u64 = 20_000;

/// Takes the events of generated flow with projections and prints what that costs.
#[derive(Debug, Parser)]
pub(super) struct Arguments {
    /// Which rows, such as depth or all; without this, all of them.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,

    /// Which generated workload. Without this, `multi` twice: with as many resting orders as `mixed` has, and with
    /// its own.
    #[arg(long)]
    workload: Option<Flow>,

    /// How many times each row is measured, of which the median counts. Five where nothing is said.
    #[arg(long)]
    runs: Option<u64>,

    /// How many commands are measured. Five million where nothing is said.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    commands: Option<u64>,

    /// The seed of the flow, instead of its own.
    #[arg(long)]
    seed: Option<u64>,

    /// How many orders rest, instead of the flow's own number.
    #[arg(long)]
    resting: Option<u64>,

    /// The processor that everything is pinned to; without this, the last one.
    #[arg(long)]
    pub(super) core: Option<usize>,

    /// Prints the tables in Markdown.
    #[arg(long)]
    pub(super) markdown: bool,

    /// Given by `cargo bench`. Without it nobody asked for figures, so little is taken.
    #[arg(long, hide = true)]
    bench: bool,

    /// What `cargo test` passes on to choose tests; there are none here.
    #[arg(hide = true)]
    _filters: Vec<PathBuf>,
}

impl Arguments {
    pub(super) fn asks_for(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == name)
    }

    pub(super) fn runs(&self) -> u64 {
        self.runs.unwrap_or(if self.bench { 5 } else { 1 })
    }

    pub(super) fn recipes(&self) -> Vec<Recipe> {
        let default = Recipe::default_of(self.workload.unwrap_or(Flow::Multi));
        let resting = match (self.resting, self.workload) {
            (Some(resting), _) => vec![resting],
            (None, Some(_)) => vec![default.resting],
            (None, None) if self.bench => vec![MIXED_RESTING, default.resting],
            (None, None) => vec![MIXED_RESTING],
        };
        let commands = if self.bench {
            default.commands
        } else {
            SMOKE_COMMANDS
        };
        let recipe = |resting| Recipe {
            commands: self.commands.unwrap_or(commands),
            seed: self.seed.unwrap_or(default.seed),
            resting,
            ..default
        };
        resting.into_iter().map(recipe).collect()
    }
}
