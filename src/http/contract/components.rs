//! What operations of the document share: headers, problems by status, groups.

use serde_json::{Map, Value, json};

use super::endpoint::Endpoint;
use super::problem::KINDS;

/// The groups of operations, with what each is about.
const TAGS: [(&str, &str); 21] = [
    ("beneficiaries", "Where paths stand, their history, their people."),
    ("idea", "Commands of the idea."),
    ("recruitment", "Commands of recruitment."),
    ("training", "Commands of training."),
    ("financing", "Commands of plan and money."),
    ("follow_up", "Commands of follow-up."),
    ("any", "Commands of every stage of a path."),
    ("programme", "Commands on programmes."),
    ("programmes", "Conventions, rules, targets, offices."),
    ("cohort", "Commands on training groups."),
    ("cohorts", "Training groups."),
    ("fund", "Commands on funds."),
    ("funds", "Donors' envelopes."),
    ("worklists", "What waits for somebody."),
    ("analytics", "Figures, and why somebody is counted."),
    ("reports", "Reports as documents, for one audience each."),
    ("events", "The journal, for whoever copies it."),
    ("evidence", "Proofs that the journal is whole and unchanged."),
    ("staff", "What members of the staff may do and did."),
    ("retention", "Erasure of data past retention."),
    ("reference", "Lists of codes."),
];

/// The groups that some routes are in, in order; those that the table does not know have no description.
#[must_use]
pub fn tags(endpoints: &[Endpoint]) -> Value {
    let known = TAGS.iter().map(|(name, _)| *name);
    let mut names: Vec<_> =
        known.filter(|name| endpoints.iter().any(|endpoint| endpoint.tag.0 == *name)).collect();
    for endpoint in endpoints {
        if !names.contains(&endpoint.tag.0) {
            names.push(endpoint.tag.0);
        }
    }
    let shown = names.iter().map(|name| {
        let about = TAGS.iter().find(|(known, _)| known == name);
        about.map_or_else(
            || json!({ "name": name }),
            |(_, about)| json!({ "name": name, "description": about }),
        )
    });
    shown.collect()
}

/// Headers that several operations read, by their key.
#[must_use]
pub fn parameters() -> Value {
    let text = |max: u32| json!({ "type": "string", "minLength": 1, "maxLength": max });
    let position = json!({ "type": "integer", "format": "uint64", "minimum": 0 });
    // Without `date-time`: generated clients know no header of a time.
    let moment = json!({ "type": "string", "examples": ["2026-01-31T12:00:00Z"] });
    let all = [
        (
            "IdempotencyKey",
            "Idempotency-Key",
            "The same key and body give the same answer, once, for 30 days.",
            text(128),
        ),
        (
            "IfMatch",
            "If-Match",
            "The versions of which one must be current, as given in ETag, or `*` for any.",
            json!({ "type": "string", "maxLength": 1024, "examples": ["\"7\"", "*"] }),
        ),
        (
            "IfNoneMatch",
            "If-None-Match",
            "The versions that the caller has, as given in ETag: 304 when one of them is current.",
            json!({ "type": "string", "maxLength": 1024, "examples": ["\"7\"", "W/\"7\""] }),
        ),
        (
            "SiraMinPosition",
            "Sira-Min-Position",
            "Waits until everything up to this position is in the answer, or gives 503.",
            position.clone(),
        ),
        (
            "LastEventId",
            "Last-Event-ID",
            "The `id` of the last event that was received; it goes before `after`.",
            json!({ "type": "string", "examples": ["main:1234:89abcdef0123"] }),
        ),
        ("SiraDevice", "Sira-Device", "The device that the fact was recorded on.", text(128)),
        ("SiraDeviceTime", "Sira-Device-Time", "The device's time of recording.", moment),
        (
            "SiraCorrelationId",
            "Sira-Correlation-Id",
            "What this request is part of; kept with the event.",
            text(128),
        ),
        (
            "SiraCausationId",
            "Sira-Causation-Id",
            "What caused this request; kept with the event.",
            text(128),
        ),
    ];
    let one = |(key, name, about, schema): (&str, &str, &str, Value)| {
        let header = json!({ "in": "header", "name": name, "required": false, "description": about, "schema": schema });
        (key.to_owned(), header)
    };
    all.into_iter().map(one).collect::<Map<_, _>>().into()
}

/// Headers of answers.
#[must_use]
pub fn headers() -> Value {
    let text = || json!({ "type": "string" });
    let position = json!({ "type": "integer", "format": "uint64", "minimum": 0 });
    let all = [
        ("ETag", "The version, in quotes.", json!({ "type": "string", "examples": ["\"7\""] })),
        (
            "Sira-Position",
            "Everything up to this position of the journal is in the answer.",
            position,
        ),
        (
            "Sira-Cursor",
            "Where to go on reading: position and history, for `after`.",
            json!({ "type": "string", "examples": ["main:1234:89abcdef0123"] }),
        ),
        (
            "Idempotency-Replayed",
            "`true` when this is the answer of an earlier request with the same key.",
            json!({ "type": "string", "enum": ["true"] }),
        ),
        (
            "Location",
            "Where what was begun is.",
            json!({ "type": "string", "format": "uri-reference" }),
        ),
        ("Content-Disposition", "The file's name.", text()),
        (
            "Retry-After",
            "Seconds to wait before another try.",
            json!({ "type": "integer", "minimum": 0 }),
        ),
        ("X-Request-Id", "The request's id: the caller's own when it sent a fit one.", text()),
    ];
    let one = |(name, about, schema): (&str, &str, Value)| {
        (name.to_owned(), json!({ "description": about, "schema": schema }))
    };
    all.into_iter().map(one).collect::<Map<_, _>>().into()
}

/// Problems by status: `Problem404` and so on, with every kind that has the status.
#[must_use]
pub fn problems() -> Value {
    let mut problems = Map::new();
    for kind in KINDS {
        let told = KINDS.iter().filter(|other| other.status == kind.status);
        let told: Vec<_> =
            told.map(|kind| format!("{} (`{}`)", kind.title_en, kind.slug)).collect();
        let mut headers =
            json!({ "X-Request-Id": { "$ref": "#/components/headers/X-Request-Id" } });
        if matches!(kind.status, 409 | 429 | 503) {
            headers["Retry-After"] = json!({ "$ref": "#/components/headers/Retry-After" });
        }
        let problem = json!({
            "description": format!("{}.", told.join(", ")),
            "headers": headers,
            "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
        });
        problems.insert(format!("Problem{}", kind.status), problem);
    }
    problems.into()
}
