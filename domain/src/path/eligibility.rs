//! What the rules compute: eligibility, totals, attendance.

use chrono::{Datelike, NaiveDate};

use super::facts::{CriterionScore, Outcome, RuleOutcome};
use super::state::State;
use crate::programme::Rules;
use crate::values::{Score, Slug};

/// Every rule of eligibility with its outcome. Age is counted in calendar years, since the year of
/// birth is all that many people know; the exact date stays sealed.
pub(super) fn assess(state: &State, on: NaiveDate, rules: &Rules) -> Vec<RuleOutcome> {
    let Some(registration) = &state.registration else {
        return Vec::new();
    };
    let range = rules.age(registration.sex);
    let age = u32::try_from(on.year()).unwrap_or(0).saturating_sub(registration.birth_year);
    let residence = state.region.unwrap_or(registration.region);
    let level = registration.education;
    let consents = state.consents.iter().any(|consent| consent.scope.as_str() == "programme");
    let outcomes = [
        ("age", (range.min.get()..=range.max.get()).contains(&age)),
        ("residence", rules.residence.is_empty() || rules.residence.contains(&residence)),
        (
            "education",
            rules
                .max_education
                .is_none_or(|max| level.is_some_and(|level| level.code() <= max.code())),
        ),
        ("consent", consents),
    ];
    outcomes.into_iter().filter_map(|(rule, met)| outcome(rule, met)).collect()
}

fn outcome(rule: &str, met: bool) -> Option<RuleOutcome> {
    let rule = Slug::try_new(rule).ok()?;
    Some(RuleOutcome { rule, outcome: if met { Outcome::Met } else { Outcome::NotMet } })
}

/// Whether every rule is met.
pub(super) fn all_met(rules: &[RuleOutcome]) -> bool {
    rules.iter().all(|rule| rule.outcome == Outcome::Met)
}

/// Points given over points that can be had, out of 100, rounded down.
pub(super) fn total_of(scores: &[CriterionScore]) -> Score {
    let given: u64 = scores.iter().map(|line| u64::from(line.score.get())).sum();
    let out_of: u64 = scores.iter().map(|line| u64::from(line.out_of.get())).sum();
    let total = (given * 100).checked_div(out_of).unwrap_or(0);
    Score::try_new(total.min(100)).unwrap_or_else(|_| unreachable!("at most 100"))
}

/// Minutes of the sessions that the person was at.
pub(super) fn attended_minutes(state: &State) -> u32 {
    state.sessions.values().filter(|session| session.present).map(|session| session.minutes).sum()
}

/// Minutes planned: by the rules, else the sum of the recorded sessions.
pub(super) fn planned_minutes(state: &State, rules: &Rules) -> u32 {
    let recorded = || state.sessions.values().map(|session| session.minutes).sum();
    rules.planned_hours.map_or_else(recorded, |hours| hours.get() * 60)
}
