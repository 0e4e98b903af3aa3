//! A warm book takes no memory: not for orders, cancels, amends and trades, however many come.
//!
//! A binary of its own, because its allocator counts.
#![expect(
    unsafe_code,
    reason = "an allocator that counts is unsafe by its trait, and passes everything on"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use engine_core::{
    AccountId, Amend, Cancel, ClientOrderId, Command, Engine, EngineConfig, Event, InstrumentId,
    InstrumentSpec, Market, MassCancel, OrderId, OrderIds, OrderKind, OrderRef, Peg, Place, PostOnly, Price,
    Qty, SelfTrade, Sequenced, Side, TimeInForce, Timestamp, Trail, Visibility,
};
use engine_testkit::streams::Random;
use rust_decimal::Decimal;

thread_local! {
    /// How often this thread has asked for memory.
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    /// The bytes that it has and has not given back.
    static BYTES: Cell<i64> = const { Cell::new(0) };
}

struct Counting;

fn count(allocations: u64, bytes: i64) {
    // A thread that ends has no counters any more; nobody asks for its counts then.
    let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + allocations));
    let _ = BYTES.try_with(|count| count.set(count.get() + bytes));
}

fn bytes(size: usize) -> i64 {
    size.try_into().expect("no size is half the address space")
}

// SAFETY: every call goes on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(1, bytes(layout.size()));
        // SAFETY: the caller's promise is the system's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(1, bytes(layout.size()));
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(1, bytes(size) - bytes(layout.size()));
        // SAFETY: as above.
        unsafe { System.realloc(memory, layout, size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(0, -bytes(layout.size()));
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// How often `work` asks for memory.
fn allocations(work: impl FnOnce()) -> u64 {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

/// What is traded on.
trait Venue {
    fn carry_out(&mut self, command: &Command, events: &mut Vec<Event>);
}

impl Venue for Market {
    fn carry_out(&mut self, command: &Command, events: &mut Vec<Event>) {
        match command {
            Command::Place(place) => self.place(place, events),
            Command::Cancel(cancel) => self.cancel(cancel, events),
            Command::Amend(amend) => self.amend(amend, events),
            _ => unreachable!("the trader sends nothing else"),
        }
    }
}

impl Venue for Engine {
    fn carry_out(&mut self, command: &Command, events: &mut Vec<Event>) {
        let (seq, time) = (self.applied().next(), Timestamp::from_nanos(self.applied().get()));
        let value = command.clone();
        self.apply(&Sequenced { seq, time, value }, events)
            .expect("each command is the next");
    }
}

/// The most orders that the trader keeps alive; half as many again while the venue gets warm: warm is a venue that has
/// held more than it holds.
const LIVE_MAX: usize = 20_000;
const WARM_LIVE_MAX: usize = 30_000;
const INSTRUMENTS: u64 = 8;
const WARM_UP: u64 = 2_000_000;
const COMMANDS: u64 = 1_000_000;

/// Sends orders, cancels and amends around a price that wanders, and remembers the ids that it was told.
struct Trader {
    random: Random,
    instruments: u64,
    /// Changes a plain order into the kind that is traded.
    dress: fn(&mut Place, &mut Random),
    live: Vec<OrderId>,
    live_max: usize,
    /// How many of a hundred orders come far from the price.
    far: u32,
    next_id: u64,
    events: Vec<Event>,
    traded: u64,
    amended: u64,
    cancelled: u64,
}

impl Trader {
    fn new(instruments: u64, dress: fn(&mut Place, &mut Random)) -> Self {
        Self {
            random: Random::new(20),
            instruments,
            dress,
            live: Vec::with_capacity(WARM_LIVE_MAX + 1),
            live_max: WARM_LIVE_MAX,
            far: 400,
            next_id: 0,
            events: Vec::with_capacity(10_000),
            traded: 0,
            amended: 0,
            cancelled: 0,
        }
    }

    fn trade(&mut self, venue: &mut impl Venue, commands: u64) {
        for _ in 0..commands {
            let command = self.command();
            self.events.clear();
            venue.carry_out(&command, &mut self.events);
            self.listen();
        }
    }

    fn command(&mut self) -> Command {
        let forced = self.live.len() >= self.live_max;
        let account = None;
        if !self.live.is_empty() && (forced || self.random.percent(45)) {
            let at = self.random.below(self.live.len() as u64) as usize;
            if !forced && self.random.percent(40) {
                let order = OrderRef::Id(self.live[at]);
                let price = self.random.percent(30).then(|| self.price());
                let quantity = Some(Qty::new(1 + self.random.below(40)));
                return Command::Amend(Amend {
                    order,
                    account,
                    price,
                    quantity,
                });
            }
            let order = OrderRef::Id(self.live.swap_remove(at));
            return Command::Cancel(Cancel { order, account });
        }
        let side = self.random.pick(&Side::BOTH);
        let instrument = InstrumentId::new(self.random.below(self.instruments) as u32);
        let quantity = Qty::new(1 + self.random.below(40));
        // Any number that was not used: spread over 64 bits, as callers choose them.
        self.next_id += 1;
        let id = OrderId::new(self.next_id.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut place = Place::limit(instrument, id, side, self.price(), quantity);
        place.account = AccountId::new(1 + self.random.below(500));
        (self.dress)(&mut place, &mut self.random);
        Command::Place(place)
    }

    fn price(&mut self) -> Price {
        let spread = self.random.weighted(&[(80, 20), (15, 200), (self.far, 20_000)]);
        Price::new(100_000 + self.random.within(-spread, spread))
    }

    fn listen(&mut self) {
        let is_new = matches!(self.events.first(), Some(Event::Accepted { .. }));
        for event in &self.events {
            match event {
                Event::Rested { order, .. } if is_new => self.live.push(*order),
                Event::Traded { .. } => self.traded += 1,
                Event::Amended { .. } => self.amended += 1,
                Event::Cancelled { .. } => self.cancelled += 1,
                _ => {}
            }
        }
    }
}

fn spec() -> InstrumentSpec {
    InstrumentSpec::builder("X", Decimal::ONE, Decimal::ONE)
        .build()
        .expect("a tick and a lot of 1")
}

fn engine(ids: OrderIds) -> Engine {
    let mut engine = Engine::new(EngineConfig {
        ids,
        ..EngineConfig::default()
    });
    for _ in 0..INSTRUMENTS {
        engine.carry_out(&Command::List(Box::new(spec())), &mut Vec::new());
    }
    engine
}

fn market(ids: OrderIds) -> Market {
    Market::new(InstrumentId::new(0), spec(), ids, 1_000_000)
}

/// A million commands on a warm venue ask for no memory.
#[track_caller]
fn takes_no_memory(mut venue: impl Venue, instruments: u64, dress: fn(&mut Place, &mut Random)) {
    let mut trader = Trader::new(instruments, dress);
    let warming = allocations(|| trader.trade(&mut venue, WARM_UP));
    assert!(warming > 0, "the allocator counts");
    (trader.live_max, trader.far) = (LIVE_MAX, 5);
    trader.trade(&mut venue, WARM_UP);
    let before = (trader.traded, trader.amended, trader.cancelled);
    let taken = allocations(|| trader.trade(&mut venue, COMMANDS));
    let least = COMMANDS / 50;
    assert!(trader.traded - before.0 > least, "there were trades");
    assert!(trader.amended - before.1 > least, "there were amends");
    assert!(trader.cancelled - before.2 > least, "there were cancels");
    assert_eq!(taken, 0, "allocations in {COMMANDS} commands");
}

fn plain(_: &mut Place, _: &mut Random) {}

/// Conditions that are kept with an order, and need no list in which it stands.
fn conditional(place: &mut Place, random: &mut Random) {
    match random.below(8) {
        0 => place.visibility = Visibility::Hidden,
        1 | 2 => {
            let display = Qty::new(1 + place.quantity.lots() / 3);
            place.visibility = Visibility::Iceberg { display };
        }
        3 => place.post_only = PostOnly::Slide,
        4 => place.self_trade = random.pick(&[SelfTrade::CancelOldest, SelfTrade::Decrement]),
        5 => place.time_in_force = random.pick(&[TimeInForce::Ioc, TimeInForce::Fok, TimeInForce::Day]),
        6 => place.kind = random.pick(&[OrderKind::Market, OrderKind::MarketToLimit]),
        _ => place.min_quantity = Some(Qty::new(1)),
    }
}

#[test]
fn a_warm_market_takes_no_memory() {
    takes_no_memory(market(OrderIds::Assigned), 1, plain);
}

#[test]
fn a_warm_market_with_chosen_ids_takes_no_memory() {
    takes_no_memory(market(OrderIds::Chosen { hash_seed: 5 }), 1, plain);
}

#[test]
fn a_warm_engine_takes_no_memory() {
    takes_no_memory(engine(OrderIds::Assigned), INSTRUMENTS, plain);
}

#[test]
fn a_warm_engine_with_chosen_ids_takes_no_memory() {
    takes_no_memory(engine(OrderIds::Chosen { hash_seed: 5 }), INSTRUMENTS, plain);
}

#[test]
fn orders_with_conditions_that_need_no_list_take_no_memory() {
    takes_no_memory(engine(OrderIds::Assigned), INSTRUMENTS, conditional);
}

/// Orders of every kind that rests or waits, with names and deadlines.
fn listed(place: &mut Place, random: &mut Random) {
    let near = Price::new(100_000 + random.within(-3_000, 3_000));
    match random.below(300) {
        0 => place.all_or_none = true,
        1 => {
            place.kind = OrderKind::Pegged {
                peg: Peg::Primary,
                offset: -2,
                limit: None,
            }
        }
        2 => place.kind = OrderKind::Stop { trigger: near },
        3 => {
            place.kind = OrderKind::TrailingStop {
                trail: Trail::Ticks(5_000),
            }
        }
        4..40 => {
            place.time_in_force = TimeInForce::Gtd(Timestamp::from_nanos(u64::MAX / 2 + random.below(1_000)))
        }
        40..80 => place.client_id = ClientOrderId::new(&random.next_u64().to_string()).ok(),
        _ => conditional(place, random),
    }
}

#[test]
fn what_orders_took_comes_back() {
    let mut engine = engine(OrderIds::Chosen { hash_seed: 5 });
    let mut trader = Trader::new(INSTRUMENTS, listed);
    let mut after_each = Vec::new();
    for _ in 0..40 {
        trader.trade(&mut engine, 60_000);
        engine.carry_out(&Command::MassCancel(MassCancel::default()), &mut Vec::new());
        trader.live.clear();
        engine.check_invariants();
        after_each.push(BYTES.get());
    }
    // Structures grow to what they need and stay; what each order left behind would add megabytes. A wave may need a page
    // of levels more than all before it, and then a pool doubles.
    let added = after_each[39] - after_each[29];
    assert!(added < 20_000, "bytes after each wave: {after_each:?}");
}
