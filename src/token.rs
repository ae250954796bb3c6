//! Tokens: who calls, in which role, reaching where, signed with Ed25519 and revocable.

use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};
use sira_domain::role::Role;
use sira_domain::values::{ActorId, OfficeCode};
use uuid::Uuid;

use crate::clock::Clock;
use crate::files::{FileError, write_secret};
use crate::grant::Scope;
use crate::journal::{Journal, JournalError, Stamp, on_pool};

/// Who issues: checked in every token.
const ISSUER: &str = "sira";
/// Tokens whose check is remembered.
const CHECKED_MAX: usize = 10_000;
/// How long a check is remembered: a revocation is felt within this time in every process.
const CHECKED_FOR: Duration = Duration::milliseconds(1_000);
/// Longest token looked at.
const TOKEN_MAX_BYTES: usize = 4_096;

/// What a token says, once checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The token's id.
    pub token_id: Uuid,
    /// Who acts.
    pub actor: ActorId,
    /// In which role.
    pub role: Role,
    /// Reaching where.
    pub scope: Scope,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

impl Grant {
    /// The actor's office, where the scope names just one.
    #[must_use]
    pub fn office(&self) -> Option<OfficeCode> {
        match &self.scope {
            Scope::Offices(offices) if offices.len() == 1 => offices.first().cloned(),
            _ => None,
        }
    }
}

/// What a token carries (RFC 7519).
#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: ActorId,
    jti: Uuid,
    iat: i64,
    exp: i64,
    role: Role,
    scope: Scope,
}

/// Why a token is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// It is no token of this server.
    #[error("not a token of this server")]
    Invalid,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// It has been revoked.
    #[error("the token has been revoked")]
    Revoked,
    /// The list of tokens cannot be read.
    #[error("the list of tokens cannot be read")]
    Unavailable(#[from] JournalError),
    /// The signing key is not usable.
    #[error("the token key is not an Ed25519 key in PKCS#8 PEM")]
    Key,
    /// The key file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}

/// A token as the list shows it.
#[derive(Debug, sqlx::FromRow)]
pub struct IssuedToken {
    /// Id.
    pub token_id: String,
    /// Who acts.
    pub actor: String,
    /// Role.
    pub role: String,
    /// Scope, JSON.
    pub scope: String,
    /// When it was issued.
    pub issued_at: Stamp,
    /// When it expires.
    pub expires_at: Stamp,
    /// When it was revoked.
    pub revoked_at: Option<Stamp>,
}

/// A grant, and when it was checked.
type Checked = (Arc<Grant>, DateTime<Utc>);

/// Issues, checks, lists and revokes tokens. Cheap to clone.
#[derive(Clone)]
pub struct Tokens(Arc<Register>);

/// What a [`Tokens`] shares: it is cloned several times a request.
struct Register {
    journal: Journal,
    clock: Clock,
    encoding: EncodingKey,
    decoding: DecodingKey,
    checked: Cache<Box<str>, Checked>,
}

/// Reads the signing key that was given, or the one in the data directory, made there when missing.
///
/// # Errors
/// [`TokenError::Key`] and [`TokenError::File`].
pub fn load_or_create_key(data_dir: &Path, given: Option<&str>) -> Result<SigningKey, TokenError> {
    if let Some(pem) = given {
        return SigningKey::from_pkcs8_pem(pem).map_err(|_| TokenError::Key);
    }
    let path = data_dir.join("token.key");
    let made = || {
        let mut seed = zeroize::Zeroizing::new([0_u8; 32]);
        getrandom::fill(seed.as_mut()).map_err(|_| TokenError::Key)?;
        let key = SigningKey::from_bytes(&seed);
        key.to_pkcs8_pem(LineEnding::LF).map_err(|_| TokenError::Key)
    };
    let pem = match std::fs::read_to_string(&path) {
        Ok(pem) => pem,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            write_secret(&path, &made()?)?
        }
        Err(source) => return Err(FileError { path, source }.into()),
    };
    SigningKey::from_pkcs8_pem(&pem).map_err(|_| TokenError::Key)
}

impl Tokens {
    /// Tokens signed with `key`, listed beside the journal.
    ///
    /// # Errors
    /// [`TokenError::Key`].
    pub fn new(journal: Journal, clock: Clock, key: &SigningKey) -> Result<Self, TokenError> {
        let private = key.to_pkcs8_pem(LineEnding::LF).map_err(|_| TokenError::Key)?;
        let public =
            key.verifying_key().to_public_key_pem(LineEnding::LF).map_err(|_| TokenError::Key)?;
        let encoding = EncodingKey::from_ed_pem(private.as_bytes()).map_err(|_| TokenError::Key)?;
        let decoding = DecodingKey::from_ed_pem(public.as_bytes()).map_err(|_| TokenError::Key)?;
        let checked = Cache::new(CHECKED_MAX);
        Ok(Self(Arc::new(Register { journal, clock, encoding, decoding, checked })))
    }

    /// Issues a token. It is listed, durably, before it is handed out: a crash in between leaves a
    /// listed token that nobody holds.
    ///
    /// # Errors
    /// When the list cannot be written.
    pub async fn issue(
        &self,
        actor: ActorId,
        role: Role,
        scope: Scope,
        ttl: Duration,
    ) -> Result<String, TokenError> {
        let now = self.0.clock.now();
        let expires_at = now + ttl;
        let jti = Uuid::now_v7();
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: actor,
            jti,
            iat: now.timestamp(),
            exp: expires_at.timestamp(),
            role,
            scope,
        };
        self.list_as_issued(&claims, now, expires_at).await?;
        jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), &claims, &self.0.encoding)
            .map_err(|_| TokenError::Key)
    }

    async fn list_as_issued(
        &self,
        claims: &Claims,
        now: DateTime<Utc>,
        expires_at: DateTime<Utc>,
    ) -> Result<(), JournalError> {
        let scope = serde_json::to_string(&claims.scope).unwrap_or_default();
        on_pool!(self.0.journal.pool(), pool => {
            sqlx::query(
                "INSERT INTO tokens (token_id, actor, role, scope, issued_at, expires_at)
                 VALUES ($1, $2, $3, $4, $5, $6)",
            )
            .bind(claims.jti.to_string())
            .bind(claims.sub.as_str())
            .bind(claims.role.word())
            .bind(&scope)
            .bind(Stamp(now))
            .bind(Stamp(expires_at))
            .execute(pool)
            .await
            .map(drop)
        })
        .map_err(JournalError::Database)
    }

    /// Checks a token: signature, time, and that it is listed and not revoked.
    ///
    /// # Errors
    /// Why it is not accepted.
    pub async fn check(&self, token: &str) -> Result<Arc<Grant>, TokenError> {
        let now = self.0.clock.now();
        if let Some((grant, checked_at)) = self.0.checked.get(token)
            && now < checked_at + CHECKED_FOR
            && now < grant.expires_at
        {
            return Ok(grant);
        }
        let grant = Arc::new(self.read(token, now)?);
        match self.revocation(grant.token_id).await? {
            None => Err(TokenError::Invalid),
            Some(Some(_)) => Err(TokenError::Revoked),
            Some(None) => {
                self.0.checked.insert(token.into(), (grant.clone(), now));
                Ok(grant)
            }
        }
    }

    fn read(&self, token: &str, now: DateTime<Utc>) -> Result<Grant, TokenError> {
        if token.len() > TOKEN_MAX_BYTES {
            return Err(TokenError::Invalid);
        }
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        // The time is checked below, against our own clock.
        validation.validate_exp = false;
        validation.required_spec_claims = ["exp", "iss", "sub"].map(str::to_owned).into();
        let claims = jsonwebtoken::decode::<Claims>(token, &self.0.decoding, &validation)
            .map_err(|_| TokenError::Invalid)?
            .claims;
        let expires_at = DateTime::from_timestamp(claims.exp, 0).ok_or(TokenError::Invalid)?;
        if expires_at <= now {
            return Err(TokenError::Expired);
        }
        let Claims { sub: actor, jti: token_id, role, scope, .. } = claims;
        Ok(Grant { token_id, actor, role, scope, expires_at })
    }

    /// Whether a token is listed, and if so when it was revoked.
    async fn revocation(&self, token_id: Uuid) -> Result<Option<Option<Stamp>>, JournalError> {
        let id = token_id.to_string();
        let row: Option<(Option<Stamp>,)> = on_pool!(self.0.journal.pool(), pool => {
            sqlx::query_as("SELECT revoked_at FROM tokens WHERE token_id = $1").bind(&id).fetch_optional(pool).await
        })
        .map_err(JournalError::Database)?;
        Ok(row.map(|(revoked_at,)| revoked_at))
    }

    /// Every token, newest first.
    ///
    /// # Errors
    /// When the list cannot be read.
    pub async fn list(&self) -> Result<Vec<IssuedToken>, TokenError> {
        on_pool!(self.0.journal.pool(), pool => {
            sqlx::query_as::<_, IssuedToken>(
                "SELECT token_id, actor, role, scope, issued_at, expires_at, revoked_at
                   FROM tokens ORDER BY issued_at DESC",
            )
            .fetch_all(pool)
            .await
        })
        .map_err(|error| JournalError::Database(error).into())
    }

    /// Revokes a token, for good; says whether there was one to revoke. Durable when it returns,
    /// felt within a second by every process.
    ///
    /// # Errors
    /// When the list cannot be written.
    pub async fn revoke(&self, token_id: Uuid) -> Result<bool, TokenError> {
        let (id, at) = (token_id.to_string(), Stamp(self.0.clock.now()));
        let changed = on_pool!(self.0.journal.pool(), pool => {
            sqlx::query("UPDATE tokens SET revoked_at = $2 WHERE token_id = $1 AND revoked_at IS NULL")
                .bind(&id)
                .bind(at)
                .execute(pool)
                .await
                .map(|done| done.rows_affected())
        })
        .map_err(JournalError::Database)?;
        self.0.checked.clear();
        Ok(changed > 0)
    }
}
