//! `sira evidence witness`: run by a second party, who signs that a log only adds.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::CliError;
use super::causes::told;
use crate::clock::Clock;
use crate::evidence::witness::{Watch, Witness, WitnessError};
use crate::evidence::{Algorithm, NoteKey, VerifierKey};
use crate::files::{read_secret, write_secret};
use crate::say::Say;

/// The witness's key in its folder.
const KEY_FILE: &str = "witness.key";

/// Arguments of `sira evidence witness`.
#[derive(Debug, clap::Args)]
pub struct WitnessArgs {
    /// The server's address. / L'adresse du serveur.
    #[arg(long)]
    url: reqwest::Url,
    /// The log's verifier key, known from elsewhere than that server. / La clé de vérification du journal.
    #[arg(long)]
    key: VerifierKey,
    /// A token of the server. / Un jeton de ce serveur.
    #[arg(long, env = "SIRA_WITNESS_TOKEN", hide_env_values = true)]
    token: String,
    /// Folder of this witness's key, and of what it has seen. / Dossier de la
    /// clé du témoin, et de ce qu'il a vu.
    #[arg(long, default_value = "witness")]
    state: PathBuf,
    /// Name of this witness, for a key that is made on first start. / Nom du témoin, pour une
    /// clé créée au premier démarrage.
    #[arg(long, default_value = "sira/witness")]
    name: String,
    /// Fetch every entry as well, and check the stream index: asks for a token that reaches all entries. /
    /// Lit aussi chaque entrée, et vérifie l'index des flux : demande un jeton qui atteint toutes les entrées.
    #[arg(long)]
    audit: bool,
    /// The token that entries are fetched with, such as an auditor's [default: the other one] / Le jeton qui
    /// lit les entrées, celui d'un auditeur par exemple [défaut : l'autre]
    #[arg(long, env = "SIRA_WITNESS_ENTRIES_TOKEN", hide_env_values = true)]
    entries_token: Option<String>,
    /// Once, rather than for ever. / Une fois, et non sans fin.
    #[arg(long)]
    once: bool,
    /// Seconds between two looks. / Secondes entre deux regards.
    #[arg(long, default_value_t = 10)]
    every: u64,
}

/// Runs `sira evidence witness`.
pub async fn run(args: WitnessArgs, say: Say) -> Result<(), CliError> {
    let key = witness_key(&args.state, &args.name, say)?;
    let watch = Watch {
        url: args.url,
        log: args.key,
        entries_token: args.entries_token.unwrap_or_else(|| args.token.clone()).into(),
        token: args.token.into(),
        audits: args.audit,
    };
    let witness = Witness::open(watch, key, &args.state, Clock::System);
    let mut witness = witness.map_err(|error| failed(error, say))?;
    loop {
        match witness.look().await {
            Ok(Some(size)) => {
                let fr = format!("Signé jusqu'à la position {size}.");
                let en = format!("Signed up to position {size}.");
                say.note(&fr, &en);
            }
            Ok(None) => {}
            Err(error) if error.is_passing() && !args.once => {
                tracing::warn!(error = %error, cause = ?std::error::Error::source(&error), "the log could not be looked at");
            }
            Err(error) => return Err(failed(error, say)),
        }
        if args.once {
            return Ok(());
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(args.every.max(1))) => {}
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
    }
}

fn failed(error: WitnessError, say: Say) -> CliError {
    if error.is_passing() {
        return CliError::failed(say.pick("témoin", "witness"), error);
    }
    let what = say
        .pick("CE JOURNAL N'EST PAS CELUI QUI A ÉTÉ VU", "THIS LOG IS NOT THE ONE THAT WAS SEEN");
    CliError::IsFalse(format!("{what}: {}", told(&error, say)))
}

fn witness_key(state: &Path, name: &str, say: Say) -> Result<NoteKey, CliError> {
    let failed = |error| CliError::failed(KEY_FILE, error);
    let path = state.join(KEY_FILE);
    let found = read_secret(&path).map_err(|error| CliError::failed(KEY_FILE, error))?;
    let is_new = found.is_none();
    let key: NoteKey = if let Some(text) = found {
        text.parse().map_err(failed)?
    } else {
        let made = crate::evidence::generate_key(name, Algorithm::Cosignature)
            .map_err(|error| CliError::failed(KEY_FILE, error))?;
        let text = write_secret(&path, &made.secret());
        text.map_err(|error| CliError::failed(KEY_FILE, error))?.parse().map_err(failed)?
    };
    let verifier = key.verifier();
    if verifier.algorithm() != Algorithm::Cosignature {
        return Err(CliError::Usage(format!("{KEY_FILE}: {verifier}")));
    }
    if is_new {
        let fr = format!("Nouvelle clé de témoin ; à donner au serveur (witnesses) :\n{verifier}");
        let en = format!("New witness key; to be given to the server (witnesses):\n{verifier}");
        say.note(&fr, &en);
    }
    Ok(key)
}
