//! What lines ask for, in the engine's own terms.

use engine_core::data::Interval;
use engine_core::{
    AccountId, Amend, Cancel, Command, InstrumentId, MassCancel, OrderRef, Price, Qty, TransferKey,
};
use rust_decimal::Decimal;

use super::amend::AmendRequest;
use super::op::Op;
use crate::error::RequestError;
use crate::symbols::Symbols;

/// What a line asks for, in the engine's own terms.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Input {
    /// A command.
    Command(Command),
    /// A command that the line has in its binary form, whether or not another line could ask for it.
    Exact(Command),
    /// A cancel of one order.
    Cancel(CancelLine),
    /// A cancel of all orders that match.
    MassCancel {
        /// Which orders.
        wanted: MassCancel,
        /// Whether only nobody's orders are meant, which no command can single out.
        as_nobody: bool,
    },
    /// An amend, whose command depends on the instrument of the order unless the line says it.
    Amend(AmendLine),
    /// Money for an account, or from it.
    Transfer(TransferLine),
    /// A look at something, which changes nothing.
    Query(Query),
}

/// A look at something.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Query {
    /// The displayed book.
    Book {
        /// Whose.
        instrument: InstrumentId,
        /// How many levels a side.
        depth: usize,
    },
    /// An account's balances; `None` is the fee account.
    Balances {
        /// Whose.
        account: Option<AccountId>,
    },
    /// The newest candles.
    Candles {
        /// Whose.
        instrument: InstrumentId,
        /// How long each is.
        interval: Interval,
        /// How many at most.
        limit: usize,
    },
    /// The rolling statistics of 24 hours.
    Statistics {
        /// Whose.
        instrument: InstrumentId,
    },
    /// The hash of all state.
    Hash,
}

/// A deposit or a withdrawal as a line asks for it. Its command depends on how many decimal places the asset has.
#[derive(Clone, Debug, PartialEq)]
pub struct TransferLine {
    /// [`Op::Deposit`] or [`Op::Withdraw`].
    pub op: Op,
    /// Whose account.
    pub account: AccountId,
    /// The asset's name.
    pub asset: String,
    /// How much.
    pub amount: Decimal,
    /// With a key, a repeat of the same transfer changes nothing.
    pub key: Option<TransferKey>,
}

/// A cancel as a line asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CancelLine {
    /// The command.
    pub cancel: Cancel,
    /// The instrument that the line names.
    pub instrument: Option<InstrumentId>,
    /// Whether it is nobody, account 0, who asks.
    pub as_nobody: bool,
}

/// An amend as a line asks for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AmendLine {
    /// Which order.
    pub order: OrderRef,
    /// Who asks.
    pub account: Option<AccountId>,
    /// The instrument that the line names.
    pub instrument: Option<InstrumentId>,
    /// Whether it is nobody, account 0, who asks.
    pub as_nobody: bool,
    /// What it changes.
    pub terms: AmendRequest,
}

impl AmendLine {
    /// The command, for an order of this instrument.
    ///
    /// # Errors
    /// When the price or the quantity does not fit the instrument.
    pub fn command(&self, instrument: InstrumentId, symbols: &Symbols) -> Result<Amend, RequestError> {
        let spec = symbols.spec(instrument).ok_or(RequestError::UnknownSymbol)?;
        let (price, quantity) = self.terms.terms(spec)?;
        Ok(self.with(price, quantity))
    }

    /// The command that changes nothing: where no such order lives, the engine refuses it like any other.
    pub fn empty(&self) -> Amend {
        self.with(None, None)
    }

    fn with(&self, price: Option<Price>, quantity: Option<Qty>) -> Amend {
        Amend {
            order: self.order,
            account: self.account,
            price,
            quantity,
        }
    }
}
