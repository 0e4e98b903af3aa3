//! Buckets in a table of fixed size.
//!
//! Of a bucket only the moment is kept at which it will be full: that is all there is to know of it. A bucket that is full
//! and one that is not kept are the same, so most are forgotten without anybody noticing. Where too many are in use
//! at once, the one that would be full the soonest is forgotten: who has asked for the most is remembered the longest.

use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use engine_core::Timestamp;

use super::Verdict;
use super::options::Rate;

const SHARDS: usize = 16;
/// As many as two cache lines hold.
const WAYS: usize = 8;
const MINUTE_NS: u64 = 60_000_000_000;
const DAY_NS: u64 = 24 * 60 * MINUTE_NS;
/// Threads read the clock before they take the lock, so a shard may see times out of order by a little.
const DISORDER_NS: u64 = 1_000_000_000;

/// The size of a bucket as times.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    burst: u32,
    /// How long one request takes to be filled in again.
    each_ns: u64,
}

impl Bucket {
    pub(super) fn of_rate(rate: Rate) -> Option<Self> {
        let Rate { burst, per_minute } = rate;
        let each_ns = MINUTE_NS.div_ceil(u64::from(per_minute).max(1));
        let whole_ns = u64::from(burst).checked_mul(each_ns);
        let is_good = burst > 0 && per_minute > 0 && whole_ns.is_some_and(|whole| whole <= DAY_NS);
        is_good.then_some(Self { burst, each_ns })
    }

    /// How long it takes to fill the empty bucket.
    fn whole_ns(self) -> u64 {
        u64::from(self.burst) * self.each_ns
    }

    fn cost_ns(self, cost: u32) -> u64 {
        u64::from(cost.min(self.burst)) * self.each_ns
    }

    /// The verdict on a bucket that will be full in so many nanoseconds.
    fn verdict(self, full_in_ns: u64, retry_after: Option<Duration>) -> Verdict {
        let left = (self.whole_ns() - full_in_ns) / self.each_ns;
        Verdict {
            limit: self.burst,
            remaining: u32::try_from(left).expect("no more is left than the bucket holds"),
            reset: Duration::from_nanos(full_in_ns),
            retry_after,
        }
    }
}

#[derive(Debug)]
pub(super) struct Table {
    hashes: RandomState,
    shards: Box<[Mutex<Shard>]>,
    evictions: AtomicU64,
}

#[derive(Debug)]
struct Shard {
    clock: Clock,
    sets: Box<[[Slot; WAYS]]>,
}

/// A bucket in use. Its owner is known by a hash under a key that nobody outside can guess.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    owner: u64,
    /// In the time of the shard's clock.
    full_at_ns: u64,
}

const _: () = assert!(size_of::<Slot>() == 16);

impl Table {
    pub(super) fn new(buckets_max: usize) -> Self {
        let sets = buckets_max.div_ceil(SHARDS * WAYS).max(1).next_power_of_two();
        let shard = |_| {
            Mutex::new(Shard {
                clock: Clock::default(),
                sets: vec![[Slot::default(); WAYS]; sets].into(),
            })
        };
        Self {
            hashes: RandomState::new(),
            shards: (0..SHARDS).map(shard).collect(),
            evictions: AtomicU64::new(0),
        }
    }

    /// Takes `cost` requests out of a bucket if they are in it.
    pub(super) fn take(&self, owner: impl Hash, bucket: Bucket, cost: u32, now: Timestamp) -> Verdict {
        let owner = self.hashes.hash_one(owner);
        let mut shard = self.shard(owner);
        let now_ns = shard.clock.advance(now.nanos());
        let slot = shard.slot(owner);
        let is_other = slot.owner != owner;
        let kept_ns = if is_other { 0 } else { slot.full_at_ns };
        // More than a whole bucket can only be owed if its rate has been changed.
        let owed_ns = kept_ns.saturating_sub(now_ns).min(bucket.whole_ns());
        let wanted_ns = owed_ns + bucket.cost_ns(cost);
        if let Some(short_ns) = wanted_ns
            .checked_sub(bucket.whole_ns())
            .filter(|short_ns| *short_ns > 0)
        {
            return bucket.verdict(owed_ns, Some(Duration::from_nanos(short_ns)));
        }
        if is_other && slot.full_at_ns > now_ns {
            self.evictions.fetch_add(1, Ordering::Relaxed);
        }
        *slot = Slot {
            owner,
            full_at_ns: now_ns.saturating_add(wanted_ns),
        };
        bucket.verdict(wanted_ns, None)
    }

    /// Undoes a `take` that was admitted.
    pub(super) fn put_back(&self, owner: impl Hash, bucket: Bucket, cost: u32) {
        let owner = self.hashes.hash_one(owner);
        let mut shard = self.shard(owner);
        let slot = shard.slot(owner);
        if slot.owner == owner {
            slot.full_at_ns = slot.full_at_ns.saturating_sub(bucket.cost_ns(cost));
        }
    }

    pub(super) fn evictions(&self) -> u64 {
        self.evictions.load(Ordering::Relaxed)
    }

    fn shard(&self, owner: u64) -> MutexGuard<'_, Shard> {
        // The low bits choose the set.
        let shard = (owner >> 60) as usize;
        self.shards[shard]
            .lock()
            .expect("nothing panics while it is held")
    }
}

impl Shard {
    /// The slot of an owner, or the one that it gets: an empty one, or the one that will be full the soonest.
    fn slot(&mut self, owner: u64) -> &mut Slot {
        let last = self.sets.len() - 1;
        let set = &mut self.sets[owner as usize & last];
        let own = set.iter().position(|slot| slot.owner == owner);
        let index = own.unwrap_or_else(|| {
            let soonest = (0..WAYS).min_by_key(|index| set[*index].full_at_ns);
            soonest.expect("a set has slots")
        });
        &mut set[index]
    }
}

/// Time that goes on whatever the system's clock does: a step back is made good by adding it to all that follows, so
/// that nobody waits for the clock to come to where it was, and nobody gains by it.
#[derive(Debug, Default)]
struct Clock {
    ahead_ns: u64,
    latest_ns: u64,
}

impl Clock {
    fn advance(&mut self, now_ns: u64) -> u64 {
        let told_ns = now_ns.min(u64::MAX / 2).saturating_add(self.ahead_ns);
        let behind_ns = self.latest_ns.saturating_sub(told_ns);
        if behind_ns > DISORDER_NS {
            self.ahead_ns = self.ahead_ns.saturating_add(behind_ns);
        }
        self.latest_ns = self.latest_ns.max(told_ns);
        self.latest_ns
    }
}
