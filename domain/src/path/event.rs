//! The facts of a path, as they are stored for ever.
//!
//! An event is the day of the fact, who recorded it, the version of the programme's rules that it
//! was judged by, and the fact. These four stand in the payload because decisions rest on them
//! (separation of duties, retraction); the rest of what is known about the recording is metadata.
//! A stored form never changes: a new variant, or a new version with an upcaster
//! ([`crate::upcast`]), and a golden file for each.

use chrono::NaiveDate;
use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};

use super::facts::{
    AdviserChoice, Approval, Assessment, Attendance, Closure, CommunityAction, Completion, Consent,
    ConsentScope, Disbursement, Document, DuplicateLink, DuplicateUnlink, Eligibility, Enrolment,
    Erasure, Exit, FinancingCase, FinancingNumber, FinancingRefusal, Grievance, GrievanceAnswer,
    Idea, IdentityChange, Income, InterviewSheet, Note, Nothing, PathEnd, Plan, PlanReview, Reason,
    Registration, Repayment, Rescheduling, Retraction, Selection, Start, Support, Suspension,
    Transfer, Visit, Withdrawal, WriteOff,
};
use crate::values::ActorId;

/// One event of a beneficiary's stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BeneficiaryEvent {
    /// The day on which it happened, in the field.
    pub occurred_on: NaiveDate,
    /// Who recorded it.
    pub by: ActorId,
    /// Version of the programme's rules that it was judged by; 0 before any were set.
    pub rules: u32,
    /// What happened.
    pub fact: Fact,
}

/// Declares [`Fact`]: a variant, its body, the version of its stored form, and how it is shown.
macro_rules! facts {
    ($($variant:ident($body:ty) $version:literal, $fr:literal, $en:literal;)*) => {
        /// What happened to a beneficiary.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum Fact { $(#[doc = $en] $variant($body),)* }

        impl Fact {
            /// The type's name in the journal.
            #[must_use]
            pub const fn event_type(&self) -> &'static str {
                match self { $(Self::$variant(_) => stringify!($variant),)* }
            }

            /// The version of the stored form.
            #[must_use]
            pub const fn event_version(&self) -> &'static str {
                match self { $(Self::$variant(_) => $version,)* }
            }
        }

        /// Every type of fact: name, version, and what it is called in French and in English.
        pub const FACTS: &[(&str, &str, &str, &str)] =
            &[$((stringify!($variant), $version, $fr, $en),)*];
    };
}

facts! {
    Registered(Registration) "2.0", "Inscription", "Registered";
    IdeaSubmitted(Idea) "1.0", "Idée de projet déposée", "Idea submitted";
    IdeaRevised(Idea) "1.0", "Idée de projet revue", "Idea revised";
    EligibilityAssessed(Eligibility) "1.0", "Éligibilité examinée", "Eligibility assessed";
    InterviewRecorded(InterviewSheet) "1.0", "Entretien noté", "Interview recorded";
    SelectionDecided(Selection) "1.0", "Sélection décidée", "Selection decided";
    TrainingEnrolled(Enrolment) "1.0", "Inscription en formation", "Enrolled in training";
    TrainingWithdrawn(Withdrawal) "1.0", "Retrait de la formation", "Withdrawn from training";
    AttendanceRecorded(Attendance) "1.0", "Présence relevée", "Attendance recorded";
    ModuleAssessed(Assessment) "1.0", "Module évalué", "Module assessed";
    TrainingCompleted(Completion) "1.0", "Formation achevée", "Training completed";
    BusinessPlanSubmitted(Plan) "1.0", "Plan d'affaires déposé", "Business plan submitted";
    BusinessPlanValidated(PlanReview) "1.0", "Plan d'affaires examiné", "Business plan reviewed";
    FinancingRequested(FinancingCase) "1.0", "Financement demandé", "Financing requested";
    FinancingApproved(Approval) "1.0", "Financement approuvé", "Financing approved";
    FinancingRefused(FinancingRefusal) "1.0", "Financement refusé", "Financing refused";
    AgreementSigned(FinancingNumber) "1.0", "Convention de financement signée", "Agreement signed";
    DisbursementRecorded(Disbursement) "1.0", "Décaissement", "Disbursement recorded";
    RepaymentRecorded(Repayment) "1.0", "Remboursement", "Repayment recorded";
    LoanRescheduled(Rescheduling) "1.0", "Crédit rééchelonné", "Loan rescheduled";
    LoanWrittenOff(WriteOff) "1.0", "Crédit passé en perte", "Loan written off";
    FinancingWaived(Reason) "1.0", "Démarrage sans financement", "Financing waived";
    BusinessStarted(Start) "1.0", "Démarrage d'activité", "Business started";
    VisitRecorded(Visit) "1.0", "Visite de suivi", "Visit recorded";
    SupportProvided(Support) "1.0", "Accompagnement", "Support provided";
    BusinessClosed(Closure) "1.0", "Cessation d'activité", "Business closed";
    PathCompleted(PathEnd) "1.0", "Parcours achevé", "Path completed";
    AdviserAssigned(AdviserChoice) "1.0", "Conseiller désigné", "Adviser assigned";
    Transferred(Transfer) "1.0", "Transfert", "Transferred";
    Suspended(Suspension) "1.0", "Suspension", "Suspended";
    Resumed(Nothing) "1.0", "Reprise", "Resumed";
    Exited(Exit) "1.0", "Abandon ou sortie", "Exited";
    Reopened(Reason) "1.0", "Réouverture", "Reopened";
    NoteAdded(Note) "1.0", "Note", "Note added";
    DocumentAttached(Document) "1.0", "Pièce jointe", "Document attached";
    IncomeRecorded(Income) "1.0", "Revenu relevé", "Income recorded";
    CommunityActionRecorded(CommunityAction) "1.0", "Action communautaire", "Community action recorded";
    GrievanceLodged(Grievance) "1.0", "Plainte reçue", "Grievance lodged";
    GrievanceResolved(GrievanceAnswer) "1.0", "Plainte traitée", "Grievance resolved";
    Retracted(Retraction) "1.0", "Retrait d'un événement", "Event retracted";
    DuplicateLinked(DuplicateLink) "1.0", "Doublon rattaché", "Duplicate linked";
    DuplicateUnlinked(DuplicateUnlink) "1.0", "Doublon détaché", "Duplicate unlinked";
    IdentityUpdated(IdentityChange) "1.0", "Identité corrigée", "Identity updated";
    ConsentRecorded(Consent) "1.0", "Consentement", "Consent recorded";
    ConsentWithdrawn(ConsentScope) "1.0", "Consentement retiré", "Consent withdrawn";
    PersonalDataErased(Erasure) "1.0", "Données personnelles effacées", "Personal data erased";
}

impl DomainEvent for BeneficiaryEvent {
    fn event_type(&self) -> String {
        self.fact.event_type().to_owned()
    }

    fn event_version(&self) -> String {
        self.fact.event_version().to_owned()
    }
}
