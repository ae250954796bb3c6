//! The rows of a fold in memory, for a rebuild: everybody's at once, found by hash rather than by statement.
//!
//! A person weighs some 2 kB here: the sealed text and the row, what is compared of them in clear, the tokens they
//! are searched by, and a place under each of some fourteen tokens of the index. A million people come to
//! about 2 GB while the rebuild lasts. What is compared is personal data in clear, as it is for a moment in
//! every search; it is never stored or logged, and goes with the rebuild.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};
use sira_domain::identity::Identity;
use sira_domain::likeness::{Likeness, PersonProfile};
use sira_numbers::Position;
use uuid::Uuid;

use super::fold::IdentityRows;
use super::held_pairs::HeldPairs;
use super::opened::{OpenedPerson, SoughtTokens, tokens};
use super::pairs::Decision;
use super::postings::{Postings, counted};
use super::rows::Person;
use super::search::{
    AlikeQuery, MAX_BY_KIND, MAX_BY_NATIONAL_ID, MAX_BY_PHONE, MAX_OPENED, compare, propose,
};
use super::searched::SearchToken;
use super::{IdentityKeys, TermKind, Token};
use crate::FoldError;
use crate::every_core::on_every_core;

/// Searches from which on it pays to share them among threads.
const SHARED_FROM: usize = 64;

/// A person in memory.
pub(super) struct HeldPerson {
    pub person: Person,
    pub profile: Arc<PersonProfile>,
    pub searched: Box<[SearchToken]>,
}

/// A sealed identity that was opened ahead, with what follows from it if the person is as was thought.
pub(super) struct OpenedAhead {
    pub sealed: String,
    pub identity: Result<Option<Identity>, FoldError>,
    /// Under which year and region it was worked out.
    pub known: Option<(i32, Arc<str>, OpenedPerson)>,
}

/// Everybody, their tokens and their pairs.
pub(super) struct HeldIdentities<K: IdentityKeys> {
    keys: K,
    pub index: K::Index,
    /// In the order in which they came; none in the place of one who was forgotten.
    pub people: Vec<Option<HeldPerson>>,
    places: FxHashMap<Uuid, u32>,
    pub postings: Postings,
    frozen: BTreeMap<Uuid, BTreeSet<Uuid>>,
    /// Programmes, offices and regions, each once.
    names: FxHashSet<Arc<str>>,
    pub pairs: HeldPairs,
    /// What was opened for the events that are being taken.
    pub ahead: HashMap<Uuid, Vec<OpenedAhead>>,
}

impl<K: IdentityKeys> HeldIdentities<K> {
    /// Nobody yet; rows are made under an index key.
    pub fn under(keys: K, index: K::Index) -> Self {
        let places = HashMap::with_hasher(FxBuildHasher);
        let (people, frozen, ahead) = (Vec::new(), BTreeMap::new(), HashMap::new());
        let (postings, pairs) = (Postings::default(), HeldPairs::default());
        let names = FxHashSet::default();
        Self { keys, index, people, places, postings, frozen, names, pairs, ahead }
    }

    /// A person who is there.
    pub fn held(&self, id: Uuid) -> Option<&HeldPerson> {
        self.people[*self.places.get(&id)? as usize].as_ref()
    }

    fn place(&self, number: u32) -> Option<&HeldPerson> {
        self.people.get(number as usize)?.as_ref()
    }

    fn shared(&mut self, name: &Arc<str>) -> Arc<str> {
        if let Some(known) = self.names.get(name) {
            return Arc::clone(known);
        }
        self.names.insert(Arc::clone(name));
        Arc::clone(name)
    }

    fn put(&mut self, person: &Person, opened: &OpenedPerson) {
        let person = Person {
            programme: self.shared(&person.programme),
            office: self.shared(&person.office),
            region: self.shared(&person.region),
            ..person.clone()
        };
        let next = counted(self.people.len());
        let number = *self.places.entry(person.id).or_insert(next);
        if number == next {
            self.people.push(None);
        }
        let id = person.id;
        if let Some(continues) = person.continues_as {
            self.frozen.entry(continues).or_default().insert(id);
        }
        let mut searched = opened.searched.clone();
        searched.sort_unstable();
        searched.dedup();
        let (profile, searched) = (Arc::clone(&opened.profile), searched.into_boxed_slice());
        self.people[number as usize] = Some(HeldPerson { person, profile, searched });
        let people = &self.people;
        let id_of =
            |other: u32| people[other as usize].as_ref().map_or(Uuid::nil(), |held| held.person.id);
        for (kind, token) in &opened.tokens {
            self.postings.add((*token, *kind), number, id_of);
        }
    }

    /// Takes a person out, with the tokens that lead to them.
    fn take_out(&mut self, id: Uuid) {
        let Some(number) = self.places.get(&id).copied() else { return };
        let Some(held) = self.people[number as usize].take() else { return };
        for (_, token) in tokens(&self.index, &held.profile.terms()) {
            self.postings.drop(&token, number);
        }
        self.unfreeze(&held.person);
    }

    fn unfreeze(&mut self, person: &Person) {
        let Some(continues) = person.continues_as else { return };
        if let Some(frozen) = self.frozen.get_mut(&continues) {
            frozen.remove(&person.id);
        }
    }

    /// Whom somebody may be: by the same rule, limits and order as the search in the tables, among those who were
    /// told before.
    fn alike(&self, query: &AlikeQuery<'_>) -> Vec<(Uuid, Likeness)> {
        let candidates = self.candidates(query);
        let compared = candidates.iter().filter_map(|number| {
            let held = self.place(*number)?;
            compare(query, &held.person, &held.profile)
        });
        let alike: Vec<_> = compared.collect();
        if alike.is_empty() {
            return Vec::new();
        }
        let is_decided = |other| self.pairs.is_decided(query.id, other);
        let continuing = |id| self.held(id).map(|held| &held.person);
        let proposed = propose(alike, is_decided, continuing);
        proposed.into_iter().map(|(person, likeness)| (person.id, likeness)).collect()
    }

    fn candidates(&self, query: &AlikeQuery<'_>) -> Vec<u32> {
        let SoughtTokens { national_id, phone, by_kind } = query.tokens;
        let mut hits = Vec::new();
        for (token, kind, limit) in [
            (national_id, TermKind::NationalId, MAX_BY_NATIONAL_ID),
            (phone, TermKind::Phone, MAX_BY_PHONE),
        ] {
            let hit = token.iter().flat_map(|token| self.told(query, token));
            hits.extend(hit.take(limit).map(|number| (number, kind as u8)));
        }
        for tokens in by_kind {
            let mut tokens = tokens.clone();
            tokens.sort_unstable();
            tokens.dedup();
            let hit = tokens.iter().flat_map(|token| self.told(query, token));
            hits.extend(hit.take(MAX_BY_KIND).map(|number| (number, TermKind::Name as u8)));
        }
        hits.sort_unstable();
        let mut found = Vec::new();
        for same in hits.chunk_by(|one, other| one.0 == other.0) {
            let (number, kind) = same[0];
            let Some(held) = self.place(number).filter(|held| held.person.id != query.id) else {
                continue;
            };
            found.push((kind, std::cmp::Reverse(same.len()), held.person.id, number));
        }
        found.sort_unstable();
        found.into_iter().take(MAX_OPENED as usize).map(|(.., number)| number).collect()
    }

    /// Those under a token who were told before, and the one who is sought, in the order of their ids.
    fn told<'a>(
        &'a self,
        query: &AlikeQuery<'_>,
        token: &Token,
    ) -> impl Iterator<Item = u32> + use<'a, K> {
        let before = query.before;
        let told = move |number: &u32| {
            self.place(*number).is_some_and(|held| held.person.position <= before)
        };
        self.postings.under(token).iter().copied().filter(told)
    }
}

impl<K: IdentityKeys> IdentityRows for HeldIdentities<K> {
    async fn open(&mut self, person: &Person) -> Result<Option<OpenedPerson>, FoldError> {
        let ahead = self.ahead.get_mut(&person.id).into_iter().flatten();
        let identity = match ahead.into_iter().find(|ahead| ahead.sealed == person.sealed) {
            Some(ahead) => {
                let fits = |known: &mut (i32, Arc<str>, OpenedPerson)| {
                    (known.0, &known.1) == (person.birth_year, &person.region)
                };
                if let Some((.., opened)) = ahead.known.take_if(fits) {
                    return Ok(Some(opened));
                }
                match &ahead.identity {
                    Ok(identity) => identity.clone(),
                    // Asked again for the error itself: it stops the rebuild, and so it is met once.
                    Err(_) => self.keys.open(person.id, &person.sealed).await?,
                }
            }
            None => self.keys.open(person.id, &person.sealed).await?,
        };
        Ok(identity.map(|identity| OpenedPerson::of(&self.index, person, &identity)))
    }

    async fn find(&mut self, id: Uuid) -> Result<Option<Person>, FoldError> {
        Ok(self.held(id).map(|held| held.person.clone()))
    }

    async fn frozen_for(&mut self, id: Uuid) -> Result<Vec<Person>, FoldError> {
        let frozen = self.frozen.get(&id).into_iter().flatten();
        Ok(frozen.filter_map(|id| Some(self.held(*id)?.person.clone())).collect())
    }

    async fn add(&mut self, told: &[(Person, OpenedPerson)]) -> Result<(), FoldError> {
        for (person, opened) in told {
            self.put(person, opened);
        }
        Ok(())
    }

    async fn replace(
        &mut self,
        (person, opened): &(Person, OpenedPerson),
    ) -> Result<(), FoldError> {
        self.take_out(person.id);
        self.put(person, opened);
        Ok(())
    }

    async fn freeze(&mut self, person: Person) -> Result<(), FoldError> {
        let Some(number) = self.places.get(&person.id).copied() else { return Ok(()) };
        let Some(held) = self.people[number as usize].as_mut() else { return Ok(()) };
        let before = std::mem::replace(&mut held.person, person.clone());
        self.unfreeze(&before);
        if let Some(continues) = person.continues_as {
            self.frozen.entry(continues).or_default().insert(person.id);
        }
        Ok(())
    }

    async fn forget(&mut self, id: Uuid) -> Result<(), FoldError> {
        self.take_out(id);
        self.pairs.drop_all_of(id);
        Ok(())
    }

    async fn search(
        &mut self,
        queries: &[AlikeQuery<'_>],
    ) -> Result<Vec<Vec<(Uuid, Likeness)>>, FoldError> {
        let held = &*self;
        Ok(on_every_core(queries, SHARED_FROM, |query| held.alike(query)))
    }

    async fn put_pairs(
        &mut self,
        id: Uuid,
        pairs: &[(Uuid, Likeness)],
        position: Position,
    ) -> Result<(), FoldError> {
        self.pairs.put(id, pairs, position);
        Ok(())
    }

    async fn drop_open_pairs(
        &mut self,
        id: Uuid,
        kept: &[(Uuid, Likeness)],
    ) -> Result<(), FoldError> {
        self.pairs.drop_open(id, kept);
        Ok(())
    }

    async fn decide_pair(
        &mut self,
        pair: (Uuid, Uuid),
        decision: Decision,
        position: Position,
    ) -> Result<(), FoldError> {
        self.pairs.decide(pair, decision, position);
        Ok(())
    }

    async fn reconsider_pair(&mut self, pair: (Uuid, Uuid)) -> Result<(), FoldError> {
        self.pairs.reconsider(pair);
        Ok(())
    }

    async fn move_open_pairs(
        &mut self,
        (frozen, continuing): (Uuid, Uuid),
        position: Position,
    ) -> Result<(), FoldError> {
        self.pairs.move_open(frozen, continuing, position);
        Ok(())
    }
}
