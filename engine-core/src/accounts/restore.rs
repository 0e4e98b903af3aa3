//! All money from plain data: everything that can be said wrongly is looked at.
//!
//! What is held, the open quantities and the bonds of pairs follow from the live orders, and are made anew as they were
//! made when the orders came.

use smallvec::SmallVec;

use super::check::{LiveOrder, only_reduces};
use super::fees::{MILLION, Rates, counts_on, day_of};
use super::holds::Footprint;
use super::links::{Bond, Lead};
use super::orders::{At, NewOrder, OpenOrder};
use super::position::{Cost, Extra};
use super::{AccountsConfig, Ledger, ON_MARGIN, Row};
use crate::snapshot::{
    AccountSnapshot, AccountsFault, AccountsSnapshot, AssetSnapshot, InstrumentSnapshot, LineSnapshot,
    LinkSnapshot, PaidOrderSnapshot, TransferSnapshot,
};
use crate::{
    AccountId, Amount, AssetId, EngineConfig, InstrumentId, LinkKind, OrderId, Price, Qty, Seq, SetAccount,
    Side, Timestamp,
};

type Check = Result<(), AccountsFault>;

/// No account owes or has more of an asset: with a margin position of the greatest value in every one of a thousand
/// instruments of a hundred million others it would be less.
const TOTAL_MAX: i128 = 1 << 126;

/// What else was restored, and what the money is to go with.
pub(crate) struct Restored<'a> {
    pub(crate) config: EngineConfig,
    pub(crate) applied: Seq,
    pub(crate) now: Timestamp,
    pub(crate) instruments: &'a [InstrumentSnapshot],
    /// The live orders of all markets.
    pub(crate) live: Vec<LiveOrder>,
}

impl Ledger {
    /// The ledger of a snapshot.
    pub(crate) fn restore(
        accounts: AccountsConfig,
        snapshot: &AccountsSnapshot,
        mut restored: Restored<'_>,
    ) -> Result<Self, AccountsFault> {
        let EngineConfig { ids, orders_max, .. } = restored.config;
        let mut ledger = Self::new(accounts, ids, orders_max);
        ledger.put_back_accounts(&snapshot.accounts)?;
        ledger.put_back_assets(&snapshot.assets, restored.now)?;
        ledger.put_back_instruments(snapshot, &restored)?;
        restored.live.sort_unstable_by_key(|order| order.id);
        ledger.put_back_orders(&snapshot.orders, &restored.live)?;
        for (market, index) in restored.instruments.iter().zip(0..) {
            for link in &market.links {
                ledger.put_back_link(index, link, &restored.live)?;
            }
        }
        ledger.hold_again(&restored.live)?;
        ledger.check_lines()?;
        ledger.check_balances()?;
        ledger.check_fees(&restored.live)?;
        ledger.put_back_supplies()?;
        ledger.put_back_transfers(&snapshot.transfers, restored.applied)?;
        ledger.uncount();
        Ok(ledger)
    }

    fn put_back_accounts(&mut self, accounts: &[AccountSnapshot]) -> Check {
        if accounts.len() > self.config.accounts_max as usize {
            return Err(AccountsFault::TooManyAccounts(accounts.len()));
        }
        let mut before = None;
        for snapshot in accounts {
            let AccountSnapshot {
                account,
                tier,
                group,
                frozen,
            } = *snapshot;
            let fault = AccountsFault::Account(account);
            if before.is_some_and(|before| before >= account) {
                return Err(fault);
            }
            before = Some(account);
            let mut history = Vec::new();
            let terms = SetAccount { account, tier, group };
            self.set_account(&terms, &mut history).map_err(|_| fault)?;
            if frozen {
                self.freeze(account, &mut history).map_err(|_| fault)?;
            }
        }
        Ok(())
    }

    fn put_back_assets(&mut self, assets: &[AssetSnapshot], now: Timestamp) -> Check {
        if assets.len() > self.config.assets_max as usize {
            return Err(AccountsFault::TooManyAssets(assets.len()));
        }
        for (snapshot, index) in assets.iter().zip(0..) {
            let asset = AssetId::new(index);
            let mut history = Vec::new();
            self.add_asset(&snapshot.spec, &mut history)
                .map_err(|_| AccountsFault::Asset(asset))?;
            self.assets[index as usize].fees = snapshot.fees.units();
            self.put_back_totals(asset, snapshot)?;
            self.put_back_volumes(asset, snapshot, now)?;
        }
        Ok(())
    }

    fn put_back_totals(&mut self, asset: AssetId, snapshot: &AssetSnapshot) -> Check {
        let mut before = None;
        for total in &snapshot.totals {
            let account = total.account;
            let number = self.known(account)?;
            let total = total.total.units();
            if before.is_some_and(|before| before >= account)
                || total == 0
                || !(-TOTAL_MAX..=TOTAL_MAX).contains(&total)
            {
                return Err(AccountsFault::Balance { account, asset });
            }
            before = Some(account);
            let balances = &mut self.assets[asset.get() as usize].balances;
            balances.add(number, Row { total, held: 0 });
        }
        Ok(())
    }

    fn put_back_volumes(&mut self, asset: AssetId, snapshot: &AssetSnapshot, now: Timestamp) -> Check {
        let today = day_of(now);
        let mut before = None;
        for volume in &snapshot.volumes {
            let (account, day, value) = (volume.account, volume.day, volume.value.units());
            let number = self.known(account)?;
            let counts = day <= today && counts_on(day, today) && value > 0;
            if before.is_some_and(|before| before >= (account, day)) || !counts {
                return Err(AccountsFault::Volume { account, asset });
            }
            before = Some((account, day));
            let volumes = &mut self.assets[asset.get() as usize].volumes;
            volumes.at_mut(number).add(day, value);
        }
        Ok(())
    }

    fn put_back_instruments(&mut self, snapshot: &AccountsSnapshot, restored: &Restored<'_>) -> Check {
        if snapshot.instruments.len() != restored.instruments.len() {
            return Err(AccountsFault::Instruments(snapshot.instruments.len()));
        }
        let markets = restored.instruments.iter().zip(&snapshot.instruments);
        for ((market, lines), index) in markets.zip(0..) {
            let instrument = InstrumentId::new(index);
            if self.list(&market.spec).as_ref() != Ok(&market.spec) {
                return Err(AccountsFault::Listing(instrument));
            }
            let kept = &mut self.instruments[index as usize];
            (kept.last, kept.mark, kept.limits) = (market.last, market.marked, lines.limits);
            kept.counted = true;
            let mut before = None;
            for line in &lines.lines {
                let account = line.account;
                if before.is_some_and(|before| before >= account) {
                    return Err(AccountsFault::Position { account, instrument });
                }
                before = Some(account);
                self.put_back_line(instrument, line, restored.now)?;
            }
        }
        Ok(())
    }

    fn put_back_line(&mut self, instrument: InstrumentId, line: &LineSnapshot, now: Timestamp) -> Check {
        let account = line.account;
        let number = self.known(account)?;
        let kept = &mut self.instruments[instrument.get() as usize];
        let (open, realised) = (line.cost.units(), line.realised.units());
        // What was opened at prices of the instrument stays within them, however much of it is closed.
        let most = |price: Price| i128::from(price.ticks()) * i128::from(line.quantity);
        let (one, other) = (most(kept.prices.0), most(kept.prices.1));
        let costs_so = one.min(other) <= open && open <= one.max(other);
        let counted = line.quantity.unsigned_abs() <= kept.position_max().lots();
        if !line.says_something() || !costs_so || !counted {
            return Err(AccountsFault::Position { account, instrument });
        }
        kept.lines.at_mut(number).quantity = line.quantity;
        kept.lines.set_cost(number, Cost { open, realised });
        kept.reach_position(line.quantity.unsigned_abs());
        if line.limits.is_some() || line.orders_this_second != 0 {
            let extra = kept.extra_mut(number);
            extra.limits = line.limits;
            extra.put_back_count(now, line.orders_this_second);
        }
        if kept.margin.is_some() {
            let required = kept.requirement(&kept.cost(number), &Extra::default());
            let quote = kept.quote;
            let held = Row {
                total: 0,
                held: required,
            };
            self.assets[quote as usize].balances.add(number, held);
            if line.quantity != 0 {
                self.note_margin(number, instrument.get());
            }
        }
        Ok(())
    }

    /// Makes every live order known again, the markets' word and the ledger's for it side by side.
    fn put_back_orders(&mut self, orders: &[PaidOrderSnapshot], live: &[LiveOrder]) -> Check {
        for (index, order) in live.iter().enumerate() {
            let paid = orders.get(index).filter(|paid| paid.id == order.id);
            let open = paid.and_then(|paid| self.order(order, paid));
            let open = open.ok_or(AccountsFault::Order(order.id))?;
            self.put_back_order(order, open);
        }
        match orders.get(live.len()) {
            Some(superfluous) => Err(AccountsFault::Order(superfluous.id)),
            None => Ok(()),
        }
    }

    /// A live order as far as money is concerned, if it can be paid for like this.
    fn order(&self, order: &LiveOrder, paid: &PaidOrderSnapshot) -> Option<OpenOrder> {
        let kept = &self.instruments[order.instrument.get() as usize];
        let rates = self.rates.find(Rates {
            maker: paid.maker_fee_ppm,
            taker: paid.taker_fee_ppm,
        })?;
        let covers = match order.side {
            Side::Buy => order.worst_price.is_some_and(|worst| paid.price >= worst),
            Side::Sell => true,
        };
        let in_range = paid.price.ticks() >= 0 && paid.price <= kept.prices.1;
        // An exit that is not armed has not traded.
        let carried = i64::from(paid.carry) < MILLION && !(order.unarmed && paid.carry > 0);
        if !covers || !in_range || !carried || !kept.has_rates(rates) {
            return None;
        }
        let mut open = OpenOrder::new(&NewOrder {
            account: self.number(order.account?)?,
            side: order.side,
            price: paid.price,
            quantity: order.remaining,
            rates,
            reduce_only: order.reduce_only,
            immediate: false,
        });
        open.set_carry(paid.carry);
        open.set_unarmed(order.unarmed);
        Some(open)
    }

    fn put_back_order(&mut self, order: &LiveOrder, open: OpenOrder) {
        let index = order.instrument.get();
        let kept = &mut self.instruments[index as usize];
        kept.lines.open_mut(open.account).orders += 1;
        if order.reduce_only {
            kept.extra_mut(open.account).reduce_only[order.side as usize] += 1;
        }
        kept.add_unheld(open.side(), open.price(), open.remaining());
        if kept.margin.is_some() {
            self.note_margin(open.account, index);
        }
        self.orders.insert(order.id, open);
    }

    /// Ties orders together again that share a hold, or live off another. The market knows that they go together.
    fn put_back_link(&mut self, instrument: u32, link: &LinkSnapshot, live: &[LiveOrder]) -> Check {
        let known = |id: &OrderId| {
            let found = live.binary_search_by_key(id, |order| order.id);
            &live[found.expect("the market has this order, so it is live")]
        };
        let (entry, exits) = match link.kind {
            LinkKind::OneCancelsOther => (None, &link.orders[..]),
            LinkKind::Bracket => (link.orders.first().map(known), &link.orders[1..]),
        };
        let at = |id| self.orders.find(id).expect("every live order was put back");
        let pair: SmallVec<[At; 2]> = exits.iter().map(|id| at(*id)).collect();
        let entry_at = entry.map(|entry| at(entry.id));
        // An order that is left alone holds for itself.
        let (Some(first), true) = (pair.first(), pair.len() + usize::from(entry.is_some()) > 1) else {
            return Ok(());
        };
        if self.bonds.is_full() {
            return Err(AccountsFault::Order(link.orders[0]));
        }
        let first = self.orders.at(*first);
        let traded = entry.map_or(Qty::ZERO, |entry| entry.total - entry.remaining);
        self.instruments[instrument as usize].add_unheld(first.side(), Price::new(0), traded);
        let bond = Bond {
            instrument,
            account: first.account,
            side: first.side(),
            entry: entry_at,
            pair: [pair.first().copied(), pair.get(1).copied()],
            lead: Lead::Open,
            traded,
            applied: Footprint::default(),
        };
        let number = self.bonds.insert(bond);
        for at in entry_at.into_iter().chain(pair) {
            self.orders.at_mut(at).set_bond(number);
        }
        Ok(())
    }

    /// Lets every order and every pair hold what it holds.
    fn hold_again(&mut self, live: &[LiveOrder]) -> Check {
        for order in live {
            let at = self.orders.find(order.id).expect("every live order was put back");
            if self.is_in_pair(at) {
                continue;
            }
            let open = *self.orders.at(at);
            let index = order.instrument.get();
            let kept = &self.instruments[index as usize];
            let footprint = kept.footprint(&open, self.fees(&open), order.remaining, order.remaining);
            let footprint = footprint.ok_or(AccountsFault::Order(order.id))?;
            self.check_room((index, open.account), order.side, &footprint)?;
            self.adjust(
                (index, open.account),
                order.side,
                &Footprint::default(),
                &footprint,
            );
        }
        for number in 0..self.bonds.len() as u32 {
            let bond = *self.bonds.at(number);
            let footprint = self.pair_footprint(number, None);
            let line = (bond.instrument, bond.account);
            let fault = self.position_fault(line);
            self.check_room(line, bond.side, &footprint.ok_or(fault)?)?;
            self.refit(number);
        }
        Ok(())
    }

    /// With one more footprint the position that all orders of the side lead to can still be counted, and on margin
    /// be had.
    fn check_room(&self, line: (u32, u32), side: Side, footprint: &Footprint) -> Check {
        let kept = &self.instruments[line.0 as usize];
        let then = kept.lines.read(line.1).position_with(side, footprint.quantity);
        if then <= i128::from(kept.position_max().lots()) {
            Ok(())
        } else {
            Err(self.position_fault(line))
        }
    }

    fn position_fault(&self, (instrument, account): (u32, u32)) -> AccountsFault {
        AccountsFault::Position {
            account: self.id(account),
            instrument: InstrumentId::new(instrument),
        }
    }

    /// What is bought is sold, and orders that only reduce do only that.
    fn check_lines(&self) -> Check {
        for (kept, index) in self.instruments.iter().zip(0..) {
            let instrument = InstrumentId::new(index);
            let bought: i128 = kept.lines.iter().map(|(_, line)| i128::from(line.quantity)).sum();
            if bought != 0 {
                return Err(AccountsFault::Positions(instrument));
            }
            for (account, line) in kept.lines.iter() {
                let Some(extra) = kept.extra(&line) else { continue };
                if !only_reduces(&line, extra.reduce_only) {
                    let account = self.id(account);
                    return Err(AccountsFault::ReduceOnly { account, instrument });
                }
            }
        }
        Ok(())
    }

    /// What is held is there, but where positions on margin may have used it up.
    fn check_balances(&mut self) -> Check {
        let settles = |asset: u32| {
            let mut instruments = self.instruments.iter();
            instruments.any(|instrument| instrument.margin.is_some() && instrument.quote == asset)
        };
        let mut used_up = Vec::new();
        for (asset, index) in self.assets.iter().zip(0..) {
            let short = asset
                .balances
                .rows
                .iter()
                .filter(|(_, [total, held])| held > total);
            for (account, _) in short {
                if !settles(index) {
                    return Err(AccountsFault::Balance {
                        account: self.id(account),
                        asset: AssetId::new(index),
                    });
                }
                used_up.push(account);
            }
        }
        for account in used_up {
            self.flags.set(account, ON_MARGIN, true);
        }
        Ok(())
    }

    /// What live orders have paid ahead is still there to be given back.
    fn check_fees(&self, live: &[LiveOrder]) -> Check {
        let mut ahead: Vec<i128> = vec![0; self.assets.len()];
        for order in live {
            let at = self.orders.find(order.id).expect("every live order was put back");
            let quote = self.instruments[order.instrument.get() as usize].quote;
            ahead[quote as usize] += i128::from(self.orders.at(at).carry());
        }
        for ((asset, ahead), index) in self.assets.iter().zip(ahead).zip(0..) {
            let enough = asset.fees <= TOTAL_MAX && asset.fees.saturating_mul(i128::from(MILLION)) >= ahead;
            if !enough {
                return Err(AccountsFault::Fees(AssetId::new(index)));
            }
        }
        Ok(())
    }

    /// What was deposited and not withdrawn is what is there.
    fn put_back_supplies(&mut self) -> Check {
        for index in 0..self.assets.len() {
            let number = index as u32;
            let there = self.there_is(number);
            let supply = there.filter(|supply| (0..=Amount::MAX.units()).contains(supply));
            let fault = AccountsFault::Supply(AssetId::new(number));
            self.assets[index].supply = supply.ok_or(fault)?;
        }
        Ok(())
    }

    /// What accounts have of an asset, with the fees, less what they have won from each other but not realised; `None`
    /// if that cannot be counted.
    pub(super) fn there_is(&self, asset: u32) -> Option<i128> {
        let kept = &self.assets[asset as usize];
        let totals = kept.balances.rows.iter();
        let there = totals
            .map(|(_, [total, _])| total)
            .try_fold(kept.fees, i128::checked_add)?;
        let on_margin = self
            .instruments
            .iter()
            .filter(|instrument| instrument.margin.is_some() && instrument.quote == asset);
        on_margin
            .flat_map(|instrument| {
                instrument
                    .lines
                    .iter()
                    .map(move |(account, _)| (instrument, account))
            })
            .try_fold(there, |there, (instrument, account)| {
                let open = instrument.cost(account).open;
                there.checked_sub(open.checked_mul(i128::from(instrument.quote_units))?)
            })
    }

    fn put_back_transfers(&mut self, transfers: &[TransferSnapshot], applied: Seq) -> Check {
        if transfers.len() > self.config.transfer_keys_max as usize {
            return Err(AccountsFault::TooManyTransfers(transfers.len()));
        }
        let mut before = Seq::new(0);
        for snapshot in transfers {
            let TransferSnapshot { transfer, first, .. } = snapshot;
            let amount = Amount::ZERO < transfer.amount && transfer.amount <= Amount::MAX;
            let known = self.number(transfer.account).is_some();
            let asset = (transfer.asset.get() as usize) < self.assets.len();
            let in_order = before < *first && *first <= applied;
            if !amount || !known || !asset || !in_order || !self.keys.put_back(snapshot) {
                return Err(AccountsFault::Transfer(*first));
            }
            before = *first;
        }
        Ok(())
    }

    /// Notes that an account has something to do with an instrument on margin.
    fn note_margin(&mut self, account: u32, instrument: u32) {
        self.flags.set(account, ON_MARGIN, true);
        let margin = &mut self.accounts.at_mut(account).margin;
        if !margin.contains(&instrument) {
            margin.push(instrument);
        }
    }

    /// The number of an account that has to exist.
    fn known(&self, account: AccountId) -> Result<u32, AccountsFault> {
        self.number(account).ok_or(AccountsFault::UnknownAccount(account))
    }
}
