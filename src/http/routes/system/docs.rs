//! The contract for programs and people: the OpenAPI document, and a page to browse it.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::{Value, json};
use swagger_ui_dist::{ApiDefinition, OpenApiSource};

use crate::http::App;
use crate::http::contract::document;
use crate::http::contract::operation::{Operation, Output};
use crate::http::routes::endpoints;

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| document::build(&endpoints()));

/// The OpenAPI document.
#[must_use]
pub fn openapi() -> &'static Value {
    &DOCUMENT
}

/// The page, with what it loads; its files are no operations of the contract.
pub fn pages() -> Router<App> {
    let browse = ApiDefinition {
        uri_prefix: "/docs",
        api_definition: OpenApiSource::Uri("/openapi.json"),
        title: Some("Sira"),
    };
    let pages = swagger_ui_dist::generate_routes(browse).with_state(());
    pages.layer(from_fn(without_slash))
}

/// The page's links are relative to `/docs`: under `/docs/` it would load nothing.
async fn without_slash(request: Request, next: Next) -> Response {
    if request.uri().path() == "/docs/" {
        return Redirect::permanent("/docs").into_response();
    }
    next.run(request).await
}

/// `GET /openapi.json`.
pub async fn document() -> Contract {
    Contract
}

/// The document.
pub struct Contract;

impl IntoResponse for Contract {
    fn into_response(self) -> Response {
        axum::Json(openapi()).into_response()
    }
}

impl Output for Contract {
    fn describe(operation: &mut Operation) {
        let schema = json!({ "type": "object" });
        operation.answer(200, "The document.", &[], &[("application/json", schema)]);
    }
}
