//! Opening the databases.

use std::path::Path;

use sira_projections::ReadStore;
use sira_projections::analyst::{AnalystRole, CREATE_ANALYST};
use sira_projections::face::settle;

use super::StartError;
use super::to_read::refuse_without_keys;
use crate::clock::Clock;
use crate::commands::Commands;
use crate::config::Config;
use crate::documents::DocumentStore;
use crate::files::{FileError, make_private_folder};
use crate::journal::{Journal, JournalConfig, JournalError};
use crate::keys::{KeyStore, KeysError, MasterKey, MasterKeyOrigin};
use crate::read_side::{DuplicateFinder, OpenedKeys, is_of_another_history, of_this_history};
use crate::say::Say;
use crate::token::{Tokens, load_or_create_key};

/// The journal's own id: one journal a database, for now.
pub const JOURNAL: &str = "main";
/// The setting that binds a journal to its key store.
pub(super) const KEY_STORE_SETTING: &str = "key_store";

/// Everything a command works with.
pub struct Opened {
    /// The door to the streams.
    pub commands: Commands,
    /// Tokens; none when it was opened to be read.
    pub(super) tokens: Option<Tokens>,
}

impl Opened {
    /// Tokens.
    ///
    /// # Errors
    /// [`StartError`] when it was opened to be read: then no key of tokens was looked for.
    pub fn tokens(&self) -> Result<&Tokens, StartError> {
        self.tokens.as_ref().ok_or_else(|| StartError::bare("opened to be read: no token key"))
    }

    /// Ends in good order: what is queued is committed, connections are closed.
    pub async fn close(&self) {
        self.commands.journal().close().await;
        self.commands.keys().close().await;
    }
}

/// How the configured journal is opened.
#[must_use]
pub fn journal_config(config: &Config) -> JournalConfig {
    let mut journal = JournalConfig::new(&config.database_url);
    JOURNAL.clone_into(&mut journal.journal);
    journal
}

/// Opens the read database, making its schema, and lets registrations be answered with their likely
/// duplicates.
///
/// # Errors
/// [`StartError`], which says what failed.
pub async fn open_read(
    config: &Config,
    opened: &Opened,
    say: Say,
) -> Result<ReadStore, StartError> {
    let store = ReadStore::open(&config.read_database_url).await;
    let store = store.map_err(|error| read_not_opened(error, say))?;
    let is_other = is_of_another_history(opened.commands.journal(), &store).await;
    if is_other.map_err(|error| read_not_opened(error, say))? {
        store.close().await;
        return Err(StartError::bare(say.pick(
            "les projections sont d'une autre histoire de ce journal : lancez `sira projections rebuild`, ou \
             redémarrez le serveur, qui les refait",
            "the read models are of another history of this journal: run `sira projections rebuild`, or restart \
             the server, which makes them anew",
        )));
    }
    propose_by(&store, opened);
    Ok(store)
}

/// As [`open_read`], for who feeds the read models: where they are damaged, or of another history of the journal,
/// they are made anew. Nobody else does so: a server may have them open, and they would stay empty.
///
/// # Errors
/// [`StartError`], which says what failed.
pub async fn open_read_to_feed(
    config: &Config,
    opened: &Opened,
    say: Say,
) -> Result<ReadStore, StartError> {
    let store = ReadStore::open_or_remake(&config.read_database_url).await;
    let store = store.map_err(|error| read_not_opened(error, say))?;
    let store = of_this_history(opened.commands.journal(), store).await;
    let store = store.map_err(|error| read_not_opened(error, say))?;
    propose_by(&store, opened);
    Ok(store)
}

fn propose_by(store: &ReadStore, opened: &Opened) {
    let keys = OpenedKeys::new(opened.commands.keys().clone());
    let _ = opened.commands.clone().proposing(DuplicateFinder::new(store.clone(), keys));
}

pub(super) fn read_not_opened(
    error: impl std::error::Error + Send + Sync + 'static,
    say: Say,
) -> StartError {
    let what = say.pick("la base de lecture ne s'ouvre pas", "the read database cannot be opened");
    StartError::new(what, error)
}

/// Brings the journal's schema up to date, and makes the analysts' and auditors' roles and what they see.
///
/// # Errors
/// [`StartError`], which says what failed.
pub async fn migrate(config: &Config, say: Say) -> Result<(), StartError> {
    refuse_keys_without_journal(config, say).await?;
    make_directory(config)?;
    let done = Journal::migrate(&journal_config(config)).await;
    done.map_err(|error| StartError::new("migrate", error))?;
    say.note("Le schéma du journal est à jour.", "The journal's schema is up to date.");
    make_analyst(config, say).await
}

/// The analysts' role, where the read side is on a server. Not every database user may make a role: then
/// this says what somebody who may has to run, and all else works without it.
async fn make_analyst(config: &Config, say: Say) -> Result<(), StartError> {
    if config.read_database_url.starts_with("sqlite:") {
        return Ok(());
    }
    let failed = |error| read_not_opened(error, say);
    let store = ReadStore::open(&config.read_database_url).await.map_err(failed)?;
    let made = store.make_analyst_role().await.map_err(failed);
    let settled = settle(&store, JOURNAL).await.map_err(failed);
    store.close().await;
    for held in settled? {
        let (what, by) = (held.what, held.by.join(", "));
        say.note(&format!("{what} attend : {by}"), &format!("{what} waits for: {by}"));
    }
    if made? == AnalystRole::Forbidden {
        let fr = format!(
            "Les rôles des analystes et des auditeurs n'existent pas et cet utilisateur ne peut pas les \
             créer. Qu'un administrateur de la base lance : {CREATE_ANALYST}; puis relancez `sira migrate`."
        );
        let en = format!(
            "The analysts' and auditors' roles are not there and this user may not make them. Let a \
             database administrator run: {CREATE_ANALYST}; then run `sira migrate` again."
        );
        say.note(&fr, &en);
    }
    Ok(())
}

/// What belongs together is looked at before anything is made. A key store without its journal is what a restore
/// has left half done, or a file that was lost: an empty journal beside it would stand in the way of the one that
/// is to be restored.
async fn refuse_keys_without_journal(config: &Config, say: Say) -> Result<(), StartError> {
    if !has_key_store(config, say).await? {
        return Ok(());
    }
    let journal = Journal::is_made(&journal_config(config)).await;
    if journal.map_err(|error| not_opened(error, say))? {
        return Ok(());
    }
    Err(StartError::bare(say.pick(
        "le magasin de clés est ici et son journal n'y est pas : restaurez-le (`sira restore --from`). Pour un \
         nouveau journal, ôtez d'abord le magasin de clés. Rien n'a été créé",
        "the key store is here and its journal is not: restore it (`sira restore --from`). For a new journal remove \
         the key store first. Nothing was made",
    )))
}

/// Nor is a master key made beside a key store that another one wraps: it would open nothing.
async fn refuse_keys_without_master(config: &Config, say: Say) -> Result<(), StartError> {
    let given = secret("SIRA_MASTER_KEY");
    let master = MasterKey::load(&config.data_dir, given.as_deref().map(String::as_str));
    if master.map_err(|error| StartError::new("master key", error))?.is_some()
        || !has_key_store(config, say).await?
    {
        return Ok(());
    }
    Err(StartError::bare(say.pick(
        "le magasin de clés est ici et sa clé maîtresse n'y est pas : donnez-la (SIRA_MASTER_KEY, master.key). \
         Rien n'a été créé",
        "the key store is here and its master key is not: give it (SIRA_MASTER_KEY, master.key). Nothing was made",
    )))
}

async fn has_key_store(config: &Config, say: Say) -> Result<bool, StartError> {
    let made = crate::keys::is_made(&config.keys_database_url).await;
    made.map_err(|error| store_not_opened(error, say))
}

/// Makes the data directory.
///
/// # Errors
/// [`StartError`], which says what failed.
pub fn make_directory(config: &Config) -> Result<(), StartError> {
    make_private_folder(&config.data_dir).map_err(|source| {
        let path = config.data_dir.clone();
        StartError::new("data directory", FileError { path, source })
    })
}

/// Opens the journal, the key store and the tokens. An embedded journal that does not exist yet is
/// made; any other schema than the known one is refused with what to run.
///
/// # Errors
/// [`StartError`], which says what failed.
pub async fn open(config: &Config, say: Say) -> Result<Opened, StartError> {
    open_at(config, Clock::System, say).await
}

/// As [`open`], on a clock of the caller's.
///
/// # Errors
/// [`StartError`], which says what failed.
pub async fn open_at(config: &Config, clock: Clock, say: Say) -> Result<Opened, StartError> {
    refuse_keys_without_journal(config, say).await?;
    refuse_keys_without_master(config, say).await?;
    make_directory(config)?;
    let journal = open_journal(config, &clock, say).await?;
    refuse_without_keys(config, &journal, say).await?;
    let keys = open_keys(config, &clock, say).await?;
    bind(&journal, &keys, say).await?;
    let given = secret("SIRA_TOKEN_KEY");
    let key = load_or_create_key(&config.data_dir, given.as_deref().map(String::as_str))
        .map_err(|error| StartError::new("token key", error))?;
    let tokens = Tokens::new(journal.clone(), clock.clone(), &key)
        .map_err(|error| StartError::new("token key", error))?;
    let documents = DocumentStore::open(&config.documents_url, &config.data_dir.join("incoming"));
    let documents = documents.map_err(|error| {
        let what = say
            .pick("le magasin de documents ne s'ouvre pas", "the document store cannot be opened");
        StartError::new(what, error)
    })?;
    let commands = Commands::new(journal, keys, clock, config.cache_bytes).keeping(documents);
    Ok(Opened { commands, tokens: Some(tokens) })
}

/// Opens a journal to look at it, whatever is wrong with it.
///
/// # Errors
/// [`StartError`], which says what failed.
pub async fn open_as_it_is(config: &JournalConfig, say: Say) -> Result<Journal, StartError> {
    let opened = Journal::open_as_it_is(config, Clock::System).await;
    opened.map_err(|error| not_opened(error, say))
}

/// Opens a journal to act on it alone: no key is looked for.
///
/// # Errors
/// [`StartError`], which says what failed.
pub async fn open_journal_alone(config: &JournalConfig, say: Say) -> Result<Journal, StartError> {
    open_on(config, &Clock::System, say).await
}

async fn open_journal(config: &Config, clock: &Clock, say: Say) -> Result<Journal, StartError> {
    let journal = journal_config(config);
    if is_new_embedded(&config.database_url) {
        Journal::migrate(&journal).await.map_err(|error| StartError::new("migrate", error))?;
    }
    open_on(&journal, clock, say).await
}

async fn open_on(config: &JournalConfig, clock: &Clock, say: Say) -> Result<Journal, StartError> {
    Journal::open(config, clock.clone()).await.map_err(|error| not_opened(error, say))
}

pub(super) fn not_opened(error: JournalError, say: Say) -> StartError {
    let what = match &error {
        JournalError::SchemaBehind { .. } => say.pick(
            "le schéma du journal n'est pas à jour : lancez `sira migrate`",
            "the journal's schema is behind: run `sira migrate`",
        ),
        JournalError::SchemaUnknown { .. } => say.pick(
            "le schéma du journal est inconnu de cette version : prenez une version plus récente de sira",
            "this version does not know the journal's schema: take a newer sira",
        ),
        _ => say.pick("le journal ne s'ouvre pas", "the journal cannot be opened"),
    };
    StartError::new(what, error)
}

/// An embedded journal whose file is not there yet is made on first use: that is what makes
/// `sira serve` alone run.
fn is_new_embedded(url: &str) -> bool {
    let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:"));
    path.is_some_and(|path| !Path::new(path.split('?').next().unwrap_or(path)).exists())
}

async fn open_keys(config: &Config, clock: &Clock, say: Say) -> Result<KeyStore, StartError> {
    let given = secret("SIRA_MASTER_KEY");
    let loaded = MasterKey::load_or_create(&config.data_dir, given.as_deref().map(String::as_str));
    let (master, origin) = loaded.map_err(|error| StartError::new("master key", error))?;
    if let MasterKeyOrigin::Created(path) = &origin {
        warn_of_new_master_key(path, say);
    }
    open_store(config, master, clock, say).await
}

pub(super) async fn open_store(
    config: &Config,
    master: MasterKey,
    clock: &Clock,
    say: Say,
) -> Result<KeyStore, StartError> {
    let store = KeyStore::open(&config.keys_database_url, master, clock.clone()).await;
    store.map_err(|error| store_not_opened(error, say))
}

pub(super) fn store_not_opened(error: KeysError, say: Say) -> StartError {
    let what = say.pick("le magasin de clés ne s'ouvre pas", "the key store cannot be opened");
    StartError::new(what, error)
}

fn warn_of_new_master_key(path: &Path, say: Say) {
    let path = path.display();
    let fr = format!(
        "\n*** NOUVELLE CLÉ MAÎTRESSE : {path}\n*** Sans elle, aucun nom ne se relit. Gardez-en une copie \
         hors de cette machine,\n*** loin des sauvegardes du journal, ou donnez-la par SIRA_MASTER_KEY.\n"
    );
    let en = format!(
        "\n*** NEW MASTER KEY: {path}\n*** Without it no name can be read again. Keep a copy off this \
         machine,\n*** away from the journal's backups, or give it by SIRA_MASTER_KEY.\n"
    );
    say.note(&fr, &en);
}

/// A secret of the environment; none when it is empty.
#[must_use]
pub fn secret(name: &str) -> Option<zeroize::Zeroizing<String>> {
    std::env::var(name).ok().filter(|value| !value.is_empty()).map(zeroize::Zeroizing::new)
}

/// A journal names its key store once; another one is refused, since what it sealed could not be
/// opened, and what it would seal could not be opened elsewhere.
async fn bind(journal: &Journal, keys: &KeyStore, say: Say) -> Result<(), StartError> {
    let own = keys.id().to_string();
    let named = journal.set_once(KEY_STORE_SETTING, &own).await;
    let named = named.map_err(|error| StartError::new("journal", error))?;
    if named == own { Ok(()) } else { Err(other_store(say)) }
}

pub(super) fn other_store(say: Say) -> StartError {
    let what = say.pick(
        "ce magasin de clés n'est pas celui de ce journal (SIRA_KEYS_DATABASE_URL, SIRA_DATA_DIR)",
        "this key store is not the one of this journal (SIRA_KEYS_DATABASE_URL, SIRA_DATA_DIR)",
    );
    StartError::bare(what)
}

/// Opens everything, works with it, and closes it, whatever the work came to.
///
/// # Errors
/// [`StartError`] as the work's own error, or what the work gives.
pub async fn with_open<T, E: From<StartError>>(
    config: &Config,
    say: Say,
    work: impl AsyncFnOnce(&Opened) -> Result<T, E>,
) -> Result<T, E> {
    let opened = open(config, say).await?;
    let outcome = work(&opened).await;
    opened.close().await;
    outcome
}
