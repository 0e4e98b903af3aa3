//! Deposits and withdrawals, each done once however often it is asked for.

use std::collections::{BTreeMap, VecDeque};

use super::{FROZEN, Ledger, Refusal, Row};
use crate::snapshot::{Direction, TransferSnapshot};
use crate::{AccountId, Amount, Event, RejectReason, Seq, Transfer, TransferKey};

/// The newest transfers that had a key.
///
/// Invariant: `order` holds the keys of `known`, each once, oldest first.
#[derive(Default)]
pub(super) struct TransferKeys {
    known: BTreeMap<(AccountId, TransferKey), TransferSnapshot>,
    order: VecDeque<(AccountId, TransferKey)>,
}

impl TransferKeys {
    fn remember(&mut self, remembered: TransferSnapshot, keys_max: u32) {
        let Some(key) = remembered.transfer.key else {
            return;
        };
        let key = (remembered.transfer.account, key);
        self.known.insert(key, remembered);
        self.order.push_back(key);
        if self.order.len() > keys_max as usize {
            let oldest = self.order.pop_front();
            self.known
                .remove(&oldest.expect("there is one, it was just pushed"));
        }
    }

    /// The transfers that are remembered, the oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &TransferSnapshot> {
        self.order.iter().map(|key| &self.known[key])
    }

    /// Takes back a transfer that was remembered, after those before it. Says whether its key is one, and new.
    pub(super) fn put_back(&mut self, remembered: &TransferSnapshot) -> bool {
        let Some(key) = remembered.transfer.key else {
            return false;
        };
        let key = (remembered.transfer.account, key);
        self.order.push_back(key);
        self.known.insert(key, *remembered).is_none()
    }

    pub(super) fn check_invariants(&self) {
        assert_eq!(
            self.known.len(),
            self.order.len(),
            "every remembered key will be forgotten"
        );
        for key in &self.order {
            assert!(self.known.contains_key(key), "a key in the order is known");
        }
    }
}

impl Ledger {
    /// A deposit or a withdrawal.
    pub(crate) fn transfer(
        &mut self,
        direction: Direction,
        transfer: &Transfer,
        seq: Seq,
        events: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        if let Some(first) = self.repeated(direction, transfer)? {
            events.push(Event::Repeated {
                account: transfer.account,
                first,
            });
            return Ok(());
        }
        self.check_transfer(direction, transfer)?;
        let number = self.ensure(transfer.account)?;
        let Transfer {
            account,
            asset,
            amount,
            ..
        } = *transfer;
        let (change, event) = match direction {
            Direction::In => (
                amount.units(),
                Event::Deposited {
                    account,
                    asset,
                    amount,
                },
            ),
            Direction::Out => (
                -amount.units(),
                Event::Withdrew {
                    account,
                    asset,
                    amount,
                },
            ),
        };
        let kept = &mut self.assets[asset.get() as usize];
        kept.supply += change;
        let more = Row {
            total: change,
            held: 0,
        };
        kept.balances.add(number, more);
        events.push(event);
        self.say_balance(account, number, asset.get(), events);
        let remembered = TransferSnapshot {
            direction,
            transfer: *transfer,
            first: seq,
        };
        self.keys.remember(remembered, self.config.transfer_keys_max);
        Ok(())
    }

    /// Where a transfer with this key was answered first, if it was this one.
    fn repeated(&self, direction: Direction, transfer: &Transfer) -> Result<Option<Seq>, RejectReason> {
        let known = transfer
            .key
            .and_then(|key| self.keys.known.get(&(transfer.account, key)));
        match known {
            Some(known) if known.direction == direction && known.transfer == *transfer => {
                Ok(Some(known.first))
            }
            Some(_) => Err(RejectReason::KeyReused),
            None => Ok(None),
        }
    }

    fn check_transfer(&self, direction: Direction, transfer: &Transfer) -> Result<(), Refusal> {
        let asset = self.assets.get(transfer.asset.get() as usize);
        let asset = asset.ok_or(RejectReason::UnknownAsset)?;
        if transfer.amount <= Amount::ZERO || transfer.amount > Amount::MAX {
            return Err(RejectReason::InvalidAmount.into());
        }
        let number = self.number(transfer.account);
        if direction == Direction::In {
            if number.is_none() && self.account_count >= self.config.accounts_max {
                return Err(RejectReason::TooManyAccounts.into());
            }
            if asset.supply + transfer.amount.units() > Amount::MAX.units() {
                return Err(RejectReason::AmountTooLarge.into());
            }
            return Ok(());
        }
        if number.is_some_and(|number| self.flags.has(number, FROZEN)) {
            return Err(RejectReason::AccountFrozen.into());
        }
        let free = number.map_or(0, |number| self.free(number, transfer.asset.get()));
        if transfer.amount.units() > free {
            return Err(Refusal::short(
                transfer.account,
                transfer.asset,
                transfer.amount.units(),
                free,
            ));
        }
        Ok(())
    }
}
