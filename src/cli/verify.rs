//! `sira verify`: a bundle, with nothing but a key; or a whole journal.

use std::path::{Path, PathBuf};

use tokio::sync::watch;

use super::activity::kind_of;
use super::causes::told;
use super::export::{bar, show};
use super::paper::wrapped;
use super::{CliError, second_reader};
use crate::app::{journal_config, open_as_it_is};
use crate::clock::Clock;
use crate::config::Config;
use crate::evidence::bundle::{BUNDLE_MAX_BYTES, Bundle, BundledEvent, EventFault, Verdict};
use crate::evidence::verify::{CheckProgress, CheckReport, Deviation, Options, verify};
use crate::evidence::{EvidenceError, Note, VerifierKey};
use crate::files::replace;
use crate::journal::Journal;
use crate::present::{in_words, label_of};
use crate::say::Say;
use sira_evidence::leaf::hex;

/// Arguments of `sira verify`.
#[derive(Debug, clap::Args)]
pub struct VerifyArgs {
    /// A bundle to check: no database and no network is needed. / Un dossier de preuves à vérifier, sans base
    /// ni réseau.
    #[arg(long, requires = "key", conflicts_with_all = ["against", "since", "save", "copy"])]
    bundle: Option<PathBuf>,
    /// The verifier key of a witness who must have signed the bundle's checkpoint; may be repeated. / La clé
    /// de vérification d'un témoin qui doit avoir signé le point de contrôle ; peut être répété.
    #[arg(long, requires = "bundle")]
    witness: Vec<VerifierKey>,
    /// The verifier key, or a file that holds it. / La clé de vérification, ou son fichier.
    #[arg(long)]
    key: Option<String>,
    /// A checkpoint that was kept elsewhere, which today's journal must extend; may be repeated. / Un point de
    /// contrôle gardé ailleurs, que le journal d'aujourd'hui doit prolonger ; peut être répété.
    #[arg(long)]
    against: Vec<PathBuf>,
    /// The checkpoint of an earlier check: older events are not read whole again. / Le point de contrôle d'une
    /// vérification passée : les événements d'avant ne sont pas tous relus.
    #[arg(long)]
    since: Option<PathBuf>,
    /// Where to write the newest checkpoint when all is well, for the next `--since` or `--against`. / Où
    /// écrire le dernier point de contrôle si tout concorde, pour un prochain `--since` ou `--against`.
    #[arg(long)]
    save: Option<PathBuf>,
    /// The journal is a copy, as a restored backup is: its last minute may be covered by no checkpoint. / Le
    /// journal est une copie, une sauvegarde restaurée par exemple : rien ne couvre peut-être sa dernière minute.
    #[arg(long)]
    copy: bool,
    /// Reads every stream again with the stock repositories of postgres-es or sqlite-es, and compares the
    /// states with the server's. / Relit chaque flux avec les dépôts d'origine
    /// de postgres-es ou de sqlite-es, et compare les états à ceux du serveur.
    #[arg(long, conflicts_with_all = ["bundle", "key", "against", "since", "save", "copy"])]
    second_reader: bool,
    /// The result as JSON. / Le résultat en JSON.
    #[arg(long)]
    json: bool,
}

/// Runs `sira verify`.
pub async fn run(config: &Config, args: VerifyArgs, say: Say) -> Result<(), CliError> {
    if args.second_reader {
        let journal = open_as_it_is(&journal_config(config), say).await?;
        let read = second_reader::run(&journal, args.json, say).await;
        journal.close().await;
        return read;
    }
    let key = args.key.as_deref().map(|key| read_key(key, say)).transpose()?;
    match (&args.bundle, key) {
        (Some(bundle), Some(key)) => check_bundle(bundle, &key, &args.witness, args.json, say),
        (_, key) => check_journal(config, &args, key, say).await,
    }
}

fn read_key(text: &str, say: Say) -> Result<VerifierKey, CliError> {
    let from_file = || std::fs::read_to_string(text).ok()?.trim().parse().ok();
    text.parse().ok().or_else(from_file).ok_or_else(|| {
        let what = say.pick(
            "--key : une clé de vérification (nom+id+clé), ou un fichier qui la contient",
            "--key: a verifier key (name+id+key), or a file that holds it",
        );
        CliError::Usage(what.to_owned())
    })
}

fn read_file(path: &Path) -> Result<String, CliError> {
    let failed = |error| CliError::failed(path.display().to_string(), error);
    let size = std::fs::metadata(path).map_err(failed)?.len();
    if size > BUNDLE_MAX_BYTES {
        return Err(CliError::Usage(format!("{}: > {BUNDLE_MAX_BYTES}", path.display())));
    }
    std::fs::read_to_string(path).map_err(failed)
}

fn check_bundle(
    path: &Path,
    key: &VerifierKey,
    witnesses: &[VerifierKey],
    json: bool,
    say: Say,
) -> Result<(), CliError> {
    let bundle: Bundle = serde_json::from_str(&read_file(path)?).map_err(|error| {
        let what = say.pick("ce n'est pas un dossier de preuves", "this is no evidence bundle");
        CliError::IsFalse(format!("{what}: {error}"))
    })?;
    let verdict = bundle.verify_witnessed(key, witnesses);
    if json {
        println!("{}", bundle_json(&bundle, &verdict));
    } else {
        println!("{}\n", name_of(&bundle, say));
        for (event, fault) in bundle.events.iter().zip(&verdict.events) {
            print_event(event, *fault, say);
        }
        println!();
    }
    conclude(&bundle, &verdict, say)
}

/// What the bundle is of, as it says of itself: that this is so is part of what is proved.
fn name_of(bundle: &Bundle, say: Say) -> String {
    printable(&format!("{} {}", kind_of(&bundle.stream_type, say), bundle.stream_id))
}

fn bundle_json(bundle: &Bundle, verdict: &Verdict) -> serde_json::Value {
    let word = |fault: &Option<EventFault>| match fault {
        None => "proved",
        Some(EventFault::Order) => "out_of_order",
        Some(EventFault::NotInLog) => "not_in_log",
    };
    let events = bundle.events.iter().zip(&verdict.events).map(|(event, fault)| {
        serde_json::json!({ "sequence": event.sequence, "position": event.position, "verdict": word(fault) })
    });
    serde_json::json!({
        "holds": verdict.holds(),
        "stream_type": bundle.stream_type,
        "stream_id": bundle.stream_id,
        "size": verdict.checkpoint.as_ref().map(|checkpoint| checkpoint.size),
        "fault": verdict.fault.as_ref().map(ToString::to_string),
        "events": events.collect::<Vec<_>>(),
    })
}

/// Lines of one fact at most: a bundle is a file that nobody vouches for.
const LINES_MAX: usize = 40;

fn print_event(event: &BundledEvent, fault: Option<EventFault>, say: Say) {
    let payload: serde_json::Value = serde_json::from_str(&event.payload).unwrap_or_default();
    let text = |name: &str| payload.get(name).and_then(|value| value.as_str()).unwrap_or("-");
    let verdict = match fault {
        None => say.pick("prouvé", "proved"),
        Some(EventFault::Order) => say.pick("PAS À SA PLACE", "OUT OF ORDER"),
        Some(EventFault::NotInLog) => say.pick("NON PROUVÉ", "NOT PROVED"),
    };
    let label = label_of(&event.event_type, say.0);
    let label = if label.is_empty() { &event.event_type } else { label };
    println!(
        "{:>4}  {}  {}  {:<34} {:<18} #{:<8} {verdict}",
        event.sequence,
        printable(text("occurred_on")),
        printable(event.recorded_at.get(..19).unwrap_or(&event.recorded_at)),
        printable(label),
        printable(text("by")),
        event.position,
    );
    let fact = payload.get("fact").and_then(|fact| fact.get(&event.event_type));
    let told = fact.map_or_else(String::new, |fact| in_words(fact, say.0));
    for line in wrapped(6, &told).lines().take(LINES_MAX) {
        println!("{}", printable(line));
    }
}

/// A text out of a file that nobody vouches for: it must not write to the reader's terminal.
pub(super) fn printable(text: &str) -> String {
    let unfit = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().take(200).map(|c| if unfit(c) { '?' } else { c }).collect()
}

fn conclude(bundle: &Bundle, verdict: &Verdict, say: Say) -> Result<(), CliError> {
    let count = bundle.events.len();
    let wrong = verdict.events.iter().flatten().count();
    if let Some(fault) = &verdict.fault {
        let what = say.pick("LES PREUVES NE TIENNENT PAS", "THE PROOFS DO NOT HOLD");
        let name = name_of(bundle, say);
        return Err(CliError::IsFalse(format!("{what}: {name}: {}", told(fault, say))));
    }
    if wrong > 0 {
        let fr = format!("LES PREUVES NE TIENNENT PAS : événements altérés : {wrong} sur {count}");
        let en = format!("THE PROOFS DO NOT HOLD: events that were altered: {wrong} of {count}");
        return Err(CliError::IsFalse(say.pick(&fr, &en).to_owned()));
    }
    let size = verdict.checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.size);
    let fr = format!(
        "Prouvé : {count} événements, entiers, inchangés, dans leur ordre ; aucun ne manque, jusqu'à la position {size} du journal."
    );
    let en = format!(
        "Proved: {count} events, whole, unchanged, in their order; none is missing, up to position {size} of the journal."
    );
    println!("{}", say.pick(&fr, &en));
    Ok(())
}

async fn check_journal(
    config: &Config,
    args: &VerifyArgs,
    key: Option<VerifierKey>,
    say: Say,
) -> Result<(), CliError> {
    let note = |path: &PathBuf| {
        let note = read_file(path)?.parse::<Note>();
        note.map_err(|error| CliError::failed(path.display().to_string(), error))
    };
    let against = args.against.iter().map(note).collect::<Result<_, _>>()?;
    let since = args.since.as_ref().map(note).transpose()?;
    let now = (!args.copy).then(|| Clock::System.now());
    let options = Options { key, against, since, now, memory_bytes: None };
    let journal = open_as_it_is(&journal_config(config), say).await?;
    let report = watched(&journal, &options, say).await;
    journal.close().await;
    let report = report?;
    if args.json {
        println!("{}", report_json(&report));
    } else {
        print_report(&report, options.key.is_none(), say);
    }
    if !report.holds() {
        let count = report.deviations.len();
        let fr = format!("{count} écarts : le journal n'est pas celui qui a été signé");
        let en = format!("{count} deviations: the journal is not the one that was signed");
        return Err(CliError::IsFalse(say.pick(&fr, &en).to_owned()));
    }
    // The one that was checked: others may have been signed since.
    match (&args.save, &report.newest) {
        (None, _) => Ok(()),
        (Some(path), Some(note)) => replace(path, note.to_string().as_bytes())
            .map_err(|error| CliError::failed(path.display().to_string(), error)),
        (Some(_), None) => {
            let what = say.pick("aucun point de contrôle à garder", "no checkpoint to keep");
            Err(CliError::IsFalse(what.to_owned()))
        }
    }
}

/// Checks a journal, with a progress bar on a terminal.
///
/// # Errors
/// When it cannot be read.
pub async fn watched(
    journal: &Journal,
    options: &Options,
    say: Say,
) -> Result<CheckReport, CliError> {
    let title = say.pick("vérification", "checking");
    with_bar(title, say, async |progress| verify(journal, options, &progress).await).await
}

/// Does something that tells how far it has come, with a bar on a terminal.
///
/// # Errors
/// When the journal cannot be read.
pub(super) async fn with_bar<T>(
    title: &str,
    say: Say,
    check: impl AsyncFnOnce(watch::Sender<CheckProgress>) -> Result<T, EvidenceError>,
) -> Result<T, CliError> {
    let (progress, mut seen) = watch::channel(CheckProgress::default());
    let bar = bar(title);
    let shown = bar.clone();
    let showing = tokio::spawn(async move {
        while seen.changed().await.is_ok() {
            let CheckProgress { done, all } = *seen.borrow_and_update();
            show(&shown, done.min(all), all);
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    });
    let checked = check(progress).await;
    showing.abort();
    bar.finish_and_clear();
    checked.map_err(|error| {
        CliError::failed(say.pick("le journal ne se lit pas", "the journal cannot be read"), error)
    })
}

fn report_json(report: &CheckReport) -> serde_json::Value {
    serde_json::json!({
        "holds": report.holds(),
        "events": report.events,
        "streams": report.streams,
        "checkpoints": report.checkpoints,
        "covered": report.covered,
        "root": hex(&report.root),
        "deviations": report.deviations,
        "notes": report.notes,
    })
}

fn print_report(report: &CheckReport, own_word: bool, say: Say) {
    for deviation in &report.deviations {
        println!("{}", line(deviation, say));
    }
    for note in &report.notes {
        println!("{}", note.told(say.0));
    }
    let CheckReport { events, streams, checkpoints, covered, .. } = report;
    let root = hex(&report.root);
    let fr = format!(
        "{events} événements, {streams} flux, {checkpoints} points de contrôle ; couverts jusqu'à la position {covered} ; racine {root}"
    );
    let en = format!(
        "{events} events, {streams} streams, {checkpoints} checkpoints; covered up to position {covered}; root {root}"
    );
    println!("{}", say.pick(&fr, &en));
    if report.holds() {
        println!("{}", say.pick("Tout concorde.", "Everything agrees."));
    }
    if own_word {
        println!(
            "{}",
            say.pick(
                "La clé est celle que le journal nomme lui-même ; --key et --against comparent à ce que vous gardez.",
                "The key is the one that the journal itself names; --key and --against compare with what you keep.",
            )
        );
    }
}

fn line(deviation: &Deviation, say: Say) -> String {
    let place = match (deviation.position, deviation.to) {
        (Some(from), Some(to)) => format!("#{from}..{to}"),
        (Some(at), None) => format!("#{at}"),
        (None, _) => "-".to_owned(),
    };
    let detail = deviation.detail.as_ref().map(|detail| format!(" ({detail})"));
    format!("{place:<16} {}{}", deviation.kind.label(say.0), detail.unwrap_or_default())
}
