//! An event as process mining sees it.

use chrono::{DateTime, Duration, NaiveDate, NaiveTime, SecondsFormat, Utc};
use serde::Deserialize;
use serde_json::{Map, Value};
use sira_numbers::{Position, Sequence};

use super::vocabulary::{Field, Of, fields};
use crate::export::ExportError;
use crate::journal::RecordedEvent;
use crate::stored::present_payload;

/// Microseconds of a day, less one.
const DAY_MICROS_MAX: i64 = 86_399_999_999;

/// An event as process mining sees it.
#[derive(Clone, Debug)]
pub(super) struct Mined {
    pub position: Position,
    pub sequence: Sequence,
    pub event_type: String,
    pub on: NaiveDate,
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it: only ever shown under the name that stands for theirs.
    pub by: String,
    pub role: Option<String>,
    pub office: Option<String>,
    pub fact: Map<String, Value>,
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum MinedValue {
    Text(String),
    Int(i64),
    Flag(bool),
    Time(DateTime<Utc>),
}

#[derive(Deserialize)]
struct Payload {
    occurred_on: NaiveDate,
    by: String,
    fact: Map<String, Value>,
}

#[derive(Default, Deserialize)]
struct Recording {
    role: Option<String>,
    office: Option<String>,
}

impl Mined {
    /// Reads an event.
    pub fn read(event: RecordedEvent) -> Result<Self, ExportError> {
        let damaged = || ExportError::Damaged { position: event.position.before() };
        let present = present_payload(&event);
        let payload = present.as_deref().unwrap_or(&event.payload);
        let payload: Payload = serde_json::from_str(payload).map_err(|_| damaged())?;
        // Who recorded it may be told or not; an event is not damaged by it.
        let recording: Recording = serde_json::from_str(&event.metadata).unwrap_or_default();
        let Some((_, Value::Object(fact))) = payload.fact.into_iter().next() else {
            return Err(damaged());
        };
        Ok(Self {
            position: event.position,
            sequence: event.sequence,
            event_type: event.event_type,
            on: payload.occurred_on,
            recorded_at: event.recorded_at,
            by: payload.by,
            role: recording.role,
            office: recording.office,
            fact,
        })
    }

    /// Its day, with its place among the events of that day: see the module above.
    pub fn time(&self) -> DateTime<Utc> {
        let micros = self.position.stored().min(DAY_MICROS_MAX);
        self.on.and_time(NaiveTime::MIN).and_utc() + Duration::microseconds(micros)
    }

    /// A field of the fact, when it is there and of that kind.
    pub fn told(&self, (name, of): Field) -> Option<MinedValue> {
        let value = self.fact.get(name)?;
        match of {
            Of::Text => value.as_str().map(|text| MinedValue::Text(text.to_owned())),
            Of::Int => value.as_i64().map(MinedValue::Int),
            Of::Flag => value.as_bool().map(MinedValue::Flag),
            Of::Time => None,
        }
    }

    /// An id that the fact names.
    pub fn id(&self, name: &str) -> Option<&str> {
        self.fact.get(name)?.as_str()
    }

    /// A number that the fact names.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.fact.get(name)?.as_u64()
    }

    /// What every event tells, in the order of [`super::vocabulary::COMMON`], then its type's fields.
    pub fn attributes(&self, label: &str) -> Vec<(&'static str, MinedValue)> {
        let own = fields(&self.event_type).iter();
        let own: Vec<_> = own.filter_map(|field| Some((field.0, self.told(*field)?))).collect();
        let text = |name, text: &Option<String>| {
            // The type's own field of that name is the fact; who recorded it is told by it less well.
            let is_free = own.iter().all(|(own, _)| *own != name);
            text.clone().filter(|_| is_free).map(|text| (name, MinedValue::Text(text)))
        };
        let mut all = vec![
            ("label", MinedValue::Text(label.to_owned())),
            ("recorded_at", MinedValue::Time(self.recorded_at)),
            ("position", MinedValue::Int(self.position.stored())),
            ("sequence", MinedValue::Int(self.sequence.stored())),
        ];
        all.extend(text("role", &self.role));
        all.extend(text("office", &self.office));
        all.extend(own);
        all
    }
}

/// A moment as both formats have it.
pub(super) fn moment(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}
