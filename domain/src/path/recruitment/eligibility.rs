//! Eligibility: what the programme's rules compute of a person.

use chrono::{Datelike, NaiveDate};

use super::facts::{AgeBasis, AgeFound, Eligibility, EligibilityRequest, Outcome, RuleOutcome};
use crate::path::case::Case;
use crate::path::proposal::Asked;
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
    let age = age_found(asked.path.state(), asked.on, request.completed_years);
    let rules = outcomes(asked.path.state(), asked.on, asked.rules, age.as_ref());
    let eligible = are_all_met(&rules) || request.override_reason.is_some();
    Ok(Eligibility { rules, eligible, override_reason: request.override_reason, age })
}

/// The age by the exact date where it is known, else by the year: none before the registration.
fn age_found(state: &State, on: NaiveDate, completed: Option<u32>) -> Option<AgeFound> {
    let by_year = calendar_years(state.registration.as_ref()?.birth_year.signed(), on);
    Some(match completed {
        Some(years) => AgeFound { basis: AgeBasis::BirthDate, years },
        None => AgeFound { basis: AgeBasis::BirthYear, years: by_year },
    })
}

/// Completed years of whoever was born in a year and had their birthday already.
fn calendar_years(born: i32, on: NaiveDate) -> u32 {
    (on.year() - born).max(0).cast_unsigned()
}

/// An assessment says what the rules compute.
pub(in crate::path) fn check_eligibility(
    case: &Case,
    assessment: &Eligibility,
) -> Result<(), Refusal> {
    let age = assessment.age.as_ref();
    // A birthday that is still to come in the year is all that an exact date may take away.
    let agrees = |age: &AgeFound, by_year: &AgeFound| match age.basis {
        AgeBasis::BirthYear => age == by_year,
        AgeBasis::BirthDate => {
            (by_year.years.saturating_sub(1)..=by_year.years).contains(&age.years)
        }
    };
    let by_year = age_found(case.state, case.on, None);
    if age.is_some_and(|age| !by_year.as_ref().is_some_and(|by_year| agrees(age, by_year))) {
        return Err(Refusal::Disagree { field: "age", other: "birth_year" });
    }
    let rules = outcomes(case.state, case.on, case.rules, age);
    let eligible = are_all_met(&rules) || assessment.override_reason.is_some();
    if assessment.rules == rules && assessment.eligible == eligible {
        return Ok(());
    }
    Err(Refusal::Disagree { field: "rules", other: "eligible" })
}

/// Every rule of eligibility with its outcome.
fn outcomes(
    state: &State,
    on: NaiveDate,
    rules: &Rules,
    age: Option<&AgeFound>,
) -> Vec<RuleOutcome> {
    let Some(registration) = &state.registration else {
        return Vec::new();
    };
    let range = rules.age(registration.sex);
    let holds = |years: &u32| (range.min.get()..=range.max.get()).contains(years);
    let age = match age {
        // Before the birth date was asked for, calendar years were what counted.
        None => met(holds(&calendar_years(registration.birth_year.signed(), on))),
        Some(AgeFound { basis: AgeBasis::BirthDate, years }) => met(holds(years)),
        Some(AgeFound { basis: AgeBasis::BirthYear, years }) => {
            match (holds(years), holds(&years.saturating_sub(1))) {
                (true, true) => Outcome::Met,
                (false, false) => Outcome::NotMet,
                _ => Outcome::ToBeProved,
            }
        }
    };
    let residence = state.region.unwrap_or(registration.region);
    let level = registration.education;
    let consents = state.consents.iter().any(|consent| consent.scope.as_str() == "programme");
    let outcomes = [
        ("age", age),
        ("residence", met(rules.residence.is_empty() || rules.residence.contains(&residence))),
        (
            "education",
            met(rules
                .max_education
                .is_none_or(|max| level.is_some_and(|level| level.code() <= max.code()))),
        ),
        ("consent", met(consents)),
    ];
    outcomes.into_iter().filter_map(|(rule, outcome)| of_rule(rule, outcome)).collect()
}

const fn met(is_met: bool) -> Outcome {
    if is_met { Outcome::Met } else { Outcome::NotMet }
}

fn of_rule(rule: &str, outcome: Outcome) -> Option<RuleOutcome> {
    Some(RuleOutcome { rule: Slug::try_new(rule).ok()?, outcome })
}

fn are_all_met(rules: &[RuleOutcome]) -> bool {
    rules.iter().all(|rule| rule.outcome == Outcome::Met)
}
