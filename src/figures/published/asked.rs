//! What may be asked of published figures: of which moment, over which period; and the refusals.

use chrono::{Datelike, NaiveDate};
use sira_projections::analytics::disclosure::Unserved;
use sira_projections::analytics::{Dimension, Moment};

use super::{Published, end_of};
use crate::figures::{Question, When};

/// The rule of published figures that a question breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// No position is asked of.
    Position,
    /// A moment is the end of a period of reporting that is over.
    Moment,
    /// A period begins and ends with periods of reporting.
    Border,
    /// Figures are cut by some dimensions alone.
    Dimension,
    /// An indicator is told from the beginning on alone.
    NoPeriod,
    /// An indicator is not told to those who must see nobody.
    NotPublished,
    /// Figures are not published by office.
    Scope,
}

impl Rule {
    /// Its word in problems.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Position => "published_without_position",
            Self::Moment => "reporting_moment",
            Self::Border => "reporting_border",
            Self::Dimension => "published_dimensions",
            Self::NoPeriod => "published_without_period",
            Self::NotPublished => "not_published",
            Self::Scope => "published_by_region",
        }
    }
}

/// A question that is not answered to those who must see nobody: which parameter, which rule, and what is
/// allowed in its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{parameter}: {} ({allowed})", rule.word())]
pub struct Refused {
    /// The parameter, as the asker called it.
    pub parameter: &'static str,
    /// The rule.
    pub rule: Rule,
    /// What is allowed: the nearest moments, or the dimensions.
    pub allowed: String,
}

impl Refused {
    fn new(parameter: &'static str, rule: Rule, allowed: impl Into<String>) -> Self {
        Self { parameter, rule, allowed: allowed.into() }
    }

    /// A scope that names offices.
    pub(in crate::figures) fn scope() -> Self {
        Self::new("scope", Rule::Scope, "all, region, fund")
    }

    /// What the tables do not tell.
    pub(super) fn unserved(unserved: &Unserved) -> Self {
        match unserved {
            Unserved::Dimension { dimension, is_filter, published } => {
                let words: Vec<_> = published.iter().map(|one| one.word()).collect();
                let parameter = if *is_filter { dimension.word() } else { "group_by" };
                Self::new(parameter, Rule::Dimension, words.join(", "))
            }
            Unserved::NotPublished(indicator) => Self::new("name", Rule::NotPublished, *indicator),
            Unserved::NoPeriod(indicator) => Self::new("from", Rule::NoPeriod, *indicator),
        }
    }
}

impl Published {
    /// The reporting moment of a question: the one that it names, or the last that is over.
    pub(super) fn asked(&self, question: &Question) -> Result<NaiveDate, Refused> {
        let last = self.last(question, self.over);
        let refused = |parameter, rule, day: NaiveDate| {
            Refused::new(parameter, rule, self.nearest(question, day.min(last)))
        };
        match question.when {
            When::Now => Ok(last),
            When::Position(_) | When::At(_) => Err(refused("as_of_position", Rule::Position, last)),
            When::Time(time) => {
                let day = time.date_naive();
                if time == end_of(day) && day <= last && self.publishes(question, day) {
                    return Ok(day);
                }
                Err(refused("as_of", Rule::Moment, day))
            }
        }
    }

    /// The last reporting moment of a question that was over at a moment.
    pub(in crate::figures) fn last_of(&self, question: &Question, at: Moment) -> NaiveDate {
        let moments = self.schedule.moments.iter().rev();
        let mut known = moments.filter(|one| one.position <= at.position && one.day <= at.day);
        let found = known.find(|one| self.publishes(question, one.day)).map(|one| one.day);
        found.unwrap_or_else(|| self.last(question, at.day.min(self.over)))
    }

    /// The last day before the period of a question, and its last day.
    pub(super) fn period(
        &self,
        question: &Question,
        moment: NaiveDate,
    ) -> Result<(Option<NaiveDate>, NaiveDate), Refused> {
        let query = &question.query;
        let before = query.from.and_then(|from| from.pred_opt());
        if let Some(before) = before.filter(|day| *day >= moment || !self.publishes(question, *day))
        {
            let from = |day: NaiveDate| day.succ_opt().unwrap_or(day);
            let nearest = self.around(question, before.min(moment)).map(from);
            return Err(Refused::new("from", Rule::Border, listed(&nearest)));
        }
        match query.to {
            Some(to) if to > moment || !self.publishes(question, to) => {
                let nearest = self.nearest(question, to.min(moment));
                Err(Refused::new("to", Rule::Border, nearest))
            }
            to => Ok((before, to.unwrap_or(moment))),
        }
    }

    /// Whether any of the programmes that are asked of publishes as of the end of a day.
    fn publishes(&self, question: &Question, day: NaiveDate) -> bool {
        let filter = question.query.filters.iter().find(|(name, _)| *name == Dimension::Programme);
        let is_asked = |id: &String| filter.is_none_or(|(_, words)| words.contains(id));
        let mut asked = self.schedule.programmes.iter().filter(|(id, _)| is_asked(id)).peekable();
        if asked.peek().is_none() {
            return day.succ_opt().is_some_and(|next| next.day() == 1);
        }
        asked.any(|(_, calendar)| calendar.ends_on(day))
    }

    /// The last reporting moment up to a day.
    fn last(&self, question: &Question, day: NaiveDate) -> NaiveDate {
        let mut days = std::iter::successors(Some(day), NaiveDate::pred_opt).take(100);
        days.find(|day| self.publishes(question, *day)).unwrap_or(day)
    }

    /// The reporting moments around a day.
    fn around(&self, question: &Question, day: NaiveDate) -> [NaiveDate; 2] {
        let last = self.last(question, day);
        let mut days = std::iter::successors(day.succ_opt(), NaiveDate::succ_opt).take(100);
        [last, days.find(|day| self.publishes(question, *day)).unwrap_or(last)]
    }

    /// Those of them that are over, as they are told.
    fn nearest(&self, question: &Question, day: NaiveDate) -> String {
        let around = self.around(question, day);
        let over: Vec<_> = around.into_iter().filter(|day| *day <= self.over).collect();
        listed(&over)
    }
}

fn listed(days: &[NaiveDate]) -> String {
    let days: Vec<_> = days.iter().map(ToString::to_string).collect();
    days.join(", ")
}
