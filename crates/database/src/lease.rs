//! A lease: which process does some work, one at a time.
//!
//! A lease saves work and nothing may rest on it: a holder that hangs, or whose machine sleeps, may go on
//! after its term. What keeps two from doing the same thing twice is for the work itself to say (a unique
//! key, a compare-and-set). A holder takes it again while it lives; when it dies, another takes it at
//! most a term later. The time is the database's, so that the clocks of the processes need not agree.

use std::time::Duration;

use uuid::Uuid;

use crate::{Connection, on_engine};

/// A lease, by the table that holds it: `holder` (text) and `until_ms` (a number), beside the key.
#[derive(Clone, Copy, Debug)]
pub struct Lease<'a> {
    /// The table.
    pub table: &'static str,
    /// Which row of it.
    pub row: LeaseRow<'a>,
}

/// Which row a lease is.
#[derive(Clone, Copy, Debug)]
pub enum LeaseRow<'a> {
    /// The only one: its `id` is 1.
    Only,
    /// One of several.
    Named {
        /// The column of the names, the table's key.
        column: &'static str,
        /// The name.
        name: &'a str,
    },
}

impl Lease<'_> {
    /// Takes it or renews it for a term from now on; false when another holds it.
    ///
    /// Within a transaction the row stays locked until that ends, so that holders of all processes come
    /// one after another.
    ///
    /// # Errors
    /// When the database fails, or the lock of the row was waited for too long.
    pub async fn take(
        &self,
        connection: Connection<'_>,
        holder: Uuid,
        term: Duration,
    ) -> Result<bool, sqlx::Error> {
        let (table, now) = (self.table, connection.engine().now_ms());
        let (key, value) = self.key();
        let term_ms = term.as_millis();
        let statement = format!(
            "INSERT INTO {table} ({key}, holder, until_ms) VALUES ({value}, $1, {now} + {term_ms}) \
             ON CONFLICT ({key}) DO UPDATE SET holder = excluded.holder, until_ms = excluded.until_ms \
              WHERE {table}.holder = excluded.holder OR {table}.until_ms < {now}"
        );
        let rows = self.execute(connection, &statement, holder).await?;
        Ok(rows == 1)
    }

    /// Whether no other holds it just now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_free(
        &self,
        connection: Connection<'_>,
        holder: Uuid,
    ) -> Result<bool, sqlx::Error> {
        let (table, now) = (self.table, connection.engine().now_ms());
        let (key, value) = self.key();
        let statement = format!(
            "SELECT count(*) FROM {table} WHERE {key} = {value} AND holder <> $1 AND until_ms >= {now}"
        );
        let others: i64 = on_engine!(connection, db => {
            let mut query = sqlx::query_scalar(&statement).bind(holder.to_string());
            if let LeaseRow::Named { name, .. } = self.row {
                query = query.bind(name);
            }
            query.fetch_one(db).await?
        });
        Ok(others == 0)
    }

    /// Gives it back, so that another may take it at once. If this fails, the term runs out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn give_back(
        &self,
        connection: Connection<'_>,
        holder: Uuid,
    ) -> Result<(), sqlx::Error> {
        let (key, value) = self.key();
        let statement = format!("DELETE FROM {} WHERE {key} = {value} AND holder = $1", self.table);
        self.execute(connection, &statement, holder).await.map(drop)
    }

    /// The key's column, and its value as it stands in a statement in which the holder is `$1`.
    const fn key(&self) -> (&'static str, &'static str) {
        match self.row {
            LeaseRow::Only => ("id", "1"),
            LeaseRow::Named { column, .. } => (column, "$2"),
        }
    }

    async fn execute(
        &self,
        connection: Connection<'_>,
        statement: &str,
        holder: Uuid,
    ) -> Result<u64, sqlx::Error> {
        on_engine!(connection, db => {
            let mut query = sqlx::query(statement).bind(holder.to_string());
            if let LeaseRow::Named { name, .. } = self.row {
                query = query.bind(name);
            }
            query.execute(db).await.map(|done| done.rows_affected())
        })
    }
}
