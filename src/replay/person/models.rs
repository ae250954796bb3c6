//! What the read models hold of one path.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use sira_numbers::Position;
use sira_projections::table::{Cell, Realm, TABLES, Table};
use sira_projections::{ReadError, ReadStore};
use uuid::Uuid;

use crate::export::rows::Selection;

/// Rows that are read at a time.
const ROWS_PER_STATEMENT: u32 = 1_000;

/// The rows of a path in every table that has some for it, by the table's name. Tables that say who
/// somebody is hold what the events say, sealed; they are left out. So are those that were never made,
/// where no projection has run yet.
pub(super) async fn rows_of(
    read: &ReadStore,
    journal: &str,
    id: Uuid,
) -> Result<BTreeMap<&'static str, Vec<Value>>, ReadError> {
    let mut all = BTreeMap::new();
    let by_path = |table: &&Table| table.columns.iter().any(|column| column.name == "aggregate_id");
    for table in TABLES.iter().filter(|table| table.realm == Realm::Read).filter(by_path) {
        if read.position(journal, table.projection).await? == Position::START {
            continue;
        }
        let rows = rows(read, table, id).await?;
        if !rows.is_empty() {
            all.insert(table.name, rows);
        }
    }
    Ok(all)
}

async fn rows(read: &ReadStore, table: &'static Table, id: Uuid) -> Result<Vec<Value>, ReadError> {
    let selection = Selection::of_path(table, id);
    let mut handle = read.query().await?;
    let (mut shown, mut last): (Vec<Value>, Option<Vec<Cell>>) = (Vec::new(), None);
    loop {
        let page = selection.page(handle.connection(), last.as_deref(), ROWS_PER_STATEMENT).await?;
        let is_last = page.len() < ROWS_PER_STATEMENT as usize;
        shown.extend(page.iter().map(|row| show(table, row)));
        last = page.into_iter().last();
        if is_last {
            return Ok(shown);
        }
    }
}

fn show(table: &Table, row: &[Cell]) -> Value {
    let fields: Map<String, Value> = table
        .all_columns()
        .zip(row)
        .filter(|(column, _)| column.name != "aggregate_id")
        .map(|(column, cell)| (column.name.to_owned(), value(cell)))
        .collect();
    fields.into()
}

fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Int(number) => (*number).into(),
        Cell::Flag(flag) => (*flag).into(),
        // An exact number is a text: not every reader of JSON keeps its digits.
        other => other.to_string().into(),
    }
}
