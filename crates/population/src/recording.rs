//! Who records a command, where and when: what becomes the metadata of its events.

use chrono::{DateTime, Utc};
use sira_domain::metadata::Metadata;
use sira_domain::role::Role;
use sira_domain::values::{ActorId, OfficeCode};

use crate::CLIENT;

/// How a command is recorded.
pub(crate) struct Recording {
    pub actor: ActorId,
    pub role: Role,
    pub request_id: String,
    pub office: Option<OfficeCode>,
    /// The tablet that it was written down on, away from the office.
    pub device: Option<String>,
    pub device_time: Option<DateTime<Utc>>,
}

impl Recording {
    /// The metadata of an event that was judged by this version of the rules.
    pub fn metadata(&self, rules: u32) -> String {
        let metadata = Metadata {
            office: self.office.as_ref(),
            device: self.device.as_deref(),
            device_time: self.device_time,
            client: Some(CLIENT),
            ..Metadata::new(&self.actor, self.role, &self.request_id, rules)
        };
        metadata.text()
    }
}
