//! What accounts have: balances and positions, as events say them.

use std::collections::BTreeMap;

use engine_core::data::Ratio;
use engine_core::{AccountId, AssetId, Balance, Event, InstrumentId, Position, Price};
use engine_wire::{Object, Symbols};

use super::feed::Views;
use super::json::{At, Of, write_account_id};
use super::questions::NoSuchSymbol;

/// Balances and positions of all accounts.
#[derive(Debug, Default)]
pub(crate) struct Money {
    balances: BTreeMap<(u64, AssetId), Balance>,
    positions: BTreeMap<(u64, InstrumentId), Position>,
}

impl Money {
    pub(crate) fn set_balance(&mut self, account: AccountId, asset: AssetId, balance: Balance) {
        self.balances.insert((account.get(), asset), balance);
    }

    pub(crate) fn set_position(&mut self, account: AccountId, instrument: InstrumentId, position: Position) {
        self.positions.insert((account.get(), instrument), position);
    }

    /// Takes in what an event says. Returns whose balances are others now.
    pub(crate) fn note(&mut self, event: &Event) -> Option<AccountId> {
        match *event {
            Event::BalanceChanged {
                account,
                asset,
                total,
                held,
            } => {
                self.set_balance(account, asset, Balance { total, held });
                Some(account)
            }
            Event::PositionChanged {
                account,
                instrument,
                quantity,
                cost,
                realised,
            } => {
                let position = Position {
                    quantity,
                    cost,
                    realised,
                };
                self.set_position(account, instrument, position);
                None
            }
            _ => None,
        }
    }

    fn of(&self, account: AccountId) -> impl Iterator<Item = (AssetId, Balance)> {
        let all = (account.get(), AssetId::new(0))..=(account.get(), AssetId::new(u32::MAX));
        self.balances
            .range(all)
            .map(|((_, asset), balance)| (*asset, *balance))
    }

    fn write_balances(&self, account: AccountId, symbols: &Symbols, out: &mut Vec<u8>) {
        out.push(b'[');
        for (at, (asset, balance)) in self.of(account).enumerate() {
            if at > 0 {
                out.push(b',');
            }
            let mut object = Object::new(out);
            symbols.write_asset(asset, object.key("asset"));
            symbols.write_amount(asset, balance.total, object.key("total"));
            symbols.write_amount(asset, balance.available(), object.key("available"));
            symbols.write_amount(asset, balance.held, object.key("held"));
            object.end();
        }
        out.push(b']');
    }

    /// All that an account has, for itself.
    pub(crate) fn write_update(&self, account: AccountId, symbols: &Symbols, at: At, out: &mut Vec<u8>) {
        let mut object = Object::new(out);
        object.word("type", "BalanceUpdate");
        write_account_id(account, object.key("account_id"));
        self.write_balances(account, symbols, object.key("balances"));
        object.integer("timestamp", at.time.millis());
        object.integer("sequence", at.seq.get());
        object.end();
    }
}

/// An account's position in an instrument, with the price that it is measured at.
pub(crate) struct Held {
    position: Position,
    mark: Option<Price>,
}

impl Held {
    /// Writes it as one object of a list.
    pub(crate) fn write(&self, of: &Of<'_>, out: &mut Vec<u8>) {
        let Self { position, mark } = self;
        let average = Ratio::new(position.cost.units(), i128::from(position.quantity));
        let unrealised = mark.map(|mark| position.unrealised(mark));
        of.position(position, average, *mark, unrealised, out);
    }
}

impl Views {
    /// The balance that an account has from the beginning.
    pub fn set_balance(&self, account: AccountId, asset: AssetId, balance: Balance) {
        self.core().money.set_balance(account, asset, balance);
    }

    /// The position that an account has from the beginning.
    pub fn set_position(&self, account: AccountId, instrument: InstrumentId, position: Position) {
        self.core().money.set_position(account, instrument, position);
    }

    /// What an account has of an asset.
    pub fn balance(&self, account: AccountId, asset: AssetId) -> Balance {
        let core = self.core();
        let balance = core.money.balances.get(&(account.get(), asset));
        balance.copied().unwrap_or_default()
    }

    /// Whether an account has ever had anything.
    pub fn has_balances(&self, account: AccountId) -> bool {
        self.core().money.of(account).next().is_some()
    }

    /// What an account has of each asset, as a list.
    pub fn write_balances(&self, account: AccountId, out: &mut Vec<u8>) {
        let core = self.core();
        core.money.write_balances(account, &core.symbols, out);
    }

    /// An account's positions, in one instrument or in all in which it has traded: `{"positions":[…]}`.
    ///
    /// # Errors
    /// When the instrument is not listed.
    pub fn write_positions(
        &self,
        account: AccountId,
        instrument: Option<InstrumentId>,
        out: &mut Vec<u8>,
    ) -> Result<(), NoSuchSymbol> {
        let mut core = self.core();
        let core = &mut *core;
        if let Some(instrument) = instrument {
            core.projections.depth(instrument).ok_or(NoSuchSymbol)?;
        }
        let (first, last) = (InstrumentId::new(0), InstrumentId::new(u32::MAX));
        let range =
            (account.get(), instrument.unwrap_or(first))..=(account.get(), instrument.unwrap_or(last));
        out.extend_from_slice(b"{\"positions\":[");
        let mut is_first = true;
        let held = core.money.positions.range(range);
        // One that was closed without gain or loss is as if it had never been.
        let held = held.filter(|(_, position)| **position != Position::default());
        for ((_, instrument), position) in held {
            let trades = core.projections.trades(*instrument);
            let newest = trades.and_then(|trades| trades.newest().next());
            let mark = core.marks.get(instrument).copied();
            let held = Held {
                position: *position,
                mark: mark.or(newest.map(|(_, trade)| trade.price)),
            };
            let Some(of) = Of::new(&core.symbols, *instrument) else {
                continue;
            };
            if !std::mem::take(&mut is_first) {
                out.push(b',');
            }
            held.write(&of, out);
        }
        out.extend_from_slice(b"]}");
        Ok(())
    }
}
