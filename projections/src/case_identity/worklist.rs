//! The pairs that wait for a decision.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sira_database::on_engine;
use sira_numbers::Position;
use sqlx::QueryBuilder;
use uuid::Uuid;

use crate::lists::statement::{Condition, push_condition};
use crate::{Reach, ReadError, ReadStore};

/// Pairs of one page at most: what a person works through in a day.
pub const MAX_PAGE: u32 = 200;

/// A place in the list: the pair that was seen last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairPlace {
    /// Its score.
    pub score: u8,
    /// The lesser id.
    pub one: Uuid,
    /// The other id.
    pub other: Uuid,
}

/// One path of a pair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[schemars(rename = "Party")]
pub struct PairParty {
    /// The path's id; none of one that is out of the reader's reach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// Its reference; none of one that is out of reach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The office in charge.
    pub office: String,
    /// The region of residence; none of one that is out of reach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
}

/// Two paths that may be one person's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct Pair {
    /// The path with the lesser id.
    pub one: PairParty,
    /// The other.
    pub other: PairParty,
    /// How alike, up to 100.
    pub score: u8,
    /// Why.
    pub reasons: Vec<String>,
    /// The position of the event at which it was found.
    pub found_position: Position,
}

/// A page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairPage {
    /// The pairs, the most alike first.
    pub items: Vec<Pair>,
    /// Where the next page begins; none on the last one.
    pub next: Option<PairPlace>,
    /// Every event up to here is in what is shown.
    pub position: Position,
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
    after: Option<&PairPlace>,
    limit: u32,
) -> Result<PairPage, ReadError> {
    // Read before the rows: they may be newer than it says, never older.
    let position = store.position(journal, super::NAME).await?;
    let limit = limit.clamp(1, MAX_PAGE);
    let rows = fetch(store, reach, after, limit + 1).await?;
    let mut items = rows.into_iter().map(pair).collect::<Result<Vec<_>, _>>()?;
    let has_more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let place = |last: &Pair| {
        let (one, other) = (last.one.id?, last.other.id?);
        Some(PairPlace { score: last.score, one, other })
    };
    let next = items.last().filter(|_| has_more).and_then(place);
    Ok(PairPage { items, next, position })
}

/// That either path of a pair is within reach; nothing to meet for who reaches everything.
fn within(reach: &Reach) -> Option<[Condition; 2]> {
    match reach {
        Reach::All => None,
        Reach::Regions(regions) => {
            Some(["a_office.region", "b_office.region"].map(|one| Condition::one_of(one, regions)))
        }
        Reach::Offices(offices) => Some(["a", "b"].map(|one| Condition::of_offices(one, offices))),
        // A donor sees nobody.
        Reach::Funds(_) => Some([Condition::never(), Condition::never()]),
    }
}

async fn fetch(
    store: &ReadStore,
    reach: &Reach,
    after: Option<&PairPlace>,
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
        if let Some([one, other]) = within(reach) {
            query.push(" AND (");
            push_condition(&mut query, &one);
            query.push(" OR ");
            push_condition(&mut query, &other);
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
    let found_position = Position::of_stored(row.found_position).map_err(|_| damaged())?;
    let reasons = row.reasons.split(',').map(str::to_owned).collect();
    let party = |id, reference, office, region| PairParty {
        id: Some(id),
        reference: Some(reference),
        office,
        region: Some(region),
    };
    let one = party(one, row.one_reference, row.one_office, row.one_region);
    let other = party(other, row.other_reference, row.other_office, row.other_region);
    Ok(Pair { one, other, score, reasons, found_position })
}
