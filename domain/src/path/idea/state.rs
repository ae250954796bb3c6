//! What a registration and an idea leave in the state.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::facts::{Idea, Origin, Registration, Sex, WashingtonGroup};
use crate::path::any::privacy;
use crate::path::stage::Stage;
use crate::path::state::{Signed, State};
use crate::reference::{EducationLevel, Intake, RegionCode};
use crate::values::{ProgrammeId, Reference, Within};

/// What the registration said, without the person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RegistrationState {
    /// Reference for paper and phone.
    pub reference: Reference,
    /// The programme that the path belongs to for good.
    pub programme: ProgrammeId,
    /// Day of registration; nothing of the path but a life before it precedes this day.
    pub on: NaiveDate,
    /// Region of residence on that day; the region of today stands in [`State::region`].
    pub region: RegionCode,
    /// Sex, as recorded for disaggregation.
    pub sex: Sex,
    /// Year of birth, as last corrected.
    #[schemars(with = "u32")]
    pub birth_year: Within<1900, 2100>,
    /// Level of education; none when it was not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub education: Option<EducationLevel>,
    /// True when the person counts as having a disability; none when not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disability: Option<bool>,
    /// True when the person is internally displaced; none when not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub displaced: Option<bool>,
    /// The way in which the person came to the programme.
    pub intake: Intake,
    /// The row that the registration was imported from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// The application that was accepted with it; none of who came otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<Uuid>,
}

pub(in crate::path) fn fold_registration(
    state: &mut State,
    signed: &Signed,
    registration: &Registration,
) {
    state.office = Some(registration.office.clone());
    state.region = Some(registration.region);
    state.adviser.clone_from(&registration.adviser);
    state.identity = Some(registration.identity.0.clone());
    privacy::fold_consent(state, signed, &registration.consent);
    state.registration = Some(RegistrationState {
        reference: registration.reference,
        programme: registration.programme,
        on: signed.on,
        region: registration.region,
        sex: registration.sex,
        birth_year: registration.birth_year,
        education: registration.education,
        disability: registration.disability.as_ref().map(WashingtonGroup::has_disability),
        displaced: registration.displaced,
        intake: registration.intake,
        origin: registration.origin.clone(),
        application: registration.application,
    });
}

pub(in crate::path) fn fold_submission(state: &mut State, signed: &Signed, idea: &Idea) {
    state.looked_at_again(signed.on);
    state.idea = Some(idea.clone());
    state.stage = Stage::Recruitment;
}

pub(in crate::path) fn fold_revision(state: &mut State, signed: &Signed, idea: &Idea) {
    state.looked_at_again(signed.on);
    state.idea = Some(idea.clone());
}
