//! The reference lists, for forms and exports.

use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use sira_domain::reference::{RegionCode, lists};

use super::App;
use super::request::Caller;

/// The routes.
pub fn routes() -> Router<App> {
    Router::new().route("/v1/reference", get(show))
}

async fn show(_: Caller) -> Response {
    let lists: Vec<Value> = lists()
        .iter()
        .map(|list| {
            let entries: Vec<Value> = list
                .entries
                .iter()
                .map(|entry| json!({ "code": entry.code, "fr": entry.label_fr, "en": entry.label_en }))
                .collect();
            json!({ "name": list.name, "fr": list.title_fr, "en": list.title_en, "source": list.source, "entries": entries })
        })
        .collect();
    let regions: Vec<Value> = RegionCode::all()
        .map(|region| {
            json!({
                "code": region.code(),
                "name": region.name_fr(),
                "valid_from": region.valid_from(),
                "carved_from": region.carved_from(),
            })
        })
        .collect();
    Json(json!({ "lists": lists, "regions": regions })).into_response()
}
