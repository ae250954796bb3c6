//! Every answer that any test of the API gets is held against the OpenAPI document: its status, its media
//! type and its body must be what the document says.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use jsonschema::Validator;
use reqwest::Method;
use serde_json::{Value, json};
use sira::http::openapi;

use super::app::Reply;

type Key = (String, String, String, String);

static VALIDATORS: LazyLock<Mutex<HashMap<Key, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// The path of the document that an address leads to: the one with the most words of its own.
fn template(path: &str) -> Option<&'static str> {
    let parts: Vec<_> = path.split('/').collect();
    let paths = openapi()["paths"].as_object().unwrap().keys();
    let fits = |known: &&String| {
        let own: Vec<_> = known.split('/').collect();
        own.len() == parts.len()
            && own.iter().zip(&parts).all(|(own, part)| own.starts_with('{') || own == part)
    };
    let known = paths.filter(fits).min_by_key(|known| known.matches('{').count());
    // The rest of an address has any number of parts.
    let tile = || path.starts_with("/v1/evidence/tile/").then_some("/v1/evidence/tile/{tile}");
    known.map(String::as_str).or_else(tile)
}

fn resolved(value: &Value) -> &Value {
    match value["$ref"].as_str() {
        Some(reference) => openapi().pointer(reference.trim_start_matches('#')).unwrap(),
        None => value,
    }
}

/// Fails when an answer is not what the document says of its operation.
pub fn check(method: &Method, path: &str, reply: &Reply) {
    let Some(template) = template(path) else { return };
    let method = method.as_str().to_lowercase();
    let operation = &openapi()["paths"][template][&method];
    if operation.is_null() {
        return;
    }
    let status = reply.status.to_string();
    let at = format!("{method} {template} {status}");
    let answer = &operation["responses"][&status];
    assert!(!answer.is_null(), "{at} is not in the document: {}", reply.text);
    let answer = resolved(answer);
    let Some(content) = answer["content"].as_object() else {
        assert!(reply.text.is_empty(), "{at}: {}", reply.text);
        return;
    };
    let kind = reply.header("content-type").split(';').next().unwrap_or_default().trim().to_owned();
    let schema = content.get(&kind).unwrap_or_else(|| panic!("{at} gives {kind}"));
    if !kind.ends_with("json") {
        return;
    }
    let key = (template.to_owned(), method, status, kind);
    let made = || {
        let mut schema = schema["schema"].clone();
        schema["components"] = json!({ "schemas": openapi()["components"]["schemas"] });
        Arc::new(jsonschema::draft202012::new(&schema).unwrap())
    };
    let validator = VALIDATORS.lock().unwrap().entry(key).or_insert_with(made).clone();
    let bodies = if reply.header("content-type") == "application/x-ndjson" {
        reply.lines()
    } else {
        vec![reply.json()]
    };
    for body in bodies {
        let wrong: Vec<_> = validator
            .iter_errors(&body)
            .take(5)
            .map(|error| format!("{} at {}", error, error.instance_path()))
            .collect();
        assert!(wrong.is_empty(), "{at}: {wrong:#?}\n{body}");
    }
}
