//! Random batches against a naive model that takes one request after the other. Two processes take
//! turns, so that every kind of knowledge (exact, floor, none) is right and wrong in turn.

use std::collections::{HashMap, HashSet};

use futures::future::join_all;
use sira::journal::{Alias, AppendOutcome, AppendRequest, Bulk, StreamId};
use sira_numbers::{Position, Version};

use super::{audit, guard, key, request, stream, write};
use crate::on_both_engines;
use crate::support::dice::Dice;

const STREAMS: u64 = 6;
const ROUNDS: u64 = 120;

/// What an outcome comes to, without times.
#[derive(Debug, PartialEq, Eq)]
enum Expected {
    Committed(Position, Vec<Version>),
    Stale(StreamId, Version, Version),
    Replayed(String, Position, Version),
    KeyReused,
    AliasTaken,
    Withheld,
}

impl Expected {
    fn of(outcome: AppendOutcome) -> Self {
        match outcome {
            AppendOutcome::Committed(done) => Self::Committed(done.position, done.versions),
            AppendOutcome::Stale { stream, expected, actual } => {
                Self::Stale(stream, expected, actual)
            }
            AppendOutcome::Replayed(old) => Self::Replayed(old.answer, old.position, old.version),
            AppendOutcome::KeyReused => Self::KeyReused,
            AppendOutcome::AliasTaken => Self::AliasTaken,
            AppendOutcome::Withheld => Self::Withheld,
            AppendOutcome::Forbidden(refusal) => panic!("nobody referred anything: {refusal}"),
        }
    }
}

#[derive(Clone, Default)]
struct Model {
    versions: HashMap<StreamId, Version>,
    keys: HashMap<String, ([u8; 32], String, Position, Version)>,
    aliases: HashMap<String, StreamId>,
    position: Position,
}

impl Model {
    fn version(&self, stream: &StreamId) -> Version {
        self.versions.get(stream).copied().unwrap_or_default()
    }

    fn append(&mut self, request: &AppendRequest) -> Expected {
        if let Some((body, answer, position, version)) =
            request.key.as_ref().and_then(|key| self.keys.get(&key.key))
        {
            if *body != request.key.as_ref().unwrap().body_hash {
                return Expected::KeyReused;
            }
            return Expected::Replayed(answer.clone(), *position, *version);
        }
        let writes = request.writes.iter().map(|write| (&write.stream, write.expected_version));
        let guards = request.guards.iter().map(|guard| (&guard.stream, guard.version));
        for (stream, expected) in writes.chain(guards) {
            let actual = self.version(stream);
            if actual != expected {
                return Expected::Stale(stream.clone(), expected, actual);
            }
        }
        if let Some(alias) = &request.alias {
            if self.aliases.contains_key(&alias.alias) {
                return Expected::AliasTaken;
            }
            self.aliases.insert(alias.alias.clone(), alias.stream.clone());
        }
        self.accept(request)
    }

    /// All of them or none.
    fn append_together(&mut self, requests: &[AppendRequest]) -> Vec<Expected> {
        let mut after = self.clone();
        let mut expected: Vec<Expected> = requests.iter().map(|one| after.append(one)).collect();
        if expected.iter().all(|one| matches!(one, Expected::Committed(..))) {
            *self = after;
            return expected;
        }
        for one in expected.iter_mut().filter(|one| matches!(one, Expected::Committed(..))) {
            *one = Expected::Withheld;
        }
        expected
    }

    fn accept(&mut self, request: &AppendRequest) -> Expected {
        let mut versions = Vec::new();
        for write in &request.writes {
            let version = write.expected_version.plus(write.events.len() as u64);
            self.versions.insert(write.stream.clone(), version);
            self.position = self.position.plus(write.events.len() as u64);
            versions.push(version);
        }
        if let Some(key) = &request.key {
            let version = versions.first().copied().unwrap_or_default();
            let stored = (key.body_hash, request.answer.clone(), self.position, version);
            self.keys.insert(key.key.clone(), stored);
        }
        Expected::Committed(self.position, versions)
    }
}

/// A version that is mostly right, and else off by one.
fn guess(dice: &mut Dice, version: Version) -> Version {
    match dice.roll(8) {
        0 => version.before(),
        1 => version.next(),
        _ => version,
    }
}

/// A request as a client would make it that saw `seen` (and what it means to do itself before).
fn random_request(
    dice: &mut Dice,
    streams: &[StreamId],
    seen: &mut Model,
    name: u64,
) -> AppendRequest {
    let pick = |dice: &mut Dice| &streams[usize::try_from(dice.roll(STREAMS)).unwrap()];
    let mut made = request([]);
    made.answer = format!("{{\"n\":{name}}}");
    for _ in 0..dice.roll(3) {
        let stream = pick(dice);
        if made.writes.iter().all(|write| write.stream != *stream) {
            let events = 1 + usize::try_from(dice.roll(2)).unwrap();
            made.writes.push(write(stream, guess(dice, seen.version(stream)), events));
        }
    }
    if dice.roll(3) == 0 {
        let stream = pick(dice);
        made.guards.push(guard(stream, guess(dice, seen.version(stream))));
    }
    if dice.roll(6) == 0 {
        let alias = dice.roll(40).to_string();
        made.alias = Some(Alias { alias, stream: pick(dice).clone() });
    }
    if dice.roll(2) == 0 {
        let mut key = key(&dice.roll(150).to_string());
        key.body_hash = [7; 32];
        key.body_hash[31] = u8::try_from(dice.roll(4) / 3).unwrap();
        made.key = Some(key);
    }
    seen.append(&made);
    made
}

on_both_engines! {
    async fn random_batches_do_what_one_after_the_other_would(engine) {
        let journals = [engine.journal().await, engine.journal().await];
        let mut dice = Dice(0x5EED_0001);
        let streams: Vec<StreamId> = (0..STREAMS).map(|_| stream()).collect();
        // One model to make likely requests with, one to tell what they must come to.
        let (mut seen, mut model) = (Model::default(), Model::default());
        for round in 0..ROUNDS {
            let requests: Vec<AppendRequest> = (0..=dice.roll(12))
                .map(|n| random_request(&mut dice, &streams, &mut seen, round * 100 + n))
                .collect();
            let journal = &journals[usize::try_from(dice.roll(2)).unwrap()];
            let names: HashSet<_> = requests.iter().filter_map(|one| one.key.as_ref()).map(|key| &key.key).collect();
            let keyed = requests.iter().filter(|one| one.key.is_some()).count();
            if dice.roll(3) == 0 && names.len() == keyed {
                let bulk = Bulk::new(requests.clone()).unwrap();
                let outcomes = journal.append_together(bulk).await.unwrap();
                let expected = model.append_together(&requests);
                let outcomes: Vec<_> = outcomes.into_iter().map(Expected::of).collect();
                assert_eq!(outcomes, expected, "round {round}: {requests:?}");
                seen = model.clone();
                continue;
            }
            // Polled in order: this is the order of arrival, however many batches it becomes.
            let outcomes = join_all(requests.iter().map(|one| journal.append(one.clone()))).await;
            for (request, outcome) in requests.iter().zip(outcomes) {
                let expected = model.append(request);
                assert_eq!(Expected::of(outcome.unwrap()), expected, "round {round}: {request:?}");
            }
        }
        let events = audit(&journals[0]).await;
        assert_eq!(events.len() as u64, model.position.get());
        for stream in &streams {
            let read = journals[1].read_stream(stream, 0.into()).await.unwrap();
            assert_eq!(read.len() as u64, model.version(stream).get());
        }
        for (alias, stream) in model.aliases {
            assert_eq!(journals[1].find_alias(&alias).await.unwrap(), Some(stream));
        }
    }
}
