//! `sira report`: figures frozen under a name, and what changed since.

use std::path::Path;

use chrono::NaiveDate;
use sira_domain::reference::Language;
use sira_domain::values::{ActorId, FundId, ProgrammeId};
use uuid::Uuid;

use super::CliError;
use super::causes::told;
use crate::app::{Opened, open_read_that_is_there, with_open, with_read};
use crate::config::Config;
use crate::figures::{
    Figures, FrozenReport, PublishedTo, Reader, ReportAudience, ReportError, Shown, ShownCell,
    Telling,
};
use crate::formats::Format;
use crate::grant::Scope;
use crate::reports::{
    Narrative, ReportContent, ReportDocument, ReportDocumentError, ReportDocuments, ReportPartName,
    ReportRequest, ReportVerdict, page, rewrite, table, workbook,
};
use crate::say::Say;

/// Who freezes on the command line, when nobody is named.
const ACTOR: &str = "cli";

/// Arguments of `sira report`.
#[derive(Debug, clap::Args)]
pub struct ReportArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Freeze a question: its figures stay the same for ever. / Fige une question : ses chiffres ne changent
    /// plus.
    Freeze {
        /// Its name. / Son nom.
        name: String,
        /// What it is about: the last part of the route, such as `indicators` or `funnel`. / Sur quoi elle
        /// porte : la fin de la route, par exemple `indicators` ou `funnel`.
        #[arg(long, default_value = "indicators")]
        of: String,
        /// Its parameters, as in an address: `region=segou&group_by=sex&as_of=2024-12-31`. / Ses paramètres,
        /// comme dans une adresse : `region=segou&group_by=sex&as_of=2024-12-31`.
        #[arg(long, default_value = "")]
        query: String,
        /// Who freezes it. / Qui la fige.
        #[arg(long, default_value = ACTOR)]
        actor: ActorId,
        /// For a role that is told what was published; for those who reach everything when left out. / Pour un
        /// rôle à qui l'on dit ce qui a été publié ; sinon pour qui a accès à tout.
        #[arg(long = "for", value_name = "ROLE")]
        role: Option<PublishedRole>,
        /// Fund of the donor; may be repeated. / Fonds du bailleur ; peut se répéter.
        #[arg(long, requires = "role")]
        fund: Vec<Uuid>,
    },
    /// List the frozen reports. / Liste les rapports figés.
    List,
    /// Make a report of a period as a document, and keep it as it is. / Établit un rapport sur une période et le conserve
    /// tel quel.
    Make(Box<MakeArgs>),
    /// Write a report as a file: a page to print, a workbook, or one long table. / Écrit un rapport dans un fichier : page
    /// à imprimer, classeur ou tableau.
    Write {
        /// Its name. / Son nom.
        name: String,
        /// Where to; its ending says the form: `.html`, `.xlsx`, `.csv`, `.parquet` or `.json`. / Où ; la fin du nom dit la
        /// forme.
        #[arg(short = 'o', long = "output", value_name = "FILE")]
        out: std::path::PathBuf,
    },
    /// Withdraw a report made as a document; it stays as it is, with the reason. / Retire un rapport ; il reste tel quel,
    /// avec le motif.
    Withdraw {
        /// Its name. / Son nom.
        name: String,
        /// Why. / Pourquoi.
        #[arg(long)]
        reason: String,
        /// Who withdraws it. / Qui le retire.
        #[arg(long, default_value = ACTOR)]
        actor: ActorId,
    },
    /// Say whether a file is a report that was kept, and shows what it says. / Dit si un fichier est un rapport conservé, et
    /// montre ce qu'il dit.
    Verify {
        /// The page or the workbook. / La page ou le classeur.
        file: std::path::PathBuf,
        /// The hash that is known of it; that in the journal when left out. / L'empreinte connue ; sinon celle du journal.
        #[arg(long, value_name = "HEX")]
        sha256: Option<String>,
    },
    /// Show a report, what changed since, and by which events. / Montre un rapport, ce qui a changé depuis, et
    /// par quels événements.
    Show {
        /// Its name. / Son nom.
        name: String,
        /// Only the cells that changed. / Seulement les cases qui ont changé.
        #[arg(long)]
        changed: bool,
        /// What was published to a role by the report's day, and what is by now: replays what an analyst
        /// or a donor was told. / Ce qui a été publié à un rôle.
        #[arg(long = "as", value_name = "ROLE")]
        role: Option<PublishedRole>,
        /// Fund of the donor; may be repeated. / Fonds du bailleur ; peut se répéter.
        #[arg(long, requires = "role")]
        fund: Vec<Uuid>,
    },
}

/// What a report is made from.
#[derive(Debug, clap::Args)]
struct MakeArgs {
    /// Its name. / Son nom.
    name: String,
    /// The programme. / Le programme.
    #[arg(long)]
    programme: Uuid,
    /// First day of its period. / Premier jour de la période.
    #[arg(long)]
    from: NaiveDate,
    /// Last day of its period. / Dernier jour de la période.
    #[arg(long)]
    to: NaiveDate,
    /// What was recorded by the end of this day; now when left out. / Ce qui était enregistré à la fin de ce jour.
    #[arg(long)]
    as_of: Option<NaiveDate>,
    /// Its parts; all of them when left out. / Ses parties ; toutes sinon.
    #[arg(long, value_delimiter = ',')]
    parts: Vec<ReportPartName>,
    /// A file with the narrative in French. / Un fichier avec le commentaire en français.
    #[arg(long, value_name = "FILE")]
    narrative_fr: Option<std::path::PathBuf>,
    /// A file with the narrative in English. / Un fichier avec le commentaire en anglais.
    #[arg(long, value_name = "FILE")]
    narrative_en: Option<std::path::PathBuf>,
    /// Who makes it. / Qui l'établit.
    #[arg(long, default_value = ACTOR)]
    actor: ActorId,
    /// For a role that is told what was published; for those who reach everything when left out. / Pour un
    /// rôle à qui l'on dit ce qui a été publié ; sinon pour qui a accès à tout.
    #[arg(long = "for", value_name = "ROLE")]
    role: Option<PublishedRole>,
    /// Fund of the donor; may be repeated. / Fonds du bailleur ; peut se répéter.
    #[arg(long, requires = "role")]
    fund: Vec<Uuid>,
}

/// A role that is told published figures.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum PublishedRole {
    /// Analysts.
    Analyst,
    /// Donors, of the funds that are named.
    Donor,
}

/// As whom a report is viewed; none for its own audience.
fn view_of(role: Option<PublishedRole>, funds: Vec<Uuid>) -> Option<Reader> {
    let funds: Vec<_> = funds.into_iter().map(FundId).collect();
    Some(match role? {
        PublishedRole::Analyst => Reader::Published(PublishedTo::analyst()),
        PublishedRole::Donor => Reader::Published(PublishedTo::donor(&funds)),
    })
}

/// For whom a report is frozen.
fn audience_of(role: Option<PublishedRole>, funds: Vec<Uuid>) -> ReportAudience {
    let funds = funds.into_iter().map(FundId).collect();
    match role {
        None => ReportAudience::everything(),
        Some(PublishedRole::Analyst) => {
            ReportAudience { told: Telling::Published, scope: Scope::All }
        }
        Some(PublishedRole::Donor) => {
            ReportAudience { told: Telling::ToDonor, scope: Scope::Funds(funds) }
        }
    }
}

/// Runs `sira report`. What is shown is what an administrator may see, every cell, unless another role is
/// named.
pub async fn run(config: &Config, args: ReportArgs, say: Say) -> Result<(), CliError> {
    if let Action::Verify { file, sha256: Some(known) } = &args.action {
        return verify(&read(file, say)?, Some(known), None, say).await;
    }
    let is_written =
        matches!(args.action, Action::Freeze { .. } | Action::Make(_) | Action::Withdraw { .. });
    let work = async |opened: &Opened| {
        let store = open_read_that_is_there(config, opened, say).await?;
        let figures = Figures::new(opened.commands.clone(), store.clone());
        let reports = ReportDocuments::new(figures.clone(), opened.commands.clone(), store.clone());
        let done = act(&figures, &reports, args.action, say).await;
        store.close().await;
        done
    };
    if is_written { with_open(config, say, work).await } else { with_read(config, say, work).await }
}

async fn act(
    figures: &Figures,
    documents: &ReportDocuments,
    action: Action,
    say: Say,
) -> Result<(), CliError> {
    match action {
        Action::Make(args) => make(documents, *args, say).await,
        Action::Write { name, out } => write(documents, &name, &out, say).await,
        Action::Withdraw { name, reason, actor } => {
            let withdrawn = documents.withdraw(&name, &actor, &reason).await;
            print_document(&withdrawn.map_err(|error| not_made(error, say))?);
            Ok(())
        }
        Action::Verify { file, sha256 } => {
            verify(&read(&file, say)?, sha256.as_deref(), Some(documents), say).await
        }
        Action::Freeze { name, of, query, actor, role, fund } => {
            let audience = audience_of(role, fund);
            let by = (&actor, &audience);
            let frozen = figures.freeze(&name, (&of, &query), by).await;
            let (report, already) = frozen.map_err(|error| failed(error, say))?;
            let position = report.position();
            let fr = format!("Rapport « {name} » figé à la position {position}.");
            let en = format!("Report `{name}` frozen at position {position}.");
            say.note(&fr, &en);
            if already {
                say.note("Il l'était déjà : rien n'a changé.", "It was already: nothing changed.");
            }
            print(&report);
            Ok(())
        }
        Action::List => {
            let reports = figures.reports().await.map_err(|error| failed(error, say))?;
            reports.iter().for_each(print);
            let made = documents.all().await.map_err(|error| not_made(error, say))?;
            made.iter().for_each(print_document);
            Ok(())
        }
        Action::Show { name, changed, role, fund } => {
            let shown = figures.show_report(&name, view_of(role, fund).as_ref()).await;
            show(&shown.map_err(|error| failed(error, say))?, changed, say)
        }
    }
}

fn read(file: &Path, say: Say) -> Result<Vec<u8>, CliError> {
    std::fs::read(file).map_err(|error| {
        CliError::failed(say.pick("le fichier ne se lit pas", "the file cannot be read"), error)
    })
}

async fn make(documents: &ReportDocuments, args: MakeArgs, say: Say) -> Result<(), CliError> {
    let text = |file: &Option<std::path::PathBuf>| -> Result<String, CliError> {
        let Some(file) = file else { return Ok(String::new()) };
        Ok(String::from_utf8_lossy(&read(file, say)?).trim().to_owned())
    };
    let (fr, en) = (text(&args.narrative_fr)?, text(&args.narrative_en)?);
    let narrative = (!fr.is_empty() || !en.is_empty()).then_some(Narrative { fr, en });
    let audience = audience_of(args.role, args.fund);
    let request = ReportRequest {
        name: args.name,
        title: None,
        programme: ProgrammeId(args.programme),
        from: args.from,
        to: args.to,
        as_of: args.as_of,
        parts: args.parts,
        narrative,
        audience: None,
    };
    let made = documents.make(&request, (&args.actor, &audience)).await;
    let (document, already) = made.map_err(|error| not_made(error, say))?;
    if already {
        say.note("Il l'était déjà : rien n'a changé.", "It was already: nothing changed.");
    }
    print_document(&document);
    Ok(())
}

fn print_document(document: &ReportDocument) {
    let withdrawn =
        document.withdrawal().map_or_else(String::new, |one| format!("\t{}", one.reason));
    println!(
        "{}\t{}\t{}\t{}{withdrawn}",
        document.name,
        document.frozen_at().format("%Y-%m-%dT%H:%M:%SZ"),
        document.frozen_by,
        document.sha256()
    );
}

async fn write(
    documents: &ReportDocuments,
    name: &str,
    out: &Path,
    say: Say,
) -> Result<(), CliError> {
    let document = documents.find(name).await.map_err(|error| not_made(error, say))?;
    let content = document.read().map_err(|error| not_made(error, say))?;
    if let Some(withdrawal) = document.withdrawal() {
        say.note(
            &format!("Il a été retiré : {}", withdrawal.reason),
            &format!("It was withdrawn: {}", withdrawal.reason),
        );
    }
    let (language, sha256) = (say.0, document.sha256());
    let ending = out.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let bytes = match ending {
        "html" => Ok(page(&content, sha256, language).into_bytes()),
        "xlsx" => workbook(&content, sha256, language),
        "json" => Ok(document.content.clone().into_bytes()),
        "csv" => table(&content, sha256, Format::Csv, language),
        "parquet" => table(&content, sha256, Format::Parquet, language),
        _ => return Err(CliError::Usage(".html, .xlsx, .csv, .parquet, .json".to_owned())),
    };
    let failed = say.pick("le fichier ne s'écrit pas", "the file cannot be written");
    let bytes = bytes.map_err(|error| CliError::failed(failed, error))?;
    crate::files::replace(out, &bytes).map_err(|error| CliError::failed(failed, error))
}

/// Says what a file is: a report that shows what it says, and that is the one which is known.
async fn verify(
    bytes: &[u8],
    known: Option<&str>,
    documents: Option<&ReportDocuments>,
    say: Say,
) -> Result<(), CliError> {
    let verdict = rewrite(bytes);
    let is_false = |fr: &str, en: &str| CliError::IsFalse(say.pick(fr, en).to_owned());
    let content = match verdict {
        ReportVerdict::NoReport => {
            return Err(is_false(
                "ce fichier n'est pas un rapport de Sira",
                "this file is no report of Sira",
            ));
        }
        ReportVerdict::Differs { content } => {
            let (name, sha256) = (&content.name, ReportContent::hash_of(&content.text()));
            let fr = format!(
                "ce fichier ne montre pas ce qu'il contient : il a été modifié, ou une autre version de Sira l'a écrit. Ce qu'il contient (rapport {name}) a l'empreinte {sha256} ; demandez-le de nouveau : sira report write"
            );
            let en = format!(
                "this file does not show what it carries: it was changed, or another version of Sira wrote it. What it carries (report {name}) has the hash {sha256}; ask for it again: sira report write"
            );
            return Err(CliError::IsFalse(say.pick(&fr, &en).to_owned()));
        }
        ReportVerdict::Whole { content, .. } => content,
    };
    let sha256 = ReportContent::hash_of(&content.text());
    let mut withdrawal = None;
    let mut expected = known.map(str::to_ascii_lowercase);
    if let Some(documents) = documents {
        let kept = match documents.find(&content.name).await {
            Ok(kept) => kept,
            Err(ReportDocumentError::Unknown) => {
                return Err(is_false(
                    "aucun rapport n'a été conservé sous ce nom",
                    "no report was kept under this name",
                ));
            }
            Err(error) => return Err(not_made(error, say)),
        };
        if !documents.stands_in_the_log(&content).await.map_err(|error| not_made(error, say))? {
            return Err(is_false(
                "le journal n'est plus celui dont le rapport a été fait",
                "the journal is no longer the one that the report was made of",
            ));
        }
        withdrawal = kept.withdrawal();
        expected.get_or_insert_with(|| kept.sha256().to_owned());
    }
    if expected.as_ref() != Some(&sha256) {
        return Err(is_false(
            "ce rapport n'est pas celui qui a été conservé sous ce nom",
            "this report is not the one that was kept under this name",
        ));
    }
    println!("{}\t{sha256}", content.name);
    let fr = "Ce fichier montre le rapport tel qu'il a été établi.";
    say.note(fr, "This file shows the report as it was made.");
    if documents.is_none() {
        let fr = "Seul le journal sait s'il a été retiré depuis.";
        say.note(fr, "The journal alone knows whether it was withdrawn since.");
    }
    if let Some(withdrawal) = withdrawal {
        say.note(
            &format!("Il a été retiré depuis : {}", withdrawal.reason),
            &format!("It was withdrawn since: {}", withdrawal.reason),
        );
    }
    Ok(())
}

fn not_made(error: ReportDocumentError, say: Say) -> CliError {
    match error {
        ReportDocumentError::Form { field, expected } => {
            CliError::Usage(format!("{field}: {expected}"))
        }
        ReportDocumentError::NameTaken => failed(ReportError::NameTaken, say),
        ReportDocumentError::TooMany { given, limit } => {
            failed(ReportError::TooMany { given, limit }, say)
        }
        ReportDocumentError::Unknown => failed(ReportError::Unknown, say),
        ReportDocumentError::Figures(error) => failed(ReportError::Figures(error), say),
        error @ (ReportDocumentError::Unreadable | ReportDocumentError::Evidence(_)) => {
            CliError::failed(
                say.pick("le rapport ne se lit pas", "the report cannot be read"),
                error,
            )
        }
    }
}

fn print(report: &FrozenReport) {
    println!(
        "{}\t{}\t{}\t{}?{}\t{}",
        report.name,
        report.position(),
        report.day(),
        report.subject,
        report.query,
        report.answer_sha256()
    );
}

fn show(shown: &Shown, only_changed: bool, say: Say) -> Result<(), CliError> {
    print(&shown.report);
    if let Some((then, now)) = shown.published {
        println!("{}\t{then}\t{now}\t{}", say.pick("publié", "published"), shown.answer_sha256);
    }
    let heads = say.pick("figé\tmaintenant\tévénements", "frozen\tnow\tevents");
    println!("\n{}\t{heads}", say.pick("indicateur", "indicator"));
    for cell in shown.cells.iter().filter(|cell| !only_changed || cell.frozen != cell.now) {
        println!("{}", line(cell));
    }
    if shown.is_as_frozen {
        return Ok(());
    }
    let what = say.pick(
        "les chiffres à la position du rapport ne sont plus ceux qui ont été figés : le journal n'est pas le même",
        "the figures at the report's position are no longer those that were frozen: the journal is not the same",
    );
    Err(CliError::IsFalse(what.to_owned()))
}

fn line(cell: &ShownCell) -> String {
    let words = std::iter::once(cell.indicator.name.to_owned()).chain(cell.words.iter().cloned());
    let value = |side: &Option<sira_projections::analytics::FigureCell>| {
        let value = side.as_ref().and_then(|cell| cell.value);
        value.map_or_else(|| "-".to_owned(), |value| value.to_string())
    };
    let (events, count) = &cell.changes;
    let named: Vec<_> = events.iter().map(|(position, ..)| position.to_string()).collect();
    let more = if *count > events.len() as u64 { ", ..." } else { "" };
    let named = if named.is_empty() { "-".to_owned() } else { named.join(", ") + more };
    let words: Vec<_> = words.collect();
    format!("{}\t{}\t{}\t{named}", words.join(" "), value(&cell.frozen), value(&cell.now))
}

fn failed(error: ReportError, say: Say) -> CliError {
    match error {
        ReportError::Bad(bad) => CliError::Usage(told(&bad, say)),
        ReportError::NameTaken => CliError::Usage(
            say.pick("un autre rapport porte déjà ce nom", "another report has this name already")
                .to_owned(),
        ),
        ReportError::TooMany { given, limit } => CliError::Usage(match say.0 {
            Language::Fr => format!("{given} rapports figés sont en place, {limit} au plus"),
            Language::En => format!("{given} frozen reports stand, at most {limit} may"),
        }),
        ReportError::Unknown => CliError::Usage(
            say.pick("aucun rapport de ce nom", "there is no report of this name").to_owned(),
        ),
        ReportError::Figures(error) => {
            CliError::failed(say.pick("les chiffres manquent", "there are no figures"), error)
        }
    }
}
