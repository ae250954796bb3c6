//! The contract: the OpenAPI document, its page, the reference lists, health and metrics.

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use sira::http::access::Access;
use sira::http::{endpoints, openapi};
use sira::journal::{AppendRequest, NewEvent, StreamId, StreamWrite};
use sira_domain::catalogue::CommandEntry;
use sira_domain::cohort::COHORT_COMMANDS;
use sira_domain::fund::FUND_COMMANDS;
use sira_domain::path::BENEFICIARY_COMMANDS;
use sira_domain::programme::PROGRAMME_COMMANDS;
use sira_domain::role::Role;
use sira_numbers::Version;

use super::app::{Reply, TestApp};
use crate::support::Engine;

/// Where each command of the catalogue is, by its word.
fn commands() -> BTreeSet<(String, &'static str)> {
    let kinds = [
        ("/v1/beneficiaries", BENEFICIARY_COMMANDS, "register"),
        ("/v1/programmes", PROGRAMME_COMMANDS, "sign-convention"),
        ("/v1/cohorts", COHORT_COMMANDS, "plan-cohort"),
        ("/v1/funds", FUND_COMMANDS, "open-fund"),
    ];
    let of_kind = |(path, commands, first): (&str, &'static [CommandEntry], &str)| {
        let place = move |word: &'static str| match word {
            word if word == first => (path.to_owned(), word),
            word => (format!("{path}/{{id}}/commands/{word}"), word),
        };
        commands.iter().map(move |entry| place(entry.word)).collect::<Vec<_>>()
    };
    kinds.into_iter().flat_map(of_kind).collect()
}

/// Method and path of every route of the table.
fn expected_operations() -> BTreeSet<(String, String)> {
    let routes = endpoints();
    let routes = routes
        .iter()
        .map(|route| (route.method.as_str().to_lowercase(), route.path.replace("{*", "{")));
    routes.collect()
}

fn operations(document: &Value) -> impl Iterator<Item = (String, String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    paths.iter().flat_map(|(path, item)| {
        let item = item.as_object().unwrap();
        item.iter().map(|(method, operation)| (method.clone(), path.clone(), operation))
    })
}

fn each_value<'a>(value: &'a Value, see: &mut dyn FnMut(&'a serde_json::Map<String, Value>)) {
    match value {
        Value::Object(fields) => {
            see(fields);
            fields.values().for_each(|field| each_value(field, see));
        }
        Value::Array(items) => items.iter().for_each(|item| each_value(item, see)),
        _ => {}
    }
}

#[test]
fn every_reference_in_the_document_resolves() {
    let document = openapi();
    let mut seen = 0;
    each_value(document, &mut |fields| {
        if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
            let pointer =
                reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} leads out"));
            assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
            seen += 1;
        }
        assert!(!fields.contains_key("$defs") && !fields.contains_key("$schema"), "{fields:?}");
    });
    assert!(seen > 100, "{seen}");
}

#[test]
fn the_document_holds_every_route_of_the_tables_and_no_other() {
    let found: BTreeSet<_> =
        operations(openapi()).map(|(method, path, _)| (method, path)).collect();
    assert_eq!(found, expected_operations());
}

#[test]
fn every_command_of_the_catalogue_has_its_route_and_its_roles() {
    let routes = endpoints();
    let found: BTreeSet<_> = routes
        .iter()
        .filter_map(|route| Some((route.path.clone().into_owned(), route.command?.word)))
        .collect();
    assert_eq!(found, commands());
    for route in &routes {
        let Some(entry) = route.command else { continue };
        assert!(
            matches!(route.access, Access::Roles(roles) if roles == entry.roles),
            "{}",
            entry.word
        );
    }
}

/// What a reference of the document leads to; what is none, itself.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
        None => value,
    }
}

#[test]
fn every_answer_has_a_schema_and_every_parameter_a_type() {
    let document = openapi();
    let (mut answers, mut parameters) = (0, 0);
    for (method, path, operation) in operations(document) {
        let at = format!("{method} {path}");
        assert!(operation["operationId"].is_string() && operation["tags"][0].is_string(), "{at}");
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.starts_with('2')), "{at}");
        assert!(responses.keys().any(|status| status.starts_with('4')), "{at}");
        for (status, response) in responses {
            let response = resolved(document, response);
            assert!(response["headers"]["X-Request-Id"].is_object(), "{at} {status}");
            if status == "304" {
                continue;
            }
            for (kind, content) in response["content"].as_object().unwrap() {
                let schema = resolved(document, &content["schema"]);
                let keys = ["type", "oneOf", "anyOf", "allOf"];
                assert!(
                    keys.iter().any(|key| !schema[*key].is_null()),
                    "{at} {status} {kind}: {schema}"
                );
                answers += 1;
            }
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let parameter = resolved(document, parameter);
            let schema = &parameter["schema"];
            assert!(schema["type"].is_string() || schema["oneOf"].is_array(), "{at}: {parameter}");
            assert!(!parameter["description"].as_str().unwrap().is_empty(), "{at}: {parameter}");
            parameters += 1;
        }
    }
    assert!(answers > 500 && parameters > 400, "{answers} {parameters}");
}

#[test]
fn every_operation_of_the_document_has_its_shape() {
    let document = openapi();
    assert_eq!(document["openapi"], json!("3.1.0"));
    let mut ids = BTreeSet::new();
    for (method, path, operation) in operations(document) {
        let at = format!("{method} {path}");
        assert!(!operation["summary"].as_str().unwrap().is_empty(), "{at}");
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let declared: BTreeSet<&str> = parameters
            .map(|parameter| resolved(document, parameter))
            .filter(|parameter| parameter["in"] == json!("path"))
            .map(|parameter| {
                assert_eq!(parameter["required"], json!(true), "{at}");
                parameter["name"].as_str().unwrap()
            })
            .collect();
        let in_path: BTreeSet<&str> = path.split(['{', '}']).skip(1).step_by(2).collect();
        assert_eq!(declared, in_path, "{at}");
        assert!(operation["responses"].as_object().is_some_and(|responses| !responses.is_empty()));
        let is_open = endpoints().iter().any(|route| {
            route.path == path
                && route.method.as_str().to_lowercase() == method
                && matches!(route.access, Access::Open)
        });
        assert_eq!(operation["security"] == json!([]), is_open, "{at}");
        // A revocation and a withdrawal are no commands: they have no body and no day.
        if method == "post" && !path.starts_with("/v1/tokens") && !path.ends_with("/withdraw") {
            let content = operation["requestBody"]["content"].as_object().unwrap();
            let schema = resolved(document, &content.values().next().unwrap()["schema"]);
            // Nor is a statement that is compared and kept nowhere.
            if path == "/v1/evidence/cosignatures" || path.ends_with("/statements") {
                assert_eq!(schema["type"], json!("string"), "a signed note or a table is a text");
                continue;
            }
            // Freezing a report is no fact of the field: it has no day of its own.
            // Nor is an order to erase many people for the age of their data.
            // Nor is what somebody without an account sends, nor the refusal of it.
            // Nor is an order that gives many paths to another adviser: each is assigned on its own day, today.
            // Nor is a batch: each of its lines has a body with a day.
            let without_day = [
                "/v1/batch",
                "/v1/analytics/",
                "/v1/reports",
                "/v1/retention/",
                "/v1/open-call/",
                "/v1/reassignments",
            ];
            let has_day = !without_day.iter().any(|part| path.starts_with(part))
                && !path.ends_with("/refuse");
            let day = &schema["properties"]["occurred_on"]["format"];
            assert_eq!(*day == json!("date"), has_day, "{at}");
            assert_eq!(schema["additionalProperties"], json!(false), "{at}");
            let has_roles = operation["x-roles"].as_array().is_some_and(|roles| !roles.is_empty());
            assert_eq!(has_roles, !is_open, "{at}");
        }
        if let Some(id) = operation["operationId"].as_str() {
            assert!(ids.insert(id), "{id} twice");
        }
    }
}

/// The document is kept as a file, for those who read or generate from it without a server. To write it
/// anew: `SIRA_WRITE=1 cargo test --test it api::contract`.
#[test]
fn the_document_of_the_tree_is_the_programs_own() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/openapi.json");
    let document = serde_json::to_string_pretty(openapi()).unwrap() + "\n";
    if std::env::var_os("SIRA_WRITE").is_some() {
        std::fs::write(path, &document).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    let differs = kept.lines().zip(document.lines()).position(|(kept, made)| kept != made);
    assert!(kept == document, "docs/openapi.json is not current from line {differs:?} on");
}

crate::on_both_engines! {
    async fn the_document_is_served_as_it_is(engine) {
        let app = TestApp::on(engine).await;
        let served = Reply::of(app.request(Method::GET, "/openapi.json")).await;
        assert_eq!(served.ok(200), *openapi());
        assert_eq!(served.header("content-type"), "application/json");
    }

    async fn health_and_metrics_say_what_they_see(engine) {
        let app = TestApp::on(engine).await;
        assert_eq!(Reply::of(app.request(Method::GET, "/healthz")).await.text, "ok\n");
        let id = app.registered().await;
        app.done(Role::Adviser, &id, "add-note", &json!({ "text": "x" })).await;
        let ready = ready_at(&app, 5).await;
        assert_eq!((&ready["ready"], &ready["position"]), (&json!(true), &json!(5)));
        let named = ready["projections"].as_array().unwrap().iter();
        let statuses = app.projections.status();
        assert_eq!(statuses.len(), sira::read_side::projection_names().count());
        let expected = statuses.iter().map(|status| {
            json!({ "name": status.name, "version": status.version, "position": 5, "lag_events": 0,
                    "lag_seconds": 0, "state": "live" })
        });
        assert_eq!(named.cloned().collect::<Vec<_>>(), expected.collect::<Vec<_>>());
        let metrics = Reply::of(app.request(Method::GET, "/metrics")).await;
        for line in [
            "sira_journal_position 5\n",
            "sira_projection_stopped{projection=\"case_identity\"} 0\n",
            "sira_commands_total{command=\"add-note\",outcome=\"done\"} 1\n",
            "sira_http_requests_total{method=\"POST\",route=\"/v1/beneficiaries\",status=\"201\"} 1\n",
        ] {
            assert!(metrics.text.contains(line), "{line} in {}", metrics.text);
        }
        assert!(metrics.text.ends_with("# EOF\n") && !metrics.text.contains(&id));
    }

    async fn a_server_tells_by_part_what_people_cannot_use(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        let part = |told: &Value, name: &str| told["parts"].as_array().unwrap().iter().find(|part| part["name"] == name).unwrap().clone();
        let position = app.caught_up().await;
        let ready = ready_at(&app, position.get()).await;
        for name in ["journal", "keys", "read_models", "documents", "evidence"] {
            assert_eq!(part(&ready, name), json!({ "name": name, "ready": true }));
        }
        // An event that nobody can read stops what is folded from paths: lists do not go on.
        let stream = StreamId::new("beneficiary", id.parse().unwrap());
        let event = NewEvent { event_type: "NoteAdded".into(), event_version: "1.0".into(), payload: "{}".to_owned(), metadata: "{}".to_owned() };
        let version = app.commands.journal().read_stream(&stream, Version::ZERO).await.unwrap().len();
        let write = StreamWrite { stream, expected_version: Version::of_count(version as u64), events: vec![event] };
        app.commands.journal().append(AppendRequest { writes: vec![write], ..AppendRequest::default() }).await.unwrap();
        let mut stopped = Value::Null;
        for _ in 0..500 {
            let reply = Reply::of(app.request(Method::GET, "/readyz")).await;
            if reply.status == 503 {
                stopped = serde_json::from_str(&reply.text).unwrap();
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(part(&stopped, "read_models")["reason"], json!("stopped"), "{stopped}");
        assert!(part(&stopped, "read_models")["projections"].to_string().contains("case_status"), "{stopped}");
        app.commands.keys().close().await;
        let reply = Reply::of(app.request(Method::GET, "/readyz")).await;
        let told: Value = serde_json::from_str(&reply.text).unwrap();
        assert_eq!(part(&told, "keys"), json!({ "name": "keys", "ready": false, "reason": "unreachable" }));
        assert_eq!(part(&told, "journal")["ready"], json!(true));
    }

    async fn a_server_whose_journal_is_closed_is_not_ready(engine) {
        let app = TestApp::on(engine).await;
        app.commands.journal().close().await;
        assert_eq!(Reply::of(app.request(Method::GET, "/healthz")).await.status, 200);
        Reply::of(app.request(Method::GET, "/readyz")).await.problem(503, "unavailable");
    }
}

/// What `/readyz` says once every projection has taken a position in.
async fn ready_at(app: &TestApp, position: u64) -> Value {
    for _ in 0..500 {
        let ready = Reply::of(app.request(Method::GET, "/readyz")).await.ok(200);
        let mut told = ready["projections"].as_array().unwrap().iter();
        if told.all(|projection| projection["position"] == json!(position)) {
            return ready;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the projections did not catch up");
}

/// Addresses that a page loads things from.
fn assets(html: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for mark in ["src=\"", "href=\"", "url: \"", "src='", "href='", "url: '"] {
        let quote = mark.chars().last().unwrap();
        found.extend(html.split(mark).skip(1).filter_map(|rest| rest.split(quote).next()));
    }
    found
}

#[tokio::test]
async fn the_reference_page_loads_everything_from_this_server() {
    let app = TestApp::on(&Engine::sqlite()).await;
    let page = Reply::of(app.request(Method::GET, "/docs")).await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(page.header("content-type").starts_with("text/html"));
    let assets = assets(&page.text);
    assert!(
        assets.len() >= 3 && assets.iter().any(|asset| asset.contains("openapi.json")),
        "{}",
        page.text
    );
    for asset in assets {
        assert!(!asset.contains("://") && !asset.starts_with("//"), "{asset} is elsewhere");
        let path = if asset.starts_with('/') {
            asset.to_owned()
        } else {
            format!("/docs/{}", asset.trim_start_matches("./"))
        };
        let reply = app.request(Method::GET, &path).send().await.unwrap();
        assert_eq!(reply.status(), 200, "{path}");
    }
    assert!(!page.text.contains("http://") && !page.text.contains("https://"), "{}", page.text);
}

#[tokio::test]
async fn the_reference_lists_carry_labels_in_both_languages_and_their_source() {
    let engine = Engine::sqlite();
    let app = TestApp::on(&engine).await;
    let token = app.token(Role::Analyst).await;
    let shown = app.get(&token, "/v1/reference").await.ok(200);
    let text = |value: &Value, field: &str| {
        assert!(value[field].as_str().is_some_and(|text| !text.is_empty()), "{field} of {value}");
    };
    let lists = shown["lists"].as_array().unwrap();
    assert!(lists.len() >= 20);
    for list in lists {
        for field in ["name", "fr", "en", "source"] {
            text(list, field);
        }
        for entry in list["entries"].as_array().unwrap() {
            for field in ["code", "fr", "en"] {
                text(entry, field);
            }
        }
    }
}
