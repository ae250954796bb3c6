//! Decisions over several streams, against commands on one: approvals on one hot fund, a register of
//! forty, a storm on a cohort's seats.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::client::{Connection, post};
use crate::cluster::database;
use crate::report::{self, Side};
use crate::servers::{Server, Sira};
use crate::work::Target;
use crate::{Engine, Failure, paths};

/// Members of a register, and seats of the storm.
const SEATS: usize = 40;
/// Callers of the storm.
const STORM: usize = 200;

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct AcrossArgs {
    /// Engine.
    #[arg(long)]
    engine: Engine,
    /// Callers on the fund.
    #[arg(long, default_value_t = 64)]
    callers: usize,
    /// Approvals, and commands on one stream, in each round.
    #[arg(long, default_value_t = 8_000)]
    commands: usize,
    /// Registers, and commands on one stream, in each round.
    #[arg(long, default_value_t = 100)]
    registers: usize,
    /// Rounds.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
}

/// What a bench works with.
struct Place {
    url: String,
    target: Target,
    server: Server,
    director: String,
    trainer: String,
}

/// Runs it.
pub async fn run(args: AcrossArgs) -> Result<(), Failure> {
    let directory = tempfile::tempdir()?;
    let (_cluster, url) = database(args.engine, directory.path()).await?;
    let sira = Sira::on(&url, directory.path()).await?;
    let server = sira.serve().await?;
    let target = sira.target(&server).await?;
    let (director, trainer) = (sira.token("director").await?, sira.token("trainer").await?);
    let place = Place { url, target, server, director, trainer };
    approvals(&args, &place).await?;
    registers(&args, &place).await?;
    storm(&args, &place).await
}

/// Sends a command that must be carried out; the id in its answer.
async fn must(port: u16, path: &str, token: &str, body: &str) -> Result<String, Failure> {
    let mut connection = Connection::open(port).await?;
    let (status, answer) = connection.send(&post(path, token, body)).await?;
    let answer = std::str::from_utf8(answer)?;
    if !matches!(status, 200 | 201) {
        return Err(format!("{path}: {status} {answer}").into());
    }
    let id = answer.split("\"id\":\"").nth(1).and_then(|rest| rest.get(..36));
    Ok(id.ok_or("no id in the answer")?.to_owned())
}

impl Place {
    async fn fund(&self) -> Result<String, Failure> {
        let programme = &self.target.programme;
        let body = format!(
            r#"{{"programme":"{programme}","code":"hot","donor":"Bench","period":{{"from":"2021-07-06","to":"2050-01-01"}},"budget":1000000000000}}"#
        );
        must(self.server.port, "/v1/funds", &self.director, &body).await
    }

    async fn cohort(&self, code: &str) -> Result<String, Failure> {
        let programme = &self.target.programme;
        let body = format!(
            r#"{{"programme":"{programme}","code":"{code}","office":"segou","centre":"Bench","capacity":{SEATS},"modules":["leadership"],"trainer":"trainer","period":{{"from":"2021-07-06","to":"2050-01-01"}}}}"#
        );
        must(self.server.port, "/v1/cohorts", &self.director, &body).await
    }

    async fn selected(&self, count: usize) -> Result<Vec<Uuid>, Failure> {
        let events = paths::events(&self.target.programme, &paths::to_selection())?;
        paths::preload(&self.url, &self.target.programme, &events, count).await
    }
}

/// One command to each of these paths, once, from so many callers; every answer must have one of the
/// expected statuses. How many had the first of them.
async fn once_each(
    port: u16,
    ids: &[Uuid],
    callers: usize,
    (word, token, body): (&str, &str, &str),
    expected: &'static [u16],
) -> Result<(usize, Histogram<u64>, Duration), Failure> {
    let (ids, next) = (Arc::new(ids.to_vec()), Arc::new(AtomicUsize::new(0)));
    let begun = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..callers {
        let (ids, next) = (ids.clone(), next.clone());
        let (word, token, body) = (word.to_owned(), token.to_owned(), body.to_owned());
        tasks.spawn(async move {
            let mut connection = Connection::open(port).await?;
            let (mut first, mut micros) = (0, Histogram::<u64>::new(3)?);
            while let Some(id) = ids.get(next.fetch_add(1, Ordering::Relaxed)) {
                let path = format!("/v1/beneficiaries/{id}/commands/{word}");
                let started = Instant::now();
                let (status, answer) = connection.send(&post(&path, &token, &body)).await?;
                if !expected.contains(&status) {
                    return Err(format!("{status} {}", String::from_utf8_lossy(answer)).into());
                }
                micros.record(u64::try_from(started.elapsed().as_micros())?.max(1))?;
                first += usize::from(status == expected[0]);
            }
            Ok::<_, Failure>((first, micros))
        });
    }
    let (mut first, mut micros) = (0, Histogram::new(3)?);
    while let Some(task) = tasks.join_next().await {
        let (done, latencies) = task??;
        first += done;
        micros.add(latencies)?;
    }
    Ok((first, micros, begun.elapsed()))
}

/// Every path is at its request for financing; half of them are approved from one fund, and the other
/// half get an adviser: one event on one stream, without anything sealed.
async fn approvals(args: &AcrossArgs, place: &Place) -> Result<(), Failure> {
    let fund = place.fund().await?;
    let events = paths::events(&place.target.programme, &paths::to_financing(&fund))?;
    let count = 2 * args.commands * args.rounds;
    let ids = paths::preload(&place.url, &place.target.programme, &events, count).await?;
    let approval = r#"{"financing":1,"amount":200000,"tranches":[{"tranche":1,"amount":200000}]}"#;
    let (mut ours, mut yardstick) = (Side::new("approvals, one fund")?, Side::new("one stream")?);
    let port = place.server.port;
    for round in ids.chunks(2 * args.commands) {
        let (one, other) = round.split_at(args.commands);
        let command = ("approve-financing", place.target.committee.as_str(), approval);
        let (done, micros, took) = once_each(port, one, args.callers, command, &[200]).await?;
        ours.add(done as u64, took, &micros)?;
        let command = ("assign-adviser", place.target.adviser.as_str(), r#"{"adviser":"bench"}"#);
        let (done, micros, took) = once_each(port, other, args.callers, command, &[200]).await?;
        yardstick.add(done as u64, took, &micros)?;
    }
    let what = format!("approvals, {:?}, {} callers", args.engine, args.callers);
    report::print(&what, &ours, &yardstick);
    Ok(())
}

/// One caller: registers of forty, and commands on one member's stream, taking turns.
async fn registers(args: &AcrossArgs, place: &Place) -> Result<(), Failure> {
    let cohort = place.cohort("register").await?;
    let ids = place.selected(SEATS).await?;
    let port = place.server.port;
    let seat = format!(r#"{{"cohort":"{cohort}"}}"#);
    let enrol = ("enrol-in-training", place.target.adviser.as_str(), seat.as_str());
    once_each(port, &ids, 4, enrol, &[200]).await?;
    let today = sira::clock::Clock::System.now().date_naive();
    let lines: Vec<String> =
        ids.iter().map(|id| format!(r#"{{"beneficiary":"{id}","present":true}}"#)).collect();
    let (lines, path) = (lines.join(","), format!("/v1/cohorts/{cohort}/commands"));
    let mut connection = Connection::open(port).await?;
    let (mut sheets, mut singles) = (Histogram::<u64>::new(3)?, Histogram::<u64>::new(3)?);
    for number in 0..args.registers.min(360) {
        let session = format!(r#"{{"session":"s{number}","on":"{today}","hours":3}}"#);
        let session = post(&format!("{path}/schedule-session"), &place.trainer, &session);
        let sheet = format!(r#"{{"session":"s{number}","lines":[{lines}]}}"#);
        let sheet = post(&format!("{path}/record-register"), &place.trainer, &sheet);
        let one = format!("/v1/beneficiaries/{}/commands/assign-adviser", ids[number % SEATS]);
        let single = post(&one, &place.target.adviser, &format!(r#"{{"adviser":"a{number}"}}"#));
        for (request, micros) in
            [(session, None), (sheet, Some(&mut sheets)), (single, Some(&mut singles))]
        {
            let started = Instant::now();
            let (status, answer) = connection.send(&request).await?;
            if status != 200 {
                return Err(format!("{status} {}", String::from_utf8_lossy(answer)).into());
            }
            if let Some(micros) = micros {
                micros.record(u64::try_from(started.elapsed().as_micros())?.max(1))?;
            }
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "latencies of a bench")]
    let ms = |micros: &Histogram<u64>, at: f64| micros.value_at_quantile(at) as f64 / 1_000.0;
    println!("== a register of {SEATS} members, {:?}", args.engine);
    for (name, micros) in [("register", &sheets), ("one command", &singles)] {
        println!("{name:<28} p50 {:.2} ms  p99 {:.2} ms", ms(micros, 0.5), ms(micros, 0.99));
    }
    println!("ratio {:.2}", ms(&sheets, 0.5) / ms(&singles, 0.5));
    Ok(())
}

/// So many callers at once for forty seats.
async fn storm(args: &AcrossArgs, place: &Place) -> Result<(), Failure> {
    println!("== {STORM} callers for {SEATS} seats, {:?}", args.engine);
    for round in 0..args.rounds {
        let cohort = place.cohort(&format!("storm-{round}")).await?;
        let ids = place.selected(STORM).await?;
        let seat = format!(r#"{{"cohort":"{cohort}"}}"#);
        let enrol = ("enrol-in-training", place.target.adviser.as_str(), seat.as_str());
        let (seated, micros, took) =
            once_each(place.server.port, &ids, STORM, enrol, &[200, 409]).await?;
        let slowest = Duration::from_micros(micros.max());
        println!(
            "{seated} seated, {} refused; {took:.0?} with connecting, the slowest answer {slowest:.0?}",
            STORM - seated
        );
    }
    Ok(())
}
