//! Read models: what readers see, computed from events by folds.
//!
//! [`case_status`] is folded anew from its stream for each version and never stale. The others have
//! tables of their own in the read database ([`ReadStore`]) and are fed from the journal's positions
//! by the [`runner`]. Where events come from and how sealed texts are opened is said in the traits
//! [`Feed`] and [`IdentityKeys`](case_identity::IdentityKeys): the journal and the key store are not
//! known here.

pub mod case_identity;
pub mod case_status;
pub mod changes;
pub mod own;
pub mod path;
mod rule_book;
pub mod runner;
mod store;
pub mod table;

pub use rule_book::RuleBook;
pub use runner::{
    Feed, FeedEvent, FoldError, Projection, ProjectionStatus, RunState, Runner, Statuses,
};
pub use store::{ReadConnection, ReadError, ReadHandle, ReadPool, ReadStore, ReadTransaction};

/// Any error of whoever implements a trait of this crate.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
