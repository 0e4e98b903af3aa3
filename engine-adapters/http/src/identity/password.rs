//! Passwords: what they must be, and how they are kept (Argon2id, RFC 9106).

use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version};

use super::mac::is_same;
use super::random::random;

/// The fewest characters of a password.
pub const PASSWORD_LENGTH_MIN: usize = 8;
/// The most bytes of a password; more would only cost time.
pub const PASSWORD_LENGTH_MAX: usize = 128;

/// Why a text is no password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// It has too few characters.
    #[error("a password has at least {PASSWORD_LENGTH_MIN} characters")]
    TooShort,
    /// It has too many bytes.
    #[error("a password has at most {PASSWORD_LENGTH_MAX} bytes")]
    TooLong,
    /// It is what everybody would try first.
    #[error("a password is not the username")]
    IsName,
}

/// Says what is wrong with a password that somebody wants to have.
pub(crate) fn check_rules(password: &str, name: &str) -> Result<(), PasswordError> {
    if password.len() > PASSWORD_LENGTH_MAX {
        Err(PasswordError::TooLong)
    } else if password.chars().count() < PASSWORD_LENGTH_MIN {
        Err(PasswordError::TooShort)
    } else if password.eq_ignore_ascii_case(name) {
        Err(PasswordError::IsName)
    } else {
        Ok(())
    }
}

/// What it costs to try one password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashCost {
    /// Memory in KiB, at least 8 for each lane.
    pub memory_kib: u32,
    /// How often that memory is walked, at least once.
    pub passes: u32,
    /// How many lanes it has, at least one; all of them are walked by one thread.
    pub lanes: u32,
}

impl Default for HashCost {
    /// 19 MiB, 2 passes, 1 lane: the least that OWASP's cheat sheet on password storage recommends.
    fn default() -> Self {
        Self {
            memory_kib: 19_456,
            passes: 2,
            lanes: 1,
        }
    }
}

impl HashCost {
    /// Whether Argon2 can be run with it.
    pub fn is_valid(&self) -> bool {
        self.params().is_some()
    }

    fn params(&self) -> Option<Params> {
        Params::new(self.memory_kib, self.passes, self.lanes, Some(32)).ok()
    }
}

/// What is kept of a password.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PasswordHash {
    pub(crate) cost: HashCost,
    pub(crate) salt: [u8; 16],
    pub(crate) hash: [u8; 32],
}

impl PasswordHash {
    pub(crate) fn of(password: &str, cost: HashCost) -> Self {
        let salt = random();
        let hash = run(password, &salt, cost);
        Self { cost, salt, hash }
    }

    /// A hash that belongs to no password, and costs as much to try as one that does.
    pub(crate) fn of_nobody(cost: HashCost) -> Self {
        Self {
            cost,
            salt: [0; 16],
            hash: random(),
        }
    }

    pub(crate) fn is_of(&self, password: &str) -> bool {
        is_same(&self.hash, &run(password, &self.salt, self.cost))
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(hidden)")
    }
}

#[cfg(test)]
thread_local! {
    static RUNS: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
}

/// How often this thread has run Argon2.
#[cfg(test)]
pub(super) fn runs() -> u32 {
    RUNS.get()
}

fn run(password: &str, salt: &[u8; 16], cost: HashCost) -> [u8; 32] {
    #[cfg(test)]
    RUNS.set(RUNS.get() + 1);
    let params = cost
        .params()
        .expect("the cost was checked before anything was hashed");
    let mut hash = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(password.as_bytes(), salt, &mut hash)
        .expect("password, salt and hash have lengths that Argon2 takes");
    hash
}

#[cfg(test)]
mod tests {
    use super::{HashCost, PasswordError, PasswordHash, check_rules};

    const CHEAP: HashCost = HashCost {
        memory_kib: 8,
        passes: 1,
        lanes: 1,
    };

    #[test]
    fn only_its_own_password_fits_a_hash() {
        let hash = PasswordHash::of("correct horse", CHEAP);
        assert!(hash.is_of("correct horse"));
        assert!(!hash.is_of("correct horsf"));
        assert!(!hash.is_of("correct horse "));
        assert!(!PasswordHash::of_nobody(CHEAP).is_of("correct horse"));
    }

    #[test]
    fn the_same_password_is_kept_differently_each_time() {
        assert_ne!(
            PasswordHash::of("correct horse", CHEAP).hash,
            PasswordHash::of("correct horse", CHEAP).hash
        );
    }

    #[test]
    fn passwords_have_eight_characters_to_128_bytes_and_are_not_the_name() {
        assert_eq!(check_rules("1234567", "alice"), Err(PasswordError::TooShort));
        assert_eq!(check_rules("12345678", "alice"), Ok(()));
        assert_eq!(check_rules("비밀번호", "alice"), Err(PasswordError::TooShort));
        assert_eq!(check_rules("긴비밀번호여덟자", "alice"), Ok(()));
        assert_eq!(check_rules(&"a".repeat(128), "alice"), Ok(()));
        assert_eq!(
            check_rules(&"a".repeat(129), "alice"),
            Err(PasswordError::TooLong)
        );
        assert_eq!(check_rules("Alice1234", "alice1234"), Err(PasswordError::IsName));
    }

    #[test]
    fn a_cost_that_argon2_does_not_take_is_known() {
        assert!(HashCost::default().is_valid() && CHEAP.is_valid());
        for wrong in [
            HashCost {
                memory_kib: 7,
                ..CHEAP
            },
            HashCost { passes: 0, ..CHEAP },
            HashCost { lanes: 2, ..CHEAP },
        ] {
            assert!(!wrong.is_valid(), "{wrong:?}");
        }
    }
}
