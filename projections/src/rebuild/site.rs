//! Where new tables are made, beside the live ones.

use crate::store::{ReadError, ReadStore, made_once};
use crate::table::DATA_SCHEMA;

/// Tables of the live schema that every site has of its own.
const OWN: [&str; 3] = ["projection_checkpoints", "projection_builds", "table_places"];

/// A place for new tables: a schema on `PostgreSQL`, a file on `SQLite`.
pub(crate) struct Site {
    /// Statements without a schema lead to the new tables.
    pub store: ReadStore,
    live: ReadStore,
    name: &'static str,
}

impl Site {
    /// Opens the site of a name, with what stands on it, making it when it is not there.
    pub async fn open(live: &ReadStore, name: &'static str) -> Result<Self, ReadError> {
        let store = live.open_site(name).await?;
        let site = Self { store, live: live.clone(), name };
        if let Some(schema) = site.schema() {
            let mut handle = live.connection().await?;
            for table in OWN {
                let statement = format!(
                    "CREATE TABLE IF NOT EXISTS {schema}.{table} (LIKE {DATA_SCHEMA}.{table} INCLUDING ALL)"
                );
                handle.connection().run(&made_once(&statement)).await?;
            }
        }
        Ok(site)
    }

    /// Its schema on `PostgreSQL`.
    pub fn schema(&self) -> Option<String> {
        self.store.is_postgres().then(|| ReadStore::site_schema(self.name))
    }

    /// Its file on `SQLite`.
    pub fn file(&self) -> Option<String> {
        self.live.site_file(self.name).map(|path| path.display().to_string())
    }

    /// Removes everything that was left on it.
    pub async fn remove(&self) -> Result<(), ReadError> {
        self.store.close().await;
        self.live.remove_site(self.name).await
    }

    /// Removes everything on it and opens it again, empty.
    pub async fn clear(self) -> Result<Self, ReadError> {
        self.remove().await?;
        Self::open(&self.live, self.name).await
    }
}
