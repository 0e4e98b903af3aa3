use super::child::Pinned;
use super::field::Entry;
use super::source::Stream;
use crate::measure::{Latency, Throughput};

const HEADINGS: [&str; 11] = [
    "engine", "M ops/s", "ns/op", "lowest", "highest", "p50 ns", "p99 ns", "p99.9 ns", "max µs", "peak MB",
    "traded",
];

/// The figures of one contender on one workload.
pub(super) struct Row {
    pub(super) entry: Entry,
    pub(super) throughputs: Vec<Pinned<Throughput>>,
    pub(super) latencies: Vec<Pinned<Latency>>,
}

impl Row {
    pub(super) fn new(entry: Entry) -> Self {
        Self {
            entry,
            throughputs: Vec::new(),
            latencies: Vec::new(),
        }
    }

    /// What it did wrong, if anything.
    fn fault(&self, expected: u64) -> Option<String> {
        let tally = self
            .throughputs
            .iter()
            .map(|run| run.figures.tally)
            .find(|tally| self.entry.exact && (tally.quantity != expected || tally.rejects != 0))?;
        let name = self.entry.name;
        Some(format!(
            "{name} traded {} of {expected} and refused {}",
            tally.quantity, tally.rejects
        ))
    }

    fn cells(&self, expected: u64) -> [String; HEADINGS.len()] {
        let costs = self
            .throughputs
            .iter()
            .map(|run| run.figures.nanos as f64 / run.figures.commands as f64);
        let mut costs: Vec<f64> = costs.collect();
        costs.sort_unstable_by(f64::total_cmp);
        let cost = median(&costs);
        let percentile = |of: fn(&Latency) -> u64| {
            let mut nanos: Vec<u64> = self.latencies.iter().map(|run| of(&run.figures)).collect();
            nanos.sort_unstable();
            median(&nanos)
        };
        let peak = self
            .throughputs
            .iter()
            .filter_map(|run| run.figures.peak_bytes)
            .max();
        [
            self.entry.name.to_owned(),
            shown(cost.map(|nanos| 1000.0 / nanos), 2),
            shown(cost, 1),
            shown(costs.first().copied(), 1),
            shown(costs.last().copied(), 1),
            shown(percentile(|run| run.p50).map(|nanos| nanos as f64), 0),
            shown(percentile(|run| run.p99).map(|nanos| nanos as f64), 0),
            shown(percentile(|run| run.p999).map(|nanos| nanos as f64), 0),
            shown(percentile(|run| run.max).map(|nanos| nanos as f64 / 1e3), 1),
            shown(peak.map(|bytes| bytes as f64 / 1e6), 1),
            self.traded(expected),
        ]
    }

    fn traded(&self, expected: u64) -> String {
        let quantity = self.throughputs.first().map(|run| run.figures.tally.quantity);
        match quantity {
            None => "–".to_owned(),
            Some(quantity) if quantity == expected && self.fault(expected).is_none() => "right".to_owned(),
            Some(quantity) if self.entry.exact => format!("WRONG: {quantity}"),
            Some(quantity) => format!("{:+.2} %", (quantity as f64 / expected as f64 - 1.0) * 100.0),
        }
    }
}

/// The figures of all contenders on one workload.
pub(super) struct Table {
    title: String,
    name: String,
    traded: u64,
    rows: Vec<Row>,
}

impl Table {
    pub(super) fn new(stream: &Stream, rows: Vec<Row>) -> Self {
        Self {
            title: stream.title.clone(),
            name: stream.name.clone(),
            traded: stream.traded,
            rows,
        }
    }

    /// What the contenders did wrong.
    pub(super) fn wrong(&self) -> Vec<String> {
        let faults = self.rows.iter().filter_map(|row| row.fault(self.traded));
        let faults = faults.chain(self.disagreement());
        faults.map(|fault| format!("{}: {fault}", self.name)).collect()
    }

    /// Contenders that traded the right quantity in other portions or at other prices than the first one.
    fn disagreement(&self) -> Option<String> {
        let exact = || self.rows.iter().filter(|row| row.entry.exact);
        let mut tallies = exact().flat_map(|row| {
            row.throughputs
                .iter()
                .map(|run| (row.entry.name, run.figures.tally))
        });
        let (first, expected) = tallies.next()?;
        let (name, tally) = tallies
            .find(|(_, tally)| (tally.trades, tally.notional) != (expected.trades, expected.notional))?;
        Some(format!("{first} has {expected:?}, {name} has {tally:?}"))
    }

    /// The table as text, or in Markdown.
    pub(super) fn render(&self, is_markdown: bool) -> String {
        let cells: Vec<_> = self.rows.iter().map(|row| row.cells(self.traded)).collect();
        let mut lines = vec![if is_markdown {
            format!("### {}\n", self.title)
        } else {
            self.title.clone()
        }];
        let headings = HEADINGS.map(str::to_owned);
        if is_markdown {
            lines.push(format!("| {} |", headings.join(" | ")));
            lines.push(format!("|---|{}", "--:|".repeat(HEADINGS.len() - 1)));
            lines.extend(cells.iter().map(|row| format!("| {} |", row.join(" | "))));
            lines.push(String::new());
        } else {
            let all = || std::iter::once(&headings).chain(&cells);
            let width = |column: usize| all().map(|row| row[column].chars().count()).max().unwrap_or(0);
            let widths: [usize; HEADINGS.len()] = std::array::from_fn(width);
            lines.extend(all().map(|row| aligned(row, &widths)));
        }
        lines.extend(self.remarks());
        lines.join("\n") + "\n"
    }

    fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        for Row { entry, .. } in &self.rows {
            let batch =
                (entry.batch > 1).then(|| format!("percentiles are of calls with {} commands", entry.batch));
            let parts: Vec<String> = entry.note.map(str::to_owned).into_iter().chain(batch).collect();
            if !parts.is_empty() {
                remarks.push(format!("* {}: {}.", entry.name, parts.join("; ")));
            }
        }
        let pins = self
            .rows
            .iter()
            .flat_map(|row| row.throughputs.iter().map(|run| run.is_pinned));
        let pins = pins.chain(
            self.rows
                .iter()
                .flat_map(|row| row.latencies.iter().map(|run| run.is_pinned)),
        );
        if pins.into_iter().any(|is_pinned| !is_pinned) {
            remarks.push("* NOT PINNED to a processor: expect more noise.".to_owned());
        }
        let clock = self
            .rows
            .iter()
            .flat_map(|row| &row.latencies)
            .map(|run| run.figures.clock)
            .max();
        remarks.extend(
            clock.map(|nanos| format!("* {nanos} ns for reading the clock are taken off every percentile.")),
        );
        remarks
    }
}

/// The first column to the left, all others to the right.
fn aligned(row: &[String], widths: &[usize]) -> String {
    let cell = |(column, (text, &width)): (usize, (&String, &usize))| {
        if column == 0 {
            format!("{text:<width$}")
        } else {
            format!("{text:>width$}")
        }
    };
    row.iter()
        .zip(widths)
        .enumerate()
        .map(cell)
        .collect::<Vec<_>>()
        .join("  ")
}

/// The middle of sorted figures; of an even number, the upper of the two in the middle.
fn median<T: Copy>(sorted: &[T]) -> Option<T> {
    sorted.get(sorted.len() / 2).copied()
}

fn shown(figure: Option<f64>, digits: usize) -> String {
    figure.map_or_else(|| "–".to_owned(), |figure| format!("{figure:.digits$}"))
}
