//! What a question costs, counted before the facts are walked: how many are, and how many cells the whole
//! answer may have.

use super::compute::groups;
use super::cube::Cube;
use super::indicators::Indicator;
use super::query::{AnalyticsQuery, MAX_CELLS, Moment};
use super::series::periods;
use super::words::Dimension;

/// Facts that one question may walk: some seconds of one processor.
pub const MAX_FACTS: u64 = 250_000_000;

/// A question's cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Facts that are walked, each as often as an indicator walks it.
    pub facts: u64,
    /// Cells that the whole answer has at most.
    pub cells: u64,
}

/// A question that costs more than one may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TooCostly {
    /// More cells than a whole answer may have.
    #[error("an answer has at most {MAX_CELLS} cells, and this one could have {0}")]
    Cells(u64),
    /// More facts than a question may walk.
    #[error("a question walks at most {MAX_FACTS} facts, and this one {0}")]
    Facts(u64),
}

impl Cost {
    /// The cost of a question about some indicators, as of a moment.
    #[must_use]
    pub fn of(
        cube: &Cube,
        indicators: &[&'static Indicator],
        query: &AnalyticsQuery,
        at: Moment,
    ) -> Self {
        let position = at.position;
        // A series walks the facts once for each of its periods.
        let periods = query.series.map_or(1, |interval| periods(cube, query, interval, at));
        indicators.iter().fold(Self::default(), |cost, indicator| {
            let measures = indicator.measures.iter();
            let own: u64 = measures.map(|one| cube.told(*one, position) as u64).sum();
            // What is looked up beside is walked as well, once for a question and once for each period of a series.
            let beside = indicator.needs.iter().map(|need| need.measure());
            let facts = beside.map(|one| cube.told(one, position) as u64).sum::<u64>() + own;
            let most = groups(indicator, &query.group_by)
                .into_iter()
                .map(|group| match query.series {
                    Some(interval) if interval == group => periods,
                    _ => words_of(cube, query, group),
                })
                .fold(1_u64, u64::saturating_mul);
            let (walked, cells) = match query.series {
                // A group that is in one period is in all of them.
                Some(_) => {
                    (facts.saturating_mul(periods), most.min(facts.max(1).saturating_mul(periods)))
                }
                None => (facts, most.min(facts.max(1))),
            };
            Self { facts: cost.facts.saturating_add(walked), cells: cost.cells + cells }
        })
    }

    /// Refuses what costs too much.
    ///
    /// # Errors
    /// [`TooCostly`], with what it would have cost.
    pub fn check(self) -> Result<Self, TooCostly> {
        check_cells(self.cells)?;
        if self.facts > MAX_FACTS {
            return Err(TooCostly::Facts(self.facts));
        }
        Ok(self)
    }
}

/// Refuses more cells than a whole answer may have.
///
/// # Errors
/// [`TooCostly::Cells`].
pub const fn check_cells(cells: u64) -> Result<(), TooCostly> {
    if cells > MAX_CELLS as u64 { Err(TooCostly::Cells(cells)) } else { Ok(()) }
}

/// How many groups a dimension makes at most: the words of its filter, or all that some fact has, and the
/// group of those that have none.
fn words_of(cube: &Cube, query: &AnalyticsQuery, dimension: Dimension) -> u64 {
    let filter = query.filters.iter().find(|(filtered, _)| *filtered == dimension);
    match filter {
        Some((_, words)) => words.len() as u64,
        None => cube.words(dimension),
    }
}

#[cfg(test)]
mod tests {
    use sira_numbers::Position;

    use super::super::facts::{Dims, FigureFact, Measure, Tells};
    use super::super::indicators::Indicators;
    use super::*;

    fn at(position: Position) -> Moment {
        Moment { position, day: chrono::NaiveDate::MAX }
    }

    /// So many registrations, one a day, each in a cohort of its own.
    fn cube(facts: u32) -> Cube {
        let mut cube = Cube::new();
        let measure = registered().measures[0];
        for number in 0..facts {
            let cohort = cube.dictionary.cohorts.place(&format!("c{number}"));
            let since = Position::try_new(u64::from(number) + 1).unwrap();
            cube.add(
                measure,
                FigureFact {
                    since,
                    until: Position::MAX,
                    tells: Tells::Nothing,
                    dims: Dims { cohort, ..Dims::default() },
                    case: number,
                    sequence: 1,
                    on: 738_000 + i32::try_from(number).unwrap() % 365,
                    ends_on: None,
                    part: 0,
                },
            );
        }
        cube
    }

    fn registered() -> &'static Indicator {
        Indicators::named("registered").unwrap()
    }

    fn by(group_by: &[Dimension]) -> AnalyticsQuery {
        AnalyticsQuery { group_by: group_by.to_vec(), ..AnalyticsQuery::default() }
    }

    #[test]
    fn the_cells_of_the_whole_answer_are_counted_and_never_more_than_its_facts() {
        let cube = cube(30_000);
        let cost = |indicators: &[&'static Indicator], groups: &[Dimension]| {
            Cost::of(&cube, indicators, &by(groups), at(Position::MAX))
        };
        assert_eq!(cost(&[registered()], &[]), Cost { facts: 30_000, cells: 1 });
        assert_eq!(cost(&[registered()], &[Dimension::Year]).cells, 2);
        let fine = cost(&[registered()], &[Dimension::Cohort, Dimension::Month]);
        assert_eq!(fine.cells, 30_000);
        assert!(fine.check().is_ok());
        // Each within the limit, and not all of them together.
        let twice = cost(&[registered(), registered()], &[Dimension::Cohort, Dimension::Month]);
        assert_eq!(twice.check(), Err(TooCostly::Cells(60_000)));
        let long = Cost { facts: MAX_FACTS + 1, cells: 1 };
        assert_eq!(long.check(), Err(TooCostly::Facts(MAX_FACTS + 1)));
    }

    #[test]
    fn a_filter_bounds_its_groups_and_a_moment_its_facts() {
        let cube = cube(1_000);
        let mut query = by(&[Dimension::Cohort]);
        query.filters = vec![(Dimension::Cohort, vec!["c1".to_owned(), "c2".to_owned()])];
        let tenth = Position::try_new(10).unwrap();
        assert_eq!(
            Cost::of(&cube, &[registered()], &query, at(tenth)),
            Cost { facts: 10, cells: 2 }
        );
    }

    #[test]
    fn what_is_looked_up_beside_costs_too_and_in_a_series_once_a_period() {
        let mut cube = cube(100);
        let trained: Vec<_> = cube.facts(Measure::Registered).take(30).collect();
        for fact in trained {
            cube.add(Measure::Trained, fact);
        }
        let enrolled: Vec<_> = cube.facts(Measure::Registered).take(40).collect();
        for fact in enrolled {
            cube.add(Measure::Enrolled, fact);
        }
        let rate = Indicators::named("completion_rate").unwrap();
        let cost = |query: &AnalyticsQuery, day| {
            Cost::of(&cube, &[rate], query, Moment { position: Position::MAX, day })
        };
        let first = cube.first_day().unwrap();
        assert_eq!(cost(&by(&[]), first).facts, 70);
        // Without days of its own it runs from the first fact to the day of the question.
        let by_year = |from, to| AnalyticsQuery {
            series: Some(Dimension::Year),
            from,
            to,
            ..by(&[Dimension::Year])
        };
        let later = first + chrono::Days::new(3_650);
        for query in [
            by_year(None, None),
            by_year(Some(first), None),
            by_year(None, Some(later)),
            by_year(None, Some(chrono::NaiveDate::MAX)),
        ] {
            assert_eq!(cost(&query, later), Cost { facts: 70 * 13, cells: 13 }, "{query:?}");
        }
    }
}
