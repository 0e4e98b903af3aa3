//! API keys and the requests that are signed with them.

use engine_core::Timestamp;
use engine_http::identity::{
    ApiKeyError, ApiKeyId, Caller, Identity, IdentityOptions, NewApiKey, SignatureError, SignedRequest,
    Standing, Tier, Via,
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::identity::{fresh, open, options, register};
use crate::time::{SECOND, at};

/// What a client keeps of a request that it signed.
#[derive(Clone)]
struct Signed {
    key: String,
    timestamp: String,
    signature: String,
    method: &'static str,
    path: &'static str,
    body: &'static [u8],
}

impl Signed {
    /// As a client does it, with nothing but the key's two texts.
    fn new(key: &NewApiKey, time: Timestamp) -> Self {
        let timestamp = time.millis().to_string();
        let mut mac = Hmac::<Sha256>::new_from_slice(key.secret.expose().as_bytes()).expect("any length");
        mac.update(format!("{timestamp}POST/api/v1/order?a=1{{}}").as_bytes());
        let signature = mac.finalize().into_bytes();
        Self {
            key: key.id.to_string(),
            timestamp,
            signature: signature.iter().map(|byte| format!("{byte:02x}")).collect(),
            method: "POST",
            path: "/api/v1/order?a=1",
            body: b"{}",
        }
    }

    fn send(&self, identity: &Identity, now: Timestamp) -> Result<Caller, SignatureError> {
        let request = SignedRequest {
            key: &self.key,
            timestamp: &self.timestamp,
            signature: &self.signature,
            method: self.method,
            path: self.path,
            body: self.body,
        };
        identity.verify_signed(&request, now)
    }
}

fn key_of(identity: &Identity, name: &str) -> NewApiKey {
    let grant = register(identity, name);
    identity
        .create_api_key(grant.account, "bot", at(0))
        .expect("the first one")
}

#[test]
fn a_signed_request_speaks_for_the_account_of_its_key_also_after_a_restart() {
    let (directory, identity) = fresh();
    register(&identity, "alice");
    let key = key_of(&identity, "bob");
    let bob = identity
        .user_named("bob")
        .expect("read")
        .expect("registered")
        .account;
    let expected = Caller {
        account: bob,
        tier: Tier::Free,
        is_frozen: false,
        via: Via::ApiKey(key.id),
    };
    assert_eq!(Signed::new(&key, at(1)).send(&identity, at(1)), Ok(expected));
    drop(identity);
    let identity = open(directory.path(), at(2));
    assert_eq!(Signed::new(&key, at(3)).send(&identity, at(3)), Ok(expected));
}

#[test]
fn no_part_of_a_signed_request_can_be_changed() {
    let (_directory, identity) = fresh();
    let key = key_of(&identity, "alice");
    let good = Signed::new(&key, at(1));
    let refused = |change: fn(&mut Signed)| {
        let mut signed = good.clone();
        change(&mut signed);
        assert_eq!(signed.send(&identity, at(2)), Err(SignatureError::Signature));
    };
    refused(|signed| signed.method = "PUT");
    refused(|signed| signed.path = "/api/v1/order?a=2");
    refused(|signed| signed.body = b"{} ");
    refused(|signed| signed.timestamp = at(2).millis().to_string());
    refused(|signed| signed.signature.replace_range(..1, "x"));
    refused(|signed| signed.signature.push('0'));
    refused(|signed| signed.signature.clear());
    assert!(
        good.send(&identity, at(2)).is_ok(),
        "what was refused was not remembered"
    );
}

#[test]
fn the_timestamp_may_be_five_seconds_off_either_way() {
    let (_directory, identity) = fresh();
    let key = key_of(&identity, "alice");
    let now = at(60 * SECOND);
    for (signed, is_good) in [
        (at(55 * SECOND), true),
        (at(55 * SECOND - 1), false),
        (at(65 * SECOND), true),
        (at(65 * SECOND + 1), false),
        (Timestamp::ZERO, false),
    ] {
        let answer = Signed::new(&key, signed).send(&identity, now);
        assert_eq!(answer.is_ok(), is_good, "{signed:?} {answer:?}");
    }
    let mut signed = Signed::new(&key, now);
    for wrong in [
        "",
        "+1800000060000",
        "1800000060000.0",
        " 1800000060000",
        "99999999999999999999",
    ] {
        wrong.clone_into(&mut signed.timestamp);
        assert_eq!(
            signed.send(&identity, now),
            Err(SignatureError::Timestamp),
            "{wrong}"
        );
    }
}

#[test]
fn a_signature_is_good_once() {
    let (directory, identity) = fresh();
    let key = key_of(&identity, "alice");
    let signed = Signed::new(&key, at(SECOND));
    assert!(signed.send(&identity, at(SECOND)).is_ok());
    for later in [1_000, 1_001, 3_000, 6_000] {
        assert_eq!(signed.send(&identity, at(later)), Err(SignatureError::Replayed));
    }
    let mut shouted = signed.clone();
    shouted.signature = signed.signature.to_uppercase();
    assert_eq!(shouted.send(&identity, at(SECOND)), Err(SignatureError::Replayed));
    assert_eq!(
        signed.send(&identity, at(6 * SECOND + 1)),
        Err(SignatureError::Timestamp)
    );
    drop(identity);
    // The memory of signatures is gone, so all from before the start are refused.
    let identity = open(directory.path(), at(SECOND + 1));
    assert_eq!(
        signed.send(&identity, at(SECOND + 1)),
        Err(SignatureError::Timestamp)
    );
}

#[test]
fn a_signature_is_remembered_through_hours_of_others() {
    let (_directory, identity) = fresh();
    let key = key_of(&identity, "alice");
    let mut last: Option<Signed> = None;
    for second in 0..7_200 {
        // The client's clock is ahead by as much as it may.
        let signed = Signed::new(&key, at((second + 5) * SECOND));
        assert!(signed.send(&identity, at(second * SECOND)).is_ok());
        if let Some(last) = last.replace(signed) {
            let again = last.send(&identity, at((second + 9) * SECOND));
            assert_eq!(again, Err(SignatureError::Replayed), "{second}");
        }
    }
}

#[test]
fn two_machines_whose_clocks_are_ten_seconds_apart_can_share_a_key() {
    let (_directory, identity) = fresh();
    let key = key_of(&identity, "alice");
    for step in 50..500 {
        let now = step * 100;
        for signed in [now - 5_000, now + 5_000] {
            let signed = Signed::new(&key, at(signed));
            // One that is ahead is met again by the one behind, ten seconds later.
            let answer = signed.send(&identity, at(now));
            let is_first = step < 150 || signed.timestamp == at(now + 5_000).millis().to_string();
            assert_eq!(answer.is_ok(), is_first, "{step} {answer:?}");
        }
    }
}

#[test]
fn a_clock_that_is_set_back_does_not_open_the_door_to_replays() {
    let (_directory, identity) = fresh();
    let key = key_of(&identity, "alice");
    let old = Signed::new(&key, at(SECOND));
    assert!(old.send(&identity, at(SECOND)).is_ok());
    for hour in 1..4 {
        let now = at(hour * 3_600 * SECOND);
        assert!(Signed::new(&key, now).send(&identity, now).is_ok());
        let then = now.saturating_add_nanos(10_000_000_000);
        assert!(Signed::new(&key, then).send(&identity, then).is_ok());
    }
    assert!(old.send(&identity, at(SECOND)).is_err());
}

#[test]
fn frozen_and_disabled_accounts_are_known_by_their_keys_too() {
    let (_directory, identity) = fresh();
    let key = key_of(&identity, "alice");
    let alice = identity
        .user_named("alice")
        .expect("read")
        .expect("registered")
        .account;
    let set = |standing| {
        identity
            .set_standing(alice, standing, at(0))
            .expect("she is there")
    };
    set(Standing::Frozen);
    let caller = Signed::new(&key, at(1))
        .send(&identity, at(1))
        .expect("she may look");
    assert!(caller.is_frozen);
    set(Standing::Disabled);
    assert_eq!(
        Signed::new(&key, at(2)).send(&identity, at(2)),
        Err(SignatureError::Disabled)
    );
    set(Standing::Active);
    assert!(Signed::new(&key, at(3)).send(&identity, at(3)).is_ok());
}

#[test]
fn keys_are_listed_and_removed_by_their_account_alone() {
    let (directory, identity) = fresh();
    let alice = register(&identity, "alice").account;
    let bob = register(&identity, "bob").account;
    let key = identity
        .create_api_key(alice, "my bot", at(7))
        .expect("her first");
    let listed = identity.api_keys(alice).expect("read");
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].id, &*listed[0].label), (key.id, "my bot"));
    assert_eq!(listed[0].created_ms, at(7).millis());
    assert_eq!(identity.api_keys(bob).expect("read"), []);

    let not_his = identity.delete_api_key(bob, key.id);
    assert!(matches!(not_his, Err(ApiKeyError::NotFound)), "{not_his:?}");
    assert!(Signed::new(&key, at(8)).send(&identity, at(8)).is_ok());

    identity.delete_api_key(alice, key.id).expect("it is hers");
    let refused = Signed::new(&key, at(9)).send(&identity, at(9));
    assert_eq!(refused, Err(SignatureError::UnknownKey));
    drop(identity);
    let identity = open(directory.path(), at(10));
    let refused = Signed::new(&key, at(11)).send(&identity, at(11));
    assert_eq!(refused, Err(SignatureError::UnknownKey));
}

#[test]
fn an_account_has_at_most_so_many_keys() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let two = IdentityOptions {
        api_keys_max: 2,
        ..options()
    };
    let identity = Identity::open(directory.path(), two, at(0)).expect("the store opens");
    let alice = register(&identity, "alice").account;
    let first = identity.create_api_key(alice, "", at(0)).expect("the first");
    identity.create_api_key(alice, "", at(0)).expect("the second");
    let third = identity.create_api_key(alice, "", at(0));
    assert!(
        matches!(third, Err(ApiKeyError::TooMany { keys_max: 2 })),
        "{third:?}"
    );
    identity.delete_api_key(alice, first.id).expect("it is hers");
    assert!(identity.create_api_key(alice, "", at(0)).is_ok());
    for label in [&"a".repeat(65) as &str, "a\nb"] {
        let refused = identity.create_api_key(alice, label, at(0));
        assert!(matches!(refused, Err(ApiKeyError::Label)), "{refused:?}");
    }
}

#[test]
fn what_is_no_key_is_not_looked_for() {
    let (_directory, identity) = fresh();
    let key = key_of(&identity, "alice");
    assert_eq!(ApiKeyId::read(&key.id.to_string()), Some(key.id));
    for wrong in ["", "xk_", &key.id.to_string()[1..], &format!("{}A", key.id)] {
        let mut signed = Signed::new(&key, at(1));
        wrong.clone_into(&mut signed.key);
        assert_eq!(signed.send(&identity, at(1)), Err(SignatureError::UnknownKey));
    }
}
