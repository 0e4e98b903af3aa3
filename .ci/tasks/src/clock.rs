//! How long things took.

use std::time::Duration;

/// Minutes and seconds for people, with tenths only where they mean something.
pub(crate) fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 60 {
        return format!("{}.{} s", seconds, time.subsec_millis() / 100);
    }
    format!("{} m {:02} s", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_readable() {
        assert_eq!(clock(Duration::from_millis(950)), "0.9 s");
        assert_eq!(clock(Duration::from_secs(61)), "1 m 01 s");
    }
}
