//! Targets of the conventions, beside what was reached.

use chrono::NaiveDate;
use rustc_hash::FxHashMap;
use sira_database::{bound, on_engine};
use sqlx::FromRow;

use super::catalogue::Indicators;
use super::compute::{Tallies, TooManyCells, tally};
use super::cube::Cube;
use super::indicator::Indicator;
use super::query::{AnalyticsQuery, Moment, Reach};
use super::tally::Tally;
use super::words::Dimension;
use crate::table::Decimal;
use crate::{ReadError, ReadStore};

/// A target as it stood at a position.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Target {
    /// The programme's id.
    pub programme: String,
    /// The indicator's word.
    pub indicator: String,
    /// First day.
    pub from_on: NaiveDate,
    /// Last day.
    pub to_on: NaiveDate,
    /// The region; none for all.
    pub region: Option<String>,
    /// The sex; none for both.
    pub sex: Option<String>,
    /// The value aimed at, in the indicator's unit.
    pub value: i64,
}

/// A target and what was reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// The target.
    pub target: Target,
    /// What was reached; none where there is nothing to divide by, where the indicator is not known,
    /// and where it is hidden.
    pub actual: Option<Decimal>,
    /// Whether it is hidden because few people are behind it.
    pub suppressed: bool,
}

/// The targets that stood at a position.
///
/// # Errors
/// [`ReadError`].
pub async fn targets_at(store: &ReadStore, position: u64) -> Result<Vec<Target>, ReadError> {
    let mut handle = store.connection().await?;
    Ok(on_engine!(handle.connection(), db => {
        sqlx::query_as(
            "SELECT programme, indicator, from_on, to_on, region, sex, value FROM targets
              WHERE since_position <= $1 AND (until_position IS NULL OR until_position > $1)
              ORDER BY programme, indicator, from_on, to_on, region, sex",
        )
        .bind(bound(position))
        .fetch_all(db)
        .await
    })?)
}

/// What was reached of each target. One walk serves all targets of one indicator and period.
///
/// # Errors
/// [`TooManyCells`].
pub fn reached(
    cube: &Cube,
    targets: &[Target],
    reach: &Reach,
    moment: Moment,
    hides_few: bool,
) -> Result<Vec<Reached>, TooManyCells> {
    let mut walked: FxHashMap<(&str, NaiveDate, NaiveDate), Tallies> = FxHashMap::default();
    let mut all = Vec::new();
    for target in targets {
        let Some(indicator) = Indicators::named(&target.indicator) else {
            all.push(Reached { target: target.clone(), actual: None, suppressed: false });
            continue;
        };
        let place = (indicator.name, target.from_on, target.to_on);
        let tallies = match walked.entry(place) {
            std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::hash_map::Entry::Vacant(new) => {
                new.insert(walk(cube, indicator, target, reach, moment)?)
            }
        };
        all.push(reached_one(cube, indicator, target, tallies, hides_few));
    }
    Ok(all)
}

fn walk(
    cube: &Cube,
    indicator: &Indicator,
    target: &Target,
    reach: &Reach,
    moment: Moment,
) -> Result<Tallies, TooManyCells> {
    let query = AnalyticsQuery {
        from: Some(target.from_on),
        to: Some(target.to_on),
        group_by: vec![Dimension::Programme, Dimension::Region, Dimension::Sex],
        reach: reach.clone(),
        ..AnalyticsQuery::default()
    };
    // How things stood at the end of the target's period, once that is over.
    let day = moment.day.min(target.to_on);
    tally(cube, indicator, &query.on(cube), Moment { day, ..moment }, false)
}

fn reached_one(
    cube: &Cube,
    indicator: &Indicator,
    target: &Target,
    tallies: &Tallies,
    hides_few: bool,
) -> Reached {
    let words = &cube.dictionary;
    let is_asked = |dimension, place, word: Option<&String>| {
        word.is_none_or(|word| words.find(dimension, word) == Some(place))
    };
    let mut total = Tally::default();
    for (key, tally) in &tallies.cells {
        if is_asked(Dimension::Programme, key[0], Some(&target.programme))
            && is_asked(Dimension::Region, key[1], target.region.as_ref())
            && is_asked(Dimension::Sex, key[2], target.sex.as_ref())
        {
            total.merge(tally);
        }
    }
    let few = total.people.is_small()
        || indicator.of_people && (total.rest.is_small() || total.counted.is_small());
    let suppressed = hides_few && few;
    let actual = if suppressed { None } else { total.value(indicator.finish) };
    Reached { target: target.clone(), actual, suppressed }
}
