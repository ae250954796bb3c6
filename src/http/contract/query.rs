//! Parameters in an address: one table that the routes over lists and the OpenAPI document read, and a
//! reader that refuses by name whatever is not in it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use axum::response::Response;
use chrono::NaiveDate;

use super::reading::{PAGE, bad_parameter, read_cursor};
use super::request::Caller;

/// Items of a page at most: what a person works through in a day.
const PAGE_MAX: u32 = sira_projections::lists::MAX_PAGE;

/// A parameter of a route.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it asks for.
    pub about: &'static str,
}

const fn parameter(name: &'static str, about: &'static str) -> Parameter {
    Parameter { name, about }
}

const LIMIT: Parameter = parameter("limit", "Items of the page: 1 to 200; 50 when left out.");
const CURSOR: Parameter =
    parameter("cursor", "`next_cursor` of the page before, with the same filters and order.");
const PROGRAMME: Parameter = parameter("programme", "Id of the programme.");
const REGION: Parameter = parameter("region", "Region of residence: a key of the list `regions`.");
const OFFICE: Parameter = parameter("office", "Office in charge.");
const ADVISER: Parameter = parameter("adviser", "Adviser in charge, by the name in their token.");
const AWAITING: Parameter = parameter(
    "awaiting",
    "The decision waited for: eligibility, interview, selection, plan, financing or agreement.",
);

/// Those of `GET /v1/beneficiaries`.
const BENEFICIARIES: &[Parameter] = &[
    PROGRAMME,
    REGION,
    OFFICE,
    parameter("stage", "idea, recruitment, training, financing, follow_up or completed."),
    parameter("status", "active, suspended, exited or completed."),
    parameter("cohort", "Id of the training group last joined."),
    parameter("sector", "Sector of the business, or of the idea before it starts."),
    AWAITING,
    ADVISER,
    parameter(
        "q",
        "Words of the name, each whole or its first three letters or more, in any spelling and order; or a phone. For those who may open an identity; everybody found is recorded. The latest recorded come first, without `sort`.",
    ),
    parameter("sort", "registered_on, -registered_on (when left out), last_on or -last_on."),
    parameter(
        "identity",
        "`true` opens the names of the page for those allowed; each reading is recorded.",
    ),
    LIMIT,
    CURSOR,
];

const CHECKPOINT: &[Parameter] =
    &[parameter("pending", "`true` gives the newest, which witnesses may not have signed yet.")];

const INCLUSION: &[Parameter] = &[
    parameter("position", "Position of the event."),
    parameter("size", "Size of the tree: that of the published checkpoint when left out."),
];

const CONSISTENCY: &[Parameter] = &[
    parameter("from", "Size of the older tree."),
    parameter("to", "Size of the newer one: that of the published checkpoint when left out."),
];

const DUPLICATES: &[Parameter] = &[LIMIT, CURSOR];

const DUE_VISITS: &[Parameter] = &[
    PROGRAMME,
    REGION,
    OFFICE,
    ADVISER,
    parameter(
        "until",
        "Visits due until this day, late ones among them; in 14 days when left out.",
    ),
    LIMIT,
    CURSOR,
];

const STALLED: &[Parameter] = &[
    PROGRAMME,
    REGION,
    OFFICE,
    ADVISER,
    parameter("days", "Days without any fact; 60 when left out."),
    LIMIT,
    CURSOR,
];

const AWAITING_DECISION: &[Parameter] =
    &[PROGRAMME, REGION, OFFICE, ADVISER, AWAITING, LIMIT, CURSOR];

const OVERDUE_REPAYMENTS: &[Parameter] = &[
    PROGRAMME,
    REGION,
    OFFICE,
    ADVISER,
    parameter("days", "Days past due at least; 1 when left out."),
    LIMIT,
    CURSOR,
];

const PAST_RETENTION: &[Parameter] = &[PROGRAMME, REGION, OFFICE, LIMIT, CURSOR];

const HISTORY: &[Parameter] = &[
    parameter(
        "from_version",
        "Answers the difference from this version on; 0 is before the first event.",
    ),
    parameter("from_as_of", "As `from_version`, by a day (its end, UTC) or a time."),
    parameter("to_version", "The later of the two moments; now when left out."),
    parameter("to_as_of", "As `to_version`, by a day (its end, UTC) or a time."),
];

const ACTIVITY: &[Parameter] = &[
    parameter("actor", "Who, by the name in their token; required."),
    parameter("from", "Recorded on this day (UTC) or later."),
    parameter("to", "Recorded on this day (UTC) or before."),
    LIMIT,
    CURSOR,
];

const ACCESS: &[Parameter] = &[LIMIT, CURSOR];

const EVENTS: &[Parameter] = &[
    parameter("after", "Position after which to begin; 0 when left out."),
    parameter(
        "limit",
        "Events of the page: 1 to 1000; 100 when left out. A page may be shorter, to stay small: go on until its last `id` is `Sira-Position`.",
    ),
];

/// The parameters of a route that lists; none of another.
pub(super) fn of(path: &str) -> &'static [Parameter] {
    match path {
        "/v1/beneficiaries" => BENEFICIARIES,
        "/v1/events" => EVENTS,
        super::evidence::CHECKPOINT => CHECKPOINT,
        super::evidence::INCLUSION => INCLUSION,
        super::evidence::CONSISTENCY => CONSISTENCY,
        "/v1/worklists/duplicates" => DUPLICATES,
        "/v1/worklists/due-visits" => DUE_VISITS,
        "/v1/worklists/stalled" => STALLED,
        "/v1/worklists/awaiting-decision" => AWAITING_DECISION,
        "/v1/worklists/overdue-repayments" => OVERDUE_REPAYMENTS,
        "/v1/worklists/past-retention" => PAST_RETENTION,
        "/v1/beneficiaries/{id}/history" => HISTORY,
        "/v1/beneficiaries/{id}/access" => ACCESS,
        "/v1/activity" => ACTIVITY,
        _ => &[],
    }
}

/// Whether a route is answered from read models, so that a caller may wait for its own write.
pub(super) fn reads_models(path: &str) -> bool {
    let is_other =
        ["/v1/beneficiaries/", "/v1/evidence/"].iter().any(|part| path.starts_with(part));
    !of(path).is_empty() && !is_other
}

/// The parameters that a request brings.
pub(super) struct Parameters<'a> {
    caller: &'a Caller,
    path: &'static str,
    given: BTreeMap<String, String>,
}

impl<'a> Parameters<'a> {
    /// Takes the parameters of a route.
    ///
    /// # Errors
    /// The answer to a parameter that the route does not have, or that comes twice.
    pub fn read(
        caller: &'a Caller,
        path: &'static str,
        pairs: Vec<(String, String)>,
    ) -> Result<Self, Response> {
        let known: Vec<_> = of(path).iter().map(|parameter| parameter.name).collect();
        let mut given = BTreeMap::new();
        for (name, value) in pairs {
            if !known.contains(&name.as_str()) {
                // What is unknown may be personal: an unknown name is given back only when it is a word.
                let is_word = name.len() <= 40
                    && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
                let shown = if is_word { name.as_str() } else { "?" };
                return Err(bad_parameter(caller, shown, &known.join(", ")));
            }
            if given.insert(name.clone(), value).is_some() {
                return Err(bad_parameter(caller, &name, "1"));
            }
        }
        Ok(Self { caller, path, given })
    }

    /// A parameter's text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.given.get(name).map(String::as_str)
    }

    /// A parameter as what it stands for.
    ///
    /// # Errors
    /// The answer to one that stands for nothing: it says what is expected, and does not repeat what came.
    pub fn parsed<T>(
        &self,
        name: &str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Response> {
        let Some(text) = self.text(name) else { return Ok(None) };
        parse(text).map(Some).ok_or_else(|| bad_parameter(self.caller, name, expected))
    }

    /// A day.
    ///
    /// # Errors
    /// The answer to what is none.
    pub fn day(&self, name: &str) -> Result<Option<NaiveDate>, Response> {
        self.parsed(name, "YYYY-MM-DD", |text| text.parse().ok())
    }

    /// The items of a page.
    ///
    /// # Errors
    /// The answer to a number that is out of bounds.
    pub fn limit(&self) -> Result<u32, Response> {
        let parse = |text: &str| text.parse().ok().filter(|limit| (1..=PAGE_MAX).contains(limit));
        let expected = format!("1..{PAGE_MAX}");
        Ok(self.parsed("limit", &expected, parse)?.unwrap_or(PAGE))
    }

    /// All that decides what is listed and in which order: what a cursor belongs to.
    pub fn question(&self) -> String {
        let asked = self
            .given
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), "limit" | "cursor" | "identity"));
        asked.fold(self.path.to_owned(), |mut question, (name, value)| {
            // The length says where a value ends, whatever is in it.
            let _ = write!(question, "\n{}:{name}={value}", value.len());
            question
        })
    }

    /// The place that the cursor names.
    ///
    /// # Errors
    /// The answer to what is no cursor of this question.
    pub fn place<T>(&self, parse: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, Response> {
        let question = self.question();
        self.parsed("cursor", "next_cursor", |cursor| parse(&read_cursor(&question, cursor)?))
    }
}
