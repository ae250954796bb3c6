//! From events to rows.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;

use sira_domain::likeness::Likeness;
use sira_domain::path::facts::{
    DuplicateLink, IdentityChange, Registration, Transfer, TransferReturn,
};
use sira_domain::path::{Beneficiary, BeneficiaryEvent, Fact};
use sira_domain::reference::RegionCode;
use sira_domain::values::{OfficeCode, Within};
use sira_numbers::{Position, Sequence};
use uuid::Uuid;

use super::opened::OpenedPerson;
use super::pairs::Decision;
use super::rows::Person;
use super::search::AlikeQuery;
use super::stored::StoredIdentities;
use super::{CaseIdentity, IdentityKeys, index_of};
use crate::decode::decode;
use crate::{Feed, FeedEvent, FoldError, ReadTransaction};

/// The events that say who a person is, whose they are, or which pair they belong to.
pub(super) const TAKEN: &[&str] = &[
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

/// The rows that a fold finds and keeps: those of the tables, or those that a rebuild holds in memory. What
/// becomes of an event is said once, in [`Fold`].
pub(super) trait IdentityRows: Send {
    /// Opens a person; none when their key was destroyed.
    fn open(
        &mut self,
        person: &Person,
    ) -> impl Future<Output = Result<Option<OpenedPerson>, FoldError>> + Send;

    /// The row of a path.
    fn find(&mut self, id: Uuid) -> impl Future<Output = Result<Option<Person>, FoldError>> + Send;

    /// The paths that were frozen in favour of one, in the order of their ids.
    fn frozen_for(
        &mut self,
        id: Uuid,
    ) -> impl Future<Output = Result<Vec<Person>, FoldError>> + Send;

    /// Stores people of whom nothing is stored, with their tokens.
    fn add(
        &mut self,
        told: &[(Person, OpenedPerson)],
    ) -> impl Future<Output = Result<(), FoldError>> + Send;

    /// Stores a person in the place of what was stored of them, with their tokens.
    fn replace(
        &mut self,
        told: &(Person, OpenedPerson),
    ) -> impl Future<Output = Result<(), FoldError>> + Send;

    /// Stores the row of a person who is there, whose tokens stay.
    fn freeze(&mut self, person: Person) -> impl Future<Output = Result<(), FoldError>> + Send;

    /// Drops everything of a person: their row, tokens and pairs.
    fn forget(&mut self, id: Uuid) -> impl Future<Output = Result<(), FoldError>> + Send;

    /// Looks for whom each of some people may be, the most alike first. Nothing is stored in between, so that they
    /// may be looked for in any order.
    fn search(
        &mut self,
        queries: &[AlikeQuery<'_>],
    ) -> impl Future<Output = Result<Vec<Vec<(Uuid, Likeness)>>, FoldError>> + Send;

    /// Stores pairs of one person, found at a position. A pair that is known keeps its position and its decision;
    /// its score is the newest while it is open.
    fn put_pairs(
        &mut self,
        id: Uuid,
        pairs: &[(Uuid, Likeness)],
        position: Position,
    ) -> impl Future<Output = Result<(), FoldError>> + Send;

    /// Drops the open pairs of a person but those with `kept`.
    fn drop_open_pairs(
        &mut self,
        id: Uuid,
        kept: &[(Uuid, Likeness)],
    ) -> impl Future<Output = Result<(), FoldError>> + Send;

    /// Keeps what was decided of a pair, whether it had been proposed or not.
    fn decide_pair(
        &mut self,
        pair: (Uuid, Uuid),
        decision: Decision,
        position: Position,
    ) -> impl Future<Output = Result<(), FoldError>> + Send;

    /// Forgets that two were told apart.
    fn reconsider_pair(
        &mut self,
        pair: (Uuid, Uuid),
    ) -> impl Future<Output = Result<(), FoldError>> + Send;

    /// Makes the open pairs of a path that is frozen pairs of the one that goes on, unless that has such a pair.
    fn move_open_pairs(
        &mut self,
        pair: (Uuid, Uuid),
        position: Position,
    ) -> impl Future<Output = Result<(), FoldError>> + Send;
}

/// Takes a batch in. Registrations of new paths that follow each other are stored together; each is
/// then compared with those told before it, so that it makes no difference where a batch ends.
pub(super) async fn apply<F: Feed, K: IdentityKeys>(
    projection: &CaseIdentity<F, K>,
    batch: &[FeedEvent],
    transaction: &mut ReadTransaction,
) -> Result<(), FoldError> {
    // The transaction has moved the checkpoint already, so nobody puts rows under another key in place.
    let (_, index) = index_of(transaction.connection(), &projection.keys).await?;
    let rows = StoredIdentities { keys: &projection.keys, index, transaction };
    let mut fold = Fold::on(&projection.feed, rows, HashMap::new());
    for recorded in batch.iter().filter(|event| is_taken(event)) {
        fold.take_decoded(recorded, &decode(recorded)?).await?;
    }
    fold.store_new().await
}

/// Whether an event says who a person is, whose they are, or which pair they belong to.
fn is_taken(recorded: &FeedEvent) -> bool {
    recorded.aggregate_type == Beneficiary::TYPE && TAKEN.contains(&recorded.event_type.as_str())
}

/// The row of a path whose registration is its first event; none of any other event.
pub(super) fn new_path(recorded: &FeedEvent, fact: &Fact) -> Option<Person> {
    match fact {
        Fact::Registered(registration) if recorded.sequence == Sequence::FIRST => {
            Some(registered(recorded, registration))
        }
        _ => None,
    }
}

fn registered(recorded: &FeedEvent, registration: &Registration) -> Person {
    Person {
        id: recorded.aggregate_id,
        programme: registration.programme.0.to_string().into(),
        reference: registration.reference.to_string(),
        office: registration.office.as_str().into(),
        region: registration.region.code().into(),
        birth_year: registration.birth_year.signed(),
        sealed: registration.identity.0.as_str().to_owned(),
        position: recorded.position,
        continues_as: None,
    }
}

/// Some events under way.
pub(super) struct Fold<'a, F, R> {
    feed: &'a F,
    pub rows: R,
    /// New people, not stored yet.
    new: Vec<Person>,
    /// Streams that were read already, further than the events that are taken.
    streams: HashMap<Uuid, Vec<FeedEvent>>,
}

impl<'a, F: Feed, R: IdentityRows> Fold<'a, F, R> {
    /// A fold on some rows, with streams that were read already.
    pub fn on(feed: &'a F, rows: R, streams: HashMap<Uuid, Vec<FeedEvent>>) -> Self {
        Self { feed, rows, new: Vec::new(), streams }
    }

    /// Takes an event in that was decoded. To be ended by [`Fold::store_new`].
    pub async fn take_decoded(
        &mut self,
        recorded: &FeedEvent,
        event: &BeneficiaryEvent,
    ) -> Result<(), FoldError> {
        if let Some(person) = new_path(recorded, &event.fact) {
            self.new.push(person);
            return Ok(());
        }
        self.store_new().await?;
        self.take(recorded, &event.fact).await
    }

    /// Stores the new people, then compares each with those told before.
    pub async fn store_new(&mut self) -> Result<(), FoldError> {
        let mut told = Vec::new();
        for person in std::mem::take(&mut self.new) {
            // Their key is gone: the erasure is on its way.
            let Some(opened) = self.rows.open(&person).await? else { continue };
            told.push((person, opened));
        }
        if told.is_empty() {
            return Ok(());
        }
        self.rows.add(&told).await?;
        let queries: Vec<_> =
            told.iter().map(|(person, opened)| query(person.id, opened, person.position)).collect();
        let found = self.rows.search(&queries).await?;
        for ((person, _), pairs) in told.iter().zip(found) {
            if !pairs.is_empty() {
                self.rows.put_pairs(person.id, &pairs, person.position).await?;
            }
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
                self.rows.reconsider_pair((id, pair.other.0)).await?;
                self.tell_again(recorded, None).await
            }
            Fact::PersonalDataErased(_) => self.rows.forget(id).await,
            _ => Ok(()),
        }
    }

    /// Stores what is now known of a person, with their index and their pairs.
    async fn tell(&mut self, person: Person) -> Result<(), FoldError> {
        let Some(opened) = self.rows.open(&person).await? else {
            return self.rows.forget(person.id).await;
        };
        let (id, position) = (person.id, person.position);
        let told = (person, opened);
        self.rows.replace(&told).await?;
        let (person, opened) = told;
        if person.continues_as.is_some() {
            return self.rows.drop_open_pairs(id, &[]).await;
        }
        // Whoever is like a path that was frozen in favour of this one is like this person.
        let mut known = vec![opened];
        for frozen in self.rows.frozen_for(id).await? {
            known.extend(self.rows.open(&frozen).await?);
        }
        let queries: Vec<_> = known.iter().map(|opened| query(id, opened, position)).collect();
        let mut pairs: Vec<(Uuid, Likeness)> = Vec::new();
        for (other, likeness) in self.rows.search(&queries).await?.into_iter().flatten() {
            match pairs.iter_mut().find(|(known, _)| *known == other) {
                Some((_, known)) if known.score >= likeness.score => {}
                Some((_, known)) => *known = likeness,
                None => pairs.push((other, likeness)),
            }
        }
        self.rows.drop_open_pairs(id, &pairs).await?;
        self.rows.put_pairs(id, &pairs, position).await
    }

    /// A decision has changed whom a person may be: they are looked for again, as themselves if they were
    /// frozen in favour of `unlinked`.
    async fn tell_again(
        &mut self,
        recorded: &FeedEvent,
        unlinked: Option<Uuid>,
    ) -> Result<(), FoldError> {
        let Some(before) = self.rows.find(recorded.aggregate_id).await? else {
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
        let Some(before) = self.rows.find(id).await? else { return Ok(()) };
        self.rows.freeze(Person { continues_as: Some(continuing), ..before }).await?;
        self.rows.move_open_pairs((id, continuing), recorded.position).await
    }

    async fn take_identity(
        &mut self,
        recorded: &FeedEvent,
        change: &IdentityChange,
    ) -> Result<(), FoldError> {
        let id = recorded.aggregate_id;
        // No row: the key is gone, for good or until now, when the person is told anew under another.
        let Some(before) = self.rows.find(id).await? else {
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
        let Some(before) = self.rows.find(id).await? else {
            return Ok(());
        };
        let (office, region) = (Arc::from(office.as_str()), Arc::from(region.code()));
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
        let is_before = |event: &&FeedEvent| event.position <= recorded.position;
        if let Some(stream) = self.streams.get(&id) {
            return Ok(stream.iter().filter(is_before).cloned().collect());
        }
        let stream = self.feed.read_stream(Beneficiary::TYPE, id).await;
        let mut stream = stream.map_err(FoldError::Unavailable)?;
        stream.retain(|event| is_before(&event));
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
            None => self.rows.forget(id).await,
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
        self.rows.decide_pair(pair, decision, recorded.position).await
    }
}

fn query(id: Uuid, opened: &OpenedPerson, before: Position) -> AlikeQuery<'_> {
    AlikeQuery { id, profile: &opened.profile, tokens: &opened.sought, before }
}

/// The person of a path as it stands; none without a registration, or after the erasure.
fn standing(id: Uuid, position: Position, path: &Beneficiary) -> Option<Person> {
    let state = path.state();
    let registration = state.registration.as_ref().filter(|_| !state.is_erased())?;
    Some(Person {
        id,
        programme: registration.programme.0.to_string().into(),
        reference: registration.reference.to_string(),
        office: state.office.as_ref()?.as_str().into(),
        region: state.region?.code().into(),
        birth_year: registration.birth_year.signed(),
        sealed: state.identity.as_ref()?.as_str().to_owned(),
        position,
        continues_as: state.continues_as.map(|other| other.0),
    })
}
