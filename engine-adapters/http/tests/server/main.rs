//! The server as a user meets it: over sockets, from the outside.

mod auth;
mod connections;
mod orders;
mod requests;
mod socket;
mod support;
mod websocket;
