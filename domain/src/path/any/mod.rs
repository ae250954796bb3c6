//! What may be asked at every stage: who is in charge, pauses and exits, records about the person,
//! grievances, duplicates, privacy, retraction.

pub(super) mod duplicate;
pub(super) mod grievance;
pub(super) mod privacy;
pub(super) mod records;
pub(super) mod retraction;
pub(super) mod status;

pub use duplicate::{link, unlink};
pub use grievance::GrievanceState;
pub use records::{Actions, DocumentState};
