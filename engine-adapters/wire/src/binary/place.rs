//! The binary form of an order: one word of flags that tells what follows, then only what is there.
//!
//! | bits | meaning |
//! |---|---|
//! | 0 | side |
//! | 1–4 | kind |
//! | 5–7 | time in force |
//! | 8–9 | visibility |
//! | 10–11 | post-only |
//! | 12–14 | self-trade prevention |
//! | 15 | all-or-none |
//! | 16 | reduce-only |
//! | 17 | an account follows |
//! | 18 | a client order id follows |
//! | 19 | a minimum quantity follows |
//! | 20 | a group follows |

use engine_core::{
    ClientOrderId, OrderKind, Place, PostOnly, SelfTrade, Side, TimeInForce, Trail, Visibility,
};

use super::DecodeError;
use super::bytes::{Binary, Reader};

const SIDE: Bits = Bits { at: 0, width: 1 };
const KIND: Bits = Bits { at: 1, width: 4 };
const TIME_IN_FORCE: Bits = Bits { at: 5, width: 3 };
const VISIBILITY: Bits = Bits { at: 8, width: 2 };
const POST_ONLY: Bits = Bits { at: 10, width: 2 };
const SELF_TRADE: Bits = Bits { at: 12, width: 3 };
const ALL_OR_NONE: Bits = Bits { at: 15, width: 1 };
const REDUCE_ONLY: Bits = Bits { at: 16, width: 1 };
const ACCOUNT: Bits = Bits { at: 17, width: 1 };
const CLIENT_ID: Bits = Bits { at: 18, width: 1 };
const MIN_QUANTITY: Bits = Bits { at: 19, width: 1 };
const GROUP: Bits = Bits { at: 20, width: 1 };
const USED: u32 = (1 << 21) - 1;

/// Some bits of the flags.
#[derive(Clone, Copy)]
struct Bits {
    at: u32,
    width: u32,
}

impl Bits {
    #[inline]
    const fn put(self, number: u32) -> u32 {
        number << self.at
    }

    #[inline]
    const fn of(self, flags: u32) -> u8 {
        (flags >> self.at & ((1 << self.width) - 1)) as u8
    }

    #[inline]
    const fn is_set(self, flags: u32) -> bool {
        self.of(flags) != 0
    }

    /// The value whose number stands here, by the table of its type.
    #[inline]
    fn value<T: Binary>(self, flags: u32) -> Result<T, DecodeError> {
        T::take(&mut Reader(&[self.of(flags)]))
    }
}

impl Binary for Place {
    fn put(&self, out: &mut Vec<u8>) {
        flags(self).put(out);
        self.instrument.put(out);
        self.id.put(out);
        self.quantity.put(out);
        put_kind(self.kind, out);
        if let TimeInForce::Gtd(moment) = self.time_in_force {
            moment.put(out);
        }
        if let Visibility::Iceberg { display } = self.visibility {
            display.put(out);
        }
        if let Some(account) = self.account {
            account.put(out);
        }
        if let Some(client_id) = self.client_id {
            client_id.put(out);
        }
        if let Some(quantity) = self.min_quantity {
            quantity.put(out);
        }
        if let Some(group) = self.group {
            group.put(out);
        }
    }

    #[inline]
    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let flags: u32 = reader.take()?;
        if flags & !USED != 0 {
            return Err(DecodeError::ReservedBits);
        }
        let (instrument, id, quantity) = (reader.take()?, reader.take()?, reader.take()?);
        let kind = take_kind(KIND.of(flags), reader)?;
        let time_in_force = match TIME_IN_FORCE.of(flags) {
            0 => TimeInForce::Gtc,
            1 => TimeInForce::Ioc,
            2 => TimeInForce::Fok,
            3 => TimeInForce::Gtd(reader.take()?),
            4 => TimeInForce::Day,
            5 => TimeInForce::AtOpen,
            6 => TimeInForce::AtClose,
            tag => {
                return Err(DecodeError::UnknownTag {
                    what: "time in force",
                    tag,
                });
            }
        };
        let visibility = match VISIBILITY.of(flags) {
            0 => Visibility::Displayed,
            1 => Visibility::Iceberg {
                display: reader.take()?,
            },
            2 => Visibility::Hidden,
            tag => {
                return Err(DecodeError::UnknownTag {
                    what: "visibility",
                    tag,
                });
            }
        };
        Ok(Self {
            instrument,
            id,
            quantity,
            kind,
            time_in_force,
            visibility,
            side: SIDE.value::<Side>(flags)?,
            post_only: POST_ONLY.value::<PostOnly>(flags)?,
            self_trade: SELF_TRADE.value::<SelfTrade>(flags)?,
            all_or_none: ALL_OR_NONE.is_set(flags),
            reduce_only: REDUCE_ONLY.is_set(flags),
            account: if ACCOUNT.is_set(flags) {
                Some(reader.take()?)
            } else {
                None
            },
            client_id: if CLIENT_ID.is_set(flags) {
                Some(reader.take()?)
            } else {
                None
            },
            min_quantity: if MIN_QUANTITY.is_set(flags) {
                Some(reader.take()?)
            } else {
                None
            },
            group: if GROUP.is_set(flags) {
                Some(reader.take()?)
            } else {
                None
            },
        })
    }
}

fn flags(place: &Place) -> u32 {
    let side = match place.side {
        Side::Buy => 0,
        Side::Sell => 1,
    };
    let kind = match place.kind {
        OrderKind::Market => 0,
        OrderKind::MarketByQuote { .. } => 1,
        OrderKind::MarketToLimit => 2,
        OrderKind::Limit { .. } => 3,
        OrderKind::Stop { .. } => 4,
        OrderKind::StopLimit { .. } => 5,
        OrderKind::TakeProfit { .. } => 6,
        OrderKind::TakeProfitLimit { .. } => 7,
        OrderKind::TrailingStop { .. } => 8,
        OrderKind::TrailingStopLimit { .. } => 9,
        OrderKind::Pegged { .. } => 10,
    };
    let time_in_force = match place.time_in_force {
        TimeInForce::Gtc => 0,
        TimeInForce::Ioc => 1,
        TimeInForce::Fok => 2,
        TimeInForce::Gtd(_) => 3,
        TimeInForce::Day => 4,
        TimeInForce::AtOpen => 5,
        TimeInForce::AtClose => 6,
    };
    let visibility = match place.visibility {
        Visibility::Displayed => 0,
        Visibility::Iceberg { .. } => 1,
        Visibility::Hidden => 2,
    };
    let post_only = match place.post_only {
        PostOnly::No => 0,
        PostOnly::Reject => 1,
        PostOnly::Slide => 2,
    };
    let self_trade = match place.self_trade {
        SelfTrade::None => 0,
        SelfTrade::CancelNewest => 1,
        SelfTrade::CancelOldest => 2,
        SelfTrade::CancelBoth => 3,
        SelfTrade::Decrement => 4,
    };
    SIDE.put(side)
        | KIND.put(kind)
        | TIME_IN_FORCE.put(time_in_force)
        | VISIBILITY.put(visibility)
        | POST_ONLY.put(post_only)
        | SELF_TRADE.put(self_trade)
        | ALL_OR_NONE.put(u32::from(place.all_or_none))
        | REDUCE_ONLY.put(u32::from(place.reduce_only))
        | ACCOUNT.put(u32::from(place.account.is_some()))
        | CLIENT_ID.put(u32::from(place.client_id.is_some()))
        | MIN_QUANTITY.put(u32::from(place.min_quantity.is_some()))
        | GROUP.put(u32::from(place.group.is_some()))
}

/// The parameters of a kind; its number stands in the flags.
fn put_kind(kind: OrderKind, out: &mut Vec<u8>) {
    match kind {
        OrderKind::Market | OrderKind::MarketToLimit => {}
        OrderKind::MarketByQuote { budget } => budget.put(out),
        OrderKind::Limit { price } => price.put(out),
        OrderKind::Stop { trigger } | OrderKind::TakeProfit { trigger } => trigger.put(out),
        OrderKind::StopLimit { trigger, price } | OrderKind::TakeProfitLimit { trigger, price } => {
            trigger.put(out);
            price.put(out);
        }
        OrderKind::TrailingStop { trail } => trail.put(out),
        OrderKind::TrailingStopLimit { trail, price } => {
            trail.put(out);
            price.put(out);
        }
        OrderKind::Pegged { peg, offset, limit } => {
            peg.put(out);
            offset.put(out);
            limit.put(out);
        }
    }
}

#[inline]
fn take_kind(number: u8, reader: &mut Reader<'_>) -> Result<OrderKind, DecodeError> {
    Ok(match number {
        0 => OrderKind::Market,
        1 => OrderKind::MarketByQuote {
            budget: reader.take()?,
        },
        2 => OrderKind::MarketToLimit,
        3 => OrderKind::Limit {
            price: reader.take()?,
        },
        4 => OrderKind::Stop {
            trigger: reader.take()?,
        },
        5 => OrderKind::StopLimit {
            trigger: reader.take()?,
            price: reader.take()?,
        },
        6 => OrderKind::TakeProfit {
            trigger: reader.take()?,
        },
        7 => OrderKind::TakeProfitLimit {
            trigger: reader.take()?,
            price: reader.take()?,
        },
        8 => OrderKind::TrailingStop {
            trail: reader.take()?,
        },
        9 => OrderKind::TrailingStopLimit {
            trail: reader.take()?,
            price: reader.take()?,
        },
        10 => OrderKind::Pegged {
            peg: reader.take()?,
            offset: reader.take()?,
            limit: reader.take()?,
        },
        tag => {
            return Err(DecodeError::UnknownTag {
                what: "kind of order",
                tag,
            });
        }
    })
}

impl Binary for Trail {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Ticks(ticks) => {
                out.push(0);
                ticks.put(out);
            }
            Self::BasisPoints(bps) => {
                out.push(1);
                bps.put(out);
            }
        }
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match reader.take::<u8>()? {
            0 => Self::Ticks(reader.take()?),
            1 => Self::BasisPoints(reader.take()?),
            tag => return Err(DecodeError::UnknownTag { what: "trail", tag }),
        })
    }
}

/// Its length, then its characters.
impl Binary for ClientOrderId {
    fn put(&self, out: &mut Vec<u8>) {
        let text = self.as_str();
        out.push(text.len() as u8);
        out.extend_from_slice(text.as_bytes());
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let length: u8 = reader.take()?;
        let text = std::str::from_utf8(reader.slice(usize::from(length))?).map_err(|_| DecodeError::Text)?;
        Self::new(text).map_err(DecodeError::ClientOrderId)
    }
}
