//! A stock `CqrsFramework` on the journal, with an aggregate of this test's own: what a lost race, a
//! break, metadata and an upcaster come to. The aggregates of the domain are tried in the program's tests,
//! on both engines.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::{
    EventUpcaster, PersistedEventRepository, PersistedEventStore, PersistenceError, QueryReplay,
    SemanticVersionEventUpcaster, SerializedEvent,
};
use cqrs_es::{
    Aggregate, AggregateError, CqrsFramework, DomainEvent, EventEnvelope, EventStore, Query,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sira_journal::clock::Clock;
use sira_journal::framework::{JournalEventStore, JournalRepository};
use sira_journal::{Journal, JournalConfig};
use sira_numbers::{Position, Version};
use tempfile::TempDir;
use uuid::Uuid;

/// A jar with coins in it.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Jar {
    coins: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum JarEvent {
    Put { coins: i64 },
    Taken { coins: i64 },
}

#[derive(Debug)]
enum JarCommand {
    Take(i64),
    /// Puts coins in one by one: several events of one command.
    PutEach(i64),
    Look,
}

#[derive(Debug, PartialEq, Eq)]
struct TooFew;

impl std::fmt::Display for TooFew {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("too few coins")
    }
}

impl std::error::Error for TooFew {}

impl DomainEvent for JarEvent {
    fn event_type(&self) -> String {
        match self {
            Self::Put { .. } => "Put".to_owned(),
            Self::Taken { .. } => "Taken".to_owned(),
        }
    }
    fn event_version(&self) -> String {
        "2.0".to_owned()
    }
}

impl Aggregate for Jar {
    const TYPE: &'static str = "Jar";
    type Command = JarCommand;
    type Event = JarEvent;
    type Error = TooFew;
    type Services = ();

    async fn handle(
        &mut self,
        command: JarCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), TooFew> {
        match command {
            JarCommand::Take(coins) if coins > self.coins => return Err(TooFew),
            JarCommand::Take(coins) => sink.write(JarEvent::Taken { coins }, self).await,
            JarCommand::PutEach(coins) => {
                for _ in 0..coins {
                    sink.write(JarEvent::Put { coins: 1 }, self).await;
                }
            }
            JarCommand::Look => {}
        }
        Ok(())
    }

    fn apply(&mut self, event: JarEvent) {
        match event {
            JarEvent::Put { coins } => self.coins += coins,
            JarEvent::Taken { coins } => self.coins -= coins,
        }
    }
}

/// Keeps what it is told.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<(String, usize)>>>);

impl Told {
    fn take(&self) -> Vec<(String, usize)> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

#[async_trait::async_trait]
impl Query<Jar> for Told {
    async fn dispatch(&self, id: &str, events: &[EventEnvelope<Jar>]) {
        let events = events.iter().map(|event| (id.to_owned(), event.sequence));
        self.0.lock().unwrap().extend(events);
    }
}

async fn open(directory: &TempDir) -> Journal {
    let url = format!("sqlite:{}", directory.path().join("journal.db").display());
    let config = JournalConfig::new(url);
    Journal::migrate(&config).await.unwrap();
    Journal::open(&config, Clock::System).await.unwrap()
}

async fn journal() -> (TempDir, Journal) {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory).await;
    (directory, journal)
}

fn id() -> String {
    Uuid::now_v7().to_string()
}

fn stored(sequence: usize, id: &str, event: &JarEvent) -> SerializedEvent {
    SerializedEvent::new(
        id.to_owned(),
        sequence,
        Jar::TYPE.to_owned(),
        event.event_type(),
        event.event_version(),
        serde_json::to_value(event).unwrap(),
        json!({}),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stock_framework_runs_on_the_journal() {
    let (_directory, journal) = journal().await;
    let told = Told::default();
    let queries: Vec<Box<dyn Query<Jar>>> = vec![Box::new(told.clone())];
    let framework = CqrsFramework::new(JournalEventStore::new(journal.clone()), queries, ());
    let jar = id();
    framework.execute(&jar, JarCommand::PutEach(3)).await.unwrap();
    framework.execute(&jar, JarCommand::Look).await.unwrap();
    let metadata = HashMap::from([("who".to_owned(), "awa".to_owned())]);
    framework.execute_with_metadata(&jar, JarCommand::Take(2), metadata.clone()).await.unwrap();
    let refused = framework.execute(&jar, JarCommand::Take(2)).await;
    assert!(matches!(refused, Err(AggregateError::UserError(TooFew))), "{refused:?}");

    let store = JournalEventStore::new(journal.clone());
    let events = EventStore::<Jar>::load_events(&store, &jar).await.unwrap();
    assert_eq!(events.iter().map(|event| event.sequence).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(events[3].payload, JarEvent::Taken { coins: 2 });
    assert_eq!((&events[3].metadata, events[0].metadata.len()), (&metadata, 0));
    assert_eq!(told.take(), [1, 2, 3, 4].map(|sequence| (jar.clone(), sequence)));

    // Each is an event of the journal as any other, with its leaf.
    let feed = journal.read_feed(Position::START, 10).await.unwrap();
    assert_eq!(feed.len(), 4);
    assert!(feed.iter().all(|one| one.computed_leaf(journal.id()) == Ok(one.leaf_hash)));
    assert_eq!(feed[3].metadata, r#"{"who":"awa"}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_that_decide_on_one_version_one_wins_and_the_other_is_told_so() {
    let (_directory, journal) = journal().await;
    let store = JournalEventStore::new(journal);
    let jar = id();
    let first = EventStore::<Jar>::load_aggregate(&store, &jar).await.unwrap();
    let second = EventStore::<Jar>::load_aggregate(&store, &jar).await.unwrap();
    let put = |coins| vec![JarEvent::Put { coins }];
    store.commit(put(1), first, HashMap::new()).await.unwrap();
    let lost: Result<Vec<EventEnvelope<Jar>>, _> =
        store.commit(put(2), second, HashMap::new()).await;
    assert!(matches!(lost, Err(AggregateError::AggregateConflict)), "{lost:?}");
    let stands = EventStore::<Jar>::load_aggregate(&store, &jar).await.unwrap();
    assert_eq!(stands.version(), Version::from(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_repository_refuses_a_sequence_that_is_taken_or_out_of_turn() {
    let (_directory, journal) = journal().await;
    let repository = JournalRepository::new(journal.clone());
    let (jar, put) = (id(), JarEvent::Put { coins: 1 });
    let two = [stored(1, &jar, &put), stored(2, &jar, &put)];
    repository.persist::<Jar>(&two, None).await.unwrap();
    for taken in [1, 2, 4] {
        let again = [stored(taken, &jar, &put)];
        let lost = repository.persist::<Jar>(&again, None).await;
        assert!(matches!(lost, Err(PersistenceError::OptimisticLockError)), "{taken}: {lost:?}");
    }
    for wrong in [
        vec![stored(0, &jar, &put)],
        vec![stored(3, &jar, &put), stored(5, &jar, &put)],
        vec![stored(3, &jar, &put), stored(4, &id(), &put)],
        vec![stored(3, "not a uuid", &put)],
    ] {
        let refused = repository.persist::<Jar>(&wrong, None).await;
        assert!(matches!(refused, Err(PersistenceError::UnknownError(_))), "{refused:?}");
    }
    let snapshot = Some((jar.clone(), json!({"coins": 2}), 1));
    let refused = repository.persist::<Jar>(&[stored(3, &jar, &put)], snapshot).await;
    assert!(matches!(refused, Err(PersistenceError::UnknownError(_))), "{refused:?}");
    assert_eq!(repository.get_events::<Jar>(&jar).await.unwrap(), two);
    assert_eq!(repository.get_last_events::<Jar>(&jar, 1).await.unwrap(), two[1..]);
    assert_eq!(journal.head().await.unwrap().position, Position::from(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stock_event_store_runs_on_the_repository() {
    let (_directory, journal) = journal().await;
    let store = PersistedEventStore::new_event_store(JournalRepository::new(journal.clone()));
    let framework = CqrsFramework::<Jar, _>::new(store, vec![], ());
    let jar = id();
    framework.execute(&jar, JarCommand::PutEach(5)).await.unwrap();
    framework.execute(&jar, JarCommand::Take(1)).await.unwrap();
    let store = JournalEventStore::new(journal);
    let mut loaded = EventStore::<Jar>::load_aggregate(&store, &jar).await.unwrap();
    assert_eq!(loaded.version(), Version::from(6));
    assert_eq!(*cqrs_es::AggregateContext::aggregate(&mut loaded), Jar { coins: 4 });
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_event_is_read_through_the_upcasters() {
    let (_directory, journal) = journal().await;
    let repository = JournalRepository::new(journal.clone());
    let jar = id();
    let mut old = stored(1, &jar, &JarEvent::Put { coins: 0 });
    old.event_version = "1.0".to_owned();
    old.payload = json!({"Put": {"dozens": 2}});
    repository.persist::<Jar>(&[old], None).await.unwrap();
    let upcaster = || -> Vec<Box<dyn EventUpcaster>> {
        let coins = |payload: serde_json::Value| {
            let dozens = payload.pointer("/Put/dozens").and_then(serde_json::Value::as_i64);
            json!({"Put": {"coins": dozens.unwrap_or_default() * 12}})
        };
        vec![Box::new(SemanticVersionEventUpcaster::new("Put", "2.0", Box::new(coins)))]
    };
    let without = JournalEventStore::new(journal.clone());
    let unread = EventStore::<Jar>::load_events(&without, &jar).await;
    assert!(matches!(unread, Err(AggregateError::DeserializationError(_))), "{unread:?}");
    let with = without.with_upcasters(upcaster());
    let read = EventStore::<Jar>::load_events(&with, &jar).await.unwrap();
    assert_eq!(read[0].payload, JarEvent::Put { coins: 24 });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_tells_every_event_of_a_kind_and_nothing_else() {
    let (_directory, journal) = journal().await;
    let framework =
        CqrsFramework::<Jar, _>::new(JournalEventStore::new(journal.clone()), vec![], ());
    let jars = [id(), id(), id()];
    for (jar, coins) in jars.iter().zip([450, 1, 230]) {
        framework.execute(jar, JarCommand::PutEach(coins)).await.unwrap();
    }
    // Another kind, after this one in the order of the streams.
    let other = sira_journal::StreamId::new("Jug", Uuid::now_v7());
    let event = sira_journal::NewEvent {
        event_type: "Put".into(),
        event_version: "2.0".into(),
        payload: "{}".to_owned(),
        metadata: "{}".to_owned(),
    };
    let write = sira_journal::StreamWrite {
        stream: other,
        expected_version: Version::ZERO,
        events: vec![event],
    };
    let request = sira_journal::AppendRequest { writes: vec![write], ..Default::default() };
    journal.append(request).await.unwrap();

    let told = Told::default();
    let replay = || QueryReplay::new(JournalRepository::new(journal.clone()), told.clone());
    replay().replay(&jars[0]).await.unwrap();
    let of = |jar: &String, coins| (1..=coins).map(|one| (jar.clone(), one)).collect::<Vec<_>>();
    assert_eq!(told.take(), of(&jars[0], 450));
    replay().replay_all().await.unwrap();
    let mut all = told.take();
    all.sort();
    let mut expected: Vec<_> =
        jars.iter().zip([450, 1, 230]).flat_map(|(jar, coins)| of(jar, coins)).collect();
    expected.sort();
    assert_eq!(all, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_that_breaks_off_says_so_before_it_ends() {
    let (directory, journal) = journal().await;
    let framework =
        CqrsFramework::<Jar, _>::new(JournalEventStore::new(journal.clone()), vec![], ());
    let jar = id();
    framework.execute(&jar, JarCommand::PutEach(450)).await.unwrap();
    journal.close().await;
    // An event in the middle is gone, on the third page.
    let journal = open(&directory).await;
    for statement in ["DROP TRIGGER events_no_delete", "DELETE FROM events WHERE sequence = 430"] {
        let mut handle = journal.pool().acquire().await.unwrap();
        handle.connection().run(statement).await.unwrap();
    }
    let repository = JournalRepository::new(journal.clone());
    let mut stream = repository.stream_events::<Jar>(&jar).await.unwrap();
    let (mut told, mut broken) = (0, None);
    while let Some(event) = stream.next::<Jar>(&[]).await {
        match event {
            Ok(_) => told += 1,
            Err(error) => broken = Some(error),
        }
    }
    assert_eq!(told, 429);
    assert!(broken.is_some(), "it ended as if it were complete");
    // A database that is gone is no end either.
    journal.close().await;
    let mut stream = repository.stream_all_events::<Jar>().await.unwrap();
    let first = stream.next::<Jar>(&[]).await;
    assert!(matches!(first, Some(Err(PersistenceError::ConnectionError(_)))), "no error");
    assert!(stream.next::<Jar>(&[]).await.is_none());
}
