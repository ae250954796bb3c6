//! `sira activity`: what one member of the staff recorded and read, newest first.

use chrono::NaiveDate;
use sira_domain::role::Role;
use sira_domain::values::ActorId;
use sira_projections::ReadStore;

use super::CliError;
use super::paper::{to_the_second, wrapped};
use crate::app::{Opened, open_read_that_is_there, with_read};
use crate::clock::read_day;
use crate::config::Config;
use crate::grant::Scope;
use crate::replay::activity::{ActivityQuestion, EventDeed, ReadingDeed, ShownDeed, activity};
use crate::replay::activity::{after, beginning_of};
use crate::say::Say;

/// Deeds that are read at a time.
const PAGE: usize = 200;

/// Arguments of `sira activity`.
#[derive(Debug, clap::Args)]
pub struct ActivityArgs {
    /// Who, by the name in their token. / Qui, d'après le nom de son jeton.
    actor: ActorId,
    /// Recorded on this day (UTC) or later. / Enregistré ce jour (UTC) ou après.
    #[arg(long, value_parser = day)]
    from: Option<NaiveDate>,
    /// Recorded on this day (UTC) or before. / Enregistré ce jour (UTC) ou avant.
    #[arg(long, value_parser = day)]
    to: Option<NaiveDate>,
    /// JSON: one deed a line. / JSON : un acte par ligne.
    #[arg(long)]
    json: bool,
}

fn day(text: &str) -> Result<NaiveDate, String> {
    read_day(text).ok_or_else(|| "YYYY-MM-DD".to_owned())
}

/// Runs `sira activity`.
pub async fn run(config: &Config, args: ActivityArgs, say: Say) -> Result<(), CliError> {
    with_read(config, say, async |opened| {
        let read = open_read_that_is_there(config, opened, say).await?;
        let done = print_all(opened, &read, &args, say).await;
        read.close().await;
        done
    })
    .await
}

async fn print_all(
    opened: &Opened,
    read: &ReadStore,
    args: &ActivityArgs,
    say: Say,
) -> Result<(), CliError> {
    warn_if_behind(opened, read, say).await?;
    let mut place = None;
    loop {
        let question = ActivityQuestion {
            actor: &args.actor,
            from: args.from.map(beginning_of),
            before: args.to.map(after),
            scope: &Scope::All,
            after: place,
            limit: PAGE,
            language: say.0,
        };
        let page = activity(&opened.commands, read, &question).await;
        let page = page.map_err(|error| CliError::failed("activity", error))?;
        for deed in &page.items {
            match deed {
                deed if args.json => println!("{}", serde_json::json!(deed)),
                ShownDeed::Event(event) => print_event(event, say),
                ShownDeed::Reading(reading) => print_reading(reading, say),
            }
        }
        place = page.next;
        if place.is_none() {
            return Ok(());
        }
    }
}

/// What was recorded is told by a read model, which a server keeps up to date.
async fn warn_if_behind(opened: &Opened, read: &ReadStore, say: Say) -> Result<(), CliError> {
    let journal = opened.commands.journal();
    let head = journal.head().await.map_err(|error| CliError::failed("journal", error))?.position;
    let reached = read.position(journal.id(), "activity_log").await;
    let reached = reached.map_err(|error| CliError::failed("activity_log", error))?;
    if reached < head {
        let fr = format!("Ce qui suit va jusqu'à la position {reached} ; le journal est à {head}.");
        let en = format!("What follows goes up to position {reached}; the journal is at {head}.");
        say.note(&fr, &en);
    }
    Ok(())
}

fn print_event(event: &EventDeed, say: Say) {
    let named = event.stream.reference.as_deref().unwrap_or(&event.stream.id);
    println!("{}  {:<36}  {}", to_the_second(&event.at), named, event.label);
    let role = event.role.as_str().and_then(|role| role.parse::<Role>().ok());
    let role = role.map_or("-", |role| role.label(say.0));
    let on = event.occurred_on;
    let then = say.pick(" ;", ";");
    let mut more = format!("{} {on}{then} {role}", say.pick("fait du", "fact of"));
    if let Some(office) = event.office.as_str() {
        more = format!("{more} ({office})");
    }
    more = format!(
        "{more}{then} {} {}, position {}",
        kind_of(&event.stream.r#type, say),
        event.sequence,
        event.position
    );
    if let Some(device) = event.device.as_str() {
        let at = event.device_time.as_str().map(to_the_second).unwrap_or_default();
        more = format!("{more}{then} {} {device} {at}", say.pick("appareil", "device"));
    }
    println!("{}", wrapped(6, &more));
}

fn print_reading(reading: &ReadingDeed, say: Say) {
    let named = reading.stream.as_ref();
    let named = named.map_or("-", |stream| stream.reference.as_deref().unwrap_or(&stream.id));
    println!(
        "{}  {named:<36}  {} {}",
        to_the_second(&reading.at),
        say.pick("consultation :", "reading:"),
        reading.label,
    );
}

/// What a kind of stream is called.
pub(super) fn kind_of(kind: &str, say: Say) -> &str {
    match kind {
        "beneficiary" => say.pick("parcours", "path"),
        "programme" => say.pick("convention", "programme"),
        "cohort" => say.pick("groupe", "cohort"),
        "fund" => say.pick("fonds", "fund"),
        other => other,
    }
}
