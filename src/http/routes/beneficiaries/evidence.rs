//! A path as it is stored, with its proof.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::find::{found, log_access, stream_of};
use crate::evidence::bundle::Bundle;
use crate::http::App;
use crate::http::contract::answer::Unkept;
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::Named;
use crate::http::contract::operation::{AnswerHeader, Operation, Output};
use crate::http::routes::evidence::{WAIT_WITHIN, evidence};

/// `GET /v1/beneficiaries/{id}/evidence`.
pub async fn bundle(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
) -> Result<BundleFile, ApiError> {
    let (id, path) = found(&app, &caller, &id).await?;
    log_access(&app, &caller, "evidence", stream_of(id)).await?;
    let evidence = evidence(&app)?;
    // What was recorded just now is covered in a moment; if not, the file says how far it reaches.
    let published = evidence.covering(path.position, WAIT_WITHIN).await?;
    let bundle = evidence.bundle(&published, &stream_of(id)).await?;
    Ok(BundleFile { bundle, covered: published.checkpoint.size })
}

/// A bundle as a file to keep.
pub struct BundleFile {
    bundle: Bundle,
    /// Events that its checkpoint covers.
    covered: u64,
}

impl IntoResponse for BundleFile {
    fn into_response(self) -> Response {
        let name = format!("attachment; filename=\"evidence-{}.json\"", self.bundle.stream_id);
        let mut response = Unkept(self.bundle).into_response();
        let headers = response.headers_mut();
        headers.insert("sira-position", HeaderValue::from(self.covered));
        if let Ok(name) = HeaderValue::from_str(&name) {
            headers.insert(header::CONTENT_DISPOSITION, name);
        }
        response
    }
}

impl Output for BundleFile {
    fn describe(operation: &mut Operation) {
        let headers = [AnswerHeader::Position, AnswerHeader::Disposition];
        operation.json::<Bundle>(200, "The bundle.", &headers);
        operation.problems(&[503]);
    }
}
