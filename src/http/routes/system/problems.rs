//! A page for every kind of problem, in French and English.

use crate::http::contract::answer::Html;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::Named;
use crate::http::contract::problem::{KINDS, ProblemKind};

/// `GET /problems`.
pub async fn problems() -> Html {
    let item = |kind: &ProblemKind| {
        let ProblemKind { slug, title_fr, title_en, .. } = kind;
        format!("<li><a href=\"/problems/{slug}\">{title_fr} — {title_en}</a></li>")
    };
    let list = KINDS.iter().map(item).collect::<Vec<_>>().concat();
    page("Problèmes — Problems", &format!("<ul>{list}</ul>"))
}

/// `GET /problems/{slug}`.
pub async fn problem(Named(slug): Named<String>) -> Result<Html, ApiError> {
    let kind = KINDS.iter().find(|kind| kind.slug == slug).ok_or(ApiError::NotFound)?;
    let ProblemKind { status, title_fr, title_en, help_fr, help_en, .. } = kind;
    let body = format!(
        "<p>HTTP {status}</p><section lang=\"fr\"><h2>{title_fr}</h2><p>{help_fr}</p></section>\
         <section lang=\"en\"><h2>{title_en}</h2><p>{help_en}</p></section>"
    );
    Ok(page(title_fr, &body))
}

/// A small page that loads at once over a poor connection: no script, no font, no picture.
pub fn page(title: &str, body: &str) -> Html {
    let style =
        "body{font:1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem}";
    Html(format!(
        "<!doctype html><html lang=\"fr\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width,initial-scale=1\"><title>{title}</title><style>{style}</style>\
         <h1>{title}</h1>{body}</html>"
    ))
}
