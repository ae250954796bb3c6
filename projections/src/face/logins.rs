//! Logins for analysts' and auditors' tools, and their limits.
//!
//! The limits are settings of the login, which a login may undo for its own session; what it may not undo
//! is the number of its connections. So the server looks at their sessions as well, and ends one that is
//! at twice its limit.

use std::time::Duration;

use sqlx::PgConnection;

use super::view::literal;
use crate::analyst::{ANALYST_ROLE, AUDITOR_ROLE, AnalystRole, CREATE_ANALYST};
use crate::store::{ReadConnection, ReadError, ReadStore};

/// How long one statement may take.
pub const STATEMENT_WITHIN: Duration = Duration::from_mins(1);
/// How long a transaction may stay open without doing anything.
pub const IDLE_WITHIN: Duration = Duration::from_secs(30);
/// How long a lock may be waited for.
pub const LOCK_WITHIN: Duration = Duration::from_secs(2);
/// How long a connection may do nothing at all.
pub const REST_WITHIN: Duration = Duration::from_hours(1);
/// Connections that a login may have at once: a tool of analysts opens a handful, and one login must not take
/// the server's.
pub const CONNECTIONS: u32 = 8;
/// The first major version of `PostgreSQL` that ends connections which do nothing, as it counts them.
const ENDS_RESTING: i32 = 140_000;

/// Functions that nobody needs who only reads: large objects are kept for ever, and advisory locks take the
/// place of everybody's locks.
const NEEDLESS: &str =
    "proname ~ '^(lo_|lowrite$|loread$|pg_(try_)?advisory_)' OR proname = 'pg_notify'";

/// What a login is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginKind {
    /// Schema `read`.
    Analyst,
    /// Schemas `audit` and `read`.
    Auditor,
}

impl LoginKind {
    const fn roles(self) -> (&'static str, &'static str) {
        match self {
            Self::Analyst => (ANALYST_ROLE, AUDITOR_ROLE),
            Self::Auditor => (AUDITOR_ROLE, ANALYST_ROLE),
        }
    }
}

/// Why there is no login.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The embedded engine has none.
    #[error("a read database in a file has no logins")]
    NotHere,
    /// The name is none that is written without quotes.
    #[error(
        "a login's name begins with a small letter; small letters, digits and _ follow, 63 at most"
    )]
    Name,
    /// A login of that name is there, and is none of Sira's.
    #[error("a role of this name is there and is no analyst or auditor")]
    Taken,
    /// This user may not make roles.
    #[error(
        "this database user may not make logins: it needs CREATEROLE, and the roles by {CREATE_ANALYST}"
    )]
    Forbidden,
    /// The database failed.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl From<sqlx::Error> for LoginError {
    fn from(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        // insufficient_privilege.
        if code.as_deref() == Some("42501") { Self::Forbidden } else { Self::Read(error.into()) }
    }
}

impl ReadStore {
    /// Makes a login with its limits, or gives one that there is a new password and the limits again, and
    /// takes from everybody in this database what a reader has no need of. Gives the statements for what
    /// this user may not take away: somebody who may has to run them.
    ///
    /// # Errors
    /// [`LoginError`].
    pub async fn make_login(
        &self,
        name: &str,
        kind: LoginKind,
        password: &str,
    ) -> Result<Vec<String>, LoginError> {
        if !is_plain(name) {
            return Err(LoginError::Name);
        }
        match self.make_analyst_role().await? {
            AnalystRole::Ready => {}
            AnalystRole::Forbidden => return Err(LoginError::Forbidden),
            AnalystRole::NotHere => return Err(LoginError::NotHere),
        }
        let mut transaction = self.begin().await?;
        let ReadConnection::Postgres(db) = transaction.connection() else {
            return Err(LoginError::NotHere);
        };
        let verb = match standing(db, name).await? {
            None => "CREATE",
            Some(true) => "ALTER",
            Some(false) => return Err(LoginError::Taken),
        };
        let statements = statements(db, name, kind, (verb, password)).await?;
        ReadConnection::Postgres(db).run(&statements).await?;
        transaction.commit().await?;
        let mut handle = self.connection().await?;
        let ReadConnection::Postgres(db) = handle.connection() else {
            return Err(LoginError::NotHere);
        };
        Ok(take_away(db, name).await?)
    }
}

fn is_plain(name: &str) -> bool {
    let mut letters = name.bytes();
    letters.next().is_some_and(|first| first.is_ascii_lowercase())
        && name.len() <= 63
        && letters.all(|one| one.is_ascii_lowercase() || one.is_ascii_digit() || one == b'_')
        && !name.starts_with("pg_")
        && name != ANALYST_ROLE
        && name != AUDITOR_ROLE
}

/// None: there is no such role. Else whether it is one of ours.
async fn standing(db: &mut PgConnection, name: &str) -> Result<Option<bool>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT NOT rolsuper AND rolname <> current_user
                AND EXISTS (SELECT 1 FROM pg_auth_members AS its JOIN pg_roles AS ours ON ours.oid = its.roleid
                     WHERE its.member = pg_roles.oid AND ours.rolname IN ($2, $3))
           FROM pg_roles WHERE rolname = $1",
    )
    .bind(name)
    .bind(ANALYST_ROLE)
    .bind(AUDITOR_ROLE)
    .fetch_optional(db)
    .await
}

async fn statements(
    db: &mut PgConnection,
    name: &str,
    kind: LoginKind,
    (verb, password): (&str, &str),
) -> Result<String, sqlx::Error> {
    let (version, is_superuser): (i32, bool) = sqlx::query_as(
        "SELECT current_setting('server_version_num')::int, rolsuper FROM pg_roles WHERE rolname = current_user",
    )
    .fetch_one(&mut *db)
    .await?;
    let (role, other) = kind.roles();
    let leaves: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM pg_auth_members AS its
           WHERE its.member = to_regrole($1) AND its.roleid = to_regrole($2))",
    )
    .bind(name)
    .bind(other)
    .fetch_one(&mut *db)
    .await?;
    let left = if leaves { format!("REVOKE {other} FROM {name};") } else { String::new() };
    let mut settings = vec![
        ("statement_timeout", STATEMENT_WITHIN),
        ("idle_in_transaction_session_timeout", IDLE_WITHIN),
        ("lock_timeout", LOCK_WITHIN),
    ];
    if version >= ENDS_RESTING {
        settings.push(("idle_session_timeout", REST_WITHIN));
    }
    let settings = settings.iter().map(|(setting, limit)| {
        format!("ALTER ROLE {name} SET {setting} = {};", limit.as_millis())
    });
    // Who is in a role may end its sessions: a superuser may without.
    let watched =
        if is_superuser { String::new() } else { format!("GRANT {name} TO CURRENT_USER;") };
    Ok(format!(
        "{verb} ROLE {name} LOGIN CONNECTION LIMIT {CONNECTIONS} PASSWORD {};
         GRANT {role} TO {name}; {left} {}
         ALTER ROLE {name} SET default_transaction_read_only = on; {watched}",
        literal(password),
        settings.collect::<String>()
    ))
}

/// Takes from everybody what is needless, and gives the statements for what is left.
async fn take_away(db: &mut PgConnection, name: &str) -> Result<Vec<String>, sqlx::Error> {
    let left = needless(db, name).await?;
    for statement in &left {
        // Whether it was taken is looked at below: who may not take it gets no more than a warning.
        let tried = ReadConnection::Postgres(&mut *db).run(statement).await;
        if let Err(error) = tried
            && error.as_database_error().is_none()
        {
            return Err(error);
        }
    }
    needless(db, name).await
}

/// What a login could do that no reader needs, each as the statement that takes it away.
async fn needless(db: &mut PgConnection, name: &str) -> Result<Vec<String>, sqlx::Error> {
    let asked = format!(
        "SELECT format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database())
          WHERE has_database_privilege($1, current_database(), 'TEMPORARY')
         UNION ALL
         SELECT format('REVOKE CREATE ON SCHEMA %I FROM PUBLIC', nspname) FROM pg_namespace
          WHERE has_schema_privilege($1, oid, 'CREATE')
         UNION ALL
         SELECT format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', oid::regprocedure) FROM pg_proc
          WHERE ({NEEDLESS}) AND pronamespace = 'pg_catalog'::regnamespace
            AND has_function_privilege($1, oid, 'EXECUTE')"
    );
    sqlx::query_scalar(&asked).bind(name).fetch_all(db).await
}

/// Ends the sessions of analysts and auditors in this database that are at twice their limit, which takes
/// a login that has undone its settings; gives their names.
pub(super) async fn end_beyond_limits(store: &ReadStore) -> Result<Vec<String>, ReadError> {
    let mut handle = store.connection().await?;
    let ReadConnection::Postgres(db) = handle.connection() else { return Ok(Vec::new()) };
    let ended: Vec<(String, bool)> = sqlx::query_as(
        "SELECT session.usename::text, pg_terminate_backend(session.pid)
           FROM pg_stat_activity AS session JOIN pg_roles AS its ON its.oid = session.usesysid
          WHERE session.datname = current_database() AND session.pid <> pg_backend_pid()
            AND NOT its.rolsuper AND its.rolname <> current_user
            AND EXISTS (SELECT 1 FROM pg_roles AS ours WHERE ours.rolname IN ($1, $2)
                   AND pg_has_role(its.oid, ours.oid, 'MEMBER'))
            AND (session.state = 'active' AND session.query_start < now() - $3 * interval '1 ms'
              OR session.state LIKE 'idle in transaction%' AND session.state_change < now() - $4 * interval '1 ms')",
    )
    .bind(ANALYST_ROLE)
    .bind(AUDITOR_ROLE)
    .bind(twice(STATEMENT_WITHIN))
    .bind(twice(IDLE_WITHIN))
    .fetch_all(db)
    .await?;
    Ok(ended.into_iter().filter(|(_, done)| *done).map(|(name, _)| name).collect())
}

/// Twice a limit, in milliseconds.
fn twice(limit: Duration) -> f64 {
    2.0 * 1000.0 * limit.as_secs_f64()
}
