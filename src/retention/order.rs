//! An order of erasure: written down, then carried out person by person.

use std::collections::HashSet;
use std::sync::LazyLock;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sira_domain::reference::Language;
use sira_domain::refusal::{Item, Refusal};
use sira_domain::values::{Reference, Text};
use sira_numbers::{Position, Version};
use uuid::Uuid;

use super::judge::{JudgedPerson, judge_person};
use crate::commands::form::Form;
use crate::commands::{Answer, Call, CommandError, Commands, FormErrors, in_task};
use crate::journal::{JournalError, Stamp};
use sira_database::{on_engine, signed};

/// People of one order at most: as many as a page of the worklist shows.
pub const ERASURES_MAX: usize = 200;
/// Characters of a reason at most.
pub const REASON_MAX_CHARACTERS: usize = 500;
/// Characters of an id or a reference at most, however it is typed.
const ID_MAX_CHARACTERS: usize = 64;
/// The number of times that somebody is judged anew whose path moved meanwhile.
const ATTEMPTS_MAX: u32 = 3;

/// The body of an order.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderForm {
    /// Ids or references.
    #[schemars(length(min = 1, max = ERASURES_MAX), inner(length(max = ID_MAX_CHARACTERS)))]
    ids: Vec<String>,
    /// The reason of the order. It names nobody: it is not sealed, and stays.
    reason: Text<REASON_MAX_CHARACTERS>,
}

/// A checked order.
#[derive(Debug)]
pub struct Order {
    ids: Vec<String>,
    reason: Text<REASON_MAX_CHARACTERS>,
}

impl Order {
    /// Reads an order, with each of the people once.
    ///
    /// # Errors
    /// Every wrong field.
    pub fn read(body: Value) -> Result<Self, FormErrors> {
        static FORM: LazyLock<Form> = LazyLock::new(Form::of::<OrderForm>);
        let OrderForm { ids, reason } = FORM.read(body)?;
        let mut seen = HashSet::new();
        let ids = ids.into_iter().filter(|id| seen.insert(id.clone())).collect();
        Ok(Self { ids, reason })
    }
}

/// The end of an order for one of its people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OrderedErasure {
    /// As it was asked for.
    pub id: String,
    /// The outcome for this one.
    #[serde(flatten)]
    pub outcome: ErasureOutcome,
}

/// The outcome of an order for somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum ErasureOutcome {
    /// Erased by this order.
    Erased {
        /// Version of the path.
        version: Version,
        /// Position of the erasure.
        position: Position,
    },
    /// The person had been erased before.
    AlreadyDone,
    /// The person's data are kept.
    Refused {
        /// By which rule.
        rule: String,
        /// The rule in words.
        detail: String,
    },
}

/// Carries an order out; the order's id, and what became of each. Asked again, it finds done what is
/// done. The call says who orders, reaching where.
///
/// The order is durable first, then each person's erasure, then all their keys go in one step. A crash
/// after an erasure leaves keys, as [`Commands`] says of a single one: the retry or the next start
/// destroys them.
///
/// # Errors
/// When a store fails: what was erased by then is told by asking again.
pub async fn carry_out(
    commands: &Commands,
    order: Order,
    call: Call,
    language: Language,
) -> Result<(Uuid, Vec<OrderedErasure>), CommandError> {
    let commands = commands.clone();
    in_task(
        "erase-past-retention",
        async move { carry_out_now(&commands, order, call, language).await },
    )
    .await
}

async fn carry_out_now(
    commands: &Commands,
    order: Order,
    call: Call,
    language: Language,
) -> Result<(Uuid, Vec<OrderedErasure>), CommandError> {
    let order_id = Uuid::now_v7();
    write_down(commands, order_id, &order, &call).await?;
    let call = Call { correlation_id: Some(order_id.to_string()), key: None, ..call };
    let (mut erasures, mut erased, mut failure) = (Vec::new(), Vec::new(), None);
    for id in order.ids {
        match erase(commands, &id, &call, language).await {
            Ok((paths, outcome)) => {
                erased.extend(paths);
                erasures.push(OrderedErasure { id, outcome });
            }
            Err(error) => {
                failure = Some(error);
                break;
            }
        }
    }
    // Whatever came in between, those who are erased are erased whole.
    commands.complete_erasures(&erased).await?;
    failure.map_or(Ok((order_id, erasures)), Err)
}

async fn write_down(
    commands: &Commands,
    order_id: Uuid,
    order: &Order,
    call: &Call,
) -> Result<(), JournalError> {
    let _turn = commands.journal().pool().turn().await;
    on_engine!(commands.journal().pool(), db => {
        sqlx::query(
            "INSERT INTO erasure_orders (order_id, at, actor, reason, paths, request_id) \
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(order_id.to_string())
        .bind(Stamp(commands.clock().now()))
        .bind(call.actor.as_str())
        .bind(order.reason.as_str())
        .bind(signed(order.ids.len() as u64)?)
        .bind(call.request_id.as_str())
        .execute(db)
        .await
        .map(drop)
    })?;
    Ok(())
}

/// Erases somebody who is past retention at this moment, from every path of theirs; with those paths.
///
/// The path that was named is erased at the version that was judged, and with its event the decision stands
/// for the person: the linked ones follow whatever has happened on them since. A crash in between leaves a
/// path that is not erased; the order is not answered, and the retry goes over the same paths.
async fn erase(
    commands: &Commands,
    named: &str,
    call: &Call,
    language: Language,
) -> Result<(Vec<Uuid>, ErasureOutcome), CommandError> {
    let Some(id) = find(commands, named).await? else {
        return Ok((Vec::new(), refused(&CommandError::NotFound, language)));
    };
    let today = commands.clock().now().date_naive();
    for _ in 0..ATTEMPTS_MAX {
        let person = match judge(commands, id, call, today, language).await? {
            Judged::Past(person) => person,
            Judged::Settled(outcome) => return Ok((Vec::new(), outcome)),
        };
        match erase_paths(commands, &person, call).await {
            Ok(answer) => {
                let paths = person.0.iter().map(|path| path.id).collect();
                let outcome = answer.map_or(ErasureOutcome::AlreadyDone, |answer| {
                    let (version, position) = (answer.version, answer.position);
                    ErasureOutcome::Erased { version, position }
                });
                return Ok((paths, outcome));
            }
            // Something happened on the path since: it is judged anew.
            Err(CommandError::PreconditionFailed { .. }) => {}
            Err(error @ (CommandError::Refused(_) | CommandError::NotFound)) => {
                return Ok((Vec::new(), refused(&error, language)));
            }
            Err(error) => return Err(error),
        }
    }
    Err(CommandError::Contended(ATTEMPTS_MAX))
}

/// Records the erasure on each path that is not erased; the first answer, or none when all were.
async fn erase_paths(
    commands: &Commands,
    person: &JudgedPerson,
    call: &Call,
) -> Result<Option<Answer>, CommandError> {
    let mut first = None;
    for path in person.0.iter().filter(|path| !path.is_erased) {
        let if_match = first.is_none().then_some(path.version);
        let asked = Call { if_match, ..call.clone() };
        let answer = commands.record_retention_erasure(path.id, asked).await?;
        first.get_or_insert(answer);
    }
    Ok(first.filter(|answer| !answer.already_done))
}

enum Judged {
    /// Past retention, as the paths stand now; or erased, and its paths have to be seen to.
    Past(JudgedPerson),
    /// There is nothing to do.
    Settled(ErasureOutcome),
}

async fn judge(
    commands: &Commands,
    id: Uuid,
    call: &Call,
    today: NaiveDate,
    language: Language,
) -> Result<Judged, CommandError> {
    let not_found = || Ok(Judged::Settled(refused(&CommandError::NotFound, language)));
    // Whoever does not reach the path learns nothing of it, nor of those linked with it.
    if !commands.reaches(id, call).await? {
        return not_found();
    }
    let Some(person) = judge_person(commands, id, today).await? else { return not_found() };
    for path in person.0.iter().filter(|path| !path.is_erased) {
        if !commands.reaches(path.id, call).await? {
            let (item, name) = (Item::Path, path.id.to_string());
            let unknown = Refusal::Unknown { item, name, field: "linked" };
            return Ok(Judged::Settled(refused(&unknown.into(), language)));
        }
    }
    Ok(match person.kept() {
        None => Judged::Past(person),
        Some(kept) => {
            let rule = kept.by.rule().to_owned();
            Judged::Settled(ErasureOutcome::Refused { rule, detail: kept.detail(language) })
        }
    })
}

fn refused(error: &CommandError, language: Language) -> ErasureOutcome {
    let pick = |fr: &str, en: &str| match language {
        Language::Fr => fr.to_owned(),
        Language::En => en.to_owned(),
    };
    let (rule, detail) = match error {
        CommandError::Refused(refusal) => (refusal.rule(), refusal.detail(language)),
        _ => (
            "not_found",
            pick("aucun parcours à ce nom dans votre ressort", "no such path within your reach"),
        ),
    };
    ErasureOutcome::Refused { rule: rule.to_owned(), detail }
}

/// The path of an id or a reference; none when it is neither, or leads nowhere.
async fn find(commands: &Commands, text: &str) -> Result<Option<Uuid>, CommandError> {
    if let Ok(id) = Uuid::try_parse(text) {
        return Ok(Some(id));
    }
    let Ok(reference) = Reference::try_new(text) else { return Ok(None) };
    commands.path_of(reference).await
}
