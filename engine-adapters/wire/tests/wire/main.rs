//! What the wire forms promise, seen from outside.

mod samples;

mod tables;

mod binary;

mod golden;

mod requests;

mod lines;

mod events;
