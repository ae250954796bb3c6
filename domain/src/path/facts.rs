//! What facts are made of: the bodies that commands bring and events keep, stage by stage.
//!
//! A free text is always [`crate::values::Sealed`]; what stays in clear is codes, numbers, days and
//! ids, so that the path and its figures outlive the person's erasure.

pub use super::any::duplicate::{
    DuplicateClaim, DuplicateLink, DuplicateUnlink, PairDecision, PairRequest,
};
pub use super::any::grievance::{Grievance, GrievanceAnswer, GrievanceRequest};
pub use super::any::handover::{TransferAcceptance, TransferRefusal, TransferReturn};
pub use super::any::privacy::{
    Consent, ConsentScope, Erasure, ErasureGround, ErasureRequest, IdentityChange,
    IdentityChangeRequest,
};
pub use super::any::records::*;
pub use super::any::referral::{Referral, ReferralAnswer, ReferralRequest};
pub use super::any::retraction::Retraction;
pub use super::any::status::{
    AdviserChoice, Exit, ExitRequest, Nothing, Reason, Suspension, Transfer, TransferRequest,
};
pub use super::financing::beyond::{
    Cancellation, GuaranteeCall, Recovery, Refund, RefundOf, RefundRequest,
};
pub use super::financing::facts::*;
pub use super::financing::plan::{Plan, PlanConclusion, PlanRequest, PlanReview};
pub use super::financing::reversal::{PaymentKind, Reversal, ReversalRequest};
pub use super::follow_up::facts::*;
pub use super::idea::correction::{Change, RegistrationAmendment, RegistrationCorrection};
pub use super::idea::facts::*;
pub use super::recruitment::facts::*;
pub use super::training::facts::*;
