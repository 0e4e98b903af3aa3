//! What can be said of an account with yes or no.

use super::paged::Paged;

/// The account exists.
pub(super) const EXISTS: u8 = 1;
/// The account is frozen.
pub(super) const FROZEN: u8 = 1 << 1;
/// The account has or had orders in an instrument on margin.
pub(super) const ON_MARGIN: u8 = 1 << 2;
/// The account belongs to a group.
pub(super) const GROUPED: u8 = 1 << 3;

/// With any of these, more than funds has to be looked at for an order.
const SPECIAL: u8 = FROZEN | ON_MARGIN | GROUPED;

/// The flags of all accounts, by number.
///
/// Invariant: the bit of an account in `special` is 1 exactly if it has a flag of [`SPECIAL`]; beyond the last none has.
/// Few accounts have, so what is looked at for every order is a few bytes or nothing.
pub(super) struct Flags {
    all: Paged<u8, 64>,
    special: Vec<u64>,
}

impl Flags {
    pub(super) fn new() -> Self {
        Self {
            all: Paged::new(),
            special: Vec::new(),
        }
    }

    /// Whether an account has this flag, or one of these.
    #[inline]
    pub(super) fn has(&self, account: u32, flags: u8) -> bool {
        self.all.read(account) & flags != 0
    }

    /// Whether more than funds has to be looked at for an order of this account.
    #[inline]
    pub(super) fn is_special(&self, account: u32) -> bool {
        let bits = self.special.get((account / u64::BITS) as usize);
        bits.is_some_and(|bits| bits >> (account % u64::BITS) & 1 != 0)
    }

    /// Notes whether an account has a flag.
    pub(super) fn set(&mut self, account: u32, flag: u8, is: bool) {
        let flags = self.all.at_mut(account);
        *flags = *flags & !flag | if is { flag } else { 0 };
        let (word, bit) = ((account / u64::BITS) as usize, 1 << (account % u64::BITS));
        if *flags & SPECIAL == 0 {
            if let Some(bits) = self.special.get_mut(word) {
                *bits &= !bit;
            }
        } else {
            if word >= self.special.len() {
                self.special.resize(word + 1, 0);
            }
            self.special[word] |= bit;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_special_as_long_as_it_has_one_of_the_flags_that_matter() {
        let mut flags = Flags::new();
        flags.set(70, EXISTS, true);
        assert!(flags.has(70, EXISTS) && !flags.is_special(70));
        for flag in [FROZEN, ON_MARGIN, GROUPED] {
            flags.set(70, flag, true);
            assert!(flags.is_special(70) && flags.has(70, EXISTS) && flags.has(70, flag));
            assert!(!flags.is_special(69) && !flags.is_special(6) && !flags.is_special(700));
            flags.set(70, flag, false);
            assert!(!flags.is_special(70));
        }
        flags.set(70, FROZEN, true);
        flags.set(70, GROUPED, true);
        flags.set(70, FROZEN, false);
        assert!(flags.is_special(70), "it is still in a group");
    }
}
