//! Why a command is refused: one variant a broken rule, with the ids and numbers to act on it. Its
//! sentences stand in `words`, one file a language.

mod subject;
mod words;

use std::collections::BTreeSet;

use chrono::NaiveDate;
use sira_numbers::{Sequence, counted};

use crate::jurisdiction::Ground;
use crate::path::{Stage, Status};
use crate::programme::SelectionQuota;
use crate::reference::{Language, RegionCode};
use crate::role::Role;
use crate::values::{ActorId, BeneficiaryId, OfficeCode, Period, Slug, Xof};

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
    /// The path is suspended, closed, exited or completed.
    WrongStatus { status: Status, allowed: &'static [Status] },
    /// The path was suspended, closed, exited or completed on the day of the fact.
    StatusThen { status: Status, period: Period, given: NaiveDate, allowed: &'static [Status] },
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
    /// A day that lies further back from the recording than the programme allows without a reason.
    TooFarBack { given: NaiveDate, earliest: NaiveDate, days: u32 },
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
    /// A field that says what stands already.
    Unchanged { field: &'static str },
    /// The person has been erased: nothing sealed can be added.
    Erased,
    /// The person's key is in no key store any more: what it sealed cannot be read, and nothing can be added under it
    /// until their identity is told again.
    KeyLost,
    /// An event that is never retracted.
    NotRetractable { sequence: Sequence, event: &'static str },
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
    /// An entry of a list of people, counted from 1, that breaks a rule.
    Entry { entry: u32, beneficiary: BeneficiaryId, because: Box<Refusal> },
    /// A list that was drawn already, under another word.
    SameList { session: Slug },
    /// A candidate who is selected before others who wait with a better rank.
    PassedOver { rank: u32, over: u32, waiting: u32 },
    /// A share of the places that the selection would not keep.
    QuotaBroken { quota: SelectionQuota, limit: u32, given: u32 },
    /// The caller's scope does not hold the ground that the command is given on.
    OutsideReach { needs: Ground },
    /// An office whose code belongs to another region for ever.
    OfficeElsewhere { office: OfficeCode, region: RegionCode, given: RegionCode },
    /// A fund that does not serve the region that the path is in.
    NotServed { fund: Slug, region: Option<RegionCode>, serves: BTreeSet<RegionCode> },
    /// A call under which nobody may apply on a day.
    CallNotOpen { call: Period, closed_on: Option<NaiveDate>, given: NaiveDate },
    /// A region whose people the call does not ask.
    NotCalled { region: RegionCode, called: BTreeSet<RegionCode> },
    /// A later event rests on what would be retracted or corrected.
    RestsOn { sequence: Sequence, event: &'static str, because: Box<Refusal> },
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
            Self::WrongStatus { .. } | Self::StatusThen { .. } => "wrong_status",
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
            Self::TooFarBack { .. } => "too_far_back",
            Self::OutsideTerm { .. } => "outside_term",
            Self::RegionNotValid { .. } => "region_not_valid",
            Self::OfficeClosed { .. } => "office_closed",
            Self::NotEligible => "not_eligible",
            Self::Disagree { .. } => "fields_disagree",
            Self::Unchanged { .. } => "nothing_changes",
            Self::Erased => "person_erased",
            Self::KeyLost => "key_lost",
            Self::NotRetractable { .. } => "not_retractable",
            Self::RestsOn { .. } => "later_event_rests_on_it",
            Self::Frozen { .. } => "path_frozen",
            Self::OutsidePeriod { .. } => "outside_period",
            Self::TooLittle { .. } => "amount_below_limit",
            Self::OtherProgramme { .. } => "other_programme",
            Self::OutsideReach { .. } => "outside_reach",
            Self::OfficeElsewhere { .. } => "office_of_another_region",
            Self::NotServed { .. } => "region_not_served",
            Self::CallNotOpen { .. } => "call_not_open",
            Self::NotCalled { .. } => "region_not_called",
            Self::SameList { .. } => "already_drawn",
            Self::PassedOver { .. } => "out_of_rank",
            Self::QuotaBroken { .. } => "quota_broken",
            Self::Line { because, .. } | Self::Entry { because, .. } => because.rule(),
        }
    }

    /// The field of the command that the rule speaks of, where there is one.
    #[must_use]
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::Unknown { field, .. }
            | Self::InFuture { field, .. }
            | Self::TooEarly { field, .. }
            | Self::Unchanged { field }
            | Self::Disagree { field, .. } => Some(field),
            Self::TooMuch { what, .. }
            | Self::OtherAmount { what, .. }
            | Self::TooLittle { what, .. } => what.field(),
            Self::RegionNotValid { .. } | Self::OfficeElsewhere { .. } | Self::NotCalled { .. } => {
                Some("region")
            }
            Self::NotServed { .. } => Some("fund"),
            Self::SameList { .. } => Some("entries"),
            Self::PassedOver { .. } => Some("reason"),
            Self::OfficeClosed { .. } => Some("office"),
            Self::OutsideTerm { .. } | Self::OutsidePeriod { .. } | Self::TooFarBack { .. } => {
                Some("occurred_on")
            }
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
            Self::Entry { entry, .. } => format!("/entries/{}", entry - 1),
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
    let what = Quantity::Items;
    match given {
        0 => Err(Refusal::Below { what, required: 1, given: 0 }),
        _ if given > limit => {
            Err(Refusal::Above { what, limit: counted(limit), given: counted(given) })
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
