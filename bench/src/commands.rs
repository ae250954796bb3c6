//! Durable commands over HTTP, against stock cqrs-es with the same aggregate and handler shape.

use std::time::Duration;

use crate::cluster::Cluster;
use crate::report::{self, Side};
use crate::servers::{self, Sira};
use crate::work::{Target, round};
use crate::{Engine, Failure};

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct CommandsArgs {
    /// Engine of both sides.
    #[arg(long)]
    engine: Engine,
    /// Connections at once; may be repeated.
    #[arg(long, default_values_t = [1, 32, 256])]
    connections: Vec<usize>,
    /// Seconds of each side in each round.
    #[arg(long, default_value_t = 6)]
    seconds: u64,
    /// Rounds.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
}

/// Runs it.
pub async fn run(args: CommandsArgs) -> Result<(), Failure> {
    let directory = tempfile::tempdir()?;
    let file = |name: &str| format!("sqlite:{}", directory.path().join(name).display());
    let cluster = match args.engine {
        Engine::Postgres => Some(Cluster::start()?),
        Engine::Sqlite => None,
    };
    let (ours, stock) = match &cluster {
        Some(cluster) => (cluster.database("sira").await?, cluster.database("stock").await?),
        None => (file("journal.db"), file("stock.db")),
    };
    let sira = Sira::on(&ours, directory.path()).await?;
    let server = sira.serve().await?;
    let target = sira.target(&server).await?;
    let (_stock, stock_target) = servers::stock(args.engine, &stock, false).await?;
    compare(&args, &target, "stock as shipped", &stock_target).await?;
    if args.engine == Engine::Sqlite {
        let (_durable, target_durable) =
            servers::stock(args.engine, &file("durable.db"), true).await?;
        compare(&args, &target, "stock, synchronous=FULL", &target_durable).await?;
    }
    Ok(())
}

async fn compare(
    args: &CommandsArgs,
    ours: &Target,
    name: &str,
    yardstick: &Target,
) -> Result<(), Failure> {
    let time = Duration::from_secs(args.seconds);
    for connections in args.connections.iter().copied() {
        let (mut sira, mut stock) = (Side::new("sira")?, Side::new(name)?);
        for _ in 0..args.rounds {
            let ((count, micros), took) = round(ours, connections, time).await?;
            sira.add(count, took, &micros)?;
            let ((count, micros), took) = round(yardstick, connections, time).await?;
            stock.add(count, took, &micros)?;
        }
        report::print(
            &format!("commands, {:?}, {connections} connections", args.engine),
            &sira,
            &stock,
        );
    }
    Ok(())
}
