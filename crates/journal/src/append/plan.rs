//! What one batch will write: positions, times and leaf hashes of the accepted, and everyone's answer.

use chrono::{DateTime, Utc};
use sira_numbers::{Position, Sequence, Version};

use crate::JournalError;
use crate::StreamId;
use crate::append::admit::Admission;
use crate::append::check::{EventDigest, Prepared};
use crate::types::{
    Alias, AppendOutcome, AppendRequest, Committed, NewEvent, RequestKey, StoredAnswer,
};
use sira_evidence::leaf::LeafEntry;

/// The head row, as locked or as it will be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeadRow {
    pub next_position: Position,
    pub recorded_at: DateTime<Utc>,
}

/// One row of `events`; the time is the batch's.
pub(crate) struct EventRow<'a> {
    pub stream: &'a StreamId,
    pub sequence: Sequence,
    pub event: &'a NewEvent,
    pub position: Position,
    pub leaf: [u8; 32],
}

/// One row of `requests`; the time is the batch's.
pub(crate) struct KeyRow<'a> {
    pub key: &'a RequestKey,
    pub answer: &'a str,
    pub position: Position,
    pub version: Version,
}

/// All that one transaction writes.
pub(crate) struct Plan<'a> {
    journal: &'a str,
    pub events: Vec<EventRow<'a>>,
    pub keys: Vec<KeyRow<'a>>,
    pub aliases: Vec<&'a Alias>,
    /// The head as it will be.
    pub head: HeadRow,
    /// One for each request, true only once the transaction is committed.
    pub outcomes: Vec<AppendOutcome>,
}

impl<'a> Plan<'a> {
    /// Assigns positions in arrival order, from the locked `head` on. The batch's time is `now`, or
    /// the last recorded time if the clock went back: a time must stay a position.
    pub fn new(
        journal: &'a str,
        head: HeadRow,
        now: DateTime<Utc>,
        requests: &[&'a Prepared],
        admissions: Vec<Admission>,
    ) -> Result<Self, JournalError> {
        let mut plan = Self {
            journal,
            events: Vec::with_capacity(requests.len()),
            keys: Vec::new(),
            aliases: Vec::new(),
            head: HeadRow {
                next_position: head.next_position,
                recorded_at: head.recorded_at.max(now),
            },
            outcomes: Vec::with_capacity(requests.len()),
        };
        for (prepared, admission) in requests.iter().zip(admissions) {
            let outcome = plan.outcome(requests, prepared, admission)?;
            plan.outcomes.push(outcome);
        }
        Ok(plan)
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty() && self.keys.is_empty() && self.aliases.is_empty()
    }

    fn outcome(
        &mut self,
        requests: &[&'a Prepared],
        prepared: &'a Prepared,
        admission: Admission,
    ) -> Result<AppendOutcome, JournalError> {
        Ok(match admission {
            Admission::Accepted(referred) => {
                AppendOutcome::Committed(self.accept(prepared, &referred)?)
            }
            Admission::Stale { stream, expected, actual } => {
                AppendOutcome::Stale { stream, expected, actual }
            }
            Admission::Replayed(answer) => AppendOutcome::Replayed(answer),
            Admission::ReplayOf(index) => self.replay_of(index, &requests[index].request),
            Admission::KeyReused => AppendOutcome::KeyReused,
            Admission::AliasTaken => AppendOutcome::AliasTaken,
            Admission::Forbidden(refusal) => AppendOutcome::Forbidden(refusal),
            Admission::Withheld => AppendOutcome::Withheld,
        })
    }

    /// The answer of an accepted request further up, as its key row will give it to later retries.
    fn replay_of(&self, index: usize, first: &AppendRequest) -> AppendOutcome {
        match &self.outcomes[index] {
            AppendOutcome::Committed(committed) => AppendOutcome::Replayed(StoredAnswer {
                answer: first.answer.clone(),
                position: committed.position,
                version: committed.versions.first().copied().unwrap_or_default(),
                recorded_at: committed.recorded_at,
            }),
            other => other.clone(),
        }
    }

    fn accept(
        &mut self,
        prepared: &'a Prepared,
        referred: &[Version],
    ) -> Result<Committed, JournalError> {
        let request = &prepared.request;
        let mut digests = prepared.digests.iter();
        let mut versions = Vec::with_capacity(request.writes.len() + referred.len());
        for write in &request.writes {
            let mut version = write.expected_version;
            for (event, digest) in write.events.iter().zip(&mut digests) {
                self.add_event(&write.stream, version.next_sequence(), event, digest)?;
                version = version.next();
            }
            versions.push(version);
        }
        for ((conditional, version), digest) in
            request.conditional.iter().zip(referred).zip(&mut digests)
        {
            let sequence = version.next_sequence();
            self.add_event(&conditional.stream, sequence, &conditional.event, digest)?;
            versions.push(version.next());
        }
        let position = self.head.next_position.before();
        if let Some(key) = &request.key {
            let version = versions.first().copied().unwrap_or_default();
            self.keys.push(KeyRow { key, answer: &request.answer, position, version });
        }
        self.aliases.extend(&request.alias);
        Ok(Committed { position, recorded_at: self.head.recorded_at, versions })
    }

    fn add_event(
        &mut self,
        stream: &'a StreamId,
        sequence: Sequence,
        event: &'a NewEvent,
        digest: &EventDigest,
    ) -> Result<(), JournalError> {
        let position = self.head.next_position;
        let leaf = LeafEntry {
            journal: self.journal,
            position,
            stream,
            sequence,
            event_type: &event.event_type,
            event_version: &event.event_version,
            recorded_at: self.head.recorded_at,
            payload_hash: &digest.payload,
            metadata_hash: &digest.metadata,
        }
        .hash()?;
        self.events.push(EventRow { stream, sequence, event, position, leaf });
        self.head.next_position = position.next();
        Ok(())
    }
}
