//! The directory of the staff: who works for the programme, in which role, from which office, from when to
//! when. Advisers are assigned from it. A programme that keeps none takes any adviser, as before there was one.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Programme;
use super::event::ProgrammeFact;
use crate::context::Context;
use crate::refusal::{Item, Quantity, Refusal};
use crate::role::Role;
use crate::values::{ActorId, KeyId, OfficeCode, Sealed, Text};
use sira_numbers::counted;

/// Most posts of one programme's directory, ended ones included: the state of a programme is kept in memory.
const POSTS_MAX: usize = 10_000;

/// A post: one actor in one role, at one office.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StaffPost {
    /// The name in their token.
    pub actor: ActorId,
    /// The role that they work in.
    pub role: Role,
    /// The office that they work at; every office of the programme when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub office: Option<OfficeCode>,
    /// The name that colleagues call them by. It stays in the journal for ever: left out where it should not,
    /// and then the token's name is all that is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text<120>>,
    /// The same, sealed under a key of their own in the place of standing there for ever: `erase-staff-name`
    /// destroys it. One of the two is given, or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed_name: Option<Sealed>,
    /// First day.
    pub from: NaiveDate,
    /// Last day; none while no end is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<NaiveDate>,
}

/// The end of a post, or another end than was said before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StaffPostEnd {
    /// The name in their token.
    pub actor: ActorId,
    /// The role that they worked in.
    pub role: Role,
    /// The office of the post, as it was added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub office: Option<OfficeCode>,
    /// Last day.
    pub to: NaiveDate,
}

/// Whose sealed name is to be erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StaffNameRequest {
    /// The name in their token, which stays: it stands beside what they recorded.
    pub actor: ActorId,
}

/// The name of a member of the staff was erased: the keys that it was sealed under are destroyed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StaffNameErasure {
    /// The name in their token.
    pub actor: ActorId,
    /// The keys.
    pub keys: Vec<KeyId>,
}

impl StaffPost {
    fn sealing_key(&self) -> Option<KeyId> {
        self.sealed_name.as_ref()?.key()
    }

    /// Tells whether the post is held on `day`.
    #[must_use]
    pub fn is_held_on(&self, day: NaiveDate) -> bool {
        self.from <= day && self.to.is_none_or(|to| day <= to)
    }

    fn is_of(&self, end: &StaffPostEnd) -> bool {
        (&self.actor, self.role, &self.office) == (&end.actor, end.role, &end.office)
    }

    /// Two posts of one actor, role and office that share a day are one post said twice.
    fn overlaps(&self, other: &Self) -> bool {
        let last = |post: &Self| post.to.unwrap_or(NaiveDate::MAX);
        (&self.actor, self.role, &self.office) == (&other.actor, other.role, &other.office)
            && self.from <= last(other)
            && other.from <= last(self)
    }
}

impl Programme {
    /// Refuses an adviser whom the directory does not have at this office on `day`. A programme without a
    /// directory refuses nobody.
    ///
    /// # Errors
    /// [`Refusal::Unknown`] with the field `adviser`.
    pub fn check_adviser(
        &self,
        adviser: &ActorId,
        office: &OfficeCode,
        day: NaiveDate,
    ) -> Result<(), Refusal> {
        let is_theirs = |post: &StaffPost| {
            post.actor == *adviser
                && post.role == Role::Adviser
                && post.office.as_ref().is_none_or(|own| own == office)
                && post.is_held_on(day)
        };
        if self.staff.is_empty() || self.staff.iter().any(is_theirs) {
            return Ok(());
        }
        Err(Refusal::Unknown { item: Item::Adviser, name: adviser.to_string(), field: "adviser" })
    }

    pub(super) fn add_post(&mut self, post: &StaffPost) {
        self.staff.push(post.clone());
        self.note_sealing_key(post);
    }

    /// A key seals the name for as long as it is there, though the post was taken back.
    pub(super) fn note_sealing_key(&mut self, post: &StaffPost) {
        if let Some(key) = post.sealing_key().filter(|key| !self.erased_names.contains(key)) {
            self.sealed_names.entry(post.actor.clone()).or_default().insert(key);
        }
    }

    /// The key that a name of this member is sealed under; none where none is, or it was erased.
    #[must_use]
    pub fn staff_key(&self, actor: &ActorId) -> Option<KeyId> {
        self.sealed_names.get(actor)?.last().copied()
    }

    /// The keys of names that were erased.
    pub fn erased_staff_keys(&self) -> impl Iterator<Item = KeyId> + '_ {
        self.erased_names.iter().copied()
    }

    pub(super) fn erase_name(&mut self, erasure: &StaffNameErasure) {
        self.sealed_names.remove(&erasure.actor);
        self.erased_names.extend(&erasure.keys);
        for post in self.staff.iter_mut().filter(|post| post.actor == erasure.actor) {
            post.sealed_name = None;
        }
    }

    /// The last post of that actor, role and office is the one that ends.
    pub(super) fn end_post(&mut self, end: &StaffPostEnd) {
        if let Some(post) = self.staff.iter_mut().rev().find(|post| post.is_of(end)) {
            post.to = Some(end.to);
        }
    }
}

/// A post is at an office that the programme knows, ends after it begins, and is said once.
pub(super) fn add(
    programme: &Programme,
    post: StaffPost,
    context: &Context,
) -> Result<Option<ProgrammeFact>, Refusal> {
    context.day()?;
    // Told again as it was, though it has ended since.
    let is_told =
        |fact: &ProgrammeFact| matches!(fact, ProgrammeFact::StaffPostAdded(told) if *told == post);
    if programme.standing().any(|(_, event)| is_told(&event.fact)) {
        return Ok(None);
    }
    if post.name.is_some() && post.sealed_name.is_some() {
        return Err(Refusal::Disagree { field: "sealed_name", other: "name" });
    }
    // Sealed while another process erased the name: nobody could read it.
    if post.sealing_key().is_some_and(|key| programme.erased_names.contains(&key)) {
        return Err(Refusal::KeyLost);
    }
    if let Some(office) = &post.office {
        programme.known_office(office)?;
    }
    if post.to.is_some_and(|to| to < post.from) {
        return Err(Refusal::Disagree { field: "to", other: "from" });
    }
    if programme.staff.iter().any(|known| known.overlaps(&post)) {
        return Err(Refusal::Differs { item: Item::Post, name: post.actor.to_string() });
    }
    let (limit, given) = (counted(POSTS_MAX), counted(programme.staff.len()).saturating_add(1));
    if given > limit {
        return Err(Refusal::Above { what: Quantity::Items, limit, given });
    }
    Ok(Some(ProgrammeFact::StaffPostAdded(post)))
}

/// A post ends on a day from its first; one that has an end already may end on another day.
pub(super) fn end(
    programme: &Programme,
    end: StaffPostEnd,
) -> Result<Option<ProgrammeFact>, Refusal> {
    let Some(post) = programme.staff.iter().rev().find(|post| post.is_of(&end)) else {
        let name = end.actor.to_string();
        return Err(Refusal::Unknown { item: Item::Post, name, field: "actor" });
    };
    if post.to == Some(end.to) {
        return Ok(None);
    }
    if end.to < post.from {
        return Err(Refusal::TooEarly { field: "to", given: end.to, earliest: post.from });
    }
    Ok(Some(ProgrammeFact::StaffPostEnded(end)))
}

/// The sealed name of somebody is erased, on all their posts, those that were taken back too.
pub(super) fn erase(
    programme: &Programme,
    request: StaffNameRequest,
) -> Result<Option<ProgrammeFact>, Refusal> {
    let StaffNameRequest { actor } = request;
    if let Some(keys) = programme.sealed_names.get(&actor) {
        let keys = keys.iter().copied().collect();
        return Ok(Some(ProgrammeFact::StaffNameErased(StaffNameErasure { actor, keys })));
    }
    let is_done = programme.standing().any(
        |(_, event)| matches!(&event.fact, ProgrammeFact::StaffNameErased(done) if done.actor == actor),
    );
    if is_done {
        return Ok(None);
    }
    Err(Refusal::Unknown { item: Item::Post, name: actor.to_string(), field: "actor" })
}
