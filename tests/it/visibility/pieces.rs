//! A writer whose commits become visible in pieces: the head first, its rows later, in another order, or as prepared
//! transactions that nobody ends for a while. So does a distributed `PostgreSQL`, and so does a pooler that prepares.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sira::clock::Clock;
use sira::journal::{Journal, RecordedEvent, Stamp, StreamId};
use sira_database::{ByEngine, Link, on_engine};
use sira_numbers::{Position, Sequence};
use sqlx::{Connection, PgConnection, SqliteConnection};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::support::Engine;
use crate::support::dice::Dice;

/// Transactions that are prepared at once: a server holds a hundred.
const PREPARED_MAX: usize = 90;

/// What another journal holds, to be recorded here: each event with the second name that its stream gets with it.
pub struct Lots {
    events: std::vec::IntoIter<RecordedEvent>,
    aliases: HashMap<StreamId, Vec<String>>,
}

impl Lots {
    pub async fn of(journal: &Journal, events: Vec<RecordedEvent>) -> Self {
        let rows: Vec<(String, String, String)> = on_engine!(journal.pool(), db => {
            sqlx::query_as("SELECT alias, aggregate_type, aggregate_id FROM stream_aliases")
                .fetch_all(db)
                .await
        })
        .unwrap();
        let mut aliases: HashMap<StreamId, Vec<String>> = HashMap::new();
        for (alias, kind, id) in rows {
            aliases
                .entry(StreamId::new(kind, id.parse::<Uuid>().unwrap()))
                .or_default()
                .push(alias);
        }
        Self { events: events.into_iter(), aliases }
    }

    pub fn left(&self) -> usize {
        self.events.len()
    }

    fn take(&mut self, events: usize) -> Vec<RecordedEvent> {
        self.events.by_ref().take(events).collect()
    }
}

/// A prepared transaction that is not ended yet.
struct Prepared {
    name: String,
    due: Instant,
}

/// The writer.
pub struct Pieces {
    head: Link,
    rows: Link,
    dice: Dice,
    prepared: Vec<Prepared>,
    named: u32,
    /// How long a prepared transaction is left at most.
    pub left_for: Duration,
    /// Holes that there were.
    pub holes: u32,
}

/// Events as they stand in this journal.
fn placed(events: Vec<RecordedEvent>, next: Position, now: DateTime<Utc>) -> Vec<RecordedEvent> {
    let place = |(event, position)| {
        let mut event = RecordedEvent { position, recorded_at: now, ..event };
        event.leaf_hash = event.computed_leaf("main").unwrap();
        event
    };
    events.into_iter().zip(next.through(Position::MAX)).map(place).collect()
}

async fn link(engine: &Engine) -> Link {
    if engine.port().is_some() {
        return ByEngine::Postgres(PgConnection::connect(engine.url()).await.unwrap());
    }
    let mut db = SqliteConnection::connect(engine.url()).await.unwrap();
    sqlx::raw_sql("PRAGMA busy_timeout = 20000").execute(&mut db).await.unwrap();
    ByEngine::Sqlite(db)
}

impl Pieces {
    pub async fn on(engine: &Engine, seed: u64) -> Self {
        Self {
            head: link(engine).await,
            rows: link(engine).await,
            dice: Dice(seed | 1),
            prepared: Vec::new(),
            named: 0,
            left_for: Duration::from_millis(600),
            holes: 0,
        }
    }

    /// Records the next few events, in one of the ways.
    pub async fn go_on(&mut self, lots: &mut Lots) {
        let some = 1 + usize::try_from(self.dice.roll(12)).unwrap();
        let events = lots.take(some);
        let is_prepared =
            self.head.is_postgres() && self.prepared.len() < PREPARED_MAX && self.dice.roll(2) == 0;
        let (next, stood_at) = self.lock_head().await;
        let now = Clock::System.now().max(stood_at);
        let rows = placed(events, next, now);
        let head = next.plus(rows.len() as u64);
        if is_prepared {
            self.prepare(&rows, lots).await;
            self.advance(head, now).await;
        } else {
            self.advance(head, now).await;
            sleep(Duration::from_millis(self.dice.roll(60))).await;
            // The second half first.
            let (first, second) = rows.split_at(rows.len() / 2);
            self.insert(second, lots).await;
            sleep(Duration::from_millis(self.dice.roll(60))).await;
            self.insert(first, lots).await;
        }
        self.holes += 1;
        self.end_due(false).await;
    }

    /// Moves the head past the next few events, whose rows nobody sees until [`Pieces::show`].
    pub async fn hide(&mut self, lots: &mut Lots) {
        let (next, now) = self.lock_head().await;
        let rows = placed(lots.take(5), next, now);
        self.advance(next.plus(rows.len() as u64), now).await;
        let begin = if self.rows.is_postgres() { "BEGIN" } else { "BEGIN IMMEDIATE" };
        self.run_rows(begin).await;
        self.insert_rows(&rows, lots).await;
    }

    pub async fn show(&mut self) {
        self.run_rows("COMMIT").await;
    }

    /// Ends the prepared transactions whose time is over, or all of them.
    pub async fn end_due(&mut self, all: bool) {
        let now = Instant::now();
        let (due, left): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.prepared).into_iter().partition(|one| all || one.due <= now);
        self.prepared = left;
        for one in due {
            self.run_rows(&format!("COMMIT PREPARED '{}'", one.name)).await;
        }
    }

    async fn run_rows(&mut self, statement: &str) {
        self.rows.connection().run(statement).await.unwrap();
    }

    async fn lock_head(&mut self) -> (Position, DateTime<Utc>) {
        let (begin, lock) = if self.head.is_postgres() {
            ("BEGIN", " FOR UPDATE")
        } else {
            ("BEGIN IMMEDIATE", "")
        };
        self.head.connection().run(begin).await.unwrap();
        let sql = format!("SELECT next_position, recorded_at FROM journal_head{lock}");
        let (next, Stamp(at)): (i64, Stamp) =
            on_engine!(&mut self.head, db => sqlx::query_as(&sql).fetch_one(db).await).unwrap();
        (Position::of_stored(next).unwrap(), at)
    }

    /// The head is there for everybody, its rows are not.
    async fn advance(&mut self, next: Position, at: DateTime<Utc>) {
        on_engine!(&mut self.head, db => {
            sqlx::query("UPDATE journal_head SET next_position = $1, recorded_at = $2")
                .bind(next.stored())
                .bind(Stamp(at))
                .execute(db)
                .await
                .map(drop)
        })
        .unwrap();
        self.head.connection().run("COMMIT").await.unwrap();
    }

    async fn prepare(&mut self, rows: &[RecordedEvent], lots: &Lots) {
        self.named += 1;
        let name = format!("pieces_{}", self.named);
        self.run_rows("BEGIN").await;
        self.insert_rows(rows, lots).await;
        self.run_rows(&format!("PREPARE TRANSACTION '{name}'")).await;
        let most = u64::try_from(self.left_for.as_millis()).unwrap();
        let due = Instant::now() + Duration::from_millis(self.dice.roll(most.max(1)));
        self.prepared.push(Prepared { name, due });
    }

    async fn insert(&mut self, rows: &[RecordedEvent], lots: &Lots) {
        let begin = if self.rows.is_postgres() { "BEGIN" } else { "BEGIN IMMEDIATE" };
        self.run_rows(begin).await;
        self.insert_rows(rows, lots).await;
        self.run_rows("COMMIT").await;
    }

    async fn insert_rows(&mut self, rows: &[RecordedEvent], lots: &Lots) {
        let json = if self.rows.is_postgres() { "::json" } else { "" };
        let sql = format!(
            "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload,
                                 metadata, position, recorded_at, leaf_hash)
             VALUES ($1, $2, $3, $4, $5, $6{json}, $7{json}, $8, $9, $10)"
        );
        for row in rows {
            on_engine!(&mut self.rows, db => {
                sqlx::query(&sql)
                    .bind(row.stream.aggregate_type.as_ref())
                    .bind(row.stream.aggregate_id.to_string())
                    .bind(row.sequence.stored())
                    .bind(row.event_type.as_str())
                    .bind(row.event_version.as_str())
                    .bind(row.payload.as_str())
                    .bind(row.metadata.as_str())
                    .bind(row.position.stored())
                    .bind(Stamp(row.recorded_at))
                    .bind(row.leaf_hash.as_slice())
                    .execute(db)
                    .await
                    .map(drop)
            })
            .unwrap();
            let aliases = lots.aliases.get(&row.stream).filter(|_| row.sequence == Sequence::FIRST);
            for alias in aliases.into_iter().flatten() {
                on_engine!(&mut self.rows, db => {
                    sqlx::query("INSERT INTO stream_aliases (alias, aggregate_type, aggregate_id) VALUES ($1, $2, $3)")
                        .bind(alias.as_str())
                        .bind(row.stream.aggregate_type.as_ref())
                        .bind(row.stream.aggregate_id.to_string())
                        .execute(db)
                        .await
                        .map(drop)
                })
                .unwrap();
            }
        }
    }
}
