//! The floor: what these cores can do at all. A bare handler parses the body, and one connection inserts the rows of
//! all that wait, batch for batch, into a table with the journal's own indexes. Nothing is checked, sealed, hashed,
//! decided or read.

use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use sira::clock::Clock;
use sira::journal::{Journal, JournalConfig};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection, Executor, PgConnection, SqliteConnection};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::{Engine, Failure};

/// Rows of one transaction at most: as many as the journal takes.
const ROWS: usize = 500;
/// How long a crowd gathers, as in the journal.
const GATHER: Duration = Duration::from_millis(2);
/// What is a crowd.
const CROWD: usize = 48;
/// As long as the journal's.
const METADATA: &str = r#"{"actor":"adviser","role":"adviser","request_id":"00000000000000000000000000000000","rules_version":"1"}"#;

/// A row on its way.
struct Row {
    id: String,
    payload: String,
    done: oneshot::Sender<i64>,
}

type Queue = mpsc::Sender<Row>;

/// Serves the floor.
pub async fn serve(listener: TcpListener, engine: Engine, url: &str) -> Result<(), Failure> {
    let config = JournalConfig::new(url);
    Journal::migrate(&config).await?;
    Journal::open(&config, Clock::System).await?.close().await;
    let mut inserter = Inserter::open(engine, url).await?;
    let (queue, mut rows) = mpsc::channel(10_000);
    tokio::spawn(async move {
        let mut last = 0;
        while let Some(batch) = gather(&mut rows, last >= CROWD).await {
            last = batch.len();
            if let Err(error) = inserter.insert(batch).await {
                eprintln!("the floor gave way: {error}");
                return;
            }
        }
    });
    let router = Router::new()
        .route("/v1/beneficiaries", post(begin))
        .route("/v1/beneficiaries/{id}/commands/{command}", post(command))
        .with_state(queue);
    axum::serve(listener, router).await?;
    Ok(())
}

async fn gather(rows: &mut mpsc::Receiver<Row>, is_crowd: bool) -> Option<Vec<Row>> {
    let mut batch = vec![rows.recv().await?];
    if is_crowd {
        tokio::time::sleep(GATHER).await;
    }
    while batch.len() < ROWS
        && let Ok(row) = rows.try_recv()
    {
        batch.push(row);
    }
    Some(batch)
}

async fn begin(State(queue): State<Queue>, body: Json<Value>) -> (StatusCode, Json<Value>) {
    record(queue, Uuid::now_v7().to_string(), body, StatusCode::CREATED).await
}

async fn command(
    State(queue): State<Queue>,
    Path((id, _)): Path<(String, String)>,
    body: Json<Value>,
) -> (StatusCode, Json<Value>) {
    record(queue, id, body, StatusCode::OK).await
}

async fn record(
    queue: Queue,
    id: String,
    Json(body): Json<Value>,
    status: StatusCode,
) -> (StatusCode, Json<Value>) {
    let (done, position) = oneshot::channel();
    let row = Row { id: id.clone(), payload: body.to_string(), done };
    if queue.send(row).await.is_err() {
        return (StatusCode::INTERNAL_SERVER_ERROR, Json(Value::Null));
    }
    match position.await {
        Ok(position) => (status, Json(json!({ "id": id, "position": position }))),
        Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, Json(Value::Null)),
    }
}

/// One connection, and the last position that it gave.
struct Inserter {
    connection: Engines,
    position: i64,
}

enum Engines {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

impl Inserter {
    async fn open(engine: Engine, url: &str) -> Result<Self, Failure> {
        let connection = match engine {
            Engine::Postgres => {
                let mut connection = PgConnection::connect(url).await?;
                connection.execute("CREATE TABLE bare_events (LIKE events INCLUDING ALL)").await?;
                Engines::Postgres(connection)
            }
            Engine::Sqlite => {
                let options = url.parse::<SqliteConnectOptions>()?;
                let options = options
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full);
                let mut connection = SqliteConnection::connect_with(&options).await?;
                like_events(&mut connection).await?;
                Engines::Sqlite(connection)
            }
        };
        Ok(Self { connection, position: 0 })
    }

    async fn insert(&mut self, batch: Vec<Row>) -> Result<(), Failure> {
        let first = self.position + 1;
        self.position += i64::try_from(batch.len())?;
        let positions: Vec<i64> = (first..=self.position).collect();
        match &mut self.connection {
            Engines::Postgres(connection) => {
                insert_postgres(connection, &batch, &positions).await?;
            }
            Engines::Sqlite(connection) => insert_sqlite(connection, &batch, first).await?,
        }
        for (row, position) in batch.into_iter().zip(positions) {
            let _ = row.done.send(position);
        }
        Ok(())
    }
}

async fn insert_postgres(
    connection: &mut PgConnection,
    batch: &[Row],
    positions: &[i64],
) -> Result<(), Failure> {
    let column = |of: fn(&Row) -> &str| -> Vec<&str> { batch.iter().map(of).collect() };
    sqlx::query(
        "INSERT INTO bare_events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, \
         metadata, position, recorded_at, leaf_hash) SELECT 'beneficiary', i, n, 'NoteAdded', '1.0', p::json, \
         m::json, n, now(), h FROM UNNEST($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bytea[]) \
         AS r (i, p, m, n, h)",
    )
    .bind(column(|row| &row.id))
    .bind(column(|row| &row.payload))
    .bind(vec![METADATA; batch.len()])
    .bind(positions)
    .bind(vec![vec![7_u8; 32]; batch.len()])
    .execute(connection)
    .await?;
    Ok(())
}

async fn insert_sqlite(
    connection: &mut SqliteConnection,
    batch: &[Row],
    first: i64,
) -> Result<(), Failure> {
    let mut transaction = connection.begin().await?;
    for (row, position) in batch.iter().zip(first..) {
        sqlx::query(
            "INSERT INTO bare_events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, \
             metadata, position, recorded_at, leaf_hash) \
             VALUES ('beneficiary', ?1, ?2, 'NoteAdded', '1.0', ?3, ?4, ?5, ?6, ?7)",
        )
        .bind(&row.id)
        // No other row of the stream has it.
        .bind(position)
        .bind(&row.payload)
        .bind(METADATA)
        .bind(position)
        .bind("2026-01-01T00:00:00.000000Z")
        .bind(&[7_u8; 32][..])
        .execute(&mut *transaction)
        .await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// A table with the columns and the indexes of `events`.
async fn like_events(connection: &mut SqliteConnection) -> Result<(), Failure> {
    let made: Vec<String> = sqlx::query_scalar(
        "SELECT sql FROM sqlite_master WHERE tbl_name = 'events' AND type IN ('table', 'index') AND sql IS NOT NULL \
         ORDER BY type DESC",
    )
    .fetch_all(&mut *connection)
    .await?;
    for statement in made {
        let statement = statement.replace("events", "bare_events");
        sqlx::raw_sql(&statement).execute(&mut *connection).await?;
    }
    Ok(())
}
