//! An engine as plain data, and back.

use super::Engine;
use crate::accounts::{Ledger, Restored};
use crate::market::{Instrument, Store, is_ahead};
use crate::snapshot::{
    AccountsFault, EngineSnapshot, InstrumentSnapshot, KilledSnapshot, RestoreError, SNAPSHOT_COUNT_MAX,
    SNAPSHOT_VERSION, StateHash, SwitchSnapshot,
};
use crate::types::{InstrumentId, OrderId};

impl Engine {
    /// All state as plain data, from which [`Engine::restore`] makes an engine that goes on as this one does.
    ///
    /// ```
    /// use engine_core::{Command, Engine, EngineConfig, InstrumentId, InstrumentSpec, OrderId, Place};
    /// use engine_core::{Price, Qty, Seq, Sequenced, Side, Timestamp};
    /// use rust_decimal::Decimal;
    ///
    /// let spec = InstrumentSpec::builder("X", Decimal::ONE, Decimal::ONE).build()?;
    /// let order = |side| Place::limit(InstrumentId::new(0), OrderId::new(0), side, Price::new(9), Qty::new(2));
    /// let at = |seq, value| Sequenced { seq: Seq::new(seq), time: Timestamp::ZERO, value };
    ///
    /// let (mut engine, mut events) = (Engine::new(EngineConfig::default()), Vec::new());
    /// engine.apply(&at(1, Command::List(Box::new(spec))), &mut events)?;
    /// engine.apply(&at(2, Command::Place(order(Side::Sell))), &mut events)?;
    ///
    /// let mut restored = Engine::restore(&engine.snapshot())?;
    /// assert_eq!(restored.state_hash(), engine.state_hash());
    ///
    /// let (mut these, mut those) = (Vec::new(), Vec::new());
    /// engine.apply(&at(3, Command::Place(order(Side::Buy))), &mut these)?;
    /// restored.apply(&at(3, Command::Place(order(Side::Buy))), &mut those)?;
    /// assert_eq!(these, those);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn snapshot(&self) -> EngineSnapshot {
        let waiting = self.store.waiting();
        let instruments = self.instruments.iter();
        EngineSnapshot {
            version: SNAPSHOT_VERSION,
            config: self.config,
            applied: self.applied,
            now: self.now,
            killed: KilledSnapshot {
                engine: self.store.killed.engine,
                accounts: self.store.killed.accounts.iter().copied().collect(),
            },
            switches: self
                .armed
                .iter()
                .map(|(account, deadline)| SwitchSnapshot {
                    account: *account,
                    deadline: *deadline,
                })
                .collect(),
            orders: self.store.snapshot(),
            instruments: instruments
                .map(|market| market.snapshot(&self.store, &waiting))
                .collect(),
            accounts: self.ledger.as_ref().map(|ledger| {
                let live: Vec<OrderId> = self
                    .store
                    .orders
                    .iter()
                    .map(|slot| self.store.orders.id(slot))
                    .collect();
                ledger.snapshot(&live, self.now)
            }),
        }
    }

    /// The engine of a snapshot: it says to every later command what the other would have said.
    ///
    /// # Errors
    /// When no engine can have this snapshot. There is no engine then: all is restored, or nothing.
    pub fn restore(snapshot: &EngineSnapshot) -> Result<Self, RestoreError> {
        let EngineSnapshot {
            version,
            config,
            now,
            instruments,
            ..
        } = snapshot;
        if *version != SNAPSHOT_VERSION {
            return Err(RestoreError::Version { found: *version });
        }
        if snapshot.applied.get() > SNAPSHOT_COUNT_MAX {
            return Err(RestoreError::Count(snapshot.applied.get()));
        }
        let listed = instruments.len();
        if listed > config.instruments_max as usize {
            return Err(RestoreError::TooManyInstruments {
                listed,
                instruments_max: config.instruments_max,
            });
        }
        let live = instruments.iter().map(InstrumentSnapshot::live).sum();
        let mut engine = Self::new(*config);
        engine.store = Store::restore(config.ids, config.orders_max, live, &snapshot.orders)?;
        (engine.applied, engine.now) = (snapshot.applied, *now);
        for (number, market) in (0..).zip(instruments) {
            let market = Instrument::restore(InstrumentId::new(number), market, &mut engine.store, *now)?;
            engine.instruments.push(market);
        }
        engine.store.check_restored(&snapshot.orders)?;
        engine.put_back_switches(snapshot)?;
        engine
            .put_back_accounts(snapshot)
            .map_err(RestoreError::Accounts)?;
        Ok(engine)
    }

    fn put_back_accounts(&mut self, snapshot: &EngineSnapshot) -> Result<(), AccountsFault> {
        let (accounts, money) = match (self.config.accounts, &snapshot.accounts) {
            (None, None) => return Ok(()),
            (Some(accounts), Some(money)) => (accounts, money),
            _ => return Err(AccountsFault::Presence),
        };
        let restored = Restored {
            config: self.config,
            applied: self.applied,
            now: self.now,
            instruments: &snapshot.instruments,
            live: self.live_orders(),
        };
        self.ledger = Some(Box::new(Ledger::restore(accounts, money, restored)?));
        Ok(())
    }

    /// The hash of all state that can influence a later event. It walks all of it.
    pub fn state_hash(&self) -> StateHash {
        self.snapshot().state_hash()
    }

    fn put_back_switches(&mut self, snapshot: &EngineSnapshot) -> Result<(), RestoreError> {
        self.store.killed.engine = snapshot.killed.engine;
        for account in &snapshot.killed.accounts {
            if self
                .store
                .killed
                .accounts
                .last()
                .is_some_and(|last| last >= account)
            {
                return Err(RestoreError::Killed(*account));
            }
            self.store.killed.accounts.insert(*account);
        }
        for SwitchSnapshot { account, deadline } in &snapshot.switches {
            let out_of_order = self
                .armed
                .last_key_value()
                .is_some_and(|(last, _)| last >= account);
            if out_of_order || !is_ahead(*deadline, self.now) {
                return Err(RestoreError::Switch(*account));
            }
            self.armed.insert(*account, *deadline);
            self.switches.insert((*deadline, *account));
        }
        Ok(())
    }
}
