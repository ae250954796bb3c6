//! Targets of the conventions, beside what was reached.

use chrono::NaiveDate;
use rustc_hash::FxHashMap;
use sira_database::on_engine;
use sira_numbers::Position;
use sqlx::FromRow;

use super::compute::{Uncomputed, tally};
use super::counting::Tallies;
use super::cube::Cube;
use super::indicators::{Finish, Indicator, IndicatorKind, Indicators};
use super::query::{AnalyticsQuery, FigureReach, Moment, PlacedQuery};
use super::tally::{PLACES, Tally};
use super::words::Dimension;
use crate::table::Decimal;
use crate::{Reach, ReadError, ReadStore};

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
    /// Why it is not told to whoever asks.
    pub untold: Option<Untold>,
    /// How far its period is, and how far the target with it.
    pub progress: Progress,
    /// Whether some of it stands as it was published before the moment that is asked of.
    pub held: bool,
}

/// How far a target is at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The part of its period that is over, in percent.
    pub elapsed: Option<Decimal>,
    /// Whether it is reached, or will be at this pace; none where it is not known what was reached, and for what
    /// does not grow day by day: a share, a balance.
    pub pace: Option<Pace>,
}

/// Whether a target will be reached at the pace of its period so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Its period has not begun.
    NotBegun,
    /// It is reached.
    Reached,
    /// As much was reached as the part of the period that is over asks for.
    OnTrack,
    /// Less was.
    Behind,
}

impl Pace {
    /// Its word in answers.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotBegun => "not_begun",
            Self::Reached => "reached",
            Self::OnTrack => "on_track",
            Self::Behind => "behind",
        }
    }
}

impl Progress {
    /// How far a target is at the end of a day.
    #[must_use]
    pub fn on(
        day: NaiveDate,
        indicator: &Indicator,
        target: &KnownTarget,
        actual: Option<Decimal>,
    ) -> Self {
        let days = |last: NaiveDate| i128::from((last - target.from_on).num_days() + 1);
        let (whole, over) = (days(target.to_on).max(1), days(day.min(target.to_on)).max(0));
        let elapsed = Decimal::of_ratio(over * 100, whole, PLACES);
        let grows = indicator.kind == IndicatorKind::Flow
            && matches!(indicator.finish, Finish::Total { .. });
        let reached = actual.filter(|_| grows).map(|actual| i128::from(actual.unscaled()));
        let parts = actual.map_or(1, |actual| 10_i128.pow(actual.scale().into()));
        let aim = i128::from(target.value) * parts;
        let pace = reached.map(|reached| match reached {
            _ if over == 0 => Pace::NotBegun,
            reached if reached >= aim => Pace::Reached,
            reached if reached * whole >= aim * over => Pace::OnTrack,
            _ => Pace::Behind,
        });
        Self { elapsed, pace }
    }
}

/// Why what was reached of a target is not told.
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
        let progress = Progress::default();
        Self { target: target.clone(), actual: None, untold, progress, held: false }
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

/// Whether a target may be of people whom somebody reaches all. A target of a region is of the people who live
/// there, whichever office has them; of one without a region, and to who reaches offices or funds alone, nothing is
/// told: what they reach is another number.
fn is_of_its_people(target: &KnownTarget, reach: &Reach) -> bool {
    match reach {
        Reach::All => true,
        Reach::Regions(regions) => {
            target.region.as_ref().is_some_and(|region| regions.contains(region))
        }
        Reach::Offices(_) | Reach::Funds(_) => false,
    }
}

/// What was reached of each target, of its own people, where whoever asks reaches them. One walk serves all
/// targets of one indicator and period.
///
/// # Errors
/// [`Uncomputed`].
pub fn reached(
    cube: &Cube,
    targets: &[KnownTarget],
    (reach, own): (&Reach, &FigureReach),
    moment: Moment,
) -> Result<Vec<Reached>, Uncomputed> {
    let told = targets.iter().filter(|target| is_of_its_people(target, reach));
    let indicators: Vec<_> =
        told.filter_map(|target| Indicators::named(&target.indicator)).collect();
    let of_all = asked(cube, &indicators, &FigureReach::All, moment)?;
    let of_own = match own {
        FigureReach::All => None,
        FigureReach::Offices(_) | FigureReach::Funds(_) => {
            Some(asked(cube, &indicators, own, moment)?)
        }
    };
    let mut walked: FxHashMap<(&str, NaiveDate, NaiveDate), Tallies> = FxHashMap::default();
    let mut all = Vec::new();
    for target in targets {
        let Some(indicator) = Indicators::named(&target.indicator) else {
            all.push(Reached::untold(target, None));
            continue;
        };
        if !is_of_its_people(target, reach) {
            all.push(Reached::untold(target, Some(Untold::OtherPeople)));
            continue;
        }
        let place = (indicator.name, target.from_on, target.to_on);
        let tallies =
            walked.entry(place).or_insert_with(|| walk(cube, indicator, target, &of_all, moment));
        let told = reached_one(cube, indicator, target, tallies, moment);
        // Who sets a target chooses the question: what of it lies with other offices is told to nobody who does
        // not reach it, not even as a part of a sum.
        let is_whole = of_own.as_ref().is_none_or(|of_own| {
            let within = walk(cube, indicator, target, of_own, moment);
            facts_of(cube, target, &within) == facts_of(cube, target, tallies)
        });
        all.push(if is_whole { told } else { Reached::untold(target, Some(Untold::OtherPeople)) });
    }
    Ok(all)
}

/// The question that targets of some indicators ask, within a reach, of all time.
fn asked(
    cube: &Cube,
    indicators: &[&'static Indicator],
    reach: &FigureReach,
    moment: Moment,
) -> Result<PlacedQuery, Uncomputed> {
    let query = AnalyticsQuery {
        group_by: vec![Dimension::Programme, Dimension::Region, Dimension::Sex],
        reach: reach.clone(),
        ..AnalyticsQuery::default()
    };
    Ok(query.on(cube, indicators, moment)?)
}

fn walk(
    cube: &Cube,
    indicator: &'static Indicator,
    target: &KnownTarget,
    asked: &PlacedQuery,
    moment: Moment,
) -> Tallies {
    // How things stood at the end of the target's period, once that is over.
    let moment = Moment { day: moment.day.min(target.to_on), ..moment };
    let asked = asked.within((target.from_on, target.to_on), moment);
    tally(cube, indicator, &asked, moment)
}

/// The facts that a target is reached by.
fn facts_of(cube: &Cube, target: &KnownTarget, tallies: &Tallies) -> u64 {
    total_of(cube, target, tallies).facts
}

/// What the cells of a target add up to.
fn total_of(cube: &Cube, target: &KnownTarget, tallies: &Tallies) -> Tally {
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
    total
}

fn reached_one(
    cube: &Cube,
    indicator: &Indicator,
    target: &KnownTarget,
    tallies: &Tallies,
    moment: Moment,
) -> Reached {
    let total = total_of(cube, target, tallies);
    let actual = total.value(indicator.finish);
    let progress = Progress::on(moment.day, indicator, target, actual);
    Reached { target: target.clone(), actual, untold: None, progress, held: false }
}
