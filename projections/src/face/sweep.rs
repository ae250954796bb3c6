//! The tables of older versions, which go when nobody reads them any more.

use sqlx::PgConnection;

use super::held::{Blocked, dependents, holders, is_held};
use super::view::LOCK_MS;
use crate::store::ReadStore;

/// Removes the tables that are in place under no name, and the schemas that are empty; gives what was
/// held up. One that a view of ours still shows is held up with that view, and not told twice.
pub(super) async fn old_tables(
    store: &ReadStore,
    db: &mut PgConnection,
) -> Result<Vec<Blocked>, sqlx::Error> {
    let tables: Vec<String> = sqlx::query_scalar(
        r"SELECT format('%I.%I', nspname, relname) FROM pg_class
            JOIN pg_namespace AS schema ON schema.oid = relnamespace
           WHERE nspname LIKE 'read\_v%' AND relkind = 'r'
             AND NOT EXISTS (SELECT 1 FROM table_places AS placed
                   WHERE placed.name = relname AND placed.place = nspname)
           ORDER BY 1",
    )
    .fetch_all(&mut *db)
    .await?;
    let mut held = Vec::new();
    for table in tables {
        match drop_alone(store, &format!("DROP TABLE IF EXISTS {table}")).await {
            Ok(()) => {}
            Err(error) if is_held(&error) => {
                let mut by = dependents(db, &table).await?;
                by.extend(holders(db, &table).await?);
                if !by.is_empty() {
                    held.push(Blocked { what: table, by });
                }
            }
            Err(error) => return Err(error),
        }
    }
    let empty: Vec<String> = sqlx::query_scalar(
        r"SELECT nspname::text FROM pg_namespace AS schema
           WHERE nspname LIKE 'read\_v%'
             AND NOT EXISTS (SELECT 1 FROM pg_class WHERE relnamespace = schema.oid)",
    )
    .fetch_all(&mut *db)
    .await?;
    for schema in empty {
        match drop_alone(store, &format!("DROP SCHEMA IF EXISTS {schema}")).await {
            Err(error) if !is_held(&error) => return Err(error),
            _ => {}
        }
    }
    Ok(held)
}

/// Without `CASCADE`: what somebody has made on it is told, and never taken away.
async fn drop_alone(store: &ReadStore, statement: &str) -> Result<(), sqlx::Error> {
    let mut transaction = store.begin().await?;
    let patience = format!("SET LOCAL lock_timeout = {LOCK_MS}; {statement}");
    transaction.connection().run(&patience).await?;
    transaction.commit().await
}
