//! The rows of one stream that stand, and what becomes of them with each event.

use sira_numbers::Position;

use super::moment::amended;
use crate::changes::{Changes, Ending, VersionedRow};
use crate::table::{Cell, Row, TableId};

/// A place that holds one row at a time: putting another there ends the one before. The number is the
/// table's own: a milestone, a financing, a grievance.
pub type Slot = u64;

/// A row that stands.
#[derive(Clone, Debug)]
struct Standing {
    table: TableId,
    slot: Option<Slot>,
    since: Position,
    part: u32,
    row: Row,
    /// Where it is among the changes under way; none once those were written.
    fresh: Option<usize>,
}

/// The rows of one stream that stand.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    standing: Vec<Standing>,
    /// Rows told by the event under way, for their numbers.
    told_at: (Position, u32),
}

/// A row as an event tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldRow {
    pub table: TableId,
    pub slot: Option<Slot>,
    pub row: Row,
}

impl Ledger {
    /// Stores a row at a position, ending the one in its place. The same row again changes nothing.
    pub fn put(&mut self, told: ToldRow, position: Position, changes: &mut Changes) {
        if let Some(slot) = told.slot
            && let Some(index) = self.find(told.table, slot)
        {
            if self.standing[index].row == told.row {
                return;
            }
            self.end(index, position, changes);
        }
        self.tell(told, position, changes);
    }

    /// Empties a place.
    pub fn clear(&mut self, table: TableId, slot: Slot, position: Position, changes: &mut Changes) {
        if let Some(index) = self.find(table, slot) {
            self.end(index, position, changes);
        }
    }

    /// Changes one cell of the row in a place, if one stands there.
    pub fn amend(
        &mut self,
        (table, slot): (TableId, Slot),
        (column, value): (&str, &Cell),
        position: Position,
        changes: &mut Changes,
    ) {
        let Some(index) = self.find(table, slot) else { return };
        let row = amended(table, &self.standing[index].row, column, value);
        self.put(ToldRow { table, slot: Some(slot), row }, position, changes);
    }

    /// Makes `told` all that stands: what stands already stays as it is, the rest ends or is told.
    pub fn become_rows(&mut self, told: Vec<ToldRow>, position: Position, changes: &mut Changes) {
        let mut missing = told;
        let mut index = 0;
        while index < self.standing.len() {
            let standing = &self.standing[index];
            let kept = missing.iter().position(|told| {
                (told.table, told.slot) == (standing.table, standing.slot)
                    && told.row == standing.row
            });
            if let Some(kept) = kept {
                missing.remove(kept);
                index += 1;
            } else {
                self.end(index, position, changes);
            }
        }
        for told in missing {
            self.tell(told, position, changes);
        }
    }

    /// The changes under way were written: what is ended from now on ends in the tables.
    pub fn settle(&mut self) {
        for standing in &mut self.standing {
            standing.fresh = None;
        }
    }

    /// How many rows stand.
    pub fn len(&self) -> usize {
        self.standing.len()
    }

    fn find(&self, table: TableId, slot: Slot) -> Option<usize> {
        self.standing.iter().position(|row| row.table == table && row.slot == Some(slot))
    }

    fn tell(&mut self, told: ToldRow, position: Position, changes: &mut Changes) {
        if self.told_at.0 != position {
            self.told_at = (position, 0);
        }
        let part = self.told_at.1;
        self.told_at.1 += 1;
        let rows = &mut changes.of_mut(told.table).told;
        let fresh = Some(rows.len());
        let ToldRow { table, slot, row } = told;
        rows.push(VersionedRow { since: position, part, until: None, row: row.clone() });
        self.standing.push(Standing { table, slot, since: position, part, row, fresh });
    }

    /// Order does not matter among what stands, except that the same events give the same numbers: the
    /// rows after this one keep theirs.
    fn end(&mut self, index: usize, position: Position, changes: &mut Changes) {
        let Standing { table, since, part, fresh, .. } = self.standing.remove(index);
        let table = changes.of_mut(table);
        match fresh {
            Some(fresh) => table.told[fresh].until = Some(position),
            None => table.ended.push(Ending { since, part, until: position }),
        }
    }
}
