//! The logs of a runtime that keeps nothing: there are none, and the compiler knows it.

use std::time::Duration;

use engine_core::Seq;
use engine_journal::{
    AppendError, Batch, CommandLog, CommandReader, CommandSource, Entry, Fault, ReadError, Receipt,
    SnapshotStamp,
};

use crate::events::Outbox;
use crate::slice::EventSlice;

/// A log that does not exist.
#[derive(Clone)]
pub(crate) enum Nowhere {}

impl CommandLog for Nowhere {
    type Source = Self;

    fn append(&mut self, _: &Batch) -> Result<Option<Receipt>, AppendError> {
        match *self {}
    }

    fn end(&self) -> Seq {
        match *self {}
    }

    fn source(&self) -> Self {
        match *self {}
    }

    fn close(self) -> Result<Seq, Fault> {
        match self {}
    }
}

impl CommandSource for Nowhere {
    type Reader = Self;

    fn written_through(&self) -> Seq {
        match *self {}
    }

    fn durable_through(&self) -> Seq {
        match *self {}
    }

    fn wait_written(&self, _: Seq) -> Result<(), Fault> {
        match *self {}
    }

    fn wait_durable(&self, _: Seq) -> Result<(), Fault> {
        match *self {}
    }

    fn syncs(&self) -> (u64, Duration) {
        match *self {}
    }

    fn reader(&self, _: Seq) -> Result<Self, ReadError> {
        match *self {}
    }

    fn replay_after(&self, _: &SnapshotStamp) -> Result<Self, ReadError> {
        match *self {}
    }
}

impl CommandReader for Nowhere {
    fn next(&mut self, _: Seq) -> Result<Option<Entry<'_>>, ReadError> {
        match *self {}
    }

    fn history(&self) -> Option<u64> {
        match *self {}
    }
}

impl Outbox for Nowhere {
    fn append(&mut self, _: &EventSlice, _: Seq) -> Result<(), Fault> {
        match *self {}
    }

    fn written_through(&self) -> Seq {
        match *self {}
    }

    fn close(self) -> Result<(), Fault> {
        match self {}
    }
}
