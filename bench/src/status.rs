//! Current status of random paths, against a bare route that answers as many bytes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::client::{Connection, get};
use crate::cluster::database;
use crate::report::{self, Figure, Side};
use crate::servers::{Server, Sira, bare};
use crate::work::{Target, gathered};
use crate::{Engine, Failure, paths};

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct StatusArgs {
    /// Engine.
    #[arg(long)]
    pub engine: Engine,
    /// Paths to choose from.
    #[arg(long, default_value_t = 100_000)]
    pub paths: usize,
    /// Connections at once; may be repeated.
    #[arg(long, default_values_t = [1, 64, 256])]
    pub connections: Vec<usize>,
    /// Seconds of each side in each round.
    #[arg(long, default_value_t = 5)]
    pub seconds: u64,
    /// Rounds.
    #[arg(long, default_value_t = 3)]
    pub rounds: u32,
}

/// Runs it.
pub async fn run(args: StatusArgs) -> Result<Vec<Figure>, Failure> {
    let directory = tempfile::tempdir()?;
    let (_cluster, url) = database(args.engine, directory.path()).await?;
    let sira = Sira::on(&url, directory.path()).await?;
    let server = sira.serve().await?;
    let target = sira.target(&server).await?;
    let idea = ("submit-idea", "adviser", paths::idea());
    let events = paths::events(&target.programme, &[idea])?;
    let ids = paths::preload(&url, &target.programme, &events, args.paths).await?;
    let ids = Arc::new(ids);
    let body = directory.path().join("body.json");
    std::fs::write(&body, one(&target, ids[0]).await?)?;
    println!("a status of {} bytes; {} paths", std::fs::metadata(&body)?.len(), ids.len());
    let bare = bare(&body).await?;
    // Every path once, so that what is measured is not the first reading.
    warm(&target, &ids).await?;
    let mut figures = Vec::new();
    for connections in args.connections.iter().copied() {
        figures.push(compare(&args, &target, &bare, &ids, connections).await?);
    }
    Ok(figures)
}

async fn compare(
    args: &StatusArgs,
    target: &Target,
    bare: &Server,
    ids: &Arc<Vec<Uuid>>,
    connections: usize,
) -> Result<Figure, Failure> {
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
    let what = format!("status, {:?}, {connections} connections", args.engine);
    Ok(report::print(&what, &ours, &yardstick))
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
    let (count, micros) = gathered(tasks).await?;
    Ok((count, micros, begun.elapsed()))
}
