//! The conditions under which a fact may be recorded, whatever it says.

use super::case::Case;
use super::order::RestsOn;
use super::past;
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
    &[Status::Active, Status::Suspended, Status::Closed, Status::Exited, Status::Completed];

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

/// The time of which the path's status is asked.
#[derive(Clone, Copy, Debug)]
enum StatusAsked {
    /// The day of the fact: it is told of a path as it was then.
    OnItsDay,
    /// The recording: the fact changes what stands from now on.
    AtRecording,
}

/// The office that must be open on the day of the fact.
#[derive(Clone, Copy, Debug)]
enum OfficeNeeded {
    /// The office in charge of the path.
    Own,
    /// An office that the body names.
    Another,
}

/// The way in which a fact that was recorded in error is taken back.
#[derive(Clone, Copy, Debug)]
enum Undoing {
    /// A retraction of the event.
    Retraction,
    /// Another command, or nothing.
    Another,
}

/// The conditions under which a kind of fact may be recorded, and how it stands to the facts before it. By default the
/// path was active on the day of the fact, the day lies within the convention's term and not before the registration, the
/// office is open, and the path is not frozen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Admission {
    stages: &'static [Stage],
    statuses: &'static [Status],
    status: StatusAsked,
    days: Days,
    office: OfficeNeeded,
    begins_path: bool,
    is_taken_when_frozen: bool,
    seals_text: bool,
    undoing: Undoing,
    /// The succession that it belongs to, of which the last fact replaces those before; none for
    /// facts that add up.
    pub succession: Option<&'static str>,
    /// What it is not of a day before.
    pub rests_on: &'static [RestsOn],
}

/// A fact of these stages.
pub(super) const fn at(stages: &'static [Stage]) -> Admission {
    Admission {
        stages,
        statuses: &[Status::Active],
        status: StatusAsked::OnItsDay,
        days: Days::OfTheTerm,
        office: OfficeNeeded::Own,
        begins_path: false,
        is_taken_when_frozen: false,
        seals_text: false,
        undoing: Undoing::Retraction,
        succession: None,
        rests_on: &[],
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
    /// In these statuses alone; what is recorded of an active path is of one that a decision closed too,
    /// which another decision may open.
    pub const fn while_in(self, statuses: &'static [Status]) -> Self {
        Self { statuses, ..self }
    }

    /// The path is in its status at the recording too: the fact changes what stands from then on, and what
    /// has ended meanwhile is not changed.
    pub const fn of_what_stands(self) -> Self {
        Self { status: StatusAsked::AtRecording, ..self }
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
        Self { office: OfficeNeeded::Another, ..self }
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

    /// Its day is not before these, where they are.
    pub const fn resting_on(self, rests_on: &'static [RestsOn]) -> Self {
        Self { rests_on, ..self }
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
        self.check_stage_and_status(case)?;
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
        case.programme.term().ok_or(Refusal::NotRegistered)?;
        case.programme.check_term(case.on)?;
        match &case.state.office {
            // The office in charge then was open, or the one in charge now, of which older journals ask.
            Some(office) if matches!(self.office, OfficeNeeded::Own) => {
                let now = case.programme.check_office(office, case.on).map(drop);
                now.or_else(|_| Self::check_office_then(case))
            }
            _ => Ok(()),
        }
    }

    /// Of the stages and statuses that it is recorded in: on its day, or at the recording.
    fn check_stage_and_status(&self, case: &Case) -> Result<(), Refusal> {
        let is_of_its_day = matches!(self.status, StatusAsked::OnItsDay);
        let state = case.state;
        let reached = if is_of_its_day { state.stage_on(case.on) } else { state.stage };
        if !self.stages.contains(&reached) {
            return Err(Refusal::WrongStage { stage: state.stage, allowed: self.stages });
        }
        match state.status {
            status if past::is_admitted(status, self.statuses) => Ok(()),
            _ if is_of_its_day => past::check_status(case, self.statuses),
            status => Err(Refusal::WrongStatus { status, allowed: self.statuses }),
        }
    }

    /// Asks whether what stood on the day of the fact allowed it, where what stands now does.
    ///
    /// # Errors
    /// [`Refusal::StatusThen`] and [`Refusal::OfficeClosed`].
    pub fn check_then(&self, case: &Case) -> Result<(), Refusal> {
        if self.begins_path || case.state.registration.is_none() {
            return Ok(());
        }
        past::check_status(case, self.statuses)?;
        match (self.days, self.office) {
            (Days::OfTheTerm, OfficeNeeded::Own) => Self::check_office_then(case),
            _ => Ok(()),
        }
    }

    fn check_office_then(case: &Case) -> Result<(), Refusal> {
        match case.state.office_on(case.on) {
            Some(office) => case.programme.check_office(office, case.on).map(drop),
            None => Ok(()),
        }
    }
}
