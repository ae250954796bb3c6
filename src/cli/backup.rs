//! `sira backup`: the journal, or the keys, into a folder.

use std::path::{Path, PathBuf};

use super::CliError;
use super::export::{bar, show};
use crate::app::{Opened, journal_config, with_open};
use crate::backup::{BackupError, Manifest, back_up_journal, back_up_keys};
use crate::config::Config;
use crate::journal::Journal;
use crate::say::Say;

/// Arguments of `sira backup`.
#[derive(Debug, clap::Args)]
pub struct BackupArgs {
    /// The folder, which must be new or empty / Le dossier, qui doit être nouveau ou vide
    #[arg(long, short)]
    output: PathBuf,
    /// The keys, and not the journal: to be kept elsewhere, and for days only / Les clés, et
    /// non le journal : à garder ailleurs, et quelques jours seulement
    #[arg(long)]
    keys: bool,
}

/// Runs `sira backup`.
pub async fn back_up(config: &Config, args: BackupArgs, say: Say) -> Result<(), CliError> {
    let made = Journal::is_made(&journal_config(config)).await;
    if !made.map_err(|error| CliError::failed("journal", error))? {
        let what = say.pick("il n'y a pas de journal ici", "there is no journal here");
        return Err(CliError::Usage(what.to_owned()));
    }
    with_open(config, say, async |opened| {
        let made = if args.keys {
            keys_of(opened, &args.output, say).await
        } else {
            journal_of(opened, &args.output, say).await
        };
        let manifest = made.map_err(|error| failed(error, say))?;
        let (rows, position) = (manifest.rows(), manifest.position);
        let folder = args.output.display();
        let fr = format!("Sauvegarde dans {folder} : {rows} lignes, à la position {position}.");
        let en = format!("Backup in {folder}: {rows} rows, at position {position}.");
        say.note(&fr, &en);
        Ok(())
    })
    .await
}

async fn journal_of(opened: &Opened, folder: &Path, say: Say) -> Result<Manifest, BackupError> {
    let (journal, keys) = (opened.commands.journal(), opened.commands.keys());
    let now = opened.commands.clock().now();
    let bar = bar(say.pick("sauvegarde", "backup"));
    let told = |done, all| show(&bar, done, all);
    let made = back_up_journal(journal, keys, folder, now, &told).await;
    bar.finish_and_clear();
    made
}

async fn keys_of(opened: &Opened, folder: &Path, say: Say) -> Result<Manifest, BackupError> {
    let (journal, keys) = (opened.commands.journal(), opened.commands.keys());
    // Every erasure up to here is carried out in the backup: asked before they are finished, so that
    // one that is appended meanwhile is not claimed. One that a crash left half-done would otherwise leave
    // a living key in it.
    let position = journal.head().await.map_err(BackupError::from)?.position;
    opened.commands.finish_erasures().await?;
    let made = (position, opened.commands.clock().now());
    let bar = bar(say.pick("sauvegarde", "backup"));
    let told = |done, all| show(&bar, done, all);
    let made = back_up_keys(journal, keys, folder, made, &told).await;
    bar.finish_and_clear();
    made
}

/// What went wrong, for people, with the exit status that it has.
pub(super) fn failed(error: BackupError, say: Say) -> CliError {
    let (fr, en) = match &error {
        BackupError::NotEmpty(folder) => {
            let folder = folder.display();
            (format!("{folder} n'est pas vide"), format!("{folder} is not empty"))
        }
        BackupError::WithinBackup(folder) => {
            let folder = folder.display();
            (
                format!("{folder} est dans une autre sauvegarde : gardez clés et journal à part"),
                format!("{folder} is within another backup: keep keys and journal apart"),
            )
        }
        BackupError::NoManifest(folder) => {
            let folder = folder.display();
            (
                format!("{folder} n'a pas de manifeste : aucune sauvegarde, ou une interrompue"),
                format!("{folder} has no manifest: no backup, or one that broke off"),
            )
        }
        BackupError::OtherKind => (
            "c'est une sauvegarde de l'autre sorte : avec ou sans --keys".to_owned(),
            "this is a backup of the other kind: with or without --keys".to_owned(),
        ),
        BackupError::TooNew { found, known } => (
            format!("la sauvegarde a le schéma {found}, cette version connaît {known}"),
            format!("the backup has schema {found}, this version knows {known}"),
        ),
        BackupError::Damaged { path, problem } => {
            let path = path.display();
            (
                format!("{path} n'est pas ce qui a été sauvegardé ({problem})"),
                format!("{path} is not what was backed up ({problem})"),
            )
        }
        BackupError::DamagedEvent { position } => (
            format!("l'événement qui suit la position {position} manque ou est endommagé"),
            format!("the event after position {position} is missing or damaged"),
        ),
        BackupError::DatabaseNotEmpty { table } => (
            format!("la base n'est pas vide : {table} a des lignes"),
            format!("the database is not empty: {table} has rows"),
        ),
        BackupError::Unrelated => (
            "ces clés et ce journal ne vont pas ensemble".to_owned(),
            "these keys and this journal do not belong together".to_owned(),
        ),
        _ => {
            let what = say.pick("la sauvegarde ne va pas", "the backup does not work");
            return CliError::failed(what, error);
        }
    };
    let what = say.pick(&fr, &en).to_owned();
    match error {
        BackupError::NoManifest(_)
        | BackupError::Damaged { .. }
        | BackupError::DamagedEvent { .. } => CliError::IsFalse(what),
        _ => CliError::Usage(what),
    }
}
