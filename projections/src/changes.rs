//! What events change in the tables.

use std::collections::BTreeMap;

use sira_numbers::Position;
use uuid::Uuid;

use crate::table::{Merge, Row, TABLES, TableId, TableRow};

/// A row of a versioned table, with the positions between which it stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct VersionedRow {
    /// Position of the event that told it.
    pub since: Position,
    /// Its number among the rows of that event.
    pub part: u32,
    /// Position of the event that took it back; none while it stands.
    pub until: Option<Position>,
    /// Its own values.
    pub row: Row,
}

/// The end of a row that was stored before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// Position of the event that told it.
    pub since: Position,
    /// Its number among the rows of that event.
    pub part: u32,
    /// Position of the event that took it back.
    pub until: Position,
}

/// Changes of one table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableChanges {
    /// New rows of a versioned table.
    pub told: Vec<VersionedRow>,
    /// Rows of a versioned table that end.
    pub ended: Vec<Ending>,
    /// Streams whose rows of a table of the present go.
    pub dropped: Vec<Uuid>,
    /// New rows of a table of the present.
    pub rows: Vec<Row>,
    /// Rows of a table whose rows add up, by their key.
    pub merged: BTreeMap<Row, Row>,
}

impl TableChanges {
    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.told.is_empty()
            && self.ended.is_empty()
            && self.dropped.is_empty()
            && self.rows.is_empty()
            && self.merged.is_empty()
    }

    /// Adds a row to what there is of its key.
    pub fn merge(&mut self, row: Row, merge: &[Merge]) {
        let cells = row.iter().zip(merge);
        let key = cells.filter(|(_, merge)| **merge == Merge::Key).map(|(cell, _)| cell.clone());
        let key: Row = key.collect();
        let merged = match self.merged.get(&key) {
            None => row,
            Some(known) => {
                let cells = known.iter().zip(row.iter()).zip(merge);
                cells.map(|((known, new), merge)| merge.of(known, new)).collect()
            }
        };
        self.merged.insert(key, merged);
    }
}

/// Changes of every table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes(Vec<TableChanges>);

impl Default for Changes {
    fn default() -> Self {
        Self(vec![TableChanges::default(); TABLES.len()])
    }
}

impl Changes {
    /// Those of one table.
    #[must_use]
    pub fn of(&self, table: TableId) -> &TableChanges {
        &self.0[table as usize]
    }

    /// Adds a row of a table of the present.
    pub(crate) fn add<R: TableRow>(&mut self, row: R) {
        self.of_mut(R::TABLE).rows.push(row.row());
    }

    /// Those of one table, to be added to.
    pub fn of_mut(&mut self, table: TableId) -> &mut TableChanges {
        &mut self.0[table as usize]
    }

    /// How many rows are to be written.
    #[must_use]
    pub fn row_count(&self) -> usize {
        self.0.iter().map(|table| table.told.len() + table.rows.len() + table.merged.len()).sum()
    }
}
