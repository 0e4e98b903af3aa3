//! A copy of a displayed book that is kept by updates, loses one on the way, notices, and begins anew.

use std::error::Error;

use engine_core::data::{DepthReplica, DepthUpdate, Drained, Projection, Projections, ProjectionsConfig};
use engine_core::{
    Command, Engine, EngineConfig, EventBatch, InstrumentId, InstrumentSpec, OrderId, Place, Price, Qty, Seq,
    Sequenced, Side, Timestamp,
};
use rust_decimal::Decimal;

const BOOK: InstrumentId = InstrumentId::new(0);

fn main() -> Result<(), Box<dyn Error>> {
    let mut engine = Engine::new(EngineConfig::default());
    let mut projections = Projections::new(ProjectionsConfig::default());
    let mut copy = DepthReplica::new(100);
    let spec = InstrumentSpec::builder("X", Decimal::ONE, Decimal::ONE).build()?;
    let order = |side, price, lots| {
        Command::Place(Place::limit(
            BOOK,
            OrderId::new(0),
            side,
            Price::new(price),
            Qty::new(lots),
        ))
    };
    let commands = [
        Command::List(Box::new(spec)),
        order(Side::Buy, 99, 5),
        order(Side::Sell, 101, 4),
        order(Side::Buy, 98, 7),
        order(Side::Sell, 99, 2),
    ];
    let mut update = DepthUpdate::default();
    for (number, value) in (1..).zip(commands) {
        let (seq, time) = (Seq::new(number), Timestamp::from_nanos(number));
        let mut events = Vec::new();
        engine.apply(&Sequenced { seq, time, value }, &mut events)?;
        projections.apply(&EventBatch {
            seq,
            time,
            events: &events,
        })?;
        let drained = projections.drain_depth_update(BOOK, &mut update);
        // The fourth update is lost on its way.
        if drained != Some(Drained::Changes) || number == 4 {
            continue;
        }
        match copy.take_update(&update) {
            Ok(taken) => println!("update {number}: {taken:?}"),
            Err(error) => println!("update {number}: {error}"),
        }
        if copy.sequence().is_none() {
            let depth = projections.depth(BOOK).ok_or("it is listed")?;
            copy.take_snapshot(&depth.snapshot(usize::MAX))?;
            println!("snapshot {}", depth.snapshot(0).sequence);
        }
    }
    for side in Side::BOTH {
        for level in copy.levels(side) {
            println!("{side} {} at {}", level.quantity, level.price);
        }
    }
    Ok(())
}
