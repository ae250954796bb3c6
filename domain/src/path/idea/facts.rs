//! What a registration and an idea say.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::path::any::privacy::Consent;
use crate::path::declare::bodies;
use crate::reference::{Channel, EducationLevel, Intake, RegionCode, SectorCode};
use crate::values::{
    ActorId, OfficeCode, ProgrammeId, Reference, Sealed, SealedIdentity, Slug, Text, Within, Xof,
};

/// Sex, as recorded for disaggregation.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Sex {
    /// A woman or a girl.
    Female,
    /// A man or a boy.
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

    /// The way back from an imported fact: row -> event -> batch, and back.
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
        /// The programme that the person registers with.
        programme: ProgrammeId,
        /// The office that registers, open in the programme.
        office: OfficeCode,
        /// Region of residence, by the list valid on the day of the fact.
        region: RegionCode,
        /// Cercle of residence.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cercle: Option<Text<60>>,
        /// The way in which the person came to the programme.
        intake: Intake,
        /// The channel by which the registration was made.
        channel: Channel,
        /// Sex, as recorded for disaggregation.
        sex: Sex,
        /// Year of birth. May be left out when the identity holds the exact date.
        birth_year: Within<1900, 2100>,
        /// Level of education, ISCED 2011.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        education: Option<EducationLevel>,
        /// Washington Group short set.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        disability: Option<WashingtonGroup>,
        /// True when the person is internally displaced; left out when it was not asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        displaced: Option<bool>,
        /// Consent to processing: nothing is registered without it.
        consent: Consent,
        /// The row that the registration was imported from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        origin: Option<Origin>,
        /// The adviser in charge; whoever registers, when it is left out and the person is not imported.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        adviser: Option<ActorId>,
        /// The application that was accepted with it; given by the server.
        #[schemars(skip)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        application: Option<Uuid>,
        /// The project idea in the person's own words, before it is put into a form.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        own_words: Option<Sealed>,
        /// Name, phone, national id, birth date, address.
        identity: SealedIdentity,
    }

    /// A project idea.
    Idea {
        /// Title of the idea, in the person's words.
        title: Sealed,
        /// Sector: ISIC rev. 4 section, or a code of the programme's own.
        sector: SectorCode,
        /// Summary of the idea.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        summary: Option<Sealed>,
        /// Cost of starting, in whole francs.
        start_up_cost: Xof,
        /// Jobs expected, the owner's included.
        jobs_expected: Within<0, 10_000>,
    }
}

impl WashingtonGroup {
    /// Tells whether the person counts as having a disability.
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
