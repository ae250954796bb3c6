//! Putting new tables in the place of the old ones, with their checkpoints.
//!
//! One transaction: readers see the old tables or the new ones. It first locks what the live runner
//! must move to commit a batch (the checkpoints' rows; the file, on `SQLite`), then takes the last
//! events, so that the new tables are never behind the old. A crash before the commit leaves the old
//! tables in place and the build as it was; with the commit the build is written off, and only an empty
//! site is left, which the next rebuild clears.

use std::time::Duration;

use sqlx::{Connection as _, PgConnection, SqliteConnection};

use super::in_order;
use super::indexes::Indexes;
use super::pass::Pass;
use super::site::Site;
use crate::checkpoint::{self, Checkpoint};
use crate::face::{Blocked, held};
use crate::models::tables_of;
use crate::places;
use crate::store::{ReadConnection, ReadHandle};
use crate::table::{DATA_SCHEMA, Table, create_statements};
use crate::{Feed, FoldError, Projection, ReadStore};

/// How long a lock is waited for, in milliseconds: less than `PostgreSQL` waits before it looks for a
/// deadlock (1 s), so that it is always the swap that gives way, and never a reader.
const LOCK_MS: u32 = 400;
/// How often a swap is tried that readers or the live runner hold up: with the pauses between, more than a
/// minute, which is as long as an analyst's statement may last.
const TRIES: u32 = 12;
/// How long readers are let alone before it is tried again: twice as long each time, up to a limit.
const PAUSE: Duration = Duration::from_millis(500);
/// The limit: a swap is not to wait long once the way is free.
const PAUSE_MAX: Duration = Duration::from_secs(8);

/// A table to be put in place, and its schema on `PostgreSQL`.
type Place = (&'static str, &'static str);

/// What holds a swap up, in the list of [`ReadStore::held_up`].
const SWAP: &str = "swap";

/// How long readers are let alone after so many tries in vain.
fn pause(tries: u32) -> Duration {
    (PAUSE * 2_u32.saturating_pow(tries.min(8))).min(PAUSE_MAX)
}

/// Names who holds a swap up, in the log and in [`ReadStore::held_up`], and waits for a while.
async fn wait_for_others(live: &ReadStore, error: &FoldError, tries: u32) {
    let by = held::sessions(live).await.unwrap_or_default();
    tracing::warn!(%error, by = ?by, "a rebuild waits to put its tables in place");
    live.held_up().set(SWAP, vec![Blocked { what: DATA_SCHEMA.to_owned(), by }]);
    tokio::time::sleep(pause(tries)).await;
}

/// What is said when a swap was held up to the end: by whom.
fn given_up(live: &ReadStore, error: FoldError) -> FoldError {
    let held = live.held_up().all();
    live.held_up().set(SWAP, Vec::new());
    match held.into_iter().find(|held| held.what == DATA_SCHEMA) {
        Some(held) if is_held_up(&error) => {
            FoldError::Unavailable(format!("held up by {}", held.by.join(", ")).into())
        }
        _ => error,
    }
}

/// Whether somebody holds a lock that was waited for.
fn is_held_up(error: &FoldError) -> bool {
    let FoldError::Unavailable(cause) = error else { return false };
    let Some(sqlx::Error::Database(refused)) = cause.downcast_ref() else { return false };
    // lock_not_available, deadlock_detected, dependent_objects_still_exist; SQLITE_BUSY and its kinds.
    let code = refused.code().unwrap_or_default();
    matches!(&*code, "55P03" | "40P01" | "2BP01" | "5" | "261" | "517" | "773")
}

/// Puts the tables of a pass in place, but for those that an event did not fit.
pub(super) async fn models<F: Feed>(
    live: &ReadStore,
    pass: &mut Pass<'_, F>,
) -> Result<(), FoldError> {
    for tries in 1..TRIES {
        match try_models(live, pass).await {
            Err(error) if is_held_up(&error) => wait_for_others(live, &error, tries - 1).await,
            done => return done.map_err(|error| given_up(live, error)),
        }
        pass.catch_up().await?;
    }
    try_models(live, pass).await.map_err(|error| given_up(live, error))
}

async fn try_models<F: Feed>(live: &ReadStore, pass: &mut Pass<'_, F>) -> Result<(), FoldError> {
    let (journal, site) = (pass.feed.journal().to_owned(), pass.site);
    let names: Vec<_> = pass.models.iter().map(|model| model.name).collect();
    let mut swap = Swap::begin(live, site, &journal, &names).await?;
    while pass.catch_up_once().await? {}
    let built = pass.built();
    let tables = tables_of(&built);
    let places: Vec<Place> =
        tables.iter().map(|table| (table.name, table.realm.schema())).collect();
    if let Swap::Sqlite(db) = &mut swap {
        for table in &tables {
            let (create, indexes) = create_statements(table, None);
            let (name, columns) = (table.name, table.column_list());
            // Both files have tables of these names: `main` is the live one.
            let drop = format!("DROP TABLE IF EXISTS main.{name}");
            let copy =
                format!("INSERT INTO main.{name} ({columns}) SELECT {columns} FROM site.{name}");
            for statement in [drop, create, copy].into_iter().chain(indexes) {
                ReadConnection::Sqlite(db.connection()).run(&statement).await?;
            }
        }
    }
    swap.move_tables(site, &places).await?;
    for model in built {
        let to = Checkpoint::unkeyed(model.version, pass.at);
        checkpoint::set(swap.connection(), &journal, model.name, to).await?;
    }
    swap.write_off(site, "projection_builds").await?;
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
    for tries in 1..TRIES {
        match try_projection(feed, live, site, projection, &mut at).await {
            Err(error) if is_held_up(&error) => wait_for_others(live, &error, tries - 1).await,
            done => return done.map_err(|error| given_up(live, error)),
        }
        while in_order::take(site, feed, projection, &mut at).await? {}
    }
    try_projection(feed, live, site, projection, &mut at)
        .await
        .map_err(|error| given_up(live, error))
}

async fn try_projection<F: Feed, P: Projection>(
    feed: &F,
    live: &ReadStore,
    site: &Site,
    projection: &P,
    at: &mut Checkpoint,
) -> Result<(), FoldError> {
    let mut swap = Swap::begin(live, site, feed.journal(), &[projection.name()]).await?;
    while in_order::take(site, feed, projection, at).await? {}
    if let Swap::Sqlite(db) = &mut swap {
        for (table, _) in projection.tables() {
            let copy = format!(
                "DELETE FROM main.{table}; INSERT INTO main.{table} SELECT * FROM site.{table}"
            );
            // Others see neither that the indexes go nor that they come: it is one transaction.
            let db = db.connection();
            let indexes = Indexes::take(ReadConnection::Sqlite(&mut *db), "main", table).await?;
            ReadConnection::Sqlite(&mut *db).run(&copy).await?;
            indexes.make(ReadConnection::Sqlite(db)).await?;
        }
    }
    swap.move_tables(site, projection.tables()).await?;
    checkpoint::set(swap.connection(), feed.journal(), projection.name(), *at).await?;
    swap.write_off(site, "projection_checkpoints").await?;
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
            lock_checkpoints(db, journal, names).await?;
            return Ok(Self::Postgres(transaction));
        };
        let ReadHandle::Sqlite(handle) = live.connection().await? else {
            return Err(FoldError::Unavailable("the site is of another engine".into()));
        };
        let mut attached = Attached(Some(handle));
        let db = attached.connection();
        sqlx::query("ATTACH DATABASE $1 AS site").bind(file).execute(&mut *db).await?;
        // Not `BEGIN IMMEDIATE`, which would lock the site too: the last events are written there first.
        let lock = "BEGIN; UPDATE main.projection_checkpoints SET position = position";
        ReadConnection::Sqlite(db).run(lock).await?;
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
        let (versioned, own): (Vec<_>, Vec<_>) =
            places.iter().copied().partition(|(_, live)| *live == DATA_SCHEMA);
        lock_tables(db, &own).await?;
        for (table, live) in own {
            let statement = format!(
                "DROP TABLE IF EXISTS {live}.{table}; ALTER TABLE {schema}.{table} SET SCHEMA {live}"
            );
            ReadConnection::Postgres(&mut *db).run(&statement).await?;
        }
        if versioned.is_empty() {
            return Ok(());
        }
        // The table that stood there until now is not touched: others may be reading it.
        let version = places::new_version(db).await?;
        for table in versioned.iter().filter_map(|(name, _)| Table::named(name)) {
            let name = table.name;
            let statement = format!("ALTER TABLE {schema}.{name} SET SCHEMA {version}");
            ReadConnection::Postgres(&mut *db).run(&statement).await?;
            places::put(db, table, &version).await?;
        }
        Ok(())
    }

    /// What was built is in place: a later rebuild begins anew.
    async fn write_off(&mut self, site: &Site, table: &str) -> Result<(), FoldError> {
        let schema = site.schema().unwrap_or_else(|| "site".to_owned());
        Ok(self.connection().run(&format!("DELETE FROM {schema}.{table}")).await?)
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

async fn lock_checkpoints(
    db: &mut PgConnection,
    journal: &str,
    names: &[&str],
) -> Result<(), sqlx::Error> {
    let patience = format!("SET LOCAL lock_timeout = {LOCK_MS}");
    ReadConnection::Postgres(&mut *db).run(&patience).await?;
    sqlx::query(
        "SELECT 1 FROM projection_checkpoints WHERE journal = $1 AND projection = ANY($2) \
         ORDER BY projection FOR UPDATE",
    )
    .bind(journal)
    .bind(names)
    .execute(db)
    .await
    .map(drop)
}

/// Locks the live tables that there are, all of them before the first is dropped: what a reader holds
/// up is given up whole.
async fn lock_tables(db: &mut PgConnection, places: &[Place]) -> Result<(), sqlx::Error> {
    let names: Vec<_> = places.iter().map(|(table, live)| format!("{live}.{table}")).collect();
    let there: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM unnest($1::text[]) AS name WHERE to_regclass(name) IS NOT NULL",
    )
    .bind(names)
    .fetch_all(&mut *db)
    .await?;
    if there.is_empty() {
        return Ok(());
    }
    let lock = format!("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", there.join(", "));
    ReadConnection::Postgres(db).run(&lock).await
}
