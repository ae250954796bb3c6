//! From events to rows.

use sira_domain::path::facts::{IdentityChange, Registration, Transfer};
use sira_domain::path::{Beneficiary, BeneficiaryEvent, Fact};
use uuid::Uuid;

use super::rows::{self, Decision, Person};
use super::search::{Sought, find_alike, open_person, tokens};
use super::searched;
use super::{CaseIdentity, IdentityKeys};
use crate::decode::decode;
use crate::{Feed, FeedEvent, FoldError, ReadTransaction};

/// The events that say who a person is, whose they are, or which pair they belong to.
const TAKEN: &[&str] = &[
    "Registered",
    "IdentityUpdated",
    "Transferred",
    "Retracted",
    "DuplicateLinked",
    "DuplicateUnlinked",
    "PersonalDataErased",
];

/// Takes a batch in. Registrations of new paths that follow each other are stored together; each is
/// then compared with those told before it, so that it makes no difference where a batch ends.
pub(super) async fn apply<F: Feed, K: IdentityKeys>(
    projection: &CaseIdentity<F, K>,
    batch: &[FeedEvent],
    transaction: &mut ReadTransaction,
) -> Result<(), FoldError> {
    let mut fold = Fold { projection, transaction, new: Vec::new() };
    for recorded in batch {
        if recorded.aggregate_type != Beneficiary::TYPE
            || !TAKEN.contains(&recorded.event_type.as_str())
        {
            continue;
        }
        let event: BeneficiaryEvent = decode(recorded)?;
        match &event.fact {
            Fact::Registered(registration) if recorded.sequence == 1 => {
                fold.new.push(registered(recorded, registration));
            }
            _ => {
                fold.store_new().await?;
                fold.take(recorded, &event.fact).await?;
            }
        }
    }
    fold.store_new().await
}

fn position_of(recorded: &FeedEvent) -> i64 {
    i64::try_from(recorded.position).unwrap_or(i64::MAX)
}

fn year(year: u32) -> i32 {
    i32::try_from(year).unwrap_or(i32::MAX)
}

fn registered(recorded: &FeedEvent, registration: &Registration) -> Person {
    Person {
        id: recorded.aggregate_id,
        programme: registration.programme.0.to_string(),
        reference: registration.reference.to_string(),
        office: registration.office.as_str().to_owned(),
        region: registration.region.code().to_owned(),
        birth_year: year(registration.birth_year.get()),
        sealed: registration.identity.0.as_str().to_owned(),
        position: position_of(recorded),
    }
}

/// One batch under way.
struct Fold<'a, F, K> {
    projection: &'a CaseIdentity<F, K>,
    transaction: &'a mut ReadTransaction,
    /// New people, not stored yet.
    new: Vec<Person>,
}

impl<F: Feed, K: IdentityKeys> Fold<'_, F, K> {
    /// Stores the new people, then compares each with those told before.
    async fn store_new(&mut self) -> Result<(), FoldError> {
        let keys = &self.projection.keys;
        let (mut people, mut profiles, mut index) = (Vec::new(), Vec::new(), Vec::new());
        let mut search = Vec::new();
        for person in std::mem::take(&mut self.new) {
            // Their key is gone: the erasure is on its way.
            let Some((identity, profile)) = open_person(keys, &person).await? else { continue };
            let tokens = tokens(keys, &profile.terms());
            search.extend(searched::tokens(keys, person.id, &identity));
            index.extend(tokens.into_iter().map(|(kind, token)| (person.id, kind, token)));
            profiles.push(profile);
            people.push(person);
        }
        if people.is_empty() {
            return Ok(());
        }
        rows::put_people(self.transaction.connection(), &people).await?;
        rows::put_tokens(self.transaction.connection(), &index).await?;
        searched::put(self.transaction.connection(), &mut search).await?;
        for (person, profile) in people.iter().zip(profiles) {
            let sought = Sought { id: person.id, profile, before: person.position };
            let found = find_alike(self.transaction.connection(), keys, &sought).await?.found;
            let pairs: Vec<_> = found.into_iter().map(|found| (found.id, found.likeness)).collect();
            let connection = self.transaction.connection();
            rows::put_pairs(connection, person.id, &pairs, person.position).await?;
        }
        Ok(())
    }

    async fn take(&mut self, recorded: &FeedEvent, fact: &Fact) -> Result<(), FoldError> {
        let id = recorded.aggregate_id;
        match fact {
            Fact::Registered(registration) => self.tell(registered(recorded, registration)).await,
            Fact::IdentityUpdated(change) => self.take_identity(recorded, change).await,
            Fact::Transferred(transfer) => self.take_transfer(recorded, transfer).await,
            Fact::Retracted(retraction) => {
                self.take_retraction(recorded, retraction.sequence).await
            }
            Fact::DuplicateLinked(link) => {
                self.decide(recorded, link.other.0, Decision::Linked).await
            }
            Fact::DuplicateUnlinked(unlink) => {
                self.decide(recorded, unlink.other.0, Decision::Unlinked).await
            }
            Fact::PersonalDataErased(_) => self.forget(id).await,
            _ => Ok(()),
        }
    }

    /// Stores what is now known of a person, with their index and their pairs.
    async fn tell(&mut self, person: Person) -> Result<(), FoldError> {
        let keys = &self.projection.keys;
        let Some((identity, profile)) = open_person(keys, &person).await? else {
            return self.forget(person.id).await;
        };
        let (id, position) = (person.id, person.position);
        let index: Vec<_> = tokens(keys, &profile.terms())
            .into_iter()
            .map(|(kind, token)| (id, kind, token))
            .collect();
        let mut search = searched::tokens(keys, id, &identity);
        rows::put_people(self.transaction.connection(), &[person]).await?;
        rows::drop_tokens(self.transaction.connection(), id).await?;
        rows::put_tokens(self.transaction.connection(), &index).await?;
        searched::drop(self.transaction.connection(), id).await?;
        searched::put(self.transaction.connection(), &mut search).await?;
        let sought = Sought { id, profile, before: position };
        let search = find_alike(self.transaction.connection(), keys, &sought).await?;
        let pairs: Vec<_> =
            search.found.into_iter().map(|found| (found.id, found.likeness)).collect();
        rows::drop_open_pairs(self.transaction.connection(), id, &pairs).await?;
        rows::put_pairs(self.transaction.connection(), id, &pairs, position).await?;
        Ok(())
    }

    async fn take_identity(
        &mut self,
        recorded: &FeedEvent,
        change: &IdentityChange,
    ) -> Result<(), FoldError> {
        let id = recorded.aggregate_id;
        // No row: the key is gone.
        let Some(before) = rows::find(self.transaction.connection(), id).await? else {
            return Ok(());
        };
        let told_year = change.birth_year.map(|told| year(told.get()));
        let person = Person {
            birth_year: told_year.unwrap_or(before.birth_year),
            sealed: change.identity.0.as_str().to_owned(),
            position: position_of(recorded),
            ..before
        };
        self.tell(person).await
    }

    async fn take_transfer(
        &mut self,
        recorded: &FeedEvent,
        transfer: &Transfer,
    ) -> Result<(), FoldError> {
        let id = recorded.aggregate_id;
        let Some(before) = rows::find(self.transaction.connection(), id).await? else {
            return Ok(());
        };
        let office = transfer.office.as_str().to_owned();
        let region = transfer.region.code().to_owned();
        // The region stands in what a person is looked up by.
        let position = position_of(recorded);
        self.tell(Person { office, region, position, ..before }).await
    }

    /// A retraction of what is taken here: the path is folded again, as it stood at that event, and
    /// its rows are made from its state.
    async fn take_retraction(
        &mut self,
        recorded: &FeedEvent,
        sequence: u64,
    ) -> Result<(), FoldError> {
        let id = recorded.aggregate_id;
        let stream = self.projection.feed.read_stream(Beneficiary::TYPE, id).await;
        let mut stream = stream.map_err(FoldError::Unavailable)?;
        // What came later is taken when its turn comes.
        stream.retain(|event| event.position <= recorded.position);
        let retracted = stream.iter().find(|event| event.sequence == sequence);
        if retracted.is_none_or(|event| !TAKEN.contains(&event.event_type.as_str())) {
            return Ok(());
        }
        let mut path = Beneficiary::default();
        for event in &stream {
            path.take(decode(event)?);
        }
        match standing(id, position_of(recorded), &path) {
            Some(person) => self.tell(person).await,
            None => self.forget(id).await,
        }
    }

    async fn decide(
        &mut self,
        recorded: &FeedEvent,
        other: Uuid,
        decision: Decision,
    ) -> Result<(), FoldError> {
        let pair = (recorded.aggregate_id, other);
        // A decision stands in both streams; the second of the two changes nothing but the position.
        let connection = self.transaction.connection();
        rows::decide_pair(connection, pair, decision, position_of(recorded)).await?;
        Ok(())
    }

    /// Nothing of a person stays here.
    async fn forget(&mut self, id: Uuid) -> Result<(), FoldError> {
        rows::drop_pairs(self.transaction.connection(), id).await?;
        rows::drop_tokens(self.transaction.connection(), id).await?;
        searched::drop(self.transaction.connection(), id).await?;
        rows::drop_person(self.transaction.connection(), id).await?;
        Ok(())
    }
}

/// The person of a path as it stands; none without a registration, or after the erasure.
fn standing(id: Uuid, position: i64, path: &Beneficiary) -> Option<Person> {
    let state = path.state();
    let registration = state.registration.as_ref().filter(|_| !state.is_erased())?;
    Some(Person {
        id,
        programme: registration.programme.0.to_string(),
        reference: registration.reference.to_string(),
        office: state.office.as_ref()?.as_str().to_owned(),
        region: state.region?.code().to_owned(),
        birth_year: year(registration.birth_year),
        sealed: state.identity.as_ref()?.as_str().to_owned(),
        position,
    })
}
