//! A key store's place: a database of one test's own, and a way around the store into rows and files.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use chrono::{DateTime, Utc};
use sira::clock::Clock;
use sira::keys::{FoundKey, KeyId, KeyStore, KeysError, MasterKey, PersonKey};
use sqlx::{Connection, Decode, Executor, PgConnection, Postgres, Sqlite, SqliteConnection, Type};

use crate::support::Engine;

pub const MASTER: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
pub const OTHER_MASTER: &str = "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
pub const NAME: &str = "beneficiary/1/name";

pub fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_225_600, 0).unwrap()
}

pub fn master(text: &str) -> MasterKey {
    MasterKey::from_text(text).unwrap()
}

pub async fn found(store: &KeyStore, key: KeyId) -> PersonKey {
    match store.get(key).await.unwrap() {
        FoundKey::Key(key) => key,
        other => panic!("{key}: {other:?}"),
    }
}

pub async fn destroyed_at(store: &KeyStore, key: KeyId) -> Option<DateTime<Utc>> {
    match store.get(key).await.unwrap() {
        FoundKey::Destroyed { at } => Some(at),
        _ => None,
    }
}

/// Where one test keeps its keys.
pub struct Place<'e> {
    engine: &'e Engine,
    pub clock: Clock,
}

impl<'e> Place<'e> {
    pub fn on(engine: &'e Engine) -> Self {
        Self { engine, clock: Clock::manual(start()) }
    }

    pub fn url(&self) -> &str {
        self.engine.url()
    }

    fn is_sqlite(&self) -> bool {
        self.url().starts_with("sqlite:")
    }

    pub async fn open(&self) -> KeyStore {
        self.try_open(MASTER).await.unwrap()
    }

    pub async fn try_open(&self, master_key: &str) -> Result<KeyStore, KeysError> {
        KeyStore::open(self.url(), master(master_key), self.clock.clone()).await
    }

    /// Runs statements behind the store's back.
    pub async fn execute(&self, statements: &str) {
        if self.is_sqlite() {
            let mut connection = SqliteConnection::connect(self.url()).await.unwrap();
            connection.execute(statements).await.unwrap();
        } else {
            let mut connection = postgres_connection(self.url()).await;
            connection.execute(statements).await.unwrap();
        }
    }

    async fn scalar<T>(&self, query: &str) -> T
    where
        T: Send + Unpin + Type<Sqlite> + Type<Postgres>,
        T: for<'r> Decode<'r, Sqlite> + for<'r> Decode<'r, Postgres>,
    {
        if self.is_sqlite() {
            let mut connection = SqliteConnection::connect(self.url()).await.unwrap();
            sqlx::query_scalar(query).fetch_one(&mut connection).await.unwrap()
        } else {
            let mut connection = postgres_connection(self.url()).await;
            sqlx::query_scalar(query).fetch_one(&mut connection).await.unwrap()
        }
    }

    /// The bytes in a living key's row.
    pub async fn wrapped(&self, key: KeyId) -> Vec<u8> {
        self.scalar(&format!("SELECT wrapped FROM person_keys WHERE key_id = '{key}'")).await
    }

    /// How many destructions still ask for a rewrite.
    pub async fn marks(&self) -> i64 {
        self.scalar("SELECT count(*) FROM key_store WHERE name LIKE 'rewrite/%'").await
    }

    /// What a crash between the two steps of a destruction leaves behind: an empty row, a mark, and
    /// the old bytes somewhere in the files.
    pub async fn cut_a_destruction_short(&self, key: KeyId) {
        if self.is_sqlite() {
            self.execute(
                "PRAGMA secure_delete = OFF; CREATE TABLE moved AS SELECT wrapped FROM person_keys;
                 DROP TABLE moved",
            )
            .await;
        }
        self.execute("INSERT INTO key_store (name, value) VALUES ('rewrite/cut-short', '')").await;
        self.execute(&format!(
            "UPDATE person_keys SET wrapped = NULL, destroyed_at = '2026-01-01T00:00:00+00:00'
              WHERE key_id = '{key}'"
        ))
        .await;
    }

    /// The files of an embedded store.
    pub fn files(&self) -> Vec<PathBuf> {
        let path = Path::new(self.url().strip_prefix("sqlite:").unwrap());
        let directory = path.parent().unwrap().read_dir().unwrap();
        directory.map(|entry| entry.unwrap().path()).collect()
    }

    /// How many of the texts are somewhere in the store's files, the WAL of `PostgreSQL` apart.
    pub async fn in_files(&self, texts: &[Vec<u8>]) -> usize {
        let contents = if self.is_sqlite() {
            // By another process: closing a file here would drop the locks that SQLite holds on it.
            vec![Command::new("cat").args(self.files()).output().unwrap().stdout]
        } else {
            postgres_files(self.url()).await
        };
        assert!(!contents.concat().is_empty());
        how_many_in(&contents, texts)
    }
}

async fn postgres_connection(url: &str) -> PgConnection {
    let mut connection = PgConnection::connect(url).await.unwrap();
    connection.execute("SET search_path = keys, public").await.unwrap();
    connection
}

/// Every file of the database as it is on disk, also those of tables that were dropped.
async fn postgres_files(url: &str) -> Vec<Vec<u8>> {
    let mut admin = PgConnection::connect(url).await.unwrap();
    admin.execute("CHECKPOINT").await.unwrap();
    sqlx::query_scalar(
        "SELECT pg_read_binary_file(dir || '/' || file, 0, 100000000, true)
           FROM (SELECT 'base/' || oid AS dir FROM pg_database WHERE datname = current_database()) d,
                pg_ls_dir(dir) AS file",
    )
    .fetch_all(&mut admin)
    .await
    .unwrap()
}

/// By nonce, the first 24 bytes: a piece of a wrapped key is enough to be found out.
fn how_many_in(contents: &[Vec<u8>], texts: &[Vec<u8>]) -> usize {
    let wanted: HashSet<&[u8]> = texts.iter().map(|text| &text[..24]).collect();
    // Hashing every window of every file would take minutes; most differ in the first two bytes.
    let starts: HashSet<[u8; 2]> = texts.iter().map(|text| [text[0], text[1]]).collect();
    let mut may_start = vec![false; 1 << 16];
    for start in starts {
        may_start[usize::from(u16::from_be_bytes(start))] = true;
    }
    let windows = contents.iter().flat_map(|bytes| bytes.windows(24));
    windows
        .filter(|window| may_start[usize::from(u16::from_be_bytes([window[0], window[1]]))])
        .filter(|window| wanted.contains(*window))
        .collect::<HashSet<_>>()
        .len()
}
