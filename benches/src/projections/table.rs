use super::{Reading, Taking};
use crate::workload::Recipe;

const TAKING: [&str; 5] = ["projections", "ns/event", "lowest", "highest", "ns/command"];
const READING: [&str; 4] = ["read of one book", "ns/call", "lowest", "highest"];

/// What one choice of projections took in each run.
pub(super) struct TakingRow {
    name: &'static str,
    pub(super) runs: Vec<Taking>,
}

impl TakingRow {
    pub(super) fn new(name: &'static str) -> Self {
        Self {
            name,
            runs: Vec::new(),
        }
    }

    fn cells(&self) -> Vec<String> {
        let per = |of: fn(&Taking) -> u64| -> Vec<f64> {
            sorted(self.runs.iter().map(|run| run.nanos as f64 / of(run) as f64))
        };
        let (event, command) = (per(|run| run.events), per(|run| run.commands));
        vec![
            self.name.to_owned(),
            shown(middle(&event)),
            shown(event.first().copied()),
            shown(event.last().copied()),
            shown(middle(&command)),
        ]
    }
}

/// What one way of reading took in each run.
pub(super) struct ReadingRow {
    name: &'static str,
    runs: Vec<Reading>,
}

impl ReadingRow {
    /// Adds the readings of one run.
    pub(super) fn add(rows: &mut Vec<Self>, readings: Vec<Reading>) {
        for reading in readings {
            match rows.iter_mut().find(|row| row.name == reading.name) {
                Some(row) => row.runs.push(reading),
                None => rows.push(Self {
                    name: reading.name,
                    runs: vec![reading],
                }),
            }
        }
    }

    fn cells(&self) -> Vec<String> {
        let call = sorted(self.runs.iter().map(|run| run.nanos as f64 / run.calls as f64));
        vec![
            self.name.to_owned(),
            shown(middle(&call)),
            shown(call.first().copied()),
            shown(call.last().copied()),
        ]
    }
}

/// The figures of one workload.
pub(super) struct Table {
    title: String,
    takings: Vec<TakingRow>,
    readings: Vec<ReadingRow>,
    pub(super) is_pinned: bool,
}

impl Table {
    pub(super) fn new(recipe: &Recipe, takings: Vec<TakingRow>, readings: Vec<ReadingRow>) -> Self {
        let run = takings.iter().find_map(|row| row.runs.first());
        let (commands, events) = run.map_or((0, 0), |run| (run.commands, run.events));
        let title = format!(
            "{}: {events} events of {commands} commands, {} orders resting, seed {}",
            recipe.flow, recipe.resting, recipe.seed
        );
        Self {
            title,
            takings,
            readings,
            is_pinned: true,
        }
    }

    /// The tables as text, or in Markdown.
    pub(super) fn render(&self, is_markdown: bool) -> String {
        let mut lines = vec![if is_markdown {
            format!("### {}\n", self.title)
        } else {
            self.title.clone()
        }];
        let takings: Vec<_> = self.takings.iter().map(TakingRow::cells).collect();
        lines.extend(rendered(&TAKING, &takings, is_markdown));
        if !self.readings.is_empty() {
            lines.push(String::new());
            let readings: Vec<_> = self.readings.iter().map(ReadingRow::cells).collect();
            lines.extend(rendered(&READING, &readings, is_markdown));
        }
        if !self.is_pinned {
            lines.push("* NOT PINNED to a processor: expect more noise.".to_owned());
        }
        lines.join("\n") + "\n"
    }
}

fn rendered(headings: &[&str], rows: &[Vec<String>], is_markdown: bool) -> Vec<String> {
    if is_markdown {
        let mut lines = vec![
            format!("| {} |", headings.join(" | ")),
            format!("|---|{}", "--:|".repeat(headings.len() - 1)),
        ];
        lines.extend(rows.iter().map(|row| format!("| {} |", row.join(" | "))));
        return lines;
    }
    let headings: Vec<String> = headings.iter().map(|&heading| heading.to_owned()).collect();
    let all = || std::iter::once(&headings).chain(rows);
    let first = all().map(|row| row[0].chars().count()).max().unwrap_or(0);
    let line = |row: &Vec<String>| {
        let figures: String = row[1..].iter().map(|cell| format!("{cell:>12}")).collect();
        format!("{:<first$}{figures}", row[0])
    };
    all().map(line).collect()
}

fn sorted(figures: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_unstable_by(f64::total_cmp);
    figures
}

/// The middle of sorted figures; of an even number, the upper of the two in the middle.
fn middle(sorted: &[f64]) -> Option<f64> {
    sorted.get(sorted.len() / 2).copied()
}

fn shown(figure: Option<f64>) -> String {
    figure.map_or_else(|| "–".to_owned(), |figure| format!("{figure:.1}"))
}

#[cfg(test)]
mod tests {
    use super::{ReadingRow, Table, TakingRow};
    use crate::projections::{Reading, Taking};
    use crate::workload::{Flow, Recipe};

    fn table() -> Table {
        let mut row = TakingRow::new("all");
        row.runs.extend([900, 100, 200].map(|nanos| Taking {
            commands: 5,
            events: 10,
            nanos,
            trades: 1,
        }));
        let mut readings = Vec::new();
        for nanos in [70, 50, 60] {
            let reading = Reading {
                name: "ticker",
                calls: 10,
                nanos,
            };
            ReadingRow::add(&mut readings, vec![reading]);
        }
        Table::new(&Recipe::default_of(Flow::Multi), vec![row], readings)
    }

    #[test]
    fn the_median_of_all_runs_is_shown_between_its_extremes() {
        let text = table().render(true);
        assert!(text.contains("| all | 20.0 | 10.0 | 90.0 | 40.0 |"), "{text}");
        assert!(text.contains("| ticker | 6.0 | 5.0 | 7.0 |"), "{text}");
        assert!(
            text.starts_with("### multi: 10 events of 5 commands, 200000 orders resting"),
            "{text}"
        );
    }

    #[test]
    fn a_table_says_when_nothing_was_pinned() {
        let mut table = table();
        assert!(!table.render(false).contains("NOT PINNED"));
        table.is_pinned = false;
        assert!(table.render(false).contains("NOT PINNED"));
    }
}
