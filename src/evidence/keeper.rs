//! Signs checkpoints, and keeps the published one at hand. One task a process.
//!
//! The order of a signing: the tree is grown in memory from leaf hashes that are committed; then, in one
//! transaction that holds the signer's row, the checkpoint is remembered beside the key, and the tiles and the
//! signed checkpoint are stored (`store::sign`); then it is published. A crash anywhere leaves what is stored,
//! and the next signer, of this process or another, goes on from there; what was remembered and not stored is of
//! committed events, and may be signed again as it is, and not otherwise.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use super::EvidenceError;
use super::follower::Follower;
use super::keys::{self, KeyHistory, key_in};
use super::log::Evidence;
use super::remembered::Remembered;
use super::saved_tree::SavedTree;
use super::signed_tree::{SignedTree, Witnesses};
use super::store::{self, StoredCheckpoint};
use crate::clock::Clock;
use crate::journal::{Halt, Journal, StreamId};
use sira_evidence::Checkpoint;
use sira_evidence::index::key_of;
use sira_evidence::{Note, NoteKey};
use sira_numbers::Sequence;

/// Events that one checkpoint adds at most, so that a journal that had no evidence gets it in steps.
const STEP_EVENTS: u64 = 200_000;
/// Events after which the tree is saved again, so that a process that was killed reads at most so many leaves anew when
/// it starts: a million take some ten seconds.
const SAVE_EVERY: u64 = 100_000;
/// How long to wait after an error.
const REST: Duration = Duration::from_secs(1);

/// How a process takes part in the evidence.
#[derive(Clone, Debug)]
pub struct KeeperConfig {
    /// What signs; without it, this process shows what others sign.
    pub key: Option<NoteKey>,
    /// Where the last signed checkpoint is remembered.
    pub data_dir: PathBuf,
    /// Whose cosignatures count.
    pub witnesses: Witnesses,
    /// Shortest time between two checkpoints: what a commit waits for at most, beside the work.
    pub gap: Duration,
    /// How often to look for what other processes committed or signed.
    pub poll: Duration,
}

impl KeeperConfig {
    /// The defaults.
    #[must_use]
    pub fn new(data_dir: &Path, key: Option<NoteKey>) -> Self {
        Self {
            key,
            data_dir: data_dir.to_owned(),
            witnesses: Witnesses::default(),
            gap: Duration::from_millis(500),
            poll: Duration::from_millis(400),
        }
    }
}

/// The running task.
pub struct Keeper {
    evidence: Evidence,
    stop: watch::Sender<bool>,
    task: tokio::task::JoinHandle<()>,
}

impl Keeper {
    /// Starts to follow a journal.
    #[must_use]
    pub fn start(journal: &Journal, clock: &Clock, config: KeeperConfig) -> Self {
        let (signed, newest) = watch::channel(None);
        let (publish, published) = watch::channel(None);
        let (stop, stopped) = watch::channel(false);
        // By position, past the database's index of streams: the two must agree.
        let heads = newest.clone();
        journal.know_heads(move |stream| last_of(&heads, stream));
        let evidence = Evidence::new(
            journal.clone(),
            clock.clone(),
            newest,
            published,
            config.witnesses.clone(),
        );
        let keeping = Keeping {
            remembered: Remembered::in_directory(&config.data_dir),
            saved: SavedTree::in_directory(&config.data_dir),
            saved_size: 0,
            saving: None,
            led: None,
            journal: journal.clone(),
            clock: clock.clone(),
            evidence: evidence.clone(),
            config,
            holder: Uuid::now_v7(),
            stored: Follower::default(),
            signed,
            shown: Follower::default(),
            keys: None,
            keys_read_at: 0,
            may_sign: false,
            agreed: None,
            publish,
        };
        let task = tokio::spawn(keeping.run(stopped));
        Self { evidence, stop, task }
    }

    /// What gives proofs.
    #[must_use]
    pub fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    /// Signs what is committed, lets another process sign, and ends.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        // A task that panicked has ended as well.
        let _ = self.task.await;
    }
}

struct Keeping {
    journal: Journal,
    clock: Clock,
    evidence: Evidence,
    config: KeeperConfig,
    remembered: Remembered,
    saved: SavedTree,
    /// The size of the tree that was saved last.
    saved_size: u64,
    /// It is being saved.
    saving: Option<JoinHandle<()>>,
    /// What was saved and has led to the newest checkpoint, until the mark was held against the journal.
    led: Option<Follower>,
    holder: Uuid,
    /// The tree at the newest stored checkpoint.
    stored: Follower,
    signed: watch::Sender<Option<Arc<SignedTree>>>,
    /// The tree at the published checkpoint, where witnesses are waited for.
    shown: Follower,
    keys: Option<KeyHistory>,
    /// Events of the log's own stream when its keys were read last.
    keys_read_at: u64,
    may_sign: bool,
    /// What is remembered beside the key, once it was found to be of this journal.
    agreed: Option<Checkpoint>,
    publish: watch::Sender<Option<Arc<SignedTree>>>,
}

impl Keeping {
    async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut committed = self.journal.committed();
        let mut complaint = String::new();
        while !*stop.borrow() {
            let began = Instant::now();
            let rest = match self.step().await {
                Ok(()) => {
                    complaint.clear();
                    self.config.gap
                }
                Err(error) => {
                    self.halt_after(&error);
                    complain(&mut complaint, &error);
                    REST
                }
            };
            tokio::select! {
                () = sleep(rest.saturating_sub(began.elapsed())) => {}
                _ = stop.wait_for(|stop| *stop) => break,
            }
            tokio::select! {
                _ = timeout(self.config.poll, committed.changed()) => {}
                () = self.evidence.nudged() => {}
                _ = stop.wait_for(|stop| *stop) => break,
            }
        }
        // What was committed is signed before the process ends.
        let last = self.step().await;
        let given_back = store::give_back(&self.journal, self.holder).await;
        if let Err(error) = last.and(given_back) {
            complain(&mut complaint, &error);
        }
        self.save(1);
        if let Some(saving) = self.saving.take() {
            // It is written whole or not at all, and a start can do without.
            let _ = saving.await;
        }
    }

    /// Saves the tree beside the key once so many events are not in it, unless that is under way. Who has no key has
    /// no place for it: a copy that is only read stays as it is.
    fn save(&mut self, events: u64) {
        if self.config.key.is_none() {
            return;
        }
        // What is published comes before what is signed: a start goes on from it to both.
        let tree = if self.config.witnesses.quorum == 0 { &self.stored } else { &self.shown };
        let is_due = tree.size() >= self.saved_size + events;
        if is_due && self.saving.as_ref().is_none_or(JoinHandle::is_finished) {
            let (saved, tree) = (self.saved.clone(), tree.clone());
            self.saved_size = tree.size();
            self.saving = Some(tokio::task::spawn_blocking(move || {
                if let Err(error) = saved.save(&tree) {
                    tracing::warn!(%error, "the signed tree is not saved: the next start reads every leaf");
                }
            }));
        }
    }

    /// Two events at one place of a stream, or one after a hole: what is recorded next could stand on either, so
    /// that this process records nothing more.
    fn halt_after(&self, error: &EvidenceError) {
        if let EvidenceError::Sequence { position, stream, sequence, last } = error {
            let (position, sequence, last) = (*position, *sequence, *last);
            self.journal.halt(Halt::Sequence { position, stream: stream.clone(), sequence, last });
        }
    }

    async fn step(&mut self) -> Result<(), EvidenceError> {
        self.look().await?;
        let signed = self.sign_all().await;
        self.show().await?;
        self.save(SAVE_EVERY);
        signed
    }

    /// The tree at a stored checkpoint, once they agree. A process that starts goes on from what was saved, if that
    /// leads to the checkpoint; if it does not, it reads every leaf.
    async fn followed(
        &mut self,
        newest: &StoredCheckpoint,
    ) -> Result<(Follower, Arc<SignedTree>), EvidenceError> {
        if self.stored.size() == 0
            && let Some(saved) = self.loaded(newest.size).await
        {
            let mut grown = saved.clone();
            let followed = grown.follow(&self.journal, newest.size, &mut |_| {}).await;
            match followed.and_then(|()| SignedTree::new(newest, &grown)) {
                Ok(tree) => {
                    self.saved_size = saved.size();
                    if self.config.witnesses.quorum > 0 {
                        self.shown = saved.clone();
                    }
                    self.led = self.config.key.is_some().then_some(saved);
                    return Ok((grown, tree));
                }
                Err(error) => {
                    tracing::warn!(%error, "the saved tree does not lead to what was signed: every leaf is read");
                }
            }
        }
        // Taken over only when it agrees: what contradicts a signed checkpoint is never signed.
        let mut grown = self.stored.clone();
        grown.follow(&self.journal, newest.size, &mut |_| {}).await?;
        let tree = SignedTree::new(newest, &grown)?;
        Ok((grown, tree))
    }

    /// What was saved, of this size at most, with its hashes computed.
    async fn loaded(&self, size_max: u64) -> Option<Follower> {
        let saved = self.saved.clone();
        let loaded = tokio::task::spawn_blocking(move || {
            let tree = saved.load().filter(|tree| tree.size() <= size_max)?;
            // Of a million streams this takes longer than others should wait for their turn.
            let _ = tree.streams.root();
            Some(tree)
        });
        loaded.await.ok().flatten()
    }

    /// Follows the journal to the newest stored checkpoint, by whomever it was signed.
    async fn look(&mut self) -> Result<(), EvidenceError> {
        let newest = store::newest(&self.journal).await?;
        let size = newest.as_ref().map_or(0, |newest| newest.size);
        if size < self.stored.size() {
            return Err(EvidenceError::Contradiction { size: self.stored.size() });
        }
        // Another process may have seen events that cannot be read here yet.
        let readable = match newest {
            Some(_) if size > self.stored.size() => self.journal.readable().await?.get(),
            _ => size,
        };
        let is_next = |size: u64| size > self.stored.size() && size <= readable;
        if let Some(newest) = newest.filter(|newest| is_next(newest.size)) {
            let (grown, tree) = self.followed(&newest).await?;
            self.learn_keys(grown.own_events()).await?;
            if let Some(keys) = &self.keys {
                tree.note.verify(keys.of_size(size))?;
            }
            self.stored = grown;
            self.signed.send_replace(Some(tree.clone()));
            // What another process signed binds this one as well. What stands in the way is said where this one
            // would sign: what others signed is shown meanwhile.
            if self.config.key.is_some() && self.check_mark(&tree.checkpoint.origin).await.is_err()
            {
                self.may_sign = false;
            } else if self.config.key.is_some() {
                self.remember(&tree)?;
            }
        }
        Ok(())
    }

    /// The journal holds what this key has signed, as it is remembered: asked at the start, before every signing,
    /// and before the mark is raised to what another process signed.
    async fn check_mark(&mut self, origin: &str) -> Result<(), EvidenceError> {
        let mut mark = self.remembered.last(origin)?;
        if mark != self.agreed
            && let Some(last) = &mark
            && !self.nearest(last.size).agrees_with(&self.journal, last).await?
        {
            if !keys::is_accepted(&self.journal, last).await? {
                return Err(EvidenceError::Rollback { size: last.size });
            }
            // It was accepted where another server keeps its mark.
            self.remembered.lay_aside(last.size)?;
            mark = None;
        }
        self.agreed = mark;
        self.led = None;
        Ok(())
    }

    /// The tree from which one goes on to a size, with the fewest leaves to read. What was saved is of this journal,
    /// since it has led to what was signed in it.
    fn nearest(&self, size: u64) -> &Follower {
        let led = self.led.as_ref().filter(|led| self.stored.size() > size && led.size() <= size);
        led.unwrap_or(&self.stored)
    }

    /// Raises the mark to what another process signed. One that is beyond it stays.
    fn remember(&mut self, tree: &SignedTree) -> Result<(), EvidenceError> {
        match self.remembered.raise(&tree.checkpoint.origin, &tree.note) {
            Ok(()) => self.agreed = Some(tree.checkpoint.clone()),
            Err(EvidenceError::Rollback { .. }) => self.may_sign = false,
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Reads the log's keys when there are others than are known.
    async fn learn_keys(&mut self, introduced: u64) -> Result<(), EvidenceError> {
        if self.keys.is_none() || self.keys_read_at < introduced {
            self.read_keys(introduced).await?;
        }
        Ok(())
    }

    async fn read_keys(&mut self, own_events: u64) -> Result<(), EvidenceError> {
        self.keys = KeyHistory::of(&self.journal).await?;
        self.keys_read_at = own_events;
        self.may_sign = false;
        Ok(())
    }

    async fn sign_all(&mut self) -> Result<(), EvidenceError> {
        if self.config.key.is_none() {
            return Ok(());
        }
        if !self.may_sign {
            // What stood in the way may be over: a new key may have been introduced.
            self.read_keys(self.stored.own_events()).await?;
            self.check_key().await?;
        }
        while self.sign_next().await? {}
        Ok(())
    }

    /// This process signs if its key is the log's, and the journal holds what that key has signed.
    async fn check_key(&mut self) -> Result<(), EvidenceError> {
        let Some(keys) = &self.keys else { return Ok(()) };
        let expected = keys.current().clone();
        let is_its = |key: &NoteKey| key.verifier() == expected;
        if !self.config.key.as_ref().is_some_and(is_its) {
            // It was rotated beside this process.
            let key = key_in(&self.config.data_dir)?.filter(is_its);
            let other = || EvidenceError::OtherKey { expected: expected.to_string() };
            self.config.key = Some(key.ok_or_else(other)?);
        }
        if let Some(size) = keys::held_back(&self.journal, keys).await? {
            return Err(EvidenceError::Restored { size });
        }
        self.check_mark(expected.name()).await?;
        self.may_sign = true;
        Ok(())
    }

    /// Signs the next checkpoint; whether more is to be signed at once.
    async fn sign_next(&mut self) -> Result<bool, EvidenceError> {
        // What cannot be read yet is signed once it can be.
        let head = self.journal.readable().await?.get();
        let before = self.stored.size();
        let (Some(keys), Some(key)) = (&self.keys, &self.config.key) else { return Ok(false) };
        let step = head.min(before + STEP_EVENTS);
        // Up to the event that introduced this key another one signed, or nobody did.
        let size = if *keys.of_size(step) == key.verifier() { step } else { head };
        if size == before || !store::may_sign(&self.journal, self.holder).await? {
            return Ok(false);
        }
        let (mut grown, mut tiles) = (self.stored.clone(), Vec::new());
        grown.follow(&self.journal, size, &mut |tile| tiles.push(tile)).await?;
        if grown.own_events() > self.keys_read_at {
            // A key was introduced: from there on only that one signs. What
            // else somebody has put into that stream is no matter here: `verify` names it.
            self.read_keys(grown.own_events()).await?;
            self.check_key().await?;
            return Ok(true);
        }
        let expected = keys.of_size(size);
        if key.verifier() != *expected {
            return Err(EvidenceError::OtherKey { expected: expected.to_string() });
        }
        tiles.extend(grown.growth.edge_tiles());
        let checkpoint = Checkpoint {
            origin: keys.first.name().to_owned(),
            size,
            root: grown.growth.root(),
            streams: Some(grown.streams.root()),
        };
        let (now, origin) = (self.clock.now(), checkpoint.origin.clone());
        let (text, key) = (checkpoint.to_string(), key.clone());
        let remembered = self.remembered.clone();
        if let Err(error) = self.check_mark(&origin).await {
            self.may_sign = false;
            return Err(error);
        }
        let sign = || {
            let note = Note { signatures: vec![key.sign(&text, now)], text };
            remembered.raise(&origin, &note)?;
            Ok(note)
        };
        let signed =
            store::sign(&self.journal, self.holder, before, &tiles, (size, sign), now).await?;
        let Some(stored) = signed else { return Ok(false) };
        let tree = SignedTree::new(&stored, &grown)?;
        self.stored = grown;
        self.agreed = Some(tree.checkpoint.clone());
        self.signed.send_replace(Some(tree));
        Ok(size < head)
    }

    /// Publishes the newest checkpoint that may be.
    async fn show(&mut self) -> Result<(), EvidenceError> {
        let witnesses = &self.config.witnesses;
        if witnesses.quorum == 0 {
            self.publish(self.signed.borrow().clone());
            return Ok(());
        }
        let names = witnesses.names();
        let size = store::witnessed(&self.journal, &names, witnesses.quorum).await?;
        let Some(size) = size.filter(|size| *size <= self.stored.size()) else { return Ok(()) };
        let is_first = self.publish.borrow().is_none();
        if is_first && size < self.shown.size() {
            // It was saved where fewer witnesses were waited for.
            self.shown = Follower::default();
        }
        if size < self.shown.size() || (size == self.shown.size() && !is_first) {
            return Ok(());
        }
        if let Some(stored) = store::of_size(&self.journal, size).await? {
            self.shown.follow(&self.journal, size, &mut |_| {}).await?;
            self.publish(Some(SignedTree::new(&stored, &self.shown)?));
        }
        Ok(())
    }

    fn publish(&self, tree: Option<Arc<SignedTree>>) {
        let size = |tree: &Option<Arc<SignedTree>>| tree.as_ref().map(|tree| tree.checkpoint.size);
        self.publish.send_if_modified(|shown| {
            let is_new = size(shown) != size(&tree);
            if is_new {
                *shown = tree;
            }
            is_new
        });
    }
}

/// The place of a stream's last event in the newest signed tree.
fn last_of(
    newest: &watch::Receiver<Option<Arc<SignedTree>>>,
    stream: &StreamId,
) -> Option<Sequence> {
    let tree = newest.borrow().clone()?;
    Some(tree.streams.get(&key_of(stream))?.sequence)
}

/// Says what is wrong, once for as long as it stays the same.
fn complain(complaint: &mut String, error: &EvidenceError) {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    let said = format!("{error}: {}", cause.unwrap_or_default());
    if *complaint != said {
        tracing::error!(error = %said, "no checkpoint is signed or published");
        *complaint = said;
    }
}
