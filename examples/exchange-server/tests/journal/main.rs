//! `exchange-server journal` and `replay --journal`, run as a user runs them, on whole and on damaged journals.

mod build;

mod program;

mod verify;

mod damage;

mod repair;

mod export;

mod replay;

mod same_bytes;

mod golden;
