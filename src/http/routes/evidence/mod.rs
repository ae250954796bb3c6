//! Routes of the evidence: the signed checkpoint, proofs, tiles, witnesses' signatures, and bundles.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use sira_domain::path::Beneficiary;

use super::App;
use super::access::{ENTRY_READERS, PATH_READERS, WITNESSES};
use super::beneficiaries::{current, find_id, log_access};
use super::parameters::Parameters;
use super::problem::{self, Problem};
use super::reading::bad_parameter;
use super::request::{Caller, Named};
use crate::commands::stream_id;
use crate::evidence::encoding::{encode, encode_all};
use crate::evidence::tile_path::read_place;
use crate::evidence::{Evidence, EvidenceError, Note, SignedTree};
use crate::grant::Scope;
use crate::journal::leaf::time_text;

/// Largest note that a witness sends.
const NOTE_MAX_BYTES: usize = 64 * 1024;
/// How long a reader waits for the checkpoint that covers what was recorded just now.
const WAIT_WITHIN: Duration = Duration::from_secs(3);
/// What never changes may be kept as long as anybody likes, by its reader alone.
const FOR_EVER: &str = "private, max-age=31536000, immutable";

pub(super) const INCLUSION: &str = "/v1/evidence/inclusion";
pub(super) const CONSISTENCY: &str = "/v1/evidence/consistency";
pub(super) const CHECKPOINT: &str = "/v1/evidence/checkpoint";

type Pairs = Query<Vec<(String, String)>>;

/// The routes.
pub fn routes() -> Router<App> {
    Router::new()
        .route(CHECKPOINT, get(checkpoint))
        .route("/v1/evidence/key", get(keys))
        .route(INCLUSION, get(inclusion))
        .route(CONSISTENCY, get(consistency))
        .route("/v1/evidence/tile/{*tile}", get(tile))
        .route("/v1/evidence/cosignatures", post(cosign))
        .layer(DefaultBodyLimit::max(NOTE_MAX_BYTES))
        .route("/v1/beneficiaries/{id}/evidence", get(bundle))
}

/// This process's evidence; a process that was started without has none.
fn evidence<'a>(app: &'a App, caller: &Caller) -> Result<&'a Evidence, Response> {
    app.evidence.as_ref().ok_or_else(|| failed(caller, &EvidenceError::NotCovered))
}

/// The answer to what went wrong; what is our own fault is logged here, once.
fn failed(caller: &Caller, error: &EvidenceError) -> Response {
    let envelope = &caller.envelope;
    let kind = match error {
        EvidenceError::NotCovered => problem::NOT_COVERED,
        EvidenceError::TileMissing { .. } => problem::NOT_FOUND,
        EvidenceError::Journal(_) | EvidenceError::Database(_) => problem::UNAVAILABLE,
        _ => problem::INTERNAL,
    };
    if kind.status >= 500 && kind.slug != problem::NOT_COVERED.slug {
        let cause = std::error::Error::source(error);
        tracing::error!(request_id = %envelope.request_id, error = %error, cause = ?cause, "evidence could not be given");
    }
    let problem = Problem::new(kind, envelope.language);
    envelope.problem(&if kind.status == 503 { problem.retry_after(1) } else { problem })
}

fn text(body: String) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A size or a position.
fn size_of(parameters: &Parameters, name: &str) -> Result<Option<u64>, Response> {
    parameters.parsed(name, "1..", |text| text.parse().ok().filter(|number| *number > 0))
}

async fn checkpoint(
    State(app): State<App>,
    caller: Caller,
    Query(pairs): Pairs,
) -> Result<Response, Response> {
    let parameters = Parameters::read(&caller, CHECKPOINT, pairs)?;
    let pending = parameters.parsed("pending", "true, false", |text| text.parse().ok())?;
    let evidence = evidence(&app, &caller)?;
    let tree = if pending.unwrap_or(false) { evidence.newest() } else { evidence.published() };
    let tree = tree.map_err(|error| failed(&caller, &error))?;
    let note = evidence.note(&tree).await;
    note.map(|note| text(note.to_string())).map_err(|error| failed(&caller, &error))
}

async fn keys(State(app): State<App>, caller: Caller) -> Result<Response, Response> {
    let evidence = evidence(&app, &caller)?;
    let keys = evidence.keys().await.map_err(|error| failed(&caller, &error))?;
    let introduced = keys.introductions.iter().map(|one| {
        json!({ "key": one.key.to_string(), "from_size": one.position, "note": one.note.to_string() })
    });
    let witnesses = evidence.witnesses();
    let shown = json!({
        "origin": keys.first.name(),
        "key": keys.current().to_string(),
        "first_key": keys.first.to_string(),
        "introductions": introduced.collect::<Vec<_>>(),
        "witnesses": witnesses.names(),
        "quorum": witnesses.quorum,
    });
    Ok(Json(shown).into_response())
}

async fn inclusion(
    State(app): State<App>,
    caller: Caller,
    Query(pairs): Pairs,
) -> Result<Response, Response> {
    let parameters = Parameters::read(&caller, INCLUSION, pairs)?;
    let position = size_of(&parameters, "position")?
        .ok_or_else(|| bad_parameter(&caller, "position", "1.."))?;
    let asked = size_of(&parameters, "size")?;
    let evidence = evidence(&app, &caller)?;
    let published = covering(&app, &caller, asked.unwrap_or(position).max(position)).await?;
    let size = asked.unwrap_or(published.checkpoint.size);
    if size < position {
        return Err(bad_parameter(&caller, "size", &format!("{position}..")));
    }
    let found = evidence.inclusion(position, size).await;
    let found = found.map_err(|error| failed(&caller, &error))?;
    let mut shown = json!({
        "position": position,
        "leaf_index": position - 1,
        "leaf_hash": encode(&found.leaf),
        "size": size,
        "proof": encode_all(&found.proof),
    });
    if size == published.checkpoint.size {
        shown["checkpoint"] = published.note.to_string().into();
    }
    Ok(Json(shown).into_response())
}

/// A published checkpoint that covers a position: waited for when it was recorded just now, and not
/// found when it was not.
async fn covering(app: &App, caller: &Caller, position: u64) -> Result<Arc<SignedTree>, Response> {
    let evidence = evidence(app, caller)?;
    if let Some(published) = evidence.published().ok().filter(|one| one.checkpoint.size >= position)
    {
        return Ok(published);
    }
    let head = app.commands.journal().head().await;
    let head = head.map_err(|error| caller.envelope.command_error(&error.into()))?;
    if head.position < position {
        return Err(caller.envelope.kind(problem::NOT_FOUND));
    }
    let published = evidence.covering(position, WAIT_WITHIN).await;
    let published = published.ok().filter(|one| one.checkpoint.size >= position);
    published.ok_or_else(|| failed(caller, &EvidenceError::NotCovered))
}

async fn consistency(
    State(app): State<App>,
    caller: Caller,
    Query(pairs): Pairs,
) -> Result<Response, Response> {
    let parameters = Parameters::read(&caller, CONSISTENCY, pairs)?;
    let from =
        size_of(&parameters, "from")?.ok_or_else(|| bad_parameter(&caller, "from", "1.."))?;
    let asked = size_of(&parameters, "to")?;
    let evidence = evidence(&app, &caller)?;
    let newest = evidence.newest().map_err(|error| failed(&caller, &error))?.checkpoint.size;
    let to = match asked {
        Some(to) => to,
        None => evidence.published().map_err(|error| failed(&caller, &error))?.checkpoint.size,
    };
    if from > to || to > newest {
        return Err(bad_parameter(&caller, "from, to", &format!("1 <= from <= to <= {newest}")));
    }
    let proof = evidence.consistency(from, to).await;
    let proof = proof.map_err(|error| failed(&caller, &error))?;
    Ok(Json(json!({ "from": from, "to": to, "proof": encode_all(&proof) })).into_response())
}

async fn tile(
    State(app): State<App>,
    caller: Caller,
    Named(tile): Named<String>,
) -> Result<Response, Response> {
    let not_found = || caller.envelope.kind(problem::NOT_FOUND);
    let (level, place) = tile.split_once('/').ok_or_else(not_found)?;
    let place = read_place(place).ok_or_else(not_found)?;
    let evidence = evidence(&app, &caller)?;
    let bytes = if level == "entries" {
        caller.require(ENTRY_READERS)?;
        if caller.grant.scope != Scope::All {
            return Err(caller.envelope.kind(problem::OUT_OF_SCOPE));
        }
        evidence.entries(place).await
    } else {
        let level = Some(level).filter(|level| level.len() == 1);
        let level = level.and_then(|level| level.parse().ok()).ok_or_else(not_found)?;
        evidence.tile(level, place).await.map(|hashes| hashes.as_flattened().to_vec())
    };
    let mut response = bytes.map_err(|error| failed(&caller, &error))?.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(FOR_EVER));
    Ok(response)
}

async fn cosign(State(app): State<App>, caller: Caller, body: Bytes) -> Result<Response, Response> {
    caller.require(WITNESSES)?;
    let invalid = |rule: &str, detail: String| {
        let problem = Problem::new(problem::INVALID_BODY, caller.envelope.language);
        caller.envelope.problem(&problem.error("", rule, detail))
    };
    let note = std::str::from_utf8(&body).ok().map(str::parse::<Note>);
    let note = match note {
        Some(Ok(note)) => note,
        Some(Err(error)) => return Err(invalid("signed_note", error.to_string())),
        None => return Err(invalid("signed_note", "UTF-8".to_owned())),
    };
    match evidence(&app, &caller)?.take_cosignatures(&note).await {
        Ok(taken) => {
            let taken: Vec<String> = taken.iter().map(ToString::to_string).collect();
            Ok(Json(json!({ "taken": taken })).into_response())
        }
        Err(error @ (EvidenceError::Note(_) | EvidenceError::Checkpoint(_))) => {
            Err(invalid("cosignature", error.to_string()))
        }
        Err(error @ EvidenceError::Contradiction { .. }) => {
            Err(invalid("other_checkpoint", error.to_string()))
        }
        Err(EvidenceError::NotCovered) => Err(invalid("unknown_checkpoint", "size".to_owned())),
        Err(error) => Err(failed(&caller, &error)),
    }
}

async fn bundle(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
) -> Result<Response, Response> {
    caller.require(PATH_READERS)?;
    let id = find_id(&app, &caller.envelope, &id).await?;
    let path = current(&app, &caller, id).await?;
    log_access(&app, &caller, "evidence", id).await?;
    let evidence = evidence(&app, &caller)?;
    // What was recorded just now is covered in a moment; if not, the file says how far it reaches.
    let published = evidence.covering(path.position, WAIT_WITHIN).await;
    let published = published.map_err(|error| failed(&caller, &error))?;
    let stream = stream_id::<Beneficiary>(id);
    let bundle = evidence.bundle(&published, &stream).await;
    let bundle = bundle.map_err(|error| failed(&caller, &error))?;
    let mut response = Json(bundle).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("sira-position", HeaderValue::from(published.checkpoint.size));
    let name = format!("attachment; filename=\"evidence-{id}.json\"");
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

/// What the evidence of a process says of itself in `/readyz` and `/metrics`.
pub(super) fn standing(app: &App) -> Value {
    let Some(evidence) = &app.evidence else { return Value::Null };
    let published = evidence.published().ok();
    json!({
        "size": published.as_ref().map(|one| one.checkpoint.size),
        "signed_at": published.as_ref().map(|one| time_text(one.signed_at)),
    })
}
