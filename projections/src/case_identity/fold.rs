//! From events to rows.

use sira_domain::likeness::Likeness;
use sira_domain::path::facts::{
    DuplicateLink, IdentityChange, Registration, Transfer, TransferReturn,
};
use sira_domain::path::{Beneficiary, BeneficiaryEvent, Fact};
use sira_domain::reference::RegionCode;
use sira_domain::values::{OfficeCode, Within};
use sira_numbers::{Position, Sequence};
use uuid::Uuid;

use super::pairs::{self, Decision};
use super::rows::{self, Person};
use super::search::{Sought, find_alike, open_person, tokens};
use super::searched;
use super::{CaseIdentity, IdentityKeys, index_of};
use crate::decode::decode;
use crate::{Feed, FeedEvent, FoldError, ReadTransaction};

/// The events that say who a person is, whose they are, or which pair they belong to.
const TAKEN: &[&str] = &[
    "Registered",
    "RegistrationCorrected",
    "IdentityUpdated",
    "Transferred",
    "TransferReturned",
    "Retracted",
    "DuplicateLinked",
    "DuplicateUnlinked",
    "DuplicateDismissed",
    "DuplicateReconsidered",
    "PersonalDataErased",
];

/// Takes a batch in. Registrations of new paths that follow each other are stored together; each is
/// then compared with those told before it, so that it makes no difference where a batch ends.
pub(super) async fn apply<F: Feed, K: IdentityKeys>(
    projection: &CaseIdentity<F, K>,
    batch: &[FeedEvent],
    transaction: &mut ReadTransaction,
) -> Result<(), FoldError> {
    // The transaction has moved the checkpoint already, so nobody puts rows under another key in place.
    let (_, index) = index_of(transaction.connection(), &projection.keys).await?;
    let mut fold = Fold { projection, index, transaction, new: Vec::new() };
    for recorded in batch {
        if recorded.aggregate_type != Beneficiary::TYPE
            || !TAKEN.contains(&recorded.event_type.as_str())
        {
            continue;
        }
        let event: BeneficiaryEvent = decode(recorded)?;
        match &event.fact {
            Fact::Registered(registration) if recorded.sequence == Sequence::FIRST => {
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

fn registered(recorded: &FeedEvent, registration: &Registration) -> Person {
    Person {
        id: recorded.aggregate_id,
        programme: registration.programme.0.to_string(),
        reference: registration.reference.to_string(),
        office: registration.office.as_str().to_owned(),
        region: registration.region.code().to_owned(),
        birth_year: registration.birth_year.signed(),
        sealed: registration.identity.0.as_str().to_owned(),
        position: recorded.position,
        continues_as: None,
    }
}

/// One batch under way.
struct Fold<'a, F, K: IdentityKeys> {
    projection: &'a CaseIdentity<F, K>,
    /// The key of the rows.
    index: K::Index,
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
            let tokens = tokens(&self.index, &profile.terms());
            search.extend(searched::tokens(&self.index, person.id, &identity));
            index.extend(tokens.into_iter().map(|(kind, token)| (token, person.id, kind)));
            profiles.push(profile);
            people.push(person);
        }
        if people.is_empty() {
            return Ok(());
        }
        rows::put_people(self.transaction.connection(), &people).await?;
        rows::put_tokens(self.transaction.connection(), &mut index).await?;
        searched::put(self.transaction.connection(), &mut search).await?;
        for (person, profile) in people.iter().zip(profiles) {
            let sought = Sought { id: person.id, profile, before: person.position };
            let by = (keys, &self.index);
            let found = find_alike(self.transaction.connection(), by, &sought).await?.found;
            if found.is_empty() {
                continue;
            }
            let pairs: Vec<_> = found.into_iter().map(|found| (found.id, found.likeness)).collect();
            let connection = self.transaction.connection();
            pairs::put_pairs(connection, person.id, &pairs, person.position).await?;
        }
        Ok(())
    }

    async fn take(&mut self, recorded: &FeedEvent, fact: &Fact) -> Result<(), FoldError> {
        let id = recorded.aggregate_id;
        match fact {
            Fact::Registered(registration) => self.tell(registered(recorded, registration)).await,
            Fact::IdentityUpdated(change) => self.take_identity(recorded, change).await,
            Fact::Transferred(Transfer { office, region, .. })
            | Fact::TransferReturned(TransferReturn { office, region, .. }) => {
                self.take_transfer(recorded, office, *region).await
            }
            Fact::Retracted(retraction) => {
                self.take_retraction(recorded, retraction.sequence).await
            }
            Fact::RegistrationCorrected(_) => {
                let stream = self.stream_at(recorded).await?;
                self.tell_standing(recorded, &stream).await
            }
            Fact::DuplicateLinked(link) => self.take_link(recorded, link).await,
            Fact::DuplicateUnlinked(unlink) => {
                self.decide(recorded, unlink.other.0, Decision::ToldApart).await?;
                self.tell_again(recorded, Some(unlink.other.0)).await
            }
            Fact::DuplicateDismissed(pair) => {
                self.decide(recorded, pair.other.0, Decision::ToldApart).await
            }
            Fact::DuplicateReconsidered(pair) => {
                let connection = self.transaction.connection();
                pairs::reconsider_pair(connection, (id, pair.other.0)).await?;
                self.tell_again(recorded, None).await
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
        let is_frozen = person.continues_as.is_some();
        let mut index: Vec<_> = tokens(&self.index, &profile.terms())
            .into_iter()
            .map(|(kind, token)| (token, id, kind))
            .collect();
        let mut search = searched::tokens(&self.index, id, &identity);
        rows::put_people(self.transaction.connection(), &[person]).await?;
        rows::drop_tokens(self.transaction.connection(), id).await?;
        rows::put_tokens(self.transaction.connection(), &mut index).await?;
        searched::drop(self.transaction.connection(), id).await?;
        searched::put(self.transaction.connection(), &mut search).await?;
        if is_frozen {
            pairs::drop_open_pairs(self.transaction.connection(), id, &[]).await?;
            return Ok(());
        }
        // Whoever is like a path that was frozen in favour of this one is like this person.
        let mut profiles = vec![profile];
        for frozen in rows::frozen_for(self.transaction.connection(), id).await? {
            profiles.extend(open_person(keys, &frozen).await?.map(|(_, profile)| profile));
        }
        let mut pairs: Vec<(Uuid, Likeness)> = Vec::new();
        for profile in profiles {
            let sought = Sought { id, profile, before: position };
            let by = (keys, &self.index);
            let search = find_alike(self.transaction.connection(), by, &sought).await?;
            for found in search.found {
                match pairs.iter_mut().find(|(known, _)| *known == found.id) {
                    Some((_, known)) if known.score >= found.likeness.score => {}
                    Some((_, known)) => *known = found.likeness,
                    None => pairs.push((found.id, found.likeness)),
                }
            }
        }
        pairs::drop_open_pairs(self.transaction.connection(), id, &pairs).await?;
        pairs::put_pairs(self.transaction.connection(), id, &pairs, position).await?;
        Ok(())
    }

    /// A decision has changed whom a person may be: they are looked for again, as themselves if they were
    /// frozen in favour of `unlinked`.
    async fn tell_again(
        &mut self,
        recorded: &FeedEvent,
        unlinked: Option<Uuid>,
    ) -> Result<(), FoldError> {
        let connection = self.transaction.connection();
        let Some(before) = rows::find(connection, recorded.aggregate_id).await? else {
            return Ok(());
        };
        let continues_as = before.continues_as.filter(|other| Some(*other) != unlinked);
        self.tell(Person { continues_as, position: recorded.position, ..before }).await
    }

    /// The pair is decided; the path that is frozen is proposed no more.
    async fn take_link(
        &mut self,
        recorded: &FeedEvent,
        link: &DuplicateLink,
    ) -> Result<(), FoldError> {
        self.decide(recorded, link.other.0, Decision::Linked).await?;
        let (id, continuing) = (recorded.aggregate_id, link.continues.0);
        if continuing == id {
            return Ok(());
        }
        let connection = self.transaction.connection();
        let Some(before) = rows::find(connection, id).await? else { return Ok(()) };
        let frozen = Person { continues_as: Some(continuing), ..before };
        rows::put_people(self.transaction.connection(), &[frozen]).await?;
        let connection = self.transaction.connection();
        pairs::move_open_pairs(connection, id, continuing, recorded.position).await?;
        Ok(())
    }

    async fn take_identity(
        &mut self,
        recorded: &FeedEvent,
        change: &IdentityChange,
    ) -> Result<(), FoldError> {
        let id = recorded.aggregate_id;
        // No row: the key is gone, for good or until now, when the person is told anew under another.
        let Some(before) = rows::find(self.transaction.connection(), id).await? else {
            let stream = self.stream_at(recorded).await?;
            return self.tell_standing(recorded, &stream).await;
        };
        let told_year = change.birth_year.map(Within::signed);
        let person = Person {
            birth_year: told_year.unwrap_or(before.birth_year),
            sealed: change.identity.0.as_str().to_owned(),
            position: recorded.position,
            ..before
        };
        self.tell(person).await
    }

    async fn take_transfer(
        &mut self,
        recorded: &FeedEvent,
        office: &OfficeCode,
        region: RegionCode,
    ) -> Result<(), FoldError> {
        let id = recorded.aggregate_id;
        let Some(before) = rows::find(self.transaction.connection(), id).await? else {
            return Ok(());
        };
        let (office, region) = (office.as_str().to_owned(), region.code().to_owned());
        // The region stands in what a person is looked up by.
        let position = recorded.position;
        self.tell(Person { office, region, position, ..before }).await
    }

    /// A retraction of what is taken here: the path is folded again, as it stood at that event, and
    /// its rows are made from its state.
    async fn take_retraction(
        &mut self,
        recorded: &FeedEvent,
        sequence: Sequence,
    ) -> Result<(), FoldError> {
        let stream = self.stream_at(recorded).await?;
        let retracted = stream.iter().find(|event| event.sequence == sequence);
        if retracted.is_none_or(|event| !TAKEN.contains(&event.event_type.as_str())) {
            return Ok(());
        }
        self.tell_standing(recorded, &stream).await
    }

    /// The path of an event up to that event: what came later is taken when its turn comes.
    async fn stream_at(&self, recorded: &FeedEvent) -> Result<Vec<FeedEvent>, FoldError> {
        let id = recorded.aggregate_id;
        let stream = self.projection.feed.read_stream(Beneficiary::TYPE, id).await;
        let mut stream = stream.map_err(FoldError::Unavailable)?;
        stream.retain(|event| event.position <= recorded.position);
        Ok(stream)
    }

    /// Makes the rows of a path from the state that its events add up to.
    async fn tell_standing(
        &mut self,
        recorded: &FeedEvent,
        stream: &[FeedEvent],
    ) -> Result<(), FoldError> {
        let id = recorded.aggregate_id;
        let mut path = Beneficiary::default();
        for event in stream {
            path.take(decode(event)?);
        }
        match standing(id, recorded.position, &path) {
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
        pairs::decide_pair(connection, pair, decision, recorded.position).await?;
        Ok(())
    }

    /// Nothing of a person stays here.
    async fn forget(&mut self, id: Uuid) -> Result<(), FoldError> {
        pairs::drop_pairs(self.transaction.connection(), id).await?;
        rows::drop_tokens(self.transaction.connection(), id).await?;
        searched::drop(self.transaction.connection(), id).await?;
        rows::drop_person(self.transaction.connection(), id).await?;
        Ok(())
    }
}

/// The person of a path as it stands; none without a registration, or after the erasure.
fn standing(id: Uuid, position: Position, path: &Beneficiary) -> Option<Person> {
    let state = path.state();
    let registration = state.registration.as_ref().filter(|_| !state.is_erased())?;
    Some(Person {
        id,
        programme: registration.programme.0.to_string(),
        reference: registration.reference.to_string(),
        office: state.office.as_ref()?.as_str().to_owned(),
        region: state.region?.code().to_owned(),
        birth_year: registration.birth_year.signed(),
        sealed: state.identity.as_ref()?.as_str().to_owned(),
        position,
        continues_as: state.continues_as.map(|other| other.0),
    })
}
