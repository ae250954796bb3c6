//! What can be asked of a path: the table of its commands, and the one of the facts that they lead to.

use super::any::{duplicate, grievance, handover, privacy, referral, status};
use super::fact::{Fact, FactKind};
use super::facts::{
    AdviserChoice, Approval, Attendance, Cancellation, Closure, CommunityAction, CompletionRequest,
    Consent, ConsentScope, Disbursement, Document, DuplicateClaim, EligibilityRequest, Employment,
    Enrolment, ErasureRequest, ExitRequest, FinancingApplication, FinancingNumber,
    FinancingRefusal, GrievanceAnswer, GrievanceRequest, GuaranteeCall, Idea,
    IdentityChangeRequest, Income, Interview, ModuleScore, Note, Nothing, PairRequest, PathEnd,
    PlanRequest, PlanReview, Reason, Recognition, Recovery, ReferralAnswer, ReferralRequest,
    RefundRequest, Registration, RegistrationAmendment, Repayment, Rescheduling, Retraction,
    ReversalRequest, SeatReturn, Selection, Start, Support, Suspension, TransferAcceptance,
    TransferRefusal, TransferRequest, Visit, WriteOff,
};
use super::financing::{self, beyond, payment, plan, reversal};
use super::idea::correction;
use super::proposal::{Asked, leads_to};
use super::{follow_up, idea, recruitment, training};
use crate::catalogue::commands;
use crate::refusal::Refusal;

commands! {
    /// A command to a beneficiary's path.
    BeneficiaryCommand, BeneficiaryVerb, BENEFICIARY_COMMANDS;
    Register(Registration) "register" "idea" [Adviser, Director] OwnOffice sealed["own_words"]
        "Inscrit une personne.", "Registers a person.";
    CorrectRegistration(RegistrationAmendment) "correct-registration" "any" [Adviser, Director] OwnOffice sealed["reason"]
        "Corrige ce que l'inscription dit de la personne ; l'ancienne valeur reste dans l'historique.",
        "Corrects what the registration says of the person; the value before stays in the history.";
    SubmitIdea(Idea) "submit-idea" "idea" [Adviser, Director] OwnOffice sealed["title", "summary"]
        "Dépose l'idée de projet.", "Submits the project idea.";
    ReviseIdea(Idea) "revise-idea" "idea" [Adviser, Director] OwnOffice sealed["title", "summary"]
        "Revoit l'idée de projet.", "Revises the project idea.";
    AssessEligibility(EligibilityRequest) "assess-eligibility" "recruitment" [Adviser, Director] OwnOffice sealed["override_reason"]
        "Examine l'éligibilité selon les règles ; y déroger demande un directeur et un motif.",
        "Assesses eligibility by the rules; an override needs a director and a reason.";
    RecordInterview(Interview) "record-interview" "recruitment" [Adviser, Director] OwnOffice sealed["comment"]
        "Enregistre la grille de notation de l'entretien.", "Records the interview's score sheet.";
    DecideSelection(Selection) "decide-selection" "recruitment" [Committee] OwnOffice sealed["reason"]
        "Décide la sélection.", "Decides the selection.";
    EnrolInTraining(Enrolment) "enrol-in-training" "training" [Adviser, Director] OwnOffice sealed[]
        "Inscrit la personne dans un groupe de formation, s'il reste une place.",
        "Enrols the person in a training group, if a seat is free.";
    WithdrawFromTraining(SeatReturn) "withdraw-from-training" "training" [Adviser, Director] OwnOffice sealed["comment"]
        "Retire la personne de son groupe de formation ; la place se libère.",
        "Withdraws the person from the training group; the seat is free again.";
    RecordAttendance(Attendance) "record-attendance" "training" [Trainer, Director] OwnOffice sealed[]
        "Relève la présence à une séance.", "Records attendance at one session.";
    RecordAssessment(ModuleScore) "record-assessment" "training" [Trainer, Director] OwnOffice sealed[]
        "Enregistre l'évaluation d'un module.", "Records a module's assessment.";
    CompleteTraining(CompletionRequest) "complete-training" "training" [Trainer, Director] OwnOffice sealed[]
        "Achève la formation suivie, si l'assiduité et les modules suffisent.",
        "Completes the training attended, if attendance and modules meet the rules.";
    RecogniseTraining(Recognition) "recognise-training" "training" [Director] OwnOffice sealed["proof", "reason"]
        "Reconnaît une formation faite ailleurs ou avant le système.",
        "Recognises a training done elsewhere or before the system.";
    SubmitBusinessPlan(PlanRequest) "submit-business-plan" "financing" [Adviser, Director] OwnOffice sealed["title", "summary"]
        "Dépose le plan d'affaires.", "Submits the business plan.";
    ValidateBusinessPlan(PlanReview) "validate-business-plan" "financing" [Committee] OwnOffice sealed["comment"]
        "Valide le plan d'affaires ou demande de le revoir.", "Validates the business plan, or sends it back.";
    RequestFinancing(FinancingApplication) "request-financing" "financing" [Adviser, Director] OwnOffice sealed[]
        "Demande un financement.", "Requests financing.";
    ApproveFinancing(Approval) "approve-financing" "financing" [Committee] OwnOffice sealed[]
        "Approuve un financement, avec ses tranches.", "Approves a financing, with its tranches.";
    RefuseFinancing(FinancingRefusal) "refuse-financing" "financing" [Committee] OwnOffice sealed["comment"]
        "Refuse un financement.", "Refuses a financing.";
    SignAgreement(FinancingNumber) "sign-agreement" "financing" [Director] OwnOffice sealed[]
        "Signe la convention de financement.", "Signs the agreement.";
    RecordDisbursement(Disbursement) "record-disbursement" "financing" [Finance] OwnOffice sealed[]
        "Enregistre le paiement d'une tranche.", "Records the payment of a tranche.";
    RecordRepayment(Repayment) "record-repayment" "financing" [Finance] OwnOffice sealed[]
        "Enregistre un remboursement.", "Records a repayment.";
    RescheduleLoan(Rescheduling) "reschedule-loan" "financing" [Finance] OwnOffice sealed["reason"]
        "Rééchelonne un crédit.", "Reschedules a loan.";
    WriteOffLoan(WriteOff) "write-off-loan" "financing" [Director] OwnOffice sealed["reason"]
        "Passe un crédit en perte.", "Writes a loan off.";
    ReverseDisbursement(ReversalRequest) "reverse-disbursement" "financing" [Finance] OwnOffice sealed["reason"]
        "Annule un paiement sortant : rejeté, versé à une autre personne ou mal enregistré ; qui l'a enregistré ne l'annule pas.",
        "Reverses a payment out that bounced, went to the wrong person or was recorded wrongly; not by who recorded it.";
    ReverseRepayment(ReversalRequest) "reverse-repayment" "financing" [Finance] OwnOffice sealed["reason"]
        "Annule un paiement entrant : rejeté ou mal enregistré ; qui l'a enregistré ne l'annule pas.",
        "Reverses a payment in that bounced or was recorded wrongly; not by who recorded it.";
    RecordRefund(RefundRequest) "record-refund" "financing" [Finance] OwnOffice sealed[]
        "Enregistre la restitution d'une subvention ou d'un kit non utilisé, ou la remise du trop-perçu d'un crédit.",
        "Records the refund of an unspent grant or kit, or of a loan's credit balance.";
    RecordRecovery(Recovery) "record-recovery" "financing" [Finance] OwnOffice sealed[]
        "Enregistre un recouvrement après un passage en perte ou l'appel d'une garantie.",
        "Records a recovery after a write-off or the call of a guarantee.";
    CallGuarantee(GuaranteeCall) "call-guarantee" "financing" [Finance] OwnOffice sealed[]
        "Enregistre l'appel d'une garantie : le fonds paie le prêteur.",
        "Records the call of a guarantee: the fund pays the lender.";
    ReleaseGuarantee(FinancingNumber) "release-guarantee" "financing" [Finance, Director] OwnOffice sealed[]
        "Libère une garantie : ce qui n'a pas été appelé revient au fonds.",
        "Releases a guarantee: what was not called goes back to the fund.";
    CancelFinancing(Cancellation) "cancel-financing" "financing" [Committee, Director] OwnOffice sealed["reason"]
        "Annule un financement approuvé dont rien n'est versé ; le fonds est dégagé.",
        "Cancels an approved financing of which nothing is paid; the fund is released.";
    WaiveFinancing(Reason) "waive-financing" "financing" [Director] OwnOffice sealed["reason"]
        "Autorise un démarrage sans financement.", "Allows a start without money.";
    RecordBusinessStart(Start) "record-business-start" "follow_up" [Adviser, Director] OwnOffice sealed["registration_number", "locality"]
        "Enregistre le démarrage d'activité.", "Records the start of the business.";
    RecordVisit(Visit) "record-visit" "follow_up" [Adviser, Director] OwnOffice sealed["next_step"]
        "Enregistre une visite de suivi.", "Records a follow-up visit.";
    RecordSupport(Support) "record-support" "follow_up" [Adviser, Director] OwnOffice sealed["comment"]
        "Enregistre un accompagnement.", "Records support given.";
    RecordBusinessClosure(Closure) "record-business-closure" "follow_up" [Adviser, Director] OwnOffice sealed["comment"]
        "Enregistre une cessation d'activité.", "Records the closure of the business.";
    CompletePath(PathEnd) "complete-path" "follow_up" [Director] OwnOffice sealed["override_reason"]
        "Achève le parcours.", "Completes the path.";
    AssignAdviser(AdviserChoice) "assign-adviser" "any" [Adviser, Director] OwnOffice sealed[]
        "Désigne le conseiller.", "Assigns the adviser.";
    Transfer(TransferRequest) "transfer" "any" [Adviser, Director] OwnOffice sealed["reason"]
        "Transfère le parcours à une autre antenne.", "Transfers the path to another office.";
    AcceptTransfer(TransferAcceptance) "accept-transfer" "any" [Adviser, Director] OwnOffice sealed[]
        "Accepte un dossier transféré ; qui l'accepte en prend la charge, sauf autre conseiller désigné.",
        "Accepts a path that was transferred; whoever accepts takes charge, unless another adviser is named.";
    ReturnTransfer(TransferRefusal) "return-transfer" "any" [Adviser, Director] OwnOffice sealed["reason"]
        "Renvoie un dossier à l'antenne qui l'a transféré.", "Returns a path to the office that transferred it.";
    Suspend(Suspension) "suspend" "any" [Adviser, Director] OwnOffice sealed["comment"]
        "Suspend le parcours.", "Suspends the path.";
    Resume(Nothing) "resume" "any" [Adviser, Director] OwnOffice sealed[]
        "Reprend un parcours suspendu.", "Resumes a suspended path.";
    Exit(ExitRequest) "exit" "any" [Adviser, Director] OwnOffice sealed["comment"]
        "Enregistre la sortie de la personne ; sa place en formation se libère.",
        "Records that the person leaves; the seat in training is free again.";
    Reopen(Reason) "reopen" "any" [Adviser, Director] OwnOffice sealed["reason"]
        "Rouvre un parcours.", "Reopens a path.";
    AddNote(Note) "add-note" "any" [Adviser, Trainer, Committee, Finance, Director, Admin] OwnOffice sealed["text"]
        "Ajoute une note.", "Adds a note.";
    AttachDocument(Document) "attach-document" "any" [Adviser, Trainer, Committee, Finance, Director, Admin] OwnOffice sealed["name"]
        "Enregistre l'empreinte d'une pièce jointe.", "Records a document's fingerprint.";
    RecordIncome(Income) "record-income" "any" [Adviser, Director] OwnOffice sealed[]
        "Relève un revenu sur une période.", "Records an income over a period.";
    RecordEmployment(Employment) "record-employment" "any" [Adviser, Director] OwnOffice sealed[]
        "Relève la situation d'emploi de la personne.", "Records the person's status in employment.";
    RecordCommunityAction(CommunityAction) "record-community-action" "any" [Adviser, Director] OwnOffice sealed["comment"]
        "Enregistre une action communautaire.", "Records a community action.";
    ReferToPartner(ReferralRequest) "refer-to-partner" "any" [Adviser, Director] OwnOffice sealed["comment"]
        "Oriente la personne vers un service d'un partenaire de la convention.",
        "Refers the person to a service of a partner of the convention.";
    RecordReferralOutcome(ReferralAnswer) "record-referral-outcome" "any" [Adviser, Director] OwnOffice sealed["comment"]
        "Enregistre la suite d'une orientation.", "Records the outcome of a referral.";
    LodgeGrievance(GrievanceRequest) "lodge-grievance" "any" [Adviser, Director] OwnOffice sealed["text"]
        "Reçoit une plainte.", "Lodges a grievance.";
    ResolveGrievance(GrievanceAnswer) "resolve-grievance" "any" [Director] OwnOffice sealed["text"]
        "Répond à une plainte.", "Resolves a grievance.";
    Retract(Retraction) "retract" "any" [Adviser, Trainer, Committee, Finance, Director] OwnOffice sealed["reason"]
        "Retire un événement enregistré par erreur ; il reste dans l'historique.",
        "Retracts an event recorded in error; it stays in the history.";
    LinkDuplicate(DuplicateClaim) "link-duplicate" "any" [Director] OwnOffice sealed[]
        "Rattache ce dossier en double à celui qui continue ; ce dossier est gelé.",
        "Links this duplicate to the path that continues; this one is frozen.";
    UnlinkDuplicate(Reason) "unlink-duplicate" "any" [Director] OwnOffice sealed["reason"]
        "Détache un dossier rattaché à tort ; il reprend.", "Unlinks a path that was linked in error; it goes on.";
    UpdateIdentity(IdentityChangeRequest) "update-identity" "any" [Adviser, Director] OwnOffice sealed[]
        "Corrige l'identité : un champ absent reste, `null` l'efface.",
        "Corrects the identity: a field that is left out stays, `null` takes it away.";
    DismissDuplicate(PairRequest) "dismiss-duplicate" "any" [Director] OwnOffice sealed["reason"]
        "Écarte un doublon probable : ce sont deux personnes.",
        "Dismisses a likely duplicate: these are two people.";
    ReconsiderDuplicate(PairRequest) "reconsider-duplicate" "any" [Director] OwnOffice sealed["reason"]
        "Remet à l'examen un doublon écarté à tort.",
        "Puts a duplicate that was dismissed in error back to be looked at.";
    RecordConsent(Consent) "record-consent" "any" [Adviser, Director] OwnOffice sealed[]
        "Enregistre un consentement.", "Records a consent.";
    WithdrawConsent(ConsentScope) "withdraw-consent" "any" [Adviser, Director] OwnOffice sealed[]
        "Retire un consentement.", "Withdraws a consent.";
    ErasePersonalData(ErasureRequest) "erase-personal-data" "any" [Admin] OwnOffice sealed[]
        "Efface les données personnelles ; le parcours et ses chiffres restent.",
        "Erases the personal data; the path and its figures stay.";
}

leads_to! {
    Register => Registered by idea::register;
    CorrectRegistration => RegistrationCorrected, try correction::correct;
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
    RecordDisbursement => DisbursementRecorded, try payment::pay;
    RecordRepayment => RepaymentRecorded by payment::repay;
    RescheduleLoan => LoanRescheduled;
    WriteOffLoan => LoanWrittenOff;
    ReverseDisbursement => DisbursementReversed, try reversal::undo;
    ReverseRepayment => RepaymentReversed, try reversal::undo;
    RecordRefund => RefundRecorded by beyond::refund;
    RecordRecovery => RecoveryRecorded;
    CallGuarantee => GuaranteeCalled;
    ReleaseGuarantee => GuaranteeReleased;
    CancelFinancing => FinancingCancelled;
    WaiveFinancing => FinancingWaived;
    RecordBusinessStart => BusinessStarted;
    RecordVisit => VisitRecorded;
    RecordSupport => SupportProvided;
    RecordBusinessClosure => BusinessClosed;
    CompletePath => PathCompleted, try follow_up::end;
    AssignAdviser => AdviserAssigned;
    Transfer => Transferred, try status::transfer;
    AcceptTransfer => TransferAccepted by handover::accept;
    ReturnTransfer => TransferReturned, try handover::give_back;
    Suspend => Suspended;
    Resume => Resumed;
    Exit => Exited by status::leave;
    Reopen => Reopened;
    AddNote => NoteAdded;
    AttachDocument => DocumentAttached;
    RecordIncome => IncomeRecorded;
    RecordEmployment => EmploymentRecorded;
    RecordCommunityAction => CommunityActionRecorded;
    ReferToPartner => ReferredToPartner by referral::refer;
    RecordReferralOutcome => ReferralOutcomeRecorded;
    LodgeGrievance => GrievanceLodged by grievance::lodge;
    ResolveGrievance => GrievanceResolved;
    Retract => Retracted;
    // The two span two paths: see `link` and `unlink`.
    LinkDuplicate => DuplicateLinked as PathFrozen by duplicate::linked;
    UnlinkDuplicate => DuplicateUnlinked as PathUnfrozen, try duplicate::unlinked;
    UpdateIdentity => IdentityUpdated by privacy::amend;
    // And so do these: see `judge_pair`.
    DismissDuplicate => DuplicateDismissed as PairDismissed by duplicate::decided;
    ReconsiderDuplicate => DuplicateReconsidered as PairReconsidered by duplicate::decided;
    RecordConsent => ConsentRecorded;
    WithdrawConsent => ConsentWithdrawn;
    ErasePersonalData => PersonalDataErased by privacy::erase;
}
