//! Bytes that nobody can guess.

/// Fills an array from the operating system.
///
/// # Panics
/// Where the system has no randomness to give, nothing here could be kept safe.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}
