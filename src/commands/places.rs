//! Which offices and funds there are: what a scope may name.

use sira_domain::fund::Fund;
use sira_domain::programme::Programme;
use sira_domain::values::{FundId, ProgrammeId};

use super::{CommandError, Commands};
use crate::grant::KnownPlaces;

impl Commands {
    /// The offices of every programme and the funds, open or closed.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn known_places(&self) -> Result<KnownPlaces, CommandError> {
        let mut known = KnownPlaces::default();
        for id in self.0.journal.stream_ids(Programme::TYPE).await? {
            known.add_offices(ProgrammeId(id), &*self.known_programme(id).await?);
        }
        for id in self.0.journal.stream_ids(Fund::TYPE).await? {
            known.add_fund(FundId(id));
        }
        Ok(known)
    }
}
