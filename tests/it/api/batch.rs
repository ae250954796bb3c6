//! Many commands in one request: each as by itself, or all of them or none.

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use sira::clock::Clock;
use sira::http::{Gate, RateLimits, TrustedProxies};
use sira_domain::role::Role;

use super::app::{Reply, TestApp, new_year, office, registration, steps, with};
use super::money::{approval, request, with_plan};
use crate::support::dice::Dice;

const PEOPLE: &str = "/v1/beneficiaries";

fn line(path: &str, key: &str, body: impl Into<Value>) -> Value {
    let body: Value = body.into();
    json!({ "path": path, "idempotency_key": key, "body": body })
}

fn on(id: &str, word: &str) -> String {
    format!("{PEOPLE}/{id}/commands/{word}")
}

fn note(id: &str, key: &str) -> Value {
    line(&on(id, "add-note"), key, json!({ "text": format!("Note {key}") }))
}

fn statuses(answers: &[Value]) -> Vec<u64> {
    answers.iter().map(|answer| answer["status"].as_u64().unwrap()).collect()
}

fn slug(answer: &Value) -> &str {
    answer["problem"]["type"].as_str().unwrap_or_default().trim_start_matches("/problems/")
}

fn rule(answer: &Value) -> (&str, &str) {
    let error = &answer["problem"]["errors"][0];
    (error["pointer"].as_str().unwrap(), error["rule"].as_str().unwrap())
}

/// A person who registers with her idea.
fn person(programme: &str, name: &str) -> Vec<Value> {
    let mut begun = line(PEOPLE, &format!("{name}-1"), registration(programme));
    begun["as"] = json!(name);
    let idea =
        line(&on(&format!("@{name}"), "submit-idea"), &format!("{name}-2"), steps()[0].2.clone());
    vec![begun, idea]
}

async fn head(app: &TestApp) -> u64 {
    app.commands.journal().head().await.unwrap().position.get()
}

crate::on_both_engines! {
    async fn each_line_is_answered_as_its_command_by_itself_and_one_that_is_refused_fails_no_other(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let known = app.register(&programme).await;
        let (id, reference) = (known["id"].as_str().unwrap(), known["reference"].as_str().unwrap());
        let token = app.token(Role::Adviser).await;
        let mut lines = person(&programme, "awa");
        lines.extend([
            // The same path by its two names keeps its order.
            note(id, "n1"),
            note(reference, "n2"),
            line(&on(id, "submit-idea"), "i", steps()[0].2.clone()),
            line(&on(reference, "assess-eligibility"), "e", json!({ "occurred_on": "2022-02-01" })),
            // What is wrong with each is said as if it came alone.
            line(PEOPLE, "bad", with(registration(&programme), "/birth_year", json!("jamais"))),
            line(&on(id, "decide-selection"), "d", steps()[3].2.clone()),
            line(&on(id, "no-such-word"), "w", json!({})),
            line(&on("0000-0000-0", "add-note"), "u", json!({ "text": "x" })),
            line("/v1/programmes", "p", json!({})),
            line(&on(id, "attach-document"), "a", json!({})),
            line(&on("@nobody", "add-note"), "l", json!({ "text": "x" })),
            json!({ "path": PEOPLE, "idempotency_key": "k", "body": {}, "extra": 1 }),
            json!({ "path": PEOPLE, "body": {} }),
            line(PEOPLE, "clé", json!({})),
            note(id, "n3"),
        ]);
        let reply = app.batch_reply(&token, "", &lines).await;
        let answers = reply.lines();
        assert_eq!(
            statuses(&answers),
            [201, 200, 200, 200, 200, 200, 422, 403, 404, 404, 403, 404, 422, 422, 422, 400, 200],
            "{}", reply.text
        );
        assert!(answers.iter().enumerate().all(|(place, one)| one["line"] == json!(place + 1)));
        let versions: Vec<_> = [2, 3, 4, 5, 16].map(|at: usize| answers[at]["answer"]["version"].as_u64().unwrap()).into();
        assert_eq!(versions, [2, 3, 4, 5, 6]);
        assert_eq!(answers[1]["answer"]["id"], answers[0]["answer"]["id"]);
        assert_eq!((slug(&answers[6]), rule(&answers[6])), ("invalid-body", ("/birth_year", "wrong_type")));
        assert_eq!((slug(&answers[7]), slug(&answers[10])), ("forbidden", "forbidden"));
        assert_eq!(rule(&answers[12]), ("/path", "unknown_line"));
        assert_eq!(rule(&answers[13]), ("/extra", "unknown_field"));
        assert_eq!(rule(&answers[14]), ("/idempotency_key", "missing_field"));
        let position = answers.iter().filter_map(|one| one["answer"]["position"].as_u64()).max().unwrap();
        assert_eq!(reply.header("sira-position"), position.to_string());
        assert_eq!(position, head(&app).await);
    }

    async fn what_is_sent_again_is_answered_and_done_once_by_itself_or_in_a_batch(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let token = app.token(Role::Adviser).await;
        for query in ["", "?atomic=true"] {
            let name = if query.is_empty() { "awa" } else { "fanta" };
            let mut lines = person(&programme, name);
            lines.push(note(&format!("@{name}"), &format!("{name}-3")));
            let first = app.batch(&token, query, &lines).await;
            assert_eq!(statuses(&first), [201, 200, 200], "{first:?}");
            let before = head(&app).await;
            for query in ["", "?atomic=true"] {
                let again = app.batch(&token, query, &lines).await;
                for (first, again) in first.iter().zip(&again) {
                    assert_eq!((&first["answer"], &first["status"]), (&again["answer"], &again["status"]));
                    assert_eq!((&first["replayed"], &again["replayed"]), (&Value::Null, &json!(true)));
                }
            }
            // A device that had no answer to its request sends it once more with the others.
            let id = first[0]["answer"]["id"].as_str().unwrap();
            let alone = app.keyed(&token, &on(id, "add-note"), &format!("{name}-3"), &json!({ "text": format!("Note {name}-3") })).await;
            assert_eq!(alone.header("idempotency-replayed"), "true");
            assert_eq!(head(&app).await, before);
            let other = app.batch(&token, query, &[line(&on(id, "add-note"), &format!("{name}-3"), json!({ "text": "Autre" }))]).await;
            assert_eq!(slug(&other[0]), "idempotency-key-reused");
            assert_eq!(head(&app).await, before);
            // What is new among what is known is done.
            lines.push(note(&format!("@{name}"), &format!("{name}-4")));
            let more = app.batch(&token, query, &lines).await;
            assert_eq!(more.iter().filter(|one| one["replayed"] == json!(true)).count(), 3, "{more:?}");
            assert_eq!((head(&app).await, more[3]["answer"]["version"].as_u64()), (before + 1, Some(4)));
        }
    }

    async fn what_depends_on_a_line_that_is_refused_is_not_done(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let token = app.token(Role::Adviser).await;
        let mut lines = person(&programme, "awa");
        lines[0]["body"]["birth_year"] = json!(1);
        lines.extend(person(&programme, "fanta"));
        let mut twice = person(&programme, "fanta");
        twice[0]["idempotency_key"] = json!("other");
        lines.push(twice.remove(0));
        let answers = app.batch(&token, "", &lines).await;
        assert_eq!(statuses(&answers), [422, 424, 201, 200, 422], "{answers:?}");
        assert_eq!(slug(&answers[1]), "withheld");
        assert!(answers[1]["problem"]["detail"].as_str().unwrap().contains("ligne 1"));
        assert_eq!(rule(&answers[4]), ("/as", "line_name_taken"));
    }

    async fn a_command_that_reaches_beyond_a_path_waits_for_those_before_it(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let cohort = app.cohort(&programme, "g1", 1).await;
        let mut people = Vec::new();
        for _ in 0..4 {
            let id = app.register(&programme).await["id"].as_str().unwrap().to_owned();
            app.walk(&id, &steps(), "decide-selection").await;
            people.push(id);
        }
        let seat = json!({ "occurred_on": "2022-02-18", "cohort": cohort });
        let enrol = |at: usize| line(&on(&people[at], "enrol-in-training"), &format!("e{at}"), seat.clone());
        let larger = json!({ "capacity": 3, "reason": "Deux places de plus", "occurred_on": "2022-02-19" });
        let amended = line(&format!("/v1/cohorts/{cohort}/commands/amend-cohort"), "c", larger);
        let token = app.token(Role::Director).await;
        let answers = app.batch(&token, "", &[enrol(0), enrol(1), amended, enrol(2), enrol(3)]).await;
        // One of the first two has the one seat; both who come after have those that were made.
        let mut first = statuses(&answers[..2]);
        first.sort_unstable();
        assert_eq!((first, statuses(&answers[2..])), (vec![200, 409], vec![200, 200, 200]), "{answers:?}");
    }

    async fn all_of_a_batch_is_recorded_or_nothing_and_each_is_decided_on_what_those_before_it_do(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let token = app.token(Role::Adviser).await;
        let before = head(&app).await;
        let mut lines = person(&programme, "awa");
        lines.push(line(&on("@awa", "assess-eligibility"), "e", json!({ "occurred_on": "2022-02-01" })));
        // Refused by what the third makes of the path, by its form, by its role, and by what may not stand there.
        let refused = [
            (line(&on("@awa", "submit-idea"), "i", with(steps()[0].2.clone(), "/title", json!("Autre"))), 409, "refused"),
            (line(&on("@awa", "add-note"), "t", json!({ "text": 7 })), 422, "invalid-body"),
            (line(&on("@awa", "decide-selection"), "s", steps()[3].2.clone()), 403, "forbidden"),
            (line("/v1/funds", "f", json!({})), 403, "forbidden"),
            (json!({ "path": PEOPLE }), 422, "invalid-body"),
        ];
        for (last, status, kind) in refused {
            let mut all = lines.clone();
            all.push(last);
            let answers = app.batch(&token, "?atomic=true", &all).await;
            assert_eq!(statuses(&answers), [424, 424, 424, status], "{answers:?}");
            assert_eq!(slug(&answers[3]), kind);
            assert_eq!(head(&app).await, before, "{answers:?}");
        }
        let answers = app.batch(&token, "?atomic=true", &lines).await;
        assert_eq!(statuses(&answers), [201, 200, 200], "{answers:?}");
        let versions: Vec<_> = answers.iter().map(|one| one["answer"]["version"].as_u64().unwrap()).collect();
        let positions: Vec<_> = answers.iter().map(|one| one["answer"]["position"].as_u64().unwrap()).collect();
        assert_eq!((versions, positions), (vec![1, 2, 3], vec![before + 1, before + 2, before + 3]));
        // What it left is read like anything else, and gone on with.
        let id = answers[0]["answer"]["id"].as_str().unwrap();
        let shown = app.get(&token, &format!("{PEOPLE}/{id}")).await.ok(200);
        assert_eq!((&shown["version"], &shown["reference"]), (&json!(3), &answers[0]["answer"]["reference"]));
        app.command(&token, id, "add-note", &json!({ "text": "Encore" })).await.ok(200);
    }

    async fn what_cannot_be_taken_back_does_not_stand_together_with_others(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let (one, other) = (app.register(&programme).await, app.register(&programme).await);
        let id = one["id"].as_str().unwrap();
        let fund = app.fund(&programme, "f1", 1_000_000).await;
        let before = head(&app).await;
        for (role, last) in [
            (Role::Admin, line(&on(id, "erase-personal-data"), "x", json!({ "ground": "request" }))),
            (Role::Director, line(&on(id, "link-duplicate"), "y", json!({ "continues": other["id"], "reason": "La même" }))),
            (Role::Director, line(&format!("/v1/funds/{fund}/commands/adjust-budget"), "z", json!({ "budget": 1, "amendment": "a" }))),
        ] {
            let token = app.token(role).await;
            let answers = app.batch(&token, "?atomic=true", &[last]).await;
            assert_eq!(statuses(&answers), [422], "{answers:?}");
            assert_eq!(rule(&answers[0]), ("/path", "stands_alone"));
        }
        assert_eq!(head(&app).await, before);
    }

    async fn a_fund_is_never_overdrawn_by_what_stands_together(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let fund = app.fund(&programme, "f1", 250_000).await;
        let mut people = Vec::new();
        for _ in 0..3 {
            let id = with_plan(&app, &programme).await;
            app.done(Role::Adviser, &id, "request-financing", &request(&fund, 100_000)).await;
            people.push(id);
        }
        let token = app.token(Role::Committee).await;
        let before = head(&app).await;
        let approve = |at: usize| line(&on(&people[at], "approve-financing"), &format!("a{at}"), approval(&[100_000]));
        let answers = app.batch(&token, "?atomic=true", &[approve(0), approve(1), approve(2)]).await;
        assert_eq!(statuses(&answers), [424, 424, 409], "{answers:?}");
        assert_eq!(head(&app).await, before);
        let answers = app.batch(&token, "?atomic=true", &[approve(0), approve(1)]).await;
        assert_eq!(statuses(&answers), [200, 200], "{answers:?}");
        assert_eq!(head(&app).await, before + 4, "of each the path's and the fund's");
        let shown = app.get(&app.token(Role::Director).await, &format!("/v1/funds/{fund}")).await.ok(200);
        assert_eq!(shown["committed"], json!(200_000), "{shown}");
    }

    async fn many_that_stand_together_on_the_same_people_all_happen_and_none_in_part(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let (one, other) = (app.register(&programme).await, app.register(&programme).await);
        let (one, other) = (one["id"].as_str().unwrap(), other["id"].as_str().unwrap());
        let token = app.token(Role::Adviser).await;
        let before = head(&app).await;
        let sent = (0..6).map(|number| {
            let (app, token) = (&app, &token);
            async move {
                let lines = [note(one, &format!("{number}-1")), note(other, &format!("{number}-2")), note(one, &format!("{number}-3"))];
                // Who loses every race is told so, and has done nothing; it is sent again as it is.
                loop {
                    let reply = app.batch_reply(token, "?atomic=true", &lines).await;
                    if reply.status == 409 {
                        continue;
                    }
                    return reply.lines();
                }
            }
        });
        for answers in join_all(sent).await {
            assert_eq!(statuses(&answers), [200, 200, 200], "{answers:?}");
            let position = |at: usize| answers[at]["answer"]["position"].as_u64().unwrap();
            assert_eq!((position(1), position(2)), (position(0) + 1, position(0) + 2));
        }
        assert_eq!(head(&app).await, before + 18);
    }

    async fn an_expected_version_is_that_which_the_lines_before_leave(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        let token = app.token(Role::Adviser).await;
        for (query, version) in [("", 1), ("?atomic=true", 3)] {
            let mut lines = [note(&id, &format!("{version}-a")), note(&id, &format!("{version}-b"))];
            lines[0]["if_match"] = json!(format!("\"{version}\""));
            lines[1]["if_match"] = json!(format!("\"{}\"", version + 1));
            assert_eq!(statuses(&app.batch(&token, query, &lines).await), [200, 200], "{query}");
            let mut late = [note(&id, &format!("{version}-c"))];
            late[0]["if_match"] = json!("\"1\"");
            assert_eq!(statuses(&app.batch(&token, query, &late).await), [412]);
        }
    }

    async fn nobody_reaches_further_by_a_batch(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let id = app.register(&programme).await["id"].as_str().unwrap().to_owned();
        let before = head(&app).await;
        let elsewhere = app.token_of("voisine", Role::Adviser, office(&programme, "mopti-1")).await;
        for query in ["", "?atomic=true"] {
            let hidden = app.batch(&elsewhere, query, &[note(&id, "n")]).await;
            let nobody = app.batch(&elsewhere, query, &[note(&uuid::Uuid::now_v7().to_string(), "m")]).await;
            assert_eq!((statuses(&hidden), slug(&hidden[0])), (vec![404], "not-found"));
            assert_eq!(hidden[0]["problem"]["detail"], nobody[0]["problem"]["detail"]);
            let begun = app.batch(&elsewhere, query, &[line(PEOPLE, "r", registration(&programme))]).await;
            assert_eq!(slug(&begun[0]), "out-of-scope");
            for role in [Role::Analyst, Role::Donor, Role::Auditor] {
                let token = app.token(role).await;
                app.batch_reply(&token, query, &[note(&id, "n")]).await.problem(403, "forbidden");
            }
        }
        let reply = Reply::of(app.request(Method::POST, "/v1/batch").header("content-type", "application/x-ndjson").body("{}")).await;
        reply.problem(401, "unauthenticated");
        assert_eq!(head(&app).await, before);
    }

    async fn a_batch_is_bounded_and_counted_by_its_lines(engine) {
        let clock = Clock::manual(new_year());
        let limits = RateLimits { token: 20, ..RateLimits::OFF };
        let app = TestApp::gated(engine, clock.clone(), Gate::new(limits, TrustedProxies::default(), None, clock.clone())).await;
        let token = app.token(Role::Adviser).await;
        let nobody = uuid::Uuid::now_v7().to_string();
        let lines: Vec<Value> = (0..501).map(|number| note(&nobody, &format!("k{number}"))).collect();
        let reply = app.batch_reply(&token, "", &lines[..10]).await;
        assert_eq!(reply.header("ratelimit"), "\"token\";r=10;t=30");
        let reply = app.batch_reply(&token, "", &lines[..11]).await;
        reply.problem(429, "too-many-requests");
        assert_eq!(statuses(&app.batch(&token, "", &lines[..9]).await), [404; 9]);
        clock.set(new_year() + chrono::TimeDelta::minutes(5));
        app.batch_reply(&token, "", &lines).await.error(422, "invalid-body");
        app.batch_reply(&token, "", &[]).await.error(422, "invalid-body");
        app.batch_reply(&token, "?atomic=perhaps", &lines[..1]).await.error(400, "bad-parameter");
        let typed = app.request(Method::POST, "/v1/batch").bearer_auth(&token).json(&json!({}));
        Reply::of(typed).await.problem(415, "unsupported-media-type");
        let long = json!({ "path": "x".repeat(4 << 20) });
        app.batch_reply(&token, "", &[long]).await.problem(413, "body-too-large");
        clock.set(new_year() + chrono::TimeDelta::minutes(10));
        let torn = app.request(Method::POST, "/v1/batch").bearer_auth(&token).header("content-type", "application/x-ndjson");
        let reply = Reply::of(torn.body("{\n\n[]\n")).await;
        assert_eq!(statuses(&reply.lines()), [400, 422], "{}", reply.text);
    }

    async fn any_commands_in_a_batch_come_to_what_they_come_to_one_by_one(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let director = app.token(Role::Adviser).await;
        let mut dice = Dice(u64::from(uuid::Uuid::new_v4().as_fields().0) | 1);
        let seed = dice.0;
        for round in 0..3 {
            let mut people = Vec::new();
            for _ in 0..6 {
                people.push(app.register(&programme).await["id"].as_str().unwrap().to_owned());
            }
            let (ours, theirs) = people.split_at(3);
            let every = steps();
            let mut draw = |below: usize| usize::try_from(dice.roll(below as u64)).unwrap();
            let drawn: Vec<(usize, usize)> = (0..40).map(|_| (draw(3), draw(every.len()))).collect();
            let given = |ids: &[String], side: &str| -> Vec<Value> {
                let of = |(at, (who, step)): (usize, &(usize, usize))| {
                    let (_, word, body) = &every[*step];
                    line(&on(&ids[*who], word), &format!("{round}-{side}-{at}"), body.clone())
                };
                drawn.iter().enumerate().map(of).collect()
            };
            let together = app.batch(&director, "", &given(ours, "b")).await;
            let mut alone = Vec::new();
            for one in given(theirs, "s") {
                let reply = app.keyed(&director, one["path"].as_str().unwrap(), one["idempotency_key"].as_str().unwrap(), &one["body"]).await;
                alone.push((u64::from(reply.status), reply.json()));
            }
            for (at, (answer, (status, body))) in together.iter().zip(&alone).enumerate() {
                assert_eq!(answer["status"].as_u64(), Some(*status), "seed {seed}, {at}: {answer} {body}");
                assert_eq!(answer["answer"]["version"], body["version"], "seed {seed}, {at}");
                assert_eq!(answer["answer"]["events"], body["events"], "seed {seed}, {at}");
                assert_eq!(answer["problem"]["errors"], body["errors"], "seed {seed}, {at}");
            }
        }
    }
}
