//! Figures for those who must see nobody: what is published, and when it moves on.
//!
//! Everything such a reader is told is worked out of one table of *base cells* ([`Audience`]). A cell
//! is *released* at reporting moments alone ([`Schedule`]), and only when what is told of it then and
//! what was told of it at any earlier release differ by nobody or by at least [`FEW`] people
//! ([`History`]); until then it stands as it was. So whatever two answers are set against one another,
//! what differs between them is made of at least five people: filters, groups and periods only choose
//! which released cells are added up ([`answer`](mod@answer)).

pub mod answer;
mod build;
mod contribution;
mod history;
mod lattice;
mod schedule;
mod served;
mod table;
pub mod targets;

pub use answer::Ask;
pub use build::Building;
pub use contribution::{Contribution, Layout};
pub use history::History;
pub use lattice::Audience;
pub use schedule::{Calendar, Schedule};
pub use served::{Unserved, kin};
pub use table::PublishedTable;

/// People of whom a difference must be made to be told.
pub const FEW: usize = 5;
/// Percent of a sum, or of the change of one, that may be one person's at most.
pub const DOMINANT_PERCENT: u64 = 85;
