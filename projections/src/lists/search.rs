//! People by name or phone, the latest recorded first.
//!
//! Each term that is sought has a list of those who have it, in the order of ids, which is that of
//! registrations. The shortest is walked, some at a time; who is in the other lists too, fits the filters
//! and is within reach is on the page. A name that a hundred thousand bear makes a long list, so a page
//! looks at [`EXAMINED_MAX`] of it at most: it then ends early, says so, and the next goes on from there.

use sira_database::on_engine;
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::advisers::add_advisers;
use super::cases::{COLUMNS, CaseItem};
use super::filters::Filters;
use super::page::{bounded, cut};
use super::statement::{Condition, Statement};
use super::walks::within;
use crate::case_identity::{IdentityIndex, IdentityKeys, SearchToken, index_of, search_token};
use crate::{Reach, ReadError, ReadStore};

/// Bearers of the rarest term that one page looks at: what fits into the time of one question on either engine
/// even when none of them is within the reader's reach.
pub const EXAMINED_MAX: usize = 2_048;
/// Bearers looked at in one go.
const STEP: u32 = 256;
/// Bearers that are counted to tell the rarest term: longer lists are alike.
const COUNTED_MAX: i64 = 4_096;

/// A page that is asked for.
#[derive(Clone, Debug)]
pub struct SearchQuestion<'a> {
    /// The terms that a person must all have ([`sira_domain::likeness::sought_by`]).
    pub terms: &'a [String],
    /// What their paths must have.
    pub filters: &'a Filters,
    /// Whose paths the reader is shown.
    pub reach: &'a Reach,
    /// Where the page before ended.
    pub after: Option<Uuid>,
    /// Rows; at most [`super::MAX_PAGE`].
    pub limit: u32,
}

/// A page of people found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchPage {
    /// Their paths.
    pub items: Vec<CaseItem>,
    /// Where the next page begins; none on the last one.
    pub next: Option<Uuid>,
    /// Whether the page ended because it had looked at [`EXAMINED_MAX`], and not because it was full or
    /// there were no more: the search should be narrowed.
    pub ended_early: bool,
}

/// A page of those who have every term.
///
/// # Errors
/// [`ReadError`].
pub async fn search<K: IdentityKeys>(
    store: &ReadStore,
    keys: &K,
    question: &SearchQuestion<'_>,
) -> Result<SearchPage, ReadError> {
    loop {
        let (key, index) = index_of(store.query().await?.connection(), keys).await?;
        let page = search_by(store, &index, question).await?;
        // Rows under another key may have been put in place meanwhile: these tokens are in none of them.
        if index_of(store.query().await?.connection(), keys).await?.0 == key {
            return Ok(page);
        }
    }
}

async fn search_by(
    store: &ReadStore,
    index: &impl IdentityIndex,
    question: &SearchQuestion<'_>,
) -> Result<SearchPage, ReadError> {
    let limit = bounded(question.limit);
    let tokens = rarest_first(store, index, question.terms).await?;
    let (mut items, mut after, mut examined) = (Vec::new(), question.after, 0);
    let mut ended_early = false;
    while let Some((rarest, others)) = tokens.split_first() {
        let step = bearers(store, rarest, after).await?;
        after = step.last().copied();
        examined += step.len();
        let both = in_all(store, step.clone(), others).await?;
        items.extend(paths(store, question, &both, limit).await?);
        if step.len() < STEP as usize || items.len() > limit as usize {
            break;
        }
        ended_early = examined >= EXAMINED_MAX;
        if ended_early {
            break;
        }
    }
    let has_more = cut(&mut items, limit);
    add_advisers(store, &mut items, |case| (&case.id, &mut case.adviser)).await?;
    let last = items.last().filter(|_| has_more).and_then(|last| Uuid::try_parse(&last.id).ok());
    let next = last.or(after.filter(|_| ended_early));
    Ok(SearchPage { items, next, ended_early })
}

/// The tokens of the terms, that of the shortest list first; none when somebody's list is empty.
async fn rarest_first(
    store: &ReadStore,
    index: &impl IdentityIndex,
    terms: &[String],
) -> Result<Vec<SearchToken>, ReadError> {
    let mut counted = Vec::new();
    for term in terms {
        let token = search_token(index, term);
        let mut handle = store.query().await?;
        let bearers: i64 = on_engine!(handle.connection(), db => {
            sqlx::query_scalar(
                "SELECT count(*) FROM (SELECT 1 FROM search_index WHERE token = $1 LIMIT $2) AS hit",
            )
            .bind(token.as_slice())
            .bind(COUNTED_MAX)
            .fetch_one(db)
            .await
        })?;
        if bearers == 0 {
            return Ok(Vec::new());
        }
        counted.push((bearers, token));
    }
    counted.sort_unstable();
    Ok(counted.into_iter().map(|(_, token)| token).collect())
}

/// The next bearers of a term, the latest first.
async fn bearers(
    store: &ReadStore,
    token: &SearchToken,
    after: Option<Uuid>,
) -> Result<Vec<Uuid>, ReadError> {
    let mut handle = store.query().await?;
    let rows: Vec<Vec<u8>> = on_engine!(handle.connection(), db => {
        let mut query = QueryBuilder::new("SELECT aggregate_id FROM search_index WHERE token = ");
        query.push_bind(token.as_slice());
        if let Some(after) = &after {
            query.push(" AND aggregate_id < ").push_bind(after.as_bytes().as_slice());
        }
        query.push(" ORDER BY aggregate_id DESC LIMIT ");
        query.push_bind(i64::from(STEP));
        query.build_query_scalar().fetch_all(db).await
    })?;
    rows.iter().map(|row| id_of(row)).collect()
}

/// Those of some people who bear all of the other terms too, in the same order.
async fn in_all(
    store: &ReadStore,
    mut people: Vec<Uuid>,
    others: &[SearchToken],
) -> Result<Vec<Uuid>, ReadError> {
    for token in others {
        if people.is_empty() {
            break;
        }
        let mut handle = store.query().await?;
        let rows: Vec<Vec<u8>> = on_engine!(handle.connection(), db => {
            let mut query =
                QueryBuilder::new("SELECT aggregate_id FROM search_index WHERE token = ");
            query.push_bind(token.as_slice()).push(" AND aggregate_id IN (");
            let mut list = query.separated(", ");
            for id in &people {
                list.push_bind(id.as_bytes().as_slice());
            }
            query.push(") ORDER BY aggregate_id DESC");
            query.build_query_scalar().fetch_all(db).await
        })?;
        people = rows.iter().map(|row| id_of(row)).collect::<Result<_, _>>()?;
    }
    Ok(people)
}

/// The paths of some people that fit the filters and are within reach.
async fn paths(
    store: &ReadStore,
    question: &SearchQuestion<'_>,
    people: &[Uuid],
    limit: u32,
) -> Result<Vec<CaseItem>, ReadError> {
    if people.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<String> = people.iter().map(Uuid::to_string).collect();
    let mut conditions = vec![Condition::one_of("c.aggregate_id", &ids)];
    conditions.extend(question.filters.conditions());
    let from = if question.filters.adviser.is_some() {
        "case_status AS c JOIN case_advisers AS a ON a.aggregate_id = c.aggregate_id"
    } else {
        "case_status AS c"
    };
    let statement = Statement {
        columns: COLUMNS,
        from,
        ordered: "c",
        order: &["aggregate_id"],
        descending: true,
        conditions,
        walks: vec![within(question.reach).into_iter().collect()],
        after: None,
        limit,
    };
    statement.fetch(store).await
}

fn id_of(bytes: &[u8]) -> Result<Uuid, ReadError> {
    Uuid::from_slice(bytes).map_err(|_| ReadError::Inconsistent {
        table: "search_index",
        id: format!("{} bytes", bytes.len()),
    })
}
