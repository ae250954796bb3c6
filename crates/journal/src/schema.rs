//! Bringing the schema up to date, and refusing one that this program does not know.

use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::time::Duration;

use sqlx::migrate::{Migrate, MigrateError, Migrator};

use crate::JournalError;
use crate::pool::{Link, Pool, Target};

/// Migration versions of the journal. Other parts may keep theirs in the same database and table.
const OWN_VERSIONS: RangeInclusive<i64> = 1000..=1999;

static POSTGRES: Migrator = sqlx::migrate!("../../migrations/journal/postgres");
static SQLITE: Migrator = sqlx::migrate!("../../migrations/journal/sqlite");

fn migrator(target: &Target) -> &'static Migrator {
    match target {
        Target::Postgres(_) => &POSTGRES,
        Target::Sqlite(_) => &SQLITE,
    }
}

/// Runs what is missing. Each migration is one transaction; a crash leaves whole ones, and running
/// again does the rest.
pub(crate) async fn migrate(target: &Target, lock_timeout: Duration) -> Result<(), JournalError> {
    let target = match target {
        Target::Sqlite(options) => Target::Sqlite(options.clone().create_if_missing(true)),
        postgres @ Target::Postgres(_) => postgres.clone(),
    };
    let migrator = Migrator {
        migrations: Cow::Borrowed(&migrator(&target).migrations),
        ignore_missing: true,
        ..Migrator::DEFAULT
    };
    let run = match Link::open(&target, lock_timeout).await? {
        Link::Postgres(mut db) => migrator.run_direct(&mut db).await,
        Link::Sqlite(mut db) => migrator.run_direct(&mut db).await,
    };
    run.map_err(|error| match error {
        MigrateError::VersionMismatch(version) => JournalError::SchemaUnknown {
            found: format!("another migration {version}"),
            expected: expected(&target),
        },
        error => error.into(),
    })
}

/// Refuses a schema that is not exactly what this program's migrations make.
pub(crate) async fn check(target: &Target, lock_timeout: Duration) -> Result<(), JournalError> {
    let applied = applied(target, lock_timeout).await?;
    let known = migrator(target);
    let expected = expected(target);
    for (version, checksum) in &applied {
        let ours = known.iter().find(|migration| migration.version == *version);
        if ours.is_none_or(|migration| *migration.checksum != **checksum) {
            let found = format!("migration {version}, which this program does not know as it is");
            return Err(JournalError::SchemaUnknown { found, expected });
        }
    }
    if applied.len() < known.iter().count() {
        let found = match applied.last() {
            Some((version, _)) => format!("migration {version}"),
            None => "no schema".to_owned(),
        };
        return Err(JournalError::SchemaBehind { found, expected });
    }
    Ok(())
}

/// Whether any of the journal's migrations was applied.
pub(crate) async fn is_made(target: &Target, lock_timeout: Duration) -> Result<bool, JournalError> {
    Ok(!applied(target, lock_timeout).await?.is_empty())
}

/// The last migration that this program knows for an engine.
pub(crate) fn last_version(pool: &Pool) -> i64 {
    let migrator = match pool {
        Pool::Postgres(_) => &POSTGRES,
        Pool::Sqlite(_) => &SQLITE,
    };
    migrator.iter().last().map_or(0, |migration| migration.version)
}

fn expected(target: &Target) -> String {
    let last = migrator(target).iter().last().map_or(0, |migration| migration.version);
    format!("migration {last}")
}

/// The journal's migrations that were applied, with their checksums.
async fn applied(
    target: &Target,
    lock_timeout: Duration,
) -> Result<Vec<(i64, Vec<u8>)>, JournalError> {
    let applied = match Link::open(target, lock_timeout).await {
        Ok(Link::Postgres(mut db)) => db.list_applied_migrations().await,
        Ok(Link::Sqlite(mut db)) => db.list_applied_migrations().await,
        // An embedded journal that was never made has no file: behind, not broken.
        Err(error) if is_no_file(&error) => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let applied = match applied {
        Err(MigrateError::Execute(error)) if is_no_table(&error) => return Ok(Vec::new()),
        applied => applied?,
    };
    let own = applied.into_iter().filter(|migration| OWN_VERSIONS.contains(&migration.version));
    Ok(own.map(|migration| (migration.version, migration.checksum.into_owned())).collect())
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
