//! The tables, and what is true of them:
//!
//! - every change is one transaction: all of it is on disk, or none;
//! - the name of a table ends in its version, and a store of a newer version is not opened;
//! - an account number is given out once, ascending from 1.

use std::path::Path;

use engine_core::AccountId;
use redb::{
    Database, ReadTransaction, ReadableDatabase as _, ReadableTable as _, TableDefinition, WriteTransaction,
};

use super::password::{HashCost, PasswordHash};
use super::tier::{Standing, Tier};

/// The version of all tables together.
const FORMAT: u64 = 1;
/// The store is small and mostly read at start: what it need not, it shall not keep in memory.
const CACHE_BYTES: usize = 4 << 20;

type Table<K, V> = TableDefinition<'static, K, V>;

/// Numbers by name: the format, and the next of each kind of number.
const NUMBERS: Table<&str, u64> = TableDefinition::new("identity_numbers");
/// What the secret makes of a constant: another secret would make something else of it.
const SEAL: Table<&str, [u8; 32]> = TableDefinition::new("identity_seal/1");
/// By account: name as written, tier, standing, created (ms), password.
pub(crate) const USERS: Table<u64, UserRow> = TableDefinition::new("identity_users/1");
/// Accounts by folded name.
pub(crate) const NAMES: Table<&str, u64> = TableDefinition::new("identity_names/1");
/// By account and session: hash of its name, hash of the one refresh token that is good, expires (ms), ended (ms) or 0.
pub(crate) const SESSIONS: Table<(u64, u64), SessionRow> = TableDefinition::new("identity_sessions/1");
/// By account and id of the key: label, created (ms).
pub(crate) const KEYS: Table<(u64, [u8; 16]), (&str, u64)> = TableDefinition::new("identity_keys/1");

pub(crate) type UserRow = (&'static str, u8, u8, u64, Option<PasswordRow>);
/// Memory, passes and lanes; salt; hash.
pub(crate) type PasswordRow = ([u32; 3], [u8; 16], [u8; 32]);
pub(crate) type SessionRow = ([u8; 32], [u8; 32], u64, u64);

/// The embedded store could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct StoreError(Box<redb::Error>);

impl<E: Into<redb::Error>> From<E> for StoreError {
    fn from(error: E) -> Self {
        Self(Box::new(error.into()))
    }
}

/// Why the store cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreOpenError {
    /// The file cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A newer program has written it.
    #[error("the store of users has format {found}, and this program knows formats up to {FORMAT}")]
    NewerFormat {
        /// What was found.
        found: u64,
    },
    /// It was made under another secret: every API key would be wrong.
    #[error("the store of users was made under another secret: put the file identity.secret back")]
    OtherSecret,
}

/// The embedded store.
#[derive(Debug)]
pub(crate) struct Store {
    database: Database,
}

impl Store {
    pub(crate) fn open(path: &Path, seal: [u8; 32]) -> Result<Self, StoreOpenError> {
        let database = Database::builder()
            .set_cache_size(CACHE_BYTES)
            .create(path)
            .map_err(StoreError::from)?;
        let store = Self { database };
        store.write(|transaction| {
            // The tables are made here, so that whoever only reads finds them.
            transaction.open_table(USERS)?;
            transaction.open_table(NAMES)?;
            transaction.open_table(SESSIONS)?;
            transaction.open_table(KEYS)?;
            check_format(transaction)?;
            check_seal(transaction, seal)
        })?;
        Ok(store)
    }

    /// Changes something: what `change` did is on disk when this returns `Ok`, and none of it was done otherwise.
    pub(crate) fn write<T, E: From<StoreError>>(
        &self,
        change: impl FnOnce(&WriteTransaction) -> Result<T, Change<E>>,
    ) -> Result<T, E> {
        let transaction = self.database.begin_write().map_err(StoreError::from)?;
        // Without a commit the transaction is undone when it is dropped.
        let value = change(&transaction).map_err(|Change(error)| error)?;
        transaction.commit().map_err(StoreError::from)?;
        Ok(value)
    }

    pub(crate) fn read(&self) -> Result<ReadTransaction, StoreError> {
        Ok(self.database.begin_read()?)
    }
}

/// The error of a change: its own, or one of the store's many.
#[derive(Debug)]
pub(crate) struct Change<E>(pub(crate) E);

macro_rules! from_store {
    ($($error:ident)*) => {
        $(impl<E: From<StoreError>> From<redb::$error> for Change<E> {
            fn from(error: redb::$error) -> Self {
                Self(StoreError::from(error).into())
            }
        })*
    };
}

from_store! { TableError StorageError }

fn check_format(transaction: &WriteTransaction) -> Result<(), Change<StoreOpenError>> {
    let mut numbers = transaction.open_table(NUMBERS)?;
    let found = numbers.get("format")?.map(|row| row.value());
    match found {
        Some(FORMAT) => Ok(()),
        Some(found) => Err(Change(StoreOpenError::NewerFormat { found })),
        None => {
            numbers.insert("format", FORMAT)?;
            Ok(())
        }
    }
}

fn check_seal(transaction: &WriteTransaction, seal: [u8; 32]) -> Result<(), Change<StoreOpenError>> {
    let mut seals = transaction.open_table(SEAL)?;
    let found = seals.get("secret")?.map(|row| row.value());
    match found {
        Some(found) if found == seal => Ok(()),
        Some(_) => Err(Change(StoreOpenError::OtherSecret)),
        None => {
            seals.insert("secret", seal)?;
            Ok(())
        }
    }
}

/// The next number of a kind, counted from 1.
pub(crate) fn next_number<E: From<StoreError>>(
    transaction: &WriteTransaction,
    kind: &str,
) -> Result<u64, Change<E>> {
    let mut numbers = transaction.open_table(NUMBERS)?;
    let last = numbers.get(kind)?.map_or(0, |row| row.value());
    let next = last + 1;
    numbers.insert(kind, next)?;
    Ok(next)
}

/// A user as the store has it.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) account: AccountId,
    pub(crate) name: Box<str>,
    pub(crate) tier: Tier,
    pub(crate) standing: Standing,
    pub(crate) created_ms: u64,
    /// `None` for one that the server made for itself, with which nobody can log in.
    pub(crate) password: Option<PasswordHash>,
}

impl User {
    pub(crate) fn of_row(
        account: u64,
        (name, tier, standing, created_ms, password): (&str, u8, u8, u64, Option<PasswordRow>),
    ) -> Self {
        // The one place that writes rows is below, so these numbers are known.
        Self {
            account: AccountId::new(account).expect("accounts are numbered from 1"),
            name: name.into(),
            tier: Tier::of_number(tier).expect("a stored tier is one"),
            standing: Standing::of_number(standing).expect("a stored standing is one"),
            created_ms,
            password: password.map(|([memory_kib, passes, lanes], salt, hash)| PasswordHash {
                cost: HashCost {
                    memory_kib,
                    passes,
                    lanes,
                },
                salt,
                hash,
            }),
        }
    }

    pub(crate) fn put<E: From<StoreError>>(&self, transaction: &WriteTransaction) -> Result<(), Change<E>> {
        let password = self.password.as_ref().map(|password| {
            let HashCost {
                memory_kib,
                passes,
                lanes,
            } = password.cost;
            ([memory_kib, passes, lanes], password.salt, password.hash)
        });
        let row = (
            &*self.name,
            self.tier.number(),
            self.standing.number(),
            self.created_ms,
            password,
        );
        transaction.open_table(USERS)?.insert(self.account.get(), row)?;
        Ok(())
    }

    pub(crate) fn find(transaction: &ReadTransaction, folded: &str) -> Result<Option<Self>, StoreError> {
        let Some(account) = transaction.open_table(NAMES)?.get(folded)?.map(|row| row.value()) else {
            return Ok(None);
        };
        Self::read(transaction, account)
    }

    pub(crate) fn read(transaction: &ReadTransaction, account: u64) -> Result<Option<Self>, StoreError> {
        let row = transaction.open_table(USERS)?.get(account)?;
        Ok(row.map(|row| Self::of_row(account, row.value())))
    }
}
