//! Read models: what readers see, computed from events by folds.
//!
//! All but one have tables of their own in the read database ([`ReadStore`]), are fed from the journal by
//! position by the [runner](live), and so stand a moment behind it. The function [`case_status`] is the one:
//! it shows the path that its caller has just loaded, so nothing is stored and nothing is behind. (The table
//! of the same name is one of the others.) Where events come from and how sealed texts are opened is said in the traits
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
mod every_core;
pub mod face;
mod families;
mod feed;
mod folds;
mod funds;
mod history;
mod lease;
pub mod lists;
pub mod live;
pub mod models;
pub mod path;
mod places;
mod programmes;
mod reach;
pub mod rebuild;
mod row_fold;
mod rule_book;
mod shown;
mod staff;
mod store;
mod stream_fold;
pub mod table;
mod write;

pub use changes::Changes;
pub use checkpoint::StoredProjection;
pub use feed::{Feed, FeedEvent, FeedPlace, FoldError, LeafHash, Projection};
pub use live::{ProjectionStatus, RunState, Runner, Statuses};
pub use reach::{ProgrammeOffice, Reach};
pub use rule_book::RuleBook;
pub use store::{
    ReadConnection, ReadError, ReadHandle, ReadPool, ReadStore, ReadTransaction, position_in,
};

/// Any error of whoever implements a trait of this crate.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
