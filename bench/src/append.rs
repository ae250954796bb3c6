//! The journal's append alone, against one connection that inserts the same rows.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use sira::clock::Clock;
use sira::journal::{
    AppendOutcome, AppendRequest, Journal, JournalConfig, NewEvent, StreamId, StreamWrite,
};
use sira_numbers::Version;
use sqlx::{Connection, Executor, PgConnection};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::Failure;
use crate::cluster::Cluster;
use crate::report::{self, Figure, Side};
use crate::work::gathered;

/// Rows of one transaction of the yardstick.
const ROWS: usize = 500;

/// Arguments. On `PostgreSQL`.
#[derive(Debug, clap::Args)]
pub struct AppendArgs {
    /// Callers at once.
    #[arg(long, default_value_t = 256)]
    pub callers: usize,
    /// Seconds of each side in each round.
    #[arg(long, default_value_t = 5)]
    pub seconds: u64,
    /// Rounds.
    #[arg(long, default_value_t = 5)]
    pub rounds: u32,
}

/// Runs it.
pub async fn run(args: AppendArgs) -> Result<Figure, Failure> {
    let cluster = Cluster::start()?;
    let url = cluster.database("journal").await?;
    let journal = open(&url).await?;
    let mut inserter = Inserter::open(&url).await?;
    let time = Duration::from_secs(args.seconds);
    let (mut ours, mut bare) =
        (Side::new("journal append")?, Side::new("insert from unnest, 500")?);
    for _ in 0..args.rounds {
        let (count, micros, took) = load(&journal, args.callers, time).await?;
        ours.add(count, took, &micros)?;
        let (count, micros, took) = inserter.load(time).await?;
        bare.add(count, took, &micros)?;
    }
    let figure = report::print(&format!("events appended, {} callers", args.callers), &ours, &bare);
    journal.close().await;
    Ok(figure)
}

/// Opens a journal on a new database.
pub async fn open(url: &str) -> Result<Journal, Failure> {
    let config = JournalConfig::new(url);
    Journal::migrate(&config).await?;
    Ok(Journal::open(&config, Clock::System).await?)
}

/// An event of a common size: about 600 bytes of payload and 200 of metadata.
pub fn event() -> NewEvent {
    let sealed = format!("sealed:v1:{}:{}", Uuid::nil().simple(), "A".repeat(400));
    NewEvent {
        event_type: "NoteAdded".into(),
        event_version: "1.0".into(),
        payload: format!(
            r#"{{"occurred_on":"2026-01-05","by":"adviser","rules":1,"fact":{{"NoteAdded":{{"text":"{sealed}"}}}}}}"#
        ),
        metadata: format!(
            r#"{{"actor":"adviser","role":"adviser","request_id":"{}","client":"bench","rules_version":"1"}}"#,
            Uuid::nil().simple()
        ),
    }
}

/// One event to the end of a stream.
pub fn request(id: Uuid, expected_version: Version, events: Vec<NewEvent>) -> AppendRequest {
    let stream = StreamId { aggregate_type: "beneficiary".into(), aggregate_id: id };
    let write = StreamWrite { stream, expected_version, events };
    AppendRequest { writes: vec![write], ..AppendRequest::default() }
}

/// Appends for `time` from many callers, each on streams of its own of eight events.
pub async fn load(
    journal: &Journal,
    callers: usize,
    time: Duration,
) -> Result<(u64, Histogram<u64>, Duration), Failure> {
    let begun = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..callers {
        let journal = journal.clone();
        tasks.spawn(async move {
            let (mut count, mut micros) = (0_u64, Histogram::<u64>::new(3)?);
            let (mut id, mut version) = (Uuid::now_v7(), Version::ZERO);
            while begun.elapsed() < time {
                let started = Instant::now();
                let outcome = journal.append(request(id, version, vec![event()])).await?;
                if !matches!(outcome, AppendOutcome::Committed(_)) {
                    return Err(format!("{outcome:?}").into());
                }
                micros.record(u64::try_from(started.elapsed().as_micros())?.max(1))?;
                (count, version) = (count + 1, version.next());
                if version == Version::from(8) {
                    (id, version) = (Uuid::now_v7(), Version::ZERO);
                }
            }
            Ok::<_, Failure>((count, micros))
        });
    }
    let (count, micros) = gathered(tasks).await?;
    Ok((count, micros, begun.elapsed()))
}

/// One connection that inserts rows of the same shape into a table of the same shape.
struct Inserter {
    connection: PgConnection,
    position: i64,
}

impl Inserter {
    async fn open(url: &str) -> Result<Self, Failure> {
        let mut connection = PgConnection::connect(url).await?;
        connection.execute("CREATE TABLE bare_events (LIKE events INCLUDING ALL)").await?;
        Ok(Self { connection, position: 0 })
    }

    async fn load(&mut self, time: Duration) -> Result<(u64, Histogram<u64>, Duration), Failure> {
        let (begun, mut count, mut micros) = (Instant::now(), 0, Histogram::<u64>::new(3)?);
        while begun.elapsed() < time {
            let started = Instant::now();
            self.insert().await?;
            micros.record(u64::try_from(started.elapsed().as_micros())?.max(1))?;
            count += ROWS as u64;
        }
        Ok((count, micros, begun.elapsed()))
    }

    async fn insert(&mut self) -> Result<(), Failure> {
        let event = event();
        let ids: Vec<String> = (0..ROWS).map(|_| Uuid::now_v7().to_string()).collect();
        let positions: Vec<i64> = (self.position + 1..).take(ROWS).collect();
        self.position += i64::try_from(ROWS)?;
        let mut transaction = self.connection.begin().await?;
        sqlx::query(
            "INSERT INTO bare_events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, \
             metadata, position, recorded_at, leaf_hash) SELECT 'beneficiary', i, 1, 'NoteAdded', '1.0', p::json, \
             m::json, n, now(), h FROM UNNEST($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bytea[]) \
             AS r (i, p, m, n, h)",
        )
        .bind(ids)
        .bind(vec![event.payload; ROWS])
        .bind(vec![event.metadata; ROWS])
        .bind(positions)
        .bind(vec![vec![7_u8; 32]; ROWS])
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }
}
