//! Who of a batch may be recorded. Pure: facts in, admissions out.

use std::collections::{HashMap, HashSet};

use sira_numbers::Version;

use crate::StreamId;
use crate::append::check::Prepared;
use crate::append::conditional::{BatchChecks, GuardRefusal};
use crate::append::versions::Known;
use crate::types::{RequestKey, StoredAnswer};

/// A key as it stands in `requests`.
#[derive(Clone, Debug)]
pub(crate) struct KnownKey {
    pub body_hash: [u8; 32],
    pub answer: StoredAnswer,
}

/// A key's owner and name.
pub(crate) type KeyName = (String, String);

/// What is known when a batch is judged.
#[derive(Default)]
pub(crate) struct Facts {
    pub versions: HashMap<StreamId, Known>,
    /// Complete for the batch if `thorough`, else empty.
    pub keys: HashMap<KeyName, KnownKey>,
    /// Complete for the batch if `thorough`, else empty.
    pub aliases: HashSet<String>,
    /// Whether streams, keys and aliases were all read under the lock. If not, the unique keys of the
    /// tables are what catches a key or an alias that is taken, and a version above its floor.
    pub thorough: bool,
}

impl Facts {
    fn known(&self, stream: &StreamId) -> Known {
        self.versions.get(stream).copied().unwrap_or(Known::AtLeast(Version::ZERO))
    }
}

/// What becomes of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// With the version that each referred stream has before it, in order.
    Accepted(Vec<Version>),
    Stale {
        stream: StreamId,
        expected: Version,
        actual: Version,
    },
    Replayed(StoredAnswer),
    /// The same key and body as an accepted request further up in the batch.
    ReplayOf(usize),
    KeyReused,
    AliasTaken,
    Forbidden(GuardRefusal),
    /// It would be accepted; it stands together with one that is not.
    Withheld,
}

/// What the facts allow to say.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BatchAdmission {
    /// One admission a request, in order.
    Admissions(Vec<Admission>),
    /// These streams must be read under the lock first.
    Read(Vec<StreamId>),
    /// Somebody would be refused on partial knowledge: everything must be read first. The one refused
    /// may in truth be a retry whose key is known, and a retry must get its answer, not a refusal.
    ReadAll,
}

/// Judges a batch in arrival order; a later request sees what the earlier accepted ones do.
///
/// A version counts as known if it is exact, or if the request's expected version equals its floor:
/// then the stream is certainly not below, and if it is above, the insert meets the primary key.
///
/// `batches` is empty at first; with admissions it holds the referred streams as the batch leaves them.
pub(crate) fn admit(
    requests: &[&Prepared],
    facts: &Facts,
    batches: &mut BatchChecks,
) -> BatchAdmission {
    batches.clear();
    let mut bench = Bench::new(facts, batches);
    let mut admissions = Vec::with_capacity(requests.len());
    for (index, prepared) in requests.iter().enumerate() {
        let admission = bench.admit(index, prepared);
        if !facts.thorough && !matches!(admission, Admission::Accepted(_) | Admission::ReplayOf(_))
        {
            bench.refused_early = true;
        }
        admissions.push(admission);
    }
    if !bench.unread.is_empty() {
        return BatchAdmission::Read(bench.unread.into_iter().cloned().collect());
    }
    if bench.refused_early {
        return BatchAdmission::ReadAll;
    }
    BatchAdmission::Admissions(admissions)
}

/// The state of judging one batch: the facts, and on top of them what was accepted so far.
struct Bench<'a> {
    facts: &'a Facts,
    batches: &'a mut BatchChecks,
    versions: HashMap<&'a StreamId, Version>,
    keys: HashMap<(&'a str, &'a str), (usize, [u8; 32])>,
    aliases: HashSet<&'a str>,
    unread: HashSet<&'a StreamId>,
    refused_early: bool,
}

impl<'a> Bench<'a> {
    fn new(facts: &'a Facts, batches: &'a mut BatchChecks) -> Self {
        Self {
            facts,
            batches,
            versions: HashMap::new(),
            keys: HashMap::new(),
            aliases: HashSet::new(),
            unread: HashSet::new(),
            refused_early: false,
        }
    }

    fn admit(&mut self, index: usize, prepared: &'a Prepared) -> Admission {
        let request = &prepared.request;
        // The key comes first: a retry is answered, however the world has moved on since.
        if let Some(admission) = request.key.as_ref().and_then(|key| self.replay(key)) {
            return admission;
        }
        if let Some(stale) = self.stale(prepared) {
            return stale;
        }
        if let Some(alias) = &request.alias {
            let name = alias.alias.as_str();
            if self.facts.aliases.contains(name) || self.aliases.contains(name) {
                return Admission::AliasTaken;
            }
        }
        let referred = match self.refer(prepared) {
            Ok(versions) => versions,
            Err(admission) => return admission,
        };
        self.accept(index, prepared);
        Admission::Accepted(referred)
    }

    /// Asks the guards, and only if all of them agree takes the request in. A stream must be known
    /// exactly, and its guard must stand there; else both are brought there first.
    fn refer(&mut self, prepared: &'a Prepared) -> Result<Vec<Version>, Admission> {
        let conditional = &prepared.request.conditional;
        let mut versions = Vec::with_capacity(conditional.len());
        for conditional in conditional {
            let actual = self.version(&conditional.stream, |_| false);
            let began_here = !self.batches.contains_key(&conditional.stream);
            let batch = self
                .batches
                .entry(conditional.stream.clone())
                .or_insert_with(|| conditional.guard.clone().begin());
            let expected = batch.version();
            if expected != actual {
                if began_here && !self.versions.contains_key(&conditional.stream) {
                    self.unread.insert(&conditional.stream);
                }
                let stream = conditional.stream.clone();
                return Err(Admission::Stale { stream, expected, actual });
            }
            batch.check(&*conditional.proposed).map_err(Admission::Forbidden)?;
            versions.push(actual);
        }
        for conditional in conditional {
            if let Some(batch) = self.batches.get_mut(&conditional.stream) {
                batch.take(&*conditional.proposed);
            }
        }
        Ok(versions)
    }

    fn replay(&self, key: &RequestKey) -> Option<Admission> {
        if let Some((index, body_hash)) = self.keys.get(&(key.actor.as_str(), key.key.as_str())) {
            let same = key.agrees(body_hash);
            return Some(if same { Admission::ReplayOf(*index) } else { Admission::KeyReused });
        }
        if self.facts.keys.is_empty() {
            return None;
        }
        let known = self.facts.keys.get(&(key.actor.clone(), key.key.clone()))?;
        let same = key.agrees(&known.body_hash);
        Some(if same { Admission::Replayed(known.answer.clone()) } else { Admission::KeyReused })
    }

    fn stale(&mut self, prepared: &'a Prepared) -> Option<Admission> {
        let request = &prepared.request;
        for write in &request.writes {
            let expected = write.expected_version;
            let actual = self.version(&write.stream, |floor| floor == expected);
            if let Some(stale) = differ(&write.stream, expected, actual) {
                return Some(stale);
            }
        }
        for guard in &request.guards {
            // No key protects a guard: only an exact version will do.
            let actual = self.version(&guard.stream, |_| false);
            if let Some(stale) = differ(&guard.stream, guard.version, actual) {
                return Some(stale);
            }
        }
        None
    }

    /// The stream's version. A floor is taken for it only where `floor_will_do`; otherwise the stream
    /// is put down to be read, and what is answered here is thrown away with the whole admission.
    ///
    /// A stream that this batch has written already has a version as good as exact: if its floor was
    /// wrong, the insert fails and with it all that was built on it.
    fn version(
        &mut self,
        stream: &'a StreamId,
        floor_will_do: impl Fn(Version) -> bool,
    ) -> Version {
        if let Some(version) = self.versions.get(stream) {
            return *version;
        }
        match self.facts.known(stream) {
            Known::Exact(version) => version,
            Known::AtLeast(floor) => {
                if !floor_will_do(floor) {
                    self.unread.insert(stream);
                }
                floor
            }
        }
    }

    fn accept(&mut self, index: usize, prepared: &'a Prepared) {
        let request = &prepared.request;
        for write in &request.writes {
            let version = write.expected_version.plus(write.events.len() as u64);
            self.versions.insert(&write.stream, version);
        }
        for conditional in &request.conditional {
            if let Some(batch) = self.batches.get(&conditional.stream) {
                self.versions.insert(&conditional.stream, batch.version());
            }
        }
        if let Some(key) = &request.key {
            self.keys.insert((&key.actor, &key.key), (index, key.body_hash));
        }
        if let Some(alias) = &request.alias {
            self.aliases.insert(&alias.alias);
        }
    }
}

fn differ(stream: &StreamId, expected: Version, actual: Version) -> Option<Admission> {
    (expected != actual).then(|| Admission::Stale { stream: stream.clone(), expected, actual })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::types::{AppendRequest, Guard, NewEvent, StreamWrite};

    fn stream() -> StreamId {
        StreamId::new("A", Uuid::nil())
    }

    fn write(expected_version: Version) -> Prepared {
        let event = NewEvent {
            event_type: "E".into(),
            event_version: "1".into(),
            payload: "{}".to_owned(),
            metadata: "{}".to_owned(),
        };
        let write = StreamWrite { stream: stream(), expected_version, events: vec![event] };
        let request = AppendRequest { writes: vec![write], ..AppendRequest::default() };
        Prepared::new(request).unwrap()
    }

    fn guard(version: Version) -> Prepared {
        let guard = Guard { stream: stream(), version };
        let request = AppendRequest { guards: vec![guard], ..AppendRequest::default() };
        Prepared::new(request).unwrap()
    }

    fn judged(known: Known, thorough: bool, requests: &[&Prepared]) -> BatchAdmission {
        let versions = [(stream(), known)].into();
        admit(requests, &Facts { versions, thorough, ..Facts::default() }, &mut BatchChecks::new())
    }

    #[test]
    fn a_floor_is_proof_for_a_write_at_the_floor_and_for_nothing_else() {
        let accepted = BatchAdmission::Admissions(vec![Admission::Accepted(vec![])]);
        let read = BatchAdmission::Read(vec![stream()]);
        assert_eq!(
            judged(Known::AtLeast(Version::from(3)), false, &[&write(Version::from(3))]),
            accepted
        );
        assert_eq!(
            judged(Known::AtLeast(Version::from(3)), false, &[&write(Version::from(4))]),
            read
        );
        assert_eq!(
            judged(Known::AtLeast(Version::from(3)), false, &[&write(Version::from(2))]),
            read
        );
        assert_eq!(
            judged(Known::AtLeast(Version::from(3)), false, &[&guard(Version::from(3))]),
            read
        );
        assert_eq!(
            judged(Known::Exact(Version::from(3)), false, &[&guard(Version::from(3))]),
            accepted
        );
    }

    #[test]
    fn nobody_is_refused_before_everything_was_read() {
        let stale = Admission::Stale {
            stream: stream(),
            expected: Version::from(2),
            actual: Version::from(3),
        };
        assert_eq!(
            judged(Known::Exact(Version::from(3)), false, &[&write(Version::from(2))]),
            BatchAdmission::ReadAll
        );
        let all = judged(Known::Exact(Version::from(3)), true, &[&write(Version::from(2))]);
        assert_eq!(all, BatchAdmission::Admissions(vec![stale]));
    }

    #[test]
    fn a_guard_sees_what_the_batch_wrote_before_it() {
        let admissions = judged(
            Known::AtLeast(Version::from(3)),
            false,
            &[&write(Version::from(3)), &guard(Version::from(4))],
        );
        assert_eq!(admissions, BatchAdmission::Admissions(vec![Admission::Accepted(vec![]); 2]));
    }
}
