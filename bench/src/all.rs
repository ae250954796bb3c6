//! The figures that matter most, one after the other, beside those of the last time.

use std::path::PathBuf;
use std::time::Instant;

use crate::append::AppendArgs;
use crate::commands::CommandsArgs;
use crate::evidence::VerifyArgs;
use crate::history::{self, Recorded};
use crate::reads::{LiveArgs, RebuildArgs};
use crate::report::Figure;
use crate::status::StatusArgs;
use crate::{Engine, Failure, append, commands, evidence, reads, status};

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct AllArgs {
    /// In less than ten minutes: fewer seconds, rounds and people.
    #[arg(long)]
    quick: bool,
    /// Where the figures of earlier runs are.
    #[arg(long, default_value = "bench/history.csv")]
    history: PathBuf,
    /// Writes the figures behind them, under this name of what was measured (a commit, say).
    #[arg(long)]
    record: Option<String>,
}

/// How long and how large a run is.
struct Size {
    seconds: u64,
    rounds: u32,
    people: u64,
    paths: usize,
}

/// Runs them, and prints one table.
pub async fn run(args: AllArgs) -> Result<(), Failure> {
    let size = if args.quick {
        Size { seconds: 2, rounds: 2, people: 3_000, paths: 20_000 }
    } else {
        Size { seconds: 5, rounds: 3, people: 30_000, paths: 100_000 }
    };
    let begun = Instant::now();
    let mut figures = Vec::new();
    for engine in [Engine::Postgres, Engine::Sqlite] {
        figures.extend(of_engine(&size, engine).await?);
    }
    let (seconds, rounds) = (size.seconds, size.rounds);
    figures.push(append::run(AppendArgs { callers: 256, seconds, rounds }).await?);
    let rebuild = RebuildArgs { cases: size.people, rounds: 1, projection: Vec::new() };
    figures.push(reads::rebuild(rebuild).await?);
    let earlier = history::read(&args.history)?;
    print!("{}", table(&figures, &earlier, args.quick));
    println!("{:.0} s in all", begun.elapsed().as_secs_f64());
    if let Some(of) = &args.record {
        history::append(&args.history, of, args.quick, &figures)?;
    }
    Ok(())
}

async fn of_engine(size: &Size, engine: Engine) -> Result<Vec<Figure>, Failure> {
    let (seconds, rounds) = (size.seconds, size.rounds);
    let connections = vec![1, 32, 256];
    let mut figures = commands::run(CommandsArgs { engine, connections, seconds, rounds }).await?;
    let connections = vec![1, 64];
    let asked = StatusArgs { engine, paths: size.paths, connections, seconds, rounds };
    figures.extend(status::run(asked).await?);
    let live = LiveArgs { engine, rate: 3_000, connections: 64, seconds: seconds * 2, rounds };
    figures.extend(reads::live(live).await?);
    figures.push(
        evidence::check(VerifyArgs { engine, cases: size.people, rounds, restore: false }).await?,
    );
    Ok(figures)
}

/// One line a figure: its ratio, that of the last run of the same size, and whether a fifth of it is lost.
fn table(figures: &[Figure], earlier: &[Recorded], is_quick: bool) -> String {
    let mut table = format!("{:<70} {:>8} {:>8} {:>8}\n", "figure", "ratio", "last", "change");
    for figure in figures {
        let ratio = figure.ratio();
        let last = history::last_of(earlier, &figure.name, is_quick);
        let line = match last {
            None => format!("{:<70} {ratio:>8.3}\n", figure.name),
            Some(last) => {
                let change = ratio / last - 1.0;
                let mark = if change < -history::RED { "  RED" } else { "" };
                let percent = change * 100.0;
                format!("{:<70} {ratio:>8.3} {last:>8.3} {percent:>+7.0}%{mark}\n", figure.name)
            }
        };
        table.push_str(&line);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fifth_that_is_lost_is_red_and_another_size_is_no_yardstick() {
        let figure = |name: &str, ours| Figure { name: name.to_owned(), ours, yardstick: 10.0 };
        let earlier =
            |name: &str, is_quick, ratio| Recorded { figure: name.to_owned(), is_quick, ratio };
        let known = [earlier("a", true, 1.0), earlier("a", true, 0.5), earlier("b", false, 9.0)];
        let table = table(&[figure("a", 3.9), figure("b", 1.0), figure("c", 1.0)], &known, true);
        let lines: Vec<&str> = table.lines().skip(1).collect();
        assert!(lines[0].ends_with("0.390    0.500     -22%  RED"), "{table}");
        assert!(lines[1].ends_with("0.100") && lines[2].ends_with("0.100"), "{table}");
        assert!(!super::table(&[figure("a", 4.1)], &known, true).contains("RED"));
    }
}
