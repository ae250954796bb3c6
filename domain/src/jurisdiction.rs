//! Where a command may be given from: each command's row in its table names a [`Jurisdiction`], and with
//! the stream and the body it becomes the [`Ground`] that a caller's scope must hold. Nobody decides on
//! what lies outside their own reach, whatever their role.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::reference::{Language, RegionCode};
use crate::refusal::labels;
use crate::values::OfficeCode;

/// The kind of ground that a command is given on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Jurisdiction {
    /// The office in charge of the path or of the training group, or the region in which it stands.
    OwnOffice,
    /// The office that the body names, or the region in which it stands.
    NamedOffice,
    /// The region that the body names; everything when it names none.
    NamedRegion,
    /// Every region that the fund serves; everything for a fund that serves them all.
    FundRegions,
    /// Everything.
    Everywhere,
}

impl Jurisdiction {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::OwnOffice,
        Self::NamedOffice,
        Self::NamedRegion,
        Self::FundRegions,
        Self::Everywhere,
    ];
}

labels!(Jurisdiction {
    OwnOffice => "l'antenne responsable, ou sa région", "the office in charge, or its region";
    NamedOffice => "l'antenne nommée, ou sa région", "the office that is named, or its region";
    NamedRegion => "la région nommée ; tout, si aucune ne l'est",
        "the region that is named; everything when none is";
    FundRegions => "toutes les régions que le fonds dessert",
        "every region that the fund serves";
    Everywhere => "tout", "everything";
});

/// The ground that one command is given on: what a scope must hold, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ground {
    /// Everything.
    Everywhere,
    /// Each of these regions.
    Regions(BTreeSet<RegionCode>),
    /// An office of a programme.
    Office {
        /// The programme: two programmes may each have an office of one code.
        programme: Uuid,
        /// The office.
        office: OfficeCode,
        /// The region that it stands in; none when the programme does not know the office, and then a
        /// scope of regions does not hold it.
        region: Option<RegionCode>,
    },
}

impl Ground {
    /// The regions, all of which are needed; everything when none is named.
    #[must_use]
    pub fn of_regions(regions: impl IntoIterator<Item = RegionCode>) -> Self {
        let regions: BTreeSet<_> = regions.into_iter().collect();
        if regions.is_empty() { Self::Everywhere } else { Self::Regions(regions) }
    }

    /// The ground in words, to follow "la commande demande une portée sur".
    #[must_use]
    pub fn words(&self, language: Language) -> String {
        match self {
            Self::Everywhere => Jurisdiction::Everywhere.label(language).to_owned(),
            Self::Regions(regions) => {
                let names: Vec<&str> = regions.iter().map(RegionCode::name_fr).collect();
                names.join(", ")
            }
            Self::Office { office, .. } => office.to_string(),
        }
    }
}
