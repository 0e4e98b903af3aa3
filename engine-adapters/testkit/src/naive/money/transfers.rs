//! Deposits and withdrawals (2.3 to 2.5).

use engine_core::{Amount, AssetId, Event, RejectReason, Seq, Transfer};

use super::{Done, Money, Refused};

impl Money {
    pub(in super::super) fn transfer(
        &mut self,
        is_deposit: bool,
        transfer: &Transfer,
        seq: Seq,
    ) -> Result<Vec<Event>, Refused> {
        let Transfer {
            account,
            asset,
            amount,
            key,
        } = *transfer;
        let same_key =
            |done: &&Done| key.is_some() && (done.transfer.account, done.transfer.key) == (account, key);
        if let Some(done) = self.transfers.iter().find(same_key) {
            let is_repeat = (done.is_deposit, done.transfer) == (is_deposit, *transfer);
            let first = done.first;
            let repeated = vec![Event::Repeated { account, first }];
            return if is_repeat {
                Ok(repeated)
            } else {
                Err(RejectReason::KeyReused.into())
            };
        }
        self.check_transfer(is_deposit, transfer)?;
        self.ensure(account)?;
        let units = if is_deposit {
            amount.units()
        } else {
            -amount.units()
        };
        let number = asset.get() as usize;
        self.supply[number] += units;
        *self.totals.entry((account, number)).or_default() += units;
        if key.is_some() {
            self.transfers.push(Done {
                is_deposit,
                transfer: *transfer,
                first: seq,
            });
            if self.transfers.len() > self.config.transfer_keys_max as usize {
                self.transfers.remove(0);
            }
        }
        let said = if is_deposit {
            Event::Deposited {
                account,
                asset,
                amount,
            }
        } else {
            Event::Withdrew {
                account,
                asset,
                amount,
            }
        };
        Ok(vec![said, self.balance_event(account, number)])
    }

    fn check_transfer(&self, is_deposit: bool, transfer: &Transfer) -> Result<(), Refused> {
        let asset = transfer.asset.get() as usize;
        if asset >= self.assets.len() {
            return Err(RejectReason::UnknownAsset.into());
        }
        let units = transfer.amount.units();
        if units <= 0 || units > Amount::MAX.units() {
            return Err(RejectReason::InvalidAmount.into());
        }
        let account = self.account(transfer.account);
        if is_deposit {
            let is_full = self.accounts.len() == self.config.accounts_max as usize;
            if account.is_none() && is_full {
                return Err(RejectReason::TooManyAccounts.into());
            }
            if self.supply[asset] + units > Amount::MAX.units() {
                return Err(RejectReason::AmountTooLarge.into());
            }
            return Ok(());
        }
        if account.is_some_and(|account| account.is_frozen) {
            return Err(RejectReason::AccountFrozen.into());
        }
        let free = self.free(transfer.account, asset);
        if units > free {
            return Err(Self::short(transfer.account, asset, units, free));
        }
        Ok(())
    }

    pub(super) fn short(account: engine_core::AccountId, asset: usize, needed: i128, free: i128) -> Refused {
        Refused {
            reason: RejectReason::InsufficientBalance,
            shortfall: Some(Event::Shortfall {
                account,
                asset: AssetId::new(asset as u32),
                needed: Amount::new(needed),
                available: Amount::new(free),
            }),
        }
    }
}
