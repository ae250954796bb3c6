//! Histories in which nothing is wrong: nobody may be accused.

use std::time::Duration;

use serde_json::{Value, json};
use sira::clock::Clock;
use sira::evidence::verify::{CheckProgress, DeviationKind, Options, verify};
use sira::evidence::{Keeper, KeeperConfig, load_or_create_key};
use sira::generate::{Population, generate};
use sira::keys::{KeyStore, MasterKey};
use sira_domain::path::Beneficiary;
use sira_domain::role::Role;
use sira_numbers::Position;
use tokio::sync::watch;

use super::base::Base;
use super::unlawful::record;
use crate::api::app::{MASTER, TestApp, keys_url};
use crate::export::town::town;
use crate::import::import_the_real_file;
use crate::on_both_engines;

/// A registration of the form before the present one, which is read through its upcaster.
pub async fn an_event_of_an_older_form_is_not_accused(base: &Base) {
    let copy = base.copy("older").await;
    let mut event = base.events.iter().rfind(|one| one.event_type == "Registered").unwrap().clone();
    event.stream.aggregate_id = uuid::Uuid::from_u128(79);
    "1.0".clone_into(&mut event.event_version);
    let mut payload: Value = serde_json::from_str(&event.payload).unwrap();
    let body = payload["fact"]["Registered"].as_object_mut().unwrap();
    assert!(body.remove("intake").is_some() && body.remove("channel").is_some());
    event.payload = payload.to_string();
    let journal = copy.journal().await.unwrap();
    let position = record(&journal, base, &event).await;
    base.sign(&journal, position).await;
    journal.close().await;
    let report = copy.verified(&base.holding_the_last()).await.unwrap();
    // But for its name, which is that of the registration that it was copied from.
    let is_named = |one: &sira::evidence::verify::Deviation| one.kind == DeviationKind::Name;
    assert!(report.deviations.iter().all(is_named), "{:?}", report.deviations);
    copy.discard().await;
}

async fn assert_holds(journal: &sira::journal::Journal) {
    let (progress, _) = watch::channel(CheckProgress::default());
    let report = verify(journal, &Options::default(), &progress).await.unwrap();
    assert!(report.holds(), "{:?}", &report.deviations[..report.deviations.len().min(9)]);
    assert!(report.checkpoints > 0);
}

on_both_engines! {
    async fn an_invented_population_is_not_accused(engine) {
        let clock = Clock::manual(Population::begins_at());
        let journal = engine.journal_with(engine.config(), clock.clone()).await;
        let master = MasterKey::from_text(MASTER).unwrap();
        let keys = KeyStore::open(&keys_url(engine), master, clock.clone()).await.unwrap();
        let population = Population { cases: 150, seed: 3, until: "2026-06-30".parse().unwrap() };
        generate(&journal, &keys, &clock, population, |_| {}).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let (key, _) = load_or_create_key(&journal, folder.path(), None, None).await.unwrap().unwrap();
        let keeper = Keeper::start(&journal, &clock, KeeperConfig::new(folder.path(), Some(key)));
        let head = journal.head().await.unwrap().position;
        assert!(head > 1_000.into(), "{head}");
        keeper.evidence().covering(head, Duration::from_secs(30)).await.unwrap();
        keeper.stop().await;
        assert_holds(&journal).await;
    }

    async fn an_import_of_a_real_file_is_not_accused(engine) {
        let app = TestApp::on(engine).await;
        import_the_real_file(&app).await;
        let head = app.commands.journal().head().await.unwrap().position;
        app.evidence.covering(head, Duration::from_secs(30)).await.unwrap();
        assert_holds(app.commands.journal()).await;
    }

    async fn an_erasure_leaves_every_proof_valid(engine) {
        let app = TestApp::on(engine).await;
        let town = town(&app).await;
        let id = &town.people[1];
        let stream = sira::commands::stream_id::<Beneficiary>(id.parse().unwrap());
        let head = app.commands.journal().head().await.unwrap().position;
        let published = app.evidence.covering(head, Duration::from_secs(20)).await.unwrap();
        let before = app.evidence.bundle(&published, &stream).await.unwrap();

        let erased = app.done(Role::Admin, id, "erase-personal-data", &json!({ "ground": "request" })).await;
        let position = Position::of_count(erased["position"].as_u64().unwrap());
        let published = app.evidence.covering(position, Duration::from_secs(20)).await.unwrap();
        let after = app.evidence.bundle(&published, &stream).await.unwrap();

        let key = app.evidence.keys().await.unwrap().first;
        for bundle in [&before, &after] {
            let verdict = bundle.verify(&key);
            assert!(verdict.holds(), "{verdict:?}");
        }
        assert_eq!(after.events.len(), before.events.len() + 1);
        assert_eq!(after.events[before.events.len()].event_type, "PersonalDataErased");
        let same = before.events.iter().zip(&after.events);
        assert!(same.into_iter().all(|(one, other)| one.payload == other.payload));
        assert_holds(app.commands.journal()).await;
    }
}
