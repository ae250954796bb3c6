//! The list of tokens beside the journal: what was issued, to whom, and what was revoked.

use serde::Serialize;
use sira_database::on_engine;
use sira_domain::values::ActorId;
use uuid::Uuid;

use super::{TokenError, Tokens};
use crate::journal::{JournalError, Stamp};

/// Tokens that one page of the list shows.
pub const LIST_PAGE: usize = 200;

/// A token as the list shows it.
#[derive(Debug, sqlx::FromRow, Serialize)]
pub struct IssuedToken {
    /// Id.
    pub token_id: String,
    /// Who acts.
    pub actor: String,
    /// Role.
    pub role: String,
    /// Scope, JSON.
    #[serde(serialize_with = "as_json")]
    pub scope: String,
    /// When it was issued.
    #[serde(serialize_with = "as_time")]
    pub issued_at: Stamp,
    /// When it expires.
    #[serde(serialize_with = "as_time")]
    pub expires_at: Stamp,
    /// When it was revoked.
    #[serde(serialize_with = "as_time_if_any")]
    pub revoked_at: Option<Stamp>,
    /// Who revoked it; nobody when it was done on the command line.
    pub revoked_by: Option<String>,
}

fn as_json<S: serde::Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    let value: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    value.serialize(serializer)
}

fn as_time<S: serde::Serializer>(stamp: &Stamp, serializer: S) -> Result<S::Ok, S::Error> {
    stamp.0.serialize(serializer)
}

#[expect(clippy::ref_option, reason = "serde hands a reference to the field")]
fn as_time_if_any<S: serde::Serializer>(
    stamp: &Option<Stamp>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    stamp.as_ref().map(|stamp| stamp.0).serialize(serializer)
}

/// What the list says of a token that is to be checked.
pub(super) enum Standing {
    /// It is not listed.
    Unknown,
    /// It is listed.
    Good,
    /// It was revoked.
    Revoked,
}

impl Tokens {
    /// How a token stands.
    pub(super) async fn standing(&self, token_id: Uuid) -> Result<Standing, JournalError> {
        let id = token_id.to_string();
        let row: Option<(Option<Stamp>,)> = on_engine!(self.0.journal.pool(), pool => {
            sqlx::query_as("SELECT revoked_at FROM tokens WHERE token_id = $1").bind(&id).fetch_optional(pool).await
        })
        .map_err(JournalError::Database)?;
        Ok(match row {
            None => Standing::Unknown,
            Some((None,)) => Standing::Good,
            Some((Some(_),)) => Standing::Revoked,
        })
    }

    /// A page of the list, newest first: the [`LIST_PAGE`] tokens issued before the one named, or
    /// the newest. Ids are in order of issue.
    ///
    /// # Errors
    /// When the list cannot be read.
    pub async fn list(&self, before: Option<Uuid>) -> Result<Vec<IssuedToken>, TokenError> {
        // Greater than every id when none is named.
        let before = before.unwrap_or(Uuid::max()).to_string();
        on_engine!(self.0.journal.pool(), pool => {
            sqlx::query_as::<_, IssuedToken>(
                "SELECT token_id, actor, role, scope, issued_at, expires_at, revoked_at, revoked_by
                   FROM tokens WHERE token_id < $1 ORDER BY token_id DESC LIMIT $2",
            )
            .bind(&before)
            .bind(i64::try_from(LIST_PAGE).unwrap_or(i64::MAX))
            .fetch_all(pool)
            .await
        })
        .map_err(|error| JournalError::Database(error).into())
    }

    /// Revokes a token, for good; says whether there was one to revoke.
    ///
    /// One statement: the token's row and, by its trigger, the counter of changes move together.
    /// Once it is committed every process refuses the token in whatever request begins after it; a
    /// crash before leaves the token as it was.
    ///
    /// # Errors
    /// When the list cannot be written.
    pub async fn revoke(&self, token_id: Uuid, by: Option<&ActorId>) -> Result<bool, TokenError> {
        let (id, at) = (token_id.to_string(), Stamp(self.0.clock.now()));
        let changed = on_engine!(self.0.journal.pool(), pool => {
            sqlx::query(
                "UPDATE tokens SET revoked_at = $2, revoked_by = $3
                  WHERE token_id = $1 AND revoked_at IS NULL",
            )
            .bind(&id)
            .bind(at)
            .bind(by.map(ActorId::as_str))
            .execute(pool)
            .await
            .map(|done| done.rows_affected())
        })
        .map_err(JournalError::Database)?;
        Ok(changed > 0)
    }

    /// Whether a token of this id is listed.
    ///
    /// # Errors
    /// When the list cannot be read.
    pub async fn is_listed(&self, token_id: Uuid) -> Result<bool, TokenError> {
        Ok(!matches!(self.standing(token_id).await?, Standing::Unknown))
    }
}
