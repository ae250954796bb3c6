//! `sira sample`: events drawn for an audit, with a sheet of what to look for and the proofs of each path.

use std::collections::BTreeSet;
use std::path::PathBuf;

use sira_domain::path::Beneficiary;
use sira_numbers::Position;
use sira_projections::table::{Cell, Kind};
use uuid::Uuid;

use super::CliError;
use super::evidence::write_bundle;
use super::path::stream_of as path_of;
use crate::app::{Opened, keep_evidence, with_read};
use crate::config::Config;
use crate::files::{make_private_folder, replace};
use crate::formats::{Format, Sheet, SheetColumn, write_sheet};
use crate::present::{in_words, label_of};
use crate::replay::sample::{Drawn, Sample, SampleOf, sample};
use crate::say::Say;

/// Events of one sample at most: each has a bundle of proofs.
const COUNT_MAX: u16 = 1_000;

/// Arguments of `sira sample`.
#[derive(Debug, clap::Args)]
pub struct SampleArgs {
    /// What is drawn from. / Ce parmi quoi l'on tire.
    #[arg(long, value_enum)]
    of: SampleOf,
    /// How many. / Combien.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=i64::from(COUNT_MAX)))]
    n: u16,
    /// What the lots are made of: anyone who knows it draws the same. / La graine : qui la connaît tire les mêmes.
    #[arg(long)]
    seed: String,
    /// What was recorded up to this position; all of it when left out. / Ce qui était enregistré jusqu'à cette position.
    #[arg(long)]
    up_to: Option<Position>,
    /// The folder that it is written to. / Le dossier où l'écrire.
    #[arg(short, long, value_name = "FOLDER")]
    output: PathBuf,
}

/// Runs `sira sample`. Nothing sealed is opened: names are for those whose token says so.
pub async fn run(config: &Config, args: SampleArgs, say: Say) -> Result<(), CliError> {
    with_read(config, say, async |opened: &Opened| draw(config, opened, &args, say).await).await
}

async fn draw(
    config: &Config,
    opened: &Opened,
    args: &SampleArgs,
    say: Say,
) -> Result<(), CliError> {
    let journal = opened.commands.journal();
    let failed = |error| CliError::failed("journal", error);
    let head = journal.wholly_readable().await.map_err(failed)?;
    let up_to = args.up_to.unwrap_or(head).min(head);
    let found = sample(journal, args.of, (&args.seed, args.n.into()), up_to).await;
    let found = found.map_err(failed)?;
    let folder = args.output.display().to_string();
    make_private_folder(&args.output).map_err(|error| CliError::failed(folder.clone(), error))?;
    let bytes = sheet(args, &found, up_to, say);
    let bytes = bytes.map_err(|error| CliError::failed("XLSX", error))?;
    let path = args.output.join(say.pick("echantillon.xlsx", "sample.xlsx"));
    replace(&path, &bytes).map_err(|error| CliError::failed(path.display().to_string(), error))?;
    let paths: BTreeSet<Uuid> = found
        .drawn
        .iter()
        .filter(|one| one.event.stream.aggregate_type == Beneficiary::TYPE)
        .map(|one| one.event.stream.aggregate_id)
        .collect();
    let keeper = keep_evidence(config, &opened.commands, say).await?;
    let mut written = Ok(());
    for id in &paths {
        let out = args.output.join(format!("{id}.json"));
        written = write_bundle(&opened.commands, keeper.evidence(), &path_of(*id), &out, say)
            .await
            .map(drop);
        if written.is_err() {
            break;
        }
    }
    keeper.stop().await;
    written?;
    let (drawn, bundles) = (found.drawn.len(), paths.len());
    let fr = format!(
        "{drawn} événements tirés de {} jusqu'à la position {up_to} (empreinte {}), avec les preuves de {bundles} parcours, dans {folder}.",
        found.population, found.digest
    );
    let en = format!(
        "{drawn} events drawn from {} up to position {up_to} (digest {}), with the proofs of {bundles} paths, in {folder}.",
        found.population, found.digest
    );
    say.note(&fr, &en);
    for one in &found.drawn {
        println!("{}\t{}\t{}", one.event.position, one.event.stream.aggregate_id, one.lot);
    }
    Ok(())
}

/// The sheet that an auditor works through.
fn sheet(
    args: &SampleArgs,
    found: &Sample,
    up_to: Position,
    say: Say,
) -> Result<Vec<u8>, crate::formats::FormatError> {
    let text = |name, fr| SheetColumn::new(name, Kind::Text, fr);
    let columns = vec![
        SheetColumn::new("rank", Kind::Int, "Rang"),
        SheetColumn::new("position", Kind::Int, "Position"),
        text("path", "Parcours"),
        SheetColumn::new("sequence", Kind::Int, "Séquence"),
        text("event", "Événement"),
        text("occurred_on", "Jour du fait"),
        text("recorded_at", "Enregistré à"),
        text("by", "Par"),
        text("in_words", "Ce qu'il dit"),
        text("to_look_for", "Ce qu'il faut chercher"),
        text("found", "Ce qui a été trouvé"),
        text("lot", "Lot"),
        text("leaf_hash", "Empreinte"),
    ];
    let name = say.pick("Échantillon", "Sample");
    let as_of = found.drawn.iter().map(|one| one.event.recorded_at).max().unwrap_or_default();
    let sheet = Sheet::new(name.to_owned(), columns, as_of)
        .about("seed", &args.seed)
        .about("population", found.population)
        .about("population_sha256", &found.digest)
        .about("up_to_position", up_to)
        .about("lot", "SHA-256(seed LF position)");
    let rows: Vec<Vec<Cell>> =
        (1_i64..).zip(&found.drawn).map(|(rank, one)| row(args, rank, one, say)).collect();
    write_sheet(Format::Xlsx, sheet, say.0, rows.iter().map(Vec::as_slice))
}

fn row(args: &SampleArgs, rank: i64, drawn: &Drawn, say: Say) -> Vec<Cell> {
    let event = &drawn.event;
    let payload: serde_json::Value = serde_json::from_str(&event.payload).unwrap_or_default();
    let told =
        |name: &str| payload.get(name).and_then(|value| value.as_str()).unwrap_or("-").to_owned();
    let fact = payload.get("fact").and_then(|fact| fact.get(&event.event_type));
    let (fr, en) = args.of.to_look_for();
    vec![
        rank.into(),
        event.position.into(),
        event.stream.aggregate_id.to_string().into(),
        event.sequence.into(),
        label_of(&event.event_type, say.0).into(),
        told("occurred_on").into(),
        sira_evidence::leaf::time_text(event.recorded_at).into(),
        told("by").into(),
        fact.map_or_else(String::new, |fact| in_words(fact, say.0)).into(),
        say.pick(fr, en).into(),
        Cell::Null,
        drawn.lot.clone().into(),
        sira_evidence::leaf::hex(&event.leaf_hash).into(),
    ]
}
