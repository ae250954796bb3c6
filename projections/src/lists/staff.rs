//! Who recorded events, by name.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;
use sira_database::on_engine;
use sqlx::{Database, Encode, QueryBuilder, Type};

use super::page::{ListPage, bounded, cut};
use super::statement::{Condition, push_condition};
use crate::{Reach, ReadError, ReadStore};

/// Somebody who recorded events: what of it the reader reaches and asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StaffItem {
    /// The name that their tokens give.
    pub actor: String,
    /// First day on which they recorded.
    pub first_on: NaiveDate,
    /// Last day on which they recorded.
    pub last_on: NaiveDate,
    /// Events that they recorded.
    pub events: i64,
    /// In which roles and from which offices, by role and office.
    pub posts: Vec<Post>,
}

/// A role and an office that somebody recorded from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Post {
    /// The role's word.
    pub role: String,
    /// The programme that the office is of; none where no office is named, and of what was recorded before
    /// it was kept.
    pub programme: Option<String>,
    /// The office that the token named; none where it did not name just one.
    pub office: Option<String>,
    /// First day.
    pub first_on: NaiveDate,
    /// Last day.
    pub last_on: NaiveDate,
    /// Events.
    pub events: i64,
}

/// Who is asked for.
#[derive(Clone, Debug)]
pub struct StaffQuestion<'a> {
    /// What was recorded in this role, by its word.
    pub role: Option<String>,
    /// What was recorded from an office in this region, a key of the list.
    pub region: Option<String>,
    /// What was recorded from this office.
    pub office: Option<String>,
    /// What the reader is shown: who recorded from an office within reach. A donor is shown nobody.
    pub reach: &'a Reach,
    /// Where the page before ended: an actor.
    pub after: Option<String>,
    /// People; at most [`super::MAX_PAGE`].
    pub limit: u32,
}

/// The offices of the code that a row names.
const OFFICE: &str = "EXISTS (SELECT 1 FROM offices AS o WHERE o.office = c.office AND ";

type PostRow = (String, String, String, String, NaiveDate, NaiveDate, i64);

/// A page of the staff.
///
/// # Errors
/// [`ReadError`].
pub async fn staff(
    store: &ReadStore,
    question: &StaffQuestion<'_>,
) -> Result<ListPage<StaffItem, String>, ReadError> {
    let limit = bounded(question.limit);
    let mut handle = store.query().await?;
    let rows: Vec<PostRow> = on_engine!(handle.connection(), db => {
        let mut query = QueryBuilder::new("");
        push(&mut query, question, limit);
        query.build_query_as().fetch_all(db).await
    })?;
    let mut items: Vec<StaffItem> = Vec::new();
    for row in rows {
        add(&mut items, row);
    }
    let has_more = cut(&mut items, limit);
    let next = items.last().filter(|_| has_more).map(|last| last.actor.clone());
    Ok(ListPage { items, next })
}

/// The rows come in the order of actors.
fn add(items: &mut Vec<StaffItem>, row: PostRow) {
    let (actor, role, programme, office, first_on, last_on, events) = row;
    let named = |text: String| Some(text).filter(|text| !text.is_empty());
    let (programme, office) = (named(programme), named(office));
    let post = Post { role, programme, office, first_on, last_on, events };
    match items.last_mut().filter(|last| last.actor == actor) {
        Some(known) => {
            known.first_on = known.first_on.min(first_on);
            known.last_on = known.last_on.max(last_on);
            known.events += events;
            known.posts.push(post);
        }
        None => items.push(StaffItem { actor, first_on, last_on, events, posts: vec![post] }),
    }
}

/// The rows of the actors of a page, and of one more where there is one.
fn push<'args, DB>(query: &mut QueryBuilder<'args, DB>, question: &StaffQuestion<'_>, limit: u32)
where
    DB: Database,
    String: Encode<'args, DB> + Type<DB>,
    i64: Encode<'args, DB> + Type<DB>,
    NaiveDate: Encode<'args, DB> + Type<DB>,
{
    let conditions = conditions(question);
    let is_met = |query: &mut QueryBuilder<'args, DB>, more: Option<Condition>| {
        let mut word = " WHERE ";
        for condition in conditions.iter().chain(&more) {
            query.push(word);
            push_condition(query, condition);
            word = " AND ";
        }
    };
    query.push(
        "SELECT c.actor, c.role, c.programme, c.office, c.first_on, c.last_on, c.events FROM staff AS c \
         JOIN (SELECT DISTINCT c.actor FROM staff AS c",
    );
    let after = question.after.clone();
    is_met(query, after.map(|actor| Condition::of("c.actor > ?", [actor.into()])));
    query.push(" ORDER BY c.actor LIMIT ");
    query.push_bind(i64::from(limit) + 1);
    query.push(") AS page ON page.actor = c.actor");
    is_met(query, None);
    query.push(" ORDER BY c.actor, c.role, c.office, c.programme");
}

fn conditions(question: &StaffQuestion<'_>) -> Vec<Condition> {
    let in_regions = |regions: &[String]| Condition::one_of("o.region", regions);
    let mut conditions = Vec::new();
    if let Some(role) = &question.role {
        conditions.push(Condition::of("c.role = ?", [role.clone().into()]));
    }
    if let Some(office) = &question.office {
        conditions.push(Condition::of("c.office = ?", [office.clone().into()]));
    }
    if let Some(region) = &question.region {
        conditions.push(of_office(&in_regions(std::slice::from_ref(region))));
    }
    conditions.extend(match question.reach {
        Reach::All => None,
        Reach::Regions(regions) => Some(of_reached_office(&in_regions(regions))),
        Reach::Offices(offices) => Some(of_reached_office(&Condition::of_offices("o", offices))),
        Reach::Funds(_) => Some(Condition::never()),
    });
    conditions
}

/// That the office a row names is one that meets a condition: where the row does not say whose office it is,
/// since its programme was not kept yet, any office of that code.
fn of_office(met: &Condition) -> Condition {
    met.clone().within(&format!("{OFFICE}c.programme IN ('', o.programme) AND "))
}

/// As [`of_office`], of the offices within reach: where the row does not say whose office it is, every office of
/// that code must be, so that a code that two programmes have shows nobody of the one to those who reach the
/// other alone.
fn of_reached_office(met: &Condition) -> Condition {
    let no_other = met.clone().within(&format!("NOT {OFFICE}NOT "));
    of_office(met).and(Condition::plain("c.programme <> ''").or(no_other))
}
