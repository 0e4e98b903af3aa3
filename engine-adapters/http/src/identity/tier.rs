//! What an account may do.

use std::fmt;
use std::str::FromStr;

/// The tier of an account: how much it may ask for. The last one is also a role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// What every new account has.
    #[default]
    Free,
    /// More.
    Premium,
    /// Much more.
    Enterprise,
    /// The people who run the exchange: the only ones for whom the routes of administration are open.
    Admin,
}

impl Tier {
    /// All tiers, from the least to the most.
    pub const ALL: [Self; 4] = [Self::Free, Self::Premium, Self::Enterprise, Self::Admin];

    /// Its name in configuration and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Premium => "premium",
            Self::Enterprise => "enterprise",
            Self::Admin => "admin",
        }
    }

    /// Its number in the store, which never changes.
    pub(crate) const fn number(self) -> u8 {
        self as u8
    }

    pub(crate) fn of_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// No tier has this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a tier is free, premium, enterprise or admin")]
pub struct UnknownTier;

impl FromStr for Tier {
    type Err = UnknownTier;

    fn from_str(text: &str) -> Result<Self, UnknownTier> {
        Self::ALL
            .into_iter()
            .find(|tier| tier.as_str() == text)
            .ok_or(UnknownTier)
    }
}

/// Whether an account is in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Standing {
    /// It may do what its tier may.
    #[default]
    Active,
    /// It may look and cancel, but not place or amend.
    Frozen,
    /// It may do nothing: neither log in nor use what it was given before.
    Disabled,
}

impl Standing {
    const ALL: [Self; 3] = [Self::Active, Self::Frozen, Self::Disabled];

    /// Its number in the store, which never changes.
    pub(crate) const fn number(self) -> u8 {
        self as u8
    }

    pub(crate) fn of_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }
}
