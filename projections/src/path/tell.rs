//! What one event tells.

use sira_domain::path::Fact;

use super::memo::{Before, Memo};
use super::moment::{EventMoment, Op, has_reached, reach, unreach};
use super::{business, due_visits, link, money, recruitment, spells};
use crate::rule_book::RuleBook;

/// What an event tells, given the path after it.
pub fn tell(
    moment: &EventMoment,
    before: &Before,
    memo: &mut Memo,
    rules: &RuleBook,
    ops: &mut Vec<Op>,
) {
    let on = moment.on();
    memo.last_on = memo.last_on.max(Some(on));
    match &moment.event.event.fact {
        Fact::Registered(_) => reach(moment, memo, ops, "registered"),
        Fact::IdeaSubmitted(_) => reach(moment, memo, ops, "idea_submitted"),
        Fact::EligibilityAssessed(_)
        | Fact::InterviewRecorded(_)
        | Fact::SelectionDecided(_)
        | Fact::TrainingEnrolled(_)
        | Fact::AttendanceRecorded(_)
        | Fact::ModuleAssessed(_)
        | Fact::TrainingCompleted(_)
        | Fact::IncomeRecorded(_)
        | Fact::EmploymentRecorded(_) => recruitment::tell(moment, memo, ops),
        Fact::BusinessPlanSubmitted(_)
        | Fact::BusinessPlanValidated(_)
        | Fact::FinancingRequested(_)
        | Fact::FinancingApproved(_)
        | Fact::FinancingRefused(_)
        | Fact::DisbursementRecorded(_)
        | Fact::RepaymentRecorded(_)
        | Fact::LoanRescheduled(_)
        | Fact::LoanWrittenOff(_)
        | Fact::DisbursementReversed(_)
        | Fact::RepaymentReversed(_)
        | Fact::RefundRecorded(_)
        | Fact::RecoveryRecorded(_)
        | Fact::GuaranteeCalled(_)
        | Fact::GuaranteeReleased(_)
        | Fact::FinancingCancelled(_)
        | Fact::FinancingWaived(_) => money::tell(moment, before, memo, ops),
        Fact::BusinessStarted(_)
        | Fact::VisitRecorded(_)
        | Fact::SupportProvided(_)
        | Fact::BusinessClosed(_)
        | Fact::CommunityActionRecorded(_)
        | Fact::ReferredToPartner(_)
        | Fact::GrievanceLodged(_)
        | Fact::GrievanceResolved(_) => business::tell(moment, memo, ops),
        Fact::DuplicateLinked(_) | Fact::DuplicateUnlinked(_) => link::tell(moment, memo, ops),
        Fact::PathCompleted(_) => reach(moment, memo, ops, "completed"),
        Fact::Exited(_) => {
            reach(moment, memo, ops, "exited");
            drop_out(moment, memo, ops);
        }
        Fact::TrainingWithdrawn(_) => drop_out(moment, memo, ops),
        Fact::Reopened(_) => {
            if moment.state.enrolment.is_some() {
                unreach(memo, ops, "dropped_out");
            }
            unreach(memo, ops, "exited");
            unreach(memo, ops, "completed");
        }
        Fact::RegistrationCorrected(_)
        | Fact::AttendanceCorrected(_)
        | Fact::IdeaRevised(_)
        | Fact::AgreementSigned(_)
        | Fact::AdviserAssigned(_)
        | Fact::Transferred(_)
        | Fact::TransferAccepted(_)
        | Fact::TransferReturned(_)
        | Fact::Suspended(_)
        | Fact::Resumed(_)
        | Fact::ReferralOutcomeRecorded(_)
        | Fact::NoteAdded(_)
        | Fact::DocumentAttached(_)
        | Fact::Retracted(_)
        | Fact::DuplicateDismissed(_)
        | Fact::DuplicateReconsidered(_)
        | Fact::IdentityUpdated(_)
        | Fact::ConsentRecorded(_)
        | Fact::ConsentWithdrawn(_)
        | Fact::PersonalDataErased(_) => {}
    }
    let has_changed = spells::tell(moment, memo, ops);
    due_visits::tell(moment, memo, (rules, has_changed), ops);
}

/// Who was enrolled and leaves before the training is done has dropped out of it.
fn drop_out(moment: &EventMoment, memo: &mut Memo, ops: &mut Vec<Op>) {
    if moment.state.training.is_none() && has_reached(memo, "enrolled") {
        reach(moment, memo, ops, "dropped_out");
    }
}
