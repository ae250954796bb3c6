//! The list of tokens beside the journal: what was issued, to whom, and what was revoked.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use sira_domain::values::ActorId;
use uuid::Uuid;

use super::{Checked, Grant, TokenError, Tokens};
use crate::grant::Scope;
use crate::journal::{Journal, JournalError, Stamp};
use sira_database::on_engine;

/// Tokens that one page of the list shows.
pub const LIST_PAGE: u32 = 200;

/// A token as the list shows it.
#[derive(Debug, sqlx::FromRow, Serialize, JsonSchema)]
pub struct IssuedToken {
    /// Id.
    pub token_id: String,
    /// Who acts.
    pub actor: String,
    /// Role.
    pub role: String,
    /// Scope, JSON.
    #[serde(serialize_with = "as_json")]
    #[schemars(with = "Scope")]
    pub scope: String,
    /// When it was issued.
    #[serde(serialize_with = "as_time")]
    #[schemars(with = "DateTime<Utc>")]
    pub issued_at: Stamp,
    /// When it expires.
    #[serde(serialize_with = "as_time")]
    #[schemars(with = "DateTime<Utc>")]
    pub expires_at: Stamp,
    /// When it was revoked.
    #[serde(serialize_with = "as_time_if_any")]
    #[schemars(with = "Option<DateTime<Utc>>")]
    pub revoked_at: Option<Stamp>,
    /// Who revoked it; nobody when it was done on the command line.
    pub revoked_by: Option<String>,
    /// Why its analyst is told exact figures; nothing for one who is told what was published.
    pub exact_figures: Option<String>,
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

/// The row of a token that is to be checked: actor, role, scope, end, when it was revoked, and why it is
/// told exact figures.
type TokenRow = (String, String, String, Stamp, Option<Stamp>, Option<String>);

impl Tokens {
    /// What the list says of a token; none when it is not listed.
    ///
    /// # Errors
    /// [`TokenError::Outdated`] for a scope that this version does not grant.
    pub(super) async fn listed(&self, token_id: Uuid) -> Result<Option<Checked>, TokenError> {
        let Some(row) = self.row(token_id).await? else { return Ok(None) };
        let (actor, role, scope, expires_at, revoked_at, exact_figures) = row;
        let read = || {
            Some(Grant {
                token_id,
                actor: ActorId::try_new(&actor).ok()?,
                role: role.parse().ok()?,
                scope: serde_json::from_str(&scope).ok()?,
                expires_at: expires_at.0,
                exact_figures,
            })
        };
        let grant = Arc::new(read().ok_or(TokenError::Outdated)?);
        Ok(Some(Checked { grant, token_changes: 0, is_revoked: revoked_at.is_some() }))
    }

    async fn row(&self, token_id: Uuid) -> Result<Option<TokenRow>, JournalError> {
        let id = token_id.to_string();
        on_engine!(self.0.journal.pool(), pool => {
            sqlx::query_as(
                "SELECT actor, role, scope, expires_at, revoked_at, exact_figures
                   FROM tokens WHERE token_id = $1",
            )
            .bind(&id)
            .fetch_optional(pool)
            .await
        })
        .map_err(JournalError::Database)
    }

    /// A page of the list, newest first: the [`LIST_PAGE`] tokens issued before the one named, or
    /// the newest. Ids are in order of issue.
    ///
    /// # Errors
    /// When the list cannot be read.
    pub async fn list(&self, before: Option<Uuid>) -> Result<Vec<IssuedToken>, TokenError> {
        listed_tokens(&self.0.journal, before).await
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
        let _turn = self.0.journal.pool().turn().await;
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

    /// A token of the list, by its id.
    ///
    /// # Errors
    /// When the list cannot be read.
    pub async fn find(&self, token_id: Uuid) -> Result<Option<IssuedToken>, TokenError> {
        let id = token_id.to_string();
        on_engine!(self.0.journal.pool(), pool => {
            sqlx::query_as::<_, IssuedToken>(
                "SELECT token_id, actor, role, scope, issued_at, expires_at, revoked_at, revoked_by,
                        exact_figures
                   FROM tokens WHERE token_id = $1",
            )
            .bind(&id)
            .fetch_optional(pool)
            .await
        })
        .map_err(|error| JournalError::Database(error).into())
    }
}

/// As [`Tokens::list`], for who holds no key of tokens.
///
/// # Errors
/// When the list cannot be read.
pub async fn listed_tokens(
    journal: &Journal,
    before: Option<Uuid>,
) -> Result<Vec<IssuedToken>, TokenError> {
    // Greater than every id when none is named.
    let before = before.unwrap_or(Uuid::max()).to_string();
    on_engine!(journal.pool(), pool => {
        sqlx::query_as::<_, IssuedToken>(
            "SELECT token_id, actor, role, scope, issued_at, expires_at, revoked_at, revoked_by,
                    exact_figures
               FROM tokens WHERE token_id < $1 ORDER BY token_id DESC LIMIT $2",
        )
        .bind(&before)
        .bind(i64::from(LIST_PAGE))
        .fetch_all(pool)
        .await
    })
    .map_err(|error| JournalError::Database(error).into())
}
