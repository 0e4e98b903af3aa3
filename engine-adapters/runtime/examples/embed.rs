//! An exchange in a directory: run it twice, and the second run goes on where the first one ended.

use engine_core::{Command, InstrumentId, InstrumentSpec, OrderId, Place, Price, Qty, Seq, Side};
use engine_runtime::journal::Disk;
use engine_runtime::{Runtime, RuntimeConfig};
use rust_decimal::Decimal;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = std::env::args().nth(1).ok_or("give a directory for the data")?;
    run(&directory).map(drop)
}

pub(crate) fn run(directory: &str) -> Result<Seq, Box<dyn std::error::Error>> {
    let (runtime, recovered) = Runtime::open(Disk::open(directory)?, RuntimeConfig::default())?;
    println!("{} commands were there", recovered.end);
    let (exchange, btc) = (runtime.handle(), InstrumentId::new(0));
    if recovered.instruments.is_empty() {
        let spec = InstrumentSpec::builder("BTC-KRW", Decimal::from(1_000), Decimal::new(1, 8)).build()?;
        exchange.submit(Command::List(Box::new(spec)))?.wait()?;
    }
    for side in [Side::Sell, Side::Buy] {
        let order = Place::limit(btc, OrderId::new(0), side, Price::new(50_000), Qty::new(3));
        // The answer comes when the order is on disk.
        let answer = exchange.submit(Command::Place(order))?.wait()?;
        println!("{side}: {:?}", answer.events());
    }
    Ok(runtime.stop()?.end)
}
