//! What the tables of the present hold of a stream, so that only what differs is written.
//!
//! Most events of a path change one row of the five tables that show where it stands: without this, each event
//! would delete from all five, and every deletion looks into an index.

use uuid::Uuid;

use crate::changes::Changes;
use crate::table::{Row, TABLES, Table, TableId};

/// The rows of one stream in one table.
#[derive(Debug)]
enum Rows {
    /// These.
    Known(Vec<Row>),
    /// Some, which every event changes.
    Moving,
}

/// What the tables of the present hold of a stream: nothing before its first event.
#[derive(Debug, Default)]
pub(crate) struct Shown(Vec<(TableId, Rows)>);

impl Shown {
    /// The stream shows `own`, which is emptied: what differs from what there is goes to `changes`.
    pub fn become_own(&mut self, id: Uuid, own: &mut Changes, changes: &mut Changes) {
        for table in TABLES {
            let shows = own.of_mut(table.id);
            if shows.dropped.is_empty() {
                continue;
            }
            shows.dropped.clear();
            let rows = std::mem::take(&mut shows.rows);
            let place = self.0.iter().position(|(shown, _)| *shown == table.id);
            match place.map(|place| &self.0[place].1) {
                None if rows.is_empty() => continue,
                Some(Rows::Known(known)) if *known == rows => continue,
                None => {}
                Some(_) => changes.of_mut(table.id).dropped.push(id),
            }
            self.note(table, place, &rows);
            changes.of_mut(table.id).rows.extend(rows);
        }
    }

    fn note(&mut self, table: &Table, place: Option<usize>, rows: &[Row]) {
        let now = match rows {
            [] => None,
            _ if moves(table) => Some(Rows::Moving),
            rows => Some(Rows::Known(rows.to_vec())),
        };
        match (place, now) {
            (Some(place), Some(now)) => self.0[place].1 = now,
            (Some(place), None) => drop(self.0.swap_remove(place)),
            (None, Some(now)) => self.0.push((table.id, now)),
            (None, None) => {}
        }
    }

    /// What it weighs in a cache, roughly, in bytes.
    pub fn weight(&self) -> usize {
        let rows = self.0.iter().map(|(_, rows)| match rows {
            Rows::Known(rows) => rows.iter().map(|row| 32 + size_of_val(&**row)).sum(),
            Rows::Moving => 0,
        });
        rows.sum::<usize>() + self.0.len() * 40
    }
}

/// Whether a table says at which event its stream stands: then its row differs after each.
fn moves(table: &Table) -> bool {
    table.columns.iter().any(|column| column.name == "position")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Cell;

    const ID: Uuid = Uuid::from_u128(7);

    /// What is written when a stream shows some rows in one table.
    fn shows(shown: &mut Shown, table: TableId, numbers: &[i64]) -> (usize, usize) {
        let (mut own, mut changes) = (Changes::default(), Changes::default());
        own.of_mut(table).dropped.push(ID);
        let rows = numbers.iter().map(|number| Row::from([Cell::Int(*number)]));
        own.of_mut(table).rows.extend(rows);
        shown.become_own(ID, &mut own, &mut changes);
        assert_eq!(own, Changes::default(), "what was taken is gone");
        let written = changes.of(table);
        (written.dropped.len(), written.rows.len())
    }

    #[test]
    fn rows_are_written_when_they_differ_and_dropped_when_there_were_some() {
        let (mut shown, table) = (Shown::default(), TableId::Referrals);
        assert_eq!(shows(&mut shown, table, &[]), (0, 0));
        assert_eq!(shows(&mut shown, table, &[1, 2]), (0, 2));
        assert_eq!(shows(&mut shown, table, &[1, 2]), (0, 0));
        assert_eq!(shows(&mut shown, table, &[1, 3]), (1, 2));
        assert_eq!(shows(&mut shown, table, &[]), (1, 0));
        assert_eq!(shows(&mut shown, table, &[]), (0, 0));
        assert_eq!(shows(&mut shown, table, &[1]), (0, 1));
    }

    #[test]
    fn a_row_that_tells_its_position_is_always_written() {
        let (mut shown, table) = (Shown::default(), TableId::CaseStatus);
        assert_eq!(shows(&mut shown, table, &[1]), (0, 1));
        assert_eq!(shows(&mut shown, table, &[1]), (1, 1));
        assert!(shown.weight() < 100, "such a row is not kept");
    }

    #[test]
    fn tables_do_not_stand_for_each_other() {
        let mut shown = Shown::default();
        assert_eq!(shows(&mut shown, TableId::Referrals, &[1]), (0, 1));
        assert_eq!(shows(&mut shown, TableId::Handovers, &[1]), (0, 1));
        assert_eq!(shows(&mut shown, TableId::Referrals, &[]), (1, 0));
        assert_eq!(shows(&mut shown, TableId::Handovers, &[1]), (0, 0));
    }
}
