//! Personal data past the retention period of their programme.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sira::clock::Clock;
use sira::grant::Scope;
use sira::http::ServeLimits;
use sira_database::on_engine;
use sira_domain::role::Role;

use super::typed::{fits_a_terminal, printed, refused, sira};
use crate::api::app::{NAME, Reply, TestApp, region, registration, steps, with};

fn day(text: &str) -> DateTime<Utc> {
    format!("{text}T08:00:00Z").parse().unwrap()
}

async fn app_on(engine: &crate::support::Engine, today: &str) -> (TestApp, Clock) {
    let clock = Clock::manual(day(today));
    let app = TestApp::with(engine, clock.clone(), ServeLimits::default()).await;
    (app, clock)
}

async fn keep_for(app: &TestApp, programme: &str, months: Value) {
    let admin = app.token(Role::Admin).await;
    let mut rules = json!({});
    if !months.is_null() {
        rules["retention_months"] = months;
    }
    let body = json!({ "effective_from": "2021-07-06", "rules": rules });
    app.command_of(&admin, "programmes", programme, "set-rules", &body).await.ok(200);
}

async fn person(app: &TestApp, programme: &str, place: &str) -> String {
    let token = app.token(Role::Adviser).await;
    let body = with(registration(programme), "/office", json!(format!("{place}-1")));
    let body = with(body, "/region", json!(place));
    app.post(&token, "/v1/beneficiaries", &body).await.ok(201)["id"].as_str().unwrap().to_owned()
}

async fn exit(app: &TestApp, id: &str, on: &str) {
    let reason =
        sira_domain::reference::lists().iter().find(|list| list.name == "exit_reasons").unwrap();
    let body = json!({ "occurred_on": on, "reason": reason.entries[0].code });
    app.done(Role::Adviser, id, "exit", &body).await;
}

async fn not_selected(app: &TestApp, id: &str) {
    app.walk(id, &steps(), "record-interview").await;
    let body = json!({ "occurred_on": "2022-02-10", "decision": "not_selected", "method": "committee",
                       "session": "2022-02", "reason": "Dossier incomplet" });
    app.done(Role::Committee, id, "decide-selection", &body).await;
}

async fn listed(app: &TestApp, token: &str, query: &str) -> Vec<Value> {
    app.caught_up().await;
    let page = app.get(token, &format!("/v1/worklists/past-retention{query}")).await.ok(200);
    page["items"].as_array().unwrap().clone()
}

fn ids(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["id"].as_str().unwrap()).collect()
}

async fn order(app: &TestApp, token: &str, ids: &[&str]) -> Reply {
    let body = json!({ "ids": ids, "reason": "Durée de conservation échue" });
    app.post(token, "/v1/retention/erasures", &body).await
}

fn outcomes(answer: &Value) -> Vec<(&str, &str)> {
    let items = answer["items"].as_array().unwrap().iter();
    items
        .map(|item| (item["outcome"].as_str().unwrap(), item["rule"].as_str().unwrap_or_default()))
        .collect()
}

crate::on_both_engines! {
    async fn closed_paths_are_proposed_once_their_period_is_over_and_no_others(engine) {
        let (app, clock) = app_on(engine, "2027-06-01").await;
        let programme = app.programme().await;
        let left = person(&app, &programme, "segou").await;
        exit(&app, &left, "2022-05-01").await;
        let refused = person(&app, &programme, "mopti").await;
        not_selected(&app, &refused).await;
        let completed = person(&app, &programme, "segou").await;
        app.walk(&completed, &steps(), "complete-path").await;
        let reopened = person(&app, &programme, "segou").await;
        exit(&app, &reopened, "2022-03-01").await;
        app.done(Role::Director, &reopened, "reopen", &json!({ "reason": "Revenue" })).await;
        let active = person(&app, &programme, "segou").await;
        app.walk(&active, &steps(), "submit-idea").await;
        let admin = app.token(Role::Admin).await;
        assert_eq!(listed(&app, &admin, "").await, Vec::<Value>::new(), "without a period none is over");
        keep_for(&app, &programme, json!(60)).await;
        let items = listed(&app, &admin, "").await;
        assert_eq!(ids(&items), [refused.as_str(), &left]);
        assert_eq!((&items[0]["path_closed_on"], &items[0]["retention_months"], &items[0]["kept_by"]), (&json!("2022-02-10"), &json!(60), &Value::Null));
        // The last one closed on the first of June 2024: the day before its period ends, and the day.
        clock.set(day("2029-05-31"));
        let admin = app.token(Role::Admin).await;
        assert_eq!(listed(&app, &admin, "").await.len(), 2);
        clock.set(day("2029-06-01"));
        assert_eq!(ids(&listed(&app, &admin, "").await), [refused.as_str(), &left, &completed]);
        // Page by page, and within reach alone.
        let first = app.get(&admin, "/v1/worklists/past-retention?limit=2").await.ok(200);
        let next = first["next_cursor"].as_str().unwrap();
        let rest = listed(&app, &admin, &format!("?limit=2&cursor={next}")).await;
        assert_eq!((ids(first["items"].as_array().unwrap()), ids(&rest)), (vec![refused.as_str(), &left], vec![completed.as_str()]));
        for (place, expected) in [("segou", vec![left.as_str(), &completed]), ("mopti", vec![refused.as_str()])] {
            let director = app.token_of("directrice", Role::Director, region(place)).await;
            assert_eq!(ids(&listed(&app, &director, "").await), expected, "{place}");
            assert_eq!(ids(&listed(&app, &admin, &format!("?office={place}-1")).await), expected, "{place}");
        }
        // A longer period counts from today on, and none keeps for ever.
        keep_for(&app, &programme, json!(600)).await;
        assert_eq!(listed(&app, &admin, "").await.len(), 0);
        keep_for(&app, &programme, json!(60)).await;
        assert_eq!(listed(&app, &admin, "").await.len(), 3);
        keep_for(&app, &programme, Value::Null).await;
        assert_eq!(listed(&app, &admin, "").await.len(), 0);
        // Looking erased nobody.
        assert!(app.commands.journal().read_type("PersonalDataErased").await.unwrap().is_empty());
    }

    async fn an_order_erases_those_past_retention_and_keeps_the_others(engine) {
        let (app, _) = app_on(engine, "2028-01-01").await;
        let programme = app.programme().await;
        keep_for(&app, &programme, json!(60)).await;
        let left = person(&app, &programme, "segou").await;
        exit(&app, &left, "2022-05-01").await;
        let late = person(&app, &programme, "segou").await;
        exit(&app, &late, "2024-05-01").await;
        let active = person(&app, &programme, "segou").await;
        let complaining = person(&app, &programme, "mopti").await;
        let entry = |name: &str| sira_domain::reference::lists().iter().find(|list| list.name == name).unwrap().entries[0].code;
        let grievance = json!({ "occurred_on": "2022-04-01", "category": entry("grievance_categories"), "channel": entry("grievance_channels"), "text": "Pas de réponse" });
        app.done(Role::Adviser, &complaining, "lodge-grievance", &grievance).await;
        exit(&app, &complaining, "2022-05-02").await;
        let admin = app.token_of("admin.siege", Role::Admin, Scope::All).await;
        let items = listed(&app, &admin, "").await;
        assert_eq!(ids(&items), [left.as_str(), &complaining]);
        assert_eq!((&items[1]["kept_by"], &items[1]["kept_detail"]), (&json!("grievance_open"), &json!("une plainte n'est pas traitée")));
        let unknown = uuid::Uuid::now_v7().to_string();
        let named = [left.as_str(), &late, &active, &complaining, &unknown, "Awa", &left];
        let answer = order(&app, &admin, &named).await.ok(200);
        assert_eq!(outcomes(&answer), [
            ("erased", ""), ("refused", "within_retention"), ("refused", "path_not_closed"),
            ("refused", "grievance_open"), ("refused", "not_found"), ("refused", "not_found"),
        ]);
        assert_eq!(answer["items"][1]["detail"], json!("à conserver jusqu'au 2029-05-01"));
        // The person is gone at once; the event names its order and the ground; the order is written down.
        let director = app.token(Role::Director).await;
        let held = app.get(&director, &format!("/v1/beneficiaries/{left}/person")).await;
        assert!(held.ok(200)["erased_on"] == "2028-01-01" && !held.text.contains("Zoumbal"));
        let erasures = app.commands.journal().read_type("PersonalDataErased").await.unwrap();
        assert_eq!(erasures.len(), 1);
        let payload: Value = serde_json::from_str(&erasures[0].payload).unwrap();
        let metadata: Value = serde_json::from_str(&erasures[0].metadata).unwrap();
        assert_eq!((&payload["fact"]["PersonalDataErased"]["ground"], &payload["by"]), (&json!("retention"), &json!("admin.siege")));
        assert_eq!(metadata["correlation_id"], answer["order"]);
        let orders: Vec<(String, String, String, i64)> = on_engine!(app.commands.journal().pool(), pool => {
            sqlx::query_as("SELECT order_id, actor, reason, paths FROM erasure_orders").fetch_all(pool).await
        }).unwrap();
        let expected = (answer["order"].as_str().unwrap().to_owned(), "admin.siege".to_owned(), "Durée de conservation échue".to_owned(), 6);
        assert_eq!(orders, [expected]);
        // Asked again it finds it done; others are untouched.
        let again = order(&app, &admin, &[&left]).await.ok(200);
        assert_eq!(outcomes(&again), [("already_done", "")]);
        assert_eq!(app.commands.journal().read_type("PersonalDataErased").await.unwrap().len(), 1);
        for id in [&late, &active, &complaining] {
            let status = app.get(&director, &format!("/v1/beneficiaries/{id}?identity=true")).await.ok(200);
            assert_eq!(status["identity"]["name"], json!(NAME));
        }
        assert_eq!(ids(&listed(&app, &admin, "").await), [complaining.as_str()]);
    }

    async fn an_order_follows_the_person_through_linked_paths_or_names_what_keeps_them(engine) {
        let (app, _) = app_on(engine, "2028-01-01").await;
        let programme = app.programme().await;
        keep_for(&app, &programme, json!(60)).await;
        let erased = async |id: &str| {
            let found = app.commands.current_beneficiary(id.parse().unwrap()).await.unwrap().unwrap();
            found.state.state().is_erased()
        };
        let duplicate_of = async |id: &str, place: &str| {
            let frozen = person(&app, &programme, place).await;
            app.done(Role::Director, &frozen, "link-duplicate", &json!({ "continues": id })).await;
            frozen
        };
        let gone = person(&app, &programme, "segou").await;
        let frozen = duplicate_of(&gone, "mopti").await;
        exit(&app, &gone, "2022-05-01").await;
        let active = person(&app, &programme, "segou").await;
        let waiting = duplicate_of(&active, "segou").await;
        let admin = app.token_of("admin.siege", Role::Admin, Scope::All).await;
        // Whoever reaches a part of the person erases nothing of them, and is told what remains.
        let part = app.token_of("admin.segou", Role::Admin, region("segou")).await;
        let refused = order(&app, &part, &[&gone]).await.ok(200);
        assert_eq!(outcomes(&refused), [("refused", "unknown_item")]);
        assert!(refused["items"][0]["detail"].as_str().unwrap().contains(&frozen), "{refused}");
        assert!(!erased(&gone).await && !erased(&frozen).await);
        // A frozen path is past retention when the one that continues is.
        let kept = order(&app, &admin, &[&waiting]).await.ok(200);
        assert_eq!(outcomes(&kept), [("refused", "path_not_closed")]);
        assert_eq!(kept["items"][0]["detail"], json!("un autre parcours de la personne : le parcours n'est pas clos"));
        assert!(!erased(&active).await && !erased(&waiting).await);
        let answer = order(&app, &admin, &[&gone]).await.ok(200);
        assert_eq!(outcomes(&answer), [("erased", "")]);
        let director = app.token(Role::Director).await;
        for path in [&gone, &frozen] {
            assert!(erased(path).await, "{path}");
            let shown = app.get(&director, &format!("/v1/beneficiaries/{path}?identity=true")).await;
            assert!(!shown.text.contains("Zoumbal"), "{}", shown.text);
        }
        let again = order(&app, &admin, &[&frozen, &gone]).await.ok(200);
        assert_eq!(outcomes(&again), [("already_done", ""), ("already_done", "")]);
        assert_eq!(app.commands.journal().read_type("PersonalDataErased").await.unwrap().len(), 2);
    }

    async fn a_path_that_was_reopened_since_it_was_listed_is_kept(engine) {
        let (app, _) = app_on(engine, "2028-01-01").await;
        let programme = app.programme().await;
        keep_for(&app, &programme, json!(12)).await;
        let id = person(&app, &programme, "segou").await;
        exit(&app, &id, "2022-05-01").await;
        let admin = app.token(Role::Admin).await;
        assert_eq!(listed(&app, &admin, "").await.len(), 1);
        app.done(Role::Director, &id, "reopen", &json!({ "reason": "Revenue" })).await;
        assert_eq!(outcomes(&order(&app, &admin, &[&id]).await.ok(200)), [("refused", "path_not_closed")]);
        // A retracted exit never closed anything.
        let other = person(&app, &programme, "segou").await;
        exit(&app, &other, "2022-05-01").await;
        app.done(Role::Director, &other, "retract", &json!({ "sequence": 2, "reason": "Erreur" })).await;
        assert_eq!(outcomes(&order(&app, &admin, &[&other]).await.ok(200)), [("refused", "path_not_closed")]);
    }

    async fn only_an_administrator_orders_within_their_scope_and_a_bad_order_moves_nothing(engine) {
        let (app, _) = app_on(engine, "2028-01-01").await;
        let programme = app.programme().await;
        keep_for(&app, &programme, json!(12)).await;
        let id = person(&app, &programme, "segou").await;
        exit(&app, &id, "2022-05-01").await;
        app.caught_up().await;
        for role in Role::ALL {
            let token = app.token(role).await;
            let reply = app.get(&token, "/v1/worklists/past-retention").await;
            if [Role::Director, Role::Admin].contains(&role) { reply.ok(200); } else { reply.problem(403, "forbidden"); }
            if role != Role::Admin {
                order(&app, &token, &[&id]).await.problem(403, "forbidden");
            }
        }
        let far = app.token_of("ailleurs", Role::Admin, region("mopti")).await;
        assert_eq!(outcomes(&order(&app, &far, &[&id]).await.ok(200)), [("refused", "not_found")]);
        let admin = app.token(Role::Admin).await;
        let many: Vec<String> = (0..201).map(|number| format!("{number}")).collect();
        for (body, error) in [
            (json!({ "ids": [], "reason": "x" }), ("/ids", "list_length")),
            (json!({ "ids": many, "reason": "x" }), ("/ids", "list_length")),
            (json!({ "ids": ["x".repeat(65)], "reason": "x" }), ("/ids/0", "text_length")),
            (json!({ "ids": [id], "reason": "" }), ("/reason", "text_length")),
            (json!({ "ids": [id], "reason": "x".repeat(501) }), ("/reason", "text_length")),
            (json!({ "ids": [id] }), ("/reason", "missing_field")),
            (json!({ "ids": [id], "reason": "x", "all": true }), ("/all", "unknown_field")),
        ] {
            let reply = app.post(&admin, "/v1/retention/erasures", &body).await;
            assert_eq!(reply.error(422, "invalid-body"), (error.0.to_owned(), error.1.to_owned()), "{body}");
        }
        assert!(app.commands.journal().read_type("PersonalDataErased").await.unwrap().is_empty());
    }

    async fn an_order_is_given_at_the_machine(engine) {
        // The command has the system's clock: what closed in 2022 is past a year.
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        keep_for(&app, &programme, json!(12)).await;
        let mut people = Vec::new();
        for on in ["2022-05-01", "2022-06-01", "2022-07-01"] {
            let id = person(&app, &programme, "segou").await;
            exit(&app, &id, on).await;
            people.push(id);
        }
        let active = person(&app, &programme, "segou").await;
        app.caught_up().await;
        let french = printed(sira(engine, &["retention", "list"]));
        fits_a_terminal(&french);
        assert_eq!(french.lines().count(), 3, "{french}");
        assert!(french.contains("clos le 2022-06-01") && french.contains("12 mois de conservation") && !french.contains("Zoumbal"));
        assert_eq!(refused(sira(engine, &["retention", "erase", "--actor", "siege", "--reason", "Échue"])).0, 2, "nobody is named");
        assert_eq!(refused(sira(engine, &["retention", "erase", "--all"])).0, 2, "nobody orders");
        let first = people[0].as_str();
        let typed = ["retention", "erase", "--actor", "siege", "--reason", "Durée échue", first, &active, "--json"];
        let output = sira(engine, &typed);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let told: Vec<Value> = String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((&told[0]["outcome"], &told[1]["rule"]), (&json!("erased"), &json!("path_not_closed")));
        let all = printed(sira(engine, &["--lang", "en", "retention", "erase", "--actor", "siege", "--reason", "Over", "--all"]));
        assert_eq!(all.matches("erased (position").count(), 2, "{all}");
        assert_eq!(app.commands.journal().read_type("PersonalDataErased").await.unwrap().len(), 3);
        assert_eq!(printed(sira(engine, &["retention", "list"])), "");
        let adviser = app.token(Role::Adviser).await;
        let status = app.get(&adviser, &format!("/v1/beneficiaries/{active}?identity=true")).await.ok(200);
        assert_eq!(status["identity"]["name"], json!(NAME));
    }
}
