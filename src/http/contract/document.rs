//! The OpenAPI 3.1 document, made of the table of routes and of the types that their handlers take and give.

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};
use sira_domain::reference::Language;

use super::access::Access;
use super::endpoint::{Endpoint, operation_of};
use super::operation::Operation;
use super::parameter::Parameter;
use super::problem::ProblemBody;
use super::{components, labels, schema};

/// Builds the document of some routes.
#[must_use]
pub fn build(endpoints: &[Endpoint]) -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    settings.meta_schema = None;
    let mut generator = SchemaGenerator::new(settings);
    let _ = generator.subschema_for::<ProblemBody<'static>>();
    let (mut paths, mut bodies) = (Map::new(), Map::new());
    for endpoint in endpoints {
        // The document has no word for the rest of an address.
        let path = endpoint.path.replace("{*", "{");
        let item = paths.entry(path).or_insert_with(|| json!({}));
        let method = endpoint.method.as_str().to_ascii_lowercase();
        item[method] = operation(endpoint, &mut generator, &mut bodies);
    }
    let mut schemas = generator.take_definitions(true);
    for (name, schema) in &mut schemas {
        labels::add(name, schema);
    }
    schemas.append(&mut bodies);
    schema::without_sealed(&mut schemas, "BeneficiaryStatus");
    schemas.values_mut().for_each(schema::anything_as_an_object);
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Sira",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Every beneficiary's path, from idea to follow-up, as an append-only event stream. Problem titles and details are in French, or in English with `Accept-Language: en`.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" }
        },
        "servers": [{ "url": "/" }],
        "tags": components::tags(endpoints),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "parameters": components::parameters(),
            "headers": components::headers(),
            "responses": components::problems(),
            "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" } }
        }
    });
    schema::plain_maps(&mut document);
    schema::drop_unused(&mut document);
    document
}

fn operation(
    endpoint: &Endpoint,
    generator: &mut SchemaGenerator,
    bodies: &mut Map<String, Value>,
) -> Value {
    let mut shown = json!({
        "operationId": endpoint.id, "tags": [endpoint.tag.0], "summary": endpoint.summary,
    });
    if let Some(entry) = endpoint.command {
        let needs = entry.jurisdiction;
        shown["description"] = json!(format!(
            "{} — {}\n\nPortée : {}. — Scope: {}.",
            entry.about_fr,
            entry.about_en,
            needs.label(Language::Fr),
            needs.label(Language::En),
        ));
        shown["x-jurisdiction"] = json!(needs);
    }
    match endpoint.access {
        Access::Open => shown["security"] = json!([]),
        Access::AnyRole => shown["security"] = json!([{ "bearer": [] }]),
        // The empty one is for installations whose hashes are public.
        Access::Hashes => shown["security"] = json!([{ "bearer": [] }, {}]),
        Access::Roles(roles) => {
            shown["security"] = json!([{ "bearer": [] }]);
            shown["x-roles"] = json!(roles);
        }
    }
    let mut operation = Operation::new(generator);
    for name in endpoint.path.split(['{', '}']).skip(1).step_by(2) {
        operation.parameter("path", &path_parameter(&endpoint.path, name.trim_start_matches('*')));
    }
    endpoint.describe(&mut operation);
    match (endpoint.body, endpoint.command) {
        (Some((media_type, body)), _) => {
            let body = body(operation.generator);
            operation.body(media_type, &body);
        }
        (None, Some(entry)) => {
            let name = schema::body_name(operation_of(entry));
            let body = schema::of_command(entry, operation.generator);
            bodies.insert(name.clone(), body);
            let body = json!({ "$ref": format!("#/components/schemas/{name}") });
            operation.body("application/json", &body);
        }
        (None, None) => {}
    }
    operation.problems(endpoint.problems);
    operation.problems(match endpoint.access {
        Access::Open => &[429, 500],
        Access::AnyRole | Access::Hashes | Access::Roles(_) => &[400, 401, 403, 429, 500, 503],
    });
    operation.write(&mut shown);
    shown
}

/// A part of an address.
fn path_parameter(path: &str, name: &str) -> Parameter {
    let id = json!({ "type": "string", "format": "uuid" });
    let (about, schema) = match name {
        "id" if path.starts_with("/v1/beneficiaries") => (
            "The id, or the reference in any spelling.",
            json!({ "type": "string", "maxLength": 64, "examples": ["7K3M-9QX2-C"] }),
        ),
        "id" => ("The id.", id),
        "programme" => ("The programme's id.", id),
        "sha256" => (
            "SHA-256 of the document, hexadecimal.",
            json!({ "type": "string", "pattern": "^[0-9a-f]{64}$" }),
        ),
        "slug" => ("The kind of problem.", json!({ "type": "string" })),
        "tile" if path.contains("/entries/") => (
            "`<index>[.p/<width>]`, as C2SP tlog-tiles writes them.",
            json!({ "type": "string", "examples": ["x001/x234/067", "000.p/8"] }),
        ),
        "tile" => (
            "`<level>/<index>[.p/<width>]`, as C2SP tlog-tiles writes them.",
            json!({ "type": "string", "examples": ["0/x001/x234/067", "0/000.p/8"] }),
        ),
        _ => {
            ("The indicator's or the report's name.", json!({ "type": "string", "maxLength": 64 }))
        }
    };
    Parameter::new(name, about, true, schema)
}
