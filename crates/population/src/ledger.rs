//! What the simulation has decided and not handed over yet: appends in their order, and the counts.

use std::collections::BTreeMap;

use cqrs_es::{Aggregate, DomainEvent};
use sira_domain::refusal::Refusal;
use sira_domain::values::Reference;
use sira_journal::{AppendRequest, NewEvent, StreamId, StreamWrite};
use sira_numbers::{Version, since_1970};
use uuid::{Builder, Uuid};

use crate::chance::Chance;
use crate::recording::Recording;

/// An odd number: multiplying by it reaches every 40-bit number once.
const REFERENCE_STRIDE: u64 = 0x2b_d1a2_4f35;

/// Refusals by command and rule.
pub type Refusals = BTreeMap<(&'static str, &'static str), u64>;

/// Appends, numbers and counts.
pub(crate) struct Ledger {
    /// Appends in their order.
    pub requests: Vec<AppendRequest>,
    /// Their events.
    pub waiting: usize,
    /// Events in all.
    pub events: u64,
    /// What offices asked for and were refused.
    pub refusals: Refusals,
    ids: Chance,
    references: u64,
    payments: u64,
    commands: u64,
}

impl Ledger {
    pub fn new(seed: u64) -> Self {
        let mut ids = Chance::new(seed, u64::MAX);
        Self {
            requests: Vec::new(),
            waiting: 0,
            events: 0,
            refusals: Refusals::new(),
            references: ids.bits(),
            ids,
            payments: 0,
            commands: 0,
        }
    }

    /// A `UUIDv7` of a moment, by the population's own chance.
    pub fn id(&mut self, at: chrono::DateTime<chrono::Utc>) -> Uuid {
        let millis = since_1970(at.timestamp_millis());
        let mut random = [0; 10];
        random[..8].copy_from_slice(&self.ids.bits().to_le_bytes());
        random[8..].copy_from_slice(&self.ids.bits().to_le_bytes()[..2]);
        Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }

    /// A reference that was not given before.
    pub fn reference(&mut self) -> Reference {
        loop {
            self.references = self.references.wrapping_add(1);
            let bits = self.references.wrapping_mul(REFERENCE_STRIDE);
            if let Some(reference) = Reference::from_bits(bits) {
                return reference;
            }
        }
    }

    /// The number of a payment.
    pub fn payment(&mut self) -> u64 {
        self.payments += 1;
        self.payments
    }

    /// The id of a command's request.
    pub fn request_id(&mut self) -> String {
        self.commands += 1;
        format!("generate-{:08x}", self.commands)
    }

    /// Adds an append.
    pub fn add(&mut self, request: AppendRequest) {
        let events: usize = request.writes.iter().map(|write| write.events.len()).sum();
        self.waiting += events;
        self.events += events as u64;
        self.requests.push(request);
    }

    /// Counts a refusal.
    pub fn refused(&mut self, word: &'static str, refusal: &Refusal) {
        *self.refusals.entry((word, refusal.rule())).or_default() += 1;
    }
}

/// One event for a stream that stands at `version`.
pub(crate) fn write<A: Aggregate>(
    id: Uuid,
    version: Version,
    event: &impl DomainEvent,
    recording: &Recording,
    rules: u32,
) -> StreamWrite {
    let events = vec![NewEvent::of(event, recording.metadata(rules))];
    StreamWrite { stream: StreamId::new(A::TYPE, id), expected_version: version, events }
}
