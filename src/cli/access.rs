//! `sira access`: who read a person's data, newest first. Looking is itself recorded.

use sira_domain::role::Role;
use sira_domain::values::ActorId;

use super::CliError;
use super::paper::to_the_second;
use super::path::{events_of, find, not_found, record_reading, stream_of};
use crate::app::with_read;
use crate::config::Config;
use crate::replay::readings::{ShownReading, readings_of};
use crate::say::Say;

/// Readings that are read at a time.
const PAGE: u32 = 200;

/// Arguments of `sira access`.
#[derive(Debug, clap::Args)]
pub struct AccessArgs {
    /// The path's id or reference. / L'identifiant ou la référence du parcours.
    id: String,
    /// Who looks: recorded as a reading of this person's data. / Qui regarde : c'est enregistré comme une
    /// consultation des données de cette personne.
    #[arg(long)]
    actor: ActorId,
    /// JSON: one reading a line. / JSON : une consultation par ligne.
    #[arg(long)]
    json: bool,
}

/// Runs `sira access`.
pub async fn run(config: &Config, args: AccessArgs, say: Say) -> Result<(), CliError> {
    with_read(config, say, async |opened| {
        let id = find(opened, &args.id, say).await?;
        if events_of(opened, id).await?.is_empty() {
            return Err(not_found(say));
        }
        record_reading(opened, &args.actor, Role::Admin, "access", id).await?;
        let (journal, stream) = (opened.commands.journal(), stream_of(id));
        let mut place = None;
        loop {
            let found = readings_of(journal, &stream, place.as_ref(), PAGE).await;
            let found = found.map_err(|error| CliError::failed("journal", error))?;
            for reading in &found {
                print(&reading.shown(say.0), args.json, say);
            }
            // A full page may be the last one; the next is then empty.
            match found.last().filter(|_| found.len() == PAGE as usize) {
                Some(last) => place = Some(last.place()),
                None => return Ok(()),
            }
        }
    })
    .await
}

fn print(reading: &ShownReading, json: bool, say: Say) {
    if json {
        println!("{}", serde_json::json!(reading));
        return;
    }
    let role = reading.role.parse::<Role>().map_or("-", |role| role.label(say.0));
    let at = to_the_second(&reading.at);
    println!("{at}  {:<24} {role:<20} {}", reading.actor, reading.label);
}
