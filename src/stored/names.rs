//! The second name that an event gives its stream.

use sira_domain::cohort::{Cohort, CohortEvent, CohortFact};
use sira_domain::fund::{Fund, FundEvent, FundFact};
use sira_domain::names::{alias_of_envelope, alias_of_person, alias_of_plan};
use sira_domain::path::{Beneficiary, BeneficiaryEvent, Fact};

use super::read_event;
use crate::journal::RecordedEvent;

/// The types of events that give their stream a second name.
pub const NAMING: [&str; 3] = ["Registered", "CohortPlanned", "FundOpened"];

/// The second name that an event gives its stream; none of one that gives none, or that cannot be read.
#[must_use]
pub fn second_name(recorded: &RecordedEvent) -> Option<String> {
    if !NAMING.contains(&recorded.event_type.as_str()) {
        return None;
    }
    match recorded.stream.aggregate_type.as_ref() {
        Beneficiary::TYPE => match read_event::<BeneficiaryEvent>(recorded).ok()?.fact {
            Fact::Registered(registration) => Some(alias_of_person(registration.reference)),
            _ => None,
        },
        Cohort::TYPE => match read_event::<CohortEvent>(recorded).ok()?.fact {
            CohortFact::CohortPlanned(plan) => Some(alias_of_plan(&plan)),
            _ => None,
        },
        Fund::TYPE => match read_event::<FundEvent>(recorded).ok()?.fact {
            FundFact::FundOpened(envelope) => Some(alias_of_envelope(&envelope)),
            _ => None,
        },
        _ => None,
    }
}
