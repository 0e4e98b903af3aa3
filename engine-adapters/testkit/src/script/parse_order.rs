//! Reading one order of a script.

use engine_core::{
    ClientOrderId, GroupId, InstrumentId, Notional, OrderId, OrderKind, Peg, Place, PostOnly, Price, Qty,
    SelfTrade, Side, TimeInForce, Trail, Visibility,
};

use super::number::time;
use super::parse::{Words, account, instrument, price, qty, unknown};

/// What was said about price and trigger.
#[derive(Default)]
struct Terms {
    kind: Option<Kind>,
    price: Option<Price>,
    /// A pegged order's.
    limit: Option<Price>,
}

enum Kind {
    Market,
    ToLimit,
    ByQuote(Notional),
    Stop(Price),
    TakeProfit(Price),
    Trailing(Trail),
    Pegged(Peg, i64),
}

/// Reads `buy 1 5 @ 100 ioc …`.
pub(super) fn order(text: &str) -> Result<Place, String> {
    let mut words = Words::new(text);
    let side = words.take(|word| match word {
        "buy" => Some(Side::Buy),
        "sell" => Some(Side::Sell),
        _ => None,
    })?;
    let id = words.take(|word| word.parse().ok())?;
    let quantity: Qty = words.take(qty)?;
    let mut place = Place::market(InstrumentId::new(0), OrderId::new(id), side, quantity);
    let mut terms = Terms::default();
    while let Some(word) = words.next() {
        if !read_terms(&mut terms, word, &mut words)? && !read_option(&mut place, word, &mut words)? {
            return Err(unknown(word));
        }
    }
    place.kind = terms.kind()?;
    Ok(place)
}

/// Reads what belongs to the kind of order; whether the word does.
fn read_terms(terms: &mut Terms, word: &str, words: &mut Words<'_>) -> Result<bool, String> {
    let kind = match word {
        "@" => {
            terms.price = Some(words.take(price)?);
            return Ok(true);
        }
        "limit" => {
            terms.limit = Some(words.take(price)?);
            return Ok(true);
        }
        "market" => Kind::Market,
        "to-limit" => Kind::ToLimit,
        "value" => Kind::ByQuote(Notional::new(words.take(|word| word.parse().ok())?)),
        "stop" => Kind::Stop(words.take(price)?),
        "profit" => Kind::TakeProfit(words.take(price)?),
        "trail" => Kind::Trailing(words.take(trail)?),
        "peg" => {
            let peg = words.take(|word| match word {
                "primary" => Some(Peg::Primary),
                "market" => Some(Peg::Market),
                "mid" => Some(Peg::Mid),
                _ => None,
            })?;
            let is_offset = words.peek().is_some_and(|next| next.starts_with(['+', '-']));
            let offset = if is_offset {
                words.take(|word| word.parse().ok())?
            } else {
                0
            };
            Kind::Pegged(peg, offset)
        }
        _ => return Ok(false),
    };
    terms.kind = Some(kind);
    Ok(true)
}

fn trail(word: &str) -> Option<Trail> {
    match word.strip_suffix("bp") {
        Some(bps) => bps.parse().ok().map(Trail::BasisPoints),
        None => word.parse().ok().map(Trail::Ticks),
    }
}

/// Reads a condition; whether the word is one.
fn read_option(place: &mut Place, word: &str, words: &mut Words<'_>) -> Result<bool, String> {
    match word {
        "ioc" => place.time_in_force = TimeInForce::Ioc,
        "fok" => place.time_in_force = TimeInForce::Fok,
        "day" => place.time_in_force = TimeInForce::Day,
        "gtd" => place.time_in_force = TimeInForce::Gtd(words.take(time)?),
        "at-open" => place.time_in_force = TimeInForce::AtOpen,
        "at-close" => place.time_in_force = TimeInForce::AtClose,
        "hidden" => place.visibility = Visibility::Hidden,
        "iceberg" => {
            let display = words.take(qty)?;
            place.visibility = Visibility::Iceberg { display };
        }
        "post-only" => place.post_only = PostOnly::Reject,
        "slide" => place.post_only = PostOnly::Slide,
        "min" => place.min_quantity = Some(words.take(qty)?),
        "aon" => place.all_or_none = true,
        "reduce-only" => place.reduce_only = true,
        "stp" => {
            place.self_trade = words.take(|word| match word {
                "newest" => Some(SelfTrade::CancelNewest),
                "oldest" => Some(SelfTrade::CancelOldest),
                "both" => Some(SelfTrade::CancelBoth),
                "decrement" => Some(SelfTrade::Decrement),
                _ => None,
            })?;
        }
        "acct" => place.account = Some(words.take(account)?),
        "group" => place.group = Some(words.take(|word| word.parse().ok().map(GroupId::new))?),
        "name" => place.client_id = Some(words.take(|word| ClientOrderId::new(word).ok())?),
        "in" => place.instrument = words.take(instrument)?,
        _ => return Ok(false),
    }
    Ok(true)
}

impl Terms {
    fn kind(self) -> Result<OrderKind, String> {
        let kind = match (self.kind, self.price) {
            (Some(Kind::Pegged(peg, offset)), None) => OrderKind::Pegged {
                peg,
                offset,
                limit: self.limit,
            },
            _ if self.limit.is_some() => return Err("`limit` is for pegged orders".to_owned()),
            (None, Some(price)) => OrderKind::Limit { price },
            (Some(Kind::Market), None) => OrderKind::Market,
            (Some(Kind::ToLimit), None) => OrderKind::MarketToLimit,
            (Some(Kind::ByQuote(budget)), None) => OrderKind::MarketByQuote { budget },
            (Some(Kind::Stop(trigger)), None) => OrderKind::Stop { trigger },
            (Some(Kind::Stop(trigger)), Some(price)) => OrderKind::StopLimit { trigger, price },
            (Some(Kind::TakeProfit(trigger)), None) => OrderKind::TakeProfit { trigger },
            (Some(Kind::TakeProfit(trigger)), Some(price)) => OrderKind::TakeProfitLimit { trigger, price },
            (Some(Kind::Trailing(trail)), None) => OrderKind::TrailingStop { trail },
            (Some(Kind::Trailing(trail)), Some(price)) => OrderKind::TrailingStopLimit { trail, price },
            (None, None) => return Err("neither a price nor a kind of order".to_owned()),
            (Some(_), Some(_)) => return Err("a price for a kind of order that has none".to_owned()),
        };
        Ok(kind)
    }
}
