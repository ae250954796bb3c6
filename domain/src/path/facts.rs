//! What facts are made of: the bodies that commands bring and events keep.
//!
//! A free text is always [`Sealed`]; what stays in clear is codes, numbers, days and ids, so that
//! the path and its figures outlive the person's erasure.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reference::{
    ActionKind, BusinessStatus, Channel, ClosureReason, ConsentMethod, Difficulty, EducationLevel,
    ExitReason, GrievanceCategory, GrievanceChannel, GrievanceOutcome, IncomeSource, Instrument,
    Intake, LegalForm, MediaType, ModuleCode, PaymentMethod, RefusalReason, RegionCode, SectorCode,
    SelectionMethod, SupportKind, SurveyKind, SuspensionReason,
};
use crate::values::{
    ActorId, BeneficiaryId, CohortId, CurrencyCode, FundId, KeyId, OfficeCode, ProgrammeId,
    Reference, Score, Sealed, SealedIdentity, SignedXof, Slug, Text, Within, Xof,
};

/// Declares fact bodies: plain structs with public fields that refuse unknown fields.
macro_rules! bodies {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name { $($(#[$field_doc])* pub $field: $kind,)* }
    )*};
}

/// Sex, as recorded for disaggregation.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Sex {
    /// A woman.
    Female,
    /// A man.
    Male,
}

/// What a selection decision says.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Goes on to training.
    Selected,
    /// Waits for a place.
    Waitlisted,
    /// Does not go on; may be decided again at a later session.
    NotSelected,
}

/// What a committee says of a business plan.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum PlanConclusion {
    /// The plan can be financed.
    Validated,
    /// The plan comes back with changes asked for.
    ToRevise,
}

/// How training was completed.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum TrainingBasis {
    /// Attended in the programme.
    Attended,
    /// Done elsewhere or before the system, with its proof.
    Recognised,
}

/// Whether a rule of eligibility is met.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The rule is met.
    Met,
    /// The rule is not met.
    NotMet,
}

/// A condition that must be met before a tranche is paid, each seen in the path itself.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum TrancheCondition {
    /// The agreement is signed.
    AgreementSigned,
    /// The business has started.
    BusinessStarted,
    /// A visit was made after the tranche before.
    VisitRecorded,
    /// A document was attached after the tranche before.
    DocumentAttached,
}

/// Why personal data are erased.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ErasureGround {
    /// The person asked.
    Request,
    /// The retention period is over.
    Retention,
    /// The data should not have been collected.
    CollectedInError,
}

/// Answer to one question of the Washington Group short set: 1 no difficulty, 2 some, 3 a lot, 4
/// cannot do at all.
pub type Difficulty4 = Within<1, 4>;

bodies! {
    /// Washington Group short set: the six answers. A person counts as having a disability when at
    /// least one is 3 or 4 (washingtongroup-disability.com); the flag is derived, not stored.
    WashingtonGroup {
        /// Seeing, even with glasses.
        seeing: Difficulty4,
        /// Hearing, even with an aid.
        hearing: Difficulty4,
        /// Walking or climbing steps.
        walking: Difficulty4,
        /// Remembering or concentrating.
        remembering: Difficulty4,
        /// Washing or dressing.
        self_care: Difficulty4,
        /// Understanding and being understood in one's usual language.
        communicating: Difficulty4,
    }

    /// Consent to processing, as the law of 21 May 2013 asks: what for, by which text, how given.
    Consent {
        /// What it is given for, such as `programme` or `photo`.
        scope: Slug,
        /// Version of the text that was read out.
        text_version: Slug,
        /// How it was given.
        method: ConsentMethod,
    }

    /// Withdrawal of a consent.
    ConsentScope {
        /// The scope that it was given for.
        scope: Slug,
    }

    /// Where an imported fact comes from: row -> event -> batch, and back.
    Origin {
        /// The system or file that the row is from.
        source: Slug,
        /// The row's own key there.
        row: Text<60>,
    }

    /// Registration with the programme.
    Registration {
        /// Reference for paper and phone; given by the server.
        #[schemars(skip)]
        reference: Reference,
        /// The programme.
        programme: ProgrammeId,
        /// The office that registers, open in the programme.
        office: OfficeCode,
        /// Region of residence, by the list valid on the day of the fact.
        region: RegionCode,
        /// Cercle of residence.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cercle: Option<Text<60>>,
        /// How the person came to the programme.
        intake: Intake,
        /// How the registration was made.
        channel: Channel,
        /// Sex.
        sex: Sex,
        /// Year of birth. May be left out when the identity holds the exact date.
        birth_year: Within<1900, 2100>,
        /// Level of education, ISCED 2011.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        education: Option<EducationLevel>,
        /// Washington Group short set.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        disability: Option<WashingtonGroup>,
        /// Whether the person is internally displaced.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        displaced: Option<bool>,
        /// Consent to processing: nothing is registered without it.
        consent: Consent,
        /// Where an imported row comes from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        origin: Option<Origin>,
        /// Name, phone, national id, birth date, address.
        identity: SealedIdentity,
    }

    /// A project idea.
    Idea {
        /// Its title.
        title: Sealed,
        /// Sector: ISIC rev. 4 section, or a code of the programme's own.
        sector: SectorCode,
        /// Summary.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        summary: Option<Sealed>,
        /// What it costs to start.
        start_up_cost: Xof,
        /// Jobs expected, the owner's included.
        jobs_expected: Within<0, 10_000>,
    }

    /// One rule of the programme and its outcome.
    RuleOutcome {
        /// The rule.
        rule: Slug,
        /// Its outcome.
        outcome: Outcome,
    }

    /// An assessment of eligibility as the rules computed it.
    Eligibility {
        /// Every rule with its outcome.
        rules: Vec<RuleOutcome>,
        /// Whether the person is eligible, after any override.
        eligible: bool,
        /// Why a director overrode the rules, if one did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        override_reason: Option<Sealed>,
    }

    /// Asks for an assessment of eligibility.
    EligibilityRequest {
        /// A director's reason to call the person eligible against the rules.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        override_reason: Option<Sealed>,
    }

    /// One criterion of a score sheet.
    CriterionScore {
        /// The criterion.
        criterion: Slug,
        /// Points given.
        score: Score,
        /// Points that can be had.
        out_of: Within<1, 100>,
    }

    /// An interview's score sheet.
    Interview {
        /// Criterion by criterion, 1 to 20 of them.
        scores: Vec<CriterionScore>,
        /// Remarks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<Sealed>,
    }

    /// An interview with its total.
    InterviewSheet {
        /// Criterion by criterion.
        scores: Vec<CriterionScore>,
        /// Points given over points that can be had, out of 100, rounded down.
        total: Score,
        /// Remarks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<Sealed>,
    }

    /// A selection decision.
    Selection {
        /// The decision.
        decision: Decision,
        /// Who or what decided.
        method: SelectionMethod,
        /// The committee's session, or the lottery recorded on the programme.
        session: Slug,
        /// Rank on the list.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rank: Option<Within<1, 1_000_000>>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Sealed>,
    }

    /// A seat in a training group.
    Enrolment {
        /// The cohort.
        cohort: CohortId,
    }

    /// Asks to give the seat back.
    SeatReturn {
        /// Remarks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<Sealed>,
    }

    /// A seat given back.
    Withdrawal {
        /// The cohort.
        cohort: CohortId,
        /// Remarks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<Sealed>,
    }

    /// Attendance at one session; the day of the session is the day of the fact.
    Attendance {
        /// The session.
        session: Slug,
        /// Whole hours of the session.
        hours: Within<0, 24>,
        /// Minutes beyond the whole hours.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        minutes: Option<Within<0, 59>>,
        /// Whether the person was there.
        present: bool,
    }

    /// A module's assessment.
    ModuleScore {
        /// The module.
        module: ModuleCode,
        /// Points out of 100.
        score: Score,
    }

    /// A module's assessment, judged by the rules.
    Assessment {
        /// The module.
        module: ModuleCode,
        /// Points out of 100.
        score: Score,
        /// Whether the pass mark was met.
        passed: bool,
    }

    /// A training done elsewhere or before the system.
    Recognition {
        /// What proves it.
        proof: Sealed,
        /// Why it is recognised.
        reason: Sealed,
        /// The modules that it covers.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        modules: Vec<ModuleCode>,
    }

    /// A completed training.
    Completion {
        /// Attended or recognised.
        basis: TrainingBasis,
        /// Minutes attended, when attended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        attended_minutes: Option<u32>,
        /// Minutes planned, when attended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        planned_minutes: Option<u32>,
        /// The modules passed or recognised.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        modules: Vec<ModuleCode>,
        /// What proves a recognised training.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proof: Option<Sealed>,
        /// Why it was recognised.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Sealed>,
    }

    /// A business plan, as handed in.
    PlanRequest {
        /// Title.
        title: Sealed,
        /// What is needed in all.
        amount_needed: Xof,
        /// What the owner brings, in money or in kind.
        own_contribution: Xof,
        /// Summary.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        summary: Option<Sealed>,
    }

    /// A version of the business plan.
    Plan {
        /// Version of the plan, from 1.
        plan: u32,
        /// Title.
        title: Sealed,
        /// What is needed in all.
        amount_needed: Xof,
        /// What the owner brings.
        own_contribution: Xof,
        /// Summary.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        summary: Option<Sealed>,
    }

    /// A committee's conclusion on the last business plan.
    PlanReview {
        /// Version of the plan; the last one when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        plan: Option<u32>,
        /// The conclusion.
        conclusion: PlanConclusion,
        /// Remarks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<Sealed>,
    }

    /// A request for financing.
    FinancingApplication {
        /// Grant, kit, loan or guarantee.
        instrument: Instrument,
        /// What is asked for.
        amount: Xof,
        /// What the owner brings.
        own_contribution: Xof,
        /// The donor's envelope.
        fund: FundId,
    }

    /// A request for financing, numbered.
    FinancingCase {
        /// Number within the path, from 1.
        financing: u32,
        /// Grant, kit, loan or guarantee.
        instrument: Instrument,
        /// What is asked for.
        amount: Xof,
        /// What the owner brings.
        own_contribution: Xof,
        /// The donor's envelope.
        fund: FundId,
    }

    /// One payment of an approved financing.
    Tranche {
        /// Number within the financing, from 1.
        tranche: u32,
        /// Amount.
        amount: Xof,
        /// What must be met before it is paid.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        conditions: Vec<TrancheCondition>,
    }

    /// One instalment of a loan.
    Instalment {
        /// Day it is due.
        due_on: NaiveDate,
        /// Principal.
        principal: Xof,
        /// Interest.
        interest: Xof,
    }

    /// An approval.
    Approval {
        /// Number of the financing.
        financing: u32,
        /// Amount approved: the sum of the tranches.
        amount: Xof,
        /// Tranches, 1 to 20.
        tranches: Vec<Tranche>,
        /// Repayment schedule; for a loan, and only then.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        schedule: Vec<Instalment>,
    }

    /// A refusal of a requested financing.
    FinancingRefusal {
        /// Number of the financing.
        financing: u32,
        /// Coded reason.
        reason: RefusalReason,
        /// Remarks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<Sealed>,
    }

    /// Names a financing.
    FinancingNumber {
        /// Number of the financing.
        financing: u32,
    }

    /// A payment to the beneficiary.
    Disbursement {
        /// Number of the financing.
        financing: u32,
        /// Number of the tranche.
        tranche: u32,
        /// Amount: that of the tranche.
        amount: Xof,
        /// How it was paid.
        method: PaymentMethod,
        /// The payment's own reference, used once in a fund.
        payment_reference: Text<60>,
    }

    /// A repayment by the beneficiary.
    Repayment {
        /// Number of the financing.
        financing: u32,
        /// Principal paid back.
        principal: Xof,
        /// Interest paid.
        interest: Xof,
        /// How it was paid.
        method: PaymentMethod,
        /// The payment's own reference.
        payment_reference: Text<60>,
    }

    /// A new schedule for what is still owed.
    Rescheduling {
        /// Number of the financing.
        financing: u32,
        /// The new schedule; its principal is what is still owed.
        schedule: Vec<Instalment>,
        /// Why.
        reason: Sealed,
    }

    /// A loan that is given up.
    WriteOff {
        /// Number of the financing.
        financing: u32,
        /// Principal given up: all that is still owed.
        amount: Xof,
        /// Why.
        reason: Sealed,
    }

    /// A reason, and nothing else.
    Reason {
        /// Why.
        reason: Sealed,
    }

    /// A business that starts.
    Start {
        /// Legal form.
        form: LegalForm,
        /// Registration number of the business, if it has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        registration_number: Option<Sealed>,
        /// Sector.
        sector: SectorCode,
        /// Village or quarter.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        locality: Option<Sealed>,
    }

    /// Jobs seen at a visit, the owner's included.
    Jobs {
        /// Held by women.
        women: Within<0, 10_000>,
        /// Held by men.
        men: Within<0, 10_000>,
        /// Held by people under 35.
        under_35: Within<0, 20_000>,
        /// Full-time equivalents in hundredths: 150 is one and a half (40 hours a week).
        full_time_hundredths: Within<0, 2_000_000>,
    }

    /// A follow-up visit.
    Visit {
        /// Months after the start that it is made for; none for a visit beside the milestones.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        milestone: Option<Within<1, 120>>,
        /// How the business stands.
        business_status: BusinessStatus,
        /// Turnover of the month before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        monthly_revenue: Option<Xof>,
        /// Profit of the month before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        monthly_profit: Option<SignedXof>,
        /// Jobs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        jobs: Option<Jobs>,
        /// Difficulties met.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        difficulties: Vec<Difficulty>,
        /// What was agreed to do next.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_step: Option<Sealed>,
    }

    /// Support given after the start.
    Support {
        /// Kind of support.
        kind: SupportKind,
        /// Remarks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<Sealed>,
    }

    /// A business that closes.
    Closure {
        /// Coded reason.
        reason: ClosureReason,
        /// Remarks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<Sealed>,
    }

    /// The end of a path.
    PathEnd {
        /// A director's reason to end it with a visit missing or a loan open.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        override_reason: Option<Sealed>,
    }

    /// The adviser in charge.
    AdviserChoice {
        /// The adviser.
        adviser: ActorId,
    }

    /// A move to another office.
    TransferRequest {
        /// The office that takes over.
        office: OfficeCode,
        /// Region of residence from then on; unchanged when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        region: Option<RegionCode>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Sealed>,
    }

    /// A move from one office to another.
    Transfer {
        /// The office that hands over.
        from_office: OfficeCode,
        /// The office that takes over.
        office: OfficeCode,
        /// Region of residence from then on.
        region: RegionCode,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Sealed>,
    }

    /// A pause of the path.
    Suspension {
        /// Coded reason.
        reason: SuspensionReason,
        /// Remarks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<Sealed>,
    }

    /// A person who leaves.
    Exit {
        /// Coded reason.
        reason: ExitReason,
        /// Remarks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<Sealed>,
    }

    /// A note.
    Note {
        /// Its text.
        text: Sealed,
    }

    /// A document, by its fingerprint; the bytes are kept in an object store.
    Document {
        /// File name.
        name: Sealed,
        /// Media type.
        media_type: MediaType,
        /// Size in bytes, at most 50 MB.
        size_bytes: Within<1, 52_428_800>,
        /// SHA-256 of the bytes, 64 hexadecimal digits.
        sha256: Sha256Hex,
    }

    /// An income over a period.
    Income {
        /// The survey that it was told in.
        survey: SurveyKind,
        /// First day of the period.
        from: NaiveDate,
        /// Last day of the period.
        to: NaiveDate,
        /// Whole units of the currency over the whole period.
        amount: Xof,
        /// Currency; XOF when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        currency: Option<CurrencyCode>,
        /// Where the income comes from.
        source: IncomeSource,
    }

    /// Peace-building or community engagement.
    CommunityAction {
        /// Kind of action.
        kind: ActionKind,
        /// People reached.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        people_reached: Option<Within<0, 1_000_000>>,
        /// Remarks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<Sealed>,
    }

    /// A grievance, as lodged.
    GrievanceRequest {
        /// What it is about.
        category: GrievanceCategory,
        /// How it came in.
        channel: GrievanceChannel,
        /// What is said.
        text: Sealed,
    }

    /// A grievance, numbered.
    Grievance {
        /// Number within the path, from 1.
        grievance: u32,
        /// What it is about.
        category: GrievanceCategory,
        /// How it came in.
        channel: GrievanceChannel,
        /// What is said.
        text: Sealed,
    }

    /// An answer to a grievance.
    GrievanceAnswer {
        /// Number of the grievance.
        grievance: u32,
        /// Outcome.
        outcome: GrievanceOutcome,
        /// The answer given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<Sealed>,
    }

    /// Names the path that continues for the same person.
    DuplicateClaim {
        /// The path that continues; the one that the command is sent to is frozen.
        continues: BeneficiaryId,
    }

    /// Two registrations of one person; written to both streams.
    DuplicateLink {
        /// The other path.
        other: BeneficiaryId,
        /// The one of the two that continues.
        continues: BeneficiaryId,
    }

    /// Two paths are two people after all; written to both streams.
    DuplicateUnlink {
        /// The other path.
        other: BeneficiaryId,
        /// Why; sealed under the key of the path that was frozen, and kept in its stream.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Sealed>,
    }

    /// Takes back an event that was recorded in error.
    Retraction {
        /// Sequence of the event in this stream.
        sequence: u64,
        /// Why.
        reason: Sealed,
    }

    /// A corrected identity; it replaces the one before.
    IdentityChange {
        /// Year of birth, when it changes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        birth_year: Option<Within<1900, 2100>>,
        /// Name, phone, national id, birth date, address.
        identity: SealedIdentity,
    }

    /// Asks for the erasure of a person.
    ErasureRequest {
        /// Why.
        ground: ErasureGround,
    }

    /// The keys whose destruction erases the person.
    Erasure {
        /// Why.
        ground: ErasureGround,
        /// Every key that sealed something in this stream.
        keys: Vec<KeyId>,
    }

    /// Nothing more to say than the day.
    Nothing {}
}

impl WashingtonGroup {
    /// Whether the person counts as having a disability.
    #[must_use]
    pub fn has_disability(&self) -> bool {
        [
            self.seeing,
            self.hearing,
            self.walking,
            self.remembering,
            self.self_care,
            self.communicating,
        ]
        .iter()
        .any(|answer| answer.get() >= 3)
    }
}

impl Attendance {
    /// Length of the session in minutes.
    #[must_use]
    pub fn length_minutes(&self) -> u32 {
        self.hours.get() * 60 + self.minutes.map_or(0, Within::get)
    }
}

/// A SHA-256 as 64 lower-case hexadecimal digits.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Sha256Hex(Box<str>);

impl Sha256Hex {
    /// Checks and keeps the digits.
    ///
    /// # Errors
    /// [`crate::values::ValueError`] with the rule `code_form`.
    pub fn try_new(digits: &str) -> Result<Self, crate::values::ValueError> {
        let is_digest = digits.len() == 64
            && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if is_digest {
            Ok(Self(digits.into()))
        } else {
            Err(crate::values::ValueError::new("code_form", "[0-9a-f]{64}"))
        }
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

crate::values::text_value!(Sha256Hex, "[0-9a-f]{64}", "SHA-256, 64 hexadecimal digits.");
