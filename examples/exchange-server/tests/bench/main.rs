//! `exchange-server bench`, started as a user starts it, against servers that answer, stall, refuse and close.

mod server;

mod program;

mod figures;

mod faults;
