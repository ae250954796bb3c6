//! Figures: reading a question, finding its moment, computing it as somebody may see it; frozen reports.
//!
//! What an indicator is and how it is computed is said in [`sira_projections::analytics`]; here are the
//! journal (times as positions), the programmes (which office stands in which region) and the threads.

mod parameters;
mod question;
mod reports;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sira_domain::role::Role;
use sira_projections::analytics::targets::{Reached, reached, targets_at};
use sira_projections::analytics::why::{Change, Place, Reasons, changes_between, why};
use sira_projections::analytics::{
    AnalyticsQuery, Cube, Figures as Computed, Indicator, LiveCube, Moment, Reach, Standing,
    Uncomputed,
};
use sira_projections::{ReadError, ReadStore};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use uuid::Uuid;

pub use parameters::{Described, parameters_of, parameters_of_cell};
pub use question::{BadParameter, BadParameters, Fault, Parameters, Question, Subject, When};
pub use reports::{FrozenReport, ReportError, Shown, ShownCell};

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
        head: u64,
    },
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
pub struct Found {
    /// Position and day.
    pub at: Moment,
    /// When the event at that position was recorded; 1970 for position 0.
    pub recorded_at: DateTime<Utc>,
}

/// Roles from whom cells of few people are hidden: they must see nobody.
#[must_use]
pub fn sees_nobody(role: Role) -> bool {
    matches!(role, Role::Analyst | Role::Donor)
}

/// What computes figures. Cheap to clone.
#[derive(Clone)]
pub struct Figures {
    commands: Commands,
    read: ReadStore,
    cube: Arc<LiveCube>,
    /// Walks over facts at once: as many as there are processors, so that questions cost one another's
    /// time, and commands keep theirs.
    walks: Arc<Semaphore>,
}

impl Figures {
    /// From a read database.
    #[must_use]
    pub fn new(commands: Commands, read: ReadStore) -> Self {
        let cube = Arc::new(LiveCube::new(read.clone(), commands.journal().id()));
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self { commands, read, cube, walks: Arc::new(Semaphore::new(cores)) }
    }

    /// Reads the facts, so that the first question need not wait for it. Goes on until the read models
    /// are built.
    ///
    /// # Errors
    /// [`FigureError::Read`].
    pub async fn warm(&self) -> Result<(), FigureError> {
        while self.cube.refresh().await? == Standing::NotBuilt {
            tokio::time::sleep(WAIT_WITHIN).await;
        }
        Ok(())
    }

    /// Finds the moment that a question asks of, and waits until everything up to it has been read.
    ///
    /// # Errors
    /// [`FigureError`].
    pub async fn moment(&self, when: When) -> Result<Found, FigureError> {
        let journal = self.commands.journal();
        let today = self.commands.clock().now().date_naive();
        let (position, day) = match when {
            When::Now => (self.read_up_to(0).await?, Some(today)),
            When::Time(time) => {
                let position = journal.position_at(time).await?;
                self.read_up_to(position).await?;
                (position, Some(time.date_naive()))
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
        Ok(Found { at: Moment { position, day }, recorded_at })
    }

    /// Brings the facts up to a position at least; says up to where they are.
    async fn read_up_to(&self, position: u64) -> Result<u64, FigureError> {
        let until = Instant::now() + WAIT_WITHIN;
        loop {
            match self.cube.refresh().await? {
                Standing::At(at) if at >= position => return Ok(at),
                _ if Instant::now() >= until => return Err(FigureError::Behind),
                _ => tokio::time::sleep(LOOK_EVERY).await,
            }
        }
    }

    /// What a scope may see.
    ///
    /// # Errors
    /// [`FigureError::Command`].
    pub async fn reach(&self, scope: &Scope) -> Result<Reach, FigureError> {
        match scope {
            Scope::All => Ok(Reach::All),
            Scope::Offices(offices) => {
                Ok(Reach::Offices(offices.iter().map(|one| one.as_str().to_owned()).collect()))
            }
            Scope::Funds(funds) => Ok(Reach::Funds(funds.iter().map(|fund| fund.0).collect())),
            Scope::Regions(regions) => {
                let offices = self.offices(scope).await?;
                let regions = regions.iter().map(|region| region.code().to_owned()).collect();
                Ok(Reach::Regions { offices, regions })
            }
        }
    }

    /// Every office of the programmes that facts are of, and whether a scope holds it.
    async fn offices(&self, scope: &Scope) -> Result<Vec<(Uuid, String, bool)>, FigureError> {
        let programmes: Vec<Uuid> = {
            let cube = self.cube.read();
            cube.dictionary.programmes.iter().filter_map(|id| Uuid::try_parse(id).ok()).collect()
        };
        let mut offices = Vec::new();
        for id in programmes {
            let programme = self.commands.known_programme(id).await?;
            for code in programme.offices.keys() {
                let within = scope.holds_office(Some(code), None, &programme);
                offices.push((id, code.as_str().to_owned(), within));
            }
        }
        Ok(offices)
    }

    /// Walks the facts on a thread of its own.
    async fn walk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Cube) -> T + Send + 'static,
    ) -> Result<T, FigureError> {
        let _walk = self.walks.acquire().await.map_err(|_| FigureError::Broken)?;
        let cube = Arc::clone(&self.cube);
        let walked = tokio::task::spawn_blocking(move || work(&cube.read())).await;
        walked.map_err(|error| {
            tracing::error!(%error, "figures could not be computed");
            FigureError::Broken
        })
    }

    /// The figures of some indicators.
    ///
    /// # Errors
    /// [`FigureError`].
    pub async fn compute(
        &self,
        indicators: Vec<&'static Indicator>,
        query: AnalyticsQuery,
        at: Moment,
        hides_few: bool,
    ) -> Result<Vec<Computed>, FigureError> {
        let computed = self.walk(move |cube| {
            let asked = query.on(cube, &indicators)?;
            let one = |indicator: &&'static Indicator| {
                let computed =
                    sira_projections::analytics::compute(cube, indicator, &asked, at, hides_few);
                computed.map_err(Uncomputed::from)
            };
            indicators.iter().map(one).collect::<Result<Vec<_>, Uncomputed>>()
        });
        Ok(computed.await??)
    }

    /// The targets that fit a question, and what was reached of each.
    ///
    /// # Errors
    /// [`FigureError`].
    pub async fn targets(
        &self,
        query: AnalyticsQuery,
        at: Moment,
        hides_few: bool,
    ) -> Result<Vec<Reached>, FigureError> {
        let mut asked = targets_at(&self.read, at.position).await?;
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
        let computed = self.walk(move |cube| reached(cube, &asked, &query.reach, at, hides_few));
        Ok(computed.await??)
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
        (after, limit): (Option<Place>, usize),
    ) -> Result<Reasons, FigureError> {
        let found = self.walk(move |cube| {
            let asked = query.on(cube, &[indicator]).map_err(Uncomputed::from)?;
            Ok::<_, Uncomputed>(why(cube, indicator, &asked, at, after, limit))
        });
        Ok(found.await??)
    }

    /// What changed some cells between two positions: the first events of each, and how many.
    async fn changes(
        &self,
        cells: Vec<(&'static Indicator, AnalyticsQuery)>,
        between: (u64, u64),
        limit: usize,
    ) -> Result<Vec<(Vec<Change>, u64)>, FigureError> {
        let changed = self.walk(move |cube| {
            let one = |(indicator, query): &(&'static Indicator, AnalyticsQuery)| {
                let asked = query.on(cube, &[indicator])?;
                Ok(changes_between(cube, indicator, &asked, between, limit))
            };
            cells.iter().map(one).collect::<Result<Vec<_>, Uncomputed>>()
        });
        Ok(changed.await??)
    }
}
