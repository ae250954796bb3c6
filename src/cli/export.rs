//! `sira export`: read models, the event log and the paths as files.

use std::path::PathBuf;

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use sira_numbers::Position;
use sira_projections::ReadStore;
use sira_projections::table::{TABLES, Table, time_text};

use super::CliError;
use crate::app::{Opened, open_read_that_is_there, with_read};
use crate::config::Config;
use crate::export::events::{self, EventForm};
use crate::export::mining::{self, MiningForm};
use crate::export::tables::{PAGE_ROWS, TableExport, TableMoment, is_reserved};
use crate::export::{Destination, ExportError, Exported, StaffNames};
use crate::formats::{Format, csvw_metadata};
use crate::say::Say;

/// The name of the paths' export.
const PATHS: &str = "paths";

/// Arguments of `sira export`. Headings are in the language of `--lang`.
#[derive(Debug, clap::Args)]
pub struct ExportArgs {
    /// A table of the read models, `events` or `paths` / Une table des modèles de lecture,
    /// `events` ou `paths`
    what: String,
    /// The format: json, csv, parquet or xlsx for a table; cloudevents, parquet or csv for `events`;
    /// ocel or xes for `paths` / Le format : json, csv, parquet ou xlsx pour une table ; cloudevents, parquet
    /// ou csv pour `events` ; ocel ou xes pour `paths`
    #[arg(long)]
    format: WantedFormat,
    /// The file, or - for standard output. It is there whole or not at all. / Le fichier, ou - pour la sortie
    /// standard. Il est là entier, ou pas du tout.
    #[arg(long, short)]
    output: PathBuf,
    /// As things stood at this position of the journal / L'état à cette position du journal
    #[arg(long, value_name = "N", conflicts_with = "every_version")]
    as_of_position: Option<Position>,
    /// Every row that ever stood, with the positions between which it did / Chaque
    /// ligne qui a jamais valu, avec les positions entre lesquelles elle a valu
    #[arg(long)]
    every_version: bool,
    /// Allow a table about the staff; their names are replaced / Permet une table sur
    /// le personnel ; les noms y sont remplacés
    #[arg(long)]
    with_identity: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum WantedFormat {
    Json,
    Csv,
    Parquet,
    Xlsx,
    Cloudevents,
    Ocel,
    Xes,
}

/// What is exported, once the words fit together.
enum Wanted {
    Table(&'static Table, Format),
    Events(EventForm),
    Paths(MiningForm),
}

/// Runs `sira export`.
pub async fn run(config: &Config, args: ExportArgs, say: Say) -> Result<(), CliError> {
    let wanted = wanted(&args, say)?;
    with_read(config, say, async |opened| match wanted {
        Wanted::Table(table, format) => {
            let store = open_read_that_is_there(config, opened, say).await?;
            let done = table_to(opened, &store, (table, format), &args, say).await;
            store.close().await;
            done
        }
        Wanted::Events(form) => events_to(opened, form, &args, say).await,
        Wanted::Paths(form) => paths_to(opened, form, &args, say).await,
    })
    .await
}

fn wanted(args: &ExportArgs, say: Say) -> Result<Wanted, CliError> {
    let sheet = match args.format {
        WantedFormat::Json => Some(Format::Json),
        WantedFormat::Csv => Some(Format::Csv),
        WantedFormat::Parquet => Some(Format::Parquet),
        WantedFormat::Xlsx => Some(Format::Xlsx),
        WantedFormat::Cloudevents | WantedFormat::Ocel | WantedFormat::Xes => None,
    };
    match (args.what.as_str(), args.format, sheet) {
        (events::NAME, WantedFormat::Cloudevents, _) => Ok(Wanted::Events(EventForm::CloudEvents)),
        (events::NAME, _, Some(format @ (Format::Csv | Format::Parquet))) => {
            Ok(Wanted::Events(EventForm::Sheet(format)))
        }
        (events::NAME, ..) => Err(unfit("cloudevents, parquet, csv", say)),
        (PATHS, WantedFormat::Ocel, _) => Ok(Wanted::Paths(MiningForm::Ocel)),
        (PATHS, WantedFormat::Xes, _) => Ok(Wanted::Paths(MiningForm::Xes)),
        (PATHS, ..) => Err(unfit("ocel, xes", say)),
        (name, _, format) => {
            let table = Table::named(name).ok_or_else(|| unknown(name, say))?;
            let format = format.ok_or_else(|| unfit("json, csv, parquet, xlsx", say))?;
            if is_reserved(table) && !args.with_identity {
                return Err(reserved(name, say));
            }
            Ok(Wanted::Table(table, format))
        }
    }
}

fn unfit(formats: &str, say: Say) -> CliError {
    let fr = format!("ce format ne va pas ici : {formats}");
    let en = format!("this format does not fit here: {formats}");
    CliError::Usage(say.pick(&fr, &en).to_owned())
}

fn unknown(name: &str, say: Say) -> CliError {
    let names = TABLES.iter().map(|table| table.name).chain([events::NAME, PATHS]);
    let names = names.collect::<Vec<_>>().join(", ");
    let fr = format!("« {name} » ne s'exporte pas : {names}");
    let en = format!("`{name}` cannot be exported: {names}");
    CliError::Usage(say.pick(&fr, &en).to_owned())
}

fn reserved(name: &str, say: Say) -> CliError {
    let fr = format!("{name} porte sur le personnel : ajoutez --with-identity si c'est voulu");
    let en = format!("{name} is about the staff: add --with-identity if it is meant");
    CliError::Usage(say.pick(&fr, &en).to_owned())
}

async fn table_to(
    opened: &Opened,
    store: &ReadStore,
    (table, format): (&'static Table, Format),
    args: &ExportArgs,
    say: Say,
) -> Result<(), CliError> {
    let moment = match args.as_of_position {
        Some(position) => TableMoment::At(position),
        None if args.every_version => TableMoment::EveryVersion,
        None => TableMoment::Now,
    };
    let export = TableExport { table, moment, format, language: say.0, page_rows: PAGE_ROWS };
    let destination = Destination::new(&args.output);
    let (bar, staff) = (bar(table.name), staff_names(opened));
    let out = destination.open().map_err(|error| output_failed(error, say))?;
    let written = export
        .write(store, opened.commands.journal(), &staff, out, &|done, all| show(&bar, done, all))
        .await;
    bar.finish_and_clear();
    let (out, exported, sheet) = written.map_err(|error| failed(error, say))?;
    if let (Format::Csv, Some(name)) = (format, destination.file_name()) {
        let metadata = csvw_metadata(&sheet, say.0, &name);
        destination.describe(&metadata).map_err(|error| output_failed(error, say))?;
    }
    out.keep().map_err(|error| output_failed(error, say))?;
    finished(exported, say);
    Ok(())
}

async fn events_to(
    opened: &Opened,
    form: EventForm,
    args: &ExportArgs,
    say: Say,
) -> Result<(), CliError> {
    refuse_versions(args, say)?;
    let journal = opened.commands.journal();
    let destination = Destination::new(&args.output);
    let bar = bar(events::NAME);
    let out = destination.open().map_err(|error| output_failed(error, say))?;
    let show = |done, all| show(&bar, done, all);
    let written = events::export(journal, form, say.0, args.as_of_position, out, &show).await;
    bar.finish_and_clear();
    let (out, exported, sheet) = written.map_err(|error| failed(error, say))?;
    let name = destination.file_name().unwrap_or_default();
    let described = match form {
        EventForm::CloudEvents => destination.describe(&position_of(journal.id(), exported)),
        EventForm::Sheet(Format::Csv) => destination.describe(&csvw_metadata(&sheet, say.0, &name)),
        EventForm::Sheet(_) => Ok(false),
    };
    described.and_then(|_| out.keep()).map_err(|error| output_failed(error, say))?;
    finished(exported, say);
    Ok(())
}

async fn paths_to(
    opened: &Opened,
    form: MiningForm,
    args: &ExportArgs,
    say: Say,
) -> Result<(), CliError> {
    refuse_versions(args, say)?;
    let journal = opened.commands.journal();
    let destination = Destination::new(&args.output);
    let (bar, staff) = (bar(PATHS), staff_names(opened));
    let out = destination.open().map_err(|error| output_failed(error, say))?;
    let show = |done, all| show(&bar, done, all);
    let up_to = args.as_of_position;
    let written = mining::export(journal, &staff, form, say.0, up_to, out, &show).await;
    bar.finish_and_clear();
    let (out, exported) = written.map_err(|error| failed(error, say))?;
    let described = destination.describe(&position_of(journal.id(), exported));
    described.and_then(|_| out.keep()).map_err(|error| output_failed(error, say))?;
    finished(exported, say);
    Ok(())
}

/// Events do not have versions: what is asked for must not be passed over.
fn refuse_versions(args: &ExportArgs, say: Say) -> Result<(), CliError> {
    if args.every_version || args.with_identity {
        let what = say.pick(
            "--every-version et --with-identity ne vont qu'avec une table",
            "--every-version and --with-identity go with a table only",
        );
        return Err(CliError::Usage(what.to_owned()));
    }
    Ok(())
}

fn staff_names(opened: &Opened) -> StaffNames {
    StaffNames::new(opened.commands.keys().index_key())
}

/// What a file tells that has no place for it: it lies beside.
fn position_of(journal: &str, exported: Exported) -> serde_json::Value {
    json!({
        "journal": journal,
        "position": exported.position,
        "as_of": time_text(exported.as_of),
        "events": exported.rows,
    })
}

fn finished(exported: Exported, say: Say) {
    let Exported { rows, position, .. } = exported;
    let fr = format!("{rows} lignes, à la position {position}.");
    let en = format!("{rows} rows, at position {position}.");
    say.note(&fr, &en);
}

fn output_failed(error: std::io::Error, say: Say) -> CliError {
    let what = say.pick("le fichier ne s'écrit pas", "the file cannot be written");
    CliError::failed(what, error)
}

fn failed(error: ExportError, say: Say) -> CliError {
    let (fr, en) = match &error {
        ExportError::NotBuilt { projection } => (
            format!(
                "la projection {projection} n'est pas encore construite : `sira projections rebuild`"
            ),
            format!("projection {projection} is not built yet: `sira projections rebuild`"),
        ),
        ExportError::Ahead { asked, reached } => (
            format!("la position {asked} n'est pas encore atteinte : {reached} est la dernière"),
            format!("position {asked} is not reached yet: {reached} is the last"),
        ),
        ExportError::OnlyNow { table, position } => (
            format!("{table} ne garde que le présent, à la position {position}"),
            format!("{table} keeps only what is known now, at position {position}"),
        ),
        ExportError::Damaged { position } => (
            format!("l'événement qui suit la position {position} manque ou est endommagé"),
            format!("the event after position {position} is missing or damaged"),
        ),
        _ => {
            return CliError::failed(say.pick("l'export a échoué", "the export failed"), error);
        }
    };
    let what = say.pick(&fr, &en).to_owned();
    match error {
        ExportError::Ahead { .. } | ExportError::OnlyNow { .. } => CliError::Usage(what),
        ExportError::Damaged { .. } => CliError::IsFalse(what),
        _ => CliError::Failed(what, None),
    }
}

/// A bar with an estimate; drawn on a terminal only, to standard error.
pub(super) fn bar(name: &str) -> ProgressBar {
    let style = "{msg:<20} {bar:40} {pos}/{len} ({per_sec}, {eta})";
    let style =
        ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(0).with_style(style).with_message(name.to_owned())
}

pub(super) fn show(bar: &ProgressBar, done: u64, all: u64) {
    bar.set_length(all);
    bar.set_position(done);
}
