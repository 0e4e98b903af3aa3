//! The crowd trades in an engine for simulated hours, and the simulated past goes through one.

mod accounts;

mod crowd;

mod history;

mod inventories;

mod lag;

mod simulation;
