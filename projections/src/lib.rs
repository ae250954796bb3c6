//! Read models: what readers see, computed from events by folds.
//!
//! [`case_status`] is folded anew from its stream for each version and never stale. The others have
//! tables of their own in the read database ([`ReadStore`]) and are fed from the journal's positions
//! by the [`runner`]. Where events come from and how sealed texts are opened is said in the traits
//! [`Feed`] and [`IdentityKeys`](case_identity::IdentityKeys): the journal and the key store are not
//! known here.

mod activity;
pub mod analyst;
pub mod analytics;
pub mod case_identity;
pub mod case_status;
mod changes;
mod cohorts;
mod decode;
mod families;
mod folds;
mod funds;
pub mod lists;
pub mod models;
pub mod path;
mod programmes;
mod reach;
pub mod rebuild;
mod rule_book;
pub mod runner;
mod staff;
mod store;
pub mod table;
mod write;

pub use reach::Reach;
pub use rule_book::RuleBook;
pub use runner::{
    Feed, FeedEvent, FoldError, Projection, ProjectionStatus, RunState, Runner, Statuses, Stored,
    StreamPlace,
};
pub use store::{ReadConnection, ReadError, ReadHandle, ReadPool, ReadStore, ReadTransaction};

/// Any error of whoever implements a trait of this crate.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
