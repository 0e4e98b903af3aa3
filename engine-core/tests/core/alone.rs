//! A market that stands alone does what an engine does with its one instrument, and says what it holds.

use engine_core::{
    Command, Engine, EngineConfig, Event, InstrumentId, InstrumentSpec, Market, MassCancel, MassCancelCause,
    OrderId, OrderIds, Phase, Place, Price, Qty, Seq, Sequenced, Side, Timestamp,
};
use engine_testkit::differential::Seeds;
use engine_testkit::streams::Stream;
use rust_decimal::Decimal;

/// How many streams; `ENGINE_STREAMS` asks for another number, `ENGINE_SEED` for others.
const STREAMS: u64 = 300;
const INSTRUMENT: InstrumentId = InstrumentId::new(0);

/// Whether a market has this command too, for its instrument. An empty list of linked orders does nothing in a
/// market, and an engine rejects it.
fn is_for_market(command: &Command) -> bool {
    match command {
        Command::Place(_) | Command::Cancel(_) | Command::Amend(_) => true,
        Command::PlaceLinked(linked) => !linked.orders.is_empty(),
        Command::MassCancel(cancel) => cancel.instrument.is_none() && cancel.cause == MassCancelCause::Asked,
        Command::SetPhase(set) => set.instrument == INSTRUMENT,
        Command::Uncross(instrument) => *instrument == INSTRUMENT,
        Command::SetMark(set) => set.instrument == INSTRUMENT,
        _ => false,
    }
}

fn tell(market: &mut Market, command: &Command, events: &mut Vec<Event>) {
    match command {
        Command::Place(place) => market.place(place, events),
        Command::PlaceLinked(linked) => market.place_linked(linked, events),
        Command::Cancel(cancel) => market.cancel(cancel, events),
        Command::Amend(amend) => market.amend(amend, events),
        Command::MassCancel(MassCancel { account, side, .. }) => market.cancel_all(*account, *side, events),
        Command::SetPhase(set) => market.set_phase(set.phase, events),
        Command::Uncross(_) => market.uncross(events),
        Command::SetMark(set) => market.set_mark(set.price, events),
        other => panic!("a market has no {other:?}"),
    }
}

#[test]
fn a_market_alone_does_what_an_engine_does_with_its_instrument() {
    let seeds = Seeds::from_env(STREAMS);
    for stream in (seeds.first..seeds.first.saturating_add(seeds.count)).map(Stream::of) {
        let config = EngineConfig {
            accounts: None,
            ..stream.config.into()
        };
        let list = stream
            .commands
            .iter()
            .find(|(_, command)| matches!(command, Command::List(_)));
        let Some((time, Command::List(spec))) = list else {
            panic!("a stream lists an instrument")
        };
        let mut market = Market::new(INSTRUMENT, (**spec).clone(), config.ids, config.orders_max);
        let mut engine = Engine::new(config);
        let for_market = stream
            .commands
            .iter()
            .filter(|(_, command)| is_for_market(command));
        let list = (*time, Command::List(spec.clone()));
        for (seq, (time, command)) in (1..).zip(std::iter::once(&list).chain(for_market)) {
            let (mut by_engine, mut by_market) = (Vec::new(), Vec::new());
            let command = Sequenced {
                seq: Seq::new(seq),
                time: *time,
                value: command.clone(),
            };
            engine
                .apply(&command, &mut by_engine)
                .expect("commands are numbered without gaps");
            if seq == 1 {
                continue;
            }
            market.advance(*time, &mut by_market);
            tell(&mut market, &command.value, &mut by_market);
            assert_eq!(by_market, by_engine, "stream {}: {command:?}", stream.seed);
        }
    }
}

#[test]
fn a_market_alone_says_what_it_holds() {
    let spec = InstrumentSpec::builder("AAPL", Decimal::ONE, Decimal::ONE).build();
    let spec = spec.expect("a tick and a lot are a spec");
    let mut market = Market::new(INSTRUMENT, spec.clone(), OrderIds::Chosen { hash_seed: 7 }, 10);
    let mut events = Vec::new();
    assert_eq!(market.spec(), &spec);
    assert_eq!((market.len(), market.is_empty(), market.last()), (0, true, None));
    assert_eq!(market.best(Side::Sell), None);
    for (id, side, price, quantity) in [
        (1, Side::Sell, 101, 5),
        (2, Side::Sell, 103, 7),
        (3, Side::Sell, 101, 4),
        (4, Side::Buy, 101, 2),
        (5, Side::Buy, 99, 6),
    ] {
        let (id, price, quantity) = (OrderId::new(id), Price::new(price), Qty::new(quantity));
        market.place(&Place::limit(INSTRUMENT, id, side, price, quantity), &mut events);
    }
    assert_eq!((market.len(), market.is_empty()), (4, false));
    assert_eq!(market.last(), Some(Price::new(101)));
    assert_eq!(market.best(Side::Buy), Some((Price::new(99), Qty::new(6))));
    let levels: Vec<_> = market.levels(Side::Sell).collect();
    assert_eq!(
        levels,
        [(Price::new(101), Qty::new(7)), (Price::new(103), Qty::new(7))]
    );
    assert_eq!(market.phase(), Phase::Continuous);
    market.set_phase(Phase::Halted, &mut events);
    assert_eq!(market.phase(), Phase::Halted);
    market.advance(Timestamp::from_nanos(1), &mut events);
    market.cancel_all(None, Some(Side::Sell), &mut events);
    assert_eq!((market.len(), market.best(Side::Sell)), (1, None));
}
