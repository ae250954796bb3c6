//! The evidence: checking a journal against a bare loop that reads and hashes it, what signing costs,
//! and proofs over HTTP against reading a status.

use std::path::Path;
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use hdrhistogram::Histogram;
use sira::backup::{back_up_journal, restore_journal};
use sira::clock::Clock;
use sira::evidence::verify::{Options, verify};
use sira::evidence::{Keeper, KeeperConfig, load_or_create_key};
use sira::generate::{Population, generate};
use sira::journal::{Journal, JournalConfig, RawEvent, sha256};
use sira::keys::{KeyStore, MasterKey};
use sira_database::on_engine;
use sira_numbers::Position;
use tokio::sync::watch;

use crate::client::{Connection, get};
use crate::cluster::database;
use crate::report::{self, Figure, Side};
use crate::servers::{Server, Sira};
use crate::work::{Target, round};
use crate::{Engine, Failure};

/// A key for a bench's own store.
const MASTER: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
/// Rows that the bare loop reads at once, as the check does.
const PAGE: u32 = 2_000;

/// Arguments of the check.
#[derive(Debug, clap::Args)]
pub struct VerifyArgs {
    /// Engine.
    #[arg(long)]
    pub engine: Engine,
    /// People of the journal.
    #[arg(long, default_value_t = 20_000)]
    pub cases: u64,
    /// Rounds.
    #[arg(long, default_value_t = 3)]
    pub rounds: u32,
    /// Backs the journal up as well, restores it into an empty database, and starts the signer anew.
    #[arg(long)]
    pub restore: bool,
}

/// Checks a generated and signed journal; then reads the same rows in order and hashes them.
pub async fn check(args: VerifyArgs) -> Result<Figure, Failure> {
    let directory = tempfile::tempdir()?;
    let (cluster, url) = database(args.engine, directory.path()).await?;
    let journal = signed_population(&url, directory.path(), args.cases).await?;
    let (mut ours, mut bare) = (Side::new("verify")?, Side::new("bare loop: read, SHA-256")?);
    for _ in 0..args.rounds {
        let begun = Instant::now();
        let report = verify(&journal, &Options::default(), &watch::Sender::default()).await?;
        ours.add(report.events, begun.elapsed(), &Histogram::new(3)?)?;
        if !report.holds() {
            return Err(format!("{:?}", report.deviations).into());
        }
        let begun = Instant::now();
        let rows = bare_loop(&journal, report.events).await?;
        bare.add(rows, begun.elapsed(), &Histogram::new(3)?)?;
    }
    let what = format!("events checked, {:?}, {} people", args.engine, args.cases);
    let figure = report::print(&what, &ours, &bare);
    if args.restore {
        start_again(&journal, directory.path()).await?;
        let target = match &cluster {
            Some(cluster) => cluster.database("restored").await?,
            None => format!("sqlite:{}", directory.path().join("restored.db").display()),
        };
        let rate = restored(&journal, &url, &target, directory.path()).await?;
        println!(
            "restored and checked: {rate:.0} events/s, {:.2} of the bare loop",
            rate / bare.median()
        );
    }
    journal.close().await;
    Ok(figure)
}

/// How long a signer takes until proofs are given: with the tree that it saved, and without.
async fn start_again(journal: &Journal, folder: &Path) -> Result<(), Failure> {
    let saved = folder.join("signing.tree");
    let size = std::fs::metadata(&saved)?.len();
    for what in ["with the saved tree", "without"] {
        let (key, _) =
            load_or_create_key(journal, folder, None, None).await?.ok_or("no signing key")?;
        let begun = Instant::now();
        let keeper = Keeper::start(journal, &Clock::System, KeeperConfig::new(folder, Some(key)));
        let head = journal.head().await?.position;
        keeper.evidence().covering(head, Duration::from_mins(10)).await?;
        println!(
            "proofs {:.2} s after the start, {what} ({size} bytes)",
            begun.elapsed().as_secs_f64()
        );
        keeper.stop().await;
        std::fs::remove_file(&saved)?;
    }
    Ok(())
}

/// Backs a journal up, restores it as `sira restore` does, with the check of the whole that follows, and says how many
/// events a second that was.
#[expect(clippy::cast_precision_loss, reason = "counts of a bench")]
async fn restored(
    journal: &Journal,
    url: &str,
    target: &str,
    folder: &Path,
) -> Result<f64, Failure> {
    let keys_url = url.replace("journal.db", "keys.db");
    let keys = KeyStore::open(&keys_url, MasterKey::from_text(MASTER)?, Clock::System).await?;
    let copy = folder.join("backup");
    let begun = Instant::now();
    let manifest = back_up_journal(journal, &keys, &copy, Clock::System.now(), &|_, _| {}).await?;
    println!("backed up in {:.1} s", begun.elapsed().as_secs_f64());
    keys.close().await;
    let config = JournalConfig::new(target);
    let begun = Instant::now();
    restore_journal(&config, &copy, &|_, _| {}).await?;
    println!("restored in {:.1} s", begun.elapsed().as_secs_f64());
    let again = Journal::open(&config, Clock::System).await?;
    let report = verify(&again, &Options::default(), &watch::Sender::default()).await?;
    again.close().await;
    if !report.holds() {
        return Err(format!("{:?}", report.deviations).into());
    }
    Ok(manifest.position.get() as f64 / begun.elapsed().as_secs_f64())
}

async fn bare_loop(journal: &Journal, size: u64) -> Result<u64, Failure> {
    let (mut at, last) = (Position::START, Position::of_count(size));
    let (mut rows, mut mixed) = (0, 0_u8);
    while at < last {
        for row in journal.read_raw(at, last, PAGE).await? {
            let RawEvent::Event(event) = row else { return Err("a row is no event".into()) };
            let contents = [event.payload.as_bytes(), event.metadata.as_bytes()].concat();
            mixed ^= sha256(&contents)[0];
            (at, rows) = (event.position, rows + 1);
        }
    }
    std::hint::black_box(mixed);
    Ok(rows)
}

/// A generated population, signed to its end.
async fn signed_population(url: &str, folder: &Path, cases: u64) -> Result<Journal, Failure> {
    let clock = Clock::manual(Population::begins_at());
    let config = JournalConfig::new(url);
    Journal::migrate(&config).await?;
    let journal = Journal::open(&config, clock.clone()).await?;
    let keys_url = url.replace("journal.db", "keys.db");
    let keys = KeyStore::open(&keys_url, MasterKey::from_text(MASTER)?, clock.clone()).await?;
    let until: NaiveDate = "2026-11-25".parse()?;
    let population = Population { cases, seed: 1, until };
    generate(&journal, &keys, &clock, population, |_| {}).await?;
    keys.close().await;
    let loaded = load_or_create_key(&journal, folder, None, None).await?;
    let (key, _) = loaded.ok_or("no signing key")?;
    let begun = Instant::now();
    let keeper = Keeper::start(&journal, &Clock::System, KeeperConfig::new(folder, Some(key)));
    let head = journal.head().await?.position;
    keeper.evidence().covering(head, Duration::from_mins(10)).await?;
    println!("{head} events, signed in {:.1} s", begun.elapsed().as_secs_f64());
    keeper.stop().await;
    Ok(journal)
}

/// Arguments of the cost.
#[derive(Debug, clap::Args)]
pub struct CostArgs {
    /// Engine.
    #[arg(long)]
    engine: Engine,
    /// Connections.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Seconds of each side in each round.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Rounds.
    #[arg(long, default_value_t = 5)]
    rounds: u32,
}

/// Commands with and without the signer, read models off on both sides.
pub async fn cost(args: CostArgs) -> Result<(), Failure> {
    let directory = tempfile::tempdir()?;
    let (_cluster, url) = database(args.engine, directory.path()).await?;
    let sira = Sira::on(&url, directory.path()).await?;
    let server = sira.serve_with(&["--without-projections"]).await?;
    let target = sira.target(&server).await?;
    drop(server);
    let (mut on, mut off) = (Side::new("with the signer")?, Side::new("without")?);
    for _ in 0..args.rounds {
        one(&args, &sira, &target, &["--without-projections"], &mut on).await?;
        let without = ["--without-projections", "--without-evidence"];
        one(&args, &sira, &target, &without, &mut off).await?;
    }
    report::print(
        &format!("commands, {:?}, {} connections", args.engine, args.connections),
        &on,
        &off,
    );
    println!("cost {:.1} %", (1.0 - on.median() / off.median()) * 100.0);
    Ok(())
}

async fn one(
    args: &CostArgs,
    sira: &Sira,
    target: &Target,
    flags: &[&str],
    side: &mut Side,
) -> Result<(), Failure> {
    let server = sira.serve_with(flags).await?;
    // What the round before left is signed first, so that each round pays for itself.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let target = Target { port: server.port, ..target.clone() };
    let time = Duration::from_secs(args.seconds);
    let ((count, micros), took) = round(&target, args.connections, time).await?;
    side.add(count, took, &micros)
}

/// Arguments of the proofs.
#[derive(Debug, clap::Args)]
pub struct ProofsArgs {
    /// Engine.
    #[arg(long)]
    engine: Engine,
    /// People of the journal: 70,000 have a million events.
    #[arg(long, default_value_t = 70_000)]
    cases: u64,
    /// Questions of each kind in each round.
    #[arg(long, default_value_t = 20_000)]
    questions: usize,
    /// Rounds.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
}

/// Inclusion proofs of random events against the status of random paths; then a long path's bundle.
pub async fn proofs(args: ProofsArgs) -> Result<(), Failure> {
    let directory = tempfile::tempdir()?;
    sira::files::write_secret(&directory.path().join("master.key"), MASTER)?;
    let (_cluster, url) = database(args.engine, directory.path()).await?;
    let journal = signed_population(&url, directory.path(), args.cases).await?;
    let (ids, longest) = paths_of(&journal).await?;
    let size = journal.head().await?.position.get();
    journal.close().await;
    let sira = Sira::on(&url, directory.path()).await?;
    let begun = Instant::now();
    let server = sira.serve_with(&["--without-projections"]).await?;
    let token = sira.token("director").await?;
    ready(&server, &token).await?;
    println!(
        "{size} events; proofs are given {:.1} s after the start",
        begun.elapsed().as_secs_f64()
    );
    let (mut ours, mut yardstick) = (Side::new("inclusion proof")?, Side::new("status")?);
    for seed in 0..args.rounds {
        let inclusion =
            |place: u64| format!("/v1/evidence/inclusion?position={}", place % size + 1);
        ask(&args, &server, &token, seed, &inclusion, &mut ours).await?;
        let status = |place: u64| {
            let place = usize::try_from(place).unwrap_or(0) % ids.len();
            format!("/v1/beneficiaries/{}", ids[place])
        };
        ask(&args, &server, &token, seed, &status, &mut yardstick).await?;
    }
    report::print(&format!("proofs, {:?}, {size} events", args.engine), &ours, &yardstick);
    println!("p99 ratio {:.2}", ours.p99_ms() / yardstick.p99_ms());
    bundle(&server, &token, &longest).await
}

/// The ids of every path, and the path with the most events, at most 60 of them.
async fn paths_of(journal: &Journal) -> Result<(Vec<String>, String), Failure> {
    let rows: Vec<(String, i64)> = on_engine!(journal.pool(), db => {
        sqlx::query_as(
            "SELECT aggregate_id, max(sequence) AS version FROM events \
             WHERE aggregate_type = 'beneficiary' GROUP BY aggregate_id ORDER BY version DESC",
        )
        .fetch_all(db)
        .await
    })?;
    let longest = rows.iter().find(|(_, version)| *version <= 60).ok_or("no path")?;
    println!("the bundle is of a path of {} events", longest.1);
    let longest = longest.0.clone();
    Ok((rows.into_iter().map(|(id, _)| id).collect(), longest))
}

async fn ready(server: &Server, token: &str) -> Result<(), Failure> {
    let mut connection = Connection::open(server.port).await?;
    for _ in 0..600 {
        let (status, _) = connection.send(&get("/v1/evidence/checkpoint", token)).await?;
        if status == 200 {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err("no checkpoint is published".into())
}

async fn ask(
    args: &ProofsArgs,
    server: &Server,
    token: &str,
    seed: u32,
    path: &impl Fn(u64) -> String,
    side: &mut Side,
) -> Result<(), Failure> {
    let mut connection = Connection::open(server.port).await?;
    let mut micros = Histogram::<u64>::new(3)?;
    let mut place = u64::from(seed) + 1;
    let begun = Instant::now();
    for _ in 0..args.questions {
        place =
            place.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let request = get(&path(place >> 20), token);
        let started = Instant::now();
        let (status, body) = connection.send(&request).await?;
        if status != 200 {
            return Err(format!("{status} {}", String::from_utf8_lossy(body)).into());
        }
        micros.record(u64::try_from(started.elapsed().as_micros())?.max(1))?;
    }
    side.add(args.questions as u64, begun.elapsed(), &micros)
}

async fn bundle(server: &Server, token: &str, id: &str) -> Result<(), Failure> {
    let mut connection = Connection::open(server.port).await?;
    let request = get(&format!("/v1/beneficiaries/{id}/evidence"), token);
    let (mut micros, mut bytes) = (Histogram::<u64>::new(3)?, 0);
    for _ in 0..50 {
        let started = Instant::now();
        let (status, body) = connection.send(&request).await?;
        if status != 200 {
            return Err(format!("{status} {}", String::from_utf8_lossy(body)).into());
        }
        bytes = body.len();
        micros.record(u64::try_from(started.elapsed().as_micros())?.max(1))?;
    }
    #[expect(clippy::cast_precision_loss, reason = "latencies of a bench")]
    let ms = |quantile: f64| micros.value_at_quantile(quantile) as f64 / 1_000.0;
    println!("bundle: {bytes} bytes; p50 {:.1} ms, slowest of 50 {:.1} ms", ms(0.5), ms(1.0));
    Ok(())
}
