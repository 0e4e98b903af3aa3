//! Waiting for a moment more exactly than to a millisecond, without using up a processor.

#[cfg(target_os = "linux")]
pub(crate) use exact::Alarm;
#[cfg(not(target_os = "linux"))]
pub(crate) use rough::Alarm;

#[cfg(target_os = "linux")]
mod exact {
    use std::io;
    use std::os::fd::OwnedFd;
    use std::time::{Duration, Instant};

    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };
    use tokio::io::unix::AsyncFd;

    /// A timer of the kernel, which is exact to some microseconds; the runtime's own are to a millisecond.
    pub(crate) struct Alarm {
        timer: AsyncFd<OwnedFd>,
    }

    impl Alarm {
        pub(crate) fn new() -> io::Result<Self> {
            let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
            let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
            #[expect(
                deprecated,
                reason = "an owned descriptor stays open and the same for as long as it is registered"
            )]
            let timer = AsyncFd::new(timer)?;
            Ok(Self { timer })
        }

        /// Returns at `moment` or somewhat later; at once if it is over.
        pub(crate) async fn wait_until(&mut self, moment: Instant) {
            let left = moment.saturating_duration_since(Instant::now());
            // Where the timer fails the runtime's own is better than none.
            if !left.is_zero() && self.ring_after(left).await.is_err() {
                tokio::time::sleep_until(moment.into()).await;
            }
        }

        async fn ring_after(&self, left: Duration) -> io::Result<()> {
            let once = Itimerspec {
                it_interval: Timespec::default(),
                it_value: Timespec {
                    tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
                    tv_nsec: left.subsec_nanos().into(),
                },
            };
            timerfd_settime(self.timer.get_ref(), TimerfdTimerFlags::empty(), &once)?;
            loop {
                let mut guard = self.timer.readable().await?;
                let mut count = [0; 8];
                let read = guard.try_io(|timer| Ok(rustix::io::read(timer.get_ref(), &mut count)?));
                if let Ok(read) = read {
                    return read.map(|_| ());
                }
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod rough {
    use std::io;
    use std::time::Instant;

    /// The runtime's timer, exact to a millisecond or two; what that costs shows as lateness of the tool.
    pub(crate) struct Alarm;

    impl Alarm {
        pub(crate) fn new() -> io::Result<Self> {
            Ok(Self)
        }

        /// Returns at `moment` or somewhat later; at once if it is over.
        pub(crate) async fn wait_until(&mut self, moment: Instant) {
            tokio::time::sleep_until(moment.into()).await;
        }
    }
}
