//! How much may be asked for: token buckets by account, API key and address.
//!
//! A bucket holds `burst` requests and is filled again at a steady rate; a request takes one out, a batch of orders as
//! many as it has. Nothing here asks a clock, and the memory is the same however many addresses come.
//!
//! ```
//! use std::net::{IpAddr, Ipv4Addr};
//!
//! use engine_core::Timestamp;
//! use engine_http::limits::{Ask, Kind, Limits, LimitsOptions, Rate};
//!
//! let mut options = LimitsOptions::default();
//! options.addresses.auth = Rate { burst: 2, per_minute: 6 };
//! let limits = Limits::new(&options)?;
//!
//! let ask = Ask { address: IpAddr::V4(Ipv4Addr::LOCALHOST), caller: None, kind: Kind::Auth, cost: 1 };
//! let now = Timestamp::from_nanos(0);
//! assert_eq!(limits.admit(&ask, now).remaining, 1);
//! assert_eq!(limits.admit(&ask, now).remaining, 0);
//! assert_eq!(limits.admit(&ask, now).retry_after_s(), Some(10));
//! # Ok::<(), engine_http::limits::RateError>(())
//! ```

mod options;
mod table;

use std::net::IpAddr;
use std::time::Duration;

use engine_core::{AccountId, Timestamp};

pub use self::options::{Kind, LimitsOptions, Rate, RateError, Rates, TierRates};

use self::table::{Bucket, Table};
use crate::identity::{ApiKeyId, Caller, Via};

/// One request, as far as limits care.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// Where it comes from.
    pub address: IpAddr,
    /// Who sends it, if that is known.
    pub caller: Option<&'a Caller>,
    /// What it wants.
    pub kind: Kind,
    /// How many requests it stands for: the orders of a batch, else 1. What costs more than a bucket holds takes the
    /// whole bucket.
    pub cost: u32,
}

/// What became of a request, and what the headers of its answer say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// How many requests the bucket holds: `x-ratelimit-limit`.
    pub limit: u32,
    /// How many are left in it: `x-ratelimit-remaining`.
    pub remaining: u32,
    /// When it will be full again, if nothing more is asked for.
    pub reset: Duration,
    /// `None` if the request is admitted, else when one like it will be.
    pub retry_after: Option<Duration>,
}

impl Verdict {
    /// Whether the request may go on.
    pub fn is_admitted(&self) -> bool {
        self.retry_after.is_none()
    }

    /// `x-ratelimit-reset`: whole seconds until the bucket is full.
    pub fn reset_s(&self) -> u64 {
        whole_seconds(self.reset)
    }

    /// `retry-after`: whole seconds after which the request is admitted, at least 1.
    pub fn retry_after_s(&self) -> Option<u64> {
        self.retry_after.map(|wait| whole_seconds(wait).max(1))
    }
}

/// Rounded up, so that who waits as long as told has waited long enough.
fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

/// Whose bucket it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Subject {
    Account(AccountId),
    Key(ApiKeyId),
    Address(IpAddr),
}

/// All buckets.
#[derive(Debug)]
pub struct Limits {
    is_enabled: bool,
    accounts: [[Bucket; Kind::ALL.len()]; 4],
    keys: [[Bucket; Kind::ALL.len()]; 4],
    addresses: [Bucket; Kind::ALL.len()],
    /// Accounts and keys have been proven; strangers, however many, take none of their places.
    known: Table,
    strangers: Table,
}

impl Limits {
    /// Full buckets for everybody.
    ///
    /// # Errors
    /// A rate that cannot be, by its place in the options.
    pub fn new(options: &LimitsOptions) -> Result<Self, RateError> {
        Ok(Self {
            is_enabled: options.enabled,
            accounts: options.accounts.buckets("accounts")?,
            keys: options.keys.buckets("keys")?,
            addresses: options.addresses.buckets("addresses")?,
            known: Table::new(options.buckets_max),
            strangers: Table::new(options.buckets_max),
        })
    }

    /// Takes what a request costs out of its bucket, or nothing if there is too little in it.
    ///
    /// Who is known counts by account, and by key too if it came with one; everybody else, and everybody who wants to
    /// log in or register, by address.
    pub fn admit(&self, ask: &Ask<'_>, now: Timestamp) -> Verdict {
        let kind = ask.kind as usize;
        if !self.is_enabled {
            return unlimited();
        }
        let Some(caller) = ask.caller.filter(|_| ask.kind != Kind::Auth) else {
            let subject = Subject::Address(network(ask.address));
            return self
                .strangers
                .take((subject, ask.kind), self.addresses[kind], ask.cost, now);
        };
        let tier = caller.tier as usize;
        let account = (Subject::Account(caller.account), ask.kind);
        let Via::ApiKey(key) = caller.via else {
            return self.known.take(account, self.accounts[tier][kind], ask.cost, now);
        };
        let key = (Subject::Key(key), ask.kind);
        let by_key = self.known.take(key, self.keys[tier][kind], ask.cost, now);
        if !by_key.is_admitted() {
            return by_key;
        }
        let by_account = self.known.take(account, self.accounts[tier][kind], ask.cost, now);
        if !by_account.is_admitted() {
            self.known.put_back(key, self.keys[tier][kind], ask.cost);
            return by_account;
        }
        if by_key.remaining < by_account.remaining {
            by_key
        } else {
            by_account
        }
    }

    /// How many buckets that were not full have been forgotten, because more were in use than there is room for.
    pub fn evictions(&self) -> u64 {
        self.known.evictions() + self.strangers.evictions()
    }
}

fn unlimited() -> Verdict {
    Verdict {
        limit: u32::MAX,
        remaining: u32::MAX,
        reset: Duration::ZERO,
        retry_after: None,
    }
}

/// What one subscriber has: an address of version 4, or the first half of one of version 6.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
        address => address,
    }
}
