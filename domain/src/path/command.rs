//! What can be asked of a path: the table of its commands, and the one of the facts that they lead to.

use super::any::{duplicate, grievance, privacy, status};
use super::fact::{Fact, FactKind};
use super::facts::{
    AdviserChoice, Approval, Attendance, Closure, CommunityAction, Consent, ConsentScope,
    Disbursement, Document, DuplicateClaim, EligibilityRequest, Enrolment, ErasureRequest, Exit,
    FinancingApplication, FinancingNumber, FinancingRefusal, GrievanceAnswer, GrievanceRequest,
    Idea, IdentityChange, Income, Interview, ModuleScore, Note, Nothing, PathEnd, PlanRequest,
    PlanReview, Reason, Recognition, Registration, Repayment, Rescheduling, Retraction, SeatReturn,
    Selection, Start, Support, Suspension, TransferRequest, Visit, WriteOff,
};
use super::financing::{self, plan};
use super::proposal::{Asked, leads_to};
use super::{recruitment, training};
use crate::catalogue::commands;
use crate::refusal::Refusal;

commands! {
    /// A command to a beneficiary's path.
    BeneficiaryCommand, BeneficiaryVerb, BENEFICIARY_COMMANDS;
    Register(Registration) "register" "idea" [Adviser] sealed[]
        "Inscrit une personne.", "Registers a person.";
    SubmitIdea(Idea) "submit-idea" "idea" [Adviser] sealed["title", "summary"]
        "Dépose l'idée de projet.", "Submits the project idea.";
    ReviseIdea(Idea) "revise-idea" "idea" [Adviser] sealed["title", "summary"]
        "Revoit l'idée de projet.", "Revises the project idea.";
    AssessEligibility(EligibilityRequest) "assess-eligibility" "recruitment" [Adviser, Director] sealed["override_reason"]
        "Examine l'éligibilité selon les règles ; y déroger demande un directeur et un motif.",
        "Assesses eligibility by the rules; an override needs a director and a reason.";
    RecordInterview(Interview) "record-interview" "recruitment" [Adviser] sealed["comment"]
        "Enregistre la grille de notation de l'entretien.", "Records the interview's score sheet.";
    DecideSelection(Selection) "decide-selection" "recruitment" [Committee] sealed["reason"]
        "Décide la sélection.", "Decides the selection.";
    EnrolInTraining(Enrolment) "enrol-in-training" "training" [Adviser] sealed[]
        "Inscrit la personne dans un groupe de formation, s'il reste une place.",
        "Enrols the person in a training group, if a seat is free.";
    WithdrawFromTraining(SeatReturn) "withdraw-from-training" "training" [Adviser] sealed["comment"]
        "Retire la personne de son groupe de formation ; la place se libère.",
        "Withdraws the person from the training group; the seat is free again.";
    RecordAttendance(Attendance) "record-attendance" "training" [Trainer] sealed[]
        "Relève la présence à une séance.", "Records attendance at one session.";
    RecordAssessment(ModuleScore) "record-assessment" "training" [Trainer] sealed[]
        "Enregistre l'évaluation d'un module.", "Records a module's assessment.";
    CompleteTraining(Nothing) "complete-training" "training" [Trainer] sealed[]
        "Achève la formation suivie, si l'assiduité et les modules suffisent.",
        "Completes the training attended, if attendance and modules meet the rules.";
    RecogniseTraining(Recognition) "recognise-training" "training" [Director] sealed["proof", "reason"]
        "Reconnaît une formation faite ailleurs ou avant le système.",
        "Recognises a training done elsewhere or before the system.";
    SubmitBusinessPlan(PlanRequest) "submit-business-plan" "financing" [Adviser] sealed["title", "summary"]
        "Dépose le plan d'affaires.", "Submits the business plan.";
    ValidateBusinessPlan(PlanReview) "validate-business-plan" "financing" [Committee] sealed["comment"]
        "Valide le plan d'affaires ou demande de le revoir.", "Validates the business plan, or sends it back.";
    RequestFinancing(FinancingApplication) "request-financing" "financing" [Adviser] sealed[]
        "Demande un financement.", "Requests financing.";
    ApproveFinancing(Approval) "approve-financing" "financing" [Committee] sealed[]
        "Approuve un financement, avec ses tranches.", "Approves a financing, with its tranches.";
    RefuseFinancing(FinancingRefusal) "refuse-financing" "financing" [Committee] sealed["comment"]
        "Refuse un financement.", "Refuses a financing.";
    SignAgreement(FinancingNumber) "sign-agreement" "financing" [Director] sealed[]
        "Signe la convention de financement.", "Signs the agreement.";
    RecordDisbursement(Disbursement) "record-disbursement" "financing" [Finance] sealed[]
        "Enregistre le paiement d'une tranche.", "Records the payment of a tranche.";
    RecordRepayment(Repayment) "record-repayment" "financing" [Finance] sealed[]
        "Enregistre un remboursement.", "Records a repayment.";
    RescheduleLoan(Rescheduling) "reschedule-loan" "financing" [Finance] sealed["reason"]
        "Rééchelonne un crédit.", "Reschedules a loan.";
    WriteOffLoan(WriteOff) "write-off-loan" "financing" [Director] sealed["reason"]
        "Passe un crédit en perte.", "Writes a loan off.";
    WaiveFinancing(Reason) "waive-financing" "financing" [Director] sealed["reason"]
        "Autorise un démarrage sans financement.", "Allows a start without money.";
    RecordBusinessStart(Start) "record-business-start" "follow_up" [Adviser] sealed["registration_number", "locality"]
        "Enregistre le démarrage d'activité.", "Records the start of the business.";
    RecordVisit(Visit) "record-visit" "follow_up" [Adviser] sealed["next_step"]
        "Enregistre une visite de suivi.", "Records a follow-up visit.";
    RecordSupport(Support) "record-support" "follow_up" [Adviser] sealed["comment"]
        "Enregistre un accompagnement.", "Records support given.";
    RecordBusinessClosure(Closure) "record-business-closure" "follow_up" [Adviser] sealed["comment"]
        "Enregistre une cessation d'activité.", "Records the closure of the business.";
    CompletePath(PathEnd) "complete-path" "follow_up" [Director] sealed["override_reason"]
        "Achève le parcours.", "Completes the path.";
    AssignAdviser(AdviserChoice) "assign-adviser" "any" [Adviser, Director] sealed[]
        "Désigne le conseiller.", "Assigns the adviser.";
    Transfer(TransferRequest) "transfer" "any" [Adviser, Director] sealed["reason"]
        "Transfère le parcours à une autre antenne.", "Transfers the path to another office.";
    Suspend(Suspension) "suspend" "any" [Adviser, Director] sealed["comment"]
        "Suspend le parcours.", "Suspends the path.";
    Resume(Nothing) "resume" "any" [Adviser, Director] sealed[]
        "Reprend un parcours suspendu.", "Resumes a suspended path.";
    Exit(Exit) "exit" "any" [Adviser, Director] sealed["comment"]
        "Enregistre la sortie de la personne.", "Records that the person leaves.";
    Reopen(Reason) "reopen" "any" [Adviser, Director] sealed["reason"]
        "Rouvre un parcours.", "Reopens a path.";
    AddNote(Note) "add-note" "any" [Adviser, Trainer, Committee, Finance, Director, Admin] sealed["text"]
        "Ajoute une note.", "Adds a note.";
    AttachDocument(Document) "attach-document" "any" [Adviser, Trainer, Committee, Finance, Director, Admin] sealed["name"]
        "Enregistre l'empreinte d'une pièce jointe.", "Records a document's fingerprint.";
    RecordIncome(Income) "record-income" "any" [Adviser] sealed[]
        "Relève un revenu sur une période.", "Records an income over a period.";
    RecordCommunityAction(CommunityAction) "record-community-action" "any" [Adviser] sealed["comment"]
        "Enregistre une action communautaire.", "Records a community action.";
    LodgeGrievance(GrievanceRequest) "lodge-grievance" "any" [Adviser, Director] sealed["text"]
        "Reçoit une plainte.", "Lodges a grievance.";
    ResolveGrievance(GrievanceAnswer) "resolve-grievance" "any" [Director] sealed["text"]
        "Répond à une plainte.", "Resolves a grievance.";
    Retract(Retraction) "retract" "any" [Adviser, Trainer, Committee, Finance, Director] sealed["reason"]
        "Retire un événement enregistré par erreur ; il reste dans l'historique.",
        "Retracts an event recorded in error; it stays in the history.";
    LinkDuplicate(DuplicateClaim) "link-duplicate" "any" [Director] sealed[]
        "Rattache ce dossier en double à celui qui continue ; ce dossier est gelé.",
        "Links this duplicate to the path that continues; this one is frozen.";
    UnlinkDuplicate(Reason) "unlink-duplicate" "any" [Director] sealed["reason"]
        "Détache un dossier rattaché à tort ; il reprend.", "Unlinks a path that was linked in error; it goes on.";
    UpdateIdentity(IdentityChange) "update-identity" "any" [Adviser] sealed[]
        "Corrige l'identité.", "Corrects the identity.";
    RecordConsent(Consent) "record-consent" "any" [Adviser] sealed[]
        "Enregistre un consentement.", "Records a consent.";
    WithdrawConsent(ConsentScope) "withdraw-consent" "any" [Adviser] sealed[]
        "Retire un consentement.", "Withdraws a consent.";
    ErasePersonalData(ErasureRequest) "erase-personal-data" "any" [Admin] sealed[]
        "Efface les données personnelles ; le parcours et ses chiffres restent.",
        "Erases the personal data; the path and its figures stay.";
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
