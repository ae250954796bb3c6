//! A rebuild of every projection, against `COPY` of the journal in order.

use std::time::{Duration, Instant};

use futures::TryStreamExt as _;
use sqlx::postgres::PgPoolCopyExt as _;

use crate::Failure;
use crate::cluster::Cluster;
use crate::report::Figure;
use crate::servers::Sira;

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct RebuildArgs {
    /// People; some sixteen events each.
    #[arg(long, default_value_t = 70_000)]
    pub cases: u64,
    /// Rounds of each.
    #[arg(long, default_value_t = 3)]
    pub rounds: u32,
    /// Projections to rebuild; all of them when none is named.
    #[arg(long)]
    pub projection: Vec<String>,
}

/// Runs it.
pub async fn rebuild(args: RebuildArgs) -> Result<Figure, Failure> {
    let directory = tempfile::tempdir()?;
    let cluster = Cluster::start()?;
    let url = cluster.database("sira").await?;
    let sira = Sira::on(&url, directory.path()).await?;
    sira.output(&["generate", "--cases", &args.cases.to_string(), "--seed", "1"]).await?;
    let pool = sqlx::PgPool::connect(&url).await?;
    let events: i64 = sqlx::query_scalar("SELECT count(*) FROM events").fetch_one(&pool).await?;
    println!("{events} events of {} people", args.cases);
    let (mut copied, mut rebuilt, mut memory) = (Vec::new(), Vec::new(), 0);
    for _ in 0..args.rounds {
        copied.push(rate(events, copy(&pool).await?));
        let mut words = vec!["projections", "rebuild"];
        words.extend(args.projection.iter().map(String::as_str));
        let begun = Instant::now();
        memory = memory.max(sira.peak_memory_kib(&words).await?);
        rebuilt.push(rate(events, begun.elapsed()));
    }
    let (copied, rebuilt) = (median(copied), median(rebuilt));
    println!("COPY    {copied:>10.0} rows/s");
    println!("rebuild {rebuilt:>10.0} events/s, at most {} MiB resident", memory / 1_024);
    println!("ratio {:.3}", rebuilt / copied);
    let name = format!("events rebuilt, {} people to COPY", args.cases);
    Ok(Figure { name, ours: rebuilt, yardstick: copied })
}

async fn copy(pool: &sqlx::PgPool) -> Result<Duration, Failure> {
    let begun = Instant::now();
    let statement = "COPY (SELECT * FROM events ORDER BY position) TO STDOUT (FORMAT binary)";
    let mut stream = pool.copy_out_raw(statement).await?;
    let mut bytes = 0;
    while let Some(part) = stream.try_next().await? {
        bytes += part.len();
    }
    println!("copied {} MiB", bytes >> 20);
    Ok(begun.elapsed())
}

#[expect(clippy::cast_precision_loss, reason = "counts of a bench")]
fn rate(count: i64, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or(0.0)
}
