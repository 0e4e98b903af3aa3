//! A deterministic, embeddable matching engine: no I/O, no async, no clock, no randomness, no threads.

#![forbid(unsafe_code)]

mod types;

mod digest;

mod spec;

mod command;

mod event;

mod sequencer;

mod engine;

pub mod snapshot;

mod market;

pub mod data;

pub use command::{
    Amend, Cancel, CancelAllAfter, ClientOrderId, ClientOrderIdError, Command, Limits, LinkKind, Linked,
    MassCancel, MassCancelCause, OrderKind, OrderRef, Peg, Phase, Place, PostOnly, Scope, SelfTrade,
    SetAccount, SetLimits, SetMark, SetPhase, TimeInForce, Trail, Transfer, Visibility,
};
pub use engine::{Engine, EngineConfig};
pub use event::{
    Asked, CancelReason, Displayed, Event, EventBatch, OrderType, RejectReason, Request, RiskLimit,
};
pub use market::Market;
pub use sequencer::{
    Fingerprint, Gap, KeyKind, Keyed, Remembered, RequestKey, Sequenced, Sequencer, SequencerConfig,
    SequencerSnapshot, SequencerSnapshotError, Sequencing,
};
pub use snapshot::{EngineSnapshot, RestoreError, StateHash};
pub use spec::{
    Allocation, AssetSpec, ConvertError, FeeTier, Funding, InstrumentSpec, InstrumentSpecBuilder,
    InstrumentTerms, SpecError, TriggerSource,
};
mod book;

mod accounts;

pub use accounts::{AccountsConfig, Balance, MarginStatus, Position};
pub use book::{Fill, InsertError, OrderBook, OrderIds, ReduceError, RestingOrder};
pub use types::{
    AccountId, Amount, AssetId, GroupId, InstrumentId, Notional, OrderId, Price, Qty, Seq, Side, Timestamp,
    TransferKey,
};
