//! How much whom is allowed.

use super::table::Bucket;
use crate::identity::Tier;

/// What a request wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// To place, amend or cancel orders.
    Orders,
    /// To look at something, or anything else.
    Reads,
    /// To register, log in or refresh a token.
    Auth,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Orders, Self::Reads, Self::Auth];

    /// Its name in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Reads => "reads",
            Self::Auth => "auth",
        }
    }
}

/// The size of a bucket, and how fast it fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many requests it holds.
    pub burst: u32,
    /// How many it gains in a minute.
    pub per_minute: u32,
}

/// The rates of one tier, or of strangers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// Placing, amending, cancelling.
    pub orders: Rate,
    /// Everything else.
    pub reads: Rate,
    /// Registering, logging in, refreshing. Only that of addresses is used.
    pub auth: Rate,
}

/// The rates of all tiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TierRates {
    /// Of `free`.
    pub free: Rates,
    /// Of `premium`.
    pub premium: Rates,
    /// Of `enterprise`.
    pub enterprise: Rates,
    /// Of `admin`.
    pub admin: Rates,
}

/// What an owner of limits can choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitsOptions {
    /// Whether there are limits at all.
    pub enabled: bool,
    /// What an account may, by its tier.
    pub accounts: TierRates,
    /// What one API key may, by the tier of its account. What it takes is taken from its account too.
    pub keys: TierRates,
    /// What an address may as long as nobody has said who it is.
    pub addresses: Rates,
    /// How many buckets are kept, for accounts and keys together and for addresses. A bucket has 16 bytes.
    pub buckets_max: usize,
}

impl Default for LimitsOptions {
    fn default() -> Self {
        let rate = |burst: u32, per_second: u32| Rate {
            burst,
            per_minute: per_second * 60,
        };
        let auth = rate(60, 5);
        let rates = |orders_per_second: u32, reads_per_second: u32| Rates {
            orders: rate(orders_per_second * 2, orders_per_second),
            reads: rate(reads_per_second * 2, reads_per_second),
            auth,
        };
        let tiers = TierRates {
            free: rates(100, 200),
            premium: rates(500, 1_000),
            enterprise: rates(100_000, 100_000),
            admin: rates(100_000, 100_000),
        };
        Self {
            enabled: true,
            accounts: tiers,
            keys: tiers,
            addresses: rates(100, 200),
            buckets_max: 131_072,
        }
    }
}

/// A rate that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`limits.{table}{}{}.{}`: `burst` and `per_minute` must be at least 1, and fill the bucket within a day",
    if self.tier.is_some() { "." } else { "" }, self.tier.map_or("", Tier::as_str), self.kind.as_str())]
pub struct RateError {
    /// `accounts`, `keys` or `addresses`.
    pub table: &'static str,
    /// Of which tier.
    pub tier: Option<Tier>,
    /// Of which kind.
    pub kind: Kind,
}

impl Rates {
    /// The rate of a kind of requests.
    pub fn of(&self, kind: Kind) -> Rate {
        match kind {
            Kind::Orders => self.orders,
            Kind::Reads => self.reads,
            Kind::Auth => self.auth,
        }
    }

    pub(super) fn buckets(&self, table: &'static str) -> Result<[Bucket; Kind::ALL.len()], RateError> {
        self.buckets_of(table, None)
    }

    fn buckets_of(
        &self,
        table: &'static str,
        tier: Option<Tier>,
    ) -> Result<[Bucket; Kind::ALL.len()], RateError> {
        let [orders, reads, auth] = Kind::ALL.map(|kind| {
            let bucket = Bucket::of_rate(self.of(kind));
            bucket.ok_or(RateError { table, tier, kind })
        });
        Ok([orders?, reads?, auth?])
    }
}

impl TierRates {
    /// The rates of a tier.
    pub fn of(&self, tier: Tier) -> &Rates {
        match tier {
            Tier::Free => &self.free,
            Tier::Premium => &self.premium,
            Tier::Enterprise => &self.enterprise,
            Tier::Admin => &self.admin,
        }
    }

    /// In the order of [`Tier::ALL`].
    pub(super) fn buckets(&self, table: &'static str) -> Result<[[Bucket; Kind::ALL.len()]; 4], RateError> {
        let [free, premium, enterprise, admin] =
            Tier::ALL.map(|tier| self.of(tier).buckets_of(table, Some(tier)));
        Ok([free?, premium?, enterprise?, admin?])
    }
}
