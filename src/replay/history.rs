//! A path's history told event by event: who, when, under which rules, what was taken back, and where
//! the path stood after each.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use sira_domain::path::{Beneficiary, BeneficiaryEvent, Fact, Stage, Status};
use sira_domain::programme::{Programme, Rules};
use sira_domain::reference::Language;
use sira_domain::values::ActorId;
use sira_numbers::{Position, Sequence, Version};
use uuid::Uuid;

use super::difference::{comparable, pointers};
use crate::commands::{CommandError, Commands, Loaded};
use crate::journal::RecordedEvent;
use crate::present::{Opening, ShownEvent, show_event};
use crate::stored::read_event;
use sira_evidence::leaf::time_text;

/// A history as it is told to one reader.
#[derive(Debug)]
pub struct PathHistory {
    /// Every event, in order.
    pub events: Vec<HistoryEvent>,
    /// The rules that they were judged by, each version once.
    pub rules: Vec<HistoryRules>,
    /// The path after the last of them.
    pub path: Loaded<Beneficiary>,
}

/// An event with what it made of the path.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ToldEvent")]
pub struct HistoryEvent {
    /// The event.
    #[serde(flatten)]
    pub shown: ShownEvent,
    /// Version of the programme's rules that it was judged by; 0 before any were set.
    pub rules_version: u32,
    /// What took it back; none while it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retracted_by: Option<Retractor>,
    /// Where the path stood after it.
    pub after: After,
}

/// The retraction of an event.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Retractor {
    /// The retraction's own sequence.
    pub sequence: Sequence,
    /// Who retracted.
    pub by: ActorId,
    /// The day.
    pub occurred_on: NaiveDate,
    /// When it was recorded.
    pub recorded_at: String,
    /// Why; sealed unless the reader may open it.
    pub reason: Value,
}

/// Where a path stood after an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "PathAfter")]
pub struct After {
    /// Stage.
    pub stage: Stage,
    /// Status.
    pub status: Status,
    /// What of the path's status the event changed, by pointers to its fields. What is sealed is not
    /// in the status, so a change of a name changes nothing here.
    pub changed: Vec<String>,
}

/// A version of the programme's rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "RulesTold")]
pub struct HistoryRules {
    /// Version; 0 for the defaults, before any were set.
    pub version: u32,
    /// First day on which they applied; none for the defaults.
    pub effective_from: Option<NaiveDate>,
    /// The rules.
    pub rules: Rules,
}

/// Tells the events of one path, from its first on.
///
/// # Errors
/// [`CommandError::Unreadable`].
pub fn tell(
    events: &[RecordedEvent],
    programme: &Programme,
    language: Language,
    opening: &Opening,
) -> Result<PathHistory, CommandError> {
    let mut steps = Vec::with_capacity(events.len());
    let mut path = Beneficiary::default();
    let mut state = comparable(&path);
    for recorded in events {
        let event: BeneficiaryEvent = read_event(recorded)?;
        let rules = event.rules;
        path.take(event);
        let next = comparable(&path);
        let stands = path.state();
        let changed = pointers(&state, &next);
        steps.push((rules, After { stage: stands.stage, status: stands.status, changed }));
        state = next;
    }
    let versions = steps.iter().map(|(rules, _)| *rules).collect();
    let shown: Vec<_> = events
        .iter()
        .map(|event| show_event(event, path.is_retracted(event.sequence), language, opening))
        .collect();
    let retractors = retractors(&path, &shown);
    let told = shown.into_iter().zip(steps).map(|(shown, (rules_version, after))| HistoryEvent {
        retracted_by: retractors.get(&shown.sequence).cloned(),
        shown,
        rules_version,
        after,
    });
    Ok(PathHistory {
        events: told.collect(),
        rules: rules_of(programme, versions),
        path: Loaded::fold(events)?,
    })
}

/// What took each retracted event back. The reason is as the retraction itself shows it.
fn retractors(path: &Beneficiary, shown: &[ShownEvent]) -> BTreeMap<Sequence, Retractor> {
    let retractions = path.past().iter().zip(shown).filter_map(|(event, shown)| {
        let Fact::Retracted(retraction) = &event.fact else { return None };
        let retractor = Retractor {
            sequence: shown.sequence,
            by: event.by.clone(),
            occurred_on: event.occurred_on,
            recorded_at: shown.recorded_at.clone(),
            reason: shown.fact.get("reason").cloned().unwrap_or_default(),
        };
        Some((retraction.sequence, retractor))
    });
    retractions.collect()
}

fn rules_of(programme: &Programme, versions: BTreeSet<u32>) -> Vec<HistoryRules> {
    let told = versions.into_iter().map(|version| {
        let set = programme.rule_sets.iter().find(|set| set.version == version);
        HistoryRules {
            version,
            effective_from: set.map(|set| set.effective_from),
            rules: programme.rules_of(version).into_owned(),
        }
    });
    told.collect()
}

/// The programme that a path was last registered in, also when that registration was retracted; an
/// empty one when it never was in any.
///
/// # Errors
/// When the journal cannot be read.
pub async fn programme_of(
    commands: &Commands,
    path: &Beneficiary,
) -> Result<std::sync::Arc<Programme>, CommandError> {
    let registered = path.past().iter().rev().find_map(|event| match &event.fact {
        Fact::Registered(registration) => Some(registration.programme.0),
        _ => None,
    });
    commands.known_programme(registered.unwrap_or(Uuid::nil())).await
}

/// One of two moments that are compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "PathMoment")]
pub struct PathMoment {
    /// Version: the sequence of the last event; 0 before the first.
    pub version: Version,
    /// Its position; none before the first.
    pub position: Option<Position>,
    /// When it was recorded; none before the first.
    pub recorded_at: Option<String>,
    /// Stage.
    pub stage: Stage,
    /// Status.
    pub status: Status,
}

/// Two moments of a path, what differs, and what happened between.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Difference")]
pub struct PathDifference {
    /// The earlier moment.
    pub from: PathMoment,
    /// The later one.
    pub to: PathMoment,
    /// What of the path's status differs.
    pub changes: Vec<super::Change>,
    /// The events between: after the earlier moment, up to the later one, as told at the later.
    pub events: Vec<HistoryEvent>,
    /// The rules that those were judged by.
    pub rules: Vec<HistoryRules>,
}

/// Compares the path after the first `from` of its events with the path after all of them: `events` end
/// at the later moment.
///
/// # Errors
/// [`CommandError::Unreadable`].
pub fn compare(
    events: &[RecordedEvent],
    from: Version,
    programme: &Programme,
    language: Language,
    opening: &Opening,
) -> Result<PathDifference, CommandError> {
    let told = tell(events, programme, language, opening)?;
    let earlier = Loaded::<Beneficiary>::fold(
        events.iter().filter(|event| event.sequence <= from.last_sequence()),
    )?;
    let between: Vec<_> = told
        .events
        .into_iter()
        .filter(|event| event.shown.sequence > from.last_sequence())
        .collect();
    let versions: BTreeSet<_> = between.iter().map(|event| event.rules_version).collect();
    Ok(PathDifference {
        from: moment(&earlier),
        to: moment(&told.path),
        changes: super::changes(&comparable(&earlier.state), &comparable(&told.path.state)),
        rules: told.rules.into_iter().filter(|set| versions.contains(&set.version)).collect(),
        events: between,
    })
}

fn moment(path: &Loaded<Beneficiary>) -> PathMoment {
    let version = path.state.version();
    let begun = version > Version::ZERO;
    PathMoment {
        version,
        position: begun.then_some(path.position),
        recorded_at: begun.then(|| time_text(path.recorded_at)),
        stage: path.state.state().stage,
        status: path.state.state().status,
    }
}
