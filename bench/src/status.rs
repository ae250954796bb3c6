//! Current status of random paths, against a bare route that answers as many bytes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use sira::clock::Clock;
use sira::journal::{
    AppendRequest, Guard, Journal, JournalConfig, NewEvent, StreamId, StreamWrite,
};
use sira_domain::beneficiary::{Beneficiary, BeneficiaryCommand, decide};
use sira_domain::context::Context;
use sira_domain::role::Role;
use sira_domain::values::ActorId;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::client::{Connection, get};
use crate::cluster::Cluster;
use crate::report::{self, Side};
use crate::servers::{Server, Sira, bare};
use crate::work::Target;
use crate::{Engine, Failure, stock};

/// Paths written in one request while loading.
const PATHS_AT_ONCE: usize = 200;

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct StatusArgs {
    /// Engine.
    #[arg(long)]
    engine: Engine,
    /// Paths to choose from.
    #[arg(long, default_value_t = 100_000)]
    paths: usize,
    /// Connections at once; may be repeated.
    #[arg(long, default_values_t = [1, 64, 256])]
    connections: Vec<usize>,
    /// Seconds of each side in each round.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Rounds.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
}

/// Runs it.
pub async fn run(args: StatusArgs) -> Result<(), Failure> {
    let directory = tempfile::tempdir()?;
    let cluster = match args.engine {
        Engine::Postgres => Some(Cluster::start()?),
        Engine::Sqlite => None,
    };
    let url = match &cluster {
        Some(cluster) => cluster.database("sira").await?,
        None => format!("sqlite:{}", directory.path().join("journal.db").display()),
    };
    let sira = Sira::on(&url, directory.path()).await?;
    let server = sira.serve().await?;
    let target = sira.target(&server).await?;
    let ids = Arc::new(preload(&url, &target.programme, args.paths).await?);
    let body = directory.path().join("body.json");
    std::fs::write(&body, one(&target, ids[0]).await?)?;
    println!("a status of {} bytes; {} paths", std::fs::metadata(&body)?.len(), ids.len());
    let bare = bare(&body).await?;
    // Every path once, so that what is measured is not the first reading.
    warm(&target, &ids).await?;
    for connections in args.connections.iter().copied() {
        compare(&args, &target, &bare, &ids, connections).await?;
    }
    Ok(())
}

async fn compare(
    args: &StatusArgs,
    target: &Target,
    bare: &Server,
    ids: &Arc<Vec<Uuid>>,
    connections: usize,
) -> Result<(), Failure> {
    let time = Duration::from_secs(args.seconds);
    let (mut ours, mut yardstick) = (Side::new("status")?, Side::new("bare route")?);
    for _ in 0..args.rounds {
        let (count, micros, took) =
            round(target.port, &target.adviser, ids, connections, time).await?;
        ours.add(count, took, &micros)?;
        let (count, micros, took) =
            round(bare.port, &target.adviser, ids, connections, time).await?;
        yardstick.add(count, took, &micros)?;
    }
    report::print(
        &format!("status, {:?}, {connections} connections", args.engine),
        &ours,
        &yardstick,
    );
    Ok(())
}

/// Writes paths of two events through the domain and the journal, beside the running server.
async fn preload(url: &str, programme: &str, paths: usize) -> Result<Vec<Uuid>, Failure> {
    let journal = Journal::open(&JournalConfig::new(url), Clock::System).await?;
    let programme_id = Uuid::try_parse(programme)?;
    let events = path_events(programme)?;
    let mut ids = Vec::with_capacity(paths);
    while ids.len() < paths {
        let batch: Vec<Uuid> =
            (0..PATHS_AT_ONCE.min(paths - ids.len())).map(|_| Uuid::now_v7()).collect();
        let write = |id: &Uuid| StreamWrite {
            stream: StreamId { aggregate_type: "beneficiary".into(), aggregate_id: *id },
            expected_version: 0,
            events: events.clone(),
        };
        let guard = Guard {
            stream: StreamId { aggregate_type: "programme".into(), aggregate_id: programme_id },
            version: 2,
        };
        let writes = batch.iter().map(write).collect();
        let request = AppendRequest {
            writes,
            referrals: Vec::new(),
            guards: vec![guard],
            alias: None,
            key: None,
            answer: String::new(),
        };
        journal.append(request).await?;
        ids.extend(batch);
    }
    journal.close().await;
    Ok(ids)
}

fn path_events(programme: &str) -> Result<Vec<NewEvent>, Failure> {
    let sealed = format!("sealed:v1:{}:{}", Uuid::nil().simple(), "A".repeat(139));
    let target = Target {
        port: 0,
        programme: programme.to_owned(),
        adviser: String::new(),
        committee: String::new(),
        sealed: Some(sealed.clone()),
    };
    let idea =
        format!(r#"{{"title":"{sealed}","sector":"C","start_up_cost":450000,"jobs_expected":3}}"#);
    let context = Context {
        now: Clock::System.now(),
        occurred_on: None,
        actor: ActorId::try_new("adviser")?,
        role: Role::Adviser,
        subject: Uuid::nil(),
        programme: Arc::new(stock::programme()?),
    };
    let (mut path, mut new_events) = (Beneficiary::default(), Vec::new());
    for (word, body) in [("register", target.registration()), ("submit-idea", idea)] {
        let command = BeneficiaryCommand::parse(word, serde_json::from_str(&body)?)
            .ok_or("no such command")??;
        for event in decide(&path, command, &context)? {
            new_events.push(NewEvent {
                event_type: event.fact.event_type().into(),
                event_version: event.fact.event_version().into(),
                payload: serde_json::to_string(&event)?,
                metadata: r#"{"actor":"adviser","role":"adviser","request_id":"bench","rules_version":"0"}"#.to_owned(),
            });
            path.take(event);
        }
    }
    Ok(new_events)
}

fn path_of(id: Uuid) -> String {
    format!("/v1/beneficiaries/{id}")
}

async fn one(target: &Target, id: Uuid) -> Result<Vec<u8>, Failure> {
    let mut connection = Connection::open(target.port).await?;
    let (status, body) = connection.send(&get(&path_of(id), &target.adviser)).await?;
    if status != 200 {
        return Err(format!("{status} {}", String::from_utf8_lossy(body)).into());
    }
    Ok(body.to_vec())
}

async fn warm(target: &Target, ids: &Arc<Vec<Uuid>>) -> Result<(), Failure> {
    let mut tasks = JoinSet::new();
    for part in 0..16 {
        let (ids, port, token) = (ids.clone(), target.port, target.adviser.clone());
        tasks.spawn(async move {
            let mut connection = Connection::open(port).await?;
            for id in ids.iter().skip(part).step_by(16) {
                connection.send(&get(&path_of(*id), &token)).await?;
            }
            Ok::<_, Failure>(())
        });
    }
    while let Some(task) = tasks.join_next().await {
        task??;
    }
    Ok(())
}

async fn round(
    port: u16,
    token: &str,
    ids: &Arc<Vec<Uuid>>,
    connections: usize,
    time: Duration,
) -> Result<(u64, Histogram<u64>, Duration), Failure> {
    let begun = Instant::now();
    let mut tasks = JoinSet::new();
    for caller in 0..connections {
        let (ids, token) = (ids.clone(), token.to_owned());
        tasks.spawn(async move {
            let mut connection = Connection::open(port).await?;
            let (mut count, mut micros) = (0_u64, Histogram::<u64>::new(3)?);
            // A linear congruence is random enough to defeat any order in the cache.
            let mut seed = (caller as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            while begun.elapsed() < time {
                seed = seed
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                let id = ids[usize::try_from(seed >> 33)? % ids.len()];
                let started = Instant::now();
                let (status, _) = connection.send(&get(&path_of(id), &token)).await?;
                if status != 200 {
                    return Err(format!("status {status}").into());
                }
                micros.record(u64::try_from(started.elapsed().as_micros())?.max(1))?;
                count += 1;
            }
            Ok::<_, Failure>((count, micros))
        });
    }
    let (mut count, mut micros) = (0, Histogram::new(3)?);
    while let Some(task) = tasks.join_next().await {
        let (done, latencies) = task??;
        count += done;
        micros.add(latencies)?;
    }
    Ok((count, micros, begun.elapsed()))
}
