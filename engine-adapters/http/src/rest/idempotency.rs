//! The header `Idempotency-Key`: a request that comes again gets the first answer again.
//!
//! What must not happen twice is told to the engine under a name made from the key, and the engine remembers it on
//! disk: orders under a client order id, deposits under a transfer key. The words of an answer are remembered here, as
//! long as the process lives and there is room; without them a repeat of what the engine knows is answered anew, and
//! changes nothing.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use engine_core::{AccountId, ClientOrderId, TransferKey};
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
        let content = content(call);
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

/// What a request asks for, whichever of its two prefixes it came by.
fn content(call: &Call) -> [u8; 32] {
    let path = call.context.path.as_ref().map_or("", |path| path.as_str());
    let path = path.strip_prefix("/api").unwrap_or(path);
    let digest = Sha256::new().chain_update(path).chain_update([0]);
    digest.chain_update(&call.body).finalize().into()
}

/// A key as a number, which no other key has.
fn number(route: &str, owner: AccountId, key: &str) -> u128 {
    let digest = Sha256::new().chain_update(route).chain_update([0]);
    let digest = digest.chain_update(owner.get().to_be_bytes()).chain_update(key);
    let digest: [u8; 32] = digest.finalize().into();
    let mut first = [0; 16];
    first.copy_from_slice(&digest[..16]);
    u128::from_be_bytes(first)
}

impl Call {
    /// The name of the order at this place of a list that came under a key, if it has none of its own.
    pub(crate) fn order_name(&self, route: &str, place: usize) -> Option<ClientOrderId> {
        let key = self.key.as_ref()?;
        let number = number(route, self.caller.account, key);
        ClientOrderId::new(&format!("k{number:032x}-{place:02}")).ok()
    }

    /// The name of a transfer that came under a key.
    pub(crate) fn transfer_key(&self, route: &str) -> Option<TransferKey> {
        let key = self.key.as_ref()?;
        Some(TransferKey::new(number(route, self.caller.account, key)))
    }
}
