//! A generated population to a durable journal, against one connection that inserts the same rows.

use std::time::{Duration, Instant};

use chrono::NaiveDate;
use hdrhistogram::Histogram;
use sira::clock::Clock;
use sira::generate::{Population, generate};
use sira::journal::{Journal, JournalConfig};
use sira::keys::{KeyStore, MasterKey};
use sqlx::{Connection, Executor, PgConnection};

use crate::Failure;
use crate::cluster::Cluster;
use crate::report::{self, Side};

/// Rows of one transaction of the yardstick.
const ROWS: usize = 500;
/// A key for a bench's own store.
const MASTER: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// Arguments. On `PostgreSQL`.
#[derive(Debug, clap::Args)]
pub struct GenerateArgs {
    /// People of each round
    #[arg(long, default_value_t = 20_000)]
    cases: u64,
    /// Rounds.
    #[arg(long, default_value_t = 3)]
    rounds: u64,
    /// The first day that is not simulated any more.
    #[arg(long, default_value = "2026-11-25")]
    until: NaiveDate,
}

/// Runs it: each round generates into a new database, then inserts the very rows into a table of the
/// same shape beside them.
pub async fn run(args: GenerateArgs) -> Result<(), Failure> {
    let cluster = Cluster::start()?;
    let (mut ours, mut bare) =
        (Side::new("generate")?, Side::new("insert from unnest, 500, same rows")?);
    for round in 1..=args.rounds {
        let url = cluster.database(&format!("generate_{round}")).await?;
        let population = Population { cases: args.cases, seed: round, until: args.until };
        let (events, took) = fill(&url, population).await?;
        ours.add(events, took, &Histogram::new(3)?)?;
        let (rows, micros, took) = insert_again(&url).await?;
        bare.add(rows, took, &micros)?;
        println!("round {round}: {events} events");
    }
    report::print(&format!("events of {} people to a durable journal", args.cases), &ours, &bare);
    Ok(())
}

async fn fill(url: &str, population: Population) -> Result<(u64, Duration), Failure> {
    let clock = Clock::manual(Population::begins_at());
    let config = JournalConfig::new(url);
    Journal::migrate(&config).await?;
    let journal = Journal::open(&config, clock.clone()).await?;
    let keys = KeyStore::open(url, MasterKey::from_text(MASTER)?, clock.clone()).await?;
    let begun = Instant::now();
    let generated = generate(&journal, &keys, &clock, population, |_| {}).await?;
    let took = begun.elapsed();
    journal.close().await;
    keys.close().await;
    Ok((generated.events, took))
}

type Row = (String, String, i64, String, String, String, String, i64, Vec<u8>);

/// Reads the rows in pieces, and inserts each piece: only the inserting is timed.
async fn insert_again(url: &str) -> Result<(u64, Histogram<u64>, Duration), Failure> {
    let mut connection = PgConnection::connect(url).await?;
    connection.execute("CREATE TABLE bare_events (LIKE events INCLUDING ALL)").await?;
    let (mut count, mut micros, mut took) = (0, Histogram::<u64>::new(3)?, Duration::ZERO);
    let mut after = 0_i64;
    loop {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT aggregate_type, aggregate_id, sequence, event_type, event_version, payload::text, \
             metadata::text, position, leaf_hash FROM events WHERE position > $1 ORDER BY position LIMIT $2",
        )
        .bind(after)
        .bind(i64::try_from(ROWS)?)
        .fetch_all(&mut connection)
        .await?;
        let Some(last) = rows.last() else { break };
        after = last.7;
        count += rows.len() as u64;
        let begun = Instant::now();
        insert(&mut connection, &rows).await?;
        micros.record(u64::try_from(begun.elapsed().as_micros())?.max(1))?;
        took += begun.elapsed();
    }
    Ok((count, micros, took))
}

async fn insert(connection: &mut PgConnection, rows: &[Row]) -> Result<(), Failure> {
    fn column<'r, T>(rows: &'r [Row], of: impl Fn(&'r Row) -> T) -> Vec<T> {
        rows.iter().map(of).collect()
    }
    let mut transaction = connection.begin().await?;
    sqlx::query(
        "INSERT INTO bare_events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, \
         metadata, position, recorded_at, leaf_hash) SELECT a, i, s, t, v, p::json, m::json, n, now(), h FROM \
         UNNEST($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], \
         $8::bigint[], $9::bytea[]) AS r (a, i, s, t, v, p, m, n, h)",
    )
    .bind(column(rows, |row| row.0.as_str()))
    .bind(column(rows, |row| row.1.as_str()))
    .bind(column(rows, |row| row.2))
    .bind(column(rows, |row| row.3.as_str()))
    .bind(column(rows, |row| row.4.as_str()))
    .bind(column(rows, |row| row.5.as_str()))
    .bind(column(rows, |row| row.6.as_str()))
    .bind(column(rows, |row| row.7))
    .bind(column(rows, |row| row.8.as_slice()))
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(())
}
