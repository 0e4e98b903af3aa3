//! Single commands on a warm market, with 1,000 and with 100,000 resting orders around them.
//!
//! Each benchmark leaves the market as it found it, so that every round meets the same one. Ids are chosen by the
//! caller. The events are written and not read.

use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use engine_benches::measure::processor_time;
use engine_core::{
    Amend, Cancel, Event, InstrumentId, InstrumentSpec, Market, OrderId, OrderIds, OrderRef, Place, Price,
    Qty, Side, TimeInForce,
};
use rust_decimal::Decimal;
use std::hint::black_box;
use std::time::Duration;

const INSTRUMENT: InstrumentId = InstrumentId::new(0);

/// The best bid stands one tick below, the best ask one above.
const CENTRE: i64 = 32_768;

/// How many prices of each side have orders.
const PRICES: i64 = 500;

/// An id that no resting order has.
const NEW: OrderId = OrderId::new(u64::MAX / 2);

fn benchmarks(criterion: &mut Criterion<ProcessorTime>) {
    for resting in [1_000, 100_000] {
        let mut market = Warm::new(resting);
        let mut group = criterion.benchmark_group("market");
        let mut round = |name: &str, once: &mut dyn FnMut(&mut Warm)| {
            group.bench_function(BenchmarkId::new(name, resting), |bencher| {
                bencher.iter(|| once(&mut market))
            });
        };
        round("place at the touch and cancel", &mut |market| {
            market.place_and_cancel(CENTRE - 1)
        });
        round("place far away and cancel", &mut |market| {
            market.place_and_cancel(CENTRE - PRICES)
        });
        round("place inside the spread and cancel", &mut |market| {
            market.place_and_cancel(CENTRE)
        });
        round("place and fill", &mut Warm::place_and_fill);
        round("place five and sweep them", &mut Warm::place_five_and_sweep);
        round("amend the price and back", &mut Warm::amend_and_back);
        round("refuse a cancel of nothing", &mut |market| market.cancel(NEW));
        group.finish();
    }
    criterion.bench_function("market/fill 1,000 orders", |bencher| {
        bencher.iter_batched_ref(
            || Warm::new(2_000),
            |market| market.sweep(1_000),
            BatchSize::SmallInput,
        );
    });
}

/// A market with resting orders, and room for the events of one command.
struct Warm {
    market: Market,
    events: Vec<Event>,
}

impl Warm {
    /// Half of the orders bid, half ask, evenly over the prices; each is for ten lots.
    fn new(resting: u64) -> Self {
        let spec = InstrumentSpec::builder("WARM", Decimal::new(1, 2), Decimal::ONE);
        let spec = spec.build().expect("a tick, a lot and defaults are a spec");
        let ids = OrderIds::Chosen { hash_seed: 7 };
        let mut warm = Self {
            market: Market::new(INSTRUMENT, spec, ids, 1_000_000),
            events: Vec::new(),
        };
        for number in 0..resting {
            let distance = 1 + (number / 2).cast_signed() % PRICES;
            let (side, price) = match number % 2 {
                0 => (Side::Buy, CENTRE - distance),
                _ => (Side::Sell, CENTRE + distance),
            };
            warm.place(OrderId::new(number + 1), side, price, 10, TimeInForce::Gtc);
        }
        warm
    }

    fn place_and_cancel(&mut self, price: i64) {
        self.place(NEW, Side::Buy, price, 10, TimeInForce::Gtc);
        self.cancel(NEW);
    }

    fn place_and_fill(&mut self) {
        self.place(NEW, Side::Buy, CENTRE, 10, TimeInForce::Gtc);
        self.place(NEW, Side::Sell, CENTRE, 10, TimeInForce::Ioc);
    }

    fn place_five_and_sweep(&mut self) {
        for number in 0..5 {
            self.place(
                OrderId::new(NEW.get() + number),
                Side::Buy,
                CENTRE,
                10,
                TimeInForce::Gtc,
            );
        }
        self.place(
            OrderId::new(NEW.get() + 5),
            Side::Sell,
            CENTRE,
            50,
            TimeInForce::Ioc,
        );
    }

    fn amend_and_back(&mut self) {
        let first = OrderId::new(1);
        self.amend(first, CENTRE - 2);
        self.amend(first, CENTRE - 1);
    }

    /// Takes so many of the resting asks.
    fn sweep(&mut self, orders: u64) {
        self.place(NEW, Side::Buy, CENTRE + PRICES, 10 * orders, TimeInForce::Ioc);
    }

    fn place(&mut self, id: OrderId, side: Side, price: i64, lots: u64, time_in_force: TimeInForce) {
        self.events.clear();
        let place = Place::limit(INSTRUMENT, id, side, Price::new(price), Qty::new(lots));
        self.market.place(
            black_box(&Place {
                time_in_force,
                ..place
            }),
            &mut self.events,
        );
        black_box(&self.events);
    }

    fn cancel(&mut self, id: OrderId) {
        self.events.clear();
        let cancel = Cancel {
            order: OrderRef::Id(id),
            account: None,
        };
        self.market.cancel(black_box(&cancel), &mut self.events);
        black_box(&self.events);
    }

    fn amend(&mut self, id: OrderId, price: i64) {
        self.events.clear();
        let price = Some(Price::new(price));
        let amend = Amend {
            order: OrderRef::Id(id),
            account: None,
            price,
            quantity: None,
        };
        self.market.amend(black_box(&amend), &mut self.events);
        black_box(&self.events);
    }
}

/// Time in which this thread has a processor, so that a busy machine gives the same figures as an idle one.
struct ProcessorTime;

impl Measurement for ProcessorTime {
    type Intermediate = Duration;
    type Value = Duration;

    fn start(&self) -> Duration {
        processor_time().expect("this system tells processor time")
    }

    fn end(&self, start: Duration) -> Duration {
        self.start() - start
    }

    fn add(&self, first: &Duration, second: &Duration) -> Duration {
        *first + *second
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        WallTime.to_f64(value)
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}

criterion_group! {
    name = all;
    config = Criterion::default().with_measurement(ProcessorTime);
    targets = benchmarks
}
criterion_main!(all);
