//! What can be asked of a cohort, and which event may follow which.

use super::event::{Closing, CohortEvent, CohortFact, CohortPlan, RegisterCounts, SessionPlan};
use super::register::Sheet;
use super::{Cohort, SessionState, gate};
use crate::catalogue::commands;
use crate::context::Context;
use crate::programme::Programme;
use crate::refusal::{Item, Quantity, Refusal, check_items};
use crate::values::{BeneficiaryId, Period, Within};

/// Most modules of a cohort.
const MODULES_MAX: usize = 50;
/// Most sessions of a cohort: a year of days.
pub(super) const SESSIONS_MAX: usize = 366;

commands! {
    /// A command to a cohort.
    CohortCommand, CohortVerb, COHORT_COMMANDS;
    PlanCohort(CohortPlan) "plan-cohort" "training" [Adviser, Director] sealed[]
        "Planifie un groupe de formation.", "Plans a training group.";
    ScheduleSession(SessionPlan) "schedule-session" "training" [Adviser, Trainer, Director] sealed[]
        "Programme une séance.", "Schedules a session.";
    RecordRegister(Sheet) "record-register" "training" [Trainer] sealed[]
        "Enregistre la feuille de présence d'une séance, pour tous les membres à la fois.",
        "Records a session's register, for all members at once.";
    CloseCohort(Closing) "close-cohort" "training" [Adviser, Director] sealed[]
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
            let stands = cohort.plan.as_ref() == Some(&plan);
            (CohortFact::CohortPlanned(plan), stands)
        }
        CohortCommand::ScheduleSession(plan) => {
            let standing = cohort.sessions.get(&plan.session);
            let stands = standing.is_some_and(|standing| standing.plan == plan);
            (CohortFact::SessionScheduled(plan), stands)
        }
        CohortCommand::RecordRegister(sheet) => {
            gate?;
            let name = sheet.session.to_string();
            return Err(Refusal::Unknown { item: Item::Session, name, field: "session" });
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
    let event = CohortEvent { occurred_on, by: context.actor.clone(), fact };
    lawful(cohort, &event, &context.programme)?;
    Ok(vec![event])
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
    if cohort.closed_on.is_some() {
        return Err(Refusal::Settled { item: Item::Cohort, name: plan.code.to_string() });
    }
    match &event.fact {
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
        | CohortFact::SeatReturned(_) => Ok(()),
    }
}

fn outside(period: Period, given: chrono::NaiveDate) -> Refusal {
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
    let term = programme.term().ok_or_else(|| {
        let name = plan.programme.to_string();
        Refusal::Unknown { item: Item::Programme, name, field: "programme" }
    })?;
    for given in [event.occurred_on, plan.period.from, plan.period.to] {
        if !term.holds(given) {
            return Err(Refusal::OutsideTerm { term, given });
        }
    }
    programme.check_office(&plan.office, event.occurred_on)?;
    check_items(plan.modules.len(), MODULES_MAX)?;
    let rules = programme.rules_on(event.occurred_on).1;
    match plan.modules.iter().find(|module| !rules.modules.contains(module)) {
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
    if session.hours.get() * 60 + session.minutes.map_or(0, Within::get) == 0 {
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

fn member(cohort: &Cohort, who: BeneficiaryId) -> Result<chrono::NaiveDate, Refusal> {
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
    let limit = plan.capacity.get();
    let given = u32::try_from(cohort.members.len()).unwrap_or(u32::MAX).saturating_add(1);
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
