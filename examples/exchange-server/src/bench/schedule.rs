//! When each order is due.

use std::cell::Cell;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::alarm::Alarm;

/// An order that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    /// Its number, from 0.
    pub(crate) number: u64,
    /// When it is to be sent.
    pub(crate) intended: Instant,
}

/// Deals out orders at a fixed rate, each with its own time, however late those before it were.
pub(crate) struct Schedule {
    start: Instant,
    rate: u64,
    total: u64,
    /// Nothing is dealt out from here on.
    end: Instant,
    next: Cell<u64>,
    /// Held by the one connection that waits for the next order; the others queue for it.
    alarm: Mutex<Alarm>,
}

impl Schedule {
    /// `rate` orders a second for `length`, and `grace` to send what has become late by then.
    pub(crate) fn new(start: Instant, rate: u32, length: Duration, grace: Duration, alarm: Alarm) -> Self {
        let rate = u64::from(rate);
        let total = u128::from(rate) * length.as_nanos() / 1_000_000_000;
        Self {
            start,
            rate,
            total: u64::try_from(total).unwrap_or(u64::MAX),
            end: start + length + grace,
            next: Cell::new(0),
            alarm: Mutex::new(alarm),
        }
    }

    /// When the order with this number is due.
    pub(crate) fn intended(&self, number: u64) -> Instant {
        let nanos = u128::from(number) * 1_000_000_000 / u128::from(self.rate.max(1));
        self.start + Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// Waits for the next order to be due; `None` when there are no more, or no more time.
    pub(crate) async fn next(&self) -> Option<Due> {
        let mut alarm = self.alarm.lock().await;
        let number = self.next.get();
        if number >= self.total || Instant::now() >= self.end {
            return None;
        }
        self.next.set(number + 1);
        let intended = self.intended(number);
        alarm.wait_until(intended).await;
        Some(Due { number, intended })
    }

    /// The orders that were never dealt out.
    pub(crate) fn left(&self) -> impl Iterator<Item = Due> {
        (self.next.get()..self.total).map(|number| Due {
            number,
            intended: self.intended(number),
        })
    }

    /// How many have been dealt out, and how many there are.
    pub(crate) fn progress(&self) -> (u64, u64) {
        (self.next.get(), self.total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(rate: u32, length: Duration) -> Schedule {
        let alarm = Alarm::new().expect("the system has timers");
        Schedule::new(Instant::now(), rate, length, Duration::from_secs(1), alarm)
    }

    #[tokio::test]
    async fn orders_are_evenly_spread_over_the_time() {
        let schedule = schedule(30_000, Duration::from_secs(2));
        let after = |number| schedule.intended(number) - schedule.start;
        assert_eq!(schedule.progress(), (0, 60_000));
        assert_eq!(after(0), Duration::ZERO);
        assert_eq!(after(1), Duration::from_nanos(33_333));
        assert_eq!(after(30_000), Duration::from_secs(1), "no error adds up");
    }

    #[tokio::test]
    async fn nobody_gets_an_order_before_its_time_and_none_is_left_out() {
        let schedule = schedule(1_000, Duration::from_millis(50));
        let mut numbers = Vec::new();
        while let Some(due) = schedule.next().await {
            assert!(Instant::now() >= due.intended);
            numbers.push(due.number);
        }
        assert_eq!(numbers, (0..50).collect::<Vec<_>>());
        assert_eq!(schedule.left().count(), 0);
    }

    #[tokio::test]
    async fn what_is_late_keeps_its_time() {
        let begun = Instant::now() - Duration::from_millis(500);
        let alarm = Alarm::new().expect("the system has timers");
        let schedule = Schedule::new(begun, 100, Duration::from_secs(1), Duration::ZERO, alarm);
        let due = schedule.next().await.expect("it is due");
        assert_eq!(due.intended, begun, "its latency counts from half a second ago");
    }

    #[tokio::test]
    async fn what_is_not_dealt_out_by_the_end_is_left() {
        let begun = Instant::now() - Duration::from_secs(2);
        let alarm = Alarm::new().expect("the system has timers");
        let schedule = Schedule::new(
            begun,
            100,
            Duration::from_secs(1),
            Duration::from_millis(500),
            alarm,
        );
        assert_eq!(schedule.next().await, None);
        assert_eq!(schedule.left().count(), 100);
    }

    #[tokio::test]
    async fn a_rate_of_zero_has_no_orders() {
        assert_eq!(schedule(0, Duration::from_secs(1)).next().await, None);
    }
}
