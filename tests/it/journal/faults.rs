//! Faults: a full queue, a killed backend, a commit whose answer is lost.

use std::time::Duration;

use futures::future::join_all;
use sira::clock::Clock;
use sira::journal::{AppendOutcome, AppendRequest, Journal, JournalConfig, JournalError};
use sira_database::{ByEngine, Link, Pool, on_engine};
use sira_numbers::Version;
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::SqlitePoolOptions;
use sqlx::{Connection, PgConnection, SqliteConnection};

use super::{audit, commit, key, request, stream, with_key, write};
use crate::on_both_engines;
use crate::support::Engine;
use crate::support::proxy::{Fault, Proxy};

/// A pool of one connection, and another connection that sees what was committed.
async fn alone(engine: &Engine) -> (Pool, Other) {
    if engine.port().is_some() {
        let pool = PgPoolOptions::new().max_connections(1).connect(engine.url()).await.unwrap();
        let other = PgConnection::connect(engine.url()).await.unwrap();
        (ByEngine::Postgres(pool), Other(ByEngine::Postgres(other)))
    } else {
        // The first that comes makes the file.
        let url = format!("{}?mode=rwc", engine.url());
        let pool = SqlitePoolOptions::new().max_connections(1).connect(&url).await.unwrap();
        let other = SqliteConnection::connect(&url).await.unwrap();
        (ByEngine::Sqlite(pool), Other(ByEngine::Sqlite(other)))
    }
}

struct Other(Link);

impl Other {
    async fn run(&mut self, statement: &str) {
        self.0.connection().run(statement).await.unwrap();
    }

    async fn count(&mut self, table: &str) -> i64 {
        let count = format!("SELECT count(*) FROM {table}");
        on_engine!(self.0.connection(), db => sqlx::query_scalar(&count).fetch_one(db).await)
            .unwrap()
    }
}

/// Another process that holds the writers' lock until it is let go.
enum Holder {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

impl Holder {
    async fn of(engine: &Engine) -> Self {
        const LOCK: &str = "BEGIN; SELECT 1 FROM journal_head FOR UPDATE";
        if engine.port().is_some() {
            let mut db = PgConnection::connect(engine.url()).await.unwrap();
            sqlx::raw_sql(LOCK).execute(&mut db).await.unwrap();
            Self::Postgres(db)
        } else {
            let mut db = SqliteConnection::connect(engine.url()).await.unwrap();
            sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut db).await.unwrap();
            Self::Sqlite(db)
        }
    }

    async fn let_go(self) {
        match self {
            Self::Postgres(db) => db.close().await.unwrap(),
            Self::Sqlite(db) => db.close().await.unwrap(),
        }
    }
}

/// Rows that are written and taken back.
async fn copied_in_vain(pool: &Pool) {
    let mut transaction = pool.begin().await.unwrap();
    match transaction.connection() {
        ByEngine::Postgres(db) => {
            let mut copy = db.copy_in_raw("COPY cut_off FROM STDIN").await.unwrap();
            copy.send("1\n2\n".as_bytes()).await.unwrap();
            copy.finish().await.unwrap();
        }
        connection @ ByEngine::Sqlite(_) => {
            connection.run("INSERT INTO cut_off VALUES (1)").await.unwrap();
        }
    }
    transaction.rollback().await.unwrap();
}

on_both_engines! {
    async fn who_is_cut_off_while_a_transaction_begins_leaves_none_open(engine) {
        let (pool, mut other) = alone(engine).await;
        other.run("CREATE TABLE cut_off (n bigint)").await;
        let mut written = 0;
        // Cut off after each of the moments at which a beginning waits for the database.
        for polls in (1..=6).cycle().take(180) {
            {
                let mut begin = std::pin::pin!(pool.begin());
                for _ in 0..polls {
                    if futures::poll!(begin.as_mut()).is_ready() {
                        break;
                    }
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
            }
            // What is run on the connection then is there for everybody.
            let wrote = on_engine!(&pool, db => {
                sqlx::query("INSERT INTO cut_off VALUES (1)").execute(db).await.map(drop)
            });
            wrote.unwrap();
            written += 1;
            assert_eq!(other.count("cut_off").await, written, "cut off after {polls} polls");
        }
    }

    async fn who_is_cut_off_in_a_transaction_leaves_nothing_of_it_to_the_next(engine) {
        let (pool, mut other) = alone(engine).await;
        other.run("CREATE TABLE cut_off (n bigint)").await;
        // Cut off after each of the moments at which rows that are copied wait for the database.
        for (asked, polls) in (1_i64..).zip((1..=16).cycle().take(320)) {
            {
                let mut copied = std::pin::pin!(copied_in_vain(&pool));
                for _ in 0..polls {
                    if futures::poll!(copied.as_mut()).is_ready() {
                        break;
                    }
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
            // Whoever comes next has the answer to their own question, and what they write is there for everybody.
            let answer: i64 = on_engine!(&pool, db => {
                sqlx::query_scalar("SELECT CAST($1 AS bigint)").bind(asked).fetch_one(db).await
            })
            .unwrap();
            assert_eq!(answer, asked, "cut off after {polls} polls");
            let wrote = on_engine!(&pool, db => {
                sqlx::query("INSERT INTO cut_off VALUES (1)").execute(db).await.map(drop)
            });
            wrote.unwrap();
            assert_eq!(other.count("cut_off").await, asked, "cut off after {polls} polls");
        }
    }

    async fn a_full_queue_answers_busy_at_once(engine) {
        let config = JournalConfig { queue_limit: 2, batch_limit: 1, ..engine.config() };
        let journal = engine.journal_with(config, Clock::System).await;
        let holder = Holder::of(engine).await;
        let requests: Vec<_> = (0..10)
            .map(|_| {
                let journal = journal.clone();
                tokio::spawn(async move { journal.append(request([write(&stream(), 0, 1)])).await })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(300)).await;
        let answered = requests.iter().filter(|request| request.is_finished()).count();
        holder.let_go().await;
        let outcomes: Vec<_> = join_all(requests).await.into_iter().map(Result::unwrap).collect();
        let busy = outcomes.iter().filter(|o| matches!(o, Err(JournalError::Busy))).count();
        let committed = outcomes.iter().filter(|o| matches!(o, Ok(AppendOutcome::Committed(_)))).count();
        // One is with the writer, two wait: the rest were refused while the lock was held.
        assert!((2..=3).contains(&committed), "{outcomes:?}");
        assert_eq!((busy, answered), (10 - committed, 10 - committed));
        assert_eq!(audit(&journal).await.len(), committed);
    }

    async fn closing_records_what_waits_and_takes_no_more(engine) {
        let journal = engine.journal().await;
        let waiting: Vec<_> = (0..20)
            .map(|_| {
                let journal = journal.clone();
                tokio::spawn(async move { commit(&journal, request([write(&stream(), 0, 1)])).await })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(5)).await;
        let again = engine.journal().await;
        let waiting = join_all(waiting).await;
        journal.close().await;
        assert!(waiting.iter().all(Result::is_ok));
        let late = journal.append(request([write(&stream(), 0, 1)])).await;
        assert!(matches!(late, Err(JournalError::Closed)), "{late:?}");
        assert_eq!(audit(&again).await.len(), 20);
    }

    async fn a_caller_that_hangs_up_takes_nothing_back(engine) {
        let journal = engine.journal().await;
        let holder = Holder::of(engine).await;
        let impatient = journal.append(request([write(&stream(), 0, 1)]));
        assert!(tokio::time::timeout(Duration::from_millis(50), impatient).await.is_err());
        holder.let_go().await;
        commit(&journal, request([write(&stream(), 0, 1)])).await;
        assert_eq!(audit(&journal).await.len(), 2);
    }
}

/// As a client does: the same request with the same key until there is an answer.
async fn append_stubbornly(journal: &Journal, request: &AppendRequest) -> AppendOutcome {
    for _ in 0..200 {
        if let Ok(outcome) = journal.append(request.clone()).await {
            return outcome;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the database did not come back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_backends_lose_nothing_and_double_nothing() {
    let engine = Engine::postgres().await;
    let journal = engine.journal().await;
    let writers: Vec<_> = (0..16)
        .map(|writer| {
            let journal = journal.clone();
            tokio::spawn(async move {
                let stream = stream();
                for version in 0..60 {
                    let name = format!("{writer}-{version}");
                    let request = with_key(request([write(&stream, version, 1)]), key(&name));
                    match append_stubbornly(&journal, &request).await {
                        AppendOutcome::Committed(done) => {
                            assert_eq!(done.versions, [Version::from(version + 1)]);
                        }
                        AppendOutcome::Replayed(stored) => {
                            assert_eq!(stored.version, (version + 1).into());
                        }
                        other => panic!("{other:?}"),
                    }
                }
            })
        })
        .collect();
    let kills = kill_writers_until_done(&engine, &writers).await;
    for writer in writers {
        writer.await.unwrap();
    }
    assert!(kills > 3, "only {kills} backends were killed");
    assert_eq!(audit(&journal).await.len(), 16 * 60);
}

async fn kill_writers_until_done(
    engine: &Engine,
    writers: &[tokio::task::JoinHandle<()>],
) -> usize {
    let mut admin = PgConnection::connect(engine.url()).await.unwrap();
    let mut kills = 0;
    while !writers.iter().all(tokio::task::JoinHandle::is_finished) {
        let killed: Vec<bool> = sqlx::query_scalar(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND application_name = 'sira-journal-writer'",
        )
        .fetch_all(&mut admin)
        .await
        .unwrap();
        kills += killed.len();
        tokio::time::sleep(Duration::from_millis(13)).await;
    }
    kills
}

/// A journal whose connections pass a proxy; made after the schema, so that faults wait for it.
pub async fn journal_behind_proxy(engine: &Engine) -> (Journal, Proxy) {
    engine.journal().await.close().await;
    let port = engine.port().unwrap();
    let proxy = Proxy::before(port).await;
    let url = engine.url().replace(&format!(":{port}/"), &format!(":{}/", proxy.port));
    let config = JournalConfig {
        url: url.replace("@localhost", "@127.0.0.1"),
        doubt_timeout: Duration::from_millis(500),
        ..engine.config()
    };
    (Journal::open(&config, Clock::System).await.unwrap(), proxy)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_is_lost_is_found_and_answered() {
    let engine = Engine::postgres().await;
    let (journal, proxy) = journal_behind_proxy(&engine).await;
    let stream = stream();
    for (version, fault) in (0..).zip([Fault::AnswerLost, Fault::CommitLost, Fault::AnswerLost]) {
        proxy.set(fault);
        let committed = commit(&journal, request([write(&stream, version, 1)])).await;
        assert_eq!(committed.versions, [Version::from(version + 1)], "{fault:?}");
        assert_eq!(journal.freshness().await.unwrap().position, (version + 1).into());
    }
    // Keys without events have no leaf to compare: the retry finds the key.
    proxy.set(Fault::AnswerLost);
    let outcome = journal.append(with_key(request([]), key("k"))).await.unwrap();
    assert!(matches!(outcome, AppendOutcome::Replayed(stored) if stored.position == 3.into()));
    assert_eq!(audit(&journal).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_fate_is_not_learnt_in_time_is_in_doubt_and_its_retry_replayed() {
    let engine = Engine::postgres().await;
    let (journal, proxy) = journal_behind_proxy(&engine).await;
    let request = with_key(request([write(&stream(), 0, 1)]), key("k"));
    proxy.set(Fault::AnswerLostAndAway);
    let doubt = journal.append(request.clone()).await;
    assert!(matches!(doubt, Err(JournalError::InDoubt)), "{doubt:?}");
    let away = journal.append(request.clone()).await;
    assert!(matches!(away, Err(JournalError::Database(_))), "{away:?}");
    proxy.set(Fault::None);
    let retried = journal.append(request).await.unwrap();
    assert!(matches!(retried, AppendOutcome::Replayed(stored) if stored.version == 1.into()));
    assert_eq!(audit(&journal).await.len(), 1);
}
