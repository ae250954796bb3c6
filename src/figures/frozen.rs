//! A frozen report as somebody may see it: its cells then and now, and the events that came between.

use chrono::NaiveDate;
use sha2::{Digest, Sha256};
use sira_evidence::leaf::hex;
use sira_numbers::Position;
use sira_projections::analytics::compute::groups;
use sira_projections::analytics::why::Change;
use sira_projections::analytics::{
    AnalyticsQuery, CellDetail, ComputedFigures, FigureCell, FigureReach, Indicator, Moment,
    period_of,
};

use super::published::PublishedTo;
use super::question::{Question, When};
use super::reports::{FrozenReport, ReportError, read};
use super::{FigureError, Figures, FoundMoment, Reader};

/// Events named for a cell that changed; how many there are is told beside.
const CHANGES_NAMED: usize = 20;
/// Cells that changed of which the events are looked up; the others are told without.
const CELLS_EXPLAINED: usize = 500;

/// A cell of a report, then and now.
#[derive(Clone, Debug)]
pub struct ShownCell {
    /// The indicator.
    pub indicator: &'static Indicator,
    /// The cell's words, in the order of the breakdown.
    pub words: Vec<String>,
    /// As frozen; none when nothing was in it then.
    pub frozen: Option<FigureCell>,
    /// As it is now, of the same day.
    pub now: Option<FigureCell>,
    /// The first events that came between, and how many.
    pub changes: (Vec<Change>, u64),
}

/// A report with what changed since.
#[derive(Debug)]
pub struct Shown {
    /// As it was frozen.
    pub report: FrozenReport,
    /// Its question.
    pub question: Question,
    /// Whether the figures at its position and the event there are what they were: false when the
    /// journal below it is not the one that it was made of.
    pub is_as_frozen: bool,
    /// SHA-256 of the figures as frozen that are shown here, hexadecimal.
    pub answer_sha256: String,
    /// The reporting moments of the two, of what is shown to those who must see nobody.
    pub published: Option<(NaiveDate, NaiveDate)>,
    /// The position of `now`.
    pub now_position: Position,
    /// Its cells.
    pub cells: Vec<ShownCell>,
}

impl Figures {
    /// A report with what changed since, as its audience is told it: the same for everybody who may read it. `view`
    /// shows it as somebody else is told the same question; that is not the report.
    ///
    /// # Errors
    /// [`ReportError`].
    pub async fn show_report(
        &self,
        name: &str,
        view: Option<&Reader>,
    ) -> Result<Shown, ReportError> {
        let report = self.report(name).await?;
        let question = read(&report.subject, &report.query)?;
        let then = Moment { position: report.position(), day: report.day() };
        self.moment(When::Position(then.position)).await?;
        let own = self.reader_for(&report.audience()).await?;
        let is_as_frozen = self.is_as_frozen(&report, &question, (then, &own)).await?;
        let mut shown = Shown {
            report,
            question,
            is_as_frozen,
            answer_sha256: String::new(),
            published: None,
            now_position: Position::START,
            cells: Vec::new(),
        };
        // A view of somebody else is computed; the report is what was kept.
        let kept = if view.is_none() { shown.report.cells() } else { None };
        match view.unwrap_or(&own) {
            Reader::Exact(reach) => self.show_exactly(&mut shown, (then, kept), reach).await?,
            Reader::Published(to) => self.show_published(&mut shown, (then, kept), to).await?,
        }
        Ok(shown)
    }

    /// The figures of a report as an audience is told them, of the moment at which it was frozen.
    pub(super) async fn frozen_figures(
        &self,
        question: &Question,
        then: Moment,
        reader: &Reader,
    ) -> Result<Vec<ComputedFigures>, FigureError> {
        match reader {
            Reader::Exact(reach) => {
                let query = AnalyticsQuery { reach: reach.clone(), ..question.query.clone() };
                self.compute(question.indicators.clone(), query, then).await
            }
            Reader::Published(to) => {
                let schedule = self.schedule().await?;
                let first = schedule.last_of(question, then);
                Ok(self.published_at(question, to, &schedule, first).await?.1)
            }
        }
    }

    async fn show_exactly(
        &self,
        shown: &mut Shown,
        (then, kept): (Moment, Option<Vec<ComputedFigures>>),
        reach: &FigureReach,
    ) -> Result<(), ReportError> {
        let now = self.moment(When::Now).await?.at;
        let query = AnalyticsQuery { reach: reach.clone(), ..shown.question.query.clone() };
        let reader = Reader::Exact(reach.clone());
        let frozen = match kept {
            Some(kept) => kept,
            None => self.frozen_figures(&shown.question, then, &reader).await?,
        };
        let now_at = Moment { position: now.position, ..then };
        let current = self.frozen_figures(&shown.question, now_at, &reader).await?;
        shown.answer_sha256 = hex(&hash_of(&frozen));
        shown.now_position = now.position;
        shown.cells = paired(&frozen, &current);
        let between = ((then.position, now.position), then.day);
        self.explain(&mut shown.cells, &query, between).await
    }

    /// What was published by the moment of the report, and what is by now. The events between are told to
    /// nobody who must see nobody, nor how many they are.
    async fn show_published(
        &self,
        shown: &mut Shown,
        (then, kept): (Moment, Option<Vec<ComputedFigures>>),
        to: &PublishedTo,
    ) -> Result<(), ReportError> {
        let schedule = self.schedule().await?;
        let first = schedule.last_of(&shown.question, then);
        let last = schedule
            .last_of(&shown.question, Moment { position: Position::MAX, day: NaiveDate::MAX });
        let frozen = match kept {
            Some(kept) => kept,
            None => self.published_at(&shown.question, to, &schedule, first).await?.1,
        };
        let (found, current) = self.published_at(&shown.question, to, &schedule, last).await?;
        let FoundMoment { at, .. } = found;
        shown.answer_sha256 = hex(&hash_of(&frozen));
        shown.published = Some((first, last));
        shown.now_position = at.position;
        shown.cells = paired(&frozen, &current);
        Ok(())
    }

    /// Looks up the events that came between, of the cells that changed.
    async fn explain(
        &self,
        cells: &mut [ShownCell],
        query: &AnalyticsQuery,
        between: ((Position, Position), NaiveDate),
    ) -> Result<(), ReportError> {
        let changed = |cell: &ShownCell| cell.frozen != cell.now;
        let of_cell = |cell: &ShownCell| {
            let words = groups(cell.indicator, &query.group_by).into_iter().zip(&cell.words);
            let mut query = query.clone();
            for (group, word) in words {
                let period = query.series.filter(|interval| *interval == group);
                match period.and_then(|interval| period_of(interval, word)) {
                    Some((from, to)) => {
                        let from = query.from.map_or(from, |asked| asked.max(from));
                        let to = query.to.map_or(to, |asked| asked.min(to));
                        query = query.of_period((from, to));
                    }
                    None => query.filters.push((group, vec![word.clone()])),
                }
            }
            query.group_by = Vec::new();
            (cell.indicator, query)
        };
        let asked: Vec<_> =
            cells.iter().filter(|cell| changed(cell)).take(CELLS_EXPLAINED).map(of_cell).collect();
        let mut told = self.changes(asked, between, CHANGES_NAMED).await?.into_iter();
        for cell in cells.iter_mut().filter(|cell| changed(cell)) {
            if let Some(changes) = told.next() {
                cell.changes = changes;
            }
        }
        Ok(())
    }
}

/// SHA-256 over cells as they are shown. What is not shown is not in it: a hash over a number that can be
/// guessed tells the number.
pub(super) fn hash_of(computed: &[ComputedFigures]) -> Vec<u8> {
    let mut hash = Sha256::new();
    for figures in computed {
        hash.update(figures.indicator.name);
        for cell in &figures.cells {
            let FigureCell { words, value, part, whole, detail, .. } = cell;
            let value = value.map(|value| value.to_string());
            hash.update(format!("\n{words:?} {value:?} {part:?} {whole:?}"));
            if let Some(CellDetail { interval, numbers }) = detail {
                let interval = interval.map(|(low, high)| (low.to_string(), high.to_string()));
                hash.update(format!(" {interval:?} {numbers:?}"));
            }
        }
        hash.update("\n\n");
    }
    hash.finalize().to_vec()
}

/// The cells of two moments side by side.
fn paired(frozen: &[ComputedFigures], current: &[ComputedFigures]) -> Vec<ShownCell> {
    let mut cells = Vec::new();
    for (then, now) in frozen.iter().zip(current) {
        let mut left: Vec<&FigureCell> = now.cells.iter().collect();
        let shown =
            |words: &[String], frozen: Option<&FigureCell>, now: Option<&FigureCell>| ShownCell {
                indicator: then.indicator,
                words: words.to_vec(),
                frozen: frozen.cloned(),
                now: now.cloned(),
                changes: (Vec::new(), 0),
            };
        for cell in &then.cells {
            let same = left.iter().position(|other| other.words == cell.words);
            let other = same.map(|place| left.remove(place));
            cells.push(shown(&cell.words, Some(cell), other));
        }
        cells.extend(left.into_iter().map(|cell| shown(&cell.words, None, Some(cell))));
    }
    cells
}
