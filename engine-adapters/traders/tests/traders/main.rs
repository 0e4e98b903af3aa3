//! The crowd trades in an engine for simulated hours, and the simulated past goes through one.

mod crowd;

mod funds;

mod history;

mod lag;

mod simulation;
