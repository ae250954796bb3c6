//! Who calls, from where, and under which key: what becomes an event's metadata.

use chrono::{DateTime, NaiveDate, Utc};
use sira_domain::metadata::Metadata;
use sira_domain::reference::BackdatingReason;
use sira_domain::role::Role;
use sira_domain::values::ActorId;
use sira_numbers::Version;

use crate::grant::{Scope, ScopeOffice};
use crate::journal::RequestKey;

/// One call, as the edge understood it.
#[derive(Clone, Debug)]
pub struct Call {
    /// The member of staff or the program that acts.
    pub actor: ActorId,
    /// In which role.
    pub role: Role,
    /// The people and funds that the role reaches.
    pub scope: Scope,
    /// The actor's office, where the token names just one.
    pub office: Option<ScopeOffice>,
    /// The device that the fact was recorded on, away from the server.
    pub device: Option<String>,
    /// The device's time of recording.
    pub device_time: Option<DateTime<Utc>>,
    /// Id of this request.
    pub request_id: String,
    /// The work that this request is part of, as the caller names it.
    pub correlation_id: Option<String>,
    /// The event or request that caused this one, as the caller names it.
    pub causation_id: Option<String>,
    /// The program that called.
    pub client: Option<String>,
    /// The day of the fact; today when the caller does not say.
    pub occurred_on: Option<NaiveDate>,
    /// The reason given for a fact that lies further back than the programme allows.
    pub backdating_reason: Option<BackdatingReason>,
    /// The version that the caller expects.
    pub if_match: Option<Version>,
    /// The idempotency key, with the hash of the body.
    pub key: Option<RequestKey>,
    /// The import that the fact is from.
    pub import: Option<ImportMark>,
}

/// What every body may say of the day of its fact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Dated {
    /// The day of the fact.
    pub occurred_on: Option<NaiveDate>,
    /// The reason for which it is recorded late.
    pub backdating_reason: Option<BackdatingReason>,
}

/// Row -> event -> batch, and back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportMark {
    /// Id of the import.
    pub batch: String,
    /// SHA-256 of the file, hexadecimal.
    pub file: String,
    /// Number of the row, from 1.
    pub row: u64,
}

impl Call {
    /// This call with what a body says of the day of its fact.
    #[must_use]
    pub(super) fn dated(self, dated: Dated) -> Self {
        Self {
            occurred_on: dated.occurred_on.or(self.occurred_on),
            backdating_reason: dated.backdating_reason.or(self.backdating_reason),
            ..self
        }
    }

    /// A call with nothing but an actor and a role, reaching everything: for the command line.
    #[must_use]
    pub fn local(actor: ActorId, role: Role, request_id: String) -> Self {
        Self {
            actor,
            role,
            scope: Scope::All,
            office: None,
            device: None,
            device_time: None,
            request_id,
            correlation_id: None,
            causation_id: None,
            client: Some(concat!("sira-cli/", env!("CARGO_PKG_VERSION")).to_owned()),
            occurred_on: None,
            backdating_reason: None,
            if_match: None,
            key: None,
            import: None,
        }
    }

    /// The metadata's exact text.
    #[must_use]
    pub fn metadata(&self, rules_version: u32) -> String {
        let import = self.import.as_ref();
        let metadata = Metadata {
            office: self.office.as_ref().map(|one| &one.office),
            programme: self.office.as_ref().map(|one| one.programme),
            device: self.device.as_deref(),
            device_time: self.device_time,
            correlation_id: self.correlation_id.as_deref(),
            causation_id: self.causation_id.as_deref(),
            client: self.client.as_deref(),
            import_batch: import.map(|import| import.batch.as_str()),
            import_file: import.map(|import| import.file.as_str()),
            import_row: import.map(|import| import.row),
            ..Metadata::new(&self.actor, self.role, &self.request_id, rules_version)
        };
        metadata.text()
    }
}
