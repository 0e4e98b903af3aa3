use super::child::{ChildError, Mode, Report};
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
    throughputs: Vec<Throughput>,
    latencies: Vec<Latency>,
    is_pinned: bool,
}

impl Row {
    pub(super) fn new(entry: Entry) -> Self {
        Self {
            entry,
            throughputs: Vec::new(),
            latencies: Vec::new(),
            is_pinned: true,
        }
    }

    /// Replays the workload once more.
    pub(super) fn measure(
        &mut self,
        stream: &Stream,
        mode: Mode,
        core: Option<usize>,
    ) -> Result<(), ChildError> {
        let report = Report::of(&self.entry, stream.in_terms(self.entry.terms), mode, core)?;
        self.is_pinned &= report.is_pinned();
        match mode {
            Mode::Throughput => self.throughputs.push(report.throughput()?),
            Mode::Latency => self.latencies.push(report.latency()?),
        }
        Ok(())
    }

    /// What it did wrong, if anything.
    fn fault(&self, expected: u64) -> Option<String> {
        let tally = self
            .throughputs
            .iter()
            .map(|run| run.tally)
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
            .map(|run| run.nanos as f64 / run.commands as f64);
        let mut costs: Vec<f64> = costs.collect();
        costs.sort_unstable_by(f64::total_cmp);
        let cost = median(&costs);
        let percentile = |of: fn(&Latency) -> u64| {
            let mut nanos: Vec<u64> = self.latencies.iter().map(of).collect();
            nanos.sort_unstable();
            median(&nanos)
        };
        let peak = self.throughputs.iter().filter_map(|run| run.peak_bytes).max();
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
        let quantity = self.throughputs.first().map(|run| run.tally.quantity);
        match quantity {
            None => "–".to_owned(),
            Some(quantity) if quantity == expected && self.fault(expected).is_none() => "right".to_owned(),
            Some(quantity) if self.entry.exact => format!("WRONG: {quantity}"),
            Some(quantity) => format!("{:+.4} %", (quantity as f64 / expected as f64 - 1.0) * 100.0),
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
        let mut tallies =
            exact().flat_map(|row| row.throughputs.iter().map(|run| (row.entry.name, run.tally)));
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

    /// What has to be known of this table.
    fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        for Row { entry, latencies, .. } in &self.rows {
            if entry.batch > 1 && !latencies.is_empty() {
                remarks.push(format!(
                    "* The percentiles of {} are of calls with {} commands.",
                    entry.name, entry.batch
                ));
            }
        }
        if self.rows.iter().any(|row| !row.is_pinned) {
            remarks.push("* NOT PINNED to a processor: expect more noise.".to_owned());
        }
        let throughputs = self.rows.iter().flat_map(|row| &row.throughputs);
        let waiting = throughputs.map(waiting).fold(0.0, f64::max);
        if waiting > 0.01 {
            remarks.push(format!(
                "* Other processes had the processor for up to {:.0} % of a replay. This is not in ns/op, but in the \
                 longest calls.",
                waiting * 100.0
            ));
        }
        let latencies = self.rows.iter().flat_map(|row| &row.latencies);
        if let Some(clock) = latencies.map(|run| run.clock).max() {
            remarks.push(format!(
                "* {clock} ns for reading the clock are taken off every percentile."
            ));
        }
        remarks
    }
}

/// The share of a replay in which it stood still because another process had the processor.
fn waiting(figures: &Throughput) -> f64 {
    let waited = figures.waited.unwrap_or(0) as f64;
    waited / (waited + figures.nanos as f64)
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

#[cfg(test)]
mod tests {
    use super::{Row, Table};
    use crate::contender::{Tally, Terms};
    use crate::measure::{Latency, Throughput};
    use crate::runner::Entry;

    const RIGHT: Tally = Tally {
        trades: 2,
        quantity: 30,
        notional: 3000,
        rejects: 0,
    };

    fn row(name: &'static str, exact: bool, nanos: &[u64], tally: Tally) -> Row {
        let entry = Entry {
            name,
            note: None,
            batch: 1,
            terms: Terms::Workload,
            exact,
            throughput: |_| unreachable!("nothing is replayed here"),
            latency: |_| unreachable!("nothing is replayed here"),
        };
        let run = |&nanos| Throughput {
            commands: 10,
            nanos,
            waited: None,
            tally,
            peak_bytes: None,
        };
        let mut row = Row::new(entry);
        row.throughputs.extend(nanos.iter().map(run));
        row
    }

    fn table(rows: Vec<Row>) -> Table {
        Table {
            title: "title".to_owned(),
            name: "mixed".to_owned(),
            traded: 30,
            rows,
        }
    }

    #[test]
    fn the_median_of_all_runs_is_shown_between_its_extremes() {
        let mut row = row("book", true, &[900, 100, 200], RIGHT);
        row.latencies.push(Latency {
            p50: 1,
            p99: 2,
            p999: 3,
            max: 4500,
            clock: 22,
        });
        let text = table(vec![row]).render(true);
        assert!(
            text.contains("| book | 50.00 | 20.0 | 10.0 | 90.0 | 1 | 2 | 3 | 4.5 | – | right |"),
            "{text}"
        );
        assert!(text.contains("22 ns for reading the clock"), "{text}");
    }

    #[test]
    fn another_traded_quantity_is_wrong() {
        let wrong = Tally {
            quantity: 29,
            ..RIGHT
        };
        let table = table(vec![row("book", true, &[1], wrong)]);
        assert_eq!(table.wrong(), ["mixed: book traded 29 of 30 and refused 0"]);
        assert!(table.render(false).contains("WRONG: 29"));
    }

    #[test]
    fn a_refused_command_is_wrong_even_if_the_quantity_is_right() {
        let refused = Tally { rejects: 1, ..RIGHT };
        let table = table(vec![row("book", true, &[1], refused)]);
        assert_eq!(table.wrong(), ["mixed: book traded 30 of 30 and refused 1"]);
    }

    #[test]
    fn fills_at_another_price_are_wrong_even_if_the_quantity_is_right() {
        let dearer = Tally {
            notional: 3001,
            ..RIGHT
        };
        let table = table(vec![
            row("book", true, &[1], RIGHT),
            row("peer", true, &[1], dearer),
        ]);
        assert_eq!(table.wrong().len(), 1);
        assert!(table.wrong()[0].contains("peer has"), "{:?}", table.wrong());
    }

    #[test]
    fn a_contender_that_cannot_do_all_shows_how_far_off_it_is() {
        let more = Tally {
            quantity: 33,
            ..RIGHT
        };
        let table = table(vec![row("peer", false, &[1], more)]);
        assert_eq!(table.wrong(), [""; 0]);
        assert!(table.render(false).contains("+10.0000 %"));
    }
}
