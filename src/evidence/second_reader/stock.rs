//! The second reader itself: the repositories that `postgres-es` and `sqlite-es` ship, as they are.

use std::io;
use std::sync::Arc;

use cqrs_es::Aggregate;
use cqrs_es::persist::{PersistedEventRepository, PersistenceError, SerializedEvent};
use postgres_es::PostgresEventRepository;
use sira_database::{ByEngine, Pool};
use sqlite_es::SqliteEventRepository;

use crate::evidence::EvidenceError;

/// The stock repository for the engine of a journal.
#[derive(Clone)]
pub(super) struct Stock(ByEngine<Arc<PostgresEventRepository>, Arc<SqliteEventRepository>>);

/// What the stock repository gives of a stream.
pub(super) enum StockEvents {
    /// Its events, in order; none when there is no such stream.
    Events(Vec<SerializedEvent>),
    /// A row of it cannot be read.
    Unreadable,
}

impl Stock {
    /// The one that reads the table `events` of this database, which both crates look for by that name
    /// and find with the columns that they know; the journal's further columns they do not ask for.
    pub fn on(pool: &Pool) -> Self {
        Self(match pool {
            ByEngine::Postgres(pool) => {
                ByEngine::Postgres(Arc::new(PostgresEventRepository::new(pool.clone())))
            }
            ByEngine::Sqlite(pool) => {
                ByEngine::Sqlite(Arc::new(SqliteEventRepository::new(pool.clone())))
            }
        })
    }

    /// The crate's name.
    pub const fn name(&self) -> &'static str {
        match self.0 {
            ByEngine::Postgres(_) => "postgres-es",
            ByEngine::Sqlite(_) => "sqlite-es",
        }
    }

    /// Every event of a stream.
    ///
    /// In a task of its own: on a row that has not the types it expects a stock repository panics, which
    /// here is an answer.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn events<A: Aggregate + 'static>(
        &self,
        id: &str,
    ) -> Result<StockEvents, EvidenceError> {
        let (stock, id) = (self.clone(), id.to_owned());
        let reading = tokio::spawn(async move {
            match stock.0 {
                ByEngine::Postgres(stock) => stock.get_events::<A>(&id).await,
                ByEngine::Sqlite(stock) => stock.get_events::<A>(&id).await,
            }
        });
        match reading.await {
            Ok(Ok(events)) => Ok(StockEvents::Events(events)),
            Ok(Err(error @ PersistenceError::ConnectionError(_))) => {
                Err(EvidenceError::Database(sqlx::Error::Io(io::Error::other(error))))
            }
            Ok(Err(_)) => Ok(StockEvents::Unreadable),
            Err(ended) if ended.is_panic() => Ok(StockEvents::Unreadable),
            Err(ended) => Err(EvidenceError::Database(sqlx::Error::Io(io::Error::other(ended)))),
        }
    }
}
