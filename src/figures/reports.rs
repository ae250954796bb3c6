//! Frozen reports: a question with a position gives the same figures for ever, and shows what changed
//! since, and by which events.

use chrono::{DateTime, NaiveDate, Utc};
use sira_database::on_engine;
use sira_domain::values::ActorId;
use sira_numbers::Position;
use sira_projections::analytics::{ComputedFigures, Moment};
use sqlx::FromRow;

use super::frozen::hash_of;
use super::kept;
use super::question::{BadParameter, BadParameters, Fault, Question, Subject};
use super::{FigureError, Figures, Reader, ReportAudience};
use crate::journal::{JournalError, Stamp};
use sira_evidence::leaf::hex;

/// Longest name of a report: it stands in a path and in the name of a file.
const NAME_MAX_BYTES: usize = 64;
/// Reports of one actor that may stand at once, and of everybody: each is a row, and a line of the list.
const OF_ACTOR_MAX: u64 = 100;
const OF_ALL_MAX: u64 = 2_000;
/// What is read of a report, with its withdrawal.
const READ: &str = "SELECT reports.name, subject, query, position, day, frozen_at, frozen_by, leaf_hash, answer_sha256, audience, cells, withdrawn_at, withdrawn_by FROM reports LEFT JOIN report_withdrawals ON report_withdrawals.name = reports.name";
/// Longest question that is frozen: it is kept for ever, and longer ones have no use as an address.
const QUERY_MAX_BYTES: usize = 2_000;

/// Why a report is not frozen or shown.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// Parameters are not what they should be.
    #[error(transparent)]
    Bad(#[from] BadParameters),
    /// Another report has the name.
    #[error("a report of this name is frozen already, with another question")]
    NameTaken,
    /// As many reports stand as may: one must be withdrawn first.
    #[error("{given} reports stand, at most {limit} may")]
    TooMany {
        /// Reports that stand.
        given: u64,
        /// How many may.
        limit: u64,
    },
    /// There is no report of that name.
    #[error("there is no report of this name")]
    Unknown,
    /// There are no figures.
    #[error(transparent)]
    Figures(#[from] FigureError),
}

impl From<super::Refused> for ReportError {
    fn from(refused: super::Refused) -> Self {
        Self::Figures(refused.into())
    }
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
    #[sqlx(try_from = "i64")]
    position: Position,
    day: String,
    frozen_at: Stamp,
    /// Who froze it.
    pub frozen_by: String,
    leaf_hash: Vec<u8>,
    answer_sha256: Vec<u8>,
    audience: Option<String>,
    cells: Option<String>,
    withdrawn_at: Option<Stamp>,
    /// Who withdrew it, if anybody did.
    pub withdrawn_by: Option<String>,
}

impl FrozenReport {
    /// What was recorded up to here is in it.
    #[must_use]
    pub fn position(&self) -> Position {
        self.position
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

    /// When it was withdrawn, if it was: nobody needs it any more. It stays as it was frozen.
    #[must_use]
    pub fn withdrawn_at(&self) -> Option<DateTime<Utc>> {
        self.withdrawn_at.map(|at| at.0)
    }

    /// The leaf hash of the event at its position, hexadecimal.
    #[must_use]
    pub fn leaf_hash(&self) -> String {
        hex(&self.leaf_hash)
    }

    /// For whom it was frozen. One from before reports had an audience is for those who reach everything, and so
    /// is one of which nothing can be read: nobody is told more than before.
    #[must_use]
    pub fn audience(&self) -> ReportAudience {
        let told = self.audience.as_deref().map(serde_json::from_str);
        told.and_then(Result::ok).unwrap_or_else(ReportAudience::everything)
    }

    /// Its figures as they were kept; none of one from before they were, and of an indicator that there is no more.
    pub(super) fn cells(&self) -> Option<Vec<ComputedFigures>> {
        self.cells.as_deref().and_then(kept::read)
    }

    /// SHA-256 of its figures as its audience is told them, hexadecimal.
    #[must_use]
    pub fn answer_sha256(&self) -> String {
        hex(&self.answer_sha256)
    }
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
        (by, audience): (&ActorId, &ReportAudience),
    ) -> Result<(FrozenReport, bool), ReportError> {
        check_name(name)?;
        let question = read(subject, query)?;
        let is_same = |known: &FrozenReport| {
            known.subject == subject && known.query == query && known.audience() == *audience
        };
        if let Ok(known) = self.report(name).await {
            return if is_same(&known) { Ok((known, true)) } else { Err(ReportError::NameTaken) };
        }
        let reader = &self.reader_for(audience).await?;
        let found = match reader {
            Reader::Exact(_) => self.moment(question.when).await?,
            Reader::Published(to) => self.published(&question, to).await?.0,
        };
        let figures = self.frozen_figures(&question, found.at, reader).await?;
        let report = FrozenReport {
            name: name.to_owned(),
            subject: subject.to_owned(),
            query: query.to_owned(),
            position: found.at.position,
            day: found.at.day.to_string(),
            frozen_at: Stamp(self.commands.clock().now()),
            frozen_by: by.to_string(),
            leaf_hash: self.leaf_at(found.at.position).await?,
            answer_sha256: hash_of(&figures),
            audience: serde_json::to_string(audience).ok(),
            cells: Some(kept::write(&figures)),
            withdrawn_at: None,
            withdrawn_by: None,
        };
        self.check_room(by).await?;
        if self.keep(&report).await? {
            return Ok((report, false));
        }
        // Somebody else was first.
        let known = self.report(name).await?;
        if is_same(&known) { Ok((known, true)) } else { Err(ReportError::NameTaken) }
    }

    /// Every report, newest first.
    ///
    /// # Errors
    /// [`ReportError`].
    pub async fn reports(&self) -> Result<Vec<FrozenReport>, ReportError> {
        let found = on_engine!(self.commands.journal().pool(), db => {
            sqlx::query_as(&format!("{READ} ORDER BY frozen_at DESC, reports.name"))
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
            sqlx::query_as(&format!("{READ} WHERE reports.name = $1"))
                .bind(name)
                .fetch_optional(db)
                .await
        })
        .map_err(JournalError::Database)?;
        found.ok_or(ReportError::Unknown)
    }

    /// Refuses another report where as many stand as may. Two that come at once may both pass: the limit
    /// guards the disk, and one more does no harm.
    async fn check_room(&self, by: &ActorId) -> Result<(), ReportError> {
        let (own, all): (i64, i64) = on_engine!(self.commands.journal().pool(), db => {
            sqlx::query_as(
                "SELECT count(*) FILTER (WHERE frozen_by = $1), count(*) FROM reports
                  WHERE name NOT IN (SELECT name FROM report_withdrawals)",
            )
            .bind(by.as_str())
            .fetch_one(db)
            .await
        })
        .map_err(JournalError::Database)?;
        for (given, limit) in [(own, OF_ACTOR_MAX), (all, OF_ALL_MAX)] {
            let given = given.unsigned_abs();
            if given >= limit {
                return Err(ReportError::TooMany { given, limit });
            }
        }
        Ok(())
    }

    /// Withdraws a report. Durable when it returns; again it changes nothing.
    ///
    /// # Errors
    /// [`ReportError::Unknown`], or that the journal cannot be written.
    pub async fn withdraw(&self, name: &str, by: &ActorId) -> Result<FrozenReport, ReportError> {
        self.report(name).await?;
        let at = Stamp(self.commands.clock().now());
        let _turn = self.commands.journal().pool().turn().await;
        on_engine!(self.commands.journal().pool(), db => {
            sqlx::query("INSERT INTO report_withdrawals (name, withdrawn_at, withdrawn_by) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
                .bind(name)
                .bind(at)
                .bind(by.as_str())
                .execute(db)
                .await
                .map(drop)
        })
        .map_err(JournalError::Database)?;
        self.report(name).await
    }

    /// Whether the figures of a report, as its audience is told them, and the event at its position are what they
    /// were when it was frozen.
    pub(super) async fn is_as_frozen(
        &self,
        report: &FrozenReport,
        question: &Question,
        (then, reader): (Moment, &Reader),
    ) -> Result<bool, FigureError> {
        // What was kept is what was frozen; without it, it is computed again as it was.
        let figures = match report.cells() {
            Some(kept) => kept,
            None => self.frozen_figures(question, then, reader).await?,
        };
        Ok(hash_of(&figures) == report.answer_sha256
            && self.leaf_at(then.position).await? == report.leaf_hash)
    }

    /// The leaf hash of the event at a position; none before the first.
    ///
    /// # Errors
    /// [`FigureError::Journal`].
    pub async fn leaf_at(&self, position: Position) -> Result<Vec<u8>, FigureError> {
        let leaf = self.commands.journal().leaf_at(position).await?;
        Ok(leaf.map(Vec::from).unwrap_or_default())
    }

    /// Stores a report; false when there is one of that name.
    async fn keep(&self, report: &FrozenReport) -> Result<bool, ReportError> {
        let _turn = self.commands.journal().pool().turn().await;
        let rows = on_engine!(self.commands.journal().pool(), db => {
            sqlx::query(
                "INSERT INTO reports (name, subject, query, position, day, frozen_at, frozen_by, leaf_hash, answer_sha256, audience, cells)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING",
            )
            .bind(&report.name)
            .bind(&report.subject)
            .bind(&report.query)
            .bind(report.position.stored())
            .bind(&report.day)
            .bind(report.frozen_at)
            .bind(&report.frozen_by)
            .bind(&report.leaf_hash)
            .bind(&report.answer_sha256)
            .bind(&report.audience)
            .bind(&report.cells)
            .execute(db)
            .await
            .map(|done| done.rows_affected())
        })
        .map_err(JournalError::Database)?;
        Ok(rows == 1)
    }
}

fn bad(name: &str, expected: String) -> ReportError {
    let bad = BadParameter { name: name.to_owned(), fault: Fault::Form, expected };
    ReportError::Bad(bad.into())
}

fn check_name(name: &str) -> Result<(), ReportError> {
    if is_plain_name(name) { Ok(()) } else { Err(bad("name", name_form())) }
}

/// Whether a report can have a name: it stands in an address.
pub(crate) fn is_plain_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=NAME_MAX_BYTES).contains(&name.len()) && name.bytes().all(is_plain)
}

/// The form of such a name, as it is told back.
pub(crate) fn name_form() -> String {
    format!("a-z, 0-9, -, _, . (1..{NAME_MAX_BYTES})")
}

/// A question that can be frozen: targets are set anew and have no cells.
pub(super) fn read(subject: &str, query: &str) -> Result<Question, ReportError> {
    let known = Subject::named(subject).filter(|subject| *subject != Subject::Targets);
    let known = known.ok_or_else(|| {
        let frozen = Subject::ALL.iter().filter(|(_, subject)| *subject != Subject::Targets);
        let words: Vec<_> = frozen.map(|(word, _)| *word).collect();
        bad("subject", words.join(", "))
    })?;
    if query.len() > QUERY_MAX_BYTES {
        return Err(bad("query", format!("..{QUERY_MAX_BYTES}")));
    }
    Ok(Question::read(query.parse()?, known)?)
}
