//! Who reaches a path after it moved, when the term is over, when its office has closed, and when it
//! turned out to be a duplicate.

use serde_json::{Value, json};
use sira_domain::role::Role;

use super::app::{TestApp, office, region, registration, with};

/// Ségou has a second office.
async fn second_office(app: &TestApp, programme: &str) {
    let admin = app.token(Role::Admin).await;
    let body = json!({ "office": "segou-2", "name": "San", "region": "segou", "occurred_on": "2021-07-06" });
    app.command_of(&admin, "programmes", programme, "open-office", &body).await.ok(200);
}

async fn idea(app: &TestApp, id: &str, day: &str) -> super::app::Reply {
    let adviser = app.token(Role::Adviser).await;
    let body = json!({ "occurred_on": day, "title": "Karité", "sector": "C", "start_up_cost": 1, "jobs_expected": 1 });
    app.command(&adviser, id, "submit-idea", &body).await
}

async fn versions(app: &TestApp, ids: [&str; 2]) -> Vec<Value> {
    let token = app.token(Role::Adviser).await;
    let mut versions = Vec::new();
    for id in ids {
        versions.push(
            app.get(&token, &format!("/v1/beneficiaries/{id}")).await.ok(200)["version"].clone(),
        );
    }
    versions
}

crate::on_both_engines! {
    async fn a_transfer_hands_the_path_from_one_offices_reach_to_the_others(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        second_office(&app, &programme).await;
        let id = app.register(&programme).await["id"].as_str().unwrap().to_owned();
        let path = format!("/v1/beneficiaries/{id}");
        let old = app.token_of("ancienne", Role::Adviser, office(&programme, "segou-1")).await;
        let new = app.token_of("nouvelle", Role::Adviser, office(&programme, "segou-2")).await;
        let director = app.token_of("directrice", Role::Director, region("segou")).await;
        let far = app.token_of("lointain", Role::Director, region("mopti")).await;
        let sees = async || {
            let mut statuses = Vec::new();
            for token in [&old, &new, &director, &far] {
                statuses.push(app.get(token, &path).await.status);
            }
            statuses
        };
        assert_eq!(sees().await, [200, 404, 200, 404]);
        let transfer = |office: &str, day: &str| json!({ "occurred_on": day, "office": office });
        app.command(&old, &id, "transfer", &transfer("segou-2", "2022-02-01")).await.ok(200);
        // Until it is accepted there, both see it.
        assert_eq!(sees().await, [200, 200, 200, 404]);
        app.command(&new, &id, "accept-transfer", &json!({ "occurred_on": "2022-02-02" })).await.ok(200);
        assert_eq!(sees().await, [404, 200, 200, 404]);
        for query in ["?version=1", "?as_of=2999-01-01", "/history", "/history?version=1", "?identity=true"] {
            app.get(&old, &format!("{path}{query}")).await.problem(404, "not-found");
        }
        app.command(&old, &id, "add-note", &json!({ "text": "Encore là ?" })).await.problem(404, "not-found");
        app.command(&director, &id, "transfer", &transfer("mopti-1", "2022-03-01")).await.ok(200);
        assert_eq!(sees().await, [404, 200, 200, 200]);
        app.command(&far, &id, "accept-transfer", &json!({ "occurred_on": "2022-03-02" })).await.ok(200);
        assert_eq!(sees().await, [404, 404, 404, 200]);
    }

    async fn nothing_moves_outside_the_term_until_it_is_renewed(engine) {
        let app = TestApp::on(engine).await;
        let admin = app.token(Role::Admin).await;
        let convention = json!({
            "name": "Convention ANPE - Think Peace", "signed_on": "2021-07-06", "term_years": 3, "renewable": true,
            "parties": [{ "name": "ANPE Mali", "role": "agency" }, { "name": "Think Peace", "role": "implementer" }],
        });
        let programme = app.post(&admin, "/v1/programmes", &convention).await.ok(201)["id"].as_str().unwrap().to_owned();
        let body = json!({ "office": "segou-1", "name": "Ségou", "region": "segou", "occurred_on": "2021-07-06" });
        app.command_of(&admin, "programmes", &programme, "open-office", &body).await.ok(200);
        let id = app.register(&programme).await["id"].as_str().unwrap().to_owned();
        let late = idea(&app, &id, "2024-07-06").await;
        assert_eq!(late.error(409, "refused"), ("/occurred_on".to_owned(), "outside_term".to_owned()));
        assert!(late.text.contains("du 2021-07-06 au 2024-07-05"), "{}", late.text);
        app.done(Role::Adviser, &id, "add-note", &json!({ "text": "Appelée", "occurred_on": "2024-07-06" })).await;
        app.command_of(&admin, "programmes", &programme, "renew-convention", &json!({ "term_years": 3, "occurred_on": "2024-08-01" })).await.ok(200);
        let between = idea(&app, &id, "2024-07-31").await;
        assert_eq!(between.error(409, "refused"), ("/occurred_on".to_owned(), "outside_term".to_owned()));
        assert!(between.text.contains("du 2024-08-01 au 2027-07-31"), "{}", between.text);
        idea(&app, &id, "2024-08-01").await.ok(200);
    }

    async fn a_path_of_a_closed_office_moves_again_once_it_is_transferred(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let id = app.register(&programme).await["id"].as_str().unwrap().to_owned();
        let admin = app.token(Role::Admin).await;
        let close = json!({ "office": "segou-1", "occurred_on": "2022-02-01" });
        app.command_of(&admin, "programmes", &programme, "close-office", &close).await.ok(200);
        let refused = idea(&app, &id, "2022-02-02").await;
        assert_eq!(refused.error(409, "refused"), ("/office".to_owned(), "office_closed".to_owned()));
        assert!(refused.text.contains("du 2021-07-06 au 2022-02-01"), "{}", refused.text);
        let moved = json!({ "occurred_on": "2022-02-02", "office": "mopti-1", "region": "mopti" });
        app.done(Role::Director, &id, "transfer", &moved).await;
        idea(&app, &id, "2022-02-03").await.ok(200);
    }

    async fn a_linked_duplicate_is_frozen_and_both_decisions_stay_in_both_streams(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let kept = app.register(&programme).await;
        let (kept, reference) = (kept["id"].as_str().unwrap(), kept["reference"].as_str().unwrap());
        let adviser = app.token(Role::Adviser).await;
        let again = with(registration(&programme), "/office", json!("mopti-1"));
        let twin = app.post(&adviser, "/v1/beneficiaries", &again).await.ok(201)["id"].as_str().unwrap().to_owned();
        let linked = app.done(Role::Director, &twin, "link-duplicate", &json!({ "continues": reference })).await;
        assert_eq!(linked["events"], json!(["DuplicateLinked"]));
        assert_eq!(versions(&app, [&twin, kept]).await, [json!(2), json!(2)]);
        let retry = app.done(Role::Director, &twin, "link-duplicate", &json!({ "continues": kept })).await;
        assert_eq!(retry["already_done"], json!(true));
        let frozen = idea(&app, &twin, "2022-02-01").await;
        assert_eq!(frozen.error(409, "refused").1, "path_frozen");
        assert!(frozen.text.contains(kept), "{}", frozen.text);
        idea(&app, kept, "2022-02-01").await.ok(200);
        app.done(Role::Director, &twin, "unlink-duplicate", &json!({ "reason": "Deux sœurs" })).await;
        assert_eq!(versions(&app, [&twin, kept]).await, [json!(3), json!(4)]);
        idea(&app, &twin, "2022-02-01").await.ok(200);
        let auditor = app.token(Role::Auditor).await;
        for (id, reason) in [(twin.as_str(), json!("Deux sœurs")), (kept, Value::Null)] {
            let history = app.get(&auditor, &format!("/v1/beneficiaries/{id}/history")).await.ok(200);
            let told = history["events"].as_array().unwrap();
            let unlinked = told.iter().find(|event| event["type"] == "DuplicateUnlinked").unwrap();
            assert_eq!(unlinked["fact"]["reason"], reason);
        }
    }

    async fn a_path_is_not_linked_to_itself_in_a_chain_or_across_programmes(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let mut ids = Vec::new();
        for _ in 0..3 {
            ids.push(app.register(&programme).await["id"].as_str().unwrap().to_owned());
        }
        let elsewhere = app.registered().await;
        let director = app.token(Role::Director).await;
        let link = async |id: &str, continues: &str| {
            app.command(&director, id, "link-duplicate", &json!({ "continues": continues })).await
        };
        assert_eq!(link(&ids[0], &ids[0]).await.error(409, "refused").1, "fields_disagree");
        assert_eq!(link(&ids[0], &elsewhere).await.error(409, "refused").1, "other_programme");
        assert_eq!(link(&ids[0], &uuid::Uuid::now_v7().to_string()).await.error(409, "refused").1, "unknown_item");
        link(&ids[0], &ids[1]).await.ok(200);
        assert_eq!(link(&ids[1], &ids[2]).await.error(409, "refused").1, "already_settled");
        assert_eq!(link(&ids[2], &ids[0]).await.error(409, "refused").1, "path_frozen");
        link(&ids[2], &ids[1]).await.ok(200);
    }
}
