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
use uuid::Uuid;

use super::aggregate::stream_id;
use super::cache::Loaded;
use super::path::FoundPath;
use super::pipeline::check_ground;
use super::{Call, CommandError, Commands};
use crate::journal::Guard;

/// Paths as they stand, by id; one that has not begun is left out.
type Paths = BTreeMap<Uuid, Arc<Loaded<Beneficiary>>>;

impl Commands {
    /// Checks the people whom a command names, and completes it with what it rests on.
    ///
    /// # Errors
    /// The rule that forbids an entry, with its number; or when the journal cannot be read.
    pub(super) async fn know_people(
        &self,
        id: Uuid,
        command: &mut ProgrammeCommand,
        call: &Call,
    ) -> Result<(), CommandError> {
        let names_people = matches!(
            command,
            ProgrammeCommand::RecordLottery(_) | ProgrammeCommand::RankCandidates(_)
        );
        if !names_people {
            return Ok(());
        }
        let found = self.current::<Programme>(id).await?.ok_or(CommandError::NotFound)?;
        // Before anything is said of anybody: whether the caller may give the command at all.
        check_ground(id, &*found.state, command, &found.state, call)?;
        match command {
            ProgrammeCommand::RecordLottery(lottery) => {
                self.check_entries(id, &found.state, lottery).await
            }
            ProgrammeCommand::RankCandidates(request) => {
                self.rank(id, &found.state, request, call).await
            }
            _ => Ok(()),
        }
    }

    /// Everybody on a lottery's list may be entered. A list that was drawn already is answered as it was, and
    /// one that is too long is refused for its length.
    async fn check_entries(
        &self,
        id: Uuid,
        programme: &Programme,
        lottery: &Lottery,
    ) -> Result<(), CommandError> {
        let stands = programme.lotteries.contains_key(&lottery.session);
        if stands || lottery.entries.len() > lottery::ENTRIES_MAX {
            return Ok(());
        }
        let paths = self.paths_now(lottery.entries.iter().copied()).await?;
        for (line, entry) in (1_u32..).zip(&lottery.entries) {
            let path = paths.get(entry).map(|path| path.state.state());
            let named = (line, *entry);
            lottery::check_entry((id, programme), &lottery.session, named, path)?;
        }
        Ok(())
    }

    async fn rank(
        &self,
        id: Uuid,
        programme: &Programme,
        request: &mut RankingRequest,
        call: &Call,
    ) -> Result<(), CommandError> {
        let stands = programme.rankings.contains_key(&request.session);
        if stands || request.entries.len() > CANDIDATES_MAX as usize {
            return Ok(());
        }
        let mut paths = self.paths_now(request.entries.iter().copied()).await?;
        // Whoever is out of reach is not there.
        paths.retain(|_, path| call.scope.holds_path(path.state.state(), programme));
        let day = call.occurred_on.unwrap_or_else(|| self.0.clock.now().date_naive());
        let (_, rules) = programme.rules_on(day);
        request.ranked = rank(id, &rules, request, &states(&paths))?;
        Ok(())
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
        let paths = self.paths_now(list.ranked.iter().copied()).await?;
        let programme = &case.programme.state;
        let rules = programme.rules_of(event.rules);
        let asked = (case.id, event.occurred_on);
        check_turn(list, &rules, asked, selection, &states(&paths))?;
        let others = paths.iter().filter(|(other, _)| **other != case.id);
        let guards = others.map(|(other, path)| Guard {
            stream: stream_id::<Beneficiary>(*other),
            version: path.state.version(),
        });
        Ok(guards.collect())
    }

    async fn paths_now(&self, ids: impl IntoIterator<Item = Uuid>) -> Result<Paths, CommandError> {
        let fresh = self.0.journal.freshness().await?;
        let mut paths = Paths::new();
        for id in ids {
            if let Some(path) = self.since::<Beneficiary>(&fresh, id).await? {
                paths.insert(id, path);
            }
        }
        Ok(paths)
    }
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
