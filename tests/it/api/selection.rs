//! Selections that can be defended: lotteries that are drawn again, ranked lists and the turn of those who wait,
//! and numbers that the programme does not hold plausible.

use serde_json::{Value, json};
use sira_domain::role::Role;

use crate::support::program::sira;

use super::app::{Reply, TestApp, region, registration, steps, with};

/// A person after these steps; the id.
async fn person(app: &TestApp, programme: &str, last: &str) -> String {
    let id = app.register(programme).await["id"].as_str().unwrap().to_owned();
    app.walk(&id, &steps(), last).await;
    id
}

async fn eligible(app: &TestApp, programme: &str) -> String {
    person(app, programme, "assess-eligibility").await
}

/// An eligible person whose interview came to this total.
pub async fn interviewed(app: &TestApp, programme: &str, sex: &str, score: u32) -> String {
    let adviser = app.token(Role::Adviser).await;
    let body = with(registration(programme), "/sex", json!(sex));
    let done = app.post(&adviser, "/v1/beneficiaries", &body).await.ok(201);
    let id = done["id"].as_str().unwrap().to_owned();
    app.walk(&id, &steps(), "assess-eligibility").await;
    let sheet = json!({ "occurred_on": "2022-02-05", "scores": [{ "criterion": "idea", "score": score, "out_of": 100 }] });
    app.done(Role::Adviser, &id, "record-interview", &sheet).await;
    id
}

pub async fn of_programme(
    app: &TestApp,
    role: Role,
    programme: &str,
    word: &str,
    body: &Value,
) -> Reply {
    let token = app.token(role).await;
    app.command_of(&token, "programmes", programme, word, body).await
}

fn lottery(session: &str, entries: &[&String]) -> Value {
    json!({ "occurred_on": "2022-02-06", "session": session, "seed": "boules 7 31 4", "places": 1, "entries": entries })
}

fn decision(decision: &str, session: &str) -> Value {
    json!({ "occurred_on": "2022-02-20", "decision": decision, "method": "committee", "session": session })
}

async fn decide(app: &TestApp, id: &str, body: &Value) -> Reply {
    let committee = app.token(Role::Committee).await;
    app.command(&committee, id, "decide-selection", body).await
}

crate::on_both_engines! {
    async fn a_lottery_is_drawn_among_the_eligible_once_and_can_be_drawn_again(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let other = app.programme().await;
        let (one, two) = (eligible(&app, &programme).await, eligible(&app, &programme).await);
        let registered = app.register(&programme).await["id"].as_str().unwrap().to_owned();
        let elsewhere = eligible(&app, &other).await;
        let stranger = uuid::Uuid::now_v7().to_string();
        let record = async |body: Value| of_programme(&app, Role::Director, &programme, "record-lottery", &body).await;
        for (entry, rule) in [(&registered, "wrong_stage"), (&elsewhere, "other_programme"), (&stranger, "unknown_item"), (&one, "already_settled")] {
            let refused = record(lottery("tirage", &[&one, entry])).await.error(409, "refused");
            assert_eq!(refused, ("/entries/1".to_owned(), rule.to_owned()));
        }
        let drawn = record(lottery("tirage", &[&one, &two])).await.ok(200);
        assert_eq!(drawn["events"], json!(["LotteryDrawn"]));
        assert_eq!(record(lottery("tirage", &[&one, &two])).await.ok(200)["already_done"], json!(true));
        // A list is drawn once: nobody on it is drawn again before the decision.
        assert_eq!(record(lottery("autre", &[&two, &one])).await.error(409, "refused").1, "already_settled");
        let path = format!("/v1/programmes/{programme}/lotteries/tirage");
        let director = app.token(Role::Director).await;
        app.caught_up().await;
        let shown = app.get(&director, &path).await.ok(200);
        assert_eq!((shown["holds"].clone(), shown["entered"].clone(), shown["drawn"].clone()), (json!(true), json!(2), json!(1)));
        let ranks = shown["ranks"].as_array().unwrap();
        assert!(ranks[0]["lot"].as_str() < ranks[1]["lot"].as_str() && ranks[0]["drawn"] == json!(true) && ranks[1]["drawn"] == json!(false));
        for (role, scope) in [(Role::Adviser, region("mopti")), (Role::Analyst, sira::grant::Scope::All)] {
            let far = app.token_of("loin", role, scope).await;
            let reply = app.get(&far, &path).await;
            let told = reply.ok(200);
            assert_eq!((told["ranks"].clone(), told["entered_out_of_reach"].clone(), told["drawn_out_of_reach"].clone()), (json!([]), json!(2), json!(1)));
            assert!(!reply.text.contains(&one) && !reply.text.contains(&two));
            assert_eq!(told["result_sha256"], shown["result_sha256"]);
        }
        app.get(&director, &format!("/v1/programmes/{programme}/lotteries/autre")).await.problem(404, "not-found");
        let verified = sira(engine, &["lottery", "verify", "--programme", &programme]);
        assert_eq!(verified.status.code(), Some(0), "{}", String::from_utf8_lossy(&verified.stderr));
        // Whoever was drawn is selected, and the other is not.
        let winner = ranks[0]["id"].as_str().unwrap();
        let mut body = decision("selected", "tirage");
        body["method"] = json!("lottery");
        decide(&app, winner, &body).await.ok(200);
    }

    async fn who_waits_is_selected_in_the_order_of_the_ranks(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let mut ids = Vec::new();
        for score in [60, 90, 80, 70] {
            ids.push(interviewed(&app, &programme, "female", score).await);
        }
        app.caught_up().await;
        let committee = app.token(Role::Committee).await;
        let waiting = app.get(&committee, &format!("/v1/worklists/candidates?programme={programme}")).await.ok(200);
        let scores: Vec<_> = waiting["items"].as_array().unwrap().iter().map(|one| one["score"].clone()).collect();
        assert_eq!(scores, [json!(90), json!(80), json!(70), json!(60)]);
        let list = json!({ "occurred_on": "2022-02-08", "session": "s1", "seats": 1, "entries": ids });
        let ranked = of_programme(&app, Role::Committee, &programme, "rank-candidates", &list).await.ok(200);
        assert_eq!(ranked["events"], json!(["CandidatesRanked"]));
        // Somebody who stands on no list is not selected by it.
        let stranger = interviewed(&app, &programme, "female", 95).await;
        assert_eq!(decide(&app, &stranger, &decision("selected", "s1")).await.error(409, "refused").1, "unknown_item");
        decide(&app, &ids[1], &decision("selected", "s1")).await.ok(200);
        for id in [&ids[2], &ids[3]] {
            decide(&app, id, &decision("waitlisted", "s1")).await.ok(200);
        }
        assert_eq!(decide(&app, &ids[2], &decision("selected", "s1")).await.error(409, "refused").1, "above_limit");
        app.done(Role::Adviser, &ids[1], "exit", &json!({ "occurred_on": "2022-02-21", "reason": "moved" })).await;
        let mut promoted = decision("selected", "s1");
        promoted["occurred_on"] = json!("2022-02-22");
        let refused = decide(&app, &ids[3], &promoted).await;
        assert_eq!(refused.error(409, "refused"), ("/reason".to_owned(), "out_of_rank".to_owned()));
        assert!(refused.text.contains("le rang 3 passe avant le rang 2"), "{}", refused.text);
        // Two at once for one place: one of them has it.
        let with_reason = with(promoted.clone(), "/reason", json!("Vit dans le village du centre"));
        let both = futures::future::join(decide(&app, &ids[3], &with_reason), decide(&app, &ids[2], &promoted)).await;
        let statuses = [both.0.status, both.1.status];
        assert!(statuses == [200, 409] || statuses == [409, 200], "{statuses:?}");
        app.caught_up().await;
        let shown = app.get(&committee, &format!("/v1/worklists/candidates?programme={programme}&session=s1")).await.ok(200);
        assert_eq!((shown["seats"].clone(), shown["items"][0]["decision"].clone(), shown["items"][3]["decision"].clone()), (json!(1), json!("selected"), Value::Null));
        let far = app.token_of("loin", Role::Adviser, region("mopti")).await;
        let told = app.get(&far, &format!("/v1/worklists/candidates?programme={programme}&session=s1")).await.ok(200);
        assert_eq!((told["items"].clone(), told["out_of_reach"].clone()), (json!([]), json!(4)));
    }

    async fn a_retry_of_a_ranking_has_its_first_answer_whatever_became_of_the_list(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let ids = [interviewed(&app, &programme, "female", 60).await, interviewed(&app, &programme, "female", 90).await];
        let committee = app.token(Role::Committee).await;
        let path = format!("/v1/programmes/{programme}/commands/rank-candidates");
        let list = json!({ "occurred_on": "2022-02-08", "session": "s1", "seats": 1, "entries": ids });
        let first = app.keyed(&committee, &path, "k-1", &list).await;
        let version = first.ok(200)["version"].clone();
        // A rehearsal of a decision out of turn is refused as the decision would be.
        let (id, body) = (ids[0].parse().unwrap(), decision("selected", "s1").as_object().unwrap().clone());
        let by = sira::commands::Call::local("comite".parse().unwrap(), Role::Committee, "r".to_owned());
        let entry = sira_domain::path::BENEFICIARY_COMMANDS.iter().find(|entry| entry.word == "decide-selection").unwrap();
        let rehearsed = app.commands.rehearse(id, entry, body, &by, &mut None).await;
        assert!(matches!(rehearsed, Err(sira::commands::CommandError::Refused(_))), "{rehearsed:?}");
        let back = json!({ "sequence": version, "reason": "Mauvaise liste" });
        of_programme(&app, Role::Director, &programme, "retract", &back).await.ok(200);
        app.done(Role::Adviser, &ids[0], "exit", &json!({ "occurred_on": "2022-02-21", "reason": "moved" })).await;
        app.keyed(&committee, &path, "k-2", &list).await.problem(409, "refused");
        let again = app.keyed(&committee, &path, "k-1", &list).await;
        assert_eq!((again.status, &again.text), (200, &first.text));
    }

    async fn a_draw_that_was_taken_back_is_not_verified_as_one_that_stands(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let (one, two) = (eligible(&app, &programme).await, eligible(&app, &programme).await);
        let drawn = of_programme(&app, Role::Director, &programme, "record-lottery", &lottery("tirage", &[&one, &two])).await;
        let back = json!({ "sequence": drawn.ok(200)["version"], "reason": "Mauvaise liste" });
        of_programme(&app, Role::Director, &programme, "retract", &back).await.ok(200);
        let verified = sira(engine, &["lottery", "verify", "--programme", &programme, "--session", "tirage"]);
        assert_ne!(verified.status.code(), Some(0));
    }

    async fn a_quota_refuses_with_the_numbers_and_a_list_is_needed_where_there_is_one(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let rules = json!({ "occurred_on": "2022-01-01", "effective_from": "2022-01-01", "rules": {
            "selection_quotas": [{ "sex": "female", "min_percent": 50 }], "tie_breakers": ["women_first"] } });
        of_programme(&app, Role::Director, &programme, "set-rules", &rules).await.ok(200);
        let mut ids = Vec::new();
        for (sex, score) in [("male", 90), ("male", 80), ("female", 70)] {
            ids.push(interviewed(&app, &programme, sex, score).await);
        }
        let selected = decision("selected", "s1");
        assert_eq!(decide(&app, &ids[0], &selected).await.error(409, "refused").1, "unknown_item");
        let list = json!({ "occurred_on": "2022-02-08", "session": "s1", "seats": 2, "entries": ids });
        of_programme(&app, Role::Committee, &programme, "rank-candidates", &list).await.ok(200);
        decide(&app, &ids[0], &selected).await.ok(200);
        let refused = decide(&app, &ids[1], &selected).await;
        assert_eq!(refused.error(409, "refused").1, "quota_broken");
        assert!(refused.text.contains("50 %"), "{}", refused.text);
        let mut other = selected.clone();
        other["reason"] = json!("Le deuxième homme n'a plus de place");
        decide(&app, &ids[2], &other).await.ok(200);
    }

    async fn what_is_entered_late_is_judged_by_its_day(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let cohort = app.cohort(&programme, "groupe-1", 5).await;
        let mut ids = Vec::new();
        for on in ["2022-02-20", "2022-02-20", "2022-03-09"] {
            let id = person(&app, &programme, "decide-selection").await;
            app.done(Role::Adviser, &id, "enrol-in-training", &json!({ "occurred_on": on, "cohort": cohort })).await;
            ids.push(id);
        }
        let trainer = app.token(Role::Trainer).await;
        let session = json!({ "occurred_on": "2022-02-21", "session": "s1", "on": "2022-03-04", "hours": 6 });
        app.command_of(&trainer, "cohorts", &cohort, "schedule-session", &session).await.ok(200);
        app.done(Role::Adviser, &ids[1], "exit", &json!({ "occurred_on": "2022-03-10", "reason": "moved" })).await;
        let register = async |on_sheet: &[String]| {
            let lines: Vec<_> = on_sheet.iter().map(|id| json!({ "beneficiary": id, "present": true })).collect();
            app.command_of(&trainer, "cohorts", &cohort, "record-register", &json!({ "session": "s1", "lines": lines })).await
        };
        assert_eq!(register(&ids).await.error(409, "refused"), ("/lines/2".to_owned(), "date_too_early".to_owned()));
        assert_eq!(register(&ids[..1]).await.error(409, "refused").1, "missing_step");
        assert_eq!(register(&ids[..2]).await.ok(200)["events"].as_array().unwrap().len(), 3);
        // A visit of a day on which the path was active, entered while it is suspended.
        let followed = person(&app, &programme, "record-business-start").await;
        app.done(Role::Adviser, &followed, "suspend", &json!({ "occurred_on": "2022-06-01", "reason": "insecurity" })).await;
        let support = |on: &str| json!({ "occurred_on": on, "kind": "coaching" });
        app.done(Role::Adviser, &followed, "record-support", &support("2022-05-31")).await;
        let adviser = app.token(Role::Adviser).await;
        let refused = app.command(&adviser, &followed, "record-support", &support("2022-06-02")).await;
        assert_eq!(refused.error(409, "refused").1, "wrong_status");
        assert!(refused.text.contains("depuis le 2022-06-01"), "{}", refused.text);
    }

    async fn what_lies_too_far_back_is_recorded_by_a_director_with_a_reason(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let followed = person(&app, &programme, "record-business-start").await;
        let rules = json!({ "occurred_on": "2022-01-01", "effective_from": "2022-01-01", "rules": { "backdating_days": 30 } });
        of_programme(&app, Role::Director, &programme, "set-rules", &rules).await.ok(200);
        let adviser = app.token(Role::Adviser).await;
        let director = app.token(Role::Director).await;
        let support = json!({ "occurred_on": "2022-05-31", "kind": "coaching" });
        let late = with(support.clone(), "/backdating_reason", json!("no_network"));
        for (token, body) in [(&adviser, &support), (&adviser, &late), (&director, &support)] {
            let refused = app.command(token, &followed, "record-support", body).await.error(409, "refused");
            assert_eq!(refused, ("/occurred_on".to_owned(), "too_far_back".to_owned()));
        }
        let wrong = with(support.clone(), "/backdating_reason", json!("parce que"));
        assert_eq!(app.command(&director, &followed, "record-support", &wrong).await.error(422, "invalid-body").0, "/backdating_reason");
        app.command(&director, &followed, "record-support", &late).await.ok(200);
        let history = app.get(&director, &format!("/v1/beneficiaries/{followed}/history")).await.ok(200);
        assert_eq!(history["events"].as_array().unwrap().last().unwrap()["backdating_reason"], json!("no_network"));
    }

    async fn a_number_that_is_not_plausible_is_warned_of_or_refused(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let followed = person(&app, &programme, "record-business-start").await;
        let rules = json!({ "occurred_on": "2022-01-01", "effective_from": "2022-01-01", "rules": { "plausibility": {
            "visit_revenue": { "warn_above": 1_000_000, "refuse_above": 10_000_000 } } } });
        of_programme(&app, Role::Director, &programme, "set-rules", &rules).await.ok(200);
        let visit = |revenue: u64, under_35: u32| json!({ "occurred_on": "2022-06-01", "business_status": "trading", "monthly_revenue": revenue,
            "jobs": { "women": 1, "men": 1, "under_35": under_35, "full_time_hundredths": 200 } });
        let adviser = app.token(Role::Adviser).await;
        let refused = app.command(&adviser, &followed, "record-visit", &visit(100_000_000_000, 2)).await.error(409, "refused");
        assert_eq!(refused, ("/monthly_revenue".to_owned(), "amount_above_limit".to_owned()));
        let refused = app.command(&adviser, &followed, "record-visit", &visit(1_000, 50)).await;
        assert_eq!(refused.error(409, "refused").1, "above_limit");
        assert!(refused.text.contains("50") && refused.text.contains('2'), "{}", refused.text);
        let done = app.command(&adviser, &followed, "record-visit", &visit(2_000_000, 2)).await.ok(200);
        let warned = &done["warnings"][0];
        assert_eq!((warned["pointer"].clone(), warned["rule"].clone()), (json!("/monthly_revenue"), json!("implausible")));
        assert!(warned["text"]["fr"].as_str().unwrap().contains("plausible") && warned["text"]["en"].is_string());
    }
}
