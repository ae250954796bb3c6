//! Which event may follow which: every rule of the path, kept on events.
//!
//! A rule here sees the state before the event, the event, and the programme as it stands. It is
//! asked when a command is decided, when an event before it is retracted, and by an audit.

use chrono::{Days, Months, NaiveDate};
use uuid::Uuid;

use super::event::{BeneficiaryEvent, Fact};
use super::facts::{
    Assessment, Attendance, Completion, Decision, Eligibility, Erasure, GrievanceAnswer, Income,
    InterviewSheet, PathEnd, Plan, PlanConclusion, PlanReview, Registration, Selection, Start,
    TrainingBasis, Transfer, Visit, Withdrawal,
};
use super::stage::{Stage, Status};
use super::state::State;
use super::{duplicate, eligibility, money};
use crate::programme::{Programme, Rules};
use crate::reference::SectorCode;
use crate::refusal::{Amount, Duty, Item, Quantity, Refusal, Step, check_items};
use crate::values::{ActorId, SEALED_PREFIX, Xof};

/// Most criteria of a score sheet.
const CRITERIA_MAX: usize = 20;
/// How many days before its date a milestone's visit may be made.
const VISIT_EARLY_DAYS: u64 = 15;

/// What the rules look at: the state before, the event, the programme.
pub(super) struct Case<'a> {
    pub state: &'a State,
    pub on: NaiveDate,
    pub by: &'a ActorId,
    pub programme: &'a Programme,
    pub rules: &'a Rules,
    pub subject: Uuid,
}

/// Whether `event` may follow `state` in the stream `subject`.
///
/// # Errors
/// The rule that forbids it, with its numbers.
pub fn lawful(
    state: &State,
    event: &BeneficiaryEvent,
    programme: &Programme,
    subject: Uuid,
) -> Result<(), Refusal> {
    let rules = programme.rules_of(event.rules);
    let (on, by) = (event.occurred_on, &event.by);
    let case = Case { state, on, by, programme, rules: &rules, subject };
    if let Fact::Registered(registration) = &event.fact {
        return case.registration(registration);
    }
    let registration = state.registration.as_ref().ok_or(Refusal::NotRegistered)?;
    check_frozen(state, &event.fact)?;
    check_stage(state.stage, &event.fact)?;
    check_status(state.status, &event.fact)?;
    if !may_precede_registration(&event.fact) && on < registration.on {
        return Err(Refusal::TooEarly {
            field: "occurred_on",
            given: on,
            earliest: registration.on,
        });
    }
    if !is_of_any_time(&event.fact) {
        case.place_and_time(&event.fact)?;
    }
    if state.is_erased() && carries_sealed_text(&event.fact) {
        return Err(Refusal::Erased);
    }
    case.check(&event.fact)
}

/// The stages at which a fact may be recorded.
fn stages(fact: &Fact) -> &'static [Stage] {
    use Stage::{Completed, Financing, FollowUp, Idea, Recruitment, Training};
    match fact {
        Fact::IdeaSubmitted(_) => &[Idea],
        Fact::IdeaRevised(_) => &[Recruitment, Training, Financing],
        Fact::EligibilityAssessed(_) | Fact::InterviewRecorded(_) | Fact::SelectionDecided(_) => {
            &[Recruitment]
        }
        Fact::TrainingEnrolled(_) | Fact::AttendanceRecorded(_) | Fact::ModuleAssessed(_) => {
            &[Training]
        }
        Fact::TrainingWithdrawn(_) => &[Training, Financing],
        Fact::TrainingCompleted(completion) => match completion.basis {
            TrainingBasis::Attended => &[Training],
            TrainingBasis::Recognised => &[Idea, Recruitment, Training],
        },
        Fact::FinancingWaived(_) => &[Financing],
        Fact::BusinessPlanSubmitted(_)
        | Fact::BusinessPlanValidated(_)
        | Fact::FinancingRequested(_)
        | Fact::FinancingApproved(_)
        | Fact::FinancingRefused(_)
        | Fact::AgreementSigned(_)
        | Fact::DisbursementRecorded(_)
        | Fact::BusinessStarted(_) => &[Financing, FollowUp],
        Fact::VisitRecorded(_)
        | Fact::SupportProvided(_)
        | Fact::BusinessClosed(_)
        | Fact::PathCompleted(_) => &[FollowUp],
        _ => &[Idea, Recruitment, Training, Financing, FollowUp, Completed],
    }
}

fn check_stage(stage: Stage, fact: &Fact) -> Result<(), Refusal> {
    let allowed = stages(fact);
    if allowed.contains(&stage) { Ok(()) } else { Err(Refusal::WrongStage { stage, allowed }) }
}

/// The statuses in which a fact may be recorded. What is known of a person may be completed after
/// the path has ended, and money may come back; the path itself moves only while it is active.
fn statuses(fact: &Fact) -> &'static [Status] {
    use Status::{Active, Completed, Exited, Suspended};
    match fact {
        Fact::Resumed(_) => &[Suspended],
        Fact::Reopened(_) => &[Exited, Completed],
        Fact::Exited(_) | Fact::AdviserAssigned(_) | Fact::Transferred(_) => &[Active, Suspended],
        // A seat and money that are not used any more are given back when the person has left too.
        Fact::TrainingWithdrawn(_) | Fact::FinancingRefused(_) => &[Active, Suspended, Exited],
        Fact::RepaymentRecorded(_)
        | Fact::LoanRescheduled(_)
        | Fact::LoanWrittenOff(_)
        | Fact::NoteAdded(_)
        | Fact::DocumentAttached(_)
        | Fact::IncomeRecorded(_)
        | Fact::CommunityActionRecorded(_)
        | Fact::GrievanceLodged(_)
        | Fact::GrievanceResolved(_)
        | Fact::Retracted(_)
        | Fact::DuplicateLinked(_)
        | Fact::DuplicateUnlinked(_)
        | Fact::IdentityUpdated(_)
        | Fact::ConsentRecorded(_)
        | Fact::ConsentWithdrawn(_)
        | Fact::PersonalDataErased(_) => &[Active, Suspended, Exited, Completed],
        _ => &[Active],
    }
}

fn check_status(status: Status, fact: &Fact) -> Result<(), Refusal> {
    let allowed = statuses(fact);
    if allowed.contains(&status) { Ok(()) } else { Err(Refusal::WrongStatus { status, allowed }) }
}

/// A frozen path takes nothing but what ends or mends something: its person continues elsewhere.
fn check_frozen(state: &State, fact: &Fact) -> Result<(), Refusal> {
    let Some(continues) = state.continues_as else { return Ok(()) };
    let may_still = matches!(
        fact,
        Fact::DuplicateUnlinked(_)
            | Fact::PersonalDataErased(_)
            | Fact::Retracted(_)
            | Fact::ConsentWithdrawn(_)
            | Fact::TrainingWithdrawn(_)
            | Fact::FinancingRefused(_)
            | Fact::RepaymentRecorded(_)
            | Fact::LoanRescheduled(_)
            | Fact::LoanWrittenOff(_)
            | Fact::GrievanceResolved(_)
    );
    if may_still { Ok(()) } else { Err(Refusal::Frozen { continues }) }
}

/// What may be recorded outside the convention's term and for a closed office: what is known of a
/// person, what ends something, and money that comes back. Everything else moves the path.
fn is_of_any_time(fact: &Fact) -> bool {
    statuses(fact).contains(&Status::Completed)
        || may_precede_registration(fact)
        || matches!(
            fact,
            Fact::Exited(_)
                | Fact::PathCompleted(_)
                | Fact::TrainingWithdrawn(_)
                | Fact::FinancingRefused(_)
        )
}

/// Facts of a life before the programme: incomes, trainings done elsewhere, consents on paper.
fn may_precede_registration(fact: &Fact) -> bool {
    match fact {
        Fact::IncomeRecorded(_) | Fact::ConsentRecorded(_) | Fact::CommunityActionRecorded(_) => {
            true
        }
        Fact::TrainingCompleted(completion) => completion.basis == TrainingBasis::Recognised,
        _ => false,
    }
}

/// Asked of erased people alone, so the price of writing the fact out does not matter.
fn carries_sealed_text(fact: &Fact) -> bool {
    serde_json::to_string(fact).is_ok_and(|text| text.contains(SEALED_PREFIX))
}

impl Case<'_> {
    fn check(&self, fact: &Fact) -> Result<(), Refusal> {
        match fact {
            Fact::IdeaSubmitted(idea) | Fact::IdeaRevised(idea) => self.sector(&idea.sector),
            Fact::EligibilityAssessed(assessment) => self.eligibility(assessment),
            Fact::InterviewRecorded(sheet) => check_sheet(sheet),
            Fact::SelectionDecided(selection) => self.selection(selection),
            Fact::TrainingEnrolled(_) => self.enrolment(),
            Fact::TrainingWithdrawn(withdrawal) => self.withdrawal(withdrawal),
            Fact::AttendanceRecorded(attendance) => self.attendance(attendance),
            Fact::ModuleAssessed(assessment) => self.assessment(assessment),
            Fact::TrainingCompleted(completion) => self.completion(completion),
            Fact::BusinessPlanSubmitted(plan) => self.plan(plan),
            Fact::BusinessPlanValidated(review) => self.plan_review(review),
            Fact::FinancingRequested(request) => money::request(self, request),
            Fact::FinancingApproved(approval) => money::approval(self, approval),
            Fact::FinancingRefused(refusal) => money::refusal(self, refusal.financing),
            Fact::AgreementSigned(number) => money::agreement(self, number.financing),
            Fact::DisbursementRecorded(payment) => money::disbursement(self, payment),
            Fact::RepaymentRecorded(payment) => money::repayment(self, payment),
            Fact::LoanRescheduled(rescheduling) => money::rescheduling(self, rescheduling),
            Fact::LoanWrittenOff(write_off) => money::write_off(self, write_off),
            Fact::FinancingWaived(_) => self.waiver(),
            Fact::BusinessStarted(start) => self.start(start),
            Fact::VisitRecorded(visit) => self.visit(visit),
            Fact::BusinessClosed(_) => self.closure(),
            Fact::PathCompleted(end) => self.path_end(end),
            Fact::Transferred(transfer) => self.transfer(transfer),
            Fact::IncomeRecorded(income) => self.income(income),
            Fact::GrievanceLodged(grievance) => {
                let last = self.state.grievances.last().map_or(0, |last| last.grievance);
                Self::next_number(Item::Grievance, last, grievance.grievance)
            }
            Fact::GrievanceResolved(answer) => self.grievance_answer(answer),
            Fact::ConsentWithdrawn(withdrawal) => {
                let scope = &withdrawal.scope;
                let stands = self.state.consents.iter().any(|consent| consent.scope == *scope);
                let unknown = || Refusal::Unknown {
                    item: Item::Consent,
                    name: scope.to_string(),
                    field: "scope",
                };
                stands.then_some(()).ok_or_else(unknown)
            }
            Fact::DuplicateLinked(link) => duplicate::lawful_link(self, link),
            Fact::DuplicateUnlinked(unlink) => duplicate::lawful_unlink(self, unlink),
            Fact::PersonalDataErased(erasure) => self.erasure(erasure),
            Fact::Registered(_)
            | Fact::SupportProvided(_)
            | Fact::AdviserAssigned(_)
            | Fact::Suspended(_)
            | Fact::Resumed(_)
            | Fact::Exited(_)
            | Fact::Reopened(_)
            | Fact::NoteAdded(_)
            | Fact::DocumentAttached(_)
            | Fact::CommunityActionRecorded(_)
            | Fact::Retracted(_)
            | Fact::IdentityUpdated(_)
            | Fact::ConsentRecorded(_) => Ok(()),
        }
    }

    /// Within the term, and for an office that is open: its own, or the one that takes over.
    fn place_and_time(&self, fact: &Fact) -> Result<(), Refusal> {
        let term = self.programme.term().ok_or(Refusal::NotRegistered)?;
        if !term.holds(self.on) {
            return Err(Refusal::OutsideTerm { term, given: self.on });
        }
        match (&self.state.office, fact) {
            (_, Fact::Transferred(_)) | (None, _) => Ok(()),
            (Some(office), _) => self.programme.check_office(office, self.on).map(drop),
        }
    }

    /// A first seat, or one after the last was given back.
    fn enrolment(&self) -> Result<(), Refusal> {
        match &self.state.enrolment {
            Some(seat) => {
                Err(Refusal::Settled { item: Item::Cohort, name: seat.cohort.to_string() })
            }
            None => Ok(()),
        }
    }

    fn withdrawal(&self, withdrawal: &Withdrawal) -> Result<(), Refusal> {
        let seat = self.state.enrolment.as_ref();
        let seat = seat.ok_or(Refusal::MissingStep { step: Step::Enrolment })?;
        if seat.cohort != withdrawal.cohort {
            return Err(Refusal::Disagree { field: "cohort", other: "enrolment" });
        }
        let attended =
            |state: &super::CompletionState| state.completion.basis == TrainingBasis::Attended;
        if self.state.training.as_ref().is_some_and(attended) {
            return Err(Refusal::Settled { item: Item::Training, name: seat.cohort.to_string() });
        }
        if self.on < seat.on {
            let (given, earliest) = (self.on, seat.on);
            return Err(Refusal::TooEarly { field: "occurred_on", given, earliest });
        }
        Ok(())
    }

    fn registration(&self, registration: &Registration) -> Result<(), Refusal> {
        if let Some(standing) = &self.state.registration {
            let name = standing.reference.to_string();
            return Err(Refusal::Differs { item: Item::Registration, name });
        }
        let term = self.programme.term().ok_or_else(|| Refusal::Unknown {
            item: Item::Programme,
            name: registration.programme.to_string(),
            field: "programme",
        })?;
        if !term.holds(self.on) {
            return Err(Refusal::OutsideTerm { term, given: self.on });
        }
        self.programme.check_office(&registration.office, self.on)?;
        self.region(registration.region)?;
        let born = i32::try_from(registration.birth_year.get()).unwrap_or(i32::MAX);
        let given = NaiveDate::from_ymd_opt(born, 1, 1).unwrap_or(NaiveDate::MAX);
        if given > self.on {
            return Err(Refusal::InFuture { field: "birth_year", given, today: self.on });
        }
        Ok(())
    }

    fn region(&self, region: crate::reference::RegionCode) -> Result<(), Refusal> {
        if region.valid_on(self.on) {
            return Ok(());
        }
        Err(Refusal::RegionNotValid { region, on: self.on, then: region.on(self.on) })
    }

    fn sector(&self, sector: &SectorCode) -> Result<(), Refusal> {
        if sector.is_reference() || self.rules.own_sectors.contains(sector) {
            return Ok(());
        }
        Err(Refusal::Unknown { item: Item::Sector, name: sector.to_string(), field: "sector" })
    }

    fn eligibility(&self, assessment: &Eligibility) -> Result<(), Refusal> {
        let rules = eligibility::assess(self.state, self.on, self.rules);
        let eligible = eligibility::all_met(&rules) || assessment.override_reason.is_some();
        if assessment.rules == rules && assessment.eligible == eligible {
            return Ok(());
        }
        Err(Refusal::Disagree { field: "rules", other: "eligible" })
    }

    fn selection(&self, selection: &Selection) -> Result<(), Refusal> {
        let eligibility = self.state.eligibility.as_ref();
        let eligibility = eligibility.ok_or(Refusal::MissingStep { step: Step::Eligibility })?;
        let chosen = selection.decision == Decision::Selected;
        if chosen && !eligibility.assessment.eligible {
            return Err(Refusal::NotEligible);
        }
        if selection.method.code() == "lottery" {
            return self.lottery(selection);
        }
        let interview = self.state.interview.as_ref();
        let interview = interview.ok_or(Refusal::MissingStep { step: Step::Interview })?;
        self.other_than(&interview.by, Duty::Decider, Duty::Interviewer)?;
        let (given, required) = (interview.total.get(), self.rules.interview_pass_mark.get());
        if chosen && given < required {
            return Err(Refusal::Below { what: Quantity::InterviewTotal, required, given });
        }
        Ok(())
    }

    /// A lottery is among the eligible and takes the place of the interview.
    fn lottery(&self, selection: &Selection) -> Result<(), Refusal> {
        let draw = self.programme.lotteries.get(&selection.session);
        let draw = draw.filter(|draw| draw.entries.contains(&self.subject)).ok_or_else(|| {
            let name = selection.session.to_string();
            Refusal::Unknown { item: Item::Lottery, name, field: "session" }
        })?;
        let drawn = draw.drawn.contains(&self.subject);
        if drawn == (selection.decision == Decision::Selected) {
            return Ok(());
        }
        Err(Refusal::Disagree { field: "decision", other: "session" })
    }

    /// Separation of duties: nobody holds both in one path.
    pub(super) fn other_than(
        &self,
        actor: &ActorId,
        duty: Duty,
        other: Duty,
    ) -> Result<(), Refusal> {
        if self.by == actor {
            return Err(Refusal::SameActor { actor: actor.clone(), duty, other });
        }
        Ok(())
    }

    fn attendance(&self, attendance: &Attendance) -> Result<(), Refusal> {
        if self.state.sessions.contains_key(&attendance.session) {
            let name = attendance.session.to_string();
            return Err(Refusal::Differs { item: Item::Session, name });
        }
        if attendance.length_minutes() == 0 {
            return Err(Refusal::Disagree { field: "hours", other: "minutes" });
        }
        Ok(())
    }

    fn assessment(&self, assessment: &Assessment) -> Result<(), Refusal> {
        if !self.rules.modules.contains(&assessment.module) {
            let name = assessment.module.to_string();
            return Err(Refusal::Unknown { item: Item::Module, name, field: "module" });
        }
        if assessment.passed == (assessment.score >= self.rules.assessment_pass_mark) {
            return Ok(());
        }
        Err(Refusal::Disagree { field: "passed", other: "score" })
    }

    fn completion(&self, completion: &Completion) -> Result<(), Refusal> {
        if completion.basis == TrainingBasis::Recognised {
            return Ok(());
        }
        let attended = eligibility::attended_minutes(self.state);
        let planned = eligibility::planned_minutes(self.state, self.rules);
        let given = attended.saturating_mul(100).checked_div(planned).unwrap_or(0);
        let required = self.rules.attendance_percent.get();
        if given < required || planned == 0 {
            return Err(Refusal::Below { what: Quantity::Attendance, required, given });
        }
        let modules = &self.rules.modules;
        let passed = |module| self.state.assessments.get(module).is_some_and(|state| state.passed);
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let given = count(modules.iter().filter(|module| passed(*module)).count());
        let required = count(modules.len());
        if given < required {
            return Err(Refusal::Below { what: Quantity::ModulesPassed, required, given });
        }
        if (completion.attended_minutes, completion.planned_minutes)
            == (Some(attended), Some(planned))
        {
            return Ok(());
        }
        Err(Refusal::Disagree { field: "attended_minutes", other: "planned_minutes" })
    }

    fn plan(&self, plan: &Plan) -> Result<(), Refusal> {
        Self::next_number(
            Item::BusinessPlan,
            self.state.plan.as_ref().map_or(0, |last| last.plan),
            plan.plan,
        )
    }

    /// Numbers go up; one that was retracted leaves its number unused.
    pub(super) fn next_number(item: Item, last: u32, given: u32) -> Result<(), Refusal> {
        if given > last { Ok(()) } else { Err(Refusal::Differs { item, name: given.to_string() }) }
    }

    fn plan_review(&self, review: &PlanReview) -> Result<(), Refusal> {
        let plan =
            self.state.plan.as_ref().ok_or(Refusal::MissingStep { step: Step::BusinessPlan })?;
        if review.plan != Some(plan.plan) {
            let name = review.plan.unwrap_or_default().to_string();
            return Err(Refusal::Unknown { item: Item::BusinessPlan, name, field: "plan" });
        }
        if plan.conclusion == Some(PlanConclusion::Validated) {
            return Err(Refusal::Settled { item: Item::BusinessPlan, name: plan.plan.to_string() });
        }
        Ok(())
    }

    fn waiver(&self) -> Result<(), Refusal> {
        let paid = self.state.financings.iter().find(|financing| !financing.paid.is_empty());
        match paid {
            Some(paid) => {
                Err(Refusal::Settled { item: Item::Financing, name: paid.financing.to_string() })
            }
            None if self.state.financing_waived_on.is_some() => {
                Err(Refusal::Settled { item: Item::Financing, name: "-".into() })
            }
            None => Ok(()),
        }
    }

    fn start(&self, start: &Start) -> Result<(), Refusal> {
        if self.state.business.as_ref().is_some_and(|business| business.closed_on.is_none()) {
            return Err(Refusal::Settled { item: Item::Business, name: start.sector.to_string() });
        }
        let paid = self.state.financings.iter().any(|financing| !financing.paid.is_empty());
        if !paid && self.state.financing_waived_on.is_none() {
            return Err(Refusal::MissingStep { step: Step::Financing });
        }
        // A project does not start before its training is done: a finding of Mali's
        // Auditor-General on a like programme.
        if let Some(training) =
            self.state.training.as_ref().filter(|training| self.on < training.on)
        {
            let (given, earliest) = (self.on, training.on);
            return Err(Refusal::TooEarly { field: "occurred_on", given, earliest });
        }
        self.sector(&start.sector)
    }

    fn visit(&self, visit: &Visit) -> Result<(), Refusal> {
        let business = self.state.business.as_ref();
        let business = business.ok_or(Refusal::MissingStep { step: Step::BusinessStart })?;
        let mut earliest = business.started_on;
        if let Some(milestone) = visit.milestone {
            let name = || milestone.get().to_string();
            if !self.rules.follow_up_months.contains(&milestone) {
                return Err(Refusal::Unknown {
                    item: Item::Milestone,
                    name: name(),
                    field: "milestone",
                });
            }
            if self.state.visits.contains_key(&milestone.get()) {
                return Err(Refusal::Differs { item: Item::Milestone, name: name() });
            }
            let due = business.started_on.checked_add_months(Months::new(milestone.get()));
            let early = due.and_then(|due| due.checked_sub_days(Days::new(VISIT_EARLY_DAYS)));
            earliest = early.unwrap_or(NaiveDate::MAX);
        }
        if self.on < earliest {
            return Err(Refusal::TooEarly { field: "occurred_on", given: self.on, earliest });
        }
        Ok(())
    }

    fn closure(&self) -> Result<(), Refusal> {
        let business = self.state.business.as_ref();
        let business = business.ok_or(Refusal::MissingStep { step: Step::BusinessStart })?;
        if business.closed_on.is_some() {
            return Err(Refusal::Settled {
                item: Item::Business,
                name: business.sector.to_string(),
            });
        }
        if self.on < business.started_on {
            let (given, earliest) = (self.on, business.started_on);
            return Err(Refusal::TooEarly { field: "occurred_on", given, earliest });
        }
        Ok(())
    }

    fn path_end(&self, end: &PathEnd) -> Result<(), Refusal> {
        if end.override_reason.is_some() {
            return Ok(());
        }
        let last = self.rules.final_milestone();
        if last.is_some_and(|last| !self.state.visits.contains_key(&last)) {
            return Err(Refusal::MissingStep { step: Step::FinalVisit });
        }
        let owed: Xof = self.state.financings.iter().map(super::state::FinancingState::owed).sum();
        if owed > Xof::ZERO {
            return Err(Refusal::TooMuch { what: Amount::Owed, limit: Xof::ZERO, given: owed });
        }
        Ok(())
    }

    fn transfer(&self, transfer: &Transfer) -> Result<(), Refusal> {
        self.programme.check_office(&transfer.office, self.on)?;
        self.region(transfer.region)?;
        if self.state.office.as_ref() == Some(&transfer.from_office)
            && transfer.office != transfer.from_office
        {
            return Ok(());
        }
        Err(Refusal::Disagree { field: "office", other: "from_office" })
    }

    fn income(&self, income: &Income) -> Result<(), Refusal> {
        if income.to < income.from {
            return Err(Refusal::Disagree { field: "to", other: "from" });
        }
        if income.to > self.on {
            return Err(Refusal::InFuture { field: "to", given: income.to, today: self.on });
        }
        let same = |told: &&Income| {
            (told.survey, told.from, told.to, told.source)
                == (income.survey, income.from, income.to, income.source)
        };
        match self.state.incomes.iter().find(same) {
            // Counted twice it would spoil every mean; a correction retracts the first.
            Some(_) => Err(Refusal::Differs {
                item: Item::Income,
                name: format!("{} {}", income.from, income.to),
            }),
            None => Ok(()),
        }
    }

    fn grievance_answer(&self, answer: &GrievanceAnswer) -> Result<(), Refusal> {
        let name = answer.grievance.to_string();
        let grievance =
            self.state.grievances.iter().find(|open| open.grievance == answer.grievance);
        match grievance {
            None => Err(Refusal::Unknown { item: Item::Grievance, name, field: "grievance" }),
            Some(open) if open.resolved.is_some() => {
                Err(Refusal::Settled { item: Item::Grievance, name })
            }
            Some(_) => Ok(()),
        }
    }

    fn erasure(&self, erasure: &Erasure) -> Result<(), Refusal> {
        if self.state.is_erased() {
            return Err(Refusal::Settled { item: Item::PersonalData, name: String::new() });
        }
        if erasure.keys == self.state.keys {
            return Ok(());
        }
        Err(Refusal::Disagree { field: "keys", other: "identity" })
    }
}

fn check_sheet(sheet: &InterviewSheet) -> Result<(), Refusal> {
    check_items(sheet.scores.len(), CRITERIA_MAX)?;
    for line in &sheet.scores {
        if line.score.get() > line.out_of.get() {
            let (limit, given) = (line.out_of.get(), line.score.get());
            return Err(Refusal::Above { what: Quantity::InterviewTotal, limit, given });
        }
    }
    if eligibility::total_of(&sheet.scores) == sheet.total {
        return Ok(());
    }
    Err(Refusal::Disagree { field: "total", other: "scores" })
}
