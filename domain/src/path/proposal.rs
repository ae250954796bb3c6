//! Which fact a command leads to, and how it is made.

use chrono::NaiveDate;

use super::any::{duplicate, grievance, privacy, status};
use super::command::{BeneficiaryCommand as Command, BeneficiaryVerb as Verb};
use super::fact::{Fact, FactKind};
use super::financing::{self, plan};
use super::{Beneficiary, recruitment, training};
use crate::context::Context;
use crate::programme::Rules;
use crate::refusal::Refusal;

/// The circumstances that a fact is made in: the path that the command is sent to, and the rules of the day.
pub(super) struct Asked<'a> {
    /// The path before the fact.
    pub path: &'a Beneficiary,
    /// The actor, the day and the role.
    pub context: &'a Context,
    /// The day of the fact.
    pub on: NaiveDate,
    /// The rules in force on that day.
    pub rules: &'a Rules,
}

impl Asked<'_> {
    /// The next number of a kind of fact; a retracted one keeps its number.
    pub fn next_number(&self, is_kind: impl Fn(&Fact) -> bool) -> u32 {
        let count = self.path.past().iter().filter(|event| is_kind(&event.fact)).count();
        u32::try_from(count).unwrap_or(u32::MAX).saturating_add(1)
    }
}

/// Declares which fact each command leads to: its own body, what a maker computes from it, or what a maker
/// that may refuse `try`s to; and the kind that the rules know it by, where that is not the fact's own.
macro_rules! leads_to {
    (@made $asked:ident, $body:ident) => { $body };
    (@made $asked:ident, $body:ident, by $make:path) => { $make($asked, $body) };
    (@made $asked:ident, $body:ident, try $make:path) => { $make($asked, $body)? };
    (@kind $fact:ident) => { FactKind::$fact };
    (@kind $fact:ident, $kind:ident) => { FactKind::$kind };
    ($($verb:ident => $fact:ident $(as $kind:ident)? $(by $make:path)? $(, try $attempt:path)?;)*) => {
        /// Builds the fact that a command asks for, with what the rules compute.
        pub(super) fn propose(command: Command, asked: &Asked) -> Result<Fact, Refusal> {
            Ok(match command {
                $(Command::$verb(body) => {
                    Fact::$fact(leads_to!(@made asked, body $(, by $make)? $(, try $attempt)?))
                })*
            })
        }

        /// The kind of fact that a command leads to.
        pub(super) const fn kind_of(verb: Verb) -> FactKind {
            match verb { $(Verb::$verb => leads_to!(@kind $fact $(, $kind)?),)* }
        }
    };
}

leads_to! {
    Register => Registered;
    SubmitIdea => IdeaSubmitted;
    ReviseIdea => IdeaRevised;
    AssessEligibility => EligibilityAssessed, try recruitment::assess;
    RecordInterview => InterviewRecorded by recruitment::score;
    DecideSelection => SelectionDecided;
    EnrolInTraining => TrainingEnrolled;
    WithdrawFromTraining => TrainingWithdrawn, try training::return_seat;
    RecordAttendance => AttendanceRecorded;
    RecordAssessment => ModuleAssessed by training::assess_module;
    CompleteTraining => TrainingCompleted by training::complete;
    RecogniseTraining => TrainingCompleted as TrainingRecognised by training::recognise;
    SubmitBusinessPlan => BusinessPlanSubmitted by plan::number_plan;
    ValidateBusinessPlan => BusinessPlanValidated by plan::review;
    RequestFinancing => FinancingRequested by financing::request;
    ApproveFinancing => FinancingApproved;
    RefuseFinancing => FinancingRefused;
    SignAgreement => AgreementSigned;
    RecordDisbursement => DisbursementRecorded;
    RecordRepayment => RepaymentRecorded;
    RescheduleLoan => LoanRescheduled;
    WriteOffLoan => LoanWrittenOff;
    WaiveFinancing => FinancingWaived;
    RecordBusinessStart => BusinessStarted;
    RecordVisit => VisitRecorded;
    RecordSupport => SupportProvided;
    RecordBusinessClosure => BusinessClosed;
    CompletePath => PathCompleted;
    AssignAdviser => AdviserAssigned;
    Transfer => Transferred, try status::transfer;
    Suspend => Suspended;
    Resume => Resumed;
    Exit => Exited;
    Reopen => Reopened;
    AddNote => NoteAdded;
    AttachDocument => DocumentAttached;
    RecordIncome => IncomeRecorded;
    RecordCommunityAction => CommunityActionRecorded;
    LodgeGrievance => GrievanceLodged by grievance::lodge;
    ResolveGrievance => GrievanceResolved;
    Retract => Retracted;
    // The two span two paths: see `link` and `unlink`.
    LinkDuplicate => DuplicateLinked as PathFrozen by duplicate::linked;
    UnlinkDuplicate => DuplicateUnlinked as PathUnfrozen, try duplicate::unlinked;
    UpdateIdentity => IdentityUpdated;
    RecordConsent => ConsentRecorded;
    WithdrawConsent => ConsentWithdrawn;
    ErasePersonalData => PersonalDataErased by privacy::erase;
}
