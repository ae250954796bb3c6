//! What guards the journal's tables in the database itself: unique keys, checks, triggers. The rules of the journal
//! rest on them, and whoever owns the database can take them away.
//!
//! What must be there is not written down twice: on `SQLite` it is what this program's migrations make of an empty
//! database; on `PostgreSQL` it is the list `postgres.txt`, which a test compares with what they make of one.

mod physical;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use sira_database::ByEngine;
use sqlx::{Connection, SqliteConnection};
use tokio::sync::OnceCell;

pub use physical::{IndexCheck, IndexFault};

use crate::database::SCHEMA;
use crate::{Journal, JournalError};

/// The guards of a server's database, one a line: kind, table, name and text, apart by tabs.
const ON_POSTGRES: &str = include_str!("postgres.txt");

/// A guard: its kind, its table and its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct GuardName {
    kind: String,
    table: String,
    name: String,
}

/// Guards by their names, each with the text that makes it.
type Guards = BTreeMap<GuardName, String>;

/// What is wrong with a guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuardProblem {
    /// It is not there.
    Missing,
    /// It is there in another form, or switched off.
    Changed,
    /// Somebody has put it there: a trigger or rule that this program knows nothing of.
    Foreign,
}

/// A guard that is not as this program's migrations make it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardFault {
    /// What is wrong.
    pub problem: GuardProblem,
    /// `table`, `index`, `trigger`, `rule`, `constraint` or `column`, with the table and the guard's name.
    pub what: String,
    /// The text that it should have; none of a foreign one.
    pub text: Option<String>,
}

impl fmt::Display for GuardFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problem = match self.problem {
            GuardProblem::Missing => "missing",
            GuardProblem::Changed => "changed",
            GuardProblem::Foreign => "foreign",
        };
        write!(f, "{problem}: {}", self.what)
    }
}

impl Journal {
    /// The guards of the journal's tables that are missing, changed or somebody else's.
    ///
    /// # Errors
    /// [`JournalError::Database`].
    pub async fn guard_faults(&self) -> Result<Vec<GuardFault>, JournalError> {
        let (must, found) = match self.pool() {
            ByEngine::Postgres(pool) => {
                let mut found = on_postgres(pool).await?;
                let mut must = listed(ON_POSTGRES);
                if is_citus(pool).await? {
                    // Citus refuses triggers on distributed tables; there, rights take their place.
                    must.retain(|guard, _| guard.kind != "trigger" || found.contains_key(guard));
                    found.retain(|guard, _| guard.kind != "trigger" || must.contains_key(guard));
                }
                (must, found)
            }
            ByEngine::Sqlite(pool) => {
                let mut handle = pool.acquire().await?;
                (of_an_empty_database().await?, on_sqlite(&mut handle).await?)
            }
        };
        Ok(compared(&must, &found))
    }

    /// The guards of a server's database as lines of the list that this program carries; none of a file.
    ///
    /// # Errors
    /// [`JournalError::Database`].
    pub async fn guards_listed(&self) -> Result<Option<String>, JournalError> {
        let ByEngine::Postgres(pool) = self.pool() else { return Ok(None) };
        let found = on_postgres(pool).await?;
        let line = |(guard, text): (&GuardName, &String)| {
            format!("{}\t{}\t{}\t{text}\n", guard.kind, guard.table, guard.name)
        };
        Ok(Some(found.iter().map(line).collect()))
    }
}

fn compared(must: &Guards, found: &Guards) -> Vec<GuardFault> {
    let tables: BTreeSet<&str> = must.keys().map(|guard| guard.table.as_str()).collect();
    let what = |guard: &GuardName| format!("{} {}.{}", guard.kind, guard.table, guard.name);
    let mut faults = Vec::new();
    // An index that keeps nothing unique makes reads quick, and guards nothing.
    let guards = |(_, text): &(&GuardName, &String)| !text.starts_with("CREATE INDEX");
    for (guard, text) in must.iter().filter(guards) {
        let problem = match found.get(guard) {
            None => GuardProblem::Missing,
            Some(other) if plain(other) != plain(text) => GuardProblem::Changed,
            Some(_) => continue,
        };
        faults.push(GuardFault { problem, what: what(guard), text: Some(text.clone()) });
    }
    // Whoever runs a database may add indexes and columns; what acts on a write is another matter.
    let acts = |guard: &GuardName| ["trigger", "rule"].contains(&guard.kind.as_str());
    for guard in found.keys().filter(|guard| acts(guard) && tables.contains(guard.table.as_str())) {
        if !must.contains_key(guard) {
            let problem = GuardProblem::Foreign;
            faults.push(GuardFault { problem, what: what(guard), text: None });
        }
    }
    faults
}

/// A text without what two versions of a server may write otherwise: spaces, brackets and case.
fn plain(text: &str) -> String {
    text.chars()
        .filter(|letter| !letter.is_whitespace() && !['(', ')'].contains(letter))
        .flat_map(char::to_lowercase)
        .collect()
}

fn listed(list: &str) -> Guards {
    let read = |line: &str| {
        let mut parts = line.splitn(4, '\t').map(str::to_owned);
        let (kind, table, name) = (parts.next()?, parts.next()?, parts.next()?);
        Some((GuardName { kind, table, name }, parts.next()?))
    };
    list.lines().filter_map(read).collect()
}

type GuardColumns = (String, String, String, String);

fn guards(rows: Vec<GuardColumns>) -> Guards {
    let guard = |(kind, table, name, text): GuardColumns| {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        (GuardName { kind, table, name }, text)
    };
    rows.into_iter().map(guard).collect()
}

/// What the migrations make never changes while a program runs.
static OF_AN_EMPTY_DATABASE: OnceCell<Guards> = OnceCell::const_new();

async fn of_an_empty_database() -> Result<Guards, JournalError> {
    OF_AN_EMPTY_DATABASE.get_or_try_init(made_anew).await.cloned()
}

async fn made_anew() -> Result<Guards, JournalError> {
    let mut empty = SqliteConnection::connect("sqlite::memory:").await?;
    SCHEMA.sqlite.run_direct(&mut empty).await.map_err(JournalError::Migration)?;
    let must = on_sqlite(&mut empty).await?;
    empty.close().await?;
    Ok(must)
}

async fn on_sqlite(db: &mut SqliteConnection) -> Result<Guards, JournalError> {
    let rows: Vec<GuardColumns> = sqlx::query_as(
        "SELECT type, tbl_name, name, COALESCE(sql, '') FROM sqlite_master \
         WHERE tbl_name NOT LIKE '\\_sqlx%' ESCAPE '\\' AND type IN ('table', 'index', 'trigger')",
    )
    .fetch_all(db)
    .await?;
    Ok(guards(rows))
}

async fn is_citus(pool: &sqlx::PgPool) -> Result<bool, JournalError> {
    const CITUS: &str = "SELECT EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'citus')";
    Ok(sqlx::query_scalar(CITUS).fetch_one(pool).await?)
}

async fn on_postgres(pool: &sqlx::PgPool) -> Result<Guards, JournalError> {
    let own = listed(ON_POSTGRES);
    let tables: BTreeSet<&str> = own.keys().map(|guard| guard.table.as_str()).collect();
    let tables: Vec<&str> = tables.into_iter().collect();
    let rows: Vec<GuardColumns> =
        sqlx::query_as(POSTGRES_GUARDS).bind(tables).fetch_all(pool).await?;
    Ok(guards(rows))
}

/// A trigger comes with whether it fires and with what its function does; an index and a constraint with whether
/// they are valid.
const POSTGRES_GUARDS: &str = "\
    WITH own AS (SELECT oid, relname::text AS name FROM pg_class \
     WHERE relname = ANY($1) AND relkind IN ('r', 'p') AND pg_table_is_visible(oid)) \
    SELECT 'trigger', own.name, tgname::text, \
      pg_get_triggerdef(t.oid, true) || ' [' || tgenabled::text || '] ' || p.prosrc \
     FROM own JOIN pg_trigger AS t ON tgrelid = own.oid JOIN pg_proc AS p ON p.oid = tgfoid \
     WHERE NOT tgisinternal \
    UNION ALL SELECT 'rule', own.name, rulename::text, pg_get_ruledef(r.oid, true) \
     FROM own JOIN pg_rewrite AS r ON ev_class = own.oid \
    UNION ALL SELECT 'index', own.name, c.relname::text, pg_get_indexdef(indexrelid, 0, true) \
      || CASE WHEN indisvalid AND indisready AND indislive THEN '' ELSE ' [invalid]' END \
     FROM own JOIN pg_index ON indrelid = own.oid JOIN pg_class AS c ON c.oid = indexrelid \
    UNION ALL SELECT 'constraint', own.name, conname::text, pg_get_constraintdef(k.oid, true) \
      || CASE WHEN convalidated THEN '' ELSE ' [not validated]' END \
     FROM own JOIN pg_constraint AS k ON conrelid = own.oid WHERE contype IN ('c', 'p', 'u', 'f') \
    UNION ALL SELECT 'column', own.name, attname::text, \
      format_type(atttypid, atttypmod) || CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END \
     FROM own JOIN pg_attribute ON attrelid = own.oid WHERE attnum > 0 AND NOT attisdropped";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guard_that_is_missing_changed_or_somebody_elses_is_told() {
        let must =
            listed("trigger\tevents\tno_update\tBEFORE UPDATE\nindex\tevents\tone\tUNIQUE (a)\n");
        let found = |list: &str| {
            compared(&must, &listed(list)).iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let index = "index\tevents\tone\tunique a\nindex\tevents\tmine\tON b\n";
        assert_eq!(
            found(&format!("{index}trigger\tevents\tno_update\tbefore  update\n")),
            Vec::<String>::new()
        );
        assert_eq!(found(index), ["missing: trigger events.no_update"]);
        assert_eq!(
            found(&format!(
                "{index}trigger\tevents\tno_update\tAFTER UPDATE\ntrigger\tevents\tother\tx\n\
                            trigger\tothers\tother\tx\n"
            )),
            ["changed: trigger events.no_update", "foreign: trigger events.other"]
        );
    }
}
