//! A command is sealed once, whatever moves under it: not under a key that is gone.

use futures::future::join_all;
use serde_json::{Value, json};
use sira_domain::path::Beneficiary;
use sira_domain::role::Role;

use super::app::TestApp;
use crate::support::Engine;

/// One process writes on while the other erases: each loses races to the other, and seals meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_writes_while_a_person_is_erased_is_done_before_or_refused() {
    let engine = Engine::postgres().await;
    let (writer, eraser) = (TestApp::on(&engine).await, TestApp::on(&engine).await);
    let programme = writer.programme().await;
    let (adviser, admin) = (writer.token(Role::Adviser).await, eraser.token(Role::Admin).await);
    for round in 0..5 {
        let id = writer.register(&programme).await["id"].as_str().unwrap().to_owned();
        let notes: Vec<Value> =
            (0..12).map(|number| json!({ "text": format!("Note {number}") })).collect();
        let write = async |note: &Value| writer.command(&adviser, &id, "add-note", note).await;
        let erase = async {
            // Behind the first of them.
            tokio::time::sleep(std::time::Duration::from_millis(5 * round)).await;
            let ground = json!({ "ground": "request" });
            eraser.command(&admin, &id, "erase-personal-data", &ground).await
        };
        let (replies, gone) = tokio::join!(join_all(notes.iter().map(write)), erase);
        let last = gone.ok(200)["version"].as_u64().unwrap();
        for reply in replies {
            match reply.status {
                200 => assert!(reply.json()["version"].as_u64().unwrap() < last),
                _ => assert_eq!(reply.error(409, "refused").1, "person_erased"),
            }
        }
        let path = writer.commands.current::<Beneficiary>(id.parse().unwrap()).await.unwrap();
        assert_eq!(path.unwrap().state.version().get(), last, "nothing follows the erasure");
    }
}

crate::on_both_engines! {
    async fn a_registration_that_loses_a_race_is_carried_out_all_the_same(engine) {
        let (one, other) = (TestApp::on(engine).await, TestApp::on(engine).await);
        let programme = one.programme().await;
        let director = one.token(Role::Admin).await;
        let rules = async |months: u32| {
            let rules = json!({ "effective_from": "2022-01-01", "rules": { "retention_months": months } });
            let path = format!("/v1/programmes/{programme}/commands/set-rules");
            one.post(&director, &path, &rules).await.ok(200);
        };
        // The programme that a registration is guarded by moves meanwhile.
        let register = async |_: usize| other.register(&programme).await;
        let (people, ()) = tokio::join!(join_all((0..8).map(register)), async {
            for months in 1..=8 {
                rules(months).await;
            }
        });
        let mut references: Vec<_> = people.iter().map(|person| person["reference"].to_string()).collect();
        references.sort();
        references.dedup();
        assert_eq!(references.len(), 8);
        for person in &people {
            let path = format!("/v1/beneficiaries/{}", person["id"].as_str().unwrap());
            let shown = other.get(&other.token(Role::Adviser).await, &path).await.ok(200);
            assert_eq!(shown["registration"]["reference"], person["reference"]);
        }
    }
}
