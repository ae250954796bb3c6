//! `sira reconcile`: a statement beside a fund's payments, on the command line.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use uuid::Uuid;

use super::CliError;
use crate::app::{Opened, open_read_that_is_there, with_read};
use crate::config::Config;
use crate::files::FileError;
use crate::formats::Format;
use crate::reconcile::{
    Compared, ReconcileError, RowState, StatementMap, reconcile, write_compared,
};
use crate::say::Say;

/// Arguments of `sira reconcile`. Nothing is recorded: what is confirmed is confirmed over HTTP, by whoever
/// answers for it.
#[derive(Debug, clap::Args)]
pub struct ReconcileArgs {
    /// The statement, as CSV. / Le relevé, en CSV.
    file: PathBuf,
    /// The map: its columns of day, amount, direction and reference. / La correspondance : ses colonnes de
    /// jour, de montant, de sens et de référence.
    #[arg(long)]
    map: PathBuf,
    /// The fund, by its id. / Le fonds, par son identifiant.
    #[arg(long)]
    fund: Uuid,
    /// Write the comparison here: .json, .csv, .xlsx or .parquet. / Écrit la comparaison ici : .json, .csv,
    /// .xlsx ou .parquet.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

fn read(what: &'static str, path: &Path) -> Result<Vec<u8>, CliError> {
    std::fs::read(path)
        .map_err(|source| CliError::failed(what, FileError { path: path.to_owned(), source }))
}

/// Runs `sira reconcile`.
pub async fn run(config: &Config, args: ReconcileArgs, say: Say) -> Result<(), CliError> {
    let format = match &args.out {
        None => None,
        Some(path) => {
            let word = path.extension().and_then(|word| word.to_str()).unwrap_or_default();
            let format = word.to_ascii_lowercase().parse::<Format>();
            Some(format.map_err(|error| CliError::Usage(format!("--out: {error}")))?)
        }
    };
    let map = read("map", &args.map)?;
    let map = String::from_utf8_lossy(&map);
    let map = StatementMap::read(&map).map_err(|error| CliError::Usage(error.detail(say.0)))?;
    let bytes = Bytes::from(read("statement", &args.file)?);
    with_read(config, say, async |opened| {
        let store = open_read_that_is_there(config, opened, say).await?;
        let compared = reconcile(&store, args.fund, map, bytes).await;
        store.close().await;
        let compared = compared.map_err(|error| failed(error, say))?;
        if let (Some(path), Some(format)) = (&args.out, format) {
            write(opened, &compared, path, format, say)?;
        }
        summarise(&compared, say)
    })
    .await
}

fn failed(error: ReconcileError, say: Say) -> CliError {
    match error {
        ReconcileError::Read(error) => CliError::failed("payments", error),
        error => CliError::Usage(error.detail(say.0)),
    }
}

fn write(
    opened: &Opened,
    compared: &Compared,
    path: &Path,
    format: Format,
    say: Say,
) -> Result<(), CliError> {
    let as_of = opened.commands.clock().now();
    let bytes = write_compared(compared, format, say.0, as_of);
    let bytes = bytes.map_err(|error| CliError::failed("out", error))?;
    let written = std::fs::File::create(path).and_then(|mut file| file.write_all(&bytes));
    written.map_err(|source| CliError::failed("out", FileError { path: path.to_owned(), source }))
}

/// Says what does not match, line by line, and how many there are of each.
fn summarise(compared: &Compared, say: Say) -> Result<(), CliError> {
    for row in compared.rows.iter().filter(|row| row.state != RowState::Matched) {
        let line = row.line.map_or_else(|| "-".to_owned(), |line| line.to_string());
        let payment = row.payment.as_ref();
        let reference = payment.map(|payment| payment.payment_reference.as_str());
        let reference = reference.or(row.line_reference.as_deref()).unwrap_or("-");
        let amount = payment.map_or(row.line_amount, |one| u64::try_from(one.amount).ok());
        let amount = amount.unwrap_or_default();
        let differs = row.differs.join(" ");
        println!("{}\t{line}\t{reference}\t{amount}\t{differs}", row.state.word());
    }
    for unread in &compared.unread {
        let column = unread.column.as_deref().unwrap_or("-");
        println!("unread\t{}\t{column}\t\t{}", unread.line, unread.rule);
    }
    let counts = &compared.counts;
    let (matched, missing, surplus) = (counts.matched, counts.missing, counts.surplus);
    let (differing, reversed, unread) = (counts.differing, counts.reversed, counts.unread);
    let fr = format!(
        "Relevé {} : {matched} rapprochés, {missing} absents du relevé, {surplus} en trop, {differing} \
         différents, {reversed} annulés, {unread} lignes illisibles.",
        compared.statement
    );
    let en = format!(
        "Statement {}: {matched} matched, {missing} missing, {surplus} surplus, {differing} differing, \
         {reversed} reversed, {unread} lines unread.",
        compared.statement
    );
    say.note(&fr, &en);
    if missing + surplus + differing + unread == 0 {
        return Ok(());
    }
    let what =
        say.pick("le relevé et le fonds ne concordent pas", "statement and fund do not agree");
    Err(CliError::IsFalse(what.to_owned()))
}
