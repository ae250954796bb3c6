//! The events of paths between the reading and the judging: apart by stream, each part in the journal's order.
//!
//! A path is judged event by event, and keeps its state from the first to the last; in a large journal more paths are
//! under way at once than memory holds. So the events are put into parts, every stream wholly into one, and the parts
//! are judged one after the other, or on several cores, each with the states of its own streams alone. Events beyond
//! a bound of memory wait in a file: they were read once, by position, and no index of the database says which there
//! are. The file has no name and is sealed under a key that only this run holds, so that nothing of it can be read
//! when the run has ended, however it ended. It is as long as the texts of the journal's paths.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chacha20poly1305::aead::Aead;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit, Nonce};
use chrono::DateTime;
use sira_domain::path::Beneficiary;
use sira_numbers::{Position, Sequence, at_most};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::evidence::EvidenceError;
use crate::files::FileError;
use crate::journal::{RecordedEvent, StreamId};

/// Events of one part, some: the states of their streams are in memory together.
const PART_EVENTS: u64 = 32_768;
/// Parts of the smallest journal: every core has some.
const PARTS_MIN: usize = 16;
/// Parts of the largest, and of one whose last position is forged: beyond that they become larger, not more.
const PARTS_MAX: usize = 4_096;
/// Bytes of events that wait in memory: some 300,000 events, which need no file then.
const MEMORY_BYTES: usize = 256 << 20;

/// Where the events wait.
pub(super) struct Parts {
    waiting: Vec<Waiting>,
    /// Bytes of one part that wait in memory.
    memory: usize,
    file: Option<SealedFile>,
}

/// The events of one part.
#[derive(Default)]
struct Waiting {
    /// What was written to the file, in order.
    written: Vec<Run>,
    /// What came after it.
    rest: Vec<u8>,
}

/// One stretch of the file, sealed for itself under its number.
struct Run {
    number: u64,
    at: u64,
    length: usize,
}

impl Parts {
    /// Room for a journal of so many events; `memory` bytes of them may wait in memory.
    pub fn new(events: u64, memory: Option<usize>) -> Self {
        let count = at_most(events.div_ceil(PART_EVENTS), PARTS_MAX).max(PARTS_MIN);
        let mut waiting = Vec::new();
        waiting.resize_with(count, Waiting::default);
        Self { waiting, memory: memory.unwrap_or(MEMORY_BYTES) / count, file: None }
    }

    /// How many parts there are.
    pub fn count(&self) -> usize {
        self.waiting.len()
    }

    /// Puts the event of a path behind those that its part has.
    pub fn put(&mut self, event: &RecordedEvent) -> Result<(), EvidenceError> {
        let (high, low) = event.stream.aggregate_id.as_u64_pair();
        // Whatever kind of id it is: all its bits are in the upper half of the product (Fibonacci hashing).
        let mixed = (high ^ low).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        let mixed = mixed % self.waiting.len() as u64;
        let Some(part) = self.waiting.get_mut(at_most(mixed, usize::MAX)) else { return Ok(()) };
        encode(&mut part.rest, event);
        if part.rest.len() <= self.memory {
            return Ok(());
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(SealedFile::new().map_err(failed)?),
        };
        part.written.push(file.write(&part.rest).map_err(failed)?);
        part.rest.clear();
        Ok(())
    }

    /// Tells the events of one part, in the journal's order.
    pub fn each(
        &self,
        part: usize,
        mut then: impl FnMut(&RecordedEvent) -> Result<(), EvidenceError>,
    ) -> Result<(), EvidenceError> {
        let Some(Waiting { written, rest }) = self.waiting.get(part) else { return Ok(()) };
        for run in written {
            let Some(file) = &self.file else { return Err(failed(none_such())) };
            tell(&file.read(run).map_err(failed)?, &mut then)?;
        }
        tell(rest, &mut then)
    }
}

fn tell(
    mut bytes: &[u8],
    then: &mut impl FnMut(&RecordedEvent) -> Result<(), EvidenceError>,
) -> Result<(), EvidenceError> {
    while !bytes.is_empty() {
        then(&decode(&mut bytes).ok_or_else(|| failed(none_such()))?)?;
    }
    Ok(())
}

fn failed(source: io::Error) -> EvidenceError {
    FileError { path: std::env::temp_dir(), source }.into()
}

fn none_such() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "what was written is not there any more")
}

fn encode(out: &mut Vec<u8>, event: &RecordedEvent) {
    out.extend_from_slice(&event.position.get().to_le_bytes());
    out.extend_from_slice(&event.sequence.get().to_le_bytes());
    out.extend_from_slice(&event.recorded_at.timestamp_micros().to_le_bytes());
    out.extend_from_slice(event.stream.aggregate_id.as_bytes());
    for text in [&event.event_type, &event.event_version, &event.payload, &event.metadata] {
        out.extend_from_slice(&(text.len() as u64).to_le_bytes());
        out.extend_from_slice(text.as_bytes());
    }
}

/// The next event; its own hash is no more needed.
fn decode(bytes: &mut &[u8]) -> Option<RecordedEvent> {
    let position = Position::of_count(u64::from_le_bytes(taken(bytes)?));
    let sequence = Sequence::of_count(u64::from_le_bytes(taken(bytes)?));
    let recorded_at = DateTime::from_timestamp_micros(i64::from_le_bytes(taken(bytes)?))?;
    let stream = StreamId::new(Beneficiary::TYPE, Uuid::from_bytes(taken(bytes)?));
    let mut text = || {
        let length = usize::try_from(u64::from_le_bytes(taken(bytes)?)).ok()?;
        let (text, rest) = bytes.split_at_checked(length)?;
        *bytes = rest;
        String::from_utf8(text.to_vec()).ok()
    };
    let (event_type, event_version, payload, metadata) = (text()?, text()?, text()?, text()?);
    Some(RecordedEvent {
        position,
        stream,
        sequence,
        event_type,
        event_version,
        payload,
        metadata,
        recorded_at,
        leaf_hash: [0; 32],
    })
}

fn taken<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*first)
}

/// A file without a name, sealed stretch by stretch.
struct SealedFile {
    file: Mutex<File>,
    cipher: ChaCha20Poly1305,
    length: u64,
    runs: u64,
}

impl SealedFile {
    fn new() -> io::Result<Self> {
        let mut key = Zeroizing::new([0_u8; 32]);
        getrandom::fill(key.as_mut()).map_err(io::Error::other)?;
        let cipher = ChaCha20Poly1305::new(key.as_ref().into());
        Ok(Self { file: Mutex::new(tempfile::tempfile()?), cipher, length: 0, runs: 0 })
    }

    fn write(&mut self, plain: &[u8]) -> io::Result<Run> {
        let run = Run { number: self.runs, at: self.length, length: plain.len() + TAG_BYTES };
        let sealed = self.cipher.encrypt(&nonce(run.number), plain);
        let sealed = sealed.map_err(|_| io::Error::other("it cannot be sealed"))?;
        let mut file = self.file();
        file.seek(SeekFrom::Start(run.at))?;
        file.write_all(&sealed)?;
        drop(file);
        self.runs += 1;
        self.length += sealed.len() as u64;
        Ok(run)
    }

    fn read(&self, run: &Run) -> io::Result<Vec<u8>> {
        let mut sealed = vec![0; run.length];
        let mut file = self.file();
        file.seek(SeekFrom::Start(run.at))?;
        file.read_exact(&mut sealed)?;
        drop(file);
        // Whoever changes the file meanwhile is found out.
        self.cipher.decrypt(&nonce(run.number), sealed.as_slice()).map_err(|_| none_such())
    }

    /// Every use begins with its own place: what a panic left behind does no harm.
    fn file(&self) -> MutexGuard<'_, File> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bytes by which a sealed stretch is longer.
const TAG_BYTES: usize = 16;

/// No number comes twice under the key of a run.
fn nonce(number: u64) -> Nonce {
    let mut nonce = [0; 12];
    nonce[..8].copy_from_slice(&number.to_le_bytes());
    nonce.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(number: u64, id: u128) -> RecordedEvent {
        RecordedEvent {
            position: Position::of_count(number),
            stream: StreamId::new(Beneficiary::TYPE, Uuid::from_u128(id)),
            sequence: Sequence::of_count(number / 7 + 1),
            event_type: "NoteAdded".to_owned(),
            event_version: "1.0".to_owned(),
            payload: format!("{{\"é\":{number}}}"),
            metadata: String::new(),
            recorded_at: DateTime::from_timestamp_micros(1_700_000_000_000_001).unwrap(),
            leaf_hash: [0; 32],
        }
    }

    fn told(parts: &Parts) -> Vec<Vec<RecordedEvent>> {
        let told = |part| {
            let mut events = Vec::new();
            let told = parts.each(part, |event| {
                events.push(event.clone());
                Ok(())
            });
            told.unwrap();
            events
        };
        (0..parts.count()).map(told).collect()
    }

    #[test]
    fn every_event_comes_back_as_it_was_in_its_order_and_beside_those_of_its_stream() {
        let events: Vec<_> =
            (1..=700).map(|at| event(at, u128::from(at * 31 % 97) << 70)).collect();
        // In memory, in the file, and in both.
        for memory in [None, Some(0), Some(20_000)] {
            let mut parts = Parts::new(700, memory);
            for event in &events {
                parts.put(event).unwrap();
            }
            assert_eq!(parts.file.is_some(), memory.is_some());
            let told = told(&parts);
            let mut again: Vec<_> = told.iter().flatten().cloned().collect();
            again.sort_by_key(|event| event.position);
            assert_eq!(again, events);
            for (part, its) in told.iter().enumerate() {
                assert!(its.is_sorted_by_key(|event| event.position));
                let others = told.iter().enumerate().filter(|(other, _)| *other != part);
                let is_its =
                    |event: &RecordedEvent| its.iter().any(|one| one.stream == event.stream);
                assert!(!others.flat_map(|(_, events)| events).any(is_its));
            }
            assert!(told.iter().filter(|its| !its.is_empty()).count() > 5);
        }
    }

    #[test]
    fn nothing_of_an_event_stands_in_the_file_and_a_changed_one_is_found_out() {
        let mut parts = Parts::new(10, Some(0));
        for at in 1..=10 {
            parts.put(&event(at, 5)).unwrap();
        }
        let sealed = parts.file.as_ref().unwrap();
        let mut bytes = Vec::new();
        let mut file = sealed.file();
        file.seek(SeekFrom::Start(0)).unwrap();
        file.read_to_end(&mut bytes).unwrap();
        assert!(bytes.len() > 10 * 80);
        assert!(!bytes.windows(9).any(|some| some == b"NoteAdded"));
        bytes[100] ^= 1;
        file.seek(SeekFrom::Start(0)).unwrap();
        file.write_all(&bytes).unwrap();
        drop(file);
        let read = (0..parts.count()).try_for_each(|part| parts.each(part, |_| Ok(())));
        assert!(matches!(read, Err(EvidenceError::File(_))), "{read:?}");
    }

    #[test]
    fn a_large_journal_has_parts_of_the_same_size() {
        assert_eq!(Parts::new(0, None).count(), PARTS_MIN);
        assert_eq!(Parts::new(14_000_000, None).count(), 428);
        assert_eq!(Parts::new(u64::MAX, None).count(), PARTS_MAX);
    }
}
