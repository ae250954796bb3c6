//! Instructions of the hottest paths, counted by callgrind: repeatable on a machine whose clock is not.
//!
//! `counts` runs each path alone under Valgrind and compares with `bench/counts.txt`; `counts --write`
//! writes that file anew. What is counted is the binary as it was built: the gate takes the dev profile,
//! which it has at hand. There our own code is not optimised, so a count says how much is done, not how
//! long it takes.

mod paths;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use crate::Failure;
use paths::PATHS;

/// How far a count may lie above what is kept. Of one build, four runs differ by 0.1 % at the most (hash tables
/// have random seeds); what a change of a dependency's features does to code that is not touched came to 4 %.
/// Two counts lay 16 % and 23 % apart between an incremental build and another, one 19 % between two selections
/// of features: so the file is written by the build that the gate has. A count that falls is told and fails nothing: written anew, it keeps what was won.
const TOLERANCE_PERCENT: f64 = 10.0;
/// What Valgrind counts in: see `counted`.
const COUNTED: &str = "*count_instructions_of*";
/// What stands above the counts.
const HEAD: &str = "\
# Instructions of each path (bench/src/counts/paths.rs), counted by callgrind in the dev profile.
# `CARGO_INCREMENTAL=0 cargo test --workspace --test counts -- --ignored --nocapture` compares, as the gate does;
# `target/debug/sira-bench counts --write`, which that has built, writes them anew. An incremental build counts up to
# a fifth less.
";

/// Options of `counts`.
#[derive(Debug, Args)]
pub struct CountsArgs {
    /// Write the file anew instead of comparing with it.
    #[arg(long)]
    write: bool,
    /// Run this path here and now: what Valgrind is given.
    #[arg(long, hide = true)]
    only: Option<String>,
}

/// Runs the work; nothing before or after it is counted. Called once in a process.
#[inline(never)]
fn count_instructions_of<T>(work: impl FnOnce() -> T) -> T {
    std::hint::black_box(work())
}

/// The bench.
pub fn run(args: &CountsArgs) -> Result<(), Failure> {
    if let Some(only) = &args.only {
        let path = PATHS.iter().find(|(name, _)| name == only).ok_or("there is no such path")?;
        return path.1();
    }
    let folder = tempfile::tempdir()?;
    let program = without_lines(folder.path())?;
    let mut counts = BTreeMap::new();
    for (name, _) in PATHS {
        counts.insert((*name).to_owned(), count(&program, name)?);
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("counts.txt");
    if args.write {
        std::fs::write(&file, written(&counts))?;
        print!("{}", written(&counts));
        return Ok(());
    }
    compare(&read(&std::fs::read_to_string(&file)?)?, &counts)
}

/// This program without what a debugger reads, which Valgrind would read ten times.
fn without_lines(folder: &Path) -> Result<PathBuf, Failure> {
    let program = folder.join("sira-bench");
    let status = Command::new("objcopy")
        .arg("--strip-debug")
        .arg(std::env::current_exe()?)
        .arg(&program)
        .status()?;
    if !status.success() {
        return Err("objcopy failed".into());
    }
    Ok(program)
}

/// The instructions of one path.
fn count(program: &Path, name: &str) -> Result<u64, Failure> {
    let ran = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--collect-atstart=no"])
        .arg(format!("--toggle-collect={COUNTED}"))
        .arg(program)
        .args(["counts", "--only", name])
        .output()?;
    let said = String::from_utf8_lossy(&ran.stderr);
    let collected = said.lines().find_map(|line| line.split_once("Collected :"));
    let count = collected.and_then(|(_, count)| count.trim().parse().ok());
    match count {
        Some(count) if ran.status.success() && count > 0 => Ok(count),
        _ => Err(format!("{name} was not counted:\n{said}").into()),
    }
}

fn written(counts: &BTreeMap<String, u64>) -> String {
    let mut text = HEAD.to_owned();
    for (name, count) in counts {
        let _ = writeln!(text, "{name} {count}");
    }
    text
}

fn read(text: &str) -> Result<BTreeMap<String, u64>, Failure> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let pair = |line: &str| {
        let (name, count) = line.split_once(' ').ok_or("a line is a name and a number")?;
        Ok((name.to_owned(), count.parse()?))
    };
    lines.map(pair).collect()
}

fn compare(kept: &BTreeMap<String, u64>, counts: &BTreeMap<String, u64>) -> Result<(), Failure> {
    let mut differing = Vec::new();
    println!("{:<28} {:>12} {:>12} {:>8}", "path", "kept", "counted", "%");
    for (name, count) in counts {
        let before = kept.get(name).copied();
        #[expect(clippy::cast_precision_loss, reason = "a percentage")]
        let change = before.map(|before| 100.0 * (*count as f64 / before as f64 - 1.0));
        let (shown, percent) = (
            before.unwrap_or(0),
            change.map_or("new".to_owned(), |change| format!("{change:+.1}")),
        );
        println!("{name:<28} {shown:>12} {count:>12} {percent:>8}");
        if change.is_none_or(|change| change > TOLERANCE_PERCENT) {
            differing.push(name.as_str());
        }
    }
    differing.extend(kept.keys().filter(|name| !counts.contains_key(*name)).map(String::as_str));
    if differing.is_empty() {
        return Ok(());
    }
    Err(format!(
        "more than {TOLERANCE_PERCENT} % above bench/counts.txt, or not in it: {}. If it is meant: \
         `target/debug/sira-bench counts --write`.",
        differing.join(", ")
    )
    .into())
}
