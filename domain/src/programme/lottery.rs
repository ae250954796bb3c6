//! A lottery that anyone can draw again, and who may be entered into one. `docs/lottery.md` tells the
//! algorithm with an example to follow by hand.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::event::LotteryDraw;
use super::{Draw, Programme};
use crate::path::facts::Decision;
use crate::path::{SelectionState, Stage, State, Status};
use crate::refusal::{Item, Refusal, Step};
use crate::values::{BeneficiaryId, Slug};

/// Most entries of one lottery: the list is one event.
pub const ENTRIES_MAX: usize = 5_000;

/// A lot: the SHA-256 that an entry is ranked by.
pub type Lot = [u8; 32];

/// The lot of an entry: SHA-256 of the seed, a line end and the entry's id in lower case.
/// `printf 'SEED\nID' | sha256sum` gives it by hand.
#[must_use]
pub fn lot(entry: Uuid, seed: &str) -> Lot {
    Sha256::digest(format!("{seed}\n{entry}")).into()
}

/// Every entry in the order of its lot, the smallest first: the first so many, as there are places, are drawn.
#[must_use]
pub fn rank(entries: &[Uuid], seed: &str) -> Vec<Uuid> {
    let mut lots: Vec<(Lot, Uuid)> =
        entries.iter().map(|entry| (lot(*entry, seed), *entry)).collect();
    lots.sort_unstable();
    lots.into_iter().map(|(_, entry)| entry).collect()
}

/// The fingerprint of a list of people, whatever their order: SHA-256 of their ids in lower case, in the order
/// of the ids, each with a line end. It tells that two lists are one without naming anybody.
#[must_use]
pub fn list_digest(entries: &[Uuid]) -> Lot {
    let mut sorted = entries.to_vec();
    sorted.sort_unstable();
    result_digest(&sorted)
}

/// The fingerprint of a result: as of a list, in the order of the ranks.
#[must_use]
pub fn result_digest(ranked: &[Uuid]) -> Lot {
    let mut digest = Sha256::new();
    for entry in ranked {
        digest.update(format!("{entry}\n"));
    }
    digest.finalize().into()
}

/// Refuses a list that names somebody twice, and one that was drawn already under another word. It is asked of
/// commands alone: a journal from before it was asked stays lawful.
///
/// # Errors
/// [`Refusal::Entry`] with the line, and [`Refusal::SameList`].
pub(super) fn check_list(programme: &Programme, lottery: &LotteryDraw) -> Result<(), Refusal> {
    let mut lines = std::collections::BTreeMap::new();
    for (line, entry) in (1_u32..).zip(&lottery.entries) {
        if let Some(first) = lines.insert(*entry, line) {
            let because = Refusal::Settled { item: Item::Entry, name: first.to_string() };
            return Err(refused(line, *entry, because));
        }
    }
    let is_same = |entries: &std::collections::BTreeSet<Uuid>| entries.iter().eq(lines.keys());
    let drawn = programme.lotteries.iter().find(|(_, draw)| is_same(&draw.entries));
    match drawn {
        Some((session, _)) if *session != lottery.session => {
            Err(Refusal::SameList { session: session.clone() })
        }
        _ => Ok(()),
    }
}

/// Refuses an entry, counted from 1, that is not one of an eligible person of the programme whose selection is
/// still to be decided. `path` is the person's, where there is one.
///
/// # Errors
/// [`Refusal::Entry`] with the rule that the entry breaks.
pub fn check_entry(
    (id, programme): (Uuid, &Programme),
    session: &Slug,
    (line, entry): (u32, Uuid),
    path: Option<&State>,
) -> Result<(), Refusal> {
    check_candidate(id, path, entry)
        .and_then(|path| check_undrawn(programme, session, entry, path))
        .map_err(|because| refused(line, entry, because))
}

pub(super) fn refused(entry: u32, who: Uuid, because: Refusal) -> Refusal {
    Refusal::Entry { entry, beneficiary: BeneficiaryId(who), because: Box::new(because) }
}

/// An eligible person of this programme whose selection is to be decided.
pub(super) fn check_candidate(
    programme: Uuid,
    path: Option<&State>,
    who: Uuid,
) -> Result<&State, Refusal> {
    let name = || who.to_string();
    let unknown = || Refusal::Unknown { item: Item::Path, name: name(), field: "entries" };
    let path = path.ok_or_else(unknown)?;
    let registration = path.registration.as_ref().ok_or_else(unknown)?;
    if registration.programme.0 != programme {
        return Err(Refusal::OtherProgramme { item: Item::Path, name: name() });
    }
    if let Some(continues) = path.continues_as {
        return Err(Refusal::Frozen { continues });
    }
    if path.stage != Stage::Recruitment {
        let allowed = &[Stage::Recruitment];
        return Err(Refusal::WrongStage { stage: path.stage, allowed });
    }
    if path.status != Status::Active {
        return Err(Refusal::WrongStatus { status: path.status, allowed: &[Status::Active] });
    }
    match &path.eligibility {
        None => Err(Refusal::MissingStep { step: Step::Eligibility }),
        Some(last) if !last.assessment.eligible => Err(Refusal::NotEligible),
        Some(_) => Ok(path),
    }
}

/// Whoever waits by a decision, or stands in another draw whose decision is to come, is not drawn again. Who was
/// not selected, and was reopened since, may be.
fn check_undrawn(
    programme: &Programme,
    session: &Slug,
    who: Uuid,
    path: &State,
) -> Result<(), Refusal> {
    let last = path.selection.as_ref();
    if let Some(last) = last.filter(|last| last.selection.decision == Decision::Waitlisted) {
        let name = last.selection.session.to_string();
        return Err(Refusal::Settled { item: Item::Selection, name });
    }
    let is_open = |(other, draw): &(&Slug, &Draw)| {
        let decided =
            |last: &SelectionState| last.selection.session == **other || draw.on <= last.on;
        *other != session && draw.entries.contains(&who) && !last.is_some_and(decided)
    };
    match programme.lotteries.iter().find(is_open) {
        Some((other, _)) => Err(Refusal::Settled { item: Item::Lottery, name: other.to_string() }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_is_the_same_whenever_and_in_whatever_order_it_is_made() {
        let entries: Vec<Uuid> = (1..=40_u128).map(Uuid::from_u128).collect();
        let ranked = rank(&entries, "12 août 2022, boule 7");
        let mut reversed = entries.clone();
        reversed.reverse();
        assert_eq!(ranked, rank(&reversed, "12 août 2022, boule 7"));
        assert_ne!(ranked, rank(&entries, "12 août 2022, boule 8"));
        assert_eq!(ranked.len(), 40);
        assert_eq!(list_digest(&entries), list_digest(&reversed));
        assert_ne!(result_digest(&ranked), result_digest(&entries));
    }

    /// The example of `docs/lottery.md`, with its lots as `sha256sum` gives them.
    #[test]
    fn the_worked_example_is_drawn_as_it_is_told() {
        let people: Vec<Uuid> = ["0001", "0002", "0003", "0004"]
            .map(|end| format!("0176bb3e-7000-7000-8000-00000000{end}").parse().unwrap())
            .to_vec();
        let seed = "Bamako, 12 août 2022, boules 7 31 4";
        let ranked: Vec<String> = rank(&people, seed)
            .into_iter()
            .map(|one| {
                let begins = u32::from_be_bytes(lot(one, seed)[..4].try_into().unwrap());
                format!("{begins:08x} {}", &one.to_string()[32..])
            })
            .collect();
        assert_eq!(ranked, EXAMPLE);
    }

    const EXAMPLE: [&str; 4] = ["2b65aed3 0002", "5e96cf42 0003", "d34efacb 0004", "da870bcf 0001"];
}
