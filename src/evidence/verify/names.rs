//! Second names against the events that give them, both ways: references of people, codes of funds and cohorts.
//!
//! The table of names stands beside the events and is in no tree, but it steers whom a command reaches. Whole for
//! `sira verify`; sampled and bounded in time for a server that starts.

use std::collections::hash_map::RandomState;
use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;
use std::time::Duration;

use sira_domain::names::alias_of_person;
use sira_domain::values::Reference;
use sira_numbers::Position;
use tokio::sync::mpsc;
use tokio::time::Instant;
use uuid::Uuid;

use super::pages::{is_of_a_row, position_of};
use super::report::{Deviation, DeviationKind};
use crate::evidence::EvidenceError;
use crate::journal::{AliasRow, Journal, JournalError, RawEvent, RecordedEvent, StreamId};
use crate::stored::{NAMING, second_name};

/// Names that are read at once.
const PAGE: u32 = 2_000;
/// Names that a start looks at: of the newest events as many, and by chance as many.
const SAMPLE: usize = 2_000;
/// Positions that a start looks through at once for the newest.
const SAMPLE_SPAN: u64 = 5_000;
/// Places in the order of names from which a start takes names by chance.
const DRAWS: u32 = 20;
/// Names that are taken from each.
const OF_A_DRAW: u32 = 100;

/// A second name, as an event gives it.
pub(super) struct GivenName {
    name: String,
    position: Position,
    stream: StreamId,
}

impl GivenName {
    /// The name that an event gives; none of most.
    pub fn by(event: &RecordedEvent) -> Option<Self> {
        let name = second_name(event)?;
        Some(Self { name, position: event.position, stream: event.stream.clone() })
    }
}

/// Compares every name that is heard of with its event, and every row with a name that was heard of.
pub(super) async fn hear(
    journal: Journal,
    mut heard: mpsc::Receiver<Vec<GivenName>>,
) -> Result<NamesHeard, EvidenceError> {
    let mut names = NamePass::new(&journal);
    while let Some(given) = heard.recv().await {
        names.check_given(given).await?;
    }
    let NamePass { hasher, right, missed, .. } = names;
    Ok(NamesHeard { hasher, right, missed })
}

/// What was heard of, once everything was.
pub(super) struct NamesHeard {
    hasher: RandomState,
    right: HashSet<u64>,
    missed: Vec<GivenName>,
}

/// Compares every row of the table with its event, and says of which events the name does not lead to their stream.
pub(super) async fn check(
    journal: &Journal,
    NamesHeard { hasher, right, missed }: NamesHeard,
) -> Result<Vec<Deviation>, EvidenceError> {
    let mut names = NamePass { hasher, right, ..NamePass::new(journal) };
    names.check_missed(missed).await?;
    names.check_rows().await?;
    Ok(names.faults)
}

/// The names that events up to a position give, told page by page.
pub(super) async fn tell(
    journal: &Journal,
    up_to: Position,
    told: &mpsc::Sender<Vec<GivenName>>,
) -> Result<(), EvidenceError> {
    let mut reached = Position::START;
    // By rows and not by positions: a forged position must not keep a check busy for ever.
    while reached < up_to {
        let events;
        (events, reached) = naming(journal, (reached.next(), up_to)).await?;
        // Who hears is gone when he has failed, and says why.
        let _ = told.send(given(&events)).await;
    }
    Ok(())
}

fn given(events: &[RecordedEvent]) -> Vec<GivenName> {
    events.iter().filter_map(GivenName::by).collect()
}

/// Looks at some of the names, for so long: those of the newest events, and some by chance, both ways. What is
/// found is not all that there is to find.
///
/// # Errors
/// When the journal cannot be read.
pub async fn sample_names(
    journal: &Journal,
    within: Duration,
) -> Result<Vec<Deviation>, EvidenceError> {
    let until = Instant::now() + within;
    let mut names = NamePass::new(journal);
    let mut left = journal.head().await?.position;
    let mut seen = 0;
    while left > Position::START && seen < SAMPLE && Instant::now() < until {
        let first = left.minus(SAMPLE_SPAN.min(left.get())).next();
        let (events, _) = naming(journal, (first, left)).await?;
        seen += events.len();
        names.check_missed(given(&events)).await?;
        left = first.before();
    }
    for _ in 0..DRAWS {
        let begin = drawn();
        let some = journal.aliases_after(&begin, OF_A_DRAW).await?;
        for row in some {
            if Instant::now() >= until {
                return Ok(names.faults);
            }
            names.check_row(&row).await?;
        }
    }
    Ok(names.faults)
}

/// A reference by chance: where it would stand in the order of names.
fn drawn() -> String {
    let bits = (Uuid::new_v4().as_u128() & 0xff_ffff_ffff) as u64;
    Reference::from_bits(bits).map_or_else(String::new, alias_of_person)
}

/// The pass, and what it found.
struct NamePass<'a> {
    journal: &'a Journal,
    hasher: RandomState,
    /// Hashes of the names that events gave, which lead where they must.
    right: HashSet<u64>,
    /// Those that do not.
    missed: Vec<GivenName>,
    faults: Vec<Deviation>,
}

impl<'a> NamePass<'a> {
    fn new(journal: &'a Journal) -> Self {
        let (hasher, right) = (RandomState::new(), HashSet::new());
        Self { journal, hasher, right, missed: Vec::new(), faults: Vec::new() }
    }

    /// Events that give a name: the table leads from it to their stream. Where it does not, it is asked again in the
    /// end: of what was recorded a moment ago, a row may show before another.
    async fn check_given(&mut self, given: Vec<GivenName>) -> Result<(), EvidenceError> {
        let rows = self.rows_of(&given).await?;
        for one in given {
            if rows.get(&one.name).is_some_and(|row| row.leads_to(&one.stream)) {
                self.right.insert(self.hasher.hash_one(&one.name));
            } else {
                self.missed.push(one);
            }
        }
        Ok(())
    }

    /// Names that did not lead where they must.
    async fn check_missed(&mut self, missed: Vec<GivenName>) -> Result<(), EvidenceError> {
        let rows = self.rows_of(&missed).await?;
        for one in missed {
            let row = rows.get(&one.name);
            if row.is_some_and(|row| row.leads_to(&one.stream)) {
                self.right.insert(self.hasher.hash_one(&one.name));
                continue;
            }
            let detail = row.map_or_else(|| "missing".to_owned(), leading);
            self.faults.push(Deviation::at(one.position, DeviationKind::Name).because(detail));
        }
        Ok(())
    }

    async fn rows_of(
        &self,
        given: &[GivenName],
    ) -> Result<HashMap<String, AliasRow>, EvidenceError> {
        let names: Vec<String> = given.iter().map(|one| one.name.clone()).collect();
        let rows = self.journal.aliases_named(&names).await?;
        Ok(rows.into_iter().map(|row| (row.alias.clone(), row)).collect())
    }

    /// Rows of which no event has told yet: one recorded since, or none.
    async fn check_rows(&mut self) -> Result<(), EvidenceError> {
        let mut after = String::new();
        loop {
            let rows = self.journal.aliases_after(&after, PAGE).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after.clone_from(&last.alias);
            for row in &rows {
                if !self.right.contains(&self.hasher.hash_one(&row.alias)) {
                    self.check_row(row).await?;
                }
            }
        }
    }

    async fn check_row(&mut self, row: &AliasRow) -> Result<(), EvidenceError> {
        let (kind, id) = (row.aggregate_type.as_str(), row.aggregate_id.as_str());
        let events = match self.journal.read_raw_of_stream(kind, id, NAMING).await {
            Err(error) if is_of_a_row(&error) => Vec::new(),
            events => whole(events?),
        };
        if !events.iter().any(|event| second_name(event).as_ref() == Some(&row.alias)) {
            self.faults.push(Deviation::of(DeviationKind::Name).because(leading(row)));
        }
        Ok(())
    }
}

fn leading(row: &AliasRow) -> String {
    format!("-> {}/{}", row.aggregate_type, row.aggregate_id)
}

/// The next events between two positions that give names, and the position up to which there are no others. A row
/// that cannot be decoded hides none but itself: the pass over the contents names it.
async fn naming(
    journal: &Journal,
    (first, last): (Position, Position),
) -> Result<(Vec<RecordedEvent>, Position), JournalError> {
    match journal.read_raw_of_types((first, last), NAMING, PAGE).await {
        Ok(rows) => {
            let reached = rows.last().filter(|_| rows.len() == PAGE as usize).map(position_of);
            Ok((whole(rows), reached.unwrap_or(last)))
        }
        Err(error) if is_of_a_row(&error) => {
            let positions = journal.positions(first.before(), last, PAGE).await?;
            let reached = positions.last().filter(|_| positions.len() == PAGE as usize).copied();
            let mut events = Vec::new();
            for at in positions {
                match journal.read_raw_of_types((at, at), NAMING, 1).await {
                    Err(error) if is_of_a_row(&error) => {}
                    row => events.extend(whole(row?)),
                }
            }
            Ok((events, reached.unwrap_or(last)))
        }
        Err(error) => Err(error),
    }
}

fn whole(rows: Vec<RawEvent>) -> Vec<RecordedEvent> {
    let event = |row| match row {
        RawEvent::Event(event) => Some(*event),
        RawEvent::Unfit { .. } => None,
    };
    rows.into_iter().filter_map(event).collect()
}
