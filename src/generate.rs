//! The invented population ([`sira_population`]) with keys of this server's store.

use sira_domain::values::KeyId;
pub use sira_population::{
    CASES_MAX, CLIENT, GenerateError, Generated, GenerationProgress, Population, Refusals,
    generate, population_of,
};
use sira_population::{KeyFailure, KeySource, PersonalKey};
use zeroize::Zeroizing;

use crate::keys::{BULK_KEYS_MAX, KeyStore, PersonKey};

impl PersonalKey for PersonKey {
    fn seal(&self, context: &str, plain: &[u8]) -> Result<String, KeyFailure> {
        Ok(Self::seal(self, context, plain)?)
    }

    fn open(&self, context: &str, sealed: &str) -> Result<Zeroizing<Vec<u8>>, KeyFailure> {
        Ok(Self::open(self, context, sealed)?)
    }
}

impl KeySource for KeyStore {
    const BLOCK_MAX: usize = BULK_KEYS_MAX;

    async fn take_block(&self, count: usize) -> Result<Vec<Box<dyn PersonalKey>>, KeyFailure> {
        let keys = self.take_many(count).await?;
        Ok(keys.into_iter().map(|key| Box::new(key) as Box<dyn PersonalKey>).collect())
    }

    async fn destroy(&self, keys: &[KeyId]) -> Result<(), KeyFailure> {
        Ok(Self::destroy(self, keys).await?)
    }
}
