//! The kinds of stream that tables are folded from, each with its fold: the one list of them.

use serde::{Deserialize, Serialize};
use sira_domain::cohort::Cohort;
use sira_domain::fund::Fund;
use sira_domain::path::Beneficiary;
use sira_domain::programme::Programme;
use uuid::Uuid;

use crate::funds::FundFold;
use crate::path::PathFold;
use crate::programmes::ProgrammeFold;
use crate::row_fold::RowFold;
use crate::stream_fold::StreamFold;

/// A kind of stream that tables are folded from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum StreamFamily {
    /// Beneficiaries' paths.
    Path,
    /// Programmes.
    Programme,
    /// Cohorts.
    Cohort,
    /// Funds.
    Fund,
}

/// A kind of stream in the list.
struct Kind {
    family: StreamFamily,
    aggregate_type: &'static str,
    begin: fn(Uuid) -> Box<dyn StreamFold>,
}

static KINDS: [Kind; 4] = [
    Kind {
        family: StreamFamily::Path,
        aggregate_type: Beneficiary::TYPE,
        begin: |id| Box::new(PathFold::new(id)),
    },
    Kind {
        family: StreamFamily::Programme,
        aggregate_type: Programme::TYPE,
        begin: |id| Box::new(ProgrammeFold::new(id)),
    },
    Kind {
        family: StreamFamily::Cohort,
        aggregate_type: Cohort::TYPE,
        begin: |id| Box::new(RowFold::<Cohort>::new(id)),
    },
    Kind {
        family: StreamFamily::Fund,
        aggregate_type: Fund::TYPE,
        begin: |id| Box::new(FundFold::new(id)),
    },
];

impl StreamFamily {
    /// The family of a kind of aggregate; none for a kind that no table is folded from.
    #[must_use]
    pub fn of(aggregate_type: &str) -> Option<Self> {
        let kind = KINDS.iter().find(|kind| kind.aggregate_type == aggregate_type)?;
        Some(kind.family)
    }

    fn kind(self) -> &'static Kind {
        &KINDS[self as usize]
    }

    /// The kind of aggregate of its streams.
    pub(crate) fn aggregate_type(self) -> &'static str {
        self.kind().aggregate_type
    }

    /// The fold of one of its streams, before the first event.
    pub(crate) fn begin(self, id: Uuid) -> Box<dyn StreamFold> {
        (self.kind().begin)(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_family_in_the_list_is_its_own() {
        for (place, kind) in KINDS.iter().enumerate() {
            assert_eq!(kind.family as usize, place);
            assert_eq!(StreamFamily::of(kind.family.aggregate_type()), Some(kind.family));
        }
    }
}
