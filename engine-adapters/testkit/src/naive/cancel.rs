//! Taking orders back, one or many, and the switches (11).

use engine_core::{
    AccountId, Cancel, CancelAllAfter, CancelReason, Event, MassCancel, MassCancelCause, OrderId, OrderRef,
    RejectReason, Request, Scope,
};

use super::NaiveEngine;

impl NaiveEngine {
    /// 11.1
    pub(super) fn cancel_by_owner(&mut self, cancel: &Cancel) {
        match self.owned(cancel.order, cancel.account) {
            Some(id) => self.cancel(id, CancelReason::User),
            None => self.refuse_unknown(cancel.order, cancel.account, Request::Cancel),
        }
    }

    /// The live order that is meant, if it is not another account's.
    pub(super) fn owned(&self, order: OrderRef, account: Option<AccountId>) -> Option<OrderId> {
        let found = match order {
            OrderRef::Id(id) => self.find(id),
            OrderRef::Client(owner, name) => self
                .orders
                .iter()
                .find(|order| order.place.account == Some(owner) && order.place.client_id == Some(name)),
        };
        let owned = found.filter(|order| account.is_none() || order.place.account == account);
        owned.map(|order| order.id())
    }

    pub(super) fn refuse_unknown(&mut self, order: OrderRef, account: Option<AccountId>, request: Request) {
        let id = match order {
            OrderRef::Id(id) => id,
            OrderRef::Client(..) => OrderId::new(0),
        };
        self.events.push(Event::Rejected {
            instrument: None,
            order: id,
            account: account.or(order.owner()),
            request,
            reason: RejectReason::OrderNotFound,
            asked: None,
        });
    }

    /// 11.2
    pub(super) fn mass_cancel(&mut self, mass: &MassCancel) {
        if let Some(unknown) = mass.instrument.filter(|at| !self.has(*at)) {
            self.events.push(Event::Rejected {
                instrument: Some(unknown),
                order: OrderId::new(0),
                account: mass.account,
                request: Request::MassCancel,
                reason: RejectReason::UnknownInstrument,
                asked: None,
            });
            return;
        }
        let reason = match mass.cause {
            MassCancelCause::Asked => CancelReason::MassCancel,
            MassCancelCause::Disconnected => CancelReason::Disconnected,
        };
        let matching = self.by_arrival(|order| {
            mass.account
                .is_none_or(|account| order.place.account == Some(account))
                && mass.instrument.is_none_or(|at| order.instrument() == at)
                && mass.side.is_none_or(|side| order.side() == side)
        });
        self.cancel_each(&matching, reason);
    }

    /// What is linked to them is dealt with when all are cancelled.
    pub(super) fn cancel_each(&mut self, ids: &[OrderId], reason: CancelReason) {
        for id in ids {
            self.cancel(*id, reason);
        }
    }

    /// 11.3
    pub(super) fn cancel_all_after(&mut self, switch: &CancelAllAfter) {
        let CancelAllAfter { account, timeout_ns } = *switch;
        let timeout = timeout_ns.filter(|timeout| *timeout > 0);
        let deadline = timeout.map(|timeout| self.now.saturating_add_nanos(timeout));
        self.switches.retain(|(owner, _)| *owner != account);
        self.switches.extend(deadline.map(|deadline| (account, deadline)));
        self.events.push(Event::CancelAllArmed { account, deadline });
    }

    /// 11.4
    pub(super) fn kill(&mut self, scope: Scope) {
        let account = account_of(scope);
        match account {
            Some(account) if !self.killed_accounts.contains(&account) => self.killed_accounts.push(account),
            Some(_) => {}
            None => self.killed = true,
        }
        self.events.push(Event::Killed { account });
        let in_scope = self.by_arrival(|order| account.is_none() || order.place.account == account);
        self.cancel_each(&in_scope, CancelReason::Killed);
    }

    pub(super) fn resume(&mut self, scope: Scope) {
        let account = account_of(scope);
        match account {
            Some(account) => self.killed_accounts.retain(|killed| *killed != account),
            None => self.killed = false,
        }
        self.events.push(Event::Resumed { account });
    }

    pub(super) fn is_killed(&self, account: Option<AccountId>) -> bool {
        self.killed || account.is_some_and(|account| self.killed_accounts.contains(&account))
    }
}

fn account_of(scope: Scope) -> Option<AccountId> {
    match scope {
        Scope::Account(account) => Some(account),
        Scope::Engine => None,
    }
}
