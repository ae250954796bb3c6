//! Seats and registers: the cohort and its members' paths in one append.

use serde_json::{Value, json};
use sira_domain::role::Role;
use sira_numbers::Position;

use super::app::{Reply, TestApp, office, region, steps};

/// A path that was selected; its id.
async fn selected(app: &TestApp, programme: &str) -> String {
    let id = app.register(programme).await["id"].as_str().unwrap().to_owned();
    app.walk(&id, &steps(), "decide-selection").await;
    id
}

fn seat(cohort: &str) -> Value {
    json!({ "occurred_on": "2022-02-20", "cohort": cohort })
}

/// A cohort with this many members and a session on 1 March 2022.
async fn class(app: &TestApp, programme: &str, members: usize) -> (String, Vec<String>) {
    let cohort = app.cohort(programme, "groupe-1", 40).await;
    let mut ids = Vec::new();
    for _ in 0..members {
        let id = selected(app, programme).await;
        app.done(Role::Adviser, &id, "enrol-in-training", &seat(&cohort)).await;
        ids.push(id);
    }
    let session = json!({ "occurred_on": "2022-02-21", "session": "s1", "on": "2022-03-01", "hours": 6, "module": "leadership" });
    let trainer = app.token(Role::Trainer).await;
    app.command_of(&trainer, "cohorts", &cohort, "schedule-session", &session).await.ok(200);
    (cohort, ids)
}

fn sheet(ids: &[String]) -> Value {
    let lines: Vec<Value> = ids
        .iter()
        .enumerate()
        .map(|(index, id)| json!({ "beneficiary": id, "present": index % 5 != 0 }))
        .collect();
    json!({ "session": "s1", "lines": lines })
}

async fn register(app: &TestApp, cohort: &str, sheet: &Value) -> Reply {
    let trainer = app.token(Role::Trainer).await;
    app.command_of(&trainer, "cohorts", cohort, "record-register", sheet).await
}

async fn head(app: &TestApp) -> Position {
    app.commands.journal().head().await.unwrap().position
}

crate::on_both_engines! {
    async fn a_seat_is_taken_and_given_back_in_both_streams(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let cohort = app.cohort(&programme, "groupe-1", 1).await;
        let (one, other) = (selected(&app, &programme).await, selected(&app, &programme).await);
        app.done(Role::Adviser, &one, "enrol-in-training", &seat(&cohort)).await;
        let adviser = app.token(Role::Adviser).await;
        let full = app.command(&adviser, &other, "enrol-in-training", &seat(&cohort)).await;
        assert_eq!(full.error(409, "refused").1, "above_limit");
        assert!(full.text.contains("le groupe compte 1 place ; il en faudrait 2"), "{}", full.text);
        app.done(Role::Adviser, &one, "withdraw-from-training", &json!({ "occurred_on": "2022-02-22", "comment": "Déménage" })).await;
        app.done(Role::Adviser, &other, "enrol-in-training", &seat(&cohort)).await;
        let shown = app.get(&adviser, &format!("/v1/cohorts/{cohort}")).await.ok(200);
        assert_eq!((shown["seats_taken"].clone(), shown["seats_free"].clone()), (json!(1), json!(0)));
        assert!(shown["members"].as_object().unwrap().contains_key(&other));
        let status = app.get(&adviser, &format!("/v1/beneficiaries/{other}")).await.ok(200);
        assert_eq!(status["enrolment"]["cohort"], json!(cohort));
    }

    async fn an_exit_gives_the_seat_back_in_the_same_append(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let cohort = app.cohort(&programme, "groupe-1", 1).await;
        let (one, other) = (selected(&app, &programme).await, selected(&app, &programme).await);
        app.done(Role::Adviser, &one, "enrol-in-training", &seat(&cohort)).await;
        let before = head(&app).await;
        let exit = json!({ "occurred_on": "2022-02-22", "reason": "moved" });
        let done = app.done(Role::Adviser, &one, "exit", &exit).await;
        assert_eq!((done["events"].clone(), head(&app).await.since(before)), (json!(["Exited"]), 2));
        assert_eq!(app.done(Role::Adviser, &one, "exit", &exit).await["already_done"], json!(true));
        app.done(Role::Adviser, &other, "enrol-in-training", &seat(&cohort)).await;
        let adviser = app.token(Role::Adviser).await;
        let shown = app.get(&adviser, &format!("/v1/cohorts/{cohort}")).await.ok(200);
        assert!(shown["members"].as_object().unwrap().contains_key(&other));
    }

    async fn who_joins_on_the_last_day_has_not_attended_the_sessions_before(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let (cohort, ids) = class(&app, &programme, 2).await;
        let trainer = app.token(Role::Trainer).await;
        let last = json!({ "occurred_on": "2022-02-21", "session": "s2", "on": "2022-03-02", "hours": 6 });
        app.command_of(&trainer, "cohorts", &cohort, "schedule-session", &last).await.ok(200);
        register(&app, &cohort, &json!({ "session": "s1", "lines": [
            { "beneficiary": ids[0], "present": true }, { "beneficiary": ids[1], "present": true }] })).await.ok(200);
        let late = selected(&app, &programme).await;
        app.done(Role::Adviser, &late, "enrol-in-training", &json!({ "occurred_on": "2022-03-02", "cohort": cohort })).await;
        let lines: Vec<Value> = ids.iter().chain([&late]).map(|id| json!({ "beneficiary": id, "present": true })).collect();
        register(&app, &cohort, &json!({ "session": "s2", "lines": lines })).await.ok(200);
        for id in [&ids[0], &late] {
            for module in ["leadership", "management", "processing", "social_entrepreneurship"] {
                let body = json!({ "occurred_on": "2022-03-20", "module": module, "score": 70 });
                app.done(Role::Trainer, id, "record-assessment", &body).await;
            }
        }
        let end = json!({ "occurred_on": "2022-04-01" });
        let refused = app.command(&trainer, &late, "complete-training", &end).await;
        assert_eq!(refused.error(409, "refused").1, "below_threshold");
        assert!(refused.text.contains("50 %"), "{}", refused.text);
        app.done(Role::Trainer, &ids[0], "complete-training", &end).await;
        let made_up = json!({ "occurred_on": "2022-03-05", "session": "rattrapage", "hours": 6, "present": true });
        app.done(Role::Trainer, &late, "record-attendance", &made_up).await;
        app.done(Role::Trainer, &late, "complete-training", &end).await;
        let shown = app.get(&trainer, &format!("/v1/beneficiaries/{late}")).await.ok(200);
        let minutes = ["cohort", "attended_minutes", "planned_minutes"].map(|field| shown["training"][field].clone());
        assert_eq!(minutes, [json!(cohort), json!(720), json!(720)], "what was made up counts once");
    }

    async fn two_hundred_callers_for_forty_seats_seat_exactly_forty(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let cohort = app.cohort(&programme, "groupe-1", 40).await;
        let paths = futures::future::join_all((0..200).map(|_| selected(&app, &programme))).await;
        let adviser = app.token(Role::Adviser).await;
        let body = seat(&cohort);
        let replies = futures::future::join_all(paths.iter().map(|id| app.command(&adviser, id, "enrol-in-training", &body))).await;
        let seated = replies.iter().filter(|reply| reply.status == 200).count();
        let refused = replies.iter().filter(|reply| reply.status != 200 && reply.error(409, "refused").1 == "above_limit").count();
        assert_eq!((seated, refused), (40, 160));
        let shown = app.get(&adviser, &format!("/v1/cohorts/{cohort}")).await.ok(200);
        assert_eq!(shown["members"].as_object().unwrap().len(), 40);
    }

    async fn a_register_records_every_member_in_one_append(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let (cohort, ids) = class(&app, &programme, 10).await;
        let before = head(&app).await;
        let answer = register(&app, &cohort, &sheet(&ids)).await.ok(200);
        assert_eq!(answer["events"].as_array().unwrap().len(), 11);
        assert_eq!(head(&app).await, before.plus(11));
        let adviser = app.token(Role::Adviser).await;
        for (index, id) in ids.iter().enumerate() {
            let status = app.get(&adviser, &format!("/v1/beneficiaries/{id}")).await.ok(200);
            assert_eq!(status["sessions"]["groupe-1.s1"], json!({ "on": "2022-03-01", "minutes": 360, "present": index % 5 != 0 }));
        }
        let again = register(&app, &cohort, &sheet(&ids)).await.ok(200);
        assert_eq!((again["already_done"].clone(), head(&app).await), (json!(true), before.plus(11)));
        let other = register(&app, &cohort, &json!({ "session": "s1", "lines": [{ "beneficiary": ids[0], "present": true }] })).await;
        assert_eq!(other.error(409, "refused").1, "already_done_otherwise");
    }

    async fn a_sheet_with_one_bad_line_changes_nothing_and_names_the_line(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let (cohort, ids) = class(&app, &programme, 4).await;
        let stranger = selected(&app, &programme).await;
        let before = head(&app).await;
        let lines_with = |extra: &str| sheet(&[&ids[..], &[extra.to_owned()]].concat());
        let cases = [
            (lines_with(&stranger), "/lines/4", "unknown_item"),
            (lines_with(&uuid::Uuid::now_v7().to_string()), "/lines/4", "unknown_item"),
            (lines_with(&ids[1]), "/lines/4", "already_done_otherwise"),
            (sheet(&ids[..3]), "/lines/3", "missing_step"),
        ];
        for (body, pointer, rule) in cases {
            let refused = register(&app, &cohort, &body).await.error(409, "refused");
            assert_eq!(refused, (pointer.to_owned(), rule.to_owned()), "{body}");
        }
        let (pointer, rule) = register(&app, &cohort, &json!({ "session": "s1", "lines": [{ "beneficiary": ids[0], "present": "oui" }] })).await.error(422, "invalid-body");
        assert_eq!((pointer.as_str(), rule.as_str()), ("/lines/0/present", "wrong_type"));
        assert_eq!(head(&app).await, before);
    }

    async fn a_member_who_left_or_is_suspended_needs_no_line(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let (cohort, ids) = class(&app, &programme, 3).await;
        app.done(Role::Adviser, &ids[0], "suspend", &json!({ "occurred_on": "2022-02-25", "reason": "illness" })).await;
        let refused = register(&app, &cohort, &sheet(&ids)).await.error(409, "refused");
        assert_eq!(refused, ("/lines/0".to_owned(), "wrong_status".to_owned()));
        let answer = register(&app, &cohort, &sheet(&ids[1..])).await.ok(200);
        assert_eq!(answer["events"].as_array().unwrap().len(), 3);
    }

    async fn members_may_stand_on_a_sheet_by_their_references(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let (cohort, ids) = class(&app, &programme, 2).await;
        let adviser = app.token(Role::Adviser).await;
        let mut references = Vec::new();
        for id in &ids {
            let status = app.get(&adviser, &format!("/v1/beneficiaries/{id}")).await.ok(200);
            references.push(status["reference"].as_str().unwrap().to_owned());
        }
        register(&app, &cohort, &sheet(&references)).await.ok(200);
        let wrong = sheet(&["RRZN-CR20-E".to_owned()]);
        assert_eq!(register(&app, &cohort, &wrong).await.error(422, "invalid-body").0, "/lines/0/beneficiary");
    }

    async fn a_closed_cohort_takes_nobody_and_one_of_another_place_is_out_of_scope(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let cohort = app.cohort(&programme, "groupe-1", 5).await;
        for scope in [office(&programme, "mopti-1"), region("mopti")] {
            let elsewhere = app.token_of("ailleurs", Role::Trainer, scope).await;
            app.get(&elsewhere, &format!("/v1/cohorts/{cohort}")).await.problem(404, "not-found");
            let session = json!({ "occurred_on": "2022-02-21", "session": "s1", "on": "2022-03-01", "hours": 6 });
            app.command_of(&elsewhere, "cohorts", &cohort, "schedule-session", &session).await.problem(404, "not-found");
            let reply = app.command_of(&elsewhere, "cohorts", &cohort, "record-register", &json!({ "session": "s1", "lines": [] })).await;
            reply.problem(404, "not-found");
        }
        let director = app.token(Role::Director).await;
        app.command_of(&director, "cohorts", &cohort, "close-cohort", &json!({ "occurred_on": "2022-04-30" })).await.ok(200);
        let id = selected(&app, &programme).await;
        let adviser = app.token(Role::Adviser).await;
        let late = app.command(&adviser, &id, "enrol-in-training", &seat(&cohort)).await;
        assert_eq!(late.error(409, "refused").1, "already_settled");
    }

    async fn a_stale_if_match_on_a_cohort_is_refused(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let cohort = app.cohort(&programme, "groupe-1", 5).await;
        let director = app.token(Role::Director).await;
        let close = |version: &str| {
            let path = format!("/v1/cohorts/{cohort}/commands/close-cohort");
            let request = app.request(reqwest::Method::POST, &path).bearer_auth(&director);
            Reply::of(request.header("if-match", format!("\"{version}\"")).json(&json!({ "occurred_on": "2022-04-30" })))
        };
        close("2").await.problem(412, "precondition-failed");
        assert_eq!(close("1").await.ok(200)["version"], json!(2));
    }
}
