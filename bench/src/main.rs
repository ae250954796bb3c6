//! Load generator and yardsticks. Every figure is a ratio taken in one run: rounds of Sira and of
//! its yardstick alternate, and medians are compared. `RESULTS.md` holds what was measured.

mod across;
mod all;
mod append;
mod client;
mod cluster;
mod commands;
mod counts;
mod duplicates;
mod evidence;
mod febrl;
mod floor;
mod generate;
mod growth;
mod history;
mod paths;
mod reads;
mod report;
mod servers;
mod shares;
mod status;
mod stock;
mod views;
mod work;

use clap::{Parser, Subcommand, ValueEnum};

/// The yardsticks get the same allocator as Sira.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What may go wrong in a bench: it stops and says so.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The engine that both sides run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    /// A cluster of the bench's own, as Debian configures one: `fsync` and `synchronous_commit` on.
    Postgres,
    /// A file in a directory of the bench's own.
    Sqlite,
}

#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Debug, Subcommand)]
enum Bench {
    /// The figures that matter most, as ratios, beside those of the last time.
    All(all::AllArgs),
    /// Durable commands over HTTP, against stock cqrs-es and the floor.
    Commands(commands::CommandsArgs),
    /// The journal's append alone, against bare inserts.
    Append(append::AppendArgs),
    /// Current status of random paths, against a bare route.
    Status(status::StatusArgs),
    /// Append cost in a large journal, against a small one.
    Growth(growth::GrowthArgs),
    /// Decisions over several streams, against commands on one.
    Across(across::AcrossArgs),
    /// A generated population to a durable journal, against bare inserts of the same rows.
    Generate(generate::GenerateArgs),
    /// Registrations with and without the check for duplicates.
    Duplicates(duplicates::DuplicatesArgs),
    /// Recall and precision of the check for duplicates, on the FEBRL sets.
    Febrl(febrl::FebrlArgs),
    /// A rebuild of every projection, against copying the journal.
    Rebuild(reads::RebuildArgs),
    /// How far live projections lag, and what they cost.
    Live(reads::LiveArgs),
    /// Figures and lists over populations of two sizes.
    Figures(reads::FiguresArgs),
    /// Checking a journal, against a bare loop that reads and hashes it.
    Verify(evidence::VerifyArgs),
    /// Commands with and without the signer.
    EvidenceCost(evidence::CostArgs),
    /// Inclusion proofs against status reads, and a bundle.
    Proofs(evidence::ProofsArgs),
    /// Instructions of the hottest paths under callgrind, against those that are kept.
    Counts(counts::CountsArgs),
    /// Where the processor time of commands goes, by component, as `perf` samples it.
    Shares(shares::SharesArgs),
    /// The yardstick's server.
    #[command(hide = true)]
    StockServe(stock::StockArgs),
    /// A bare route that answers the same bytes always.
    #[command(hide = true)]
    BareServe(stock::BareArgs),
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    match Cli::parse().bench {
        Bench::All(args) => all::run(args).await,
        Bench::Commands(args) => commands::run(args).await.map(drop),
        Bench::Append(args) => append::run(args).await.map(drop),
        Bench::Status(args) => status::run(args).await.map(drop),
        Bench::Growth(args) => growth::run(args).await,
        Bench::Across(args) => across::run(args).await,
        Bench::Generate(args) => generate::run(args).await,
        Bench::Duplicates(args) => duplicates::run(args).await,
        Bench::Febrl(args) => febrl::run(args).await,
        Bench::Rebuild(args) => reads::rebuild(args).await.map(drop),
        Bench::Live(args) => reads::live(args).await.map(drop),
        Bench::Figures(args) => reads::figures(args).await,
        Bench::Verify(args) => evidence::check(args).await.map(drop),
        Bench::EvidenceCost(args) => evidence::cost(args).await,
        Bench::Proofs(args) => evidence::proofs(args).await,
        Bench::Counts(args) => counts::run(&args),
        Bench::Shares(args) => shares::run(args).await,
        Bench::StockServe(args) => stock::serve(args).await,
        Bench::BareServe(args) => stock::serve_bare(args).await,
    }
}
