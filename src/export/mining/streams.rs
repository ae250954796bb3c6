//! The journal stream by stream, with only what process mining sees.

use std::collections::{BTreeSet, VecDeque};

use sira_domain::path::Beneficiary;
use sira_domain::retraction::is_retraction;
use sira_numbers::{Position, Sequence};
use uuid::Uuid;

use super::mined::Mined;
use super::vocabulary::{OBJECT_TYPES, Part, part_of};
use crate::export::{ExportError, ExportProgress};
use crate::journal::{Journal, RecordedEvent, StreamPlace};

/// Events that are read at once.
const PAGE_EVENTS: u32 = 1_000;

/// One stream: what it is, and its facts that stand, in the order of their time.
pub(super) struct Stream {
    /// Place of its kind in [`OBJECT_TYPES`].
    pub kind: usize,
    pub id: Uuid,
    pub events: Vec<Mined>,
}

/// Reads every stream up to a position, by kind and id.
pub(super) struct Streams<'a> {
    journal: &'a Journal,
    up_to: Position,
    place: StreamPlace,
    page: VecDeque<RecordedEvent>,
    is_over: bool,
    /// Events that were read so far, and those that will be in all.
    read: u64,
    total: u64,
    progress: ExportProgress<'a>,
}

impl<'a> Streams<'a> {
    /// From the first stream of all.
    pub fn new(
        journal: &'a Journal,
        up_to: Position,
        progress: ExportProgress<'a>,
        (read, total): (u64, u64),
    ) -> Self {
        let (place, page) = (StreamPlace::default(), VecDeque::new());
        Self { journal, up_to, place, page, is_over: false, read, total, progress }
    }

    /// From the first beneficiary's path; what is of other kinds comes after all of them.
    pub fn of_paths(journal: &'a Journal, up_to: Position, progress: ExportProgress<'a>) -> Self {
        let mut own = Self::new(journal, up_to, progress, (0, up_to.get()));
        Beneficiary::TYPE.clone_into(&mut own.place.aggregate_type);
        own
    }

    /// The next event, left where it is.
    async fn peek(&mut self) -> Result<Option<&RecordedEvent>, ExportError> {
        if self.page.is_empty() && !self.is_over {
            let page = self.journal.read_by_stream(&self.place, self.up_to, PAGE_EVENTS).await?;
            if let Some(last) = page.last() {
                self.place = StreamPlace {
                    aggregate_type: last.stream.aggregate_type.to_string(),
                    aggregate_id: last.stream.aggregate_id.to_string(),
                    sequence: last.sequence,
                };
            }
            self.is_over = page.is_empty();
            self.read += page.len() as u64;
            self.page = page.into();
            (self.progress)(self.read, self.total);
        }
        Ok(self.page.front())
    }

    /// The next stream of a kind that there is an object for.
    pub async fn next(&mut self) -> Result<Option<Stream>, ExportError> {
        while let Some(first) = self.peek().await? {
            let own = first.stream.clone();
            let kind = OBJECT_TYPES.iter().position(|kind| *kind == own.aggregate_type);
            let mut events = Vec::new();
            while let Some(next) = self.peek().await? {
                if next.stream != own {
                    break;
                }
                let Some(event) = self.page.pop_front() else { break };
                if kind.is_some() {
                    keep(event, &mut events)?;
                }
            }
            if let Some(kind) = kind {
                return Ok(Some(Stream { kind, id: own.aggregate_id, events: standing(events) }));
            }
        }
        Ok(None)
    }
}

fn keep(event: RecordedEvent, events: &mut Vec<Mined>) -> Result<(), ExportError> {
    match part_of(&event.event_type) {
        Part::Event => events.push(Mined::read(event)?),
        Part::Mirror => {}
        Part::Unknown => {
            return Err(ExportError::Damaged { position: event.position.before() });
        }
    }
    Ok(())
}

/// What stands, in the order of its time.
fn standing(mut events: Vec<Mined>) -> Vec<Mined> {
    let told = events
        .iter()
        .filter_map(|event| event.number("sequence").filter(|_| is_retraction(&event.event_type)));
    let retracted: BTreeSet<Sequence> =
        told.filter_map(|sequence| Sequence::try_new(sequence).ok()).collect();
    events
        .retain(|event| !is_retraction(&event.event_type) && !retracted.contains(&event.sequence));
    events.sort_by_key(|event| (event.on, event.position));
    events
}
