//! One stream as it is stored, with its proof, as a file to keep.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use sira_numbers::Position;

use super::{WAIT_WITHIN, evidence};
use crate::evidence::bundle::Bundle;
use crate::http::App;
use crate::http::contract::answer::Unkept;
use crate::http::contract::error::ApiError;
use crate::http::contract::operation::{AnswerHeader, Operation, Output};
use crate::journal::StreamId;

/// A bundle as a file to keep.
pub struct BundleFile {
    bundle: Bundle,
    /// Events that its checkpoint covers.
    covered: u64,
}

impl BundleFile {
    /// The bundle of a stream whose last event stands at a position. What was recorded just now is covered in a
    /// moment; if not, the file says how far it reaches. Who may have it is its caller's to ask.
    ///
    /// # Errors
    /// When no checkpoint covers any of it.
    pub async fn of(app: &App, stream: &StreamId, position: Position) -> Result<Self, ApiError> {
        let evidence = evidence(app)?;
        let published = evidence.covering(position, WAIT_WITHIN).await?;
        let bundle = evidence.bundle(&published, stream).await?;
        Ok(Self { bundle, covered: published.checkpoint.size })
    }

    /// What it holds.
    pub const fn bundle(&self) -> &Bundle {
        &self.bundle
    }
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
