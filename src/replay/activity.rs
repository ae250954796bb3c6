//! What one member of the staff did in a period: what they recorded, from the model `activity_log`, and
//! whom they read, from the access log, put together newest first.
//!
//! Who reaches some regions or offices alone is shown what touches the paths and groups within that
//! reach as it is today, and what touches a whole programme or fund. A page looks at a bounded number of
//! deeds and then says where to go on, whatever it has found.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use sira_domain::cohort::Cohort;
use sira_domain::path::Beneficiary;
use sira_domain::reference::Language;
use sira_domain::values::ActorId;
use sira_numbers::{Position, Sequence};
use sira_projections::lists::{Deed, DeedQuestion, deeds, reached};
use sira_projections::{ReadError, ReadStore};
use uuid::Uuid;

use super::readings::{Reading, ReadingPlace, action_label, end_of_time, readings_by};
use crate::commands::{Aggregate as _, CommandError, Commands};
use crate::grant::Scope;
use crate::open_call::{APPLICATION, reached_application};
use crate::present::label_of;
use sira_evidence::leaf::time_text;

/// Deeds that one page looks at at most, shown or not: a second's work at the very worst.
const EXAMINED_MAX: usize = 2_000;
/// Deeds that are looked at in one step: a page of the greatest size, and one more.
const STEP: u32 = 201;

/// What is asked.
#[derive(Clone, Debug)]
pub struct ActivityQuestion<'a> {
    /// Whose deeds.
    pub actor: &'a ActorId,
    /// Recorded at this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Recorded before this time.
    pub before: Option<DateTime<Utc>>,
    /// Whose paths the reader is shown.
    pub scope: &'a Scope,
    /// Where the page before ended.
    pub after: Option<DeedPlace>,
    /// Deeds of the page: 1 to 200.
    pub limit: usize,
    /// The reader's language.
    pub language: Language,
}

/// A place in the order of deeds. Of one moment, readings come first, then events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeedPlace {
    at: DateTime<Utc>,
    key: Key,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Key {
    Event(Position),
    Reading(String),
}

impl DeedPlace {
    /// As a cursor carries it.
    #[must_use]
    pub fn text(&self) -> String {
        let micros = self.at.timestamp_micros();
        match &self.key {
            Key::Event(position) => format!("{micros} event {position}"),
            Key::Reading(id) => format!("{micros} reading {id}"),
        }
    }

    /// Reads it back; none when it is no place.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, ' ');
        let at = DateTime::from_timestamp_micros(parts.next()?.parse().ok()?)?;
        let key = match (parts.next()?, parts.next()?) {
            ("event", position) => Key::Event(position.parse().ok()?),
            ("reading", id) => Key::Reading(Uuid::try_parse(id).ok()?.to_string()),
            _ => return None,
        };
        Some(Self { at, key })
    }

    /// Before which event the next deeds are.
    fn of_events(&self) -> (DateTime<Utc>, Position) {
        match &self.key {
            Key::Event(position) => (self.at, *position),
            Key::Reading(_) => (self.at, Position::MAX),
        }
    }

    /// Before which reading the next deeds are. No id is below an empty one.
    fn of_readings(&self) -> ReadingPlace {
        let entry_id = match &self.key {
            Key::Event(_) => String::new(),
            Key::Reading(id) => id.clone(),
        };
        ReadingPlace { at: self.at, entry_id }
    }
}

/// The stream that a deed touches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Touched {
    /// Its kind.
    pub r#type: String,
    /// Its id.
    pub id: String,
    /// A path's reference, when the read side knows the path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// One deed as it is shown.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Deed")]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ShownDeed {
    /// Something was recorded.
    Event(Box<EventDeed>),
    /// Somebody was read.
    Reading(ReadingDeed),
}

/// An event that was recorded.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "RecordedDeed")]
pub struct EventDeed {
    /// When it was recorded.
    pub at: String,
    /// Its position.
    #[schemars(with = "i64")]
    pub position: Position,
    /// The stream.
    pub stream: Touched,
    /// Its sequence in the stream.
    #[schemars(with = "i64")]
    pub sequence: Sequence,
    /// Its type.
    pub r#type: String,
    /// What that is called.
    pub label: String,
    /// The day of the fact.
    pub occurred_on: NaiveDate,
    /// In which role.
    #[schemars(with = "sira_domain::role::Role")]
    pub role: Value,
    /// At which office, where the token named one.
    #[serde(skip_serializing_if = "Value::is_null")]
    #[schemars(with = "Option<String>")]
    pub office: Value,
    /// The device that it was recorded on, away from the server.
    #[serde(skip_serializing_if = "Value::is_null")]
    #[schemars(with = "Option<String>")]
    pub device: Value,
    /// The device's time of recording.
    #[serde(skip_serializing_if = "Value::is_null")]
    #[schemars(with = "Option<String>")]
    pub device_time: Value,
    /// In which request.
    #[schemars(with = "String")]
    pub request_id: Value,
}

/// A reading.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "ReadingDeed")]
pub struct ReadingDeed {
    /// When.
    pub at: String,
    /// Whose data.
    pub stream: Option<Touched>,
    /// What was read.
    pub action: String,
    /// What that is called.
    pub label: String,
    /// In which role.
    pub role: String,
    /// In which request.
    pub request_id: String,
}

/// A page.
#[derive(Clone, Debug)]
pub struct ActivityPage {
    /// The deeds, newest first.
    pub items: Vec<ShownDeed>,
    /// Where the next page begins; none on the last.
    pub next: Option<DeedPlace>,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum ActivityError {
    /// The read database failed.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The journal failed, or a stored event that was needed cannot be read.
    #[error(transparent)]
    Command(#[from] CommandError),
}

enum Found {
    Event(Deed),
    Reading(Reading),
}

impl Found {
    fn place(&self) -> DeedPlace {
        match self {
            Self::Event(deed) => DeedPlace { at: deed.recorded_at, key: Key::Event(deed.position) },
            Self::Reading(reading) => {
                DeedPlace { at: reading.at.0, key: Key::Reading(reading.entry_id.clone()) }
            }
        }
    }

    /// Kind and id of the stream.
    fn stream(&self) -> Option<(&str, &str)> {
        match self {
            Self::Event(deed) => Some((&deed.aggregate_type, &deed.aggregate_id)),
            Self::Reading(reading) => {
                Some((reading.aggregate_type.as_deref()?, reading.aggregate_id.as_deref()?))
            }
        }
    }
}

/// A page of what somebody did.
///
/// # Errors
/// [`ActivityError`].
pub async fn activity(
    commands: &Commands,
    read: &ReadStore,
    question: &ActivityQuestion<'_>,
) -> Result<ActivityPage, ActivityError> {
    // Nothing is at the very beginning of a moment that is not before it.
    let start = question.before.unwrap_or_else(end_of_time);
    let mut place =
        question.after.clone().unwrap_or(DeedPlace { at: start, key: Key::Event(Position::START) });
    let (mut taken, mut examined) = (Vec::new(), 0);
    let next = loop {
        let (step, is_last) = look(commands, read, question, &place).await?;
        let reach = Reached::of(commands, read, question.scope, &step).await?;
        let length = step.len();
        for (index, found) in step.into_iter().enumerate() {
            place = found.place();
            if reach.holds(&found) {
                taken.push((reach.touched(&found), found));
            }
            if taken.len() == question.limit {
                let more = index + 1 < length || !is_last;
                return finish(commands, question, taken, more.then_some(place)).await;
            }
        }
        examined += length;
        if is_last {
            break None;
        }
        if examined >= EXAMINED_MAX {
            break Some(place);
        }
    };
    finish(commands, question, taken, next).await
}

/// The next deeds after a place, and whether there are no more.
async fn look(
    commands: &Commands,
    read: &ReadStore,
    question: &ActivityQuestion<'_>,
    place: &DeedPlace,
) -> Result<(Vec<Found>, bool), ActivityError> {
    let actor = question.actor.as_str();
    let from = question.from.unwrap_or(DateTime::UNIX_EPOCH);
    let asked = DeedQuestion { actor, from, before: place.of_events(), limit: STEP };
    let mut events = deeds(read, &asked).await?.into_iter().peekable();
    let before = place.of_readings();
    let readings = readings_by(commands.journal(), actor, from, &before, STEP).await;
    let mut readings = readings.map_err(CommandError::from)?.into_iter().peekable();
    let mut found = Vec::new();
    while found.len() < STEP as usize {
        let reading_first = match (events.peek(), readings.peek()) {
            (Some(event), Some(reading)) => reading.at.0 >= event.recorded_at,
            (None, Some(_)) => true,
            (Some(_), None) => false,
            (None, None) => break,
        };
        found.extend(if reading_first {
            readings.next().map(Found::Reading)
        } else {
            events.next().map(Found::Event)
        });
    }
    let is_last = found.len() < STEP as usize;
    Ok((found, is_last))
}

/// Which streams of some deeds a reader reaches.
struct Reached {
    everything: bool,
    /// Paths, with their references.
    paths: HashMap<String, String>,
    cohorts: HashSet<String>,
    /// Applications of people without an account.
    applications: HashSet<String>,
}

impl Reached {
    async fn of(
        commands: &Commands,
        read: &ReadStore,
        scope: &Scope,
        found: &[Found],
    ) -> Result<Self, ActivityError> {
        let ids_of = |kind: &str| -> Vec<String> {
            let streams = found.iter().filter_map(Found::stream);
            let ids: HashSet<_> =
                streams.filter(|(name, _)| *name == kind).map(|(_, id)| id).collect();
            ids.into_iter().map(str::to_owned).collect()
        };
        let paths = reached(read, &scope.reach(), &ids_of(Beneficiary::TYPE)).await?;
        let (mut cohorts, mut applications) = (HashSet::new(), HashSet::new());
        if *scope != Scope::All {
            for id in ids_of(Cohort::TYPE) {
                if is_cohort_within(commands, scope, &id).await? {
                    cohorts.insert(id);
                }
            }
            for id in ids_of(APPLICATION) {
                if is_application_within(commands, scope, &id).await? {
                    applications.insert(id);
                }
            }
        }
        Ok(Self { everything: *scope == Scope::All, paths, cohorts, applications })
    }

    fn holds(&self, found: &Found) -> bool {
        match found.stream() {
            _ if self.everything => true,
            Some((Beneficiary::TYPE, id)) => self.paths.contains_key(id),
            Some((Cohort::TYPE, id)) => self.cohorts.contains(id),
            Some((APPLICATION, id)) => self.applications.contains(id),
            // Of what is done to programmes and funds nothing is a person's.
            Some(_) => true,
            None => false,
        }
    }

    fn touched(&self, found: &Found) -> Option<Touched> {
        let (kind, id) = found.stream()?;
        let reference = self.paths.get(id).cloned();
        Some(Touched { r#type: kind.to_owned(), id: id.to_owned(), reference })
    }
}

/// One that was destroyed since is nobody's any more, and is shown to who reaches everything.
async fn is_application_within(
    commands: &Commands,
    scope: &Scope,
    id: &str,
) -> Result<bool, CommandError> {
    let Ok(id) = Uuid::try_parse(id) else { return Ok(false) };
    match reached_application(commands, scope, id).await {
        Ok(_) => Ok(true),
        Err(CommandError::NotFound) => Ok(false),
        Err(error) => Err(error),
    }
}

async fn is_cohort_within(
    commands: &Commands,
    scope: &Scope,
    id: &str,
) -> Result<bool, CommandError> {
    let Ok(id) = Uuid::try_parse(id) else { return Ok(false) };
    let Some(cohort) = commands.current::<Cohort>(id).await? else { return Ok(false) };
    let programme = cohort.state.programme().unwrap_or_default();
    let programme = commands.known_programme(programme).await?;
    Ok(cohort.state.is_within(id, scope, &programme))
}

/// The first moment of a day, in Mali's time, which is UTC.
#[must_use]
pub fn beginning_of(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

/// The first moment after a day; the first of that day where the next one has a year of five digits, which
/// as text would stand before all others.
#[must_use]
pub fn after(day: NaiveDate) -> DateTime<Utc> {
    let next = day.checked_add_days(Days::new(1)).filter(|next| next.year() <= 9_999);
    beginning_of(next.unwrap_or(day))
}

/// Adds what the events' metadata say: role, office, device.
async fn finish(
    commands: &Commands,
    question: &ActivityQuestion<'_>,
    taken: Vec<(Option<Touched>, Found)>,
    next: Option<DeedPlace>,
) -> Result<ActivityPage, ActivityError> {
    let positions: Vec<Position> = taken
        .iter()
        .filter_map(|(_, found)| match found {
            Found::Event(deed) => Some(deed.position),
            Found::Reading(_) => None,
        })
        .collect();
    let recorded = commands.journal().read_positions(&positions).await;
    let recorded = recorded.map_err(CommandError::from)?.into_iter();
    let metadata: BTreeMap<Position, Value> = recorded
        .map(|event| (event.position, serde_json::from_str(&event.metadata).unwrap_or_default()))
        .collect();
    let items = taken.into_iter().filter_map(|(touched, found)| match found {
        Found::Event(deed) => {
            let metadata = metadata.get(&deed.position);
            let shown = show_event(deed, touched?, metadata, question.language);
            Some(ShownDeed::Event(Box::new(shown)))
        }
        Found::Reading(reading) => Some(ShownDeed::Reading(ReadingDeed {
            at: time_text(reading.at.0),
            stream: touched,
            label: action_label(&reading.action, question.language).to_owned(),
            action: reading.action,
            role: reading.role,
            request_id: reading.request_id,
        })),
    });
    Ok(ActivityPage { items: items.collect(), next })
}

fn show_event(
    deed: Deed,
    stream: Touched,
    metadata: Option<&Value>,
    language: Language,
) -> EventDeed {
    let said = |name: &str| metadata.and_then(|all| all.get(name)).cloned().unwrap_or_default();
    EventDeed {
        at: time_text(deed.recorded_at),
        position: deed.position,
        stream,
        sequence: deed.sequence,
        label: label_of(&deed.event_type, language).to_owned(),
        r#type: deed.event_type,
        occurred_on: deed.occurred_on,
        role: said("role"),
        office: said("office"),
        device: said("device"),
        device_time: said("device_time"),
        request_id: said("request_id"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_back_as_it_was_written() {
        let at = DateTime::from_timestamp_micros(1_700_000_000_000_001).unwrap();
        for key in [Key::Event(Position::from(7)), Key::Reading(Uuid::nil().to_string())] {
            let place = DeedPlace { at, key };
            assert_eq!(DeedPlace::read(&place.text()), Some(place));
        }
        for text in ["", "1", "1 event", "1 event x", "1 reading x", "x event 1", "1 other 1"] {
            assert_eq!(DeedPlace::read(text), None, "{text}");
        }
    }
}
