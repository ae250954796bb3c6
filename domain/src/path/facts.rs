//! What facts are made of: the bodies that commands bring and events keep, stage by stage.
//!
//! A free text is always [`crate::values::Sealed`]; what stays in clear is codes, numbers, days and
//! ids, so that the path and its figures outlive the person's erasure.

pub use super::any::duplicate::{DuplicateClaim, DuplicateLink, DuplicateUnlink};
pub use super::any::grievance::{Grievance, GrievanceAnswer, GrievanceRequest};
pub use super::any::privacy::{
    Consent, ConsentScope, Erasure, ErasureGround, ErasureRequest, IdentityChange,
};
pub use super::any::records::*;
pub use super::any::retraction::Retraction;
pub use super::any::status::{
    AdviserChoice, Exit, Nothing, Reason, Suspension, Transfer, TransferRequest,
};
pub use super::financing::facts::*;
pub use super::financing::plan::{Plan, PlanConclusion, PlanRequest, PlanReview};
pub use super::follow_up::facts::*;
pub use super::idea::facts::*;
pub use super::recruitment::facts::*;
pub use super::training::facts::*;
