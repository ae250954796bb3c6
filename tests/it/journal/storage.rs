//! What lies in the tables: alike on both engines, readable by the stock repositories, not to be
//! changed; and which schema is taken.

use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::{PersistedEventRepository, SerializedEvent};
use cqrs_es::{Aggregate, DomainEvent};
use serde::{Deserialize, Serialize};
use sira::clock::Clock;
use sira::journal::{Journal, JournalConfig, JournalError, Pool};
use sira_database::on_engine;
use sira_numbers::{Position, Sequence};

use super::{audit, commit, key, request, stream, with_key, write};
use crate::on_both_engines;
use crate::support::Engine;

/// The least that lets a stock repository read.
#[derive(Default, Serialize, Deserialize)]
struct Beneficiary;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Nothing;

impl DomainEvent for Nothing {
    fn event_type(&self) -> String {
        String::new()
    }
    fn event_version(&self) -> String {
        String::new()
    }
}

impl Aggregate for Beneficiary {
    const TYPE: &'static str = "Beneficiary";
    type Command = ();
    type Event = Nothing;
    type Error = std::fmt::Error;
    type Services = ();

    async fn handle(&mut self, (): (), (): &(), _: &EventSink<Self>) -> Result<(), Self::Error> {
        Ok(())
    }
    fn apply(&mut self, _: Nothing) {}
}

async fn read_by_stock(pool: &Pool, id: &str) -> Vec<SerializedEvent> {
    match pool {
        Pool::Postgres(pool) => {
            let stock = postgres_es::PostgresEventRepository::new(pool.clone());
            stock.get_events::<Beneficiary>(id).await.unwrap()
        }
        Pool::Sqlite(pool) => {
            let stock = sqlite_es::SqliteEventRepository::new(pool.clone());
            stock.get_events::<Beneficiary>(id).await.unwrap()
        }
    }
}

async fn execute(journal: &Journal, sql: &str) -> Result<(), sqlx::Error> {
    on_engine!(journal.pool(), db => sqlx::raw_sql(sql)
        .execute(db)
        .await
        .map(|_| ()))
}

#[tokio::test(flavor = "multi_thread")]
async fn both_engines_store_the_same_events_and_hashes() {
    let (sqlite, postgres) = (Engine::sqlite(), Engine::postgres().await);
    let (a, b) = (stream(), stream());
    let mut stored = Vec::new();
    for engine in [&sqlite, &postgres] {
        let clock = Clock::manual("2026-03-01T12:00:00.5Z".parse().unwrap());
        let journal = engine.journal_with(engine.config(), clock.clone()).await;
        commit(&journal, request([write(&a, 0, 3), write(&b, 0, 1)])).await;
        clock.set("2026-03-01T12:00:01.000007Z".parse().unwrap());
        commit(&journal, request([write(&a, 3, 200)])).await;
        stored.push(audit(&journal).await);
    }
    assert_eq!(stored[0].len(), 204);
    assert_eq!(stored[0], stored[1]);
}

on_both_engines! {
    async fn the_stock_repository_reads_a_stream(engine) {
        let journal = engine.journal().await;
        let stream = stream();
        commit(&journal, request([write(&stream, 0, 3)])).await;
        let ours = journal.read_stream(&stream, 0.into()).await.unwrap();
        let stock = read_by_stock(journal.pool(), &stream.aggregate_id.to_string()).await;
        assert_eq!(stock.len(), 3);
        for (stock, ours) in stock.iter().zip(&ours) {
            assert_eq!(stock.sequence as u64, ours.sequence.get());
            assert_eq!(stock.event_type, ours.event_type);
            assert_eq!(stock.event_version, ours.event_version);
            let payload: serde_json::Value = serde_json::from_str(&ours.payload).unwrap();
            assert_eq!(stock.payload, payload);
        }
    }

    async fn a_stream_is_read_from_a_version_on_and_byte_for_byte(engine) {
        let journal = engine.journal().await;
        let stream = stream();
        let write = write(&stream, 0, 3);
        let texts: Vec<String> = write.events.iter().map(|event| event.payload.clone()).collect();
        commit(&journal, request([write])).await;
        let tail = journal.read_stream(&stream, 1.into()).await.unwrap();
        assert_eq!(tail.iter().map(|event| event.sequence).collect::<Vec<_>>(), [2, 3].map(Sequence::from));
        assert_eq!(tail[0].payload, texts[1]);
        assert_eq!(journal.read_feed(1.into(), 1).await.unwrap(), tail[..1]);
        assert_eq!(journal.read_stream(&super::stream(), 0.into()).await.unwrap(), []);
    }

    async fn events_are_found_by_type_and_by_import(engine) {
        let journal = engine.journal().await;
        let mut batch = write(&stream(), 0, 3);
        r#"{"actor":"awa","import_batch":"b-1"}"#.clone_into(&mut batch.events[1].metadata);
        batch.events[2].event_type = "PersonalDataErased".into();
        commit(&journal, request([batch])).await;
        let positions = |events: Vec<sira::journal::RecordedEvent>| {
            events.iter().map(|event| event.position).collect::<Vec<_>>()
        };
        let found = journal.read_type("PersonalDataErased").await.unwrap();
        assert_eq!(positions(found), [Position::from(3)]);
        assert!(journal.read_type("'; --").await.is_err());
        assert_eq!(positions(journal.read_batch("b-1").await.unwrap()), [Position::from(2)]);
        assert!(journal.read_batch("b-2").await.unwrap().is_empty());
    }

    async fn the_database_refuses_to_change_events(engine) {
        let journal = engine.journal().await;
        commit(&journal, request([write(&stream(), 0, 3)])).await;
        let before = audit(&journal).await;
        let mut attempts = vec!["UPDATE events SET payload = '{}'", "DELETE FROM events WHERE position = 3"];
        attempts.push(match journal.pool() {
            Pool::Postgres(_) => "TRUNCATE events",
            Pool::Sqlite(_) => "INSERT OR REPLACE INTO events SELECT aggregate_type, aggregate_id, \
                sequence, 'Forged', event_version, payload, metadata, position, recorded_at, leaf_hash \
                FROM events WHERE position = 2",
        });
        for attempt in attempts {
            let refused = execute(&journal, attempt).await.unwrap_err();
            assert!(refused.to_string().contains("append-only"), "{refused}");
        }
        assert_eq!(audit(&journal).await, before);
    }

    async fn a_schema_that_is_not_known_is_refused(engine) {
        let config = engine.config();
        let behind = Journal::open(&config, Clock::System).await.err();
        assert!(matches!(behind, Some(JournalError::SchemaBehind { .. })), "{behind:?}");
        let journal = engine.journal().await;
        // Other parts keep their migrations in the same table.
        let stranger = |version: i64| format!(
            "INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, \
             execution_time) VALUES ({version}, 'x', '2026-01-01', true, 'x', 1)"
        );
        execute(&journal, &stranger(2001)).await.unwrap();
        Journal::migrate(&config).await.unwrap();
        Journal::open(&config, Clock::System).await.unwrap().close().await;
        execute(&journal, &stranger(1999)).await.unwrap();
        let unknown = Journal::open(&config, Clock::System).await.err();
        assert!(matches!(unknown, Some(JournalError::SchemaUnknown { .. })), "{unknown:?}");
    }

    async fn another_journal_and_a_damaged_one_are_refused(engine) {
        let journal = engine.journal().await;
        let other = JournalConfig { journal: "laptop-7".to_owned(), ..engine.config() };
        let refused = Journal::open(&other, Clock::System).await.err();
        assert!(matches!(refused, Some(JournalError::OtherJournal { .. })), "{refused:?}");
        commit(&journal, request([write(&stream(), 0, 2)])).await;
        execute(&journal, "UPDATE journal_head SET next_position = 9").await.unwrap();
        let refused = Journal::open(&engine.config(), Clock::System).await.err();
        assert!(matches!(refused, Some(JournalError::Inconsistent { .. })), "{refused:?}");
    }

    async fn old_keys_are_forgotten_and_young_ones_kept(engine) {
        let clock = Clock::manual("2026-03-01T00:00:00Z".parse().unwrap());
        let journal = engine.journal_with(engine.config(), clock.clone()).await;
        commit(&journal, with_key(request([]), key("old"))).await;
        clock.set("2026-03-20T00:00:00Z".parse().unwrap());
        commit(&journal, with_key(request([]), key("young"))).await;
        let limit = "2026-03-10T00:00:00Z".parse().unwrap();
        assert_eq!(journal.forget_requests_before(limit).await.unwrap(), 1);
        assert!(journal.find_answer(&key("old")).await.unwrap().is_none());
        assert!(journal.find_answer(&key("young")).await.unwrap().is_some());
    }
}
