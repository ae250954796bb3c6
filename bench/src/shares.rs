//! Where the processor time of commands goes, by component: sampled over every process of the machine.
//!
//! A sample belongs to the first of its calls, from the innermost out, that one component is known by; so what a
//! library or the kernel does counts for who asked for it. A process of the database is told by the name that its
//! connection gives itself.

use std::collections::{BTreeMap, HashMap};
use std::process::Stdio;
use std::time::Duration;

use sqlx::Connection as _;
use tokio::process::Command;

use crate::cluster::database;
use crate::servers::Sira;
use crate::work::round;
use crate::{Engine, Failure};

/// Samples a second and core.
const FREQUENCY: u32 = 297;
/// Bytes of stack that a sample keeps, from which its calls are told.
const STACK_BYTES: u32 = 16_384;
/// What calls of the server belong to: the innermost that is known counts.
const COMPONENTS: [(&str, &str); 16] = [
    ("sira_projections", "projections"),
    ("sira::read_side", "projections"),
    ("sira_evidence", "evidence"),
    ("sira::evidence", "evidence"),
    ("sira::keys", "keys"),
    ("sira::stored", "seal and stored form"),
    ("sira_journal::append", "append"),
    ("sira_journal", "reading the journal"),
    ("sira_domain", "parse, validate, decide"),
    ("sira::commands", "parse, validate, decide"),
    ("sira::token", "token"),
    ("sira::grant", "token"),
    ("sira::http", "HTTP"),
    ("sira::", "HTTP"),
    ("hyper", "HTTP"),
    ("axum", "HTTP"),
];

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct SharesArgs {
    /// Engine.
    #[arg(long)]
    engine: Engine,
    /// Connections.
    #[arg(long, default_value_t = 256)]
    connections: usize,
    /// Seconds of load.
    #[arg(long, default_value_t = 6)]
    seconds: u64,
}

/// Runs it; needs `perf`, and the right to sample every process.
pub async fn run(args: SharesArgs) -> Result<(), Failure> {
    let directory = tempfile::tempdir()?;
    let (cluster, url) = database(args.engine, directory.path()).await?;
    let sira = Sira::on(&url, directory.path()).await?;
    let server = sira.serve().await?;
    let target = sira.target(&server).await?;
    let warm = Duration::from_secs(2);
    round(&target, args.connections, warm).await?;
    let file = directory.path().join("samples").display().to_string();
    let seconds = args.seconds.saturating_sub(1).max(1).to_string();
    let (frequency, graph) = (FREQUENCY.to_string(), format!("dwarf,{STACK_BYTES}"));
    let sampling = Command::new("perf")
        .args(["record", "-q", "-a", "-F", &frequency, "--call-graph", &graph, "-o", &file])
        .args(["--", "sleep", &seconds])
        .stderr(Stdio::null())
        .spawn()?;
    let ((count, _), took) =
        round(&target, args.connections, Duration::from_secs(args.seconds)).await?;
    let names = match &cluster {
        Some(_) => names_of_backends(&url).await?,
        None => HashMap::new(),
    };
    if !sampling.wait_with_output().await?.status.success() {
        return Err("`perf record` failed: is it there, and may this user sample?".into());
    }
    let told = Command::new("perf")
        .args(["script", "-i", &file, "-F", "comm,pid,ip,sym", "--no-inline"])
        .stderr(Stdio::null())
        .output()
        .await?;
    #[expect(clippy::cast_precision_loss, reason = "counts of a bench")]
    let rate = count as f64 / took.as_secs_f64();
    println!("{rate:.0} commands/s");
    let names = Names { backends: names, client: std::process::id().to_string() };
    print!("{}", table(&shares(&String::from_utf8_lossy(&told.stdout), &names)));
    Ok(())
}

/// Which process is whose: threads of the client are called as those of the server.
struct Names {
    /// By the process of a connection, what that calls itself.
    backends: HashMap<String, String>,
    /// This process.
    client: String,
}

/// The name of each connection's process.
async fn names_of_backends(url: &str) -> Result<HashMap<String, String>, Failure> {
    let mut db = sqlx::PgConnection::connect(url).await?;
    let rows: Vec<(i32, String, String)> = sqlx::query_as(
        "SELECT pid, coalesce(application_name, ''), coalesce(backend_type, '') FROM pg_stat_activity",
    )
    .fetch_all(&mut db)
    .await?;
    let named = |(pid, name, kind): (i32, String, String)| {
        (pid.to_string(), if name.is_empty() { kind } else { name })
    };
    Ok(rows.into_iter().map(named).collect())
}

/// Samples by component.
fn shares(told: &str, names: &Names) -> BTreeMap<String, u64> {
    let mut counted = BTreeMap::new();
    for sample in told.split("\n\n") {
        let mut lines = sample.lines().filter(|line| !line.is_empty());
        let Some((command, process)) = lines.next().and_then(|head| head.trim().rsplit_once(' '))
        else {
            continue;
        };
        let component = match command.trim() {
            "swapper" => continue,
            _ if process == names.client => "client".to_owned(),
            "postgres" => match names.backends.get(process) {
                Some(name) => format!("PostgreSQL: {name}"),
                None => "PostgreSQL: others".to_owned(),
            },
            _ => match component_of(lines) {
                Some(component) => format!("Sira: {component}"),
                None if command.contains("sqlite") || command.contains("sqlx") => {
                    "Sira: SQLite".to_owned()
                }
                None if command.starts_with("tokio") || command == "sira" => {
                    "Sira: runtime".to_owned()
                }
                None => "others".to_owned(),
            },
        };
        *counted.entry(component).or_default() += 1;
    }
    counted
}

/// The component of a sample's calls, the innermost first.
fn component_of<'a>(mut calls: impl Iterator<Item = &'a str>) -> Option<&'static str> {
    calls.find_map(|call| {
        let found = COMPONENTS.iter().find(|(part, _)| call.contains(part));
        found.map(|(_, component)| *component)
    })
}

/// The shares, the largest first.
#[expect(clippy::cast_precision_loss, reason = "counts of a bench")]
fn table(counted: &BTreeMap<String, u64>) -> String {
    let all: u64 = counted.values().sum();
    let mut rows: Vec<_> = counted.iter().collect();
    rows.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let line = |(name, count): (&String, &u64)| {
        format!("{name:<44} {:>5.1} %\n", *count as f64 * 100.0 / all.max(1) as f64)
    };
    rows.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_of_the_innermost_component_and_of_a_named_process() {
        let told = "tokio-rt-worker 7\n\tmemcpy\n\tserde_json::de::from_str\n\tsira_projections::folds::take\n\tsira::read_side::x\n\n\
                    postgres 12\n\theap_insert\n\npostgres 13\n\texec\n\ntokio-rt-worker 3\n\twrite\n\thyper::x\n\nswapper 0\n\tidle\n\n\
                    sqlx-sqlite-wor 7\n\tsqlite3_step\n\ntokio-rt-worker 7\n\tepoll_wait\n";
        let backends = HashMap::from([("12".to_owned(), "sira-read".to_owned())]);
        let names = Names { backends, client: "3".to_owned() };
        let counted = shares(told, &names);
        let expected = [
            ("PostgreSQL: others", 1),
            ("PostgreSQL: sira-read", 1),
            ("Sira: SQLite", 1),
            ("Sira: projections", 1),
            ("Sira: runtime", 1),
            ("client", 1),
        ];
        assert_eq!(counted, expected.map(|(name, count)| (name.to_owned(), count)).into());
        assert!(
            table(&counted).lines().all(|line| line.ends_with("16.7 %")),
            "{}",
            table(&counted)
        );
    }
}
