//! HMAC-SHA256 under a key that nobody can print.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// A key, with the two blocks that depend on nothing else hashed already.
#[derive(Clone)]
pub(crate) struct MacKey(Hmac<Sha256>);

impl MacKey {
    pub(crate) fn new(key: &[u8]) -> Self {
        Self(Hmac::new_from_slice(key).expect("HMAC takes keys of every length"))
    }

    /// The code of the parts, one behind the other.
    pub(crate) fn sign(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// Whether the code is that of the parts, in a time that does not tell how much of it is right.
    pub(crate) fn is_of(&self, code: &[u8; 32], parts: &[&[u8]]) -> bool {
        is_same(code, &self.sign(parts))
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacKey(hidden)")
    }
}

/// Compares without a hint where the first difference is.
pub(crate) fn is_same(one: &[u8; 32], other: &[u8; 32]) -> bool {
    one.ct_eq(other).into()
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[test]
fn the_second_case_of_rfc_4231_is_met() {
    let key = MacKey::new(b"Jefe");
    let code = key.sign(&[b"what do ya want ", b"for nothing?"]);
    assert_eq!(&code[..4], [0x5b, 0xdc, 0xc1, 0x46]);
    assert_eq!(&code[28..], [0x64, 0xec, 0x38, 0x43]);
    assert!(key.is_of(&code, &[b"what do ya want for nothing?"]));
    assert!(!key.is_of(&code, &[b"what do ya want for nothing!"]));
}
