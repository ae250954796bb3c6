//! The roles that tools connect with on `PostgreSQL`: `sira_analyst` reads the views in schema `read`,
//! `sira_auditor` those and the ones in schema `audit`, and neither reads anything else.
//!
//! Neither can log in. `sira analyst-login` makes a login for each tool and puts it into its role
//! ([`crate::face::logins`]). What the roles may read is given to them where the views are made
//! ([`crate::face`]).

use crate::store::{ReadConnection, ReadError, ReadStore};

/// The analysts' role.
pub const ANALYST_ROLE: &str = "sira_analyst";
/// The auditors' role.
pub const AUDITOR_ROLE: &str = "sira_auditor";

/// The statements that make them; the right to do so is not every database user's.
pub const CREATE_ANALYST: &str =
    "CREATE ROLE sira_analyst NOLOGIN; CREATE ROLE sira_auditor NOLOGIN";

/// What has become of the roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnalystRole {
    /// They are there.
    Ready,
    /// This user may not make them: somebody who may must run [`CREATE_ANALYST`], and this again.
    Forbidden,
    /// The embedded engine has no roles.
    NotHere,
}

/// `SQLSTATE` of a right that is missing.
const INSUFFICIENT_PRIVILEGE: &str = "42501";
/// `SQLSTATE`s of a role that another process has made in the same moment.
const MADE_BY_ANOTHER: [&str; 2] = ["42710", "23505"];

impl ReadStore {
    /// Makes the analysts' and the auditors' role, where there is none yet. What they may read is given
    /// to them by [`crate::face::settle`].
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn make_analyst_role(&self) -> Result<AnalystRole, ReadError> {
        let mut handle = self.connection().await?;
        for role in [ANALYST_ROLE, AUDITOR_ROLE] {
            let ReadConnection::Postgres(db) = handle.connection() else {
                return Ok(AnalystRole::NotHere);
            };
            let known: Option<i32> =
                sqlx::query_scalar("SELECT 1 FROM pg_roles WHERE rolname = $1")
                    .bind(role)
                    .fetch_optional(&mut *db)
                    .await?;
            let create = format!("CREATE ROLE {role} NOLOGIN");
            if known.is_none()
                && let Err(error) = ReadConnection::Postgres(db).run(&create).await
            {
                let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
                match code.as_deref() {
                    Some(INSUFFICIENT_PRIVILEGE) => return Ok(AnalystRole::Forbidden),
                    Some(code) if MADE_BY_ANOTHER.contains(&code) => {}
                    _ => return Err(error.into()),
                }
            }
        }
        Ok(AnalystRole::Ready)
    }
}
