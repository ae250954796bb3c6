//! What is trusted: the issuer, whom its tokens must be for, and which claim gives which role.

use std::time::Duration;

use reqwest::Url;
use serde::Deserialize;
use serde_json::{Map, Value};
use sira_domain::reference::RegionCode;
use sira_domain::role::Role;
use sira_domain::values::{ActorId, FundId, OfficeCode, ProgrammeId};

use crate::grant::{AskedScope, KnownPlaces, Scope, ScopeError};

/// Keys are not fetched more often than this, however many tokens name an unknown one: a flood of
/// bad tokens must not become a flood at the issuer.
const REFETCH_EVERY: Duration = Duration::from_secs(10);

/// The `[oidc]` table of `sira.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OidcConfig {
    /// The issuer's address, exactly as its tokens say it.
    pub issuer: String,
    /// What its actors are known by here: `oidc:NAME/actor`. So nobody there can have the name of
    /// somebody here.
    pub name: String,
    /// Whom tokens must be for.
    pub audience: String,
    /// The claim that is mapped to a role: a text or a list of texts. `/a/b` looks inside.
    pub role_claim: String,
    /// The claim that says who acts.
    pub actor_claim: String,
    /// Which value gives what; the first that a token has decides.
    pub grants: Vec<OidcGrant>,
    /// How often keys may be fetched.
    #[serde(skip)]
    pub refetch_every: Duration,
}

/// What a value of the claim gives.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OidcGrant {
    /// The value.
    pub value: String,
    /// The role it gives.
    pub role: Role,
    /// Whether it reaches everything.
    #[serde(default)]
    pub all: bool,
    /// Regions it reaches.
    #[serde(default)]
    pub regions: Vec<RegionCode>,
    /// The programme of its offices; left out where one programme alone has them.
    #[serde(default)]
    pub programme: Option<ProgrammeId>,
    /// Offices it reaches.
    #[serde(default)]
    pub offices: Vec<OfficeCode>,
    /// Funds that a donor sees.
    #[serde(default)]
    pub funds: Vec<FundId>,
    /// Where it reaches; none until [`OidcConfig::resolve`] has found the places that it names, and then
    /// it gives nothing.
    #[serde(skip)]
    pub scope: Option<Scope>,
}

/// A configuration that would not be safe or of no use.
#[derive(Debug, thiserror::Error)]
pub enum OidcConfigError {
    /// The address will not do.
    #[error("issuer: an https address (http on this machine alone)")]
    Issuer,
    /// Tokens for anyone would be taken.
    #[error("audience: required")]
    Audience,
    /// Its actors could not be told from others'.
    #[error("name: 1 to 20 characters of a-z 0-9 -, by which its actors are known here")]
    Name,
    /// No token would be taken.
    #[error("grants: at least one")]
    Grants,
    /// A grant says nothing of where it reaches, too much, or what there is not.
    #[error("grant {value:?}: {error}")]
    Scope {
        /// The value of the grant.
        value: String,
        /// What is wrong.
        error: ScopeError,
    },
}

impl Default for OidcConfig {
    fn default() -> Self {
        Self {
            issuer: String::new(),
            name: "issuer".to_owned(),
            audience: String::new(),
            role_claim: "groups".to_owned(),
            actor_claim: "sub".to_owned(),
            grants: Vec::new(),
            refetch_every: REFETCH_EVERY,
        }
    }
}

impl OidcConfig {
    /// Refuses what would not be safe or of no use.
    ///
    /// # Errors
    /// Which part.
    pub fn check(self) -> Result<Self, OidcConfigError> {
        if !self.issuer.parse().is_ok_and(|url| is_safe(&url)) {
            return Err(OidcConfigError::Issuer);
        }
        if self.audience.is_empty() {
            return Err(OidcConfigError::Audience);
        }
        if ActorId::of_issuer(&self.name, "a").is_err() {
            return Err(OidcConfigError::Name);
        }
        if self.grants.is_empty() {
            return Err(OidcConfigError::Grants);
        }
        for grant in &self.grants {
            grant.asked().check(grant.role).map_err(|error| grant.wrong(error))?;
        }
        Ok(self)
    }

    /// Finds the places that the grants name.
    ///
    /// # Errors
    /// [`OidcConfigError::Scope`], for a place that there is not.
    pub fn resolve(mut self, known: &KnownPlaces) -> Result<Self, OidcConfigError> {
        for grant in &mut self.grants {
            let scope = grant.asked().resolve(grant.role, known);
            grant.scope = Some(scope.map_err(|error| grant.wrong(error))?);
        }
        Ok(self)
    }

    /// The first grant whose value the token has.
    #[must_use]
    pub fn granted(&self, claims: &Map<String, Value>) -> Option<&OidcGrant> {
        let claim = match self.role_claim.strip_prefix('/') {
            None => claims.get(&self.role_claim)?,
            Some(path) => {
                let (first, rest) = path.split_once('/').unwrap_or((path, ""));
                let first = claims.get(first)?;
                if rest.is_empty() { first } else { first.pointer(&format!("/{rest}"))? }
            }
        };
        let has = |value: &str| match claim {
            Value::Array(items) => items.iter().any(|item| item.as_str() == Some(value)),
            item => item.as_str() == Some(value),
        };
        self.grants.iter().find(|grant| has(&grant.value))
    }
}

impl OidcGrant {
    fn asked(&self) -> AskedScope {
        AskedScope {
            all: self.all,
            regions: self.regions.clone(),
            programme: self.programme,
            offices: self.offices.clone(),
            funds: self.funds.clone(),
        }
    }

    fn wrong(&self, error: ScopeError) -> OidcConfigError {
        OidcConfigError::Scope { value: self.value.clone(), error }
    }
}

/// Keys that come over an open wire are anybody's: https, or this machine.
pub(super) fn is_safe(url: &Url) -> bool {
    match url.scheme() {
        "https" => true,
        "http" => matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]")),
        _ => false,
    }
}
