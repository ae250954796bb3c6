//! `sira restore`: a backup into an empty database of either engine.

use std::path::{Path, PathBuf};

use super::CliError;
use super::backup::failed;
use super::export::{bar, show};
use super::verify::watched;
use crate::app::{journal_config, make_directory};
use crate::backup::{
    Manifest, destroy_again, destroyed_keys, is_of_another_history, restore_journal, restore_keys,
};
use crate::clock::Clock;
use crate::config::Config;
use crate::evidence::hold_back;
use crate::evidence::verify::Options;
use crate::journal::{Journal, JournalConfig};
use crate::say::Say;

/// Arguments of `sira restore`.
#[derive(Debug, clap::Args)]
pub struct RestoreArgs {
    /// The folder of the backup / Le dossier de la sauvegarde
    #[arg(long)]
    from: PathBuf,
    /// A backup of the keys / Une sauvegarde des clés
    #[arg(long)]
    keys: bool,
}

/// Runs `sira restore`.
pub async fn restore(config: &Config, args: RestoreArgs, say: Say) -> Result<(), CliError> {
    make_directory(config)?;
    if args.keys {
        return restore_of_keys(config, &args.from, say).await;
    }
    refuse_old_read_side(config, say).await?;
    let journal = journal_config(config);
    let bar = bar(say.pick("restauration", "restore"));
    let told = |done, all| show(&bar, done, all);
    let restored = restore_journal(&journal, &args.from, &told).await;
    bar.finish_and_clear();
    let manifest = restored.map_err(|error| failed(error, say))?;
    let destroyed = destroy_again(&journal, &config.keys_database_url, Clock::System.now()).await;
    let destroyed = destroyed.map_err(|error| failed(error, say))?;
    say_restored(&manifest, say);
    if destroyed.is_none() {
        say.note(
            "Aucun magasin de clés ici : restaurez-le par `sira restore --keys --from DOSSIER`.",
            "There is no key store here: restore it by `sira restore --keys --from FOLDER`.",
        );
    }
    check_evidence(&journal, say).await?;
    say.note(
        "Les jetons révoqués depuis cette sauvegarde valent de nouveau : voyez `sira token list`.",
        "Tokens that were revoked since this backup are good again: see `sira token list`.",
    );
    Ok(())
}

/// Every event was hashed again before it was committed. Here the whole is held against the tree and the
/// checkpoints that came with it; against one that was kept elsewhere, `sira verify --against` does.
async fn check_evidence(config: &JournalConfig, say: Say) -> Result<(), CliError> {
    let journal = Journal::open(config, Clock::System).await;
    let journal = journal.map_err(|error| CliError::failed("journal", error))?;
    let report = watched(&journal, &Options::default(), say).await;
    // What was signed after the backup was made is not here: signing on under the same key could sign
    // another history of the same sizes. A copy that is only read needs no signature.
    let position = report.as_ref().map_or(0, |report| report.events);
    let held_back = hold_back(&journal, position).await;
    journal.close().await;
    held_back.map_err(|error| CliError::failed("journal", error))?;
    let fr = "Rien n'est signé dans ce journal restauré avant `sira evidence accept-loss` (une copie d'auditeur n'en a pas besoin).";
    let en = "Nothing is signed in this restored journal before `sira evidence accept-loss` (an auditor's copy needs no signature).";
    say.note(fr, en);
    if report?.holds() {
        return Ok(());
    }
    let what = say.pick(
        "le journal est restauré, mais ses preuves ne tiennent pas : lancez `sira verify`",
        "the journal is restored, but its evidence does not hold: run `sira verify`",
    );
    Err(CliError::IsFalse(what.to_owned()))
}

async fn restore_of_keys(config: &Config, folder: &Path, say: Say) -> Result<(), CliError> {
    let named = destroyed_keys(&journal_config(config)).await;
    let named = named.map_err(|error| failed(error, say))?;
    let is_alone = named.is_none();
    let named = named.unwrap_or_default();
    let bar = bar(say.pick("restauration", "restore"));
    let told = |done, all| show(&bar, done, all);
    let (url, now) = (&config.keys_database_url, Clock::System.now());
    let restored = restore_keys(url, folder, &named, now, &told).await;
    bar.finish_and_clear();
    let restored = restored.map_err(|error| failed(error, say))?;
    say_restored(&restored, say);
    let is_other = is_of_another_history(&journal_config(config), &restored).await;
    if is_other.map_err(|error| failed(error, say))? {
        say.note(
            "Ces clés ont été sauvegardées à côté d'une autre histoire de ce journal : refaites tout effacement ordonné \
             depuis que les deux se sont séparées.",
            "These keys were saved beside another history of this journal: order every erasure again that was ordered \
             since the two parted.",
        );
    }
    if is_alone {
        say.note(
            "Aucun journal ici : les effacements qu'il nomme seront refaits à sa restauration.",
            "There is no journal here: the erasures that it names are made again when it is restored.",
        );
    }
    Ok(())
}

fn say_restored(manifest: &Manifest, say: Say) {
    let (rows, position) = (manifest.rows(), manifest.position);
    let made_at = manifest.made_at.format("%Y-%m-%d %H:%M:%S UTC");
    let fr =
        format!("Restauré : {rows} lignes, à la position {position}, sauvegarde du {made_at}.");
    let en =
        format!("Restored: {rows} rows, at position {position}, from the backup of {made_at}.");
    say.note(&fr, &en);
}

/// Read models of the life before would be taken for those of the restored journal, and may be ahead of
/// it: they are computed again, from nothing.
async fn refuse_old_read_side(config: &Config, say: Say) -> Result<(), CliError> {
    let url = &config.read_database_url;
    let has_rows = match url.strip_prefix("sqlite:") {
        Some(path) => Path::new(path.strip_prefix("//").unwrap_or(path)).exists(),
        None => has_checkpoints(url).await.map_err(|error| {
            let what =
                say.pick("la base de lecture ne s'ouvre pas", "the read database cannot be opened");
            CliError::failed(what, error)
        })?,
    };
    if !has_rows {
        return Ok(());
    }
    let what = say.pick(
        "la base de lecture tient encore les vues d'un autre journal : supprimez read.db, ou les schémas \
         read, audit, read_data et identity, puis recommencez",
        "the read database still holds the read models of another journal: remove read.db, or schemas \
         read, audit, read_data and identity, and run this again",
    );
    Err(CliError::Usage(what.to_owned()))
}

async fn has_checkpoints(url: &str) -> Result<bool, sqlx::Error> {
    let pool = sqlx::PgPool::connect(url).await?;
    // Where they are now, and where they were in a read side of before.
    let made: Vec<String> = sqlx::query_scalar(
        "SELECT its::regclass::text FROM unnest(ARRAY['read_data.projection_checkpoints',
            'read.projection_checkpoints']) AS its WHERE to_regclass(its) IS NOT NULL",
    )
    .fetch_all(&pool)
    .await?;
    let mut found = false;
    for table in made {
        let asked = format!("SELECT EXISTS (SELECT 1 FROM {table})");
        found |= sqlx::query_scalar::<_, bool>(&asked).fetch_one(&pool).await?;
    }
    pool.close().await;
    Ok(found)
}
