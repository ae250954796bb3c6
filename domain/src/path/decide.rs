//! From command to events.

use super::event::{BeneficiaryEvent, Fact};
use super::facts::{
    Approval, Assessment, Completion, Eligibility, EligibilityRequest, Erasure, FinancingCase,
    Grievance, InterviewSheet, Plan, PlanReview, Registration, SeatReturn, TrainingBasis, Transfer,
    TransferRequest, Withdrawal,
};
use super::{Beneficiary, BeneficiaryCommand as Command, duplicate, eligibility, lawful, retract};
use crate::context::Context;
use crate::programme::Rules;
use crate::refusal::{Refusal, Step};
use crate::role::Role;
use crate::values::CohortId;

/// Takes a command to events; none when it has already happened.
///
/// # Errors
/// The rule that forbids it.
pub fn decide(
    path: &Beneficiary,
    command: Command,
    context: &Context,
) -> Result<Vec<BeneficiaryEvent>, Refusal> {
    let occurred_on = context.day()?;
    let (rules, in_force) = context.programme.rules_on(occurred_on);
    let fact = propose(path, command, context, &in_force)?;
    let event = BeneficiaryEvent { occurred_on, by: context.actor.clone(), rules, fact };
    if already_happened(path, &event) {
        return Ok(Vec::new());
    }
    may_follow(path, &event, context)?;
    Ok(vec![event])
}

/// Whether `event` may follow in this path's stream, as its actor and role recorded it: what a decision
/// asks last, and what an audit asks of every event again.
///
/// # Errors
/// The rule that forbids it.
pub fn may_follow(
    path: &Beneficiary,
    event: &BeneficiaryEvent,
    context: &Context,
) -> Result<(), Refusal> {
    lawful(path.state(), event, &context.programme, context.subject)?;
    match &event.fact {
        Fact::Retracted(retraction) => retract::check(path, retraction.sequence, context),
        _ => Ok(()),
    }
}

/// Builds the fact that a command asks for, with what the rules compute.
fn propose(
    path: &Beneficiary,
    command: Command,
    context: &Context,
    rules: &Rules,
) -> Result<Fact, Refusal> {
    let state = path.state();
    Ok(match command {
        Command::Register(registration) => Fact::Registered(registration),
        Command::SubmitIdea(idea) => Fact::IdeaSubmitted(idea),
        Command::ReviseIdea(idea) => Fact::IdeaRevised(idea),
        Command::AssessEligibility(request) => assess(path, request, context, rules)?,
        Command::RecordInterview(interview) => Fact::InterviewRecorded(InterviewSheet {
            total: eligibility::total_of(&interview.scores),
            scores: interview.scores,
            comment: interview.comment,
        }),
        Command::DecideSelection(selection) => Fact::SelectionDecided(selection),
        Command::EnrolInTraining(seat) => Fact::TrainingEnrolled(seat),
        Command::WithdrawFromTraining(request) => return_seat(path, context, request)?,
        Command::RecordAttendance(attendance) => Fact::AttendanceRecorded(attendance),
        Command::RecordAssessment(score) => Fact::ModuleAssessed(Assessment {
            passed: score.score >= rules.assessment_pass_mark,
            module: score.module,
            score: score.score,
        }),
        Command::CompleteTraining(_) => Fact::TrainingCompleted(Completion {
            basis: TrainingBasis::Attended,
            attended_minutes: Some(eligibility::attended_minutes(state)),
            planned_minutes: Some(eligibility::planned_minutes(state, rules)),
            modules: rules.modules.clone(),
            proof: None,
            reason: None,
        }),
        Command::RecogniseTraining(recognition) => Fact::TrainingCompleted(Completion {
            basis: TrainingBasis::Recognised,
            attended_minutes: None,
            planned_minutes: None,
            modules: recognition.modules,
            proof: Some(recognition.proof),
            reason: Some(recognition.reason),
        }),
        Command::SubmitBusinessPlan(plan) => Fact::BusinessPlanSubmitted(Plan {
            plan: next(path, |fact| matches!(fact, Fact::BusinessPlanSubmitted(_))),
            title: plan.title,
            amount_needed: plan.amount_needed,
            own_contribution: plan.own_contribution,
            summary: plan.summary,
        }),
        Command::ValidateBusinessPlan(review) => Fact::BusinessPlanValidated(PlanReview {
            plan: review.plan.or(state.plan.as_ref().map(|plan| plan.plan)),
            ..review
        }),
        Command::RequestFinancing(request) => Fact::FinancingRequested(FinancingCase {
            financing: next(path, |fact| matches!(fact, Fact::FinancingRequested(_))),
            instrument: request.instrument,
            amount: request.amount,
            own_contribution: request.own_contribution,
            fund: request.fund,
        }),
        Command::ApproveFinancing(approval) => Fact::FinancingApproved(approval),
        Command::RefuseFinancing(refusal) => Fact::FinancingRefused(refusal),
        Command::SignAgreement(number) => Fact::AgreementSigned(number),
        Command::RecordDisbursement(payment) => Fact::DisbursementRecorded(payment),
        Command::RecordRepayment(payment) => Fact::RepaymentRecorded(payment),
        Command::RescheduleLoan(rescheduling) => Fact::LoanRescheduled(rescheduling),
        Command::WriteOffLoan(write_off) => Fact::LoanWrittenOff(write_off),
        Command::WaiveFinancing(reason) => Fact::FinancingWaived(reason),
        Command::RecordBusinessStart(start) => Fact::BusinessStarted(start),
        Command::RecordVisit(visit) => Fact::VisitRecorded(visit),
        Command::RecordSupport(support) => Fact::SupportProvided(support),
        Command::RecordBusinessClosure(closure) => Fact::BusinessClosed(closure),
        Command::CompletePath(end) => Fact::PathCompleted(end),
        Command::AssignAdviser(choice) => Fact::AdviserAssigned(choice),
        Command::Transfer(request) => transfer(path, request)?,
        Command::Suspend(suspension) => Fact::Suspended(suspension),
        Command::Resume(nothing) => Fact::Resumed(nothing),
        Command::Exit(exit) => Fact::Exited(exit),
        Command::Reopen(reason) => Fact::Reopened(reason),
        Command::AddNote(note) => Fact::NoteAdded(note),
        Command::AttachDocument(document) => Fact::DocumentAttached(document),
        Command::RecordIncome(income) => Fact::IncomeRecorded(income),
        Command::RecordCommunityAction(action) => Fact::CommunityActionRecorded(action),
        Command::LodgeGrievance(grievance) => Fact::GrievanceLodged(Grievance {
            grievance: next(path, |fact| matches!(fact, Fact::GrievanceLodged(_))),
            category: grievance.category,
            channel: grievance.channel,
            text: grievance.text,
        }),
        Command::ResolveGrievance(answer) => Fact::GrievanceResolved(answer),
        Command::Retract(retraction) => Fact::Retracted(retraction),
        // The two span two paths.
        Command::LinkDuplicate(claim) => duplicate::linked(&claim),
        Command::UnlinkDuplicate(reason) => duplicate::unlinked(path, reason)?,
        Command::UpdateIdentity(change) => Fact::IdentityUpdated(change),
        Command::RecordConsent(consent) => Fact::ConsentRecorded(consent),
        Command::WithdrawConsent(scope) => Fact::ConsentWithdrawn(scope),
        Command::ErasePersonalData(request) => {
            Fact::PersonalDataErased(Erasure { ground: request.ground, keys: state.keys.clone() })
        }
    })
}

/// The next number of a kind of fact; a retracted one keeps its number.
fn next(path: &Beneficiary, is_kind: impl Fn(&Fact) -> bool) -> u32 {
    let count = path.past().iter().filter(|event| is_kind(&event.fact)).count();
    u32::try_from(count).unwrap_or(u32::MAX).saturating_add(1)
}

fn assess(
    path: &Beneficiary,
    request: EligibilityRequest,
    context: &Context,
    rules: &Rules,
) -> Result<Fact, Refusal> {
    if request.override_reason.is_some() && context.role != Role::Director {
        return Err(Refusal::NeedsRole { role: Role::Director });
    }
    let outcomes = eligibility::assess(path.state(), context.day()?, rules);
    let eligible = eligibility::all_met(&outcomes) || request.override_reason.is_some();
    let override_reason = request.override_reason;
    Ok(Fact::EligibilityAssessed(Eligibility { rules: outcomes, eligible, override_reason }))
}

fn return_seat(
    path: &Beneficiary,
    context: &Context,
    request: SeatReturn,
) -> Result<Fact, Refusal> {
    let cohort = seat_to_return(path, context)?;
    Ok(Fact::TrainingWithdrawn(Withdrawal { cohort, comment: request.comment }))
}

/// The cohort whose seat is given back; in a retry, the one that was given back last.
fn seat_to_return(path: &Beneficiary, context: &Context) -> Result<CohortId, Refusal> {
    if let Some(seat) = &path.state().enrolment {
        return Ok(seat.cohort);
    }
    let last = path.standing().rev().find_map(|(_, event)| match &event.fact {
        Fact::TrainingWithdrawn(withdrawal) if event.by == context.actor => Some(withdrawal.cohort),
        _ => None,
    });
    last.ok_or(Refusal::MissingStep { step: Step::Enrolment })
}

fn transfer(path: &Beneficiary, request: TransferRequest) -> Result<Fact, Refusal> {
    let state = path.state();
    let (Some(office), Some(region)) = (state.office.clone(), state.region) else {
        return Err(Refusal::NotRegistered);
    };
    // A retry of the transfer that brought the path here says where it came from, not where it is.
    let last = path.standing().rev().find_map(|(_, event)| match &event.fact {
        Fact::Transferred(last) if last.office == request.office => Some(last.clone()),
        _ => None,
    });
    let from_office =
        last.filter(|_| office == request.office).map_or(office, |last| last.from_office);
    Ok(Fact::Transferred(Transfer {
        from_office,
        office: request.office,
        region: request.region.unwrap_or(region),
        reason: request.reason,
    }))
}

/// Whether the same fact of the same day stands already: a retry. Where facts replace one another
/// (a status, an adviser, a decision) only the last one counts; elsewhere any one does.
fn already_happened(path: &Beneficiary, event: &BeneficiaryEvent) -> bool {
    if let Fact::Retracted(retraction) = &event.fact {
        return path.is_retracted(retraction.sequence);
    }
    if let (Fact::PersonalDataErased(_), true) = (&event.fact, path.state().is_erased()) {
        return true;
    }
    let kind = replaced_kind(&event.fact);
    for (_, past) in path.standing().rev() {
        if replaced_kind(&past.fact) != kind || is_of_another(&past.fact, &event.fact) {
            continue;
        }
        if past.occurred_on == event.occurred_on && is_same(&past.fact, &event.fact) {
            return true;
        }
        if kind.is_some() {
            return false;
        }
    }
    false
}

/// Facts of one kind, of which the last replaces those before; `None` for facts that add up.
fn replaced_kind(fact: &Fact) -> Option<&'static str> {
    match fact {
        Fact::Suspended(_) | Fact::Resumed(_) | Fact::Exited(_) | Fact::Reopened(_) => {
            Some("status")
        }
        Fact::IdeaSubmitted(_) | Fact::IdeaRevised(_) => Some("idea"),
        Fact::ConsentRecorded(_) | Fact::ConsentWithdrawn(_) => Some("consent"),
        Fact::BusinessStarted(_) | Fact::BusinessClosed(_) => Some("business"),
        Fact::TrainingEnrolled(_) | Fact::TrainingWithdrawn(_) => Some("seat"),
        Fact::FinancingApproved(_) | Fact::FinancingRefused(_) => Some("approval"),
        Fact::DuplicateLinked(_) | Fact::DuplicateUnlinked(_) => Some("duplicate"),
        Fact::EligibilityAssessed(_)
        | Fact::InterviewRecorded(_)
        | Fact::SelectionDecided(_)
        | Fact::ModuleAssessed(_)
        | Fact::TrainingCompleted(_)
        | Fact::BusinessPlanValidated(_)
        | Fact::PathCompleted(_)
        | Fact::AdviserAssigned(_)
        | Fact::Transferred(_)
        | Fact::IdentityUpdated(_) => Some(fact.event_type()),
        _ => None,
    }
}

/// Whether two facts of one kind speak of two different things, so that neither replaces the other.
fn is_of_another(past: &Fact, asked: &Fact) -> bool {
    let number = |fact: &Fact| match fact {
        Fact::FinancingApproved(Approval { financing, .. }) => Some(*financing),
        Fact::FinancingRefused(refusal) => Some(refusal.financing),
        _ => None,
    };
    number(past) != number(asked)
}

/// Whether two facts say the same, whatever number or reference the server gave them.
fn is_same(past: &Fact, asked: &Fact) -> bool {
    match (past, asked) {
        (Fact::Registered(past), Fact::Registered(asked)) => {
            *past == Registration { reference: past.reference, ..asked.clone() }
        }
        (Fact::BusinessPlanSubmitted(past), Fact::BusinessPlanSubmitted(asked)) => {
            *past == Plan { plan: past.plan, ..asked.clone() }
        }
        (Fact::FinancingRequested(past), Fact::FinancingRequested(asked)) => {
            *past == FinancingCase { financing: past.financing, ..asked.clone() }
        }
        (Fact::GrievanceLodged(past), Fact::GrievanceLodged(asked)) => {
            *past == Grievance { grievance: past.grievance, ..asked.clone() }
        }
        _ => past == asked,
    }
}
