//! Bringing a schema up to date, and refusing one that this program does not know.

use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::time::Duration;

use sqlx::migrate::{Migrate, MigrateError, Migrator};
use sqlx::{Executor, PgConnection};

use crate::{ByEngine, Database, DatabaseError, Engine, PostgresServer, SqliteFile, on_engine};

/// How long is waited for another process that migrates: the longest migration takes less.
const MIGRATORS_WAIT: Duration = Duration::from_mins(1);

/// The schema of a store: its migrations for each engine, which go together version by version.
#[derive(Debug)]
pub struct Schema {
    /// The migrations on `PostgreSQL`.
    pub postgres: Migrator,
    /// The migrations on `SQLite`.
    pub sqlite: Migrator,
    /// The versions that are this store's where others keep theirs in the same database and table; none
    /// where every version must be known.
    pub own_versions: Option<RangeInclusive<i64>>,
    /// The schema of `PostgreSQL` in which the store's tables and the table of its migrations lie, made
    /// when it is not there; it must be the first on the profile's search path. None leaves it to the
    /// server.
    pub namespace: Option<&'static str>,
}

impl Schema {
    /// The last migration that this program knows for an engine.
    #[must_use]
    pub fn last_version(&self, engine: Engine) -> i64 {
        self.migrator(engine).iter().last().map_or(0, |migration| migration.version)
    }

    /// Runs what is missing, making an embedded database if there is none. On a server it is one
    /// transaction, in a file one a migration: a crash leaves whole ones, and running again does the rest.
    ///
    /// # Errors
    /// [`DatabaseError::UnknownSchema`] when a migration of this store was applied that this program does
    /// not have, or has otherwise; `Held` when another process migrates, or uses a table that has to
    /// change, for longer than is waited; `WrongSchema`, `Database`, `Migration`.
    pub async fn migrate(&'static self, database: &Database) -> Result<(), DatabaseError> {
        match database {
            ByEngine::Postgres(server) => self.migrate_postgres(server).await,
            ByEngine::Sqlite(file) => self.migrate_file(file).await,
        }
    }

    /// Refuses a schema that is not exactly what this program's migrations make.
    ///
    /// # Errors
    /// [`DatabaseError::UnknownSchema`], `SchemaBehind` (also when there is no such file), `Database`.
    pub async fn check(&self, database: &Database) -> Result<(), DatabaseError> {
        let (applied, known) = (self.applied(database).await?, self.migrator(database.engine()));
        for (version, checksum) in &applied {
            let ours = known.iter().find(|migration| migration.version == *version);
            if ours.is_none_or(|migration| *migration.checksum != **checksum) {
                return Err(DatabaseError::UnknownSchema { version: *version });
            }
        }
        if applied.len() < known.iter().count() {
            let found = applied.last().map(|(version, _)| *version);
            let expected = self.last_version(database.engine());
            return Err(DatabaseError::SchemaBehind { found, expected });
        }
        Ok(())
    }

    /// Whether any of the store's migrations was applied.
    ///
    /// # Errors
    /// [`DatabaseError::Database`].
    pub async fn is_made(&self, database: &Database) -> Result<bool, DatabaseError> {
        Ok(!self.applied(database).await?.is_empty())
    }

    const fn migrator(&self, engine: Engine) -> &Migrator {
        match engine {
            Engine::Postgres => &self.postgres,
            Engine::Sqlite => &self.sqlite,
        }
    }

    /// The migrations to run, on a connection that holds the migrators' lock already.
    fn locked_migrator(&'static self, engine: Engine) -> Migrator {
        Migrator {
            migrations: Cow::Borrowed(&self.migrator(engine).migrations),
            ignore_missing: self.own_versions.is_some(),
            locking: false,
            ..Migrator::DEFAULT
        }
    }

    /// On a connection of its own, in one transaction. Who migrates is told by a lock on the table of the
    /// migrations, which nobody can take who has no rights to it: sqlx's own lock is a number that every
    /// login of the database may take, and keep for ever. It is waited for, but not without end. The
    /// settings come after it, so that no migration waits long for the lock of another table, with every
    /// writer of that table behind it.
    async fn migrate_postgres(&'static self, server: &PostgresServer) -> Result<(), DatabaseError> {
        let mut db = server.connect_bare().await?;
        if let Some(namespace) = self.namespace {
            enter(&mut db, namespace).await?;
        }
        let place = make_list(&mut db).await?;
        let done = self.migrate_alone(&mut db, server, &place).await;
        match done {
            Err(error) if is_held(&error) => Err(match holder(&mut db, &place).await {
                Some(by) => DatabaseError::Held { by },
                None => error,
            }),
            Err(error) => Err(error),
            Ok(()) => Ok(sqlx::Connection::close(db).await?),
        }
    }

    async fn migrate_alone(
        &'static self,
        db: &mut PgConnection,
        server: &PostgresServer,
        place: &str,
    ) -> Result<(), DatabaseError> {
        let patience = format!("SET lock_timeout = {}", MIGRATORS_WAIT.as_millis());
        db.execute(patience.as_str()).await?;
        let mut transaction = sqlx::Connection::begin(&mut *db).await?;
        let lock = format!("LOCK TABLE {place} IN SHARE UPDATE EXCLUSIVE MODE");
        transaction.execute(lock.as_str()).await?;
        server.set_up(&mut transaction).await?;
        self.refuse_unknown(&mut *transaction).await?;
        self.locked_migrator(Engine::Postgres).run_direct(&mut *transaction).await?;
        Ok(transaction.commit().await?)
    }

    /// Processes that start together on a new file may run the same migration: all but one fail at it, and find on
    /// another look what that one has made. That may be so at each of the migrations.
    async fn migrate_file(&'static self, file: &SqliteFile) -> Result<(), DatabaseError> {
        for _ in self.sqlite.iter() {
            match self.migrate_sqlite(file).await {
                Err(DatabaseError::Migration(_) | DatabaseError::Database(_)) => {}
                done => return done,
            }
        }
        self.migrate_sqlite(file).await
    }

    async fn migrate_sqlite(&'static self, file: &SqliteFile) -> Result<(), DatabaseError> {
        let mut db = file.make_and_connect().await?;
        self.refuse_unknown(&mut db).await?;
        self.locked_migrator(Engine::Sqlite).run_direct(&mut db).await?;
        Ok(sqlx::Connection::close(db).await?)
    }

    /// Where other stores' versions are passed over, this store's must be known all the same: a newer
    /// program's must not be taken for another store's.
    async fn refuse_unknown<C: Migrate>(&self, db: &mut C) -> Result<(), MigrateError> {
        let Some(own) = &self.own_versions else { return Ok(()) };
        db.ensure_migrations_table().await?;
        let applied = db.list_applied_migrations().await?;
        // The two engines' versions go together.
        let unknown = applied
            .iter()
            .map(|migration| migration.version)
            .find(|version| own.contains(version) && !self.sqlite.version_exists(*version));
        unknown.map_or(Ok(()), |version| Err(MigrateError::VersionMissing(version)))
    }

    /// The store's migrations that were applied, with their checksums.
    async fn applied(&self, database: &Database) -> Result<Vec<(i64, Vec<u8>)>, DatabaseError> {
        let mut link = match database.connect().await {
            Ok(link) => link,
            // An embedded database that was never made has no file: behind, not broken.
            Err(error) if is_no_file(&error) => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let applied = on_engine!(&mut link, db => db.list_applied_migrations().await);
        let applied = match applied {
            Err(MigrateError::Execute(error)) if is_no_table(&error) => return Ok(Vec::new()),
            applied => applied?,
        };
        let is_own =
            |version: &i64| self.own_versions.as_ref().is_none_or(|own| own.contains(version));
        let own = applied.into_iter().filter(|migration| is_own(&migration.version));
        Ok(own.map(|migration| (migration.version, migration.checksum.into_owned())).collect())
    }
}

/// Makes the table in which sqlx lists what was applied, and tells where it lies. Two processes that make
/// it in the same moment: the second fails, and finds it.
async fn make_list(db: &mut PgConnection) -> Result<String, DatabaseError> {
    let made = db.ensure_migrations_table().await;
    let place: Option<String> = sqlx::query_scalar(
        "SELECT format('%I.%I', nspname, relname) FROM pg_class
           JOIN pg_namespace AS schema ON schema.oid = relnamespace
          WHERE pg_class.oid = to_regclass('_sqlx_migrations')",
    )
    .fetch_one(&mut *db)
    .await?;
    match place {
        Some(place) => Ok(place),
        None => {
            Err(made.err().map_or(DatabaseError::Database(sqlx::Error::RowNotFound), Into::into))
        }
    }
}

/// Whether a lock was waited for in vain (`lock_not_available`).
fn is_held(error: &DatabaseError) -> bool {
    let (DatabaseError::Database(error)
    | DatabaseError::Migration(
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _),
    )) = error
    else {
        return false;
    };
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref() == Some("55P03")
}

/// Who held up a migration, as the server's list of sessions names it. Who migrates comes first; else it
/// is whoever has a transaction open for the longest time, since that is what holds a table.
async fn holder(db: &mut PgConnection, place: &str) -> Option<String> {
    sqlx::query_scalar(
        "SELECT format('%s (%s, pid %s)', session.usename, session.application_name, session.pid)
           FROM pg_stat_activity AS session
          WHERE session.datname = current_database() AND session.pid <> pg_backend_pid()
            AND session.xact_start IS NOT NULL
          ORDER BY EXISTS (SELECT 1 FROM pg_locks AS held
                    WHERE held.pid = session.pid AND held.granted AND held.relation = $1::regclass
                      AND held.mode = 'ShareUpdateExclusiveLock') DESC, session.xact_start
          LIMIT 1",
    )
    .bind(place)
    .fetch_optional(db)
    .await
    .ok()
    .flatten()
}

/// Makes the schema if it is not there, and makes sure that the connection works in it.
async fn enter(db: &mut PgConnection, namespace: &'static str) -> Result<(), DatabaseError> {
    if current_schema(db).await?.as_deref() == Some(namespace) {
        return Ok(());
    }
    let made = db.execute(format!("CREATE SCHEMA IF NOT EXISTS {namespace}").as_str()).await;
    if current_schema(db).await?.as_deref() == Some(namespace) {
        // Also when it failed: another process may have made it in the same moment, which PostgreSQL
        // reports as an error.
        return Ok(());
    }
    made?;
    Err(DatabaseError::WrongSchema { schema: namespace })
}

async fn current_schema(db: &mut PgConnection) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT current_schema()::text").fetch_one(db).await
}

fn is_no_table(error: &sqlx::Error) -> bool {
    let Some(error) = error.as_database_error() else {
        return false;
    };
    error.code().as_deref() == Some("42P01") || error.message().starts_with("no such table")
}

/// `SQLITE_CANTOPEN`.
fn is_no_file(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code().map(Cow::into_owned));
    code.as_deref() == Some("14")
}
