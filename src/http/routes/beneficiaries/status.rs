//! Where a path stands, now or at a past moment.

use axum::extract::State;
use bytes::Bytes;
use schemars::JsonSchema;
use serde::Deserialize;
use sira_domain::path::Beneficiary;
use sira_numbers::Version;
use uuid::Uuid;

use super::find::{check_reached, found, key_of, log_access, read_stream, stream_of};
use crate::commands::Loaded;
use crate::http::App;
use crate::http::contract::answer::AtVersion;
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::{IfNoneMatch, Named};
use crate::http::contract::moment::PastMoment;
use crate::http::contract::query::Query;
use crate::http::contract::shown::BeneficiaryStatus;
use crate::journal::RecordedEvent;
use crate::present::{IDENTITY_READERS, may_open, open_identity, path_value, show_path};

/// Which moment of the path is asked for.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct AskedMoment {
    /// What was known at the end of this day (UTC), or at this time.
    as_of: Option<PastMoment>,
    /// The state after this version.
    version: Option<Version>,
    /// `true` opens the identity for those allowed; the reading is recorded.
    #[serde(default)]
    identity: bool,
}

impl AskedMoment {
    fn is_now(&self) -> bool {
        self.as_of.is_none() && self.version.is_none()
    }

    /// Cuts a stream to this moment; nothing was there before its first event.
    fn cut(&self, events: &mut Vec<RecordedEvent>) -> Result<(), ApiError> {
        check_reached(self.version, events)?;
        if let Some(version) = self.version {
            events.retain(|event| event.sequence <= version.last_sequence());
        }
        if let Some(PastMoment(last)) = self.as_of {
            events.retain(|event| event.recorded_at <= last);
        }
        if events.is_empty() { Err(ApiError::NotFound) } else { Ok(()) }
    }
}

/// `GET /v1/beneficiaries/{id}`.
pub async fn status(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    known: IfNoneMatch,
    moment: Query<AskedMoment>,
) -> Result<AtVersion<BeneficiaryStatus>, ApiError> {
    let (id, path) = found(&app, &caller, &id).await?;
    if moment.identity && !may_open(caller.grant.role, "identity") {
        return Err(ApiError::Forbidden(IDENTITY_READERS));
    }
    if !moment.is_now() {
        let mut events = read_stream(&app, id).await?;
        moment.cut(&mut events)?;
        let past = Loaded::<Beneficiary>::fold(&events)?;
        if moment.identity {
            return with_identity(&app, &caller, id, &past, &path).await;
        }
        return Ok(standing(&past, show_path(id, &past), &known));
    }
    if moment.identity {
        return with_identity(&app, &caller, id, &path, &path).await;
    }
    Ok(standing(&path, show_path(id, &path), &known))
}

fn standing(
    path: &Loaded<Beneficiary>,
    body: Bytes,
    known: &IfNoneMatch,
) -> AtVersion<BeneficiaryStatus> {
    let (version, position) = (path.state.version(), path.position);
    if known.holds(version) {
        return AtVersion::unchanged(version, position);
    }
    AtVersion::of_bytes(body, version, position)
}

/// The path as it stood, with the identity of that moment; whether it may still be opened is said
/// by the path as it stands now.
async fn with_identity(
    app: &App,
    caller: &Caller,
    id: Uuid,
    path: &Loaded<Beneficiary>,
    current: &Loaded<Beneficiary>,
) -> Result<AtVersion<BeneficiaryStatus>, ApiError> {
    log_access(app, caller, "identity", stream_of(id)).await?;
    let key = key_of(app, current).await?;
    let identity = key.and_then(|key| open_identity(id, &path.state, &key));
    let mut shown = path_value(id, path);
    shown["identity"] = identity.into();
    let body = serde_json::to_vec(&shown).unwrap_or_default().into();
    Ok(AtVersion::of_bytes(body, path.state.version(), path.position))
}
