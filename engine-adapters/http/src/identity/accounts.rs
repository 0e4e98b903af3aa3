//! What is kept in memory, so that a request costs no look into the store; and the changes of accounts and keys.

use std::collections::HashMap;
use std::sync::{Arc, RwLockWriteGuard};

use engine_core::{AccountId, Timestamp};
use redb::ReadableTable as _;

use super::api_key::{ApiKey, ApiKeyError, ApiKeyId, ApiKeyView, LABEL_LENGTH_MAX, NewApiKey, secret_of};
use super::error::{AccountError, EnsureError};
use super::name::Name;
use super::password::{PasswordHash, check_rules};
use super::session;
use super::store::{Change, KEYS, SESSIONS, StoreError, USERS, User};
use super::tier::{Standing, Tier};
use super::{Identity, UserView};

/// Tier and standing of every account, by its number.
#[derive(Debug, Default)]
pub(super) struct Accounts(Vec<(Tier, Standing)>);

impl Accounts {
    /// Takes in the account that was made last, or changes one.
    pub(super) fn add(&mut self, account: AccountId, tier: Tier, standing: Standing) {
        let index = Self::index(account);
        assert!(index <= self.0.len(), "accounts are numbered without gaps");
        if index == self.0.len() {
            self.0.push((tier, standing));
        } else {
            self.0[index] = (tier, standing);
        }
    }

    pub(super) fn find(&self, account: AccountId) -> Option<(Tier, Standing)> {
        self.0.get(Self::index(account)).copied()
    }

    fn index(account: AccountId) -> usize {
        usize::try_from(account.get() - 1).unwrap_or(usize::MAX)
    }
}

/// Sessions that have ended while access tokens of theirs would be good. Each was somebody's, so there cannot be many.
#[derive(Debug, Default)]
pub(super) struct Ended {
    /// Until when (ms) the last access token of a session would be good.
    until_ms: HashMap<u64, u64>,
    /// At this size the ones whose time is over are looked for.
    sweep_at: usize,
}

impl Ended {
    pub(super) fn has(&self, session: u64) -> bool {
        self.until_ms.contains_key(&session)
    }

    fn add(&mut self, session: u64, now_ms: u64, until_ms: u64) {
        if self.until_ms.len() >= self.sweep_at {
            self.until_ms.retain(|_, until_ms| *until_ms > now_ms);
            self.sweep_at = (self.until_ms.len() * 2).max(1_024);
        }
        self.until_ms.insert(session, until_ms);
    }
}

/// What a change of a user means for its sessions.
#[derive(Clone, Copy)]
enum Sessions {
    GoOn,
    End(Timestamp),
}

impl Identity {
    /// The account that the server keeps under this name for itself, made if it is not there. Nobody can log in to it.
    ///
    /// # Errors
    /// A name that is none, or that a user has.
    pub fn ensure(&self, username: &str, tier: Tier, now: Timestamp) -> Result<AccountId, EnsureError> {
        let name = Name::read(username)?;
        let _changes = self.changes();
        if let Some(user) = self.find(username)? {
            return match user.password {
                Some(_) => Err(EnsureError::Taken),
                None => Ok(user.account),
            };
        }
        let account = self
            .store
            .write(|transaction| self.add_user::<EnsureError>(transaction, &name, tier, None, now))?
            .ok_or(EnsureError::Taken)?;
        self.accounts_mut().add(account, tier, Standing::Active);
        Ok(account)
    }

    /// The user behind an account.
    ///
    /// # Errors
    /// Only of the store.
    pub fn user(&self, account: AccountId) -> Result<Option<UserView>, StoreError> {
        let user = User::read(&self.store.read()?, account.get())?;
        Ok(user.map(view))
    }

    /// The user with this name, in any case.
    ///
    /// # Errors
    /// Only of the store.
    pub fn user_named(&self, username: &str) -> Result<Option<UserView>, StoreError> {
        Ok(self.find(username)?.map(view))
    }

    /// Gives an account another tier, from the next request on.
    ///
    /// # Errors
    /// No such account.
    pub fn set_tier(&self, account: AccountId, tier: Tier) -> Result<(), AccountError> {
        self.change_user(account, |user| {
            user.tier = tier;
            Sessions::GoOn
        })
    }

    /// Freezes, disables or brings back an account, from the next request on. Disabling ends its sessions.
    ///
    /// # Errors
    /// No such account.
    pub fn set_standing(
        &self,
        account: AccountId,
        standing: Standing,
        now: Timestamp,
    ) -> Result<(), AccountError> {
        self.change_user(account, |user| {
            user.standing = standing;
            match standing {
                Standing::Disabled => Sessions::End(now),
                Standing::Active | Standing::Frozen => Sessions::GoOn,
            }
        })
    }

    /// Gives an account another password, and ends its sessions. Hashes a password.
    ///
    /// # Errors
    /// No such account, or a password that does not keep the rules.
    pub fn set_password(
        &self,
        account: AccountId,
        password: &str,
        now: Timestamp,
    ) -> Result<(), AccountError> {
        let user = self.user(account)?.ok_or(AccountError::NotFound)?;
        check_rules(password, &user.username)?;
        let hash = PasswordHash::of(password, self.options.hash_cost);
        self.change_user(account, |user| {
            user.password = Some(hash);
            Sessions::End(now)
        })
    }

    /// Makes an API key. Its secret is in the answer and nowhere else.
    ///
    /// # Errors
    /// A label that is none, or too many keys.
    pub fn create_api_key(
        &self,
        account: AccountId,
        label: &str,
        now: Timestamp,
    ) -> Result<NewApiKey, ApiKeyError> {
        if label.len() > LABEL_LENGTH_MAX || label.chars().any(char::is_control) {
            return Err(ApiKeyError::Label);
        }
        let id = ApiKeyId::new();
        let keys_max = self.options.api_keys_max;
        let _changes = self.changes();
        self.store.write(|transaction| {
            let mut keys = transaction.open_table(KEYS)?;
            if keys.range(all_of(account))?.count() >= keys_max {
                return Err(Change(ApiKeyError::TooMany { keys_max }));
            }
            keys.insert((account.get(), id.bytes()), (label, now.millis()))?;
            Ok(())
        })?;
        let secret = secret_of(&self.master, id);
        self.keys_mut()
            .insert(id, Arc::new(ApiKey::new(account, &secret)));
        Ok(NewApiKey { id, secret })
    }

    /// The keys of an account, in the order of their ids.
    ///
    /// # Errors
    /// Only of the store.
    pub fn api_keys(&self, account: AccountId) -> Result<Vec<ApiKeyView>, StoreError> {
        let mut views = Vec::new();
        for row in self.store.read()?.open_table(KEYS)?.range(all_of(account))? {
            let (key, row) = row?;
            let (label, created_ms) = row.value();
            views.push(ApiKeyView {
                id: ApiKeyId::of_bytes(key.value().1),
                label: label.into(),
                created_ms,
            });
        }
        Ok(views)
    }

    /// Removes an API key: the next request with it is refused.
    ///
    /// # Errors
    /// The account has no such key.
    pub fn delete_api_key(&self, account: AccountId, id: ApiKeyId) -> Result<(), ApiKeyError> {
        let _changes = self.changes();
        self.store.write(|transaction| {
            let mut keys = transaction.open_table(KEYS)?;
            let removed = keys.remove((account.get(), id.bytes()))?;
            removed.map(|_| ()).ok_or(Change(ApiKeyError::NotFound))
        })?;
        self.keys_mut().remove(&id);
        Ok(())
    }

    /// Reads into memory what requests are checked with.
    pub(super) fn load(&self, now: Timestamp) -> Result<(), StoreError> {
        let transaction = self.store.read()?;
        for row in transaction.open_table(USERS)?.range(0..)? {
            let (account, row) = row?;
            let user = User::of_row(account.value(), row.value());
            self.accounts_mut().add(user.account, user.tier, user.standing);
        }
        for row in transaction.open_table(KEYS)?.range((0, [0; 16])..)? {
            let (account, id) = row?.0.value();
            let account = AccountId::new(account).expect("accounts are numbered from 1");
            let id = ApiKeyId::of_bytes(id);
            let key = ApiKey::new(account, &secret_of(&self.master, id));
            self.keys_mut().insert(id, Arc::new(key));
        }
        for row in transaction.open_table(SESSIONS)?.range((0, 0)..)? {
            let (key, row) = row?;
            let (_, _, _, ended_ms) = row.value();
            if ended_ms != 0 {
                self.forget_session(key.value().1, ended_ms, now);
            }
        }
        Ok(())
    }

    pub(super) fn standing(&self, account: AccountId) -> Option<Standing> {
        let accounts = self.accounts.read().expect("nothing panics while it is held");
        accounts.find(account).map(|(_, standing)| standing)
    }

    /// Refuses the access tokens of sessions that have ended now.
    pub(super) fn forget_sessions(&self, sessions: &[u64], now: Timestamp) {
        for session in sessions {
            self.forget_session(*session, now.millis(), now);
        }
    }

    /// An access token that was written in the last moment of a session is good for a lifetime from there.
    fn forget_session(&self, session: u64, ended_ms: u64, now: Timestamp) {
        let until_ms = ended_ms.saturating_add((self.tokens.lifetime_s() + 60) * 1_000);
        if until_ms > now.millis() {
            let mut ended = self.ended.write().expect("nothing panics while it is held");
            ended.add(session, now.millis(), until_ms);
        }
    }

    fn change_user(
        &self,
        account: AccountId,
        change: impl FnOnce(&mut User) -> Sessions,
    ) -> Result<(), AccountError> {
        let _changes = self.changes();
        let user = User::read(&self.store.read()?, account.get())?;
        let mut user = user.ok_or(AccountError::NotFound)?;
        let sessions = change(&mut user);
        let ended = self.store.write(|transaction| {
            user.put::<AccountError>(transaction)?;
            match sessions {
                Sessions::GoOn => Ok(Vec::new()),
                Sessions::End(now) => session::end_all(transaction, account, now),
            }
        })?;
        self.accounts_mut().add(account, user.tier, user.standing);
        if let Sessions::End(now) = sessions {
            self.forget_sessions(&ended, now);
        }
        Ok(())
    }

    pub(super) fn accounts_mut(&self) -> RwLockWriteGuard<'_, Accounts> {
        self.accounts.write().expect("nothing panics while it is held")
    }

    fn keys_mut(&self) -> RwLockWriteGuard<'_, HashMap<ApiKeyId, Arc<ApiKey>>> {
        self.keys.write().expect("nothing panics while it is held")
    }
}

fn view(user: User) -> UserView {
    UserView {
        account: user.account,
        username: user.name,
        tier: user.tier,
        standing: user.standing,
        created_ms: user.created_ms,
    }
}

fn all_of(account: AccountId) -> std::ops::RangeInclusive<(u64, [u8; 16])> {
    (account.get(), [0; 16])..=(account.get(), [0xff; 16])
}
