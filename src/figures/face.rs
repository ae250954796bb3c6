//! The published figures on the SQL face: `read.figures` holds the cells that the API tells an analyst, month
//! by month, so that a tool for reports reads them without a token.
//!
//! They are put in place anew for a whole programme when a reporting moment has passed, and at the start: in
//! one transaction, so that a crash leaves those of before, which the next start replaces.

use chrono::NaiveDate;
use sira_projections::analytics::{
    AnalyticsQuery, Dimension, INDICATORS, Indicator, IndicatorKind,
};
use sira_projections::face::figures::PublishedCell;

use super::published::PublishedTo;
use super::{FigureError, Figures, Question, When};
use sira_domain::reference::Language;

/// What `read.figures` breaks its cells down by, beside the month.
const DIMENSIONS: [Dimension; 3] = [Dimension::Region, Dimension::Sex, Dimension::AgeBand];

/// Whether an indicator is told month by month, without words of its own: what is told since the beginning
/// alone, or by category, is asked of the API.
fn is_on_the_face(indicator: &Indicator) -> bool {
    !indicator.by_category && (indicator.kind == IndicatorKind::Stock || indicator.adds_up())
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
            for indicator in INDICATORS.iter().filter(|one| is_on_the_face(one)) {
                for groups in breakdowns(indicator) {
                    cells.extend(self.face_cells(indicator, groups, &programme).await?);
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
    ) -> Result<Vec<PublishedCell>, FigureError> {
        let filters = vec![(Dimension::Programme, vec![programme.to_owned()])];
        let group_by = std::iter::once(Dimension::Month).chain(groups.iter().copied()).collect();
        let question = Question {
            indicators: vec![indicator],
            query: AnalyticsQuery { filters, group_by, ..AnalyticsQuery::default() },
            when: When::Now,
            is_series: true,
            headings: Language::En,
            cursor: None,
            limit: None,
        };
        let (_, computed) = self.published(&question, &PublishedTo::analyst()).await?;
        let cells = computed.into_iter().flat_map(|one| one.cells);
        let told = cells.filter_map(|cell| {
            let (month, words) = cell.words.split_first()?;
            let word = |dimension: Dimension| {
                let place = groups.iter().position(|group| *group == dimension)?;
                words.get(place).cloned()
            };
            Some(PublishedCell {
                month: format!("{month}-01").parse().ok()?,
                programme: programme.to_owned(),
                indicator: indicator.name.to_owned(),
                region: word(Dimension::Region),
                sex: word(Dimension::Sex),
                age_band: word(Dimension::AgeBand),
                value: cell.value.filter(|_| !cell.suppressed),
                held: cell.held,
            })
        });
        Ok(told.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_since_the_beginning_or_by_category_is_left_to_the_api() {
        let told =
            |name: &str| INDICATORS.iter().any(|one| one.name == name && is_on_the_face(one));
        assert!(told("registered") && told("outstanding") && told("womens_share"));
        assert!(!told("survival_12") && !told("jobs_created"));
        let registered = INDICATORS.iter().find(|one| one.name == "registered").unwrap();
        assert_eq!(breakdowns(registered).len(), 8);
    }
}
