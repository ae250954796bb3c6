//! The log's signing key, and what follows and signs the journal.

use std::path::Path;

use super::StartError;
use super::open::secret;
use crate::commands::Commands;
use crate::config::Config;
use crate::evidence::{
    Keeper, KeeperConfig, KeyHistory, NoteKey, RECOVERY_FILE, SigningKeyOrigin, VerifierKey,
    load_or_create_key,
};
use crate::say::Say;

/// The signing key, made on the first start; none when another process holds it.
///
/// # Errors
/// [`StartError`].
pub async fn signing_key(
    config: &Config,
    commands: &Commands,
    say: Say,
) -> Result<Option<NoteKey>, StartError> {
    let given = secret("SIRA_SIGNING_KEY");
    let loaded = load_or_create_key(
        commands.journal(),
        &config.data_dir,
        given.as_deref().map(String::as_str),
        config.evidence.origin.as_deref(),
    )
    .await
    .map_err(|error| StartError::new(say.pick("preuves", "evidence"), error))?;
    let Some((key, origin)) = loaded else {
        say.note(
            "La clé de signature de ce journal n'est pas ici : ce processus montre les points de contrôle et n'en signe pas (SIRA_SIGNING_KEY).",
            "This journal's signing key is not here: this process shows checkpoints and signs none (SIRA_SIGNING_KEY).",
        );
        return Ok(None);
    };
    let named = KeyHistory::of(commands.journal()).await;
    let named = named.map_err(|error| StartError::new(say.pick("preuves", "evidence"), error))?;
    let recovery = named.as_ref().and_then(KeyHistory::recovery_key);
    if let SigningKeyOrigin::Created(path) = origin {
        warn_of_new_key(&path, &key, say);
        if let Some(recovery) = recovery {
            warn_of_recovery_key(config, recovery, say);
        }
    }
    Ok(Some(key))
}

/// Says where a recovery key lies, and that it must not stay there.
pub fn warn_of_recovery_key(config: &Config, verifier: &VerifierKey, say: Say) {
    let path = config.data_dir.join(RECOVERY_FILE);
    let path = path.display();
    let fr = format!(
        "\n*** NOUVELLE CLÉ DE SECOURS : {path}\n*** Elle seule remplace une clé de signature perdue. ÔTEZ-LA DE \
         CETTE MACHINE : deux copies\n*** hors ligne, gardées par d'autres que l'exploitant. Sa clé de \
         vérification :\n{verifier}\n"
    );
    let en = format!(
        "\n*** NEW RECOVERY KEY: {path}\n*** It alone replaces a signing key that is lost. MOVE IT OFF THIS \
         MACHINE: two copies offline,\n*** kept by others than who runs the server. Its verifier key:\n{verifier}\n"
    );
    say.note(&fr, &en);
}

fn warn_of_new_key(path: &Path, key: &NoteKey, say: Say) {
    let (path, verifier) = (path.display(), key.verifier());
    let fr = format!(
        "\n*** NOUVELLE CLÉ DE SIGNATURE : {path}\n*** Gardez-en une copie hors de cette machine. Remettez \
         sa clé de vérification\n*** à l'auditeur et au bailleur, par un autre chemin que ce serveur :\n{verifier}\n"
    );
    let en = format!(
        "\n*** NEW SIGNING KEY: {path}\n*** Keep a copy off this machine. Hand its verifier key to the \
         auditor and the\n*** donor, by another way than this server:\n{verifier}\n"
    );
    say.note(&fr, &en);
}

/// Starts to follow the journal, and to sign when the key is here.
///
/// # Errors
/// [`StartError`].
pub async fn keep_evidence(
    config: &Config,
    commands: &Commands,
    say: Say,
) -> Result<Keeper, StartError> {
    // A copy without keys shows what was signed, and neither signs nor makes a key to sign with.
    let is_copy = !commands.keys().is_here();
    let key = if is_copy { None } else { signing_key(config, commands, say).await? };
    let witnesses = config.evidence.witnesses();
    let mut keeping = KeeperConfig::new(&config.data_dir, key);
    keeping.witnesses = witnesses.map_err(|error| StartError::new("sira.toml", error))?;
    Ok(Keeper::start(commands.journal(), commands.clock(), keeping))
}
