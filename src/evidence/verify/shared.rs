//! Events of cohorts and funds, as they are judged: as their guards judge them.

use chrono::NaiveDate;
use cqrs_es::DomainEvent;
use serde::de::DeserializeOwned;
use sira_domain::cohort::{self, Cohort, CohortEvent, CohortFact};
use sira_domain::context::Context;
use sira_domain::fund::{self, Fund, FundEvent, FundFact};
use sira_domain::refusal::Refusal;
use sira_domain::values::ActorId;
use uuid::Uuid;

/// An event of a cohort or a fund, which paths write to as well.
pub(super) trait Shared: DomainEvent + DeserializeOwned {
    /// What it is folded into.
    type State;
    /// Who recorded it.
    fn by(&self) -> &ActorId;
    /// When it happened.
    fn day(&self) -> NaiveDate;
    /// The programme that it is judged by; a first event names it.
    fn programme(&self, state: &Self::State) -> Option<Uuid>;
    /// Whether it may be recorded so late.
    fn check_recorded_late(&self, _: &Context) -> Result<(), Refusal> {
        Ok(())
    }
    /// Whether it may follow, as its actor and role recorded it.
    fn may_follow(&self, state: &Self::State, context: &Context) -> Result<(), Refusal>;
    /// Takes it in.
    fn take_into(&self, state: &mut Self::State);
}

impl Shared for CohortEvent {
    type State = Cohort;

    fn by(&self) -> &ActorId {
        &self.by
    }

    fn day(&self) -> NaiveDate {
        self.occurred_on
    }

    fn programme(&self, state: &Cohort) -> Option<Uuid> {
        match &self.fact {
            CohortFact::CohortPlanned(plan) => Some(plan.programme.0),
            _ => state.plan.as_ref().map(|plan| plan.programme.0),
        }
    }

    fn may_follow(&self, state: &Cohort, context: &Context) -> Result<(), Refusal> {
        cohort::check_author_of(state, self, context)?;
        cohort::lawful(state, self, &context.programme)
    }

    fn check_recorded_late(&self, context: &Context) -> Result<(), Refusal> {
        cohort::check_backdating(self, context)
    }

    fn take_into(&self, state: &mut Cohort) {
        state.take(self);
    }
}

impl Shared for FundEvent {
    type State = Fund;

    fn by(&self) -> &ActorId {
        &self.by
    }

    fn day(&self) -> NaiveDate {
        self.occurred_on
    }

    fn programme(&self, state: &Fund) -> Option<Uuid> {
        match &self.fact {
            FundFact::FundOpened(envelope) => Some(envelope.programme.0),
            _ => state.envelope.as_ref().map(|envelope| envelope.programme.0),
        }
    }

    fn may_follow(&self, state: &Fund, context: &Context) -> Result<(), Refusal> {
        fund::check_author_of(state, self, context)?;
        fund::lawful(state, self, &context.programme)
    }

    fn take_into(&self, state: &mut Fund) {
        state.take(self);
    }
}
