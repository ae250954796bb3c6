//! `sira retention`: whose data are past the programme's retention period, and their erasure by order.

use sira_domain::role::Role;
use sira_domain::values::{ActorId, Text};
use sira_projections::lists::{CasePlace, Filters};
use sira_projections::{Reach, ReadStore};
use uuid::Uuid;

use super::CliError;
use super::paper::wrapped;
use crate::app::{Opened, open_read, with_open};
use crate::commands::Call;
use crate::config::Config;
use crate::retention::{
    ERASURES_MAX, Order, OrderForm, Outcome, Proposed, Question, REASON_MAX_CHARACTERS, Verdict,
    carry_out, proposed,
};
use crate::say::Say;

/// Paths that are read at a time.
const PAGE: u32 = 200;

/// Arguments of `sira retention`.
#[derive(Debug, clap::Args)]
pub struct RetentionArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List closed paths whose data are past retention. / Liste les parcours au-delà de la durée de
    /// conservation.
    List {
        /// JSON: one path a line.
        #[arg(long)]
        json: bool,
    },
    /// Erase the personal data of those past retention, for good. / Efface les données personnelles.
    Erase {
        /// Who orders it. / Qui l'ordonne.
        #[arg(long)]
        actor: ActorId,
        /// Why; kept with the order, so it names nobody. / Pourquoi ; conservé, donc sans nom.
        #[arg(long, value_parser = reason)]
        reason: Text<REASON_MAX_CHARACTERS>,
        /// Everybody who is listed and whom nothing keeps.
        #[arg(long, required_unless_present = "ids", conflicts_with = "ids")]
        all: bool,
        /// Ids or references.
        ids: Vec<String>,
        /// JSON: one person a line.
        #[arg(long)]
        json: bool,
    },
}

fn reason(text: &str) -> Result<Text<REASON_MAX_CHARACTERS>, String> {
    Text::try_new(text).map_err(|error| format!("{} {}", error.rule, error.limit))
}

/// Runs `sira retention`.
pub async fn run(config: &Config, args: RetentionArgs, say: Say) -> Result<(), CliError> {
    with_open(config, say, async |opened| {
        let read = open_read(config, opened, say).await?;
        let done = match args.action {
            Action::List { json } => {
                each_page(opened, &read, say, async |page| {
                    for one in &page {
                        print_proposed(one, json, say);
                    }
                    Ok(())
                })
                .await
            }
            Action::Erase { actor, reason, all, ids, json } => {
                let orders = Orders { opened, actor, reason, json, say };
                if all { orders.erase_all(&read).await } else { orders.erase(ids).await }
            }
        };
        read.close().await;
        done
    })
    .await
}

/// Goes through everybody who is proposed, page by page.
async fn each_page(
    opened: &Opened,
    read: &ReadStore,
    say: Say,
    mut take: impl AsyncFnMut(Vec<Proposed>) -> Result<(), CliError>,
) -> Result<(), CliError> {
    let filters = Filters::default();
    let mut after: Option<CasePlace> = None;
    loop {
        let question =
            Question { filters: &filters, reach: &Reach::All, after, limit: PAGE, language: say.0 };
        let page = proposed(&opened.commands, read, &question).await;
        let (page, next) = page.map_err(|error| CliError::failed("retention", error))?;
        take(page).await?;
        after = next;
        if after.is_none() {
            return Ok(());
        }
    }
}

/// Who orders what, and how it is told.
struct Orders<'a> {
    opened: &'a Opened,
    actor: ActorId,
    reason: Text<REASON_MAX_CHARACTERS>,
    json: bool,
    say: Say,
}

impl Orders<'_> {
    async fn erase_all(&self, read: &ReadStore) -> Result<(), CliError> {
        let mut refused = 0;
        each_page(self.opened, read, self.say, async |page| {
            let ids = page.into_iter().filter(|one| one.kept_by.is_none());
            refused += self.order(ids.map(|one| one.closed.case.id).collect()).await?;
            Ok(())
        })
        .await?;
        self.conclude(refused)
    }

    /// In as many orders as it takes. Whoever is refused makes it fail, once all have been tried.
    async fn erase(&self, ids: Vec<String>) -> Result<(), CliError> {
        let refused = self.order(ids).await?;
        self.conclude(refused)
    }

    /// Gives the orders; how many people were refused.
    async fn order(&self, ids: Vec<String>) -> Result<usize, CliError> {
        let mut refused = 0;
        for some in ids.chunks(ERASURES_MAX) {
            let form = OrderForm { ids: some.to_vec(), reason: self.reason.clone() };
            let order =
                Order::try_from(form).map_err(|error| CliError::Usage(error.to_string()))?;
            let call = Call::local(self.actor.clone(), Role::Admin, Uuid::now_v7().to_string());
            let done = carry_out(&self.opened.commands, order, call, self.say.0).await;
            let (_, verdicts) = done.map_err(|error| CliError::failed("retention", error))?;
            for verdict in &verdicts {
                print_verdict(verdict, self.json, self.say);
                refused += usize::from(matches!(verdict.outcome, Outcome::Refused { .. }));
            }
        }
        Ok(refused)
    }

    fn conclude(&self, refused: usize) -> Result<(), CliError> {
        if refused == 0 {
            return Ok(());
        }
        let kept = self.say.pick("personnes non effacées", "people not erased");
        Err(CliError::IsFalse(format!("{refused} {kept}")))
    }
}

fn print_proposed(one: &Proposed, json: bool, say: Say) {
    if json {
        println!("{}", serde_json::json!(one));
        return;
    }
    let (case, closed) = (&one.closed.case, one.closed.path_closed_on);
    let months = one.retention_months.unwrap_or_default();
    println!(
        "{}  {} {closed}  {:<20}  {months} {}",
        case.reference,
        say.pick("clos le", "closed on"),
        case.office,
        say.pick("mois de conservation", "months of retention"),
    );
    if let Some(kept) = &one.kept_detail {
        println!("{}", wrapped(6, &format!("{} {kept}", say.pick("gardé :", "kept:"))));
    }
}

fn print_verdict(verdict: &Verdict, json: bool, say: Say) {
    if json {
        println!("{}", serde_json::json!(verdict));
        return;
    }
    let told = match &verdict.outcome {
        Outcome::Erased { position, .. } => {
            format!("{} (position {position})", say.pick("effacé", "erased"))
        }
        Outcome::AlreadyDone => say.pick("déjà effacé", "erased before").to_owned(),
        Outcome::Refused { detail, .. } => format!("{} {detail}", say.pick("gardé :", "kept:")),
    };
    println!("{}  {told}", verdict.id);
}
