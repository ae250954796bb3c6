//! The journal as the event store of an aggregate.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use cqrs_es::persist::{EventUpcaster, PersistenceError};
use cqrs_es::{
    Aggregate, AggregateContext, AggregateError, DomainEvent, EventEnvelope, EventStore,
};
use sira_numbers::Version;

use super::failure::recorded;
use super::serialized::{envelope, sequence, stream_of};
use crate::{AppendRequest, Journal, NewEvent, StreamId, StreamWrite};

/// The journal as `cqrs-es`'s store of every kind of aggregate. Clones are cheap.
#[derive(Clone)]
pub struct JournalEventStore {
    journal: Journal,
    upcasters: Arc<Vec<Box<dyn EventUpcaster>>>,
}

/// An aggregate as it was loaded: its state, and the version that a commit builds on.
#[derive(Clone, Debug)]
pub struct StreamContext<A> {
    stream: StreamId,
    aggregate: A,
    version: Version,
}

impl<A> StreamContext<A> {
    /// The sequence of the stream's last event; 0 when there is no stream.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }
}

impl<A: Aggregate> AggregateContext<A> for StreamContext<A> {
    fn aggregate(&mut self) -> &mut A {
        &mut self.aggregate
    }
}

impl JournalEventStore {
    /// The store on an open journal, for events that have had one form only.
    #[must_use]
    pub fn new(journal: Journal) -> Self {
        Self { journal, upcasters: Arc::default() }
    }

    /// The same store, reading older events through upcasters, in their order.
    #[must_use]
    pub fn with_upcasters(self, upcasters: Vec<Box<dyn EventUpcaster>>) -> Self {
        Self { upcasters: Arc::new(upcasters), ..self }
    }

    async fn read<A: Aggregate>(
        &self,
        stream: &StreamId,
    ) -> Result<Vec<EventEnvelope<A>>, PersistenceError> {
        let events = self.journal.read_stream(stream, Version::ZERO).await?;
        events.into_iter().map(|event| envelope(event, &self.upcasters)).collect()
    }
}

impl<A: Aggregate> EventStore<A> for JournalEventStore {
    type AC = StreamContext<A>;

    async fn load_events(
        &self,
        aggregate_id: &str,
    ) -> Result<Vec<EventEnvelope<A>>, AggregateError<A::Error>> {
        Ok(self.read(&stream_of::<A>(aggregate_id)?).await?)
    }

    async fn load_aggregate(
        &self,
        aggregate_id: &str,
    ) -> Result<StreamContext<A>, AggregateError<A::Error>> {
        let stream = stream_of::<A>(aggregate_id)?;
        let (mut aggregate, mut version) = (A::default(), Version::ZERO);
        for event in self.read::<A>(&stream).await? {
            version = Version::of_count(event.sequence as u64);
            aggregate.apply(event.payload);
        }
        Ok(StreamContext { stream, aggregate, version })
    }

    /// Durable when it returns. A lost race is `AggregateConflict`, and nothing was recorded then; after
    /// any other error the journal's own, in the box, says whether that is known.
    async fn commit(
        &self,
        events: Vec<A::Event>,
        context: StreamContext<A>,
        metadata: HashMap<String, String>,
    ) -> Result<Vec<EventEnvelope<A>>, AggregateError<A::Error>> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let StreamContext { stream, version: expected_version, .. } = context;
        let aggregate_id = stream.aggregate_id.to_string();
        let write =
            StreamWrite { stream, expected_version, events: new_events(&events, &metadata)? };
        let request = AppendRequest { writes: vec![write], ..AppendRequest::default() };
        recorded(self.journal.append(request).await.map_err(PersistenceError::from)?)?;
        let first = sequence(expected_version.next_sequence())?;
        let envelopes = (first..).zip(events).map(|(sequence, payload)| EventEnvelope {
            aggregate_id: aggregate_id.clone(),
            sequence,
            payload,
            metadata: metadata.clone(),
        });
        Ok(envelopes.collect())
    }
}

fn new_events<E: DomainEvent>(
    events: &[E],
    metadata: &HashMap<String, String>,
) -> Result<Vec<NewEvent>, PersistenceError> {
    // By name: the text is hashed, and a map has no order of its own.
    let metadata = serde_json::to_string(&metadata.iter().collect::<BTreeMap<_, _>>())?;
    let new_event = |event: &E| {
        Ok(NewEvent {
            event_type: event.event_type().into(),
            event_version: event.event_version().into(),
            payload: serde_json::to_string(event)?,
            metadata: metadata.clone(),
        })
    };
    events.iter().map(new_event).collect()
}
