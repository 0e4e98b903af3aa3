use crate::measure::processor_time;
use engine_core::data::{DepthSnapshot, Interval, Projections};
use engine_core::{InstrumentId, Side};
use std::hint::black_box;
use std::time::Duration;

/// How many times each instrument is read.
const ROUNDS: u64 = 2_000;

/// What one way of reading cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// What was read.
    pub name: &'static str,
    /// How many times.
    pub calls: u64,
    /// How long they took together.
    pub nanos: u64,
}

/// Reads what projections know of all instruments, one after the other and again and again, as a server does
/// for its clients.
pub fn read(projections: &mut Projections) -> Vec<Reading> {
    let instruments: Vec<InstrumentId> = projections.instruments().collect();
    let mut snapshot = DepthSnapshot::default();
    let mut reading = |name, once: &mut dyn FnMut(&mut Projections, InstrumentId)| {
        let start = processor_time();
        for _ in 0..ROUNDS {
            for &instrument in &instruments {
                once(projections, instrument);
            }
        }
        let taken = processor_time()
            .zip(start)
            .map(|(end, start)| end.saturating_sub(start));
        Reading {
            name,
            calls: ROUNDS * instruments.len() as u64,
            nanos: taken.unwrap_or(Duration::ZERO).as_nanos() as u64,
        }
    };
    vec![
        reading("best of a side", &mut |projections, instrument| {
            let depth = projections.depth(instrument);
            black_box(depth.and_then(|depth| depth.best(Side::Buy)));
        }),
        reading("15 levels of both sides", &mut |projections, instrument| {
            if let Some(depth) = projections.depth(instrument) {
                depth.snapshot_into(15, &mut snapshot);
            }
            black_box(&snapshot);
        }),
        reading("ticker", &mut |projections, instrument| {
            black_box(projections.ticker(instrument));
        }),
        reading("100 candles of 1m", &mut |projections, instrument| {
            let candles = projections.candles(instrument);
            black_box(candles.map(|candles| candles.newest(Interval::M1, 100).count()));
        }),
    ]
}
