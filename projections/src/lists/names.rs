//! The names of people on a page, opened one by one.

use std::collections::HashMap;

use sira_database::on_engine;
use sqlx::QueryBuilder;
use uuid::Uuid;

use crate::case_identity::IdentityKeys;
use crate::{FoldError, ReadStore};

/// The names of some paths' people; those whose key was destroyed are not among them. Personal data in
/// clear: for those who may open an identity, and every reading is to be recorded.
///
/// # Errors
/// [`FoldError`], as the database or the key store has it.
pub async fn names(
    store: &ReadStore,
    keys: &impl IdentityKeys,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, String>, FoldError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut handle = store.query().await?;
    let sealed: Vec<(String, String)> = on_engine!(handle.connection(), db => {
        let mut query = QueryBuilder::new(
            "SELECT aggregate_id, identity FROM case_identity WHERE aggregate_id IN (",
        );
        let mut list = query.separated(", ");
        for id in ids {
            list.push_bind(id.to_string());
        }
        query.push(")");
        query.build_query_as().fetch_all(db).await
    })?;
    drop(handle);
    let mut names = HashMap::new();
    for (id, sealed) in sealed {
        let id = Uuid::try_parse(&id).map_err(|error| FoldError::Unfit(error.into()))?;
        if let Some(identity) = keys.open(id, &sealed).await? {
            names.insert(id, identity.name.as_str().to_owned());
        }
    }
    Ok(names)
}
