//! A disk that loses what was not synced, tears it, fills up and refuses: for the tests of everything that writes.

mod disk;
mod image;
mod random;

pub use disk::{Faults, SimulatedDisk, SimulatedFile, SimulatedLock, StepKind};
pub use random::Random;
