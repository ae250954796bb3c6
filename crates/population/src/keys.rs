//! What an invented person needs of a key store: a key of their own, and its end.

use std::error::Error;

use sira_domain::identity::Identity;
use sira_domain::names::seal_context;
use sira_domain::values::{KeyId, Sealed};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::error::GenerateError;

/// Why a key store did not do what it was asked.
pub type KeyFailure = Box<dyn Error + Send + Sync>;

/// The key of one person.
pub trait PersonalKey: Send {
    /// Seals a text for one place, such as `beneficiary/<uuid>/identity`: it opens there and nowhere else.
    ///
    /// # Errors
    /// When it cannot be sealed.
    fn seal(&self, context: &str, plain: &[u8]) -> Result<String, KeyFailure>;

    /// Opens what was sealed for the same place.
    ///
    /// # Errors
    /// When it is not what was sealed there.
    fn open(&self, context: &str, sealed: &str) -> Result<Zeroizing<Vec<u8>>, KeyFailure>;
}

/// Where the keys come from, and end.
pub trait KeySource: Clone + Send + Sync + 'static {
    /// Keys that are made at once, at most.
    const BLOCK_MAX: usize;

    /// Makes keys, each of which the store knows when they are given.
    ///
    /// # Errors
    /// When the store fails; none is given then.
    fn take_block(
        &self,
        count: usize,
    ) -> impl Future<Output = Result<Vec<Box<dyn PersonalKey>>, KeyFailure>> + Send;

    /// Destroys keys for good.
    ///
    /// # Errors
    /// When the store fails; some may be destroyed then.
    fn destroy(&self, keys: &[KeyId]) -> impl Future<Output = Result<(), KeyFailure>> + Send;
}

/// Seals a text of a person for a field.
pub(crate) fn seal(
    key: &dyn PersonalKey,
    id: Uuid,
    field: &str,
    plain: &[u8],
) -> Result<Sealed, GenerateError> {
    let sealed = key.seal(&seal_context(id, field), plain).map_err(GenerateError::Keys)?;
    Ok(Sealed::try_new(&sealed)?)
}

/// Seals an identity as one text.
pub(crate) fn seal_identity(
    key: &dyn PersonalKey,
    id: Uuid,
    identity: &Identity,
) -> Result<Sealed, GenerateError> {
    let plain = Zeroizing::new(serde_json::to_vec(identity).unwrap_or_default());
    seal(key, id, "identity", &plain)
}

/// Opens an identity; none when it is not one.
pub(crate) fn open_identity(
    key: &dyn PersonalKey,
    id: Uuid,
    sealed: &Sealed,
) -> Result<Option<Identity>, GenerateError> {
    let opened = key.open(&seal_context(id, "identity"), sealed.as_str());
    Ok(serde_json::from_slice(&opened.map_err(GenerateError::Keys)?).ok())
}
