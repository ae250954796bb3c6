//! What may be asked at every stage: who is in charge, pauses and exits, records about the person,
//! grievances, duplicates, privacy, retraction.

pub(super) mod duplicate;
pub(super) mod grievance;
pub(super) mod handover;
pub(super) mod privacy;
pub(super) mod records;
pub(super) mod referral;
pub(super) mod retraction;
pub(super) mod status;

pub use duplicate::{judge_pair, link, unlink};
pub use grievance::GrievanceState;
pub use handover::HandoverState;
pub use records::{Actions, DocumentState};
pub use referral::ReferralState;
