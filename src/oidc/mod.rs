//! Tokens of an issuer that is trusted beside our own (OpenID Connect).
//!
//! A token is taken when the issuer's key signed it (`keys`, fetched by `fetch`), it is meant for us
//! and in time, and a grant of the configuration maps one of its claims to a role and a scope
//! (`config`). Our own tokens never pass through here: they work whatever becomes of the issuer.

mod config;
mod fetch;
mod keys;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, Validation};
use quick_cache::sync::Cache;
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use sira_domain::values::ActorId;
use uuid::Uuid;

pub use config::{OidcConfig, OidcConfigError, OidcGrant};
pub use fetch::FetchError;

use crate::clock::Clock;
use crate::token::{Grant, TOKEN_MAX_BYTES, TokenError};
use keys::Keys;

/// How far the issuer's clock may be from ours: a token may come before our clock has reached the moment of
/// its issue, and one that has just ended is taken that much longer.
const LEEWAY: TimeDelta = TimeDelta::seconds(30);
/// Tokens whose check is remembered: a signature takes longer to check than the rest of a request.
const CHECKED_MAX: usize = 10_000;

/// Whom a token was found to speak for, and by which set of keys.
type Checked = (Arc<Grant>, u64);

/// A trusted issuer. Cheap to clone.
#[derive(Clone)]
pub struct Oidc(Arc<Trust>);

struct Trust {
    config: OidcConfig,
    clock: Clock,
    keys: Keys,
    checked: Cache<Box<str>, Checked>,
}

/// The part of a token's head that matters.
#[derive(Deserialize)]
struct Head {
    alg: Algorithm,
    kid: Option<String>,
    crit: Option<Value>,
}

impl Oidc {
    /// Trust in the issuer of a configuration. Nothing is fetched yet.
    ///
    /// # Errors
    /// When the client for fetching cannot be made.
    pub fn new(config: OidcConfig, clock: Clock) -> Result<Self, FetchError> {
        let keys = Keys::new(&config)?;
        let checked = Cache::new(CHECKED_MAX);
        Ok(Self(Arc::new(Trust { config, clock, keys, checked })))
    }

    /// Fetches the keys before the first token asks for them; a failure is for later.
    pub async fn warm(&self) {
        self.0.keys.refresh().await;
    }

    /// Whether a token says that it is from this issuer; nothing is proved by that.
    #[must_use]
    pub fn is_claimed_by(&self, token: &str) -> bool {
        part::<Map<String, Value>>(token, 1)
            .and_then(|claims| Some(claims.get("iss")?.as_str()? == self.0.config.issuer))
            .unwrap_or(false)
    }

    /// Checks a token: signature, issuer, audience, time, and that it maps to a grant.
    ///
    /// # Errors
    /// `Invalid`, `Expired`; `NoGrant` when it is right and gives no role here; `IssuerUnavailable`
    /// when its keys are not known and cannot be fetched.
    pub async fn check(&self, token: &str) -> Result<Arc<Grant>, TokenError> {
        let now = self.0.clock.now();
        if let Some((grant, generation)) = self.0.checked.get(token)
            && generation == self.0.keys.generation()
        {
            return if now < grant.expires_at { Ok(grant) } else { Err(TokenError::Expired) };
        }
        let (claims, generation) = self.verify(token).await?;
        let grant = Arc::new(self.grant(token, &claims, now)?);
        self.0.checked.insert(token.into(), (grant.clone(), generation));
        Ok(grant)
    }

    /// Checks the signature and whom the token is for.
    async fn verify(&self, token: &str) -> Result<(Map<String, Value>, u64), TokenError> {
        if token.len() > TOKEN_MAX_BYTES {
            return Err(TokenError::Invalid);
        }
        let head: Head = part(token, 0).ok_or(TokenError::Invalid)?;
        // RFC 7515: what must be understood and is not makes the token worthless.
        if head.crit.is_some() || !keys::ALGORITHMS.contains(&head.alg) {
            return Err(TokenError::Invalid);
        }
        let found = self.0.keys.find(head.kid.as_deref(), head.alg).await?;
        let mut validation = Validation::new(head.alg);
        validation.set_issuer(&[&self.0.config.issuer]);
        validation.set_audience(&[&self.0.config.audience]);
        validation.required_spec_claims = ["exp", "iss", "aud"].map(str::to_owned).into();
        // Times are checked against our own clock.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let checked = jsonwebtoken::decode(token, &found.key, &validation);
        let claims = checked.map_err(|_| TokenError::Invalid)?.claims;
        Ok((claims, found.generation))
    }

    /// What the claims grant.
    fn grant(
        &self,
        token: &str,
        claims: &Map<String, Value>,
        now: DateTime<Utc>,
    ) -> Result<Grant, TokenError> {
        let time = |name: &str| Some(DateTime::from_timestamp(seconds(claims.get(name)?)?, 0));
        let expires_at = time("exp").flatten().ok_or(TokenError::Invalid)? + LEEWAY;
        if expires_at <= now {
            return Err(TokenError::Expired);
        }
        if let Some(not_before) = time("nbf")
            && not_before.is_none_or(|at| at > now + LEEWAY)
        {
            return Err(TokenError::Invalid);
        }
        let config = &self.0.config;
        let granted = config.granted(claims).ok_or(TokenError::NoGrant)?;
        let actor = claims.get(&config.actor_claim).and_then(Value::as_str);
        let actor = actor.and_then(|actor| ActorId::of_issuer(&config.name, actor).ok());
        Ok(Grant {
            token_id: token_id(&config.issuer, claims, token),
            actor: actor.ok_or(TokenError::NoGrant)?,
            role: granted.role,
            scope: granted.scope.clone().ok_or(TokenError::NoGrant)?,
            expires_at,
            exact_figures: None,
        })
    }
}

/// A token's own id: of the issuer and the `jti`, which is unique there, or of the whole token.
fn token_id(issuer: &str, claims: &Map<String, Value>, token: &str) -> Uuid {
    let own = claims.get("jti").and_then(Value::as_str).unwrap_or(token);
    let digest = Sha256::new().chain_update(issuer).chain_update([0]).chain_update(own).finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// A time in a token: whole seconds, or with a fraction (RFC 7519 allows it), which is cut.
#[expect(clippy::cast_possible_truncation, reason = "a float is cut to whole seconds on purpose")]
fn seconds(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64))
}

/// A part of a token, read and not believed.
fn part<T: serde::de::DeserializeOwned>(token: &str, index: usize) -> Option<T> {
    let text = token.split('.').nth(index).filter(|text| text.len() <= TOKEN_MAX_BYTES)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}
