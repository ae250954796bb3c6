//! `sira evidence`: the bundle of a path, a cohort or a fund, the log's keys, and the witness.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sira_domain::cohort::Cohort;
use sira_domain::fund::Fund;
use sira_domain::path::Beneficiary;
use sira_domain::retraction::ClearReason;
use sira_domain::role::Role;
use sira_domain::values::ActorId;
use sira_numbers::{Position, Version};
use uuid::Uuid;

use super::{CliError, Say, path, witness};
use crate::app::{Opened, keep_evidence, signing_key, warn_of_recovery_key, with_open, with_read};
use crate::commands::{Call, Commands, stream_id};
use crate::config::Config;
use crate::evidence::{
    Evidence, EvidenceError, Introducer, KeyHistory, NoteKey, RecoveryOrder, TilesExported,
    accept_loss, accepted_losses, export_tiles, name_recovery_key, recover, rotate,
};
use crate::export::Destination;
use crate::files::read_secret;
use crate::journal::StreamId;

/// How long the bundle waits for the checkpoint that covers the path's last event; a large journal is
/// followed from its beginning.
const COVERED_WITHIN: Duration = Duration::from_mins(2);

/// Arguments of `sira evidence`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct EvidenceArgs {
    /// A path, a cohort or a fund: its id, or the path's reference. / Un parcours, une cohorte ou un fonds :
    /// identifiant, ou référence du parcours.
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
    /// Make a recovery key, which may name the next signing key when the present one is lost, and name it in the
    /// log, in the place of the one before. / Crée une clé de secours, qui pourra présenter la clé de signature
    /// suivante si l'actuelle est perdue, et la nomme dans le registre, à la place de la précédente.
    RecoveryKey {
        /// Who orders it. / Qui l'ordonne.
        #[arg(long)]
        actor: ActorId,
    },
    /// Replace a signing key that is lost by a new one that the recovery key introduces: the log says so for ever.
    /// / Remplace une clé de signature perdue par une nouvelle, que présente la clé de secours : le registre le dit
    /// pour toujours.
    Recover {
        /// Who orders it. / Qui l'ordonne.
        #[arg(long)]
        actor: ActorId,
        /// Why, in clear: nobody is named in it. / Pourquoi, en clair : n'y nommez personne.
        #[arg(long, value_parser = ClearReason::try_new)]
        reason: ClearReason,
        /// The file of the recovery key. / Le fichier de la clé de secours.
        #[arg(long)]
        recovery_key: PathBuf,
        /// Accept, too, that the journal does not hold what the lost key has signed. / Accepte aussi que le journal
        /// n'ait plus ce que la clé perdue a signé.
        #[arg(long)]
        accept_loss: bool,
    },
    /// Write the checkpoint and the tiles of hashes to a folder that any static server can publish (C2SP
    /// tlog-tiles): run again it adds what is new. / Écrit le point de contrôle et les tuiles d'empreintes dans un
    /// dossier que tout serveur statique peut publier (C2SP tlog-tiles) : relancée, elle ajoute ce qui est nouveau.
    ExportTiles {
        /// The folder. / Le dossier.
        folder: PathBuf,
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
        Some(Action::RecoveryKey { actor }) => {
            let work = async |opened: &Opened| new_recovery_key(config, opened, actor, say).await;
            with_open(config, say, work).await
        }
        Some(Action::Recover { actor, reason, recovery_key, accept_loss: accepts_loss }) => {
            let work = async |opened: &Opened| {
                let order = RecoveryOrder { metadata: ordered_by(actor), reason, accepts_loss };
                recovered(config, opened, &recovery_key, order, say).await
            };
            with_open(config, say, work).await
        }
        Some(Action::ExportTiles { folder }) => {
            let work = async |opened: &Opened| tiles(config, opened, &folder, say).await;
            with_read(config, say, work).await
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
        let by = match introduction.by {
            Introducer::KeyBefore => "",
            Introducer::RecoveryKey => {
                say.pick("\tclé perdue, reprise par la clé de secours", "\tlost key, recovered")
            }
        };
        let lost = losses.iter().find(|(position, _)| *position == introduction.position);
        let lost = lost.map(|(_, loss)| {
            let word = say.pick("perte acceptée", "loss accepted");
            format!("\t{word} : {}", loss.reason)
        });
        let lost = lost.unwrap_or_default();
        println!("{}\t{}{by}{lost}", introduction.position, introduction.key);
    }
    for named in &keys.recovery_keys {
        let word = if keys.recovery_keys.last() == Some(named)
            && keys.recovery_key() == Some(&named.key)
        {
            say.pick("clé de secours", "recovery key")
        } else {
            say.pick("clé de secours, remplacée", "recovery key, replaced")
        };
        println!("{}\t{}\t{word}", named.position, named.key);
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
    let old = key_that_signs(config, opened, say).await?;
    let (journal, now) = (commands.journal(), commands.clock().now());
    let (folder, metadata) = (&config.data_dir, ordered_by(actor));
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

/// The signing key, without which nothing is introduced.
async fn key_that_signs(config: &Config, opened: &Opened, say: Say) -> Result<NoteKey, CliError> {
    let key = signing_key(config, &opened.commands, say).await?;
    let expected = || EvidenceError::OtherKey { expected: "SIRA_SIGNING_KEY".to_owned() };
    key.ok_or_else(|| failed(expected(), say))
}

/// The metadata of an event of the log's own.
fn ordered_by(actor: ActorId) -> String {
    Call::local(actor, Role::Admin, Uuid::now_v7().simple().to_string()).metadata(0)
}

async fn new_recovery_key(
    config: &Config,
    opened: &Opened,
    actor: ActorId,
    say: Say,
) -> Result<(), CliError> {
    let signing = key_that_signs(config, opened, say).await?;
    let (journal, now) = (opened.commands.journal(), opened.commands.clock().now());
    let made =
        name_recovery_key(journal, &config.data_dir, &signing, &ordered_by(actor), now).await;
    let made = made.map_err(|error| failed(error, say))?;
    warn_of_recovery_key(config, &made, say);
    println!("{made}");
    Ok(())
}

async fn recovered(
    config: &Config,
    opened: &Opened,
    file: &Path,
    order: RecoveryOrder,
    say: Say,
) -> Result<(), CliError> {
    let read = read_secret(file).map_err(|error| failed(error.into(), say))?;
    let no_file = || CliError::Usage(format!("--recovery-key: {}", file.display()));
    let key = read.ok_or_else(no_file)?.parse::<NoteKey>();
    let key = key.map_err(|error| failed(error.into(), say))?;
    let (journal, now) = (opened.commands.journal(), opened.commands.clock().now());
    let made = recover(journal, &config.data_dir, &key, order, now).await;
    let made = made.map_err(|error| failed(error, say))?;
    let path = config.data_dir.join("signing.key");
    let path = path.display();
    let fr = format!(
        "Nouvelle clé de signature dans {path}. Redémarrez le serveur ; si SIRA_SIGNING_KEY est donnée, changez-la \
         partout. Remettez la nouvelle clé de vérification à qui vérifie. La clé de secours qui a servi ne vaut plus."
    );
    let en = format!(
        "New signing key in {path}. Restart the server; where SIRA_SIGNING_KEY is given, change it everywhere. Hand \
         the new verifier key to whoever checks. The recovery key that was used is good no more."
    );
    say.note(&fr, &en);
    warn_of_recovery_key(config, &made.recovery, say);
    println!("{}", made.signing);
    Ok(())
}

async fn tiles(config: &Config, opened: &Opened, folder: &Path, say: Say) -> Result<(), CliError> {
    let witnesses = config.evidence.witnesses();
    let witnesses = witnesses.map_err(|error| CliError::failed("sira.toml", error))?;
    let written = export_tiles(opened.commands.journal(), &witnesses, folder).await;
    let TilesExported { size, written } = written.map_err(|error| failed(error, say))?;
    let shown = folder.display();
    let fr = format!(
        "Point de contrôle de {size} événements et ses tuiles dans {shown} ({written} fichiers écrits)."
    );
    let en =
        format!("Checkpoint of {size} events and its tiles in {shown} ({written} files written).");
    say.note(&fr, &en);
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
    let stream = find_stream(opened, id, say).await?;
    let keeper = keep_evidence(config, commands, say).await?;
    let written = write_bundle(commands, keeper.evidence(), &stream, output, say).await;
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

/// The stream of a reference or an id: an id is of one kind alone.
async fn find_stream(opened: &Opened, text: &str, say: Say) -> Result<StreamId, CliError> {
    let id = path::find(opened, text, say).await?;
    let kinds = [stream_id::<Beneficiary>(id), stream_id::<Cohort>(id), stream_id::<Fund>(id)];
    for stream in kinds {
        let begun = opened.commands.journal().read_stream(&stream, Version::ZERO).await;
        if !begun.map_err(|error| CliError::failed("journal", error))?.is_empty() {
            return Ok(stream);
        }
    }
    let what =
        say.pick("aucun parcours, cohorte ni fonds à ce nom", "no such path, cohort or fund");
    Err(CliError::IsFalse(what.to_owned()))
}

/// Writes a stream with its proofs to a file, and says how many events it has.
pub(super) async fn write_bundle(
    commands: &Commands,
    evidence: &Evidence,
    stream: &StreamId,
    output: &Path,
    say: Say,
) -> Result<usize, CliError> {
    let events = commands.journal().read_stream(stream, Version::ZERO).await;
    let events = events.map_err(|error| CliError::failed("journal", error))?;
    let position = events.last().map_or(Position::START, |event| event.position);
    let made = async {
        let tree = evidence.covering(position, COVERED_WITHIN).await?;
        evidence.bundle(&tree, stream).await
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
