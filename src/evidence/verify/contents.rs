//! The first pass: the journal in its order, from the stored bytes.

use std::collections::{HashMap, HashSet, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};
use sira_numbers::{Position, Sequence, at_most};
use tokio::sync::{mpsc, watch};

use super::CheckProgress;
use super::names::{self, GivenName};
use super::pages::{HashedEvent, PAGE, Pages, ReadRow, raw_page};
use super::report::{CheckReport, Deviation, DeviationKind};
use crate::evidence::Checkpoint;
use crate::evidence::EvidenceError;
use crate::evidence::growth::{Growth, TILE_HEIGHT, TILE_WIDTH, Tile};
use crate::evidence::index::{StreamHead, StreamIndex, key_of};
use crate::evidence::keys::KeyHistory;
use crate::evidence::merkle::Hash;
use crate::evidence::store::{self, CheckedRow};
use crate::evidence::{Note, VerifierKey};
use crate::journal::{Journal, Leaf, RawEvent, RecordedEvent};

/// Places without an event that are kept, so that what comes after a gap stands where it belongs. A row
/// that stands farther off is named and not placed: a forged position must not keep a check busy for ever.
const GAP_MAX: u64 = 1_000_000;
/// How old an event may be that no checkpoint covers: one is signed within a second, or some seconds when
/// another process has to take over.
const UNCOVERED_MAX: TimeDelta = TimeDelta::minutes(1);
/// How far the clocks of two servers may be apart, which one journal is written and signed by.
const CLOCKS_APART: TimeDelta = TimeDelta::hours(1);
/// Between two events: a clock that jumps so far and then stands still was ahead.
const JUMP_MAX: TimeDelta = TimeDelta::hours(36);
/// Checkpoints that are read at once.
const CHECKPOINTS_PAGE: u32 = 1_000;

/// What is checked.
#[derive(Clone, Copy)]
pub(super) struct Span {
    /// The last event.
    pub size: Position,
    /// The last event that an earlier run has checked.
    pub since: Position,
    /// The size of the newest checkpoint: tiles are stored as far as it reaches.
    pub covered: u64,
    /// The time now, for a journal that is written to.
    pub now: Option<DateTime<Utc>>,
}

/// The keys that are trusted, and from which size on: a key that the reader knows vouches for what it
/// signed itself and for what follows.
pub(super) struct Trust {
    pub keys: KeyHistory,
    pub from: u64,
}

/// A checkpoint that was kept elsewhere.
pub(super) struct Held {
    pub checkpoint: Checkpoint,
    pub note: Note,
    pub is_signed: bool,
}

/// Who is told of what was read, in its order.
pub(super) struct Listeners {
    /// Who judges the events.
    pub judge: mpsc::Sender<Vec<RecordedEvent>>,
    /// Who compares the names that they give.
    pub names: mpsc::Sender<Vec<GivenName>>,
}

/// The pass, and how far it has come.
pub(super) struct Contents {
    journal: Journal,
    size: Position,
    since: Position,
    trust: Option<Trust>,
    /// What was kept elsewhere, not reached yet.
    held: Vec<Held>,
    now: Option<DateTime<Utc>>,
    /// When the oldest event was recorded that no rightly signed checkpoint covers so far.
    uncovered_at: Option<DateTime<Utc>>,
    progress: watch::Sender<CheckProgress>,
    told: Listeners,
    growth: Growth,
    streams: StreamIndex,
    last_time: DateTime<Utc>,
    /// Tiles that became full and are not compared yet.
    full: Vec<Tile>,
    /// Stored checkpoints that are not reached yet, the next one first.
    ahead: VecDeque<CheckedRow>,
    /// Their cosignatures: size, witness, line.
    cosignatures: VecDeque<(u64, String, String)>,
    /// The size of the last checkpoint that was read ahead.
    read_to: u64,
    covered: u64,
    /// The last checkpoint that was reached, and when it says that it was signed.
    signed: (u64, Option<DateTime<Utc>>),
    /// Whether the time of the last event is far beyond that of the one before.
    jumped: bool,
    /// Rows that were read.
    rows: u64,
    /// By kind, the last deviation of it.
    last_of: HashMap<DeviationKind, usize>,
    /// Events that something is known of already.
    known: HashSet<Position>,
    report: CheckReport,
}

impl Contents {
    pub fn new(
        journal: &Journal,
        Span { size, since, covered, now }: Span,
        trust: Option<Trust>,
        held: Vec<Held>,
        progress: &watch::Sender<CheckProgress>,
        told: Listeners,
    ) -> Self {
        Self {
            journal: journal.clone(),
            size,
            since,
            trust,
            held,
            now,
            uncovered_at: None,
            progress: progress.clone(),
            told,
            growth: Growth::default(),
            streams: StreamIndex::default(),
            last_time: DateTime::UNIX_EPOCH,
            full: Vec::new(),
            ahead: VecDeque::new(),
            cosignatures: VecDeque::new(),
            read_to: 0,
            covered,
            signed: (0, None),
            jumped: false,
            rows: 0,
            last_of: HashMap::new(),
            known: HashSet::new(),
            report: CheckReport { events: size.get(), ..CheckReport::default() },
        }
    }

    pub async fn check(mut self) -> Result<CheckReport, EvidenceError> {
        self.check_old().await?;
        names::tell(&self.journal, self.reached(), &self.told.names).await?;
        let mut pages = Pages::new(&self.journal, self.reached(), self.size);
        while let Some(page) = pages.next().await? {
            let mut events = Vec::with_capacity(page.rows.len());
            for row in page.rows {
                events.extend(self.check_row(row).await?);
            }
            // Who listens is gone when he has failed, and says why.
            let _ = self.told.judge.send(events).await;
            let _ = self.told.names.send(page.names).await;
            self.compare_tiles().await?;
        }
        self.check_end().await?;
        self.report.root = self.growth.root();
        Ok(self.report)
    }

    /// Events that an earlier run has checked: their places and leaf hashes must lead to its checkpoint.
    async fn check_old(&mut self) -> Result<(), EvidenceError> {
        while self.reached() < self.since.min(self.size) {
            let (at, to) = (self.reached(), self.since.min(self.size));
            for (position, leaf) in self.journal.read_raw_leaves(at, to, PAGE).await? {
                self.check_leaf(position, leaf).await?;
            }
            if self.reached() == at {
                break;
            }
            self.compare_tiles().await?;
        }
        let (rows, _) = raw_page(&self.journal, self.since.before(), self.since).await?;
        if let Some(RawEvent::Event(event)) = rows.last() {
            self.last_time = event.recorded_at;
        }
        Ok(())
    }

    /// The position of the last event that stands in its place.
    fn reached(&self) -> Position {
        Position::of_count(self.growth.size())
    }

    async fn check_leaf(
        &mut self,
        position: Position,
        leaf: Option<Leaf>,
    ) -> Result<(), EvidenceError> {
        if !self.reach(position).await? {
            return Ok(());
        }
        let Some(leaf) = leaf else {
            self.fault(Deviation::at(position, DeviationKind::Unreadable));
            return self.take_unknown().await;
        };
        let head = StreamHead { sequence: leaf.sequence, leaf: leaf.hash };
        self.take(position, key_of(&leaf.stream), head).await
    }

    /// Comes to the place of a row; false when it has none.
    async fn reach(&mut self, position: Position) -> Result<bool, EvidenceError> {
        self.rows += 1;
        let reached = self.reached();
        if position <= reached || position.since(reached) > GAP_MAX {
            self.fault(Deviation::at(position, DeviationKind::Unreadable).because("position"));
            return Ok(false);
        }
        self.fill_gap(position).await?;
        Ok(true)
    }

    /// Checks a row; the event, when it is one that can be judged.
    async fn check_row(&mut self, row: ReadRow) -> Result<Option<RecordedEvent>, EvidenceError> {
        match row {
            ReadRow::Event(read) => {
                let HashedEvent { event, leaf, key } = *read;
                if !self.reach(event.position).await? {
                    return Ok(None);
                }
                self.check_event(&event, leaf, key).await?;
                Ok(Some(event))
            }
            ReadRow::Unfit(position, problem) => {
                if self.reach(position).await? {
                    self.fault(Deviation::at(position, DeviationKind::Unreadable).because(problem));
                    self.take_unknown().await?;
                }
                Ok(None)
            }
        }
    }

    /// Reports positions at which nothing stands, and keeps the places after them where they belong.
    async fn fill_gap(&mut self, position: Position) -> Result<(), EvidenceError> {
        let first = self.reached().next();
        if position > first {
            let to = Some(position.before()).filter(|to| *to > first);
            self.fault(Deviation { to, ..Deviation::at(first, DeviationKind::Missing) });
            while self.reached().next() < position {
                self.take_unknown().await?;
            }
        }
        Ok(())
    }

    /// A place whose event is not known: no hash is the right one.
    async fn take_unknown(&mut self) -> Result<(), EvidenceError> {
        self.grow([0; 32]).await
    }

    async fn check_event(
        &mut self,
        event: &RecordedEvent,
        leaf: Result<Hash, &'static str>,
        key: Hash,
    ) -> Result<(), EvidenceError> {
        let position = event.position;
        if event.recorded_at < self.last_time {
            self.fault(Deviation::at(position, DeviationKind::Time));
        }
        self.check_clock(position, event.recorded_at);
        // Times do not go back: one that does is a lie, which is named, and makes nothing older.
        self.uncovered_at.get_or_insert(event.recorded_at.max(self.last_time));
        self.last_time = event.recorded_at;
        let leaf = match leaf {
            Ok(leaf) if leaf == event.leaf_hash => leaf,
            Ok(leaf) => {
                self.fault(Deviation::at(position, DeviationKind::Altered));
                leaf
            }
            Err(field) => {
                self.fault(Deviation::at(position, DeviationKind::Unreadable).because(field));
                [0; 32]
            }
        };
        let head = StreamHead { sequence: event.sequence, leaf };
        self.take(position, key, head).await
    }

    async fn take(
        &mut self,
        position: Position,
        key: Hash,
        head: StreamHead,
    ) -> Result<(), EvidenceError> {
        let before = self.streams.set(key, head);
        if before.is_none() {
            self.report.streams += 1;
        }
        if head.sequence != before.map_or(Sequence::START, |before| before.sequence).next() {
            self.fault(Deviation::at(position, DeviationKind::Sequence));
        }
        self.grow(head.leaf).await
    }

    /// Adds a leaf, and compares the checkpoints of the size that is reached.
    async fn grow(&mut self, leaf: Hash) -> Result<(), EvidenceError> {
        let full = &mut self.full;
        self.growth.push(leaf, &mut |tile| full.push(tile));
        let size = self.growth.size();
        if size.is_multiple_of(u64::from(PAGE)) {
            self.progress.send_modify(|progress| progress.done += u64::from(PAGE));
        }
        if self.held.iter().any(|held| held.checkpoint.size == size) {
            self.check_held(size);
        }
        while self.next_checkpoint().await?.is_some_and(|next| next <= size) {
            if let Some((size, note, signed_at)) = self.ahead.pop_front() {
                self.check_checkpoint(size, &note);
                self.check_signed_at(size, signed_at);
            }
        }
        Ok(())
    }

    /// The size of the next stored checkpoint.
    async fn next_checkpoint(&mut self) -> Result<Option<u64>, EvidenceError> {
        if self.ahead.is_empty() && self.read_to < u64::MAX {
            let from = self.read_to;
            let next = store::between(&self.journal, (from, self.covered), CHECKPOINTS_PAGE);
            self.ahead = next.await?.into();
            self.read_to = self.ahead.back().map_or(u64::MAX, |last| last.0);
            let to = self.read_to.min(self.covered);
            let cosigned = store::cosignatures_between(&self.journal, from, to).await?;
            self.cosignatures.extend(cosigned);
        }
        Ok(self.ahead.front().map(|next| next.0))
    }

    fn check_checkpoint(&mut self, size: u64, stored: &str) {
        self.report.checkpoints += 1;
        let Some((note, checkpoint, is_signed)) = self.read_checkpoint(size, stored) else {
            return;
        };
        self.check_cosignatures(size, &note);
        if size > self.growth.size() {
            self.fault_run(Deviation::at_size(size, DeviationKind::Beyond));
        } else if checkpoint.root != self.growth.root() {
            self.fault_run(Deviation::at_size(size, DeviationKind::Root));
        } else if checkpoint.streams != Some(self.streams.root()) {
            self.fault_run(Deviation::at_size(size, DeviationKind::StreamIndex));
        } else if is_signed {
            self.cover(size, note);
        }
    }

    /// The stored note, what it says, and whether this log has rightly signed it.
    fn read_checkpoint(&mut self, size: u64, stored: &str) -> Option<(Note, Checkpoint, bool)> {
        let note = stored.parse::<Note>();
        let read = note.ok().and_then(|note| Some((note.text.parse::<Checkpoint>().ok()?, note)));
        let Some((checkpoint, note)) = read.filter(|(checkpoint, _)| checkpoint.size == size)
        else {
            self.fault_run(Deviation::at_size(size, DeviationKind::Checkpoint));
            return None;
        };
        let Some(trust) = &self.trust else { return Some((note, checkpoint, false)) };
        let key = trust.keys.of_size(size);
        let (is_signed, is_ours) = (note.verify(key).is_ok(), checkpoint.origin == key.name());
        if !is_ours {
            self.fault_run(Deviation::at_size(size, DeviationKind::Checkpoint));
        } else if !is_signed {
            self.fault_run(Deviation::at_size(size, DeviationKind::Signature));
        }
        Some((note, checkpoint, is_signed && is_ours))
    }

    /// It was signed after its last event was recorded, and before the next one was signed.
    fn check_signed_at(&mut self, size: u64, signed_at: Option<DateTime<Utc>>) {
        let before = std::mem::replace(&mut self.signed, (size, signed_at));
        let fault = |size| Deviation::at_size(size, DeviationKind::SignedAt);
        let Some(at) = signed_at else { return self.fault(fault(size)) };
        let is_early = size == self.growth.size() && at + CLOCKS_APART < self.last_time;
        if is_early || self.now.is_some_and(|now| at > now + CLOCKS_APART) {
            self.fault(fault(size));
        } else if before.1.is_some_and(|before| before > at + CLOCKS_APART) {
            self.fault(fault(before.0));
        }
    }

    /// No event is of a time that is not yet. Nor does time jump and then stand still from one batch to the next:
    /// then the clock was ahead, since a time never goes back. That a checkpoint was signed between two events shows
    /// that they are of two batches.
    fn check_clock(&mut self, position: Position, at: DateTime<Utc>) {
        let Some(now) = self.now else { return };
        if at != self.last_time {
            let is_first = self.last_time == DateTime::UNIX_EPOCH;
            self.jumped = !is_first && at - self.last_time > JUMP_MAX;
        }
        let stands_still = self.jumped
            && at == self.last_time
            && Position::of_count(self.signed.0).next() == position;
        if stands_still || at > now + CLOCKS_APART {
            self.fault(Deviation::at(position, DeviationKind::Clock));
            self.jumped = false;
        }
    }

    fn check_cosignatures(&mut self, size: u64, note: &Note) {
        while let Some((of, witness, line)) = self.cosignatures.pop_front_if(|(of, ..)| *of <= size)
        {
            let key = witness.parse::<VerifierKey>().ok();
            let is_right = key.zip(line.parse().ok()).is_some_and(|(key, line)| {
                Note { text: note.text.clone(), signatures: vec![line] }.verify(&key).is_ok()
            });
            if !is_right || of != size {
                self.fault_run(Deviation::at_size(of, DeviationKind::Cosignature));
            }
        }
    }

    fn check_held(&mut self, size: u64) {
        let root = self.growth.root();
        let (reached, ahead): (Vec<_>, Vec<_>) = std::mem::take(&mut self.held)
            .into_iter()
            .partition(|held| held.checkpoint.size == size);
        self.held = ahead;
        for Held { checkpoint, note, is_signed } in reached {
            let index = checkpoint.streams.is_none_or(|streams| streams == self.streams.root());
            if checkpoint.root != root || !index {
                self.fault(Deviation::at_size(size, DeviationKind::Held));
            } else if is_signed {
                self.cover(size, note);
            }
        }
    }

    /// Notes that everything so far is covered by a rightly signed checkpoint.
    fn cover(&mut self, size: u64, note: Note) {
        if self.trust.as_ref().is_some_and(|trust| size >= trust.from) {
            self.report.covered = size;
            self.report.newest = Some(note);
            self.uncovered_at = None;
        }
    }

    /// Events that no checkpoint covers can be those of the last moments alone.
    fn check_coverage(&mut self) {
        let now = self.now.unwrap_or(self.last_time);
        let is_late = self.uncovered_at.is_some_and(|at| now - at > UNCOVERED_MAX);
        if self.trust.is_some() && is_late {
            let first = Position::of_count(self.report.covered).next();
            let to = Some(self.size).filter(|last| *last > first);
            self.fault(Deviation { to, ..Deviation::at(first, DeviationKind::Uncovered) });
        }
    }

    /// Compares the tiles that became full with the stored ones: they say which event is not the
    /// one that was signed.
    async fn compare_tiles(&mut self) -> Result<(), EvidenceError> {
        let tiles = std::mem::take(&mut self.full);
        self.compare(tiles).await
    }

    async fn compare(&mut self, mut tiles: Vec<Tile>) -> Result<(), EvidenceError> {
        tiles.sort_by_key(|tile| (tile.level, tile.index));
        for run in tiles.chunk_by(|one, next| one.level == next.level) {
            let [first, .., last] = run else {
                let only = run.first().map_or((0, 0), |tile| (tile.index, tile.index));
                self.compare_run(run, only).await?;
                continue;
            };
            self.compare_run(run, (first.index, last.index)).await?;
        }
        Ok(())
    }

    async fn compare_run(&mut self, run: &[Tile], bounds: (u64, u64)) -> Result<(), EvidenceError> {
        let Some(level) = run.first().map(|tile| tile.level) else { return Ok(()) };
        let stored = store::tiles(&self.journal, level, bounds).await?;
        for tile in run {
            let stored = stored.iter().find(|(index, _)| *index == tile.index);
            self.compare_tile(tile, stored.map_or(&[], |(_, hashes)| hashes));
        }
        Ok(())
    }

    fn compare_tile(&mut self, tile: &Tile, stored: &[Hash]) {
        let span = 1_u64 << (tile.level * TILE_HEIGHT);
        let first = tile.index * TILE_WIDTH as u64 * span;
        // The part of the tile that a checkpoint covers.
        let width = self.covered.saturating_sub(first) / span;
        let width = at_most(width, tile.hashes.len());
        let detail = || format!("level {}", tile.level);
        if stored.len() < width {
            self.fault(
                Deviation::at(Position::of_count(first).next(), DeviationKind::Tile)
                    .because(detail()),
            );
        }
        let pairs = tile.hashes[..width].iter().zip(stored);
        for (place, _) in (0_u64..).zip(pairs).filter(|(_, (computed, stored))| computed != stored)
        {
            let position = Position::of_count(first + place * span).next();
            if tile.level > 0 {
                self.fault_run(Deviation::at(position, DeviationKind::Tile).because(detail()));
            } else if !self.known.contains(&position) {
                self.fault(Deviation::at(position, DeviationKind::NotInTree));
            }
        }
    }

    async fn check_end(&mut self) -> Result<(), EvidenceError> {
        self.compare_tiles().await?;
        let edge = self.growth.edge_tiles().collect();
        self.compare(edge).await?;
        while self.next_checkpoint().await?.is_some() {
            if let Some((size, note, signed_at)) = self.ahead.pop_front() {
                self.check_checkpoint(size, &note);
                self.check_signed_at(size, signed_at);
            }
        }
        for of in store::stray_cosignatures(&self.journal).await? {
            self.fault_run(Deviation::at_size(of, DeviationKind::Cosignature));
        }
        self.check_last_tiles().await?;
        for held in std::mem::take(&mut self.held) {
            if held.checkpoint.size > self.growth.size() {
                self.fault(Deviation::at_size(held.checkpoint.size, DeviationKind::HeldBeyond));
            }
        }
        self.check_coverage();
        if self.journal.count_rows(self.size).await? != self.rows {
            // A row that stands nowhere, or where another one does.
            self.fault(Deviation::of(DeviationKind::Unreadable).because("position"));
        }
        self.check_head().await
    }

    /// Tiles and the newest checkpoint are stored together: tiles that reach farther say that a
    /// checkpoint was taken away. The checkpoint is looked up last, since others may be signed meanwhile.
    async fn check_last_tiles(&mut self) -> Result<(), EvidenceError> {
        let tiles = store::last_tiles(&self.journal).await?;
        // Read after the tiles: what was signed since this began reaches as far as they do.
        let newest = store::newest_size(&self.journal).await?;
        for (level, index, bytes) in tiles {
            let covered = newest.checked_shr(level * TILE_HEIGHT).unwrap_or(0);
            let reached = u128::from(index) * TILE_WIDTH as u128 + u128::from(bytes.div_ceil(32));
            if reached > u128::from(covered) {
                let position = Position::of_count(newest).next();
                let detail = format!("level {level}, not covered");
                self.fault(Deviation::at(position, DeviationKind::Tile).because(detail));
            }
        }
        Ok(())
    }

    /// The head must follow the last event, whatever was appended since this began.
    async fn check_head(&mut self) -> Result<(), EvidenceError> {
        let is_right = match self.journal.raw_head().await? {
            Some((head, at, last)) => {
                let at = at.filter(|at| last > self.size || *at >= self.last_time);
                head == last && at.is_some()
            }
            None => self.size == Position::START,
        };
        if !is_right || self.journal.count_heads().await? > 1 {
            self.fault(Deviation::of(DeviationKind::Head));
        }
        Ok(())
    }

    /// Notes a deviation; neighbours of one kind become one run.
    fn fault(&mut self, deviation: Deviation) {
        if let Some(from) = deviation.position.filter(|_| deviation.kind.is_of_contents()) {
            self.known.extend(from.through(deviation.to.unwrap_or(from)));
        }
        if let Some(last) = self.last_of.get(&deviation.kind)
            && let Some(last) = self.report.deviations.get_mut(*last)
            && let (Some(from), Some(at)) = (last.position, deviation.position)
            && last.detail == deviation.detail
            && last.to.unwrap_or(from).next() == at
        {
            last.to = deviation.to.or(Some(at));
            return;
        }
        self.last_of.insert(deviation.kind, self.report.deviations.len());
        self.report.deviations.push(deviation);
    }

    /// As [`Self::fault`], but joined to the last one of its kind wherever that was: one change makes
    /// every later checkpoint wrong.
    fn fault_run(&mut self, deviation: Deviation) {
        let last = self.last_of.get(&deviation.kind);
        match last.and_then(|last| self.report.deviations.get_mut(*last)) {
            Some(last) => last.to = deviation.position,
            None => self.fault(deviation),
        }
    }
}
