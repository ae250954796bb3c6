//! The journal as the store that `cqrs-es` knows: a stock `CqrsFramework` over any aggregate runs on it,
//! with its commits grouped with everybody else's and each event a leaf of the evidence.
//!
//! [`JournalEventStore`] is the `EventStore` of an aggregate, [`JournalRepository`] the
//! `PersistedEventRepository` with its replay streams. Both read with this journal's own statements; to
//! read the same table with somebody else's, there are the repositories of `postgres-es` and
//! `sqlite-es`.
//!
//! What is not taken over: snapshots (a stream is folded from its events, which are short) and a view's
//! repository (read models are told of events by position).

mod failure;
mod replay;
mod repository;
mod serialized;
mod store;

pub use repository::JournalRepository;
pub use store::{JournalEventStore, StreamContext};
