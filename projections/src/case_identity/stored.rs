//! The rows of a fold in the tables, within the transaction that moves the checkpoint.

use sira_domain::likeness::Likeness;
use sira_numbers::Position;
use uuid::Uuid;

use super::IdentityKeys;
use super::fold::IdentityRows;
use super::opened::OpenedPerson;
use super::pairs::{self, Decision};
use super::rows::{self, Person};
use super::search::{self, AlikeQuery};
use super::searched;
use crate::{FoldError, ReadTransaction};

/// The rows of the tables, and the keys that open them.
pub(super) struct StoredIdentities<'a, K: IdentityKeys> {
    pub keys: &'a K,
    /// The key of the rows.
    pub index: K::Index,
    pub transaction: &'a mut ReadTransaction,
}

impl<K: IdentityKeys> StoredIdentities<'_, K> {
    async fn put(&mut self, told: &[(Person, OpenedPerson)]) -> Result<(), FoldError> {
        let (mut people, mut index, mut search) = (Vec::new(), Vec::new(), Vec::new());
        for (person, opened) in told {
            let id = person.id;
            index.extend(opened.tokens.iter().map(|(kind, token)| (*token, id, *kind)));
            search.extend(opened.searched.iter().map(|token| (*token, id)));
            people.push(person.clone());
        }
        rows::put_people(self.transaction.connection(), &people).await?;
        rows::put_tokens(self.transaction.connection(), &mut index).await?;
        Ok(searched::put(self.transaction.connection(), &mut search).await?)
    }

    async fn drop_tokens(&mut self, id: Uuid) -> Result<(), FoldError> {
        rows::drop_tokens(self.transaction.connection(), id).await?;
        Ok(searched::drop(self.transaction.connection(), id).await?)
    }
}

impl<K: IdentityKeys> IdentityRows for StoredIdentities<'_, K> {
    async fn open(&mut self, person: &Person) -> Result<Option<OpenedPerson>, FoldError> {
        let identity = self.keys.open(person.id, &person.sealed).await?;
        Ok(identity.map(|identity| OpenedPerson::of(&self.index, person, &identity)))
    }

    async fn find(&mut self, id: Uuid) -> Result<Option<Person>, FoldError> {
        Ok(rows::find(self.transaction.connection(), id).await?)
    }

    async fn frozen_for(&mut self, id: Uuid) -> Result<Vec<Person>, FoldError> {
        Ok(rows::frozen_for(self.transaction.connection(), id).await?)
    }

    async fn add(&mut self, told: &[(Person, OpenedPerson)]) -> Result<(), FoldError> {
        self.put(told).await
    }

    async fn replace(&mut self, told: &(Person, OpenedPerson)) -> Result<(), FoldError> {
        self.drop_tokens(told.0.id).await?;
        self.put(std::slice::from_ref(told)).await
    }

    async fn freeze(&mut self, person: Person) -> Result<(), FoldError> {
        Ok(rows::put_people(self.transaction.connection(), &[person]).await?)
    }

    async fn forget(&mut self, id: Uuid) -> Result<(), FoldError> {
        pairs::drop_pairs(self.transaction.connection(), id).await?;
        self.drop_tokens(id).await?;
        Ok(rows::drop_person(self.transaction.connection(), id).await?)
    }

    async fn search(
        &mut self,
        queries: &[AlikeQuery<'_>],
    ) -> Result<Vec<Vec<(Uuid, Likeness)>>, FoldError> {
        let mut all = Vec::with_capacity(queries.len());
        for query in queries {
            let found = search::search(self.transaction.connection(), self.keys, query).await?;
            all.push(found.found.into_iter().map(|found| (found.id, found.likeness)).collect());
        }
        Ok(all)
    }

    async fn put_pairs(
        &mut self,
        id: Uuid,
        pairs: &[(Uuid, Likeness)],
        position: Position,
    ) -> Result<(), FoldError> {
        Ok(pairs::put_pairs(self.transaction.connection(), id, pairs, position).await?)
    }

    async fn drop_open_pairs(
        &mut self,
        id: Uuid,
        kept: &[(Uuid, Likeness)],
    ) -> Result<(), FoldError> {
        Ok(pairs::drop_open_pairs(self.transaction.connection(), id, kept).await?)
    }

    async fn decide_pair(
        &mut self,
        pair: (Uuid, Uuid),
        decision: Decision,
        position: Position,
    ) -> Result<(), FoldError> {
        let connection = self.transaction.connection();
        Ok(pairs::decide_pair(connection, pair, decision, position).await?)
    }

    async fn reconsider_pair(&mut self, pair: (Uuid, Uuid)) -> Result<(), FoldError> {
        Ok(pairs::reconsider_pair(self.transaction.connection(), pair).await?)
    }

    async fn move_open_pairs(
        &mut self,
        (frozen, continuing): (Uuid, Uuid),
        position: Position,
    ) -> Result<(), FoldError> {
        let connection = self.transaction.connection();
        Ok(pairs::move_open_pairs(connection, frozen, continuing, position).await?)
    }
}
