//! A registration that was recorded wrongly: what it said and what it should have said, field by field. Both
//! stay in the history, and the path is folded as if the registration had said the second: see
//! [`crate::path::corrected`].

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::facts::{Registration, Sex, WashingtonGroup};
use super::rules::check_person;
use crate::path::any::privacy::Consent;
use crate::path::case::Case;
use crate::path::corrected::registration_by;
use crate::path::declare::bodies;
use crate::path::fact::Fact;
use crate::path::proposal::Asked;
use crate::path::state::{Signed, State};
use crate::reference::{EducationLevel, Intake, RegionCode};
use crate::refusal::{Quantity, Refusal};
use crate::values::{Sealed, Text, Within};

/// A value that was told, and the one that it is put right to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Change<T> {
    /// The value before; none where nothing was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<T>,
    /// The value after.
    pub after: T,
}

/// Declares what is asked, what is recorded, and what both have in common field by field.
macro_rules! corrections {
    ($($(#[$doc:meta])* $field:ident: $kind:ty, $told:expr;)*) => {
        bodies! {
            /// Asks to put a registration right. What is left out stays as it is.
            RegistrationAmendment {
                $($(#[$doc])*
                #[serde(default, skip_serializing_if = "Option::is_none")]
                $field: Option<$kind>,)*
                /// Reason in free text.
                reason: Sealed,
            }

            /// A registration put right: each field that changed, before and after.
            RegistrationCorrection {
                $($(#[$doc])*
                #[serde(default, skip_serializing_if = "Option::is_none")]
                $field: Option<Change<$kind>>,)*
                /// Reason in free text.
                reason: Sealed,
            }
        }

        /// What is asked, beside what the registration says so far.
        fn changes(asked: RegistrationAmendment, said: &Registration) -> RegistrationCorrection {
            RegistrationCorrection {
                $($field: asked.$field.map(|after| Change { before: $told(said), after }),)*
                reason: asked.reason,
            }
        }

        /// Whether a correction is the one that is asked for.
        fn is_asked(correction: &RegistrationCorrection, asked: &RegistrationAmendment) -> bool {
            $(correction.$field.as_ref().map(|change| &change.after) == asked.$field.as_ref())&&*
        }

        /// Refuses a field that says nothing new, or another thing before than the registration does.
        fn check_changes(
            correction: &RegistrationCorrection,
            said: &Registration,
        ) -> Result<(), Refusal> {
            let mut given = 0;
            $(if let Some(change) = &correction.$field {
                given += 1;
                let told = $told(said);
                if told.as_ref() == Some(&change.after) {
                    return Err(Refusal::Unchanged { field: stringify!($field) });
                }
                if told != change.before {
                    return Err(Refusal::Disagree { field: stringify!($field), other: "before" });
                }
            })*
            if given == 0 {
                return Err(Refusal::Below { what: Quantity::Items, required: 1, given });
            }
            Ok(())
        }
    };
}

corrections! {
    /// Sex, as recorded for disaggregation.
    sex: Sex, |said: &Registration| Some(said.sex);
    /// Year of birth.
    birth_year: Within<1900, 2100>, |said: &Registration| Some(said.birth_year);
    /// Region of residence, by the list valid on the day of registration.
    region: RegionCode, |said: &Registration| Some(said.region);
    /// Cercle of residence.
    cercle: Text<60>, |said: &Registration| said.cercle.clone();
    /// Level of education, ISCED 2011.
    education: EducationLevel, |said: &Registration| said.education;
    /// Washington Group short set.
    disability: WashingtonGroup, |said: &Registration| said.disability.clone();
    /// True when the person is internally displaced.
    displaced: bool, |said: &Registration| said.displaced;
    /// The way in which the person came to the programme.
    intake: Intake, |said: &Registration| Some(said.intake);
    /// Consent to processing that was given at the registration.
    consent: Consent, |said: &Registration| Some(said.consent.clone());
}

impl RegistrationCorrection {
    /// Puts its values in the place of those of a registration.
    pub(in crate::path) fn apply(&self, said: &mut Registration) {
        fn put<T: Clone>(change: Option<&Change<T>>, place: &mut T) {
            if let Some(change) = change {
                *place = change.after.clone();
            }
        }
        fn put_told<T: Clone>(change: Option<&Change<T>>, place: &mut Option<T>) {
            if let Some(change) = change {
                *place = Some(change.after.clone());
            }
        }
        put(self.sex.as_ref(), &mut said.sex);
        put(self.birth_year.as_ref(), &mut said.birth_year);
        put(self.region.as_ref(), &mut said.region);
        put_told(self.cercle.as_ref(), &mut said.cercle);
        put_told(self.education.as_ref(), &mut said.education);
        put_told(self.disability.as_ref(), &mut said.disability);
        put_told(self.displaced.as_ref(), &mut said.displaced);
        put(self.intake.as_ref(), &mut said.intake);
        put(self.consent.as_ref(), &mut said.consent);
    }
}

/// Says what the registration said so far, beside what it should have said. In a retry, what it said before
/// the correction that stands.
pub(in crate::path) fn correct(
    asked: &Asked,
    request: RegistrationAmendment,
) -> Result<RegistrationCorrection, Refusal> {
    let last = asked.path.standing().rev().find_map(|(_, event)| match &event.fact {
        Fact::RegistrationCorrected(last) => Some((event.occurred_on, last)),
        _ => None,
    });
    if let Some((on, last)) = last
        && on == asked.on
        && is_asked(last, &request)
    {
        return Ok(RegistrationCorrection { reason: request.reason, ..last.clone() });
    }
    let said = registration_by(asked.path.standing()).ok_or(Refusal::NotRegistered)?;
    Ok(changes(request, &said))
}

/// A correction tells what the registration said so far, and in each field another thing than that.
pub(in crate::path) fn check(
    said: Option<&Registration>,
    correction: &RegistrationCorrection,
) -> Result<(), Refusal> {
    check_changes(correction, said.ok_or(Refusal::NotRegistered)?)
}

/// What a registration says of a person holds on its own day.
pub(in crate::path) fn check_correction(
    case: &Case,
    correction: &RegistrationCorrection,
) -> Result<(), Refusal> {
    let registration = case.state.registration.as_ref().ok_or(Refusal::NotRegistered)?;
    let region = correction.region.as_ref().map(|change| change.after);
    let year = correction.birth_year.as_ref().map(|change| change.after);
    check_person(registration.on, region, year)
}

/// It is not folded at its place: the path is folded anew, as if the registration had said it.
pub(in crate::path) fn fold_nothing(_: &mut State, _: &Signed, _: &RegistrationCorrection) {}
