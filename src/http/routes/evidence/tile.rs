//! Tiles of the tree, as C2SP tlog-tiles has them.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::evidence;
use crate::evidence::growth::TILE_WIDTH;
use crate::evidence::tile_path::read_place;
use crate::grant::Scope;
use crate::http::App;
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::Named;
use crate::http::contract::operation::{Operation, Output};

/// What never changes may be kept as long as anybody likes, by its reader alone.
const FOR_EVER: &str = "private, max-age=31536000, immutable";
/// Where hashes are public, by anybody.
const FOR_EVER_BY_ANYBODY: &str = "public, max-age=31536000, immutable";
/// A tile that is not full never changes either, and nobody asks for it any more once it has grown.
const FOR_A_DAY_BY_ANYBODY: &str = "public, max-age=86400, immutable";

/// `GET /v1/evidence/tile/<level>/<place>`.
pub async fn hashes(
    State(app): State<App>,
    Named(tile): Named<String>,
) -> Result<TileFile, ApiError> {
    let (level, place) = tile.split_once('/').ok_or(ApiError::NotFound)?;
    let place = read_place(place).ok_or(ApiError::NotFound)?;
    let level = Some(level).filter(|level| level.len() == 1);
    let level = level.and_then(|level| level.parse().ok()).ok_or(ApiError::NotFound)?;
    let hashes = evidence(&app)?.tile(level, place).await?;
    let kept = match (app.public_hashes, place.width < TILE_WIDTH) {
        (false, _) => FOR_EVER,
        (true, false) => FOR_EVER_BY_ANYBODY,
        (true, true) => FOR_A_DAY_BY_ANYBODY,
    };
    Ok(TileFile { bytes: hashes.as_flattened().to_vec(), kept })
}

/// `GET /v1/evidence/tile/entries/<place>`.
pub async fn entries(
    State(app): State<App>,
    caller: Caller,
    Named(place): Named<String>,
) -> Result<TileFile, ApiError> {
    let place = read_place(&place).ok_or(ApiError::NotFound)?;
    if caller.grant.scope != Scope::All {
        return Err(ApiError::OutOfScope);
    }
    Ok(TileFile { bytes: evidence(&app)?.entries(place).await?, kept: FOR_EVER })
}

/// A tile's bytes.
pub struct TileFile {
    bytes: Vec<u8>,
    /// For how long it may be kept, and by whom.
    kept: &'static str,
}

impl IntoResponse for TileFile {
    fn into_response(self) -> Response {
        let mut response = self.bytes.into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(self.kept));
        response
    }
}

impl Output for TileFile {
    fn describe(operation: &mut Operation) {
        let bytes = json!({ "type": "string", "format": "binary" });
        operation.answer(200, "The tile.", &[], &[("application/octet-stream", bytes)]);
        operation.problems(&[503]);
    }
}
