//! Writing events: the words that matter most first, because expected lines may stop early.

use engine_core::{AccountId, Asked, Displayed, Event, InstrumentId, Price, Side};

use super::money;
use super::number::write_nanos;
use super::render_command::{phase, time_in_force, whereas};

/// One event as a line.
///
/// ```text
/// listed 0
/// accepted 1 buy Limit 5 @ 100 acct 7       (without a price: accepted 1 buy Market 5)
/// terms 1 gtc trigger 105                   terms 1 gtd 9s
/// named 1 abc
/// rejected 1 MarketHalted Place buy Limit 5 @ 100 acct 7
/// traded 1 x 2: 3 @ 100 sell displayed      (maker x taker; the taker's side; or undisplayed)
/// cancelled 1 2 User shown 2 @ 100 buy
/// amended 1 5 @ 100 kept                    (or lost; without a price: amended 1 5 kept)
/// decremented 1 by 3 left 2
/// triggered 1      armed 1 5
/// rested 1 5 @ 100 buy                      likewise pulled, replenished; reduced 1 by 3 @ 100 buy
/// phase auction    marked 100
/// indicative 5 @ 100 imbalance -3           or: indicative none
/// switch 7 at 9s   switch 7 off             killed all, resumed 7
///
/// deposited 7 1000 of 0     withdrew 7 10 of 0      repeated 7 first 3        shortfall 7 needs 5 has 3 of 0
/// settled 2 fees 1 3 of 0                           the trade is the third event of the command; maker's, taker's
/// balance 7 of 0: 1000 held 500                     position 7 -5 cost -500 realised 3
/// asset 0   account 7 tier 1 group 2   limits all   limits 7   frozen 7   unfrozen 7
/// ```
///
/// What is not in the first instrument ends with `in 1`.
///
/// # Panics
/// When there is no word for the event.
pub fn render_event(event: &Event) -> String {
    render_new(event)
        .or_else(|| render_life(event))
        .or_else(|| render_book(event))
        .or_else(|| render_market(event))
        .or_else(|| money::render_event(event))
        .unwrap_or_else(|| panic!("the script language has no word for {event:?}"))
}

/// Events that answer a new order.
fn render_new(event: &Event) -> Option<String> {
    let text = match event {
        Event::Accepted {
            instrument,
            order,
            account,
            side: its_side,
            order_type,
            price,
            quantity,
        } => {
            let (at, tail) = (at(*price), tail(*account, *instrument));
            format!(
                "accepted {order} {} {order_type:?} {quantity}{at}{tail}",
                side(*its_side)
            )
        }
        Event::Terms {
            order,
            time_in_force: terms,
            trigger,
        } => {
            let trigger = trigger.map_or(String::new(), |trigger| format!(" trigger {trigger}"));
            format!("terms {order} {}{trigger}", time_in_force(*terms))
        }
        Event::Named { order, client_id } => format!("named {order} {client_id}"),
        Event::Rejected {
            instrument,
            order,
            account,
            request,
            reason,
            asked,
        } => {
            let place = instrument.map_or(" nowhere".to_owned(), whereas);
            let asked = asked.map_or(String::new(), |asked| format!(" {}", render_asked(&asked)));
            format!(
                "rejected {order} {reason:?} {request:?}{asked}{}{place}",
                whose(*account)
            )
        }
        _ => return None,
    };
    Some(text)
}

fn render_asked(asked: &Asked) -> String {
    let (side, at) = (side(asked.side), at(asked.price));
    format!("{side} {:?} {}{at}", asked.order_type, asked.quantity)
}

/// Events about an order that are not about its place in the book.
fn render_life(event: &Event) -> Option<String> {
    let (instrument, account) = match event {
        Event::Cancelled {
            instrument, account, ..
        }
        | Event::Amended {
            instrument, account, ..
        }
        | Event::Decremented {
            instrument, account, ..
        }
        | Event::Triggered {
            instrument, account, ..
        }
        | Event::Armed {
            instrument, account, ..
        } => (*instrument, *account),
        _ => return None,
    };
    let text = match event {
        Event::Cancelled {
            order,
            side: its_side,
            remaining,
            displayed,
            reason,
            ..
        } => {
            let shown = displayed.map_or(String::new(), |Displayed { price, quantity }| {
                format!(" shown {quantity} @ {price}")
            });
            format!(
                "cancelled {order} {remaining} {reason:?}{shown} {}",
                side(*its_side)
            )
        }
        Event::Amended {
            order,
            price,
            quantity,
            kept_priority,
            ..
        } => {
            let kept = if *kept_priority { "kept" } else { "lost" };
            format!("amended {order} {quantity}{} {kept}", at(*price))
        }
        Event::Decremented {
            order, by, remaining, ..
        } => format!("decremented {order} by {by} left {remaining}"),
        Event::Armed { order, quantity, .. } => format!("armed {order} {quantity}"),
        Event::Triggered { order, .. } => format!("triggered {order}"),
        _ => return None,
    };
    Some(text + &tail(account, instrument))
}

/// Trades, and events about the displayed book.
fn render_book(event: &Event) -> Option<String> {
    let (word, instrument, order, its_side, price, quantity) = match *event {
        Event::Traded { .. } => return render_trade(event),
        Event::Rested {
            instrument,
            order,
            side,
            price,
            displayed,
        } => ("rested", instrument, order, side, price, displayed),
        Event::Pulled {
            instrument,
            order,
            side,
            price,
            displayed,
        } => ("pulled", instrument, order, side, price, displayed),
        Event::Replenished {
            instrument,
            order,
            side,
            price,
            displayed,
        } => ("replenished", instrument, order, side, price, displayed),
        Event::Reduced {
            instrument,
            order,
            side,
            price,
            by,
        } => ("reduced", instrument, order, side, price, by),
        _ => return None,
    };
    let by = if word == "reduced" { "by " } else { "" };
    let tail = format!("{}{}", side(its_side), whereas(instrument));
    Some(format!("{word} {order} {by}{quantity} @ {price} {tail}"))
}

fn render_trade(event: &Event) -> Option<String> {
    let Event::Traded {
        instrument,
        maker,
        maker_account,
        taker,
        taker_account,
        taker_side,
        maker_displayed,
        price,
        quantity,
    } = *event
    else {
        return None;
    };
    let seen = if maker_displayed {
        "displayed"
    } else {
        "undisplayed"
    };
    let accounts = match (maker_account, taker_account) {
        (None, None) => String::new(),
        (maker, taker) => {
            let number = |account: Option<AccountId>| account.map_or(0, AccountId::get);
            format!(" accts {} x {}", number(maker), number(taker))
        }
    };
    let tail = format!("{} {seen}{accounts}{}", side(taker_side), whereas(instrument));
    Some(format!("traded {maker} x {taker}: {quantity} @ {price} {tail}"))
}

/// Events about an instrument, an account or the engine.
fn render_market(event: &Event) -> Option<String> {
    let text = match *event {
        Event::Listed { instrument } => format!("listed {instrument}"),
        Event::PhaseChanged {
            instrument,
            phase: now,
        } => format!("phase {}{}", phase(now), whereas(instrument)),
        Event::Indicative {
            instrument,
            price,
            quantity,
            imbalance,
        } => {
            let place = whereas(instrument);
            match price {
                Some(price) => format!("indicative {quantity} @ {price} imbalance {imbalance}{place}"),
                None if quantity.is_zero() && imbalance == 0 => format!("indicative none{place}"),
                None => format!("indicative {quantity} imbalance {imbalance}{place}"),
            }
        }
        Event::Marked { instrument, price } => format!("marked {price}{}", whereas(instrument)),
        Event::CancelAllArmed { account, deadline } => match deadline {
            Some(deadline) => format!("switch {account} at {}", write_nanos(deadline.nanos())),
            None => format!("switch {account} off"),
        },
        Event::Killed { account } => format!("killed {}", whom(account)),
        Event::Resumed { account } => format!("resumed {}", whom(account)),
        _ => return None,
    };
    Some(text)
}

pub(super) fn side(side: Side) -> &'static str {
    match side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    }
}

fn at(price: Option<Price>) -> String {
    price.map_or(String::new(), |price| format!(" @ {price}"))
}

fn tail(account: Option<AccountId>, instrument: InstrumentId) -> String {
    whose(account) + &whereas(instrument)
}

fn whose(account: Option<AccountId>) -> String {
    account.map_or(String::new(), |account| format!(" acct {account}"))
}

fn whom(account: Option<AccountId>) -> String {
    account.map_or("all".to_owned(), |account| account.to_string())
}
