//! What the parties of the invented convention commit themselves to, year by year.

use chrono::NaiveDate;
use sira_domain::programme::{CommitmentRequest, Fulfilment, ProgrammeCommand, Review};
use sira_domain::values::{Slug, Text};

use crate::calendar::date;
use crate::error::GenerateError;
use crate::world::World;

/// Each year's commitments: party, what, and the indicator that tells of it.
const COMMITMENTS: [(&str, &str, &str); 3] = [
    ("agency", "Financer les projets retenus en", "financed"),
    ("implementer", "Former les personnes retenues en", "trained"),
    ("donor", "Verser l'enveloppe de", "committed"),
];

impl World {
    /// At the beginning of a year the parties look back on the one before, keep what was kept, and commit
    /// themselves anew. One commitment in three stays open, as in life.
    pub(crate) fn commit_parties(&mut self, year: i32) -> Result<(), GenerateError> {
        let today = date(self.today());
        let due = |one: &&sira_domain::programme::CommitmentState| {
            one.is_open() && one.commitment.due_on < today
        };
        let over = self.programme.commitments.iter().filter(due);
        let over: Vec<u32> = over.map(|one| one.commitment.commitment).collect();
        for commitment in over.iter().copied().filter(|number| number % 3 != 0) {
            let evidence = Some(Text::try_new("Rapport annuel (fictif)")?);
            let done = Fulfilment { commitment, evidence };
            self.command_programme(ProgrammeCommand::FulfilCommitment(done))?;
        }
        if !over.is_empty() {
            let review = Review {
                on: today,
                findings: Text::try_new(
                    "Les engagements de l'année ont été revus par les parties.",
                )?,
                next_review_on: NaiveDate::from_ymd_opt(year + 1, 1, 3),
            };
            self.command_programme(ProgrammeCommand::ReviewConvention(review))?;
        }
        for (party, what, indicator) in COMMITMENTS {
            let request = CommitmentRequest {
                party: Text::try_new(party)?,
                what: Text::try_new(&format!("{what} {year}"))?,
                indicator: Some(Slug::try_new(indicator)?),
                due_on: NaiveDate::from_ymd_opt(year, 12, 31).unwrap_or(today),
            };
            self.command_programme(ProgrammeCommand::RecordCommitment(request))?;
        }
        Ok(())
    }
}
