//! Why a command is refused: one variant a broken rule, with the ids and numbers to act on it.

use chrono::NaiveDate;

use crate::path::{Stage, Status};
use crate::reference::{Language, RegionCode};
use crate::role::Role;
use crate::values::{ActorId, BeneficiaryId, OfficeCode, Period, Xof};

/// A step of the path that another one rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A submitted idea.
    Idea,
    /// An assessment of eligibility.
    Eligibility,
    /// A recorded interview.
    Interview,
    /// A submitted business plan.
    BusinessPlan,
    /// A validated business plan.
    ValidatedPlan,
    /// An approved financing.
    Approval,
    /// A signed agreement.
    Agreement,
    /// Money paid out, or a start without money.
    Financing,
    /// A started business.
    BusinessStart,
    /// The visit of the last milestone.
    FinalVisit,
    /// A visit after the tranche before.
    Visit,
    /// A document attached after the tranche before.
    Document,
    /// A consent that stands.
    Consent,
    /// A seat in a cohort.
    Enrolment,
    /// A line of the register for every member in training.
    RegisterLine,
}

/// Two duties that one person may not hold in one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// Held the interview.
    Interviewer,
    /// Decided the selection.
    Decider,
    /// Requested the financing.
    Requester,
    /// Approved the financing.
    Approver,
    /// Pays.
    Payer,
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// Interview total, out of 100.
    InterviewTotal,
    /// Attendance, in percent of planned hours.
    Attendance,
    /// Modules passed.
    ModulesPassed,
    /// Items of a list.
    Items,
    /// Years.
    Years,
    /// Seats of a cohort.
    Seats,
}

/// What an amount of money is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// The ceiling of an instrument.
    Ceiling,
    /// What was asked for.
    Requested,
    /// What was approved.
    Approved,
    /// The sum of the tranches.
    Tranches,
    /// The amount of the tranche.
    Tranche,
    /// Principal still owed.
    Owed,
    /// Principal still owed where nothing may be.
    LeftOwed,
    /// What a repayment is of, principal and interest together.
    Repayment,
    /// The principal of the schedule.
    Schedule,
    /// What a fund has left to commit.
    FreeBalance,
    /// What a fund has committed and not paid out.
    OpenCommitments,
    /// What a fund has committed and not paid out where nothing may be.
    LeftCommitted,
    /// What a fund has committed, paid out or not.
    Committed,
    /// The budget of a fund.
    Budget,
}

/// A thing that a command names by number or code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// An event of the stream.
    Event,
    /// A financing.
    Financing,
    /// A tranche.
    Tranche,
    /// A grievance.
    Grievance,
    /// A consent.
    Consent,
    /// A business plan.
    BusinessPlan,
    /// An office.
    Office,
    /// A programme.
    Programme,
    /// A milestone of the rules.
    Milestone,
    /// A training session.
    Session,
    /// A lottery.
    Lottery,
    /// A sector.
    Sector,
    /// A module.
    Module,
    /// A repayment schedule.
    Schedule,
    /// A selection decision.
    Selection,
    /// A registration.
    Registration,
    /// A completed training.
    Training,
    /// A convention.
    Convention,
    /// A payment reference.
    PaymentReference,
    /// A business.
    Business,
    /// An income.
    Income,
    /// Personal data.
    PersonalData,
    /// A cohort.
    Cohort,
    /// A fund.
    Fund,
    /// A member of a cohort.
    Member,
    /// A linked duplicate.
    Duplicate,
    /// A path.
    Path,
    /// A start without money.
    Waiver,
    /// A command, by its word.
    Command,
}

/// A command that the rules refuse.
#[expect(missing_docs, reason = "the fields say what the variant's sentence says")]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.detail(Language::En))]
pub enum Refusal {
    /// The stream has not begun.
    NotRegistered,
    /// The path is at another stage.
    WrongStage { stage: Stage, allowed: &'static [Stage] },
    /// The path is suspended, exited or completed.
    WrongStatus { status: Status, allowed: &'static [Status] },
    /// A step before it is missing.
    MissingStep { step: Step },
    /// One person may not hold both duties.
    SameActor { actor: ActorId, duty: Duty, other: Duty },
    /// A role that may not do this, though it may use the command.
    NeedsRole { role: Role },
    /// A number below what the rules ask for.
    Below { what: Quantity, required: u32, given: u32 },
    /// A number above what is allowed.
    Above { what: Quantity, limit: u32, given: u32 },
    /// An amount above what is allowed.
    TooMuch { what: Amount, limit: Xof, given: Xof },
    /// An amount that must be another one exactly.
    OtherAmount { what: Amount, expected: Xof, given: Xof },
    /// The named thing does not exist here.
    Unknown { item: Item, name: String, field: &'static str },
    /// It was done already, with other content; retract it first if it is wrong.
    Differs { item: Item, name: String },
    /// The thing is closed, or otherwise past this.
    Settled { item: Item, name: String },
    /// A day that has not come.
    InFuture { field: &'static str, given: NaiveDate, today: NaiveDate },
    /// A day that is too early.
    TooEarly { field: &'static str, given: NaiveDate, earliest: NaiveDate },
    /// A day outside the convention's term.
    OutsideTerm { term: Period, given: NaiveDate },
    /// A region that does not exist on the day of the fact.
    RegionNotValid { region: RegionCode, on: NaiveDate, then: RegionCode },
    /// An office that is not open on the day of the fact.
    OfficeClosed { office: OfficeCode, open: Option<Period>, on: NaiveDate },
    /// A person whom the rules call not eligible.
    NotEligible,
    /// Two fields that do not agree.
    Disagree { field: &'static str, other: &'static str },
    /// The person has been erased: nothing sealed can be added.
    Erased,
    /// An event that is never retracted.
    NotRetractable { sequence: u64, event: &'static str },
    /// The person continues under another path.
    Frozen { continues: BeneficiaryId },
    /// A day outside the period of a fund or a cohort.
    OutsidePeriod { item: Item, period: Period, given: NaiveDate },
    /// An amount below what is needed.
    TooLittle { what: Amount, least: Xof, given: Xof },
    /// Two streams that belong to different programmes.
    OtherProgramme { item: Item, name: String },
    /// A line of a sheet, counted from 1, that breaks a rule.
    Line { line: u32, beneficiary: BeneficiaryId, because: Box<Refusal> },
    /// A later event rests on the one to retract.
    RestsOn { sequence: u64, event: &'static str, because: Box<Refusal> },
}

impl Refusal {
    /// None of the numbered things of a kind is open to what is asked: there is none at all, or all
    /// are settled, whichever one the command names.
    pub(crate) fn none_open(
        item: Item,
        field: &'static str,
        numbers: impl IntoIterator<Item = u32>,
    ) -> Self {
        let numbers: Vec<String> = numbers.into_iter().map(|number| number.to_string()).collect();
        let name = numbers.join(", ");
        if name.is_empty() { Self::Unknown { item, name, field } } else { Self::Settled { item, name } }
    }

    /// The rule's own word: stable, for programs.
    #[must_use]
    pub fn rule(&self) -> &'static str {
        match self {
            Self::NotRegistered => "not_registered",
            Self::WrongStage { .. } => "wrong_stage",
            Self::WrongStatus { .. } => "wrong_status",
            Self::MissingStep { .. } => "missing_step",
            Self::SameActor { .. } => "separation_of_duties",
            Self::NeedsRole { .. } => "needs_role",
            Self::Below { .. } => "below_threshold",
            Self::Above { .. } => "above_limit",
            Self::TooMuch { .. } => "amount_above_limit",
            Self::OtherAmount { .. } => "amount_differs",
            Self::Unknown { .. } => "unknown_item",
            Self::Differs { .. } => "already_done_otherwise",
            Self::Settled { .. } => "already_settled",
            Self::InFuture { .. } => "date_in_future",
            Self::TooEarly { .. } => "date_too_early",
            Self::OutsideTerm { .. } => "outside_term",
            Self::RegionNotValid { .. } => "region_not_valid",
            Self::OfficeClosed { .. } => "office_closed",
            Self::NotEligible => "not_eligible",
            Self::Disagree { .. } => "fields_disagree",
            Self::Erased => "person_erased",
            Self::NotRetractable { .. } => "not_retractable",
            Self::RestsOn { .. } => "later_event_rests_on_it",
            Self::Frozen { .. } => "path_frozen",
            Self::OutsidePeriod { .. } => "outside_period",
            Self::TooLittle { .. } => "amount_below_limit",
            Self::OtherProgramme { .. } => "other_programme",
            Self::Line { because, .. } => because.rule(),
        }
    }

    /// The field of the command that the rule speaks of, where there is one.
    #[must_use]
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::Unknown { field, .. }
            | Self::InFuture { field, .. }
            | Self::TooEarly { field, .. }
            | Self::Disagree { field, .. } => Some(field),
            Self::TooMuch { .. } | Self::OtherAmount { .. } | Self::TooLittle { .. } => {
                Some("amount")
            }
            Self::RegionNotValid { .. } => Some("region"),
            Self::OfficeClosed { .. } => Some("office"),
            Self::OutsideTerm { .. } | Self::OutsidePeriod { .. } => Some("occurred_on"),
            Self::NotRetractable { .. } | Self::RestsOn { .. } => Some("sequence"),
            _ => None,
        }
    }

    /// JSON pointer (RFC 6901) to the field of the command that the rule speaks of; empty for the
    /// whole command.
    #[must_use]
    pub fn pointer(&self) -> String {
        match self {
            Self::Line { line, .. } => format!("/lines/{}", line - 1),
            _ => self.field().map(|field| format!("/{field}")).unwrap_or_default(),
        }
    }

    /// What is wrong, in the reader's language, with the numbers that forbid it and no personal
    /// data.
    #[must_use]
    pub fn detail(&self, language: Language) -> String {
        match language {
            Language::Fr => self.detail_fr(),
            Language::En => self.detail_en(),
        }
    }

    fn detail_fr(&self) -> String {
        match self {
            Self::NotRegistered => "aucun dossier n'est inscrit ici".into(),
            Self::WrongStage { stage, allowed } => format!(
                "le parcours est à l'étape « {} » ; il faut : {}",
                stage.label(Language::Fr),
                join(allowed.iter().map(|stage| stage.label(Language::Fr)), "ou"),
            ),
            Self::WrongStatus { status, allowed } => format!(
                "le parcours est « {} » ; il faut : {}",
                status.label(Language::Fr),
                join(allowed.iter().map(|status| status.label(Language::Fr)), "ou"),
            ),
            Self::MissingStep { step } => format!("il manque : {}", step.label(Language::Fr)),
            Self::SameActor { actor, duty, other } => format!(
                "{actor} est déjà {} dans ce parcours et ne peut pas être aussi {}",
                other.label(Language::Fr),
                duty.label(Language::Fr),
            ),
            Self::NeedsRole { role } => format!("réservé au rôle « {} »", role.label(Language::Fr)),
            Self::Below { what, required, given } => {
                format!("{} : {given}, il faut au moins {required}", what.label(Language::Fr))
            }
            Self::Above { what, limit, given } => {
                format!("{} : {given}, au plus {limit}", what.label(Language::Fr))
            }
            Self::TooMuch { what, limit, given } => {
                format!("{given} dépasse {} : {limit}", what.label(Language::Fr))
            }
            Self::OtherAmount { what, expected, given } => {
                format!("{given} au lieu de {} : {expected}", what.label(Language::Fr))
            }
            Self::Unknown { item, name, .. } => {
                format!("{} inconnu : {name}", item.label(Language::Fr))
            }
            Self::Differs { item, name } => {
                format!(
                    "{} {name} : déjà enregistré avec un autre contenu",
                    item.label(Language::Fr)
                )
            }
            Self::Settled { item, name } => {
                format!("{} {name} : déjà réglé", item.label(Language::Fr))
            }
            Self::InFuture { given, today, .. } => {
                format!("le {given} est après aujourd'hui, le {today}")
            }
            Self::TooEarly { given, earliest, .. } => format!("le {given} est avant le {earliest}"),
            Self::OutsideTerm { term, given } => {
                format!("le {given} est hors de la convention, du {} au {}", term.from, term.to)
            }
            Self::RegionNotValid { region, on, then } => format!(
                "la région « {} » n'existe pas le {on} ; ce territoire relève alors de « {} »",
                region.code(),
                then.code()
            ),
            Self::OfficeClosed { office, open, on } => match open {
                Some(open) => format!(
                    "l'antenne {office} n'est pas ouverte le {on} : ouverte du {} au {}",
                    open.from, open.to
                ),
                None => format!("l'antenne {office} n'est pas ouverte le {on}"),
            },
            Self::NotEligible => "la personne n'est pas éligible selon les règles".into(),
            Self::Disagree { field, other } => format!("{field} ne concorde pas avec {other}"),
            Self::Erased => {
                "les données de la personne sont effacées : plus rien de scellé ne s'ajoute".into()
            }
            Self::NotRetractable { sequence, event } => {
                format!("l'événement {sequence} ({event}) ne se retire pas")
            }
            Self::RestsOn { sequence, event, because } => format!(
                "l'événement {sequence} ({event}) repose sur celui-ci : {}",
                because.detail(Language::Fr)
            ),
            Self::Frozen { continues } => {
                format!("ce dossier est un doublon gelé ; la personne continue sous {continues}")
            }
            Self::OutsidePeriod { item, period, given } => format!(
                "le {given} est hors de la période ({}), du {} au {}",
                item.label(Language::Fr),
                period.from,
                period.to
            ),
            Self::TooLittle { what, least, given } => {
                format!("{given} est au-dessous de {} : {least}", what.label(Language::Fr))
            }
            Self::OtherProgramme { item, name } => {
                format!("{} {name} : relève d'un autre programme", item.label(Language::Fr))
            }
            Self::Line { line, beneficiary, because } => {
                format!("ligne {line} ({beneficiary}) : {}", because.detail(Language::Fr))
            }
        }
    }

    fn detail_en(&self) -> String {
        match self {
            Self::NotRegistered => "no path is registered here".into(),
            Self::WrongStage { stage, allowed } => format!(
                "the path is at stage {}; it must be at {}",
                stage.label(Language::En),
                join(allowed.iter().map(|stage| stage.label(Language::En)), "or"),
            ),
            Self::WrongStatus { status, allowed } => format!(
                "the path is {}; it must be {}",
                status.label(Language::En),
                join(allowed.iter().map(|status| status.label(Language::En)), "or"),
            ),
            Self::MissingStep { step } => format!("missing: {}", step.label(Language::En)),
            Self::SameActor { actor, duty, other } => format!(
                "{actor} is the {} of this path already and cannot be its {} too",
                other.label(Language::En),
                duty.label(Language::En),
            ),
            Self::NeedsRole { role } => format!("needs the role {}", role.label(Language::En)),
            Self::Below { what, required, given } => {
                format!("{}: {given}, at least {required} is needed", what.label(Language::En))
            }
            Self::Above { what, limit, given } => {
                format!("{}: {given}, at most {limit}", what.label(Language::En))
            }
            Self::TooMuch { what, limit, given } => {
                format!("{given} is above {}: {limit}", what.label(Language::En))
            }
            Self::OtherAmount { what, expected, given } => {
                format!("{given} is not {}: {expected}", what.label(Language::En))
            }
            Self::Unknown { item, name, .. } => {
                format!("unknown {}: {name}", item.label(Language::En))
            }
            Self::Differs { item, name } => {
                format!(
                    "{} {name} was recorded already with other content",
                    item.label(Language::En)
                )
            }
            Self::Settled { item, name } => {
                format!("{} {name} is settled already", item.label(Language::En))
            }
            Self::InFuture { given, today, .. } => format!("{given} is after today, {today}"),
            Self::TooEarly { given, earliest, .. } => format!("{given} is before {earliest}"),
            Self::OutsideTerm { term, given } => {
                format!("{given} is outside the convention, {} to {}", term.from, term.to)
            }
            Self::RegionNotValid { region, on, then } => format!(
                "region {} does not exist on {on}; this territory is then in {}",
                region.code(),
                then.code()
            ),
            Self::OfficeClosed { office, open, on } => match open {
                Some(open) => format!(
                    "office {office} is not open on {on}: open {} to {}",
                    open.from, open.to
                ),
                None => format!("office {office} is not open on {on}"),
            },
            Self::NotEligible => "the person is not eligible by the rules".into(),
            Self::Disagree { field, other } => format!("{field} does not agree with {other}"),
            Self::Erased => "the person's data are erased: nothing sealed can be added".into(),
            Self::NotRetractable { sequence, event } => {
                format!("event {sequence} ({event}) is never retracted")
            }
            Self::RestsOn { sequence, event, because } => {
                format!("event {sequence} ({event}) rests on it: {}", because.detail(Language::En))
            }
            Self::Frozen { continues } => {
                format!("this path is a frozen duplicate; the person continues as {continues}")
            }
            Self::OutsidePeriod { item, period, given } => format!(
                "{given} is outside the period of the {}, {} to {}",
                item.label(Language::En),
                period.from,
                period.to
            ),
            Self::TooLittle { what, least, given } => {
                format!("{given} is below {}: {least}", what.label(Language::En))
            }
            Self::OtherProgramme { item, name } => {
                format!("{} {name} belongs to another programme", item.label(Language::En))
            }
            Self::Line { line, beneficiary, because } => {
                format!("line {line} ({beneficiary}): {}", because.detail(Language::En))
            }
        }
    }
}

/// A word that is no command of the aggregate that it is sent to.
pub(crate) fn no_command(word: &str) -> Refusal {
    Refusal::Unknown { item: Item::Command, name: word.to_owned(), field: "command" }
}

/// Refuses a list that is empty or longer than `limit`.
pub(crate) fn check_items(given: usize, limit: usize) -> Result<(), Refusal> {
    let (what, count) = (Quantity::Items, |items: usize| u32::try_from(items).unwrap_or(u32::MAX));
    match given {
        0 => Err(Refusal::Below { what, required: 1, given: 0 }),
        _ if given > limit => {
            Err(Refusal::Above { what, limit: count(limit), given: count(given) })
        }
        _ => Ok(()),
    }
}

fn join<'a>(words: impl Iterator<Item = &'a str>, or: &str) -> String {
    words.collect::<Vec<_>>().join(&format!(" {or} "))
}

/// Labels of an enum in both languages.
macro_rules! labels {
    ($name:ident { $($variant:ident => $fr:literal, $en:literal;)* }) => {
        impl $name {
            /// The word for it in `language`.
            #[must_use]
            pub fn label(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Self::$variant, Language::Fr) => $fr, (Self::$variant, Language::En) => $en,)*
                }
            }
        }
    };
}
pub(crate) use labels;

labels!(Step {
    Idea => "l'idée de projet", "the project idea";
    Eligibility => "l'examen d'éligibilité", "the assessment of eligibility";
    Interview => "l'entretien", "the interview";
    BusinessPlan => "le plan d'affaires", "the business plan";
    ValidatedPlan => "la validation du plan d'affaires", "a validated business plan";
    Approval => "l'approbation du financement", "the approval of the financing";
    Agreement => "la convention de financement signée", "the signed agreement";
    Financing => "un décaissement, ou un démarrage sans financement", "a disbursement, or a start without money";
    BusinessStart => "le démarrage d'activité", "the start of the business";
    FinalVisit => "la visite de la dernière échéance", "the visit of the last milestone";
    Visit => "une visite depuis la tranche précédente", "a visit since the tranche before";
    Document => "une pièce jointe depuis la tranche précédente", "a document since the tranche before";
    Consent => "le consentement", "the consent";
    Enrolment => "l'inscription dans un groupe de formation", "enrolment in a cohort";
    RegisterLine => "une ligne pour chaque membre en formation", "a line for every member in training";
});

labels!(Duty {
    Interviewer => "l'intervieweur", "interviewer";
    Decider => "le décideur de la sélection", "decider of the selection";
    Requester => "le demandeur du financement", "requester of the financing";
    Approver => "l'approbateur du financement", "approver of the financing";
    Payer => "le payeur", "payer";
});

labels!(Quantity {
    InterviewTotal => "total de l'entretien sur 100", "interview total out of 100";
    Attendance => "assiduité en % des heures prévues", "attendance in % of planned hours";
    ModulesPassed => "modules réussis", "modules passed";
    Items => "nombre d'éléments", "number of items";
    Years => "années", "years";
    Seats => "places du groupe", "seats of the cohort";
});

labels!(Amount {
    Ceiling => "le plafond de l'instrument", "the instrument's ceiling";
    Requested => "le montant demandé", "the amount requested";
    Approved => "le montant approuvé", "the amount approved";
    Tranches => "la somme des tranches", "the sum of the tranches";
    Tranche => "le montant de la tranche", "the amount of the tranche";
    Owed => "le principal restant dû", "the principal still owed";
    LeftOwed => "le principal restant dû", "the principal still owed";
    Repayment => "le montant du remboursement", "the amount of the repayment";
    Schedule => "le principal de l'échéancier", "the principal of the schedule";
    FreeBalance => "le solde libre du fonds", "the fund's free balance";
    OpenCommitments => "les engagements non décaissés du fonds", "the fund's undisbursed commitments";
    LeftCommitted => "les engagements non décaissés du fonds", "the fund's undisbursed commitments";
    Committed => "les engagements du fonds", "the fund's commitments";
    Budget => "le budget du fonds", "the fund's budget";
});

labels!(Item {
    Event => "événement", "event";
    Financing => "financement", "financing";
    Tranche => "tranche", "tranche";
    Grievance => "plainte", "grievance";
    Consent => "consentement", "consent";
    BusinessPlan => "plan d'affaires", "business plan";
    Office => "antenne", "office";
    Programme => "programme", "programme";
    Milestone => "échéance de suivi", "milestone";
    Session => "séance", "session";
    Lottery => "tirage au sort", "lottery";
    Sector => "secteur", "sector";
    Module => "module", "module";
    Schedule => "échéancier", "schedule";
    Selection => "décision de sélection", "selection decision";
    Registration => "inscription", "registration";
    Training => "formation", "training";
    Convention => "convention", "convention";
    PaymentReference => "référence de paiement", "payment reference";
    Business => "activité", "business";
    Income => "revenu", "income";
    PersonalData => "données personnelles", "personal data";
    Cohort => "groupe de formation", "cohort";
    Fund => "fonds", "fund";
    Member => "membre du groupe", "member of the cohort";
    Duplicate => "doublon", "duplicate";
    Path => "parcours", "path";
    Waiver => "démarrage sans financement", "start without money";
    Command => "commande", "command";
});
