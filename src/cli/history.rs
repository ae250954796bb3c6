//! `sira history`: a path's history, or its state at a past moment, for an auditor at the machine.

use chrono::{DateTime, Utc};
use sira_domain::beneficiary::Beneficiary;
use sira_domain::values::Reference;
use uuid::Uuid;

use super::open::Opened;
use super::serve::with_open;
use super::{CliError, Say};
use crate::clock::read_moment;
use crate::commands::{Loaded, alias_of};
use crate::config::Config;
use crate::http::show::{Opening, ShownEvent, path_value, show_event};
use crate::journal::{RecordedEvent, StreamId};

/// Arguments of `sira history`.
#[derive(Debug, clap::Args)]
pub struct HistoryArgs {
    /// The path's id or reference.
    id: String,
    /// What was known at the end of this day (UTC), or at this time (RFC 3339).
    #[arg(long, value_parser = as_of)]
    as_of: Option<DateTime<Utc>>,
    /// The path after this version.
    #[arg(long, conflicts_with = "as_of")]
    version: Option<u64>,
    /// JSON: events as stored and the state after them.
    #[arg(long)]
    json: bool,
}

fn as_of(text: &str) -> Result<DateTime<Utc>, String> {
    read_moment(text).ok_or_else(|| "YYYY-MM-DD, RFC 3339".to_owned())
}

/// Runs `sira history`. Nothing sealed is opened: names are for those whose token says so.
pub async fn run(config: &Config, args: HistoryArgs, say: Say) -> Result<(), CliError> {
    with_open(config, say, async |opened| {
        let id = find(opened, &args.id, say).await?;
        let stream = StreamId { aggregate_type: Beneficiary::TYPE.into(), aggregate_id: id };
        let events = opened.commands.journal().read_stream(&stream, 0).await;
        let mut events = events.map_err(|error| CliError::failed("journal", error))?;
        events.retain(|event| args.as_of.is_none_or(|last| event.recorded_at <= last));
        events.retain(|event| args.version.is_none_or(|version| event.sequence <= version));
        if events.is_empty() {
            return Err(not_found(say));
        }
        let path = Loaded::<Beneficiary>::fold(&events)
            .map_err(|error| CliError::failed("journal", error))?;
        print(id, &events, &path, args.json, say);
        Ok(())
    })
    .await
}

fn not_found(say: Say) -> CliError {
    CliError::IsFalse(
        say.pick("aucun parcours à ce nom, à ce moment", "no such path at that moment").to_owned(),
    )
}

pub(super) async fn find(opened: &Opened, text: &str, say: Say) -> Result<Uuid, CliError> {
    if let Ok(id) = Uuid::try_parse(text) {
        return Ok(id);
    }
    let reference =
        Reference::try_new(text).map_err(|error| CliError::Usage(format!("{text}: {error}")))?;
    let found = opened.commands.journal().find_alias(&alias_of(reference)).await;
    let found = found.map_err(|error| CliError::failed("journal", error))?;
    found.map(|stream| stream.aggregate_id).ok_or_else(|| not_found(say))
}

fn print(id: Uuid, events: &[RecordedEvent], path: &Loaded<Beneficiary>, json: bool, say: Say) {
    let opening = Opening { key: None, id, may_open: &|_| false };
    let show = |event: &RecordedEvent| {
        show_event(event, path.state.is_retracted(event.sequence), say.0, &opening)
    };
    let shown: Vec<ShownEvent> = events.iter().map(show).collect();
    let state = path_value(id, path);
    if json {
        println!("{}", serde_json::json!({ "id": id, "events": shown, "state": state }));
        return;
    }
    for event in &shown {
        print_event(event, say);
    }
    let standing = path.state.state();
    println!(
        "\n{}: {} / {} ({} {})",
        state["reference"].as_str().unwrap_or("-"),
        standing.stage.label(say.0),
        standing.status.label(say.0),
        say.pick("version", "version"),
        path.state.version(),
    );
}

fn print_event(event: &ShownEvent, say: Say) {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or("-").to_owned();
    let retracted = if event.retracted { say.pick("  [retiré]", "  [retracted]") } else { "" };
    println!(
        "{:>4}  {}  {}  {:<32} {:<20} #{}{retracted}",
        event.sequence,
        text(&event.occurred_on),
        event.recorded_at,
        event.label,
        text(&event.by),
        event.position,
    );
}
