//! What each step does, and what is told of it.

use engine_core::{
    AccountId, Amount, Balance, Cancel, CancelReason, Command, Event, InstrumentId, MassCancel,
    MassCancelCause, OrderRef, Timestamp,
};
use engine_wire::{AmendLine, CancelLine, ErrorCode, Language, Op, Query, TransferLine, reject_message};

use super::script::{Action, LineError, Refusal, Step};
use super::{Replay, ReplayError};

/// Where a step stands in the input, and when.
#[derive(Clone, Copy)]
struct Moment {
    line: u64,
    time: Timestamp,
}

/// Who asks for something about an order that may be live.
#[derive(Clone, Copy)]
struct Claim {
    order: OrderRef,
    account: Option<AccountId>,
    as_nobody: bool,
    instrument: Option<InstrumentId>,
}

impl Replay {
    pub(super) fn perform(&mut self, step: Step) -> Result<(), ReplayError> {
        let Step {
            line,
            time,
            assets,
            action,
        } = step;
        let at = Moment { line, time };
        for spec in assets {
            self.apply(at, None, Command::AddAsset(Box::new(spec)))?;
        }
        match action {
            Action::Apply(command) => self.apply(at, None, command),
            Action::Exact(command) => self.apply_exact(at, command),
            Action::Cancel(cancel) => self.cancel(at, &cancel),
            Action::Amend(amend) => self.amend(at, &amend),
            Action::Transfer(transfer) => self.transfer(at, &transfer),
            Action::MassCancelOfNobody(wanted) => self.mass_cancel_of_nobody(at, &wanted),
            Action::Refuse(refusal) => self.refuse(at, refusal),
            Action::Answer(query) => self.answer(at, &query),
        }
    }

    fn apply(&mut self, at: Moment, named: Option<OrderRef>, command: Command) -> Result<(), ReplayError> {
        let is_listing = matches!(command, Command::List(_));
        let events = self.stage.apply(at.time, command);
        if let Some(Event::Rejected { reason, .. }) = events.last().filter(|_| is_listing) {
            let cause = LineError::NotListed(reject_message(*reason, Language::English));
            return Err(ReplayError::Line {
                number: at.line,
                cause,
            });
        }
        self.output
            .events(at.line, named, events, self.script.symbols())?;
        Ok(())
    }

    /// A transfer is in the units of its asset, which is known by now.
    fn transfer(&mut self, at: Moment, line: &TransferLine) -> Result<(), ReplayError> {
        match line.command(self.script.symbols()) {
            Ok(command) => self.apply(at, None, command),
            Err(error) => Err(ReplayError::Line {
                number: at.line,
                cause: error.into(),
            }),
        }
    }

    /// Applies a command that the line has as it is. An instrument is known once the engine has listed it.
    fn apply_exact(&mut self, at: Moment, command: Command) -> Result<(), ReplayError> {
        let named = named(&command);
        let brought = match &command {
            Command::List(_) | Command::AddAsset(_) => Some(command.clone()),
            _ => None,
        };
        let events = self.stage.apply(at.time, command);
        let is_new = |event: &Event| matches!(event, Event::Listed { .. } | Event::AssetAdded { .. });
        let noted = match brought.filter(|_| events.iter().any(is_new)) {
            Some(Command::List(spec)) => self.script.list(&spec),
            Some(Command::AddAsset(spec)) => self.script.add_asset(&spec),
            _ => Ok(()),
        };
        noted.map_err(|cause| ReplayError::Line {
            number: at.line,
            cause,
        })?;
        self.output
            .events(at.line, named, events, self.script.symbols())?;
        Ok(())
    }

    /// Lets the time of the line come before anybody looks at what is there.
    fn pass(&mut self, at: Moment) -> Result<(), ReplayError> {
        let events = self.stage.pass(at.time);
        self.output.events(at.line, None, events, self.script.symbols())?;
        Ok(())
    }

    fn cancel(&mut self, at: Moment, line: &CancelLine) -> Result<(), ReplayError> {
        let Cancel { order, account } = line.cancel;
        let claim = Claim {
            order,
            account,
            as_nobody: line.as_nobody,
            instrument: line.instrument,
        };
        if self.needs_a_look(&claim) {
            self.pass(at)?;
            if !self.is_justified(&claim) {
                return self.refuse(
                    at,
                    Refusal {
                        op: Op::Cancel,
                        order,
                        code: ErrorCode::OrderNotFound,
                    },
                );
            }
        }
        self.apply(at, Some(order), Command::Cancel(line.cancel))
    }

    /// An amend is in the units of its order's instrument, which only a live order has. Wherever the engine can judge, it is
    /// asked: so each line of an amend is one command, as in the journal that it may have come from.
    fn amend(&mut self, at: Moment, line: &AmendLine) -> Result<(), ReplayError> {
        let AmendLine {
            order,
            account,
            as_nobody,
            instrument,
            ..
        } = *line;
        let claim = Claim {
            order,
            account,
            as_nobody,
            instrument,
        };
        let refusal = |code| Refusal {
            op: Op::Amend,
            order,
            code,
        };
        // Whose order it is, the engine sees for itself.
        let beside_account = Claim {
            account: None,
            ..claim
        };
        let is_live = self.stage.live(order).is_some();
        if is_live && self.needs_a_look(&claim) && !self.is_justified(&beside_account) {
            return self.refuse(at, refusal(ErrorCode::OrderNotFound));
        }
        let only = self.script.symbols().only();
        let Some(instrument) = only.or_else(|| Some(self.stage.live(order)?.instrument)) else {
            // Time brings no order to life, so the engine will not find it.
            return self.apply(at, Some(order), Command::Amend(line.empty()));
        };
        match line.command(instrument, self.script.symbols()) {
            Ok(amend) => self.apply(at, Some(order), Command::Amend(amend)),
            Err(error) => {
                self.pass(at)?;
                let code = if self.is_justified(&claim) {
                    error.code()
                } else {
                    ErrorCode::OrderNotFound
                };
                self.refuse(at, refusal(code))
            }
        }
    }

    /// Whether the engine cannot judge a claim by itself: it knows of no nobody, and of no second name for an order.
    fn needs_a_look(&self, claim: &Claim) -> bool {
        claim.as_nobody || (claim.instrument.is_some() && self.script.symbols().only().is_none())
    }

    /// Whether the order is live, where the claim says, and theirs who claim it.
    fn is_justified(&mut self, claim: &Claim) -> bool {
        self.stage.live(claim.order).is_some_and(|state| {
            claim
                .instrument
                .is_none_or(|instrument| state.instrument == instrument)
                && claim.account.is_none_or(|account| state.account == Some(account))
                && !(claim.as_nobody && state.account.is_some())
        })
    }

    /// No command singles out the orders that have no account, so they are cancelled one by one.
    fn mass_cancel_of_nobody(&mut self, at: Moment, wanted: &MassCancel) -> Result<(), ReplayError> {
        self.pass(at)?;
        let reason = match wanted.cause {
            MassCancelCause::Asked => CancelReason::MassCancel,
            MassCancelCause::Disconnected => CancelReason::Disconnected,
        };
        for id in self.stage.nobodys(wanted) {
            let order = OrderRef::Id(id);
            if self.stage.live(order).is_none() {
                // It ended with one before it, to which it was linked.
                continue;
            }
            let events = self
                .stage
                .apply(at.time, Command::Cancel(Cancel { order, account: None }));
            let mut events = events.to_vec();
            for event in &mut events {
                match event {
                    Event::Cancelled {
                        order, reason: told, ..
                    } if *order == id => *told = reason,
                    _ => {}
                }
            }
            self.output
                .events(at.line, None, &events, self.script.symbols())?;
        }
        Ok(())
    }

    /// Refuses a line, for what is wrong with its order if something is, as the engine would have.
    fn refuse(&mut self, at: Moment, refusal: Refusal) -> Result<(), ReplayError> {
        self.pass(at)?;
        let is_live = self.stage.live(refusal.order).is_some();
        let code = match refusal.op {
            Op::New | Op::OrderList if is_live => ErrorCode::DuplicateClientOrderId,
            Op::Cancel | Op::Amend if !is_live => ErrorCode::OrderNotFound,
            _ => refusal.code,
        };
        self.output.refused(at.line, &Refusal { code, ..refusal })?;
        Ok(())
    }

    fn answer(&mut self, at: Moment, query: &Query) -> Result<(), ReplayError> {
        self.pass(at)?;
        let Some(printer) = &mut self.output.printer else {
            return Ok(());
        };
        let symbols = self.script.symbols();
        let known = "every instrument that a query can name is listed";
        match *query {
            Query::Book {
                instrument,
                depth: levels,
            } => {
                let depth = self.stage.projections().depth(instrument).expect(known);
                printer.book(at.line, instrument, depth, levels, symbols)?;
            }
            Query::Candles {
                instrument,
                interval,
                limit,
            } => {
                let candles = self
                    .stage
                    .projections()
                    .candles(instrument)
                    .expect(known)
                    .newest(interval, limit);
                printer.candles(at.line, instrument, interval, candles, symbols)?;
            }
            Query::Statistics { instrument } => {
                let ticker = self.stage.projections().ticker(instrument).expect(known);
                printer.statistics(at.line, instrument, &ticker, symbols)?;
            }
            Query::Balances { account } => {
                let has = |asset| match account {
                    Some(account) => self.stage.balance(account, asset),
                    None => Balance {
                        total: self.stage.fees_collected(asset),
                        held: Amount::ZERO,
                    },
                };
                printer.balances(at.line, account, has, symbols)?;
            }
            Query::Hash => printer.hash(at.line, self.stage.state_hash())?,
            _ => unreachable!("{query:?} is a query that this program knows nothing of"),
        }
        Ok(())
    }
}

/// The order that a command names: a refusal names it in the same way.
pub(super) fn named(command: &Command) -> Option<OrderRef> {
    match command {
        Command::Cancel(cancel) => Some(cancel.order),
        Command::Amend(amend) => Some(amend.order),
        _ => None,
    }
}
