//! From the idea to the completed training, and incomes.

use sira_domain::beneficiary::Fact;
use sira_domain::beneficiary::facts::{Decision, Income};

use super::ledger::Slot;
use super::memo::{IncomeTold, Memo};
use super::tell::{Moment, Op, reach, unreach};
use crate::table::{Cell, TableId};

/// First place of incomes in `indicator_values`.
const INCOME_SLOTS: Slot = 1_000;

pub fn tell(moment: &Moment, memo: &mut Memo, ops: &mut Vec<Op>) {
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
            reach(moment, memo, ops, "enrolled");
        }
        Fact::AttendanceRecorded(attendance) => {
            let minutes = attendance.length_minutes();
            let attended = if attendance.present { minutes } else { 0 };
            let own = [
                moment.id.into(),
                moment.sequence.into(),
                attendance.session.as_str().to_owned().into(),
                moment.on().into(),
                moment.event.recorded_at.into(),
                minutes.into(),
                attended.into(),
                attendance.present.into(),
            ];
            moment.put(memo, ops, (TableId::TrainingAttendance, None), own);
        }
        Fact::ModuleAssessed(_) => tell_assessment(moment, memo, ops),
        Fact::TrainingCompleted(_) => {
            reach(moment, memo, ops, "trained");
            tell_incomes(moment, memo, ops);
        }
        Fact::IncomeRecorded(_) => {
            memo.incomes.push(IncomeTold {
                sequence: moment.sequence,
                on: moment.on(),
                recorded_at: moment.event.recorded_at,
            });
            tell_incomes(moment, memo, ops);
        }
        _ => {}
    }
}

/// Every income, as trained or not: completing a training says it of those told before as well.
fn tell_incomes(moment: &Moment, memo: &Memo, ops: &mut Vec<Op>) {
    let trained = moment.state.training.is_some();
    for (slot, (told, income)) in
        (INCOME_SLOTS..).zip(memo.incomes.iter().zip(&moment.state.incomes))
    {
        let measure = match income.survey.code() {
            "baseline" => "income_baseline",
            "follow_up" => "income_follow_up",
            _ => "income_tracer",
        };
        let currency = income.currency.as_ref().map_or("XOF", |currency| currency.as_str());
        let own = [
            moment.id.into(),
            told.sequence.into(),
            measure.into(),
            told.on.into(),
            told.recorded_at.into(),
            yearly(income).into(),
            currency.to_owned().into(),
            trained.into(),
        ];
        moment.put(memo, ops, (TableId::IndicatorValues, Some(slot)), own);
    }
}

/// What an income comes to in twelve months; the period counts in whole months, one at least.
fn yearly(income: &Income) -> i64 {
    let days = (income.to - income.from).num_days() + 1;
    // 30.4375 days a month, in ten-thousandths, rounded.
    let months = ((days * 10_000 + 152_187) / 304_375).max(1);
    let amount = i64::try_from(income.amount.francs()).unwrap_or(i64::MAX);
    amount.saturating_mul(12) / months
}

/// The last assessment of a module: each module has one place, by the order of first assessment.
fn tell_assessment(moment: &Moment, memo: &mut Memo, ops: &mut Vec<Op>) {
    let Fact::ModuleAssessed(assessment) = &moment.event.event.fact else { return };
    let module = assessment.module.as_str();
    let place = memo.modules.iter().position(|known| known == module).unwrap_or_else(|| {
        memo.modules.push(module.to_owned());
        memo.modules.len() - 1
    });
    let own: [Cell; 7] = [
        moment.id.into(),
        moment.sequence.into(),
        module.to_owned().into(),
        moment.on().into(),
        moment.event.recorded_at.into(),
        assessment.score.get().into(),
        assessment.passed.into(),
    ];
    let slot = Slot::try_from(place).unwrap_or_default();
    moment.put(memo, ops, (TableId::TrainingAssessments, Some(slot)), own);
}
