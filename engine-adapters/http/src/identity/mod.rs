//! Who calls: users and passwords, sessions and their tokens, API keys.
//!
//! Nothing here knows of HTTP. A caller gives what a client sent, and the time; the answer is an account or a reason.
//! No secret is in an error, a debug form or a log.
//!
//! ```
//! use engine_core::Timestamp;
//! use engine_http::identity::{HashCost, Identity, IdentityOptions};
//!
//! let directory = tempfile::tempdir()?;
//! let now = Timestamp::from_millis(1_800_000_000_000).ok_or("a time before 2554")?;
//! # let quick = HashCost { memory_kib: 8, passes: 1, lanes: 1 };
//! # let options = IdentityOptions { hash_cost: quick, ..IdentityOptions::default() };
//! let identity = Identity::open(directory.path(), options, now)?;
//!
//! let grant = identity.register("alice", "correct horse", now)?;
//! let caller = identity.verify(grant.access_token.expose(), now)?;
//! assert_eq!(caller.account, grant.account);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod accounts;
mod api_key;
mod encoding;
mod error;
mod mac;
mod master;
mod name;
mod password;
mod random;
mod secret;
mod session;
mod store;
mod tier;
mod token;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, RwLock};

use engine_core::{AccountId, Timestamp};
use redb::{ReadableTable as _, WriteTransaction};

pub use self::api_key::{
    ApiKeyError, ApiKeyId, ApiKeyView, LABEL_LENGTH_MAX, NewApiKey, SignatureError, SignedRequest,
};
pub use self::error::{AccountError, EnsureError, LoginError, OpenError, OptionsError, RegisterError};
pub use self::master::SecretFileError;
pub use self::name::{NAME_LENGTH_MAX, NAME_LENGTH_MIN, NameError};
pub use self::password::{HashCost, PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN, PasswordError};
pub use self::secret::Secret;
pub use self::session::RefreshError;
pub use self::store::{StoreError, StoreOpenError};
pub use self::tier::{Standing, Tier, UnknownTier};
pub use self::token::TokenError;

use self::accounts::{Accounts, Ended};
use self::api_key::ApiKey;
use self::mac::MacKey;
use self::name::Name;
use self::password::{PasswordHash, check_rules};
use self::session::{RefreshToken, Room, Rotation};
use self::store::{Change, NAMES, Store, User};
use self::token::{Bearer, Terms, Tokens};

/// The name of the store in the data directory.
const FILE: &str = "identity.redb";

/// What an owner of an identity store can choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityOptions {
    /// Who writes access tokens: the claim `iss`. Printable ASCII without quotes.
    pub issuer: String,
    /// For whom they are written: the claim `aud`. Printable ASCII without quotes.
    pub audience: String,
    /// How long an access token is good, in seconds.
    pub access_lifetime_s: u64,
    /// How long a refresh token is good, in seconds; each use begins the time anew.
    pub refresh_lifetime_s: u64,
    /// How many sessions an account may have. A login above it ends the oldest.
    pub sessions_max: usize,
    /// How many API keys an account may have.
    pub api_keys_max: usize,
    /// What it costs to try a password. Passwords that were hashed before keep their cost.
    pub hash_cost: HashCost,
}

impl Default for IdentityOptions {
    fn default() -> Self {
        Self {
            issuer: "xtrader".to_owned(),
            audience: "xtrader".to_owned(),
            access_lifetime_s: 15 * 60,
            refresh_lifetime_s: 30 * 24 * 60 * 60,
            sessions_max: 32,
            api_keys_max: 20,
            hash_cost: HashCost::default(),
        }
    }
}

impl IdentityOptions {
    fn check(&self) -> Result<(), OptionsError> {
        let is_plain = |text: &str| {
            let is_sign = |sign: char| sign.is_ascii_graphic() && sign != '"' && sign != '\\';
            (1..=128).contains(&text.len()) && text.chars().all(is_sign)
        };
        let year_s = 366 * 24 * 60 * 60;
        if !is_plain(&self.issuer) {
            Err(OptionsError::Issuer)
        } else if !is_plain(&self.audience) {
            Err(OptionsError::Audience)
        } else if !(1..=24 * 60 * 60).contains(&self.access_lifetime_s) {
            Err(OptionsError::AccessLifetime)
        } else if !(1..=year_s).contains(&self.refresh_lifetime_s) {
            Err(OptionsError::RefreshLifetime)
        } else if self.sessions_max == 0 {
            Err(OptionsError::SessionsMax)
        } else if !self.hash_cost.is_valid() {
            Err(OptionsError::HashCost)
        } else {
            Ok(())
        }
    }
}

/// What a login gives.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Whose it is, in the engine.
    pub account: AccountId,
    /// For the header `authorization: Bearer …`.
    pub access_token: Secret,
    /// For the next access token, once.
    pub refresh_token: Secret,
    /// How long the access token is good, in seconds.
    pub expires_in_s: u64,
}

/// Who calls, once that is sure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The account in the engine.
    pub account: AccountId,
    /// Its tier now.
    pub tier: Tier,
    /// Whether it may only look and cancel.
    pub is_frozen: bool,
    /// How it said who it is.
    pub via: Via,
}

/// How a caller said who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Via {
    /// By an access token of this session.
    Session(u64),
    /// By a request signed with this key.
    ApiKey(ApiKeyId),
}

/// A user as an administrator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserView {
    /// The account in the engine.
    pub account: AccountId,
    /// The name as it was registered.
    pub username: Box<str>,
    /// The tier.
    pub tier: Tier,
    /// Whether it is in use.
    pub standing: Standing,
    /// When it was registered, in milliseconds since the Unix epoch.
    pub created_ms: u64,
}

/// The users of an exchange, their sessions and keys, in an embedded store.
///
/// [`Self::verify`] and [`Self::verify_signed`] are quick and touch memory only. Everything else reads or writes a file
/// and blocks; [`Self::register`], [`Self::login`] and [`Self::set_password`] also hash a password, which takes tens of
/// milliseconds and [`HashCost::memory_kib`]: call these on a thread that may block, and only as many at a time as the
/// machine can bear.
#[derive(Debug)]
pub struct Identity {
    options: IdentityOptions,
    opened: Timestamp,
    store: Store,
    master: MacKey,
    tokens: Tokens,
    /// Tried against when there is no such user, so that nobody can measure whether there is.
    nobody: PasswordHash,
    /// Held while the store is changed and what follows from it in memory, so that both change in one order.
    changes: Mutex<()>,
    accounts: RwLock<Accounts>,
    ended: RwLock<Ended>,
    keys: RwLock<HashMap<ApiKeyId, Arc<ApiKey>>>,
}

impl Identity {
    /// Opens the store in a directory that exists, or makes one.
    ///
    /// # Errors
    /// Options that cannot be, a store that cannot be read, or one that was made under another secret.
    pub fn open(directory: &Path, options: IdentityOptions, now: Timestamp) -> Result<Self, OpenError> {
        options.check()?;
        let master = master::read_or_create(directory)?;
        let store = Store::open(&directory.join(FILE), master.sign(&[b"seal/1"]))?;
        let terms = Terms {
            issuer: options.issuer.as_str().into(),
            audience: options.audience.as_str().into(),
            lifetime_s: options.access_lifetime_s,
        };
        let identity = Self {
            opened: now,
            tokens: Tokens::new(MacKey::new(&master.sign(&[b"access-token/1"])), terms),
            nobody: PasswordHash::of_nobody(options.hash_cost),
            changes: Mutex::default(),
            accounts: RwLock::default(),
            ended: RwLock::default(),
            keys: RwLock::default(),
            options,
            store,
            master,
        };
        identity.load(now).map_err(StoreOpenError::from)?;
        Ok(identity)
    }

    /// Makes a user and logs it in. Hashes a password.
    ///
    /// # Errors
    /// A name or password that does not keep the rules, or a name that somebody has.
    pub fn register(&self, username: &str, password: &str, now: Timestamp) -> Result<Grant, RegisterError> {
        let name = Name::read(username)?;
        check_rules(password, username)?;
        let hash = PasswordHash::of(password, self.options.hash_cost);
        let _changes = self.changes();
        let (account, session, refresh_token) = self.store.write(|transaction| {
            let account = self.add_user(transaction, &name, Tier::Free, Some(hash), now)?;
            let account = account.ok_or(Change(RegisterError::Taken))?;
            let times = (now, self.refresh_expiry(now));
            let begun = session::begin::<RegisterError>(transaction, account, times, &self.room())?;
            Ok((account, begun.session, begun.token))
        })?;
        self.accounts_mut().add(account, Tier::Free, Standing::Active);
        Ok(self.grant(account, session, refresh_token, now))
    }

    /// Begins a session. Hashes a password, whether there is such a user or not.
    ///
    /// # Errors
    /// A wrong name or password, or a disabled account.
    pub fn login(&self, username: &str, password: &str, now: Timestamp) -> Result<Grant, LoginError> {
        let user = self.find(username)?;
        let kept = user.as_ref().and_then(|user| user.password.as_ref());
        // Without an end to it, whoever sends a megabyte would be told by the time that it takes.
        let is_right = password.len() <= PASSWORD_LENGTH_MAX && kept.unwrap_or(&self.nobody).is_of(password);
        let user = user.filter(|user| is_right && user.password.is_some());
        let user = user.ok_or(LoginError::Refused)?;
        let account = user.account;
        let _changes = self.changes();
        // While the password was hashed, it can have been changed, or the account disabled.
        if self.find(username)?.and_then(|user| user.password) != user.password {
            return Err(LoginError::Refused);
        }
        if self.standing(account) == Some(Standing::Disabled) {
            return Err(LoginError::Disabled);
        }
        let begun = self.store.write(|transaction| {
            let times = (now, self.refresh_expiry(now));
            session::begin::<LoginError>(transaction, account, times, &self.room())
        })?;
        self.forget_sessions(&begun.ended, now);
        Ok(self.grant(account, begun.session, begun.token, now))
    }

    /// Takes a refresh token and gives the next one, with an access token.
    ///
    /// # Errors
    /// A token that is none, or was used before: then its session has ended.
    pub fn refresh(&self, token: &str, now: Timestamp) -> Result<Grant, RefreshError> {
        let token = RefreshToken::read(token).ok_or(RefreshError::Refused)?;
        let account = token.account;
        let _changes = self.changes();
        if self.standing(account) == Some(Standing::Disabled) {
            return Err(RefreshError::Disabled);
        }
        let rotation = self.store.write(|transaction| {
            session::rotate::<RefreshError>(transaction, &token, (now, self.refresh_expiry(now)))
        })?;
        match rotation {
            Rotation::Next(next) => Ok(self.grant(account, token.session, next, now)),
            Rotation::Reused => {
                self.forget_sessions(&[token.session], now);
                Err(RefreshError::Reused { account })
            }
            Rotation::Refused => Err(RefreshError::Refused),
        }
    }

    /// Ends the session of a refresh token: neither it nor an access token of the session is good any more.
    ///
    /// # Errors
    /// Only of the store. A token that is none ends nothing, which is what its sender wanted.
    pub fn logout(&self, token: &str, now: Timestamp) -> Result<(), StoreError> {
        let Some(token) = RefreshToken::read(token) else {
            return Ok(());
        };
        let _changes = self.changes();
        let has_ended = self.store.write(|transaction| {
            Ok(session::is_of_session::<StoreError>(transaction, &token)?
                && session::end(transaction, token.account, token.session, now)?)
        })?;
        if has_ended {
            self.forget_sessions(&[token.session], now);
        }
        Ok(())
    }

    /// Ends the session in which a caller is; one that came with an API key has none.
    ///
    /// # Errors
    /// Only of the store.
    pub fn end_session(&self, caller: &Caller, now: Timestamp) -> Result<(), StoreError> {
        let Via::Session(session) = caller.via else {
            return Ok(());
        };
        let _changes = self.changes();
        self.store
            .write(|transaction| session::end::<StoreError>(transaction, caller.account, session, now))?;
        self.forget_sessions(&[session], now);
        Ok(())
    }

    /// Who sends this access token.
    ///
    /// # Errors
    /// Why it is refused; to the client all reasons are one.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Caller, TokenError> {
        let Bearer { account, session } = self.tokens.read(token, now)?;
        let is_over = self
            .ended
            .read()
            .expect("nothing panics while it is held")
            .has(session);
        if is_over {
            return Err(TokenError::Ended);
        }
        self.caller(account, Via::Session(session))
            .ok_or(TokenError::Ended)
    }

    /// Who has signed this request.
    ///
    /// # Errors
    /// Why it is refused; to the client all reasons but [`SignatureError::TooMany`] are one.
    pub fn verify_signed(
        &self,
        request: &SignedRequest<'_>,
        now: Timestamp,
    ) -> Result<Caller, SignatureError> {
        let id = ApiKeyId::read(request.key).ok_or(SignatureError::UnknownKey)?;
        let key = self
            .keys
            .read()
            .expect("nothing panics while it is held")
            .get(&id)
            .cloned();
        let key = key.ok_or(SignatureError::UnknownKey)?;
        key.check(request, self.opened, now)?;
        self.caller(key.account, Via::ApiKey(id))
            .ok_or(SignatureError::Disabled)
    }

    /// The caller behind an account, unless it is disabled.
    fn caller(&self, account: AccountId, via: Via) -> Option<Caller> {
        let accounts = self.accounts.read().expect("nothing panics while it is held");
        let (tier, standing) = accounts.find(account)?;
        (standing != Standing::Disabled).then_some(Caller {
            account,
            tier,
            is_frozen: standing == Standing::Frozen,
            via,
        })
    }

    fn add_user<E: From<StoreError>>(
        &self,
        transaction: &WriteTransaction,
        name: &Name,
        tier: Tier,
        password: Option<PasswordHash>,
        now: Timestamp,
    ) -> Result<Option<AccountId>, Change<E>> {
        let mut names = transaction.open_table(NAMES)?;
        if names.get(name.folded().as_str())?.is_some() {
            return Ok(None);
        }
        let number = store::next_number(transaction, "account")?;
        names.insert(name.folded().as_str(), number)?;
        let account = AccountId::new(number).expect("numbers begin with 1");
        let user = User {
            account,
            name: name.as_written().into(),
            tier,
            standing: Standing::Active,
            created_ms: now.millis(),
            password,
        };
        user.put(transaction)?;
        Ok(Some(account))
    }

    fn find(&self, username: &str) -> Result<Option<User>, StoreError> {
        let Ok(name) = Name::read(username) else {
            return Ok(None);
        };
        User::find(&self.store.read()?, &name.folded())
    }

    fn grant(&self, account: AccountId, session: u64, refresh_token: Secret, now: Timestamp) -> Grant {
        Grant {
            account,
            access_token: self.tokens.write(Bearer { account, session }, now),
            refresh_token,
            expires_in_s: self.tokens.lifetime_s(),
        }
    }

    fn room(&self) -> Room {
        Room {
            sessions_max: self.options.sessions_max,
            // A session that has ended is kept as long as an access token of it would be good.
            ended_for_ms: (self.tokens.lifetime_s() + 60) * 1_000,
        }
    }

    fn refresh_expiry(&self, now: Timestamp) -> Timestamp {
        now.saturating_add_nanos(self.options.refresh_lifetime_s * 1_000_000_000)
    }

    fn changes(&self) -> MutexGuard<'_, ()> {
        self.changes.lock().expect("nothing panics while it is held")
    }
}

#[cfg(test)]
mod tests {
    use super::password::runs;
    use super::*;

    /// Time itself is not measured in a test, but what takes it is counted.
    #[test]
    fn a_login_hashes_once_whether_there_is_such_a_user_or_not() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let hash_cost = HashCost {
            memory_kib: 8,
            passes: 1,
            lanes: 1,
        };
        let options = IdentityOptions {
            hash_cost,
            ..IdentityOptions::default()
        };
        let now = Timestamp::ZERO;
        let identity = Identity::open(directory.path(), options, now).expect("the store opens");
        identity
            .register("alice", "correct horse", now)
            .expect("the name is free");
        identity
            .ensure("demo", Tier::Free, now)
            .expect("the name is free");
        for (name, password) in [
            ("alice", "correct horse"),
            ("alice", "wrong"),
            ("alicf", "correct horse"),
            ("demo", "correct horse"),
            ("no name", "correct horse"),
        ] {
            let before = runs();
            let _ = identity.login(name, password, now);
            assert_eq!(runs(), before + 1, "{name} {password}");
        }
    }
}
