//! What every projection refuses, and that it changes nothing.

use std::fmt::Debug;

use engine_core::data::indicators::{Period, Rsi, Study, StudySource};
use engine_core::data::{
    Candles, Divergence, Feed, FeedError, Interval, Projection, Projections, ProjectionsConfig, Statistics,
    Trade, TradeFeed, Trades,
};
use engine_core::{Event, EventBatch, OrderId, OrderIds, OrderType, Price, Qty, Seq, Side};

use crate::{DAY, MINUTE, X, at, trade};

fn accepted(order: u64, side: Side) -> Event {
    Event::Accepted {
        instrument: X,
        order: OrderId::new(order),
        account: None,
        side,
        order_type: OrderType::Limit,
        price: Some(Price::new(100)),
        quantity: Qty::new(5),
    }
}

fn rested(order: u64, side: Side) -> Event {
    Event::Rested {
        instrument: X,
        order: OrderId::new(order),
        side,
        price: Price::new(100),
        displayed: Qty::new(5),
    }
}

fn traded(maker: u64, taker: u64, quantity: u64) -> Event {
    Event::Traded {
        instrument: X,
        maker: OrderId::new(maker),
        maker_account: None,
        taker: OrderId::new(taker),
        taker_account: None,
        taker_side: Side::Buy,
        maker_displayed: true,
        price: Price::new(100),
        quantity: Qty::new(quantity),
    }
}

fn batch(seq: u64, nanos: u64, events: &[Event]) -> EventBatch<'_> {
    EventBatch {
        seq: Seq::new(seq),
        time: at(nanos),
        events,
    }
}

/// Feeds a few batches, then bad ones.
fn refuses_what_does_not_follow<P: Projection>(mut projection: P)
where
    P::Image: Debug + PartialEq,
{
    let first = [
        Event::Listed { instrument: X },
        accepted(1, Side::Sell),
        rested(1, Side::Sell),
    ];
    let second = [accepted(2, Side::Buy), traded(1, 2, 2)];
    projection.apply(&batch(1, 50, &first)).expect("the first batch");
    projection
        .apply(&batch(2, 60, &second))
        .expect("the second batch");
    projection
        .apply(&batch(3, 60, &[]))
        .expect("a batch without events, at the same time");
    let before = projection.image();
    let more = [accepted(3, Side::Buy), traded(1, 3, 1)];
    let out_of_order = |got| FeedError::OutOfOrder {
        last: Seq::new(3),
        got: Seq::new(got),
    };
    for repeated in 0..=3 {
        assert_eq!(
            projection.apply(&batch(repeated, 70, &more)),
            Err(out_of_order(repeated))
        );
        assert_eq!(projection.image(), before, "it changed nothing");
    }
    let backwards = projection.apply(&batch(4, 59, &more));
    let expected = FeedError::TimeBackwards {
        seq: Seq::new(4),
        last: at(60),
        got: at(59),
    };
    assert_eq!(backwards, Err(expected));
    assert_eq!(projection.image(), before, "it changed nothing");
    assert_eq!(
        (projection.last(), projection.time()),
        (Some(Seq::new(3)), at(60))
    );
    projection
        .apply(&batch(4, 70, &more))
        .expect("what follows is taken");
    assert_ne!(projection.image(), before, "and makes a difference");
}

#[test]
fn a_batch_that_does_not_follow_is_refused_and_changes_nothing() {
    let period = Period::new(2).expect("two is a period");
    refuses_what_does_not_follow(Trades::new(X, 10));
    refuses_what_does_not_follow(Candles::new(X, &Interval::USUAL, 10));
    refuses_what_does_not_follow(Statistics::new(X, 10));
    refuses_what_does_not_follow(Study::new(X, StudySource::Trades, Rsi::new(period)));
    refuses_what_does_not_follow(Projections::new(ProjectionsConfig::default()));
}

/// Feeds a few trades of a foreign feed, then bad ones.
fn refuses_trades_that_do_not_follow<P: TradeFeed>(mut projection: P)
where
    P::Image: Debug + PartialEq,
{
    projection.record(&trade(5, 50, 100, 1)).expect("the first trade");
    projection
        .record(&trade(9, 60, 101, 2))
        .expect("numbers may be left out");
    let before = projection.image();
    let out_of_order = |got| FeedError::OutOfOrder {
        last: Seq::new(9),
        got: Seq::new(got),
    };
    let backwards = FeedError::TimeBackwards {
        seq: Seq::new(10),
        last: at(60),
        got: at(59),
    };
    let beyond = trade(10, 60, Price::MAX.ticks() + 1, 1);
    for (bad, error) in [
        (trade(9, 60, 101, 2), out_of_order(9)),
        (trade(5, 70, 101, 2), out_of_order(5)),
        (trade(10, 59, 101, 2), backwards),
        (trade(10, 60, 101, 0), FeedError::Trade(Seq::new(10))),
        (beyond, FeedError::Trade(Seq::new(10))),
    ] {
        assert_eq!(projection.record(&bad), Err(error));
        assert_eq!(projection.image(), before, "it changed nothing");
    }
    projection
        .record(&trade(10, 60, 99, 4))
        .expect("what follows is taken");
    assert_ne!(projection.image(), before, "and makes a difference");
}

#[test]
fn a_foreign_trade_that_does_not_follow_is_refused_and_changes_nothing() {
    let period = Period::new(2).expect("two is a period");
    refuses_trades_that_do_not_follow(Trades::new(X, 10));
    refuses_trades_that_do_not_follow(Candles::new(X, &Interval::USUAL, 10));
    refuses_trades_that_do_not_follow(Statistics::new(X, 10));
    refuses_trades_that_do_not_follow(Study::new(X, StudySource::Trades, Rsi::new(period)));
}

/// Gives the same trades to one projection as events of an engine and to another as a foreign feed.
fn is_the_same_from_anywhere<P: TradeFeed>(mut events: P, mut foreign: P)
where
    P::Image: Debug + PartialEq,
{
    let mut order = 0;
    for (seq, nanos) in [(1, 5), (2, MINUTE), (7, MINUTE), (8, 90 * MINUTE), (9, DAY + 5)] {
        order += 2;
        let happened = [accepted(order, Side::Buy), traded(1, order, seq)];
        let batch = batch(seq, nanos, &happened);
        events.apply(&batch).expect("batches come in order");
        let trade = Trade::of_event(X, &batch, 1).expect("it is a trade");
        foreign.record(&trade).expect("trades come in order");
        assert_eq!(foreign.image(), events.image());
    }
    events.apply(&batch(10, 3 * DAY, &[])).expect("a tick");
    foreign.advance(at(3 * DAY));
    assert_eq!(foreign.time(), events.time());
}

#[test]
fn a_foreign_feed_gives_what_the_events_of_an_engine_give() {
    let rsi = || Rsi::new(Period::new(2).expect("two is a period"));
    is_the_same_from_anywhere(Trades::new(X, 3), Trades::new(X, 3));
    let candles = || Candles::new(X, &Interval::USUAL, 10);
    is_the_same_from_anywhere(candles(), candles());
    is_the_same_from_anywhere(Statistics::new(X, 2), Statistics::new(X, 2));
    for source in [StudySource::Trades, StudySource::Candles(Interval::M1)] {
        is_the_same_from_anywhere(Study::new(X, source, rsi()), Study::new(X, source, rsi()));
    }
}

#[test]
fn errors_name_both_sequences() {
    let error = FeedError::OutOfOrder {
        last: Seq::new(17),
        got: Seq::new(12),
    };
    assert_eq!(error.to_string(), "batch 12 cannot follow on batch 17");
    let error = FeedError::Gap {
        expected: Seq::new(18),
        got: Seq::new(20),
    };
    assert_eq!(error.to_string(), "batch 20 came where batch 18 was due");
}

#[test]
fn a_gap_is_refused_where_the_whole_stream_was_promised_and_taken_where_not() {
    let listed = [Event::Listed { instrument: X }];
    for (feed, is_taken) in [(Feed::Whole, false), (Feed::Part, true)] {
        let mut projections = Projections::new(ProjectionsConfig {
            feed,
            ..ProjectionsConfig::default()
        });
        let first = projections.apply(&batch(2, 0, &listed));
        assert_eq!(first.is_ok(), is_taken, "the first batch is missing");
        if !is_taken {
            projections.apply(&batch(1, 0, &listed)).expect("the first batch");
        }
        let before = projections.image();
        let gap = projections.apply(&batch(5, 0, &[accepted(1, Side::Buy)]));
        let expected = FeedError::Gap {
            expected: Seq::new(2),
            got: Seq::new(5),
        };
        assert_eq!(gap, if is_taken { Ok(()) } else { Err(expected) });
        assert_eq!(projections.image() == before, !is_taken);
    }
}

#[test]
fn the_events_of_other_instruments_are_passed_over() {
    let mut trades = Trades::new(engine_core::InstrumentId::new(1), 10);
    trades
        .apply(&batch(1, 0, &[traded(1, 2, 2)]))
        .expect("the first batch");
    assert_eq!(trades.count(), 0);
}

/// A stream that contradicts itself stops the projections for good, with the first batch that did not fit.
#[test]
fn a_contradiction_is_told_and_nothing_is_taken_after_it() {
    let listed = [Event::Listed { instrument: X }];
    let cancelled = |order| Event::Cancelled {
        instrument: X,
        order: OrderId::new(order),
        account: None,
        side: Side::Sell,
        remaining: Qty::new(5),
        displayed: None,
        reason: engine_core::CancelReason::User,
    };
    let shown = [accepted(1, Side::Sell), rested(1, Side::Sell)];
    let settled = |trade| Event::Settled {
        trade,
        asset: engine_core::AssetId::new(0),
        maker_fee: engine_core::Amount::ZERO,
        taker_fee: engine_core::Amount::ZERO,
    };
    let contradictions: [&[Event]; 11] = [
        &[shown[0], settled(0)],
        &[settled(1)],
        &[traded(1, 2, 2)],
        &[accepted(1, Side::Sell), accepted(1, Side::Sell)],
        &[rested(1, Side::Sell)],
        &[cancelled(1)],
        &[accepted(1, Side::Buy), rested(1, Side::Sell)],
        &[accepted(2, Side::Buy), shown[0], shown[1], traded(1, 2, 6)],
        &[shown[0], shown[1], cancelled(1)],
        &[shown[0], shown[1], rested(1, Side::Sell)],
        &listed,
    ];
    for events in contradictions {
        let mut projections = Projections::new(ProjectionsConfig::default());
        projections.apply(&batch(1, 0, &listed)).expect("the first batch");
        let told = projections
            .apply(&batch(2, 0, events))
            .expect_err("it contradicts itself");
        assert!(
            matches!(told, FeedError::Diverged { at, .. } if at == Seq::new(2)),
            "{told:?}"
        );
        assert_eq!(projections.apply(&batch(3, 0, &[])), Err(told), "{events:?}");
        let restored = Projections::restore(projections.image());
        if let Ok(mut restored) = restored {
            assert_eq!(
                restored.apply(&batch(3, 0, &[])),
                Err(told),
                "an image of it is no better"
            );
        }
    }
}

#[test]
fn limits_are_kept() {
    let config = ProjectionsConfig {
        instruments_max: 1,
        orders_max: 2,
        ..ProjectionsConfig::default()
    };
    let listed = |number| Event::Listed {
        instrument: engine_core::InstrumentId::new(number),
    };
    let mut projections = Projections::new(config.clone());
    projections
        .apply(&batch(1, 0, &[listed(0)]))
        .expect("one instrument");
    let told = projections.apply(&batch(2, 0, &[listed(1)]));
    assert!(
        told.expect_err("no second one")
            .to_string()
            .contains("more instruments")
    );
    let mut projections = Projections::new(config);
    let orders = [listed(0), accepted(0, Side::Buy), accepted(1, Side::Buy)];
    projections.apply(&batch(1, 0, &orders)).expect("two orders");
    let told = projections.apply(&batch(2, 0, &[accepted(2, Side::Buy)]));
    assert!(
        told.expect_err("no third one")
            .to_string()
            .contains("more orders")
    );
}

/// Ids that lead to no slot, to one beyond the limit, or to one that is in use are contradictions, whoever names orders.
#[test]
fn ids_that_lead_nowhere_are_contradictions() {
    let listed = [Event::Listed { instrument: X }, accepted(1, Side::Sell)];
    for ids in [OrderIds::Assigned, OrderIds::Chosen { hash_seed: 3 }] {
        let nowhere = [0, 2, 7, u64::from(u32::MAX), (1 << 32) + 1, 1 << 32, u64::MAX];
        for id in nowhere {
            let config = ProjectionsConfig {
                ids,
                orders_max: 4,
                ..ProjectionsConfig::default()
            };
            let mut projections = Projections::new(config);
            projections.apply(&batch(1, 0, &listed)).expect("one order");
            assert_eq!(projections.order(OrderId::new(id)), None, "{id}");
            let told = projections.apply(&batch(2, 0, &[rested(id, Side::Sell)]));
            let expected = Divergence::Order(OrderId::new(id));
            assert_eq!(
                told,
                Err(FeedError::Diverged {
                    at: Seq::new(2),
                    cause: expected
                })
            );
            projections.check_invariants();
        }
    }
    // The slot of an id that is handed out is its lower half: it is in use, or there is none.
    for id in [(1 << 32) + 1, 4, u64::from(u32::MAX), u64::MAX] {
        let mut projections = Projections::new(ProjectionsConfig {
            orders_max: 4,
            ..ProjectionsConfig::default()
        });
        projections.apply(&batch(1, 0, &listed)).expect("one order");
        let told = projections.apply(&batch(2, 0, &[accepted(id, Side::Sell)]));
        let cause = Divergence::Order(OrderId::new(id));
        assert_eq!(
            told,
            Err(FeedError::Diverged {
                at: Seq::new(2),
                cause
            })
        );
    }
    // Whoever chooses ids may choose any.
    let config = ProjectionsConfig {
        ids: OrderIds::Chosen { hash_seed: 3 },
        ..ProjectionsConfig::default()
    };
    let mut projections = Projections::new(config);
    let any = [0, u64::MAX].map(|id| accepted(id, Side::Sell));
    projections
        .apply(&batch(1, 0, &[listed[0], any[0], any[1]]))
        .expect("two orders");
    for id in [0, u64::MAX] {
        assert!(projections.order(OrderId::new(id)).is_some(), "{id}");
    }
    projections.check_invariants();
}
