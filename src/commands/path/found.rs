//! A path as a command found it, with the programme whose rules it is under.

use std::sync::Arc;

use sira_domain::path::{Beneficiary, BeneficiaryEvent};
use sira_domain::programme::Programme;
use sira_domain::refusal::Refusal;
use sira_numbers::Version;
use uuid::Uuid;

use super::super::aggregate::{Aggregate, stream_id};
use super::super::cache::{Loaded, Mark, new_event};
use super::super::{Call, CommandError, Commands};
use super::draft::PathDraft;
use crate::journal::{Freshness, Guard, StreamWrite};
use crate::keys::{FoundKey, PersonKey};

/// A path as a command found it.
pub(in super::super) struct FoundPath {
    pub id: Uuid,
    pub mark: Mark,
    pub path: Arc<Loaded<Beneficiary>>,
    pub programme_id: Uuid,
    pub programme: Arc<Loaded<Programme>>,
}

impl FoundPath {
    /// One event more, on the condition that the path still stands as it was found.
    pub fn write(&self, events: &[BeneficiaryEvent], call: &Call) -> StreamWrite {
        StreamWrite {
            stream: stream_id::<Beneficiary>(self.id),
            expected_version: self.path.state.version(),
            events: events.iter().map(|event| new_event(event, call, event.rules)).collect(),
        }
    }

    /// The path as it was found, where another stream's events rest on it.
    pub fn guard(&self) -> Guard {
        let stream = stream_id::<Beneficiary>(self.id);
        Guard { stream, version: self.path.state.version() }
    }

    /// The programme as it was found: the decision rests on its rules, its term and its offices.
    pub fn programme_guard(&self) -> Guard {
        Guard {
            stream: stream_id::<Programme>(self.programme_id),
            version: self.programme.state.version,
        }
    }
}

impl Commands {
    /// A path that has begun, as this process knows it: the append is judged by the journal.
    pub(in super::super) async fn find(&self, id: Uuid) -> Result<FoundPath, CommandError> {
        let mark = self.0.beneficiaries.mark(id);
        let path = self.known_path(id).await?.ok_or(CommandError::NotFound)?;
        self.found_at(id, mark, path).await
    }

    /// A path as commands before this one leave it where they stand together, or else as this process
    /// knows it.
    async fn known_path(&self, id: Uuid) -> Result<Option<Arc<Loaded<Beneficiary>>>, CommandError> {
        match self.staged_path(id) {
            Some(staged) => Ok(Some(staged)),
            None => self.0.beneficiaries.load(&self.0.journal, id).await,
        }
    }

    /// As [`Commands::find`], as it stood at `fresh` or later.
    pub(in super::super) async fn find_since(
        &self,
        fresh: &Freshness,
        id: Uuid,
    ) -> Result<FoundPath, CommandError> {
        let mark = self.0.beneficiaries.mark(id);
        let path = self.since(fresh, id).await?.ok_or(CommandError::NotFound)?;
        self.found_at(id, mark, path).await
    }

    pub(super) async fn found_at(
        &self,
        id: Uuid,
        mark: Mark,
        path: Arc<Loaded<Beneficiary>>,
    ) -> Result<FoundPath, CommandError> {
        let programme_id = Aggregate::programme(&*path.state).unwrap_or(Uuid::nil());
        let programme = self.0.programmes.load(&self.0.journal, programme_id).await?;
        Ok(FoundPath { id, mark, path, programme_id, programme: programme.unwrap_or_default() })
    }

    /// A path to register: one that has not begun, or whose registration was retracted. One that is
    /// registered is found as it is, since this is a retry then.
    pub(super) async fn find_to_register(
        &self,
        id: Uuid,
        draft: &PathDraft,
    ) -> Result<FoundPath, CommandError> {
        let mark = self.0.beneficiaries.mark(id);
        let path = match self.known_path(id).await? {
            Some(path) if path.state.state().registration.is_some() => {
                return self.found_at(id, mark, path).await;
            }
            other => other.unwrap_or_default(),
        };
        self.begin_path(id, mark, path, draft).await
    }

    /// A path under an id that nobody had before.
    pub(super) async fn new_path(
        &self,
        id: Uuid,
        draft: &PathDraft,
    ) -> Result<FoundPath, CommandError> {
        self.begin_path(id, self.0.beneficiaries.mark(id), Arc::default(), draft).await
    }

    async fn begin_path(
        &self,
        id: Uuid,
        mark: Mark,
        path: Arc<Loaded<Beneficiary>>,
        draft: &PathDraft,
    ) -> Result<FoundPath, CommandError> {
        let programme_id = draft.id_in("programme")?;
        let programme = self.0.programmes.load(&self.0.journal, programme_id).await?;
        Ok(FoundPath { id, mark, path, programme_id, programme: programme.unwrap_or_default() })
    }

    /// The key that a path's texts are sealed under; for a path that has none yet, one of the stock.
    pub(in super::super) async fn key_of(
        &self,
        path: &Beneficiary,
    ) -> Result<PersonKey, CommandError> {
        let Some(id) = path.state().keys.last().copied() else {
            return self.0.keys.take().await.map_err(Into::into);
        };
        match self.0.keys.get(id).await? {
            FoundKey::Key(key) => Ok(key),
            FoundKey::Destroyed { .. } => Err(Refusal::Erased.into()),
            FoundKey::Unknown if path.state().is_erased() => Err(Refusal::Erased.into()),
            FoundKey::Unknown => Err(Refusal::KeyLost.into()),
        }
    }

    /// Whether a path and its programme still stand as they were found.
    pub(in super::super) async fn stands(&self, case: &FoundPath) -> Result<bool, CommandError> {
        let path = self.current::<Beneficiary>(case.id).await?;
        let version = path.map_or(Version::ZERO, |path| path.state.version());
        let programme = self.current::<Programme>(case.programme_id).await?;
        let rules = programme.map_or(Version::ZERO, |programme| programme.state.version);
        Ok(version == self.recorded_version(case) && rules == case.programme.state.version)
    }

    /// Keeps the state of a path that a commit has made.
    pub(in super::super) fn keep_path(&self, case: &FoundPath, loaded: Loaded<Beneficiary>) {
        match &self.1 {
            Some(stage) => Self::stage_path(stage, case, loaded),
            None => self.0.beneficiaries.put(case.id, case.mark, &Arc::new(loaded)),
        }
    }

    /// Forgets a path that has moved, and the programme, which may have.
    pub(in super::super) fn forget_path(&self, case: &FoundPath) {
        self.0.beneficiaries.forget(case.id);
        self.0.programmes.forget(case.programme_id);
    }
}
