//! Invented populations: the same for the same seed, lawful event by event, and never beside anybody
//! else.

use std::process::Stdio;
use std::time::Duration;

use chrono::NaiveDate;
use serde_json::Value;
use sira::clock::Clock;
use sira::generate::{GenerateError, Generated, Population, generate};
use sira::journal::{AppendRequest, Journal, NewEvent, RecordedEvent, StreamId, StreamWrite};
use sira::keys::{FoundKey, KeyStore, MasterKey};
use sira_domain::values::KeyId;
use sira_numbers::Position;
use sqlx::{Connection, SqliteConnection};
use uuid::Uuid;

use crate::across::audit;
use crate::api::app::{MASTER, keys_url};
use crate::crash::server::{Place, Server};
use crate::crash::stored;
use crate::on_both_engines;
use crate::support::Engine;

/// A population that ends in time for a test.
fn population(cases: u64, seed: u64, until: &str) -> Population {
    Population { cases, seed, until: until.parse().unwrap() }
}

/// A journal and its keys under a clock that the population turns.
struct Ground {
    journal: Journal,
    keys: KeyStore,
    clock: Clock,
}

impl Ground {
    async fn on(engine: &Engine) -> Self {
        let clock = Clock::manual(Population::begins_at());
        let journal = engine.journal_with(engine.config(), clock.clone()).await;
        let master = MasterKey::from_text(MASTER).unwrap();
        let keys = KeyStore::open(&keys_url(engine), master, clock.clone()).await.unwrap();
        Self { journal, keys, clock }
    }

    async fn fill(&self, population: Population) -> Result<Generated, GenerateError> {
        generate(&self.journal, &self.keys, &self.clock, population, |_| {}).await
    }

    async fn events(&self) -> Vec<RecordedEvent> {
        let mut events: Vec<RecordedEvent> = Vec::new();
        loop {
            let after = events.last().map_or(Position::START, |event| event.position);
            let page = self.journal.read_feed(after, 1_000).await.unwrap();
            if page.is_empty() {
                return events;
            }
            events.extend(page);
        }
    }
}

/// An event without what the key store's chance has gone into.
fn without_chance(event: &RecordedEvent) -> String {
    let mut payload: Value = serde_json::from_str(&event.payload).unwrap();
    mask(&mut payload);
    let RecordedEvent { position, stream, sequence, event_type, event_version, metadata, .. } =
        event;
    format!(
        "{position} {stream} {sequence} {event_type} {event_version} {} {payload} {metadata}",
        event.recorded_at
    )
}

fn mask(value: &mut Value) {
    match value {
        Value::String(text) if text.starts_with("sealed:v1:") => "sealed".clone_into(text),
        Value::Array(items) => items.iter_mut().for_each(mask),
        Value::Object(fields) => {
            if let Some(keys) = fields.get_mut("keys") {
                *keys = Value::from("keys");
            }
            fields.values_mut().for_each(mask);
        }
        _ => {}
    }
}

on_both_engines! {
    async fn the_same_seed_gives_the_same_journal_whatever_the_engine(engine) {
        let (ours, theirs) = (Ground::on(engine).await, Engine::sqlite());
        let theirs_too = Engine::sqlite();
        let (again, other) = (Ground::on(&theirs).await, Ground::on(&theirs_too).await);
        let told = population(60, 7, "2023-06-01");
        ours.fill(told).await.unwrap();
        again.fill(told).await.unwrap();
        other.fill(Population { seed: 8, ..told }).await.unwrap();
        let ours: Vec<String> = ours.events().await.iter().map(without_chance).collect();
        let again: Vec<String> = again.events().await.iter().map(without_chance).collect();
        let other: Vec<String> = other.events().await.iter().map(without_chance).collect();
        assert!(ours.len() > 500, "{}", ours.len());
        for (one, two) in ours.iter().zip(&again) {
            assert_eq!(one, two);
        }
        assert_eq!(ours.len(), again.len());
        assert_ne!(ours, other);
    }

    async fn every_event_is_lawful_after_those_before_it_and_money_and_seats_add_up(engine) {
        let ground = Ground::on(engine).await;
        let generated = ground.fill(population(160, 8, "2025-07-01")).await.unwrap();
        let events = ground.events().await;
        assert_eq!(generated.events, events.len() as u64);
        stored::check_order(&events);
        audit::replay(&events);
        let first = events.first().unwrap().recorded_at.date_naive();
        let last = events.last().unwrap().recorded_at.date_naive();
        assert_eq!(first, "2021-07-06".parse::<NaiveDate>().unwrap());
        assert!(last < "2025-07-01".parse().unwrap());
        let late = events.iter().filter(|event| is_entered_later(event)).count();
        assert!(late * 20 > events.len(), "late entries are part of it: {late}");
        let registered = events.iter().filter(|event| event.event_type == "Registered").count();
        assert_eq!(registered, 160);
    }

    async fn an_erased_person_of_a_population_is_gone_and_the_others_read_as_invented(engine) {
        let ground = Ground::on(engine).await;
        ground.fill(population(160, seed_with_an_erasure().await, "2025-07-01")).await.unwrap();
        let keys = erased_keys(&ground.events().await);
        assert!(!keys.is_empty(), "the same seed gives the same population");
        for key in keys {
            assert!(matches!(ground.keys.get(key).await.unwrap(), FoundKey::Destroyed { .. }));
        }
        let person = ground.events().await.into_iter().rev().find(|event| event.event_type == "Registered");
        let person = person.unwrap();
        let payload: Value = serde_json::from_str(&person.payload).unwrap();
        let sealed = payload["fact"]["Registered"]["identity"].as_str().unwrap();
        let key = sira::keys::key_id_of(sealed).unwrap();
        let FoundKey::Key(key) = ground.keys.get(key).await.unwrap() else { panic!("the key is gone") };
        let id = person.stream.aggregate_id;
        let opened = key.open(&sira::stored::seal_context(id, "identity"), sealed).unwrap();
        let identity: Value = serde_json::from_slice(&opened).unwrap();
        let name = identity["name"].as_str().unwrap();
        assert!(name.contains(" Fictive ") || name.contains(" Fictif "));
    }

    async fn nothing_is_generated_beside_anything_else(engine) {
        let ground = Ground::on(engine).await;
        let real = StreamWrite {
            stream: StreamId::new("beneficiary", Uuid::now_v7()),
            expected_version: 0.into(),
            events: vec![NewEvent { event_type: "Registered".into(), event_version: "2.0".into(), payload: "{}".into(), metadata: "{}".into() }],
        };
        let request = AppendRequest { writes: vec![real], ..AppendRequest::default() };
        ground.journal.append(request).await.unwrap();
        let told = population(5, 1, "2022-09-01");
        assert!(matches!(ground.fill(told).await, Err(GenerateError::NotEmpty { position }) if position == Position::FIRST));
        assert_eq!(ground.events().await.len(), 1);
    }

    async fn a_population_that_is_there_is_not_generated_again_nor_another_beside_it(engine) {
        let ground = Ground::on(engine).await;
        let told = population(5, 1, "2022-09-01");
        let first = ground.fill(told).await.unwrap();
        let again = ground.fill(told).await.unwrap();
        assert!(!first.already_there && again.already_there && again.events == first.events);
        let other = ground.fill(Population { seed: 2, ..told }).await;
        assert!(matches!(other, Err(GenerateError::OtherPopulation { .. })));
        assert_eq!(ground.events().await.len() as u64, first.events);
    }
}

/// Few ask to be forgotten: the first seed of a small population in which somebody does.
async fn seed_with_an_erasure() -> u64 {
    for seed in 8..40 {
        let engine = Engine::sqlite();
        let ground = Ground::on(&engine).await;
        ground.fill(population(160, seed, "2025-07-01")).await.unwrap();
        if !erased_keys(&ground.events().await).is_empty() {
            return seed;
        }
    }
    panic!("nobody is ever erased");
}

/// The keys that erasures name.
fn erased_keys(events: &[RecordedEvent]) -> Vec<KeyId> {
    let erasures = events.iter().filter(|event| event.event_type == "PersonalDataErased");
    let keys = erasures.flat_map(|event| {
        let payload: Value = serde_json::from_str(&event.payload).unwrap();
        let keys = &payload["fact"]["PersonalDataErased"]["keys"];
        serde_json::from_value::<Vec<KeyId>>(keys.clone()).unwrap()
    });
    keys.collect()
}

/// Recorded more than two days after it happened.
fn is_entered_later(event: &RecordedEvent) -> bool {
    let payload: Value = serde_json::from_str(&event.payload).unwrap();
    let day: NaiveDate = payload["occurred_on"].as_str().unwrap().parse().unwrap();
    (event.recorded_at.date_naive() - day).num_days() > 2
}

#[test]
fn the_command_line_refuses_a_journal_that_holds_another_population() {
    let place = Place::embedded();
    let generate = |seed: &str| {
        let mut command = place.sira();
        command.args(["generate", "--cases", "4", "--until", "2022-09-01", "--seed", seed]);
        command.output().unwrap()
    };
    assert!(generate("1").status.success());
    assert!(generate("1").status.success(), "it is there already");
    let refused = generate("2");
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8(refused.stderr).unwrap().contains("another invented population"));
}

/// The first token of `serve --demo` for a role, from what it prints.
async fn start_demo(place: &Place) -> (Server, Vec<String>) {
    let mut command = place.sira();
    command.args(["serve", "--demo", "--listen", "127.0.0.1:0"]);
    let mut child = command.stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let out = child.stdout.take().unwrap();
    let server = Server::of(child).await;
    let printed = tokio::task::spawn_blocking(move || {
        use std::io::BufRead;
        let lines = std::io::BufReader::new(out).lines().map_while(Result::ok);
        lines.take_while(|line| !line.starts_with("http://")).collect::<Vec<String>>()
    });
    (server, printed.await.unwrap())
}

fn token_of(printed: &[String], account: &str) -> String {
    let at = printed.iter().position(|line| line.contains(&format!("({account})"))).unwrap();
    printed[at + 1].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demonstration_answers_with_invented_people_and_is_the_same_at_the_next_start() {
    let place = Place::embedded();
    let client = reqwest::Client::new();
    let (server, printed) = start_demo(&place).await;
    let journal = format!("sqlite:{}", place.folder().join("demo/journal.db").display());
    let mut connection = SqliteConnection::connect(&journal).await.unwrap();
    let find = "SELECT aggregate_id FROM events WHERE event_type = 'Registered' \
                AND payload ->> '$.fact.Registered.office' = 'bamako-1' ORDER BY position DESC LIMIT 1";
    let id: String = sqlx::query_scalar(find).fetch_one(&mut connection).await.unwrap();
    let count = "SELECT count(*) FROM events";
    let events: i64 = sqlx::query_scalar(count).fetch_one(&mut connection).await.unwrap();
    let url = format!("{}/v1/beneficiaries/{id}?identity=true", server.url);
    let adviser = token_of(&printed, "conseiller.bamako-1.1");
    let told = client.get(&url).bearer_auth(&adviser).send().await.unwrap();
    assert_eq!(told.status(), 200);
    let told: Value = serde_json::from_str(&told.text().await.unwrap()).unwrap();
    assert!(told["identity"]["name"].as_str().unwrap().contains(" Ficti"), "{told}");
    let analyst = token_of(&printed, "analyste");
    assert_eq!(client.get(&url).bearer_auth(&analyst).send().await.unwrap().status(), 403);
    let mut ready = false;
    for _ in 0..600 {
        let answer = client.get(format!("{}/readyz", server.url)).send().await.unwrap();
        ready = answer.status() == 200;
        if ready {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(ready, "the read models are built from a population that was there before them");
    server.stop().await;
    let (server, printed) = start_demo(&place).await;
    let again: i64 = sqlx::query_scalar(count).fetch_one(&mut connection).await.unwrap();
    assert_eq!(again, events, "a second start takes what is there");
    assert!(printed.iter().any(|line| line.contains("DEMONSTRATION")));
    let url = url.replace(&url[..url.find("/v1").unwrap()], &server.url);
    let adviser = token_of(&printed, "conseiller.bamako-1.1");
    assert_eq!(client.get(&url).bearer_auth(&adviser).send().await.unwrap().status(), 200);
    server.stop().await;
}
