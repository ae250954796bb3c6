//! A path as it stands, without anything sealed.

use bytes::Bytes;
use serde_json::Value;
use sira_domain::path::Beneficiary;
use sira_projections::case_status::case_status;
use uuid::Uuid;

use crate::commands::Loaded;

/// A path as the API shows it: nothing sealed, so the same bytes for everyone who may see it.
#[must_use]
pub fn show_path(id: Uuid, loaded: &Loaded<Beneficiary>) -> Bytes {
    loaded
        .shown
        .get_or_init(|| {
            Bytes::from(serde_json::to_vec(&path_value(id, loaded)).unwrap_or_default())
        })
        .clone()
}

/// A path as a JSON object.
#[must_use]
pub fn path_value(id: Uuid, loaded: &Loaded<Beneficiary>) -> Value {
    case_status(id, loaded.position, loaded.recorded_at, &loaded.state)
}
