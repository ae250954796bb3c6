//! Who works where, and who is in charge: the directory, transfers that are accepted or returned, many paths
//! given to another adviser.

use serde_json::{Value, json};
use sira::keys::FoundKey;
use sira_domain::programme::Programme;
use sira_domain::role::Role;
use sira_numbers::Version;

use super::app::{TestApp, office, registration, steps, with};
use super::lists::every;

/// A path in Ségou handed over to Mopti, with its programme.
async fn handed_over(app: &TestApp) -> (String, String) {
    let programme = app.programme().await;
    let id = app.register(&programme).await["id"].as_str().unwrap().to_owned();
    let body = json!({ "occurred_on": "2022-02-01", "office": "mopti-1", "region": "mopti" });
    app.done(Role::Adviser, &id, "transfer", &body).await;
    (programme, id)
}

async fn add_staff(app: &TestApp, programme: &str, body: &Value) {
    let director = app.token(Role::Director).await;
    app.command_of(&director, "programmes", programme, "add-staff", body).await.ok(200);
}

crate::on_both_engines! {
    async fn both_offices_see_a_transfer_that_waits_and_the_one_that_takes_over_acts(engine) {
        let app = TestApp::on(engine).await;
        let (programme, id) = handed_over(&app).await;
        let here = app.token_of("ici", Role::Adviser, office(&programme, "segou-1")).await;
        let there = app.token_of("la-bas", Role::Adviser, office(&programme, "mopti-1")).await;
        app.caught_up().await;
        for token in [&here, &there] {
            let status = app.get(token, &format!("/v1/beneficiaries/{id}")).await.ok(200);
            assert_eq!(status["handover"]["from_office"], json!("segou-1"));
            let waiting = every(&app, token, "/v1/worklists/transfers", "", 9).await;
            assert_eq!((waiting.len(), &waiting[0]["id"], &waiting[0]["office"]), (1, &json!(id), &json!("mopti-1")));
        }
        let note = json!({ "text": "vue" });
        app.command(&here, &id, "add-note", &note).await.problem(403, "out-of-scope");
        app.command(&here, &id, "accept-transfer", &json!({})).await.problem(403, "out-of-scope");
        app.command(&there, &id, "add-note", &note).await.ok(200);
        let allowed = app.get(&here, &format!("/v1/beneficiaries/{id}/commands")).await.ok(200);
        let taken: Vec<_> = allowed["commands"].as_array().unwrap().iter().filter(|one| one["allowed"] == json!(true)).map(|one| &one["command"]).collect();
        assert_eq!(taken, [&json!("retract")]);
        app.command(&there, &id, "accept-transfer", &json!({ "occurred_on": "2022-02-03" })).await.ok(200);
        app.get(&here, &format!("/v1/beneficiaries/{id}")).await.problem(404, "not-found");
        let status = app.get(&there, &format!("/v1/beneficiaries/{id}")).await.ok(200);
        assert_eq!((&status["adviser"], status.get("handover")), (&json!("la-bas"), None));
        app.caught_up().await;
        for token in [&here, &there] {
            assert!(every(&app, token, "/v1/worklists/transfers", "", 9).await.is_empty());
        }
    }

    async fn a_transfer_is_returned_to_its_office_and_its_adviser(engine) {
        let app = TestApp::on(engine).await;
        let (programme, id) = handed_over(&app).await;
        let there = app.token_of("la-bas", Role::Adviser, office(&programme, "mopti-1")).await;
        let body = json!({ "occurred_on": "2022-02-03", "reason": "Elle habite toujours Ségou" });
        app.command(&there, &id, "return-transfer", &body).await.ok(200);
        app.get(&there, &format!("/v1/beneficiaries/{id}")).await.problem(404, "not-found");
        let here = app.token_of("ici", Role::Adviser, office(&programme, "segou-1")).await;
        let status = app.get(&here, &format!("/v1/beneficiaries/{id}")).await.ok(200);
        assert_eq!((&status["office"], &status["region"], &status["adviser"]), (&json!("segou-1"), &json!("segou"), &json!("adviser")));
    }

    async fn who_handed_over_by_mistake_takes_it_back_until_it_is_accepted(engine) {
        let app = TestApp::on(engine).await;
        let (programme, id) = handed_over(&app).await;
        let here = app.token_of("adviser", Role::Adviser, office(&programme, "segou-1")).await;
        let back = json!({ "sequence": 2, "reason": "Mauvais dossier" });
        let other = json!({ "sequence": 1, "reason": "Mauvais dossier" });
        app.command(&here, &id, "retract", &other).await.problem(403, "out-of-scope");
        app.command(&here, &id, "retract", &back).await.ok(200);
        let status = app.get(&here, &format!("/v1/beneficiaries/{id}")).await.ok(200);
        assert_eq!((&status["office"], &status["adviser"]), (&json!("segou-1"), &json!("adviser")));
        let there = app.token_of("la-bas", Role::Adviser, office(&programme, "mopti-1")).await;
        app.get(&there, &format!("/v1/beneficiaries/{id}")).await.problem(404, "not-found");
    }

    async fn who_handed_a_path_over_sees_it_and_writes_to_it_beside_no_other(engine) {
        let app = TestApp::on(engine).await;
        let (programme, handed) = handed_over(&app).await;
        let own = app.register(&programme).await["id"].as_str().unwrap().to_owned();
        let here = |role, name| app.token_of(name, role, office(&programme, "segou-1"));
        let director = here(Role::Director, "directrice-segou").await;
        app.get(&director, &format!("/v1/beneficiaries/{handed}")).await.ok(200);
        let link = json!({ "continues": handed });
        let dismissal = json!({ "other": handed, "reason": "Deux personnes" });
        for (word, body) in [("link-duplicate", &link), ("dismiss-duplicate", &dismissal)] {
            let refused = app.command(&director, &own, word, body).await;
            assert_eq!(refused.error(409, "refused").1, "unknown_item", "{word}");
        }
        app.done(Role::Director, &own, "link-duplicate", &link).await;
        let admin = here(Role::Admin, "admin-segou").await;
        let refused = app.command(&admin, &own, "erase-personal-data", &json!({ "ground": "request" })).await;
        assert_eq!(refused.error(409, "refused").1, "unknown_item");
        let found = app.commands.current_beneficiary(own.parse().unwrap()).await.unwrap().unwrap();
        assert!(!found.state.state().is_erased());
    }

    async fn an_adviser_is_one_of_the_directory_once_there_is_one(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let post = json!({ "actor": "awa", "role": "adviser", "office": "segou-1", "name": "Madame A.", "from": "2022-01-01" });
        add_staff(&app, &programme, &post).await;
        // Who registers and is not in the directory takes charge of nobody.
        let id = app.register(&programme).await["id"].as_str().unwrap().to_owned();
        let director = app.token(Role::Director).await;
        let status = app.get(&director, &format!("/v1/beneficiaries/{id}")).await.ok(200);
        assert_eq!(status.get("adviser"), None);
        let unknown = app.command(&director, &id, "assign-adviser", &json!({ "adviser": "personne" })).await;
        assert_eq!(unknown.error(409, "refused"), ("/adviser".to_owned(), "unknown_item".to_owned()));
        app.command(&director, &id, "assign-adviser", &json!({ "adviser": "awa" })).await.ok(200);
        let adviser = app.token(Role::Adviser).await;
        let named = |who: &str| with(registration(&programme), "/adviser", json!(who));
        assert_eq!(app.post(&adviser, "/v1/beneficiaries", &named("personne")).await.error(409, "refused").0, "/adviser");
        app.post(&adviser, "/v1/beneficiaries", &named("awa")).await.ok(201);
    }

    async fn the_directory_shows_the_posts_within_reach_and_an_analyst_none(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        for (actor, at) in [("awa", Some("segou-1")), ("binta", Some("mopti-1")), ("chef", None)] {
            let mut post = json!({ "actor": actor, "role": "adviser", "from": "2022-01-01" });
            if let Some(at) = at {
                post["office"] = json!(at);
            }
            add_staff(&app, &programme, &post).await;
        }
        let path = format!("/v1/programmes/{programme}/staff");
        let there = app.token_of("la-bas", Role::Adviser, office(&programme, "mopti-1")).await;
        let items = app.get(&there, &path).await.ok(200)["items"].clone();
        let actors: Vec<_> = items.as_array().unwrap().iter().map(|post| post["actor"].as_str().unwrap()).collect();
        assert_eq!(actors, ["binta", "chef"]);
        // The staff and the candidates of a programme are nothing to whoever reaches none of its offices.
        let other = app.programme().await;
        let stranger = app.token_of("autre", Role::Adviser, office(&other, "mopti-1")).await;
        for path in [&path, &format!("/v1/worklists/candidates?programme={programme}")] {
            app.caught_up().await;
            app.get(&stranger, path).await.problem(404, "not-found");
        }
        let analyst = app.token(Role::Analyst).await;
        app.get(&analyst, &path).await.problem(403, "forbidden");
        let state = app.get(&analyst, &format!("/v1/programmes/{programme}")).await;
        assert!(!state.text.contains("binta"), "{}", state.text);
        let elsewhere = app.token_of("chef-mopti", Role::Director, office(&programme, "mopti-1")).await;
        let post = json!({ "actor": "x", "role": "adviser", "office": "segou-1", "from": "2022-01-01" });
        let reply = app.command_of(&elsewhere, "programmes", &programme, "add-staff", &post).await;
        reply.problem(403, "out-of-scope");
    }

    async fn many_paths_go_to_another_adviser_with_a_report(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        for person in 0..4 {
            let id = app.register(&programme).await["id"].as_str().unwrap().to_owned();
            if person == 2 {
                app.done(Role::Adviser, &id, "exit", &json!({ "reason": "moved" })).await;
            }
            // A path that is closed takes no other adviser: it stands in no order's way.
            if person == 3 {
                app.walk(&id, &steps(), "record-interview").await;
                let no = json!({ "occurred_on": "2022-02-10", "decision": "not_selected", "method": "committee",
                                 "session": "2022-02", "reason": "Dossier faible" });
                app.done(Role::Committee, &id, "decide-selection", &no).await;
            }
        }
        app.caught_up().await;
        let director = app.token(Role::Director).await;
        let order = json!({ "from": "adviser", "adviser": "binta" });
        let report = app.post(&director, "/v1/reassignments", &order).await.ok(200);
        let outcomes: Vec<_> = report["items"].as_array().unwrap().iter().map(|item| item["outcome"].as_str().unwrap()).collect();
        assert_eq!((outcomes, &report["remaining"]), (vec!["assigned"; 2], &json!(false)));
        app.caught_up().await;
        assert_eq!(every(&app, &director, "/v1/beneficiaries", "&adviser=binta", 9).await.len(), 2);
        // Given again, it finds nothing left of theirs.
        let again = app.post(&director, "/v1/reassignments", &order).await.ok(200);
        assert_eq!(again["items"], json!([]));
        let elsewhere = app.token_of("chef-mopti", Role::Director, office(&programme, "mopti-1")).await;
        let back = json!({ "from": "binta", "adviser": "adviser" });
        assert_eq!(app.post(&elsewhere, "/v1/reassignments", &back).await.ok(200)["items"], json!([]));
        let wrong = app.post(&director, "/v1/reassignments", &json!({ "from": "Madame A", "qui": 1 })).await;
        assert_eq!(wrong.problem(422, "invalid-body")["errors"].as_array().unwrap().len(), 3);
    }

    async fn each_path_is_judged_by_its_own_rules(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        app.register(&programme).await;
        app.caught_up().await;
        let post = json!({ "actor": "awa", "role": "adviser", "office": "segou-1", "from": "2022-01-01" });
        add_staff(&app, &programme, &post).await;
        let director = app.token(Role::Director).await;
        let order = json!({ "from": "adviser", "adviser": "personne" });
        let report = app.post(&director, "/v1/reassignments", &order).await.ok(200);
        assert_eq!((&report["items"][0]["outcome"], &report["items"][0]["rule"]), (&json!("refused"), &json!("unknown_item")));
    }

    async fn a_sealed_name_is_told_to_who_reads_the_directory_until_it_is_erased(engine) {
        const NAME: &str = "Madame Fatoumata D.";
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let post = json!({ "actor": "awa", "role": "adviser", "office": "segou-1", "sealed_name": NAME, "from": "2022-01-01" });
        add_staff(&app, &programme, &post).await;
        let director = app.token(Role::Director).await;
        let give = async |word: &str, body: &Value| app.command_of(&director, "programmes", &programme, word, body).await;
        assert_eq!(give("add-staff", &post).await.ok(200)["already_done"], json!(true));
        let elsewhere = with(post.clone(), "/role", json!("trainer"));
        give("add-staff", &elsewhere).await.ok(200);
        let directory = format!("/v1/programmes/{programme}/staff");
        let shown = async || -> Vec<Value> {
            let items = app.get(&director, &directory).await.ok(200)["items"].clone();
            items.as_array().unwrap().iter().map(|post| json!([post["name"], post["sealed"]])).collect()
        };
        assert_eq!(shown().await, [json!([NAME, true]), json!([NAME, true])]);
        let stored = app.commands.journal().read_stream(&sira::commands::stream_id::<Programme>(programme.parse().unwrap()), Version::ZERO).await.unwrap();
        let stored: String = stored.iter().map(|event| event.payload.as_str()).collect();
        assert!(!stored.contains(NAME) && stored.contains("sealed:v1:"), "{stored}");
        let wrong = give("add-staff", &with(post.clone(), "/sealed_name", json!(7))).await;
        assert_eq!(wrong.problem(422, "invalid-body")["errors"][0]["pointer"], json!("/sealed_name"));
        let erase = json!({ "actor": "awa" });
        let before = app.commands.current::<Programme>(programme.parse().unwrap()).await.unwrap().unwrap();
        let key = before.state.staff_key(&"awa".parse().unwrap()).unwrap();
        assert_eq!(give("erase-staff-name", &erase).await.ok(200)["events"], json!(["StaffNameErased"]));
        assert!(matches!(app.commands.keys().get(key).await.unwrap(), FoundKey::Destroyed { .. }));
        assert_eq!(shown().await, [json!([null, null]), json!([null, null])]);
        assert_eq!(give("erase-staff-name", &erase).await.ok(200)["already_done"], json!(true));
        // A restored key store forgets it again.
        app.commands.finish_erasures().await.unwrap();
    }
}
