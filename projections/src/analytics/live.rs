//! The cube of a read database, kept up with it.

use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use sira_numbers::Position;
use tokio::sync::Mutex;

use super::cube::Cube;
use super::facts;
use super::load;
use crate::{ReadError, ReadStore};

/// The facts of a read database in memory, brought up to it before each question.
#[derive(Debug)]
pub struct LiveCube {
    store: ReadStore,
    journal: String,
    cube: RwLock<Cube>,
    /// How often each projection had been built when the cube was begun; one refresh at a time.
    built: Mutex<Option<Vec<u64>>>,
}

/// Where the cube stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CubeState {
    /// The tables are being built for the first time: nothing can be told yet.
    NotBuilt,
    /// Every event up to here is in it.
    At(Position),
}

impl LiveCube {
    /// An empty one.
    #[must_use]
    pub fn new(store: ReadStore, journal: &str) -> Self {
        let (cube, built) = (RwLock::new(Cube::awaited(0)), Mutex::new(None));
        Self { store, journal: journal.to_owned(), cube, built }
    }

    /// Brings it up to the tables. The first time reads them whole: some 100,000 events a second. What
    /// a rebuild has put in place is read anew.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn refresh(&self) -> Result<CubeState, ReadError> {
        let mut built = self.built.lock().await;
        let Some((told, now_built)) = load::told(&self.store, &self.journal).await? else {
            return Ok(CubeState::NotBuilt);
        };
        let mut at = self.read().position;
        if built.as_ref() != Some(&now_built) || told < at {
            // The facts of before go first, so that there are never two of them in memory; whoever asks meanwhile
            // waits here, or finds that they are awaited. Where reading ends early they stay so, and the next
            // refresh begins again.
            let generation = self.read().generation + 1;
            *built = None;
            let before = std::mem::replace(&mut *self.write(), Cube::awaited(generation));
            drop(before);
            let mut fresh = Cube::new();
            fresh.generation = generation;
            while fresh.position < told {
                facts::read(&self.store, fresh.position, told).await?.into_cube(&mut fresh)?;
            }
            at = fresh.position;
            *self.write() = fresh;
            *built = Some(now_built);
        }
        while at < told {
            let step = facts::read(&self.store, at, told).await?;
            let mut cube = self.write();
            if let Err(error) = step.into_cube(&mut cube) {
                // Half a step may be in it: it is read anew the next time.
                *built = None;
                return Err(error);
            }
            at = cube.position;
        }
        Ok(CubeState::At(at))
    }

    /// The cube, for a question.
    pub fn read(&self) -> RwLockReadGuard<'_, Cube> {
        self.cube.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Cube> {
        self.cube.write().unwrap_or_else(PoisonError::into_inner)
    }
}
