//! `sira report`: figures frozen under a name, and what changed since.

use sira_domain::reference::Language;
use sira_domain::values::{ActorId, FundId};
use uuid::Uuid;

use super::CliError;
use super::causes::told;
use crate::app::{Opened, open_read_that_is_there, with_open, with_read};
use crate::config::Config;
use crate::figures::{
    Figures, FrozenReport, PublishedTo, Reader, ReportAudience, ReportError, Shown, ShownCell,
    Telling,
};
use crate::grant::Scope;
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
        /// Its name.
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
    /// Show a report, what changed since, and by which events. / Montre un rapport, ce qui a changé depuis, et
    /// par quels événements.
    Show {
        /// Its name.
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
    let is_written = matches!(args.action, Action::Freeze { .. });
    let work = async |opened: &Opened| {
        let store = open_read_that_is_there(config, opened, say).await?;
        let figures = Figures::new(opened.commands.clone(), store.clone());
        let done = act(&figures, args.action, say).await;
        store.close().await;
        done
    };
    if is_written { with_open(config, say, work).await } else { with_read(config, say, work).await }
}

async fn act(figures: &Figures, action: Action, say: Say) -> Result<(), CliError> {
    match action {
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
            Ok(())
        }
        Action::Show { name, changed, role, fund } => {
            let shown = figures.show_report(&name, view_of(role, fund).as_ref()).await;
            show(&shown.map_err(|error| failed(error, say))?, changed, say)
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
