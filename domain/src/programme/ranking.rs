//! A ranked list of candidates for the places of one session of selection: by the total of the interview, ties
//! by the rules, and the turn of those who wait.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sira_numbers::counted;
use uuid::Uuid;

use super::lottery::{Lot, check_candidate, lot, refused};
use super::selection::{SelectionQuota, TieBreaker};
use super::{Programme, Rules};
use crate::path::facts::{Decision, Selection};
use crate::path::{BeneficiaryEvent, Fact, Stage, State, Status};
use crate::reference::RegionCode;
use crate::refusal::{Item, Quantity, Refusal, Step, check_items};
use crate::values::{Score, Slug, Within};

/// Most candidates of one list: what one session of a committee goes through, and what the turn of one
/// person is asked of.
pub const CANDIDATES_MAX: u32 = 500;

/// Asks to rank candidates for the places of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RankingRequest {
    /// The session of selection, named by the decisions that follow.
    pub session: Slug,
    /// The region whose candidates they are; any when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<RegionCode>,
    /// Number of places.
    pub seats: Within<1, CANDIDATES_MAX>,
    /// The candidates, 1 to 500 of them.
    pub entries: Vec<Uuid>,
    /// The candidates in order, with the total of each. Whoever reads their paths says them; a caller cannot.
    #[serde(skip)]
    pub ranked: Vec<(Uuid, Score)>,
}

/// Candidates in the order of their rank.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RankedList {
    /// The session of selection.
    pub session: Slug,
    /// The region whose candidates they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<RegionCode>,
    /// Number of places: those beyond wait.
    pub seats: Within<1, CANDIDATES_MAX>,
    /// The candidates, the first of them first.
    pub ranked: Vec<Uuid>,
    /// The total of each one's interview.
    pub scores: BTreeMap<Uuid, Score>,
}

impl RankedList {
    /// The rank of a candidate, from 1; none of whom the list does not name.
    #[must_use]
    pub fn rank_of(&self, who: Uuid) -> Option<u32> {
        self.ranked.iter().position(|one| *one == who).map(|place| counted(place + 1))
    }
}

/// Makes the list of a request whose candidates were ranked; none where it stands already.
pub(super) fn record(
    programme: &Programme,
    request: RankingRequest,
) -> Result<Option<RankedList>, Refusal> {
    let RankingRequest { session, region, seats, entries, ranked } = request;
    check_items(entries.len(), CANDIDATES_MAX as usize)?;
    let named: BTreeSet<Uuid> = entries.iter().copied().collect();
    if let Some(known) = programme.rankings.get(&session) {
        let is_same =
            known.seats == seats && known.region == region && named.iter().eq(known.scores.keys());
        let name = session.to_string();
        return if is_same {
            Ok(None)
        } else {
            Err(Refusal::Differs { item: Item::RankedList, name })
        };
    }
    check_repeats(&entries)?;
    let scores: BTreeMap<Uuid, Score> = ranked.iter().copied().collect();
    let falls = ranked.is_sorted_by(|(_, before), (_, after)| before >= after);
    if !falls || ranked.len() != entries.len() || !named.iter().eq(scores.keys()) {
        return Err(Refusal::Disagree { field: "ranked", other: "entries" });
    }
    let ranked = ranked.into_iter().map(|(who, _)| who).collect();
    Ok(Some(RankedList { session, region, seats, ranked, scores }))
}

/// The request that leads to a list.
pub(super) fn request_of(list: RankedList) -> RankingRequest {
    let RankedList { session, region, seats, ranked, scores } = list;
    let scored = ranked.iter().filter_map(|who| scores.get(who).map(|score| (*who, *score)));
    let scored = scored.collect();
    RankingRequest { session, region, seats, entries: ranked, ranked: scored }
}

fn check_repeats(entries: &[Uuid]) -> Result<(), Refusal> {
    let mut lines = BTreeMap::new();
    for (line, entry) in (1_u32..).zip(entries) {
        if let Some(first) = lines.insert(*entry, line) {
            let because = Refusal::Settled { item: Item::Entry, name: first.to_string() };
            return Err(refused(line, *entry, because));
        }
    }
    Ok(())
}

/// Ranks candidates by the total of their interview, ties by the rules in their order, and by lot whom none of
/// them tells apart: the lot of a session is that of a lottery whose seed is the session's word.
///
/// # Errors
/// [`Refusal::Entry`] with the rule that an entry breaks.
pub fn rank(
    programme: Uuid,
    rules: &Rules,
    request: &RankingRequest,
    paths: &BTreeMap<Uuid, &State>,
) -> Result<Vec<(Uuid, Score)>, Refusal> {
    let mut candidates = Vec::with_capacity(request.entries.len());
    for (line, entry) in (1_u32..).zip(&request.entries) {
        let path = paths.get(entry).copied();
        let path = check_candidate(programme, path, *entry)
            .and_then(|path| check_interviewed(path, request.region))
            .map_err(|because| refused(line, *entry, because))?;
        candidates.push((place(rules, Some(&request.session), *entry, path), *entry));
    }
    candidates.sort_unstable();
    Ok(candidates.into_iter().map(|(place, who)| (who, place.score())).collect())
}

fn check_interviewed(path: &State, region: Option<RegionCode>) -> Result<&State, Refusal> {
    if path.interview.is_none() {
        return Err(Refusal::MissingStep { step: Step::Interview });
    }
    if region.is_some() && path.region != region {
        return Err(Refusal::Disagree { field: "region", other: "entries" });
    }
    Ok(path)
}

/// Where a candidate stands: what is less comes first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RankPlace {
    below_full_score: u32,
    ties: Vec<i32>,
    lot: Option<Lot>,
}

impl RankPlace {
    fn score(&self) -> Score {
        Score::try_new(u64::from(100 - self.below_full_score))
            .unwrap_or_else(|_| unreachable!("it was a score"))
    }
}

/// The place of an interviewed person among the candidates of a session; without one there is no lot yet.
#[must_use]
pub fn place(rules: &Rules, session: Option<&Slug>, who: Uuid, path: &State) -> RankPlace {
    let total = path.interview.as_ref().map_or(0, |interview| interview.total.get());
    let tie = |rule: &TieBreaker| -> i32 {
        let Some(known) = &path.registration else { return i32::MAX };
        match rule {
            TieBreaker::WomenFirst => i32::from(known.sex != crate::path::facts::Sex::Female),
            TieBreaker::YoungerFirst => -known.birth_year.signed(),
            TieBreaker::DisplacedFirst => i32::from(known.displaced != Some(true)),
            TieBreaker::EarlierRegistration => known.on.num_days_from_ce(),
        }
    };
    RankPlace {
        below_full_score: 100 - total,
        ties: rules.tie_breakers.iter().map(tie).collect(),
        lot: session.map(|session| lot(who, session.as_str())),
    }
}

/// Asks whether a decision that names a ranked list is of a candidate on it, and whether there is one where the
/// quotas of the rules need it. A lottery is drawn among all.
pub(crate) fn check_listed(
    event: &BeneficiaryEvent,
    who: Uuid,
    programme: &Programme,
) -> Result<(), Refusal> {
    let Fact::SelectionDecided(selection) = &event.fact else { return Ok(()) };
    if selection.method.code() == "lottery" {
        return Ok(());
    }
    let name = selection.session.to_string();
    let unknown = Err(Refusal::Unknown { item: Item::RankedList, name, field: "session" });
    let has_quotas = !programme.rules_of(event.rules).selection_quotas.is_empty();
    match programme.rankings.get(&selection.session) {
        Some(list) if list.rank_of(who).is_none() => unknown,
        None if has_quotas && selection.decision == Decision::Selected => unknown,
        _ => Ok(()),
    }
}

/// Asks whether it is a candidate's turn to be selected: a place is free, the quotas are kept, and of whoever
/// waits nobody with a better rank is passed over without a reason. `paths` holds everybody on the list,
/// as they stand.
///
/// # Errors
/// [`Refusal::Above`], [`Refusal::QuotaBroken`] and [`Refusal::PassedOver`], with their numbers.
pub fn check_turn(
    list: &RankedList,
    rules: &Rules,
    (who, on): (Uuid, NaiveDate),
    selection: &Selection,
    paths: &BTreeMap<Uuid, &State>,
) -> Result<(), Refusal> {
    let Some(rank) = list.rank_of(who) else { return Ok(()) };
    let others = || list.ranked.iter().filter(|other| **other != who);
    let holds_place = |other: &&Uuid| paths.get(other).is_some_and(|path| holds(path, list));
    let selected: Vec<Uuid> = others().filter(holds_place).chain([&who]).copied().collect();
    let (limit, given) = (list.seats.get(), counted(selected.len()));
    if given > limit {
        return Err(Refusal::Above { what: Quantity::Places, limit, given });
    }
    for quota in &rules.selection_quotas {
        check_quota(quota, list, (who, on), &selected, paths)?;
    }
    if rank <= limit || selection.reason.is_some() {
        return Ok(());
    }
    let before = list.ranked.iter().take(rank as usize - 1);
    let mut waiting = (1_u32..)
        .zip(before)
        .filter(|(_, other)| paths.get(other).is_some_and(|path| waits(path, list)));
    match waiting.next() {
        None => Ok(()),
        Some((over, _)) => {
            let waiting = counted(waiting.count()).saturating_add(1);
            Err(Refusal::PassedOver { rank, over, waiting })
        }
    }
}

/// Was selected from this list, and has not left since.
fn holds(path: &State, list: &RankedList) -> bool {
    let decided = path.selection.as_ref().map(|state| &state.selection);
    decided.is_some_and(|one| one.session == list.session && one.decision == Decision::Selected)
        && path.status != Status::Exited
        && path.continues_as.is_none()
}

/// May still be selected from this list.
fn waits(path: &State, list: &RankedList) -> bool {
    let decided = path.selection.as_ref().map(|state| &state.selection);
    let is_refused = decided
        .is_some_and(|one| one.session == list.session && one.decision == Decision::NotSelected);
    path.stage == Stage::Recruitment
        && path.status == Status::Active
        && path.continues_as.is_none()
        && !is_refused
}

/// A share of all places is kept for those whom the quota speaks of: the others never take more than the rest.
fn check_quota(
    quota: &SelectionQuota,
    list: &RankedList,
    (who, on): (Uuid, NaiveDate),
    selected: &[Uuid],
    paths: &BTreeMap<Uuid, &State>,
) -> Result<(), Refusal> {
    let is_of = |one: &&Uuid| paths.get(one).is_some_and(|path| quota.speaks_of(path, on));
    let within = counted(selected.iter().filter(is_of).count());
    let others = counted(selected.len()) - within;
    let is_own = paths.get(&who).is_some_and(|path| quota.speaks_of(path, on));
    let broken = |limit, given| Err(Refusal::QuotaBroken { quota: *quota, limit, given });
    if let Some(most) = quota.max_seats.map(Within::get)
        && is_own
        && within > most
    {
        return broken(most, within);
    }
    if let Some(percent) = quota.min_percent.map(Within::get) {
        let seats = list.seats.get();
        let rest = seats - (seats * percent).div_ceil(100);
        if !is_own && others > rest {
            return broken(rest, others);
        }
    }
    Ok(())
}

impl SelectionQuota {
    /// Tells whether it speaks of a person, on the day of their selection.
    #[must_use]
    pub fn speaks_of(&self, path: &State, on: NaiveDate) -> bool {
        let Some(known) = &path.registration else { return false };
        let years = on.year() - known.birth_year.signed();
        self.sex.is_none_or(|sex| sex == known.sex)
            && self.age_max.is_none_or(|most| years <= most.signed())
            && self.region.is_none_or(|region| path.region == Some(region))
    }
}
