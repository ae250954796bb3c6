//! Replay for people: what happened to somebody, what somebody did, who read whom.
//!
//! Everything here reads; what it reads is put together once for HTTP and for the command line, which
//! differ in how they ask and show. Who may ask is settled by the caller.

pub mod activity;
pub mod difference;
pub mod history;
pub mod person;
pub mod readings;
pub mod sample;
pub mod words;

pub use difference::{Change, changes, pointers};
pub use history::{After, HistoryEvent, HistoryRules, PathHistory, tell};
