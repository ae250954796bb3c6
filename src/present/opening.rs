//! What of an event is opened, and for whom.

use serde_json::{Map, Value};
use sira_domain::path::Beneficiary;
use sira_domain::role::Role::{self, Adviser, Auditor, Committee, Director, Finance};
use sira_projections::case_status::is_sealed;
use uuid::Uuid;

use crate::keys::PersonKey;
use crate::stored::seal_context;

/// Those who may open an identity and the name of a document: they work with the person.
pub const IDENTITY_READERS: &[Role] = &[Adviser, Finance, Director];

/// Whether a role may open a sealed field. Those who work with the person may; an auditor reads
/// the reasons that were given, and no identity.
#[must_use]
pub fn may_open(role: Role, field: &str) -> bool {
    let names_somebody = matches!(field, "identity" | "name");
    IDENTITY_READERS.contains(&role) || (matches!(role, Committee | Auditor) && !names_somebody)
}

/// How sealed fields are shown to one reader.
pub struct Opening<'a> {
    /// The person's key; none when it is destroyed or the reader may open nothing.
    pub key: Option<&'a PersonKey>,
    /// The path.
    pub id: Uuid,
    /// Whether the reader may open a field.
    pub may_open: &'a dyn Fn(&str) -> bool,
}

/// Opens what the reader may open; the rest stays as it is stored.
pub(crate) fn open_sealed(value: &mut Value, opening: &Opening) {
    let Value::Object(fields) = value else { return };
    for (name, field) in fields.iter_mut() {
        if !is_sealed(field) {
            open_sealed(field, opening);
        } else if let Some(plain) = open_field(name, field, opening) {
            *field = plain;
        }
    }
}

fn open_field(name: &str, field: &Value, opening: &Opening) -> Option<Value> {
    let key = opening.key.filter(|_| (opening.may_open)(name))?;
    let plain = key.open(&seal_context(opening.id, name), field.as_str()?).ok()?;
    if name == "identity" {
        return serde_json::from_slice(&plain).ok();
    }
    std::str::from_utf8(&plain).ok().map(Value::from)
}

/// The person's identity in clear.
#[must_use]
pub fn open_identity(id: Uuid, path: &Beneficiary, key: &PersonKey) -> Option<Map<String, Value>> {
    let sealed = path.state().identity.as_ref()?;
    let plain = key.open(&seal_context(id, "identity"), sealed.as_str()).ok()?;
    serde_json::from_slice(&plain).ok()
}
