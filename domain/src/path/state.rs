//! The state of a path: what its events say together. The fold holds no rule and cannot fail.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::event::{BeneficiaryEvent, Fact};
use super::facts::{
    Approval, Attendance, Completion, Consent, Eligibility, FinancingCase, Idea, Income,
    Instalment, InterviewSheet, Jobs, PlanConclusion, Registration, Selection, Sex, Tranche,
};
use super::stage::{Stage, Status};
use crate::reference::{
    BusinessStatus, GrievanceCategory, GrievanceOutcome, Instrument, LegalForm, MediaType,
    ModuleCode, RegionCode, SectorCode,
};
use crate::values::{
    ActorId, BeneficiaryId, CohortId, FundId, KeyId, OfficeCode, ProgrammeId, Reference, Score,
    Sealed, Slug, Text, Xof,
};

/// Declares parts of the state: plain data with public fields; empty options and lists are left
/// out when shown.
macro_rules! parts {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        pub struct $name { $($(#[$field_doc])* pub $field: $kind,)* }
    )*};
}

parts! {
    /// A fact with its day and its author.
    Signed {
        /// Day of the fact.
        on: NaiveDate,
        /// Who recorded it.
        by: ActorId,
    }

    /// A conclusion of eligibility.
    EligibilityState {
        /// Day of the assessment.
        on: NaiveDate,
        /// Who assessed.
        by: ActorId,
        /// The rules' outcomes and the conclusion.
        #[serde(flatten)]
        assessment: Eligibility,
    }

    /// The last interview.
    InterviewState {
        /// Day of the interview.
        on: NaiveDate,
        /// The interviewer.
        by: ActorId,
        /// Total out of 100.
        total: Score,
    }

    /// The last decision of selection.
    SelectionState {
        /// Day of the decision.
        on: NaiveDate,
        /// The decider.
        by: ActorId,
        /// The decision.
        #[serde(flatten)]
        selection: Selection,
    }

    /// A seat in a training group.
    EnrolmentState {
        /// Day of the enrolment.
        on: NaiveDate,
        /// The cohort.
        cohort: CohortId,
    }

    /// One session's attendance.
    SessionState {
        /// Day of the session.
        on: NaiveDate,
        /// Length in minutes.
        minutes: u32,
        /// Whether the person was there.
        present: bool,
    }

    /// The last assessment of a module.
    AssessmentState {
        /// Day of the assessment.
        on: NaiveDate,
        /// Points out of 100.
        score: Score,
        /// Whether the pass mark was met.
        passed: bool,
    }

    /// A completed training.
    CompletionState {
        /// Day of completion.
        on: NaiveDate,
        /// How it was completed.
        #[serde(flatten)]
        completion: Completion,
    }

    /// The last business plan.
    PlanState {
        /// Version, from 1.
        plan: u32,
        /// What handed it in.
        submitted: Signed,
        /// Title.
        title: Sealed,
        /// What is needed in all.
        amount_needed: Xof,
        /// What the owner brings.
        own_contribution: Xof,
        /// The committee's conclusion on this version.
        #[serde(skip_serializing_if = "Option::is_none")]
        conclusion: Option<PlanConclusion>,
    }

    /// A tranche that was paid.
    PaidTranche {
        /// Number of the tranche.
        tranche: u32,
        /// Day of the payment.
        on: NaiveDate,
        /// Amount.
        amount: Xof,
        /// The payment's own reference.
        payment_reference: Text<60>,
    }

    /// A repayment.
    PaidBack {
        /// Day of the repayment.
        on: NaiveDate,
        /// Principal paid back.
        principal: Xof,
        /// Interest paid.
        interest: Xof,
        /// The payment's own reference.
        payment_reference: Text<60>,
    }

    /// A financing, from request to last repayment.
    FinancingState {
        /// Number within the path, from 1.
        financing: u32,
        /// Grant, kit, loan or guarantee.
        instrument: Instrument,
        /// The donor's envelope.
        fund: FundId,
        /// What was asked for.
        requested: Xof,
        /// Who asked for it, and when.
        request: Signed,
        /// Who approved it, and when.
        #[serde(skip_serializing_if = "Option::is_none")]
        approval: Option<Signed>,
        /// Who refused it, and when.
        #[serde(skip_serializing_if = "Option::is_none")]
        refusal: Option<Signed>,
        /// Amount approved.
        approved: Xof,
        /// Tranches approved.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        tranches: Vec<Tranche>,
        /// Repayment schedule in force.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        schedule: Vec<Instalment>,
        /// Day the agreement was signed.
        #[serde(skip_serializing_if = "Option::is_none")]
        agreement_on: Option<NaiveDate>,
        /// Tranches paid.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        paid: Vec<PaidTranche>,
        /// Repayments.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        repaid: Vec<PaidBack>,
        /// Day the loan was written off.
        #[serde(skip_serializing_if = "Option::is_none")]
        written_off_on: Option<NaiveDate>,
        /// How often the loan was rescheduled.
        reschedulings: u32,
        /// Principal paid back since the schedule in force was set.
        repaid_since_schedule: Xof,
    }

    /// The business.
    BusinessState {
        /// Day it started.
        started_on: NaiveDate,
        /// Legal form.
        form: LegalForm,
        /// Sector.
        sector: SectorCode,
        /// Day it closed.
        #[serde(skip_serializing_if = "Option::is_none")]
        closed_on: Option<NaiveDate>,
    }

    /// The visit of a milestone.
    VisitState {
        /// Day of the visit.
        on: NaiveDate,
        /// How the business stood.
        business_status: BusinessStatus,
        /// Turnover of the month before.
        #[serde(skip_serializing_if = "Option::is_none")]
        monthly_revenue: Option<Xof>,
        /// Jobs.
        #[serde(skip_serializing_if = "Option::is_none")]
        jobs: Option<Jobs>,
    }

    /// A grievance.
    GrievanceState {
        /// Number within the path, from 1.
        grievance: u32,
        /// What it is about.
        category: GrievanceCategory,
        /// Day it was lodged.
        lodged_on: NaiveDate,
        /// Day it was resolved, and how.
        #[serde(skip_serializing_if = "Option::is_none")]
        resolved: Option<(NaiveDate, GrievanceOutcome)>,
    }

    /// A document's fingerprint.
    DocumentState {
        /// Day it was attached.
        on: NaiveDate,
        /// Media type.
        media_type: MediaType,
        /// SHA-256, hexadecimal.
        sha256: super::facts::Sha256Hex,
        /// Size in bytes.
        size_bytes: u32,
    }
}

/// Where a beneficiary's path stands. All of it is derived from the events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct State {
    /// Stage.
    pub stage: Stage,
    /// Status.
    pub status: Status,
    /// The registration; none before it, or when it was retracted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration: Option<RegistrationState>,
    /// Office in charge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub office: Option<OfficeCode>,
    /// Region of residence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<RegionCode>,
    /// Adviser in charge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adviser: Option<ActorId>,
    /// The idea as last told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idea: Option<Idea>,
    /// Last assessment of eligibility.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eligibility: Option<EligibilityState>,
    /// Last interview.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interview: Option<InterviewState>,
    /// Last decision of selection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selection: Option<SelectionState>,
    /// The seat in a training group; none once it was given back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enrolment: Option<EnrolmentState>,
    /// Sessions by their word.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub sessions: BTreeMap<Slug, SessionState>,
    /// Last assessment of each module.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub assessments: BTreeMap<ModuleCode, AssessmentState>,
    /// The completed training.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub training: Option<CompletionState>,
    /// Last business plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<PlanState>,
    /// Financings in the order of their requests.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub financings: Vec<FinancingState>,
    /// Day on which a start without money was allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub financing_waived_on: Option<NaiveDate>,
    /// The business.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub business: Option<BusinessState>,
    /// Visits by milestone, in months after the start.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub visits: BTreeMap<u32, VisitState>,
    /// Day of the last visit, milestone or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_visit_on: Option<NaiveDate>,
    /// Incomes told.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub incomes: Vec<Income>,
    /// Grievances.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub grievances: Vec<GrievanceState>,
    /// Documents.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<DocumentState>,
    /// Consents that stand.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub consents: Vec<Consent>,
    /// Notes, supports and community actions recorded.
    pub actions: Actions,
    /// The path under which the same person continues: this one is frozen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub continues_as: Option<BeneficiaryId>,
    /// Frozen paths of the same person, who continues here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub duplicates: Vec<BeneficiaryId>,
    /// Day on which the path closed: the person left, completed it, or was not selected; none while it
    /// goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_closed_on: Option<NaiveDate>,
    /// Day on which the personal data were erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub erased_on: Option<NaiveDate>,
    /// The sealed identity as last told; never shown as it is.
    #[serde(skip_serializing)]
    pub identity: Option<Sealed>,
    /// Every key that sealed something here, retracted or not.
    #[serde(skip_serializing)]
    pub keys: Vec<KeyId>,
}

/// Counts of what does not move the path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Actions {
    /// Notes.
    pub notes: u32,
    /// Supports.
    pub supports: u32,
    /// Community actions.
    pub community_actions: u32,
}

/// What the registration said, without the person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RegistrationState {
    /// Reference for paper and phone.
    pub reference: Reference,
    /// The programme.
    pub programme: ProgrammeId,
    /// Day of registration.
    pub on: NaiveDate,
    /// Region on that day.
    pub region: RegionCode,
    /// Sex.
    pub sex: Sex,
    /// Year of birth.
    pub birth_year: u32,
    /// Level of education.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub education: Option<crate::reference::EducationLevel>,
    /// Whether the person counts as having a disability; none when not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disability: Option<bool>,
    /// Whether the person is internally displaced; none when not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub displaced: Option<bool>,
    /// How the person came.
    pub intake: crate::reference::Intake,
    /// Where an imported row comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<super::facts::Origin>,
}

impl FinancingState {
    /// Principal paid out and not yet back; nothing for a grant or a kit.
    #[must_use]
    pub fn owed(&self) -> Xof {
        if self.schedule.is_empty() || self.written_off_on.is_some() {
            return Xof::ZERO;
        }
        self.disbursed().less(self.repaid.iter().map(|repayment| repayment.principal).sum())
    }

    /// What was paid out.
    #[must_use]
    pub fn disbursed(&self) -> Xof {
        self.paid.iter().map(|paid| paid.amount).sum()
    }
}

/// Where a loan stands on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LoanStanding {
    /// Principal paid out and not yet back.
    pub outstanding: Xof,
    /// Principal that was due by that day and is not back.
    pub overdue: Xof,
    /// Days since the oldest unpaid instalment was due; 0 when nothing is overdue.
    pub days_past_due: u32,
}

impl FinancingState {
    /// The day of the oldest instalment of the schedule in force that is not wholly paid; none when
    /// nothing is owed.
    #[must_use]
    pub fn oldest_unpaid_due_on(&self) -> Option<NaiveDate> {
        if self.owed() == Xof::ZERO {
            return None;
        }
        let mut due = Xof::ZERO;
        let unpaid = self.schedule.iter().find(|instalment| {
            due = due.plus(instalment.principal);
            due > self.repaid_since_schedule
        });
        unpaid.map(|instalment| instalment.due_on)
    }

    /// Where the loan stands on `day`; none for what is no loan, is not paid out, or is paid back or
    /// written off. Repayments count towards the oldest instalment of the schedule in force.
    #[must_use]
    pub fn loan_standing(&self, day: NaiveDate) -> Option<LoanStanding> {
        let outstanding = self.owed();
        if outstanding == Xof::ZERO {
            return None;
        }
        let past = self.schedule.iter().filter(|instalment| instalment.due_on < day);
        let due: Xof = past.map(|instalment| instalment.principal).sum();
        let oldest = self.oldest_unpaid_due_on().filter(|oldest| *oldest < day);
        // A tranche that was never paid out is in the schedule and is not owed.
        let overdue = due.less(self.repaid_since_schedule).min(outstanding);
        let days = oldest.map_or(0, |oldest| (day - oldest).num_days());
        Some(LoanStanding {
            outstanding,
            overdue,
            days_past_due: u32::try_from(days).unwrap_or(u32::MAX),
        })
    }
}

impl State {
    /// A financing by its number.
    #[must_use]
    pub fn financing(&self, number: u32) -> Option<&FinancingState> {
        self.financings.iter().find(|financing| financing.financing == number)
    }

    /// Whether the person has been erased.
    #[must_use]
    pub fn is_erased(&self) -> bool {
        self.erased_on.is_some()
    }

    fn financing_mut(&mut self, number: u32) -> Option<&mut FinancingState> {
        self.financings.iter_mut().find(|financing| financing.financing == number)
    }

    /// Remembers the key of a sealed identity: the path's key, which erasure destroys. It is kept
    /// through retractions, since a retracted event stays in the stream with what it sealed.
    pub(super) fn note_keys(&mut self, event: &BeneficiaryEvent) {
        let sealed = match &event.fact {
            Fact::Registered(registration) => &registration.identity,
            Fact::IdentityUpdated(change) => &change.identity,
            _ => return,
        };
        if let Some(key) = sealed.0.key().filter(|key| !self.keys.contains(key)) {
            self.keys.push(key);
        }
    }

    /// Takes one event in. Retractions are not folded here: see [`super::Beneficiary`].
    pub fn fold(&mut self, event: &BeneficiaryEvent) {
        match &event.fact {
            Fact::Registered(registration) => {
                self.fold_registration(event.occurred_on, registration);
            }
            Fact::AdviserAssigned(choice) => self.adviser = Some(choice.adviser.clone()),
            Fact::Transferred(transfer) => {
                self.office = Some(transfer.office.clone());
                self.region = Some(transfer.region);
                // The adviser belongs to the office left behind.
                self.adviser = None;
            }
            Fact::Suspended(_) => self.status = Status::Suspended,
            Fact::Resumed(_) => self.status = Status::Active,
            Fact::Exited(_) => {
                self.status = Status::Exited;
                self.path_closed_on = Some(event.occurred_on);
            }
            Fact::Reopened(_) => self.fold_reopening(),
            Fact::Retracted(_) => {}
            Fact::FinancingRequested(_)
            | Fact::FinancingApproved(_)
            | Fact::FinancingRefused(_)
            | Fact::AgreementSigned(_)
            | Fact::DisbursementRecorded(_)
            | Fact::RepaymentRecorded(_)
            | Fact::LoanRescheduled(_)
            | Fact::LoanWrittenOff(_)
            | Fact::FinancingWaived(_)
            | Fact::BusinessPlanSubmitted(_)
            | Fact::BusinessPlanValidated(_) => self.fold_money(event),
            Fact::BusinessStarted(_)
            | Fact::VisitRecorded(_)
            | Fact::SupportProvided(_)
            | Fact::BusinessClosed(_)
            | Fact::PathCompleted(_) => self.fold_business(event),
            Fact::IdeaSubmitted(_)
            | Fact::IdeaRevised(_)
            | Fact::EligibilityAssessed(_)
            | Fact::InterviewRecorded(_)
            | Fact::SelectionDecided(_)
            | Fact::TrainingEnrolled(_)
            | Fact::TrainingWithdrawn(_)
            | Fact::AttendanceRecorded(_)
            | Fact::ModuleAssessed(_)
            | Fact::TrainingCompleted(_) => self.fold_recruitment(event),
            Fact::NoteAdded(_)
            | Fact::DocumentAttached(_)
            | Fact::IncomeRecorded(_)
            | Fact::CommunityActionRecorded(_)
            | Fact::GrievanceLodged(_)
            | Fact::GrievanceResolved(_)
            | Fact::IdentityUpdated(_)
            | Fact::ConsentRecorded(_)
            | Fact::ConsentWithdrawn(_)
            | Fact::DuplicateLinked(_)
            | Fact::DuplicateUnlinked(_)
            | Fact::PersonalDataErased(_) => self.fold_records(event),
        }
    }

    /// Plan, request, approval, payments.
    fn fold_money(&mut self, event: &BeneficiaryEvent) {
        let signed = || Signed { on: event.occurred_on, by: event.by.clone() };
        let on = event.occurred_on;
        match &event.fact {
            Fact::FinancingRequested(request) => self.fold_request(signed(), request),
            Fact::FinancingApproved(approval) => self.fold_approval(signed(), approval),
            Fact::FinancingRefused(refusal) => {
                if let Some(financing) = self.financing_mut(refusal.financing) {
                    financing.refusal = Some(signed());
                    // What was not paid out yet is given up with it.
                    financing.approved = financing.disbursed();
                    let paid: Vec<u32> = financing.paid.iter().map(|paid| paid.tranche).collect();
                    financing.tranches.retain(|tranche| paid.contains(&tranche.tranche));
                }
            }
            Fact::AgreementSigned(number) => {
                if let Some(financing) = self.financing_mut(number.financing) {
                    financing.agreement_on = Some(on);
                }
            }
            Fact::DisbursementRecorded(payment) => {
                if let Some(financing) = self.financing_mut(payment.financing) {
                    let payment_reference = payment.payment_reference.clone();
                    let (tranche, amount) = (payment.tranche, payment.amount);
                    financing.paid.push(PaidTranche { tranche, on, amount, payment_reference });
                }
            }
            Fact::RepaymentRecorded(payment) => {
                if let Some(financing) = self.financing_mut(payment.financing) {
                    let payment_reference = payment.payment_reference.clone();
                    let (principal, interest) = (payment.principal, payment.interest);
                    financing.repaid_since_schedule =
                        financing.repaid_since_schedule.plus(principal);
                    financing.repaid.push(PaidBack { on, principal, interest, payment_reference });
                }
            }
            Fact::LoanRescheduled(rescheduling) => {
                if let Some(financing) = self.financing_mut(rescheduling.financing) {
                    financing.schedule.clone_from(&rescheduling.schedule);
                    financing.reschedulings += 1;
                    financing.repaid_since_schedule = Xof::ZERO;
                }
            }
            Fact::LoanWrittenOff(write_off) => {
                if let Some(financing) = self.financing_mut(write_off.financing) {
                    financing.written_off_on = Some(on);
                }
            }
            Fact::FinancingWaived(_) => self.financing_waived_on = Some(on),
            Fact::BusinessPlanSubmitted(plan) => {
                self.plan = Some(PlanState {
                    plan: plan.plan,
                    submitted: signed(),
                    title: plan.title.clone(),
                    amount_needed: plan.amount_needed,
                    own_contribution: plan.own_contribution,
                    conclusion: None,
                });
            }
            Fact::BusinessPlanValidated(review) => {
                if let Some(plan) = &mut self.plan {
                    plan.conclusion = Some(review.conclusion);
                }
            }
            _ => {}
        }
    }

    /// The business and its visits.
    fn fold_business(&mut self, event: &BeneficiaryEvent) {
        let on = event.occurred_on;
        match &event.fact {
            Fact::BusinessStarted(start) => {
                let (form, sector) = (start.form, start.sector.clone());
                self.business =
                    Some(BusinessState { started_on: on, form, sector, closed_on: None });
                self.stage = Stage::FollowUp;
            }
            Fact::VisitRecorded(visit) => {
                self.last_visit_on = self.last_visit_on.max(Some(on));
                if let Some(milestone) = visit.milestone {
                    let state = VisitState {
                        on,
                        business_status: visit.business_status,
                        monthly_revenue: visit.monthly_revenue,
                        jobs: visit.jobs.clone(),
                    };
                    self.visits.insert(milestone.get(), state);
                }
            }
            Fact::SupportProvided(_) => self.actions.supports += 1,
            Fact::BusinessClosed(_) => {
                if let Some(business) = &mut self.business {
                    business.closed_on = Some(on);
                }
            }
            Fact::PathCompleted(_) => {
                self.stage = Stage::Completed;
                self.status = Status::Completed;
                self.path_closed_on = Some(on);
            }
            _ => {}
        }
    }

    /// From the idea to the completed training.
    fn fold_recruitment(&mut self, event: &BeneficiaryEvent) {
        let on = event.occurred_on;
        self.move_close(event);
        match &event.fact {
            Fact::IdeaSubmitted(idea) => {
                self.idea = Some(idea.clone());
                self.stage = Stage::Recruitment;
            }
            Fact::IdeaRevised(idea) => self.idea = Some(idea.clone()),
            Fact::EligibilityAssessed(assessment) => {
                let assessment = assessment.clone();
                self.eligibility = Some(EligibilityState { on, by: event.by.clone(), assessment });
            }
            Fact::InterviewRecorded(sheet) => self.fold_interview(on, &event.by, sheet),
            Fact::SelectionDecided(selection) => self.fold_selection(on, &event.by, selection),
            Fact::TrainingEnrolled(seat) => {
                self.enrolment = Some(EnrolmentState { on, cohort: seat.cohort });
            }
            Fact::TrainingWithdrawn(_) => self.enrolment = None,
            Fact::AttendanceRecorded(attendance) => self.fold_attendance(on, attendance),
            Fact::ModuleAssessed(assessment) => {
                let state =
                    AssessmentState { on, score: assessment.score, passed: assessment.passed };
                self.assessments.insert(assessment.module.clone(), state);
            }
            Fact::TrainingCompleted(completion) => {
                self.training = Some(CompletionState { on, completion: completion.clone() });
                self.stage = Stage::Financing;
            }
            _ => {}
        }
    }

    /// What is known of the person and does not move the path.
    fn fold_records(&mut self, event: &BeneficiaryEvent) {
        let on = event.occurred_on;
        match &event.fact {
            Fact::NoteAdded(_) => self.actions.notes += 1,
            Fact::DocumentAttached(document) => self.documents.push(DocumentState {
                on,
                media_type: document.media_type,
                sha256: document.sha256.clone(),
                size_bytes: document.size_bytes.get(),
            }),
            Fact::IncomeRecorded(income) => self.incomes.push(income.clone()),
            Fact::CommunityActionRecorded(_) => self.actions.community_actions += 1,
            Fact::GrievanceLodged(grievance) => self.grievances.push(GrievanceState {
                grievance: grievance.grievance,
                category: grievance.category,
                lodged_on: on,
                resolved: None,
            }),
            Fact::GrievanceResolved(answer) => {
                let number = answer.grievance;
                if let Some(open) = self.grievances.iter_mut().find(|open| open.grievance == number)
                {
                    open.resolved = Some((on, answer.outcome));
                }
            }
            Fact::IdentityUpdated(change) => {
                self.identity = Some(change.identity.0.clone());
                if let (Some(year), Some(registration)) =
                    (change.birth_year, &mut self.registration)
                {
                    registration.birth_year = year.get();
                }
            }
            Fact::ConsentRecorded(consent) => self.fold_consent(consent),
            Fact::ConsentWithdrawn(withdrawal) => {
                self.consents.retain(|consent| consent.scope != withdrawal.scope);
            }
            Fact::DuplicateLinked(link) if link.continues == link.other => {
                self.continues_as = Some(link.continues);
            }
            Fact::DuplicateLinked(link) => self.duplicates.push(link.other),
            Fact::DuplicateUnlinked(unlink) => {
                self.continues_as = self.continues_as.filter(|other| *other != unlink.other);
                self.duplicates.retain(|other| *other != unlink.other);
            }
            Fact::PersonalDataErased(_) => {
                self.erased_on = Some(on);
                self.identity = None;
            }
            _ => {}
        }
    }

    fn fold_registration(&mut self, on: NaiveDate, registration: &Registration) {
        self.office = Some(registration.office.clone());
        self.region = Some(registration.region);
        self.identity = Some(registration.identity.0.clone());
        self.fold_consent(&registration.consent);
        self.registration = Some(RegistrationState {
            reference: registration.reference,
            programme: registration.programme,
            on,
            region: registration.region,
            sex: registration.sex,
            birth_year: registration.birth_year.get(),
            education: registration.education,
            disability: registration
                .disability
                .as_ref()
                .map(super::facts::WashingtonGroup::has_disability),
            displaced: registration.displaced,
            intake: registration.intake,
            origin: registration.origin.clone(),
        });
    }

    fn fold_interview(&mut self, on: NaiveDate, by: &ActorId, sheet: &InterviewSheet) {
        self.interview = Some(InterviewState { on, by: by.clone(), total: sheet.total });
    }

    /// Whoever was not selected and is looked at again has not closed yet; who is trained after all goes on.
    fn move_close(&mut self, event: &BeneficiaryEvent) {
        let Some(closed) = self.path_closed_on.filter(|_| self.status == Status::Active) else {
            return;
        };
        self.path_closed_on = match &event.fact {
            Fact::IdeaSubmitted(_)
            | Fact::IdeaRevised(_)
            | Fact::EligibilityAssessed(_)
            | Fact::InterviewRecorded(_) => Some(closed.max(event.occurred_on)),
            _ => None,
        };
    }

    fn fold_selection(&mut self, on: NaiveDate, by: &ActorId, selection: &Selection) {
        if selection.decision == super::facts::Decision::Selected {
            self.stage = Stage::Training;
        }
        // A path that has closed otherwise is opened again by a reopening alone.
        if matches!(self.status, Status::Active | Status::Suspended) {
            let refused = selection.decision == super::facts::Decision::NotSelected;
            self.path_closed_on = refused.then_some(on);
        }
        self.selection = Some(SelectionState { on, by: by.clone(), selection: selection.clone() });
    }

    fn fold_attendance(&mut self, on: NaiveDate, attendance: &Attendance) {
        let minutes = attendance.length_minutes();
        let state = SessionState { on, minutes, present: attendance.present };
        self.sessions.insert(attendance.session.clone(), state);
    }

    fn fold_request(&mut self, request: Signed, case: &FinancingCase) {
        self.financings.push(FinancingState {
            financing: case.financing,
            instrument: case.instrument,
            fund: case.fund,
            requested: case.amount,
            request,
            approval: None,
            refusal: None,
            approved: Xof::ZERO,
            tranches: Vec::new(),
            schedule: Vec::new(),
            agreement_on: None,
            paid: Vec::new(),
            repaid: Vec::new(),
            written_off_on: None,
            reschedulings: 0,
            repaid_since_schedule: Xof::ZERO,
        });
    }

    fn fold_approval(&mut self, signed: Signed, approval: &Approval) {
        if let Some(financing) = self.financing_mut(approval.financing) {
            financing.approval = Some(signed);
            financing.approved = approval.amount;
            financing.tranches.clone_from(&approval.tranches);
            financing.schedule.clone_from(&approval.schedule);
        }
    }

    fn fold_reopening(&mut self) {
        self.status = Status::Active;
        self.path_closed_on = None;
        if self.stage == Stage::Completed {
            self.stage = Stage::FollowUp;
        }
    }

    fn fold_consent(&mut self, consent: &Consent) {
        self.consents.retain(|standing| standing.scope != consent.scope);
        self.consents.push(consent.clone());
    }
}
