//! What an append costs in a large journal, against a small one.

use std::time::Duration;

use sira::journal::{AppendRequest, Journal, StreamId, StreamWrite};
use sira_numbers::Version;
use uuid::Uuid;

use crate::append::{event, load, open};
use crate::cluster::Cluster;
use crate::{Engine, Failure};

/// Events of one filling request: streams of ten.
const STREAMS: usize = 50;

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct GrowthArgs {
    /// Engine.
    #[arg(long, default_value = "postgres")]
    engine: Engine,
    /// Events of the small journal.
    #[arg(long, default_value_t = 100_000)]
    small: u64,
    /// Events of the large journal.
    #[arg(long, default_value_t = 5_000_000)]
    large: u64,
    /// Callers while measuring.
    #[arg(long, default_value_t = 64)]
    callers: usize,
    /// Seconds of each measurement, of which the median of five is taken.
    #[arg(long, default_value_t = 4)]
    seconds: u64,
}

/// Runs it.
pub async fn run(args: GrowthArgs) -> Result<(), Failure> {
    let directory = tempfile::tempdir()?;
    let cluster = match args.engine {
        Engine::Postgres => Some(Cluster::start()?),
        Engine::Sqlite => None,
    };
    let url = match &cluster {
        Some(cluster) => cluster.database("journal").await?,
        None => format!("sqlite:{}", directory.path().join("journal.db").display()),
    };
    let journal = open(&url).await?;
    fill(&journal, args.small).await?;
    let small = measure(&journal, &args).await?;
    fill(&journal, args.large).await?;
    let large = measure(&journal, &args).await?;
    println!("== append cost an event, {:?}, {} callers", args.engine, args.callers);
    println!("from {} events: {small:.1} us", args.small);
    println!("from {} events: {large:.1} us", args.large);
    println!("ratio {:.2}", large / small);
    journal.close().await;
    Ok(())
}

async fn fill(journal: &Journal, until: u64) -> Result<(), Failure> {
    let mut position = journal.head().await?.position;
    while position.get() < until {
        let writes = (0..STREAMS)
            .map(|_| StreamWrite {
                stream: StreamId {
                    aggregate_type: "beneficiary".into(),
                    aggregate_id: Uuid::now_v7(),
                },
                expected_version: Version::ZERO,
                events: vec![event(); 10],
            })
            .collect();
        let request = AppendRequest { writes, ..AppendRequest::default() };
        journal.append(request).await?;
        position = position.plus(10 * STREAMS as u64);
    }
    Ok(())
}

/// Microseconds an event, the median of five.
#[expect(clippy::cast_precision_loss, reason = "counts of a bench")]
async fn measure(journal: &Journal, args: &GrowthArgs) -> Result<f64, Failure> {
    let mut costs = Vec::new();
    for _ in 0..5 {
        let (count, _, took) =
            load(journal, args.callers, Duration::from_secs(args.seconds)).await?;
        costs.push(took.as_secs_f64() * 1e6 / count as f64);
    }
    costs.sort_by(f64::total_cmp);
    Ok(costs[costs.len() / 2])
}
