//! The rules of programmes by version: what a version says never changes, so a fold may look it up
//! and still be a function of the events alone.

use std::collections::HashMap;

use sira_domain::programme::{ProgrammeEvent, ProgrammeFact, Rules};
use uuid::Uuid;

/// The rules of programmes by version.
#[derive(Clone, Debug, Default)]
pub struct RuleBook(HashMap<(Uuid, u32), Vec<u32>>);

impl RuleBook {
    /// Takes an event of a programme in.
    pub fn take(&mut self, programme: Uuid, event: &ProgrammeEvent) {
        if let ProgrammeFact::RulesSet(set) = &event.fact {
            self.0.insert((programme, set.version), months_of(&set.rules));
        }
    }

    /// The months after a start at which visits are due, by a version of a programme's rules; the
    /// defaults before any were set.
    #[must_use]
    pub fn follow_up_months(&self, programme: Uuid, version: u32) -> Vec<u32> {
        self.0.get(&(programme, version)).cloned().unwrap_or_else(|| months_of(&Rules::default()))
    }

    /// Whether a version is known, or is the defaults'.
    #[must_use]
    pub fn knows(&self, programme: Uuid, version: u32) -> bool {
        version == 0 || self.0.contains_key(&(programme, version))
    }
}

fn months_of(rules: &Rules) -> Vec<u32> {
    rules.follow_up_months.iter().map(|months| months.get()).collect()
}
