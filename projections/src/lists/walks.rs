//! Which walks a reader's reach comes to.

use sira_database::on_engine;

use super::filters::Filters;
use super::statement::Condition;
use crate::{ProgrammeOffice, Reach, ReadError, ReadStore};

/// Walks of one statement at most. Who reaches more offices than this reaches a good part of everybody:
/// one walk that skips the others finds a page soon.
const WALKS_MAX: usize = 40;

/// A table with the columns `programme`, `office` and `region`, and an index that begins with the first
/// two.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walked {
    /// Its name.
    pub table: &'static str,
    /// What all rows of the list meet and the index asks for; empty for none.
    pub only: &'static str,
}

/// An office with paths, of one programme.
#[derive(Debug, sqlx::FromRow)]
struct Place {
    programme: String,
    office: String,
    /// The region that it stands in; none when the programme does not know the office.
    stands_in: Option<String>,
}

/// The walks through the rows of `c` that are within reach; none when nothing is.
pub(super) async fn walks(
    store: &ReadStore,
    walked: Walked,
    reach: &Reach,
    filters: &Filters,
) -> Result<Vec<Vec<Condition>>, ReadError> {
    let one_walk = || Ok(vec![within(reach).into_iter().collect()]);
    // An adviser's paths are few, and have an order of their own.
    if filters.adviser.is_some() || (*reach == Reach::All && filters.office.is_none()) {
        return one_walk();
    }
    let offices = offices(store, walked).await?;
    let walks: Vec<_> = offices.iter().filter_map(|place| walk(place, reach, filters)).collect();
    if walks.len() > WALKS_MAX { one_walk() } else { Ok(walks) }
}

/// That a row of `c` is within reach, as it stands: what [`walks`] does by where it walks.
pub(super) fn within(reach: &Reach) -> Option<Condition> {
    match reach {
        Reach::All => None,
        Reach::Offices(offices) => Some(Condition::of_offices("c", offices)),
        Reach::Funds(_) => Some(Condition::never()),
        Reach::Regions(regions) => Some(Condition::one_of(
            "(SELECT o.region FROM offices AS o \
             WHERE o.programme = c.programme AND o.office = c.office)",
            regions,
        )),
    }
}

/// The walk through an office's rows; none when they are out of reach, or not asked for.
fn walk(place: &Place, reach: &Reach, filters: &Filters) -> Option<Vec<Condition>> {
    let asked = |wanted: Option<&str>, had: &str| wanted.is_none_or(|wanted| wanted == had);
    let programme = filters.programme.map(|id| id.to_string());
    if !asked(programme.as_deref(), &place.programme)
        || !asked(filters.office.as_deref(), &place.office)
    {
        return None;
    }
    let here = Condition::of(
        "c.programme = ? AND c.office = ?",
        [place.programme.clone().into(), place.office.clone().into()],
    );
    match (reach, &place.stands_in) {
        (Reach::All, _) => Some(vec![here]),
        (Reach::Offices(offices), _) => {
            let own = |one: &ProgrammeOffice| {
                one.office == place.office && one.programme.to_string() == place.programme
            };
            offices.iter().any(own).then(|| vec![here])
        }
        (Reach::Regions(regions), Some(region)) => regions.contains(region).then(|| vec![here]),
        (Reach::Funds(_), _) | (Reach::Regions(_), None) => None,
    }
}

/// Every office that has rows, by a step of the index for each.
async fn offices(store: &ReadStore, walked: Walked) -> Result<Vec<Place>, ReadError> {
    let Walked { table, only } = walked;
    let and_only = if only.is_empty() { String::new() } else { format!(" AND {only}") };
    let next = |column: &str| {
        format!(
            "(SELECT c.{column} FROM {table} AS c \
             WHERE (c.programme, c.office) > (place.programme, place.office){and_only} \
             ORDER BY c.programme, c.office LIMIT 1)"
        )
    };
    let statement = format!(
        "WITH RECURSIVE place (programme, office) AS ( \
         SELECT * FROM (SELECT c.programme, c.office FROM {table} AS c WHERE 1 = 1{and_only} \
         ORDER BY c.programme, c.office LIMIT 1) AS first \
         UNION ALL SELECT {}, {} FROM place WHERE place.programme IS NOT NULL) \
         SELECT place.programme, place.office, o.region AS stands_in FROM place \
         LEFT JOIN offices AS o ON o.programme = place.programme AND o.office = place.office \
         WHERE place.programme IS NOT NULL",
        next("programme"),
        next("office"),
    );
    let mut handle = store.query().await?;
    Ok(on_engine!(handle.connection(), db => {
        sqlx::query_as(&statement).fetch_all(db).await
    })?)
}
