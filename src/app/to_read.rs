//! Opening what is there to read it, and refusing to write where a journal's keys are not.

use sira_projections::ReadStore;

use super::StartError;
use super::open::{
    KEY_STORE_SETTING, Opened, journal_config, not_opened, open_read, open_store, other_store,
    read_not_opened, secret, store_not_opened,
};
use crate::clock::Clock;
use crate::commands::Commands;
use crate::config::Config;
use crate::journal::Journal;
use crate::keys::{KeyStore, MasterKey, is_made};
use crate::say::Say;

/// Opens what is there to read it: no key of any sort, no database and no directory is made. Where the
/// journal's keys are not here, as on an auditor's machine, what is sealed stays sealed.
///
/// # Errors
/// [`StartError`], also when there is no journal here.
pub async fn open_to_read(config: &Config, say: Say) -> Result<Opened, StartError> {
    let clock = Clock::System;
    let wanted = journal_config(config);
    let made = Journal::is_made(&wanted).await;
    if !made.map_err(|error| not_opened(error, say))? {
        return Err(StartError::bare(say.pick(
            "il n'y a pas de journal ici (SIRA_DATABASE_URL, SIRA_DATA_DIR)",
            "there is no journal here (SIRA_DATABASE_URL, SIRA_DATA_DIR)",
        )));
    }
    let journal = Journal::open(&wanted, clock.clone()).await;
    let journal = journal.map_err(|error| not_opened(error, say))?;
    let keys = keys_to_read(config, &journal, &clock, say).await?;
    let commands = Commands::new(journal, keys, clock, config.cache_bytes);
    Ok(Opened { commands, tokens: None })
}

/// The journal's key store; in its place one that knows no key, when it is not here.
async fn keys_to_read(
    config: &Config,
    journal: &Journal,
    clock: &Clock,
    say: Say,
) -> Result<KeyStore, StartError> {
    let named = journal.setting(KEY_STORE_SETTING).await;
    let named = named.map_err(|error| StartError::new("journal", error))?;
    let Some(master) = master_with_store(config, say).await? else {
        // A journal that names no store has had nothing sealed yet.
        if named.is_some() {
            say.note(
                "Les clés de ce journal ne sont pas ici : ce qui est scellé le reste.",
                "This journal's keys are not here: what is sealed stays sealed.",
            );
        }
        return KeyStore::absent(clock.clone()).map_err(|error| StartError::new("keys", error));
    };
    let keys = open_store(config, master, clock, say).await?;
    if named.is_some_and(|named| named != keys.id().to_string()) {
        return Err(other_store(say));
    }
    Ok(keys)
}

/// The master key, when it is here and so is a key store. Nothing is made.
async fn master_with_store(config: &Config, say: Say) -> Result<Option<MasterKey>, StartError> {
    let given = secret("SIRA_MASTER_KEY");
    let master = MasterKey::load(&config.data_dir, given.as_deref().map(String::as_str));
    let Some(master) = master.map_err(|error| StartError::new("master key", error))? else {
        return Ok(None);
    };
    let made = is_made(&config.keys_database_url).await;
    Ok(made.map_err(|error| store_not_opened(error, say))?.then_some(master))
}

/// A journal that names its key store is not worked with where the keys are not: new ones would open
/// nothing of it, and stand in the way of its own.
pub(super) async fn refuse_without_keys(
    config: &Config,
    journal: &Journal,
    say: Say,
) -> Result<(), StartError> {
    let named = journal.setting(KEY_STORE_SETTING).await;
    if named.map_err(|error| StartError::new("journal", error))?.is_none()
        || master_with_store(config, say).await?.is_some()
    {
        return Ok(());
    }
    Err(StartError::bare(say.pick(
        "les clés de ce journal ne sont pas ici : donnez la clé maîtresse (SIRA_MASTER_KEY, master.key) et \
         restaurez le magasin de clés (`sira restore --keys`). Une copie sans clés se lit par `history`, \
         `evidence`, `export` et `verify`, et ne se sert pas",
        "this journal's keys are not here: give the master key (SIRA_MASTER_KEY, master.key) and restore the \
         key store (`sira restore --keys`). A copy without keys is read by `history`, `evidence`, `export` \
         and `verify`, and not served",
    )))
}

/// Opens the read database that is there, and makes none.
///
/// # Errors
/// [`StartError`], also when there is none.
pub async fn open_read_that_is_there(
    config: &Config,
    opened: &Opened,
    say: Say,
) -> Result<ReadStore, StartError> {
    let made = ReadStore::is_made(&config.read_database_url).await;
    let made = made.map_err(|error| read_not_opened(error, say))?;
    if !made {
        return Err(StartError::bare(say.pick(
            "aucune projection n'est construite ici : lancez `sira projections rebuild`",
            "no read model is built here: run `sira projections rebuild`",
        )));
    }
    open_read(config, opened, say).await
}

/// As [`with_open`](super::with_open), to read: nothing is made ([`open_to_read`]).
///
/// # Errors
/// [`StartError`] as the work's own error, or what the work gives.
pub async fn with_read<T, E: From<StartError>>(
    config: &Config,
    say: Say,
    work: impl AsyncFnOnce(&Opened) -> Result<T, E>,
) -> Result<T, E> {
    let opened = open_to_read(config, say).await?;
    let outcome = work(&opened).await;
    opened.close().await;
    outcome
}
