//! The conditions under which a fact may be recorded, whatever it says.

use super::case::Case;
use super::stage::{Stage, Status};
use crate::refusal::Refusal;

const EVERY_STAGE: &[Stage] = &[
    Stage::Idea,
    Stage::Recruitment,
    Stage::Training,
    Stage::Financing,
    Stage::FollowUp,
    Stage::Completed,
];
const EVERY_STATUS: &[Status] =
    &[Status::Active, Status::Suspended, Status::Exited, Status::Completed];

/// The days that a fact may be of.
#[derive(Clone, Copy, Debug)]
enum Days {
    /// Within the convention's term, since the registration, while the office is open.
    OfTheTerm,
    /// Since the registration, after the term and for a closed office too.
    SinceRegistration,
    /// Before the registration too.
    OfALife,
}

/// The office that must be open on the day of the fact.
#[derive(Clone, Copy, Debug)]
enum Office {
    /// The office in charge of the path.
    Own,
    /// An office that the body names.
    Another,
}

/// The way in which a fact that was recorded in error is taken back.
#[derive(Clone, Copy, Debug)]
enum Undoing {
    /// A retraction.
    Retraction,
    /// Another command, or nothing.
    Another,
}

/// The conditions under which a kind of fact may be recorded, and how it stands to the facts before it. By default the
/// path is active, the day lies within the convention's term and not before the registration, the
/// office is open, and the path is not frozen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Admission {
    stages: &'static [Stage],
    statuses: &'static [Status],
    days: Days,
    office: Office,
    begins_path: bool,
    is_taken_when_frozen: bool,
    seals_text: bool,
    undoing: Undoing,
    /// The succession that it belongs to, of which the last fact replaces those before; none for
    /// facts that add up.
    pub succession: Option<&'static str>,
}

/// A fact of these stages.
pub(super) const fn at(stages: &'static [Stage]) -> Admission {
    Admission {
        stages,
        statuses: &[Status::Active],
        days: Days::OfTheTerm,
        office: Office::Own,
        begins_path: false,
        is_taken_when_frozen: false,
        seals_text: false,
        undoing: Undoing::Retraction,
        succession: None,
    }
}

/// A fact of every stage.
pub(super) const fn at_every_stage() -> Admission {
    at(EVERY_STAGE)
}

/// The fact that a path begins with.
pub(super) const fn first() -> Admission {
    Admission { begins_path: true, ..at_every_stage() }
}

/// Facts about a person, and money that comes back: it may be recorded after the path has
/// ended, outside the convention's term and for a closed office.
pub(super) const fn in_every_status() -> Admission {
    Admission { statuses: EVERY_STATUS, ..at_every_stage() }.of_any_time()
}

impl Admission {
    /// In these statuses alone.
    pub const fn while_in(self, statuses: &'static [Status]) -> Self {
        Self { statuses, ..self }
    }

    /// It may also be recorded outside the convention's term and for a closed office.
    pub const fn of_any_time(self) -> Self {
        Self { days: Days::SinceRegistration, ..self }
    }

    /// A fact of a life before the programme: its day may precede the registration and the term.
    pub const fn may_precede_registration(self) -> Self {
        Self { days: Days::OfALife, ..self }
    }

    /// Another office than the path's own must be open; the body names it.
    pub const fn at_another_office(self) -> Self {
        Self { office: Office::Another, ..self }
    }

    /// A frozen path takes it too, since it ends or mends something.
    pub const fn even_frozen(self) -> Self {
        Self { is_taken_when_frozen: true, ..self }
    }

    /// The command for it always seals a text, which an erased person's path takes no more.
    pub const fn sealing(self) -> Self {
        Self { seals_text: true, ..self }
    }

    /// It is never retracted: another command undoes it, or nothing does.
    pub const fn never_retracted(self) -> Self {
        Self { undoing: Undoing::Another, ..self }
    }

    /// The last fact of this succession replaces those before.
    pub const fn replacing(self, succession: &'static str) -> Self {
        Self { succession: Some(succession), ..self }
    }

    /// Tells whether a retraction may take it back.
    pub const fn is_retractable(&self) -> bool {
        matches!(self.undoing, Undoing::Retraction)
    }

    /// Tells whether the command that leads to it always seals a text.
    pub const fn always_seals(&self) -> bool {
        self.seals_text
    }

    /// Asks what does not depend on what the fact says.
    ///
    /// # Errors
    /// The rule that forbids it.
    pub fn check(&self, case: &Case, seals_text: bool) -> Result<(), Refusal> {
        if self.begins_path {
            return Ok(());
        }
        let registration = case.state.registration.as_ref().ok_or(Refusal::NotRegistered)?;
        if let Some(continues) = case.state.continues_as.filter(|_| !self.is_taken_when_frozen) {
            return Err(Refusal::Frozen { continues });
        }
        let (stage, status) = (case.state.stage, case.state.status);
        if !self.stages.contains(&stage) {
            return Err(Refusal::WrongStage { stage, allowed: self.stages });
        }
        if !self.statuses.contains(&status) {
            return Err(Refusal::WrongStatus { status, allowed: self.statuses });
        }
        match self.days {
            Days::OfALife => {}
            Days::SinceRegistration => case.not_before(registration.on)?,
            Days::OfTheTerm => {
                case.not_before(registration.on)?;
                self.check_place_and_time(case)?;
            }
        }
        if seals_text && case.state.is_erased() { Err(Refusal::Erased) } else { Ok(()) }
    }

    /// Within the term, and for an office that is open.
    fn check_place_and_time(&self, case: &Case) -> Result<(), Refusal> {
        let term = case.programme.term().ok_or(Refusal::NotRegistered)?;
        if !term.holds(case.on) {
            return Err(Refusal::OutsideTerm { term, given: case.on });
        }
        match &case.state.office {
            Some(office) if matches!(self.office, Office::Own) => {
                case.programme.check_office(office, case.on).map(drop)
            }
            _ => Ok(()),
        }
    }
}
