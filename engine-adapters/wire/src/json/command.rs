//! Commands written as lines, so that what a journal holds can be read, changed and fed in again.

use engine_core::{
    AccountId, Amend, Command, InstrumentId, MassCancel, MassCancelCause, OrderKind, OrderRef, Place,
    PostOnly, Request, Scope, SelfTrade, TimeInForce, Timestamp, Trail, Visibility,
};

use super::op::Op;
use super::words::{OrderWord, TimeWord, Word};
use super::write::Object;
use crate::symbols::Symbols;

/// Writes a command and its time as the line that asks for it, without the line's end.
///
/// An amend tells its price and quantity as decimals of its order's instrument, which `instrument_of` finds. Where
/// it does not, the order is not live, the engine refuses the amend whatever it asks for, and the line leaves both
/// out.
///
/// ```
/// use engine_core::{Command, InstrumentId, Timestamp};
/// use engine_wire::{Symbols, write_command};
///
/// let mut out = Vec::new();
/// write_command(&Command::Tick, Timestamp::from_nanos(7), &Symbols::new(), |_| None, &mut out);
/// assert_eq!(out, br#"{"op":"time","time_ns":7}"#);
/// ```
pub fn write_command(
    command: &Command,
    time: Timestamp,
    symbols: &Symbols,
    instrument_of: impl Fn(OrderRef) -> Option<InstrumentId>,
    out: &mut Vec<u8>,
) {
    let mut object = Object::new(out);
    let op = |object: &mut Object<'_>, request: Request| object.word("op", request.word());
    match command {
        Command::List(spec) => {
            op(&mut object, Request::List);
            super::symbol::write_spec(spec, symbols, &mut object);
        }
        Command::Place(place) => {
            op(&mut object, Request::Place);
            write_place(place, symbols, &mut object);
            write_owner(place, &mut object);
        }
        Command::PlaceLinked(linked) => {
            op(&mut object, Request::PlaceLinked);
            object.word("kind", linked.kind.word());
            write_list(&linked.orders, symbols, &mut object);
        }
        Command::Cancel(cancel) => {
            op(&mut object, Request::Cancel);
            write_order(cancel.order, cancel.account, &mut object);
        }
        Command::Amend(amend) => {
            op(&mut object, Request::Amend);
            write_amend(amend, symbols, instrument_of(amend.order), &mut object);
        }
        Command::MassCancel(mass_cancel) => {
            op(&mut object, Request::MassCancel);
            write_mass_cancel(mass_cancel, symbols, &mut object);
        }
        Command::SetPhase(set) => {
            op(&mut object, Request::SetPhase);
            symbols.write_symbol(set.instrument, object.key("symbol"));
            object.word("phase", set.phase.word());
        }
        Command::Uncross(instrument) => {
            op(&mut object, Request::Uncross);
            symbols.write_symbol(*instrument, object.key("symbol"));
        }
        Command::SetMark(mark) => {
            op(&mut object, Request::SetMark);
            symbols.write_symbol(mark.instrument, object.key("symbol"));
            symbols.write_price(mark.instrument, mark.price, object.key("price"));
        }
        Command::CancelAllAfter(switch) => {
            op(&mut object, Request::CancelAllAfter);
            write_account(Some(switch.account), &mut object);
            object.integer("timeout_ms", switch.timeout_ns.unwrap_or(0) / 1_000_000);
        }
        Command::Kill(scope) => {
            op(&mut object, Request::Kill);
            write_scope(*scope, &mut object);
        }
        Command::Resume(scope) => {
            op(&mut object, Request::Resume);
            write_scope(*scope, &mut object);
        }
        Command::Tick => object.word("op", Op::Time.word()),
        other => super::money::write(other, symbols, &mut object),
    }
    object.integer("time_ns", time.nanos());
    object.end();
}

fn write_place(place: &Place, symbols: &Symbols, object: &mut Object<'_>) {
    object.integer("id", place.id.get());
    symbols.write_symbol(place.instrument, object.key("symbol"));
    object.word("side", place.side.word());
    write_kind(place, symbols, object);
    if !matches!(place.kind, OrderKind::MarketByQuote { .. }) {
        symbols.write_quantity(place.instrument, place.quantity, object.key("quantity"));
    }
    write_time_in_force(place.time_in_force, object);
    match place.visibility {
        Visibility::Displayed => {}
        Visibility::Iceberg { display } => {
            symbols.write_quantity(place.instrument, display, object.key("display_quantity"));
        }
        Visibility::Hidden => object.boolean("hidden", true),
    }
    match place.post_only {
        PostOnly::No => {}
        PostOnly::Reject => object.boolean("post_only", true),
        PostOnly::Slide => object.word("post_only", PostOnly::Slide.word()),
    }
    if let Some(quantity) = place.min_quantity {
        symbols.write_quantity(place.instrument, quantity, object.key("min_quantity"));
    }
    for (key, value) in [
        ("all_or_none", place.all_or_none),
        ("reduce_only", place.reduce_only),
    ] {
        if value {
            object.boolean(key, true);
        }
    }
    if place.self_trade != SelfTrade::None {
        object.word("self_trade_prevention", place.self_trade.word());
    }
    if let Some(client_id) = place.client_id {
        object.text("client_order_id", client_id.as_str());
    }
}

/// The order type with its parameters.
fn write_kind(place: &Place, symbols: &Symbols, object: &mut Object<'_>) {
    let (word, price, trigger, trail) = match place.kind {
        OrderKind::Market | OrderKind::MarketByQuote { .. } => (OrderWord::Market, None, None, None),
        OrderKind::MarketToLimit => (OrderWord::MarketToLimit, None, None, None),
        OrderKind::Limit { price } => (OrderWord::Limit, Some(price), None, None),
        OrderKind::Stop { trigger } => (OrderWord::Stop, None, Some(trigger), None),
        OrderKind::StopLimit { trigger, price } => (OrderWord::StopLimit, Some(price), Some(trigger), None),
        OrderKind::TakeProfit { trigger } => (OrderWord::TakeProfit, None, Some(trigger), None),
        OrderKind::TakeProfitLimit { trigger, price } => {
            (OrderWord::TakeProfitLimit, Some(price), Some(trigger), None)
        }
        OrderKind::TrailingStop { trail } => (OrderWord::TrailingStop, None, None, Some(trail)),
        OrderKind::TrailingStopLimit { trail, price } => {
            (OrderWord::TrailingStopLimit, Some(price), None, Some(trail))
        }
        OrderKind::Pegged { limit, .. } => (OrderWord::Pegged, limit, None, None),
    };
    object.word("order_type", word.word());
    for (key, price) in [("price", price), ("stop_price", trigger)] {
        if let Some(price) = price {
            symbols.write_price(place.instrument, price, object.key(key));
        }
    }
    match trail {
        None => {}
        Some(Trail::Ticks(ticks)) => {
            symbols.write_ticks(place.instrument, i128::from(ticks), object.key("trailing_delta"));
        }
        Some(Trail::BasisPoints(bps)) => object.integer("trailing_delta_bps", u64::from(bps)),
    }
    match place.kind {
        OrderKind::Pegged { peg, offset, .. } => {
            object.word("peg", peg.word());
            symbols.write_ticks(place.instrument, i128::from(offset), object.key("peg_offset"));
        }
        OrderKind::MarketByQuote { budget } => {
            symbols.write_notional(place.instrument, budget, object.key("quote_quantity"));
        }
        _ => {}
    }
}

fn write_time_in_force(time_in_force: TimeInForce, object: &mut Object<'_>) {
    object.word("time_in_force", TimeWord::from(time_in_force).word());
    if let TimeInForce::Gtd(moment) = time_in_force {
        object.integer("expire_at_ns", moment.nanos());
    }
}

fn write_list(orders: &[Place], symbols: &Symbols, object: &mut Object<'_>) {
    if let Some(first) = orders.first() {
        write_owner(first, object);
    }
    let out = object.key("orders");
    out.push(b'[');
    for (index, place) in orders.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        let mut order = Object::new(out);
        write_place(place, symbols, &mut order);
        order.end();
    }
    out.push(b']');
}

fn write_owner(place: &Place, object: &mut Object<'_>) {
    write_account(place.account, object);
    if let Some(group) = place.group {
        object.integer("group", u64::from(group.get()));
    }
}

fn write_amend(amend: &Amend, symbols: &Symbols, instrument: Option<InstrumentId>, object: &mut Object<'_>) {
    write_order(amend.order, amend.account, object);
    let Some(instrument) = instrument else { return };
    symbols.write_symbol(instrument, object.key("symbol"));
    if let Some(price) = amend.price {
        symbols.write_price(instrument, price, object.key("price"));
    }
    if let Some(quantity) = amend.quantity {
        symbols.write_quantity(instrument, quantity, object.key("quantity"));
    }
}

fn write_mass_cancel(mass_cancel: &MassCancel, symbols: &Symbols, object: &mut Object<'_>) {
    write_account(mass_cancel.account, object);
    if let Some(instrument) = mass_cancel.instrument {
        symbols.write_symbol(instrument, object.key("symbol"));
    }
    if let Some(side) = mass_cancel.side {
        object.word("side", side.word());
    }
    if mass_cancel.cause != MassCancelCause::Asked {
        object.word("cause", mass_cancel.cause.word());
    }
}

fn write_order(order: OrderRef, account: Option<AccountId>, object: &mut Object<'_>) {
    match order {
        OrderRef::Id(id) => {
            object.integer("id", id.get());
            write_account(account, object);
        }
        OrderRef::Client(owner, client_id) => {
            write_account(Some(owner), object);
            object.text("client_order_id", client_id.as_str());
        }
    }
}

fn write_scope(scope: Scope, object: &mut Object<'_>) {
    if let Scope::Account(account) = scope {
        write_account(Some(account), object);
    }
}

fn write_account(account: Option<AccountId>, object: &mut Object<'_>) {
    if let Some(account) = account {
        object.integer("account", account.get());
    }
}
