//! Read models: what readers see, computed from events by folds.
//!
//! [`case_status`] is folded anew from its stream for each version and never stale. The others have
//! tables of their own in the read database ([`ReadStore`]) and are fed from the journal's positions
//! by the [runner](live). Where events come from and how sealed texts are opened is said in the traits
//! [`Feed`] and [`IdentityKeys`](case_identity::IdentityKeys): the journal and the key store are not
//! known here.

mod activity;
pub mod analyst;
pub mod analytics;
pub mod case_identity;
pub mod case_status;
mod changes;
mod checkpoint;
mod cohorts;
mod decode;
mod families;
mod feed;
mod folds;
mod funds;
mod lease;
pub mod lists;
pub mod live;
pub mod models;
pub mod path;
mod programmes;
mod reach;
pub mod rebuild;
mod rule_book;
mod staff;
mod store;
mod stream_fold;
pub mod table;
mod write;

pub use changes::Changes;
pub use checkpoint::Stored;
pub use feed::{Feed, FeedEvent, FoldError, Projection, StreamPlace};
pub use live::{ProjectionStatus, RunState, Runner, Statuses};
pub use reach::Reach;
pub use rule_book::RuleBook;
pub use store::{
    ReadConnection, ReadError, ReadHandle, ReadPool, ReadStore, ReadTransaction, position_in,
};

/// Any error of whoever implements a trait of this crate.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
