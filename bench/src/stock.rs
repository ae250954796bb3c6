//! The yardsticks' servers: stock cqrs-es behind axum, and a bare route.
//!
//! Stock runs the same aggregate and reads the same bodies, with nothing to authorise, seal or make
//! idempotent: all of that is in its favour.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use chrono::{NaiveDate, Utc};
use cqrs_es::persist::{PersistedEventRepository, PersistedEventStore};
use cqrs_es::{AggregateError, CqrsFramework};
use serde_json::{Value, json};
use sira_domain::context::Context;
use sira_domain::path::{Beneficiary, BeneficiaryCommand};
use sira_domain::programme::{Convention, Office, Programme, ProgrammeEvent, ProgrammeFact};
use sira_domain::refusal::Refusal;
use sira_domain::role::Role;
use sira_domain::values::ActorId;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Executor, PgPool, SqlitePool};
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::servers::StockKind;
use crate::{Engine, Failure, floor, views};

/// Arguments of the stock server.
#[derive(Debug, clap::Args)]
pub struct StockArgs {
    /// Engine.
    #[arg(long)]
    engine: Engine,
    /// Database.
    #[arg(long)]
    url: String,
    /// Port.
    #[arg(long)]
    port: u16,
    /// Which yardstick.
    #[arg(long)]
    kind: StockKind,
}

/// Arguments of the bare server.
#[derive(Debug, clap::Args)]
pub struct BareArgs {
    /// Port.
    #[arg(long)]
    port: u16,
    /// A file whose bytes are answered.
    #[arg(long)]
    body: std::path::PathBuf,
}

/// A framework for each of the two actors, on one pool.
struct Stock<R: PersistedEventRepository> {
    adviser: CqrsFramework<Beneficiary, PersistedEventStore<R, Beneficiary>>,
    committee: CqrsFramework<Beneficiary, PersistedEventStore<R, Beneficiary>>,
}

/// Serves stock cqrs-es.
pub async fn serve(args: StockArgs) -> Result<(), Failure> {
    let listener = TcpListener::bind(("127.0.0.1", args.port)).await?;
    if args.kind == StockKind::Floor {
        return floor::serve(listener, args.engine, &args.url).await;
    }
    match args.engine {
        Engine::Postgres => {
            let pool = postgres_es::default_postgress_pool(&args.url).await;
            pool.execute(EVENTS).await?;
            let views = if args.kind == StockKind::WithViews { views::MODELS } else { 0 };
            views::create(&pool, views).await?;
            axum::serve(listener, router(postgres(&pool, views)?)).await?;
        }
        Engine::Sqlite => {
            let pool = sqlite_pool(&args).await?;
            pool.execute(EVENTS).await?;
            axum::serve(listener, router(sqlite(&pool)?)).await?;
        }
    }
    Ok(())
}

/// The table that both crates ship.
const EVENTS: &str = "CREATE TABLE events (
    aggregate_type text NOT NULL, aggregate_id text NOT NULL, sequence bigint CHECK (sequence >= 0) NOT NULL,
    event_type text NOT NULL, event_version text NOT NULL, payload json NOT NULL, metadata json NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id, sequence))";

async fn sqlite_pool(args: &StockArgs) -> Result<SqlitePool, Failure> {
    if args.kind != StockKind::Durable {
        return Ok(sqlite_es::default_sqlite_pool(&args.url).await);
    }
    let options = args.url.parse::<SqliteConnectOptions>()?;
    let options = options
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true);
    Ok(SqlitePoolOptions::new().max_connections(10).connect_with(options).await?)
}

fn postgres(
    pool: &PgPool,
    views: usize,
) -> Result<Stock<postgres_es::PostgresEventRepository>, Failure> {
    let of = |actor: &str, role: Role| {
        let queries = views::queries(pool, views);
        Ok::<_, Failure>(postgres_es::postgres_cqrs(pool.clone(), queries, context(actor, role)?))
    };
    Ok(Stock {
        adviser: of("adviser", Role::Adviser)?,
        committee: of("committee", Role::Committee)?,
    })
}

fn sqlite(pool: &SqlitePool) -> Result<Stock<sqlite_es::SqliteEventRepository>, Failure> {
    Ok(Stock {
        adviser: sqlite_es::sqlite_cqrs(pool.clone(), vec![], context("adviser", Role::Adviser)?),
        committee: sqlite_es::sqlite_cqrs(
            pool.clone(),
            vec![],
            context("committee", Role::Committee)?,
        ),
    })
}

fn context(actor: &str, role: Role) -> Result<Context, Failure> {
    Ok(Context {
        #[expect(clippy::disallowed_methods, reason = "a yardstick has no clock of its own")]
        now: Utc::now(),
        occurred_on: None,
        backdating_reason: None,
        actor: ActorId::try_new(actor)?,
        role,
        subject: Uuid::nil(),
        programme: Arc::new(programme()?),
    })
}

/// A programme in memory, with one office.
pub fn programme() -> Result<Programme, Failure> {
    let convention: Convention = serde_json::from_value(json!({
        "name": "Bench", "parties": [{"name": "Bench", "role": "agency"}], "signed_on": "2021-07-06",
        "term_years": 30, "renewable": true
    }))?;
    let office: Office =
        serde_json::from_value(json!({"office": "segou", "name": "Ségou", "region": "segou"}))?;
    let mut programme = Programme::default();
    for fact in [ProgrammeFact::ConventionSigned(convention), ProgrammeFact::OfficeOpened(office)] {
        let occurred_on = NaiveDate::from_ymd_opt(2021, 7, 6).unwrap_or_default();
        programme.take(&ProgrammeEvent { occurred_on, by: ActorId::try_new("bench")?, fact });
    }
    Ok(programme)
}

fn router<R: PersistedEventRepository + 'static>(stock: Stock<R>) -> Router {
    Router::new()
        .route("/v1/beneficiaries", post(register::<R>))
        .route("/v1/beneficiaries/{id}/commands/{command}", post(command::<R>))
        .with_state(Arc::new(stock))
}

async fn register<R: PersistedEventRepository>(
    State(stock): State<Arc<Stock<R>>>,
    Json(body): Json<Value>,
) -> Response {
    let id = Uuid::now_v7().to_string();
    execute(&stock.adviser, id, "register", body, StatusCode::CREATED).await
}

async fn command<R: PersistedEventRepository>(
    State(stock): State<Arc<Stock<R>>>,
    Path((id, word)): Path<(String, String)>,
    Json(body): Json<Value>,
) -> Response {
    let framework = if word == "decide-selection" { &stock.committee } else { &stock.adviser };
    execute(framework, id, &word, body, StatusCode::OK).await
}

async fn execute<R: PersistedEventRepository>(
    framework: &CqrsFramework<Beneficiary, PersistedEventStore<R, Beneficiary>>,
    id: String,
    word: &str,
    body: Value,
    done: StatusCode,
) -> Response {
    let Some(Ok(command)) = BeneficiaryCommand::parse(word, body) else {
        return (StatusCode::UNPROCESSABLE_ENTITY, "form").into_response();
    };
    let metadata = HashMap::from([("actor".to_owned(), "adviser".to_owned())]);
    match framework.execute_with_metadata(&id, command, metadata).await {
        Ok(()) => (done, Json(json!({ "id": id }))).into_response(),
        Err(error) => refused(&error).into_response(),
    }
}

fn refused(error: &AggregateError<Refusal>) -> (StatusCode, String) {
    (StatusCode::CONFLICT, error.to_string())
}

/// Serves the same bytes always, as JSON.
pub async fn serve_bare(args: BareArgs) -> Result<(), Failure> {
    let body = axum::body::Bytes::from(std::fs::read(&args.body)?);
    let answer =
        async move |_: Path<String>| ([(header::CONTENT_TYPE, "application/json")], body.clone());
    let router = Router::new().route("/v1/beneficiaries/{id}", get(answer));
    axum::serve(TcpListener::bind(("127.0.0.1", args.port)).await?, router).await?;
    Ok(())
}
