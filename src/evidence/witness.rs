//! A witness: somebody else, who looks at a log from outside, makes sure that it only adds, signs what
//! it has seen and remembers it. It never signs two histories of one log.
//!
//! What it has seen is durable before its signature leaves: a crash in between leaves a checkpoint that
//! was seen and not signed, which the next look signs.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use reqwest::{Client, StatusCode, Url};
use serde::Deserialize;
use sira_numbers::{Position, Sequence, at_most};
use zeroize::Zeroizing;

use crate::clock::Clock;
use crate::files::{FileError, replace_own};
use crate::journal::{StreamId, sha256};
use sira_evidence::encoding::decode_all;
use sira_evidence::growth::{Growth, TILE_WIDTH};
use sira_evidence::index::{StreamHead, StreamIndex, key_of};
use sira_evidence::leaf::FORM as ENTRY_FORM;
use sira_evidence::merkle::{ProofError, verify_consistency};
use sira_evidence::tile_path::{TilePlace, write_place};
use sira_evidence::{Checkpoint, CheckpointError};
use sira_evidence::{KeyChain, KeyStep, NOTE_MAX_BYTES, Note, NoteError, NoteKey, VerifierKey};

/// Longest wait for an answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// Largest answer that is read: a bundle of 256 entries of less than 64 kB each is below it.
const ANSWER_MAX_BYTES: usize = 17 * 1024 * 1024;
/// What the witness has seen, in its folder.
const SEEN_FILE: &str = "seen.checkpoint";

/// What is watched.
pub struct Watch {
    /// The server.
    pub url: Url,
    /// The log's key, known from elsewhere.
    pub log: VerifierKey,
    /// A token of the server.
    pub token: Zeroizing<String>,
    /// Whether to fetch every entry, and to check the stream index with them.
    pub audits: bool,
    /// The token that entries are fetched with, such as an auditor's.
    pub entries_token: Zeroizing<String>,
}

/// Why a witness does not sign.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// The server cannot be reached, or gives no answer.
    #[error("the server cannot be reached")]
    Network(#[from] reqwest::Error),
    /// The server refuses.
    #[error("the server answers {0}")]
    Answer(StatusCode),
    /// The server does not take the signature.
    #[error("the server does not know this witness: its key must be among the server's witnesses")]
    NotTaken,
    /// The server's answer is not what it should be.
    #[error("the server's answer cannot be read: {0}")]
    Form(&'static str),
    /// The address cannot be made.
    #[error("the server's address will not do")]
    Address,
    /// The note is not signed by the log's key, or is none.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The note is no checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The log has another name.
    #[error("the checkpoint is of another log: {0}")]
    OtherLog(String),
    /// The log has become smaller than what was seen.
    #[error("{seen} events were seen, and now there are {now}")]
    Shrunk {
        /// What was seen.
        seen: u64,
        /// What is shown now.
        now: u64,
    },
    /// The log does not extend what was seen.
    #[error("the log does not extend what was seen at {seen} events")]
    Forked {
        /// What was seen.
        seen: u64,
        /// Why the proof does not hold.
        #[source]
        source: ProofError,
    },
    /// The entries do not lead to the checkpoint's root, or to its stream index.
    #[error("the entries do not lead to the checkpoint of {0} events")]
    Entries(u64),
    /// A later key of the log was introduced neither by the one before nor by the recovery key that it named.
    #[error(
        "a later key of the log was introduced neither by the key before nor by the recovery key that it named"
    )]
    Introduction,
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}

impl WitnessError {
    /// Whether it says nothing about the log, and may be over at the next look.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Network(_)
                | Self::NotTaken
                | Self::Answer(_)
                | Self::Form(_)
                | Self::Address
                | Self::File(_)
        )
    }
}

/// A witness of one log.
pub struct Witness {
    watch: Watch,
    key: NoteKey,
    clock: Clock,
    client: Client,
    path: PathBuf,
    /// What was seen last: what it says, and its exact text.
    seen: Option<(Checkpoint, String)>,
    audit: Audit,
}

/// The tree and the index that the entries lead to.
#[derive(Default)]
struct Audit {
    growth: Growth,
    streams: StreamIndex,
}

#[derive(Deserialize)]
struct Consistency {
    proof: Vec<String>,
}

#[derive(Deserialize)]
struct Keys {
    introductions: Vec<Statement>,
    /// Not told by a server of before there were any.
    #[serde(default)]
    recovery_keys: Vec<Statement>,
}

#[derive(Clone, Deserialize)]
struct Statement {
    from_size: u64,
    note: String,
}

impl Witness {
    /// A witness with its key, and what it has seen, in a folder.
    ///
    /// # Errors
    /// [`WitnessError`].
    pub fn open(
        watch: Watch,
        key: NoteKey,
        folder: &Path,
        clock: Clock,
    ) -> Result<Self, WitnessError> {
        let path = folder.join(SEEN_FILE);
        let seen = match std::fs::read_to_string(&path) {
            Ok(text) => {
                let text = Note::from_str(&text)?.text;
                Some((text.parse()?, text))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(source) => return Err(FileError { path, source }.into()),
        };
        let client = Client::builder().timeout(ANSWER_WITHIN).build()?;
        Ok(Self { watch, key, clock, client, path, seen, audit: Audit::default() })
    }

    /// Looks once: fetches the newest checkpoint, makes sure that it extends what was seen, remembers
    /// it, signs it and hands the signature in. Gives the size that was signed; none when nothing is
    /// new.
    ///
    /// # Errors
    /// [`WitnessError`]; nothing is signed then.
    pub async fn look(&mut self) -> Result<Option<u64>, WitnessError> {
        let note: Note = self.text("v1/evidence/checkpoint?pending=true").await?.parse()?;
        let checkpoint: Checkpoint = note.text.parse()?;
        if checkpoint.origin != self.watch.log.name() {
            return Err(WitnessError::OtherLog(checkpoint.origin));
        }
        let signer = self.signer_of(&note, checkpoint.size).await?;
        note.verify(&signer)?;
        let is_seen = self.seen.as_ref().is_some_and(|(_, text)| *text == note.text);
        if !is_seen {
            self.check_consistency(&checkpoint).await?;
        }
        if self.watch.audits {
            self.check_entries(&checkpoint).await?;
        }
        let is_signed = note.verify(&self.key.verifier()).is_ok();
        if is_seen && is_signed {
            return Ok(None);
        }
        self.remember(&note, &checkpoint)?;
        self.hand_in(&note).await?;
        Ok(Some(checkpoint.size))
    }

    /// The key that must have signed: the one that is known, or one that it has introduced since.
    async fn signer_of(&self, note: &Note, size: u64) -> Result<VerifierKey, WitnessError> {
        let mut known = self.watch.log.clone();
        if note.verify(&known).is_ok() {
            return Ok(known);
        }
        let Keys { introductions, recovery_keys } = self.json("v1/evidence/key").await?;
        let mut statements = [introductions, recovery_keys].concat();
        statements.sort_by_key(|statement| statement.from_size);
        let mut chain = KeyChain::starting_with(known.clone());
        for statement in statements {
            let from = Position::try_new(statement.from_size);
            let from = from.map_err(|_| WitnessError::Form("from_size"))?;
            // What stands before the key that is known, and what does not follow from it, leads nowhere.
            match chain.take(from, &statement.note) {
                Ok(KeyStep::Signs(introduced)) if from.get() <= size => known = introduced.key,
                _ => {}
            }
        }
        if known == self.watch.log {
            return Err(WitnessError::Introduction);
        }
        Ok(known)
    }

    async fn check_consistency(&self, checkpoint: &Checkpoint) -> Result<(), WitnessError> {
        let Some((seen, _)) = &self.seen else { return Ok(()) };
        if checkpoint.size < seen.size {
            return Err(WitnessError::Shrunk { seen: seen.size, now: checkpoint.size });
        }
        let (from, to) = (seen.size, checkpoint.size);
        if from == to {
            // Of one size there is one text, its stream index included.
            return Err(WitnessError::Forked { seen: from, source: ProofError::Root });
        }
        let path = format!("v1/evidence/consistency?from={from}&to={to}");
        let answer: Consistency = self.json(&path).await?;
        let proof = decode_all(&answer.proof).ok_or(WitnessError::Form("base 64"))?;
        let (old, new) = ((from, &seen.root), (to, &checkpoint.root));
        verify_consistency(old, new, &proof)
            .map_err(|source| WitnessError::Forked { seen: from, source })
    }

    /// Fetches the entries that are new, and makes sure that they lead to the checkpoint's root and to
    /// its stream index.
    async fn check_entries(&mut self, checkpoint: &Checkpoint) -> Result<(), WitnessError> {
        let size = checkpoint.size;
        while self.audit.growth.size() < size {
            let index = self.audit.growth.size() / TILE_WIDTH as u64;
            let left = size - index * TILE_WIDTH as u64;
            let width = at_most(left, TILE_WIDTH);
            let place = write_place(TilePlace { index, width });
            let path = format!("v1/evidence/tile/entries/{place}");
            let bytes = self.bytes_with(&path, &self.watch.entries_token).await?;
            self.audit.take(&bytes, index * TILE_WIDTH as u64)?;
            if self.audit.growth.size() != index * TILE_WIDTH as u64 + width as u64 {
                self.audit = Audit::default();
                return Err(WitnessError::Entries(size));
            }
        }
        let audit = &self.audit;
        let agree = audit.growth.size() == size
            && audit.growth.root() == checkpoint.root
            && checkpoint.streams.is_none_or(|streams| streams == audit.streams.root());
        if agree {
            return Ok(());
        }
        // What was fetched is not that log: the next look begins anew.
        self.audit = Audit::default();
        Err(WitnessError::Entries(size))
    }

    fn remember(&mut self, note: &Note, checkpoint: &Checkpoint) -> Result<(), WitnessError> {
        replace_own(&self.path, note.to_string().as_bytes())?;
        self.seen = Some((checkpoint.clone(), note.text.clone()));
        Ok(())
    }

    async fn hand_in(&self, note: &Note) -> Result<(), WitnessError> {
        let line = self.key.sign(&note.text, self.clock.now());
        let signed = Note { text: note.text.clone(), signatures: vec![line] };
        let address = self.address("v1/evidence/cosignatures")?;
        let request = self.client.post(address).bearer_auth(self.watch.token.as_str());
        let answer = request.body(signed.to_string()).send().await?;
        match answer.status() {
            StatusCode::UNPROCESSABLE_ENTITY => Err(WitnessError::NotTaken),
            status if status.is_success() => Ok(()),
            status => Err(WitnessError::Answer(status)),
        }
    }

    fn address(&self, path: &str) -> Result<Url, WitnessError> {
        let mut base = self.watch.url.clone();
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        base.join(path).map_err(|_| WitnessError::Address)
    }

    async fn bytes(&self, path: &str) -> Result<Vec<u8>, WitnessError> {
        self.bytes_with(path, &self.watch.token).await
    }

    async fn bytes_with(&self, path: &str, token: &str) -> Result<Vec<u8>, WitnessError> {
        let request = self.client.get(self.address(path)?);
        let mut answer = request.bearer_auth(token).send().await?;
        if !answer.status().is_success() {
            return Err(WitnessError::Answer(answer.status()));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > ANSWER_MAX_BYTES {
                return Err(WitnessError::Form("too large"));
            }
        }
        Ok(bytes)
    }

    async fn text(&self, path: &str) -> Result<String, WitnessError> {
        let bytes = self.bytes(path).await?;
        let text = String::from_utf8(bytes).ok().filter(|text| text.len() <= NOTE_MAX_BYTES);
        text.ok_or(WitnessError::Form("no text"))
    }

    async fn json<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<T, WitnessError> {
        let bytes = self.bytes(path).await?;
        serde_json::from_slice(&bytes).map_err(|_| WitnessError::Form("JSON"))
    }
}

impl Audit {
    /// Takes in a bundle of entries, of which those before the tree's size are known already.
    fn take(&mut self, mut bytes: &[u8], first: u64) -> Result<(), WitnessError> {
        let form = WitnessError::Form;
        let mut index = first;
        while !bytes.is_empty() {
            let (length, rest) = bytes.split_first_chunk::<2>().ok_or(form("entries"))?;
            let length = usize::from(u16::from_be_bytes(*length));
            let (entry, rest) = rest.split_at_checked(length).ok_or(form("entries"))?;
            if index == self.growth.size() {
                self.take_entry(entry)?;
            }
            index += 1;
            bytes = rest;
        }
        Ok(())
    }

    fn take_entry(&mut self, entry: &[u8]) -> Result<(), WitnessError> {
        let form = || WitnessError::Form("an entry");
        let text = std::str::from_utf8(entry).map_err(|_| form())?;
        let text = text.strip_suffix('\n').ok_or_else(form)?;
        let lines: Vec<&str> = text.split('\n').collect();
        let [ENTRY_FORM, _, position, kind, id, sequence, _, _, _, _, _] = lines.as_slice() else {
            return Err(form());
        };
        let leaf = sha256(&[&[0], entry].concat());
        let position: Position = position.parse().map_err(|_| form())?;
        if position != Position::of_count(self.growth.size()).next() {
            return Err(form());
        }
        let stream = StreamId::new((*kind).to_owned(), id.parse().map_err(|_| form())?);
        let sequence = sequence.parse().map_err(|_| form())?;
        let head = StreamHead { sequence, leaf };
        let before = self.streams.set(key_of(&stream), head);
        if sequence != before.map_or(Sequence::START, |before| before.sequence).next() {
            return Err(WitnessError::Entries(position.get()));
        }
        self.growth.push(leaf, &mut |_| {});
        Ok(())
    }
}
