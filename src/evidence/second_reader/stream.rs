//! One stream, as each of the two readers has it.

use std::convert::Infallible;

use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::SerializedEvent;
use cqrs_es::{Aggregate, DomainEvent, EventEnvelope};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sira_domain::upcast::UPCASTERS;
use sira_numbers::Version;
use uuid::Uuid;

use super::stock::{Stock, StockEvents};
use crate::commands::{Aggregate as Port, Loaded, stream_id};
use crate::evidence::EvidenceError;
use crate::evidence::keys::{INTRODUCED, KeyHistory, STREAM_TYPE};
use crate::journal::{Journal, JournalError};

/// What a reader makes of a stream.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Reading {
    /// It finds no event of it.
    Nothing,
    /// An event of it cannot be read.
    Unreadable,
    /// It was folded.
    State {
        /// Where it stands: for the server what its state says, for the second reader the sequence of
        /// the last event.
        version: Version,
        /// The whole state.
        state: Value,
    },
}

/// A stream as the server loads it.
///
/// # Errors
/// When the database cannot be reached.
pub(super) async fn state_by_server<A: Aggregate + Port>(
    journal: &Journal,
    id: &str,
) -> Result<Reading, EvidenceError> {
    let Some(id) = own_form(id) else { return Ok(Reading::Nothing) };
    let events = match journal.read_stream(&stream_id::<A>(id), Version::ZERO).await {
        Ok(events) => events,
        Err(error) if is_of_a_row(&error) => return Ok(Reading::Unreadable),
        Err(error) => return Err(error.into()),
    };
    if events.is_empty() {
        return Ok(Reading::Nothing);
    }
    let Ok(loaded) = Loaded::<A>::fold(&events) else { return Ok(Reading::Unreadable) };
    Ok(state_of(loaded.state.version(), &*loaded.state))
}

/// A stream as the second reader has it.
///
/// # Errors
/// When the database cannot be reached.
pub(super) async fn state_by_stock<A: Aggregate + 'static>(
    stock: &Stock,
    id: &str,
) -> Result<Reading, EvidenceError> {
    let events = match stock.events::<A>(id).await? {
        StockEvents::Events(events) if events.is_empty() => return Ok(Reading::Nothing),
        StockEvents::Events(events) => events,
        StockEvents::Unreadable => return Ok(Reading::Unreadable),
    };
    Ok(fold::<A>(events).unwrap_or(Reading::Unreadable))
}

/// The fold of `cqrs-es`: each event through the upcasters, then applied.
fn fold<A: Aggregate>(events: Vec<SerializedEvent>) -> Option<Reading> {
    let (mut aggregate, mut version) = (A::default(), Version::ZERO);
    for event in events {
        let upcasted = UPCASTERS.iter().fold(event, |event, upcaster| {
            if upcaster.can_upcast(&event.event_type, &event.event_version) {
                upcaster.upcast(event)
            } else {
                event
            }
        });
        let envelope = EventEnvelope::<A>::try_from(upcasted).ok()?;
        version = Version::of_count(envelope.sequence as u64);
        aggregate.apply(envelope.payload);
    }
    Some(state_of(version, &aggregate))
}

fn state_of(version: Version, state: &impl Serialize) -> Reading {
    serde_json::to_value(state)
        .map_or(Reading::Unreadable, |state| Reading::State { version, state })
}

/// An id in its one form: the server looks for no other.
fn own_form(id: &str) -> Option<Uuid> {
    Uuid::try_parse(id).ok().filter(|parsed| parsed.to_string() == id)
}

/// Whether it is a row that cannot be read, and not the database.
fn is_of_a_row(error: &JournalError) -> bool {
    match error {
        JournalError::Inconsistent { .. } => true,
        JournalError::Database(error) => {
            matches!(error, sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. })
        }
        _ => false,
    }
}

/// The log's own stream for the second reader: the statements about its keys.
#[derive(Debug, Default, Serialize, Deserialize)]
struct SigningKeys {
    notes: Vec<String>,
}

/// The event of that stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct SigningKeyIntroduced {
    note: String,
}

impl DomainEvent for SigningKeyIntroduced {
    fn event_type(&self) -> String {
        INTRODUCED.to_owned()
    }

    fn event_version(&self) -> String {
        "1.0".to_owned()
    }
}

impl Aggregate for SigningKeys {
    const TYPE: &'static str = STREAM_TYPE;
    type Command = Infallible;
    type Event = SigningKeyIntroduced;
    type Error = Infallible;
    type Services = ();

    async fn handle(
        &mut self,
        command: Infallible,
        (): &(),
        _: &EventSink<Self>,
    ) -> Result<(), Infallible> {
        match command {}
    }

    fn apply(&mut self, event: SigningKeyIntroduced) {
        self.notes.push(event.note);
    }
}

/// The log's keys as the server has them.
///
/// # Errors
/// When the database cannot be reached.
pub(super) async fn keys_by_server(journal: &Journal, id: &str) -> Result<Reading, EvidenceError> {
    if own_form(id).is_none() {
        return Ok(Reading::Nothing);
    }
    let history = match KeyHistory::of(journal).await {
        Ok(Some(history)) => history,
        Ok(None) => return Ok(Reading::Nothing),
        Err(EvidenceError::Journal(error)) if !is_of_a_row(&error) => return Err(error.into()),
        Err(_) => return Ok(Reading::Unreadable),
    };
    let notes: Vec<_> = history.statements().into_iter().map(|one| one.note).collect();
    let version = Version::of_count(notes.len() as u64);
    Ok(state_of(version, &SigningKeys { notes }))
}

/// The log's keys as the second reader has them.
///
/// # Errors
/// When the database cannot be reached.
pub(super) async fn keys_by_stock(stock: &Stock, id: &str) -> Result<Reading, EvidenceError> {
    state_by_stock::<SigningKeys>(stock, id).await
}
