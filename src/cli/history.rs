//! `sira history`: a path's history, its state at a past moment, or the difference between two moments,
//! for an auditor at the machine.

use chrono::{DateTime, Utc};
use sira_domain::path::{Stage, Status};
use sira_domain::reference::Language;
use sira_domain::role::Role;
use sira_domain::values::ActorId;
use sira_numbers::Version;
use uuid::Uuid;

use super::CliError;
use super::paper::{to_the_second, wrapped};
use super::path::{events_of, find, key_of, not_found, record_reading};
use crate::app::with_read;
use crate::clock::read_moment;
use crate::commands::Loaded;
use crate::config::Config;
use crate::journal::RecordedEvent;
use crate::keys::PersonKey;
use crate::present::may_open;
use crate::present::{Opening, path_value};
use crate::replay::history::{HistoryRules, PathDifference, compare, programme_of};
use crate::replay::words::field_of;
use crate::replay::{Change, HistoryEvent, PathHistory, tell};
use crate::say::Say;

/// Arguments of `sira history`.
#[derive(Debug, clap::Args)]
pub struct HistoryArgs {
    /// The path's id or reference. / L'identifiant ou la référence du parcours.
    id: String,
    /// What was known at the end of this day (UTC), or at this time (RFC 3339). / Ce qui était connu à la fin
    /// de ce jour (UTC), ou à cet instant (RFC 3339).
    #[arg(long, value_parser = as_of)]
    as_of: Option<DateTime<Utc>>,
    /// The path after this version. / Le parcours après cette version.
    #[arg(long, conflicts_with = "as_of")]
    version: Option<Version>,
    /// What differs from the path after this version; 0 for before the first event. / Ce qui diffère
    /// du parcours après cette version ; 0 pour avant le premier événement.
    #[arg(long, conflicts_with_all = ["as_of", "version"])]
    from_version: Option<Version>,
    /// The later of the two versions; the present one when left out. / La version d'arrivée ; l'actuelle si
    /// elle est omise.
    #[arg(long, requires = "from_version")]
    to_version: Option<Version>,
    /// Who looks, as an auditor: opens the reasons that were given, and is recorded. / Qui consulte, à
    /// titre d'auditeur : les motifs s'ouvrent, la consultation est enregistrée.
    #[arg(long)]
    actor: Option<ActorId>,
    /// JSON: events as stored and the state after them. / JSON : les événements tels quels, et l'état qui en
    /// résulte.
    #[arg(long)]
    json: bool,
}

fn as_of(text: &str) -> Result<DateTime<Utc>, String> {
    read_moment(text).ok_or_else(|| "YYYY-MM-DD, RFC 3339".to_owned())
}

/// Runs `sira history`. Without an actor nothing sealed is opened; an identity never is: names are for
/// those whose token says so.
pub async fn run(config: &Config, args: HistoryArgs, say: Say) -> Result<(), CliError> {
    with_read(config, say, async |opened| {
        let id = find(opened, &args.id, say).await?;
        let mut events = events_of(opened, id).await?;
        let path = Loaded::fold(&events).map_err(|error| CliError::failed("journal", error))?;
        let programme = programme_of(&opened.commands, &path.state).await;
        let programme = programme.map_err(|error| CliError::failed("journal", error))?;
        cut(&args, &mut events, say)?;
        let key = match &args.actor {
            Some(actor) => {
                record_reading(opened, actor, Role::Auditor, "history", id).await?;
                key_of(opened, &path).await?
            }
            None => None,
        };
        let asked = Asked { id, programme: &programme, key: key.as_ref(), json: args.json, say };
        match args.from_version {
            Some(from) => asked.print_difference(&events, from),
            None => asked.print_history(&events),
        }
    })
    .await
}

/// Cuts the events to the moment asked for, or to the later of two.
fn cut(args: &HistoryArgs, events: &mut Vec<RecordedEvent>, say: Say) -> Result<(), CliError> {
    let Some(present) = events.last().map(|event| Version::of(event.sequence)) else {
        return Err(not_found(say));
    };
    let last = args.to_version.unwrap_or(present);
    if args.from_version.is_some_and(|from| from > last || last > present) {
        let range = say.pick("versions de 0 à", "versions from 0 to");
        return Err(CliError::Usage(format!("--from-version, --to-version: {range} {present}")));
    }
    if args.version.is_some_and(|version| version > present) {
        let range = say.pick("versions de 0 à", "versions from 0 to");
        return Err(CliError::Usage(format!("--version: {range} {present}")));
    }
    events.retain(|event| event.sequence <= last.last_sequence());
    events.retain(|event| args.as_of.is_none_or(|last| event.recorded_at <= last));
    events.retain(|event| {
        args.version.is_none_or(|version| event.sequence <= version.last_sequence())
    });
    if events.is_empty() && args.to_version.is_none() { Err(not_found(say)) } else { Ok(()) }
}

/// What is asked for, and how it is to be shown.
struct Asked<'a> {
    id: Uuid,
    programme: &'a sira_domain::programme::Programme,
    key: Option<&'a PersonKey>,
    json: bool,
    say: Say,
}

impl Asked<'_> {
    fn opening<'o>(&'o self, may_open: &'o dyn Fn(&str) -> bool) -> Opening<'o> {
        Opening { key: self.key, id: self.id, may_open }
    }

    fn print_history(&self, events: &[RecordedEvent]) -> Result<(), CliError> {
        let may_open = |field: &str| may_open(Role::Auditor, field);
        let told = tell(events, self.programme, self.say.0, &self.opening(&may_open));
        let told = told.map_err(|error| CliError::failed("journal", error))?;
        let state = path_value(self.id, &told.path);
        if self.json {
            let PathHistory { events, rules, .. } = told;
            let shown = serde_json::json!({ "id": self.id, "events": events, "rules": rules, "state": state });
            println!("{shown}");
            return Ok(());
        }
        told.events.iter().for_each(|event| print_event(event, self.say));
        print_rules(&told.rules, self.say);
        let standing = told.path.state.state();
        println!(
            "\n{}{} {} (version {})",
            state["reference"].as_str().unwrap_or("-"),
            self.say.pick(" :", ":"),
            place(standing.stage, standing.status, self.say),
            told.path.state.version(),
        );
        Ok(())
    }

    fn print_difference(&self, events: &[RecordedEvent], from: Version) -> Result<(), CliError> {
        let may_open = |field: &str| may_open(Role::Auditor, field);
        let opening = self.opening(&may_open);
        let found = compare(events, from, self.programme, self.say.0, &opening);
        let found = found.map_err(|error| CliError::failed("journal", error))?;
        if self.json {
            let mut shown = serde_json::json!(found);
            shown["id"] = self.id.to_string().into();
            println!("{shown}");
            return Ok(());
        }
        print_moments(&found, self.say);
        found.changes.iter().for_each(|change| print_change(change, self.say));
        println!();
        found.events.iter().for_each(|event| print_event(event, self.say));
        print_rules(&found.rules, self.say);
        Ok(())
    }
}

fn place(stage: Stage, status: Status, say: Say) -> String {
    format!("{} / {}", stage.label(say.0), status.label(say.0))
}

fn print_event(event: &HistoryEvent, say: Say) {
    let HistoryEvent { shown, rules_version, retracted_by, after } = event;
    let text = |value: &serde_json::Value| value.as_str().unwrap_or("-").to_owned();
    let mark = if shown.retracted { say.pick("[retiré]", "[retracted]") } else { "" };
    let head = format!(
        "{:>4}  {}  {:<34} {:<34} {mark}",
        shown.sequence,
        text(&shown.occurred_on),
        shown.label,
        place(after.stage, after.status, say),
    );
    println!("{}", head.trim_end());
    let role = shown.metadata["role"].as_str().and_then(|role| role.parse::<Role>().ok());
    let role = role.map_or("-", |role| role.label(say.0));
    let (by, at) = (text(&shown.by), to_the_second(&shown.recorded_at));
    let recorded = match say.0 {
        Language::Fr => format!(
            "par {by} ({role}), enregistré le {at} UTC, règles {rules_version}, position {}",
            shown.position
        ),
        Language::En => format!(
            "by {by} ({role}), recorded on {at} UTC, rules {rules_version}, position {}",
            shown.position
        ),
    };
    println!("{}", wrapped(6, &recorded));
    if !shown.in_words.is_empty() {
        println!("{}", wrapped(6, &shown.in_words));
    }
    if let Some(device) = shown.metadata["device"].as_str() {
        let at = shown.metadata["device_time"].as_str().map(to_the_second).unwrap_or_default();
        println!("{}", wrapped(6, &format!("{} {device} {at}", say.pick("appareil", "device"))));
    }
    let changed: Vec<_> = after.changed.iter().map(|pointer| field_of(pointer, say.0)).collect();
    if !changed.is_empty() {
        let word = say.pick("change :", "changes:");
        println!("{}", wrapped(6, &format!("{word} {}", changed.join(", "))));
    }
    if let Some(by) = retracted_by {
        let reason = by.reason.as_str().filter(|reason| !reason.starts_with("sealed:"));
        let reason =
            reason.unwrap_or(say.pick("motif scellé (--actor)", "reason sealed (--actor)"));
        let at = to_the_second(&by.recorded_at);
        let sentence = match say.0 {
            Language::Fr => {
                format!("retiré par {} le {at} UTC (événement {}) : {reason}", by.by, by.sequence)
            }
            Language::En => {
                format!("retracted by {} on {at} UTC (event {}): {reason}", by.by, by.sequence)
            }
        };
        println!("{}", wrapped(6, &sentence));
    }
}

fn print_rules(rules: &[HistoryRules], say: Say) {
    let colon = say.pick(" :", ":");
    println!();
    for set in rules {
        let from = match set.effective_from {
            Some(day) => format!("{} {day}", say.pick("en vigueur depuis le", "in force from")),
            None => say.pick("règles par défaut", "the defaults").to_owned(),
        };
        println!(
            "{}",
            wrapped(0, &format!("{} {}{colon} {from}", say.pick("Règles", "Rules"), set.version))
        );
    }
}

fn print_moments(found: &PathDifference, say: Say) {
    for (word, moment) in
        [(say.pick("de", "from"), &found.from), (say.pick("à ", "to  "), &found.to)]
    {
        let at = moment.recorded_at.as_deref().map_or_else(|| "-".to_owned(), to_the_second);
        let standing = place(moment.stage, moment.status, say);
        println!("{word}  version {:>4}  {at:<19}  {standing}", moment.version);
    }
    println!();
}

fn print_change(change: &Change, say: Say) {
    let side = |value: &Option<serde_json::Value>| {
        value.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string)
    };
    let (before, after) = (side(&change.before), side(&change.after));
    let name = field_of(&change.pointer, say.0);
    println!("{}", wrapped(2, &format!("{} ({name}): {before} -> {after}", change.pointer)));
}
