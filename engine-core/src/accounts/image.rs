//! All money as plain data: taking the parts of a snapshot.

use super::fees::day_of;
use super::instrument::Instrument;
use super::{Asset, DIRECT_MAX, FROZEN, Ledger};
use crate::snapshot::{
    AccountSnapshot, AccountsSnapshot, AssetSnapshot, LineSnapshot, LinesSnapshot, PaidOrderSnapshot,
    TotalSnapshot, VolumeSnapshot,
};
use crate::{AccountId, Amount, AssetSpec, Notional, OrderId, Timestamp};

impl Ledger {
    /// All money. `live` are the live orders of all markets.
    pub(crate) fn snapshot(&self, live: &[OrderId], now: Timestamp) -> AccountsSnapshot {
        let assets = self.asset_specs.iter().zip(&self.assets);
        AccountsSnapshot {
            accounts: self.account_snapshots(),
            assets: assets
                .map(|(spec, asset)| self.asset_snapshot(spec, asset, now))
                .collect(),
            instruments: self
                .instruments
                .iter()
                .map(|instrument| self.lines_snapshot(instrument, now))
                .collect(),
            orders: self.order_snapshots(live),
            transfers: self.keys.iter().copied().collect(),
        }
    }

    /// All accounts in ascending order: those whose ids are their numbers have smaller ids than the others.
    fn account_snapshots(&self) -> Vec<AccountSnapshot> {
        let direct = self
            .accounts
            .iter()
            .take_while(|(number, _)| *number < DIRECT_MAX);
        let direct = direct.filter_map(|(number, account)| Some((account.id?, number)));
        let mut large: Vec<_> = self.large.iter().zip(DIRECT_MAX..).collect();
        large.sort_unstable();
        direct
            .chain(large)
            .map(|(id, number)| {
                let account = self.accounts.at(number).expect("an account that exists is kept");
                AccountSnapshot {
                    account: id,
                    tier: account.tier,
                    group: account.group,
                    frozen: self.flags.has(number, FROZEN),
                }
            })
            .collect()
    }

    fn asset_snapshot(&self, spec: &AssetSpec, asset: &Asset, now: Timestamp) -> AssetSnapshot {
        let totals = asset.balances.rows.iter();
        let mut totals: Vec<TotalSnapshot> = totals
            .filter(|(_, [total, _])| *total != 0)
            .map(|(number, [total, _])| TotalSnapshot {
                account: self.id(number),
                total: Amount::new(total),
            })
            .collect();
        totals.sort_unstable_by_key(|total| total.account);
        let days = |volume: &super::Volume| volume.days_on(day_of(now));
        let mut volumes: Vec<VolumeSnapshot> = asset
            .volumes
            .iter()
            .flat_map(|(number, volume)| days(volume).map(move |day| (number, day)))
            .map(|(number, (day, value))| VolumeSnapshot {
                account: self.id(number),
                day,
                value: Amount::new(value),
            })
            .collect();
        volumes.sort_unstable_by_key(|volume| (volume.account, volume.day));
        AssetSnapshot {
            spec: spec.clone(),
            fees: Amount::new(asset.fees),
            totals,
            volumes,
        }
    }

    fn lines_snapshot(&self, instrument: &Instrument, now: Timestamp) -> LinesSnapshot {
        let mut lines: Vec<LineSnapshot> = instrument
            .lines
            .iter()
            .filter_map(|(number, line)| {
                let cost = instrument.cost(number);
                let extra = instrument.extra(&line);
                let line = LineSnapshot {
                    account: self.accounts.at(number)?.id?,
                    quantity: line.quantity,
                    cost: Notional::new(cost.open),
                    realised: Notional::new(cost.realised),
                    limits: extra.and_then(|extra| extra.limits),
                    orders_this_second: extra.map_or(0, |extra| extra.orders_this_second(now)),
                };
                line.says_something().then_some(line)
            })
            .collect();
        lines.sort_unstable_by_key(|line| line.account);
        LinesSnapshot {
            limits: instrument.limits,
            lines,
        }
    }

    fn order_snapshots(&self, live: &[OrderId]) -> Vec<PaidOrderSnapshot> {
        let mut orders: Vec<PaidOrderSnapshot> = live
            .iter()
            .map(|id| {
                let at = self.orders.find(*id);
                let order = self.orders.at(at.expect("every live order is in the ledger"));
                let rates = self.rates.at(order.rates());
                PaidOrderSnapshot {
                    id: *id,
                    price: order.price(),
                    maker_fee_ppm: rates.maker,
                    taker_fee_ppm: rates.taker,
                    carry: order.carry(),
                }
            })
            .collect();
        orders.sort_unstable_by_key(|order| order.id);
        orders
    }

    /// Whose number this is.
    pub(super) fn id(&self, number: u32) -> AccountId {
        let account = self.accounts.at(number).and_then(|account| account.id);
        account.expect("whoever has something is an account that exists")
    }
}

impl LineSnapshot {
    /// Whether it says anything that need not be said of every account.
    pub(super) fn says_something(&self) -> bool {
        let nothing = Notional::ZERO;
        self.quantity != 0
            || self.cost != nothing
            || self.realised != nothing
            || self.limits.is_some()
            || self.orders_this_second != 0
    }
}
