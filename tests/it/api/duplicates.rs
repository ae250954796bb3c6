//! Likely duplicates: the warning at registration, and the worklist.

use chrono::TimeDelta;
use serde_json::{Value, json};
use sira::grant::Scope;
use sira_domain::role::Role;
use sira_numbers::Position;
use sira_projections::case_identity::NAME as PROJECTION;
use sqlx::Connection as _;
use tokio::time::Instant;

use super::app::{Reply, TestApp, office, region, registration, with};
use crate::on_both_engines;
use crate::support::Engine;

/// An invented person: name, birth year, locality, phone, national id.
fn person(programme: &str, name: &str, year: i32, more: &Value) -> Value {
    let mut identity = json!({ "name": name, "locality": "Boussin" });
    identity.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    with(with(registration(programme), "/identity", identity), "/birth_year", json!(year))
}

/// Registers, and waits until the read side knows.
async fn told(app: &TestApp, body: &Value) -> Value {
    let token = app.token(Role::Adviser).await;
    let answer = app.post(&token, "/v1/beneficiaries", body).await.ok(201);
    reached(app, at(&answer)).await;
    answer
}

/// The position that an answer names.
fn at(answer: &Value) -> Position {
    Position::of_count(answer["position"].as_u64().unwrap())
}

async fn reached(app: &TestApp, position: Position) {
    let until = Instant::now() + std::time::Duration::from_secs(20);
    while app.read.position(app.commands.journal().id(), PROJECTION).await.unwrap() < position {
        assert!(Instant::now() < until, "{:?}", app.projections.status());
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

async fn worklist(app: &TestApp, token: &str, query: &str, position: Position) -> Reply {
    let request = app.request(reqwest::Method::GET, &format!("/v1/worklists/duplicates{query}"));
    Reply::of(request.bearer_auth(token).header("Sira-Min-Position", position.get())).await
}

/// The worklist as an administrator sees it, up to the journal's end.
async fn pairs(app: &TestApp) -> Vec<Value> {
    let token = app.token(Role::Admin).await;
    let head = app.commands.journal().head().await.unwrap().position;
    let reply = worklist(app, &token, "", head).await;
    assert!(
        reply.header("sira-position").parse::<Position>().unwrap() >= head || reply.status != 200
    );
    reply.ok(200)["items"].as_array().unwrap().clone()
}

/// Ids and reasons of an answer's duplicates.
fn proposed(answer: &Value) -> Vec<(Value, Value)> {
    let duplicates = answer["duplicates"].as_array().cloned().unwrap_or_default();
    duplicates.iter().map(|found| (found["id"].clone(), found["reasons"].clone())).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

on_both_engines! {
    async fn a_registration_is_warned_of_id_phone_and_name(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let body = person(&programme, "Djénéba Koulibali-Essai", 1991,
            &json!({ "nina": "19901020304056K", "phone": "70000001" }));
        let first = told(&app, &body).await;
        assert!(first.get("duplicates").is_none(), "{first}");

        let same_id = person(&programme, "Autre Nom", 1970, &json!({ "nina": "19901020304056k" }));
        let answer = told(&app, &same_id).await;
        assert_eq!(proposed(&answer), [(first["id"].clone(), json!(["national_id"]))]);
        let found = &answer["duplicates"][0];
        assert_eq!((&found["score"], &found["office"]), (&json!(100), &json!("segou-1")));
        assert_eq!(found["reference"], first["reference"]);
        assert_eq!(found.as_object().unwrap().len(), 5, "ids and references only: {found}");

        let same_phone = person(&programme, "Tout Autre", 1970, &json!({ "phone": "+223 70 00 00 01" }));
        let answer = told(&app, &same_phone).await;
        assert_eq!(proposed(&answer), [(first["id"].clone(), json!(["phone"]))]);

        let alike = person(&programme, "ESSAI COULIBALY Jeneba", 1992, &json!({}));
        let answer = told(&app, &alike).await;
        assert_eq!(proposed(&answer), [(first["id"].clone(), json!(["name_birth_locality"]))]);

        let brother = person(&programme, "Moussa Koulibali-Essai", 1994, &json!({ "phone": "70000001" }));
        let answer = told(&app, &brother).await;
        assert!(proposed(&answer).iter().all(|(_, reasons)| *reasons == json!(["phone"])), "{answer}");
        let elsewhere = with(person(&programme, "Djénéba Coulibaly Essai", 1991, &json!({})),
            "/identity/locality", json!("Katiena"));
        assert_eq!(proposed(&told(&app, &elsewhere).await), []);
    }

    async fn a_retry_gets_the_same_warning(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let body = person(&programme, "Awa Essai", 1991, &json!({ "phone": "70000001" }));
        told(&app, &body).await;
        let token = app.token(Role::Adviser).await;
        let send = async || app.keyed(&token, "/v1/beneficiaries", "essai-1", &body).await;
        let first = send().await.ok(201);
        assert_eq!(proposed(&first).len(), 1);
        reached(&app, at(&first)).await;
        let again = send().await;
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!(again.ok(201), first);
    }

    async fn two_offices_at_once_reach_the_worklist_once(engine) {
        let (one, other) = (TestApp::on(engine).await, TestApp::on(engine).await);
        let programme = one.programme().await;
        let body = person(&programme, "Mariam Essai", 1991, &json!({}));
        let elsewhere = with(body.clone(), "/office", json!("mopti-1"));
        let (ours, theirs) = (one.token(Role::Adviser).await, other.token(Role::Adviser).await);
        let (first, second) = tokio::join!(
            one.post(&ours, "/v1/beneficiaries", &body),
            other.post(&theirs, "/v1/beneficiaries", &elsewhere)
        );
        let (first, second) = (first.ok(201), second.ok(201));
        for app in [&one, &other] {
            let listed = pairs(app).await;
            let [pair] = &listed[..] else { panic!("{listed:?}") };
            let mut ids = [text(&pair["one"]["id"]), text(&pair["other"]["id"])];
            let mut registered = [text(&first["id"]), text(&second["id"])];
            ids.sort_unstable();
            registered.sort_unstable();
            assert_eq!(ids, registered);
            let last = first["position"].as_u64().max(second["position"].as_u64());
            assert_eq!(pair["found_position"].as_u64(), last);
            assert_eq!(pair["reasons"], json!(["name_birth_locality"]));
        }
    }

    async fn erasure_retraction_and_correction_empty_the_worklist(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let body = person(&programme, "Oumou Essai", 1991, &json!({ "phone": "70000001" }));
        let mut ids = Vec::new();
        for _ in 0..4 {
            ids.push(text(&told(&app, &body).await["id"]).to_owned());
        }
        assert_eq!(pairs(&app).await.len(), 6);
        app.done(Role::Admin, &ids[0], "erase-personal-data", &json!({ "ground": "request" })).await;
        assert_eq!(pairs(&app).await.len(), 3);
        let wrong = json!({ "sequence": 1, "reason": "Erreur" });
        app.done(Role::Director, &ids[1], "retract", &wrong).await;
        assert_eq!(pairs(&app).await.len(), 1);
        let corrected = json!({ "identity": { "name": "Tout Autre Personne", "phone": null, "locality": "Boussin" } });
        app.done(Role::Adviser, &ids[2], "update-identity", &corrected).await;
        assert_eq!(pairs(&app).await.len(), 0);
        // Its own words again: the correction is retracted.
        let correction = json!({ "sequence": 2, "reason": "Erreur" });
        app.done(Role::Director, &ids[2], "retract", &correction).await;
        assert_eq!(pairs(&app).await.len(), 1);
        let back = json!({ "identity": body["identity"] });
        let answer = app.done(Role::Adviser, &ids[3], "update-identity",
            &with(back, "/identity/phone", json!("70000002"))).await;
        assert_eq!(proposed(&answer).len(), 1, "{answer}");
    }

    async fn a_decided_pair_is_no_longer_open(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let body = person(&programme, "Sitan Essai", 1991, &json!({}));
        let (first, second) = (told(&app, &body).await, told(&app, &body).await);
        assert_eq!(pairs(&app).await.len(), 1);
        let link = json!({ "continues": first["id"] });
        app.done(Role::Director, text(&second["id"]), "link-duplicate", &link).await;
        assert_eq!(pairs(&app).await, Vec::<Value>::new());
        let reason = json!({ "reason": "Deux cousines" });
        app.done(Role::Director, text(&second["id"]), "unlink-duplicate", &reason).await;
        assert_eq!(pairs(&app).await, Vec::<Value>::new());
    }

    async fn a_slip_of_the_pen_and_a_day_of_birth_are_enough_and_a_family_phone_is_not(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let born = |day: &str| json!({ "birth_date": day, "phone": "70000001" });
        let first = told(&app, &person(&programme, "Mariam Dembélé", 1991, &born("1991-03-12"))).await;

        let slip = person(&programme, "Mariam Dembéké", 1991, &json!({}));
        assert_eq!(proposed(&told(&app, &slip).await), [(first["id"].clone(), json!(["name_birth_locality"]))]);

        let twin = person(&programme, "Fanta Dembélé", 1991, &born("1991-03-12"));
        let sister = person(&programme, "Rokia Dembélé", 1994, &json!({ "phone": "70000001" }));
        for other in [twin, sister] {
            assert_eq!(proposed(&told(&app, &other).await), []);
        }

        let moved = person(&programme, "Mariam Dembélé", 1991, &json!({ "birth_date": "1991-03-12", "locality": "Djenné" }));
        let moved = with(with(moved, "/region", json!("mopti")), "/office", json!("mopti-1"));
        assert_eq!(proposed(&told(&app, &moved).await), [(first["id"].clone(), json!(["name_birth_date"]))]);

        let namesake = person(&programme, "Mariam Dembélé", 1991, &json!({ "birth_date": "1991-10-25" }));
        let found = proposed(&told(&app, &namesake).await);
        assert!(found.iter().all(|(id, _)| *id != first["id"]), "another day is another person: {found:?}");
    }

    async fn a_dismissed_pair_is_proposed_no_more_until_it_is_reconsidered(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let body = person(&programme, "Sali Essai", 1991, &json!({ "phone": "70000001" }));
        let (first, second) = (told(&app, &body).await, told(&app, &body).await);
        let (one, other) = (text(&first["id"]), text(&second["id"]));
        assert_eq!(pairs(&app).await.len(), 1);
        let dismissal = json!({ "other": first["reference"], "reason": "Deux cousines" });
        app.done(Role::Director, other, "dismiss-duplicate", &dismissal).await;
        assert_eq!(pairs(&app).await, Vec::<Value>::new());
        // Neither in the worklist nor in an answer, whichever of the two is told again.
        for id in [one, other] {
            let again = json!({ "identity": with(body["identity"].clone(), "/phone", json!("70000002")) });
            assert_eq!(proposed(&app.done(Role::Adviser, id, "update-identity", &again).await), []);
        }
        assert_eq!(pairs(&app).await, Vec::<Value>::new());
        // A third person of the name is proposed with both, and they still not with each other.
        told(&app, &body).await;
        assert_eq!(pairs(&app).await.len(), 2);

        let director = app.token(Role::Director).await;
        let command = |id: &str, word: &str| format!("/v1/beneficiaries/{id}/commands/{word}");
        let twice = json!({ "other": other, "reason": "Encore" });
        assert_eq!(app.post(&director, &command(one, "dismiss-duplicate"), &twice).await.error(409, "refused").1, "already_settled");
        let back = json!({ "other": other, "reason": "La même personne, après tout" });
        app.done(Role::Director, one, "reconsider-duplicate", &back).await;
        assert_eq!(pairs(&app).await.len(), 3);
        app.post(&director, &command(one, "reconsider-duplicate"), &back).await.ok(200);
        let never = json!({ "other": one, "reason": "Jamais écarté" });
        assert_eq!(app.post(&director, &command(other, "reconsider-duplicate"), &never).await.error(409, "refused").1, "unknown_item");
        // A link takes a dismissal back as well.
        app.done(Role::Director, other, "dismiss-duplicate", &dismissal).await;
        app.done(Role::Director, other, "link-duplicate", &json!({ "continues": one })).await;
        assert_eq!(app.post(&director, &command(one, "dismiss-duplicate"), &twice).await.error(409, "refused").1, "already_settled");
        let adviser = app.token(Role::Adviser).await;
        app.post(&adviser, &command(one, "dismiss-duplicate"), &twice).await.problem(403, "forbidden");
    }

    async fn a_pair_across_programmes_is_dismissed_by_whoever_reaches_both(engine) {
        let app = TestApp::on(engine).await;
        let (here, there) = (app.programme().await, app.programme().await);
        let body = |programme: &str| person(programme, "Batoma Essai", 1991, &json!({ "phone": "70000001" }));
        let (first, second) = (told(&app, &body(&here)).await, told(&app, &body(&there)).await);
        assert_eq!(pairs(&app).await.len(), 1);
        let id = text(&second["id"]);
        let director = app.token(Role::Director).await;
        let path = |word: &str| format!("/v1/beneficiaries/{id}/commands/{word}");
        let link = json!({ "continues": first["id"] });
        assert_eq!(app.post(&director, &path("link-duplicate"), &link).await.error(409, "refused").1, "other_programme");
        let dismissal = json!({ "other": first["id"], "reason": "Deux personnes" });
        let of_one = app.token_of("directrice-2", Role::Director, office(&there, "segou-1")).await;
        assert_eq!(app.post(&of_one, &path("dismiss-duplicate"), &dismissal).await.error(409, "refused").1, "unknown_item");
        assert_eq!(pairs(&app).await.len(), 1);
        app.done(Role::Director, id, "dismiss-duplicate", &dismissal).await;
        assert_eq!(pairs(&app).await, Vec::<Value>::new());
    }

    async fn a_frozen_path_is_never_proposed_and_a_person_once(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let body = person(&programme, "Nassira Essai", 1991, &json!({ "phone": "70000001" }));
        let (first, second, third) = (told(&app, &body).await, told(&app, &body).await, told(&app, &body).await);
        assert_eq!(pairs(&app).await.len(), 3);
        let link = json!({ "continues": first["id"] });
        app.done(Role::Director, text(&second["id"]), "link-duplicate", &link).await;
        let listed = pairs(&app).await;
        let [pair] = &listed[..] else { panic!("{listed:?}") };
        let ids = [&pair["one"]["id"], &pair["other"]["id"]];
        assert!(ids.contains(&&first["id"]) && ids.contains(&&third["id"]), "{pair}");
        // The one who goes on is told otherwise, and is still found by what the frozen path says.
        let corrected = json!({ "identity": { "name": "Tout Autre Personne", "locality": "Boussin" } });
        app.done(Role::Adviser, text(&first["id"]), "update-identity", &corrected).await;
        let answer = told(&app, &body).await;
        let mut found: Vec<Value> = proposed(&answer).into_iter().map(|(id, _)| id).collect();
        found.sort_by_key(Value::to_string);
        let mut expected = vec![first["id"].clone(), third["id"].clone()];
        expected.sort_by_key(Value::to_string);
        assert_eq!(found, expected, "one proposal a person");
        // Unlinked, it is somebody again.
        let reason = json!({ "reason": "Deux personnes" });
        app.done(Role::Director, text(&second["id"]), "unlink-duplicate", &reason).await;
        let listed = pairs(&app).await;
        assert!(listed.iter().any(|pair| [&pair["one"]["id"], &pair["other"]["id"]].contains(&&second["id"])), "{listed:?}");
    }

    async fn whoever_is_like_a_frozen_path_stays_proposed_when_the_person_is_told_anew(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let frozen = told(&app, &person(&programme, "Sitan Essai", 1991, &json!({}))).await;
        let alike = told(&app, &person(&programme, "Sitan Essai", 1991, &json!({}))).await;
        let continues = told(&app, &person(&programme, "Autre Nomentier", 1960, &json!({}))).await;
        let link = json!({ "continues": continues["id"] });
        app.done(Role::Director, text(&frozen["id"]), "link-duplicate", &link).await;
        let proposed = async || {
            let all = pairs(&app).await;
            let ids: Vec<_> = all.iter().flat_map(|pair| ["one", "other"].map(|side| pair[side]["id"].clone())).collect();
            assert_eq!(ids.len(), 2, "{all:?}");
            assert!(ids.contains(&continues["id"]) && ids.contains(&alike["id"]), "{all:?}");
        };
        proposed().await;
        let change = json!({ "identity": { "phone": "70000009" } });
        app.done(Role::Adviser, text(&continues["id"]), "update-identity", &change).await;
        proposed().await;
    }

    async fn the_worklist_is_paged_and_kept_to_the_callers_reach(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let body = person(&programme, "Kadia Essai", 1991, &json!({}));
        told(&app, &body).await;
        // In the charge of Mopti, living in Ségou: one path of each of its pairs is in Ségou.
        told(&app, &with(body.clone(), "/office", json!("mopti-1"))).await;
        let last = told(&app, &with(body, "/birth_year", json!(1992))).await;
        let position = at(&last);
        let admin = app.token(Role::Admin).await;
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = worklist(&app, &admin, &format!("?limit=1{cursor}"), position).await.ok(200);
            seen.extend(page["items"].as_array().unwrap().iter().map(|pair| {
                (pair["score"].as_u64().unwrap(), pair["one"]["id"].clone(), pair["other"]["id"].clone())
            }));
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen.len(), 3, "{seen:?}");
        assert!(seen.is_sorted_by(|a, b| a.0 >= b.0) && seen[0] != seen[1] && seen[1] != seen[2]);
        for (scope, count) in [(office(&programme, "segou-1"), 3), (office(&programme, "mopti-1"), 2), (region("mopti"), 2),
                               (region("segou"), 3), (region("kayes"), 0), (Scope::Offices(vec![]), 0)] {
            let token = app.token_of("agent", Role::Director, scope.clone()).await;
            let listed = worklist(&app, &token, "", position).await.ok(200);
            assert_eq!(listed["items"].as_array().unwrap().len(), count, "{scope:?}");
        }
        let trainer = app.token(Role::Trainer).await;
        worklist(&app, &trainer, "", 0.into()).await.problem(403, "forbidden");
        for query in ["?cursor=x", "?limit=x", "?page=2"] {
            worklist(&app, &admin, query, 0.into()).await.problem(400, "bad-parameter");
        }
        let ahead = worklist(&app, &admin, "", position.plus(1_000)).await;
        ahead.problem(503, "behind");
        assert_eq!(ahead.header("retry-after"), "1");
    }

    async fn nothing_personal_is_in_clear_in_the_read_side(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let body = person(&programme, "Zoumbalé Imaginaire", 1991,
            &json!({ "phone": "70000001", "nina": "19901020304056K" }));
        told(&app, &body).await;
        told(&app, &body).await;
        let dump = crate::read_side::dump(&app.read).await.join("\n").to_lowercase();
        assert!(dump.contains("sealed:v1:") && dump.contains("national_id"), "{dump}");
        for word in ["zoumbal", "imaginaire", "70000001", "1990102", "boussin", "smbl"] {
            assert!(!dump.contains(word), "{word}: {dump}");
        }
    }

    async fn a_read_side_that_is_away_forbids_no_registration(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let body = person(&programme, "Batoma Essai", 1991, &json!({}));
        told(&app, &body).await;
        app.read.close().await;
        let token = app.token(Role::Adviser).await;
        let started = Instant::now();
        for _ in 0..3 {
            let answer = app.post(&token, "/v1/beneficiaries", &body).await.ok(201);
            assert!(answer.get("duplicates").is_none());
        }
        assert!(started.elapsed() < TimeDelta::seconds(5).to_std().unwrap());
        let admin = app.token(Role::Admin).await;
        worklist(&app, &admin, "", 0.into()).await.problem(503, "unavailable");
    }
}

/// How often everybody was read from one end to the other, and how often one by the key.
async fn reads_of_people(url: &str) -> (i64, i64) {
    let mut db = sqlx::PgConnection::connect(url).await.unwrap();
    sqlx::query_as(
        "SELECT coalesce(seq_scan, 0), coalesce(idx_scan, 0) FROM pg_stat_all_tables
          WHERE schemaname = 'identity' AND relname = 'case_identity'",
    )
    .fetch_one(&mut db)
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_alike_is_found_without_reading_everybody_on_postgres() {
    const PEOPLE: i64 = 60;
    let engine = Engine::postgres().await;
    let app = TestApp::on(&engine).await;
    let programme = app.programme().await;
    let mut last = Position::START;
    let token = app.token(Role::Adviser).await;
    for number in 0..PEOPLE {
        let more = json!({ "phone": format!("7600000{}", number % 5) });
        let body = person(&programme, &format!("Essai {number}"), 1990, &more);
        last = at(&app.post(&token, "/v1/beneficiaries", &body).await.ok(201));
    }
    reached(&app, last).await;
    // The server's counts come a moment later.
    let until = Instant::now() + std::time::Duration::from_secs(30);
    loop {
        let (whole, by_key) = reads_of_people(engine.url()).await;
        assert!(whole < PEOPLE / 4, "everybody was read {whole} times");
        if by_key >= PEOPLE / 2 {
            break;
        }
        assert!(Instant::now() < until, "nobody was looked up by the key: {by_key}");
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
}
