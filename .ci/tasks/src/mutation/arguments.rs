//! The command line of `cargo mutation`.

use super::areas::{AREAS, Area};

/// What the command line asks for.
#[derive(Debug)]
pub(super) enum Request {
    Help,
    List,
    Run(Wanted),
}

/// Which faults are tried, and against what.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) areas: Vec<&'static Area>,
    /// `K/N`, as cargo-mutants takes it.
    pub(super) shard: Option<String>,
    pub(super) with_all_tests: bool,
    /// What stands after `--`.
    pub(super) passed_on: Vec<String>,
}

pub(super) fn parse(arguments: &[String]) -> Result<Request, String> {
    let (mut names, mut shard, mut with_all_tests) = (Vec::new(), None, false);
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--help" | "-h" => return Ok(Request::Help),
            "--list" => return Ok(Request::List),
            "--all-tests" => with_all_tests = true,
            "--shard" => shard = Some(one_of_many(words.next())?),
            "--" => break,
            name if AREAS.iter().any(|area| area.name == name) => names.push(name),
            other => return Err(format!("`{other}` is neither an area nor an option")),
        }
    }
    let is_wanted = |area: &&Area| names.is_empty() || names.contains(&area.name);
    Ok(Request::Run(Wanted {
        areas: AREAS.iter().filter(is_wanted).collect(),
        shard,
        with_all_tests,
        passed_on: words.cloned().collect(),
    }))
}

fn one_of_many(shard: Option<&String>) -> Result<String, String> {
    let shard = shard.ok_or("--shard needs a value such as 0/10")?;
    let parts = shard.split_once('/').and_then(|(index, count)| {
        let (index, count): (u64, u64) = (index.parse().ok()?, count.parse().ok()?);
        (index < count).then_some(())
    });
    match parts {
        Some(()) => Ok(shard.clone()),
        None => Err(format!("--shard is `{shard}`, where 0/10 to 9/10 are tenths")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(line: &str) -> Result<Request, String> {
        parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn without_arguments_every_area_is_tried_whole() {
        let Ok(Request::Run(wanted)) = asked("") else {
            panic!("it runs")
        };
        assert_eq!(wanted.areas.len(), AREAS.len());
        assert_eq!((wanted.shard, wanted.with_all_tests), (None, false));
    }

    #[test]
    fn areas_sample_and_tests_can_be_chosen() {
        let Ok(Request::Run(wanted)) = asked("journal accounts --shard 2/5 --all-tests -- --re x") else {
            panic!("it runs")
        };
        let names: Vec<_> = wanted.areas.iter().map(|area| area.name).collect();
        assert_eq!(names, ["accounts", "journal"]);
        assert_eq!(
            (wanted.shard.as_deref(), wanted.with_all_tests),
            (Some("2/5"), true)
        );
        assert_eq!(wanted.passed_on, ["--re", "x"]);
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        for (line, reason) in [
            ("--shard", "--shard needs a value such as 0/10"),
            ("--shard 5/5", "--shard is `5/5`, where 0/10 to 9/10 are tenths"),
            ("--shard half", "--shard is `half`, where 0/10 to 9/10 are tenths"),
            ("jurnal", "`jurnal` is neither an area nor an option"),
        ] {
            assert_eq!(asked(line).map(|_| ()), Err(reason.to_owned()));
        }
    }
}
