//! The gate: how often an address may knock, whose tokens are taken, how often each may be used.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use parking_lot::Mutex;

use super::limits::{Limit, RateLimits, Standing};
use super::peer::TrustedProxies;
use crate::clock::Clock;
use crate::http::App;
use crate::http::contract::error::ApiError;
use crate::journal::Freshness;
use crate::oidc::Oidc;
use crate::token::{Grant, TokenError, Tokens};

/// Routes that are never limited: whoever watches the server must see it under any load.
const UNLIMITED: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// Who may come in, and how often. Cheap to clone.
#[derive(Clone)]
pub struct Gate(Arc<Rules>);

struct Rules {
    clock: Clock,
    oidc: Option<Oidc>,
    proxies: TrustedProxies,
    token: Option<Limit>,
    address: Option<Limit>,
    failures: Option<Limit>,
}

/// What is known of a request at the gate, and what its answer will say of the limits.
#[derive(Clone)]
pub struct Visit {
    address: Option<IpAddr>,
    /// How the token stands, which tells its holder more than the address.
    token: Arc<Mutex<Option<Standing>>>,
}

/// Why a caller does not come in.
pub enum Refusal {
    /// The token will not do.
    Token(TokenError),
    /// Too often; seconds until it may come again.
    TooMany(i64),
}

impl Gate {
    /// A gate with these limits, for our own tokens and those of a trusted issuer.
    #[must_use]
    pub fn new(
        limits: RateLimits,
        proxies: TrustedProxies,
        oidc: Option<Oidc>,
        clock: Clock,
    ) -> Self {
        let RateLimits { token, address, failures } = limits;
        Self(Arc::new(Rules {
            clock,
            oidc,
            proxies,
            token: Limit::new("token", token),
            address: Limit::new("address", address),
            failures: Limit::new("failures", failures),
        }))
    }

    /// A gate without limits, for our own tokens alone.
    #[must_use]
    pub fn open(clock: Clock) -> Self {
        Self::new(RateLimits::OFF, TrustedProxies::default(), None, clock)
    }

    /// Checks a token, and takes one request from its quota. An address that brought too many tokens
    /// that were none has its unknown ones refused unseen, so that guessing is slowed; those that
    /// were good lately still pass, since a whole office may be behind the address.
    ///
    /// # Errors
    /// [`Refusal`]: the token will not do, or it comes too often.
    pub async fn admit(
        &self,
        tokens: &Tokens,
        visit: Option<&Visit>,
        token: &str,
    ) -> Result<(Arc<Grant>, Option<Freshness>), Refusal> {
        let Rules { clock, oidc, failures, .. } = &*self.0;
        let foreign = oidc.as_ref().filter(|oidc| oidc.is_claimed_by(token));
        let is_known =
            || tokens.is_remembered(token) || foreign.is_some_and(|oidc| oidc.is_remembered(token));
        let address = visit.and_then(|visit| visit.address);
        let guarded = failures.as_ref().zip(address).filter(|_| !is_known());
        if let Some((limit, address)) = guarded {
            let standing = limit.look(address, clock.now());
            if !standing.is_within {
                return Err(Refusal::TooMany(standing.reset_s));
            }
        }
        let admitted = match foreign {
            Some(oidc) => oidc.check(token).await.map(|grant| (grant, None)),
            None => tokens.check(token).await.map(|(grant, fresh)| (grant, Some(fresh))),
        };
        // Only what nobody ever signed counts: an old token in a forgotten device is no guess.
        if let (Err(TokenError::Invalid), Some((limit, address))) = (&admitted, guarded) {
            limit.take(address, clock.now());
        }
        let (grant, fresh) = admitted.map_err(Refusal::Token)?;
        self.count(&grant, visit)?;
        Ok((grant, fresh))
    }

    /// Checks a token again that has come in, and takes nothing from its quota: a stream that lasts
    /// must end with its token.
    ///
    /// # Errors
    /// [`TokenError`]: it is good no more.
    pub async fn check_again(
        &self,
        tokens: &Tokens,
        token: &str,
    ) -> Result<Arc<Grant>, TokenError> {
        match self.0.oidc.as_ref().filter(|oidc| oidc.is_claimed_by(token)) {
            Some(oidc) => oidc.check(token).await,
            None => tokens.check(token).await.map(|(grant, _)| grant),
        }
    }

    fn count(&self, grant: &Grant, visit: Option<&Visit>) -> Result<(), Refusal> {
        let Some(limit) = &self.0.token else { return Ok(()) };
        let standing = limit.take(grant.token_id, self.0.clock.now());
        if let Some(visit) = visit {
            *visit.token.lock() = Some(standing);
        }
        if standing.is_within { Ok(()) } else { Err(Refusal::TooMany(standing.reset_s)) }
    }

    /// Writes how the caller stands: by its token when it has one, else by its address.
    fn write(&self, visit: &Visit, address: Option<Standing>, headers: &mut HeaderMap) {
        let token = *visit.token.lock();
        if let Some((limit, standing)) = self.0.token.as_ref().zip(token) {
            limit.write(standing, headers);
        } else if let Some((limit, standing)) = self.0.address.as_ref().zip(address) {
            limit.write(standing, headers);
        }
    }
}

/// Counts a request against its address, and says in the answer how the caller stands.
pub async fn limited(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>();
    if route.is_some_and(|route| UNLIMITED.contains(&route.as_str())) {
        return next.run(request).await;
    }
    let rules = &app.gate.0;
    let visit = Visit { address: rules.proxies.client(&request), token: Arc::default() };
    let counted = rules.address.as_ref().zip(visit.address);
    let standing = counted.map(|(limit, address)| limit.take(address, rules.clock.now()));
    let refused = standing.filter(|standing| !standing.is_within);
    request.extensions_mut().insert(visit.clone());
    let mut response = match refused {
        Some(standing) => ApiError::from(Refusal::TooMany(standing.reset_s)).into_response(),
        None => next.run(request).await,
    };
    app.gate.write(&visit, standing, response.headers_mut());
    response
}
