//! What the tests share: the two engines, each test with a database of its own.

pub mod dice;
pub mod owner;
pub mod program;
pub mod proxy;

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use pgtemp::{PgTempDB, PgTempDBBuilder};
use sira::clock::Clock;
use sira::journal::{Journal, JournalConfig};
use sqlx::{Connection, Executor, PgConnection};
use tempfile::TempDir;
use uuid::Uuid;

/// The `PostgreSQL` server of this process: started by the first test that needs it, shared by those
/// that run at the same time, shut down when the last of them drops it.
static SERVER: Mutex<Weak<PgTempDB>> = Mutex::new(Weak::new());

/// A database of one test. It lasts as long as this value.
pub struct Engine {
    url: String,
    directory: TempDir,
    keep: Keep,
}

/// What must outlive the test's connections.
enum Keep {
    Postgres(Arc<PgTempDB>),
    Sqlite,
}

impl Engine {
    /// An embedded database in a directory of its own, not yet migrated.
    pub fn sqlite() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", directory.path().join("journal.db").display());
        Self { url, directory, keep: Keep::Sqlite }
    }

    /// A new database on the shared server, not yet migrated.
    pub async fn postgres() -> Self {
        let server = tokio::task::spawn_blocking(server).await.unwrap();
        let name = format!("test_{}", Uuid::now_v7().simple());
        let mut admin = connect_when_ready(&server.connection_uri()).await;
        admin.execute(format!("CREATE DATABASE {name}").as_str()).await.unwrap();
        admin.close().await.unwrap();
        let (user, pass, port) = (server.db_user(), server.db_pass(), server.db_port());
        let url = format!("postgresql://{user}:{pass}@localhost:{port}/{name}");
        let directory = tempfile::tempdir().unwrap();
        Self { url, directory, keep: Keep::Postgres(server) }
    }

    /// A database on a server of its own, whose every file may be looked into.
    pub async fn postgres_alone() -> Self {
        let server = tokio::task::spawn_blocking(|| Arc::new(builder().start())).await.unwrap();
        connect_when_ready(&server.connection_uri()).await.close().await.unwrap();
        let url = server.connection_uri();
        let directory = tempfile::tempdir().unwrap();
        Self { url, directory, keep: Keep::Postgres(server) }
    }

    /// Every folder that holds something of this database: the test's own, and the server's.
    pub fn folders(&self) -> Vec<std::path::PathBuf> {
        let own = self.folder().to_owned();
        match &self.keep {
            Keep::Postgres(server) => vec![own, server.data_dir()],
            Keep::Sqlite => vec![own],
        }
    }

    /// The database's URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A folder of the test's own.
    pub fn folder(&self) -> &std::path::Path {
        self.directory.path()
    }

    /// The port of the server, where there is one.
    pub fn port(&self) -> Option<u16> {
        match &self.keep {
            Keep::Postgres(server) => Some(server.db_port()),
            Keep::Sqlite => None,
        }
    }

    /// A journal's configuration for this database.
    pub fn config(&self) -> JournalConfig {
        JournalConfig { max_connections: 4, ..JournalConfig::new(self.url()) }
    }

    /// Migrates, and opens a journal on the system's clock. A second call is a second process.
    pub async fn journal(&self) -> Journal {
        self.journal_with(self.config(), Clock::System).await
    }

    /// Migrates, and opens a journal.
    pub async fn journal_with(&self, config: JournalConfig, clock: Clock) -> Journal {
        Journal::migrate(&config).await.unwrap();
        Journal::open(&config, clock).await.unwrap()
    }
}

/// Connects to a server that may still be starting: `pgtemp` answers a little too early.
async fn connect_when_ready(url: &str) -> PgConnection {
    for _ in 0..300 {
        if let Ok(connection) = PgConnection::connect(url).await {
            return connection;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the server did not start");
}

fn server() -> Arc<PgTempDB> {
    let mut shared = SERVER.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(server) = shared.upgrade() {
        return server;
    }
    let server = Arc::new(builder().start());
    *shared = Arc::downgrade(&server);
    server
}

fn builder() -> PgTempDBBuilder {
    PgTempDBBuilder::new()
        .with_config_param("max_connections", "400")
        // For commits that become visible in pieces.
        .with_config_param("max_prepared_transactions", "100")
        // `pgtemp` takes the log through a pipe that nobody empties: once it is full, every backend
        // that has something to say stands still.
        .with_config_param("log_min_messages", "panic")
}

/// Runs each scenario on both engines: `mod <scenario>` with the tests `on_sqlite` and `on_postgres`.
#[macro_export]
macro_rules! on_both_engines {
    ($(async fn $name:ident($engine:ident) $body:block)*) => { $(
        mod $name {
            #[allow(unused_imports, clippy::allow_attributes, reason = "some callers need none")]
            use super::*;

            async fn scenario($engine: &$crate::support::Engine) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                scenario(&$crate::support::Engine::sqlite()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                scenario(&$crate::support::Engine::postgres().await).await;
            }
        }
    )* };
}
