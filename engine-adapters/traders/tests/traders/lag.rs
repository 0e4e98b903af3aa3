//! A crowd that hears late of what happened, as it does on a busy server.

use engine_core::{Command, Event, OrderId, Place, Price, Qty, RejectReason, Request, Side, TimeInForce};
use engine_traders::Top;

use crate::simulation::{HOUR, MINUTE, SECOND, Simulation, later, rejects};

/// What may be refused when the book has changed meanwhile.
fn is_expected(reject: &Event) -> bool {
    matches!(
        reject,
        Event::Rejected {
            reason: RejectReason::PostOnlyWouldCross,
            ..
        } | Event::Rejected {
            reason: RejectReason::OrderNotFound | RejectReason::QuantityBelowFilled,
            request: Request::Cancel | Request::Amend,
            ..
        }
    )
}

#[test]
fn late_events_cause_only_refusals_that_lateness_explains() {
    for (lag, seed) in [(SECOND / 5, 1), (2 * SECOND, 2)] {
        let mut simulation = Simulation::new(0, 10, seed);
        simulation.lag = lag;
        let (mut commands, mut refused, mut is_open, mut orders_max) = (0, 0, false, 0);
        simulation.run(later(2 * HOUR), |step| {
            commands += 1;
            for reject in rejects(&step.exchange.events) {
                assert!(is_expected(reject), "{reject:?}");
                refused += 1;
            }
            let top = step.exchange.top(engine_core::InstrumentId::new(0));
            let is_quoted = top.bid.is_some() && top.ask.is_some();
            assert!(is_quoted || !is_open, "a side is empty");
            is_open |= is_quoted;
            orders_max = orders_max.max(step.exchange.projections.order_count());
        });
        assert!(is_open);
        assert!(refused * 20 < commands, "{refused} of {commands} were refused");
        assert!(orders_max <= 160, "{orders_max} orders");
    }
}

#[test]
fn commands_that_got_lost_are_given_up_and_asked_again() {
    let mut simulation = Simulation::new(0, 10, 3);
    simulation.run(later(MINUTE), |_| {});
    for (side, price) in [(Side::Buy, 70_000), (Side::Sell, 30_000)] {
        let all = Qty::new(100_000_000_000);
        let sweep = Place {
            time_in_force: TimeInForce::Ioc,
            ..Place::limit(
                simulation.instrument,
                OrderId::new(0),
                side,
                Price::new(price),
                all,
            )
        };
        simulation.apply(later(MINUTE), Command::Place(sweep));
    }
    assert_eq!(simulation.exchange.top(simulation.instrument), Top::default());

    // Nothing that the crowd says in the next half a minute arrives.
    let mut lost = Vec::new();
    while simulation.crowd.next_due() < later(MINUTE + 30 * SECOND) {
        simulation
            .crowd
            .act(simulation.crowd.next_due(), Top::default(), &mut lost);
    }
    let places = lost.iter().filter(|command| matches!(command, Command::Place(_)));
    assert!(places.count() >= 40, "both makers quote anew");

    let mut amends = 0;
    simulation.run(later(MINUTE + 60 * SECOND), |step| {
        assert_eq!(
            rejects(&step.exchange.events).next(),
            None,
            "of {:?}",
            step.command
        );
        amends += u32::from(matches!(step.command, Command::Amend(_)));
    });
    let top = simulation.exchange.top(simulation.instrument);
    let (bid, ask) = top.bid.zip(top.ask).expect("both sides are quoted again");
    assert!(ask.ticks() - bid.ticks() <= 20, "{bid} to {ask}");
    assert!(amends > 10, "the makers follow the price: {amends}");
    let orders = simulation.exchange.projections.order_count();
    assert!((30..=130).contains(&orders), "{orders} orders");
}
