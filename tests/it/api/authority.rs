//! What an attacker inside gets who writes, reads or claims past their reach: nothing.

use reqwest::Method;
use serde_json::{Value, json};
use sira::grant::{AskedScope, Scope, ScopeError};
use sira::http::endpoints;
use sira_domain::STREAM_KINDS;
use sira_domain::catalogue::CommandEntry;
use sira_domain::jurisdiction::Jurisdiction;
use sira_domain::role::Role;

use super::access::{Streams, case_of};
use super::app::{NAME, Reply, TestApp, office, region, registration, steps, with};
use super::money::{request, with_plan};

/// The streams of Ségou that everything here is tried on.
struct Segou {
    app: TestApp,
    programme: String,
    person: Value,
    cohort: String,
    /// A fund for every region, and one that is given to Ségou.
    funds: [String; 2],
}

impl Segou {
    async fn begin(engine: &crate::support::Engine) -> Self {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let person = app.register(&programme).await;
        let cohort = app.cohort(&programme, "g1", 10).await;
        let own = fund_of(&programme, "f-segou", &["segou"]);
        let director = app.token(Role::Director).await;
        let own = app.post(&director, "/v1/funds", &own).await.ok(201);
        let funds = [
            app.fund(&programme, "f-tous", 1_000_000).await,
            own["id"].as_str().unwrap().to_owned(),
        ];
        Self { app, programme, person, cohort, funds }
    }

    fn id(&self) -> &str {
        self.person["id"].as_str().unwrap()
    }

    /// Every command that begins no stream, on a stream of its kind that Ségou has.
    fn commands(&self) -> Vec<(&'static CommandEntry, String)> {
        let streams = [
            ("beneficiary", self.id()),
            ("programme", &self.programme),
            ("cohort", &self.cohort),
            ("fund", &self.funds[1]),
        ];
        let mut all = Vec::new();
        for kind in STREAM_KINDS {
            let (_, id) = streams.iter().find(|(name, _)| *name == kind.name).unwrap();
            let collection = if kind.name == "beneficiary" {
                "beneficiaries".to_owned()
            } else {
                format!("{}s", kind.name)
            };
            let later = kind.commands.iter().skip(1);
            all.extend(
                later
                    .map(|entry| (entry, format!("/v1/{collection}/{id}/commands/{}", entry.word))),
            );
        }
        all
    }
}

fn fund_of(programme: &str, code: &str, regions: &[&str]) -> Value {
    json!({
        "occurred_on": "2022-01-01", "programme": programme, "code": code, "donor": "Bailleur inventé",
        "period": { "from": "2022-01-01", "to": "2026-12-31" }, "budget": 500_000, "regions": regions,
    })
}

/// A body with which a programme's or a fund's command names something of Ségou. Others need none to be
/// asked where they are given from.
fn body_of(entry: &CommandEntry) -> Value {
    match entry.word {
        "open-office" => json!({ "office": "segou-1", "name": "Antenne", "region": "segou" }),
        "close-office" => json!({ "office": "segou-1", "occurred_on": "2020-01-01" }),
        "set-target" => json!({
            "indicator": "registered", "period": { "from": "2022-01-01", "to": "2022-12-31" },
            "region": "segou", "value": 12,
        }),
        "record-overhead" => json!({
            "line": "frais", "amount": 1, "payment_reference": "X-9", "what": "x",
            "occurred_on": "2999-01-01",
        }),
        "reverse-overhead" => json!({ "undone_reference": "X-9", "ground": "bounced" }),
        "confirm-reconciliation" => json!({
            "statement": "0".repeat(64), "lines": [{ "line": 1, "payment_reference": "X-9" }],
        }),
        "withdraw-reconciliation" => json!({
            "statement": "0".repeat(64), "lines": [1], "ground": "other",
        }),
        "add-staff" => json!({
            "actor": "nouvelle", "role": "adviser", "office": "segou-1", "from": "2999-01-01",
            "occurred_on": "2999-01-01",
        }),
        "end-staff" => json!({
            "actor": "personne", "role": "adviser", "office": "segou-1", "to": "2999-01-01",
        }),
        "erase-staff-name" => json!({ "actor": "personne" }),
        "rank-candidates" => json!({
            "session": "s-9", "region": "segou", "seats": 1, "occurred_on": "2999-01-01",
            "entries": ["01890a5d-ac96-774b-bcce-b302099a8057"],
        }),
        "adjust-budget" => json!({ "budget": 1, "amendment": "a" }),
        "amend-office" => json!({
            "office": "segou-1", "name": "Autre nom", "reason": "Faute", "occurred_on": "2999-01-01",
        }),
        "amend-fund" => json!({ "donor": "Autre", "reason": "Faute", "occurred_on": "2999-01-01" }),
        "retract" => json!({ "sequence": 9_999, "reason": "Erreur" }),
        "close-fund" => json!({ "occurred_on": "2999-01-01" }),
        _ => json!({ "no_such_field": 1 }),
    }
}

fn is_out_of_reach(reply: &Reply) -> bool {
    match reply.status {
        403 => {
            reply.problem(403, "out-of-scope");
            true
        }
        404 => {
            reply.problem(404, "not-found");
            true
        }
        _ => false,
    }
}

fn may_command(role: Role) -> bool {
    !matches!(role, Role::Analyst | Role::Donor | Role::Auditor)
}

/// Whether a scope, by its name here, holds what a command is given on in Ségou.
fn is_held(scope: &str, jurisdiction: Jurisdiction) -> bool {
    match (scope, jurisdiction) {
        ("all", _) | ("segou-1", Jurisdiction::OwnOffice | Jurisdiction::NamedOffice) => true,
        ("segou", other) => other != Jurisdiction::Everywhere,
        _ => false,
    }
}

crate::on_both_engines! {
    async fn every_command_with_every_role_and_scope_is_answered_as_the_tables_say(engine) {
        let segou = Segou::begin(engine).await;
        let app = &segou.app;
        // Another programme has an office of the same code.
        let other = app.programme().await;
        let scopes = [
            ("all", Scope::All), ("segou", region("segou")), ("mopti", region("mopti")),
            ("segou-1", office(&segou.programme, "segou-1")), ("mopti-1", office(&segou.programme, "mopti-1")),
            ("elsewhere's segou-1", office(&other, "segou-1")), ("nothing", Scope::Regions(vec![])),
        ];
        let mut asked = 0;
        for role in Role::ALL {
            for (name, scope) in &scopes {
                let token = app.token_of("quelqu-un", role, scope.clone()).await;
                let (mut lines, mut expected) = (Vec::new(), Vec::new());
                for (entry, path) in segou.commands() {
                    let reply = app.post(&token, &path, &body_of(entry)).await;
                    asked += 1;
                    // A document comes by itself.
                    let is_line = entry.word != "attach-document";
                    let key = format!("{role} {name} {path}");
                    let line = json!({ "path": path, "idempotency_key": key, "body": body_of(entry) });
                    let refused = if !entry.roles.contains(&role) {
                        reply.problem(403, "forbidden");
                        Some(reply)
                    } else if reply.status == 415 {
                        // A form is asked for before anything is said of the path, whichever it is.
                        None
                    } else {
                        let held = is_held(name, entry.jurisdiction);
                        assert_eq!(held, !is_out_of_reach(&reply), "{role} {name} {path}: {}", reply.text);
                        (!held).then_some(reply)
                    };
                    if is_line {
                        lines.push(line);
                        expected.push(refused);
                    }
                }
                // A batch is no way around.
                if !may_command(role) {
                    app.batch_reply(&token, "", &lines).await.problem(403, "forbidden");
                    continue;
                }
                for (answer, expected) in app.batch(&token, "", &lines).await.iter().zip(&expected) {
                    let Some(reply) = expected else { continue };
                    assert_eq!(answer["problem"]["type"], reply.json()["type"], "{role} {name}: {answer}");
                    assert_eq!(answer["status"], json!(reply.status), "{role} {name}: {answer}");
                }
            }
        }
        assert!(asked > 3_000, "{asked}");
        // Whoever may do nothing has done nothing, and whoever may has been told what is wrong.
        let programme = app.get(&app.token(Role::Admin).await, &format!("/v1/programmes/{}", segou.programme)).await.ok(200);
        assert_eq!(programme["offices"]["segou-1"]["closed_on"], Value::Null);
    }

    async fn every_route_that_reads_tells_no_scope_of_who_is_out_of_its_reach(engine) {
        let segou = Segou::begin(engine).await;
        let app = &segou.app;
        let other = app.programme().await;
        app.command(&app.token(Role::Adviser).await, segou.id(), "add-note", &json!({ "text": "x" })).await.ok(200);
        let paid = with_plan(app, &segou.programme).await;
        let asked = request(&segou.funds[1], 100_000);
        app.done(Role::Adviser, &paid, "request-financing", &asked).await;
        app.caught_up().await;
        app.covered().await;
        let streams = Streams::from([
            ("/v1/beneficiaries", segou.id().to_owned()), ("/v1/programmes", segou.programme.clone()),
            ("/v1/cohorts", segou.cohort.clone()), ("/v1/funds", segou.funds[1].clone()),
        ]);
        // Whatever names one of the two people.
        let reference = segou.person["reference"].as_str().unwrap().to_owned();
        let told = [segou.id().to_owned(), segou.id().replace('-', ""), reference, paid.clone(), NAME.to_owned()];
        let scopes = [
            ("mopti", region("mopti")), ("mopti-1", office(&segou.programme, "mopti-1")),
            ("elsewhere's segou-1", office(&other, "segou-1")), ("nothing", Scope::Regions(vec![])),
            ("no fund", Scope::Funds(vec![])),
        ];
        let routes = endpoints();
        let (mut refused, mut seen) = (0, 0);
        for case in routes.iter().filter(|route| route.method == Method::GET).map(|route| case_of(route, &streams)) {
            let Some(roles) = &case.roles else { continue };
            let queries = ["", "?identity=true&limit=100", "?actor=adviser", "?limit=100"];
            for role in roles {
                let all = app.token(*role).await;
                for query in queries {
                    let path = if case.path.contains('?') { case.path.clone() } else { format!("{}{query}", case.path) };
                    let open = app.get(&all, &path).await.text;
                    seen += u32::from(told.iter().any(|one| open.contains(one)));
                    for (name, scope) in &scopes {
                        let token = app.token_of("quelqu-un", *role, scope.clone()).await;
                        let reply = app.get(&token, &path).await;
                        let leaked = told.iter().find(|one| reply.text.contains(*one));
                        assert_eq!(leaked, None, "{role} {name} {path}: {}", reply.text);
                        refused += u32::from(reply.status == 404 || reply.status == 403);
                    }
                }
            }
        }
        assert!(seen > 80 && refused > 500, "{seen} {refused}");
    }

    async fn a_director_of_another_region_takes_over_no_office(engine) {
        let segou = Segou::begin(engine).await;
        let app = &segou.app;
        let path = |word: &str| format!("/v1/programmes/{}/commands/{word}", segou.programme);
        let kidal = app.token_of("kidal", Role::Director, region("kidal")).await;
        let close = json!({ "office": "segou-1" });
        app.post(&kidal, &path("close-office"), &close).await.problem(403, "out-of-scope");
        let take = json!({ "office": "segou-1", "name": "À nous", "region": "kidal" });
        app.post(&kidal, &path("open-office"), &take).await.problem(403, "out-of-scope");
        // Not even who reaches everything can give an office's people to another region.
        let admin = app.token(Role::Admin).await;
        app.post(&admin, &path("close-office"), &close).await.ok(200);
        let refused = app.post(&admin, &path("open-office"), &take).await.error(409, "refused");
        assert_eq!(refused, ("/region".to_owned(), "office_of_another_region".to_owned()));
        app.post(&kidal, &path("open-office"), &take).await.problem(403, "out-of-scope");
        app.get(&kidal, &format!("/v1/beneficiaries/{}", segou.id())).await.problem(404, "not-found");
        // A region opens its own offices, and its director opens closed ones again.
        let own = json!({ "office": "kidal-1", "name": "Kidal", "region": "kidal" });
        app.post(&kidal, &path("open-office"), &own).await.ok(200);
        let director = app.token_of("segou", Role::Director, region("segou")).await;
        let again = json!({ "office": "segou-1", "name": "Antenne", "region": "segou" });
        app.post(&director, &path("open-office"), &again).await.ok(200);
    }

    async fn an_offices_director_does_nothing_that_is_the_nations(engine) {
        let segou = Segou::begin(engine).await;
        let app = &segou.app;
        let token = app.token_of("directeur", Role::Director, office(&segou.programme, "segou-1")).await;
        let national = json!({
            "name": "À moi", "signed_on": "2024-01-01", "term_years": 3, "renewable": true,
            "parties": [{ "name": "Moi", "role": "agency" }],
        });
        app.post(&token, "/v1/programmes", &national).await.problem(403, "out-of-scope");
        app.post(&token, "/v1/funds", &fund_of(&segou.programme, "f-moi", &[])).await.problem(403, "out-of-scope");
        app.post(&token, "/v1/funds", &fund_of(&segou.programme, "f-moi", &["segou"])).await.problem(403, "out-of-scope");
        let of_region = app.token_of("directrice", Role::Director, region("segou")).await;
        for regions in [&[][..], &["segou", "mopti"], &["mopti"]] {
            let more = fund_of(&segou.programme, "f-plus", regions);
            app.post(&of_region, "/v1/funds", &more).await.problem(403, "out-of-scope");
        }
        app.post(&of_region, "/v1/funds", &fund_of(&segou.programme, "f-region", &["segou"])).await.ok(201);
        // What a body says of a fund does not change whose it is.
        let tenfold = json!({ "budget": 10_000_000, "amendment": "à moi" });
        for (fund, status) in [(&segou.funds[0], 403), (&segou.funds[1], 200)] {
            let path = format!("/v1/funds/{fund}/commands/adjust-budget");
            assert_eq!(app.post(&of_region, &path, &tenfold).await.status, status);
        }
        let target = |region: Option<&str>| json!({
            "indicator": "registered", "period": { "from": "2022-01-01", "to": "2022-12-31" }, "region": region, "value": 1,
        });
        let path = format!("/v1/programmes/{}/commands/set-target", segou.programme);
        app.post(&of_region, &path, &target(None)).await.problem(403, "out-of-scope");
        app.post(&of_region, &path, &target(Some("mopti"))).await.problem(403, "out-of-scope");
        app.post(&of_region, &path, &target(Some("segou"))).await.ok(200);
    }

    async fn what_may_be_done_now_and_who_one_is_say_the_same_as_the_commands_themselves(engine) {
        let segou = Segou::begin(engine).await;
        let app = &segou.app;
        let token = app.token_of("directrice", Role::Director, region("segou")).await;
        let rules = async |path: &str, word: &str| {
            let available = app.get(&token, path).await.ok(200);
            let all = available["commands"].as_array().unwrap().clone();
            all.into_iter().find(|command| command["command"] == json!(word)).unwrap()["refusal"]["rule"].clone()
        };
        let programme = format!("/v1/programmes/{}/commands", segou.programme);
        assert_eq!(rules(&programme, "set-rules").await, json!("outside_reach"));
        assert_eq!(rules(&programme, "open-office").await, Value::Null);
        for (fund, rule) in [(&segou.funds[0], json!("outside_reach")), (&segou.funds[1], Value::Null)] {
            assert_eq!(rules(&format!("/v1/funds/{fund}/commands"), "adjust-budget").await, rule);
        }
        let me = app.get(&token, "/v1/me").await.ok(200);
        let kinds = me["commands"].as_array().unwrap();
        for (kind, declared) in kinds.iter().zip(STREAM_KINDS) {
            for command in kind["commands"].as_array().unwrap() {
                let entry = declared.commands.iter().find(|entry| json!(entry.word) == command["command"]).unwrap();
                assert_eq!(command["jurisdiction"], json!(entry.jurisdiction));
                assert_eq!(command["within_reach"], json!(entry.jurisdiction != Jurisdiction::Everywhere));
            }
        }
    }

    async fn a_fund_that_is_given_to_regions_serves_people_of_their_offices_alone(engine) {
        let segou = Segou::begin(engine).await;
        let app = &segou.app;
        let director = app.token(Role::Director).await;
        let of_kayes = fund_of(&segou.programme, "f-kayes", &["kayes"]);
        let of_kayes = app.post(&director, "/v1/funds", &of_kayes).await.ok(201)["id"].as_str().unwrap().to_owned();
        let person = with_plan(app, &segou.programme).await;
        let adviser = app.token(Role::Adviser).await;
        let refused = app.command(&adviser, &person, "request-financing", &request(&of_kayes, 100)).await;
        assert_eq!(refused.error(409, "refused"), ("/fund".to_owned(), "region_not_served".to_owned()));
        app.command(&adviser, &person, "request-financing", &request(&segou.funds[1], 100)).await.ok(200);
    }

    async fn a_reference_of_another_region_leads_to_nothing_that_is_not_said_of_none(engine) {
        let segou = Segou::begin(engine).await;
        let app = &segou.app;
        let (known, unknown) = (segou.person["reference"].as_str().unwrap(), "RRZN-CR20-D");
        let far = app.token_of("loin", Role::Trainer, region("mopti")).await;
        for path in ["", "/history", "/commands", "/documents/00"] {
            let mut told = Vec::new();
            for reference in [known, unknown] {
                let reply = app.get(&far, &format!("/v1/beneficiaries/{reference}{path}")).await;
                let mut body = reply.json();
                body["request_id"] = Value::Null;
                body["instance"] = Value::Null;
                told.push((reply.status, body));
            }
            assert_eq!(told[0], told[1], "{path}");
        }
        // Nor does a register, a link, or the command of a path.
        let body = |reference: &str| json!({
            "session": "s1", "hours": 6, "lines": [{ "beneficiary": reference, "present": true }],
        });
        let mopti = {
            let director = app.token(Role::Director).await;
            let plan = json!({
                "occurred_on": "2022-02-15", "programme": segou.programme, "code": "g9", "office": "mopti-1", "centre": "Centre",
                "capacity": 5, "modules": ["leadership"], "trainer": "loin", "period": { "from": "2022-02-20", "to": "2022-04-30" },
            });
            app.post(&director, "/v1/cohorts", &plan).await.ok(201)["id"].as_str().unwrap().to_owned()
        };
        for reference in [known, unknown] {
            let reply = app.command_of(&far, "cohorts", &mopti, "record-register", &body(reference)).await;
            assert!(!reply.text.contains(segou.id()), "{}", reply.text);
            assert!(reply.text.contains("unknown_item"), "{}", reply.text);
        }
        let director = app.token_of("directeur", Role::Director, region("mopti")).await;
        let here = with(registration(&segou.programme), "/office", json!("mopti-1"));
        let own = app.post(&app.token(Role::Adviser).await, "/v1/beneficiaries", &here).await.ok(201)["id"].as_str().unwrap().to_owned();
        for other in [known, segou.id()] {
            let reply = app.command(&director, &own, "link-duplicate", &json!({ "continues": other })).await;
            assert_eq!(reply.error(409, "refused").1, "unknown_item");
        }
    }

    async fn people_of_other_regions_are_counted_and_not_named_in_programmes_and_funds(engine) {
        let segou = Segou::begin(engine).await;
        let app = &segou.app;
        let here = with(registration(&segou.programme), "/office", json!("mopti-1"));
        let far = app.post(&app.token(Role::Adviser).await, "/v1/beneficiaries", &here).await.ok(201)["id"].as_str().unwrap().to_owned();
        let near = app.register(&segou.programme).await["id"].as_str().unwrap().to_owned();
        for id in [&near, &far] {
            app.walk(id, &steps(), "assess-eligibility").await;
        }
        let lottery = json!({
            "occurred_on": "2022-03-01", "session": "tirage", "seed": "dé public", "places": 1, "entries": [near, far],
        });
        let admin = app.token(Role::Admin).await;
        let path = format!("/v1/programmes/{}/commands/record-lottery", segou.programme);
        app.post(&admin, &path, &lottery).await.ok(200);
        app.caught_up().await;
        let shown = async |role: Role, scope: Scope, suffix: &str| {
            let token = app.token_of("lecteur", role, scope).await;
            app.get(&token, &format!("/v1/programmes/{}{suffix}", segou.programme)).await.ok(200).to_string()
        };
        for suffix in ["", "/history"] {
            let all = shown(Role::Director, Scope::All, suffix).await;
            assert!(all.contains(&near) && all.contains(&far));
            let some = shown(Role::Director, region("mopti"), suffix).await;
            assert!(!some.contains(&near) && some.contains(&far), "{some}");
            assert!(some.contains("\"entries_out_of_reach\":1"), "{some}");
        }
        for role in [Role::Analyst, Role::Donor] {
            let none = shown(role, Scope::All, "").await;
            assert!(!none.contains(&near) && !none.contains(&far), "{role}");
        }
    }

    async fn registering_somebody_is_no_search_through_other_offices(engine) {
        let segou = Segou::begin(engine).await;
        let app = &segou.app;
        app.caught_up().await;
        let far = app.token_of("loin", Role::Adviser, region("mopti")).await;
        let here = with(registration(&segou.programme), "/office", json!("mopti-1"));
        let told = app.post(&far, "/v1/beneficiaries", &here).await;
        assert!(!told.text.contains(segou.id()), "{}", told.text);
        let told = told.ok(201);
        assert_eq!(told["duplicates"], json!([{ "office": "segou-1" }]));
        let own = told["id"].as_str().unwrap();
        app.caught_up().await;
        // Both offices have the pair to work on; each sees its own path, and whom to ask.
        for (scope, seen, hidden) in [(region("mopti"), own, segou.id()), (region("segou"), segou.id(), own)] {
            let token = app.token_of("liste", Role::Director, scope).await;
            let list = app.get(&token, "/v1/worklists/duplicates").await.ok(200);
            let text = list.to_string();
            assert!(text.contains(seen) && !text.contains(hidden), "{text}");
            assert_eq!(list["items"].as_array().unwrap().len(), 1);
        }
        let all = app.token_of("national", Role::Director, Scope::All).await;
        let text = app.get(&all, "/v1/worklists/duplicates").await.ok(200).to_string();
        assert!(text.contains(segou.id()) && text.contains(own));
        // Whoever was shown somebody has read of them, and that is on record.
        let readings = app.get(&all, &format!("/v1/beneficiaries/{}/access", segou.id())).await.ok(200);
        let by: Vec<&str> = readings["items"].as_array().unwrap().iter()
            .filter(|entry| entry["action"] == json!("duplicate"))
            .map(|entry| entry["actor"].as_str().unwrap()).collect();
        assert_eq!(by.len(), 2, "{readings}");
        assert!(by.contains(&"liste") && by.contains(&"national") && !by.contains(&"loin"));
    }

    async fn a_forged_claim_makes_no_more_of_a_listed_token_than_was_granted(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        let own = app.token_of("stagiaire", Role::Trainer, region("mopti")).await;
        let part = |token: &str, place: usize| token.split('.').nth(place).unwrap().to_owned();
        let forged = forge(&own, &json!({ "role": "admin", "scope": "all", "exp": 4_102_444_800_i64, "sub": "chef" }));
        assert_ne!(part(&own, 1), part(&forged, 1));
        let me = app.get(&forged, "/v1/me").await.ok(200);
        assert_eq!((&me["actor"], &me["role"]), (&json!("stagiaire"), &json!("trainer")));
        app.get(&forged, "/v1/tokens").await.problem(403, "forbidden");
        app.get(&forged, &format!("/v1/beneficiaries/{id}")).await.problem(404, "not-found");
    }

    async fn an_administrator_of_a_region_keeps_the_tokens_of_that_region(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        for (actor, scope) in [
            ("partout", Scope::All), ("segou", region("segou")), ("mopti", region("mopti")),
            ("antenne", office(&programme, "segou-1")), ("ailleurs", office(&programme, "mopti-1")),
        ] {
            app.token_of(actor, Role::Director, scope).await;
        }
        let admin = app.token_of("admin.segou", Role::Admin, region("segou")).await;
        let listed = app.get(&admin, "/v1/tokens").await.ok(200);
        let actors: Vec<&str> = listed["tokens"].as_array().unwrap().iter().map(|token| token["actor"].as_str().unwrap()).collect();
        assert_eq!(actors, ["admin.segou", "antenne", "segou"]);
        for token in app.tokens.list(None).await.unwrap() {
            let reply = app.post(&admin, &format!("/v1/tokens/{}/revoke", token.token_id), &json!({})).await;
            let own = ["antenne", "segou", "admin.segou"].contains(&token.actor.as_str());
            if token.actor == "admin.segou" {
                break;
            }
            assert_eq!(reply.status, if own { 200 } else { 404 }, "{}", token.actor);
        }
    }

    async fn a_scope_that_is_not_said_or_names_what_there_is_not_is_refused(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let fund = app.fund(&programme, "f1", 1_000).await;
        let known = app.commands.known_places().await.unwrap();
        let asked = AskedScope::default;
        for role in Role::ALL {
            assert_eq!(asked().resolve(role, &known), Err(ScopeError::Missing(role)));
        }
        let offices = vec!["segou-9".parse().unwrap()];
        let nowhere = AskedScope { offices: offices.clone(), ..asked() };
        assert_eq!(nowhere.resolve(Role::Adviser, &known), Err(ScopeError::UnknownOffice(offices[0].clone())));
        let funds = vec![serde_json::from_value(json!(uuid::Uuid::from_u128(9))).unwrap()];
        let none = AskedScope { funds: funds.clone(), ..asked() };
        assert_eq!(none.resolve(Role::Donor, &known), Err(ScopeError::UnknownFund(funds[0])));
        let real = AskedScope { funds: vec![serde_json::from_value(json!(fund)).unwrap()], ..asked() };
        assert!(real.resolve(Role::Donor, &known).is_ok());
        assert_eq!(real.resolve(Role::Adviser, &known), Err(ScopeError::NotOfRole(Role::Adviser)));
        let all = AskedScope { all: true, ..asked() };
        assert_eq!(all.resolve(Role::Admin, &known), Ok(Scope::All));
        assert_eq!(all.resolve(Role::Donor, &known), Err(ScopeError::NotOfRole(Role::Donor)));
        let both = AskedScope { all: true, regions: vec!["segou".parse().unwrap()], ..asked() };
        assert_eq!(both.resolve(Role::Director, &known), Err(ScopeError::Several));
        // A code that two programmes have needs its programme.
        let second = app.programme().await;
        let known = app.commands.known_places().await.unwrap();
        let here = AskedScope { offices: vec!["segou-1".parse().unwrap()], ..asked() };
        assert!(matches!(here.resolve(Role::Adviser, &known), Err(ScopeError::AmbiguousOffice(_, both)) if both.len() == 2));
        let named = AskedScope { programme: Some(serde_json::from_value(json!(second)).unwrap()), ..here };
        assert_eq!(named.resolve(Role::Adviser, &known), Ok(office(&second, "segou-1")));
    }

    async fn a_token_of_the_older_form_grants_nothing(engine) {
        let app = TestApp::on(engine).await;
        app.programme().await;
        let token = app.token_of("ancien", Role::Adviser, region("segou")).await;
        app.get(&token, "/v1/me").await.ok(200);
        sira_database::on_engine!(app.commands.journal().pool(), pool => {
            sqlx::query("UPDATE tokens SET scope = '{\"offices\":[\"segou-1\"]}' WHERE actor = 'ancien'").execute(pool).await.map(drop)
        })
        .unwrap();
        app.get(&token, "/v1/me").await.problem(401, "token-expired");
    }
}

/// A token with other claims, signed with the server's own key.
fn forge(token: &str, claims: &Value) -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as TEXT;
    use ed25519_dalek::{Signer as _, SigningKey};
    let (head, rest) = token.split_once('.').unwrap();
    let (body, _) = rest.split_once('.').unwrap();
    let mut own: Value = serde_json::from_slice(&TEXT.decode(body).unwrap()).unwrap();
    for (name, value) in claims.as_object().unwrap() {
        own[name] = value.clone();
    }
    let signed = format!("{head}.{}", TEXT.encode(own.to_string()));
    let signature = SigningKey::from_bytes(&[7; 32]).sign(signed.as_bytes());
    format!("{signed}.{}", TEXT.encode(signature.to_bytes()))
}

#[test]
fn who_comes_from_an_issuer_never_has_the_name_of_who_is_here() {
    use sira_domain::values::ActorId;
    let foreign = ActorId::of_issuer("banque", "awa.t").unwrap();
    assert_eq!(foreign.as_str(), "oidc:banque/awa.t");
    assert!(!foreign.is_own() && ActorId::try_new("awa.t").unwrap().is_own());
    for wrong in ["oidc:/a", "oidc:x", "oidc:X/a", "a:b", "a/b", "oidc:x/", "local:", "local:a/b"] {
        assert!(ActorId::try_new(wrong).is_err(), "{wrong}");
    }
    assert!(
        ActorId::of_issuer("banque", "a/b").is_err() && ActorId::of_issuer("a/b", "c").is_err()
    );
}
