//! Names that are written once and looked for later: second names of streams, which the journal keeps
//! unique, and what a sealed text is bound to. Whoever records events writes them alike, so they are fixed
//! for ever.

use uuid::Uuid;

use crate::cohort::{CohortCommand, CohortPlan};
use crate::fund::{Envelope, FundCommand};
use crate::values::Reference;

/// What a sealed text is bound to, a person's stream and the field: it opens nowhere else.
#[must_use]
pub fn seal_context(id: Uuid, field: &str) -> String {
    format!("beneficiary/{id}/{field}")
}

/// What a sealed text of a programme's stream is bound to.
#[must_use]
pub fn seal_context_of_programme(id: Uuid, field: &str) -> String {
    format!("programme/{id}/{field}")
}

/// The second name of a person's stream, its reference without hyphens.
#[must_use]
pub fn alias_of_person(reference: Reference) -> String {
    reference.as_str().replace('-', "")
}

/// The second name that a command gives a training group: programme and code. Only the command that
/// begins the stream gives one.
#[must_use]
pub fn alias_of_cohort(command: &CohortCommand) -> Option<String> {
    match command {
        CohortCommand::PlanCohort(plan) => Some(alias_of_plan(plan)),
        _ => None,
    }
}

/// The second name of the training group that was planned so.
#[must_use]
pub fn alias_of_plan(plan: &CohortPlan) -> String {
    format!("cohort/{}/{}", plan.programme, plan.code)
}

/// The second name that a command gives a fund: programme and code. Only the command that begins the
/// stream gives one.
#[must_use]
pub fn alias_of_fund(command: &FundCommand) -> Option<String> {
    match command {
        FundCommand::OpenFund(fund) => Some(alias_of_envelope(fund)),
        _ => None,
    }
}

/// The second name of the fund that was opened so.
#[must_use]
pub fn alias_of_envelope(fund: &Envelope) -> String {
    format!("fund/{}/{}", fund.programme, fund.code)
}
