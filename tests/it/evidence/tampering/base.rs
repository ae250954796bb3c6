//! One real journal, signed as it grew, and copies of it in the hands of somebody who may do anything
//! to the database.

use std::path::PathBuf;
use std::time::Duration;

use chrono::DateTime;
use sira::clock::Clock;
use sira::evidence::verify::{CheckProgress, CheckReport, Options, verify};
use sira::evidence::{Algorithm, EvidenceError, Keeper, KeeperConfig, Note, NoteKey, VerifierKey};
use sira::journal::{Journal, JournalConfig, RecordedEvent};
use sira_numbers::Position;
use sqlx::{Connection, Executor, PgConnection, Row, SqliteConnection};
use tokio::sync::watch;

use crate::api::app::{SIGNING_KEY, TestApp};
use crate::export::town::town;
use crate::import::import_some;
use crate::proof::life::Life;
use crate::support::Engine;
use crate::support::owner::{REST, take_triggers};
use sira_evidence::leaf::{hex, sha256};

/// Commands of the random part of the history.
const COMMANDS: usize = 240;
/// Checkpoints that are left of all that were signed, or one more.
const CHECKPOINTS: usize = 12;

/// What puts the rules of a server's tables back that a case has taken away.
const REARM_POSTGRES: &str = "
    ALTER TABLE evidence_tiles DROP CONSTRAINT IF EXISTS evidence_tiles_hashes_check;
    ALTER TABLE evidence_tiles ADD CONSTRAINT evidence_tiles_hashes_check
        CHECK (octet_length(hashes) BETWEEN 32 AND 8192);
    ALTER TABLE events DROP CONSTRAINT IF EXISTS events_position_check;
    ALTER TABLE events ADD CONSTRAINT events_position_check CHECK (position >= 1);
    ALTER TABLE events DROP CONSTRAINT IF EXISTS events_leaf_hash_check;
    ALTER TABLE events ADD CONSTRAINT events_leaf_hash_check CHECK (octet_length(leaf_hash) = 32);
    ALTER TABLE events ALTER COLUMN position SET NOT NULL;
    ALTER TABLE events ALTER COLUMN event_type SET NOT NULL;
    DROP INDEX IF EXISTS events_place;
    CREATE UNIQUE INDEX IF NOT EXISTS events_position ON events (position);";
/// What takes them away, before a row is written that they forbid.
pub const DISARM_POSTGRES: &str = "
    ALTER TABLE evidence_tiles DROP CONSTRAINT evidence_tiles_hashes_check;
    ALTER TABLE events DROP CONSTRAINT events_position_check;
    ALTER TABLE events DROP CONSTRAINT events_leaf_hash_check;
    ALTER TABLE events ALTER COLUMN position DROP NOT NULL;
    ALTER TABLE events ALTER COLUMN event_type DROP NOT NULL;
    DROP INDEX events_position; CREATE INDEX events_place ON events (position);";

/// The tables that somebody tampers with.
const TABLES: [&str; 10] = [
    "events",
    "stream_aliases",
    "requests",
    "reports",
    "report_documents",
    "journal_head",
    "journal_settings",
    "evidence_tiles",
    "evidence_checkpoints",
    "evidence_cosignatures",
];

/// The journal as it was left, and what its auditor keeps.
pub struct Base {
    engine: Engine,
    /// The database that every copy is made from.
    source: String,
    /// Every event.
    pub events: Vec<RecordedEvent>,
    /// Every stored checkpoint: size and note.
    pub checkpoints: Vec<(u64, String)>,
    /// Checkpoints that were signed and are not stored any more.
    pub removed: Vec<Note>,
    /// The log's signing key.
    pub key: NoteKey,
    /// A witness's.
    pub witness: NoteKey,
}

/// A copy, to be tampered with.
pub struct Copy<'a> {
    base: &'a Base,
    name: String,
}

/// A connection to a copy's database, past the program.
pub enum Hand {
    /// With what makes the triggers again that it has taken away.
    Sqlite(SqliteConnection, Vec<String>),
    Postgres(PgConnection),
}

impl Base {
    /// A programme with offices, cohorts and funds, people at every stage of their paths with money,
    /// visits, retractions, an erasure and an import; some hundred events and many checkpoints.
    pub async fn on(engine: Engine) -> Self {
        let app = TestApp::on(&engine).await;
        town(&app).await;
        import_some(&app).await;
        let mut life = Life::begin(app.commands.clone(), 7).await;
        let journal = app.commands.journal();
        let mut head = Position::START;
        for _ in 0..COMMANDS / 20 {
            for _ in 0..20 {
                life.go_on().await;
            }
            // However fast it goes: signed now and then.
            head = journal.head().await.unwrap().position;
            app.evidence.covering(head, Duration::from_secs(20)).await.unwrap();
        }
        let events = journal.read_feed(0.into(), 5_000).await.unwrap();
        assert!(events.len() > 320 && events.len() as u64 == head.get(), "{head}");
        // It is signed to the end when its keeper has stopped.
        app.keeper.stop().await;
        journal.close().await;
        let mut base = Self {
            source: String::new(),
            engine,
            events,
            checkpoints: Vec::new(),
            removed: Vec::new(),
            key: SIGNING_KEY.parse().unwrap(),
            witness: sira::evidence::generate_key("witness.test/w1", Algorithm::Cosignature)
                .unwrap(),
        };
        base.disarm().await;
        let mut hand = Hand::on(&base.url_of(&base.source)).await;
        base.checkpoints = hand.checkpoints().await;
        hand.close().await;
        assert_eq!(base.last().0, head.get());
        assert!(base.checkpoints.len() > 7, "{}", base.checkpoints.len());
        base
    }

    /// Makes the database that copies are made from.
    async fn disarm(&mut self) {
        if self.engine.port().is_some() {
            let name = self.engine.url().rsplit('/').next().unwrap().to_owned();
            let mut admin = self.admin().await;
            let alone = format!(
                "ALTER DATABASE {name} ALLOW_CONNECTIONS false; SELECT pg_terminate_backend(pid) \
                 FROM pg_stat_activity WHERE datname = '{name}'"
            );
            admin.execute(sqlx::raw_sql(&alone)).await.unwrap();
            self.source = self.copy_of(&name, "disarmed").await;
        } else {
            // What other connections have not moved into the file yet.
            let mut hand = Hand::on(self.engine.url()).await;
            hand.run("PRAGMA wal_checkpoint(TRUNCATE)").await;
            hand.close().await;
            self.source = self.copy_of("journal", "disarmed").await;
        }
        let mut hand = Hand::on(&self.url_of(&self.source)).await;
        hand.run(&freeze(&self.events[99])).await;
        self.removed = thin_out(&mut hand).await;
        self.cosign(&mut hand).await;
        if !self.is_file() {
            let kept = TABLES.map(|table| format!("CREATE TABLE kept.{table} AS TABLE {table}"));
            hand.run(&format!("CREATE SCHEMA kept; {}", kept.join("; "))).await;
        }
        hand.close().await;
    }

    /// A witness has signed two of the checkpoints.
    async fn cosign(&self, hand: &mut Hand) {
        let checkpoints = hand.checkpoints().await;
        for (size, note) in checkpoints.iter().rev().step_by(3).take(2) {
            let note: Note = note.parse().unwrap();
            let line = self.witness.sign(&note.text, DateTime::UNIX_EPOCH);
            hand.run(&format!(
                "INSERT INTO evidence_cosignatures (size, witness, line, received_at) \
                 VALUES ({size}, '{}', '{line}', '2026-01-01T00:00:00.000000Z')",
                self.witness.verifier()
            ))
            .await;
        }
    }

    async fn admin(&self) -> PgConnection {
        PgConnection::connect(&self.url_of("postgres")).await.unwrap()
    }

    fn url_of(&self, name: &str) -> String {
        if self.engine.port().is_some() {
            let (server, _) = self.engine.url().rsplit_once('/').unwrap();
            format!("{server}/{name}")
        } else {
            format!("sqlite:{}", self.file_of(name).display())
        }
    }

    fn file_of(&self, name: &str) -> PathBuf {
        self.engine.folder().join(format!("{name}.db"))
    }

    /// Copies a database under a name like `label`.
    async fn copy_of(&self, from: &str, label: &str) -> String {
        if self.engine.port().is_none() {
            std::fs::copy(self.file_of(from), self.file_of(label)).unwrap();
            return label.to_owned();
        }
        let own = self.engine.url().rsplit('/').next().unwrap();
        let name = format!("{own}_{label}");
        let sql = format!("CREATE DATABASE {name} TEMPLATE {from}");
        let mut admin = self.admin().await;
        // A session that has just ended may still be counted for a moment.
        for _ in 0..100 {
            match admin.execute(sql.as_str()).await {
                Ok(_) => return name,
                Err(error) if error.to_string().contains("being accessed") => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Err(error) => panic!("{error}"),
            }
        }
        panic!("{from} is still in use");
    }

    /// A fresh copy. On a server there is one at a time: discarding it puts the tables back.
    pub async fn copy(&self, label: &str) -> Copy<'_> {
        let name = if self.is_file() {
            self.copy_of(&self.source, label).await
        } else {
            self.source.clone()
        };
        Copy { base: self, name }
    }

    /// Signs a copy's journal up to a position, as the log's keeper does.
    pub async fn sign(&self, journal: &Journal, position: Position) {
        let folder = tempfile::tempdir().unwrap();
        let mut config = KeeperConfig::new(folder.path(), Some(self.key.clone()));
        (config.gap, config.poll) = (Duration::from_millis(10), Duration::from_millis(10));
        let keeper = Keeper::start(journal, &Clock::System, config);
        let covering = keeper.evidence().covering(position, Duration::from_secs(20)).await.unwrap();
        assert!(covering.checkpoint.size >= position.get());
        keeper.stop().await;
    }

    /// Whether this is the embedded engine.
    pub fn is_file(&self) -> bool {
        self.engine.port().is_none()
    }

    /// The newest checkpoint.
    pub fn last(&self) -> (u64, Note) {
        let (size, note) = self.checkpoints.last().unwrap();
        (*size, note.parse().unwrap())
    }

    /// The first checkpoint that covers a position.
    pub fn covering(&self, position: u64) -> (u64, Note) {
        let covers = |one: &&(u64, String)| one.0 >= position;
        let (size, note) = self.checkpoints.iter().find(covers).unwrap();
        (*size, note.parse().unwrap())
    }

    pub fn event(&self, position: u64) -> &RecordedEvent {
        &self.events[usize::try_from(position - 1).unwrap()]
    }

    pub fn verifier(&self) -> VerifierKey {
        self.key.verifier()
    }

    /// What an auditor asks who knows the key and kept nothing else.
    pub fn knowing_the_key(&self) -> Options {
        Options { key: Some(self.verifier()), ..Options::default() }
    }

    /// What an auditor asks who kept the newest checkpoint as well.
    pub fn holding_the_last(&self) -> Options {
        Options { against: vec![self.last().1], ..self.knowing_the_key() }
    }
}

/// Leaves a dozen checkpoints, as if it had been signed less often: each is checked again for every way
/// to tamper. That one between two others is taken away changes nothing that anybody could prove.
async fn thin_out(hand: &mut Hand) -> Vec<Note> {
    let checkpoints = hand.checkpoints().await;
    let every = checkpoints.len().div_ceil(CHECKPOINTS);
    let goes = |place: usize| !(checkpoints.len() - 1 - place).is_multiple_of(every) && place != 0;
    let mut removed = Vec::new();
    for (_, (size, note)) in checkpoints.iter().enumerate().filter(|(place, _)| goes(*place)) {
        hand.run(&format!("DELETE FROM evidence_checkpoints WHERE size = {size}")).await;
        removed.push(note.parse().unwrap());
    }
    removed
}

impl Copy<'_> {
    pub fn url(&self) -> String {
        self.base.url_of(&self.name)
    }

    /// The embedded engine's file.
    pub fn file(&self) -> PathBuf {
        self.base.file_of(&self.name)
    }

    pub async fn hand(&self) -> Hand {
        Hand::on(&self.url()).await
    }

    /// The journal, in whatever state it is.
    pub async fn journal(&self) -> Result<Journal, sira::journal::JournalError> {
        Journal::open_as_it_is(&self.config(), Clock::System).await
    }

    /// How a copy is opened.
    pub fn config(&self) -> JournalConfig {
        JournalConfig { max_connections: 3, ..JournalConfig::new(self.url()) }
    }

    /// What `verify` says, and says the same when the events wait for their judges in a file.
    pub async fn verified(&self, options: &Options) -> Result<CheckReport, EvidenceError> {
        let journal = self.journal().await?;
        let (progress, _) = watch::channel(CheckProgress::default());
        let report = verify(&journal, options, &progress).await;
        let in_a_file = Options { memory_bytes: Some(0), ..options.clone() };
        let again = verify(&journal, &in_a_file, &progress).await;
        journal.close().await;
        if let (Ok(report), Ok(again)) = (&report, &again) {
            assert_eq!(report.deviations, again.deviations);
        }
        assert_eq!(report.is_ok(), again.is_ok());
        report
    }

    /// Throws the copy away.
    pub async fn discard(self) {
        if self.base.is_file() {
            std::fs::remove_file(self.file()).unwrap();
            return;
        }
        let mut hand = self.hand().await;
        // Only the rows that differ: emptying tables anew costs a server more than all the rest.
        for table in TABLES {
            hand.run(&format!(
                "DELETE FROM {table} AS now WHERE NOT EXISTS \
                  (SELECT 1 FROM kept.{table} AS kept WHERE kept::text = now::text); \
                 INSERT INTO {table} SELECT kept.* FROM kept.{table} AS kept WHERE NOT EXISTS \
                  (SELECT 1 FROM {table} AS now WHERE now::text = kept::text)"
            ))
            .await;
        }
        hand.run(REARM_POSTGRES).await;
        hand.close().await;
    }
}

/// A frozen question and a frozen document, as they are kept beside the events.
fn freeze(event: &RecordedEvent) -> String {
    let (leaf, sha) = (hex(&event.leaf_hash), hex(&sha256(b"{}")));
    let bytes = |hex: &str| format!("decode('{hex}', 'hex')");
    let question = format!(
        "INSERT INTO reports (name, subject, query, position, day, frozen_at, frozen_by, leaf_hash, answer_sha256) \
         VALUES ('figee', 'indicators', 'name=financed', {}, '2026-01-01', '2026-01-01T00:00:00.000000Z', 'meal', \
         {}, {})",
        event.position,
        bytes(&leaf),
        bytes(&sha),
    );
    format!(
        "{question}; INSERT INTO report_documents (name, asked, content, content_sha256, audience, frozen_at, frozen_by) \
         VALUES ('signe', '{{}}', '{{}}', '{sha}', '{{}}', '2026-01-01T00:00:00.000000Z', 'meal')"
    )
}

impl Hand {
    async fn on(url: &str) -> Self {
        if url.starts_with("sqlite:") {
            let mut db = SqliteConnection::connect(url).await.unwrap();
            db.execute("PRAGMA synchronous = OFF").await.unwrap();
            db.execute("PRAGMA ignore_check_constraints = ON").await.unwrap();
            let triggers = take_triggers(&mut db).await;
            Self::Sqlite(db, triggers)
        } else {
            let mut db = PgConnection::connect(url).await.unwrap();
            db.execute("SET synchronous_commit = off").await.unwrap();
            db.execute(REST).await.unwrap();
            Self::Postgres(db)
        }
    }

    /// Runs statements, which must change something.
    pub async fn run(&mut self, sql: &str) {
        let sql = &match self {
            Self::Sqlite(..) => sql.replace("decode(", "unhex(").replace(", 'hex')", ")"),
            Self::Postgres(_) => sql.to_owned(),
        };
        let done = match self {
            Self::Sqlite(db, _) => db.execute(sqlx::raw_sql(sql)).await.map(drop),
            Self::Postgres(db) => db.execute(sqlx::raw_sql(sql)).await.map(drop),
        };
        done.unwrap_or_else(|error| panic!("{error}: {sql}"));
    }

    pub async fn close(self) {
        match self {
            Self::Sqlite(mut db, triggers) => {
                for trigger in triggers {
                    db.execute(trigger.as_str()).await.unwrap();
                }
                db.close().await.unwrap();
            }
            Self::Postgres(db) => db.close().await.unwrap(),
        }
    }

    /// Bytes as the engine writes them in a statement.
    pub fn bytes(&self, bytes: &[u8]) -> String {
        let hex = sira_evidence::leaf::hex(bytes);
        match self {
            Self::Sqlite(..) => format!("X'{hex}'"),
            Self::Postgres(_) => format!("'\\x{hex}'::bytea"),
        }
    }

    async fn checkpoints(&mut self) -> Vec<(u64, String)> {
        let sql = "SELECT size, note FROM evidence_checkpoints ORDER BY size";
        let rows: Vec<(i64, String)> = match self {
            Self::Sqlite(db, _) => sqlx::query_as(sql).fetch_all(db).await.unwrap(),
            Self::Postgres(db) => sqlx::query_as(sql).fetch_all(db).await.unwrap(),
        };
        rows.into_iter().map(|(size, note)| (size.unsigned_abs(), note)).collect()
    }

    /// The bytes of a tile.
    pub async fn tile(&mut self, level: u32, index: u64) -> Vec<u8> {
        let sql = format!(
            "SELECT hashes FROM evidence_tiles WHERE level = {level} AND tile_index = {index}"
        );
        match self {
            Self::Sqlite(db, _) => sqlx::query(&sql).fetch_one(db).await.unwrap().get(0),
            Self::Postgres(db) => sqlx::query(&sql).fetch_one(db).await.unwrap().get(0),
        }
    }
}
