//! Images as text: what is read back is what was written, and what was damaged is refused or harmless.

use std::panic::{AssertUnwindSafe, catch_unwind};

use engine_core::data::indicators::{Bollinger, Macd, Period, Rsi, Study, StudySource};
use engine_core::data::{
    Interval, Projection, Projections, ProjectionsConfig, ProjectionsImage, RestoreError, TradeFeed,
};
use engine_core::{EventBatch, OrderIds, Seq};
use engine_testkit::NaiveEngine;
use engine_testkit::streams::{Random, Stream};
use serde_json::Value;

use crate::{HOUR, X, trade};

/// How many streams; each image is damaged so many times.
const STREAMS: u64 = 130;
const TIMES: u64 = 40;

/// The projections after the first `commands` commands of a stream, with bounds that are soon reached.
fn projections_of(stream: &Stream, commands: usize) -> (NaiveEngine, Projections) {
    let mut engine = NaiveEngine::new(stream.config);
    let mut projections = Projections::new(ProjectionsConfig {
        ids: OrderIds::Chosen { hash_seed: 0 },
        depth_changes_max: Some(20),
        trades_max: Some(5),
        statistics_trades_max: Some(3),
        closed_orders_max: Some(10),
        orders_max: 2_000,
        ..ProjectionsConfig::default()
    });
    for command in 0..commands {
        go_on(&mut engine, &mut projections, stream, command).expect("an engine does not contradict itself");
    }
    (engine, projections)
}

/// Applies one command of the stream.
fn go_on(
    engine: &mut NaiveEngine,
    projections: &mut Projections,
    stream: &Stream,
    command: usize,
) -> Result<(), engine_core::data::FeedError> {
    let seq = Seq::new(command as u64 + 1);
    let (time, command) = &stream.commands[command];
    let events = engine.apply(seq, *time, command);
    let time = (*time).max(projections.time());
    projections.apply(&EventBatch {
        seq,
        time,
        events: &events,
    })
}

#[test]
fn an_image_is_read_back_as_it_was_written() {
    for seed in 0..STREAMS {
        let stream = Stream::of(seed);
        let (_, projections) = projections_of(&stream, stream.commands.len());
        let image = projections.image();
        let text = serde_json::to_string(&image).expect("plain data");
        let read: ProjectionsImage = serde_json::from_str(&text).expect("it was written so");
        assert!(read == image, "stream {seed}");
        Projections::restore(read).expect("an image of projections");
    }
}

#[test]
fn another_version_is_refused() {
    let mut image = Projections::new(ProjectionsConfig::default()).image();
    image.version += 1;
    let refused = Projections::restore(image).err();
    assert_eq!(
        refused,
        Some(RestoreError::Version(Projections::IMAGE_VERSION + 1))
    );
}

/// All numbers and words, to be changed.
fn leaves<'a>(value: &'a mut Value, found: &mut Vec<&'a mut Value>) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| leaves(value, found)),
        Value::Object(fields) => fields.values_mut().for_each(|value| leaves(value, found)),
        leaf => found.push(leaf),
    }
}

fn damage(image: &mut Value, random: &mut Random) {
    let mut found = Vec::new();
    leaves(image, &mut found);
    let at = random.below(found.len() as u64) as usize;
    let other = random.below(found.len() as u64) as usize;
    let other = found[other].clone();
    let leaf = &mut *found[at];
    *leaf = match random.below(7) {
        0 => other,
        1 => Value::Null,
        2 => 0.into(),
        3 => 1.into(),
        4 => u64::MAX.into(),
        5 => i64::MIN.into(),
        _ => match leaf.as_i64() {
            Some(number) => number.wrapping_add(random.within(-2, 2)).into(),
            None => (1_i64 << 53).into(),
        },
    };
}

/// Restores a damaged image and goes on with it; whether that was possible.
fn survives(damaged: Value, stream: &Stream, at: usize) -> bool {
    let Ok(image) = serde_json::from_value::<ProjectionsImage>(damaged) else {
        return false;
    };
    let Ok(mut projections) = Projections::restore(image.clone()) else {
        return false;
    };
    projections.check_invariants();
    let again = projections.image();
    assert!(again == image, "what was restored is what was said");
    let (mut engine, _) = projections_of(stream, at);
    for command in at..stream.commands.len() {
        // What no longer fits is told; nothing else may happen.
        if go_on(&mut engine, &mut projections, stream, command).is_err() {
            break;
        }
        projections.check_invariants();
    }
    for instrument in projections.instruments().collect::<Vec<_>>() {
        projections
            .ticker(instrument)
            .map(|ticker| ticker.summary.change_percent());
        projections
            .candles(instrument)
            .map(|candles| candles.newest(Interval::M5, 100).count());
    }
    projections.image();
    true
}

#[test]
fn a_damaged_image_is_refused_or_is_that_of_other_projections() {
    let (mut refused, mut survived) = (0, 0);
    for seed in 0..STREAMS {
        let stream = Stream::of(seed);
        let mut random = Random::new(seed);
        let at = random.below(stream.commands.len() as u64) as usize;
        let (_, projections) = projections_of(&stream, at);
        // A JSON value holds 64 bits; what streams of extreme prices cost has more.
        let Ok(image) = serde_json::to_value(projections.image()) else {
            continue;
        };
        for time in 0..TIMES {
            let mut damaged = image.clone();
            for _ in 0..=random.below(2) {
                damage(&mut damaged, &mut random);
            }
            let outcome = catch_unwind(AssertUnwindSafe(|| survives(damaged.clone(), &stream, at)));
            match outcome {
                Ok(true) => survived += 1,
                Ok(false) => refused += 1,
                Err(_) => panic!("stream {seed}, damage {time}: {damaged}"),
            }
        }
    }
    assert!(
        refused > 1_000 && survived > 100,
        "{refused} refused, {survived} not"
    );
}

/// Restores a damaged image of a study and goes on with it.
fn study_survives<S: TradeFeed>(damaged: Value) -> bool
where
    S::Image: for<'de> serde::Deserialize<'de>,
{
    let Ok(image) = serde_json::from_value::<S::Image>(damaged) else {
        return false;
    };
    let Ok(mut study) = S::restore(image) else {
        return false;
    };
    for number in 100..130 {
        // A study whose time was damaged refuses trades before it.
        let _ = study.record(&trade(number, number * HOUR, 90 + number as i64 % 13, 1));
    }
    study.image();
    true
}

fn damage_study<S: TradeFeed>(mut study: S)
where
    S::Image: serde::Serialize + for<'de> serde::Deserialize<'de>,
{
    for number in 1..=40 {
        study
            .record(&trade(number, number * HOUR / 7, 100 + number as i64 % 9, number))
            .expect("in order");
    }
    let image = serde_json::to_value(study.image()).expect("plain data");
    let mut random = Random::new(5);
    let (mut survived, times) = (0, 2_000);
    for time in 0..times {
        let mut damaged = image.clone();
        damage(&mut damaged, &mut random);
        let outcome = catch_unwind(AssertUnwindSafe(|| study_survives::<S>(damaged.clone())));
        survived += u32::from(outcome.unwrap_or_else(|_| panic!("damage {time}: {damaged}")));
    }
    assert!((1..times).contains(&survived), "{survived} of {times}");
}

#[test]
fn a_damaged_study_is_refused_or_another_study() {
    let period = |candles| Period::new(candles).expect("a period");
    let source = StudySource::Candles(Interval::M15);
    damage_study(Study::new(X, source, Rsi::new(period(5))));
    damage_study(Study::new(X, source, Macd::new(period(3), period(6), period(2))));
    damage_study(Study::new(
        X,
        StudySource::Trades,
        Bollinger::new(period(4), 200).expect("not too wide"),
    ));
}
