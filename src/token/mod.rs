//! Tokens: who calls, in which role, reaching where, signed with Ed25519 and revocable.

mod listed;

use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};
use sira_database::on_engine;
use sira_domain::role::Role;
use sira_domain::values::ActorId;
use uuid::Uuid;

pub use listed::{IssuedToken, LIST_PAGE, listed_tokens};

use crate::clock::Clock;
use crate::files::{FileError, read_secret, write_secret};
use crate::grant::{Scope, ScopeOffice};
use crate::journal::{Freshness, Journal, JournalError, Stamp};

/// Who issues: checked in every token.
pub(crate) const ISSUER: &str = "sira";
/// Tokens whose check is remembered: more than a programme has staff, and a few megabytes.
const CHECKED_MAX: usize = 10_000;
/// Longest token looked at: ours have a few hundred bytes, an issuer's with its groups more; it is parsed before
/// anybody is known.
pub const TOKEN_MAX_BYTES: usize = 4_096;

/// What the list of tokens says of a token that was checked.
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
    /// Why an analyst is told exact figures, which equal personal data; none for who is told what was
    /// published.
    pub exact_figures: Option<String>,
}

impl Grant {
    /// The actor's office, where the scope names just one.
    #[must_use]
    pub fn office(&self) -> Option<&ScopeOffice> {
        match &self.scope {
            Scope::Offices(offices) => offices.first().filter(|_| offices.len() == 1),
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
    /// It is listed with a scope of an older form: an office without its programme. It grants nothing;
    /// another one has to be issued.
    #[error("the token is of an older form: issue another one")]
    Outdated,
    /// It is right, and nothing in it gives a role here, or a name that can be recorded.
    #[error("the token gives no role here")]
    NoGrant,
    /// The keys of its issuer cannot be fetched.
    #[error("the keys of the token's issuer cannot be fetched")]
    IssuerUnavailable,
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

/// What the list said of a token whose signature was found right, when the list had been changed so
/// many times.
#[derive(Clone)]
struct Checked {
    grant: Arc<Grant>,
    token_changes: i64,
    is_revoked: bool,
}

impl Checked {
    fn verdict(&self, now: DateTime<Utc>) -> Result<Arc<Grant>, TokenError> {
        if self.grant.expires_at <= now {
            return Err(TokenError::Expired);
        }
        if self.is_revoked { Err(TokenError::Revoked) } else { Ok(self.grant.clone()) }
    }
}

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
    let pem = match read_secret(&path)? {
        Some(pem) => pem,
        None => write_secret(&path, &made()?)?.into(),
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
        self.issue_exact(actor, role, scope, ttl, None).await
    }

    /// Issues a token as [`Tokens::issue`] does; with a reason, one whose analyst is told exact figures.
    /// The reason is listed with it, and with every other role it says nothing.
    ///
    /// # Errors
    /// When the list cannot be written.
    pub async fn issue_exact(
        &self,
        actor: ActorId,
        role: Role,
        scope: Scope,
        ttl: Duration,
        exact_figures: Option<&str>,
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
        self.list_as_issued(&claims, (now, expires_at), exact_figures).await?;
        jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), &claims, &self.0.encoding)
            .map_err(|_| TokenError::Key)
    }

    async fn list_as_issued(
        &self,
        claims: &Claims,
        (now, expires_at): (DateTime<Utc>, DateTime<Utc>),
        exact_figures: Option<&str>,
    ) -> Result<(), JournalError> {
        let scope = serde_json::to_string(&claims.scope).unwrap_or_default();
        let _turn = self.0.journal.pool().turn().await;
        on_engine!(self.0.journal.pool(), pool => {
            sqlx::query(
                "INSERT INTO tokens (token_id, actor, role, scope, issued_at, expires_at, exact_figures)
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
            )
            .bind(claims.jti.to_string())
            .bind(claims.sub.as_str())
            .bind(claims.role.word())
            .bind(&scope)
            .bind(Stamp(now))
            .bind(Stamp(expires_at))
            .bind(exact_figures)
            .execute(pool)
            .await
            .map(drop)
        })
        .map_err(JournalError::Database)
    }

    /// Checks a token: signature, time, and that it is listed and not revoked. The journal is asked
    /// where it stands, once for all who wait: with the answer comes how often the list has changed,
    /// and a check is remembered until it changes. So a revocation that was committed before this
    /// call is always felt, in every process, and the row itself is read only after a change.
    ///
    /// The answer of the journal is handed on, for a reader that would ask it again.
    ///
    /// # Errors
    /// Why it is not accepted.
    pub async fn check(&self, token: &str) -> Result<(Arc<Grant>, Freshness), TokenError> {
        let known = self.0.checked.get(token);
        let token_id = match &known {
            Some(checked) => checked.grant.token_id,
            None => self.read(token)?,
        };
        let fresh = self.0.journal.freshness().await?;
        let good = known.filter(|checked| checked.token_changes == fresh.token_changes);
        let checked = match good {
            Some(checked) => checked,
            None => self.look_up(token, token_id, fresh.token_changes).await?,
        };
        checked.verdict(self.0.clock.now()).map(|grant| (grant, fresh))
    }

    /// Reads what the list says of a token: who acts, in which role, reaching where and until when. The
    /// token itself is believed for its id alone, so that whoever has the key cannot make more of a
    /// listed token than was granted. The counter was read before: a change in between is either seen
    /// here or makes the next check look again.
    async fn look_up(
        &self,
        token: &str,
        token_id: Uuid,
        token_changes: i64,
    ) -> Result<Checked, TokenError> {
        let listed = self.listed(token_id).await?.ok_or(TokenError::Invalid)?;
        let checked = Checked { token_changes, ..listed };
        self.0.checked.insert(token.into(), checked.clone());
        Ok(checked)
    }

    /// The id of a token that this server signed.
    fn read(&self, token: &str) -> Result<Uuid, TokenError> {
        if token.len() > TOKEN_MAX_BYTES {
            return Err(TokenError::Invalid);
        }
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        // The time is that of the list, and is checked against our own clock.
        validation.validate_exp = false;
        validation.required_spec_claims = ["exp", "iss", "sub"].map(str::to_owned).into();
        let read = jsonwebtoken::decode::<Claims>(token, &self.0.decoding, &validation);
        read.map(|read| read.claims.jti).map_err(|_| TokenError::Invalid)
    }
}
