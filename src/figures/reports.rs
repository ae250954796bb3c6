//! Frozen reports: a question with a position gives the same figures for ever, and shows what changed
//! since, and by which events.

use chrono::{DateTime, NaiveDate, Utc};
use sha2::{Digest, Sha256};
use sira_database::on_engine;
use sira_domain::values::ActorId;
use sira_projections::analytics::compute::groups;
use sira_projections::analytics::why::Change;
use sira_projections::analytics::{
    AnalyticsQuery, Cell, Figures as Computed, Indicator, Moment, Reach,
};
use sqlx::FromRow;

use super::question::{BadParameter, Question, Subject, When};
use super::{FigureError, Figures};
use crate::journal::{JournalError, Stamp};
use sira_evidence::entry::hex;

/// Longest name of a report.
const NAME_MAX_BYTES: usize = 64;
/// Longest question that is frozen.
const QUERY_MAX_BYTES: usize = 2_000;
/// Events named for a cell that changed; how many there are is told beside.
const CHANGES_NAMED: usize = 20;
/// Cells that changed of which the events are looked up; the others are told without.
const CELLS_EXPLAINED: usize = 500;

/// Why a report is not frozen or shown.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A parameter is not what it should be.
    #[error(transparent)]
    Bad(#[from] BadParameter),
    /// Another report has the name.
    #[error("a report of this name is frozen already, with another question")]
    NameTaken,
    /// There is no report of that name.
    #[error("there is no report of this name")]
    Unknown,
    /// There are no figures.
    #[error(transparent)]
    Figures(#[from] FigureError),
}

impl From<JournalError> for ReportError {
    fn from(error: JournalError) -> Self {
        Self::Figures(error.into())
    }
}

/// A report as it was frozen.
#[derive(Clone, Debug, FromRow)]
pub struct FrozenReport {
    /// Its name.
    pub name: String,
    /// The word of what it is about.
    pub subject: String,
    /// Its question.
    pub query: String,
    position: i64,
    day: String,
    frozen_at: Stamp,
    /// Who froze it.
    pub frozen_by: String,
    leaf_hash: Vec<u8>,
    answer_sha256: Vec<u8>,
}

impl FrozenReport {
    /// What was recorded up to here is in it.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position.unsigned_abs()
    }

    /// The day that it is of.
    #[must_use]
    pub fn day(&self) -> NaiveDate {
        self.day.parse().unwrap_or_default()
    }

    /// When it was frozen.
    #[must_use]
    pub fn frozen_at(&self) -> DateTime<Utc> {
        self.frozen_at.0
    }

    /// The leaf hash of the event at its position, hexadecimal.
    #[must_use]
    pub fn leaf_hash(&self) -> String {
        hex(&self.leaf_hash)
    }

    /// SHA-256 of its figures, hexadecimal.
    #[must_use]
    pub fn answer_sha256(&self) -> String {
        hex(&self.answer_sha256)
    }
}

/// A cell of a report, then and now.
#[derive(Clone, Debug)]
pub struct ShownCell {
    /// The indicator.
    pub indicator: &'static Indicator,
    /// The cell's words, in the order of the breakdown.
    pub words: Vec<String>,
    /// As frozen; none when nothing was in it then.
    pub frozen: Option<Cell>,
    /// As it is now, of the same day.
    pub now: Option<Cell>,
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
    /// The position of `now`.
    pub now_position: u64,
    /// Its cells.
    pub cells: Vec<ShownCell>,
}

impl Figures {
    /// Freezes a question as it stands now, or at the moment that the question names. Durable when it
    /// returns; a crash before leaves nothing. The same name and question again gives the first one.
    ///
    /// # Errors
    /// [`ReportError`].
    pub async fn freeze(
        &self,
        name: &str,
        (subject, query): (&str, &str),
        by: &ActorId,
    ) -> Result<(FrozenReport, bool), ReportError> {
        check_name(name)?;
        let question = read(subject, query)?;
        if let Ok(known) = self.report(name).await {
            let same = known.subject == subject && known.query == query;
            return if same { Ok((known, true)) } else { Err(ReportError::NameTaken) };
        }
        let found = self.moment(question.when).await?;
        let answer = self.answer_hash(&question, found.at).await?;
        let report = FrozenReport {
            name: name.to_owned(),
            subject: subject.to_owned(),
            query: query.to_owned(),
            position: i64::try_from(found.at.position).unwrap_or(i64::MAX),
            day: found.at.day.to_string(),
            frozen_at: Stamp(self.commands.clock().now()),
            frozen_by: by.to_string(),
            leaf_hash: self.leaf_at(found.at.position).await?,
            answer_sha256: answer,
        };
        if self.keep(&report).await? {
            return Ok((report, false));
        }
        // Somebody else was first.
        let known = self.report(name).await?;
        let same = known.subject == subject && known.query == query;
        if same { Ok((known, true)) } else { Err(ReportError::NameTaken) }
    }

    /// Every report, newest first.
    ///
    /// # Errors
    /// [`ReportError`].
    pub async fn reports(&self) -> Result<Vec<FrozenReport>, ReportError> {
        let found = on_engine!(self.commands.journal().pool(), db => {
            sqlx::query_as("SELECT * FROM reports ORDER BY frozen_at DESC, name")
                .fetch_all(db)
                .await
        });
        Ok(found.map_err(JournalError::Database)?)
    }

    /// The report of a name.
    ///
    /// # Errors
    /// [`ReportError::Unknown`], or that the journal cannot be read.
    pub async fn report(&self, name: &str) -> Result<FrozenReport, ReportError> {
        let found: Option<FrozenReport> = on_engine!(self.commands.journal().pool(), db => {
            sqlx::query_as("SELECT * FROM reports WHERE name = $1")
                .bind(name)
                .fetch_optional(db)
                .await
        })
        .map_err(JournalError::Database)?;
        found.ok_or(ReportError::Unknown)
    }

    /// A report with what changed since, as somebody may see it.
    ///
    /// # Errors
    /// [`ReportError`].
    pub async fn show_report(
        &self,
        name: &str,
        reach: Reach,
        hides_few: bool,
    ) -> Result<Shown, ReportError> {
        let report = self.report(name).await?;
        let question = read(&report.subject, &report.query)?;
        let then = Moment { position: report.position(), day: report.day() };
        self.moment(When::Position(then.position)).await?;
        let is_as_frozen = self.answer_hash(&question, then).await? == report.answer_sha256
            && self.leaf_at(then.position).await? == report.leaf_hash;
        let now = self.moment(When::Now).await?.at;
        let query = AnalyticsQuery { reach, ..question.query.clone() };
        let indicators = || question.indicators.clone();
        let frozen = self.compute(indicators(), query.clone(), then, hides_few).await?;
        let now_at = Moment { position: now.position, ..then };
        let current = self.compute(indicators(), query.clone(), now_at, hides_few).await?;
        let mut cells = paired(&frozen, &current);
        self.explain(&mut cells, &query, (then.position, now.position)).await?;
        Ok(Shown { report, question, is_as_frozen, now_position: now.position, cells })
    }

    /// Looks up the events that came between, of the cells that changed.
    async fn explain(
        &self,
        cells: &mut [ShownCell],
        query: &AnalyticsQuery,
        between: (u64, u64),
    ) -> Result<(), ReportError> {
        let changed = |cell: &ShownCell| cell.frozen != cell.now;
        let of_cell = |cell: &ShownCell| {
            let mut query = query.clone();
            for (group, word) in
                groups(cell.indicator, &query.group_by).into_iter().zip(&cell.words)
            {
                query.filters.push((group, vec![word.clone()]));
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

    /// SHA-256 over every cell of a question at a moment, whoever asks.
    async fn answer_hash(&self, question: &Question, at: Moment) -> Result<Vec<u8>, FigureError> {
        let computed =
            self.compute(question.indicators.clone(), question.query.clone(), at, false).await?;
        let mut hash = Sha256::new();
        for figures in &computed {
            hash.update(figures.indicator.name);
            for cell in &figures.cells {
                let Cell { words, value, part, whole, .. } = cell;
                let value = value.map(|value| value.to_string());
                hash.update(format!("\n{words:?} {value:?} {part:?} {whole:?}"));
            }
            hash.update("\n\n");
        }
        Ok(hash.finalize().to_vec())
    }

    async fn leaf_at(&self, position: u64) -> Result<Vec<u8>, FigureError> {
        let Some(before) = position.checked_sub(1) else { return Ok(Vec::new()) };
        let event = self.commands.journal().read_feed(before, 1).await?;
        Ok(event.first().map(|event| event.leaf_hash.to_vec()).unwrap_or_default())
    }

    /// Stores a report; false when there is one of that name.
    async fn keep(&self, report: &FrozenReport) -> Result<bool, ReportError> {
        let rows = on_engine!(self.commands.journal().pool(), db => {
            sqlx::query(
                "INSERT INTO reports (name, subject, query, position, day, frozen_at, frozen_by, leaf_hash, answer_sha256)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
            )
            .bind(&report.name)
            .bind(&report.subject)
            .bind(&report.query)
            .bind(report.position)
            .bind(&report.day)
            .bind(report.frozen_at)
            .bind(&report.frozen_by)
            .bind(&report.leaf_hash)
            .bind(&report.answer_sha256)
            .execute(db)
            .await
            .map(|done| done.rows_affected())
        })
        .map_err(JournalError::Database)?;
        Ok(rows == 1)
    }
}

fn check_name(name: &str) -> Result<(), ReportError> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if !name.is_empty() && name.len() <= NAME_MAX_BYTES && name.bytes().all(is_plain) {
        return Ok(());
    }
    let expected = format!("a-z, 0-9, -, _, . (1..{NAME_MAX_BYTES})");
    Err(BadParameter { name: "name".to_owned(), expected }.into())
}

/// A question that can be frozen: targets are set anew and have no cells.
fn read(subject: &str, query: &str) -> Result<Question, ReportError> {
    let bad = |name: &str, expected: String| BadParameter { name: name.to_owned(), expected };
    let known = Subject::named(subject).filter(|subject| *subject != Subject::Targets);
    let known = known.ok_or_else(|| {
        let words: Vec<_> = Subject::ALL.iter().map(|(word, _)| *word).collect();
        bad("subject", words.join(", "))
    })?;
    if query.len() > QUERY_MAX_BYTES {
        return Err(bad("query", format!("..{QUERY_MAX_BYTES}")).into());
    }
    Ok(Question::read(query.parse()?, known)?)
}

/// The cells of two moments side by side.
fn paired(frozen: &[Computed], current: &[Computed]) -> Vec<ShownCell> {
    let mut cells = Vec::new();
    for (then, now) in frozen.iter().zip(current) {
        let mut left: Vec<&Cell> = now.cells.iter().collect();
        let shown = |words: &[String], frozen: Option<&Cell>, now: Option<&Cell>| ShownCell {
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
