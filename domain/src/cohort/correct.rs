//! A register that was recorded and is put right: the lines that change, in the cohort and in each member's
//! path.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sira_numbers::counted;

use super::event::{
    CohortCode, CohortEvent, CohortFact, CorrectedLine, RegisterCorrection, RegisterCounts,
    SEATS_MAX, SessionPlan,
};
use super::register::{Register, SheetLine, check_member, find_session, session_of_path};
use super::{Cohort, check_backdating, gate, lawful};
use crate::context::Context;
use crate::path::facts::{Attendance, AttendanceCorrection};
use crate::path::{Beneficiary, BeneficiaryCommand, BeneficiaryEvent, Fact, SessionAttendance};
use crate::refusal::{Item, Refusal, check_items};
use crate::retraction::ClearReason;
use crate::values::{BeneficiaryId, Slug};

/// Corrects a session's register: the lines that change, or that were missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SheetCorrection {
    /// The session whose register is wrong.
    pub session: CohortCode,
    /// The lines as they should be, 1 to 200; those that are left out stay.
    pub lines: Vec<SheetLine>,
    /// Reason in clear: nobody is named in it.
    pub reason: ClearReason,
}

impl RegisterCorrection {
    /// The register's counts as it leaves them.
    pub(super) fn counts(&self) -> RegisterCounts {
        let Self { session, present, absent, .. } = self;
        RegisterCounts { session: session.clone(), present: *present, absent: *absent }
    }
}

/// Takes a correction to events; none when the register says so already. `paths` holds everybody who ever held
/// a seat of the cohort, and everybody on the sheet. The counts are those of the lines that stand in the
/// paths, so that they are right whatever was counted before.
///
/// # Errors
/// The rule that forbids it; for a line, with its number from 1.
pub fn correct_register(
    cohort: &Cohort,
    correction: &SheetCorrection,
    paths: &BTreeMap<BeneficiaryId, &Beneficiary>,
    context: &Context,
) -> Result<Option<Register>, Refusal> {
    gate::check_correction(cohort)?;
    let session = find_session(cohort, &correction.session)?;
    let counts = session.register.as_ref().ok_or_else(|| no_register(&correction.session))?;
    let on = context.day()?;
    if on < session.plan.on {
        let (given, earliest) = (on, session.plan.on);
        return Err(Refusal::TooEarly { field: "occurred_on", given, earliest });
    }
    check_items(correction.lines.len(), SEATS_MAX as usize)?;
    let mut changed = Changed {
        cohort,
        plan: &session.plan,
        paths,
        context,
        lines: Vec::new(),
        events: Vec::new(),
    };
    for (number, line) in (1..).zip(&correction.lines) {
        let above = &correction.lines[..number as usize - 1];
        let refused = |because| Refusal::Line {
            line: number,
            beneficiary: line.beneficiary,
            because: Box::new(because),
        };
        if above.iter().any(|other| other.beneficiary == line.beneficiary) {
            let name = line.beneficiary.to_string();
            return Err(refused(Refusal::Differs { item: Item::Member, name }));
        }
        changed.take(line).map_err(refused)?;
    }
    let Changed { lines, events, .. } = changed;
    let word = session_of_path(cohort, &session.plan)?;
    let (present, absent) = count(cohort, &word, paths, &lines);
    if lines.is_empty() && (counts.present, counts.absent) == (present, absent) {
        return Ok(None);
    }
    let (session, reason) = (correction.session.clone(), correction.reason.clone());
    let fact = CohortFact::RegisterCorrected(RegisterCorrection {
        session,
        present,
        absent,
        lines,
        reason,
    });
    let (by, backdating_reason) = (context.actor.clone(), context.backdating_reason);
    let event = CohortEvent { occurred_on: on, by, backdating_reason, fact };
    lawful(cohort, &event, &context.programme)?;
    check_backdating(&event, context)?;
    Ok(Some(Register { counts: event, attendance: events }))
}

fn no_register(session: &CohortCode) -> Refusal {
    Refusal::Unknown { item: Item::Register, name: session.to_string(), field: "session" }
}

/// The lines that change, on their way.
struct Changed<'a> {
    cohort: &'a Cohort,
    plan: &'a SessionPlan,
    paths: &'a BTreeMap<BeneficiaryId, &'a Beneficiary>,
    context: &'a Context,
    lines: Vec<CorrectedLine>,
    events: Vec<(BeneficiaryId, BeneficiaryEvent)>,
}

impl Changed<'_> {
    fn take(&mut self, line: &SheetLine) -> Result<(), Refusal> {
        let unknown = |item| {
            let name = line.beneficiary.to_string();
            Refusal::Unknown { item, name, field: "beneficiary" }
        };
        let path = self.paths.get(&line.beneficiary).ok_or_else(|| unknown(Item::Path))?;
        if !self.cohort.joined.contains_key(&line.beneficiary) {
            return Err(unknown(Item::Member));
        }
        let word = session_of_path(self.cohort, self.plan)?;
        let after = line.presence();
        let before = path.state().sessions.get(&word).map(SessionAttendance::presence);
        let event = match &before {
            Some(before) if *before == after => return Ok(()),
            Some(before) => {
                let (before, after) = (before.clone(), after.clone());
                let fact = AttendanceCorrection { session: word, before, after };
                Some(self.correct(path, line.beneficiary, Fact::AttendanceCorrected(fact))?)
            }
            None => {
                check_member(self.cohort, line.beneficiary, self.plan.on)?;
                self.record(path, line, word)?
            }
        };
        self.events.extend(event.map(|event| (line.beneficiary, event)));
        self.lines.push(CorrectedLine { beneficiary: line.beneficiary, before, after });
        Ok(())
    }

    fn correct(
        &self,
        path: &Beneficiary,
        who: BeneficiaryId,
        fact: Fact,
    ) -> Result<BeneficiaryEvent, Refusal> {
        let context = Context { subject: who.0, ..self.context.clone() };
        let occurred_on = context.day()?;
        let (rules, _) = context.programme.rules_on(occurred_on);
        let (by, backdating_reason) = (context.actor.clone(), context.backdating_reason);
        let event = BeneficiaryEvent { occurred_on, by, rules, backdating_reason, fact };
        crate::path::may_follow(path, &event, &context)?;
        Ok(event)
    }

    /// The line of a member who had none.
    fn record(
        &self,
        path: &Beneficiary,
        line: &SheetLine,
        session: Slug,
    ) -> Result<Option<BeneficiaryEvent>, Refusal> {
        let attendance = Attendance {
            session,
            hours: self.plan.hours,
            minutes: self.plan.minutes,
            present: line.present,
            minutes_present: line.minutes_present,
        };
        let day = Some(self.plan.on);
        let context =
            Context { occurred_on: day, subject: line.beneficiary.0, ..self.context.clone() };
        let command = BeneficiaryCommand::RecordAttendance(attendance);
        crate::path::decide(path, command, &context).map(|mut events| events.pop())
    }
}

/// Who was there and who was not, of everybody who ever held a seat and has a line that stands.
fn count(
    cohort: &Cohort,
    word: &Slug,
    paths: &BTreeMap<BeneficiaryId, &Beneficiary>,
    changed: &[CorrectedLine],
) -> (u32, u32) {
    let present = |member: &BeneficiaryId| {
        let line = changed.iter().find(|line| line.beneficiary == *member);
        let told = || paths.get(member)?.state().sessions.get(word).map(|session| session.present);
        line.map(|line| line.after.present).or_else(told)
    };
    let lines: Vec<bool> = cohort.joined.keys().filter_map(present).collect();
    let there = lines.iter().filter(|present| **present).count();
    (counted(there), counted(lines.len() - there))
}
