//! Whether the data of a person are past retention: of the whole person, over every path of theirs.

use chrono::NaiveDate;
use sira_domain::path::{Beneficiary, Retained, past_retention, still_runs};
use sira_domain::reference::Language;
use sira_numbers::Version;
use uuid::Uuid;

use crate::commands::{CommandError, Commands};

/// One path of a person, as it stands at a version.
#[derive(Clone, Debug)]
pub(super) struct JudgedPath {
    /// The path.
    pub id: Uuid,
    /// Its version.
    pub version: Version,
    /// Whether the person's data were erased from it.
    pub is_erased: bool,
    /// What keeps the data.
    pub kept: Option<Retained>,
}

/// Every path of a person: the one that was asked for first, then those linked with it.
#[derive(Clone, Debug)]
pub(super) struct JudgedPerson(pub Vec<JudgedPath>);

impl JudgedPerson {
    /// What keeps the data: of the path asked for, else of one linked with it. One person has one set of data,
    /// and half of a person is not erased in silence.
    pub fn kept(&self) -> Option<Kept> {
        let kept = |(place, path): (usize, &JudgedPath)| {
            Some(Kept { by: path.kept.filter(|_| !path.is_erased)?, is_linked: place > 0 })
        };
        self.0.iter().enumerate().find_map(kept)
    }
}

/// Why a person's data are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    /// The rule.
    pub by: Retained,
    /// Whether it is of another path of the person.
    is_linked: bool,
}

impl Kept {
    /// The rule in words.
    pub fn detail(self, language: Language) -> String {
        let detail = self.by.detail(language);
        match (self.is_linked, language) {
            (false, _) => detail,
            (true, Language::Fr) => format!("un autre parcours de la personne : {detail}"),
            (true, Language::En) => format!("another path of the person: {detail}"),
        }
    }
}

/// Judges every path of the person of a path; none when there is no such path.
///
/// # Errors
/// When the journal cannot be read.
pub(super) async fn judge_person(
    commands: &Commands,
    id: Uuid,
    today: NaiveDate,
) -> Result<Option<JudgedPerson>, CommandError> {
    let Some(own) = judge_path(commands, id, today).await? else { return Ok(None) };
    let mut paths = vec![own];
    for other in commands.linked_paths(id).await? {
        paths.push(judge_path(commands, other, today).await?.ok_or(CommandError::NotFound)?);
    }
    Ok(Some(JudgedPerson(paths)))
}

async fn judge_path(
    commands: &Commands,
    id: Uuid,
    today: NaiveDate,
) -> Result<Option<JudgedPath>, CommandError> {
    let Some(path) = commands.current::<Beneficiary>(id).await? else { return Ok(None) };
    let state = path.state.state();
    let programme = state.registration.as_ref().map(|known| known.programme.0);
    let programme = commands.known_programme(programme.unwrap_or_default()).await?;
    // One that was frozen as a duplicate is told by the path that continues.
    let kept = if state.continues_as.is_some() {
        still_runs(state)
    } else {
        past_retention(state, &programme.rules_on(today).1, today).err()
    };
    let (version, is_erased) = (path.state.version(), state.is_erased());
    Ok(Some(JudgedPath { id, version, is_erased, kept }))
}
