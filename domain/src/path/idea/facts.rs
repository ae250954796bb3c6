//! What a registration and an idea say.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::path::any::privacy::Consent;
use crate::path::declare::bodies;
use crate::reference::{Channel, EducationLevel, Intake, RegionCode, SectorCode};
use crate::values::{
    OfficeCode, ProgrammeId, Reference, Sealed, SealedIdentity, Slug, Text, Within, Xof,
};

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
