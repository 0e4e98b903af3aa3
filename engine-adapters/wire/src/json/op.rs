//! What lines ask for, by their words, and the fields that each may have.

use super::field::{Field, FieldSet};
use super::words::Word;
use super::{amend, money, order, symbol};

/// What a line asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[expect(
    missing_docs,
    reason = "each is described with its fields in the page about lines"
)]
pub enum Op {
    Symbol,
    New,
    Cancel,
    Amend,
    MassCancel,
    Phase,
    Uncross,
    Time,
    Deposit,
    Book,
    Balances,
    Candles,
    Statistics,
    Hash,
    OrderList,
    MarkPrice,
    CancelAfter,
    Kill,
    Resume,
    Asset,
    Withdraw,
    Account,
    Limits,
    Freeze,
    Unfreeze,
    Command,
}

impl Word for Op {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("new", Self::New),
        ("cancel", Self::Cancel),
        ("amend", Self::Amend),
        ("symbol", Self::Symbol),
        ("mass_cancel", Self::MassCancel),
        ("phase", Self::Phase),
        ("uncross", Self::Uncross),
        ("time", Self::Time),
        ("deposit", Self::Deposit),
        ("book", Self::Book),
        ("balances", Self::Balances),
        ("candles", Self::Candles),
        ("statistics", Self::Statistics),
        ("hash", Self::Hash),
        ("order_list", Self::OrderList),
        ("mark_price", Self::MarkPrice),
        ("cancel_after", Self::CancelAfter),
        ("kill", Self::Kill),
        ("resume", Self::Resume),
        ("asset", Self::Asset),
        ("withdraw", Self::Withdraw),
        ("account", Self::Account),
        ("limits", Self::Limits),
        ("freeze", Self::Freeze),
        ("unfreeze", Self::Unfreeze),
        ("command", Self::Command),
    ];
}

impl Op {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        self.word()
    }

    /// The fields that a line of this kind may have, beside those of every line.
    pub(super) const fn fields(self) -> FieldSet {
        const OF_NEW: FieldSet = FieldSet::of(&[Field::Id, Field::Account, Field::Group]).and(order::ORDER);
        const OF_ORDER: FieldSet =
            FieldSet::of(&[Field::Id, Field::ClientOrderId, Field::Account, Field::Symbol]);
        match self {
            Self::Symbol => symbol::SPEC,
            Self::New => OF_NEW,
            Self::Cancel => OF_ORDER,
            Self::Amend => OF_ORDER.and(amend::AMEND),
            Self::MassCancel => FieldSet::of(&[Field::Account, Field::Symbol, Field::Side, Field::Cause]),
            Self::Phase => FieldSet::of(&[Field::Symbol, Field::Phase]),
            Self::Uncross | Self::Statistics => FieldSet::of(&[Field::Symbol]),
            Self::Time | Self::Hash => FieldSet::of(&[]),
            Self::Deposit | Self::Withdraw => {
                FieldSet::of(&[Field::Account, Field::Asset, Field::Amount, Field::Key])
            }
            Self::Asset => FieldSet::of(&[Field::Asset, Field::Scale]),
            Self::Account => FieldSet::of(&[Field::Account, Field::Tier, Field::Group]),
            Self::Limits => FieldSet::of(&[Field::Account, Field::Symbol]).and(money::LIMITS),
            Self::Book => FieldSet::of(&[Field::Symbol, Field::Depth]),
            Self::Balances | Self::Kill | Self::Resume | Self::Freeze | Self::Unfreeze => {
                FieldSet::of(&[Field::Account])
            }
            Self::Candles => FieldSet::of(&[Field::Symbol, Field::Interval, Field::Limit]),
            Self::OrderList => FieldSet::of(&[
                Field::Kind,
                Field::Orders,
                Field::Account,
                Field::Group,
                Field::Symbol,
            ]),
            Self::MarkPrice => FieldSet::of(&[Field::Symbol, Field::Price]),
            Self::CancelAfter => FieldSet::of(&[Field::Account, Field::TimeoutMs]),
            Self::Command => FieldSet::of(&[Field::Command]),
        }
    }
}
