//! Durable commands over HTTP, on the server as it ships: against stock cqrs-es with the same aggregate and
//! handler shape, as it is and with a view for each read model, and against the floor.

use std::time::Duration;

use crate::cluster::Cluster;
use crate::report::{self, Figure, Side};
use crate::servers::{self, Sira, StockKind};
use crate::work::{Target, batches, round};
use crate::{Engine, Failure};

/// Commands of one batch.
const BATCH: usize = 100;
/// Callers that send batches.
const BATCH_CALLERS: usize = 16;

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct CommandsArgs {
    /// Engine of both sides.
    #[arg(long)]
    pub engine: Engine,
    /// Connections at once; may be repeated.
    #[arg(long, default_values_t = [1, 32, 256])]
    pub connections: Vec<usize>,
    /// Seconds of each side in each round.
    #[arg(long, default_value_t = 6)]
    pub seconds: u64,
    /// Rounds.
    #[arg(long, default_value_t = 3)]
    pub rounds: u32,
}

/// One yardstick, and where its work is sent.
struct Yardstick {
    name: &'static str,
    target: Target,
    _server: servers::Server,
}

/// Runs it.
pub async fn run(args: CommandsArgs) -> Result<Vec<Figure>, Failure> {
    let directory = tempfile::tempdir()?;
    let cluster = match args.engine {
        Engine::Postgres => Some(Cluster::start()?),
        Engine::Sqlite => None,
    };
    let database = async |name: &str| match &cluster {
        Some(cluster) => cluster.database(name).await,
        None => Ok(format!("sqlite:{}", directory.path().join(format!("{name}.db")).display())),
    };
    let sira = Sira::on(&database("journal").await?, directory.path()).await?;
    let server = sira.serve().await?;
    let target = sira.target(&server).await?;
    let mut yardsticks = Vec::new();
    for (name, kind) in kinds(args.engine) {
        let url = database(kind.word()).await?;
        let (server, target) = servers::stock(args.engine, &url, *kind).await?;
        yardsticks.push(Yardstick { name, target, _server: server });
    }
    let mut figures = Vec::new();
    let most = args.connections.iter().copied().max().unwrap_or(1);
    for connections in args.connections.iter().copied() {
        // Views and floor are told where the most callers are.
        let last = if connections == most { yardsticks.len() } else { 1 };
        figures.extend(compare(&args, &target, &yardsticks[..last], connections).await?);
    }
    figures.push(batched(&args, &target, &yardsticks[0], most).await?);
    Ok(figures)
}

/// What an engine is measured against: the first at every number of connections.
fn kinds(engine: Engine) -> &'static [(&'static str, StockKind)] {
    match engine {
        Engine::Postgres => &[
            ("stock", StockKind::AsShipped),
            ("stock with views", StockKind::WithViews),
            ("the floor", StockKind::Floor),
        ],
        Engine::Sqlite => &[
            ("stock made durable", StockKind::Durable),
            ("stock as shipped", StockKind::AsShipped),
            ("the floor", StockKind::Floor),
        ],
    }
}

async fn compare(
    args: &CommandsArgs,
    target: &Target,
    yardsticks: &[Yardstick],
    connections: usize,
) -> Result<Vec<Figure>, Failure> {
    let time = Duration::from_secs(args.seconds);
    let mut ours = Side::new("sira")?;
    let mut theirs: Vec<Side> =
        yardsticks.iter().map(|one| Side::new(one.name)).collect::<Result<_, _>>()?;
    for _ in 0..args.rounds {
        let ((count, micros), took) = round(target, connections, time).await?;
        ours.add(count, took, &micros)?;
        for (yardstick, side) in yardsticks.iter().zip(&mut theirs) {
            let ((count, micros), took) = round(&yardstick.target, connections, time).await?;
            side.add(count, took, &micros)?;
        }
    }
    let what = format!("commands, {:?}, {connections} connections", args.engine);
    Ok(theirs.iter().map(|side| report::print(&what, &ours, side)).collect())
}

/// Commands by the hundred in one request, against those that stock takes one by one.
async fn batched(
    args: &CommandsArgs,
    target: &Target,
    stock: &Yardstick,
    connections: usize,
) -> Result<Figure, Failure> {
    let time = Duration::from_secs(args.seconds);
    let (mut ours, mut theirs) = (Side::new("sira, batches of 100")?, Side::new(stock.name)?);
    for _ in 0..args.rounds {
        let ((count, micros), took) = batches(target, BATCH_CALLERS, BATCH, time).await?;
        ours.add(count, took, &micros)?;
        let ((count, micros), took) = round(&stock.target, connections, time).await?;
        theirs.add(count, took, &micros)?;
    }
    let what = format!("batches, {:?}, {BATCH_CALLERS} callers", args.engine);
    Ok(report::print(&what, &ours, &theirs))
}
