//! Figures and lists over populations of two sizes.

use std::time::{Duration, Instant};

use super::{ask, ms};
use crate::client::{Connection, get};
use crate::cluster::{Cluster, database};
use crate::servers::{Server, Sira};
use crate::{Engine, Failure};

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct FiguresArgs {
    /// Engine.
    #[arg(long)]
    engine: Engine,
    /// People; may be repeated.
    #[arg(long, default_values_t = [30_000, 300_000])]
    cases: Vec<u64>,
    /// Questions of each kind.
    #[arg(long, default_value_t = 100)]
    times: usize,
}

/// The questions: each route as it is asked without a parameter, and broken down.
const QUESTIONS: [&str; 12] = [
    "/v1/analytics/funnel",
    "/v1/analytics/funnel?group_by=region,sex",
    "/v1/analytics/indicators",
    "/v1/analytics/indicators?group_by=region",
    "/v1/analytics/indicators?region=segou&sex=female&as_of=2024-06-30",
    "/v1/analytics/durations",
    "/v1/analytics/training?group_by=cohort",
    "/v1/analytics/finance?group_by=fund",
    "/v1/analytics/survival?group_by=region",
    "/v1/analytics/timeseries?name=registered,trained,financed&interval=month",
    "/v1/analytics/targets",
    "/v1/analytics/indicators/registered/why?region=segou&limit=50",
];

/// People up to whom the index for searching is built too: it takes minutes for more.
const SEARCHED_MAX: u64 = 50_000;

/// A population, a server on it, and what must outlive them.
struct World {
    server: Server,
    sira: Sira,
    _directory: tempfile::TempDir,
    _cluster: Option<Cluster>,
}

async fn world(engine: Engine, cases: u64) -> Result<World, Failure> {
    let directory = tempfile::tempdir()?;
    let (cluster, url) = database(engine, directory.path()).await?;
    let sira = Sira::on(&url, directory.path()).await?;
    let begun = Instant::now();
    sira.output(&["generate", "--cases", &cases.to_string(), "--seed", "1"]).await?;
    println!("{cases} people generated in {:.0} s", begun.elapsed().as_secs_f64());
    let begun = Instant::now();
    let models = sira_projections::models::MODELS.iter().map(|model| model.name);
    let identity = sira_projections::case_identity::NAME;
    let searched = (cases <= SEARCHED_MAX).then_some(identity);
    let words: Vec<_> =
        ["projections", "rebuild"].into_iter().chain(models).chain(searched).collect();
    sira.output(&words).await?;
    println!("{} read models built in {:.0} s", words.len() - 2, begun.elapsed().as_secs_f64());
    // Nothing is written any more, and what was left out above is not to be built meanwhile.
    let server = sira.serve_unprojected().await?;
    let token = sira.token("director").await?;
    let begun = Instant::now();
    let mut connection = Connection::open(server.port).await?;
    // The facts are read in the background; until then a question waits.
    while connection.send(&get(QUESTIONS[0], &token)).await?.0 != 200 {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    println!("first figure {:.1} s after the start", begun.elapsed().as_secs_f64());
    println!("memory of the server: {:?} KiB, and the most", server.memory_kib());
    Ok(World { server, sira, _directory: directory, _cluster: cluster })
}

/// Runs the questions.
pub async fn figures(args: FiguresArgs) -> Result<(), Failure> {
    let paths: Vec<String> = QUESTIONS.iter().map(|path| (*path).to_owned()).collect();
    let mut sizes = Vec::new();
    for cases in args.cases.iter().copied() {
        let world = world(args.engine, cases).await?;
        let director = world.sira.token("director").await?;
        let analyst = world.sira.token("analyst").await?;
        let port = world.server.port;
        let seen = ask(port, &director, &paths, args.times).await?;
        let hidden = ask(port, &analyst, &paths, args.times).await?;
        println!("== {cases} people, {:?}; p50 and p99 in ms", args.engine);
        for ((path, director), analyst) in paths.iter().zip(&seen).zip(&hidden) {
            println!(
                "{path:<72} director {:>7.2} {:>7.2}  analyst {:>7.2} {:>7.2}",
                ms(director, 0.5),
                ms(director, 0.99),
                ms(analyst, 0.5),
                ms(analyst, 0.99)
            );
        }
        println!("memory of the server: {:?} KiB, and the most", world.server.memory_kib());
        sizes.push(seen);
        lists(&args, &world, cases).await?;
    }
    if let [small, large] = &sizes[..] {
        println!("== growth of p99");
        for ((path, small), large) in paths.iter().zip(small).zip(large) {
            println!("{path:<72} {:.1}", ms(large, 0.99) / ms(small, 0.99));
        }
    }
    Ok(())
}

/// First and far pages of lists.
async fn lists(args: &FiguresArgs, world: &World, cases: u64) -> Result<(), Failure> {
    let adviser = world.sira.token("adviser").await?;
    println!("== lists over {cases} people, {:?}; p50 and p99 in ms", args.engine);
    for first in [
        "/v1/beneficiaries?limit=50",
        "/v1/beneficiaries?region=segou&stage=recruitment&limit=50",
        "/v1/beneficiaries?sort=last_on&status=active&limit=50",
        "/v1/beneficiaries?q=aminata&limit=50",
        "/v1/worklists/due-visits?limit=50",
        "/v1/worklists/stalled?limit=50",
        "/v1/worklists/awaiting-decision?limit=50",
        "/v1/worklists/overdue-repayments?limit=50",
    ] {
        if first.contains("q=") && cases > SEARCHED_MAX {
            continue;
        }
        let mut connection = Connection::open(world.server.port).await?;
        let mut pages = vec![first.to_owned()];
        let mut path = first.to_owned();
        // Pages are walked one after the other, since a cursor is had from the page before.
        for _ in 0..200 {
            let (status, body) = connection.send(&get(&path, &adviser)).await?;
            if status != 200 {
                println!("{first}: {status} {}", String::from_utf8_lossy(body));
                break;
            }
            let body: serde_json::Value = serde_json::from_slice(body)?;
            let Some(cursor) = body["next_cursor"].as_str() else { break };
            path = format!("{first}&cursor={cursor}");
            pages.push(path.clone());
        }
        let far: Vec<String> = pages.iter().skip(1).step_by(20).cloned().collect();
        let one = ask(world.server.port, &adviser, &pages[..1], args.times).await?;
        let others = ask(world.server.port, &adviser, &far, args.times).await?;
        let worst = others.iter().map(|micros| ms(micros, 0.99)).fold(0.0, f64::max);
        println!(
            "{first:<62} first {:>6.2} {:>6.2}  worst of {:>2} others p99 {:>6.2}  ratio {:.2}",
            ms(&one[0], 0.5),
            ms(&one[0], 0.99),
            others.len(),
            worst,
            worst / ms(&one[0], 0.99)
        );
    }
    Ok(())
}
