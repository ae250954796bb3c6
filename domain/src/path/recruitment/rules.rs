//! The rules of an interview and of a selection.

use super::facts::{CriterionScore, Decision, Interview, InterviewSheet, Selection};
use crate::path::case::Case;
use crate::path::decide::Asked;
use crate::refusal::{Duty, Item, Quantity, Refusal, Step, check_items};
use crate::values::Score;

/// Most criteria of a score sheet.
const CRITERIA_MAX: usize = 20;

/// Adds an interview's scores up.
pub(in crate::path) fn score(_: &Asked, interview: Interview) -> InterviewSheet {
    let Interview { scores, comment } = interview;
    InterviewSheet { total: total_of(&scores), scores, comment }
}

/// Points given over points that can be had, out of 100, rounded down.
fn total_of(scores: &[CriterionScore]) -> Score {
    let given: u64 = scores.iter().map(|line| u64::from(line.score.get())).sum();
    let out_of: u64 = scores.iter().map(|line| u64::from(line.out_of.get())).sum();
    let total = (given * 100).checked_div(out_of).unwrap_or(0);
    Score::try_new(total.min(100)).unwrap_or_else(|_| unreachable!("at most 100"))
}

/// A score sheet has criteria, none of them above its maximum, and their total.
pub(in crate::path) fn check_sheet(_: &Case, sheet: &InterviewSheet) -> Result<(), Refusal> {
    check_items(sheet.scores.len(), CRITERIA_MAX)?;
    for line in &sheet.scores {
        if line.score.get() > line.out_of.get() {
            let (limit, given) = (line.out_of.get(), line.score.get());
            return Err(Refusal::Above { what: Quantity::InterviewTotal, limit, given });
        }
    }
    if total_of(&sheet.scores) == sheet.total {
        return Ok(());
    }
    Err(Refusal::Disagree { field: "total", other: "scores" })
}

/// Nobody is selected, or refused, whose eligibility was never assessed.
pub(in crate::path) fn assessed(case: &Case) -> Result<(), Refusal> {
    match case.state.eligibility {
        Some(_) => Ok(()),
        None => Err(Refusal::MissingStep { step: Step::Eligibility }),
    }
}

/// Whoever is selected is eligible, and was interviewed by somebody else or drawn in a lottery.
pub(in crate::path) fn check_selection(case: &Case, selection: &Selection) -> Result<(), Refusal> {
    let eligibility = case.state.eligibility.as_ref();
    let eligibility = eligibility.ok_or(Refusal::MissingStep { step: Step::Eligibility })?;
    let is_chosen = selection.decision == Decision::Selected;
    if is_chosen && !eligibility.assessment.eligible {
        return Err(Refusal::NotEligible);
    }
    if selection.method.code() == "lottery" {
        return check_lottery(case, selection);
    }
    let interview = case.state.interview.as_ref();
    let interview = interview.ok_or(Refusal::MissingStep { step: Step::Interview })?;
    case.other_than(&interview.by, Duty::Decider, Duty::Interviewer)?;
    let (given, required) = (interview.total.get(), case.rules.interview_pass_mark.get());
    if is_chosen && given < required {
        return Err(Refusal::Below { what: Quantity::InterviewTotal, required, given });
    }
    Ok(())
}

/// A lottery is among the eligible and takes the place of the interview.
fn check_lottery(case: &Case, selection: &Selection) -> Result<(), Refusal> {
    let draw = case.programme.lotteries.get(&selection.session);
    let draw = draw.filter(|draw| draw.entries.contains(&case.subject)).ok_or_else(|| {
        let name = selection.session.to_string();
        Refusal::Unknown { item: Item::Lottery, name, field: "session" }
    })?;
    let is_drawn = draw.drawn.contains(&case.subject);
    if is_drawn == (selection.decision == Decision::Selected) {
        return Ok(());
    }
    Err(Refusal::Disagree { field: "decision", other: "session" })
}
