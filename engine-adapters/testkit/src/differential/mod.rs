//! Generated streams through the naive engine and another, compared event by event; a difference is made as small
//! as it can be and printed as a script.

mod report;
mod shrink;

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use engine_core::{Command, Event, Seq, Timestamp};

pub use self::report::describe;
pub use self::shrink::shrink;
use crate::naive::{NaiveConfig, NaiveEngine};
use crate::streams::Stream;
use crate::under_test::{Labelled, UnderTest};

/// Which streams are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seeds {
    /// The seed of the first stream; the others follow in steps of one.
    pub first: u64,
    /// How many streams.
    pub count: u64,
}

impl Seeds {
    /// These many from seed 0, unless `ENGINE_SEED` or `ENGINE_STREAMS` say otherwise.
    ///
    /// # Panics
    /// When one of them is set and is no number.
    pub fn from_env(count: u64) -> Self {
        let number = |name: &str| {
            let text = std::env::var(name).ok()?;
            let number = text.parse();
            Some(number.unwrap_or_else(|error| panic!("{name} is {text:?}: {error}")))
        };
        Self {
            first: number("ENGINE_SEED").unwrap_or(0),
            count: number("ENGINE_STREAMS").unwrap_or(count),
        }
    }
}

/// Where two engines differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The index of the command.
    pub at: usize,
    /// What the naive engine says.
    pub naive: Said,
    /// What the engine under test says.
    pub tested: Said,
}

/// What an engine answers to a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Its events.
    Events(Vec<Event>),
    /// It panicked, also in checking its invariants.
    Panicked(String),
}

/// Runs the streams through the naive engine and through engines made by `make`.
///
/// # Panics
/// At the first difference, with the smallest stream that shows it and how to run it again.
pub fn differential<E: UnderTest>(seeds: Seeds, make: impl Fn(NaiveConfig) -> E) {
    for seed in seeds.first..seeds.first.saturating_add(seeds.count) {
        let stream = Stream::of(seed);
        if compare(&stream.config, &stream.commands, &make).is_some() {
            let small = shrink(&stream, |commands| compare(&stream.config, commands, &make));
            panic!("{}", describe(&stream, &small));
        }
    }
}

/// Runs commands through both engines up to the first difference.
pub fn compare<E: UnderTest>(
    config: &NaiveConfig,
    commands: &[(Timestamp, Command)],
    make: &impl Fn(NaiveConfig) -> E,
) -> Option<Difference> {
    let mut naive = NaiveEngine::new(*config);
    if config.ids_chosen {
        compare_with(&mut naive, &mut make(*config), commands)
    } else {
        compare_with(&mut naive, &mut Labelled::new(make(*config)), commands)
    }
}

fn compare_with(
    naive: &mut impl UnderTest,
    tested: &mut impl UnderTest,
    commands: &[(Timestamp, Command)],
) -> Option<Difference> {
    let mut seq = Seq::new(0);
    for (at, (time, command)) in commands.iter().enumerate() {
        seq = seq.next();
        let naive = ask(naive, seq, *time, command);
        let tested = ask(tested, seq, *time, command);
        let both_answer = matches!(naive, Said::Events(_));
        if naive != tested || !both_answer {
            return Some(Difference { at, naive, tested });
        }
    }
    None
}

fn ask(engine: &mut impl UnderTest, seq: Seq, time: Timestamp, command: &Command) -> Said {
    // After a panic the engine is not used again.
    let answer = quietly(AssertUnwindSafe(|| {
        let mut events = Vec::new();
        engine.apply(seq, time, command, &mut events);
        engine.check_invariants();
        events
    }));
    answer.map_or_else(|panic| Said::Panicked(message_of(&panic)), Said::Events)
}

/// Catches a panic without the message on the terminal: in shrinking there are hundreds, and the report has the
/// one that counts.
fn quietly<T>(run: AssertUnwindSafe<impl FnOnce() -> T>) -> std::thread::Result<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !IS_QUIET.get() {
                before(panic);
            }
        }));
    });
    let was_quiet = IS_QUIET.replace(true);
    let answer = catch_unwind(run);
    IS_QUIET.set(was_quiet);
    answer
}

thread_local! {
    static IS_QUIET: Cell<bool> = const { Cell::new(false) };
}

fn message_of(panic: &Box<dyn std::any::Any + Send>) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("(no message)").to_owned()
}

/// A difference and the commands that show it.
#[derive(Clone, Debug)]
pub struct Small {
    /// The commands, the last of which shows the difference.
    pub commands: Vec<(Timestamp, Command)>,
    /// What differs.
    pub difference: Difference,
}
