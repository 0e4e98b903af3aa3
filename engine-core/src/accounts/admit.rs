//! Whether an account can afford a new order: everything is looked at, nothing is changed.

use smallvec::SmallVec;

use super::amend::Amended;
use super::fees::{Fees, RateId, Rates, charge, day_of};
use super::holds::Footprint;
use super::instrument::Instrument;
use super::limits::Measured;
use super::position::Line;
use super::{FROZEN, Ledger};
use crate::{
    AccountId, Amount, AssetId, Event, LinkKind, Linked, OrderKind, Place, Price, Qty, RejectReason,
    RiskLimit, Side, Timestamp,
};

/// What the market knows of a new order before it is entered. Each is asked for only where it matters.
pub(crate) trait Reach {
    /// The best price that an order of this side could trade at, whoever stands there.
    fn best(&self, side: Side) -> Option<Price>;
    /// Beyond which price an order without a limit cannot trade: of a market-to-limit order the best price that it
    /// takes, of a stop at market its trigger and the protection.
    fn bound(&self, place: &Place) -> Option<Price>;
    /// The trigger with which a stop begins.
    fn trigger(&self, place: &Place) -> Option<Price>;
    /// Whether it would wait for an auction.
    fn waits(&self, place: &Place) -> bool;
    /// What a market buy that takes at once comes to at most, in ticks times lots.
    fn worst_cost(&self, place: &Place) -> i128;
    /// What a sell by value sells at most.
    fn worst_quantity(&self, place: &Place) -> Qty;
}

/// Why an order or a transfer is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) reason: RejectReason,
    /// Says what is missing, after the `Rejected`.
    pub(crate) shortfall: Option<Event>,
}

impl From<RejectReason> for Refusal {
    fn from(reason: RejectReason) -> Self {
        Self {
            reason,
            shortfall: None,
        }
    }
}

impl From<RiskLimit> for Refusal {
    fn from(limit: RiskLimit) -> Self {
        RejectReason::RiskLimit(limit).into()
    }
}

impl Refusal {
    pub(super) fn short(account: AccountId, asset: AssetId, needed: i128, available: i128) -> Self {
        Self {
            reason: RejectReason::InsufficientBalance,
            shortfall: Some(Event::Shortfall {
                account,
                asset,
                needed: Amount::new(needed),
                available: Amount::new(available),
            }),
        }
    }
}

/// What was found out about an order when it was admitted, for when it is accepted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Admission {
    pub(super) account: u32,
    pub(super) price: Price,
    pub(super) rates: RateId,
    pub(super) immediate: bool,
    pub(super) reduce_only: bool,
}

/// What the next events may bring into being.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Admitted<'a> {
    /// Nothing.
    Nothing,
    /// An order.
    Order(&'a Admission),
    /// Linked orders.
    List(LinkKind, &'a [Admission]),
    /// An order as an amend makes it.
    Amend(&'a Amended),
}

/// What an order can come to at its worst.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outlook {
    /// What it holds by: a buy's worst price, a sell's price for limits and margin.
    pub(super) price: Price,
    pub(super) limit_price: Option<Price>,
    /// All of it; by value what that can be at most.
    pub(super) quantity: Qty,
    /// In ticks times lots.
    pub(super) notional: i128,
    /// Whether it is over when its command is done.
    pub(super) immediate: bool,
}

impl Instrument {
    /// What an order can come to, or `None` if there is no bound.
    #[inline]
    fn outlook(&self, place: &Place, reach: &impl Reach) -> Option<Outlook> {
        if let OrderKind::Limit { price } = place.kind
            && (place.side == Side::Buy || self.margin.is_none())
        {
            return Some(Outlook::resting(place, price, Some(price)));
        }
        match place.side {
            Side::Buy => self.outlook_of_buy(place, reach),
            Side::Sell => self.outlook_of_sell(place, reach),
        }
    }

    fn outlook_of_buy(&self, place: &Place, reach: &impl Reach) -> Option<Outlook> {
        let limit_price = place.kind.limit();
        let price = match place.kind {
            OrderKind::Market if reach.waits(place) => return None,
            OrderKind::Market => {
                return Some(Outlook::immediate(place, place.quantity, reach.worst_cost(place)));
            }
            OrderKind::MarketByQuote { budget } => {
                let best = reach.best(Side::Buy).map_or(0, Price::ticks);
                let most = if best > 0 {
                    budget.units() / i128::from(best)
                } else {
                    0
                };
                let most = u64::try_from(most).map_or(Qty::MAX, |lots| Qty::new(lots).min(Qty::MAX));
                return Some(Outlook::immediate(place, most, budget.units()));
            }
            OrderKind::MarketToLimit => reach.bound(place).unwrap_or(Price::new(0)),
            OrderKind::Stop { .. } | OrderKind::TakeProfit { .. } | OrderKind::TrailingStop { .. } => {
                reach.bound(place)?
            }
            _ => limit_price?,
        };
        Some(Outlook::resting(place, price, limit_price))
    }

    fn outlook_of_sell(&self, place: &Place, reach: &impl Reach) -> Option<Outlook> {
        let limit_price = place.kind.limit();
        let waits = place.kind == OrderKind::Market && reach.waits(place);
        let unlimited_peg = matches!(place.kind, OrderKind::Pegged { limit: None, .. });
        if self.margin.is_some() && (waits || unlimited_peg) {
            return None;
        }
        let own = limit_price.or_else(|| reach.trigger(place));
        let best = || reach.best(Side::Sell).filter(|best| best.ticks() > 0);
        let price = if self.margin.is_some() {
            own.max(best())
        } else {
            own.or_else(best)
        };
        let price = price.unwrap_or(Price::new(0));
        Some(match place.kind {
            OrderKind::Market if !waits => {
                let value = price.notional(place.quantity);
                Outlook::immediate(place, place.quantity, value.units())
            }
            OrderKind::MarketByQuote { budget } => {
                Outlook::immediate(place, reach.worst_quantity(place), budget.units())
            }
            _ => Outlook::resting(place, price, limit_price),
        })
    }

    /// What an order needs on entry, or `None` if that is more than there can be of its asset.
    fn footprint_on_entry(&self, place: &Place, outlook: &Outlook, rates: Rates) -> Option<Footprint> {
        let exposed = self.margin.is_some() && !place.reduce_only;
        let held = if outlook.immediate {
            self.need_of_immediate(place.side, outlook, rates)?
        } else {
            self.hold(place.side, outlook.price, outlook.quantity, Fees::new(rates))?
        };
        Some(Footprint {
            held,
            quantity: outlook.quantity.lots(),
            exposure: if exposed { outlook.notional } else { 0 },
        })
    }

    fn need_of_immediate(&self, side: Side, outlook: &Outlook, rates: Rates) -> Option<i128> {
        if side == Side::Sell && self.margin.is_none() {
            return Some(i128::from(self.base_units) * i128::from(outlook.quantity.lots()));
        }
        let value = self.value(outlook.notional);
        let value = value.filter(|value| *value <= Amount::MAX.units())?;
        let (fee, _) = charge(value, rates.taker_held(), 0);
        Some(if self.margin.is_some() { fee } else { value + fee })
    }
}

impl Outlook {
    fn resting(place: &Place, price: Price, limit_price: Option<Price>) -> Self {
        Self {
            price,
            limit_price,
            quantity: place.quantity,
            notional: price.notional(place.quantity).units(),
            immediate: false,
        }
    }

    fn immediate(place: &Place, quantity: Qty, notional: i128) -> Self {
        Self {
            price: Price::new(0),
            limit_price: place.kind.limit(),
            quantity,
            notional,
            immediate: true,
        }
    }
}

/// An order that passed every check but that of funds.
struct Checked {
    owner: AccountId,
    /// The account's number, if it exists.
    account: Option<u32>,
    outlook: Outlook,
    rates: RateId,
}

impl Checked {
    fn admission(&self, place: &Place) -> Admission {
        Admission {
            account: self.account.expect("only an account that exists has funds"),
            price: self.outlook.price,
            rates: self.rates,
            immediate: self.outlook.immediate,
            reduce_only: place.reduce_only,
        }
    }
}

impl Ledger {
    /// Admits a new order, or says why not.
    pub(crate) fn admit(
        &self,
        place: &Place,
        now: Timestamp,
        reach: &impl Reach,
    ) -> Result<Admission, Refusal> {
        let instrument = &self.instruments[place.instrument.get() as usize];
        let checked = self.check(place, now, reach, false)?;
        let footprint = self.footprint_on_entry(instrument, place, &checked);
        self.check_funds(instrument, &checked, place.side, footprint)?;
        Ok(checked.admission(place))
    }

    fn footprint_on_entry(
        &self,
        instrument: &Instrument,
        place: &Place,
        checked: &Checked,
    ) -> Option<Footprint> {
        instrument.footprint_on_entry(place, &checked.outlook, self.rates.at(checked.rates))
    }

    /// Admits linked orders together, or says why not.
    pub(crate) fn admit_linked(
        &self,
        linked: &Linked,
        now: Timestamp,
        reach: &impl Reach,
    ) -> Result<SmallVec<[Admission; 3]>, Refusal> {
        if self.bonds.is_full() {
            return Err(RejectReason::BookFull.into());
        }
        let first = &linked.orders[0];
        let instrument = &self.instruments[first.instrument.get() as usize];
        let mut all: SmallVec<[Checked; 3]> = SmallVec::new();
        for (index, place) in linked.orders.iter().enumerate() {
            let exit = linked.kind == LinkKind::Bracket && index > 0;
            all.push(self.check(place, now, reach, exit)?);
        }
        let alone = |index: usize| self.footprint_on_entry(instrument, &linked.orders[index], &all[index]);
        let shared = |one: usize, other: usize| Some(alone(one)?.shared(alone(other)?));
        match linked.kind {
            LinkKind::OneCancelsOther => self.check_funds(instrument, &all[0], first.side, shared(0, 1))?,
            LinkKind::Bracket => {
                self.check_funds(instrument, &all[0], first.side, alone(0))?;
                if instrument.margin.is_none() && first.side == Side::Sell {
                    self.check_funds(instrument, &all[1], Side::Buy, shared(1, 2))?;
                }
            }
        }
        let admissions = all.iter().zip(&linked.orders);
        Ok(admissions
            .map(|(checked, place)| checked.admission(place))
            .collect())
    }

    /// Every check but that of funds. An exit of a bracket opens nothing before its entry trades.
    fn check(
        &self,
        place: &Place,
        now: Timestamp,
        reach: &impl Reach,
        exit: bool,
    ) -> Result<Checked, Refusal> {
        let owner = place.account.ok_or(RejectReason::AccountRequired)?;
        let account = self.number(owner);
        if account.is_some_and(|account| self.flags.has(account, FROZEN)) {
            return Err(RejectReason::AccountFrozen.into());
        }
        let instrument = &self.instruments[place.instrument.get() as usize];
        let outlook = instrument.outlook(place, reach);
        // The trigger of an exit that trails begins when it is armed, so nobody knows it yet.
        let outlook = outlook.filter(|_| !(exit && place.side == Side::Buy && trails_at_market(place)));
        let outlook = outlook.ok_or(RejectReason::UnboundedCost)?;
        let line = account.map_or_else(Line::default, |account| instrument.lines.read(account));
        instrument.check_limits(&line, &Measured::new_order(place.side, &outlook, exit, now))?;
        if !exit && outlook.quantity.lots() > line.reducible(place.side) {
            let extra = instrument.extra(&line);
            if place.reduce_only {
                return Err(RejectReason::ReduceOnly.into());
            }
            if extra.is_some_and(|extra| extra.reduce_only[place.side as usize] > 0) {
                return Err(RiskLimit::ReduceOnly.into());
            }
        }
        Ok(Checked {
            owner,
            account,
            outlook,
            rates: self.rates_for(instrument, account, now),
        })
    }

    /// Whether what an order needs is free.
    fn check_funds(
        &self,
        instrument: &Instrument,
        checked: &Checked,
        side: Side,
        footprint: Option<Footprint>,
    ) -> Result<(), Refusal> {
        let asset = instrument.held_asset(side);
        let short = |needed, free| Err(Refusal::short(checked.owner, AssetId::new(asset), needed, free));
        let Some(account) = checked.account else {
            return short(footprint.map_or(i128::MAX, |footprint| footprint.held), 0);
        };
        let free = self.free(account, asset);
        let Some(footprint) = footprint else {
            return short(i128::MAX, free);
        };
        let needed = instrument.need(account, side, &footprint);
        // On margin an order that makes nothing greater is taken whatever is free.
        if needed > free && (needed > 0 || instrument.margin.is_none()) {
            return short(needed, free);
        }
        Ok(())
    }

    /// The rates that an account's orders get now.
    fn rates_for(&self, instrument: &Instrument, account: Option<u32>, now: Timestamp) -> RateId {
        let Some(account) = account.filter(|_| instrument.has_tiers()) else {
            return instrument.rate_id;
        };
        if let Some(tier) = self.accounts.at(account).and_then(|account| account.tier) {
            return instrument.rates_of_tier(tier);
        }
        let volumes = &self.assets[instrument.quote as usize].volumes;
        let volume = volumes.at(account).map_or(0, |volume| volume.on(day_of(now)));
        instrument.rates_of_volume(volume)
    }
}

fn trails_at_market(place: &Place) -> bool {
    matches!(place.kind, OrderKind::TrailingStop { .. })
}
