//! The published figures on the SQL face: `read.figures` holds the cells that the API tells an analyst, month
//! by month, so that a tool for reports reads them without a token.
//!
//! They are put in place anew for a whole programme when a reporting moment has passed, and at the start: in
//! one transaction, so that a crash leaves those of before, which the next start replaces.

use chrono::{Datelike, NaiveDate};
use sira_projections::analytics::{
    AnalyticsQuery, Dimension, FigureCell, INDICATORS, Indicator, IndicatorKind, indicator_groups,
};
use sira_projections::face::figures::{FigurePeriod, PublishedCell};

use super::published::{Published, PublishedTo};
use super::{FigureError, Figures, Question, When};
use sira_domain::reference::Language;

/// What `read.figures` breaks its cells down by, beside the month.
const DIMENSIONS: [Dimension; 3] = [Dimension::Region, Dimension::Sex, Dimension::AgeBand];

/// What of time an indicator's cells are of. One whose periods do not add up is told since the beginning, at the
/// end of each month.
fn period_of(indicator: &Indicator) -> FigurePeriod {
    match indicator.kind {
        IndicatorKind::Stock | IndicatorKind::Trailing => FigurePeriod::EndOfMonth,
        IndicatorKind::Flow if indicator.adds_up() => FigurePeriod::Month,
        IndicatorKind::Flow => FigurePeriod::SinceBeginning,
    }
}

/// Every breakdown of the face that an indicator has: none, by one dimension, by several.
fn breakdowns(indicator: &'static Indicator) -> Vec<Vec<Dimension>> {
    let held = indicator.dimensions();
    let all = (0..1_usize << DIMENSIONS.len()).map(|choice| {
        let chosen = |at: usize| choice & (1 << at) != 0;
        let own = DIMENSIONS.iter().enumerate().filter(|(at, _)| chosen(*at));
        own.map(|(_, dimension)| *dimension).collect::<Vec<_>>()
    });
    all.filter(|groups| groups.iter().all(|one| held.contains(one))).collect()
}

impl Figures {
    /// Puts what was published by the last reporting moment into `read.figures`, unless that of `known` is
    /// the last one still; says which moment it is. Nothing where nobody connects.
    ///
    /// # Errors
    /// [`FigureError`]: the cells are as they were, or those of some programmes are new.
    pub async fn publish_on_the_face(
        &self,
        known: Option<NaiveDate>,
    ) -> Result<Option<NaiveDate>, FigureError> {
        if !self.read.has_a_face() {
            return Ok(None);
        }
        let schedule = self.schedule().await?;
        let last = schedule.last_moment();
        if last.is_none() || last == known {
            return Ok(last);
        }
        for programme in schedule.programmes() {
            let mut cells = Vec::new();
            for indicator in INDICATORS.iter().filter(|indicator| indicator.is_published()) {
                for groups in breakdowns(indicator) {
                    cells.extend(self.face_cells(indicator, groups, &programme, &schedule).await?);
                }
            }
            self.read.publish_figures(&programme, &cells).await?;
        }
        Ok(last)
    }

    /// The cells of an indicator, a programme and a breakdown, of every month.
    async fn face_cells(
        &self,
        indicator: &'static Indicator,
        groups: Vec<Dimension>,
        programme: &str,
        schedule: &Published,
    ) -> Result<Vec<PublishedCell>, FigureError> {
        let ask = FaceQuestion { indicator, groups, programme };
        if period_of(indicator) != FigurePeriod::SinceBeginning {
            let (_, computed) = self.published(&ask.by_month(), &PublishedTo::analyst()).await?;
            let cells = computed.into_iter().flat_map(|one| one.cells);
            return Ok(cells.filter_map(|cell| ask.cell(None, &cell)).collect());
        }
        // One table holds every moment: it is asked for once, not for each month.
        let to = PublishedTo::analyst();
        let mut told = Vec::new();
        for day in schedule.month_ends_of(programme) {
            let cells = self.published_until(&ask.until(day), &to, schedule, day).await?;
            told.extend(cells.iter().filter_map(|cell| ask.cell(Some(day), cell)));
        }
        Ok(told)
    }
}

/// What the face asks of an indicator: one breakdown, in one programme.
struct FaceQuestion<'a> {
    indicator: &'static Indicator,
    groups: Vec<Dimension>,
    programme: &'a str,
}

impl FaceQuestion<'_> {
    fn question(&self, group_by: Vec<Dimension>) -> Question {
        let filters = vec![(Dimension::Programme, vec![self.programme.to_owned()])];
        Question {
            indicators: vec![self.indicator],
            query: AnalyticsQuery { filters, group_by, ..AnalyticsQuery::default() },
            when: When::Now,
            is_series: false,
            headings: Language::En,
            cursor: None,
            limit: None,
        }
    }

    /// Every month, in one series.
    fn by_month(&self) -> Question {
        let group_by = std::iter::once(Dimension::Month).chain(self.groups.iter().copied());
        Question { is_series: true, ..self.question(group_by.collect()) }
    }

    /// From the beginning to a day.
    fn until(&self, day: NaiveDate) -> Question {
        let mut question = self.question(self.groups.clone());
        question.query.to = Some(day);
        question
    }

    /// A cell of the face: of the month that a series says, or that ends on a day.
    fn cell(&self, ends_on: Option<NaiveDate>, cell: &FigureCell) -> Option<PublishedCell> {
        let (month, words) = if let Some(day) = ends_on {
            (day.with_day(1)?, cell.words.as_slice())
        } else {
            let (month, words) = cell.words.split_first()?;
            (format!("{month}-01").parse().ok()?, words)
        };
        let broken_down_by = indicator_groups(self.indicator, &self.groups);
        let word = |dimension: Dimension| {
            let place = broken_down_by.iter().position(|group| *group == dimension)?;
            words.get(place).cloned()
        };
        Some(PublishedCell {
            month,
            programme: self.programme.to_owned(),
            indicator: self.indicator.name.to_owned(),
            region: word(Dimension::Region),
            sex: word(Dimension::Sex),
            age_band: word(Dimension::AgeBand),
            category: word(Dimension::Tag),
            period: period_of(self.indicator),
            value: cell.value.filter(|_| !cell.suppressed),
            held: cell.held,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_indicator_is_on_the_face_with_what_of_time_it_tells() {
        let period =
            |name: &str| period_of(INDICATORS.iter().find(|one| one.name == name).unwrap());
        assert_eq!(period("registered"), FigurePeriod::Month);
        assert_eq!(period("outstanding"), FigurePeriod::EndOfMonth);
        assert_eq!(period("survival_12"), FigurePeriod::SinceBeginning);
        let registered = INDICATORS.iter().find(|one| one.name == "registered").unwrap();
        assert_eq!(breakdowns(registered).len(), 8);
    }
}
