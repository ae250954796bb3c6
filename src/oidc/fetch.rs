//! Fetching what an issuer publishes: small, in time, and from nowhere else.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::config::is_safe;

/// Time for one fetch, connecting included. A request may be waiting for it.
const FETCH_WITHIN: Duration = Duration::from_secs(5);
/// Largest document: fifty keys with their certificates fit.
const DOCUMENT_MAX_BYTES: usize = 256 * 1024;

/// Why something could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The issuer did not answer, or not with success.
    #[error("the issuer does not answer")]
    Http(#[from] reqwest::Error),
    /// The answer is too large.
    #[error("the issuer's document is larger than {DOCUMENT_MAX_BYTES} bytes")]
    TooLarge,
    /// The answer does not have the form.
    #[error("the issuer's document cannot be read")]
    Form(#[from] serde_json::Error),
    /// It is another issuer's, or leads to an address that is not safe.
    #[error("the issuer's document is not this issuer's, or names an address that is not safe")]
    Untrusted,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

/// A set of keys as published. Each is read by itself: one of an unknown kind spoils no other.
#[derive(Deserialize)]
pub(super) struct Published {
    pub keys: Vec<serde_json::Value>,
}

/// The client. It follows no redirection: an issuer's documents are where it says.
pub(super) fn client() -> Result<Client, FetchError> {
    Ok(Client::builder().timeout(FETCH_WITHIN).redirect(Policy::none()).build()?)
}

/// The keys of an issuer, by its discovery document.
pub(super) async fn published(client: &Client, issuer: &str) -> Result<Published, FetchError> {
    let at = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let found: Discovery = document(client, &at).await?;
    if found.issuer != issuer {
        return Err(FetchError::Untrusted);
    }
    document(client, &found.jwks_uri).await
}

async fn document<T: DeserializeOwned>(client: &Client, at: &str) -> Result<T, FetchError> {
    let url: Url = at.parse().map_err(|_| FetchError::Untrusted)?;
    if !is_safe(&url) {
        return Err(FetchError::Untrusted);
    }
    let mut response = client.get(url).send().await?.error_for_status()?;
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > DOCUMENT_MAX_BYTES {
            return Err(FetchError::TooLarge);
        }
    }
    Ok(serde_json::from_slice(&bytes)?)
}
