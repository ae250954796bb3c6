//! Figures for those who must see nobody: at which moment they are asked, and what was published by then.
//!
//! What is published is said in [`sira_projections::analytics::disclosure`]; here are the programmes' rules
//! and the journal's times (reporting moments as positions), the tables that are kept, and the refusals.

mod asked;
mod tables;

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Datelike, Days, Duration, NaiveDate, NaiveTime, Utc};
use sira_domain::programme::{Programme, ProgrammeEvent, ProgrammeFact, Rules};
use sira_domain::reference::RegionCode;
use sira_domain::role::Role;
use sira_domain::values::FundId;
use sira_numbers::{Position, Version};
use sira_projections::analytics::cost::check_cells;
use sira_projections::analytics::disclosure::{
    Ask, Audience, Calendar, PublishedTable, Schedule, answer, kin, targets,
};
use sira_projections::analytics::targets::{KnownTarget, Reached, Untold};
use sira_projections::analytics::{
    ComputedFigures, FigureCell, FigureReach, Indicator, Moment, Uncomputed,
};
use uuid::Uuid;

pub use asked::{Refused, Rule};
pub(super) use tables::Tables;

use super::budget::LONG_WALK_FACTS;
use super::{FigureError, Figures, FoundMoment, Question, ReportAudience};
use crate::commands::{CommandError, stream_id};
use crate::stored::read_event;
use crate::token::Grant;

/// How long after its end a day is over: what was being recorded when it ended is durable by then.
const OVER_AFTER: Duration = Duration::minutes(5);

/// How somebody is told figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reader {
    /// Exactly, as far as they reach.
    Exact(FigureReach),
    /// What was published, and nothing else.
    Published(PublishedTo),
}

/// To whom figures are published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedTo {
    audience: Audience,
    /// The funds that may be seen; none for all.
    funds: Option<Vec<String>>,
    /// The regions that may be seen; none for all.
    regions: Option<Vec<String>>,
}

impl PublishedTo {
    /// An analyst who reaches everything: whose figures `sira report show --as analyst` replays.
    #[must_use]
    pub const fn analyst() -> Self {
        Self { audience: Audience::Analyst, funds: None, regions: None }
    }

    /// An analyst of some regions.
    #[must_use]
    pub fn analyst_of(regions: &[RegionCode]) -> Self {
        let codes = regions.iter().map(|region| region.code().to_owned()).collect();
        Self { regions: Some(codes), ..Self::analyst() }
    }

    /// A donor of some funds.
    #[must_use]
    pub fn donor(funds: &[FundId]) -> Self {
        let funds = funds.iter().map(|fund| fund.0.to_string()).collect();
        Self { audience: Audience::Donor, funds: Some(funds), regions: None }
    }
}

/// Whether a grant is told what was published and nothing else: a role that must see nobody, unless exact
/// figures were granted to it.
#[must_use]
pub fn is_told_published(grant: &Grant) -> bool {
    match grant.role {
        Role::Analyst => grant.exact_figures.is_none(),
        Role::Donor => true,
        _ => false,
    }
}

impl Figures {
    /// How a grant is told figures.
    ///
    /// # Errors
    /// [`FigureError::Refused`] where figures are not published by what its scope names.
    pub async fn reader(&self, grant: &Grant) -> Result<Reader, FigureError> {
        self.reader_for(&ReportAudience::of_grant(grant)).await
    }

    /// The published figures of a question, and the reporting moment that they are of.
    ///
    /// # Errors
    /// [`FigureError::Refused`] for what is not published, and [`FigureError`].
    pub async fn published(
        &self,
        question: &Question,
        to: &PublishedTo,
    ) -> Result<(FoundMoment, Vec<ComputedFigures>), FigureError> {
        let schedule = self.schedule().await?;
        let moment = schedule.asked(question)?;
        self.published_at(question, to, &schedule, moment).await
    }

    /// The same as of a reporting moment that is over.
    pub(super) async fn published_at(
        &self,
        question: &Question,
        to: &PublishedTo,
        schedule: &Published,
        moment: NaiveDate,
    ) -> Result<(FoundMoment, Vec<ComputedFigures>), FigureError> {
        let ask = Self::ask(question, to, schedule, moment)?;
        let found = self.found_at(moment).await?;
        let (mut all, mut count) = (Vec::new(), 0);
        for indicator in &question.indicators {
            let table = self.table(indicator, to.audience, schedule).await?;
            let cells = answer::cells(&table, indicator, &ask);
            count += cells.len() as u64;
            check_cells(count).map_err(Uncomputed::from)?;
            all.push(ComputedFigures { indicator, cells });
        }
        Ok((found, all))
    }

    /// The cells of a question of one indicator from the beginning to a reporting moment, out of the table as it is
    /// kept: for who asks of many moments in a row, once everything is read.
    pub(super) async fn published_until(
        &self,
        question: &Question,
        to: &PublishedTo,
        schedule: &Published,
        day: NaiveDate,
    ) -> Result<Vec<FigureCell>, FigureError> {
        let ask = Self::ask(question, to, schedule, day)?;
        let Some(indicator) = question.indicators.first() else { return Ok(Vec::new()) };
        let table = self.table(indicator, to.audience, schedule).await?;
        Ok(answer::cells(&table, indicator, &ask))
    }

    /// What a question comes to for somebody as of a reporting moment, if it is published to them.
    fn ask(
        question: &Question,
        to: &PublishedTo,
        schedule: &Published,
        moment: NaiveDate,
    ) -> Result<Ask, FigureError> {
        let (before, last) = schedule.period(question, moment)?;
        let ask = Ask {
            filters: question.query.filters.clone(),
            groups: question.query.group_by.clone(),
            before,
            to: last,
            funds: to.funds.clone(),
            regions: to.regions.clone(),
        };
        let checked = ask.check(to.audience, &question.indicators, question.is_series);
        checked.map_err(|unserved| Refused::unserved(&unserved))?;
        Ok(ask)
    }

    /// The published figures of the targets that fit a question.
    ///
    /// # Errors
    /// [`FigureError::Refused`] for what is not published, and [`FigureError`].
    pub async fn published_targets(
        &self,
        question: &Question,
        to: &PublishedTo,
    ) -> Result<(FoundMoment, Vec<Reached>), FigureError> {
        let schedule = self.schedule().await?;
        let moment = schedule.asked(question)?;
        Self::ask(question, to, &schedule, moment)?;
        let found = self.found_at(moment).await?;
        let mut all = Vec::new();
        for target in self.fitting(&question.query, found.at.position).await? {
            all.push(self.published_target(&target, to, &schedule, moment).await?);
        }
        Ok((found, all))
    }

    async fn published_target(
        &self,
        target: &KnownTarget,
        to: &PublishedTo,
        schedule: &Published,
        moment: NaiveDate,
    ) -> Result<Reached, FigureError> {
        if to.audience == Audience::Donor {
            return Ok(Reached::untold(target, Some(Untold::OtherPeople)));
        }
        let Some(indicator) = sira_projections::analytics::Indicators::named(&target.indicator)
        else {
            return Ok(Reached::untold(target, None));
        };
        let table = self.table(indicator, to.audience, schedule).await?;
        let regions = to.regions.as_ref();
        Ok(targets::reached(&table, target, regions, &schedule.schedule, moment))
    }

    /// A reporting moment as a position, with everything up to it read.
    async fn found_at(&self, day: NaiveDate) -> Result<FoundMoment, FigureError> {
        let position = self.position_of(day).await?;
        self.read_up_to(position).await?;
        let recorded_at = self.commands.journal().recorded_at(position).await?.unwrap_or_default();
        Ok(FoundMoment { at: Moment { position, day }, recorded_at, published_at: Some(day) })
    }

    /// The last position of a day that is over. It never changes, so it is asked once.
    async fn position_of(&self, day: NaiveDate) -> Result<Position, FigureError> {
        if let Some(known) = self.tables.position(day) {
            return Ok(known);
        }
        let position = self.commands.journal().position_at(end_of(day)).await?;
        self.tables.keep_position(day, position);
        Ok(position)
    }

    /// The reporting moments that are over now, and how often each programme publishes.
    pub(super) async fn schedule(&self) -> Result<Published, FigureError> {
        let journal = self.commands.journal();
        let now = self.commands.clock().now();
        let over = (now - OVER_AFTER).date_naive() - Days::new(1);
        let mut programmes = HashMap::new();
        for id in journal.stream_ids(Programme::TYPE).await? {
            programmes.insert(id.to_string(), self.calendar(id).await?);
        }
        let mut schedule = Schedule { moments: Vec::new(), programmes };
        let first = journal.recorded_at(Position::FIRST).await?.map(|at| at.date_naive());
        for day in
            first.into_iter().flat_map(|first| first.iter_days().take_while(|day| *day <= over))
        {
            if schedule.programmes.values().any(|calendar| calendar.ends_on(day)) {
                schedule.moments.push(Moment { position: self.position_of(day).await?, day });
            }
        }
        Ok(Published { schedule: Arc::new(schedule), over })
    }

    /// How often a programme publishes: as its rules say from the day on which they apply, and not before
    /// they were recorded, so that what was published stays published.
    async fn calendar(&self, id: Uuid) -> Result<Calendar, FigureError> {
        let programme = self.commands.known_programme(id).await?;
        if programme.rule_sets_ever().all(|set| set.rules.figures_published.is_none()) {
            return Ok(Calendar::default());
        }
        let stream = stream_id::<Programme>(id);
        let mut past = Vec::new();
        for recorded in self.commands.journal().read_stream(&stream, Version::ZERO).await? {
            let event: ProgrammeEvent = read_event(&recorded).map_err(CommandError::from)?;
            past.push((recorded.recorded_at.date_naive(), event));
        }
        Ok(calendar_of(past))
    }

    /// The table of an indicator and its kin: as it is kept, or built now. One is built at a time, on a
    /// thread of its own, and the facts are held for one step only.
    async fn table(
        &self,
        indicator: &'static Indicator,
        audience: Audience,
        published: &Published,
    ) -> Result<Arc<PublishedTable>, FigureError> {
        let kin = kin(indicator);
        let last =
            published.schedule.moments.last().map_or(Position::START, |moment| moment.position);
        self.read_up_to(last).await?;
        let kept = || {
            let generation = self.cube.read().generation;
            self.tables.find(&kin, audience, &published.schedule, generation)
        };
        if let Some(table) = kept() {
            return Ok(table);
        }
        let one = Arc::clone(&self.tables.building).lock_owned().await;
        // Somebody else may have built it meanwhile.
        if let Some(table) = kept() {
            return Ok(table);
        }
        let walk = self.budget.walk(LONG_WALK_FACTS).await?;
        let (cube, tables) = (Arc::clone(&self.cube), Arc::clone(&self.tables));
        let schedule = Arc::clone(&published.schedule);
        // Who asks and goes away neither stops it nor lets another begin beside it.
        let built = tokio::task::spawn_blocking(move || {
            let _held = (one, walk);
            let (table, generation) = tables::built(&cube, &kin, audience, &schedule)?;
            Some(tables.keep(&kin, table, &schedule, generation))
        });
        let built = built.await;
        let built = built.map_err(|error| {
            tracing::error!(%error, "published figures could not be computed");
            FigureError::Broken
        })?;
        // The read models were put in place anew meanwhile: whoever asks again is told.
        built.ok_or(FigureError::Behind)
    }
}

/// How often a programme published, by its events and the days on which they were recorded.
fn calendar_of(past: impl IntoIterator<Item = (NaiveDate, ProgrammeEvent)>) -> Calendar {
    let (mut changes, mut so_far) = (Vec::new(), Programme::default());
    let often = |rules: &Rules| rules.figures_published.unwrap_or_default();
    for (day, event) in past {
        so_far.take(&event);
        match event.fact {
            ProgrammeFact::RulesSet(set) => {
                changes.push((set.effective_from.max(day), often(&set.rules)));
            }
            // From the day on which rules are taken back, those before them apply again, and after them
            // those that are to come.
            ProgrammeFact::ProgrammeFactRetracted(_) => {
                let (version, rules) = so_far.rules_on(day);
                changes.push((day, often(&rules)));
                let to_come = so_far
                    .rule_sets
                    .iter()
                    .filter(|set| set.effective_from > day && set.version > version);
                changes.extend(to_come.map(|set| (set.effective_from, often(&set.rules))));
            }
            _ => {}
        }
    }
    Calendar::new(changes)
}

impl From<Refused> for FigureError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

/// The end of a day, which is what a day means as a moment.
pub(crate) fn end_of(day: NaiveDate) -> DateTime<Utc> {
    let end = NaiveTime::from_hms_micro_opt(23, 59, 59, 999_999).unwrap_or_default();
    day.and_time(end).and_utc()
}

/// The schedule, and the last day that is over.
#[derive(Clone, Debug)]
pub(super) struct Published {
    schedule: Arc<Schedule>,
    over: NaiveDate,
}

impl Published {
    /// The last reporting moment of any programme.
    pub(super) fn last_moment(&self) -> Option<NaiveDate> {
        self.schedule.moments.last().map(|moment| moment.day)
    }

    /// The reporting moments of a programme that end a month, and are over.
    pub(super) fn month_ends_of(&self, programme: &str) -> Vec<NaiveDate> {
        let ends_month = |day: &NaiveDate| day.succ_opt().is_some_and(|next| next.day() == 1);
        let calendar = self.schedule.programmes.get(programme);
        let publishes = |day: &NaiveDate| calendar.is_none_or(|one| one.ends_on(*day));
        let days = self.schedule.moments.iter().map(|moment| moment.day);
        days.filter(|day| ends_month(day) && publishes(day)).collect()
    }

    /// The ids of the programmes.
    pub(super) fn programmes(&self) -> Vec<String> {
        self.schedule.programmes.keys().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use sira_numbers::Sequence;

    use super::*;

    fn set(version: u32, from: &str, often: &str) -> ProgrammeEvent {
        let golden = include_str!("../../../domain/tests/golden/RulesSet.4.0.json");
        let mut event: Value = serde_json::from_str(golden).unwrap();
        let set = &mut event["fact"]["RulesSet"];
        set["version"] = json!(version);
        set["effective_from"] = json!(from);
        set["rules"]["figures_published"] = json!(often);
        serde_json::from_value(event).unwrap()
    }

    fn taken_back(sequence: Sequence) -> ProgrammeEvent {
        let fact = json!({ "ProgrammeFactRetracted": { "sequence": sequence, "reason": "Saisi deux fois" } });
        let event = json!({ "occurred_on": "2024-03-01", "by": "directrice", "fact": fact });
        serde_json::from_value(event).unwrap()
    }

    #[test]
    fn rules_that_are_taken_back_leave_those_before_them_and_those_to_come() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let past = [
            ("2024-01-01", set(1, "2024-01-01", "month")),
            ("2024-01-02", set(2, "2024-02-01", "week")),
            ("2024-01-03", set(3, "2024-06-01", "quarter")),
            ("2024-03-01", taken_back(Sequence::of_index(1))),
        ];
        let calendar = calendar_of(past.map(|(on, event)| (day(on), event)));
        for (on, ends) in [
            ("2024-01-31", true),
            ("2024-02-04", true),
            // Taken back: by the month again, until the quarters begin.
            ("2024-03-10", false),
            ("2024-03-31", true),
            ("2024-05-31", true),
            ("2024-07-31", false),
            ("2024-09-30", true),
        ] {
            assert_eq!(calendar.ends_on(day(on)), ends, "{on}");
        }
    }
}
