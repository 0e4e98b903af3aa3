//! Replays one workload on one contender in this process, and measures it.

use crate::contender::{Contender, Tally};
use crate::workload::{Command, Workload};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// What a replay against one clock gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throughput {
    /// How many commands were measured.
    pub commands: u64,
    /// How long they took together, without the time in which another process had the processor.
    pub nanos: u64,
    /// How long that time was, where the system tells.
    pub waited: Option<u64>,
    /// What they and the prefill traded.
    pub tally: Tally,
    /// How much memory the contender added to the process at its peak, where the system tells.
    pub peak_bytes: Option<u64>,
}

/// What a replay with a clock around every call gave, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latency {
    /// Half of the calls took at most this long.
    pub p50: u64,
    /// 99 % of the calls took at most this long.
    pub p99: u64,
    /// 99.9 % of the calls took at most this long.
    pub p999: u64,
    /// The longest call, or the longest time that the process was not allowed to run.
    pub max: u64,
    /// What reading the clock costs. It is taken off all others.
    pub clock: u64,
}

/// Replays a workload as fast as the contender can. The prefill is not on the clock.
pub fn throughput<C: Contender>(workload: &Workload) -> Throughput {
    let memory = Memory::now();
    let mut tally = Tally::default();
    let mut contender = C::new(&workload.header);
    contender.replay(workload.prefill(), &mut tally);
    let (start, worked_before) = (Instant::now(), processor_time());
    clocked(&mut contender, workload.measured(), &mut tally);
    let worked = processor_time()
        .zip(worked_before)
        .map(|(after, before)| after.saturating_sub(before));
    let elapsed = start.elapsed();
    let nanos = worked.unwrap_or(elapsed).as_nanos() as u64;
    let waited = worked.map(|worked| elapsed.saturating_sub(worked).as_nanos() as u64);
    let peak_bytes = memory.and_then(Memory::added_at_peak);
    black_box(&contender);
    Throughput {
        commands: workload.header.commands,
        nanos,
        waited,
        tally,
        peak_bytes,
    }
}

/// What is on the clock, under a name that profilers find.
#[inline(never)]
fn clocked<C: Contender>(contender: &mut C, commands: &[Command], tally: &mut Tally) {
    contender.replay(commands, tally);
}

/// Replays a workload call by call. A call carries as many commands as the contender takes at once.
pub fn latency<C: Contender>(workload: &Workload) -> Latency {
    let mut tally = Tally::default();
    let mut contender = C::new(&workload.header);
    contender.replay(workload.prefill(), &mut tally);
    let clock = clock_cost();
    // Written before it is needed, so that no page of it is first touched between two calls.
    let mut calls = vec![u64::MAX; workload.measured().len().div_ceil(C::BATCH)];
    for (call, commands) in calls.iter_mut().zip(workload.measured().chunks(C::BATCH)) {
        let start = Instant::now();
        contender.replay(commands, &mut tally);
        *call = start.elapsed().as_nanos() as u64;
    }
    black_box((&contender, tally));
    calls.sort_unstable();
    let at = |per_mille: usize| calls.get(calls.len().saturating_sub(1) * per_mille / 1000);
    let net = |per_mille| at(per_mille).map_or(0, |nanos| nanos.saturating_sub(clock));
    Latency {
        p50: net(500),
        p99: net(990),
        p999: net(999),
        max: net(1000),
        clock,
    }
}

/// What two readings of the clock with nothing between them are apart, in the median.
fn clock_cost() -> u64 {
    median_of(|| Instant::now().elapsed().as_nanos() as u64)
}

/// The same of two readings of the processor time.
pub(crate) fn processor_clock_cost() -> Duration {
    let between = || {
        let readings = processor_time().zip(processor_time());
        readings.map_or(0, |(before, after)| {
            after.saturating_sub(before).as_nanos() as u64
        })
    };
    Duration::from_nanos(median_of(between))
}

fn median_of(reading: impl Fn() -> u64) -> u64 {
    let mut readings: Vec<u64> = (0..10_001).map(|_| reading()).collect();
    readings.sort_unstable();
    readings[readings.len() / 2]
}

/// How long this thread has had a processor; `None` where the system does not tell.
#[cfg(unix)]
pub fn processor_time() -> Option<Duration> {
    rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime)
        .try_into()
        .ok()
}

/// How long this thread has had a processor; `None` where the system does not tell.
#[cfg(not(unix))]
pub fn processor_time() -> Option<Duration> {
    None
}

/// The memory of this process at one moment.
struct Memory {
    resident_bytes: u64,
}

impl Memory {
    /// Forgets the peak so far and notes what is resident; `None` where the system does not tell.
    fn now() -> Option<Self> {
        // 5 resets the high-water mark of the resident memory: proc_pid_clear_refs(5).
        std::fs::write("/proc/self/clear_refs", "5").ok()?;
        Some(Self {
            resident_bytes: status_bytes("VmRSS:")?,
        })
    }

    fn added_at_peak(self) -> Option<u64> {
        Some(status_bytes("VmHWM:")?.saturating_sub(self.resident_bytes))
    }
}

fn status_bytes(field: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024)
}
