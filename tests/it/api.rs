//! The HTTP API on both engines: real sockets, a database of each test's own.

mod access;
pub mod app;
mod contract;
mod engines;
mod erasure;
mod form;
mod history;
mod idempotency;
mod limits;
mod oidc;
mod past;
mod path;
mod processes;
mod protocol;
mod slow;
mod tokens;
