//! Making, keeping, listing and withdrawing reports.

use chrono::{DateTime, Utc};
use sira_database::on_engine;
use sira_domain::reference::{Language, RegionCode};
use sira_domain::values::ActorId;
use sira_projections::ReadStore;
use sqlx::FromRow;

use super::content::{BothLanguages, FORM, ReportAnchor, ReportContent};
use super::form::{ReportPartName, ReportRequest};
use super::parts::{AskedReport, defined};
use crate::commands::{CommandError, Commands};
use crate::evidence::{Checkpoint, EvidenceError, Note, newest_checkpoint};
use crate::figures::{
    FigureError, Figures, ReportAudience, Telling, When, end_of, is_plain_name, name_form,
};
use crate::formats::written::day;
use crate::grant::Scope;
use crate::journal::{JournalError, Stamp};

/// Longest text in one language.
const TEXT_MAX_CHARS: usize = 20_000;
/// Reports of one actor that may stand at once, and of everybody.
const OF_ACTOR_MAX: u64 = 100;
const OF_ALL_MAX: u64 = 2_000;
/// Longest content: some hundred pages.
const CONTENT_MAX_BYTES: usize = 4 * 1024 * 1024;
/// Reports that are kept at most, withdrawn ones among them: none is ever taken away.
const EVER_MAX: u64 = 20_000;
/// What is read of a report in a list: its withdrawal, and not what it says.
const LISTED: &str = "SELECT documents.name, '' AS content, content_sha256, audience, frozen_at, frozen_by, withdrawn_at, \
    withdrawn_by, reason FROM report_documents AS documents \
    LEFT JOIN report_document_withdrawals AS withdrawals ON withdrawals.name = documents.name";
/// What is read of a report, with its withdrawal.
const READ: &str = "SELECT documents.name, content, content_sha256, audience, frozen_at, frozen_by, withdrawn_at, \
    withdrawn_by, reason FROM report_documents AS documents \
    LEFT JOIN report_document_withdrawals AS withdrawals ON withdrawals.name = documents.name";

/// Why a report is not made, shown or withdrawn.
#[derive(Debug, thiserror::Error)]
pub enum ReportDocumentError {
    /// A field is not what it should be: its name, and what is expected.
    #[error("{field}: {expected}")]
    Form {
        /// The field.
        field: &'static str,
        /// What is expected.
        expected: String,
    },
    /// Another report has the name.
    #[error("another report has this name")]
    NameTaken,
    /// As many reports stand as may.
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
    /// What is kept of it is no content of a report.
    #[error("what is kept of the report cannot be read")]
    Unreadable,
    /// There are no figures.
    #[error(transparent)]
    Figures(#[from] FigureError),
    /// The log could not be read.
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
}

impl From<JournalError> for ReportDocumentError {
    fn from(error: JournalError) -> Self {
        Self::Figures(error.into())
    }
}

impl From<CommandError> for ReportDocumentError {
    fn from(error: CommandError) -> Self {
        Self::Figures(error.into())
    }
}

/// That a report is not to be used any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportWithdrawal {
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// A report as it is kept.
#[derive(Clone, Debug, FromRow)]
pub struct ReportDocument {
    /// Its name.
    pub name: String,
    /// Its content, as text.
    pub content: String,
    content_sha256: String,
    audience: String,
    frozen_at: Stamp,
    /// Who made it.
    pub frozen_by: String,
    withdrawn_at: Option<Stamp>,
    withdrawn_by: Option<String>,
    reason: Option<String>,
}

impl ReportDocument {
    /// For whom it is; those who reach everything where nothing can be read.
    #[must_use]
    pub fn audience(&self) -> ReportAudience {
        serde_json::from_str(&self.audience).unwrap_or_else(|_| ReportAudience::everything())
    }

    /// When it was made.
    #[must_use]
    pub fn frozen_at(&self) -> DateTime<Utc> {
        self.frozen_at.0
    }

    /// SHA-256 of its content, hexadecimal, as it was kept.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.content_sha256
    }

    /// Whether its content is what its hash says.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        ReportContent::hash_of(&self.content) == self.content_sha256
    }

    /// What it says.
    ///
    /// # Errors
    /// [`ReportDocumentError::Unreadable`]: also where it is not what its hash says.
    pub fn read(&self) -> Result<ReportContent, ReportDocumentError> {
        if !self.is_whole() {
            return Err(ReportDocumentError::Unreadable);
        }
        ReportContent::read(&self.content).ok_or(ReportDocumentError::Unreadable)
    }

    /// Its withdrawal, if it was withdrawn.
    #[must_use]
    pub fn withdrawal(&self) -> Option<ReportWithdrawal> {
        let (at, by, reason) =
            (self.withdrawn_at?, self.withdrawn_by.clone()?, self.reason.clone()?);
        Some(ReportWithdrawal { at: at.0, by, reason })
    }
}

/// What makes and keeps reports. Cheap to clone.
#[derive(Clone)]
pub struct ReportDocuments {
    figures: Figures,
    commands: Commands,
    read: ReadStore,
}

impl ReportDocuments {
    /// Over a journal and its read models.
    #[must_use]
    pub const fn new(figures: Figures, commands: Commands, read: ReadStore) -> Self {
        Self { figures, commands, read }
    }

    /// Makes a report and keeps it. Durable when it returns; a crash before leaves nothing. The same name again is
    /// the first report where the same was asked for, and refused otherwise.
    ///
    /// # Errors
    /// [`ReportDocumentError`].
    pub async fn make(
        &self,
        request: &ReportRequest,
        (by, audience): (&ActorId, &ReportAudience),
    ) -> Result<(ReportDocument, bool), ReportDocumentError> {
        check(request)?;
        let asked = serde_json::to_string(request).map_err(|_| ReportDocumentError::Unreadable)?;
        if let Some(known) = self.known(&request.name, &asked, audience).await? {
            return Ok((known, true));
        }
        self.check_room(by).await?;
        let content = self.content(request, by, audience).await?.text();
        if content.len() > CONTENT_MAX_BYTES {
            return Err(form("parts", format!("..{CONTENT_MAX_BYTES}")));
        }
        let audience_text =
            serde_json::to_string(audience).map_err(|_| ReportDocumentError::Unreadable)?;
        let (sha256, at) = (ReportContent::hash_of(&content), Stamp(self.commands.clock().now()));
        let _turn = self.commands.journal().pool().turn().await;
        on_engine!(self.commands.journal().pool(), db => {
            sqlx::query(
                "INSERT INTO report_documents (name, asked, content, content_sha256, audience, frozen_at, frozen_by)
                 VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
            )
            .bind(&request.name)
            .bind(&asked)
            .bind(&content)
            .bind(&sha256)
            .bind(&audience_text)
            .bind(at)
            .bind(by.as_str())
            .execute(db)
            .await
            .map(drop)
        })
        .map_err(JournalError::Database)?;
        let kept = self.find(&request.name).await?;
        // Somebody else may have been first.
        let is_own = kept.content_sha256 == sha256 && kept.frozen_at() == at.0;
        if is_own {
            return Ok((kept, false));
        }
        let known = self.known(&request.name, &asked, audience).await?;
        known.map(|known| (known, true)).ok_or(ReportDocumentError::NameTaken)
    }

    /// The report of a name, if the same was asked for then.
    async fn known(
        &self,
        name: &str,
        asked: &str,
        audience: &ReportAudience,
    ) -> Result<Option<ReportDocument>, ReportDocumentError> {
        let then: Option<String> = on_engine!(self.commands.journal().pool(), db => {
            sqlx::query_scalar("SELECT asked FROM report_documents WHERE name = $1")
                .bind(name)
                .fetch_optional(db)
                .await
        })
        .map_err(JournalError::Database)?;
        let Some(then) = then else { return Ok(None) };
        let known = self.find(name).await?;
        if then == asked && known.audience() == *audience {
            return Ok(Some(known));
        }
        Err(ReportDocumentError::NameTaken)
    }

    async fn content(
        &self,
        request: &ReportRequest,
        by: &ActorId,
        audience: &ReportAudience,
    ) -> Result<ReportContent, ReportDocumentError> {
        let programme = self.commands.known_programme(request.programme.0).await?;
        let convention = programme.convention.as_ref();
        let convention = convention.ok_or_else(|| form("programme", "/v1/programmes"))?;
        let when = request.as_of.map_or(When::Now, |day| When::Time(end_of(day)));
        let asked = AskedReport {
            figures: &self.figures,
            read: &self.read,
            reader: self.figures.reader_for(audience).await?,
            audience,
            programme: request.programme.0,
            from: request.from,
            to: request.to,
            when,
        };
        let found = asked.moment().await?;
        // One moment for all parts, whatever is recorded or published while they are made.
        let when = found.published_at.map_or(When::At(found.at), |day| When::Time(end_of(day)));
        let asked = AskedReport { when, ..asked };
        let (mut parts, mut used) = (Vec::new(), Vec::new());
        for part in request.asked_parts() {
            parts.push(asked.part(part, request.narrative.as_ref(), &mut used).await?);
        }
        let mut definitions = Vec::new();
        for indicator in used {
            let own = defined(indicator);
            if !definitions.contains(&own) {
                definitions.push(own);
            }
        }
        let title = request.title.as_ref().map_or_else(
            || {
                let [from, to] = [request.from, request.to].map(|on| day(on, Language::Fr));
                BothLanguages::of(
                    format!("Rapport du {from} au {to}"),
                    format!("Report of {} to {}", request.from, request.to),
                )
            },
            |title| BothLanguages::of(title.fr.clone(), title.en.clone()),
        );
        Ok(ReportContent {
            form: FORM,
            name: request.name.clone(),
            title,
            programme: request.programme.0,
            programme_name: convention.name.to_string(),
            from: request.from,
            to: request.to,
            as_of: found.at.day,
            published_at: found.published_at,
            audience: named(audience),
            made_at: self.commands.clock().now(),
            made_by: by.to_string(),
            anchor: self.anchor(&found).await?,
            parts,
            definitions,
        })
    }

    async fn anchor(
        &self,
        found: &crate::figures::FoundMoment,
    ) -> Result<ReportAnchor, ReportDocumentError> {
        let newest = newest_checkpoint(self.commands.journal()).await?;
        let note = newest.and_then(|stored| stored.note.parse::<Note>().ok());
        let checkpoint = note.and_then(|note| note.text.parse::<Checkpoint>().ok());
        Ok(ReportAnchor {
            position: found.at.position,
            leaf_hash: sira_evidence::leaf::hex(&self.figures.leaf_at(found.at.position).await?),
            checkpoint_size: checkpoint.as_ref().map(|checkpoint| checkpoint.size),
            checkpoint_root: checkpoint
                .map(|checkpoint| sira_evidence::encoding::encode(&checkpoint.root)),
        })
    }

    /// The report of a name.
    ///
    /// # Errors
    /// [`ReportDocumentError::Unknown`], or that the journal cannot be read.
    pub async fn find(&self, name: &str) -> Result<ReportDocument, ReportDocumentError> {
        let found: Option<ReportDocument> = on_engine!(self.commands.journal().pool(), db => {
            sqlx::query_as(&format!("{READ} WHERE documents.name = $1"))
                .bind(name)
                .fetch_optional(db)
                .await
        })
        .map_err(JournalError::Database)?;
        found.ok_or(ReportDocumentError::Unknown)
    }

    /// Every report without what it says, the newest first.
    ///
    /// # Errors
    /// [`ReportDocumentError`].
    pub async fn all(&self) -> Result<Vec<ReportDocument>, ReportDocumentError> {
        let found = on_engine!(self.commands.journal().pool(), db => {
            sqlx::query_as(&format!("{LISTED} ORDER BY frozen_at DESC, documents.name"))
                .fetch_all(db)
                .await
        });
        Ok(found.map_err(JournalError::Database)?)
    }

    /// Withdraws a report, with a reason: it stays listed and as it was made. Durable when it returns; again it changes
    /// nothing.
    ///
    /// # Errors
    /// [`ReportDocumentError`].
    pub async fn withdraw(
        &self,
        name: &str,
        by: &ActorId,
        reason: &str,
    ) -> Result<ReportDocument, ReportDocumentError> {
        if reason.trim().is_empty() || reason.chars().count() > 500 {
            return Err(form("reason", "1..500"));
        }
        self.find(name).await?;
        let at = Stamp(self.commands.clock().now());
        let _turn = self.commands.journal().pool().turn().await;
        on_engine!(self.commands.journal().pool(), db => {
            sqlx::query(
                "INSERT INTO report_document_withdrawals (name, withdrawn_at, withdrawn_by, reason)
                 VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            )
            .bind(name)
            .bind(at)
            .bind(by.as_str())
            .bind(reason.trim())
            .execute(db)
            .await
            .map(drop)
        })
        .map_err(JournalError::Database)?;
        self.find(name).await
    }

    /// Whether the event that a report was made of is still what it was.
    ///
    /// # Errors
    /// [`ReportDocumentError`].
    pub async fn stands_in_the_log(
        &self,
        content: &ReportContent,
    ) -> Result<bool, ReportDocumentError> {
        let leaf = self.figures.leaf_at(content.anchor.position).await?;
        Ok(sira_evidence::leaf::hex(&leaf) == content.anchor.leaf_hash)
    }

    /// Refuses another report where as many stand as may. Two that come at once may both pass: the limit guards the
    /// disk, and one more does no harm.
    async fn check_room(&self, by: &ActorId) -> Result<(), ReportDocumentError> {
        let (own, all, ever): (i64, i64, i64) = on_engine!(self.commands.journal().pool(), db => {
            sqlx::query_as(
                "SELECT count(*) FILTER (WHERE frozen_by = $1 AND stands), count(*) FILTER (WHERE stands), count(*)
                   FROM (SELECT frozen_by, name NOT IN (SELECT name FROM report_document_withdrawals) AS stands
                           FROM report_documents) AS kept",
            )
            .bind(by.as_str())
            .fetch_one(db)
            .await
        })
        .map_err(JournalError::Database)?;
        for (given, limit) in [(own, OF_ACTOR_MAX), (all, OF_ALL_MAX), (ever, EVER_MAX)] {
            let given = given.unsigned_abs();
            if given >= limit {
                return Err(ReportDocumentError::TooMany { given, limit });
            }
        }
        Ok(())
    }
}

fn form(field: &'static str, expected: impl Into<String>) -> ReportDocumentError {
    ReportDocumentError::Form { field, expected: expected.into() }
}

fn check(request: &ReportRequest) -> Result<(), ReportDocumentError> {
    let name = &request.name;
    // A name that begins with a point or a dash would be another thing as the name of a file.
    if !name.starts_with(|letter: char| letter.is_ascii_alphanumeric()) || !is_plain_name(name) {
        return Err(form("name", name_form()));
    }
    if request.from > request.to {
        return Err(form("to", "from <= to"));
    }
    let is_short = |text: &str| text.chars().count() <= TEXT_MAX_CHARS;
    for (field, told) in [("title", &request.title), ("narrative", &request.narrative)] {
        if told.as_ref().is_some_and(|told| !is_short(&told.fr) || !is_short(&told.en)) {
            return Err(form(field, format!("..{TEXT_MAX_CHARS}")));
        }
    }
    let parts = &request.parts;
    if (1..parts.len()).any(|place| parts[..place].contains(&parts[place])) {
        return Err(form("parts", "1"));
    }
    if parts.contains(&ReportPartName::Funds) && request.as_of.is_some() {
        return Err(form("parts", "funds | as_of"));
    }
    Ok(())
}

/// For whom a report is, in words.
fn named(audience: &ReportAudience) -> BothLanguages {
    let (fr, en) = match audience.told {
        Telling::Exact => ("chiffres exacts", "exact figures"),
        Telling::Published => ("chiffres publiés", "published figures"),
        Telling::ToDonor => ("chiffres publiés au bailleur", "figures published to the donor"),
    };
    let (of_fr, of_en) = match &audience.scope {
        Scope::All => ("tout le programme".to_owned(), "the whole programme".to_owned()),
        Scope::Regions(regions) => {
            let list: Vec<_> = regions.iter().map(RegionCode::name_fr).collect();
            (list.join(", "), list.join(", "))
        }
        Scope::Offices(offices) => {
            let list: Vec<_> = offices.iter().map(|one| one.office.to_string()).collect();
            (list.join(", "), list.join(", "))
        }
        Scope::Funds(funds) => (format!("{} fonds", funds.len()), format!("{} funds", funds.len())),
    };
    BothLanguages::of(format!("{fr}, {of_fr}"), format!("{en}, {of_en}"))
}
