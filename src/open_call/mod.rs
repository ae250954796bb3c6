//! The open call: people without an account apply, and advisers of their region turn an application into a
//! registered path, or refuse it.
//!
//! What somebody tells is sealed under a key of its own as soon as its form is checked, and kept beside that key
//! in the key store's database ([`crate::keys`]): neither journal nor read models ever hold it. An acceptance
//! goes through [`Commands`] as any registration does; the key and what it sealed are destroyed then, and of
//! those who were not accepted when the call's days are over. Why it is built so:
//! `docs/decisions/0027-open-call.md`.

mod accept;
mod form;
mod list;
mod receive;
mod refuse;
mod sweep;

use serde::{Deserialize, Serialize};
use sira_domain::identity::Phone;
use sira_domain::refusal::{Item, Refusal};
use sira_domain::values::{Slug, Text};
use uuid::Uuid;

pub use accept::{AcceptForm, Acceptance, accept};
pub use form::{ApplicationForm, ApplicationFormBody, FormLanguage, NAME_MAX, OwnWords};
pub use list::{AskedApplications, ListedApplications, applications, reached_application};
pub use receive::{DAY_MAX, KEPT_MAX, Received, receive};
pub use refuse::{RefuseForm, RefusedApplication, refuse};
pub use sweep::{Swept, sweep};

use crate::commands::{CommandError, Commands};
use crate::keys::{FoundKey, KeysError, PersonKey, StoredApplication};

/// The kind of stream that readings of applications are recorded of. It is no stream of the journal.
pub const APPLICATION: &str = "application";

/// Why an application is not taken.
#[derive(Debug, thiserror::Error)]
pub enum OpenCallError {
    /// As many are kept as may be.
    #[error("as many applications are kept as may be")]
    Full {
        /// Seconds after which another may come.
        retry_after_s: u32,
    },
    /// A rule forbids it, or a store failed.
    #[error(transparent)]
    Command(#[from] CommandError),
}

impl From<KeysError> for OpenCallError {
    fn from(error: KeysError) -> Self {
        Self::Command(error.into())
    }
}

/// What a person told, in clear: between the seal and whoever may read it.
#[derive(Clone, Serialize, Deserialize)]
pub struct Told {
    /// Family and given names.
    pub name: Text<NAME_MAX>,
    /// Phone number.
    pub phone: Phone,
    /// The idea in their words.
    pub idea: String,
    /// Version of the text that they consented to.
    pub text_version: Slug,
    /// The language that they read it in.
    pub language: FormLanguage,
}

impl std::fmt::Debug for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Told(..)")
    }
}

/// What the sealed text of an application is bound to: it opens nowhere else.
fn seal_context(id: Uuid) -> String {
    format!("application/{id}/told")
}

/// Seals what a person told.
fn seal(told: &Told, id: Uuid, key: &PersonKey) -> Result<String, KeysError> {
    let plain = zeroize::Zeroizing::new(serde_json::to_vec(told).unwrap_or_default());
    key.seal(&seal_context(id), &plain)
}

/// Opens an application; none of one that was accepted or whose key is destroyed. Whoever asks has recorded
/// the reading.
///
/// # Errors
/// When the key store cannot be read, or the text is not authentic.
pub async fn opened(
    commands: &Commands,
    application: &StoredApplication,
) -> Result<Option<Told>, CommandError> {
    let Some(sealed) = &application.sealed else { return Ok(None) };
    let key = match commands.keys().get(application.key).await? {
        FoundKey::Key(key) => key,
        FoundKey::Destroyed { .. } | FoundKey::Unknown => return Ok(None),
    };
    let plain = key.open(&seal_context(application.id), sealed)?;
    let damaged =
        || KeysError::Inconsistent { table: "applications", id: application.id.to_string() };
    Ok(Some(serde_json::from_slice(&plain).map_err(|_| damaged())?))
}

/// What was decided already, and not this.
fn settled(id: Uuid) -> CommandError {
    Refusal::Settled { item: Item::Application, name: id.to_string() }.into()
}
