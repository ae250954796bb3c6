//! Many paths of one adviser given to another: one command a path, each judged by its own rules, and a report
//! of what became of each.

use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sira_domain::reference::Language;
use sira_domain::values::{ActorId, OfficeCode, ProgrammeId};
use sira_numbers::Version;
use sira_projections::lists::{
    CaseItem, CaseOrder, CasePlace, CaseQuestion, Filters, Which, cases,
};
use sira_projections::{Reach, ReadError, ReadStore};
use uuid::Uuid;

use crate::commands::form::Form;
use crate::commands::{Call, CommandError, Commands, FormErrors, in_task};

/// Paths of one order at most: what is carried out within the time of one request. An adviser who had more
/// is asked for again, until nothing remains.
pub const PATHS_MAX: usize = 200;
/// The statuses of paths that are given to another adviser. One that is closed takes no adviser: it would be
/// refused by every order, before the paths that wait behind it.
const GOING_ON: [&str; 2] = ["active", "suspended"];
/// Rows that are read at once to find them.
const PAGE: u32 = 200;

/// The body of an order.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ReassignmentOrder")]
pub struct Reassignment {
    /// The adviser whose paths they are, by the name in their token.
    pub from: ActorId,
    /// The adviser who takes charge.
    pub adviser: ActorId,
    /// Paths of this programme alone; of every one when left out.
    #[serde(default)]
    pub programme: Option<ProgrammeId>,
    /// Paths of this office alone; of every one within reach when left out.
    #[serde(default)]
    pub office: Option<OfficeCode>,
}

/// What became of one path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ReassignedPath {
    /// The path's id.
    pub id: String,
    /// Its reference for paper and phone.
    pub reference: String,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: ReassignmentOutcome,
}

/// The outcome of an order for one path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum ReassignmentOutcome {
    /// The other adviser is in charge.
    Assigned {
        /// Version of the path.
        version: Version,
    },
    /// It was so already.
    AlreadyDone,
    /// A rule forbids it.
    Refused {
        /// By which rule.
        rule: String,
        /// The rule in words.
        detail: String,
    },
}

/// The report of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ReassignmentReport")]
pub struct ReassignmentReport {
    /// Each path that the order came to.
    pub items: Vec<ReassignedPath>,
    /// Whether the adviser has more paths: the order is given again for those.
    pub remaining: bool,
}

impl Reassignment {
    /// Reads an order.
    ///
    /// # Errors
    /// Every wrong field.
    pub fn read(body: Value) -> Result<Self, FormErrors> {
        static FORM: LazyLock<Form> = LazyLock::new(Form::of::<Reassignment>);
        FORM.read(body)
    }
}

/// An order that could not be carried out to its end.
#[derive(Debug, thiserror::Error)]
pub enum ReassignmentError {
    /// The adviser's paths could not be listed: nothing was done.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A command failed otherwise than by a rule: those before it are done, and are found so by asking again.
    #[error(transparent)]
    Command(#[from] CommandError),
}

/// Carries an order out on the paths that are within reach and go on.
///
/// Each path is an append of its own: a crash in between leaves those before it assigned, and the order given
/// again goes on with the rest, which the report then tells.
///
/// # Errors
/// When a store fails.
pub async fn reassign(
    commands: &Commands,
    store: &ReadStore,
    reach: &Reach,
    order: Reassignment,
    call: Call,
    language: Language,
) -> Result<ReassignmentReport, ReassignmentError> {
    let (found, remaining) = paths_of(store, reach, &order).await?;
    let call =
        Call { correlation_id: Some(call.request_id.clone()), key: None, if_match: None, ..call };
    let commands = commands.clone();
    let items = in_task("reassign", async move {
        let mut items = Vec::with_capacity(found.len());
        for case in found {
            let outcome = assign(&commands, &case, &order.adviser, &call, language).await?;
            items.push(ReassignedPath { id: case.id, reference: case.reference, outcome });
        }
        Ok(items)
    });
    Ok(ReassignmentReport { items: items.await?, remaining })
}

/// The adviser's paths that go on, the first registered first; and whether there are more than one order takes.
async fn paths_of(
    store: &ReadStore,
    reach: &Reach,
    order: &Reassignment,
) -> Result<(Vec<CaseItem>, bool), ReadError> {
    let filters = Filters {
        adviser: Some(order.from.to_string()),
        programme: order.programme.map(|programme| programme.0),
        office: order.office.as_ref().map(ToString::to_string),
        ..Filters::default()
    };
    let mut found = Vec::new();
    let mut after: Option<CasePlace> = None;
    loop {
        let question = CaseQuestion {
            which: Which::All,
            filters: &filters,
            reach,
            order: CaseOrder::RegisteredOn,
            descending: false,
            after,
            limit: PAGE,
        };
        let page = cases(store, &question).await?;
        let goes_on = |case: &CaseItem| GOING_ON.contains(&case.status.as_str()) && !case.duplicate;
        found.extend(page.items.into_iter().filter(goes_on));
        if found.len() > PATHS_MAX {
            found.truncate(PATHS_MAX);
            return Ok((found, true));
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok((found, false)),
        }
    }
}

async fn assign(
    commands: &Commands,
    case: &CaseItem,
    adviser: &ActorId,
    call: &Call,
    language: Language,
) -> Result<ReassignmentOutcome, CommandError> {
    let refused =
        |rule: &str, detail: String| ReassignmentOutcome::Refused { rule: rule.to_owned(), detail };
    let Ok(id) = Uuid::try_parse(&case.id) else {
        return Err(CommandError::NotFound);
    };
    let body = Map::from_iter([("adviser".to_owned(), Value::from(adviser.as_str()))]);
    match commands.command_beneficiary(id, "assign-adviser", body, call.clone()).await {
        Ok(answer) if answer.already_done => Ok(ReassignmentOutcome::AlreadyDone),
        Ok(answer) => Ok(ReassignmentOutcome::Assigned { version: answer.version }),
        Err(CommandError::Refused(refusal)) => {
            Ok(refused(refusal.rule(), refusal.detail(language)))
        }
        // It moved out of reach since it was listed.
        Err(CommandError::NotFound) => Ok(refused(
            "not_found",
            match language {
                Language::Fr => "ce parcours n'est plus dans votre ressort".to_owned(),
                Language::En => "this path is no longer within your reach".to_owned(),
            },
        )),
        Err(error) => Err(error),
    }
}
