//! The gate: how often an address may knock, whose tokens are taken, how often each may be used.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::extract::{MatchedPath, Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use parking_lot::Mutex;

use super::limits::{
    APPLICATIONS_OF_ADDRESS, APPLICATIONS_WINDOW_S, Limit, LimitStanding, RateLimits,
};
use super::peer::TrustedProxies;
use crate::clock::Clock;
use crate::http::App;
use crate::http::contract::caller::bearer;
use crate::http::contract::error::ApiError;
use crate::journal::Freshness;
use crate::oidc::Oidc;
use crate::token::{Grant, TokenError, Tokens};

/// Routes that are never limited: whoever watches the server must see it under any load.
const UNLIMITED: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// How often at most it is logged that somebody guesses, in seconds.
const TOLD_EVERY_S: i64 = 60;

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
    /// Of people without an account: whatever else is limited.
    applications: Option<Limit>,
    /// When guessing was last told, in seconds since 1970.
    told_at: AtomicI64,
}

/// What is known of a request at the gate, and what its answer will say of the limits.
#[derive(Clone)]
pub struct GateVisit {
    address: Option<IpAddr>,
    seen: Arc<Mutex<Seen>>,
}

/// What the gate saw of a request's token.
#[derive(Default)]
struct Seen {
    /// Whether the token was good: its requests are counted against it, and not against its address.
    is_admitted: bool,
    /// How the token stands, which tells its holder more than the address.
    token: Option<LimitStanding>,
}

/// Why a caller does not come in.
pub enum GateRefusal {
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
            applications: Limit::within(
                "applications",
                APPLICATIONS_OF_ADDRESS,
                APPLICATIONS_WINDOW_S,
            ),
            told_at: AtomicI64::new(0),
        }))
    }

    /// A gate without limits, for our own tokens alone.
    #[must_use]
    pub fn open(clock: Clock) -> Self {
        Self::new(RateLimits::OFF, TrustedProxies::default(), None, clock)
    }

    /// Checks a token, and takes one request from its quota. A good one is never refused for what its
    /// neighbours bring: a whole office, or everybody behind a proxy, may be one address. So each is looked
    /// at, which costs microseconds; an address that brings too many that are none is told to wait.
    ///
    /// # Errors
    /// [`GateRefusal`]: the token will not do, or it comes too often.
    pub async fn admit(
        &self,
        tokens: &Tokens,
        visit: Option<&GateVisit>,
        token: &str,
    ) -> Result<(Arc<Grant>, Option<Freshness>), GateRefusal> {
        let foreign = self.0.oidc.as_ref().filter(|oidc| oidc.is_claimed_by(token));
        let checked = match foreign {
            Some(oidc) => oidc.check(token).await.map(|grant| (grant, None)),
            None => tokens.check(token).await.map(|(grant, fresh)| (grant, Some(fresh))),
        };
        let (grant, fresh) = checked.map_err(|error| self.turn_away(visit, error))?;
        self.count(&grant, visit)?;
        Ok((grant, fresh))
    }

    /// The refusal of a token that will not do.
    fn turn_away(&self, visit: Option<&GateVisit>, error: TokenError) -> GateRefusal {
        let Rules { clock, failures, address: all, .. } = &*self.0;
        let Some(address) = visit.and_then(|visit| visit.address) else {
            return GateRefusal::Token(error);
        };
        let now = clock.now();
        // Only what nobody ever signed counts: an old token in a forgotten device is no guess.
        let guessed = failures.as_ref().filter(|_| matches!(error, TokenError::Invalid));
        let standing = guessed.map(|limit| limit.take(address, now));
        if standing.is_some_and(|standing| !standing.is_within) {
            self.tell_of_guessing();
        }
        let spent = |standing: LimitStanding| (!standing.is_within).then_some(standing.reset_s);
        let of_all = || all.as_ref().and_then(|limit| spent(limit.look(address, now)));
        match standing.and_then(spent).or_else(of_all) {
            Some(reset_s) => GateRefusal::TooMany(reset_s),
            None => GateRefusal::Token(error),
        }
    }

    /// Takes one application from the quota of an address. Requests whose address nobody knows share one.
    ///
    /// # Errors
    /// [`GateRefusal::TooMany`].
    pub fn take_application(&self, visit: Option<&GateVisit>) -> Result<(), GateRefusal> {
        let Some(limit) = &self.0.applications else { return Ok(()) };
        let address = visit.and_then(|visit| visit.address);
        let standing = limit.take(address, self.0.clock.now());
        if standing.is_within { Ok(()) } else { Err(GateRefusal::TooMany(standing.reset_s)) }
    }

    /// Takes what a batch costs beyond its request, which was counted as it came in: each command as much as if
    /// it came by itself.
    ///
    /// # Errors
    /// [`GateRefusal::TooMany`]: the quota does not hold so many now, and nothing was taken.
    pub fn take_more(
        &self,
        grant: &Grant,
        visit: Option<&GateVisit>,
        requests: u32,
    ) -> Result<(), GateRefusal> {
        let Some(limit) = self.0.token.as_ref().filter(|_| requests > 0) else { return Ok(()) };
        let standing = limit.take_many(grant.token_id, self.0.clock.now(), requests);
        if let Some(visit) = visit {
            visit.seen.lock().token = Some(standing);
        }
        if standing.is_within { Ok(()) } else { Err(GateRefusal::TooMany(standing.reset_s)) }
    }

    /// Says once a minute at most that somebody guesses tokens. An address is personal: it is not told.
    fn tell_of_guessing(&self) {
        let now = self.0.clock.now().timestamp();
        let told = &self.0.told_at;
        let tell = told.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |at| {
            (now - at >= TOLD_EVERY_S).then_some(now)
        });
        if tell.is_ok() {
            tracing::warn!("an address brings one token after the other that is none");
        }
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

    fn count(&self, grant: &Grant, visit: Option<&GateVisit>) -> Result<(), GateRefusal> {
        if let Some(visit) = visit {
            visit.seen.lock().is_admitted = true;
        }
        let Some(limit) = &self.0.token else { return Ok(()) };
        let standing = limit.take(grant.token_id, self.0.clock.now());
        if let Some(visit) = visit {
            visit.seen.lock().token = Some(standing);
        }
        if standing.is_within { Ok(()) } else { Err(GateRefusal::TooMany(standing.reset_s)) }
    }

    /// Writes how the caller stands: by its token when it has one, else by its address.
    fn write(&self, visit: &GateVisit, address: Option<LimitStanding>, headers: &mut HeaderMap) {
        let token = visit.seen.lock().token;
        if let Some((limit, standing)) = self.0.token.as_ref().zip(token) {
            limit.write(standing, headers);
        } else if let Some((limit, standing)) = self.0.address.as_ref().zip(address) {
            limit.write(standing, headers);
        }
    }
}

/// Counts a request against its address, and says in the answer how the caller stands. One that brings a
/// token is counted after its answer, unless the token was good.
pub async fn limited(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>();
    if route.is_some_and(|route| UNLIMITED.contains(&route.as_str())) {
        return next.run(request).await;
    }
    let rules = &app.gate.0;
    let visit = GateVisit { address: rules.proxies.client(&request), seen: Arc::default() };
    request.extensions_mut().insert(visit.clone());
    let counted = rules.address.as_ref().zip(visit.address);
    let take = || counted.map(|(limit, address)| limit.take(address, rules.clock.now()));
    if bearer(request.headers()).is_none() {
        let standing = take();
        let spent = standing.filter(|standing| !standing.is_within);
        let mut response = match spent {
            Some(standing) => {
                ApiError::from(GateRefusal::TooMany(standing.reset_s)).into_response()
            }
            None => next.run(request).await,
        };
        app.gate.write(&visit, standing, response.headers_mut());
        return response;
    }
    let mut response = next.run(request).await;
    let is_admitted = visit.seen.lock().is_admitted;
    let standing = if is_admitted { None } else { take() };
    app.gate.write(&visit, standing, response.headers_mut());
    response
}
