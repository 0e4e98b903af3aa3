//! Orders for streams: right ones, wrong ones, and lists.

use engine_core::{
    GroupId, InstrumentId, Notional, OrderId, OrderKind, Peg, Place, PostOnly, Price, Qty, SelfTrade, Side,
    TimeInForce, Timestamp, Trail, Visibility,
};
use smallvec::SmallVec;

use super::{Profile, Writer};

/// The families of orders between which weights decide.
#[derive(Clone, Copy)]
enum Family {
    Limit,
    Market,
    ByQuote,
    ToLimit,
    Stop,
    Pegged,
}

/// What an order may be under.
#[derive(Clone, Copy)]
enum Condition {
    TimeInForce,
    Hidden,
    Iceberg,
    PostOnly,
    MinQuantity,
    AllOrNone,
}

impl Writer {
    pub(super) fn place(&mut self) -> Place {
        let (instrument, side) = (self.instrument(), self.side());
        let mut place = Place::market(instrument, self.next_id(), side, self.quantity());
        place.kind = self.kind(&mut place.quantity);
        self.choose_owner(&mut place);
        self.choose_conditions(&mut place);
        if self.weights.reduce_only > 0 {
            place.reduce_only = self.random.percent(self.weights.reduce_only);
        }
        if self.random.percent(self.weights.wrong) {
            self.spoil(&mut place);
        }
        place
    }

    /// Mostly a new id, sometimes one that was used; where the engine hands ids out, labels are never repeated.
    fn next_id(&mut self) -> OrderId {
        if self.config.ids_chosen && self.last_id > 0 && self.random.percent(4) {
            return OrderId::new(1 + self.random.below(self.last_id));
        }
        self.last_id += 1;
        OrderId::new(self.last_id)
    }

    fn kind(&mut self, quantity: &mut Qty) -> OrderKind {
        let weights = self.weights;
        let family = self.random.weighted(&[
            (60, Family::Limit),
            (weights.market, Family::Market),
            (weights.by_quote, Family::ByQuote),
            (weights.to_limit, Family::ToLimit),
            (weights.stop, Family::Stop),
            (weights.pegged, Family::Pegged),
        ]);
        match family {
            Family::Limit => OrderKind::Limit { price: self.price() },
            Family::Market => OrderKind::Market,
            Family::ToLimit => OrderKind::MarketToLimit,
            Family::Stop => self.stop(),
            Family::ByQuote => {
                *quantity = Qty::ZERO;
                let units = i128::from(self.random.within(1, 4_000));
                let units = match self.profile {
                    Profile::Extremes if self.random.percent(30) => i128::MAX - units,
                    _ => units,
                };
                OrderKind::MarketByQuote {
                    budget: Notional::new(units),
                }
            }
            Family::Pegged => OrderKind::Pegged {
                peg: self.random.pick(&[Peg::Primary, Peg::Market, Peg::Mid]),
                offset: self.random.within(-3, 3),
                limit: self.random.percent(30).then(|| self.price()),
            },
        }
    }

    fn stop(&mut self) -> OrderKind {
        let (trigger, price) = (self.price(), self.price());
        match self.random.below(6) {
            0 => OrderKind::Stop { trigger },
            1 => OrderKind::StopLimit { trigger, price },
            2 => OrderKind::TakeProfit { trigger },
            3 => OrderKind::TakeProfitLimit { trigger, price },
            4 => OrderKind::TrailingStop { trail: self.trail() },
            _ => OrderKind::TrailingStopLimit {
                trail: self.trail(),
                price,
            },
        }
    }

    fn trail(&mut self) -> Trail {
        match self.random.below(2) {
            0 => Trail::Ticks(1 + self.random.below(5)),
            _ => Trail::BasisPoints(1 + self.random.below(500) as u32),
        }
    }

    fn choose_owner(&mut self, place: &mut Place) {
        let account = self.account();
        place.account = self.random.percent(self.weights.account).then_some(account);
        let client_id = self.client_id();
        place.client_id = self.random.percent(self.weights.client_id).then_some(client_id);
        let group = GroupId::new(self.random.below(2) as u32);
        place.group = self.random.percent(self.weights.account / 4).then_some(group);
        if self.random.percent(self.weights.self_trade) {
            place.self_trade = self.random.pick(&[
                SelfTrade::CancelNewest,
                SelfTrade::CancelOldest,
                SelfTrade::CancelBoth,
                SelfTrade::Decrement,
            ]);
        }
    }

    /// Mostly one condition, because many do not go together.
    fn choose_conditions(&mut self, place: &mut Place) {
        let weights = self.weights;
        let mut chosen: SmallVec<[Condition; 6]> = [
            (weights.time_in_force, Condition::TimeInForce),
            (weights.hidden, Condition::Hidden),
            (weights.iceberg, Condition::Iceberg),
            (weights.post_only, Condition::PostOnly),
            (weights.min_quantity, Condition::MinQuantity),
            (weights.all_or_none, Condition::AllOrNone),
        ]
        .into_iter()
        .filter(|(chance, _)| self.random.percent(*chance))
        .map(|(_, condition)| condition)
        .collect();
        if chosen.len() > 1 && self.random.percent(70) {
            chosen = SmallVec::from_iter([self.random.pick(&chosen)]);
        }
        for condition in chosen {
            self.set_condition(place, condition);
        }
    }

    fn set_condition(&mut self, place: &mut Place, condition: Condition) {
        let quantity = place.quantity.lots().max(1);
        let suits = match condition {
            Condition::TimeInForce => true,
            Condition::Hidden | Condition::Iceberg => asks_a_price(&place.kind),
            Condition::PostOnly | Condition::AllOrNone => matches!(place.kind, OrderKind::Limit { .. }),
            Condition::MinQuantity => matches!(place.kind, OrderKind::Limit { .. } | OrderKind::Market),
        };
        if !suits && self.random.percent(80) {
            return;
        }
        match condition {
            Condition::TimeInForce => place.time_in_force = self.time_in_force(),
            Condition::Hidden => place.visibility = Visibility::Hidden,
            Condition::Iceberg => {
                let display = Qty::new(1 + self.random.below(quantity.min(6)));
                place.visibility = Visibility::Iceberg { display };
            }
            Condition::PostOnly => {
                place.post_only = self.random.pick(&[PostOnly::Reject, PostOnly::Slide]);
            }
            Condition::MinQuantity => {
                place.min_quantity = Some(Qty::new(1 + self.random.below(quantity)));
            }
            Condition::AllOrNone => place.all_or_none = true,
        }
    }

    fn good_till(&mut self) -> TimeInForce {
        let soon = self.random.below(25);
        TimeInForce::Gtd(Timestamp::from_nanos(self.now.saturating_add(soon)))
    }

    fn time_in_force(&mut self) -> TimeInForce {
        let until = self.good_till();
        self.random.weighted(&[
            (4, TimeInForce::Ioc),
            (3, TimeInForce::Fok),
            (3, until),
            (3, TimeInForce::Day),
            (2, TimeInForce::AtOpen),
            (2, TimeInForce::AtClose),
        ])
    }

    /// Makes an order wrong, in one of the ways that rule 2.1 names.
    fn spoil(&mut self, place: &mut Place) {
        let (beyond, most) = (Price::new(Price::MAX.ticks() + 1), Qty::new(Qty::MAX.lots() + 1));
        match self.random.below(14) {
            0 => place.instrument = InstrumentId::new(99),
            1 => place.quantity = Qty::ZERO,
            2 => place.quantity = most,
            3 => place.quantity = Qty::new(1),
            4 => {
                place.kind = OrderKind::MarketByQuote {
                    budget: Notional::ZERO,
                }
            }
            5 => {
                place.kind = OrderKind::MarketByQuote {
                    budget: Notional::ZERO,
                };
                place.quantity = Qty::ZERO;
            }
            6 => place.time_in_force = TimeInForce::Gtd(Timestamp::from_nanos(self.now)),
            7 => {
                place.visibility = Visibility::Iceberg {
                    display: self.random.pick(&[Qty::ZERO, most]),
                }
            }
            8 => place.min_quantity = Some(self.random.pick(&[Qty::ZERO, most])),
            9 => place.reduce_only = true,
            10 => place.kind = OrderKind::Limit { price: beyond },
            11 => {
                place.kind = OrderKind::Pegged {
                    peg: Peg::Mid,
                    offset: self.random.pick(&[i64::MIN, i64::MAX]),
                    limit: None,
                }
            }
            12 => place.kind = OrderKind::Stop { trigger: beyond },
            _ => {
                let trail = self.random.pick(&[
                    Trail::Ticks(0),
                    Trail::Ticks(u64::MAX),
                    Trail::BasisPoints(0),
                    Trail::BasisPoints(10_000),
                ]);
                place.kind = OrderKind::TrailingStop { trail };
            }
        }
    }

    pub(super) fn one_cancels_other(&mut self) -> SmallVec<[Place; 3]> {
        let first = self.place_staying();
        let second = Place {
            id: self.next_id(),
            kind: self.stop(),
            quantity: self.quantity(),
            client_id: None,
            post_only: PostOnly::No,
            ..first
        };
        let mut pair = [first, second];
        if self.random.percent(30) {
            pair[0].kind = self.stop();
            pair[0].post_only = PostOnly::No;
        } else if self.random.percent(30) {
            pair.reverse();
        }
        pair.into_iter().collect()
    }

    pub(super) fn bracket(&mut self) -> SmallVec<[Place; 3]> {
        let mut entry = self.place_staying();
        let away = self.random.within(1, 4);
        let (up, down) = (Price::new(self.middle + away), Price::new(self.middle - away));
        let (profit, stop) = match entry.side {
            Side::Buy => (up, down),
            Side::Sell => (down, up),
        };
        let exit = |id, kind| Place {
            id,
            kind,
            side: entry.side.opposite(),
            client_id: None,
            post_only: PostOnly::No,
            ..entry
        };
        let profit_kind = match self.random.below(3) {
            0 => OrderKind::Limit { price: profit },
            1 => OrderKind::TakeProfit { trigger: profit },
            _ => OrderKind::TakeProfitLimit {
                trigger: profit,
                price: profit,
            },
        };
        let stop_kind = match self.random.below(4) {
            0 => OrderKind::Stop { trigger: stop },
            1 => OrderKind::StopLimit {
                trigger: stop,
                price: stop,
            },
            2 => OrderKind::TrailingStop { trail: self.trail() },
            _ => OrderKind::TrailingStopLimit {
                trail: self.trail(),
                price: stop,
            },
        };
        let mut exits = [exit(self.next_id(), profit_kind), exit(self.next_id(), stop_kind)];
        for exit in &mut exits {
            exit.time_in_force = match self.random.below(20) {
                0 => self.time_in_force(),
                1 => TimeInForce::Day,
                2 => self.good_till(),
                _ => TimeInForce::Gtc,
            };
        }
        if self.random.percent(20) {
            // Where it may meet somebody when it is armed.
            let price = self.price();
            exits[0].kind = OrderKind::Limit { price };
            exits[0].post_only = self.random.pick(&[PostOnly::Reject, PostOnly::Slide]);
        }
        match self.random.below(10) {
            0 | 1 => entry.kind = OrderKind::Market,
            2 => entry.kind = self.stop(),
            3 => entry.time_in_force = TimeInForce::Ioc,
            _ => {}
        }
        [entry, exits[0], exits[1]].into_iter().collect()
    }

    /// A limit order without rare conditions, as the first of a list.
    fn place_staying(&mut self) -> Place {
        let mut place = Place::limit(
            self.instrument(),
            self.next_id(),
            self.side(),
            self.price(),
            self.quantity(),
        );
        self.choose_owner(&mut place);
        if self.random.percent(15) {
            let until = self.good_till();
            place.time_in_force = self.random.pick(&[TimeInForce::Day, until]);
        }
        if self.random.percent(self.weights.hidden) {
            place.visibility = Visibility::Hidden;
        }
        if self.random.percent(self.weights.post_only) {
            place.post_only = self.random.pick(&[PostOnly::Reject, PostOnly::Slide]);
        }
        place
    }

    /// Makes a list wrong.
    pub(super) fn spoil_list(&mut self, orders: &mut SmallVec<[Place; 3]>) {
        match self.random.below(6) {
            0 => orders.clear(),
            1 => orders.truncate(1),
            2 => orders[1].side = orders[1].side.opposite(),
            3 => orders[1].account = Some(self.account()),
            4 if self.config.ids_chosen => orders[1].id = orders[0].id,
            _ => self.spoil(&mut orders[1]),
        }
    }
}

fn asks_a_price(kind: &OrderKind) -> bool {
    matches!(
        kind,
        OrderKind::Limit { .. }
            | OrderKind::StopLimit { .. }
            | OrderKind::TakeProfitLimit { .. }
            | OrderKind::TrailingStopLimit { .. }
    )
}
