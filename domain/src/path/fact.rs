//! The table of facts: for each its stored form, what it is called, when it may be recorded, the
//! rules that it obeys and what it changes in the state. Here a new event of a path begins: a row, a body in
//! the folder of its stage, and a golden file. `event.rs` is the envelope in which each is stored.

use serde::{Deserialize, Serialize};

use super::admission::{Admission, at, at_every_stage, first, in_every_status};
use super::any::{duplicate, grievance, handover, privacy, records, referral, retraction, status};
use super::case::{Case, any_content, nothing_before};
use super::facts::{
    AdviserChoice, Approval, Assessment, Attendance, AttendanceCorrection, Cancellation, Closure,
    CommunityAction, Completion, Consent, ConsentScope, Disbursement, Document, DuplicateLink,
    DuplicateUnlink, Eligibility, Employment, Enrolment, Erasure, Exit, FinancingCase,
    FinancingNumber, FinancingRefusal, Grievance, GrievanceAnswer, GuaranteeCall, Idea,
    IdentityChange, Income, InterviewSheet, Note, Nothing, PairDecision, PathEnd, Plan, PlanReview,
    Reason, Recovery, Referral, ReferralAnswer, Refund, Registration, RegistrationCorrection,
    Repayment, Rescheduling, Retraction, Reversal, Selection, Start, Support, Suspension, Transfer,
    TransferAcceptance, TransferReturn, Visit, Withdrawal, WriteOff,
};
use super::financing::{beyond, payment, plan, reversal};
use super::idea::correction;
use super::order::RestsOn::{Every, First, Last};
use super::stage::Stage::{Financing, FollowUp, Idea as IdeaStage, Recruitment, Training};
use super::stage::Status::{Active, Closed, Completed, Exited, Suspended};
use super::state::{Signed, State};
use super::{financing, follow_up, idea, recruitment, training};
use crate::refusal::Refusal;

/// Declares [`Fact`] and its kinds. A row is a variant with its body, the version of its stored
/// form, what it is called in French and in English, its admission, what it needs before it, the
/// rule on its content, and its fold. A kind that is told apart from another by its content has its
/// own admission and needs.
macro_rules! facts {
    (
        told_apart {
            $($special:ident of $general:ident when $is:expr, $own_admission:expr, $own_needs:expr;)*
        }
        $($variant:ident($body:ty) $version:literal $fr:literal, $en:literal,
            $admission:expr, $needs:expr, $obeys:expr, $folds:expr;)*
    ) => {
        /// A fact in the life of a beneficiary's path.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum Fact { $(#[doc = $en] $variant($body),)* }

        /// A kind of fact, as far as rules tell them apart without reading the content.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum FactKind { $($variant,)* $($special,)* }

        impl FactKind {
            /// The conditions under which facts of this kind may be recorded.
            pub const fn admission(self) -> Admission {
                match self {
                    $(Self::$variant => $admission,)*
                    $(Self::$special => $own_admission,)*
                }
            }

            /// Asks what facts of this kind need before them, whatever they say.
            pub fn check_needs(self, case: &Case) -> Result<(), Refusal> {
                match self {
                    $(Self::$variant => $needs(case),)*
                    $(Self::$special => $own_needs(case),)*
                }
            }
        }

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

            /// The kind that the rules know it by.
            pub(super) fn kind(&self) -> FactKind {
                match self {
                    $(Self::$general(body) if $is(body) => FactKind::$special,)*
                    $(Self::$variant(_) => FactKind::$variant,)*
                }
            }

            /// Asks the rule on its content.
            pub(super) fn check_content(&self, case: &Case) -> Result<(), Refusal> {
                match self { $(Self::$variant(body) => $obeys(case, body),)* }
            }

            /// Takes it into the state, as it was signed.
            pub(super) fn fold_into(&self, state: &mut State, signed: &Signed) {
                match self { $(Self::$variant(body) => $folds(state, signed, body),)* }
            }
        }

        /// Every type of fact: name, version, and what it is called in French and in English.
        pub const FACTS: &[(&str, &str, &str, &str)] =
            &[$((stringify!($variant), $version, $fr, $en),)*];
    };
}

facts! {
    told_apart {
        TrainingRecognised of TrainingCompleted when Completion::is_recognised,
            at(&[IdeaStage, Recruitment, Training]).of_what_stands().may_precede_registration().sealing().replacing("training"),
            nothing_before;
        PathFrozen of DuplicateLinked when DuplicateLink::freezes,
            in_every_status().never_retracted().replacing("duplicate"),
            duplicate::no_duplicates;
        PathUnfrozen of DuplicateUnlinked when DuplicateUnlink::unfreezes,
            in_every_status().even_frozen().sealing().never_retracted().replacing("duplicate"),
            duplicate::frozen;
        PairDismissed of DuplicateDismissed when PairDecision::is_sent,
            in_every_status().sealing().never_retracted().replacing("pair"),
            nothing_before;
        PairReconsidered of DuplicateReconsidered when PairDecision::is_sent,
            in_every_status().sealing().never_retracted().replacing("pair"),
            nothing_before;
    }

    Registered(Registration) "3.0" "Inscription", "Registered",
        first(),
        idea::not_registered, idea::check_registration, idea::fold_registration;
    RegistrationCorrected(RegistrationCorrection) "1.0" "Inscription corrigée", "Registration corrected",
        in_every_status().sealing().replacing("registration"),
        nothing_before, correction::check_correction, correction::fold_nothing;
    IdeaSubmitted(Idea) "1.0" "Idée de projet déposée", "Idea submitted",
        at(&[IdeaStage]).sealing().replacing("idea"),
        nothing_before, idea::check_idea, idea::fold_submission;
    IdeaRevised(Idea) "1.0" "Idée de projet revue", "Idea revised",
        at(&[Recruitment, Training, Financing]).sealing().replacing("idea")
            .resting_on(&[First(FactKind::IdeaSubmitted)]),
        nothing_before, idea::check_idea, idea::fold_revision;
    EligibilityAssessed(Eligibility) "2.0" "Éligibilité examinée", "Eligibility assessed",
        at(&[Recruitment]).replacing("eligibility").resting_on(&[First(FactKind::IdeaSubmitted)]),
        nothing_before, recruitment::check_eligibility, recruitment::fold_eligibility;
    InterviewRecorded(InterviewSheet) "1.0" "Entretien noté", "Interview recorded",
        at(&[Recruitment]).replacing("interview").resting_on(&[First(FactKind::EligibilityAssessed)]),
        nothing_before, recruitment::check_sheet, recruitment::fold_interview;
    SelectionDecided(Selection) "1.0" "Sélection décidée", "Selection decided",
        at(&[Recruitment]).replacing("selection")
            .resting_on(&[Last(FactKind::EligibilityAssessed), Last(FactKind::InterviewRecorded)]),
        recruitment::assessed, recruitment::check_selection, recruitment::fold_selection;
    TrainingEnrolled(Enrolment) "1.0" "Inscription en formation", "Enrolled in training",
        at(&[Training]).of_what_stands().never_retracted().replacing("seat").resting_on(&[First(FactKind::SelectionDecided)]),
        training::without_seat, any_content, training::fold_enrolment;
    // A seat that is not used any more is given back when the person has left too.
    TrainingWithdrawn(Withdrawal) "1.0" "Retrait de la formation", "Withdrawn from training",
        at(&[Training, Financing]).of_what_stands().while_in(&[Active, Suspended, Exited]).of_any_time().even_frozen()
            .never_retracted().replacing("seat"),
        training::seat_to_return, training::check_withdrawal, training::fold_withdrawal;
    AttendanceRecorded(Attendance) "2.0" "Présence relevée", "Attendance recorded",
        at(&[Training]).resting_on(&[First(FactKind::SelectionDecided)]),
        nothing_before, training::check_attendance, training::fold_attendance;
    // A register is put right after its members have left too; the group is told of it as well.
    AttendanceCorrected(AttendanceCorrection) "1.0" "Présence corrigée", "Attendance corrected",
        at(&[Training]).while_in(&[Active, Suspended, Exited]).of_any_time().even_frozen().never_retracted(),
        nothing_before, training::check_attendance_correction, training::fold_attendance_correction;
    ModuleAssessed(Assessment) "1.0" "Module évalué", "Module assessed",
        at(&[Training]).replacing("assessment").resting_on(&[First(FactKind::SelectionDecided)]),
        nothing_before, training::check_assessment, training::fold_assessment;
    TrainingCompleted(Completion) "2.0" "Formation achevée", "Training completed",
        at(&[Training]).replacing("training").resting_on(&[
            First(FactKind::SelectionDecided), Every(FactKind::AttendanceRecorded), Every(FactKind::ModuleAssessed),
        ]),
        training::attended_enough, training::check_completion, training::fold_completion;
    BusinessPlanSubmitted(Plan) "1.0" "Plan d'affaires déposé", "Business plan submitted",
        at(&[Financing, FollowUp]).sealing()
            .resting_on(&[Last(FactKind::TrainingCompleted), Last(FactKind::TrainingRecognised)]),
        nothing_before, plan::check_plan, plan::fold_plan;
    BusinessPlanValidated(PlanReview) "1.0" "Plan d'affaires examiné", "Business plan reviewed",
        at(&[Financing, FollowUp]).replacing("plan").resting_on(&[Last(FactKind::BusinessPlanSubmitted)]),
        plan::to_review, plan::check_review, plan::fold_review;
    FinancingRequested(FinancingCase) "2.0" "Financement demandé", "Financing requested",
        at(&[Financing, FollowUp]).of_what_stands(),
        plan::validated, financing::check_request, financing::fold_request;
    FinancingApproved(Approval) "1.0" "Financement approuvé", "Financing approved",
        at(&[Financing, FollowUp]).of_what_stands().never_retracted().replacing("approval"),
        financing::one_to_approve, financing::check_approval, financing::fold_approval;
    // Money that is not used any more is given back when the person has left too.
    FinancingRefused(FinancingRefusal) "1.0" "Financement refusé", "Financing refused",
        at(&[Financing, FollowUp]).of_what_stands().while_in(&[Active, Suspended, Exited]).of_any_time().even_frozen()
            .replacing("approval"),
        financing::one_to_refuse, financing::check_refusal, financing::fold_refusal;
    AgreementSigned(FinancingNumber) "1.0" "Convention de financement signée", "Agreement signed",
        at(&[Financing, FollowUp]),
        financing::one_to_sign, financing::check_agreement, financing::fold_agreement;
    DisbursementRecorded(Disbursement) "1.0" "Décaissement", "Disbursement recorded",
        at(&[Financing, FollowUp]).never_retracted(),
        payment::one_to_pay, payment::check_disbursement, payment::fold_disbursement;
    RepaymentRecorded(Repayment) "2.0" "Remboursement", "Repayment recorded",
        in_every_status().even_frozen().never_retracted(),
        payment::one_to_repay, payment::check_repayment, payment::fold_repayment;
    LoanRescheduled(Rescheduling) "2.0" "Crédit rééchelonné", "Loan rescheduled",
        in_every_status().even_frozen(),
        payment::one_owed, payment::check_rescheduling, payment::fold_rescheduling;
    LoanWrittenOff(WriteOff) "2.0" "Crédit passé en perte", "Loan written off",
        in_every_status().even_frozen(),
        payment::one_owed, payment::check_write_off, payment::fold_write_off;
    DisbursementReversed(Reversal) "1.0" "Paiement annulé", "Payment reversed",
        in_every_status().even_frozen().never_retracted(),
        reversal::one_paid_out, reversal::check_outgoing, reversal::fold_reversal;
    RepaymentReversed(Reversal) "1.0" "Encaissement annulé", "Receipt reversed",
        in_every_status().even_frozen().never_retracted(),
        reversal::one_paid_in, reversal::check_incoming, reversal::fold_reversal;
    RefundRecorded(Refund) "1.0" "Restitution", "Refund recorded",
        in_every_status().even_frozen().never_retracted(),
        beyond::one_to_refund, beyond::check_refund, beyond::fold_refund;
    RecoveryRecorded(Recovery) "1.0" "Recouvrement", "Recovery recorded",
        in_every_status().even_frozen().never_retracted(),
        beyond::one_to_recover, beyond::check_recovery, beyond::fold_recovery;
    GuaranteeCalled(GuaranteeCall) "1.0" "Garantie appelée", "Guarantee called",
        in_every_status().even_frozen().never_retracted(),
        beyond::one_guaranteed, beyond::check_call, beyond::fold_call;
    GuaranteeReleased(FinancingNumber) "1.0" "Garantie libérée", "Guarantee released",
        in_every_status().even_frozen().never_retracted(),
        beyond::one_guaranteed, beyond::check_release, beyond::fold_release;
    FinancingCancelled(Cancellation) "1.0" "Financement annulé", "Financing cancelled",
        at(&[Financing, FollowUp]).of_what_stands().while_in(&[Active, Suspended, Exited]).of_any_time().even_frozen()
            .never_retracted().replacing("approval"),
        beyond::one_to_cancel, beyond::check_cancellation, financing::fold_cancellation;
    FinancingWaived(Reason) "1.0" "Démarrage sans financement", "Financing waived",
        at(&[Financing]).of_what_stands().sealing(),
        financing::nothing_paid, any_content, financing::fold_waiver;
    BusinessStarted(Start) "1.0" "Démarrage d'activité", "Business started",
        at(&[Financing, FollowUp]).replacing("business"),
        follow_up::ready_to_start, follow_up::check_start, follow_up::fold_start;
    VisitRecorded(Visit) "1.0" "Visite de suivi", "Visit recorded",
        at(&[FollowUp]),
        follow_up::started, follow_up::check_visit, follow_up::fold_visit;
    SupportProvided(Support) "1.0" "Accompagnement", "Support provided",
        at(&[FollowUp]).resting_on(&[First(FactKind::BusinessStarted)]),
        nothing_before, any_content, follow_up::fold_support;
    BusinessClosed(Closure) "1.0" "Cessation d'activité", "Business closed",
        at(&[FollowUp]).replacing("business"),
        follow_up::trading, any_content, follow_up::fold_closure;
    PathCompleted(PathEnd) "1.0" "Parcours achevé", "Path completed",
        at(&[FollowUp]).of_what_stands().of_any_time().replacing("end")
            .resting_on(&[Last(FactKind::BusinessStarted), Every(FactKind::VisitRecorded)]),
        nothing_before, follow_up::check_end, follow_up::fold_end;
    AdviserAssigned(AdviserChoice) "1.0" "Conseiller désigné", "Adviser assigned",
        at_every_stage().of_what_stands().while_in(&[Active, Suspended]).replacing("adviser"),
        nothing_before, any_content, status::fold_adviser;
    Transferred(Transfer) "2.0" "Transfert", "Transferred",
        at_every_stage().of_what_stands().while_in(&[Active, Suspended]).at_another_office().replacing("transfer")
            .resting_on(&[Last(FactKind::Transferred), Last(FactKind::TransferReturned)]),
        nothing_before, status::check_transfer, status::fold_transfer;
    // What waits is answered though the path has ended or continues as another: it would wait for ever.
    TransferAccepted(TransferAcceptance) "1.0" "Transfert accepté", "Transfer accepted",
        in_every_status().even_frozen().replacing("transfer")
            .resting_on(&[Last(FactKind::Transferred)]),
        handover::one_to_accept, any_content, handover::fold_acceptance;
    TransferReturned(TransferReturn) "1.0" "Transfert renvoyé", "Transfer returned",
        in_every_status().even_frozen().sealing().replacing("transfer")
            .resting_on(&[Last(FactKind::Transferred)]),
        handover::one_to_accept, handover::check_return, handover::fold_return;
    Suspended(Suspension) "1.0" "Suspension", "Suspended",
        at_every_stage().of_what_stands().replacing("status").resting_on(&[Last(FactKind::Resumed), Last(FactKind::Reopened)]),
        nothing_before, any_content, status::fold_suspension;
    Resumed(Nothing) "1.0" "Reprise", "Resumed",
        at_every_stage().of_what_stands().while_in(&[Suspended]).replacing("status").resting_on(&[Last(FactKind::Suspended)]),
        nothing_before, any_content, status::fold_resumption;
    Exited(Exit) "2.0" "Abandon ou sortie", "Exited",
        at_every_stage().of_what_stands().while_in(&[Active, Suspended]).of_any_time().replacing("status")
            .resting_on(&[Last(FactKind::Reopened)]),
        nothing_before, status::check_exit, status::fold_exit;
    Reopened(Reason) "1.0" "Réouverture", "Reopened",
        at_every_stage().of_what_stands().while_in(&[Closed, Exited, Completed]).of_any_time().sealing().replacing("status")
            .resting_on(&[
                Last(FactKind::Exited), Last(FactKind::PathCompleted),
                Last(FactKind::SelectionDecided), Last(FactKind::EligibilityAssessed),
            ]),
        nothing_before, any_content, status::fold_reopening;
    NoteAdded(Note) "1.0" "Note", "Note added",
        in_every_status().sealing(),
        nothing_before, any_content, records::fold_note;
    DocumentAttached(Document) "1.0" "Pièce jointe", "Document attached",
        in_every_status().sealing(),
        nothing_before, any_content, records::fold_document;
    IncomeRecorded(Income) "1.0" "Revenu relevé", "Income recorded",
        in_every_status().may_precede_registration(),
        nothing_before, records::check_income, records::fold_income;
    EmploymentRecorded(Employment) "1.0" "Situation d'emploi relevée", "Employment recorded",
        in_every_status().may_precede_registration(),
        nothing_before, records::check_employment, records::fold_employment;
    CommunityActionRecorded(CommunityAction) "1.0" "Action communautaire", "Community action recorded",
        in_every_status().may_precede_registration(),
        nothing_before, any_content, records::fold_community_action;
    ReferredToPartner(Referral) "1.0" "Orientation vers un partenaire", "Referred to a partner",
        in_every_status(),
        nothing_before, referral::check_referral, referral::fold_referral;
    ReferralOutcomeRecorded(ReferralAnswer) "1.0" "Suite d'une orientation", "Referral outcome recorded",
        in_every_status().even_frozen().resting_on(&[First(FactKind::ReferredToPartner)]),
        referral::one_referred, referral::check_outcome, referral::fold_outcome;
    GrievanceLodged(Grievance) "1.0" "Plainte reçue", "Grievance lodged",
        in_every_status().sealing(),
        nothing_before, grievance::check_grievance, grievance::fold_grievance;
    GrievanceResolved(GrievanceAnswer) "1.0" "Plainte traitée", "Grievance resolved",
        in_every_status().even_frozen().resting_on(&[First(FactKind::GrievanceLodged)]),
        grievance::one_open, grievance::check_answer, grievance::fold_answer;
    // A retraction is not retracted: the fact is recorded anew.
    Retracted(Retraction) "1.0" "Retrait d'un événement", "Event retracted",
        in_every_status().even_frozen().sealing().never_retracted(),
        nothing_before, any_content, retraction::fold_nothing;
    DuplicateLinked(DuplicateLink) "1.0" "Doublon rattaché", "Duplicate linked",
        in_every_status().never_retracted().replacing("duplicate"),
        nothing_before, duplicate::check_link, duplicate::fold_link;
    DuplicateUnlinked(DuplicateUnlink) "1.0" "Doublon détaché", "Duplicate unlinked",
        in_every_status().even_frozen().never_retracted().replacing("duplicate"),
        nothing_before, duplicate::check_unlink, duplicate::fold_unlink;
    DuplicateDismissed(PairDecision) "1.0" "Doublon écarté", "Duplicate dismissed",
        in_every_status().never_retracted().replacing("pair"),
        nothing_before, duplicate::check_dismissal, duplicate::fold_dismissal;
    DuplicateReconsidered(PairDecision) "1.0" "Doublon remis à l'examen", "Duplicate reconsidered",
        in_every_status().never_retracted().replacing("pair"),
        nothing_before, duplicate::check_reconsideration, duplicate::fold_reconsideration;
    IdentityUpdated(IdentityChange) "1.0" "Identité corrigée", "Identity updated",
        in_every_status().sealing().replacing("identity"),
        nothing_before, any_content, privacy::fold_identity;
    ConsentRecorded(Consent) "1.0" "Consentement", "Consent recorded",
        in_every_status().may_precede_registration().replacing("consent"),
        nothing_before, any_content, privacy::fold_consent;
    ConsentWithdrawn(ConsentScope) "1.0" "Consentement retiré", "Consent withdrawn",
        in_every_status().even_frozen().replacing("consent").resting_on(&[Every(FactKind::ConsentRecorded)]),
        privacy::one_consent, privacy::check_withdrawal, privacy::fold_withdrawal;
    // A destroyed key does not come back.
    PersonalDataErased(Erasure) "1.0" "Données personnelles effacées", "Personal data erased",
        in_every_status().even_frozen().never_retracted(),
        privacy::not_erased, privacy::check_erasure, privacy::fold_erasure;
}
