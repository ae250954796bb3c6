//! Live projections: how far behind they are under a steady load, and what they cost.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use sira_numbers::Position;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use super::{micros_of, ms};
use crate::client::Connection;
use crate::cluster::database;
use crate::report::Figure;
use crate::servers::Sira;
use crate::work::{Target, round};
use crate::{Engine, Failure};

/// How often the checkpoints are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(3);

/// The lag that 99 of 100 commands should have at most, in milliseconds.
const LAG_AIM_MS: f64 = 150.0;

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct LiveArgs {
    /// Engine.
    #[arg(long)]
    pub engine: Engine,
    /// Commands a second of the steady load.
    #[arg(long, default_value_t = 5_000)]
    pub rate: u32,
    /// Connections of the steady load.
    #[arg(long, default_value_t = 64)]
    pub connections: u32,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 10)]
    pub seconds: u64,
    /// Rounds with and without projections.
    #[arg(long, default_value_t = 3)]
    pub rounds: u32,
}

/// Runs it.
pub async fn live(args: LiveArgs) -> Result<Vec<Figure>, Failure> {
    let directory = tempfile::tempdir()?;
    let (cluster, url) = database(args.engine, directory.path()).await?;
    let sira = Sira::on(&url, directory.path()).await?;
    let server = sira.serve().await?;
    let target = sira.target(&server).await?;
    let read_url = match &cluster {
        Some(_) => url.clone(),
        None => format!("sqlite:{}", directory.path().join("read.db").display()),
    };
    let lag = lag(&args, &target, &read_url).await?;
    let (mut on, mut off) = (Vec::new(), Vec::new());
    drop(server);
    for _ in 0..args.rounds {
        on.push(throughput(&args, &sira, &target, true).await?);
        off.push(throughput(&args, &sira, &target, false).await?);
    }
    let (on, off) = (median(on), median(off));
    println!("with projections    {on:>8.0} commands/s");
    println!("without projections {off:>8.0} commands/s");
    println!("cost {:.0} %", (1.0 - on / off) * 100.0);
    let with = format!("commands with projections, {:?} to without", args.engine);
    let within = format!("lag p99 of {LAG_AIM_MS} ms, {:?} to what it is", args.engine);
    Ok(vec![
        Figure { name: with, ours: on, yardstick: off },
        Figure { name: within, ours: LAG_AIM_MS, yardstick: lag },
    ])
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or(0.0)
}

#[expect(clippy::cast_precision_loss, reason = "counts of a bench")]
async fn throughput(
    args: &LiveArgs,
    sira: &Sira,
    target: &Target,
    projected: bool,
) -> Result<f64, Failure> {
    let server = if projected { sira.serve().await? } else { sira.serve_unprojected().await? };
    // What the round before left is taken in first, so that each round pays for itself.
    tokio::time::sleep(Duration::from_secs(4)).await;
    let target = Target { port: server.port, ..target.clone() };
    let time = Duration::from_secs(args.seconds);
    let ((count, _), took) = round(&target, args.connections as usize, time).await?;
    Ok(count as f64 / took.as_secs_f64())
}

/// Acknowledged positions, with when they were.
type Acknowledged = Arc<Mutex<VecDeque<(Position, Instant)>>>;

/// A steady load; from each answer to the moment when every projection has its event.
async fn lag(args: &LiveArgs, target: &Target, read_url: &str) -> Result<f64, Failure> {
    let acknowledged = Acknowledged::default();
    let until = Instant::now() + Duration::from_secs(args.seconds);
    let mut callers = JoinSet::new();
    for _ in 0..args.connections {
        let (target, acknowledged) = (target.clone(), acknowledged.clone());
        let every = Duration::from_secs(1) * args.connections / args.rate;
        callers.spawn(async move { pace(&target, &acknowledged, every, until).await });
    }
    let watched = watch(read_url, &acknowledged, until + Duration::from_secs(5)).await?;
    let mut count = 0;
    while let Some(caller) = callers.join_next().await {
        count += caller??;
    }
    println!(
        "lag at {} commands/s: p50 {:.0} ms, p99 {:.0} ms, most {:.0} ms ({} seen)",
        count / args.seconds,
        ms(&watched, 0.5),
        ms(&watched, 0.99),
        ms(&watched, 1.0),
        watched.len()
    );
    Ok(ms(&watched, 0.99))
}

async fn pace(
    target: &Target,
    acknowledged: &Acknowledged,
    every: Duration,
    until: Instant,
) -> Result<u64, Failure> {
    let mut connection = Connection::open(target.port).await?;
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Burst);
    let (mut count, mut walk) = (0, target.walk());
    while Instant::now() < until {
        ticks.tick().await;
        let answer = walk.step(&mut connection).await?;
        let position = answer.split("\"position\":").nth(1).and_then(|rest| rest.split(',').next());
        let position = position.ok_or("no position in the answer")?.parse()?;
        acknowledged.lock().await.push_back((position, Instant::now()));
        count += 1;
    }
    Ok(count)
}

async fn watch(
    read_url: &str,
    acknowledged: &Acknowledged,
    until: Instant,
) -> Result<Histogram<u64>, Failure> {
    let store = sira_projections::ReadStore::open(read_url).await?;
    let mut micros = Histogram::new(3)?;
    while Instant::now() < until {
        let stored = store.projections("main").await?;
        let reached = stored.iter().map(|one| one.position).min().unwrap_or_default();
        let now = Instant::now();
        let mut waiting = acknowledged.lock().await;
        // Answers come nearly in the order of their positions.
        let mut later = VecDeque::new();
        while let Some((position, at)) = waiting.pop_front() {
            if position <= reached {
                micros.record(micros_of(now.saturating_duration_since(at)))?;
            } else {
                later.push_back((position, at));
            }
        }
        *waiting = later;
        drop(waiting);
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let left = acknowledged.lock().await.len();
    if left > 0 {
        println!("{left} events were still waited for at the end");
    }
    Ok(micros)
}
