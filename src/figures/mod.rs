//! Figures: reading a question, finding its moment, computing it as somebody may see it; frozen reports.
//!
//! What an indicator is and how it is computed is said in [`sira_projections::analytics`]; here are the
//! journal (times as positions), the programmes (which office stands in which region) and the threads.

mod audience;
mod budget;
mod face;
mod frozen;
mod kept;
mod labels;
mod parameters;
mod published;
mod question;
mod reports;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use sira_numbers::Position;
use sira_projections::analytics::cost::Cost;
use sira_projections::analytics::targets::{KnownTarget, Reached, reached, targets_at};
use sira_projections::analytics::why::{CellReasons, Change, ReasonPlace, changes_between, why};
use sira_projections::analytics::{
    AnalyticsQuery, ComputedFigures, Cube, CubeState, FigureReach, Indicator, LiveCube, Moment,
    Uncomputed, compute, compute_series,
};
use sira_projections::{ProgrammeOffice, Reach, ReadError, ReadStore};
use tokio::time::Instant;
use uuid::Uuid;

pub use audience::{ReportAudience, Telling};
pub use budget::{AnswerMemory, Turn};
pub use frozen::{Shown, ShownCell};
pub use labels::GroupLabels;
pub use parameters::{Described, parameters_of, parameters_of_cell};
pub(crate) use published::end_of;
pub use published::{PublishedTo, Reader, Refused, Rule, is_told_published};
pub use question::{BadParameter, BadParameters, Fault, Parameters, Question, Subject, When};
pub use reports::{FrozenReport, ReportError};
pub(crate) use reports::{is_plain_name, name_form};

use budget::LONG_WALK_FACTS;

use crate::commands::{CommandError, Commands};
use crate::grant::Scope;
use crate::journal::JournalError;

/// How long a question waits until what it asks of has been read.
const WAIT_WITHIN: Duration = Duration::from_secs(5);
/// How often it looks meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Why there are no figures.
#[derive(Debug, thiserror::Error)]
pub enum FigureError {
    /// The read models have not come that far in time.
    #[error("the read models are behind")]
    Behind,
    /// The journal does not go that far.
    #[error("the journal ends at position {head}")]
    NoSuchPosition {
        /// Its last position.
        head: Position,
    },
    /// The moment is a day that has not come: nothing is known of it, and what is overdue then is not so now.
    #[error("nothing is known of a day after {today}")]
    Future {
        /// The last day that can be asked of.
        today: NaiveDate,
    },
    /// The token asks as many questions at once as one may.
    #[error("too many questions at once")]
    TooManyQuestions,
    /// Every place for a walk or an answer is taken.
    #[error("every place for a question is taken")]
    Busy,
    /// The question is not answered to those who must see nobody.
    #[error(transparent)]
    Refused(Refused),
    /// The question cannot be answered of these indicators.
    #[error(transparent)]
    Uncomputed(#[from] Uncomputed),
    /// The read database could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The journal could not be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A programme could not be read.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The walk ended by a fault of its own.
    #[error("the figures could not be computed")]
    Broken,
}

/// The moment of an answer.
#[derive(Clone, Copy, Debug)]
pub struct FoundMoment {
    /// Position and day.
    pub at: Moment,
    /// When the event at that position was recorded; 1970 for position 0.
    pub recorded_at: DateTime<Utc>,
    /// The reporting moment, of what is told to those who must see nobody.
    pub published_at: Option<NaiveDate>,
}

/// What computes figures. Cheap to clone.
#[derive(Clone)]
pub struct Figures {
    commands: Commands,
    read: ReadStore,
    cube: Arc<LiveCube>,
    /// What questions may take at once.
    budget: Arc<budget::Budget>,
    /// What is kept of published figures.
    tables: Arc<published::Tables>,
}

impl Figures {
    /// From a read database.
    #[must_use]
    pub fn new(commands: Commands, read: ReadStore) -> Self {
        let cube = Arc::new(LiveCube::new(read.clone(), commands.journal().id()));
        Self {
            commands,
            read,
            cube,
            budget: Arc::new(budget::Budget::new()),
            tables: Arc::default(),
        }
    }

    /// Reads the facts, so that the first question need not wait for it. Goes on until the read models
    /// are built.
    ///
    /// # Errors
    /// [`FigureError::Read`].
    pub async fn warm(&self) -> Result<(), FigureError> {
        while self.cube.refresh().await? == CubeState::NotBuilt {
            tokio::time::sleep(WAIT_WITHIN).await;
        }
        Ok(())
    }

    /// Finds the moment that a question asks of, and waits until everything up to it has been read.
    ///
    /// # Errors
    /// [`FigureError`].
    pub async fn moment(&self, when: When) -> Result<FoundMoment, FigureError> {
        let journal = self.commands.journal();
        let today = self.commands.clock().now().date_naive();
        let (position, day) = match when {
            When::Now => (self.read_up_to(Position::START).await?, Some(today)),
            When::Time(time) if time.date_naive() > today => {
                return Err(FigureError::Future { today });
            }
            When::Time(time) => {
                let position = journal.position_at(time).await?;
                self.read_up_to(position).await?;
                (position, Some(time.date_naive()))
            }
            When::At(Moment { position, day }) => {
                self.read_up_to(position).await?;
                (position, Some(day))
            }
            When::Position(position) => {
                let head = journal.head().await?.position;
                if position > head {
                    return Err(FigureError::NoSuchPosition { head });
                }
                self.read_up_to(position).await?;
                (position, None)
            }
        };
        let recorded_at = journal.recorded_at(position).await?.unwrap_or_default();
        let day = day.unwrap_or_else(|| recorded_at.date_naive());
        Ok(FoundMoment { at: Moment { position, day }, recorded_at, published_at: None })
    }

    /// Brings the facts up to a position at least; says up to where they are.
    async fn read_up_to(&self, position: Position) -> Result<Position, FigureError> {
        let until = Instant::now() + WAIT_WITHIN;
        loop {
            match self.cube.refresh().await? {
                CubeState::At(at) if at >= position => return Ok(at),
                _ if Instant::now() >= until => return Err(FigureError::Behind),
                _ => tokio::time::sleep(LOOK_EVERY).await,
            }
        }
    }

    /// What a scope may see.
    ///
    /// # Errors
    /// [`FigureError::Command`].
    pub async fn reach(&self, scope: &Scope) -> Result<FigureReach, FigureError> {
        Ok(match scope.reach() {
            Reach::All => FigureReach::All,
            Reach::Funds(funds) => FigureReach::Funds(funds),
            // Offices too: one that no programme has any more is within nobody's reach.
            Reach::Regions(_) | Reach::Offices(_) => {
                FigureReach::Offices(self.offices(scope).await?)
            }
        })
    }

    /// Every office within a scope of the programmes that facts are of.
    async fn offices(&self, scope: &Scope) -> Result<Vec<ProgrammeOffice>, FigureError> {
        // Of facts that are being read no programme is known yet, and a reach of none would be told nothing.
        self.read_up_to(Position::START).await?;
        let programmes: Vec<Uuid> = {
            let cube = self.cube.read();
            if cube.is_awaited {
                return Err(FigureError::Behind);
            }
            cube.dictionary.programmes.iter().filter_map(|id| Uuid::try_parse(id).ok()).collect()
        };
        let mut offices = Vec::new();
        for id in programmes {
            let programme = self.commands.known_programme(id).await?;
            let own =
                programme.offices.keys().filter(|code| scope.holds_office(id, code, &programme));
            offices.extend(
                own.map(|code| ProgrammeOffice { programme: id, office: code.as_str().to_owned() }),
            );
        }
        Ok(offices)
    }

    /// A token's turn to ask: so many of its questions are answered at once.
    ///
    /// # Errors
    /// [`FigureError::TooManyQuestions`].
    pub fn turn(&self, token: Uuid) -> Result<Turn, FigureError> {
        self.budget.turn(token)
    }

    /// Memory for an answer of so many bytes, to be held until it has been sent.
    ///
    /// # Errors
    /// [`FigureError::Busy`].
    pub fn answer_memory(&self, bytes: usize) -> Result<AnswerMemory, FigureError> {
        self.budget.answer(bytes)
    }

    /// What a question costs, if it may be asked at all.
    fn cost(
        &self,
        indicators: &[&'static Indicator],
        query: &AnalyticsQuery,
        at: Moment,
    ) -> Result<Cost, Uncomputed> {
        Ok(Cost::of(&self.cube.read(), indicators, query, at).check()?)
    }

    /// Walks so many facts, of what was recorded up to a position, on a thread of its own. Facts that are being read
    /// anew since the question found its moment know less than that: nothing is told of them.
    async fn walk<T: Send + 'static>(
        &self,
        (facts, position): (u64, Position),
        work: impl FnOnce(&Cube) -> T + Send + 'static,
    ) -> Result<T, FigureError> {
        let _walk = self.budget.walk(facts).await?;
        let cube = Arc::clone(&self.cube);
        let walked = tokio::task::spawn_blocking(move || {
            let cube = cube.read();
            let is_known = !cube.is_awaited && cube.position >= position;
            is_known.then(|| work(&cube))
        });
        let walked = walked.await.map_err(|error| {
            tracing::error!(%error, "figures could not be computed");
            FigureError::Broken
        })?;
        walked.ok_or(FigureError::Behind)
    }

    /// The figures of some indicators, exactly.
    ///
    /// # Errors
    /// [`FigureError`].
    pub async fn compute(
        &self,
        indicators: Vec<&'static Indicator>,
        query: AnalyticsQuery,
        at: Moment,
    ) -> Result<Vec<ComputedFigures>, FigureError> {
        let Cost { facts, .. } = self.cost(&indicators, &query, at)?;
        let computed = self.walk((facts, at.position), move |cube| {
            if let Some(interval) = query.series {
                return Ok(compute_series(cube, &indicators, &query, interval, at)?);
            }
            let asked = query.on(cube, &indicators, at)?;
            Ok::<_, Uncomputed>(compute(cube, &indicators, &asked, at))
        });
        Ok(computed.await??)
    }

    /// The targets that fit a question, and what was reached of each, exactly, by its own people; nothing of
    /// those whose people are not all within `reach`.
    ///
    /// # Errors
    /// [`FigureError`].
    pub async fn targets(
        &self,
        query: AnalyticsQuery,
        reach: Reach,
        at: Moment,
    ) -> Result<Vec<Reached>, FigureError> {
        let asked = self.fitting(&query, at.position).await?;
        let own = query.reach;
        let computed =
            self.walk((0, at.position), move |cube| reached(cube, &asked, (&reach, &own), at));
        Ok(computed.await??)
    }

    /// The targets that stood at a position and fit a question.
    async fn fitting(
        &self,
        query: &AnalyticsQuery,
        position: Position,
    ) -> Result<Vec<KnownTarget>, FigureError> {
        let mut asked = targets_at(&self.read, position).await?;
        asked.retain(|target| {
            let fits = |name: &str, word: Option<&String>| {
                let filter = query.filters.iter().find(|(known, _)| known.word() == name);
                filter.is_none_or(|(_, words)| word.is_some_and(|word| words.contains(word)))
            };
            fits("programme", Some(&target.programme))
                && fits("region", target.region.as_ref())
                && fits("sex", target.sex.as_ref())
                && query.from.is_none_or(|from| target.to_on >= from)
                && query.to.is_none_or(|to| target.from_on <= to)
        });
        Ok(asked)
    }

    /// The events behind a cell, a page of them.
    ///
    /// # Errors
    /// [`FigureError`].
    pub async fn why(
        &self,
        indicator: &'static Indicator,
        query: AnalyticsQuery,
        at: Moment,
        (after, limit): (Option<ReasonPlace>, usize),
    ) -> Result<CellReasons, FigureError> {
        let Cost { facts, .. } = self.cost(&[indicator], &query, at)?;
        let found = self.walk((facts, at.position), move |cube| {
            let asked = query.on(cube, &[indicator], at).map_err(Uncomputed::from)?;
            Ok::<_, Uncomputed>(why(cube, indicator, &asked, at, after, limit))
        });
        Ok(found.await??)
    }

    /// What changed some cells between two positions: the first events of each, and how many.
    async fn changes(
        &self,
        cells: Vec<(&'static Indicator, AnalyticsQuery)>,
        (between, day): ((Position, Position), NaiveDate),
        limit: usize,
    ) -> Result<Vec<(Vec<Change>, u64)>, FigureError> {
        let day = Moment { position: between.1, day };
        let changed = self.walk((LONG_WALK_FACTS, between.1), move |cube| {
            let one = |(indicator, query): &(&'static Indicator, AnalyticsQuery)| {
                let asked = query.on(cube, &[indicator], day)?;
                Ok(changes_between(cube, indicator, &asked, between, limit))
            };
            cells.iter().map(one).collect::<Result<Vec<_>, Uncomputed>>()
        });
        Ok(changed.await??)
    }
}
