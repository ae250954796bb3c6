//! Personal data: sealing it under a key of the person's own, and the store that keeps those keys.
//!
//! Every person has a data key ([`PersonKey`]). What is personal is sealed under it before it reaches
//! the journal, so that destroying one row of the key store empties the journal, its backups and the
//! read models of that person, while the path and its figures still read.
//!
//! - [`MasterKey`] wraps every data key; it is given, or kept in a file beside the store.
//! - [`KeyStore`] makes, finds and destroys data keys. It does not know whose key is whose: only the
//!   person's stream says that.
//! - [`IndexKey`] makes the tokens by which people are looked up without opening anyone.
//! - [`PersonKey::seal`] and [`PersonKey::open`] bind a text to its place, so that it cannot be moved
//!   to another person or field.
//!
//! Which person may be opened to whom, and what is personal, is decided elsewhere. Why it is built so:
//! `docs/decisions/0003-personal-data.md`.

mod aead;
mod applications;
mod chunk;
mod database;
mod epoch;
mod error;
mod identity;
mod index;
mod index_epoch;
mod master;
mod master_file;
mod person_key;
mod rewrite;
mod rows;
mod stock;
mod store;
mod stored;

pub use applications::{
    ApplicationCount, ApplicationQuestion, DecidedBy, StoredApplication, StoredDecision,
};
pub use chunk::{CHUNK_BYTES, ChunkPlace, SEALED_CHUNK_BYTES};
pub(crate) use database::schema_version;
pub(crate) use epoch::EPOCHS;
pub use epoch::RequestHashKey;
pub use error::KeysError;
pub use index::{IndexKey, TOKEN_BYTES};
pub use master::MasterKey;
pub use master_file::MasterKeyOrigin;
pub use person_key::{MAX_PLAIN_BYTES, PersonKey, key_id_of};
pub use sira_domain::values::KeyId;
pub use store::{BULK_KEYS_MAX, FoundKey, KeyStore};
pub(crate) use stored::{destroy_in, is_made, open_bare};
