//! The pairs that wait for a decision.

use serde::{Deserialize, Serialize};
use sira_database::on_engine;
use sqlx::QueryBuilder;
use uuid::Uuid;

use crate::{Reach, ReadError, ReadStore};

/// Pairs of one page at most: what a person works through in a day.
pub const MAX_PAGE: u32 = 200;

/// A place in the list: the pair that was seen last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its score.
    pub score: u8,
    /// The lesser id.
    pub one: Uuid,
    /// The other id.
    pub other: Uuid,
}

/// One path of a pair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// The path's id.
    pub id: Uuid,
    /// Its reference.
    pub reference: String,
    /// The office in charge.
    pub office: String,
    /// The region of residence.
    pub region: String,
}

/// Two paths that may be one person's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// The path with the lesser id.
    pub one: Party,
    /// The other.
    pub other: Party,
    /// How alike, up to 100.
    pub score: u8,
    /// Why.
    pub reasons: Vec<String>,
    /// The position of the event at which it was found.
    pub found_position: u64,
}

/// A page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The pairs, the most alike first.
    pub items: Vec<Pair>,
    /// Where the next page begins; none on the last one.
    pub next: Option<Place>,
    /// Every event up to here is in what is shown.
    pub position: u64,
}

#[derive(sqlx::FromRow)]
struct PairRow {
    one: String,
    one_reference: String,
    one_office: String,
    one_region: String,
    other: String,
    other_reference: String,
    other_office: String,
    other_region: String,
    score: i32,
    reasons: String,
    found_position: i64,
}

/// Open pairs of which one path, or both, is within reach, after a place, the most alike first; at
/// most `limit` and [`MAX_PAGE`].
///
/// # Errors
/// [`ReadError`].
pub async fn duplicates(
    store: &ReadStore,
    journal: &str,
    reach: &Reach,
    after: Option<&Place>,
    limit: u32,
) -> Result<Page, ReadError> {
    // Read before the rows: they may be newer than it says, never older.
    let position = store.position(journal, super::NAME).await?;
    let limit = limit.clamp(1, MAX_PAGE);
    let rows = fetch(store, reach, after, limit + 1).await?;
    let mut items = rows.into_iter().map(pair).collect::<Result<Vec<_>, _>>()?;
    let has_more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next = items.last().filter(|_| has_more).map(|last| Place {
        score: last.score,
        one: last.one.id,
        other: last.other.id,
    });
    Ok(Page { items, next, position })
}

async fn fetch(
    store: &ReadStore,
    reach: &Reach,
    after: Option<&Place>,
    limit: u32,
) -> Result<Vec<PairRow>, ReadError> {
    let mut handle = store.query().await?;
    let rows = on_engine!(handle.connection(), db => {
        let mut query = QueryBuilder::new(
            "SELECT pair.one, a.reference AS one_reference, a.office AS one_office, \
             a.region AS one_region, pair.other, b.reference AS other_reference, \
             b.office AS other_office, b.region AS other_region, pair.score, pair.reasons, \
             pair.found_position FROM duplicate_candidates AS pair \
             JOIN case_identity AS a ON a.aggregate_id = pair.one \
             JOIN case_identity AS b ON b.aggregate_id = pair.other \
             LEFT JOIN offices AS a_office \
               ON a_office.programme = a.programme AND a_office.office = a.office \
             LEFT JOIN offices AS b_office \
               ON b_office.programme = b.programme AND b_office.office = b.office \
             WHERE pair.state = 'open'",
        );
        let within = match reach {
            Reach::All => None,
            // An office that the programme does not know of stands where the person lives.
            Reach::Regions(regions) => Some((
                ["coalesce(a_office.region, a.region)", "coalesce(b_office.region, b.region)"],
                regions,
            )),
            Reach::Offices(offices) => Some((["a.office", "b.office"], offices)),
        };
        if let Some((columns, codes)) = within {
            query.push(" AND (1 = 0");
            for column in columns.iter().filter(|_| !codes.is_empty()) {
                query.push(format!(" OR {column} IN ("));
                let mut list = query.separated(", ");
                for code in codes {
                    list.push_bind(code);
                }
                query.push(")");
            }
            query.push(")");
        }
        if let Some(place) = after {
            let (last, one) = (i32::from(place.score), place.one.to_string());
            query.push(" AND pair.score <= ").push_bind(last);
            query.push(" AND (pair.score < ").push_bind(last);
            query.push(" OR (pair.one, pair.other) > (").push_bind(one);
            query.push(", ").push_bind(place.other.to_string()).push("))");
        }
        query.push(" ORDER BY pair.score DESC, pair.one, pair.other LIMIT ");
        query.push_bind(i64::from(limit));
        query.build_query_as().fetch_all(db).await
    })?;
    Ok(rows)
}

fn pair(row: PairRow) -> Result<Pair, ReadError> {
    let damaged = || ReadError::Inconsistent {
        table: "duplicate_candidates",
        id: format!("{}/{}", row.one, row.other),
    };
    let id = |text: &str| Uuid::try_parse(text).map_err(|_| damaged());
    let (one, other) = (id(&row.one)?, id(&row.other)?);
    let score = u8::try_from(row.score).map_err(|_| damaged())?;
    let found_position = u64::try_from(row.found_position).map_err(|_| damaged())?;
    let reasons = row.reasons.split(',').map(str::to_owned).collect();
    let (office, region) = (row.one_office, row.one_region);
    let one = Party { id: one, reference: row.one_reference, office, region };
    let (office, region) = (row.other_office, row.other_region);
    let other = Party { id: other, reference: row.other_reference, office, region };
    Ok(Pair { one, other, score, reasons, found_position })
}
