//! Records about a person that do not move the path: notes, documents, incomes, community actions.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::path::case::Case;
use crate::path::declare::{bodies, parts};
use crate::path::state::{Signed, State};
use crate::reference::{
    ActionKind, EmploymentStatus, IncomeSource, MediaType, SurveyKind, WorkChange,
};
use crate::refusal::{Item, Refusal};
use crate::values::{CurrencyCode, Sealed, Within, Xof};

bodies! {
    /// A note about the person.
    Note {
        /// Text of the note.
        text: Sealed,
    }

    /// A document, by its fingerprint; the bytes are kept in an object store.
    Document {
        /// Name of the file.
        name: Sealed,
        /// Media type, from its list.
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
        /// Source of the income, from its list.
        source: IncomeSource,
    }

    /// What somebody does for a living, as a survey tells it.
    Employment {
        /// The survey that it was told in.
        survey: SurveyKind,
        /// Status in employment, after the ILO.
        employment_status: EmploymentStatus,
        /// How the work compares with that before the programme, as the person says; of who works.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        work_since: Option<WorkChange>,
    }

    /// Peace-building or community engagement.
    CommunityAction {
        /// Kind of action.
        kind: ActionKind,
        /// Number of people reached.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        people_reached: Option<Within<0, 1_000_000>>,
        /// Remarks in free text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<Sealed>,
    }
}

parts! {
    /// A document by its fingerprint.
    DocumentState {
        /// Day it was attached.
        on: NaiveDate,
        /// Media type, as it was told by its bytes.
        media_type: MediaType,
        /// SHA-256 of the bytes, hexadecimal.
        sha256: Sha256Hex,
        /// Size in bytes.
        size_bytes: u32,
    }
}

/// Counts of what does not move the path.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct Actions {
    /// Number of notes.
    pub notes: u32,
    /// Number of supports given after the start.
    pub supports: u32,
    /// Number of community actions.
    pub community_actions: u32,
}

/// An income is of a period that is over, and told once.
pub(in crate::path) fn check_income(case: &Case, income: &Income) -> Result<(), Refusal> {
    if income.to < income.from {
        return Err(Refusal::Disagree { field: "to", other: "from" });
    }
    if income.to > case.on {
        return Err(Refusal::InFuture { field: "to", given: income.to, today: case.on });
    }
    let is_same = |told: &Income| {
        (told.survey, told.from, told.to, told.source)
            == (income.survey, income.from, income.to, income.source)
    };
    // Counted twice it would spoil every mean; a correction retracts the first.
    if case.state.incomes.iter().any(is_same) {
        let name = format!("{} {}", income.from, income.to);
        return Err(Refusal::Differs { item: Item::Income, name });
    }
    Ok(())
}

impl Employment {
    /// Whether it is work: the unemployed and who is outside the labour force have none.
    #[must_use]
    pub fn is_work(&self) -> bool {
        !["unemployed", "outside_labour_force"].contains(&self.employment_status.code())
    }
}

/// Only who works can say how the work is.
pub(in crate::path) fn check_employment(_: &Case, told: &Employment) -> Result<(), Refusal> {
    if told.work_since.is_some() && !told.is_work() {
        return Err(Refusal::Disagree { field: "work_since", other: "employment_status" });
    }
    Ok(())
}

/// No rule asks for it: the state keeps nothing of it.
pub(in crate::path) fn fold_employment(_: &mut State, _: &Signed, _: &Employment) {}

pub(in crate::path) fn fold_note(state: &mut State, _: &Signed, _: &Note) {
    state.actions.notes += 1;
}

pub(in crate::path) fn fold_document(state: &mut State, signed: &Signed, document: &Document) {
    state.documents.push(DocumentState {
        on: signed.on,
        media_type: document.media_type,
        sha256: document.sha256.clone(),
        size_bytes: document.size_bytes.get(),
    });
}

pub(in crate::path) fn fold_income(state: &mut State, _: &Signed, income: &Income) {
    state.incomes.push(income.clone());
}

pub(in crate::path) fn fold_community_action(state: &mut State, _: &Signed, _: &CommunityAction) {
    state.actions.community_actions += 1;
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

    /// The digits, in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

crate::values::text_value!(Sha256Hex, "[0-9a-f]{64}", "SHA-256, 64 hexadecimal digits.");
