//! The business plan: its versions, and what the committee says of the last one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::path::case::{Case, check_next_number};
use crate::path::decide::Asked;
use crate::path::declare::{bodies, parts};
use crate::path::fact::Fact;
use crate::path::state::{Signed, State};
use crate::refusal::{Item, Refusal, Step};
use crate::values::{Sealed, Xof};

/// A committee's conclusion on a business plan.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum PlanConclusion {
    /// The plan can be financed.
    Validated,
    /// The plan comes back with changes asked for.
    ToRevise,
}

bodies! {
    /// A business plan, as handed in.
    PlanRequest {
        /// Title of the plan.
        title: Sealed,
        /// Amount that is needed in all.
        amount_needed: Xof,
        /// Amount that the owner brings, in money or in kind.
        own_contribution: Xof,
        /// Summary of the plan.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        summary: Option<Sealed>,
    }

    /// A version of the business plan.
    Plan {
        /// Version of the plan, from 1.
        plan: u32,
        /// Title of the plan.
        title: Sealed,
        /// Amount that is needed in all.
        amount_needed: Xof,
        /// Amount that the owner brings, in money or in kind.
        own_contribution: Xof,
        /// Summary of the plan.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        summary: Option<Sealed>,
    }

    /// A committee's conclusion on the last business plan.
    PlanReview {
        /// Version of the plan; the last one when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        plan: Option<u32>,
        /// Conclusion of the committee.
        conclusion: PlanConclusion,
        /// Remarks in free text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<Sealed>,
    }
}

parts! {
    /// The last version of the business plan.
    PlanState {
        /// Version, from 1.
        plan: u32,
        /// The day it was handed in, and by whom.
        submitted: Signed,
        /// Title, as it was sealed.
        title: Sealed,
        /// Amount that is needed in all.
        amount_needed: Xof,
        /// Amount that the owner brings, in money or in kind.
        own_contribution: Xof,
        /// The committee's conclusion on this version; none before it was looked at.
        #[serde(skip_serializing_if = "Option::is_none")]
        conclusion: Option<PlanConclusion>,
    }
}

/// Numbers a plan as the next version.
pub(in crate::path) fn number_plan(asked: &Asked, plan: PlanRequest) -> Plan {
    Plan {
        plan: asked.next_number(|fact| matches!(fact, Fact::BusinessPlanSubmitted(_))),
        title: plan.title,
        amount_needed: plan.amount_needed,
        own_contribution: plan.own_contribution,
        summary: plan.summary,
    }
}

/// A plan is a version after the last one.
pub(in crate::path) fn check_plan(case: &Case, plan: &Plan) -> Result<(), Refusal> {
    let last = case.state.plan.as_ref().map_or(0, |last| last.plan);
    check_next_number(Item::BusinessPlan, last, plan.plan)
}

/// Names the version that is reviewed: the last one, unless the command says which.
pub(in crate::path) fn review(asked: &Asked, review: PlanReview) -> PlanReview {
    let last = asked.path.state().plan.as_ref().map(|plan| plan.plan);
    PlanReview { plan: review.plan.or(last), ..review }
}

/// There is a plan, and its last version is not validated yet.
pub(in crate::path) fn to_review(case: &Case) -> Result<(), Refusal> {
    let plan = case.state.plan.as_ref();
    let plan = plan.ok_or(Refusal::MissingStep { step: Step::BusinessPlan })?;
    if plan.conclusion == Some(PlanConclusion::Validated) {
        return Err(Refusal::Settled { item: Item::BusinessPlan, name: plan.plan.to_string() });
    }
    Ok(())
}

/// A review is of the last version.
pub(in crate::path) fn check_review(case: &Case, review: &PlanReview) -> Result<(), Refusal> {
    if review.plan.is_some() && review.plan == case.state.plan.as_ref().map(|plan| plan.plan) {
        return Ok(());
    }
    let name = review.plan.unwrap_or_default().to_string();
    Err(Refusal::Unknown { item: Item::BusinessPlan, name, field: "plan" })
}

/// Money is asked for on a validated plan.
pub(in crate::path) fn validated(case: &Case) -> Result<(), Refusal> {
    let conclusion = case.state.plan.as_ref().and_then(|plan| plan.conclusion);
    if conclusion == Some(PlanConclusion::Validated) {
        return Ok(());
    }
    Err(Refusal::MissingStep { step: Step::ValidatedPlan })
}

pub(in crate::path) fn fold_plan(state: &mut State, signed: &Signed, plan: &Plan) {
    state.plan = Some(PlanState {
        plan: plan.plan,
        submitted: signed.clone(),
        title: plan.title.clone(),
        amount_needed: plan.amount_needed,
        own_contribution: plan.own_contribution,
        conclusion: None,
    });
}

pub(in crate::path) fn fold_review(state: &mut State, _: &Signed, review: &PlanReview) {
    if let Some(plan) = &mut state.plan {
        plan.conclusion = Some(review.conclusion);
    }
}
