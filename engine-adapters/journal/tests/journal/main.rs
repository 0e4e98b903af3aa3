//! What must not go wrong with a journal, tried on a disk that does everything wrong.
//!
//! Random tests print their seed; `ENGINE_SEED=<number>` repeats one. `ENGINE_SOAK=<factor>` makes the long ones
//! that many times longer.

mod cases;
mod crash;
mod damage;
mod disk;
mod faults;
mod golden;
mod live;
mod repair;
mod snapshots;
mod support;
mod tail;
