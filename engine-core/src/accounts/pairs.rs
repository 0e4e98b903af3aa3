//! Two numbers for each account: in 16 bytes as long as they are small, and exact in any case.
//!
//! A hundred thousand accounts in 32 bytes each are more memory than a processor finds without searching its page
//! tables; in 16 bytes they are not. Numbers beyond 64 bits are rare and live apart.

use std::collections::BTreeMap;

use super::paged::Paged;

/// The first number of an account whose numbers live apart.
const APART: i64 = i64::MIN;

/// Numbers within plus and minus this are small: with that much twice more they are still within 64 bits.
const SMALL: i64 = 1 << 61;

/// Whether all these numbers are small.
#[inline(always)]
pub(super) fn are_small<const COUNT: usize>(pairs: [[i64; 2]; COUNT]) -> bool {
    let above_zero = |number: i64| number.wrapping_add(SMALL) as u64;
    let bits = |pair: [i64; 2]| above_zero(pair[0]) | above_zero(pair[1]);
    pairs.into_iter().fold(0, |all, pair| all | bits(pair)) < 2 * SMALL as u64
}

/// Pairs of numbers by account; zeros where none was written.
///
/// Invariant: a pair lives apart exactly if one of its numbers does not fit beside the other.
pub(super) struct Pairs {
    near: Paged<[i64; 2], 64>,
    apart: BTreeMap<u32, [i128; 2]>,
}

impl Pairs {
    pub(super) fn new() -> Self {
        Self {
            near: Paged::new(),
            apart: BTreeMap::new(),
        }
    }

    /// Both numbers of an account.
    #[inline]
    pub(super) fn read(&self, account: u32) -> [i128; 2] {
        let near = self.near.read(account);
        if near[0] == APART {
            return self.apart[&account];
        }
        near.map(i128::from)
    }

    /// Where both numbers of an account are, if they were ever written.
    #[inline]
    pub(super) fn find(&self, account: u32) -> Option<u32> {
        self.near.find(account)
    }

    /// Where both numbers of an account are; from now on they are somewhere.
    #[inline]
    pub(super) fn ensure(&mut self, account: u32) -> u32 {
        self.near.ensure(account)
    }

    /// Both numbers in a row that was found, if they do not live apart.
    #[inline]
    pub(super) fn near(&self, row: u32) -> Option<[i64; 2]> {
        let near = self.near.row(row);
        (near[0] != APART).then_some(near)
    }

    /// Replaces both numbers of an account.
    #[inline]
    pub(super) fn write(&mut self, account: u32, pair: [i128; 2]) {
        let near = self.near.at_mut(account);
        if let (Ok(one), Ok(other)) = (i64::try_from(pair[0]), i64::try_from(pair[1]))
            && one != APART
            && near[0] != APART
        {
            *near = [one, other];
        } else {
            self.write_apart(account, pair);
        }
    }

    /// Replaces a pair that lives apart, or will.
    #[cold]
    fn write_apart(&mut self, account: u32, pair: [i128; 2]) {
        let near = self.near.at_mut(account);
        match pair.map(i64::try_from) {
            [Ok(one), Ok(other)] if one != APART => {
                *near = [one, other];
                self.apart.remove(&account);
            }
            _ => {
                *near = [APART, 0];
                self.apart.insert(account, pair);
            }
        }
    }

    /// Both numbers in a row of which it is known that they do not live apart.
    #[inline]
    pub(super) fn row(&self, row: u32) -> [i64; 2] {
        self.near.row(row)
    }

    /// Adds to both numbers in a row of which it is known that they do not live apart, neither before nor after, and
    /// returns them.
    #[inline(always)]
    pub(super) fn add_near(&mut self, row: u32, more: [i64; 2]) -> [i64; 2] {
        let near = self.near.row_mut(row);
        let pair = [near[0] + more[0], near[1] + more[1]];
        // One after the other, and not read again at once: a processor waits for what it has written in parts.
        near[0] = pair[0];
        near[1] = pair[1];
        pair
    }

    /// Adds to both numbers of an account.
    #[inline]
    pub(super) fn add(&mut self, account: u32, more: [i128; 2]) {
        let near = self.near.at_mut(account);
        if let [Ok(one), Ok(other)] = more.map(i64::try_from)
            && let (Some(one), Some(other)) = (near[0].checked_add(one), near[1].checked_add(other))
            && near[0] != APART
            && one != APART
        {
            *near = [one, other];
        } else {
            self.add_apart(account, more);
        }
    }

    #[cold]
    #[inline(never)]
    fn add_apart(&mut self, account: u32, more: [i128; 2]) {
        let [one, other] = self.read(account);
        self.write(account, [one + more[0], other + more[1]]);
    }

    /// Reads a part of a row that was found. The result means nothing.
    #[inline]
    pub(super) fn touch(&self, row: u32) -> i64 {
        self.near.row(row)[0]
    }

    /// All pairs of all pages, with their accounts, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, [i128; 2])> {
        self.near.iter().map(|(account, _)| (account, self.read(account)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_exact_beyond_64_bits_and_come_back() {
        let mut pairs = Pairs::new();
        let most = i128::from(i64::MAX);
        for pair in [
            [1, 2],
            [most, -most],
            [most + 1, 0],
            [0, most + 1],
            [-most - 1, 5],
            [-most, 7],
            [1 << 96, -1],
        ] {
            pairs.write(3, pair);
            assert_eq!(pairs.read(3), pair);
            let fits = pair.iter().all(|number| number.abs() <= most);
            assert_eq!(pairs.apart.is_empty(), fits, "{pair:?} lives where it belongs");
        }
        let mut add = |account, more| {
            pairs.add(account, more);
            (pairs.read(account), pairs.apart.is_empty())
        };
        assert_eq!(add(3, [-(1 << 96), 1]), ([0, 0], true));
        assert_eq!(add(4, [most, 1]), ([most, 1], true));
        assert_eq!(add(4, [1, 1]), ([most + 1, 2], false));
        assert_eq!(pairs.read(5), [0, 0]);
    }

    #[test]
    fn what_is_small_has_room_for_as_much_twice_more() {
        for small in [0, 1, -1, SMALL - 1, -SMALL] {
            assert!(are_small([[small, 0], [0, small]]), "{small}");
        }
        for large in [SMALL, -SMALL - 1, i64::MAX, APART] {
            assert!(
                !are_small([[large, 0], [0, 0]]) && !are_small([[0, 0], [0, large]]),
                "{large}"
            );
        }
    }
}
