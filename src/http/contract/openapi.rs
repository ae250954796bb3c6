//! The contract for programs and people: OpenAPI 3.1 from the tables that the router reads, a page
//! to browse it, and a page for every kind of problem.

use std::sync::LazyLock;

use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};
use sira_domain::catalogue::CommandEntry;
use swagger_ui_dist::{ApiDefinition, OpenApiSource};

use super::App;
use super::access::{Access, COLLECTIONS, ROUTES, Route};
use super::problem::{self, KINDS, Kind};
use super::request::{Envelope, Named};

static DOCUMENT: LazyLock<Value> = LazyLock::new(build);

/// The routes.
pub fn routes() -> Router<App> {
    let browse = ApiDefinition {
        uri_prefix: "/docs",
        api_definition: OpenApiSource::Uri("/openapi.json"),
        title: Some("Sira"),
    };
    Router::new()
        .route("/openapi.json", get(async || Json(&*DOCUMENT)))
        .route("/problems", get(problems))
        .route("/problems/{slug}", get(problem_page))
        .merge(swagger_ui_dist::generate_routes(browse).with_state(()))
}

/// The OpenAPI document.
#[must_use]
pub fn openapi() -> &'static Value {
    &DOCUMENT
}

fn build() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    settings.meta_schema = None;
    let mut generator = SchemaGenerator::new(settings);
    let mut paths = Map::new();
    for route in ROUTES.iter().filter(|route| !route.path.contains("{command}")) {
        let begun = COLLECTIONS.iter().find(|kind| kind.path == route.path);
        let entry = begun.filter(|_| route.method == "post");
        let entry = entry.and_then(|kind| entry_of(kind.commands, kind.first));
        // The document has no word for the rest of an address.
        let path = route.path.replace("{*", "{");
        add(&mut paths, &path, route.method, operation(route, entry, &mut generator));
    }
    for kind in COLLECTIONS {
        for entry in kind.commands.iter().filter(|entry| entry.word != kind.first) {
            let path = format!("{}/{{id}}/commands/{}", kind.path, entry.word);
            let route =
                Route { method: "post", path: "", access: Access::Command, about: entry.about_en };
            let mut operation = operation(&route, Some(entry), &mut generator);
            operation["parameters"] = parameters(&path, "post");
            add(&mut paths, &path, "post", operation);
        }
    }
    let mut schemas = generator.take_definitions(true);
    schemas.insert("Answer".into(), answer_schema());
    schemas.insert("Problem".into(), problem_schema());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Sira",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Every beneficiary's path, from idea to follow-up, as an append-only event stream. Problem titles and details are in French, or in English with `Accept-Language: en`.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" }
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" } }
        }
    })
}

fn entry_of(table: &'static [CommandEntry], word: &str) -> Option<&'static CommandEntry> {
    table.iter().find(|entry| entry.word == word)
}

fn add(paths: &mut Map<String, Value>, path: &str, method: &str, operation: Value) {
    let item = paths.entry(path.to_owned()).or_insert_with(|| json!({}));
    item[method] = operation;
}

fn operation(
    route: &Route,
    entry: Option<&CommandEntry>,
    generator: &mut SchemaGenerator,
) -> Value {
    let mut operation = json!({
        "summary": route.about,
        "parameters": parameters(route.path, route.method),
        "responses": responses(entry.is_some()),
    });
    if !matches!(route.access, Access::Open) {
        operation["security"] = json!([{ "bearer": [] }]);
    }
    if let Access::Roles(roles) = route.access {
        operation["x-roles"] = json!(roles);
    }
    if route.path == "/v1/analytics/reports" && route.method == "post" {
        operation["requestBody"] = json!({ "required": true, "content": { "application/json": { "schema": report_form() } } });
    }
    if route.path == "/v1/evidence/cosignatures" {
        let note = json!({ "type": "string", "description": "The checkpoint as a signed note, with the witness's signature line." });
        operation["requestBody"] =
            json!({ "required": true, "content": { "text/plain": { "schema": note } } });
    }
    if route.path == super::retention::ERASURES {
        operation["requestBody"] = json!({ "required": true, "content": { "application/json": { "schema": super::retention::order_form() } } });
    }
    if let Some(entry) = entry {
        operation["operationId"] = json!(entry.word);
        operation["tags"] = json!([entry.stage]);
        operation["description"] = json!(format!("{} — {}", entry.about_fr, entry.about_en));
        operation["x-roles"] = json!(entry.roles);
        let schema = with_day((entry.schema)(generator), generator);
        let (kind, schema) = match entry.word {
            "attach-document" => ("multipart/form-data", document_form()),
            _ => ("application/json", schema),
        };
        operation["requestBody"] =
            json!({ "required": true, "content": { kind: { "schema": schema } } });
    }
    operation
}

/// What a report is frozen from.
fn report_form() -> Value {
    let subjects: Vec<_> = crate::figures::Subject::ALL.iter().map(|(word, _)| *word).collect();
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["name", "subject"],
        "properties": {
            "name": { "type": "string", "maxLength": 64, "pattern": "^[A-Za-z0-9._-]+$" },
            "subject": { "type": "string", "enum": subjects, "description": "The last part of the route that answers it; targets cannot be frozen." },
            "query": { "type": "string", "maxLength": 2000, "description": "Its parameters, as in an address; `as_of` and `as_of_position` choose the moment." }
        }
    })
}

/// A document is sent as a form: its texts first, the file last.
fn document_form() -> Value {
    let text = |about: &str| json!({ "type": "string", "description": about });
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["file"],
        "properties": {
            "occurred_on": { "type": "string", "format": "date" },
            "name": text("File name; that of the file's part when left out. Sealed."),
            "media_type": text("Of the reference list; that of the file's part when left out."),
            "size_bytes": text("When given, it must be the file's."),
            "sha256": text("When given, it must be the file's."),
            "file": { "type": "string", "format": "binary", "description": "At most 50 MiB; the last part." }
        }
    })
}

/// Every command takes the day of the fact beside its own fields.
fn with_day(body: Schema, generator: &mut SchemaGenerator) -> Value {
    let mut schema = serde_json::to_value(body).unwrap_or_default();
    let name = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()).map(str::to_owned);
    if let Some(definition) = name.and_then(|name| generator.definitions().get(&name).cloned()) {
        schema = definition;
    }
    let day = json!({ "type": "string", "format": "date", "description": "The day on which it happened; today when left out." });
    schema["properties"]["occurred_on"] = day;
    schema
}

fn responses(is_command: bool) -> Value {
    let problem = json!({ "description": "A problem (RFC 9457).",
        "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } } });
    if is_command {
        let answer = json!({ "description": "Recorded, or already done.",
            "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Answer" } } } });
        return json!({ "2XX": answer, "4XX": problem, "5XX": problem });
    }
    json!({ "200": { "description": "The answer." }, "4XX": problem, "5XX": problem })
}

fn parameters(path: &str, method: &str) -> Value {
    let text = |place: &str, name: &str, required: bool, about: &str| json!({ "in": place, "name": name, "required": required, "description": about, "schema": { "type": "string" } });
    let mut parameters = Vec::new();
    if path.contains("{id}") {
        parameters.push(text("path", "id", true, "The id, or a beneficiary's reference."));
    }
    if path.contains("{sha256}") {
        parameters.push(text("path", "sha256", true, "SHA-256 of the document, hexadecimal."));
    }
    if path.contains("{slug}") {
        parameters.push(text("path", "slug", true, "The kind of problem."));
    }
    if path == "/v1/tokens" {
        parameters.push(text("query", "before", false, "The `next` of the page before."));
    }
    if path.contains("{*tile}") {
        parameters.push(text("path", "tile", true, "`<level>/<index>[.p/<width>]` or `entries/<index>[.p/<width>]`, as C2SP tlog-tiles writes them."));
    }
    if path.contains("{name}") {
        parameters.push(text("path", "name", true, "The indicator's or the report's name."));
    }
    if path.starts_with("/v1/analytics/") && method == "get" && !path.contains("/reports") {
        for (name, about) in crate::figures::parameters_of(path) {
            parameters.push(text("query", name, false, about));
        }
        parameters.push(text(
            "header",
            "Sira-Min-Position",
            false,
            "Waits until everything up to this position is in the answer, or gives 503.",
        ));
    }
    // A revocation is the same however often it is asked for: it needs no key and has no version.
    // So is an order of erasure, and it may be for many paths.
    let is_plain = ["/v1/tokens", "/v1/analytics", "/v1/evidence", super::retention::ERASURES];
    if method == "post" && !is_plain.iter().any(|start| path.starts_with(start)) {
        parameters.push(text(
            "header",
            "Idempotency-Key",
            false,
            "The same key and body give the same answer, once, for 30 days.",
        ));
        parameters.push(text(
            "header",
            "If-Match",
            false,
            "The version that must be current, as given in ETag.",
        ));
    }
    let has_past = ["/v1/beneficiaries/{id}", super::history::PATH].contains(&path);
    if has_past && method == "get" {
        parameters.push(text(
            "query",
            "as_of",
            false,
            "What was known at the end of this day (UTC), or at this time.",
        ));
        parameters.push(text("query", "version", false, "The state after this version."));
    }
    if path == "/v1/beneficiaries/{id}" {
        parameters.push(text(
            "query",
            "identity",
            false,
            "`true` opens the identity for those allowed; the reading is recorded.",
        ));
    }
    let listed = if method == "get" { super::parameters::of(path) } else { &[] };
    for parameter in listed {
        parameters.push(text("query", parameter.name, false, parameter.about));
    }
    if path == "/v1/events" {
        let about = "The last position that was received; it goes before `after`.";
        parameters.push(text("header", "Last-Event-ID", false, about));
    } else if method == "get" && super::parameters::reads_models(path) {
        parameters.push(text(
            "header",
            "Sira-Min-Position",
            false,
            "Waits until everything up to this position is in the answer, or gives 503.",
        ));
    }
    parameters.into()
}

fn answer_schema() -> Value {
    json!({
        "type": "object",
        "required": ["id", "version", "position", "events", "already_done"],
        "properties": {
            "id": { "type": "string", "format": "uuid" },
            "reference": { "type": "string" },
            "version": { "type": "integer" },
            "position": { "type": "integer" },
            "events": { "type": "array", "items": { "type": "string" } },
            "already_done": { "type": "boolean" },
            "duplicates": { "type": "array",
                "description": "Paths that may be the same person's; left out when there are none.",
                "items": { "type": "object", "required": ["id", "reference", "office", "score", "reasons"], "properties": {
                    "id": { "type": "string", "format": "uuid" },
                    "reference": { "type": "string" },
                    "office": { "type": "string" },
                    "score": { "type": "integer", "minimum": 0, "maximum": 100 },
                    "reasons": { "type": "array", "items": { "type": "string", "enum": ["national_id", "phone", "name_birth_locality"] } } } } }
        }
    })
}

fn problem_schema() -> Value {
    json!({
        "type": "object",
        "required": ["type", "title", "status", "request_id"],
        "properties": {
            "type": { "type": "string", "enum": KINDS.iter().map(|kind| format!("/problems/{}", kind.slug)).collect::<Vec<_>>() },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "detail": { "type": "string" },
            "request_id": { "type": "string" },
            "errors": { "type": "array", "items": { "type": "object", "properties": {
                "pointer": { "type": "string" }, "rule": { "type": "string" }, "detail": { "type": "string" } } } }
        }
    })
}

async fn problems() -> Response {
    let item = |kind: &Kind| {
        let Kind { slug, title_fr, title_en, .. } = kind;
        format!("<li><a href=\"/problems/{slug}\">{title_fr} — {title_en}</a></li>")
    };
    let list = KINDS.iter().map(item).collect::<Vec<_>>().concat();
    page("Problèmes — Problems", &format!("<ul>{list}</ul>"))
}

async fn problem_page(Named(slug): Named<String>, envelope: Envelope) -> Response {
    let Some(kind) = KINDS.iter().find(|kind| kind.slug == slug) else {
        return envelope.kind(problem::NOT_FOUND);
    };
    let Kind { status, title_fr, title_en, help_fr, help_en, .. } = kind;
    let body = format!(
        "<p>HTTP {status}</p><section lang=\"fr\"><h2>{title_fr}</h2><p>{help_fr}</p></section>\
         <section lang=\"en\"><h2>{title_en}</h2><p>{help_en}</p></section>"
    );
    page(title_fr, &body)
}

/// A small page that loads at once over a poor connection: no script, no font, no picture.
fn page(title: &str, body: &str) -> Response {
    let style =
        "body{font:1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem}";
    let text = format!(
        "<!doctype html><html lang=\"fr\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width,initial-scale=1\"><title>{title}</title><style>{style}</style>\
         <h1>{title}</h1>{body}</html>"
    );
    ([(header::CACHE_CONTROL, "max-age=86400")], Html(text)).into_response()
}
