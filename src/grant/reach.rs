//! A scope as the read side asks for it.
//!
//! Three types say how far somebody reaches, each what its reader can use: a [`Scope`] is what was granted, in
//! the domain's types, and is written into tokens; a [`Reach`] is the same in the words that stand in tables,
//! since the projections know no grants; and figures take a [`FigureReach`](sira_projections::analytics::FigureReach),
//! which has no regions left, because which offices stand in a region is asked of the programmes before the
//! facts are walked.

use sira_projections::{ProgrammeOffice, Reach};

use super::{Scope, ScopeOffice};

impl Scope {
    /// Whose paths the scope holds, as lists ask for it.
    #[must_use]
    pub fn reach(&self) -> Reach {
        match self {
            Self::All => Reach::All,
            Self::Regions(regions) => {
                Reach::Regions(regions.iter().map(|region| region.code().to_owned()).collect())
            }
            Self::Offices(offices) => {
                Reach::Offices(offices.iter().map(ScopeOffice::in_tables).collect())
            }
            Self::Funds(funds) => Reach::Funds(funds.iter().map(|fund| fund.0).collect()),
        }
    }
}

impl ScopeOffice {
    /// The office as tables name it.
    fn in_tables(&self) -> ProgrammeOffice {
        ProgrammeOffice { programme: self.programme.0, office: self.office.as_str().to_owned() }
    }
}
