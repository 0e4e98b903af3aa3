//! The command line of `cargo soak`.

use super::runs::{RUNS, Run};

const MINUTES_DEFAULT: u64 = 30;

/// What the command line asks for.
#[derive(Debug)]
pub(super) enum Request {
    Help,
    List,
    Run(Wanted),
}

/// What is to be run, and for how long.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) minutes: u64,
    pub(super) seed: Option<u64>,
    pub(super) runs: Vec<&'static Run>,
}

pub(super) fn parse(arguments: &[String]) -> Result<Request, String> {
    let (mut minutes, mut seed, mut names) = (MINUTES_DEFAULT, None, Vec::new());
    let mut words = arguments.iter().map(String::as_str);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word {
            "--help" | "-h" => return Ok(Request::Help),
            "--list" => return Ok(Request::List),
            "--minutes" => minutes = number(word, value()?)?,
            "--seed" => seed = Some(number(word, value()?)?),
            "--only" => names.push(value()?.to_owned()),
            _ => return Err(format!("`{word}` is no option")),
        }
    }
    if let Some(name) = names
        .iter()
        .find(|name| RUNS.iter().all(|run| run.name != **name))
    {
        return Err(format!("there is no test `{name}`"));
    }
    let is_wanted = |run: &&Run| names.is_empty() || names.iter().any(|name| name == run.name);
    Ok(Request::Run(Wanted {
        minutes,
        seed,
        runs: RUNS.iter().filter(is_wanted).collect(),
    }))
}

fn number(word: &str, value: &str) -> Result<u64, String> {
    value
        .parse()
        .map_err(|_| format!("{word} is `{value}`, which is not a whole number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(line: &str) -> Result<Request, String> {
        parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn without_options_everything_runs_for_half_an_hour() {
        let Ok(Request::Run(wanted)) = asked("") else {
            panic!("it runs")
        };
        assert_eq!(
            (wanted.minutes, wanted.seed, wanted.runs.len()),
            (30, None, RUNS.len())
        );
    }

    #[test]
    fn time_seed_and_tests_can_be_chosen() {
        let Ok(Request::Run(wanted)) = asked("--only R13 --minutes 5 --seed 7 --only R1") else {
            panic!("it runs")
        };
        let names: Vec<_> = wanted.runs.iter().map(|run| run.name).collect();
        assert_eq!(
            (wanted.minutes, wanted.seed, names),
            (5, Some(7), vec!["R1", "R13"])
        );
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        for (line, reason) in [
            ("--minutes", "--minutes needs a value"),
            (
                "--minutes soon",
                "--minutes is `soon`, which is not a whole number",
            ),
            ("--only R99", "there is no test `R99`"),
            ("R1", "`R1` is no option"),
        ] {
            assert_eq!(asked(line).map(|_| ()), Err(reason.to_owned()));
        }
    }
}
