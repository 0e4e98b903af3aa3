//! How far long work has come, on standard error.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How often a line is written where there is no terminal. Work that is done sooner writes none.
const LINE_INTERVAL: Duration = Duration::from_secs(5);

/// A bar where standard error is a terminal, elsewhere a line every few seconds.
pub(crate) struct Progress {
    what: &'static str,
    all: u64,
    shown: Shown,
}

enum Shown {
    Bar(ProgressBar),
    Lines { last: Instant },
}

impl Progress {
    /// Begins work on so many `what` ("segments", "commands").
    pub(crate) fn new(what: &'static str, all: u64) -> Self {
        let shown = if io::stderr().is_terminal() {
            let style = ProgressStyle::with_template("{wide_bar} {human_pos}/{human_len} {msg} {eta}");
            let bar = ProgressBar::with_draw_target(Some(all), ProgressDrawTarget::stderr())
                .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
                .with_message(what);
            Shown::Bar(bar)
        } else {
            Shown::Lines { last: Instant::now() }
        };
        Self { what, all, shown }
    }

    /// Shows nothing.
    pub(crate) fn none() -> Self {
        Self {
            what: "",
            all: 0,
            shown: Shown::Bar(ProgressBar::hidden()),
        }
    }

    /// Says how much is done. It may be called often.
    pub(crate) fn set(&mut self, done: u64) {
        match &mut self.shown {
            Shown::Bar(bar) => bar.set_position(done),
            Shown::Lines { last } => {
                if last.elapsed() >= LINE_INTERVAL {
                    *last = Instant::now();
                    eprintln!("{}", line(self.what, done, self.all));
                }
            }
        }
    }

    /// Changes how much there is to do.
    pub(crate) fn set_all(&mut self, all: u64) {
        self.all = all;
        if let Shown::Bar(bar) = &self.shown {
            bar.set_length(all);
        }
    }

    /// Takes the bar away.
    pub(crate) fn finish(self) {
        if let Shown::Bar(bar) = self.shown {
            bar.finish_and_clear();
        }
    }
}

fn line(what: &str, done: u64, all: u64) -> String {
    let percent = u128::from(done) * 100 / u128::from(all.max(1));
    format!("{done} of {all} {what}, {percent} %")
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn a_line_says_how_much_of_what_is_done() {
        assert_eq!(line("segments", 3, 40), "3 of 40 segments, 7 %");
        assert_eq!(
            line("commands", u64::MAX, u64::MAX),
            format!("{0} of {0} commands, 100 %", u64::MAX)
        );
        assert_eq!(line("commands", 0, 0), "0 of 0 commands, 0 %");
    }
}
