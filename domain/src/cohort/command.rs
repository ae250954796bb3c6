//! What can be asked of a cohort, and which event may follow which.

use chrono::NaiveDate;
use sira_numbers::counted;

use super::correct::SheetCorrection;
use super::event::{
    CohortAmendment, CohortEvent, CohortFact, CohortPlan, CorrectedLine, RegisterCorrection,
    RegisterCounts, SEATS_MAX, SessionCancellation, SessionMove, SessionPlan,
};
use super::register::Sheet;
use super::{Cohort, SessionState, amend, gate, retract};
use crate::catalogue::commands;
use crate::context::Context;
use crate::path::facts::Nothing;
use crate::programme::Programme;
use crate::reference::ModuleCode;
use crate::refusal::{Item, Quantity, Refusal, check_items};
use crate::retraction::ClearRetraction;
use crate::values::{BeneficiaryId, Period};

/// Most modules of a cohort.
const MODULES_MAX: usize = 50;
/// Most sessions of a cohort: a year of days.
pub(super) const SESSIONS_MAX: usize = 366;

commands! {
    /// A command to a cohort.
    CohortCommand, CohortVerb, COHORT_COMMANDS;
    PlanCohort(CohortPlan) "plan-cohort" "training" [Adviser, Director] OwnOffice sealed[]
        "Planifie un groupe de formation.", "Plans a training group.";
    ScheduleSession(SessionPlan) "schedule-session" "training" [Adviser, Trainer, Director] OwnOffice sealed[]
        "Programme une séance.", "Schedules a session.";
    RecordRegister(Sheet) "record-register" "training" [Trainer, Director] OwnOffice sealed[]
        "Enregistre la feuille de présence d'une séance, pour tous les membres à la fois.",
        "Records a session's register, for all members at once.";
    CorrectRegister(SheetCorrection) "correct-register" "training" [Trainer, Director] OwnOffice sealed[]
        "Corrige la feuille de présence d'une séance, dans le groupe et dans chaque parcours à la fois.",
        "Corrects a session's register, in the cohort and in each path at once.";
    MoveSession(SessionMove) "move-session" "training" [Adviser, Trainer, Director] OwnOffice sealed[]
        "Déplace une séance qui n'a pas encore eu lieu.", "Moves a session that was not held yet.";
    CancelSession(SessionCancellation) "cancel-session" "training" [Adviser, Trainer, Director] OwnOffice sealed[]
        "Annule une séance qui n'a pas eu lieu.", "Cancels a session that was not held.";
    AmendCohort(CohortAmendment) "amend-cohort" "training" [Adviser, Director] OwnOffice sealed[]
        "Modifie le groupe : places, lieu, formateur, période, modules.",
        "Amends the cohort: seats, place, trainer, period, modules.";
    Retract(ClearRetraction) "retract" "training" [Adviser, Trainer, Director] OwnOffice sealed[]
        "Retire un événement du groupe enregistré par erreur ; il reste dans l'historique.",
        "Retracts an event of the cohort recorded in error; it stays in the history.";
    CloseCohort(Nothing) "close-cohort" "training" [Adviser, Director] OwnOffice sealed[]
        "Clôt le groupe.", "Closes the cohort.";
}

/// Takes a command to events; none when it has already happened. A register spans the members'
/// streams: see [`super::take_register`].
///
/// # Errors
/// The rule that forbids it.
pub fn decide(
    cohort: &Cohort,
    command: CohortCommand,
    context: &Context,
) -> Result<Vec<CohortEvent>, Refusal> {
    let gate = match command {
        CohortCommand::RecordRegister(_) => gate::check_register(cohort),
        _ => gate::check(cohort, command.verb(), context.day()?, &context.programme),
    };
    let occurred_on = context.day()?;
    let (fact, stands) = match command {
        CohortCommand::PlanCohort(plan) => {
            let fact = CohortFact::CohortPlanned(plan);
            (fact.clone(), is_last_of_its_kind(cohort, &fact))
        }
        CohortCommand::ScheduleSession(plan) => {
            let is_there = cohort.sessions.contains_key(&plan.session);
            let fact = CohortFact::SessionScheduled(plan);
            (fact.clone(), is_there && is_last_of_its_kind(cohort, &fact))
        }
        CohortCommand::RecordRegister(Sheet { session, .. })
        | CohortCommand::CorrectRegister(SheetCorrection { session, .. }) => {
            gate?;
            let name = session.to_string();
            return Err(Refusal::Unknown { item: Item::Session, name, field: "session" });
        }
        CohortCommand::MoveSession(moved) => {
            let standing = cohort.sessions.get(&moved.session);
            let is_there = standing.is_some_and(|standing| standing.plan.on == moved.on);
            let fact = CohortFact::SessionMoved(moved);
            (fact.clone(), is_there && is_last_of_its_kind(cohort, &fact))
        }
        CohortCommand::CancelSession(cancelled) => {
            let is_gone = !cohort.sessions.contains_key(&cancelled.session);
            let fact = CohortFact::SessionCancelled(cancelled);
            (fact.clone(), is_gone && is_last_of_its_kind(cohort, &fact))
        }
        CohortCommand::AmendCohort(amendment) => {
            let mut changed = cohort.plan.clone();
            if let Some(plan) = &mut changed {
                amendment.apply(plan);
            }
            let is_so = changed == cohort.plan;
            let fact = CohortFact::CohortAmended(amendment);
            (fact.clone(), is_so && is_last_of_its_kind(cohort, &fact))
        }
        CohortCommand::Retract(retraction) => {
            let is_retracted = cohort.retracted.contains(&retraction.sequence);
            (CohortFact::CohortFactRetracted(retraction), is_retracted)
        }
        CohortCommand::CloseCohort(closing) => {
            (CohortFact::CohortClosed(closing), cohort.closed_on.is_some())
        }
    };
    // A retry is an answer even where the gate has closed since.
    if stands {
        return Ok(Vec::new());
    }
    gate?;
    let (by, backdating_reason) = (context.actor.clone(), context.backdating_reason);
    let event = CohortEvent { occurred_on, by, backdating_reason, fact };
    retract::check_author_of(cohort, &event, context)?;
    lawful(cohort, &event, &context.programme)?;
    check_backdating(&event, context)?;
    if matches!(event.fact, CohortFact::CohortClosed(_)) {
        closed_after(cohort, occurred_on)?;
    }
    Ok(vec![event])
}

/// Asks whether an event lies no further back than the rules of its recording allow, or says why. What an event
/// of a path writes is asked there.
///
/// # Errors
/// [`Refusal::TooFarBack`].
pub fn check_backdating(event: &CohortEvent, context: &Context) -> Result<(), Refusal> {
    match event.fact {
        CohortFact::SeatTaken(_) | CohortFact::SeatReturned(_) => Ok(()),
        _ => context.check_backdating(event.occurred_on, event.backdating_reason),
    }
}

/// Tells whether the last fact of its kind, of the same session, is this one, as it was told: a retry says that
/// again, whatever was moved or amended since.
fn is_last_of_its_kind(cohort: &Cohort, fact: &CohortFact) -> bool {
    let session = |fact: &CohortFact| match fact {
        CohortFact::SessionScheduled(plan) => Some(plan.session.clone()),
        CohortFact::SessionMoved(moved) => Some(moved.session.clone()),
        CohortFact::SessionCancelled(cancelled) => Some(cancelled.session.clone()),
        _ => None,
    };
    let is_of_it = |past: &CohortFact| {
        past.event_type() == fact.event_type() && session(past) == session(fact)
    };
    let last = cohort.standing().rev().find(|(_, event)| is_of_it(&event.fact));
    last.is_some_and(|(_, event)| event.fact == *fact)
}

/// Asks whether `event` may follow in this cohort's stream.
///
/// # Errors
/// The rule that forbids it, with its numbers.
pub fn lawful(cohort: &Cohort, event: &CohortEvent, programme: &Programme) -> Result<(), Refusal> {
    if let CohortFact::CohortPlanned(plan) = &event.fact {
        return planned(cohort, plan, event, programme);
    }
    let plan = cohort.plan.as_ref().ok_or(Refusal::NotRegistered)?;
    // A seat is given back after the end too: the path that held it goes on.
    if let CohortFact::SeatReturned(seat) = &event.fact {
        return member(cohort, seat.beneficiary).map(drop);
    }
    // What is wrong is put right after the end too.
    match &event.fact {
        CohortFact::RegisterCorrected(correction) => {
            return register_corrected(cohort, correction, event);
        }
        CohortFact::CohortFactRetracted(retraction) => {
            return retract::check(cohort, retraction.sequence, programme);
        }
        _ => {}
    }
    // A session that was held before the end is registered after it too.
    let is_of_a_session = matches!(event.fact, CohortFact::RegisterRecorded(_));
    if cohort.closed_on.is_some_and(|closed| !is_of_a_session || closed < event.occurred_on) {
        return Err(Refusal::Settled { item: Item::Cohort, name: plan.code.to_string() });
    }
    match &event.fact {
        CohortFact::SessionMoved(moved) => amend::moved(cohort, plan, moved),
        CohortFact::SessionCancelled(cancelled) => amend::cancelled(cohort, &cancelled.session),
        CohortFact::CohortAmended(amendment) => {
            amend::amended(cohort, plan, amendment, event.occurred_on, programme)
        }
        CohortFact::SessionScheduled(session) => scheduled(cohort, plan, session),
        CohortFact::SeatTaken(seat) => {
            if event.occurred_on > plan.period.to {
                return Err(outside(plan.period, event.occurred_on));
            }
            seat_taken(cohort, plan, seat.beneficiary)
        }
        CohortFact::RegisterRecorded(counts) => register(cohort, counts, event),
        CohortFact::CohortClosed(_) if event.occurred_on < plan.period.from => {
            Err(outside(plan.period, event.occurred_on))
        }
        CohortFact::CohortClosed(_)
        | CohortFact::CohortPlanned(_)
        | CohortFact::RegisterCorrected(_)
        | CohortFact::CohortFactRetracted(_)
        | CohortFact::SeatReturned(_) => Ok(()),
    }
}

pub(super) fn outside(period: Period, given: NaiveDate) -> Refusal {
    Refusal::OutsidePeriod { item: Item::Cohort, period, given }
}

fn planned(
    cohort: &Cohort,
    plan: &CohortPlan,
    event: &CohortEvent,
    programme: &Programme,
) -> Result<(), Refusal> {
    if let Some(standing) = &cohort.plan {
        return Err(Refusal::Differs { item: Item::Cohort, name: standing.code.to_string() });
    }
    if programme.term().is_none() {
        let name = plan.programme.to_string();
        return Err(Refusal::Unknown { item: Item::Programme, name, field: "programme" });
    }
    for given in [event.occurred_on, plan.period.from, plan.period.to] {
        programme.check_term(given)?;
    }
    programme.check_office(&plan.office, event.occurred_on)?;
    check_modules(&plan.modules, event.occurred_on, programme)
}

/// Modules are some of those that the rules of the day know.
pub(super) fn check_modules(
    modules: &[ModuleCode],
    on: NaiveDate,
    programme: &Programme,
) -> Result<(), Refusal> {
    check_items(modules.len(), MODULES_MAX)?;
    let rules = programme.rules_on(on).1;
    match modules.iter().find(|module| !rules.modules.contains(module)) {
        None => Ok(()),
        Some(module) => {
            let name = module.to_string();
            Err(Refusal::Unknown { item: Item::Module, name, field: "modules" })
        }
    }
}

fn scheduled(cohort: &Cohort, plan: &CohortPlan, session: &SessionPlan) -> Result<(), Refusal> {
    if cohort.sessions.contains_key(&session.session) {
        let name = session.session.to_string();
        return Err(Refusal::Differs { item: Item::Session, name });
    }
    check_items(cohort.sessions.len() + 1, SESSIONS_MAX)?;
    if !plan.period.holds(session.on) {
        return Err(outside(plan.period, session.on));
    }
    if session.length_minutes() == 0 {
        return Err(Refusal::Disagree { field: "hours", other: "minutes" });
    }
    match session.module.as_ref().filter(|module| !plan.modules.contains(module)) {
        None => Ok(()),
        Some(module) => {
            let name = module.to_string();
            Err(Refusal::Unknown { item: Item::Module, name, field: "module" })
        }
    }
}

/// A cohort is not closed before a session that was held. It is asked of commands alone: a journal from
/// before it was asked stays lawful.
fn closed_after(cohort: &Cohort, given: NaiveDate) -> Result<(), Refusal> {
    let held = cohort.sessions.values().filter(|session| session.register.is_some());
    match held.map(|session| session.plan.on).max().filter(|last| given < *last) {
        Some(earliest) => Err(Refusal::TooEarly { field: "occurred_on", given, earliest }),
        None => Ok(()),
    }
}

fn member(cohort: &Cohort, who: BeneficiaryId) -> Result<NaiveDate, Refusal> {
    cohort.members.get(&who).copied().ok_or_else(|| Refusal::Unknown {
        item: Item::Member,
        name: who.to_string(),
        field: "cohort",
    })
}

fn seat_taken(cohort: &Cohort, plan: &CohortPlan, who: BeneficiaryId) -> Result<(), Refusal> {
    if cohort.members.contains_key(&who) {
        return Err(Refusal::Settled { item: Item::Member, name: who.to_string() });
    }
    check_seats(plan, cohort.members.len())
}

/// One seat more than are held.
fn check_seats(plan: &CohortPlan, held: usize) -> Result<(), Refusal> {
    let limit = plan.capacity.get();
    let given = counted(held).saturating_add(1);
    if given > limit {
        return Err(Refusal::Above { what: Quantity::Seats, limit, given });
    }
    Ok(())
}

fn register(cohort: &Cohort, counts: &RegisterCounts, event: &CohortEvent) -> Result<(), Refusal> {
    let name = || counts.session.to_string();
    match cohort.sessions.get(&counts.session) {
        None => Err(Refusal::Unknown { item: Item::Session, name: name(), field: "session" }),
        Some(SessionState { register: Some(_), .. }) => {
            Err(Refusal::Differs { item: Item::Session, name: name() })
        }
        Some(session) if session.plan.on != event.occurred_on => {
            Err(Refusal::Disagree { field: "occurred_on", other: "session" })
        }
        Some(_) => Ok(()),
    }
}

/// A register that was recorded is put right, on the session's day or later.
fn register_corrected(
    cohort: &Cohort,
    correction: &RegisterCorrection,
    event: &CohortEvent,
) -> Result<(), Refusal> {
    let name = || correction.session.to_string();
    let session = cohort.sessions.get(&correction.session);
    let Some(session) = session.filter(|session| session.register.is_some()) else {
        return Err(Refusal::Unknown { item: Item::Register, name: name(), field: "session" });
    };
    if event.occurred_on < session.plan.on {
        let (given, earliest) = (event.occurred_on, session.plan.on);
        return Err(Refusal::TooEarly { field: "occurred_on", given, earliest });
    }
    let given = counted(correction.lines.len());
    if given > SEATS_MAX {
        return Err(Refusal::Above { what: Quantity::Items, limit: SEATS_MAX, given });
    }
    let is_same = |line: &&CorrectedLine| line.before.as_ref() == Some(&line.after);
    if correction.lines.iter().any(|line| is_same(&line)) {
        return Err(Refusal::Unchanged { field: "present" });
    }
    Ok(())
}
