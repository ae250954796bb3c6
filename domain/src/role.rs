//! Roles: what a person may do, before the question of where.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reference::Language;
use crate::refusal::labels;

/// A role. A grant is a role with a scope (regions, offices or all), kept in the caller's token.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Registers people and follows them.
    Adviser,
    /// Records attendance and assessments.
    Trainer,
    /// Decides selections, plans and financing.
    Committee,
    /// Pays and collects.
    Finance,
    /// Heads a region.
    Director,
    /// Reads figures, never a person.
    Analyst,
    /// Reads every history, writes nothing.
    Auditor,
    /// Reads aggregates of own funds.
    Donor,
    /// Runs the system; erases.
    Admin,
}

impl Role {
    /// Every role, in the order of their ranks in documents.
    pub const ALL: [Self; 9] = [
        Self::Adviser,
        Self::Trainer,
        Self::Committee,
        Self::Finance,
        Self::Director,
        Self::Analyst,
        Self::Auditor,
        Self::Donor,
        Self::Admin,
    ];

    /// The role's word in tokens and on the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Adviser => "adviser",
            Self::Trainer => "trainer",
            Self::Committee => "committee",
            Self::Finance => "finance",
            Self::Director => "director",
            Self::Analyst => "analyst",
            Self::Auditor => "auditor",
            Self::Donor => "donor",
            Self::Admin => "admin",
        }
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

/// A word that is no role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a role: one of adviser, trainer, committee, finance, director, analyst, auditor, donor, admin"
)]
pub struct NotARole;

impl std::str::FromStr for Role {
    type Err = NotARole;

    fn from_str(word: &str) -> Result<Self, NotARole> {
        Self::ALL.into_iter().find(|role| role.word() == word).ok_or(NotARole)
    }
}

labels!(Role {
    Adviser => "conseiller emploi", "adviser";
    Trainer => "formateur", "trainer";
    Committee => "comité", "committee";
    Finance => "agent financier", "finance officer";
    Director => "directeur régional", "director";
    Analyst => "analyste", "analyst";
    Auditor => "auditeur", "auditor";
    Donor => "bailleur", "donor";
    Admin => "administrateur", "administrator";
});
