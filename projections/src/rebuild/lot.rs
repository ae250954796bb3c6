//! Rows of a pass that are written in one transaction.

use std::collections::BTreeMap;

use sqlx::PgConnection;

use super::copied::{BinaryRows, send_rows};
use super::progress::Failure;
use crate::changes::{Changes, VersionedRow};
use crate::store::ReadConnection;
use crate::table::{Cell, Keeping, Kind, Row, TABLES, Table, TableId};
use crate::{FeedPlace, FoldError, write};

/// Rows to be written, with the place that they lead to.
pub(super) struct Lot {
    /// What is not in `copies`.
    pub changes: Changes,
    /// On `PostgreSQL`, rows of tables that are copied, written down.
    pub copies: Vec<(TableId, BinaryRows)>,
    /// How many these are.
    pub rows: usize,
    pub after: FeedPlace,
    /// How many events it is of.
    pub events: u64,
    pub failures: Vec<Failure>,
}

impl Lot {
    /// How many rows are to be written.
    pub fn row_count(&self) -> usize {
        self.rows + self.changes.row_count()
    }

    /// The same, with the rows of every table that is copied written down.
    pub fn written_down(mut self) -> Result<Self, FoldError> {
        for table in TABLES {
            let own = self.changes.of_mut(table.id);
            let mut copy = BinaryRows::default();
            match table.keeping {
                Keeping::Versioned => {
                    for told in std::mem::take(&mut own.told) {
                        put(&mut copy, table, Some(&told), &told.row)?;
                        self.rows += 1;
                    }
                }
                Keeping::Current => {
                    for row in std::mem::take(&mut own.rows) {
                        put(&mut copy, table, None, &row)?;
                        self.rows += 1;
                    }
                }
                Keeping::Merged(_) => {}
            }
            if !copy.is_empty() {
                self.copies.push((table.id, copy));
            }
        }
        Ok(self)
    }

    /// Adds the lot that follows.
    pub fn add(&mut self, next: Self) {
        for table in TABLES {
            let (own, more) = (self.changes.of_mut(table.id), next.changes.of(table.id));
            own.told.extend(more.told.iter().cloned());
            own.ended.extend(more.ended.iter().copied());
            own.rows.extend(more.rows.iter().cloned());
            if let Keeping::Merged(merge) = table.keeping {
                for row in more.merged.values() {
                    own.merge(Row::clone(row), merge);
                }
            }
        }
        for (id, copy) in next.copies {
            match self.copies.iter_mut().find(|(known, _)| *known == id) {
                Some((_, known)) => known.extend(&copy),
                None => self.copies.push((id, copy)),
            }
        }
        self.rows += next.rows;
        self.events += next.events;
        self.after = next.after;
        for failure in next.failures {
            // One event is told of each family: what comes after it does not count.
            if !self.failures.iter().any(|known| known.family == failure.family) {
                self.failures.push(failure);
            }
        }
    }

    /// Copies the rows that were written down.
    pub async fn copy(
        &mut self,
        db: &mut PgConnection,
        tables: &[&'static Table],
    ) -> Result<(), sqlx::Error> {
        let mut copies: BTreeMap<TableId, BinaryRows> =
            std::mem::take(&mut self.copies).into_iter().collect();
        for table in tables {
            if let Some(rows) = copies.remove(&table.id) {
                let place = format!("{} ({})", table.name, table.column_list());
                send_rows(db, &place, rows).await?;
            }
        }
        Ok(())
    }

    /// Writes the rest: on `SQLite`, everything.
    pub async fn write(
        &self,
        connection: ReadConnection<'_>,
        tables: &[&'static Table],
    ) -> Result<(), sqlx::Error> {
        write::write(connection, tables.iter().copied(), &self.changes).await
    }
}

fn put(
    rows: &mut BinaryRows,
    table: &Table,
    version: Option<&VersionedRow>,
    row: &Row,
) -> Result<(), FoldError> {
    let version =
        version.map(|told| [told.since.into(), told.part.into(), Cell::maybe(told.until)]);
    let cells = version.iter().flatten().chain(row.iter());
    rows.row(i16::try_from(table.all_columns().count()).unwrap_or(-1));
    for (column, cell) in table.all_columns().zip(cells) {
        put_cell(rows, column.kind, cell).ok_or_else(|| {
            FoldError::Unfit(format!("{}.{} is of another type", table.name, column.name).into())
        })?;
    }
    Ok(())
}

/// A value as its column holds it; none when it is of another type.
fn put_cell(rows: &mut BinaryRows, kind: Kind, cell: &Cell) -> Option<()> {
    match (kind, cell) {
        (_, Cell::Null) => rows.null(),
        (Kind::Int, Cell::Int(number)) => rows.int8(*number),
        (Kind::Id | Kind::Text, Cell::Text(text)) => rows.text(text),
        (Kind::Id | Kind::Text, Cell::Id(id)) => rows.id(*id),
        (Kind::Id | Kind::Text, other) => rows.text(&other.to_string()),
        (Kind::Flag, Cell::Flag(flag)) => rows.bytes(&[u8::from(*flag)]),
        (Kind::Date, Cell::Date(day)) => rows.date(*day),
        (Kind::Time, Cell::Time(time)) => rows.time(*time),
        (Kind::Decimal(_), Cell::Decimal(number)) => rows.decimal(*number),
        (Kind::Decimal(_), Cell::Int(number)) => {
            rows.decimal(crate::table::Decimal::try_new(*number, 0)?);
        }
        _ => return None,
    }
    Some(())
}
