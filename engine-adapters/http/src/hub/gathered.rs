//! Readers that are woken together, for all that was published since the last time.
//!
//! A reader that is woken for each message gives each to the system by itself, and that costs more than everything else
//! that is done for a message. Woken some hundred times a second at most, it gives many at a time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

/// Readers that wait to be woken.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    is_gathering: AtomicBool,
    wakers: Mutex<Vec<Waker>>,
}

/// How readers are woken for a message.
pub(super) enum Waking<'a> {
    AtOnce,
    Later(MutexGuard<'a, Vec<Waker>>),
}

impl Gathered {
    /// From now on readers of public messages are woken by [`Self::wake_all`] alone.
    pub(super) fn begin(&self) {
        self.is_gathering.store(true, Ordering::Relaxed);
    }

    pub(super) fn waking(&self) -> Waking<'_> {
        match self.is_gathering.load(Ordering::Relaxed) {
            true => Waking::Later(self.lock()),
            false => Waking::AtOnce,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    pub(super) fn wake_all(&self) {
        let wakers = std::mem::take(&mut *self.lock());
        wakers.into_iter().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Waker>> {
        self.wakers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waking<'_> {
    pub(super) fn wake(&mut self, waker: Waker) {
        match self {
            Self::AtOnce => waker.wake(),
            Self::Later(wakers) => wakers.push(waker),
        }
    }
}
