//! The envelope of a path's facts, as it is stored for ever. A new fact is a row of the table in
//! `fact.rs`, and touches nothing here.
//!
//! An event is the day of the fact, who recorded it, the version of the programme's rules that it
//! was judged by, and the fact. These four stand in the payload because decisions rest on them
//! (separation of duties, retraction); the rest of what is known about the recording is metadata.
//! A stored form never changes: a new variant, or a new version with an upcaster
//! ([`crate::upcast`]), and a golden file for each.

use chrono::NaiveDate;
use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};

use super::fact::Fact;
use crate::reference::BackdatingReason;
use crate::values::ActorId;

/// One event of a beneficiary's stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BeneficiaryEvent {
    /// The day on which it happened, in the field.
    pub occurred_on: NaiveDate,
    /// The member of staff who recorded it.
    pub by: ActorId,
    /// Version of the programme's rules that it was judged by; 0 before any were set.
    pub rules: u32,
    /// The reason for which it was recorded later than the programme allows; none where it was not, and
    /// of an event from before there was such a rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backdating_reason: Option<BackdatingReason>,
    /// The fact itself.
    pub fact: Fact,
}

impl DomainEvent for BeneficiaryEvent {
    fn event_type(&self) -> String {
        self.fact.event_type().to_owned()
    }

    fn event_version(&self) -> String {
        self.fact.event_version().to_owned()
    }
}
