//! What a replay came to, and how fast the engine alone was.

use std::io::{self, Write};
use std::time::Instant;

use engine_core::{Command, Engine, Event, Sequenced, StateHash};
use engine_wire::{Object, Symbols, decimal};
use rust_decimal::Decimal;

use super::output::Counts;
use super::stage::Stage;

/// Prints the summary as one object. The commands are applied twice more, each time to an engine of its own: at a
/// stretch, for the speed, and with a look at the clock after each, for the quantiles.
pub(super) fn print(lines: u64, counts: Counts, stage: &Stage, symbols: &Symbols) -> io::Result<()> {
    let hash = stage.state_hash();
    let commands = stage.recorded();
    let (nanos, hash_again) = at_a_stretch(stage.another_engine(), commands);
    assert_eq!(
        hash, hash_again,
        "engines that were given the same commands are the same"
    );
    let latencies = one_by_one(stage.another_engine(), commands);
    let mut out = Vec::new();
    let mut object = Object::new(&mut out);
    object.word("type", "Summary");
    object.integer("lines", lines);
    object.integer("commands", commands.len() as u64);
    write_counts(&counts, object.key("events"));
    write_traded(&counts, symbols, &mut object);
    object.integer("engine_ns", nanos);
    let per_second = commands.len() as u128 * 1_000_000_000 / u128::from(nanos.max(1));
    object.integer("ops_per_second", u64::try_from(per_second).unwrap_or(u64::MAX));
    for (key, permille) in [
        ("p50_ns", 500),
        ("p99_ns", 990),
        ("p99_9_ns", 999),
        ("max_ns", 1000),
    ] {
        object.integer(key, quantile(&latencies, permille));
    }
    object.text("state_hash", &hash.to_string());
    object.end();
    out.push(b'\n');
    io::stdout().write_all(&out)
}

fn write_counts(counts: &Counts, out: &mut Vec<u8>) {
    let mut object = Object::new(out);
    for (event_type, count) in &counts.by_type {
        object.integer(event_type, *count);
    }
    object.end();
}

/// What traded, together and by symbol.
fn write_traded(counts: &Counts, symbols: &Symbols, object: &mut Object<'_>) {
    let of_symbol = |(instrument, lots): (&_, &u128)| {
        let lot = symbols.spec(*instrument)?.terms().lot;
        let volume = engine_core::data::Volume::new(*lots);
        Some((*instrument, volume.decimal(lot)?))
    };
    let by_symbol: Vec<_> = counts.traded.iter().filter_map(of_symbol).collect();
    let mut amounts = by_symbol.iter().map(|(_, quantity)| *quantity);
    let sum = amounts.try_fold(Decimal::ZERO, |sum, quantity| sum.checked_add(quantity));
    match sum {
        Some(sum) => object.decimal("traded_quantity", sum),
        None => object.null("traded_quantity"),
    }
    let out = object.key("traded_by_symbol");
    out.push(b'{');
    for (index, (instrument, quantity)) in by_symbol.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        symbols.write_symbol(instrument, out);
        out.push(b':');
        decimal::write(quantity, out);
    }
    out.push(b'}');
}

/// How long an engine takes for all commands, in nanoseconds, and the hash of what it is then.
fn at_a_stretch(mut engine: Engine, commands: &[Sequenced<Command>]) -> (u64, StateHash) {
    let mut events: Vec<Event> = Vec::new();
    let start = Instant::now();
    for command in commands {
        events.clear();
        engine
            .apply(command, &mut events)
            .expect("they were applied once before");
    }
    (nanos_since(start), engine.state_hash())
}

/// How long an engine takes for each command, the look at the clock included, shortest first.
fn one_by_one(mut engine: Engine, commands: &[Sequenced<Command>]) -> Vec<u64> {
    let mut events: Vec<Event> = Vec::new();
    let mut latencies: Vec<u64> = Vec::with_capacity(commands.len());
    for command in commands {
        events.clear();
        let start = Instant::now();
        engine
            .apply(command, &mut events)
            .expect("they were applied once before");
        latencies.push(nanos_since(start));
    }
    latencies.sort_unstable();
    latencies
}

fn nanos_since(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// The value that so many thousandths of all are at most, of values in ascending order.
fn quantile(sorted: &[u64], permille: usize) -> u64 {
    let rank = (sorted.len() * permille).div_ceil(1000);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::quantile;

    #[test]
    fn a_quantile_is_the_value_that_so_many_are_at_most() {
        let values: Vec<u64> = (1..=1000).collect();
        let of = |permille| quantile(&values, permille);
        assert_eq!((of(500), of(990), of(999), of(1000)), (500, 990, 999, 1000));
        assert_eq!(
            (quantile(&[7], 500), quantile(&[7], 999), quantile(&[], 500)),
            (7, 7, 0)
        );
    }
}
