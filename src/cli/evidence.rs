//! `sira evidence`: a path's bundle, the log's keys, and the witness.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sira_domain::path::Beneficiary;
use sira_domain::retraction::ClearReason;
use sira_domain::role::Role;
use sira_domain::values::ActorId;
use sira_numbers::Position;
use uuid::Uuid;

use super::{CliError, Say, path, witness};
use crate::app::{Opened, keep_evidence, signing_key, with_open, with_read};
use crate::commands::{Call, Commands, stream_id};
use crate::config::Config;
use crate::evidence::{Evidence, EvidenceError, KeyHistory, accept_loss, accepted_losses, rotate};
use crate::export::Destination;

/// How long the bundle waits for the checkpoint that covers the path's last event; a large journal is
/// followed from its beginning.
const COVERED_WITHIN: Duration = Duration::from_mins(2);

/// Arguments of `sira evidence`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct EvidenceArgs {
    /// The path: an id or a reference. / Le parcours : identifiant ou référence.
    #[arg(required = true)]
    id: Option<String>,
    /// The file to write. / Le fichier à écrire.
    #[arg(short, long, required = true)]
    output: Option<PathBuf>,
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Show the verifier key, to be kept by whoever will check. / Montre la clé de vérification, à garder par
    /// qui vérifiera.
    Key {
        /// Every key that the log has had, with the position from which it signs. / Toutes les clés qu'a eues
        /// le registre, avec la position à partir de laquelle chacune signe.
        #[arg(long)]
        all: bool,
    },
    /// Introduce a new signing key, signed by the old. / Présente une nouvelle clé de signature, signée par
    /// l'ancienne.
    Rotate {
        /// Who orders it. / Qui l'ordonne.
        #[arg(long)]
        actor: ActorId,
    },
    /// Accept that the journal does not hold what its key has signed (it was restored, or put back to an earlier
    /// day), and go on under a new key: the log says so for ever. / Accepte que le journal n'ait plus ce que sa clé
    /// a signé (il a été restauré, ou remis à un état antérieur) et continue sous une nouvelle clé : le registre
    /// le dit pour toujours.
    AcceptLoss {
        /// Who orders it. / Qui l'ordonne.
        #[arg(long)]
        actor: ActorId,
        /// Why, in clear: nobody is named in it. / Pourquoi, en clair : n'y nommez personne.
        #[arg(long, value_parser = ClearReason::try_new)]
        reason: ClearReason,
    },
    /// Watch a log from outside and sign what it has only added to. / Observe un registre de l'extérieur et
    /// signe tant qu'il ne fait que s'allonger.
    Witness(Box<witness::WitnessArgs>),
}

/// Runs `sira evidence`.
pub async fn run(config: &Config, args: EvidenceArgs, say: Say) -> Result<(), CliError> {
    match args.action {
        Some(Action::Witness(args)) => witness::run(*args, say).await,
        Some(Action::Key { all }) => {
            with_read(config, say, async |opened: &Opened| keys(config, opened, all, say).await)
                .await
        }
        Some(Action::Rotate { actor }) => {
            let work = async |opened: &Opened| new_key(config, opened, actor, None, say).await;
            with_open(config, say, work).await
        }
        Some(Action::AcceptLoss { actor, reason }) => {
            let work =
                async |opened: &Opened| new_key(config, opened, actor, Some(reason), say).await;
            with_open(config, say, work).await
        }
        None => {
            let (id, output) = (args.id.unwrap_or_default(), args.output.unwrap_or_default());
            let work = async |opened: &Opened| bundle(config, opened, &id, &output, say).await;
            with_read(config, say, work).await
        }
    }
}

pub(super) fn failed(error: EvidenceError, say: Say) -> CliError {
    CliError::failed(say.pick("preuves", "evidence"), error)
}

async fn keys(config: &Config, opened: &Opened, all: bool, say: Say) -> Result<(), CliError> {
    // Made now when there is none: whoever asks for it first may be the first to start. Not on a copy.
    if opened.commands.keys().is_here() {
        signing_key(config, &opened.commands, say).await?;
    }
    let keys =
        KeyHistory::of(opened.commands.journal()).await.map_err(|error| failed(error, say))?;
    let keys = keys.ok_or_else(|| failed(EvidenceError::NotCovered, say))?;
    if !all {
        println!("{}", keys.current());
        return Ok(());
    }
    let losses = accepted_losses(opened.commands.journal()).await;
    let losses = losses.map_err(|error| failed(error, say))?;
    println!("0\t{}", keys.first);
    for introduction in &keys.introductions {
        let lost = losses.iter().find(|(position, _)| *position == introduction.position);
        let lost = lost.map(|(_, loss)| {
            let word = say.pick("perte acceptée", "loss accepted");
            format!("\t{word} : {}", loss.reason)
        });
        let lost = lost.unwrap_or_default();
        println!("{}\t{}{lost}", introduction.position, introduction.key);
    }
    Ok(())
}

async fn new_key(
    config: &Config,
    opened: &Opened,
    actor: ActorId,
    accepted: Option<ClearReason>,
    say: Say,
) -> Result<(), CliError> {
    let commands = &opened.commands;
    let old = signing_key(config, commands, say).await?;
    let expected = || EvidenceError::OtherKey { expected: "SIRA_SIGNING_KEY".to_owned() };
    let old = old.ok_or_else(|| failed(expected(), say))?;
    let call = Call::local(actor, Role::Admin, Uuid::now_v7().simple().to_string());
    let (journal, now) = (commands.journal(), commands.clock().now());
    let (folder, metadata) = (&config.data_dir, call.metadata(0));
    let made = match accepted {
        Some(reason) => accept_loss(journal, folder, &old, (metadata, reason), now).await,
        None => rotate(journal, folder, &old, metadata, now).await,
    };
    let made = made.map_err(|error| failed(error, say))?;
    let path = config.data_dir.join("signing.key");
    let path = path.display();
    let fr = format!(
        "Nouvelle clé dans {path}, présentée par l'ancienne. Si SIRA_SIGNING_KEY est donnée, changez-la partout."
    );
    let en = format!(
        "New key in {path}, introduced by the old one. Where SIRA_SIGNING_KEY is given, change it everywhere."
    );
    say.note(&fr, &en);
    println!("{made}");
    Ok(())
}

async fn bundle(
    config: &Config,
    opened: &Opened,
    id: &str,
    output: &Path,
    say: Say,
) -> Result<(), CliError> {
    let commands = &opened.commands;
    let id = path::find(opened, id, say).await?;
    let keeper = keep_evidence(config, commands, say).await?;
    let written = write_bundle(commands, keeper.evidence(), id, output, say).await;
    keeper.stop().await;
    let size = written?;
    let output = output.display();
    let fr = format!(
        "{size} événements et leurs preuves dans {output}.\nÀ vérifier sans accès : sira verify --bundle {output} --key CLÉ"
    );
    let en = format!(
        "{size} events and their proofs in {output}.\nTo be checked without access: sira verify --bundle {output} --key KEY"
    );
    say.note(&fr, &en);
    Ok(())
}

/// Writes a path with its proofs to a file, and says how many events it has.
pub(super) async fn write_bundle(
    commands: &Commands,
    evidence: &Evidence,
    id: Uuid,
    output: &Path,
    say: Say,
) -> Result<usize, CliError> {
    let path = commands.current_beneficiary(id).await;
    let path = path.map_err(|error| CliError::failed("journal", error))?;
    let position = path.map_or(Position::START, |path| path.position);
    let made = async {
        let tree = evidence.covering(position, COVERED_WITHIN).await?;
        evidence.bundle(&tree, &stream_id::<Beneficiary>(id)).await
    };
    let made = made.await.map_err(|error| failed(error, say))?;
    let text = serde_json::to_vec(&made).map_err(|error| CliError::failed("JSON", error))?;
    let written = Destination::new(output).open().and_then(|mut out| {
        out.write_all(&text)?;
        out.keep()
    });
    written.map_err(|error| CliError::failed(output.display().to_string(), error))?;
    Ok(made.events.len())
}
