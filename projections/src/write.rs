//! Writing changes into the tables, within the transaction that moves the checkpoints.

use std::collections::BTreeMap;

use sira_database::on_engine;
use sira_numbers::Position;
use sqlx::{PgConnection, QueryBuilder, Sqlite, SqliteConnection};
use uuid::Uuid;

use crate::changes::{Changes, TableChanges, VersionedRow};
use crate::feed::HistoryMark;
use crate::models::Model;
use crate::store::ReadConnection;
use crate::table::{Cell, Keeping, Merge, Row, Table, time_text};
use crate::{Feed, FoldError, ReadStore, checkpoint, places};

/// Values that one statement of `SQLite` binds at most (`SQLITE_MAX_VARIABLE_NUMBER` is 32,766).
const BOUND_MAX: usize = 30_000;
/// Ids of one statement at most.
const IDS_PER_STATEMENT: usize = 500;

/// Writes what changes in the tables of some projections, and moves their checkpoints, in one
/// transaction; false when another runner was first.
///
/// A crash or a runner that is dropped before the commit leaves neither rows nor checkpoints moved, and the
/// next one takes the batch again.
pub(crate) async fn write_batch<F: Feed>(
    feed: &F,
    store: &ReadStore,
    models: &[&'static Model],
    places: (Position, HistoryMark),
    changes: &Changes,
) -> Result<bool, FoldError> {
    let mut transaction = store.begin().await?;
    let versions: Vec<_> = models.iter().map(|model| (model.name, model.version)).collect();
    let journal = feed.journal();
    if !checkpoint::advance_all(transaction.connection(), journal, &versions, places).await? {
        transaction.rollback().await?;
        return Ok(false);
    }
    let tables = models.iter().flat_map(|model| model.tables());
    write(transaction.connection(), tables, changes).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Writes what changes in some tables.
pub(crate) async fn write(
    mut connection: ReadConnection<'_>,
    tables: impl Iterator<Item = &'static Table>,
    changes: &Changes,
) -> Result<(), sqlx::Error> {
    // Rows are copied into the table itself: a view takes none.
    let places = match connection.again() {
        ReadConnection::Postgres(db) => places::all(db).await?,
        ReadConnection::Sqlite(_) => BTreeMap::new(),
    };
    for table in tables {
        let own = changes.of(table.id);
        if !own.is_empty() {
            let place = places.get(table.name).map(String::as_str);
            write_table(connection.again(), table, place, own).await?;
        }
    }
    Ok(())
}

async fn write_table(
    mut connection: ReadConnection<'_>,
    table: &'static Table,
    place: Option<&str>,
    changed: &TableChanges,
) -> Result<(), sqlx::Error> {
    if let Keeping::Merged(merge) = table.keeping {
        return add_up(connection, table, merge, changed).await;
    }
    drop_rows(connection.again(), table, changed).await?;
    match connection {
        ReadConnection::Postgres(db) => {
            end_postgres(db, table, changed).await?;
            copy(db, table, place, changed).await
        }
        ReadConnection::Sqlite(db) => {
            end_sqlite(db, table, changed).await?;
            insert(db, table, changed).await
        }
    }
}

/// Adds rows to what is stored of their keys. The transaction has moved the checkpoint first, so no
/// event is added twice.
async fn add_up(
    mut connection: ReadConnection<'_>,
    table: &Table,
    merge: &[Merge],
    changed: &TableChanges,
) -> Result<(), sqlx::Error> {
    let (least, greatest) = match connection {
        ReadConnection::Postgres(_) => ("least", "greatest"),
        ReadConnection::Sqlite(_) => ("min", "max"),
    };
    let stored = table.name;
    let set = table.columns.iter().zip(merge).filter_map(|(column, merge)| {
        let name = column.name;
        match merge {
            Merge::Key => None,
            Merge::Least => Some(format!("{name} = {least}({stored}.{name}, excluded.{name})")),
            Merge::Greatest => {
                Some(format!("{name} = {greatest}({stored}.{name}, excluded.{name})"))
            }
            Merge::Sum => Some(format!("{name} = {stored}.{name} + excluded.{name}")),
        }
    });
    let set = set.collect::<Vec<_>>().join(", ");
    let head = format!("INSERT INTO {stored} ({}) ", table.column_list());
    let tail = format!(" ON CONFLICT ({}) DO UPDATE SET {set}", table.key.join(", "));
    let rows: Vec<&Row> = changed.merged.values().collect();
    for some in rows.chunks(IDS_PER_STATEMENT) {
        on_engine!(connection.again(), db => {
            let mut insert = QueryBuilder::new(&head);
            insert.push_values(some, |mut values, row| {
                for cell in row.iter() {
                    match cell {
                        Cell::Null => values.push("NULL"),
                        Cell::Int(number) => values.push_bind(*number),
                        Cell::Date(day) => values.push_bind(*day),
                        Cell::Flag(flag) => values.push_bind(*flag),
                        other => values.push_bind(other.to_string()),
                    };
                }
            });
            insert.push(&tail);
            insert.build().persistent(false).execute(db).await.map(drop)
        })?;
    }
    Ok(())
}

/// The first column of a table of the present is the stream whose rows are replaced.
async fn drop_rows(
    connection: ReadConnection<'_>,
    table: &Table,
    changed: &TableChanges,
) -> Result<(), sqlx::Error> {
    if changed.dropped.is_empty() {
        return Ok(());
    }
    let key = table.columns.first().map_or("aggregate_id", |column| column.name);
    match connection {
        ReadConnection::Postgres(db) => {
            let ids: Vec<String> = changed.dropped.iter().map(Uuid::to_string).collect();
            // One statement whatever their number, so that it stays prepared.
            let delete = format!("DELETE FROM {} WHERE {key} = ANY($1)", table.name);
            sqlx::query(&delete).bind(ids).execute(db).await.map(drop)
        }
        ReadConnection::Sqlite(db) => {
            for some in changed.dropped.chunks(IDS_PER_STATEMENT) {
                let mut delete =
                    QueryBuilder::new(format!("DELETE FROM {} WHERE {key} IN (", table.name));
                let mut list = delete.separated(", ");
                // Filled up, so that few forms of the statement are prepared.
                for place in 0..some.len().next_power_of_two() {
                    list.push_bind(some[place.min(some.len() - 1)].to_string());
                }
                delete.push(")");
                delete.build().execute(&mut *db).await?;
            }
            Ok(())
        }
    }
}

async fn end_postgres(
    db: &mut PgConnection,
    table: &Table,
    changed: &TableChanges,
) -> Result<(), sqlx::Error> {
    if changed.ended.is_empty() {
        return Ok(());
    }
    let (mut since, mut part, mut until) = (Vec::new(), Vec::new(), Vec::new());
    for end in &changed.ended {
        since.push(end.since.stored());
        part.push(i64::from(end.part));
        until.push(end.until.stored());
    }
    let statement = format!(
        "UPDATE {0} SET until_position = ending.until_position
           FROM unnest($1::bigint[], $2::bigint[], $3::bigint[])
             AS ending (since_position, part, until_position)
          WHERE {0}.since_position = ending.since_position AND {0}.part = ending.part",
        table.name
    );
    sqlx::query(&statement).bind(since).bind(part).bind(until).execute(db).await.map(drop)
}

async fn end_sqlite(
    db: &mut SqliteConnection,
    table: &Table,
    changed: &TableChanges,
) -> Result<(), sqlx::Error> {
    let statement = format!(
        "UPDATE {} SET until_position = $3 WHERE since_position = $1 AND part = $2",
        table.name
    );
    for end in &changed.ended {
        sqlx::query(&statement)
            .bind(end.since.stored())
            .bind(i64::from(end.part))
            .bind(end.until.stored())
            .execute(&mut *db)
            .await?;
    }
    Ok(())
}

/// The three cells of a version.
fn version_cells(told: &VersionedRow) -> [Cell; 3] {
    [told.since.into(), told.part.into(), Cell::maybe(told.until)]
}

async fn copy(
    db: &mut PgConnection,
    table: &Table,
    place: Option<&str>,
    changed: &TableChanges,
) -> Result<(), sqlx::Error> {
    let mut text = String::new();
    let mut add = |version: Option<&VersionedRow>, row: &Row| {
        let version = version.map(version_cells);
        for (place, cell) in version.iter().flatten().chain(row.iter()).enumerate() {
            if place > 0 {
                text.push('\t');
            }
            cell.write_copy(&mut text);
        }
        text.push('\n');
    };
    match table.keeping {
        Keeping::Versioned => changed.told.iter().for_each(|told| add(Some(told), &told.row)),
        Keeping::Current | Keeping::Merged(_) => {
            changed.rows.iter().for_each(|row| add(None, row));
        }
    }
    if text.is_empty() {
        return Ok(());
    }
    let place = place.map(|schema| format!("{schema}.")).unwrap_or_default();
    let statement = format!("COPY {place}{} ({}) FROM STDIN", table.name, table.column_list());
    let mut copy = db.copy_in_raw(&statement).await?;
    if let Err(error) = copy.send(text.as_bytes()).await {
        // The transaction is lost either way; the first error says why.
        let _ = copy.abort("a row could not be sent").await;
        return Err(error);
    }
    copy.finish().await.map(drop)
}

async fn insert(
    db: &mut SqliteConnection,
    table: &Table,
    changed: &TableChanges,
) -> Result<(), sqlx::Error> {
    let columns = table.all_columns().count();
    let per_statement = (BOUND_MAX / columns).clamp(1, 200);
    let head = format!("INSERT INTO {} ({}) ", table.name, table.column_list());
    for some in changed.told.chunks(per_statement) {
        let rows = some.iter().map(|told| (Some(version_cells(told)), &told.row));
        insert_some(db, &head, rows).await?;
    }
    for some in changed.rows.chunks(per_statement) {
        insert_some(db, &head, some.iter().map(|row| (None, row))).await?;
    }
    Ok(())
}

async fn insert_some<'a>(
    db: &mut SqliteConnection,
    head: &str,
    rows: impl Iterator<Item = (Option<[Cell; 3]>, &'a Row)>,
) -> Result<(), sqlx::Error> {
    let mut insert = QueryBuilder::<Sqlite>::new(head);
    insert.push_values(rows, |mut values, (version, row)| {
        for cell in version.into_iter().flatten().chain(row.iter().cloned()) {
            match cell {
                Cell::Null => values.push("NULL"),
                Cell::Int(number) => values.push_bind(number),
                Cell::Decimal(number) => values.push_bind(number.to_string()),
                Cell::Text(text) => values.push_bind(text.into_owned()),
                Cell::Id(id) => values.push_bind(id.to_string()),
                Cell::Date(day) => values.push_bind(day.to_string()),
                Cell::Time(time) => values.push_bind(time_text(time)),
                Cell::Flag(flag) => values.push_bind(flag),
            };
        }
    });
    // Not kept prepared: which cells are empty differs from statement to statement.
    insert.build().persistent(false).execute(db).await.map(drop)
}
