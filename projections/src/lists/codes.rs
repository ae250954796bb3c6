//! What programmes, groups and funds are called by those who run them, by id.

use std::collections::HashMap;

use sira_database::on_engine;

use crate::{ReadError, ReadStore};

/// The code of every training group and of every fund, and the name of every convention, by its id. They name nobody.
///
/// # Errors
/// [`ReadError`].
pub async fn codes(store: &ReadStore) -> Result<HashMap<String, String>, ReadError> {
    let mut handle = store.connection().await?;
    let all: Vec<(String, String)> = on_engine!(handle.connection(), db => {
        sqlx::query_as(
            "SELECT cohort, code FROM cohort_status UNION ALL SELECT fund, code FROM fund_status \
             UNION ALL SELECT programme, name FROM programme_status",
        )
        .fetch_all(db)
        .await
    })?;
    Ok(all.into_iter().collect())
}
