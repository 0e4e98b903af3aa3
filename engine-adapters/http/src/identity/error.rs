//! Why something is refused. No error holds what the client sent.

use super::master::SecretFileError;
use super::name::NameError;
use super::password::PasswordError;
use super::store::{StoreError, StoreOpenError};

/// An option that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OptionsError {
    /// The issuer.
    #[error("`issuer` must be 1 to 128 printable ASCII characters without quotes")]
    Issuer,
    /// The audience.
    #[error("`audience` must be 1 to 128 printable ASCII characters without quotes")]
    Audience,
    /// The lifetime of access tokens.
    #[error("`access_lifetime_s` must be 1 second to a day")]
    AccessLifetime,
    /// The lifetime of refresh tokens.
    #[error("`refresh_lifetime_s` must be 1 second to a year")]
    RefreshLifetime,
    /// The number of sessions.
    #[error("`sessions_max` must be at least 1")]
    SessionsMax,
    /// The cost of a password.
    #[error("`hash_cost` must be at least 1 pass, 1 lane and 8 KiB a lane")]
    HashCost,
}

/// Why the users cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// An option cannot be.
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// The file of the secret.
    #[error(transparent)]
    SecretFile(#[from] SecretFileError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreOpenError),
}

/// Why nobody is registered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// The name does not keep the rules.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The password does not keep the rules.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// Somebody has the name, be it in another case.
    #[error("this username is taken")]
    Taken,
    /// The store could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why nobody is logged in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoginError {
    /// Name or password is wrong; which of them is not told.
    #[error("username or password is wrong")]
    Refused,
    /// Both are right, but the account is disabled.
    #[error("the account is disabled")]
    Disabled,
    /// The store could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why an account of the server itself is not there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnsureError {
    /// The name does not keep the rules.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A user who can log in has the name.
    #[error("this username belongs to a user who can log in")]
    Taken,
    /// The store could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why an account is not changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountError {
    /// There is no such account.
    #[error("there is no such account")]
    NotFound,
    /// The new password does not keep the rules.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The store could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}
