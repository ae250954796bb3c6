//! What is recorded beside an event: who, in which role, from where, under which rules.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Serialize, Serializer};

use crate::role::Role;
use crate::values::{ActorId, OfficeCode, ProgrammeId};

/// The metadata of an event. Every value is stored as a text, which is what stock `cqrs-es` reads; what is
/// not known is left out.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Metadata<'a> {
    /// Who acts.
    pub actor: &'a ActorId,
    /// In which role.
    #[serde(serialize_with = "word")]
    pub role: Role,
    /// The actor's office.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub office: Option<&'a OfficeCode>,
    /// The programme that this office is of; events from before it was kept have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub programme: Option<ProgrammeId>,
    /// The device that the fact was recorded on, away from the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<&'a str>,
    /// The device's time of recording.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "time")]
    pub device_time: Option<DateTime<Utc>>,
    /// Id of the request.
    pub request_id: &'a str,
    /// What the request is part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<&'a str>,
    /// What caused the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<&'a str>,
    /// The program that called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<&'a str>,
    /// Version of the rules that the event was judged by.
    #[serde(serialize_with = "text")]
    pub rules_version: u32,
    /// Id of the import that the fact is from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub import_batch: Option<&'a str>,
    /// SHA-256 of its file, hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub import_file: Option<&'a str>,
    /// Number of its row, from 1.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "row")]
    pub import_row: Option<u64>,
}

impl<'a> Metadata<'a> {
    /// Metadata that say no more than they must.
    #[must_use]
    pub const fn new(actor: &'a ActorId, role: Role, request_id: &'a str, rules: u32) -> Self {
        Self {
            actor,
            role,
            office: None,
            programme: None,
            device: None,
            device_time: None,
            request_id,
            correlation_id: None,
            causation_id: None,
            client: None,
            rules_version: rules,
            import_batch: None,
            import_file: None,
            import_row: None,
        }
    }

    /// The exact text that is recorded.
    #[must_use]
    pub fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|_| unreachable!("texts alone always serialise"))
    }
}

// The forms of these functions are serde's.

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn word<S: Serializer>(role: &Role, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(role.word())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn text<S: Serializer>(number: &u32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(number)
}

#[expect(clippy::ref_option, reason = "serde hands over a reference")]
fn row<S: Serializer>(row: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&row.unwrap_or_default())
}

#[expect(clippy::ref_option, reason = "serde hands over a reference")]
fn time<S: Serializer>(time: &Option<DateTime<Utc>>, serializer: S) -> Result<S::Ok, S::Error> {
    let time = time.map(|time| time.to_rfc3339_opts(SecondsFormat::Micros, true));
    time.unwrap_or_default().serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_left_out_and_the_rest_is_text() {
        let actor = "awa".parse().unwrap();
        let bare = Metadata::new(&actor, Role::Adviser, "r-1", 3);
        assert_eq!(
            bare.text(),
            r#"{"actor":"awa","role":"adviser","request_id":"r-1","rules_version":"3"}"#
        );
        let office = "segou-1".parse().unwrap();
        let whole = Metadata {
            office: Some(&office),
            programme: Some(ProgrammeId(uuid::Uuid::nil())),
            device_time: Some(DateTime::UNIX_EPOCH),
            import_row: Some(7),
            ..bare
        };
        assert_eq!(
            whole.text(),
            concat!(
                r#"{"actor":"awa","role":"adviser","office":"segou-1","#,
                r#""programme":"00000000-0000-0000-0000-000000000000","#,
                r#""device_time":"1970-01-01T00:00:00.000000Z","request_id":"r-1","#,
                r#""rules_version":"3","import_row":"7"}"#
            )
        );
    }
}
