//! Events that newer ones are judged by and that were not heard of: older than a run, or before a hole.

use sira_numbers::{Position, Sequence, at_most};

use super::pages::is_of_a_row;
use super::report::{Deviation, DeviationKind};
use crate::evidence::EvidenceError;
use crate::journal::{Journal, RawEvent, RecordedEvent, StreamPlace};

/// Rows that are read at once.
const PAGE: u32 = 2_000;

/// Reads them, and says what is wrong with them.
pub(super) struct Older {
    journal: Journal,
    /// The last event that an earlier run has checked.
    since: Position,
    pub faults: Vec<Deviation>,
}

/// Some events of a stream, in order.
pub(super) struct OlderPage {
    pub events: Vec<RecordedEvent>,
    /// Whether the stream cannot be followed after these.
    pub is_broken: bool,
}

impl Older {
    pub fn new(journal: &Journal, since: Position) -> Self {
        Self { journal: journal.clone(), since, faults: Vec::new() }
    }

    pub const fn since(&self) -> Position {
        self.since
    }

    /// The beginning of an event's stream.
    pub fn beginning(event: &RecordedEvent) -> StreamPlace {
        StreamPlace {
            aggregate_type: event.stream.aggregate_type.to_string(),
            aggregate_id: event.stream.aggregate_id.to_string(),
            sequence: Sequence::START,
        }
    }

    /// The next events of an event's stream after a place, which moves on; none when all before that event were
    /// read.
    pub async fn next(
        &mut self,
        after: &mut StreamPlace,
        event: &RecordedEvent,
    ) -> Result<Option<OlderPage>, EvidenceError> {
        if after.sequence.next() >= event.sequence {
            return Ok(None);
        }
        let left = event.sequence.before().since(after.sequence);
        let limit = at_most(left, PAGE);
        let rows = self.read_after(after, event.position.before(), limit).await?;
        let mut page =
            OlderPage { events: Vec::with_capacity(rows.len()), is_broken: rows.is_empty() };
        for (place, row) in rows {
            *after = place;
            match self.checked(row).filter(|older| older.stream == event.stream) {
                Some(older) => page.events.push(older),
                None => return Ok(Some(OlderPage { is_broken: true, ..page })),
            }
        }
        Ok(Some(page))
    }

    /// Rows stream by stream.
    pub async fn read_after(
        &mut self,
        after: &StreamPlace,
        up_to: Position,
        limit: u32,
    ) -> Result<Vec<(StreamPlace, RawEvent)>, EvidenceError> {
        match self.journal.read_raw_by_stream(after, up_to, limit).await {
            Err(error) if is_of_a_row(&error) => {
                let place = format!("not judged after {}", after.aggregate_id);
                self.faults.push(Deviation::of(DeviationKind::Illegal).because(place));
                Ok(Vec::new())
            }
            rows => Ok(rows?),
        }
    }

    /// An older event that newer ones are judged by. The pass over the contents does not read its contents: they
    /// must be what they were.
    pub fn checked(&mut self, row: RawEvent) -> Option<RecordedEvent> {
        let event = match row {
            RawEvent::Event(event) => *event,
            RawEvent::Unfit { position, problem } => {
                if position <= self.since {
                    self.faults
                        .push(Deviation::at(position, DeviationKind::Unreadable).because(problem));
                }
                return None;
            }
        };
        let is_old = event.position <= self.since;
        if is_old && event.computed_leaf(self.journal.id()) != Ok(event.leaf_hash) {
            self.faults.push(Deviation::at(event.position, DeviationKind::Altered));
        }
        Some(event)
    }
}
