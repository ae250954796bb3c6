//! Rows of a read model's table as cells, a page at a time by key.

use chrono::{DateTime, NaiveDate, Utc};
use sira_database::{on_engine, unsigned};
use sira_numbers::Position;
use sira_projections::ReadConnection;
use sira_projections::table::{Cell, Column, Decimal, Keeping, Kind, Table};
use sqlx::{ColumnIndex, Decode, Row, Type};
use uuid::Uuid;

/// Which rows of a table: a condition whose only values are positions, which are numbers.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    table: &'static Table,
    condition: String,
}

impl Selection {
    /// Every row.
    pub fn all(table: &'static Table) -> Self {
        Self { table, condition: "1 = 1".to_owned() }
    }

    /// The rows that stood at a position, of a table that keeps versions.
    pub fn standing(table: &'static Table, at: Position) -> Self {
        let condition =
            format!("since_position <= {at} AND (until_position IS NULL OR until_position > {at})");
        Self { table, condition }
    }

    /// The rows of events up to a position, of a table with a row an event.
    pub fn up_to(table: &'static Table, at: Position) -> Self {
        Self { table, condition: format!("position <= {at}") }
    }

    /// The rows of one path, of a table that has them by path; of versions, those that stand.
    pub fn of_path(table: &'static Table, id: Uuid) -> Self {
        let standing = match table.keeping {
            Keeping::Versioned => " AND until_position IS NULL",
            Keeping::Current | Keeping::Merged(_) => "",
        };
        Self { table, condition: format!("aggregate_id = '{id}'{standing}") }
    }

    pub async fn count(&self, connection: ReadConnection<'_>) -> Result<u64, sqlx::Error> {
        let sql = format!("SELECT count(*) FROM {} WHERE {}", self.table.name, self.condition);
        let rows: i64 = on_engine!(connection, db => sqlx::query_scalar(&sql).fetch_one(db).await)?;
        unsigned(rows)
    }

    /// The next rows after one, by key; the first when there is none before.
    pub async fn page(
        &self,
        connection: ReadConnection<'_>,
        after: Option<&[Cell]>,
        limit: u32,
    ) -> Result<Vec<Vec<Cell>>, sqlx::Error> {
        let columns: Vec<_> = self.table.all_columns().collect();
        let key = self.table.key;
        let place = |name: &&str| columns.iter().position(|column| column.name == *name);
        let after: Vec<&Cell> = after.map_or_else(Vec::new, |row| {
            key.iter().filter_map(place).filter_map(|place| row.get(place)).collect()
        });
        let sql = self.statement(&columns, key, !after.is_empty(), limit);
        on_engine!(connection, db => {
            let mut query = sqlx::query(&sql);
            for cell in after {
                query = match cell {
                    Cell::Int(number) => query.bind(*number),
                    other => query.bind(other.to_string()),
                };
            }
            query.fetch_all(db).await?.iter().map(|row| cells(row, &columns)).collect()
        })
    }

    fn statement(&self, columns: &[&Column], key: &[&str], has_before: bool, limit: u32) -> String {
        let list = columns.iter().map(|column| match column.kind {
            // Read as text, which keeps every digit on either engine.
            Kind::Decimal(_) => format!("CAST({} AS text)", column.name),
            _ => column.name.to_owned(),
        });
        let list = list.collect::<Vec<_>>().join(", ");
        let order = key.join(", ");
        let places = (1..=key.len()).map(|place| format!("${place}"));
        let after = if has_before {
            format!(" AND ({order}) > ({})", places.collect::<Vec<_>>().join(", "))
        } else {
            String::new()
        };
        let (name, condition) = (self.table.name, &self.condition);
        format!("SELECT {list} FROM {name} WHERE {condition}{after} ORDER BY {order} LIMIT {limit}")
    }
}

fn cells<'r, R>(row: &'r R, columns: &[&Column]) -> Result<Vec<Cell>, sqlx::Error>
where
    R: Row,
    usize: ColumnIndex<R>,
    String: Decode<'r, R::Database> + Type<R::Database>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    bool: Decode<'r, R::Database> + Type<R::Database>,
    NaiveDate: Decode<'r, R::Database> + Type<R::Database>,
    DateTime<Utc>: Decode<'r, R::Database> + Type<R::Database>,
{
    let cell = |(place, column): (usize, &&Column)| match column.kind {
        Kind::Text => Ok(Cell::maybe(row.try_get::<Option<String>, _>(place)?)),
        Kind::Int => Ok(Cell::maybe(row.try_get::<Option<i64>, _>(place)?)),
        Kind::Date => Ok(Cell::maybe(row.try_get::<Option<NaiveDate>, _>(place)?)),
        Kind::Time => Ok(Cell::maybe(row.try_get::<Option<DateTime<Utc>>, _>(place)?)),
        Kind::Flag => Ok(Cell::maybe(row.try_get::<Option<bool>, _>(place)?)),
        Kind::Id => read(row.try_get(place)?, column, |text| Uuid::try_parse(text).ok()),
        Kind::Decimal(scale) => {
            read(row.try_get(place)?, column, |text| Decimal::parse(text, scale))
        }
    };
    columns.iter().enumerate().map(cell).collect()
}

fn read<T: Into<Cell>>(
    text: Option<String>,
    column: &Column,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<Cell, sqlx::Error> {
    let Some(text) = text else { return Ok(Cell::Null) };
    let broken = || sqlx::Error::Decode(format!("{} does not have its form", column.name).into());
    read(&text).map(Into::into).ok_or_else(broken)
}

#[cfg(test)]
mod tests {
    use sira_projections::table::TABLES;

    #[test]
    fn every_table_is_ordered_by_columns_that_it_has_and_that_are_never_empty() {
        for table in TABLES {
            for name in table.key {
                let column = table.all_columns().find(|column| column.name == *name);
                assert!(column.is_some_and(|column| !column.optional), "{} {name}", table.name);
            }
        }
    }
}
