//! One view that stays: what is made on it outlives every change of it.
//!
//! `CREATE OR REPLACE VIEW` keeps a view and whatever was made on it, as long as its columns stay, with
//! their types and in their order, and new ones come at the end. So a column that Sira has no more stays,
//! empty.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sqlx::PgConnection;

use super::held::{Blocked, dependents, holders, is_held};
use crate::analyst::{ANALYST_ROLE, AUDITOR_ROLE};
use crate::face::{AUDIT_SCHEMA, READ_SCHEMA};
use crate::store::{ReadConnection, ReadStore};

/// How long a lock is waited for, in milliseconds: less than `PostgreSQL` waits before it looks for a
/// deadlock (1 s). Whoever comes after us waits with us, so it is short.
pub(super) const LOCK_MS: u32 = 400;
/// The same once something was held up: the rest is tried, and nobody kept waiting.
const SHORT_LOCK_MS: u32 = 50;

/// A column of a view.
#[derive(Clone, Debug)]
pub(super) struct ViewColumn {
    pub name: String,
    /// What it is computed from.
    pub sql: String,
    /// What it means, for its comment.
    pub about: String,
}

/// A view that people connect to.
#[derive(Clone, Debug)]
pub(super) struct View {
    pub schema: &'static str,
    pub name: String,
    /// What a row is, for its comment.
    pub about: String,
    pub columns: Vec<ViewColumn>,
    /// Where the rows come from: all that follows `FROM`.
    pub from: String,
}

impl View {
    fn full_name(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }

    /// What the view is, to be compared with what it was.
    fn definition(&self) -> String {
        format!("{}\n{}", self.create(&[]), self.comments())
    }

    /// The statement that makes it, or makes it anew over columns that are there already.
    fn create(&self, there: &[(String, String)]) -> String {
        let wanted = |name: &str| self.columns.iter().find(|column| column.name == name);
        let kept = there.iter().map(|(name, kind)| match wanted(name) {
            Some(column) => format!("{} AS {name}", column.sql),
            None => format!("NULL::{kind} AS {name}"),
        });
        let is_new = |column: &&ViewColumn| there.iter().all(|(name, _)| *name != column.name);
        let new = self.columns.iter().filter(is_new);
        let list: Vec<_> =
            kept.chain(new.map(|column| format!("{} AS {}", column.sql, column.name))).collect();
        // A condition of the reader's is not asked of a row before ours have let it pass.
        format!(
            "CREATE OR REPLACE VIEW {} WITH (security_barrier = true) AS SELECT {} FROM {}",
            self.full_name(),
            list.join(", "),
            self.from
        )
    }

    fn comments(&self) -> String {
        let name = self.full_name();
        let mut out = format!("COMMENT ON VIEW {name} IS {};", literal(&self.about));
        for column in &self.columns {
            let about = literal(&column.about);
            // Writing to a string cannot fail.
            let _ = write!(out, " COMMENT ON COLUMN {name}.{} IS {about};", column.name);
        }
        out
    }

    /// The roles that may read it: an auditor sees what an analyst sees too.
    const fn readers(&self) -> &'static [&'static str] {
        if matches!(self.schema.as_bytes(), b"read") {
            &[ANALYST_ROLE, AUDITOR_ROLE]
        } else {
            &[AUDITOR_ROLE]
        }
    }
}

/// A text as a literal of SQL.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Puts in place what differs; gives what was held up.
pub(super) async fn put_all(
    store: &ReadStore,
    db: &mut PgConnection,
    views: &[View],
) -> Result<Vec<Blocked>, sqlx::Error> {
    let known = known(db).await?;
    let roles: Vec<String> =
        sqlx::query_scalar("SELECT rolname::text FROM pg_roles WHERE rolname = $1 OR rolname = $2")
            .bind(ANALYST_ROLE)
            .bind(AUDITOR_ROLE)
            .fetch_all(&mut *db)
            .await?;
    let mut held = Vec::new();
    for view in views {
        if known.get(&view.full_name()) != Some(&view.definition()) {
            let patience = if held.is_empty() { LOCK_MS } else { SHORT_LOCK_MS };
            match put(store, view, patience).await {
                Ok(true) => {}
                // Another process sets them right.
                Ok(false) => return Ok(held),
                Err(error) if is_held(&error) => held.push(told(db, view).await?),
                Err(error) if is_gone(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }
    grant(db, views, &roles).await?;
    Ok(held)
}

/// Whether a table beneath a view has been replaced meanwhile, or is of an older form: the view is made when
/// the newer one is in place.
fn is_gone(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    matches!(code.as_deref(), Some("42P01" | "3F000" | "42703"))
}

async fn told(db: &mut PgConnection, view: &View) -> Result<Blocked, sqlx::Error> {
    let name = view.full_name();
    let mut by = holders(db, &name).await?;
    if by.is_empty() {
        by = dependents(db, &name).await?;
    }
    Ok(Blocked { what: name, by })
}

/// The views that are there as Sira has made them.
async fn known(db: &mut PgConnection) -> Result<BTreeMap<String, String>, sqlx::Error> {
    let rows: Vec<(String, String)> = sqlx::query_as(
        "SELECT schema_name || '.' || view_name, definition FROM face_views
          WHERE to_regclass(format('%I.%I', schema_name, view_name)) IS NOT NULL",
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().collect())
}

/// Puts one in place, in a transaction of its own; false when another process does.
async fn put(store: &ReadStore, view: &View, patience: u32) -> Result<bool, sqlx::Error> {
    let mut transaction = store.begin().await?;
    let patience = format!("SET LOCAL lock_timeout = {patience}");
    transaction.connection().run(&patience).await?;
    let ReadConnection::Postgres(db) = transaction.connection() else { return Ok(false) };
    let ours: Option<i32> = sqlx::query_scalar("SELECT id FROM face_lock FOR UPDATE SKIP LOCKED")
        .fetch_optional(&mut *db)
        .await?;
    if ours.is_none() {
        transaction.rollback().await?;
        return Ok(false);
    }
    let there = columns(db, view).await?;
    replace(db, view, &there).await?;
    ReadConnection::Postgres(&mut *db).run(&view.comments()).await?;
    sqlx::query(
        "INSERT INTO face_views (schema_name, view_name, definition) VALUES ($1, $2, $3)
         ON CONFLICT (schema_name, view_name) DO UPDATE SET definition = excluded.definition",
    )
    .bind(view.schema)
    .bind(&view.name)
    .bind(view.definition())
    .execute(db)
    .await?;
    transaction.commit().await?;
    Ok(true)
}

/// Where a column has another type than before, the view is made from nothing: that fails, and is told,
/// where somebody has made a view on it.
async fn replace(
    db: &mut PgConnection,
    view: &View,
    there: &[(String, String)],
) -> Result<(), sqlx::Error> {
    ReadConnection::Postgres(&mut *db).run("SAVEPOINT tried").await?;
    let tried = ReadConnection::Postgres(&mut *db).run(&view.create(there)).await;
    let code = match &tried {
        Ok(()) => return tried,
        Err(error) => error.as_database_error().and_then(sqlx::error::DatabaseError::code),
    };
    // invalid_table_definition.
    if code.as_deref() != Some("42P16") {
        return tried;
    }
    let anew = format!(
        "ROLLBACK TO SAVEPOINT tried; DROP VIEW {}; {}",
        view.full_name(),
        view.create(&[])
    );
    ReadConnection::Postgres(db).run(&anew).await
}

/// The columns that a view has, with their types, in their order.
async fn columns(db: &mut PgConnection, view: &View) -> Result<Vec<(String, String)>, sqlx::Error> {
    sqlx::query_as(
        "SELECT attname::text, format_type(atttypid, atttypmod) FROM pg_attribute
          WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
    )
    .bind(view.full_name())
    .fetch_all(db)
    .await
}

/// Lets the roles that there are read the views that there are; what they may already is not given again.
async fn grant(db: &mut PgConnection, views: &[View], roles: &[String]) -> Result<(), sqlx::Error> {
    let (mut readers, mut schemas, mut names) = (Vec::new(), Vec::new(), Vec::new());
    for view in views {
        for role in roles.iter().filter(|role| view.readers().contains(&role.as_str())) {
            readers.push(role.as_str());
            schemas.push(view.schema);
            names.push(view.full_name());
        }
    }
    let missing: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT CASE WHEN has_schema_privilege(role, schema, 'USAGE') THEN ''
                              ELSE format('GRANT USAGE ON SCHEMA %I TO %I;', schema, role) END
             || CASE WHEN has_table_privilege(role, to_regclass(name), 'SELECT') THEN ''
                     ELSE format('GRANT SELECT ON %s TO %I;', name, role) END
           FROM unnest($1::text[], $2::text[], $3::text[]) AS wanted (role, schema, name)
          WHERE to_regclass(name) IS NOT NULL
            AND NOT (has_schema_privilege(role, schema, 'USAGE')
                     AND has_table_privilege(role, to_regclass(name), 'SELECT'))",
    )
    .bind(readers)
    .bind(schemas)
    .bind(names)
    .fetch_all(&mut *db)
    .await?;
    if missing.is_empty() {
        return Ok(());
    }
    ReadConnection::Postgres(db).run(&missing.concat()).await
}

/// Says what the two schemas are, where nothing says it.
pub(super) async fn comment_schemas(db: &mut PgConnection) -> Result<(), sqlx::Error> {
    let silent: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname IN ('read', 'audit')
                           AND obj_description(oid, 'pg_namespace') IS NULL)",
    )
    .fetch_one(&mut *db)
    .await?;
    if !silent {
        return Ok(());
    }
    ReadConnection::Postgres(db).run(&schema_comments()).await
}

/// What the two schemas are, for their comments.
fn schema_comments() -> String {
    let read = literal(
        "Pour les analystes : les lignes actuelles, sans identité, la personne sous un substitut ; les \
         chiffres publiés ; les listes (dim_*). For analysts: current rows without identity, each person \
         under a surrogate; the published figures; the lists (dim_*).",
    );
    let audit = literal(
        "Pour les auditeurs : toutes les lignes, avec leur historique, et les événements. For auditors: \
         every row, with its history, and the events.",
    );
    format!(
        "COMMENT ON SCHEMA {READ_SCHEMA} IS {read}; COMMENT ON SCHEMA {AUDIT_SCHEMA} IS {audit};"
    )
}
