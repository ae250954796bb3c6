//! The indexes of the tables of a pass on `PostgreSQL`: made when their rows are there, several at a time.

use std::collections::VecDeque;

use tokio::task::JoinSet;

use crate::FoldError;
use crate::store::ReadStore;
use crate::table::{Table, create_statements};

/// Indexes that are made at a time.
const AT_A_TIME: usize = 2;
/// For the transaction of one index: it is sorted in memory where that holds it, and may wait for another of its
/// table for as long as that takes.
const SET: &str = "SET LOCAL maintenance_work_mem = '128MB'; SET LOCAL lock_timeout = 0;";

/// Makes every index that is not there yet.
pub(super) async fn index_tables(
    store: &ReadStore,
    tables: &[&'static Table],
    schema: &str,
) -> Result<(), FoldError> {
    let all = tables.iter().flat_map(|table| {
        create_statements(table, Some(schema)).1.into_iter().map(|one| once(&one, table, schema))
    });
    let mut left: VecDeque<String> = all.collect();
    let mut making = JoinSet::new();
    loop {
        while making.len() < AT_A_TIME
            && let Some(statement) = left.pop_front()
        {
            making.spawn(make(store.clone(), statement));
        }
        match making.join_next().await {
            None => return Ok(()),
            Some(Ok(made)) => made?,
            Some(Err(lost)) => return Err(FoldError::Unavailable(lost.into())),
        }
    }
}

/// The statement that makes an index if it is not there.
fn once(statement: &str, table: &Table, schema: &str) -> String {
    if let Some(index) = statement.strip_prefix("CREATE INDEX ") {
        return format!("CREATE INDEX IF NOT EXISTS {index}");
    }
    let key = format!("{schema}.{}_pkey", table.name);
    format!("DO $once$ BEGIN IF to_regclass('{key}') IS NULL THEN {statement}; END IF; END $once$")
}

async fn make(store: ReadStore, statement: String) -> Result<(), FoldError> {
    let mut transaction = store.begin().await?;
    transaction.connection().run(&format!("{SET} {statement}")).await?;
    Ok(transaction.commit().await?)
}
