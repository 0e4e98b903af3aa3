//! The runtime as its users see it, on disks that behave as badly as real ones may.

mod answers;
mod crash;
mod faults;
mod golden;
mod load;
mod oracle;
mod recovery;
mod repeats;
mod support;
mod time;
