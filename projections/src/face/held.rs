//! Who holds up what Sira wants to change, by name.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use schemars::JsonSchema;
use serde::Serialize;
use sqlx::PgConnection;

use crate::store::{ReadConnection, ReadError, ReadStore};

/// Something that is held up, and by whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Held")]
pub struct Blocked {
    /// What waits: a view, or the table of an older version.
    pub what: String,
    /// Who holds it: logins with their program and session, or views that were made on it.
    pub by: Vec<String>,
}

/// What is held up in a read database, as this process last saw it. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct HeldUp(Arc<Mutex<BTreeMap<&'static str, Vec<Blocked>>>>);

impl HeldUp {
    /// Everything that is held up now.
    #[must_use]
    pub fn all(&self) -> Vec<Blocked> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.values().flatten().cloned().collect()
    }

    /// Says anew what is held up of one kind.
    pub(crate) fn set(&self, kind: &'static str, held: Vec<Blocked>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(kind, held);
    }
}

/// What a refused statement waited for: a lock, or that nothing depends on it any more.
pub(crate) fn is_held(error: &sqlx::Error) -> bool {
    // lock_not_available, deadlock_detected, dependent_objects_still_exist.
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    matches!(code.as_deref(), Some("55P03" | "40P01" | "2BP01"))
}

/// The sessions that hold a lock on a relation, but for our own.
pub(super) async fn holders(
    db: &mut PgConnection,
    relation: &str,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT DISTINCT format('%s (%s, pid %s)', session.usename, session.application_name, session.pid)
           FROM pg_locks AS held JOIN pg_stat_activity AS session ON session.pid = held.pid
          WHERE held.granted AND held.relation = to_regclass($1) AND held.pid <> pg_backend_pid()
            AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
          ORDER BY 1",
    )
    .bind(relation)
    .fetch_all(db)
    .await
}

/// The views of others that were made on a relation: what Sira keeps itself is not named.
pub(super) async fn dependents(
    db: &mut PgConnection,
    relation: &str,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT DISTINCT format('view %I.%I', schema.nspname, its.relname)
           FROM pg_depend AS on_it
           JOIN pg_rewrite AS rule ON rule.oid = on_it.objid
           JOIN pg_class AS its ON its.oid = rule.ev_class
           JOIN pg_namespace AS schema ON schema.oid = its.relnamespace
          WHERE on_it.classid = 'pg_rewrite'::regclass AND on_it.refclassid = 'pg_class'::regclass
            AND on_it.refobjid = to_regclass($1) AND its.oid <> on_it.refobjid
            AND schema.nspname NOT IN ('read', 'audit', 'read_data')
          ORDER BY 1",
    )
    .bind(relation)
    .fetch_all(db)
    .await
}

/// The sessions that hold the server's own names up: a dump of them, or a question that takes long.
pub(crate) async fn sessions(store: &ReadStore) -> Result<Vec<String>, ReadError> {
    let mut handle = store.connection().await?;
    let ReadConnection::Postgres(db) = handle.connection() else { return Ok(Vec::new()) };
    let by = sqlx::query_scalar(
        "SELECT DISTINCT format('%s (%s, pid %s)', session.usename, session.application_name, session.pid)
           FROM pg_locks AS held JOIN pg_stat_activity AS session ON session.pid = held.pid
           JOIN pg_class AS its ON its.oid = held.relation
          WHERE held.granted AND held.pid <> pg_backend_pid()
            AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND its.relnamespace IN (to_regnamespace('read_data'), to_regnamespace('identity'))
          ORDER BY 1",
    )
    .fetch_all(&mut *db)
    .await?;
    Ok(by)
}
