//! Eligibility: what the programme's rules compute of a person.

use chrono::{Datelike, NaiveDate};

use super::facts::{Eligibility, EligibilityRequest, Outcome, RuleOutcome};
use crate::path::case::Case;
use crate::path::decide::Asked;
use crate::path::state::State;
use crate::programme::Rules;
use crate::refusal::Refusal;
use crate::role::Role;
use crate::values::Slug;

/// Assesses a person by the rules; a director may override them with a reason.
pub(in crate::path) fn assess(
    asked: &Asked,
    request: EligibilityRequest,
) -> Result<Eligibility, Refusal> {
    if request.override_reason.is_some() && asked.context.role != Role::Director {
        return Err(Refusal::NeedsRole { role: Role::Director });
    }
    let rules = outcomes(asked.path.state(), asked.on, asked.rules);
    let eligible = are_all_met(&rules) || request.override_reason.is_some();
    Ok(Eligibility { rules, eligible, override_reason: request.override_reason })
}

/// An assessment says what the rules compute.
pub(in crate::path) fn check_eligibility(
    case: &Case,
    assessment: &Eligibility,
) -> Result<(), Refusal> {
    let rules = outcomes(case.state, case.on, case.rules);
    let eligible = are_all_met(&rules) || assessment.override_reason.is_some();
    if assessment.rules == rules && assessment.eligible == eligible {
        return Ok(());
    }
    Err(Refusal::Disagree { field: "rules", other: "eligible" })
}

/// Every rule of eligibility with its outcome. Age is counted in calendar years, since the year of
/// birth is all that many people know; the exact date stays sealed.
fn outcomes(state: &State, on: NaiveDate, rules: &Rules) -> Vec<RuleOutcome> {
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

fn are_all_met(rules: &[RuleOutcome]) -> bool {
    rules.iter().all(|rule| rule.outcome == Outcome::Met)
}
