//! For whom a report is frozen: it has one audience, and with it one content and one hash, whoever reads it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sira_domain::role::Role;

use super::published::is_told_published;
use super::{FigureError, Figures, PublishedTo, Reader, Refused};
use crate::grant::{KnownPlaces, Scope};
use crate::token::Grant;

/// How figures are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Telling {
    /// Exactly, to those who may see people.
    Exact,
    /// As they were published, to those who must see nobody.
    Published,
    /// As they were published, to the donor of some funds.
    ToDonor,
}

/// An audience: how its figures are told, and how far it reaches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportAudience {
    /// How figures are told to it.
    pub told: Telling,
    /// What it reaches.
    pub scope: Scope,
}

impl ReportAudience {
    /// Those who reach everything and are told exactly.
    #[must_use]
    pub const fn everything() -> Self {
        Self { told: Telling::Exact, scope: Scope::All }
    }

    /// The audience that the holder of a grant belongs to.
    #[must_use]
    pub fn of_grant(grant: &Grant) -> Self {
        let told = match grant.role {
            _ if !is_told_published(grant) => Telling::Exact,
            Role::Donor => Telling::ToDonor,
            _ => Telling::Published,
        };
        Self { told, scope: grant.scope.clone() }
    }

    /// Whether a report for another audience tells this one nothing that it is not told anyway: who reaches
    /// everything and is told exactly reads all; others what is told as they are told, within their reach.
    #[must_use]
    pub fn may_read(&self, other: &Self, known: &KnownPlaces) -> bool {
        if *self == Self::everything() {
            return true;
        }
        let holds = match (&self.scope, &other.scope) {
            (Scope::Funds(own), Scope::Funds(asked)) => asked.iter().all(|fund| own.contains(fund)),
            (own, asked) => own.covers(asked, known),
        };
        self.told == other.told && holds
    }
}

impl Figures {
    /// How an audience is told figures.
    ///
    /// # Errors
    /// [`FigureError::Refused`] where figures are not published by what its scope names.
    pub async fn reader_for(&self, audience: &ReportAudience) -> Result<Reader, FigureError> {
        Ok(match (audience.told, &audience.scope) {
            (Telling::Exact, scope) => Reader::Exact(self.reach(scope).await?),
            (Telling::Published, Scope::All) => Reader::Published(PublishedTo::analyst()),
            (Telling::Published, Scope::Regions(regions)) => {
                Reader::Published(PublishedTo::analyst_of(regions))
            }
            (Telling::ToDonor, Scope::Funds(funds)) => Reader::Published(PublishedTo::donor(funds)),
            // A donor without funds is told nothing.
            (Telling::ToDonor, _) => Reader::Published(PublishedTo::donor(&[])),
            (Telling::Published, Scope::Offices(_) | Scope::Funds(_)) => {
                return Err(Refused::scope().into());
            }
        })
    }
}
