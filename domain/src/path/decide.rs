//! From command to events.

use chrono::NaiveDate;

use super::any::{duplicate, grievance, privacy, status};
use super::case::Case;
use super::command::{BeneficiaryCommand as Command, BeneficiaryVerb as Verb};
use super::event::BeneficiaryEvent;
use super::fact::{Fact, FactKind};
use super::facts::{Approval, FinancingCase, Grievance, Plan, Registration};
use super::financing::{self, plan};
use super::state::State;
use super::{Beneficiary, recruitment, retract, training};
use crate::context::Context;
use crate::programme::{Programme, Rules};
use crate::refusal::{Refusal, no_command};

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
        fn propose(command: Command, asked: &Asked) -> Result<Fact, Refusal> {
            Ok(match command {
                $(Command::$verb(body) => {
                    Fact::$fact(leads_to!(@made asked, body $(, by $make)? $(, try $attempt)?))
                })*
            })
        }

        /// The kind of fact that a command leads to.
        const fn kind_of(verb: Verb) -> FactKind {
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

/// Asks whether a command may be given now, whatever its body says. The rules are those that
/// [`decide()`] asks first; a command that has already happened is answered there all the same.
///
/// # Errors
/// The rule that forbids it; [`Refusal::Unknown`] for a word that is no command.
pub fn gate(path: &Beneficiary, word: &str, context: &Context) -> Result<(), Refusal> {
    let verb = Verb::of(word).ok_or_else(|| no_command(word))?;
    let on = context.day()?;
    let (_, rules) = context.programme.rules_on(on);
    check_gate(path, verb, &Asked { path, context, on, rules: &rules })
}

fn check_gate(path: &Beneficiary, verb: Verb, asked: &Asked) -> Result<(), Refusal> {
    let context = asked.context;
    let case = Case {
        state: path.state(),
        on: asked.on,
        by: &context.actor,
        programme: &context.programme,
        rules: asked.rules,
        subject: context.subject,
    };
    let kind = kind_of(verb);
    let admission = kind.admission();
    admission.check(&case, admission.always_seals())?;
    kind.check_needs(&case)
}

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
    let asked = Asked { path, context, on: occurred_on, rules: &in_force };
    let gate = check_gate(path, command.verb(), &asked);
    // A retry is an answer even where the gate has closed since.
    let fact = propose(command, &asked).map_err(|why| gate.clone().err().unwrap_or(why))?;
    let event = BeneficiaryEvent { occurred_on, by: context.actor.clone(), rules, fact };
    if already_happened(path, &event) {
        return Ok(Vec::new());
    }
    gate?;
    may_follow(path, &event, context)?;
    Ok(vec![event])
}

/// Asks whether `event` may follow in this path's stream, as its actor and role recorded it: what a decision
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

/// Asks whether `event` may follow `state` in the stream `subject`. It sees the state before the event, the
/// event, and the programme as it stands, and is asked of later events too when one before them is
/// retracted.
///
/// # Errors
/// The rule that forbids it, with its numbers.
pub fn lawful(
    state: &State,
    event: &BeneficiaryEvent,
    programme: &Programme,
    subject: uuid::Uuid,
) -> Result<(), Refusal> {
    let rules = programme.rules_of(event.rules);
    let (on, by) = (event.occurred_on, &event.by);
    let case = Case { state, on, by, programme, rules: &rules, subject };
    let kind = event.fact.kind();
    kind.admission().check(&case, state.is_erased() && carries_sealed_text(&event.fact))?;
    kind.check_needs(&case)?;
    event.fact.check_content(&case)
}

/// Asked of erased people alone, so the price of writing the fact out does not matter.
fn carries_sealed_text(fact: &Fact) -> bool {
    serde_json::to_string(fact).is_ok_and(|text| text.contains(crate::values::SEALED_PREFIX))
}

/// Tells whether the same fact of the same day stands already: a retry. Where facts replace one another
/// (a status, an adviser, a decision) only the last one counts; elsewhere any one does.
fn already_happened(path: &Beneficiary, event: &BeneficiaryEvent) -> bool {
    if let Fact::Retracted(retraction) = &event.fact {
        return path.is_retracted(retraction.sequence);
    }
    if let (Fact::PersonalDataErased(_), true) = (&event.fact, path.state().is_erased()) {
        return true;
    }
    let succession = |fact: &Fact| fact.kind().admission().succession;
    let own = succession(&event.fact);
    for (_, past) in path.standing().rev() {
        if succession(&past.fact) != own || is_of_another(&past.fact, &event.fact) {
            continue;
        }
        if past.occurred_on == event.occurred_on && is_same(&past.fact, &event.fact) {
            return true;
        }
        if own.is_some() {
            return false;
        }
    }
    false
}

/// Tells whether two facts of one succession speak of two different things, so that neither replaces the
/// other.
fn is_of_another(past: &Fact, asked: &Fact) -> bool {
    let number = |fact: &Fact| match fact {
        Fact::FinancingApproved(Approval { financing, .. }) => Some(*financing),
        Fact::FinancingRefused(refusal) => Some(refusal.financing),
        _ => None,
    };
    number(past) != number(asked)
}

/// Tells whether two facts say the same, whatever number or reference the server gave them.
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
