//! Where the engine and the money meet: commands about money, and what is said after everything else.

use engine_core::{AccountId, Command, Event, InstrumentId, OrderId, RejectReason, Request, Seq};

use super::NaiveEngine;
use super::money::{Money, Refused};

impl NaiveEngine {
    /// Lets the money follow what has happened since it last did.
    pub(super) fn settle(&mut self) {
        let Some(money) = &mut self.money else { return };
        let said = money.settle(&self.events[self.settled..], self.settled);
        self.events.extend(said);
        self.settled = self.events.len();
    }

    /// A command about money.
    pub(super) fn apply_to_money(&mut self, seq: Seq, command: &Command) {
        let (request, account) = match command {
            Command::AddAsset(_) => (Request::AddAsset, None),
            Command::Deposit(transfer) => (Request::Deposit, Some(transfer.account)),
            Command::Withdraw(transfer) => (Request::Withdraw, Some(transfer.account)),
            Command::SetAccount(set) => (Request::SetAccount, Some(set.account)),
            Command::SetLimits(set) => (Request::SetLimits, set.account),
            Command::Freeze(account) => (Request::Freeze, Some(*account)),
            Command::Unfreeze(account) => (Request::Unfreeze, Some(*account)),
            other => panic!("the naive engine has not been taught {other:?}"),
        };
        let done = match &mut self.money {
            Some(money) => change(money, seq, command),
            None => Err(RejectReason::AccountsOff.into()),
        };
        match done {
            Ok(events) => self.events.extend(events),
            Err(refused) => {
                let instrument = match command {
                    Command::SetLimits(set) => Some(set.instrument),
                    _ => None,
                };
                self.refuse_paid(request, instrument, account, refused);
            }
        }
    }

    fn refuse_paid(
        &mut self,
        request: Request,
        instrument: Option<InstrumentId>,
        account: Option<AccountId>,
        refused: Refused,
    ) {
        self.events.push(Event::Rejected {
            instrument,
            order: OrderId::new(0),
            account,
            request,
            reason: refused.reason,
            asked: None,
        });
        self.events.extend(refused.shortfall);
    }
}

fn change(money: &mut Money, seq: Seq, command: &Command) -> Result<Vec<Event>, Refused> {
    let said = match command {
        Command::AddAsset(spec) => money.add_asset(spec)?,
        Command::Deposit(transfer) => return money.transfer(true, transfer, seq),
        Command::Withdraw(transfer) => return money.transfer(false, transfer, seq),
        Command::SetAccount(set) => money.set_account(set)?,
        Command::SetLimits(set) => money.set_limits(set)?,
        Command::Freeze(account) => money.freeze(*account, true)?,
        Command::Unfreeze(account) => money.freeze(*account, false)?,
        other => unreachable!("{other:?} is not about money"),
    };
    Ok(vec![said])
}
