//! From the idea to the completed training, and incomes.

use sira_domain::path::Fact;
use sira_domain::path::facts::{Decision, Employment, Income};
use sira_domain::reference::SurveyKind;

use super::ledger::Slot;
use super::memo::Memo;
use super::moment::{EventMoment, INCOME_SLOTS, Op, reach, unreach};
use crate::table::TableId;
use crate::table::tables::employment::EmploymentRow;
use crate::table::tables::indicator_values::IndicatorValueRow;
use crate::table::tables::training_assessments::AssessmentRow;
use crate::table::tables::training_attendance::AttendanceRow;

pub fn tell(moment: &EventMoment, memo: &mut Memo, ops: &mut Vec<Op>) {
    match &moment.event.event.fact {
        Fact::EligibilityAssessed(assessment) if assessment.eligible => {
            reach(moment, memo, ops, "eligible");
        }
        Fact::EligibilityAssessed(_) => unreach(memo, ops, "eligible"),
        Fact::InterviewRecorded(_) => reach(moment, memo, ops, "interviewed"),
        Fact::SelectionDecided(selection) if selection.decision == Decision::Selected => {
            reach(moment, memo, ops, "selected");
        }
        Fact::SelectionDecided(_) => unreach(memo, ops, "selected"),
        Fact::TrainingEnrolled(seat) => {
            memo.cohort = Some(seat.cohort);
            // After a change of group the enrolment is of the group in which the training is completed.
            unreach(memo, ops, "enrolled");
            unreach(memo, ops, "dropped_out");
            reach(moment, memo, ops, "enrolled");
        }
        Fact::AttendanceRecorded(attendance) => {
            let minutes = attendance.length_minutes();
            let own = AttendanceRow {
                aggregate_id: moment.id,
                sequence: moment.sequence,
                session: attendance.session.as_str().to_owned().into(),
                occurred_on: moment.on(),
                recorded_at: moment.event.recorded_at,
                minutes,
                attended_minutes: attendance.presence().minutes_of(minutes),
                present: attendance.present,
            };
            moment.put(memo, ops, None, own);
        }
        Fact::ModuleAssessed(_) => tell_assessment(moment, memo, ops),
        Fact::TrainingCompleted(_) => {
            unreach(memo, ops, "dropped_out");
            reach(moment, memo, ops, "trained");
            tell_trained(memo, ops);
        }
        Fact::IncomeRecorded(income) => tell_income(moment, memo, ops, income),
        Fact::EmploymentRecorded(told) => tell_employment(moment, memo, ops, told),
        _ => {}
    }
}

/// Each kind of survey has one place: what was told of the latest day, and of one day last.
fn tell_employment(moment: &EventMoment, memo: &mut Memo, ops: &mut Vec<Op>, told: &Employment) {
    let (survey, on) = (told.survey.code(), moment.on());
    if memo.employment_on.get(survey).is_some_and(|known| on < *known) {
        return;
    }
    memo.employment_on.insert(survey, on);
    let place = SurveyKind::all().position(|kind| kind.code() == survey).unwrap_or_default();
    let own = EmploymentRow {
        aggregate_id: moment.id,
        sequence: moment.sequence,
        survey: survey.into(),
        occurred_on: on,
        recorded_at: moment.event.recorded_at,
        status: told.employment_status.code().into(),
        works: told.is_work(),
        work_since: told.work_since.map(|change| change.code().into()),
    };
    moment.put(memo, ops, Some(place as Slot), own);
}

/// An income, as of a person trained or not trained so far.
fn tell_income(moment: &EventMoment, memo: &mut Memo, ops: &mut Vec<Op>, income: &Income) {
    let measure = match income.survey.code() {
        "baseline" => "income_baseline",
        "follow_up" => "income_follow_up",
        _ => "income_tracer",
    };
    let currency = income.currency.as_ref().map_or("XOF", |currency| currency.as_str());
    let own = IndicatorValueRow {
        aggregate_id: moment.id,
        sequence: moment.sequence,
        measure: measure.into(),
        occurred_on: moment.on(),
        recorded_at: moment.event.recorded_at,
        value: yearly(income),
        currency: Some(currency.to_owned().into()),
        trained: Some(moment.state.training.is_some()),
    };
    let slot = INCOME_SLOTS + moment.sequence.get();
    moment.put(memo, ops, Some(slot), own);
    memo.incomes.push(slot);
}

/// Completing a training says of the incomes told before that they are of somebody trained. All else
/// of their rows stays as it was told.
fn tell_trained(memo: &Memo, ops: &mut Vec<Op>) {
    let trained = |slot: &Slot| Op::Amend(TableId::IndicatorValues, *slot, "trained", true.into());
    ops.extend(memo.incomes.iter().map(trained));
}

/// What an income comes to in twelve months; the period counts in whole months, one at least.
fn yearly(income: &Income) -> i64 {
    let days = (income.to - income.from).num_days() + 1;
    // 30.4375 days a month, in ten-thousandths, rounded.
    let months = ((days * 10_000 + 152_187) / 304_375).max(1);
    income.amount.signed().saturating_mul(12) / months
}

/// The last assessment of a module: each module has one place, by the order of first assessment.
fn tell_assessment(moment: &EventMoment, memo: &mut Memo, ops: &mut Vec<Op>) {
    let Fact::ModuleAssessed(assessment) = &moment.event.event.fact else { return };
    let module = assessment.module.as_str();
    let place = memo.modules.iter().position(|known| known == module).unwrap_or_else(|| {
        memo.modules.push(module.to_owned());
        memo.modules.len() - 1
    });
    let own = AssessmentRow {
        aggregate_id: moment.id,
        sequence: moment.sequence,
        module: module.to_owned().into(),
        occurred_on: moment.on(),
        recorded_at: moment.event.recorded_at,
        score: assessment.score.get(),
        passed: assessment.passed,
    };
    moment.put(memo, ops, Some(place as Slot), own);
}
