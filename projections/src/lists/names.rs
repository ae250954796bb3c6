//! The people of a page, opened one by one.

use std::collections::HashMap;
use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;
use sira_database::on_engine;
use sqlx::QueryBuilder;
use uuid::Uuid;

use crate::case_identity::IdentityKeys;
use crate::{FoldError, ReadStore};

/// What those who work with a person need of them: personal data in clear.
#[derive(Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NamedPerson {
    /// The name; nothing in its place when the person was erased.
    pub name: Option<String>,
    /// The phone, where one is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", default)]
    pub phone: Option<String>,
    /// Village or quarter, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", default)]
    pub locality: Option<String>,
}

impl fmt::Debug for NamedPerson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NamedPerson(..)")
    }
}

/// The names of some paths' people; those whose key was destroyed are not among them. As [`people`].
///
/// # Errors
/// As [`people`].
pub async fn names(
    store: &ReadStore,
    keys: &impl IdentityKeys,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, String>, FoldError> {
    let people = people(store, keys, ids).await?.into_iter();
    Ok(people.filter_map(|(id, person)| Some((id, person.name?))).collect())
}

/// Some paths' people; those whose key was destroyed are not among them. Personal data in clear: for those who may
/// open an identity, and every reading is to be recorded before.
///
/// # Errors
/// [`FoldError`], as the database or the key store has it.
pub async fn people(
    store: &ReadStore,
    keys: &impl IdentityKeys,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, NamedPerson>, FoldError> {
    let mut people = HashMap::new();
    for some in ids.chunks(IDS_AT_ONCE) {
        for (id, sealed) in sealed(store, some).await? {
            let id = Uuid::try_parse(&id).map_err(|error| FoldError::Unfit(error.into()))?;
            if let Some(identity) = keys.open(id, &sealed).await? {
                let phone = identity.phone.map(|phone| phone.as_str().to_owned());
                let locality = identity.locality.map(|place| place.as_str().to_owned());
                let name = Some(identity.name.as_str().to_owned());
                people.insert(id, NamedPerson { name, phone, locality });
            }
        }
    }
    Ok(people)
}

/// Ids of one statement: fewer than either engine binds.
const IDS_AT_ONCE: usize = 500;

/// The sealed identities of some paths.
async fn sealed(store: &ReadStore, ids: &[Uuid]) -> Result<Vec<(String, String)>, FoldError> {
    let mut handle = store.query().await?;
    Ok(on_engine!(handle.connection(), db => {
        let mut query = QueryBuilder::new(
            "SELECT aggregate_id, identity FROM case_identity WHERE aggregate_id IN (",
        );
        let mut list = query.separated(", ");
        for id in ids {
            list.push_bind(id.to_string());
        }
        query.push(")");
        query.build_query_as().fetch_all(db).await
    })?)
}
