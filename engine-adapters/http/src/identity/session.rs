//! Refresh tokens. A session begins with a login and has one good refresh token at a time; using it gives the next.
//!
//! A token is the number of its account and session, the secret name of the session, and a secret of its own. Only
//! hashes of the last two are stored. Whoever knows the name but not the secret has an older token of the
//! session: it was used twice, by its owner and by somebody who stole it, and nobody can tell which is which. So the
//! session ends.

use engine_core::{AccountId, Timestamp};
use redb::{ReadableTable as _, WriteTransaction};

use super::encoding::{base64url, read_base64url_array};
use super::mac::{is_same, sha256};
use super::random::random;
use super::secret::Secret;
use super::store::{Change, SESSIONS, SessionRow, StoreError, next_number};

const NAME_BYTES: usize = 16;
const SECRET_BYTES: usize = 32;
const TOKEN_BYTES: usize = 8 + 8 + NAME_BYTES + SECRET_BYTES;

/// Why a refresh token gives nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RefreshError {
    /// It is none of ours, its time is over, or its session has ended.
    #[error("the refresh token is not valid")]
    Refused,
    /// It was used before. Its session has ended now.
    #[error("the refresh token was used before; the session has ended")]
    Reused {
        /// Whose it was.
        account: AccountId,
    },
    /// Its account is disabled.
    #[error("the account is disabled")]
    Disabled,
    /// The store could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A refresh token, taken apart.
pub(crate) struct RefreshToken {
    pub(crate) account: AccountId,
    pub(crate) session: u64,
    name: [u8; NAME_BYTES],
    secret: [u8; SECRET_BYTES],
}

impl RefreshToken {
    pub(crate) fn read(text: &str) -> Option<Self> {
        let bytes: [u8; TOKEN_BYTES] = read_base64url_array(text)?;
        let (account, rest) = bytes.split_first_chunk()?;
        let (session, rest) = rest.split_first_chunk()?;
        let (name, rest) = rest.split_first_chunk()?;
        Some(Self {
            account: AccountId::new(u64::from_be_bytes(*account))?,
            session: u64::from_be_bytes(*session),
            name: *name,
            secret: rest.try_into().ok()?,
        })
    }

    fn write(&self) -> Secret {
        let account = self.account.get().to_be_bytes();
        let parts: [&[u8]; 4] = [&account, &self.session.to_be_bytes(), &self.name, &self.secret];
        Secret::new(base64url(&parts.concat()))
    }

    fn row(&self, expires: Timestamp) -> SessionRow {
        (sha256(&self.name), sha256(&self.secret), expires.millis(), 0)
    }
}

/// What has become of a refresh token.
pub(crate) enum Rotation {
    /// It was the good one; this is the next.
    Next(Secret),
    /// It is an older one of a session that lives: now no more.
    Reused,
    /// It is nothing.
    Refused,
}

/// How many sessions an account may have, and how long one that has ended is remembered.
pub(crate) struct Room {
    pub(crate) sessions_max: usize,
    pub(crate) ended_for_ms: u64,
}

/// A session that has begun.
pub(crate) struct Begun {
    pub(crate) session: u64,
    pub(crate) token: Secret,
    /// The sessions that had to end for it.
    pub(crate) ended: Vec<u64>,
}

/// Begins a session, ends the oldest ones that are too many, and forgets those whose time is over.
pub(crate) fn begin<E: From<StoreError>>(
    transaction: &WriteTransaction,
    account: AccountId,
    (now, expires): (Timestamp, Timestamp),
    room: &Room,
) -> Result<Begun, Change<E>> {
    forget(transaction, account, now, room)?;
    let mut ended = live(transaction, account)?;
    ended.truncate((ended.len() + 1).saturating_sub(room.sessions_max));
    for session in &ended {
        end(transaction, account, *session, now)?;
    }
    let token = RefreshToken {
        account,
        session: next_number(transaction, "session")?,
        name: random(),
        secret: random(),
    };
    let mut sessions = transaction.open_table(SESSIONS)?;
    sessions.insert((account.get(), token.session), token.row(expires))?;
    Ok(Begun {
        session: token.session,
        token: token.write(),
        ended,
    })
}

fn forget<E: From<StoreError>>(
    transaction: &WriteTransaction,
    account: AccountId,
    now: Timestamp,
    room: &Room,
) -> Result<(), Change<E>> {
    let is_kept = |_, (_, _, expires_ms, ended_ms): (_, _, u64, u64)| {
        let is_ended_lately = ended_ms.saturating_add(room.ended_for_ms) > now.millis();
        expires_ms > now.millis() && (ended_ms == 0 || is_ended_lately)
    };
    transaction
        .open_table(SESSIONS)?
        .retain_in(all_of(account), is_kept)?;
    Ok(())
}

/// The sessions of an account that have not ended, the oldest first.
fn live<E: From<StoreError>>(
    transaction: &WriteTransaction,
    account: AccountId,
) -> Result<Vec<u64>, Change<E>> {
    let mut live = Vec::new();
    for row in transaction.open_table(SESSIONS)?.range(all_of(account))? {
        let (key, row) = row?;
        if row.value().3 == 0 {
            live.push(key.value().1);
        }
    }
    Ok(live)
}

/// Takes a refresh token and gives the next one of its session.
pub(crate) fn rotate<E: From<StoreError>>(
    transaction: &WriteTransaction,
    token: &RefreshToken,
    (now, expires): (Timestamp, Timestamp),
) -> Result<Rotation, Change<E>> {
    let mut sessions = transaction.open_table(SESSIONS)?;
    let key = (token.account.get(), token.session);
    let row = sessions.get(key)?.map(|row| row.value());
    let Some((name, secret, expires_ms, ended_ms)) = row else {
        return Ok(Rotation::Refused);
    };
    let is_live = ended_ms == 0 && expires_ms > now.millis();
    if !is_same(&name, &sha256(&token.name)) || !is_live {
        return Ok(Rotation::Refused);
    }
    if !is_same(&secret, &sha256(&token.secret)) {
        sessions.insert(key, (name, secret, expires_ms, now.millis().max(1)))?;
        return Ok(Rotation::Reused);
    }
    let next = RefreshToken {
        secret: random(),
        ..*token
    };
    sessions.insert(key, next.row(expires))?;
    Ok(Rotation::Next(next.write()))
}

/// Ends a session, so that neither its refresh token nor its access tokens are good any more. Says if there was one.
pub(crate) fn end<E: From<StoreError>>(
    transaction: &WriteTransaction,
    account: AccountId,
    session: u64,
    now: Timestamp,
) -> Result<bool, Change<E>> {
    let mut sessions = transaction.open_table(SESSIONS)?;
    let key = (account.get(), session);
    let row = sessions.get(key)?.map(|row| row.value());
    let Some((name, secret, expires_ms, 0)) = row else {
        return Ok(false);
    };
    sessions.insert(key, (name, secret, expires_ms, now.millis().max(1)))?;
    Ok(true)
}

/// Ends all sessions of an account, and says which.
pub(crate) fn end_all<E: From<StoreError>>(
    transaction: &WriteTransaction,
    account: AccountId,
    now: Timestamp,
) -> Result<Vec<u64>, Change<E>> {
    let live = live(transaction, account)?;
    for session in &live {
        end(transaction, account, *session, now)?;
    }
    Ok(live)
}

/// Whether the token belongs to a session, be it the good one or an older one.
pub(crate) fn is_of_session<E: From<StoreError>>(
    transaction: &WriteTransaction,
    token: &RefreshToken,
) -> Result<bool, Change<E>> {
    let sessions = transaction.open_table(SESSIONS)?;
    let row = sessions.get((token.account.get(), token.session))?;
    Ok(row.is_some_and(|row| is_same(&row.value().0, &sha256(&token.name))))
}

fn all_of(account: AccountId) -> std::ops::RangeInclusive<(u64, u64)> {
    (account.get(), 0)..=(account.get(), u64::MAX)
}
