//! Why a command is refused: one variant a broken rule, with the ids and numbers to act on it. Its
//! sentences stand in `words`, one file a language.

mod subject;
mod words;

use chrono::NaiveDate;

use crate::path::{Stage, Status};
use crate::reference::{Language, RegionCode};
use crate::role::Role;
use crate::values::{ActorId, BeneficiaryId, OfficeCode, Period, Xof};

pub use subject::{Amount, Duty, Item, Quantity, Step};

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
        if name.is_empty() {
            Self::Unknown { item, name, field }
        } else {
            Self::Settled { item, name }
        }
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

    /// A clause that says what is wrong, in the reader's language, with the numbers that forbid it and no personal
    /// data.
    #[must_use]
    pub fn detail(&self, language: Language) -> String {
        match language {
            Language::Fr => words::french::detail(self),
            Language::En => words::english::detail(self),
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
