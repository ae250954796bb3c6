//! A session's register: one sheet, recorded for all members at once or not at all.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sira_numbers::counted;

use super::event::{CohortCode, CohortEvent, CohortFact, RegisterCounts, SEATS_MAX, SessionPlan};
use super::{Cohort, check_backdating, gate, lawful};
use crate::context::Context;
use crate::path::facts::{Attendance, MinutesPresent, Presence};
use crate::path::{Beneficiary, BeneficiaryCommand, BeneficiaryEvent, Stage, Status};
use crate::refusal::{Item, Refusal, Step, check_items};
use crate::values::{BeneficiaryId, Slug};

/// One line of a sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SheetLine {
    /// The member, by id; a reference is taken as well.
    pub beneficiary: BeneficiaryId,
    /// True when the member was there.
    pub present: bool,
    /// Minutes that the member was there, where it was for a part of the session alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes_present: Option<MinutesPresent>,
}

impl SheetLine {
    /// What the line says.
    pub(super) const fn presence(&self) -> Presence {
        Presence { present: self.present, minutes_present: self.minutes_present }
    }
}

/// One session's sheet: a line for every member who was in training on its day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sheet {
    /// The session that the sheet is of.
    pub session: CohortCode,
    /// Its lines, 1 to 200.
    pub lines: Vec<SheetLine>,
}

/// The events that a sheet leads to: the cohort's event, and one of each member's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Register {
    /// The cohort's event.
    pub counts: CohortEvent,
    /// Each member's event, in the order of the lines.
    pub attendance: Vec<(BeneficiaryId, BeneficiaryEvent)>,
}

/// Takes a sheet to events; none when it has been recorded. `paths` holds every member of the cohort
/// and everybody on the sheet.
///
/// # Errors
/// The rule that forbids it; for a line, with its number from 1.
pub fn take_register(
    cohort: &Cohort,
    sheet: &Sheet,
    paths: &BTreeMap<BeneficiaryId, &Beneficiary>,
    context: &Context,
) -> Result<Option<Register>, Refusal> {
    let gate = gate::check_register(cohort);
    let session =
        find_session(cohort, &sheet.session).map_err(|why| gate.clone().err().unwrap_or(why))?;
    let present = count(sheet, true);
    let counts =
        RegisterCounts { session: sheet.session.clone(), present, absent: count(sheet, false) };
    // A register that was recorded is answered even after the cohort was closed.
    let is_recorded = session.register.as_ref() == Some(&counts);
    if !is_recorded {
        gate?;
    }
    check_day(&session.plan, context)?;
    let event = CohortEvent {
        occurred_on: session.plan.on,
        by: context.actor.clone(),
        backdating_reason: context.backdating_reason,
        fact: CohortFact::RegisterRecorded(counts.clone()),
    };
    if !is_recorded {
        lawful(cohort, &event, &context.programme)?;
        check_backdating(&event, context)?;
    }
    check_items(sheet.lines.len(), SEATS_MAX as usize)?;
    let attendance = take_lines(cohort, sheet, &session.plan, paths, context)?;
    match (is_recorded, attendance.is_empty()) {
        (true, true) => Ok(None),
        (true, false) => Err(Refusal::Differs { item: Item::Session, name: session_name(sheet) }),
        (false, _) => {
            check_complete(cohort, sheet, &session.plan, paths)?;
            Ok(Some(Register { counts: event, attendance }))
        }
    }
}

fn session_name(sheet: &Sheet) -> String {
    sheet.session.to_string()
}

pub(super) fn find_session<'a>(
    cohort: &'a Cohort,
    session: &CohortCode,
) -> Result<&'a super::SessionState, Refusal> {
    cohort.sessions.get(session).ok_or_else(|| Refusal::Unknown {
        item: Item::Session,
        name: session.to_string(),
        field: "session",
    })
}

/// A register is of its session's day, whenever it is recorded.
fn check_day(plan: &SessionPlan, context: &Context) -> Result<(), Refusal> {
    if context.occurred_on.is_some_and(|day| day != plan.on) {
        return Err(Refusal::Disagree { field: "occurred_on", other: "session" });
    }
    if plan.on > context.today() {
        let (given, today) = (plan.on, context.today());
        return Err(Refusal::InFuture { field: "session", given, today });
    }
    Ok(())
}

fn count(sheet: &Sheet, present: bool) -> u32 {
    counted(sheet.lines.iter().filter(|line| line.present == present).count())
}

/// The events of the lines; a line that was recorded already gives none.
fn take_lines(
    cohort: &Cohort,
    sheet: &Sheet,
    plan: &SessionPlan,
    paths: &BTreeMap<BeneficiaryId, &Beneficiary>,
    context: &Context,
) -> Result<Vec<(BeneficiaryId, BeneficiaryEvent)>, Refusal> {
    let mut events = Vec::with_capacity(sheet.lines.len());
    for (number, line) in (1..).zip(&sheet.lines) {
        let index = number as usize - 1;
        let taken = take_line(cohort, plan, line, paths, context).and_then(|event| {
            let again =
                sheet.lines[..index].iter().any(|above| above.beneficiary == line.beneficiary);
            let name = line.beneficiary.to_string();
            if again { Err(Refusal::Differs { item: Item::Member, name }) } else { Ok(event) }
        });
        let refused = |because| Refusal::Line {
            line: number,
            beneficiary: line.beneficiary,
            because: Box::new(because),
        };
        events.extend(taken.map_err(refused)?.map(|event| (line.beneficiary, event)));
    }
    Ok(events)
}

fn take_line(
    cohort: &Cohort,
    plan: &SessionPlan,
    line: &SheetLine,
    paths: &BTreeMap<BeneficiaryId, &Beneficiary>,
    context: &Context,
) -> Result<Option<BeneficiaryEvent>, Refusal> {
    let unknown =
        |item| Refusal::Unknown { item, name: line.beneficiary.to_string(), field: "beneficiary" };
    let path = paths.get(&line.beneficiary).ok_or_else(|| unknown(Item::Path))?;
    check_member(cohort, line.beneficiary, plan.on)?;
    let attendance = Attendance {
        session: session_of_path(cohort, plan)?,
        hours: plan.hours,
        minutes: plan.minutes,
        present: line.present,
        minutes_present: line.minutes_present,
    };
    let context =
        Context { occurred_on: Some(plan.on), subject: line.beneficiary.0, ..context.clone() };
    let command = BeneficiaryCommand::RecordAttendance(attendance);
    crate::path::decide(path, command, &context).map(|mut events| events.pop())
}

/// Whoever stands on a sheet held a seat on the day of the session, whoever holds one today.
pub(super) fn check_member(
    cohort: &Cohort,
    who: BeneficiaryId,
    given: NaiveDate,
) -> Result<(), Refusal> {
    let since = cohort.members.get(&who).copied();
    let held = cohort.former_members.get(&who).map_or(&[][..], Vec::as_slice);
    if since.is_some_and(|since| since <= given) || held.iter().any(|held| held.holds(given)) {
        return Ok(());
    }
    match (since, held.last()) {
        (None, None) => {
            let name = who.to_string();
            Err(Refusal::Unknown { item: Item::Member, name, field: "beneficiary" })
        }
        (None, Some(period)) if period.to < given => {
            Err(Refusal::OutsidePeriod { item: Item::Member, period: *period, given })
        }
        (since, _) => {
            let began = held.iter().map(|held| held.from).chain(since);
            let earliest = began.filter(|from| *from > given).min().unwrap_or(given);
            Err(Refusal::TooEarly { field: "session", given, earliest })
        }
    }
}

/// Tells whether a session of a path is one of the cohort's whose register was recorded: its attendance is told
/// in both streams, and put right in both.
#[must_use]
pub fn holds_register_of(cohort: &Cohort, session: &Slug) -> bool {
    let recorded = cohort.sessions.values().filter(|known| known.register.is_some());
    let mut words = recorded.filter_map(|known| session_of_path(cohort, &known.plan).ok());
    words.any(|word| word == *session)
}

/// The session's word in a path, where those of several cohorts may stand: `cohort.session`.
///
/// # Errors
/// That the cohort was not planned, or that the two words are too long together.
pub fn session_of_path(cohort: &Cohort, plan: &SessionPlan) -> Result<Slug, Refusal> {
    let code = cohort.plan.as_ref().ok_or(Refusal::NotRegistered)?.code.as_str();
    let word = format!("{code}.{}", plan.session);
    Slug::try_new(&word).map_err(|_| Refusal::Disagree { field: "session", other: "code" })
}

/// Nobody who was in training on the day of the session is left out.
fn check_complete(
    cohort: &Cohort,
    sheet: &Sheet,
    plan: &SessionPlan,
    paths: &BTreeMap<BeneficiaryId, &Beneficiary>,
) -> Result<(), Refusal> {
    let in_training = |member: &BeneficiaryId| {
        paths.get(member).is_some_and(|path| {
            let state = path.state();
            // In a status that is not active no line would be taken.
            let status = state.status_on(plan.on);
            state.stage == Stage::Training
                && status == Status::Active
                && state.continues_as.is_none()
        })
    };
    let missing = cohort.members_on(plan.on).find(|member| {
        in_training(member) && sheet.lines.iter().all(|line| line.beneficiary != *member)
    });
    match missing {
        None => Ok(()),
        Some(member) => Err(Refusal::Line {
            line: counted(sheet.lines.len()).saturating_add(1),
            beneficiary: member,
            because: Box::new(Refusal::MissingStep { step: Step::RegisterLine }),
        }),
    }
}
