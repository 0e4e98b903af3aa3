//! Token buckets, by account, key and address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use engine_core::{AccountId, Timestamp};
use engine_http::identity::{Caller, Tier, Via};
use engine_http::limits::{Ask, Kind, Limits, LimitsOptions, Rate, Rates, Verdict};
use proptest::prelude::*;

use crate::identity::{fresh, register};
use crate::time::at;

/// Three at once, one every ten seconds.
const SMALL: Rate = Rate {
    burst: 3,
    per_minute: 6,
};
const EACH: Duration = Duration::from_secs(10);

fn all(rate: Rate) -> Rates {
    Rates {
        orders: rate,
        reads: rate,
        auth: rate,
    }
}

fn small() -> LimitsOptions {
    let mut options = LimitsOptions {
        addresses: all(SMALL),
        ..LimitsOptions::default()
    };
    options.accounts.free = all(SMALL);
    options
}

fn limits() -> Limits {
    Limits::new(&small()).expect("the rates are good")
}

fn later(start: Timestamp, time: Duration) -> Timestamp {
    let nanos = u64::try_from(time.as_nanos()).expect("not that late");
    start.saturating_add_nanos(nanos)
}

fn address(last: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, last))
}

fn stranger(limits: &Limits, address: IpAddr, now: Timestamp) -> Verdict {
    let ask = Ask {
        address,
        caller: None,
        kind: Kind::Reads,
        cost: 1,
    };
    limits.admit(&ask, now)
}

fn caller(account: u64, tier: Tier) -> Caller {
    Caller {
        account: AccountId::new(account).expect("not 0"),
        tier,
        is_frozen: false,
        via: Via::Session(1),
    }
}

fn known(limits: &Limits, caller: &Caller, kind: Kind, now: Timestamp) -> Verdict {
    let ask = Ask {
        address: address(1),
        caller: Some(caller),
        kind,
        cost: 1,
    };
    limits.admit(&ask, now)
}

#[test]
fn a_burst_is_admitted_and_told_what_is_left() {
    let limits = limits();
    for (remaining, reset_s) in [(2, 10), (1, 20), (0, 30)] {
        let verdict = stranger(&limits, address(1), at(0));
        assert!(verdict.is_admitted());
        assert_eq!((verdict.limit, verdict.remaining), (3, remaining));
        assert_eq!(verdict.reset_s(), reset_s);
    }
    let verdict = stranger(&limits, address(1), at(0));
    assert_eq!(verdict.retry_after, Some(EACH));
    assert_eq!((verdict.remaining, verdict.reset_s()), (0, 30));
}

#[test]
fn who_waits_as_long_as_told_is_admitted_and_not_a_moment_before() {
    let limits = limits();
    for _ in 0..3 {
        assert!(stranger(&limits, address(1), at(0)).is_admitted());
    }
    let now = at(2_500);
    let wait = stranger(&limits, address(1), now)
        .retry_after
        .expect("it is empty");
    assert_eq!(wait, Duration::from_millis(7_500));
    let moment = Duration::from_nanos(1);
    assert!(!stranger(&limits, address(1), later(now, wait - moment)).is_admitted());
    assert!(stranger(&limits, address(1), later(now, wait)).is_admitted());
    assert!(!stranger(&limits, address(1), later(now, wait)).is_admitted());
}

#[test]
fn seconds_are_rounded_up_and_never_zero_where_one_has_to_wait() {
    let verdict = |nanos| Verdict {
        limit: 1,
        remaining: 0,
        reset: Duration::from_nanos(nanos),
        retry_after: Some(Duration::from_nanos(nanos)),
    };
    assert_eq!(verdict(1).retry_after_s(), Some(1));
    assert_eq!(verdict(1_000_000_000).retry_after_s(), Some(1));
    assert_eq!(verdict(1_000_000_001).retry_after_s(), Some(2));
    assert_eq!(verdict(1_000_000_001).reset_s(), 2);
    assert_eq!(verdict(0).reset_s(), 0);
}

#[test]
fn a_refused_request_costs_nothing() {
    let limits = limits();
    for _ in 0..3 {
        assert!(stranger(&limits, address(1), at(0)).is_admitted());
    }
    for _ in 0..1_000 {
        assert!(!stranger(&limits, address(1), at(0)).is_admitted());
    }
    assert!(stranger(&limits, address(1), later(at(0), EACH)).is_admitted());
}

#[test]
fn addresses_accounts_kinds_and_tiers_have_buckets_of_their_own() {
    let limits = limits();
    let empty = |admit: &dyn Fn() -> Verdict| while admit().is_admitted() {};
    empty(&|| stranger(&limits, address(1), at(0)));
    assert!(stranger(&limits, address(2), at(0)).is_admitted());

    let alice = caller(1, Tier::Free);
    assert!(
        known(&limits, &alice, Kind::Reads, at(0)).is_admitted(),
        "not by address"
    );
    empty(&|| known(&limits, &alice, Kind::Reads, at(0)));
    assert!(known(&limits, &alice, Kind::Orders, at(0)).is_admitted());
    assert!(known(&limits, &caller(2, Tier::Free), Kind::Reads, at(0)).is_admitted());

    let promoted = known(&limits, &caller(1, Tier::Premium), Kind::Orders, at(0));
    assert_eq!(promoted.limit, 1_000);
}

#[test]
fn logging_in_counts_by_address_whoever_it_is() {
    let limits = limits();
    for account in 1..4 {
        let caller = caller(account, Tier::Admin);
        assert!(known(&limits, &caller, Kind::Auth, at(0)).is_admitted());
    }
    assert!(!known(&limits, &caller(4, Tier::Admin), Kind::Auth, at(0)).is_admitted());
}

#[test]
fn a_key_counts_for_itself_and_for_its_account() {
    let (_directory, identity) = fresh();
    let account = register(&identity, "alice").account;
    let key = |label| {
        let key = identity.create_api_key(account, label, at(0));
        Caller {
            via: Via::ApiKey(key.expect("not too many").id),
            ..caller(account.get(), Tier::Free)
        }
    };
    let (first, second) = (key("a"), key("b"));
    let mut options = small();
    options.keys.free = all(Rate {
        burst: 2,
        per_minute: 1,
    });
    let limits = Limits::new(&options).expect("the rates are good");
    let admitted = |caller: &Caller, now| known(&limits, caller, Kind::Orders, now).is_admitted();

    assert!(admitted(&first, at(0)) && admitted(&first, at(0)));
    assert!(!admitted(&first, at(0)), "the key has used its two");
    assert!(admitted(&second, at(0)), "the account had three");
    assert!(!admitted(&second, at(0)), "and now none");
    assert!(!admitted(&caller(account.get(), Tier::Free), at(0)));
    // What the account refused was not taken from the key: it still has one.
    let now = later(at(0), EACH);
    assert!(admitted(&second, now), "the account has gained one");
    let now = later(now, EACH);
    assert!(!admitted(&second, now), "the key has used its two");
    assert!(admitted(&caller(account.get(), Tier::Free), now));
}

#[test]
fn a_batch_costs_as_many_as_it_has_and_at_most_the_whole_bucket() {
    let limits = limits();
    let batch = |cost, now| {
        let ask = Ask {
            address: address(1),
            caller: None,
            kind: Kind::Orders,
            cost,
        };
        limits.admit(&ask, now)
    };
    assert_eq!(batch(2, at(0)).remaining, 1);
    assert_eq!(batch(2, at(0)).retry_after, Some(EACH));
    assert_eq!(batch(1, at(0)).remaining, 0);
    let huge = batch(u32::MAX, at(0));
    assert_eq!(huge.retry_after, Some(3 * EACH));
    assert!(batch(u32::MAX, later(at(0), 3 * EACH)).is_admitted());
    assert_eq!(batch(0, later(at(0), 3 * EACH)).remaining, 0);
}

#[test]
fn addresses_of_version_six_count_by_their_first_half() {
    let limits = limits();
    let of = |network: u16, host: u16| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, network, 0, 0, 0, host));
    for host in 0..3 {
        assert!(stranger(&limits, of(1, host), at(0)).is_admitted());
    }
    assert!(!stranger(&limits, of(1, 3), at(0)).is_admitted());
    assert!(stranger(&limits, of(2, 3), at(0)).is_admitted());

    let mapped = |last| IpAddr::V6(Ipv4Addr::new(192, 0, 2, last).to_ipv6_mapped());
    while stranger(&limits, mapped(7), at(0)).is_admitted() {}
    assert!(!stranger(&limits, address(7), at(0)).is_admitted());
    assert!(stranger(&limits, mapped(8), at(0)).is_admitted());
}

#[test]
fn a_clock_that_is_set_back_neither_locks_out_nor_gives_anything() {
    let limits = limits();
    let hour = Duration::from_secs(3_600);
    let start = later(at(0), hour);
    for _ in 0..3 {
        assert!(stranger(&limits, address(1), start).is_admitted());
    }
    assert!(!stranger(&limits, address(1), at(0)).is_admitted());
    assert_eq!(stranger(&limits, address(1), at(0)).retry_after, Some(EACH));
    assert!(stranger(&limits, address(1), later(at(0), EACH)).is_admitted());
    assert!(!stranger(&limits, address(1), later(at(0), EACH)).is_admitted());
}

#[test]
fn a_clock_that_jumps_ahead_and_back_leaves_the_rates_as_they_were() {
    let limits = limits();
    assert!(stranger(&limits, address(1), Timestamp::from_nanos(u64::MAX)).is_admitted());
    while stranger(&limits, address(1), at(0)).is_admitted() {}
    for step in 1..100 {
        let now = later(at(0), EACH * step);
        assert!(stranger(&limits, address(1), now).is_admitted(), "{step}");
        assert!(!stranger(&limits, address(1), now).is_admitted(), "{step}");
    }
}

#[test]
fn times_that_come_a_little_out_of_order_gain_nothing() {
    let limits = limits();
    let mut admitted = 0;
    for step in 0..=1_000_u64 {
        // Two threads, of which one is half a second behind: 50 s in all.
        for now in [500 + step * 50, step * 50] {
            admitted += u32::from(stranger(&limits, address(1), at(now)).is_admitted());
        }
    }
    assert_eq!(admitted, 3 + 5);
}

#[test]
fn a_million_addresses_do_not_free_the_one_that_asked_for_too_much() {
    let mut options = small();
    options.buckets_max = 4_096;
    let limits = Limits::new(&options).expect("the rates are good");
    let alice = caller(1, Tier::Free);
    while known(&limits, &alice, Kind::Reads, at(0)).is_admitted() {}
    while stranger(&limits, address(1), at(0)).is_admitted() {}
    for number in 0..1_000_000 {
        let address = IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + number));
        assert!(stranger(&limits, address, at(u64::from(number) / 1_000)).is_admitted());
    }
    assert!(limits.evictions() > 0, "they did not all fit");
    assert!(!stranger(&limits, address(1), at(1_000)).is_admitted());
    assert!(!known(&limits, &alice, Kind::Reads, at(1_000)).is_admitted());
}

#[test]
fn full_buckets_are_forgotten_without_a_loss() {
    let mut options = small();
    options.buckets_max = 4_096;
    let limits = Limits::new(&options).expect("the rates are good");
    for number in 0..100_000_u32 {
        // Far apart in time, so that hardly any is in use when the next comes.
        let address = IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + number));
        assert!(stranger(&limits, address, at(u64::from(number) * 100)).is_admitted());
    }
    assert_eq!(limits.evictions(), 0);
}

#[test]
fn without_limits_everything_is_admitted() {
    let mut options = small();
    options.enabled = false;
    let limits = Limits::new(&options).expect("the rates are good");
    for _ in 0..1_000 {
        assert!(stranger(&limits, address(1), at(0)).is_admitted());
    }
}

#[test]
fn a_rate_that_cannot_be_is_named() {
    let refused = |change: fn(&mut LimitsOptions)| {
        let mut options = LimitsOptions::default();
        change(&mut options);
        Limits::new(&options).expect_err("the rate cannot be").to_string()
    };
    let none = refused(|options| options.accounts.premium.orders.burst = 0);
    assert!(none.starts_with("`limits.accounts.premium.orders`: "), "{none}");
    let never = refused(|options| options.addresses.auth.per_minute = 0);
    assert!(never.starts_with("`limits.addresses.auth`: "), "{never}");
    let slow = refused(|options| {
        options.keys.free.reads = Rate {
            burst: 1_441,
            per_minute: 1,
        };
    });
    assert!(slow.starts_with("`limits.keys.free.reads`: "), "{slow}");
}

proptest! {
    /// The plainest way to say it: a number of nanoseconds that grows with time and shrinks with requests.
    #[test]
    fn a_bucket_does_what_a_plain_count_does(
        burst in 1_u32..6,
        per_minute in 1_u32..200,
        steps in prop::collection::vec((0_u64..40_000, 0_u32..4), 1..60),
    ) {
        let mut options = small();
        options.addresses = all(Rate { burst, per_minute });
        let limits = Limits::new(&options).expect("the rates are good");
        let each_ns = 60_000_000_000_u64.div_ceil(u64::from(per_minute));
        let whole_ns = u64::from(burst) * each_ns;
        let mut filled_ns = whole_ns;
        let mut now = at(0);
        for (wait_ms, cost) in steps {
            now = now.saturating_add_nanos(wait_ms * 1_000_000);
            filled_ns = (filled_ns + wait_ms * 1_000_000).min(whole_ns);
            let cost_ns = u64::from(cost.min(burst)) * each_ns;
            let ask = Ask { address: address(1), caller: None, kind: Kind::Orders, cost };
            let verdict = limits.admit(&ask, now);
            prop_assert_eq!(verdict.is_admitted(), cost_ns <= filled_ns);
            match cost_ns.checked_sub(filled_ns) {
                Some(short_ns) if short_ns > 0 => {
                    prop_assert_eq!(verdict.retry_after, Some(Duration::from_nanos(short_ns)));
                }
                _ => filled_ns -= cost_ns,
            }
            prop_assert_eq!(u64::from(verdict.remaining), filled_ns / each_ns);
            prop_assert_eq!(verdict.reset, Duration::from_nanos(whole_ns - filled_ns));
        }
    }
}
