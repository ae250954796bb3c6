//! The issuer's keys: kept, fetched anew when one is unknown or they are old, never in a rush.

use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use parking_lot::RwLock;
use reqwest::Client;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::OidcConfig;
use super::fetch::{FetchError, Published, client, published};
use crate::token::TokenError;

/// Signatures that are taken: each with a key of its own kind, so that no token can choose how its
/// key is used; never `none`, never a shared secret.
pub(super) const ALGORITHMS: [Algorithm; 3] =
    [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA];
/// Keys older than this are fetched anew, while they go on working: a key that the issuer withdrew is believed
/// for no longer than this while the issuer can be reached.
const FRESH_FOR: Duration = Duration::from_hours(1);
/// Keys older than this are no longer believed: the issuer may have withdrawn one, and has been out
/// of reach for a day.
const BELIEVED_FOR: Duration = Duration::from_hours(24);
/// Keys that are kept of one set: issuers publish two or three, and a set is text from outside.
const KEYS_MAX: usize = 100;

/// A key to check with, and which set it is of.
#[derive(Clone)]
pub(super) struct FoundKey {
    pub key: DecodingKey,
    pub generation: u64,
}

struct KnownKey {
    id: Option<String>,
    algorithm: Algorithm,
    key: DecodingKey,
}

#[derive(Default)]
struct KeySet {
    generation: u64,
    fetched_at: Option<Instant>,
    keys: Vec<KnownKey>,
}

pub(super) struct Keys(Arc<Inner>);

struct Inner {
    issuer: String,
    refetch_every: Duration,
    client: Client,
    known: RwLock<KeySet>,
    /// Held while fetching: when the last attempt began.
    attempt: Mutex<Option<Instant>>,
}

impl Keys {
    pub fn new(config: &OidcConfig) -> Result<Self, FetchError> {
        Ok(Self(Arc::new(Inner {
            issuer: config.issuer.clone(),
            refetch_every: config.refetch_every,
            client: client()?,
            known: RwLock::default(),
            attempt: Mutex::default(),
        })))
    }

    /// Changes with every set: what was checked by another may not be right any more.
    pub fn generation(&self) -> u64 {
        self.0.known.read().generation
    }

    pub async fn refresh(&self) {
        self.0.refresh().await;
    }

    /// The key of this id for this algorithm. One that is unknown may be new: the set is fetched,
    /// unless it just was.
    pub async fn find(&self, id: Option<&str>, alg: Algorithm) -> Result<FoundKey, TokenError> {
        if let Some(found) = self.0.look(id, alg) {
            if self.0.age().is_none_or(|age| age > FRESH_FOR) {
                // Nobody waits for it: the keys that are known go on working.
                let keys = Arc::clone(&self.0);
                tokio::spawn(async move { keys.refresh().await });
            }
            return Ok(found);
        }
        self.0.refresh().await;
        match self.0.look(id, alg) {
            Some(found) => Ok(found),
            None if self.0.is_believed() => Err(TokenError::Invalid),
            None => Err(TokenError::IssuerUnavailable),
        }
    }
}

impl Inner {
    fn age(&self) -> Option<Duration> {
        self.known.read().fetched_at.map(|at| at.elapsed())
    }

    fn is_believed(&self) -> bool {
        self.age().is_some_and(|age| age < BELIEVED_FOR)
    }

    /// A token that names no key is checked by the only one there is for its algorithm.
    fn look(&self, id: Option<&str>, algorithm: Algorithm) -> Option<FoundKey> {
        if !self.is_believed() {
            return None;
        }
        let known = self.known.read();
        let mut fit = known
            .keys
            .iter()
            .filter(|key| key.algorithm == algorithm && (id.is_none() || key.id.as_deref() == id));
        let first = fit.next()?;
        let is_only = id.is_some() || fit.next().is_none();
        is_only.then(|| FoundKey { key: first.key.clone(), generation: known.generation })
    }

    /// Fetches the set, one caller at a time and not too often; who waited finds what was fetched.
    async fn refresh(&self) {
        let mut attempt = self.attempt.lock().await;
        if attempt.is_some_and(|at| at.elapsed() < self.refetch_every) {
            return;
        }
        *attempt = Some(Instant::now());
        match published(&self.client, &self.issuer).await {
            Ok(published) => self.keep(&published),
            Err(error) => {
                tracing::warn!(error = %error, cause = ?std::error::Error::source(&error), "the issuer's keys could not be fetched");
            }
        }
    }

    fn keep(&self, published: &Published) {
        let keys = published.keys.iter().filter_map(read_key).take(KEYS_MAX).collect();
        let mut known = self.known.write();
        *known =
            KeySet { generation: known.generation + 1, fetched_at: Some(Instant::now()), keys };
    }
}

/// A key for signatures of a kind that is taken. RSA below 2048 bits is no longer safe.
fn read_key(value: &serde_json::Value) -> Option<KnownKey> {
    let jwk: Jwk = serde_json::from_value(value.clone()).ok()?;
    if matches!(jwk.common.public_key_use, Some(ref used) if *used != PublicKeyUse::Signature) {
        return None;
    }
    let algorithm = match &jwk.algorithm {
        AlgorithmParameters::RSA(rsa) if rsa.n.len() >= 2048 / 6 => Algorithm::RS256,
        AlgorithmParameters::EllipticCurve(ec) if ec.curve == EllipticCurve::P256 => {
            Algorithm::ES256
        }
        AlgorithmParameters::OctetKeyPair(okp) if okp.curve == EllipticCurve::Ed25519 => {
            Algorithm::EdDSA
        }
        _ => return None,
    };
    let key = DecodingKey::from_jwk(&jwk).ok()?;
    Some(KnownKey { id: jwk.common.key_id, algorithm, key })
}
