//! What a store is: its id, and the check value by which it knows its master key again.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sira_database::{Pool, on_engine};
use uuid::{Builder, Uuid};

use super::aead::random;
use super::{KeysError, MasterKey};

/// The store's id, made at its first opening.
///
/// Id and check value are one statement: durable together or not at all, and of two processes that
/// open a new store together the second reads what the first has written. A crash before leaves an
/// empty store, which the next opening makes anew.
///
/// # Errors
/// [`KeysError::WrongMasterKey`] when the store was made under another master key.
pub(super) async fn identify(pool: &Pool, master: &MasterKey) -> Result<Uuid, KeysError> {
    if let Some(found) = read(pool).await? {
        return check(&found, master);
    }
    let id = Builder::from_random_bytes(random()?).into_uuid();
    let check_value = STANDARD.encode(master.check_value(id)?);
    on_engine!(pool, db => {
        sqlx::query(
            "INSERT INTO key_store (name, value) VALUES ('id', $1), ('check', $2)
             ON CONFLICT DO NOTHING",
        )
        .bind(id.simple().to_string())
        .bind(check_value)
        .execute(db)
        .await
        .map(drop)
    })?;
    let found = read(pool).await?.ok_or_else(|| damaged("id"))?;
    check(&found, master)
}

struct Identity {
    id: String,
    check_value: String,
}

async fn read(pool: &Pool) -> Result<Option<Identity>, KeysError> {
    let row: Option<(String, String)> = on_engine!(pool, db => {
        sqlx::query_as(
            "SELECT id.value, key_check.value FROM key_store AS id
               JOIN key_store AS key_check ON key_check.name = 'check'
              WHERE id.name = 'id'",
        )
        .fetch_optional(db)
        .await
    })?;
    Ok(row.map(|(id, check_value)| Identity { id, check_value }))
}

fn check(found: &Identity, master: &MasterKey) -> Result<Uuid, KeysError> {
    let id = Uuid::try_parse(&found.id).map_err(|_| damaged("id"))?;
    let check_value = STANDARD.decode(&found.check_value).map_err(|_| damaged("check"))?;
    if master.made(id, &check_value) { Ok(id) } else { Err(KeysError::WrongMasterKey) }
}

fn damaged(name: &str) -> KeysError {
    KeysError::Inconsistent { table: "key_store", id: name.to_owned() }
}
