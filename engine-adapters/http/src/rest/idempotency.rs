//! The header `Idempotency-Key`: a request that comes again gets the first answer again.
//!
//! An order's own key is its client order id, which the sequencer remembers on disk. Everything else is remembered here,
//! as long as the process lives and there is room.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use engine_core::AccountId;
use engine_wire::ErrorCode;
use hyper::StatusCode;
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

use super::answer::Answer;
use super::caller::Call;
use super::failure::Failure;

/// How many answers are remembered.
const ANSWERS_MAX: usize = 10_000;

/// Whose key, and for which route.
type Key = (AccountId, &'static str, Box<str>);

/// The answers that were given under a key.
#[derive(Debug, Default)]
pub(crate) struct Idempotency {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    entries: HashMap<Key, Arc<Entry>>,
    order: VecDeque<Key>,
}

#[derive(Debug)]
struct Entry {
    content: [u8; 32],
    answer: OnceCell<(StatusCode, Vec<u8>)>,
}

impl Idempotency {
    /// Answers a call, or says again what its first one was answered. A refusal is not remembered: it changed nothing.
    pub(crate) async fn once<F: Future<Output = Result<Answer, Failure>>>(
        &self,
        route: &'static str,
        call: &Call,
        perform: impl FnOnce() -> F,
    ) -> Result<Answer, Failure> {
        let Some(key) = &call.key else {
            return perform().await;
        };
        let content: [u8; 32] = Sha256::digest(&call.body).into();
        let entry = self.entry((call.caller.account, route, key.clone()), content);
        if entry.content != content {
            return Err(Failure::text(
                ErrorCode::DuplicateClientOrderId,
                "another request had this idempotency key",
                "같은 멱등 키를 가진 다른 요청이 있습니다",
            ));
        }
        let perform = async || Ok::<_, Failure>(perform().await?.into_parts());
        let (status, body) = entry.answer.get_or_try_init(perform).await?.clone();
        Ok(Answer::with_status(status, body))
    }

    fn entry(&self, key: Key, content: [u8; 32]) -> Arc<Entry> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = state.entries.get(&key) {
            return Arc::clone(entry);
        }
        while state.order.len() >= ANSWERS_MAX {
            if let Some(oldest) = state.order.pop_front() {
                state.entries.remove(&oldest);
            }
        }
        let entry = Arc::new(Entry {
            content,
            answer: OnceCell::new(),
        });
        state.entries.insert(key.clone(), Arc::clone(&entry));
        state.order.push_back(key);
        entry
    }
}
