//! `sira import`.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};
use sira_domain::values::ActorId;

use super::CliError;
use super::causes::told;
use crate::app::{Opened, open_read, with_open};
use crate::config::Config;
use crate::files::FileError;
use crate::import::{Import, ImportError, ImportMap, ImportOutcome, WithdrawError, withdraw};
use crate::say::Say;

/// Arguments of `sira import`.
#[derive(Debug, clap::Args)]
pub struct ImportArgs {
    /// The CSV file. / Le fichier CSV.
    #[arg(required_unless_present = "withdraw", conflicts_with = "withdraw")]
    file: Option<PathBuf>,
    /// The map: which commands a row becomes, and from which columns. / La correspondance : les commandes que
    /// donne une ligne, et à partir de quelles colonnes.
    #[arg(long, required_unless_present = "withdraw")]
    map: Option<PathBuf>,
    /// A value for a `$name` of the map; may be repeated. / Une valeur pour un `$nom` de la correspondance ;
    /// peut être répété.
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = read_pair)]
    set: Vec<(String, String)>,
    /// Judge every row and record nothing. / Juge chaque ligne sans rien enregistrer.
    #[arg(long)]
    dry_run: bool,
    /// Write the refused rows here, as CSV, rather than to standard output. / Écrit ici les lignes refusées,
    /// en CSV, et non sur la sortie standard.
    #[arg(long)]
    report: Option<PathBuf>,
    /// Retract every event of this batch. / Retire tous les événements de ce lot.
    #[arg(long, value_name = "BATCH", requires = "reason")]
    withdraw: Option<String>,
    /// Why the batch is withdrawn. / Pourquoi le lot est retiré.
    #[arg(long)]
    reason: Option<String>,
    /// Who withdraws. / Qui le retire.
    #[arg(long, default_value = "import")]
    actor: ActorId,
}

fn read_pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Runs `sira import`.
pub async fn run(config: &Config, args: ImportArgs, say: Say) -> Result<(), CliError> {
    with_open(config, say, async |opened| match (&args.withdraw, &args.file, &args.map) {
        (Some(batch), ..) => withdraw_batch(opened, batch, &args, say).await,
        (None, Some(file), Some(map)) => {
            look_for_duplicates(config, opened, say).await;
            import_file(opened, file, map, &args, say).await
        }
        _ => {
            let what = say.pick("FICHIER --map CORRESPONDANCE.toml", "FILE --map MAP.toml");
            Err(CliError::Usage(what.to_owned()))
        }
    })
    .await
}

/// An import goes on without the read database: duplicates reach the worklist when a server runs.
async fn look_for_duplicates(config: &Config, opened: &Opened, say: Say) {
    if let Err(error) = open_read(config, opened, say).await {
        tracing::warn!(cause = ?std::error::Error::source(&error), "duplicates are not looked for: {error}");
    }
}

fn open_file(path: &Path) -> Result<File, CliError> {
    File::open(path)
        .map_err(|source| CliError::failed("file", FileError { path: path.to_owned(), source }))
}

async fn import_file(
    opened: &Opened,
    path: &Path,
    map_path: &Path,
    args: &ImportArgs,
    say: Say,
) -> Result<(), CliError> {
    let map_text = std::fs::read_to_string(map_path).map_err(|source| {
        CliError::failed("map", FileError { path: map_path.to_owned(), source })
    })?;
    let variables: BTreeMap<_, _> = args.set.iter().cloned().collect();
    let map = ImportMap::read(&map_text, variables)
        .map_err(|error| CliError::Usage(told(&error, say)))?;
    let file = open_file(path)?;
    let size = file.metadata().map_or(0, |metadata| metadata.len());
    let import = Import::new(map, &map_text, file, opened.commands.clone(), args.dry_run, say.0)
        .map_err(stopped)?;
    let bar = progress_bar(size);
    let outcome = import.run(open_file(path)?, |bytes| bar.set_position(bytes)).await;
    bar.finish_and_clear();
    let outcome = outcome.map_err(stopped)?;
    report(&outcome, args.report.as_deref())?;
    summarise(&import, &outcome, args.dry_run, say);
    if outcome.refused.is_empty() {
        return Ok(());
    }
    let what =
        format!("{} {}", outcome.refused_rows(), say.pick("lignes refusées", "rows refused"));
    Err(CliError::IsFalse(what))
}

fn stopped(error: ImportError) -> CliError {
    CliError::failed("import", error)
}

/// Shown on a terminal only.
fn progress_bar(size: u64) -> ProgressBar {
    let bar = ProgressBar::new(size);
    let style = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {eta}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

fn report(outcome: &ImportOutcome, path: Option<&Path>) -> Result<(), CliError> {
    if outcome.refused.is_empty() && path.is_none() {
        return Ok(());
    }
    let out: Box<dyn std::io::Write> = match path {
        Some(path) => Box::new(File::create(path).map_err(|source| {
            CliError::failed("report", FileError { path: path.to_owned(), source })
        })?),
        None => Box::new(std::io::stdout()),
    };
    let mut writer = csv::Writer::from_writer(out);
    let write = |writer: &mut csv::Writer<_>| {
        outcome.refused.iter().try_for_each(|refused| writer.serialize(refused))?;
        writer.flush().map_err(csv::Error::from)
    };
    write(&mut writer).map_err(|error| CliError::failed("report", error))
}

fn summarise(import: &Import, outcome: &ImportOutcome, dry_run: bool, say: Say) {
    let ImportOutcome { rows, recorded, already_done, .. } = outcome;
    let (refused, batch) = (outcome.refused_rows(), import.batch());
    if dry_run {
        let fr = format!(
            "À blanc : {rows} lignes, {recorded} commandes possibles, {already_done} déjà faites, {refused} lignes refusées."
        );
        let en = format!(
            "Dry run: {rows} rows, {recorded} commands possible, {already_done} already done, {refused} rows refused."
        );
        say.note(&fr, &en);
    } else {
        let fr = format!(
            "Lot {batch} : {rows} lignes, {recorded} commandes enregistrées, {already_done} déjà faites, {refused} lignes refusées."
        );
        let en = format!(
            "Batch {batch}: {rows} rows, {recorded} commands recorded, {already_done} already done, {refused} rows refused."
        );
        say.note(&fr, &en);
    }
}

async fn withdraw_batch(
    opened: &Opened,
    batch: &str,
    args: &ImportArgs,
    say: Say,
) -> Result<(), CliError> {
    let reason = args.reason.as_deref().unwrap_or_default();
    match withdraw(&opened.commands, batch, reason, args.actor.clone(), say.0).await {
        Ok(done) => {
            let fr = format!("{} événements retirés de {} parcours.", done.events, done.paths);
            let en = format!("{} events retracted from {} paths.", done.events, done.paths);
            say.note(&fr, &en);
            Ok(())
        }
        Err(WithdrawError::MovedOn(paths)) => {
            for path in &paths {
                println!("{}  {}", path.id, path.because);
            }
            let what = say.pick(
                "parcours ont avancé depuis : rien n'est retiré",
                "paths have moved on since: nothing was retracted",
            );
            Err(CliError::IsFalse(format!("{} {what}", paths.len())))
        }
        Err(WithdrawError::NoSuchBatch) => Err(CliError::IsFalse(
            say.pick("aucun événement ne porte ce lot", "no event carries this batch").to_owned(),
        )),
        Err(error @ WithdrawError::Failed(_)) => Err(CliError::failed("withdraw", error)),
    }
}
