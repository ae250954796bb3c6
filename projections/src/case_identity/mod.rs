//! Who stands in the journal, sealed, with a blind index to look people up by, and the pairs that
//! may be one person.
//!
//! One projection, because a pair is found at the moment the later of the two is told, and must see
//! exactly the people told before. Every event passes here in order, so two registrations made in
//! two offices at once, or by an import, meet like any other two.
//!
//! Nothing personal is in clear in any table: the identity is the sealed text of the event, the index
//! holds keyed hashes, a pair holds ids, a score and reasons.

mod build;
mod fold;
mod held_pairs;
mod memory;
mod opened;
mod pairs;
mod postings;
mod rows;
mod search;
mod searched;
mod stored;
mod worklist;
mod written;

use std::future::Future;

use sira_domain::identity::Identity;
use uuid::Uuid;

use crate::rebuild::WholeBuild;
use crate::{
    Feed, FeedEvent, FoldError, Projection, ReadConnection, ReadError, ReadTransaction, checkpoint,
};

pub use crate::Reach;
pub use search::{FoundAlike, MAX_OPENED, Sought, find_alike};
pub(crate) use searched::{SearchToken, token as search_token};
pub use worklist::{MAX_PAGE, Pair, PairPage, PairParty, PairPlace, duplicates};

/// The projection's name.
pub const NAME: &str = "case_identity";
/// The version of its rows' form, and of the folding of names: terms of another folding do not meet. Since
/// version 3 the rows are made under an index key that changes; version 4 has more terms of each person, and
/// knows which path a frozen one continues as.
const VERSION: u32 = 4;

/// Bytes of a token: what two of a million people's terms share by chance is nothing, and a longer
/// one would only fill the index.
pub const TOKEN_BYTES: usize = 16;

/// A keyed hash of a term.
pub type Token = [u8; TOKEN_BYTES];

/// What a token is of. The numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TermKind {
    /// A national id.
    NationalId = 1,
    /// A phone.
    Phone = 2,
    /// Two words of a name, with the birth year or the place.
    Name = 3,
    /// What a person is searched by: a word of the name or its beginning, the phone.
    Searched = 4,
    /// The day of birth, with a word of the name or the region.
    Birth = 5,
    /// A word of a name, with the birth year and the place or a part of another word.
    Part = 6,
}

/// An index key: what tokens are made with.
pub trait IdentityIndex: Send + Sync {
    /// The keyed hash of a term: the same for the same key, kind and term.
    fn token(&self, kind: TermKind, term: &str) -> Token;
}

/// Keys that were read together, to open many identities without asking for each.
pub trait IdentityRing: Send + Sync {
    /// As [`IdentityKeys::open`]; of what the keys were not read for, none.
    ///
    /// # Errors
    /// As [`IdentityKeys::open`].
    fn open(&self, id: Uuid, sealed: &str) -> Result<Option<Identity>, FoldError>;
}

/// Opens sealed identities, and holds the index keys.
pub trait IdentityKeys: Clone + Send + Sync + 'static {
    /// An index key.
    type Index: IdentityIndex + 'static;
    /// Keys that were read together.
    type Ring: IdentityRing;

    /// Reads the keys of many sealed identities together. To be dropped soon: a key that is destroyed meanwhile still
    /// opens what it sealed for whoever holds it.
    ///
    /// # Errors
    /// [`FoldError::Unavailable`] when the key store cannot be reached.
    fn ring(&self, sealed: &[&str]) -> impl Future<Output = Result<Self::Ring, FoldError>> + Send;

    /// The index key in force, asked anew each time: rows are made under it from now on.
    ///
    /// # Errors
    /// [`FoldError::Unavailable`] when the key store cannot be reached.
    fn index_key(&self) -> impl Future<Output = Result<Uuid, FoldError>> + Send;

    /// The index key that rows name; none when it was destroyed. Rows that name none are of a time when
    /// there was one for all.
    ///
    /// # Errors
    /// As [`IdentityKeys::index_key`].
    fn index(
        &self,
        key: Option<Uuid>,
    ) -> impl Future<Output = Result<Option<Self::Index>, FoldError>> + Send;

    /// Opens the identity of a path; none when its key was destroyed.
    ///
    /// # Errors
    /// [`FoldError::Unavailable`] when the key store cannot be reached, [`FoldError::Unfit`] when the
    /// text cannot be opened with what is there.
    fn open(
        &self,
        id: Uuid,
        sealed: &str,
    ) -> impl Future<Output = Result<Option<Identity>, FoldError>> + Send;
}

/// The index key that the rows of a database were made under, and its id.
///
/// # Errors
/// [`ReadError::Unindexed`] when the key is gone (the rows are made anew under another one) or the key
/// store cannot be reached; else the database's failure.
pub async fn index_of<K: IdentityKeys>(
    connection: ReadConnection<'_>,
    keys: &K,
) -> Result<(Option<Uuid>, K::Index), ReadError> {
    let named = checkpoint::index_key(connection, NAME).await?;
    let index = keys.index(named).await.map_err(|error| ReadError::Unindexed(error.into()))?;
    let index = index.ok_or_else(|| ReadError::Unindexed("its key was destroyed".into()))?;
    Ok((named, index))
}

/// The projection.
#[derive(Debug)]
pub struct CaseIdentity<F, K> {
    feed: F,
    keys: K,
    /// Events of one lot of a rebuild.
    lot: u32,
}

impl<F: Feed, K: IdentityKeys> CaseIdentity<F, K> {
    /// The projection on a journal and its keys.
    #[must_use]
    pub fn new(feed: F, keys: K) -> Self {
        Self { feed, keys, lot: build::LOT }
    }

    /// The same, rebuilt in lots of a size of the caller's own: it makes no difference to the rows.
    #[must_use]
    pub fn in_lots_of(self, events: u32) -> Self {
        Self { lot: events.max(1), ..self }
    }
}

impl<F: Feed, K: IdentityKeys> Projection for CaseIdentity<F, K> {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> u32 {
        VERSION
    }

    async fn index_key(&self) -> Result<Option<Uuid>, FoldError> {
        self.keys.index_key().await.map(Some)
    }

    fn tables(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("case_identity", "identity"),
            ("blind_index", "identity"),
            ("search_index", "identity"),
            ("duplicate_candidates", "identity"),
        ]
    }

    async fn build(&self, whole: &WholeBuild<'_>) -> Result<bool, FoldError> {
        build::build(self, whole).await.map(|()| true)
    }

    async fn apply(
        &self,
        batch: &[FeedEvent],
        transaction: &mut ReadTransaction,
    ) -> Result<(), FoldError> {
        fold::apply(self, batch, transaction).await
    }
}
