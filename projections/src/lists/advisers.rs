//! Who is in charge of the paths on a page.

use sira_database::on_engine;
use std::collections::HashMap;

use sqlx::QueryBuilder;

use crate::{ReadError, ReadStore};

/// Adds who is in charge of each row's path.
pub(super) async fn add_advisers<T>(
    store: &ReadStore,
    rows: &mut [T],
    of: impl Fn(&mut T) -> (&String, &mut Option<String>),
) -> Result<(), ReadError> {
    if rows.is_empty() {
        return Ok(());
    }
    let ids: Vec<String> = rows.iter_mut().map(|row| of(row).0.clone()).collect();
    let mut handle = store.query().await?;
    let found: Vec<(String, String)> = on_engine!(handle.connection(), db => {
        let mut query = QueryBuilder::new(
            "SELECT aggregate_id, adviser FROM case_advisers WHERE aggregate_id IN (",
        );
        let mut list = query.separated(", ");
        for id in &ids {
            list.push_bind(id);
        }
        query.push(")");
        query.build_query_as().fetch_all(db).await
    })?;
    let advisers: HashMap<_, _> = found.into_iter().collect();
    // A path may have several rows.
    for row in rows {
        let (id, adviser) = of(row);
        *adviser = advisers.get(id).cloned();
    }
    Ok(())
}
