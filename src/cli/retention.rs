//! `sira retention`: whose data are past the programme's retention period, and their erasure by order.

use serde_json::json;
use sira_domain::role::Role;
use sira_domain::values::{ActorId, Text, ValueError};
use sira_projections::lists::{CasePlace, Filters};
use sira_projections::{Reach, ReadStore};
use uuid::Uuid;

use super::CliError;
use super::paper::wrapped;
use crate::app::{Opened, open_read, open_read_that_is_there, renewal_of, with_open, with_read};
use crate::commands::Call;
use crate::config::Config;
use crate::retention::{
    ERASURES_MAX, ErasureOutcome, Order, OrderedErasure, Proposed, REASON_MAX_CHARACTERS,
    RetentionQuestion, carry_out, proposed,
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
        /// JSON: one path a line. / JSON : un parcours par ligne.
        #[arg(long)]
        json: bool,
    },
    /// Erase the personal data of those past retention, for good. / Efface pour de bon les données
    /// personnelles à ne plus conserver.
    Erase {
        /// Who orders it. / Qui l'ordonne.
        #[arg(long)]
        actor: ActorId,
        /// Why; kept with the order, so it names nobody. / Pourquoi ; conservé avec l'ordre, donc sans nommer
        /// personne.
        #[arg(long, value_parser = reason)]
        reason: Text<REASON_MAX_CHARACTERS>,
        /// Everybody who is listed and whom nothing keeps. / Toutes les personnes listées que rien n'oblige à
        /// garder.
        #[arg(long, required_unless_present = "ids", conflicts_with = "ids")]
        all: bool,
        /// Ids or references. / Identifiants ou références.
        ids: Vec<String>,
        /// JSON: one person a line. / JSON : une personne par ligne.
        #[arg(long)]
        json: bool,
    },
}

fn reason(text: &str) -> Result<Text<REASON_MAX_CHARACTERS>, ValueError> {
    Text::try_new(text)
}

/// Runs `sira retention`.
pub async fn run(config: &Config, args: RetentionArgs, say: Say) -> Result<(), CliError> {
    match args.action {
        Action::List { json } => {
            with_read(config, say, async |opened| {
                let read = open_read_that_is_there(config, opened, say).await?;
                let done = each_page(opened, &read, say, async |page| {
                    for one in &page {
                        print_proposed(one, json, say);
                    }
                    Ok(())
                });
                let done = done.await;
                read.close().await;
                done
            })
            .await
        }
        Action::Erase { actor, reason, all, ids, json } => {
            with_open(config, say, async |opened| {
                let read = open_read(config, opened, say).await?;
                let orders = Orders { opened, actor, reason, json, say };
                let done =
                    if all { orders.erase_all(&read).await } else { orders.erase(ids).await };
                // Nobody may be serving: the index is not left under a key of before the erasures.
                if let Err(error) = renewal_of(&opened.commands, &read).finish().await {
                    tracing::warn!(error = %error, "the next server renews the index key");
                }
                read.close().await;
                done
            })
            .await
        }
    }
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
        let question = RetentionQuestion {
            filters: &filters,
            reach: &Reach::All,
            after,
            limit: PAGE,
            language: say.0,
        };
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
            let body = json!({ "ids": some, "reason": self.reason });
            let order =
                Order::read(body).map_err(|errors| CliError::Usage(errors.told(self.say.0)))?;
            let call = Call::local(self.actor.clone(), Role::Admin, Uuid::now_v7().to_string());
            let done = carry_out(&self.opened.commands, order, call, self.say.0).await;
            let (_, erasures) = done.map_err(|error| CliError::failed("retention", error))?;
            for erasure in &erasures {
                print_erasure(erasure, self.json, self.say);
                refused += usize::from(matches!(erasure.outcome, ErasureOutcome::Refused { .. }));
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

fn print_erasure(erasure: &OrderedErasure, json: bool, say: Say) {
    if json {
        println!("{}", serde_json::json!(erasure));
        return;
    }
    let told = match &erasure.outcome {
        ErasureOutcome::Erased { position, .. } => {
            format!("{} (position {position})", say.pick("effacé", "erased"))
        }
        ErasureOutcome::AlreadyDone => say.pick("déjà effacé", "erased before").to_owned(),
        ErasureOutcome::Refused { detail, .. } => {
            format!("{} {detail}", say.pick("gardé :", "kept:"))
        }
    };
    println!("{}  {told}", erasure.id);
}
