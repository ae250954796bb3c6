//! Referrals between the partners' services: made, numbered, and what came of them.

use chrono::NaiveDate;

use crate::path::case::{Case, check_next_number};
use crate::path::declare::{bodies, parts};
use crate::path::fact::Fact;
use crate::path::proposal::Asked;
use crate::path::state::{Signed, State};
use crate::reference::{ReferralOutcome, ReferralService};
use crate::refusal::{Item, Refusal};
use crate::values::{Sealed, Slug};

bodies! {
    /// A person who is sent to a service of a partner.
    ReferralRequest {
        /// The partner, by the part that it has in the convention, such as `implementer`.
        partner: Slug,
        /// The service that the person is sent to, from its list.
        service: ReferralService,
        /// Remarks in free text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<Sealed>,
    }

    /// A referral, numbered.
    Referral {
        /// Number within the path, from 1.
        referral: u32,
        /// The partner, by the part that it has in the convention.
        partner: Slug,
        /// The service that the person is sent to.
        service: ReferralService,
        /// Remarks in free text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<Sealed>,
    }

    /// What came of a referral.
    ReferralAnswer {
        /// Number of the referral.
        referral: u32,
        /// Outcome, from its list.
        outcome: ReferralOutcome,
        /// Remarks in free text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<Sealed>,
    }
}

parts! {
    /// A referral, open until its outcome is known.
    ReferralState {
        /// Number within the path, from 1.
        referral: u32,
        /// The partner, by the part that it has in the convention.
        partner: Slug,
        /// The service that the person was sent to.
        service: ReferralService,
        /// Day of the referral.
        referred_on: NaiveDate,
        /// Day on which the outcome was known, and the outcome; none while it is open.
        #[serde(skip_serializing_if = "Option::is_none")]
        settled: Option<(NaiveDate, ReferralOutcome)>,
    }
}

/// Numbers a referral as the next one of the path.
pub(in crate::path) fn refer(asked: &Asked, request: ReferralRequest) -> Referral {
    Referral {
        referral: asked.next_number(|fact| matches!(fact, Fact::ReferredToPartner(_))),
        partner: request.partner,
        service: request.service,
        comment: request.comment,
    }
}

/// A referral has a number after the last one, and is to a party of the convention.
pub(in crate::path) fn check_referral(case: &Case, referral: &Referral) -> Result<(), Refusal> {
    let parties = case.programme.convention.iter().flat_map(|convention| &convention.parties);
    if !parties.into_iter().any(|party| party.role == referral.partner) {
        let name = referral.partner.to_string();
        return Err(Refusal::Unknown { item: Item::Party, name, field: "partner" });
    }
    let last = case.state.referrals.last().map_or(0, |last| last.referral);
    check_next_number(Item::Referral, last, referral.referral)
}

/// A referral waits for its outcome.
pub(in crate::path) fn one_referred(case: &Case) -> Result<(), Refusal> {
    let referrals = &case.state.referrals;
    if referrals.iter().any(|referral| referral.settled.is_none()) {
        return Ok(());
    }
    let numbers = referrals.iter().map(|referral| referral.referral);
    Err(Refusal::none_open(Item::Referral, "referral", numbers))
}

/// An outcome is of a referral that waits for it.
pub(in crate::path) fn check_outcome(case: &Case, answer: &ReferralAnswer) -> Result<(), Refusal> {
    let name = answer.referral.to_string();
    let referral = case.state.referrals.iter().find(|one| one.referral == answer.referral);
    match referral {
        None => Err(Refusal::Unknown { item: Item::Referral, name, field: "referral" }),
        Some(settled) if settled.settled.is_some() => {
            Err(Refusal::Settled { item: Item::Referral, name })
        }
        Some(_) => Ok(()),
    }
}

pub(in crate::path) fn fold_referral(state: &mut State, signed: &Signed, referral: &Referral) {
    state.referrals.push(ReferralState {
        referral: referral.referral,
        partner: referral.partner.clone(),
        service: referral.service,
        referred_on: signed.on,
        settled: None,
    });
}

pub(in crate::path) fn fold_outcome(state: &mut State, signed: &Signed, answer: &ReferralAnswer) {
    let number = answer.referral;
    if let Some(open) = state.referrals.iter_mut().find(|open| open.referral == number) {
        open.settled = Some((signed.on, answer.outcome));
    }
}
