//! The state of a path: what its events say together. The fold holds no rule and cannot fail.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::any::{Actions, DocumentState, GrievanceState, HandoverState, ReferralState};
use super::declare::parts;
use super::event::BeneficiaryEvent;
use super::fact::Fact;
use super::facts::{Consent, Idea, Income};
use super::financing::{FinancingState, PlanState};
use super::follow_up::{BusinessState, VisitState};
use super::idea::RegistrationState;
use super::past::Past;
use super::recruitment::{EligibilityState, InterviewState, SelectionState};
use super::stage::{ClosedBecause, Stage, Status};
use super::training::{AssessmentState, CompletionState, EnrolmentState, SessionAttendance};
use crate::reference::{ModuleCode, RegionCode};
use crate::values::{ActorId, BeneficiaryId, KeyId, OfficeCode, Sealed, Slug};

parts! {
    /// The day and the author of a fact.
    Signed {
        /// Day of the fact.
        on: NaiveDate,
        /// The member of staff who recorded it.
        by: ActorId,
    }
}

/// Where a beneficiary's path stands. All of it is derived from the events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct State {
    /// Stage that the path has reached.
    pub stage: Stage,
    /// Tells whether the path goes on, is paused, or has ended.
    pub status: Status,
    /// The registration; none before it, or when it was retracted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration: Option<RegistrationState>,
    /// Office in charge of the path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub office: Option<OfficeCode>,
    /// Region of residence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<RegionCode>,
    /// Adviser in charge; none before one is assigned and after a transfer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adviser: Option<ActorId>,
    /// The transfer that waits to be accepted; none when none does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handover: Option<HandoverState>,
    /// The idea as last told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idea: Option<Idea>,
    /// Last assessment of eligibility.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eligibility: Option<EligibilityState>,
    /// The last interview that was held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interview: Option<InterviewState>,
    /// Last decision of selection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selection: Option<SelectionState>,
    /// The seat in a training group; none once it was given back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enrolment: Option<EnrolmentState>,
    /// Sessions by their word.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub sessions: BTreeMap<Slug, SessionAttendance>,
    /// Last assessment of each module.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub assessments: BTreeMap<ModuleCode, AssessmentState>,
    /// The completed training; none before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub training: Option<CompletionState>,
    /// The last version of the business plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<PlanState>,
    /// Financings in the order of their requests.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub financings: Vec<FinancingState>,
    /// Day on which a start without money was allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub financing_waived_on: Option<NaiveDate>,
    /// The last business that the person started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub business: Option<BusinessState>,
    /// Visits by milestone, in months after the start.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub visits: BTreeMap<u32, VisitState>,
    /// Day of the last visit, milestone or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_visit_on: Option<NaiveDate>,
    /// Incomes told, in the order of their recording.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub incomes: Vec<Income>,
    /// Grievances, in the order of their numbers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub grievances: Vec<GrievanceState>,
    /// Referrals to partners, in the order of their numbers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub referrals: Vec<ReferralState>,
    /// Documents attached, in the order of their recording.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<DocumentState>,
    /// Consents that were given and not withdrawn.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub consents: Vec<Consent>,
    /// Notes, supports and community actions recorded.
    pub actions: Actions,
    /// The path under which the same person continues: this one is frozen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub continues_as: Option<BeneficiaryId>,
    /// Frozen paths of the same person, who continues here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub duplicates: Vec<BeneficiaryId>,
    /// Paths that were likely duplicates of this one, and are of other people.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dismissed: Vec<BeneficiaryId>,
    /// Day on which the path closed: the person left, completed it, was not selected, or is not eligible;
    /// none while it goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_closed_on: Option<NaiveDate>,
    /// The decision that closed the path; none while it goes on, and of whoever left or completed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_because: Option<ClosedBecause>,
    /// Day on which the personal data were erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub erased_on: Option<NaiveDate>,
    /// The sealed identity as last told; never shown as it is.
    #[serde(skip_serializing)]
    pub identity: Option<Sealed>,
    /// Every key that sealed something here, retracted or not.
    #[serde(skip_serializing)]
    pub keys: Vec<KeyId>,
    /// What stood on past days.
    #[serde(skip)]
    pub(super) past: Past,
}

impl State {
    /// A financing by its number.
    #[must_use]
    pub fn financing(&self, number: u32) -> Option<&FinancingState> {
        self.financings.iter().find(|financing| financing.financing() == number)
    }

    /// Tells whether the person has been erased.
    #[must_use]
    pub fn is_erased(&self) -> bool {
        self.erased_on.is_some()
    }

    /// Takes one event in. Retractions are not folded here: see [`super::Beneficiary`].
    pub fn fold(&mut self, event: &BeneficiaryEvent) {
        let signed = Signed { on: event.occurred_on, by: event.by.clone() };
        let before = self.status;
        event.fact.fold_into(self, &signed);
        if let (Fact::BusinessStarted(_), Some(business)) = (&event.fact, &mut self.business) {
            business.rules = event.rules;
        }
        self.status = match (self.status, self.closed_because) {
            (Status::Active, Some(_)) => Status::Closed,
            (Status::Closed, None) => Status::Active,
            (status, _) => status,
        };
        if self.status != before {
            self.past.note_status(event.occurred_on, self.status);
        }
    }

    /// Remembers the key of a sealed identity: the path's key, which erasure destroys. It is kept
    /// through retractions, since a retracted event stays in the stream with what it sealed.
    pub(super) fn note_keys(&mut self, event: &BeneficiaryEvent) {
        let sealed = match &event.fact {
            Fact::Registered(registration) => &registration.identity,
            Fact::IdentityUpdated(change) => &change.identity,
            _ => return,
        };
        if let Some(key) = sealed.0.key().filter(|key| !self.keys.contains(key)) {
            self.keys.push(key);
        }
    }

    /// Puts a financing's next state in the place of the one before; nothing for an unknown number.
    pub(super) fn change_financing(
        &mut self,
        number: u32,
        change: impl FnOnce(FinancingState) -> FinancingState,
    ) {
        let place = self.financings.iter().position(|financing| financing.financing() == number);
        if let Some(place) = place {
            let before = self.financings.remove(place);
            self.financings.insert(place, change(before));
        }
    }

    /// Whoever was refused and is looked at again has not closed before that day.
    pub(super) fn looked_at_again(&mut self, on: NaiveDate) {
        if self.status == Status::Closed {
            self.path_closed_on = self.path_closed_on.map(|closed| closed.max(on));
        }
    }

    /// A decision closes the path, or opens it again. One that has closed otherwise is opened by a
    /// reopening alone.
    pub(super) fn close_or_open(&mut self, because: Option<ClosedBecause>, on: NaiveDate) {
        if matches!(self.status, Status::Active | Status::Suspended | Status::Closed) {
            self.closed_because = because;
            self.path_closed_on = because.map(|_| on);
        }
    }

    /// Whoever was refused and is trained after all goes on.
    pub(super) fn goes_on(&mut self) {
        if self.status == Status::Closed {
            self.path_closed_on = None;
            self.closed_because = None;
        }
    }
}
