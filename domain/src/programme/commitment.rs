//! What the parties of a convention have committed themselves to, and how they have reviewed it: "chaque
//! partie s'engage". It names organisations and no person, so it is in clear.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use sira_numbers::counted;

use super::Programme;
use super::event::{ProgrammeEvent, ProgrammeFact};
use crate::context::Context;
use crate::refusal::{Item, Quantity, Refusal};
use crate::values::{Slug, Text};

/// Most commitments of one programme: ten of each of the most parties that a convention has.
const COMMITMENTS_MAX: usize = 200;

/// Asks a party's commitment to be recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CommitmentRequest {
    /// The party: its name, or the part that it alone has in the convention.
    pub party: Text<120>,
    /// What it commits itself to.
    pub what: Text<300>,
    /// The indicator that tells of it, by its name in the catalogue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub indicator: Option<Slug>,
    /// Day by which it is to be done.
    pub due_on: NaiveDate,
}

/// A commitment, numbered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Commitment {
    /// Number within the programme, from 1.
    pub commitment: u32,
    /// Name of the party.
    pub party: Text<120>,
    /// What it commits itself to.
    pub what: Text<300>,
    /// The indicator that tells of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub indicator: Option<Slug>,
    /// Day by which it is to be done.
    pub due_on: NaiveDate,
}

/// A commitment that was kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fulfilment {
    /// Number of the commitment.
    pub commitment: u32,
    /// What shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Text<300>>,
}

/// A commitment that is withdrawn, or opened again after it was called fulfilled by mistake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CommitmentChange {
    /// Number of the commitment.
    pub commitment: u32,
    /// Reason.
    pub reason: Text<300>,
}

/// The parties looked at the convention together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// Day on which they met.
    pub on: NaiveDate,
    /// What they found.
    pub findings: Text<600>,
    /// Day of the next review, where one was agreed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_review_on: Option<NaiveDate>,
}

/// A day, and what was said on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Said {
    /// The day.
    pub on: NaiveDate,
    /// What was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Text<300>>,
}

/// A commitment, open until it is fulfilled or withdrawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommitmentState {
    /// The commitment.
    #[serde(flatten)]
    pub commitment: Commitment,
    /// Day on which it was recorded.
    pub recorded_on: NaiveDate,
    /// Day on which it was fulfilled, and what shows it; none while it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fulfilled: Option<Said>,
    /// Day on which it was last opened again, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reopened: Option<Said>,
    /// Day on which it was withdrawn, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<Said>,
}

impl CommitmentState {
    /// A commitment as it was recorded on a day.
    fn recorded(commitment: &Commitment, on: NaiveDate) -> Self {
        let commitment = commitment.clone();
        Self { commitment, recorded_on: on, fulfilled: None, reopened: None, withdrawn: None }
    }

    /// Tells whether it is neither fulfilled nor withdrawn.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.fulfilled.is_none() && self.withdrawn.is_none()
    }

    /// The day of the last that was said of it: what comes after is of no day before.
    fn last_on(&self) -> NaiveDate {
        let said = [&self.fulfilled, &self.reopened, &self.withdrawn].into_iter().flatten();
        said.map(|said| said.on).fold(self.recorded_on, NaiveDate::max)
    }
}

impl Programme {
    /// A commitment by its number.
    #[must_use]
    pub fn commitment(&self, number: u32) -> Option<&CommitmentState> {
        self.commitments.iter().find(|one| one.commitment.commitment == number)
    }

    /// Changes a commitment; nothing for an unknown number.
    fn change_commitment(&mut self, number: u32, change: impl FnOnce(&mut CommitmentState)) {
        let mut commitments = self.commitments.iter_mut();
        if let Some(found) = commitments.find(|one| one.commitment.commitment == number) {
            change(found);
        }
    }

    /// Takes a fact of a commitment or a review in.
    pub(super) fn take_commitment(&mut self, event: &ProgrammeEvent) {
        let on = event.occurred_on;
        let said = |text: Option<&Text<300>>| Some(Said { on, text: text.cloned() });
        match &event.fact {
            ProgrammeFact::CommitmentRecorded(commitment) => {
                self.note_number(commitment);
                self.commitments.push(CommitmentState::recorded(commitment, on));
            }
            ProgrammeFact::CommitmentFulfilled(Fulfilment { commitment, evidence }) => {
                let fulfilled = said(evidence.as_ref());
                self.change_commitment(*commitment, |one| one.fulfilled = fulfilled);
            }
            ProgrammeFact::CommitmentReopened(CommitmentChange { commitment, reason }) => {
                let reopened = said(Some(reason));
                self.change_commitment(*commitment, |one| {
                    one.fulfilled = None;
                    one.reopened = reopened;
                });
            }
            ProgrammeFact::CommitmentWithdrawn(CommitmentChange { commitment, reason }) => {
                let withdrawn = said(Some(reason));
                self.change_commitment(*commitment, |one| one.withdrawn = withdrawn);
            }
            ProgrammeFact::ConventionReviewed(review) => self.reviews.push(review.clone()),
            _ => {}
        }
    }

    /// Remembers that a number was given, to a commitment that stands or was taken back.
    pub(super) fn note_number(&mut self, given: &Commitment) {
        self.last_commitment = self.last_commitment.max(given.commitment);
    }

    /// The party of a name, or of a part that it alone has.
    fn party_called(&self, asked: &Text<120>) -> Option<&Text<120>> {
        let parties = &self.convention.as_ref()?.parties;
        let named = parties.iter().find(|party| party.name == *asked);
        let mut of_part = parties.iter().filter(|party| party.role.as_str() == asked.as_str());
        let alone = of_part.next().filter(|_| of_part.next().is_none());
        named.or(alone).map(|party| &party.name)
    }
}

/// A commitment is of a party of the convention, and recorded once while it stands.
pub(super) fn record(
    programme: &Programme,
    request: CommitmentRequest,
    context: &Context,
) -> Result<Option<ProgrammeFact>, Refusal> {
    let on = context.day()?;
    let CommitmentRequest { party, what, indicator, due_on } = request;
    let Some(party) = programme.party_called(&party).cloned() else {
        let name = party.to_string();
        return Err(Refusal::Unknown { item: Item::Party, name, field: "party" });
    };
    let number = programme.last_commitment.saturating_add(1);
    let commitment = Commitment { commitment: number, party, what, indicator, due_on };
    let is_retry = programme.commitments.iter().any(|known| {
        let same = Commitment { commitment: known.commitment.commitment, ..commitment.clone() };
        known.withdrawn.is_none() && known.recorded_on == on && known.commitment == same
    });
    if is_retry {
        return Ok(None);
    }
    if programme.commitments.len() >= COMMITMENTS_MAX {
        let (limit, given) = (counted(COMMITMENTS_MAX), counted(COMMITMENTS_MAX + 1));
        return Err(Refusal::Above { what: Quantity::Items, limit, given });
    }
    Ok(Some(ProgrammeFact::CommitmentRecorded(commitment)))
}

/// A commitment that stands, which nothing that is said of it precedes.
fn standing(
    programme: &Programme,
    number: u32,
    context: &Context,
) -> Result<CommitmentState, Refusal> {
    let name = number.to_string();
    let unknown = Refusal::Unknown { item: Item::Commitment, name, field: "commitment" };
    let found = programme.commitment(number).ok_or(unknown)?;
    let (given, earliest) = (context.day()?, found.last_on());
    if given < earliest {
        return Err(Refusal::TooEarly { field: "occurred_on", given, earliest });
    }
    Ok(found.clone())
}

fn settled(number: u32) -> Refusal {
    Refusal::Settled { item: Item::Commitment, name: number.to_string() }
}

/// An open commitment is fulfilled.
pub(super) fn fulfil(
    programme: &Programme,
    fulfilment: Fulfilment,
    context: &Context,
) -> Result<Option<ProgrammeFact>, Refusal> {
    let number = fulfilment.commitment;
    let said = Said { on: context.day()?, text: fulfilment.evidence.clone() };
    let known = programme.commitment(number);
    if known.is_some_and(|known| known.fulfilled.as_ref() == Some(&said)) {
        return Ok(None);
    }
    let found = standing(programme, number, context)?;
    if !found.is_open() {
        return Err(settled(number));
    }
    Ok(Some(ProgrammeFact::CommitmentFulfilled(fulfilment)))
}

/// A commitment that was called fulfilled by mistake is open again.
pub(super) fn reopen(
    programme: &Programme,
    change: CommitmentChange,
    context: &Context,
) -> Result<Option<ProgrammeFact>, Refusal> {
    let number = change.commitment;
    let said = Said { on: context.day()?, text: Some(change.reason.clone()) };
    let known = programme.commitment(number);
    if known.is_some_and(|known| known.is_open() && known.reopened.as_ref() == Some(&said)) {
        return Ok(None);
    }
    let found = standing(programme, number, context)?;
    if found.withdrawn.is_some() {
        return Err(settled(number));
    }
    if found.fulfilled.is_none() {
        return Err(Refusal::Disagree { field: "commitment", other: "fulfilled" });
    }
    Ok(Some(ProgrammeFact::CommitmentReopened(change)))
}

/// A commitment is withdrawn, fulfilled or not: it was recorded in error, or the parties gave it up.
pub(super) fn withdraw(
    programme: &Programme,
    change: CommitmentChange,
    context: &Context,
) -> Result<Option<ProgrammeFact>, Refusal> {
    let number = change.commitment;
    let said = Said { on: context.day()?, text: Some(change.reason.clone()) };
    let known = programme.commitment(number);
    if known.is_some_and(|known| known.withdrawn.as_ref() == Some(&said)) {
        return Ok(None);
    }
    let found = standing(programme, number, context)?;
    if found.withdrawn.is_some() {
        return Err(settled(number));
    }
    Ok(Some(ProgrammeFact::CommitmentWithdrawn(change)))
}

/// A review is of a day that has come, and the next one after it.
pub(super) fn review(
    programme: &Programme,
    review: Review,
    context: &Context,
) -> Result<Option<ProgrammeFact>, Refusal> {
    if programme.reviews.contains(&review) {
        return Ok(None);
    }
    let (given, today) = (review.on, context.today());
    if given > today {
        return Err(Refusal::InFuture { field: "on", given, today });
    }
    let signed = programme.convention.as_ref().map(|convention| convention.signed_on);
    if let Some(earliest) = signed.filter(|signed| given < *signed) {
        return Err(Refusal::TooEarly { field: "on", given, earliest });
    }
    if let Some(next) = review.next_review_on.filter(|next| *next <= given) {
        let earliest = given.succ_opt().unwrap_or(given);
        return Err(Refusal::TooEarly { field: "next_review_on", given: next, earliest });
    }
    Ok(Some(ProgrammeFact::ConventionReviewed(review)))
}
