//! The tables that are kept in memory, up to a bound, and building one.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use chrono::NaiveDate;
use sira_numbers::Position;
use sira_projections::analytics::disclosure::{Audience, Building, PublishedTable, Schedule};
use sira_projections::analytics::{Indicator, LiveCube};

/// Bytes of tables that are kept; those asked for longest ago go first.
const KEPT_BYTES: usize = 256 << 20;

/// What is kept of published figures.
#[derive(Default)]
pub struct Tables {
    kept: std::sync::Mutex<Kept>,
    /// One table is built at a time.
    pub building: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Default)]
struct Kept {
    /// The last position of each reporting moment.
    positions: BTreeMap<NaiveDate, Position>,
    /// The latest asked for last.
    tables: Vec<Entry>,
}

struct Entry {
    /// The first of the indicators that move on together.
    name: &'static str,
    audience: Audience,
    schedule: Arc<Schedule>,
    generation: u64,
    weight: usize,
    table: Arc<PublishedTable>,
}

/// What tells a table from others: the first of the indicators that move on together.
fn name_of(kin: &[&'static Indicator]) -> &'static str {
    kin.first().map_or("", |first| first.name)
}

impl Tables {
    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The position of a reporting moment, if it was asked before.
    pub fn position(&self, day: NaiveDate) -> Option<Position> {
        self.kept().positions.get(&day).copied()
    }

    /// Keeps the position of a day that is over.
    pub fn keep_position(&self, day: NaiveDate, position: Position) {
        self.kept().positions.insert(day, position);
    }

    /// A table that was built of the same facts and the same schedule.
    pub fn find(
        &self,
        kin: &[&'static Indicator],
        audience: Audience,
        schedule: &Arc<Schedule>,
        generation: u64,
    ) -> Option<Arc<PublishedTable>> {
        let mut kept = self.kept();
        let place = kept.tables.iter().position(|entry| {
            (entry.name, entry.audience, entry.generation) == (name_of(kin), audience, generation)
                && entry.schedule == *schedule
        })?;
        let entry = kept.tables.remove(place);
        let table = Arc::clone(&entry.table);
        kept.tables.push(entry);
        Some(table)
    }

    /// Keeps a table in the place of an older one of the same indicators.
    pub fn keep(
        &self,
        kin: &[&'static Indicator],
        table: PublishedTable,
        schedule: &Arc<Schedule>,
        generation: u64,
    ) -> Arc<PublishedTable> {
        let (name, audience) = (name_of(kin), table.audience);
        let (weight, table) = (table.weight(), Arc::new(table));
        let schedule = Arc::clone(schedule);
        let mut kept = self.kept();
        kept.tables.retain(|entry| (entry.name, entry.audience) != (name, audience));
        let own = Arc::clone(&table);
        kept.tables.push(Entry { name, audience, schedule, generation, weight, table });
        let mut total: usize = kept.tables.iter().map(|entry| entry.weight).sum();
        while total > KEPT_BYTES && kept.tables.len() > 1 {
            total -= kept.tables.remove(0).weight;
        }
        own
    }
}

/// Builds a table, and says of which facts; none when they were begun anew meanwhile.
pub fn built(
    cube: &LiveCube,
    kin: &[&'static Indicator],
    audience: Audience,
    schedule: &Schedule,
) -> Option<(PublishedTable, u64)> {
    let generation = cube.read().generation;
    let mut building = Building::new(kin, audience);
    for moment in &schedule.moments {
        let facts = cube.read();
        if facts.generation != generation || facts.position < moment.position {
            return None;
        }
        building.step(&facts, schedule, *moment);
    }
    Some((building.finish(), generation))
}
