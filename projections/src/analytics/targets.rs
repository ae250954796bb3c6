//! Targets of the conventions, beside what was reached.

use chrono::NaiveDate;
use rustc_hash::FxHashMap;
use sira_database::on_engine;
use sira_numbers::Position;
use sqlx::FromRow;

use super::compute::{Key, Uncomputed, tally};
use super::cube::Cube;
use super::indicators::Indicator;
use super::indicators::Indicators;
use super::query::{AnalyticsQuery, FigureReach, Moment};
use super::tally::Tally;
use super::words::Dimension;
use crate::table::Decimal;
use crate::{ReadError, ReadStore};

/// A target as it stood at a position.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct KnownTarget {
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
    pub target: KnownTarget,
    /// What was reached; none where there is nothing to divide by, where the indicator is not known,
    /// and where it is not told.
    pub actual: Option<Decimal>,
    /// Why it is not told to those who must see nobody.
    pub untold: Option<Untold>,
    /// Whether some of it stands as it was published before the moment that is asked of.
    pub held: bool,
}

/// Why what was reached of a target is not told to somebody who must see nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Untold {
    /// The target is of more people than the reader is told figures of.
    OtherPeople,
    /// Its indicator is not published by period.
    NoPeriod,
    /// Its period does not begin and end with periods of reporting.
    Borders,
    /// Nothing was published of it yet: fewer than five people, or none.
    Unpublished,
}

impl Untold {
    /// Its word in answers.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::OtherPeople => "target_of_other_people",
            Self::NoPeriod => "not_published_by_period",
            Self::Borders => "period_not_on_reporting_moments",
            Self::Unpublished => "nothing_published",
        }
    }
}

impl Reached {
    /// A target of which nothing is said.
    #[must_use]
    pub fn untold(target: &KnownTarget, untold: Option<Untold>) -> Self {
        Self { target: target.clone(), actual: None, untold, held: false }
    }
}

/// The targets that stood at a position.
///
/// # Errors
/// [`ReadError`].
pub async fn targets_at(
    store: &ReadStore,
    position: Position,
) -> Result<Vec<KnownTarget>, ReadError> {
    let mut handle = store.connection().await?;
    Ok(on_engine!(handle.connection(), db => {
        sqlx::query_as(
            "SELECT programme, indicator, from_on, to_on, region, sex, value FROM targets
              WHERE since_position <= $1 AND (until_position IS NULL OR until_position > $1)
              ORDER BY programme, indicator, from_on, to_on, region, sex",
        )
        .bind(position.stored())
        .fetch_all(db)
        .await
    })?)
}

/// What was reached of each target. One walk serves all targets of one indicator and period.
///
/// # Errors
/// [`Uncomputed`].
pub fn reached(
    cube: &Cube,
    targets: &[KnownTarget],
    reach: &FigureReach,
    moment: Moment,
) -> Result<Vec<Reached>, Uncomputed> {
    let mut walked: FxHashMap<(&str, NaiveDate, NaiveDate), FxHashMap<Key, Tally>> =
        FxHashMap::default();
    let mut all = Vec::new();
    for target in targets {
        let Some(indicator) = Indicators::named(&target.indicator) else {
            all.push(Reached::untold(target, None));
            continue;
        };
        let place = (indicator.name, target.from_on, target.to_on);
        let tallies = match walked.entry(place) {
            std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::hash_map::Entry::Vacant(new) => {
                new.insert(walk(cube, indicator, target, reach, moment)?)
            }
        };
        all.push(reached_one(cube, indicator, target, tallies));
    }
    Ok(all)
}

fn walk(
    cube: &Cube,
    indicator: &'static Indicator,
    target: &KnownTarget,
    reach: &FigureReach,
    moment: Moment,
) -> Result<FxHashMap<Key, Tally>, Uncomputed> {
    let query = AnalyticsQuery {
        from: Some(target.from_on),
        to: Some(target.to_on),
        group_by: vec![Dimension::Programme, Dimension::Region, Dimension::Sex],
        reach: reach.clone(),
        ..AnalyticsQuery::default()
    };
    // How things stood at the end of the target's period, once that is over.
    let day = moment.day.min(target.to_on);
    let asked = query.on(cube, &[indicator])?;
    Ok(tally(cube, indicator, &asked, Moment { day, ..moment }))
}

fn reached_one(
    cube: &Cube,
    indicator: &Indicator,
    target: &KnownTarget,
    tallies: &FxHashMap<Key, Tally>,
) -> Reached {
    let words = &cube.dictionary;
    let is_asked = |dimension, place, word: Option<&String>| {
        word.is_none_or(|word| words.find(dimension, word) == Some(place))
    };
    let mut total = Tally::default();
    for (key, tally) in tallies {
        if is_asked(Dimension::Programme, key[0], Some(&target.programme))
            && is_asked(Dimension::Region, key[1], target.region.as_ref())
            && is_asked(Dimension::Sex, key[2], target.sex.as_ref())
        {
            total.merge(tally);
        }
    }
    let actual = total.value(indicator.finish);
    Reached { target: target.clone(), actual, untold: None, held: false }
}
