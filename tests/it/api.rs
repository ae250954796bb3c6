//! The HTTP API on both engines: real sockets, a database of each test's own.

mod access;
mod analytics;
pub mod app;
mod cohorts;
mod contract;
pub mod documents;
mod duplicates;
mod engines;
mod erasure;
mod feed;
mod form;
mod history;
mod idempotency;
mod limits;
mod lists;
pub mod money;
mod oidc;
mod past;
mod path;
mod processes;
mod protocol;
mod reach;
mod slow;
mod tokens;
mod worklists;
