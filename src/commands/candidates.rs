//! The people whom a command to a programme names: who may be entered into a lottery or ranked for a session,
//! and whose turn it is to be selected. Their paths are other streams, which are read as they stand.

use std::collections::BTreeMap;
use std::sync::Arc;

use sira_domain::path::facts::{Decision, Selection};
use sira_domain::path::{Beneficiary, BeneficiaryEvent, Fact, State};
use sira_domain::programme::ranking::{CANDIDATES_MAX, check_turn, rank};
use sira_domain::programme::{
    Lottery, Programme, ProgrammeCommand, RankedList, RankingRequest, lottery,
};
use sira_domain::refusal::{Item, Refusal};
use sira_domain::values::Slug;
use sira_projections::analytics::Indicators;
use uuid::Uuid;

use super::aggregate::stream_id;
use super::cache::Loaded;
use super::path::FoundPath;
use super::{Call, CommandError, Commands};
use crate::journal::Guard;

/// Paths as they stand, by id; one that has not begun is left out.
pub(crate) type Paths = BTreeMap<Uuid, Arc<Loaded<Beneficiary>>>;

impl Commands {
    /// Checks the people whom a command names, and completes it with what it rests on; the paths that must
    /// still stand so when it is appended.
    ///
    /// # Errors
    /// The rule that forbids an entry, with its number; or when the journal cannot be read.
    pub(super) async fn know_people(
        &self,
        (id, programme): (Uuid, &Programme),
        command: &mut ProgrammeCommand,
        call: &Call,
    ) -> Result<Vec<Guard>, CommandError> {
        match command {
            ProgrammeCommand::SetTarget(target) => check_indicator(Some(&target.indicator)),
            ProgrammeCommand::RecordCommitment(asked) => check_indicator(asked.indicator.as_ref()),
            ProgrammeCommand::RecordLottery(lottery) => {
                self.check_entries(id, programme, lottery).await
            }
            ProgrammeCommand::RankCandidates(request) => {
                self.rank(id, programme, request, call).await
            }
            _ => Ok(Vec::new()),
        }
    }

    /// Everybody on a lottery's list may be entered. A list that was drawn already is answered as it was, and
    /// one that is too long is refused for its length.
    ///
    /// The paths are not guarded: a list may have thousands. Somebody who is selected or withdrawn between this
    /// question and the append stays on the list that was drawn, and a decision for them is judged by their path
    /// as it stands.
    async fn check_entries(
        &self,
        id: Uuid,
        programme: &Programme,
        lottery: &Lottery,
    ) -> Result<Vec<Guard>, CommandError> {
        let stands = programme.lotteries.contains_key(&lottery.session);
        if stands || lottery.entries.len() > lottery::ENTRIES_MAX {
            return Ok(Vec::new());
        }
        let paths = self.paths_now(&lottery.entries).await?;
        for (line, entry) in (1_u32..).zip(&lottery.entries) {
            let path = paths.get(entry).map(|path| path.state.state());
            let named = (line, *entry);
            lottery::check_entry((id, programme), &lottery.session, named, path)?;
        }
        Ok(Vec::new())
    }

    /// The order of a list rests on the scores of everybody on it: their paths must still stand so when it is
    /// appended.
    async fn rank(
        &self,
        id: Uuid,
        programme: &Programme,
        request: &mut RankingRequest,
        call: &Call,
    ) -> Result<Vec<Guard>, CommandError> {
        let stands = programme.rankings.contains_key(&request.session);
        if stands || request.entries.len() > CANDIDATES_MAX as usize {
            return Ok(Vec::new());
        }
        let mut paths = self.paths_now(&request.entries).await?;
        // Whoever is out of reach is not there.
        paths.retain(|_, path| call.scope.holds_path(path.state.state(), programme));
        let day = call.occurred_on.unwrap_or_else(|| self.0.clock.now().date_naive());
        let (_, rules) = programme.rules_on(day);
        request.ranked = rank(id, &rules, request, &states(&paths))?;
        Ok(guards(&paths))
    }

    /// Asks whether it is the turn of whoever a decision selects from a ranked list. The paths of all others on
    /// the list are read for it: they must still stand so when the decision is appended, so that two
    /// decisions at once never take one place, or pass somebody over.
    ///
    /// # Errors
    /// The rule that forbids it; or when the journal cannot be read.
    pub(super) async fn check_turn(
        &self,
        case: &FoundPath,
        events: &[BeneficiaryEvent],
    ) -> Result<Vec<Guard>, CommandError> {
        let Some((event, selection, list)) = selected_from(case, events) else {
            return Ok(Vec::new());
        };
        let paths = self.paths_now(&list.ranked).await?;
        let programme = &case.programme.state;
        let rules = programme.rules_of(event.rules);
        let asked = (case.id, event.occurred_on);
        check_turn(list, &rules, asked, selection, &states(&paths))?;
        let mut others = paths;
        others.remove(&case.id);
        Ok(guards(&others))
    }

    /// These paths as they stand, whoever wrote last.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub(crate) async fn paths_now(&self, ids: &[Uuid]) -> Result<Paths, CommandError> {
        let fresh = self.0.journal.freshness().await?;
        let mut paths = Paths::new();
        for id in ids.iter().copied() {
            if let Some(path) = self.since::<Beneficiary>(&fresh, id).await? {
                paths.insert(id, path);
            }
        }
        Ok(paths)
    }
}

fn guards(paths: &Paths) -> Vec<Guard> {
    let guard = |(id, path): (&Uuid, &Arc<Loaded<Beneficiary>>)| Guard {
        stream: stream_id::<Beneficiary>(*id),
        version: path.state.version(),
    };
    paths.iter().map(guard).collect()
}

fn states(paths: &Paths) -> BTreeMap<Uuid, &State> {
    paths.iter().map(|(id, path)| (*id, path.state.state())).collect()
}

/// A decision that selects somebody of a ranked list.
fn selected_from<'a>(
    case: &'a FoundPath,
    events: &'a [BeneficiaryEvent],
) -> Option<(&'a BeneficiaryEvent, &'a Selection, &'a RankedList)> {
    let [event] = events else { return None };
    let Fact::SelectionDecided(selection) = &event.fact else { return None };
    let is_chosen = selection.decision == Decision::Selected;
    let by_rank = is_chosen && selection.method.code() != "lottery";
    let list = case.programme.state.rankings.get(&selection.session).filter(|_| by_rank)?;
    Some((event, selection, list))
}

/// What is aimed at is an indicator of the catalogue: of another word nothing would ever be told.
fn check_indicator(name: Option<&Slug>) -> Result<Vec<Guard>, CommandError> {
    match name {
        Some(name) if Indicators::named(name.as_str()).is_none() => {
            let (item, name) = (Item::Indicator, name.to_string());
            Err(Refusal::Unknown { item, name, field: "indicator" }.into())
        }
        _ => Ok(Vec::new()),
    }
}
