use super::child::Mode;
use crate::workload::Flow;
use clap::Parser;
use std::path::PathBuf;

/// Replays order flow on order books and prints how fast they are.
#[derive(Debug, Parser)]
pub(super) struct Arguments {
    /// Which generated workloads: mixed, deep, sweep, multi. Without this and --file, all of them.
    #[arg(long, value_delimiter = ',')]
    pub(super) workload: Vec<Flow>,

    /// A workload file to replay; may be given several times.
    #[arg(long)]
    pub(super) file: Vec<PathBuf>,

    /// Which contenders; without this, all of them. See --list.
    #[arg(long, value_delimiter = ',')]
    pub(super) engine: Vec<String>,

    /// How many replays for the throughput, of which the median counts. Seven where nothing is said.
    #[arg(long)]
    runs: Option<u64>,

    /// How many further replays with a clock around every call; 0 leaves the percentiles out. Three where
    /// nothing is said.
    #[arg(long)]
    latency_runs: Option<u64>,

    /// How many commands are measured. Of a file, no more than it has.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) commands: Option<u64>,

    /// The seed of generated workloads, instead of each one's own.
    #[arg(long)]
    pub(super) seed: Option<u64>,

    /// How many orders rest in generated workloads, instead of each one's own number.
    #[arg(long)]
    pub(super) resting: Option<u64>,

    /// A directory that keeps generated workloads for the next time.
    #[arg(long)]
    pub(super) cache: Option<PathBuf>,

    /// The processor that replays are pinned to; without this, the last one.
    #[arg(long)]
    pub(super) core: Option<usize>,

    /// Prints the tables in Markdown.
    #[arg(long)]
    pub(super) markdown: bool,

    /// Generates the published workloads and compares their checksums; measures nothing.
    #[arg(long)]
    pub(super) check: bool,

    /// Writes the workload for the one contender named with --engine, and says how to replay it under a profiler;
    /// measures nothing.
    #[arg(long)]
    pub(super) write: Option<PathBuf>,

    /// Lists the contenders; measures nothing.
    #[arg(long)]
    pub(super) list: bool,

    /// Replays what comes on standard input on one contender and prints what was measured.
    #[arg(long, hide = true)]
    pub(super) child: Option<Mode>,

    /// Given by `cargo bench`. Without it nobody asked for figures, so little is replayed.
    #[arg(long, hide = true)]
    pub(super) bench: bool,
}

impl Arguments {
    /// How many replays for the throughput.
    pub(super) fn runs(&self) -> u64 {
        self.runs.unwrap_or(if self.bench { 7 } else { 1 })
    }

    /// How many replays for the percentiles.
    pub(super) fn latency_runs(&self) -> u64 {
        self.latency_runs.unwrap_or(if self.bench { 3 } else { 0 })
    }
}
