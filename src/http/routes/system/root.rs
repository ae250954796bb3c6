//! `/`: where everything is, for a program as JSON and for a person as a page.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::problems::page;
use crate::http::contract::input::Accepted;
use crate::http::contract::operation::{Operation, Output};

/// What is where: address, and what it is called in French and English.
const LINKS: [(&str, &str, &str, &str); 5] = [
    ("docs", "/docs", "Référence de l'API", "API reference"),
    ("openapi", "/openapi.json", "Description OpenAPI", "OpenAPI document"),
    ("problems", "/problems", "Problèmes, expliqués", "Problems, explained"),
    ("me", "/v1/me", "Ce que votre jeton permet", "What your token allows"),
    ("reference", "/v1/reference", "Listes de référence", "Reference lists"),
];

/// Where everything is.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Root {
    /// The program.
    name: &'static str,
    /// Its version.
    version: &'static str,
    /// Where to go on.
    links: Vec<Link>,
}

/// An address of this server.
#[derive(Debug, Serialize, JsonSchema)]
struct Link {
    /// What it is for.
    rel: &'static str,
    /// The address.
    href: &'static str,
    /// What it is called in French.
    fr: &'static str,
    /// What it is called in English.
    en: &'static str,
}

/// The same for a program or a person.
pub enum RootAnswer {
    /// For a program.
    Json(Root),
    /// For a person.
    Page(String),
}

/// `GET /`.
pub async fn root(accepted: Accepted) -> RootAnswer {
    if accepted.prefers_page() {
        let item = |(_, href, fr, en, ..): &(&str, &str, &str, &str)| {
            format!("<li><a href=\"{href}\">{fr}</a> — <span lang=\"en\">{en}</span></li>")
        };
        let list: String = LINKS.iter().map(item).collect();
        let about = "<p>Suivi des parcours d'auto-emploi, de l'idée au suivi.</p>\
             <p lang=\"en\">The paths of self-employment programmes, from idea to follow-up.</p>";
        return RootAnswer::Page(page("Sira", &format!("{about}<ul>{list}</ul>")).0);
    }
    let link = |(rel, href, fr, en)| Link { rel, href, fr, en };
    RootAnswer::Json(Root {
        name: "Sira",
        version: env!("CARGO_PKG_VERSION"),
        links: LINKS.into_iter().map(link).collect(),
    })
}

impl IntoResponse for RootAnswer {
    fn into_response(self) -> Response {
        let mut response = match self {
            Self::Json(root) => axum::Json(root).into_response(),
            Self::Page(page) => axum::response::Html(page).into_response(),
        };
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept"));
        response
    }
}

impl Output for RootAnswer {
    fn describe(operation: &mut Operation) {
        let root = operation.schema_of::<Root>();
        let content = [("application/json", root), ("text/html", json!({ "type": "string" }))];
        operation.answer(200, "Where everything is.", &[], &content);
    }
}
