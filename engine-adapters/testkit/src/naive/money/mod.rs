//! Money, plainly: lists that are searched, and everything that is held added up anew whenever somebody asks.
//!
//! Written from `docs/accounts.md`; a number in a comment is a rule of that page.

mod admit;
mod amend;
mod holds;
mod limits;
mod settle;
mod transfers;
mod worst;

use std::collections::BTreeMap;

use engine_core::{
    AccountId, AccountsConfig, AssetSpec, Event, Funding, GroupId, InstrumentSpec, Limits, LinkKind, OrderId,
    Price, Qty, RejectReason, Seq, SetAccount, SetLimits, Side, Timestamp, Transfer,
};
use rust_decimal::Decimal;

/// Everybody's money.
#[derive(Clone, Debug)]
pub(super) struct Money {
    config: AccountsConfig,
    now: Timestamp,
    assets: Vec<AssetSpec>,
    /// Deposits less withdrawals, by asset.
    supply: Vec<i128>,
    /// Fee accounts, by asset.
    fees: Vec<i128>,
    accounts: Vec<Account>,
    totals: BTreeMap<(AccountId, usize), i128>,
    instruments: Vec<Paid>,
    positions: BTreeMap<(AccountId, usize), Position>,
    orders: Vec<Order>,
    lists: Vec<List>,
    limits: BTreeMap<(Option<AccountId>, usize), Limits>,
    transfers: Vec<Done>,
    /// What was traded where there are tiers: whose, in which asset, on which day, worth what.
    volumes: Vec<(AccountId, usize, u64, i128)>,
    /// Orders that were accepted under a limit on their rate: whose, where, in which second.
    counted: Vec<(AccountId, usize, u64)>,
    /// What was found out about the orders that are accepted next.
    admitted: Vec<Admitted>,
    admitted_list: Option<LinkKind>,
    /// What the order that is amended next will have: W or V, and what is left of it.
    amended: (Price, Qty),
    /// The orders of a list of which not all are accepted yet.
    arriving: Vec<Order>,
}

#[derive(Clone, Copy, Debug)]
struct Account {
    id: AccountId,
    tier: Option<u8>,
    group: Option<GroupId>,
    is_frozen: bool,
}

/// An instrument, as far as money is concerned.
#[derive(Clone, Debug)]
struct Paid {
    spec: InstrumentSpec,
    /// B and U of 1.2.
    lot_units: i128,
    value_units: i128,
    base: usize,
    quote: usize,
    last: Option<Price>,
    mark: Option<Price>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Position {
    quantity: i128,
    cost: i128,
    realised: i128,
}

/// A live order.
#[derive(Clone, Debug)]
struct Order {
    id: OrderId,
    owner: AccountId,
    at: usize,
    side: Side,
    left: Qty,
    /// W, or V of 9.3.
    price: Price,
    rates: Rates,
    /// A of 7.2, and what was charged.
    exact_fees: i128,
    charged: i128,
    immediate: bool,
    by_value: bool,
    reduce_only: bool,
    is_unarmed: bool,
    list: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rates {
    maker: i32,
    taker: i32,
}

/// Orders that share (6).
#[derive(Clone, Debug)]
struct List {
    number: u64,
    entry: Option<OrderId>,
    /// The two that share, as long as they live.
    pair: Vec<OrderId>,
    /// The one that has traded or was set off; it may be over.
    lead: Option<OrderId>,
    /// What the entry has traded.
    traded: Qty,
}

/// What was found out about an order when it was admitted.
#[derive(Clone, Copy, Debug)]
struct Admitted {
    price: Price,
    rates: Rates,
    immediate: bool,
    reduce_only: bool,
}

/// A transfer that happened.
#[derive(Clone, Copy, Debug)]
struct Done {
    is_deposit: bool,
    transfer: Transfer,
    first: Seq,
}

/// Why not, and if it is for want of money, of what and how much.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    pub(super) reason: RejectReason,
    pub(super) shortfall: Option<Event>,
}

impl From<RejectReason> for Refused {
    fn from(reason: RejectReason) -> Self {
        Self {
            reason,
            shortfall: None,
        }
    }
}

impl Money {
    pub(super) fn new(config: AccountsConfig) -> Self {
        Self {
            config,
            now: Timestamp::ZERO,
            assets: Vec::new(),
            supply: Vec::new(),
            fees: Vec::new(),
            accounts: Vec::new(),
            totals: BTreeMap::new(),
            instruments: Vec::new(),
            positions: BTreeMap::new(),
            orders: Vec::new(),
            lists: Vec::new(),
            limits: BTreeMap::new(),
            transfers: Vec::new(),
            volumes: Vec::new(),
            counted: Vec::new(),
            admitted: Vec::new(),
            admitted_list: None,
            amended: (Price::new(0), Qty::ZERO),
            arriving: Vec::new(),
        }
    }

    pub(super) fn set_time(&mut self, now: Timestamp) {
        self.now = now;
    }

    /// 1.3
    pub(super) fn add_asset(&mut self, spec: &AssetSpec) -> Result<Event, RejectReason> {
        let is_name = (1..=16).contains(&spec.name.len()) && spec.name.chars().all(|c| c.is_ascii_graphic());
        if !is_name || spec.scale > 18 {
            return Err(RejectReason::InvalidAsset);
        }
        if self.assets.len() == self.config.assets_max as usize {
            return Err(RejectReason::TooManyAssets);
        }
        let number = self.assets.len() as u32;
        self.assets.push(spec.clone());
        self.supply.push(0);
        self.fees.push(0);
        Ok(Event::AssetAdded {
            asset: engine_core::AssetId::new(number),
        })
    }

    /// 1.2 to 1.4: the spec that the market follows.
    pub(super) fn list(&mut self, spec: &InstrumentSpec) -> Result<InstrumentSpec, RejectReason> {
        let terms = spec.terms();
        let margin = margin_of(spec);
        let asset = |asset: Option<engine_core::AssetId>| {
            let number = asset.ok_or(RejectReason::AssetRequired)?.get() as usize;
            let spec = self.assets.get(number).ok_or(RejectReason::UnknownAsset)?;
            Ok::<_, RejectReason>((number, u32::from(spec.scale)))
        };
        let (quote, quote_scale) = asset(terms.quote)?;
        let value_units = whole_units(terms.tick * terms.lot, quote_scale).ok_or(RejectReason::AssetScale)?;
        let (base, lot_units) = match margin {
            Some(_) => (quote, 0),
            None => {
                let (base, base_scale) = asset(terms.base)?;
                let units = whole_units(terms.lot, base_scale).ok_or(RejectReason::AssetScale)?;
                (base, units)
            }
        };
        let least = Price::new(i64::from(margin.is_some()));
        if terms.max_price < least {
            return Err(RejectReason::InvalidPrice);
        }
        check_margin(spec, value_units)?;
        check_tiers(spec, quote_scale)?;
        self.instruments.push(Paid {
            spec: spec.clone(),
            lot_units,
            value_units,
            base,
            quote,
            last: None,
            mark: None,
        });
        Ok(with_least_price(spec, least))
    }

    pub(super) fn set_account(&mut self, set: &SetAccount) -> Result<Event, RejectReason> {
        let account = self.ensure(set.account)?;
        (account.tier, account.group) = (set.tier, set.group);
        Ok(Event::AccountSet {
            account: set.account,
            tier: set.tier,
            group: set.group,
        })
    }

    pub(super) fn set_limits(&mut self, set: &SetLimits) -> Result<Event, RejectReason> {
        let at = set.instrument.get() as usize;
        if at >= self.instruments.len() {
            return Err(RejectReason::UnknownInstrument);
        }
        if let Some(account) = set.account {
            self.ensure(account)?;
        }
        self.limits.insert((set.account, at), set.limits);
        Ok(Event::LimitsSet {
            account: set.account,
            instrument: set.instrument,
        })
    }

    /// 2.7
    pub(super) fn freeze(&mut self, account: AccountId, is_frozen: bool) -> Result<Event, RejectReason> {
        self.ensure(account)?.is_frozen = is_frozen;
        Ok(if is_frozen {
            Event::Frozen { account }
        } else {
            Event::Unfrozen { account }
        })
    }

    /// 2.1
    fn ensure(&mut self, id: AccountId) -> Result<&mut Account, RejectReason> {
        let known = self.accounts.iter().position(|account| account.id == id);
        let at = known.unwrap_or(self.accounts.len());
        if known.is_none() {
            if self.accounts.len() == self.config.accounts_max as usize {
                return Err(RejectReason::TooManyAccounts);
            }
            self.accounts.push(Account {
                id,
                tier: None,
                group: None,
                is_frozen: false,
            });
        }
        Ok(&mut self.accounts[at])
    }

    fn account(&self, id: AccountId) -> Option<&Account> {
        self.accounts.iter().find(|account| account.id == id)
    }

    /// 2.6
    pub(super) fn group_of(&self, account: Option<AccountId>) -> Option<GroupId> {
        self.account(account?)?.group
    }

    fn order(&self, id: OrderId) -> &Order {
        let found = self.orders.iter().find(|order| order.id == id);
        found.expect("an order that something happens to is known")
    }

    fn order_mut(&mut self, id: OrderId) -> &mut Order {
        let found = self.orders.iter_mut().find(|order| order.id == id);
        found.expect("an order that something happens to is known")
    }

    fn list_of(&self, order: &Order) -> Option<&List> {
        let number = order.list?;
        self.lists.iter().find(|list| list.number == number)
    }

    fn is_margin(&self, at: usize) -> bool {
        margin_of(&self.instruments[at].spec).is_some()
    }

    fn total(&self, owner: AccountId, asset: usize) -> i128 {
        self.totals.get(&(owner, asset)).copied().unwrap_or_default()
    }

    fn position(&self, owner: AccountId, at: usize) -> Position {
        self.positions.get(&(owner, at)).copied().unwrap_or_default()
    }

    /// The part of section 13 that is about sums.
    pub(super) fn check_invariants(&self) {
        assert!(self.arriving.is_empty(), "a list is accepted whole");
        for asset in 0..self.assets.len() {
            let totals = self.totals.iter().filter(|((_, of), _)| *of == asset);
            let totals: i128 = totals.map(|(_, total)| total).sum();
            let open = self
                .positions
                .iter()
                .filter(|((_, at), _)| self.is_margin(*at) && self.instruments[*at].quote == asset);
            let open: i128 = open
                .map(|((_, at), position)| position.cost * self.instruments[*at].value_units)
                .sum();
            assert_eq!(
                self.supply[asset],
                totals + self.fees[asset] - open,
                "13: asset {asset}"
            );
            assert!(self.fees[asset] >= 0, "13: fees of asset {asset}");
            for account in &self.accounts {
                let held = self.held(account.id, asset);
                let uses_margin = (0..self.instruments.len()).any(|at| {
                    self.is_margin(at) && self.positions.contains_key(&(account.id, at))
                        || self
                            .orders
                            .iter()
                            .any(|order| order.owner == account.id && self.is_margin(order.at))
                });
                let fits = held <= self.total(account.id, asset) || uses_margin;
                assert!(
                    held >= 0 && fits,
                    "13: account {} holds {held} of {asset}",
                    account.id
                );
            }
        }
    }
}

/// The initial and maintenance rate and the greatest position.
fn margin_of(spec: &InstrumentSpec) -> Option<(i128, i128, Qty)> {
    match spec.terms().funding {
        Funding::Spot => None,
        Funding::Margin {
            initial_ppm,
            maintenance_ppm,
            position_max,
        } => Some((initial_ppm.into(), maintenance_ppm.into(), position_max)),
    }
}

/// 9.1
fn check_margin(spec: &InstrumentSpec, value_units: i128) -> Result<(), RejectReason> {
    let Some((initial, maintenance, position_max)) = margin_of(spec) else {
        return Ok(());
    };
    let most = spec.terms().max_price.notional(position_max).units();
    let is_small = most.checked_mul(value_units).is_some_and(|most| most < 1 << 90);
    let is_ordered = 1 <= maintenance && maintenance <= initial && initial <= 1_000_000;
    if is_small && is_ordered && !position_max.is_zero() {
        Ok(())
    } else {
        Err(RejectReason::MarginTerms)
    }
}

/// 1.3, of the tiers (7.5).
fn check_tiers(spec: &InstrumentSpec, quote_scale: u32) -> Result<(), RejectReason> {
    let terms = spec.terms();
    let (mut maker, mut taker) = (terms.maker_fee_ppm, terms.taker_fee_ppm);
    for tier in &terms.fee_tiers {
        whole_units(tier.volume_min, quote_scale).ok_or(RejectReason::AssetScale)?;
        maker = maker.min(tier.maker_fee_ppm);
        taker = taker.min(tier.taker_fee_ppm);
    }
    if maker + taker < 0 {
        return Err(RejectReason::FeesBelowZero);
    }
    Ok(())
}

/// 1.4
fn with_least_price(spec: &InstrumentSpec, least: Price) -> InstrumentSpec {
    let mut terms = spec.terms().clone();
    terms.min_price = terms.min_price.max(least);
    InstrumentSpec::try_from(terms).expect("its greatest price is at least that")
}

/// A decimal as a whole number of smallest units, if it is one of 64 bits.
fn whole_units(value: Decimal, scale: u32) -> Option<i128> {
    let value = value.normalize();
    let places = scale.checked_sub(value.scale())?;
    let units = value.mantissa().checked_mul(10_i128.pow(places))?;
    (units <= u64::MAX.into()).then_some(units)
}

/// ⌈x / 10^6⌉
fn millionths_up(x: i128) -> i128 {
    let whole = x / 1_000_000;
    if x > whole * 1_000_000 { whole + 1 } else { whole }
}
