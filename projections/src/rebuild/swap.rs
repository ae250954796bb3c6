//! Putting new tables in the place of the old ones, with their checkpoints.
//!
//! One transaction: readers see the old tables or the new ones. It first locks what the live runner
//! must move to commit a batch (the checkpoints' rows; the file, on `SQLite`), then takes the last
//! events, so that the new tables are never behind the old. A crash before the commit leaves the old
//! tables in place and the build as it was; after it, only the site is left, which the next rebuild
//! clears.

use sqlx::{Connection as _, SqliteConnection};

use super::pass::catch_up_once;
use super::site::Site;
use super::{Failure, in_order};
use crate::analyst;
use crate::folds::Folds;
use crate::models::Model;
use crate::runner::pack::tables_of;
use crate::runner::{Checkpoint, set_checkpoint};
use crate::store::{ReadConnection, ReadHandle};
use crate::table::{create_statements, drop_statement};
use crate::{Feed, FoldError, Projection, ReadStore};

/// A table to be put in place, and its schema on `PostgreSQL`.
type Place = (&'static str, &'static str);

/// Puts the tables of some models in place.
pub(super) async fn models<F: Feed>(
    feed: &F,
    live: &ReadStore,
    site: &Site,
    built: &[&'static Model],
    mut at: u64,
    failures: &[Failure],
) -> Result<(), FoldError> {
    let tables = tables_of(built);
    let places: Vec<Place> =
        tables.iter().map(|table| (table.name, table.realm.schema())).collect();
    let names: Vec<_> = built.iter().map(|model| model.name).collect();
    let mut swap = Swap::begin(live, site, feed.journal(), &names).await?;
    let (mut folds, mut failures) = (Folds::default(), failures.to_vec());
    let known = failures.len();
    while catch_up_once(feed, site, built, &mut folds, &mut at, &mut failures).await? {}
    if failures.len() > known {
        return Err(FoldError::Unfit("an event of the last moment does not fit".into()));
    }
    if let Swap::Sqlite(db) = &mut swap {
        for table in &tables {
            let (create, indexes) = create_statements(table, None);
            // Named with its file: without, it would be the site's table that goes when there is no live
            // one yet.
            let drop = drop_statement(table, Some("main"));
            let columns = table.column_list();
            let copy =
                format!("INSERT INTO {0} ({columns}) SELECT {columns} FROM site.{0}", table.name);
            for statement in [drop, create, copy].into_iter().chain(indexes) {
                ReadConnection::Sqlite(db.connection()).run(&statement).await?;
            }
        }
    }
    swap.move_tables(site, &places).await?;
    for model in built {
        let to = Checkpoint { version: model.version, position: at };
        set_checkpoint(swap.connection(), feed.journal(), model.name, to).await?;
    }
    analyst::grant(swap.connection()).await?;
    swap.commit().await
}

/// Puts the tables of a projection in place that is fed in the journal's order.
pub(super) async fn projection<F: Feed, P: Projection>(
    feed: &F,
    live: &ReadStore,
    site: &Site,
    projection: &P,
    mut at: Checkpoint,
) -> Result<(), FoldError> {
    let mut swap = Swap::begin(live, site, feed.journal(), &[projection.name()]).await?;
    while in_order::take(site, feed, projection, &mut at).await? {}
    if let Swap::Sqlite(db) = &mut swap {
        for (table, _) in projection.tables() {
            let copy =
                format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM site.{table}");
            ReadConnection::Sqlite(db.connection()).run(&copy).await?;
        }
    }
    swap.move_tables(site, projection.tables()).await?;
    set_checkpoint(swap.connection(), feed.journal(), projection.name(), at).await?;
    // A table that was made anew has no grants.
    analyst::grant(swap.connection()).await?;
    swap.commit().await
}

/// The transaction under way.
enum Swap {
    Postgres(crate::ReadTransaction),
    Sqlite(Attached),
}

/// A connection to the live file with the site's attached; closed rather than given back, since what is
/// attached to it must not stay.
struct Attached(Option<sqlx::pool::PoolConnection<sqlx::Sqlite>>);

impl Attached {
    fn connection(&mut self) -> &mut SqliteConnection {
        self.0.as_mut().expect("it is there until the commit")
    }
}

impl Swap {
    /// Begins, and locks what a live runner must move.
    async fn begin(
        live: &ReadStore,
        site: &Site,
        journal: &str,
        names: &[&str],
    ) -> Result<Self, FoldError> {
        let Some(file) = site.file() else {
            let mut transaction = live.begin().await?;
            let ReadConnection::Postgres(db) = transaction.connection() else {
                return Err(FoldError::Unavailable("the site is of another engine".into()));
            };
            sqlx::query(
                "SELECT 1 FROM projection_checkpoints WHERE journal = $1 AND projection = ANY($2) \
                 FOR UPDATE",
            )
            .bind(journal)
            .bind(names)
            .execute(db)
            .await?;
            return Ok(Self::Postgres(transaction));
        };
        let ReadHandle::Sqlite(handle) = live.connection().await? else {
            return Err(FoldError::Unavailable("the site is of another engine".into()));
        };
        let mut attached = Attached(Some(handle));
        let db = attached.connection();
        sqlx::query("ATTACH DATABASE $1 AS site").bind(file).execute(&mut *db).await?;
        ReadConnection::Sqlite(db).run("BEGIN IMMEDIATE").await?;
        Ok(Self::Sqlite(attached))
    }

    fn connection(&mut self) -> ReadConnection<'_> {
        match self {
            Self::Postgres(transaction) => transaction.connection(),
            Self::Sqlite(attached) => ReadConnection::Sqlite(attached.connection()),
        }
    }

    /// On `PostgreSQL` the tables themselves move; on `SQLite` their rows were copied already.
    async fn move_tables(&mut self, site: &Site, places: &[Place]) -> Result<(), FoldError> {
        let (Self::Postgres(transaction), Some(schema)) = (self, site.schema()) else {
            return Ok(());
        };
        let ReadConnection::Postgres(db) = transaction.connection() else { return Ok(()) };
        for (table, live) in places {
            let statement = format!(
                "DROP TABLE IF EXISTS {live}.{table}; ALTER TABLE {schema}.{table} SET SCHEMA {live}"
            );
            ReadConnection::Postgres(&mut *db).run(&statement).await?;
        }
        Ok(())
    }

    async fn commit(self) -> Result<(), FoldError> {
        match self {
            Self::Postgres(transaction) => transaction.commit().await?,
            Self::Sqlite(mut attached) => {
                ReadConnection::Sqlite(attached.connection()).run("COMMIT").await?;
                if let Some(handle) = attached.0.take() {
                    handle.detach().close().await?;
                }
            }
        }
        Ok(())
    }
}

impl Drop for Attached {
    /// What was not committed is rolled back with the connection.
    fn drop(&mut self) {
        if let Some(handle) = self.0.take() {
            drop(handle.detach());
        }
    }
}
