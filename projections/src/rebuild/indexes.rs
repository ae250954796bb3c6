//! The indexes of a table that is filled at once: taken away before its rows come, and made when they are there,
//! which sorts them once instead of finding a place for each.

use sqlx::{PgConnection, SqliteConnection};

use crate::store::ReadConnection;

/// The memory that the server sorts an index in, for the transaction that fills a table.
const SORTED_IN: &str = "SET LOCAL maintenance_work_mem = '128MB'";

/// The statements that make a table's indexes again.
pub(crate) struct Indexes(Vec<String>);

impl Indexes {
    /// Takes the indexes of a table away, with its key on `PostgreSQL`: what stands in the transaction's own schemas,
    /// or in a schema of an attached file.
    pub async fn take(
        connection: ReadConnection<'_>,
        schema: &str,
        table: &str,
    ) -> Result<Self, sqlx::Error> {
        match connection {
            ReadConnection::Postgres(db) => Self::take_postgres(db, schema, table).await,
            ReadConnection::Sqlite(db) => Self::take_sqlite(db, schema, table).await,
        }
    }

    async fn take_postgres(
        db: &mut PgConnection,
        schema: &str,
        table: &str,
    ) -> Result<Self, sqlx::Error> {
        let name = format!("{schema}.{table}");
        let keys: Vec<(String, String)> = sqlx::query_as(
            "SELECT quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint
              WHERE conrelid = $1::regclass AND contype IN ('p', 'u') ORDER BY conname",
        )
        .bind(&name)
        .fetch_all(&mut *db)
        .await?;
        let indexes: Vec<(String, String)> = sqlx::query_as(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
              WHERE indrelid = $1::regclass AND NOT EXISTS
                    (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'))
              ORDER BY 1",
        )
        .bind(&name)
        .fetch_all(&mut *db)
        .await?;
        let mut make = vec![SORTED_IN.to_owned()];
        for (key, definition) in keys {
            let drop = format!("ALTER TABLE {name} DROP CONSTRAINT {key}");
            ReadConnection::Postgres(&mut *db).run(&drop).await?;
            make.push(format!("ALTER TABLE {name} ADD CONSTRAINT {key} {definition}"));
        }
        for (index, definition) in indexes {
            ReadConnection::Postgres(&mut *db).run(&format!("DROP INDEX {index}")).await?;
            make.push(definition);
        }
        Ok(Self(make))
    }

    async fn take_sqlite(
        db: &mut SqliteConnection,
        schema: &str,
        table: &str,
    ) -> Result<Self, sqlx::Error> {
        // What has no statement of its own is the table's key, without which it is no table.
        let indexes: Vec<(String, String)> = sqlx::query_as(&format!(
            "SELECT name, sql FROM {schema}.sqlite_master
              WHERE type = 'index' AND tbl_name = $1 AND sql IS NOT NULL ORDER BY name"
        ))
        .bind(table)
        .fetch_all(&mut *db)
        .await?;
        let mut make = Vec::new();
        for (index, definition) in indexes {
            let drop = format!("DROP INDEX {schema}.{index}");
            ReadConnection::Sqlite(&mut *db).run(&drop).await?;
            make.push(definition);
        }
        Ok(Self(make))
    }

    /// Makes them again.
    pub async fn make(self, mut connection: ReadConnection<'_>) -> Result<(), sqlx::Error> {
        for statement in self.0 {
            connection.again().run(&statement).await?;
        }
        Ok(())
    }
}
