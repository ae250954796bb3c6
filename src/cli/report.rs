//! `sira report`: figures frozen under a name, and what changed since.

use sira_domain::values::ActorId;
use sira_projections::analytics::Reach;

use super::CliError;
use crate::app::{Opened, open_read, with_open};
use crate::config::Config;
use crate::figures::{Figures, FrozenReport, ReportError, Shown, ShownCell};
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
    /// Freeze a question: its figures stay the same for ever. / Fige une question.
    Freeze {
        /// Its name.
        name: String,
        /// What it is about: the last part of the route, such as `indicators` or `funnel`.
        #[arg(long, default_value = "indicators")]
        of: String,
        /// Its parameters, as in an address: `region=segou&group_by=sex&as_of=2024-12-31`.
        #[arg(long, default_value = "")]
        query: String,
        /// Who freezes it.
        #[arg(long, default_value = ACTOR)]
        actor: ActorId,
    },
    /// List the frozen reports. / Liste les rapports figés.
    List,
    /// Show a report, what changed since, and by which events. / Montre un rapport et ses écarts.
    Show {
        /// Its name.
        name: String,
        /// Only the cells that changed.
        #[arg(long)]
        changed: bool,
    },
}

/// Runs `sira report`. What is shown is what an administrator may see: every cell.
pub async fn run(config: &Config, args: ReportArgs, say: Say) -> Result<(), CliError> {
    with_open(config, say, async |opened: &Opened| {
        let store = open_read(config, opened, say).await?;
        let figures = Figures::new(opened.commands.clone(), store.clone());
        let done = act(&figures, args.action, say).await;
        store.close().await;
        done
    })
    .await
}

async fn act(figures: &Figures, action: Action, say: Say) -> Result<(), CliError> {
    match action {
        Action::Freeze { name, of, query, actor } => {
            let frozen = figures.freeze(&name, (&of, &query), &actor).await;
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
        Action::Show { name, changed } => {
            let shown = figures.show_report(&name, Reach::All, false).await;
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
    let value = |side: &Option<sira_projections::analytics::Cell>| {
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
        ReportError::Bad(bad) => CliError::Usage(bad.to_string()),
        ReportError::NameTaken => CliError::Usage(
            say.pick("un autre rapport porte déjà ce nom", "another report has this name already")
                .to_owned(),
        ),
        ReportError::Unknown => CliError::Usage(
            say.pick("aucun rapport de ce nom", "there is no report of this name").to_owned(),
        ),
        ReportError::Figures(error) => {
            CliError::failed(say.pick("les chiffres manquent", "there are no figures"), error)
        }
    }
}
