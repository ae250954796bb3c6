//! Every row at once, for a rebuild: folded in memory, in lots of events, and then written.
//!
//! The fold is the live one ([`super::fold`]), event by event in the journal's order, so that a pair is found when the
//! later of the two is told, among exactly those told before. What costs time in it is done ahead for a whole lot, on
//! every core: events are decoded, identities opened with keys that were fetched together, tokens made. New people
//! who follow each other are looked for on every core too, as nothing that they find depends on what the others do.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use sira_domain::path::facts::{Transfer, TransferReturn};
use sira_domain::path::{Beneficiary, BeneficiaryEvent, Fact};
use sira_domain::values::Within;
use sira_numbers::Position;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::fold::{Fold, TAKEN, new_path};
use super::memory::{HeldIdentities, OpenedAhead};
use super::opened::OpenedPerson;
use super::rows::Person;
use super::{CaseIdentity, IdentityKeys, IdentityRing, written};
use crate::decode::decode;
use crate::every_core::on_every_core;
use crate::rebuild::WholeBuild;
use crate::{Feed, FeedEvent, FoldError, ReadError};

/// Events of one lot: some 20 MB with what is made of them ahead.
pub(super) const LOT: u32 = 8_000;
/// Events, or people, from which on it pays to share them among threads.
const SHARED_FROM: usize = 32;

/// Folds every event up to the head of a build, and writes what that comes to.
///
/// Nothing is written before the end: a build that is killed until then leaves empty tables, and begins anew.
pub(super) async fn build<F: Feed, K: IdentityKeys>(
    projection: &CaseIdentity<F, K>,
    whole: &WholeBuild<'_>,
) -> Result<(), FoldError> {
    let index = projection.keys.index(whole.index_key).await?;
    let index = index.ok_or_else(|| ReadError::Unindexed("its key was destroyed".into()))?;
    let held = HeldIdentities::under(projection.keys.clone(), index);
    let mut lots =
        IdentityLots { feed: projection.feed.clone(), keys: projection.keys.clone(), held };
    let (told, mut read) = mpsc::channel(1);
    let reader =
        tokio::spawn(read_lots(projection.feed.clone(), whole.head.position, projection.lot, told));
    while let Some(lot) = read.recv().await {
        let lot: Vec<FeedEvent> = lot?;
        let last = lot.last().map_or(whole.head.position, |last| last.position);
        lots = lots.take(lot).await?;
        whole.go_on(last)?;
    }
    // A reader that panicked has told nothing of it.
    reader.await.map_err(|lost| FoldError::Unavailable(lost.into()))?;
    written::write(lots.held, whole).await
}

async fn read_lots<F: Feed>(
    feed: F,
    head: Position,
    size: u32,
    lots: mpsc::Sender<Result<Vec<FeedEvent>, FoldError>>,
) {
    let mut after = Position::START;
    loop {
        let read = feed.read_kinds(after, head, (Beneficiary::TYPE, TAKEN), size).await;
        let lot = read.map_err(FoldError::Unavailable);
        let next = lot.as_ref().ok().and_then(|lot| lot.last()).map(|last| last.position);
        let is_last = lot.as_ref().map_or(true, |lot| lot.len() < size as usize);
        // The receiver is gone when the build has failed.
        if lots.send(lot).await.is_err() || is_last {
            return;
        }
        after = next.unwrap_or(head);
    }
}

/// The lots under way.
struct IdentityLots<F, K: IdentityKeys> {
    feed: F,
    keys: K,
    held: HeldIdentities<K>,
}

impl<F: Feed, K: IdentityKeys> IdentityLots<F, K> {
    /// Takes the next events in, on threads that may be blocked: those of the runtime have others to serve.
    async fn take(self, lot: Vec<FeedEvent>) -> Result<Self, FoldError> {
        let runtime = Handle::current();
        let taken = tokio::task::spawn_blocking(move || runtime.block_on(self.take_all(lot)));
        taken.await.unwrap_or_else(|lost| Err(FoldError::Unavailable(lost.into())))
    }

    async fn take_all(mut self, lot: Vec<FeedEvent>) -> Result<Self, FoldError> {
        let decoded = on_every_core(&lot, SHARED_FROM, decode::<BeneficiaryEvent>);
        let decoded = decoded.into_iter().collect::<Result<Vec<_>, _>>()?;
        let streams = self.streams(&lot, &decoded).await?;
        self.held.ahead = self.open_ahead(&lot, &decoded).await?;
        let mut fold = Fold::on(&self.feed, self.held, streams);
        for (recorded, event) in lot.iter().zip(&decoded) {
            fold.take_decoded(recorded, event).await?;
        }
        fold.store_new().await?;
        self.held = fold.rows;
        self.held.ahead.clear();
        Ok(self)
    }

    /// The streams that a lot needs to be folded again, read together.
    async fn streams(
        &self,
        lot: &[FeedEvent],
        decoded: &[BeneficiaryEvent],
    ) -> Result<HashMap<Uuid, Vec<FeedEvent>>, FoldError> {
        let needs = |event: &BeneficiaryEvent| {
            matches!(event.fact, Fact::Retracted(_) | Fact::RegistrationCorrected(_))
        };
        let needed = lot.iter().zip(decoded).filter(|(_, event)| needs(event));
        let ids: BTreeSet<Uuid> = needed.map(|(recorded, _)| recorded.aggregate_id).collect();
        let (ids, mut streams) = (ids.into_iter().collect::<Vec<_>>(), HashMap::new());
        let Some(last) = lot.last().filter(|_| !ids.is_empty()) else { return Ok(streams) };
        let events = self.feed.read_streams(Beneficiary::TYPE, &ids, last.position).await;
        for event in events.map_err(FoldError::Unavailable)? {
            streams.entry(event.aggregate_id).or_insert_with(Vec::new).push(event);
        }
        Ok(streams)
    }

    /// Opens the identities that a lot needs, each person as the lot is likely to tell them. What was thought wrong
    /// is worked out again when its turn comes; what was not thought of is opened then.
    async fn open_ahead(
        &self,
        lot: &[FeedEvent],
        decoded: &[BeneficiaryEvent],
    ) -> Result<HashMap<Uuid, Vec<OpenedAhead>>, FoldError> {
        let told = lot.iter().zip(decoded);
        let wanted: Vec<Person> =
            told.filter_map(|(recorded, event)| self.wanted(recorded, &event.fact)).collect();
        let sealed: Vec<&str> = wanted.iter().map(|person| person.sealed.as_str()).collect();
        let ring = self.keys.ring(&sealed).await?;
        let index = &self.held.index;
        let opened = on_every_core(&wanted, SHARED_FROM, |person| {
            let identity = ring.open(person.id, &person.sealed);
            let known = identity.as_ref().ok().and_then(Option::as_ref).map(|identity| {
                let opened = OpenedPerson::of(index, person, identity);
                (person.birth_year, Arc::clone(&person.region), opened)
            });
            OpenedAhead { sealed: person.sealed.clone(), identity, known }
        });
        let mut ahead: HashMap<Uuid, Vec<OpenedAhead>> = HashMap::new();
        for (person, opened) in wanted.iter().zip(opened) {
            ahead.entry(person.id).or_default().push(opened);
        }
        Ok(ahead)
    }

    /// The person whom an event is likely to tell.
    fn wanted(&self, recorded: &FeedEvent, fact: &Fact) -> Option<Person> {
        if let Some(person) = new_path(recorded, fact) {
            return Some(person);
        }
        let before = || Some(self.held.held(recorded.aggregate_id)?.person.clone());
        match fact {
            Fact::IdentityUpdated(change) => {
                let (before, told_year) = (before()?, change.birth_year.map(Within::signed));
                let birth_year = told_year.unwrap_or(before.birth_year);
                let sealed = change.identity.0.as_str().to_owned();
                Some(Person { birth_year, sealed, ..before })
            }
            Fact::Transferred(Transfer { region, .. })
            | Fact::TransferReturned(TransferReturn { region, .. }) => {
                Some(Person { region: region.code().into(), ..before()? })
            }
            Fact::RegistrationCorrected(_)
            | Fact::Retracted(_)
            | Fact::DuplicateUnlinked(_)
            | Fact::DuplicateReconsidered(_) => before(),
            _ => None,
        }
    }
}
