//! All money: balances, holds, fees, positions and limits. The rules are in `docs/accounts.md`.
//!
//! ```text
//! Place  ─→ market: checks 1–17 ─→ Ledger::admit (reads only) ─→ market: enters the order ─→ events
//! events ─→ Ledger::settle: holds, payments, positions ─→ more events
//! ```
//!
//! The ledger never asks the market and never changes what it does: what it needs to refuse an order it is given
//! ([`Reach`]), and what happened it reads from the events.
//!
//! ```text
//! asset       -> balances by account
//! instrument  -> lines by account: position, open orders, limits
//! order       -> what it holds and what it will be charged
//! ```

mod admit;
mod amend;
mod check;
mod column;
mod count;
mod fees;
mod fill;
mod flags;
mod holds;
mod image;
mod instrument;
mod limits;
mod lines;
mod links;
mod margin;
mod numbers;
mod orders;
mod paged;
mod pairs;
mod plain;
mod position;
mod restore;
mod settle;
mod taken;
mod touch;
mod transfers;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::{
    AccountId, Amount, AssetId, AssetSpec, Event, GroupId, InstrumentId, InstrumentSpec, OrderIds, Place,
    Price, Qty, RejectReason, SetAccount, SetLimits, Side,
};

pub(crate) use admit::{Admitted, Reach, Refusal};
pub(crate) use amend::AmendCheck;
pub(crate) use check::LiveOrder;
pub use margin::MarginStatus;
pub use position::Position;
pub(crate) use restore::Restored;
pub(crate) use touch::Holder;

use column::Column;
use fees::{RateTable, Volume};
use flags::{EXISTS, FROZEN, Flags, GROUPED, ON_MARGIN};
use instrument::Instrument;
use links::Bonds;
use numbers::{DIRECT_MAX, LargeIds, direct};
use orders::OpenOrders;
use pairs::Pairs;
use taken::Maker;
use transfers::TransferKeys;

/// How many accounts and assets there may be, and how many transfers are remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct AccountsConfig {
    /// The most accounts.
    pub accounts_max: u32,
    /// The most assets.
    pub assets_max: u32,
    /// The most transfers whose keys are remembered; the oldest is forgotten for a new one.
    pub transfer_keys_max: u32,
}

impl Default for AccountsConfig {
    fn default() -> Self {
        Self {
            accounts_max: 10_000_000,
            assets_max: 10_000,
            transfer_keys_max: 100_000,
        }
    }
}

/// What an account has of an asset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// All of it.
    pub total: Amount,
    /// What of it live orders and positions hold.
    pub held: Amount,
}

impl Balance {
    /// What is not held.
    pub fn available(&self) -> Amount {
        Amount::new(self.total.units() - self.held.units())
    }
}

/// From how many accounts on it pays to read balances in advance.
const MANY_ACCOUNTS: u32 = 16 * 1024;

/// What is known of an account beside its balances. What is looked at for every order is in `flags`.
#[derive(Clone, Debug, Default)]
struct Account {
    id: Option<AccountId>,
    tier: Option<u8>,
    group: Option<GroupId>,
    /// The instruments on margin in which it has or had orders.
    margin: SmallVec<[u32; 4]>,
}

/// What an account has of an asset, in smallest units.
#[derive(Clone, Copy, Debug, Default)]
struct Row {
    total: i128,
    held: i128,
}

/// What everybody has of an asset.
struct Balances {
    rows: Pairs,
}

impl Balances {
    #[inline]
    fn read(&self, account: u32) -> Row {
        let [total, held] = self.rows.read(account);
        Row { total, held }
    }

    /// Changes what an account has.
    #[inline]
    fn add(&mut self, account: u32, more: Row) {
        self.rows.add(account, [more.total, more.held]);
    }
}

/// An asset and who has how much of it.
struct Asset {
    balances: Balances,
    volumes: Column<Volume, 8>,
    /// Deposits less withdrawals.
    supply: i128,
    /// The fee account.
    fees: i128,
}

/// Everybody's money.
///
/// Invariants: those of section 13 of the rules; [`Ledger::check_invariants`] walks them.
pub(crate) struct Ledger {
    config: AccountsConfig,
    /// The accounts whose ids are too large to be their numbers.
    large: LargeIds,
    account_count: u32,
    flags: Flags,
    accounts: Column<Account, 16>,
    asset_specs: Vec<AssetSpec>,
    assets: Vec<Asset>,
    instruments: Vec<Instrument>,
    rates: RateTable,
    orders: OpenOrders,
    bonds: Bonds,
    keys: TransferKeys,
    /// The makers of the command that is settled; empty in between.
    makers: Vec<Maker>,
}

impl Ledger {
    pub(crate) fn new(config: AccountsConfig, ids: OrderIds, orders_max: u32) -> Self {
        Self {
            config,
            large: LargeIds::new(ids),
            account_count: 0,
            flags: Flags::new(),
            accounts: Column::new(),
            asset_specs: Vec::new(),
            assets: Vec::new(),
            instruments: Vec::new(),
            rates: RateTable::default(),
            orders: OpenOrders::new(ids, orders_max),
            bonds: Bonds::default(),
            keys: TransferKeys::default(),
            makers: Vec::new(),
        }
    }

    /// Makes an asset known.
    pub(crate) fn add_asset(
        &mut self,
        spec: &AssetSpec,
        events: &mut Vec<Event>,
    ) -> Result<(), RejectReason> {
        let name = spec.name.as_bytes();
        let printable = name.iter().all(u8::is_ascii_graphic);
        if name.is_empty()
            || name.len() > AssetSpec::NAME_MAX
            || !printable
            || spec.scale > AssetSpec::SCALE_MAX
        {
            return Err(RejectReason::InvalidAsset);
        }
        if self.assets.len() >= self.config.assets_max as usize {
            return Err(RejectReason::TooManyAssets);
        }
        let asset = AssetId::new(self.assets.len() as u32);
        self.asset_specs.push(spec.clone());
        self.assets.push(Asset {
            balances: Balances { rows: Pairs::new() },
            volumes: Column::new(),
            supply: 0,
            fees: 0,
        });
        events.push(Event::AssetAdded { asset });
        Ok(())
    }

    /// Lists the next instrument and returns the spec that its market needs: one without prices at which sellers
    /// would pay.
    pub(crate) fn list(&mut self, spec: &InstrumentSpec) -> Result<InstrumentSpec, RejectReason> {
        let instrument = Instrument::new(spec, &self.asset_specs, &mut self.rates)?;
        let spec = spec.clone().with_price_min(instrument.prices.0);
        self.instruments.push(instrument);
        Ok(spec)
    }

    /// Replaces an account's terms.
    pub(crate) fn set_account(
        &mut self,
        set: &SetAccount,
        events: &mut Vec<Event>,
    ) -> Result<(), RejectReason> {
        let number = self.ensure(set.account)?;
        let account = self.accounts.at_mut(number);
        (account.tier, account.group) = (set.tier, set.group);
        self.flags.set(number, GROUPED, set.group.is_some());
        events.push(Event::AccountSet {
            account: set.account,
            tier: set.tier,
            group: set.group,
        });
        Ok(())
    }

    /// Replaces the limits of an instrument, for an account or for everyone.
    pub(crate) fn set_limits(
        &mut self,
        set: &SetLimits,
        events: &mut Vec<Event>,
    ) -> Result<(), RejectReason> {
        let listed = self.instruments.len();
        let index = set.instrument.get() as usize;
        if index >= listed {
            return Err(RejectReason::UnknownInstrument);
        }
        match set.account {
            None => self.instruments[index].limits = Some(set.limits),
            Some(account) => {
                let number = self.ensure(account)?;
                self.instruments[index].extra_mut(number).limits = Some(set.limits);
            }
        }
        events.push(Event::LimitsSet {
            account: set.account,
            instrument: set.instrument,
        });
        Ok(())
    }

    /// Refuses an account's orders and withdrawals from now on.
    pub(crate) fn freeze(&mut self, account: AccountId, events: &mut Vec<Event>) -> Result<(), RejectReason> {
        let number = self.ensure(account)?;
        self.flags.set(number, FROZEN, true);
        events.push(Event::Frozen { account });
        Ok(())
    }

    /// Takes an account's orders and withdrawals again.
    pub(crate) fn unfreeze(
        &mut self,
        account: AccountId,
        events: &mut Vec<Event>,
    ) -> Result<(), RejectReason> {
        let number = self.ensure(account)?;
        self.flags.set(number, FROZEN, false);
        events.push(Event::Unfrozen { account });
        Ok(())
    }

    /// The number of an account, which is made if it does not exist.
    fn ensure(&mut self, account: AccountId) -> Result<u32, RejectReason> {
        if let Some(number) = self.number(account) {
            return Ok(number);
        }
        if self.account_count >= self.config.accounts_max {
            return Err(RejectReason::TooManyAccounts);
        }
        let number = match direct(account) {
            Some(number) => number,
            None => {
                self.large.insert(account);
                DIRECT_MAX + self.large.len() - 1
            }
        };
        self.account_count += 1;
        self.flags.set(number, EXISTS, true);
        self.accounts.at_mut(number).id = Some(account);
        Ok(number)
    }

    /// The number of an account that exists.
    #[inline]
    fn number(&self, account: AccountId) -> Option<u32> {
        self.large
            .number(account)
            .filter(|number| self.flags.has(*number, EXISTS))
    }

    /// The group that an order gets from its account because it names none.
    pub(crate) fn group_for(&self, place: &Place) -> Option<GroupId> {
        let number = self.number(place.account?)?;
        if place.group.is_some() || !self.flags.has(number, GROUPED) {
            return None;
        }
        self.accounts.at(number)?.group
    }

    /// What an account has of an asset; nothing where either does not exist.
    pub(crate) fn balance(&self, account: AccountId, asset: AssetId) -> Balance {
        let asset = self.assets.get(asset.get() as usize);
        let row = self.number(account).zip(asset);
        let row = row.map_or_else(Row::default, |(number, asset)| asset.balances.read(number));
        Balance {
            total: Amount::new(row.total),
            held: Amount::new(row.held),
        }
    }

    /// Whether what accounts have is more than stays in a second-level cache.
    pub(crate) fn has_many_accounts(&self) -> bool {
        self.account_count >= MANY_ACCOUNTS
    }

    /// What has been collected in fees of an asset.
    pub(crate) fn fees_collected(&self, asset: AssetId) -> Amount {
        let asset = self.assets.get(asset.get() as usize);
        Amount::new(asset.map_or(0, |asset| asset.fees))
    }

    /// The assets, by their numbers.
    pub(crate) fn asset_specs(&self) -> &[AssetSpec] {
        &self.asset_specs
    }

    /// An account's position in an instrument.
    pub(crate) fn position(&self, account: AccountId, instrument: InstrumentId) -> Position {
        let number = self.number(account);
        let kept = self.instruments.get(instrument.get() as usize);
        number.zip(kept).map_or_else(Position::default, |(number, kept)| {
            let quantity = kept.lines.read(number).quantity;
            kept.cost(number).position(quantity)
        })
    }

    /// How much a new reduce-only order of an account may have.
    pub(crate) fn reducible(&self, account: Option<AccountId>, instrument: InstrumentId, side: Side) -> Qty {
        let number = account.and_then(|account| self.number(account));
        let kept = &self.instruments[instrument.get() as usize];
        Qty::new(number.map_or(0, |number| kept.lines.read(number).reducible(side)))
    }

    /// Notes a mark price.
    pub(crate) fn set_mark(&mut self, instrument: InstrumentId, mark: Price) {
        self.instruments[instrument.get() as usize].mark = Some(mark);
    }
}
