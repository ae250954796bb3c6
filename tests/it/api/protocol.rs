//! What HTTP itself asks for: bodies, types, methods, languages, references, preconditions.

use reqwest::Method;
use serde_json::{Value, json};
use sira_domain::role::Role;

use super::app::{Reply, TestApp, registration};

const PROBLEM_TITLES: &[(&str, &str, &str)] = &[
    ("malformed-json", "Le corps n'est pas du JSON", "The body is not JSON"),
    ("unsupported-media-type", "Type de contenu non pris en charge", "Unsupported content type"),
    ("body-too-large", "Corps trop grand", "Body too large"),
    ("not-found", "Introuvable", "Not found"),
    ("method-not-allowed", "Méthode non permise", "Method not allowed"),
    ("unauthenticated", "Jeton manquant ou invalide", "Missing or invalid token"),
    ("invalid-body", "Champ invalide", "Invalid field"),
];

crate::on_both_engines! {
    async fn every_problem_is_told_in_french_and_in_english_when_asked(engine) {
        let app = TestApp::on(engine).await;
        let token = app.token(Role::Adviser).await;
        let too_large = format!(r#"{{"text":"{}"}}"#, "x".repeat(70_000));
        let json_type = "application/json";
        let cases: &[(Method, &str, &str, &str, u16, &str)] = &[
            (Method::POST, "/v1/beneficiaries", json_type, "{", 400, "malformed-json"),
            (Method::POST, "/v1/beneficiaries", json_type, "", 400, "malformed-json"),
            (Method::POST, "/v1/beneficiaries", json_type, "{\"a\":\"\u{1}\"}", 400, "malformed-json"),
            (Method::POST, "/v1/beneficiaries", "text/plain", "{}", 415, "unsupported-media-type"),
            (Method::POST, "/v1/beneficiaries", "application/jsonp", "{}", 415, "unsupported-media-type"),
            (Method::POST, "/v1/beneficiaries", json_type, &too_large, 413, "body-too-large"),
            (Method::POST, "/v1/beneficiaries", json_type, "[]", 422, "invalid-body"),
            (Method::POST, "/v1/beneficiaries", json_type, "12", 422, "invalid-body"),
            (Method::PUT, "/v1/beneficiaries", json_type, "{}", 405, "method-not-allowed"),
            (Method::DELETE, "/healthz", json_type, "", 405, "method-not-allowed"),
            (Method::GET, "/v2/nothing", json_type, "", 404, "not-found"),
            (Method::GET, "/problems/none", json_type, "", 404, "not-found"),
        ];
        for (method, path, kind, body, status, slug) in cases {
            for (language, index) in [("", 0), ("fr", 0), ("en", 1), ("de, en", 0)] {
                let request = app
                    .request(method.clone(), path)
                    .bearer_auth(&token)
                    .header("content-type", *kind)
                    .header("accept-language", language)
                    .body((*body).to_owned());
                let problem = Reply::of(request).await.problem(*status, slug);
                let (_, fr, en) = PROBLEM_TITLES.iter().find(|(known, ..)| known == slug).unwrap();
                assert_eq!(problem["title"], json!([fr, en][index]), "{path} {language}");
            }
        }
    }

    async fn a_problem_is_written_exactly_so(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let token = app.token(Role::Adviser).await;
        let mut body = registration(&programme);
        body["region"] = json!("nioro");
        let request = app
            .request(Method::POST, "/v1/beneficiaries")
            .bearer_auth(&token)
            .header("x-request-id", "essai-1")
            .json(&body);
        let reply = Reply::of(request).await;
        assert_eq!(
            reply.text,
            concat!(
                r#"{"type":"/problems/refused","title":"Refusé par une règle","status":409,"#,
                r#""detail":"la région « nioro » n'existe pas le 2022-01-10 ; ce territoire relève alors de « kayes »","#,
                r#""errors":[{"pointer":"/region","rule":"region_not_valid","#,
                r#""detail":"la région « nioro » n'existe pas le 2022-01-10 ; ce territoire relève alors de « kayes »"}],"#,
                r#""request_id":"essai-1"}"#
            )
        );
    }

    async fn the_root_leads_on(engine) {
        let app = TestApp::on(engine).await;
        let root = Reply::of(app.request(Method::GET, "/")).await;
        let links = root.ok(200)["links"].as_array().unwrap().clone();
        let open = |href: &str| !href.starts_with("/v1/");
        for href in links.iter().map(|link| link["href"].as_str().unwrap()) {
            let reply = Reply::of(app.request(Method::GET, href)).await;
            assert_eq!(reply.status, if open(href) { 200 } else { 401 }, "{href}");
        }
        let page = app.request(Method::GET, "/").header("accept", "text/html,*/*;q=0.8");
        let page = Reply::of(page).await;
        assert!(page.header("content-type").starts_with("text/html"), "{page:?}");
        assert!(page.text.find("Référence").unwrap() < page.text.find("API reference").unwrap());
        let docs = Reply::of(app.request(Method::GET, "/docs/")).await;
        assert_eq!(docs.text, Reply::of(app.request(Method::GET, "/docs")).await.text);
    }

    async fn every_problem_has_its_page(engine) {
        let app = TestApp::on(engine).await;
        for kind in sira::http::problem::KINDS {
            let page = Reply::of(app.request(Method::GET, &format!("/problems/{}", kind.slug))).await;
            assert_eq!(page.status, 200);
            for part in [kind.title_fr, kind.title_en, kind.help_fr, kind.help_en] {
                assert!(page.text.contains(part), "{}: {part}", kind.slug);
            }
        }
        let list = Reply::of(app.request(Method::GET, "/problems")).await;
        assert!(list.text.contains("/problems/refused"));
    }

    async fn a_body_in_json_of_any_case_and_charset_is_taken(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let token = app.token(Role::Adviser).await;
        for kind in ["application/json", "Application/JSON; charset=utf-8"] {
            let request = app
                .request(Method::POST, "/v1/beneficiaries")
                .bearer_auth(&token)
                .header("content-type", kind)
                .body(registration(&programme).to_string());
            Reply::of(request).await.ok(201);
        }
    }

    async fn a_reference_is_accepted_wherever_an_id_is(engine) {
        let app = TestApp::on(engine).await;
        let registered = app.register(&app.programme().await).await;
        let (id, paper) = (registered["id"].clone(), registered["reference"].as_str().unwrap());
        let token = app.token(Role::Adviser).await;
        let bare = paper.replace('-', "");
        let typed = [paper.to_owned(), paper.to_lowercase(), bare.clone(), bare.to_lowercase(),
                     paper.replace('0', "o").replace('1', "l")];
        for (number, reference) in typed.iter().enumerate() {
            let status = app.get(&token, &format!("/v1/beneficiaries/{reference}")).await.ok(200);
            assert_eq!((&status["id"], &status["reference"]), (&id, &registered["reference"]));
            app.get(&token, &format!("/v1/beneficiaries/{reference}/history")).await.ok(200);
            let note = json!({ "text": format!("Note {number}") });
            let answer = app.command(&token, reference, "add-note", &note).await.ok(200);
            assert_eq!((&answer["id"], &answer["reference"]), (&id, &registered["reference"]));
        }
    }

    async fn an_id_or_reference_that_leads_nowhere_is_not_found(engine) {
        let app = TestApp::on(engine).await;
        let registered = app.register(&app.programme().await).await;
        let paper = registered["reference"].as_str().unwrap();
        let token = app.token(Role::Adviser).await;
        let last = paper.chars().last().unwrap();
        let other = if last == 'A' { 'B' } else { 'A' };
        let wrong_check = format!("{}{other}", &paper[..10]);
        let unknown = sira_domain::values::Reference::from_bits(0x12_3456_789a).unwrap().to_string();
        let cases = [
            ("01890a5d-ac96-774b-bcce-b302099a8057", None),
            (unknown.as_str(), None),
            (wrong_check.as_str(), Some("reference_check")),
            ("7K3M", Some("code_form")),
            ("Zoumbal%C3%A9", Some("code_form")),
        ];
        for (id, rule) in cases {
            for path in ["", "/history"] {
                let reply = app.get(&token, &format!("/v1/beneficiaries/{id}{path}")).await;
                let problem = reply.problem(404, "not-found");
                assert_eq!(problem["errors"][0]["rule"], rule.map_or(Value::Null, Value::from), "{id}");
            }
            app.command(&token, id, "add-note", &json!({ "text": "x" })).await.problem(404, "not-found");
        }
        let programme = app.get(&token, "/v1/programmes/01890a5d-ac96-774b-bcce-b302099a8057").await;
        programme.problem(404, "not-found");
        app.get(&token, "/v1/programmes/zoumbale").await.problem(404, "not-found");
    }

    async fn a_command_that_no_table_holds_is_not_found(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        for word in ["dance", "register", "sign-convention"] {
            for role in [Role::Adviser, Role::Committee, Role::Finance] {
                let token = app.token(role).await;
                app.command(&token, &id, word, &json!({})).await.problem(404, "not-found");
            }
        }
    }

    async fn a_stale_if_match_is_refused_and_a_current_one_is_not(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        let token = app.token(Role::Adviser).await;
        let path = format!("/v1/beneficiaries/{id}/commands/add-note");
        let attempt = async |etag: &str, text: &str| {
            let request = app.request(Method::POST, &path).bearer_auth(&token);
            Reply::of(request.header("if-match", etag).json(&json!({ "text": text }))).await
        };
        assert_eq!(attempt("\"1\"", "Une").await.ok(200)["version"], json!(2));
        let problem = attempt("\"1\"", "Deux").await.problem(412, "precondition-failed");
        assert_eq!(problem["detail"], json!("If-Match \"1\" != \"2\""));
        attempt("\"3\"", "Deux").await.problem(412, "precondition-failed");
        for malformed in ["1", "", "\"2", "\"1\" \"2\"", "*, \"2\"", "w/\"2\""] {
            let problem = attempt(malformed, "Deux").await.problem(400, "bad-parameter");
            assert_eq!(problem["errors"][0]["pointer"], json!("If-Match"), "{malformed}");
        }
        // Compared strongly (RFC 9110, 13.1.1): a weak tag, and one that is no version, is no match.
        for other in ["W/\"2\"", "\"x\"", "\"1\", \"3\"", "\"02\""] {
            attempt(other, "Deux").await.problem(412, "precondition-failed");
        }
        assert_eq!(attempt("\"2\"", "Deux").await.ok(200)["version"], json!(3));
        assert_eq!(attempt("\"9\", W/\"3\" ,\"3\"", "Trois").await.ok(200)["version"], json!(4));
        assert_eq!(attempt("*", "Quatre").await.ok(200)["version"], json!(5));
        let new = app.request(Method::POST, "/v1/beneficiaries").bearer_auth(&token);
        let new = new.header("if-match", "*").json(&json!({}));
        Reply::of(new).await.problem(412, "precondition-failed");
    }

    async fn a_version_that_the_caller_has_is_not_sent_again(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let registered = app.register(&programme).await;
        let person = format!("/v1/beneficiaries/{}", registered["id"].as_str().unwrap());
        let token = app.token(Role::Adviser).await;
        let cases = [
            ("\"V\"", true), ("W/\"V\"", true), ("*", true), ("\"0\", W/\"V\"", true),
            ("\"0\"", false), ("\"VV\"", false), ("V", false), ("", false),
        ];
        let (cohort, fund) = (app.cohort(&programme, "g1", 10).await, app.fund(&programme, "f1", 1_000_000).await);
        let adviser = token;
        let director = app.token(Role::Director).await;
        for (token, path) in [
            (&adviser, person),
            (&adviser, format!("/v1/programmes/{programme}")),
            (&director, format!("/v1/cohorts/{cohort}")),
            (&director, format!("/v1/funds/{fund}")),
        ] {
            let whole = app.get(token, &path).await;
            let version = whole.header("etag").trim_matches('"').to_owned();
            for (condition, is_known) in cases {
                let request = app.request(Method::GET, &path).bearer_auth(token);
                let condition = condition.replace('V', &version);
                let reply = Reply::of(request.header("if-none-match", &condition)).await;
                assert_eq!(reply.status, if is_known { 304 } else { 200 }, "{path} {condition}");
                assert_eq!(reply.text, if is_known { "" } else { &*whole.text });
                assert_eq!(reply.header("etag"), whole.header("etag"));
            }
        }
    }

    async fn a_condition_is_met_or_not_by_every_kind_of_stream(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let (cohort, fund) = (app.cohort(&programme, "g1", 10).await, app.fund(&programme, "f1", 1_000_000).await);
        let (director, trainer) = (app.token(Role::Director).await, app.token(Role::Trainer).await);
        let admin = app.token(Role::Admin).await;
        let session = |session: &str| json!({ "occurred_on": "2022-02-21", "session": session, "on": "2022-03-01", "hours": 6, "module": "leadership" });
        let adjust = |budget: u64| json!({ "occurred_on": "2022-01-02", "budget": budget, "amendment": "Avenant 1" });
        let office = |office: &str| json!({ "office": office, "name": "Antenne", "region": "gao", "occurred_on": "2021-07-06" });
        let streams = [
            (&admin, format!("/v1/programmes/{programme}"), "open-office", [office("gao-1"), office("gao-2")]),
            (&trainer, format!("/v1/cohorts/{cohort}"), "schedule-session", [session("s1"), session("s2")]),
            (&director, format!("/v1/funds/{fund}"), "adjust-budget", [adjust(2_000_000), adjust(3_000_000)]),
        ];
        for (token, path, word, bodies) in streams {
            let version = app.get(&director, &path).await.header("etag").trim_matches('"').to_owned();
            let give = async |condition: &str, body: &Value| {
                let request = app.request(Method::POST, &format!("{path}/commands/{word}")).bearer_auth(token);
                Reply::of(request.header("if-match", condition.replace('V', &version)).json(body)).await
            };
            for stale in ["\"0\"", "W/\"V\"", "\"VV\", \"0\""] {
                let problem = give(stale, &bodies[0]).await.problem(412, "precondition-failed");
                assert!(problem["detail"].as_str().unwrap().contains(&version), "{path} {stale}: {problem}");
            }
            let problem = give("V", &bodies[0]).await.problem(400, "bad-parameter");
            assert_eq!(problem["errors"][0]["pointer"], json!("If-Match"), "{path}");
            give("\"0\", \"V\"", &bodies[0]).await.ok(200);
            give("*", &bodies[1]).await.ok(200);
        }
    }

    async fn headers_without_the_form_are_refused_by_name(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        let token = app.token(Role::Adviser).await;
        let long = "x".repeat(129);
        let cases = [
            ("idempotency-key", long.as_str()),
            ("sira-device", long.as_str()),
            ("sira-device-time", "hier"),
        ];
        for (name, value) in cases {
            let request = app
                .request(Method::POST, &format!("/v1/beneficiaries/{id}/commands/add-note"))
                .bearer_auth(&token)
                .header(name, value)
                .json(&json!({ "text": "x" }));
            let problem = Reply::of(request).await.problem(400, "bad-parameter");
            let detail = problem["detail"].as_str().unwrap().to_lowercase();
            assert!(detail.starts_with(name), "{detail}");
        }
    }

    async fn what_a_device_says_of_itself_is_kept_with_the_event(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let id = app.register(&programme).await["id"].as_str().unwrap().to_owned();
        let token = app.token_of("awa.t", Role::Adviser, app.office("segou-1").await).await;
        let request = app
            .request(Method::POST, &format!("/v1/beneficiaries/{id}/commands/add-note"))
            .bearer_auth(&token)
            .header("sira-device", "tablet-3")
            .header("sira-device-time", "2026-01-02T03:04:05+01:00")
            .header("sira-correlation-id", "c-1")
            .header("sira-causation-id", "c-0")
            .header("x-request-id", "r-1")
            .header("user-agent", "essai/1")
            .json(&json!({ "text": "x" }));
        Reply::of(request).await.ok(200);
        let history = app.get(&token, &format!("/v1/beneficiaries/{id}/history")).await.ok(200);
        let expected = json!({
            "actor": "awa.t", "role": "adviser", "office": "segou-1", "programme": programme, "device": "tablet-3",
            "device_time": "2026-01-02T02:04:05.000000Z", "request_id": "r-1",
            "correlation_id": "c-1", "causation_id": "c-0", "client": "essai/1", "rules_version": "0",
        });
        assert_eq!(history["events"][1]["metadata"], expected);
    }

    async fn a_programme_is_refused_by_field_and_rule_as_a_path_is(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let token = app.token(Role::Admin).await;
        let path = |word: &str| format!("/v1/programmes/{programme}/commands/{word}");
        let age = |min: u32, max: u32| json!({ "effective_from": "2022-01-01", "rules": { "age_women": { "min": min, "max": max } } });
        let office = |region: &str, day: &str| json!({ "office": "x-1", "name": "X", "region": region, "occurred_on": day });
        let cases = [
            ("set-rules", age(41, 40), 409, "/age_women", "fields_disagree"),
            ("set-rules", json!({ "effective_from": "2022-01-01", "rules": { "figures_published": "week" } }), 409, "/figures_published", "fields_disagree"),
            ("set-rules", age(10, 121), 422, "/rules/age_women/max", "number_range"),
            ("set-rules", json!({ "effective_from": "2022-01-01", "rules": { "no_such": 1 } }), 422, "/rules/no_such", "unknown_field"),
            ("open-office", office("nioro", "2023-03-12"), 409, "/region", "region_not_valid"),
            ("open-office", office("nioro", "2999-01-01"), 409, "/occurred_on", "date_in_future"),
            ("close-office", json!({ "office": "gao-1" }), 409, "/office", "unknown_item"),
            ("open-office", json!({ "office": "Ségou", "name": "X", "region": "segou" }), 422, "/office", "code_form"),
        ];
        for (word, body, status, pointer, rule) in cases {
            let slug = if status == 409 { "refused" } else { "invalid-body" };
            let reply = app.post(&token, &path(word), &body).await;
            assert_eq!(reply.error(status, slug), (pointer.into(), rule.into()), "{word} {body}");
        }
        let stale = app.request(Method::POST, &path("close-office")).bearer_auth(&token);
        let stale = stale.header("if-match", "\"2\"").json(&json!({ "office": "mopti-1" }));
        Reply::of(stale).await.problem(412, "precondition-failed");
        let shown = app.get(&token, &format!("/v1/programmes/{programme}")).await.ok(200);
        assert_eq!(shown["version"], json!(3));
        for word in ["sign-convention", "dance"] {
            app.post(&token, &path(word), &json!({})).await.problem(404, "not-found");
        }
    }

    async fn an_address_that_is_no_text_is_answered_with_a_problem(engine) {
        let app = TestApp::on(engine).await;
        let token = app.token(Role::Director).await;
        for path in ["/v1/beneficiaries/%FF", "/v1/beneficiaries/%FF/history", "/v1/programmes/%FF", "/problems/%FF"] {
            let reply = app.get(&token, path).await;
            assert!(matches!(reply.status, 400 | 404), "{path}: {reply:?}");
            reply.problem(reply.status, if reply.status == 400 { "bad-parameter" } else { "not-found" });
        }
        for path in ["/v1/beneficiaries/%FF/commands/add-note", "/v1/beneficiaries/x/commands/%FF", "/v1/programmes/%FF/commands/set-rules"] {
            let reply = app.post(&token, path, &json!({})).await;
            reply.problem(reply.status, if reply.status == 400 { "bad-parameter" } else { "not-found" });
        }
    }

    async fn a_request_id_is_the_callers_own_when_it_is_fit(engine) {
        let app = TestApp::on(engine).await;
        let long = "x".repeat(129);
        for (given, is_kept) in [("a-1_b.c:d", true), ("deux mots", false), ("<b>", false), (long.as_str(), false), ("", false)] {
            let request = app.request(Method::GET, "/v2").header("x-request-id", given);
            let reply = Reply::of(request).await;
            let id = reply.problem(404, "not-found")["request_id"].as_str().unwrap().to_owned();
            assert_eq!(id == given, is_kept, "{given}");
            assert!(!id.is_empty());
        }
    }
}
