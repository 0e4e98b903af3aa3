//! API keys: requests signed with HMAC-SHA256 over timestamp, method, path and body.
//!
//! The secret of a key is not stored: it is made anew from the master secret and the id of the key.

use std::collections::HashSet;
use std::fmt;
use std::sync::Mutex;

use engine_core::{AccountId, Timestamp};

use super::encoding::{base64url, read_base64url_array, read_hex_array};
use super::mac::MacKey;
use super::random::random;
use super::secret::Secret;
use super::store::StoreError;

/// How far the timestamp of a request may be from the clock.
pub(crate) const WINDOW_MS: u64 = 5_000;
/// As wide as the window from end to end, so that the good timestamps of one moment lie in two slots.
const SLOT_MS: u64 = 2 * WINDOW_MS;
/// How many signatures of one key are remembered for ten seconds: far more than any limit lets through.
const SLOT_SIGNATURES_MAX: usize = 300_000;
/// The most bytes of a label.
pub const LABEL_LENGTH_MAX: usize = 64;

/// Why a signed request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// No key has this id.
    #[error("there is no such API key")]
    UnknownKey,
    /// The timestamp is no whole number of milliseconds, or too far from the server's clock.
    #[error("the timestamp is not within {WINDOW_MS} ms of the server's time")]
    Timestamp,
    /// The signature is not that of this request.
    #[error("the signature is not that of this request")]
    Signature,
    /// This request was here before.
    #[error("this signature was used before")]
    Replayed,
    /// The key has sent more requests than are remembered.
    #[error("this API key has sent too many requests")]
    TooMany,
    /// Its account is disabled.
    #[error("the account is disabled")]
    Disabled,
}

/// Why an API key is not made or removed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApiKeyError {
    /// The account has as many as it may.
    #[error("an account has at most {keys_max} API keys")]
    TooMany {
        /// How many it may have.
        keys_max: usize,
    },
    /// The label is too long, or has control characters.
    #[error("a label has at most {LABEL_LENGTH_MAX} bytes and no control characters")]
    Label,
    /// The account has no key with this id.
    #[error("there is no such API key")]
    NotFound,
    /// The store could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Names an API key. It is no secret.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApiKeyId([u8; 16]);

impl ApiKeyId {
    const PREFIX: &str = "xk_";

    pub(crate) fn new() -> Self {
        Self(random())
    }

    pub(crate) fn of_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes behind the text.
    pub fn bytes(self) -> [u8; 16] {
        self.0
    }

    /// Reads what [`fmt::Display`] has written.
    pub fn read(text: &str) -> Option<Self> {
        read_base64url_array(text.strip_prefix(Self::PREFIX)?).map(Self)
    }
}

impl fmt::Display for ApiKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", Self::PREFIX, base64url(&self.0))
    }
}

impl fmt::Debug for ApiKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A new API key, with the secret that is shown this once.
#[derive(Clone, Debug)]
pub struct NewApiKey {
    /// Its id: the header `x-api-key`.
    pub id: ApiKeyId,
    /// What requests are signed with: the bytes of this text are the key of the HMAC.
    pub secret: Secret,
}

/// An API key as its owner sees it later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKeyView {
    /// Its id.
    pub id: ApiKeyId,
    /// What its owner calls it.
    pub label: Box<str>,
    /// When it was made, in milliseconds since the Unix epoch.
    pub created_ms: u64,
}

/// What a signed request says of itself, as it stands in the headers and the request line.
#[derive(Clone, Copy)]
pub struct SignedRequest<'a> {
    /// The header `x-api-key`.
    pub key: &'a str,
    /// The header `x-timestamp`: milliseconds since the Unix epoch.
    pub timestamp: &'a str,
    /// The header `x-signature`: 64 hexadecimal digits.
    pub signature: &'a str,
    /// The method, in capitals.
    pub method: &'a str,
    /// The path with the query, as it was sent.
    pub path: &'a str,
    /// The body, as it was sent.
    pub body: &'a [u8],
}

impl fmt::Debug for SignedRequest<'_> {
    /// Without signature and body: what is logged is not to be sent again.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedRequest")
            .field("key", &self.key)
            .field("timestamp", &self.timestamp)
            .field("method", &self.method)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

pub(crate) fn secret_of(master: &MacKey, id: ApiKeyId) -> Secret {
    Secret::new(base64url(&master.sign(&[b"api-key/1", &id.0])))
}

/// A key in memory: what its requests are checked with.
#[derive(Debug)]
pub(crate) struct ApiKey {
    pub(crate) account: AccountId,
    mac: MacKey,
    seen: Mutex<Seen>,
}

impl ApiKey {
    pub(crate) fn new(account: AccountId, secret: &Secret) -> Self {
        Self {
            account,
            mac: MacKey::new(secret.expose().as_bytes()),
            seen: Mutex::default(),
        }
    }

    /// Checks a request, and remembers it. Requests signed before `since` may have been here before a restart.
    pub(crate) fn check(
        &self,
        request: &SignedRequest<'_>,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<(), SignatureError> {
        let signed_ms = read_timestamp(request.timestamp).ok_or(SignatureError::Timestamp)?;
        if signed_ms.abs_diff(now.millis()) > WINDOW_MS || signed_ms < since.millis() {
            return Err(SignatureError::Timestamp);
        }
        let code = read_hex_array(request.signature).ok_or(SignatureError::Signature)?;
        let parts = [
            request.timestamp.as_bytes(),
            request.method.as_bytes(),
            request.path.as_bytes(),
            request.body,
        ];
        if !self.mac.is_of(&code, &parts) {
            return Err(SignatureError::Signature);
        }
        let mut seen = self.seen.lock().expect("nothing panics while it is held");
        seen.remember(code, signed_ms)
    }
}

/// Digits only, so that a moment has one text, which then is part of what is signed.
fn read_timestamp(text: &str) -> Option<u64> {
    let is_plain = text.len() <= 15 && text.bytes().all(|sign| sign.is_ascii_digit());
    is_plain.then(|| text.parse().ok())?
}

/// The signatures of the last seconds, by the time for which they were made.
///
/// A slot is cleared when one of a later time needs its place. One of an earlier time cannot be told from a
/// replay then and is refused: that happens only when the clock was set back.
#[derive(Debug, Default)]
struct Seen {
    slots: [Slot; 2],
}

#[derive(Debug, Default)]
struct Slot {
    number: u64,
    signatures: HashSet<[u8; 16]>,
}

impl Seen {
    fn remember(&mut self, code: [u8; 32], signed_ms: u64) -> Result<(), SignatureError> {
        let number = signed_ms / SLOT_MS;
        let slot = &mut self.slots[usize::from(number % 2 == 1)];
        if number < slot.number {
            return Err(SignatureError::Timestamp);
        }
        if number > slot.number {
            *slot = Slot {
                number,
                signatures: HashSet::new(),
            };
        }
        if slot.signatures.len() >= SLOT_SIGNATURES_MAX {
            return Err(SignatureError::TooMany);
        }
        let (half, _) = code.split_first_chunk().expect("a code has 32 bytes");
        // Half of a code is enough: 2^64 good signatures would have to be seen for one to be refused by chance.
        if slot.signatures.insert(*half) {
            Ok(())
        } else {
            Err(SignatureError::Replayed)
        }
    }
}
