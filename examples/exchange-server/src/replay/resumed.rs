//! What is known of live orders where a replay begins in the middle: a snapshot of the engine says enough.

use engine_core::data::{
    Cursor, InstrumentImage, OrderState, OrderStatus, OrdersImage, Projection, Projections,
    ProjectionsConfig, ProjectionsImage, RestoreError,
};
use engine_core::snapshot::{EngineSnapshot, OrderSnapshot};
use engine_core::{
    Amount, EventBatch, InstrumentId, Notional, OrderType, Price, Side, TimeInForce, Timestamp,
};

/// The projections that stand where the engine of a snapshot stands. They know the live orders, and of the past
/// nothing: no books, trades, candles or statistics.
pub(super) fn projections(
    snapshot: &EngineSnapshot,
    closed_orders_max: u32,
) -> Result<Projections, RestoreError> {
    let config = ProjectionsConfig {
        instruments_max: snapshot.config.instruments_max,
        orders_max: snapshot.config.orders_max,
        ids: snapshot.config.ids,
        closed_orders_max: Some(closed_orders_max),
        ..ProjectionsConfig::OFF
    };
    let instruments = (0..)
        .zip(&snapshot.instruments)
        .map(|(number, _)| InstrumentImage {
            instrument: InstrumentId::new(number),
            depth: None,
            trades: None,
            candles: None,
            statistics: None,
        });
    Projections::restore(ProjectionsImage {
        version: Projections::IMAGE_VERSION,
        cursor: cursor(snapshot)?,
        instruments: instruments.collect(),
        orders: Some(OrdersImage {
            open: open_orders(snapshot),
            closed: Vec::new(),
            closed_lost: 0,
        }),
        config,
    })
}

/// Where a projection stands that has seen everything up to the snapshot.
fn cursor(snapshot: &EngineSnapshot) -> Result<Cursor, RestoreError> {
    let mut seen = Projections::new(ProjectionsConfig {
        feed: engine_core::data::Feed::Part,
        ..ProjectionsConfig::OFF
    });
    let batch = EventBatch {
        seq: snapshot.applied,
        time: snapshot.now,
        events: &[],
    };
    let taken = seen.apply(&batch);
    taken.map_err(|_| RestoreError::Inconsistent("a place that no batch can have"))?;
    Ok(seen.image().cursor)
}

/// The live orders of all instruments, in the order in which they arrived.
fn open_orders(snapshot: &EngineSnapshot) -> Vec<OrderState> {
    let mut orders = Vec::new();
    for (number, instrument) in (0..).zip(&snapshot.instruments) {
        for (side, all) in [(Side::Buy, &instrument.buys), (Side::Sell, &instrument.sells)] {
            let live = all.queued.iter().chain(&all.waiting);
            orders.extend(live.map(|order| (order.arrival, state(order, InstrumentId::new(number), side))));
        }
    }
    orders.sort_unstable_by_key(|(arrival, _)| *arrival);
    orders.into_iter().map(|(_, state)| state).collect()
}

fn state(order: &OrderSnapshot, instrument: InstrumentId, side: Side) -> OrderState {
    let conditions = order.conditions.as_deref();
    let filled = order.total.saturating_sub(order.remaining);
    OrderState {
        order: order.id,
        instrument,
        account: order.account,
        client_id: conditions.and_then(|conditions| conditions.client_id),
        side,
        order_type: conditions.map_or(OrderType::Limit, |conditions| conditions.order_type),
        time_in_force: conditions.map_or(TimeInForce::Gtc, |conditions| conditions.time_in_force),
        price: limit(order),
        trigger: conditions.and_then(|conditions| conditions.trigger),
        is_triggered: false,
        quantity: order.total,
        filled,
        // What it cost and when it came is not told here, and the snapshot does not say it.
        cost: Notional::default(),
        fee: Amount::ZERO,
        status: if filled.is_zero() {
            OrderStatus::Pending
        } else {
            OrderStatus::PartiallyFilled
        },
        created: Timestamp::ZERO,
        updated: Timestamp::ZERO,
    }
}

/// The limit of an order, if it has one.
fn limit(order: &OrderSnapshot) -> Option<Price> {
    let Some(conditions) = &order.conditions else {
        return Some(order.price);
    };
    match conditions.order_type {
        OrderType::Limit
        | OrderType::StopLimit
        | OrderType::TakeProfitLimit
        | OrderType::TrailingStopLimit
        | OrderType::MarketToLimit => Some(order.price),
        OrderType::Pegged => conditions.peg.and_then(|peg| peg.limit),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use engine_core::{Command, Seq, Sequenced};
    use engine_testkit::streams::Stream;

    use super::super::stage::Stage;

    fn sequenced(stream: Stream) -> Vec<Sequenced<Command>> {
        let mut now = engine_core::Timestamp::ZERO;
        let commands = (1..).zip(stream.commands);
        let commands = commands.map(|(seq, (time, value))| {
            now = now.max(time);
            Sequenced {
                seq: Seq::new(seq),
                time: now,
                value,
            }
        });
        commands.collect()
    }

    #[test]
    fn a_replay_that_begins_in_the_middle_tells_the_same() {
        let mut amended = 0;
        for seed in 0..60 {
            let commands = sequenced(Stream::of(seed));
            let cut = commands.len() / 2;
            let mut whole = Stage::new();
            for command in &commands[..cut] {
                whole.follow(command.clone());
            }
            let mut resumed = Stage::resume(whole.snapshot()).expect("it is the snapshot of an engine");
            for command in &commands[cut..] {
                assert_eq!(whole.follow(command.clone()), resumed.follow(command.clone()));
                let told = whole.told().to_vec();
                assert_eq!(told, resumed.told(), "seed {seed}, command {}", command.seq);
                amended += told
                    .iter()
                    .filter(|event| matches!(event, engine_core::Event::Amended { .. }))
                    .count();
            }
            assert_eq!(whole.state_hash(), resumed.state_hash());
        }
        assert!(amended > 100, "the streams are worth it: {amended}");
    }
}
