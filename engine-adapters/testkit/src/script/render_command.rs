//! Writing commands as a script says them.

use std::fmt::Write as _;

use engine_core::{
    AccountId, Allocation, Amend, Command, InstrumentId, InstrumentSpec, LinkKind, MassCancel,
    MassCancelCause, OrderKind, OrderRef, Peg, Phase, Place, PostOnly, Qty, Scope, SelfTrade, TimeInForce,
    Timestamp, Trail, TriggerSource, Visibility,
};

use super::money;
use super::number::write_nanos;
use crate::naive::NaiveConfig;

/// A whole stream as a script that [`super::parse`] reads.
pub fn render_stream(config: &NaiveConfig, stream: &[(Timestamp, Command)]) -> String {
    let NaiveConfig {
        orders_max,
        instruments_max,
        ..
    } = config;
    let mut text = format!("engine orders {orders_max} instruments {instruments_max}");
    if !config.ids_chosen {
        text += " handed-out-ids";
    }
    if let Some(accounts) = &config.accounts {
        let _ = write!(
            text,
            " accounts accounts-max {} assets-max {} keys-max {}",
            accounts.accounts_max, accounts.assets_max, accounts.transfer_keys_max
        );
    }
    let mut now = Timestamp::ZERO;
    for (time, command) in stream {
        if *time != now {
            now = *time;
            let _ = write!(text, "\nat {}", write_nanos(now.nanos()));
        }
        text.push('\n');
        text += &render_command(command);
    }
    text
}

/// One command as a line of a script.
///
/// # Panics
/// When the script language has no word for the command.
pub fn render_command(command: &Command) -> String {
    match command {
        Command::List(spec) => render_spec(spec),
        Command::Place(place) => render_order(place),
        Command::PlaceLinked(linked) => {
            let orders: Vec<String> = linked.orders.iter().map(render_order).collect();
            let kind = match linked.kind {
                LinkKind::OneCancelsOther => "oco:",
                LinkKind::Bracket => "bracket:",
            };
            format!("{kind} {}", orders.join(" | "))
        }
        Command::Cancel(cancel) => format!("cancel {}{}", by(cancel.order), whose(cancel.account)),
        Command::Amend(amend) => render_amend(amend),
        Command::MassCancel(mass) => render_mass_cancel(mass),
        Command::SetPhase(set) => format!("phase {}{}", phase(set.phase), whereas(set.instrument)),
        Command::Uncross(instrument) => format!("uncross{}", whereas(*instrument)),
        Command::SetMark(set) => format!("mark {}{}", set.price, whereas(set.instrument)),
        Command::CancelAllAfter(switch) => {
            let timeout = switch.timeout_ns.map_or("off".to_owned(), write_nanos);
            format!("switch {} {timeout}", switch.account)
        }
        Command::Kill(scope) => format!("kill {}", whom(*scope)),
        Command::Resume(scope) => format!("resume {}", whom(*scope)),
        Command::Tick => "tick".to_owned(),
        other => money::render_command(other)
            .unwrap_or_else(|| panic!("the script language has no word for {other:?}")),
    }
}

fn render_spec(spec: &InstrumentSpec) -> String {
    let terms = spec.terms();
    let mut text = format!("list symbol {}", terms.symbol);
    let mut say = |word: &str, value: &dyn std::fmt::Display| {
        let _ = write!(text, " {word} {value}");
    };
    if (terms.min_quantity, terms.max_quantity) != (Qty::new(1), Qty::MAX) {
        say(
            "quantities",
            &format!("{}..{}", terms.min_quantity, terms.max_quantity),
        );
    }
    if !terms.min_notional.is_zero() {
        say("notional", &terms.min_notional);
    }
    if let Some(bps) = terms.price_band_bps {
        say("band", &bps);
    }
    if let Some(bps) = terms.dynamic_band_bps {
        say("dynamic", &bps);
    }
    if let Some(lasts) = terms.volatility_auction_ns {
        say("for", &write_nanos(lasts));
    }
    if let Some(bps) = terms.market_protection_bps {
        say("protect", &bps);
    }
    if let Allocation::ProRata { top_order, min_lots } = terms.allocation {
        let top = if top_order { "top min" } else { "min" };
        say("prorata", &format!("{top} {min_lots}"));
    }
    if terms.trigger_source == TriggerSource::Mark {
        say("trigger", &"mark");
    }
    if terms.initial_phase != Phase::Continuous {
        say("phase", &phase(terms.initial_phase));
    }
    say("parts", &terms.iceberg_parts_max);
    say("stops", &terms.stops_max);
    text + &money::render_terms(terms)
}

pub(super) fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Continuous => "continuous",
        Phase::Auction => "auction",
        Phase::Halted => "halted",
        Phase::Closed => "closed",
    }
}

fn render_order(place: &Place) -> String {
    let side = super::render_event::side(place.side);
    let kind = render_kind(&place.kind);
    let mut text = format!("{side} {} {} {kind}", place.id, place.quantity);
    let mut say = |word: String| {
        text.push(' ');
        text += &word;
    };
    if place.time_in_force != TimeInForce::Gtc {
        say(time_in_force(place.time_in_force));
    }
    match place.visibility {
        Visibility::Displayed => {}
        Visibility::Hidden => say("hidden".to_owned()),
        Visibility::Iceberg { display } => say(format!("iceberg {display}")),
    }
    match place.post_only {
        PostOnly::No => {}
        PostOnly::Reject => say("post-only".to_owned()),
        PostOnly::Slide => say("slide".to_owned()),
    }
    if let Some(min) = place.min_quantity {
        say(format!("min {min}"));
    }
    if place.all_or_none {
        say("aon".to_owned());
    }
    if place.reduce_only {
        say("reduce-only".to_owned());
    }
    match place.self_trade {
        SelfTrade::None => {}
        SelfTrade::CancelNewest => say("stp newest".to_owned()),
        SelfTrade::CancelOldest => say("stp oldest".to_owned()),
        SelfTrade::CancelBoth => say("stp both".to_owned()),
        SelfTrade::Decrement => say("stp decrement".to_owned()),
    }
    if let Some(group) = place.group {
        say(format!("group {group}"));
    }
    if let Some(name) = place.client_id {
        say(format!("name {name}"));
    }
    text + &whose(place.account) + &whereas(place.instrument)
}

fn render_kind(kind: &OrderKind) -> String {
    match kind {
        OrderKind::Market => "market".to_owned(),
        OrderKind::MarketByQuote { budget } => format!("value {}", budget.units()),
        OrderKind::MarketToLimit => "to-limit".to_owned(),
        OrderKind::Limit { price } => format!("@ {price}"),
        OrderKind::Stop { trigger } => format!("stop {trigger}"),
        OrderKind::StopLimit { trigger, price } => format!("stop {trigger} @ {price}"),
        OrderKind::TakeProfit { trigger } => format!("profit {trigger}"),
        OrderKind::TakeProfitLimit { trigger, price } => format!("profit {trigger} @ {price}"),
        OrderKind::TrailingStop { trail } => format!("trail {}", render_trail(*trail)),
        OrderKind::TrailingStopLimit { trail, price } => format!("trail {} @ {price}", render_trail(*trail)),
        OrderKind::Pegged { peg, offset, limit } => {
            let peg = match peg {
                Peg::Primary => "primary",
                Peg::Market => "market",
                Peg::Mid => "mid",
            };
            let limit = limit.map_or(String::new(), |limit| format!(" limit {limit}"));
            format!("peg {peg} {offset:+}{limit}")
        }
    }
}

fn render_trail(trail: Trail) -> String {
    match trail {
        Trail::Ticks(ticks) => ticks.to_string(),
        Trail::BasisPoints(bps) => format!("{bps}bp"),
    }
}

pub(super) fn time_in_force(time_in_force: TimeInForce) -> String {
    match time_in_force {
        TimeInForce::Gtc => "gtc".to_owned(),
        TimeInForce::Ioc => "ioc".to_owned(),
        TimeInForce::Fok => "fok".to_owned(),
        TimeInForce::Gtd(until) => format!("gtd {}", write_nanos(until.nanos())),
        TimeInForce::Day => "day".to_owned(),
        TimeInForce::AtOpen => "at-open".to_owned(),
        TimeInForce::AtClose => "at-close".to_owned(),
    }
}

fn render_amend(amend: &Amend) -> String {
    let price = amend
        .price
        .map_or(String::new(), |price| format!(" price {price}"));
    let quantity = amend
        .quantity
        .map_or(String::new(), |quantity| format!(" qty {quantity}"));
    format!(
        "amend {}{price}{quantity}{}",
        by(amend.order),
        whose(amend.account)
    )
}

fn render_mass_cancel(mass: &MassCancel) -> String {
    let mut text = format!("mass-cancel{}", whose(mass.account));
    if let Some(instrument) = mass.instrument {
        let _ = write!(text, " in {instrument}");
    }
    if let Some(side) = mass.side {
        let _ = write!(text, " {}", super::render_event::side(side));
    }
    if mass.cause == MassCancelCause::Disconnected {
        text += " disconnected";
    }
    text
}

fn by(order: OrderRef) -> String {
    match order {
        OrderRef::Id(id) => id.to_string(),
        OrderRef::Client(account, name) => format!("{account}/{name}"),
    }
}

fn whose(account: Option<AccountId>) -> String {
    account.map_or(String::new(), |account| format!(" acct {account}"))
}

/// Where, unless it is the first instrument.
pub(super) fn whereas(instrument: InstrumentId) -> String {
    match instrument.get() {
        0 => String::new(),
        other => format!(" in {other}"),
    }
}

fn whom(scope: Scope) -> String {
    match scope {
        Scope::Engine => "all".to_owned(),
        Scope::Account(account) => account.to_string(),
    }
}
