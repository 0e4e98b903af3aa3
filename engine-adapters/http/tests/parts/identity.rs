//! Users, passwords, sessions and tokens.

use std::path::Path;

use engine_core::{AccountId, Timestamp};
use engine_http::identity::{
    AccountError, Caller, EnsureError, Grant, HashCost, Identity, IdentityOptions, LoginError, NameError,
    OpenError, PasswordError, RefreshError, RegisterError, Standing, StoreOpenError, Tier, TokenError,
};
use tempfile::TempDir;

use crate::time::{DAY, MINUTE, SECOND, at};

pub(crate) const PASSWORD: &str = "correct horse";

pub(crate) fn options() -> IdentityOptions {
    IdentityOptions {
        hash_cost: HashCost {
            memory_kib: 8,
            passes: 1,
            lanes: 1,
        },
        ..IdentityOptions::default()
    }
}

pub(crate) fn open(directory: &Path, now: Timestamp) -> Identity {
    Identity::open(directory, options(), now).expect("the store opens")
}

/// A store in a directory of its own, opened at the start of time.
pub(crate) fn fresh() -> (TempDir, Identity) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let identity = open(directory.path(), at(0));
    (directory, identity)
}

pub(crate) fn register(identity: &Identity, name: &str) -> Grant {
    identity
        .register(name, PASSWORD, at(0))
        .expect("the name is free")
}

fn account(number: u64) -> AccountId {
    AccountId::new(number).expect("not 0")
}

fn verify(identity: &Identity, grant: &Grant, now: Timestamp) -> Result<Caller, TokenError> {
    identity.verify(grant.access_token.expose(), now)
}

fn refresh(identity: &Identity, grant: &Grant, now: Timestamp) -> Result<Grant, RefreshError> {
    identity.refresh(grant.refresh_token.expose(), now)
}

#[test]
fn accounts_are_numbered_from_one_also_after_a_restart() {
    let (directory, identity) = fresh();
    assert_eq!(register(&identity, "alice").account, account(1));
    assert_eq!(register(&identity, "bob").account, account(2));
    drop(identity);
    let identity = open(directory.path(), at(1));
    assert_eq!(register(&identity, "carol").account, account(3));
}

#[test]
fn a_refused_registration_leaves_nothing_behind() {
    let (_directory, identity) = fresh();
    register(&identity, "alice");
    for _ in 0..3 {
        let again = identity.register("ALICE", "another password", at(0));
        assert!(matches!(again, Err(RegisterError::Taken)), "{again:?}");
    }
    assert_eq!(register(&identity, "bob").account, account(2));
    let login = identity.login("alice", "another password", at(0));
    assert!(matches!(login, Err(LoginError::Refused)), "{login:?}");
}

#[test]
fn names_and_passwords_that_break_a_rule_are_told_which() {
    let (_directory, identity) = fresh();
    let refused = |name: &str, password: &str| {
        identity
            .register(name, password, at(0))
            .expect_err("a rule is broken")
    };
    assert!(matches!(
        refused("al", PASSWORD),
        RegisterError::Name(NameError::TooShort)
    ));
    assert!(matches!(
        refused("a b c", PASSWORD),
        RegisterError::Name(NameError::Sign)
    ));
    let short = refused("alice", "hunter2");
    assert!(matches!(short, RegisterError::Password(PasswordError::TooShort)));
    assert!(!format!("{short:?} {short}").contains("hunter2"));
    assert!(matches!(
        refused("alice123", "Alice123"),
        RegisterError::Password(PasswordError::IsName)
    ));
}

#[test]
fn login_takes_the_name_in_any_case_and_the_password_as_it_is() {
    let (_directory, identity) = fresh();
    let registered = register(&identity, "Alice");
    let login = identity.login("aLICE", PASSWORD, at(0)).expect("both are right");
    assert_eq!(login.account, registered.account);
    assert_eq!(login.expires_in_s, 900);
    for (name, password) in [
        ("alice", "Correct horse"),
        ("alice", ""),
        ("alicf", PASSWORD),
        ("", PASSWORD),
        ("alice", &format!("{PASSWORD}{}", " ".repeat(1 << 20)) as &str),
    ] {
        let refused = identity.login(name, password, at(0));
        assert!(matches!(refused, Err(LoginError::Refused)), "{name} {refused:?}");
    }
}

#[test]
fn a_users_name_is_kept_as_it_was_written() {
    let (_directory, identity) = fresh();
    let registered = register(&identity, "Alice");
    let user = identity.user_named("ALICE").expect("the store is read");
    let user = user.expect("she is registered");
    assert_eq!((&*user.username, user.account), ("Alice", registered.account));
    assert_eq!((user.tier, user.standing), (Tier::Free, Standing::Active));
    assert_eq!(identity.user_named("bob").expect("the store is read"), None);
}

#[test]
fn an_access_token_is_good_for_fifteen_minutes_also_after_a_restart() {
    let (directory, identity) = fresh();
    let grant = register(&identity, "alice");
    drop(identity);
    let identity = open(directory.path(), at(MINUTE));
    let caller = verify(&identity, &grant, at(14 * MINUTE)).expect("its time is not over");
    assert_eq!((caller.account, caller.tier), (grant.account, Tier::Free));
    assert_eq!(
        verify(&identity, &grant, at(15 * MINUTE)),
        Err(TokenError::Expired)
    );
}

#[test]
fn a_token_of_another_server_is_refused() {
    let (_one, ours) = fresh();
    let (_other, theirs) = fresh();
    register(&ours, "alice");
    let grant = register(&theirs, "alice");
    assert_eq!(verify(&ours, &grant, at(0)), Err(TokenError::Signature));
    assert!(matches!(
        refresh(&ours, &grant, at(0)),
        Err(RefreshError::Refused)
    ));
}

#[test]
fn a_refresh_token_gives_the_next_one() {
    let (directory, identity) = fresh();
    let first = register(&identity, "alice");
    let second = refresh(&identity, &first, at(10 * MINUTE)).expect("it is good");
    assert_ne!(first.refresh_token, second.refresh_token);
    assert_ne!(first.access_token, second.access_token);
    assert!(verify(&identity, &second, at(24 * MINUTE)).is_ok());
    drop(identity);
    let identity = open(directory.path(), at(DAY));
    assert!(refresh(&identity, &second, at(DAY)).is_ok());
}

#[test]
fn a_refresh_token_that_comes_twice_ends_its_session_and_no_other() {
    let (_directory, identity) = fresh();
    let first = register(&identity, "alice");
    let other = identity.login("alice", PASSWORD, at(0)).expect("both are right");
    let second = refresh(&identity, &first, at(1)).expect("it is good");
    let third = refresh(&identity, &second, at(2)).expect("it is good");
    let again = refresh(&identity, &first, at(3));
    assert!(
        matches!(again, Err(RefreshError::Reused { account }) if account == first.account),
        "{again:?}"
    );
    let last = refresh(&identity, &third, at(4));
    assert!(matches!(last, Err(RefreshError::Refused)), "{last:?}");
    for grant in [&first, &second, &third] {
        assert_eq!(verify(&identity, grant, at(5)), Err(TokenError::Ended));
    }
    assert!(verify(&identity, &other, at(5)).is_ok());
    assert!(refresh(&identity, &other, at(5)).is_ok());
}

#[test]
fn a_made_up_refresh_token_ends_nobody_s_session() {
    let (_directory, identity) = fresh();
    let grant = register(&identity, "alice");
    let good = grant.refresh_token.expose();
    // The numbers of account and session are in its first 22 signs; the secret name of the session follows.
    for place in [22, 30, 40] {
        let mut forged = good.to_owned();
        let sign = if &forged[place..=place] == "A" { "B" } else { "A" };
        forged.replace_range(place..=place, sign);
        let refused = identity.refresh(&forged, at(1));
        assert!(matches!(refused, Err(RefreshError::Refused)), "{refused:?}");
    }
    for wrong in [
        "",
        "A",
        &good[1..],
        &format!("{good}A"),
        &good.replace(&good[5..6], "="),
    ] {
        let refused = identity.refresh(wrong, at(1));
        assert!(matches!(refused, Err(RefreshError::Refused)), "{refused:?}");
    }
    assert!(refresh(&identity, &grant, at(2)).is_ok());
}

#[test]
fn a_refresh_token_is_good_for_thirty_days_from_its_last_use() {
    let (_directory, identity) = fresh();
    let first = register(&identity, "alice");
    let second = refresh(&identity, &first, at(30 * DAY - 1)).expect("it is good");
    let third = refresh(&identity, &second, at(60 * DAY - 2)).expect("it is good");
    let late = refresh(&identity, &third, at(90 * DAY - 2));
    assert!(matches!(late, Err(RefreshError::Refused)), "{late:?}");
}

#[test]
fn logout_ends_the_session_with_all_its_tokens_also_after_a_restart() {
    let (directory, identity) = fresh();
    let grant = register(&identity, "alice");
    let other = identity.login("alice", PASSWORD, at(0)).expect("both are right");
    identity
        .logout(grant.refresh_token.expose(), at(1))
        .expect("the store is written");
    assert_eq!(verify(&identity, &grant, at(2)), Err(TokenError::Ended));
    assert!(verify(&identity, &other, at(2)).is_ok());
    drop(identity);
    let identity = open(directory.path(), at(MINUTE));
    assert_eq!(verify(&identity, &grant, at(MINUTE)), Err(TokenError::Ended));
    let refused = refresh(&identity, &grant, at(MINUTE));
    assert!(matches!(refused, Err(RefreshError::Refused)), "{refused:?}");
    assert!(verify(&identity, &other, at(MINUTE)).is_ok());
}

#[test]
fn a_caller_can_end_the_session_that_it_is_in() {
    let (_directory, identity) = fresh();
    let grant = register(&identity, "alice");
    let caller = verify(&identity, &grant, at(0)).expect("the token is good");
    identity
        .end_session(&caller, at(1))
        .expect("the store is written");
    assert_eq!(verify(&identity, &grant, at(1)), Err(TokenError::Ended));
    assert!(refresh(&identity, &grant, at(1)).is_err());
}

#[test]
fn one_login_too_many_ends_the_oldest_session() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let two = IdentityOptions {
        sessions_max: 2,
        ..options()
    };
    let identity = Identity::open(directory.path(), two, at(0)).expect("the store opens");
    let grants = [
        register(&identity, "alice"),
        identity.login("alice", PASSWORD, at(1)).expect("both are right"),
        identity.login("alice", PASSWORD, at(2)).expect("both are right"),
    ];
    let good = grants
        .each_ref()
        .map(|grant| verify(&identity, grant, at(3)).is_ok());
    assert_eq!(good, [false, true, true]);
    let good = grants
        .each_ref()
        .map(|grant| refresh(&identity, grant, at(3)).is_ok());
    assert_eq!(good, [false, true, true]);
}

#[test]
fn tier_and_standing_hold_from_the_next_request_on() {
    let (directory, identity) = fresh();
    let grant = register(&identity, "alice");
    identity
        .set_tier(grant.account, Tier::Admin)
        .expect("she is registered");
    identity
        .set_standing(grant.account, Standing::Frozen, at(1))
        .expect("she is registered");
    let check = |identity: &Identity| {
        let caller = verify(identity, &grant, at(2)).expect("a frozen account may look");
        assert_eq!((caller.tier, caller.is_frozen), (Tier::Admin, true));
    };
    check(&identity);
    drop(identity);
    check(&open(directory.path(), at(2)));
}

#[test]
fn a_disabled_account_may_do_nothing() {
    let (_directory, identity) = fresh();
    let grant = register(&identity, "alice");
    let set = |standing, now| {
        identity
            .set_standing(grant.account, standing, now)
            .expect("she is registered");
    };
    set(Standing::Disabled, at(1));
    assert_eq!(verify(&identity, &grant, at(2)), Err(TokenError::Ended));
    assert!(matches!(
        refresh(&identity, &grant, at(2)),
        Err(RefreshError::Disabled)
    ));
    assert!(matches!(
        identity.login("alice", PASSWORD, at(2)),
        Err(LoginError::Disabled)
    ));
    assert!(matches!(
        identity.login("alice", "a wrong password", at(2)),
        Err(LoginError::Refused)
    ));
    // Brought back, it has to log in anew.
    set(Standing::Active, at(3));
    assert_eq!(verify(&identity, &grant, at(4)), Err(TokenError::Ended));
    assert!(refresh(&identity, &grant, at(4)).is_err());
    let login = identity.login("alice", PASSWORD, at(4)).expect("both are right");
    assert!(verify(&identity, &login, at(5)).is_ok());
}

#[test]
fn a_new_password_ends_the_sessions_and_the_old_one() {
    let (_directory, identity) = fresh();
    let grant = register(&identity, "alice");
    let short = identity.set_password(grant.account, "short", at(1));
    assert!(matches!(
        short,
        Err(AccountError::Password(PasswordError::TooShort))
    ));
    assert!(verify(&identity, &grant, at(1)).is_ok());
    identity
        .set_password(grant.account, "battery staple", at(1))
        .expect("it keeps the rules");
    assert_eq!(verify(&identity, &grant, at(2)), Err(TokenError::Ended));
    assert!(identity.login("alice", PASSWORD, at(2)).is_err());
    assert!(identity.login("alice", "battery staple", at(2)).is_ok());
}

#[test]
fn an_unknown_account_cannot_be_changed() {
    let (_directory, identity) = fresh();
    for nobody in [account(1), account(u64::MAX)] {
        let changed = identity.set_tier(nobody, Tier::Admin);
        assert!(matches!(changed, Err(AccountError::NotFound)), "{changed:?}");
    }
}

#[test]
fn nobody_can_log_in_to_an_account_of_the_server_itself() {
    let (directory, identity) = fresh();
    let demo = identity
        .ensure("demo", Tier::Enterprise, at(0))
        .expect("the name is free");
    drop(identity);
    let identity = open(directory.path(), at(1));
    let again = identity.ensure("Demo", Tier::Enterprise, at(1));
    assert_eq!(again.expect("it is there"), demo);
    for password in ["", PASSWORD] {
        assert!(matches!(
            identity.login("demo", password, at(1)),
            Err(LoginError::Refused)
        ));
    }
    assert!(matches!(
        identity.register("demo", PASSWORD, at(1)),
        Err(RegisterError::Taken)
    ));
    register(&identity, "alice");
    let hers = identity.ensure("alice", Tier::Free, at(1));
    assert!(matches!(hers, Err(EnsureError::Taken)), "{hers:?}");
}

#[test]
fn no_secret_is_in_a_debug_form() {
    let (_directory, identity) = fresh();
    let grant = register(&identity, "alice");
    let key = identity
        .create_api_key(grant.account, "bot", at(0))
        .expect("her first");
    let shown = format!("{identity:?} {grant:?} {key:?}");
    let secrets = [&grant.access_token, &grant.refresh_token, &key.secret];
    for secret in secrets {
        assert!(!shown.contains(secret.expose()));
        assert!(!shown.contains(&secret.expose()[40..]));
    }
    assert!(!shown.contains(PASSWORD));
}

#[test]
fn without_its_secret_the_store_is_not_opened() {
    let (directory, identity) = fresh();
    register(&identity, "alice");
    drop(identity);
    let secret = directory.path().join("identity.secret");
    let kept = std::fs::read(&secret).expect("it is there");
    std::fs::remove_file(&secret).expect("it is there");
    let refused = Identity::open(directory.path(), options(), at(1));
    assert!(
        matches!(refused, Err(OpenError::Store(StoreOpenError::OtherSecret))),
        "{refused:?}"
    );
    std::fs::write(&secret, kept).expect("it is written");
    assert!(
        open(directory.path(), at(1))
            .login("alice", PASSWORD, at(1))
            .is_ok()
    );
}

#[test]
fn options_that_cannot_be_are_refused() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let wrong = |change: fn(&mut IdentityOptions)| {
        let mut options = options();
        change(&mut options);
        let refused = Identity::open(directory.path(), options, at(0));
        assert!(matches!(refused, Err(OpenError::Options(_))), "{refused:?}");
    };
    wrong(|options| options.issuer = String::new());
    wrong(|options| options.audience = "a\"b".to_owned());
    wrong(|options| options.access_lifetime_s = 0);
    wrong(|options| options.refresh_lifetime_s = u64::MAX);
    wrong(|options| options.sessions_max = 0);
    wrong(|options| options.hash_cost.memory_kib = 7);
}

#[test]
fn of_two_that_use_one_refresh_token_at_once_one_is_served() {
    let (_directory, identity) = fresh();
    let grant = register(&identity, "alice");
    let served = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| refresh(&identity, &grant, at(SECOND)).is_ok()))
            .collect();
        let served = threads.into_iter().map(|thread| thread.join().expect("no panic"));
        served.filter(|is_served| *is_served).count()
    });
    assert_eq!(served, 1);
}

#[test]
fn of_many_that_want_one_name_at_once_one_has_it() {
    let (_directory, identity) = fresh();
    let served = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| identity.register("alice", PASSWORD, at(0)).is_ok()))
            .collect();
        let served = threads.into_iter().map(|thread| thread.join().expect("no panic"));
        served.filter(|is_served| *is_served).count()
    });
    assert_eq!(served, 1);
    assert_eq!(register(&identity, "bob").account, account(2));
}
