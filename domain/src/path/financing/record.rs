//! A financing as it is written and read: one flat record.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::facts::{Instalment, Tranche};
use super::loan::{Loan, PaidBack};
use super::state::{
    Award, FinancingState, OtherPayment, PaidTranche, RequestedFinancing, ReversedPayment,
};
use crate::path::state::Signed;
use crate::reference::Instrument;
use crate::values::{FundId, Slug, Xof};

/// The fields of a financing, whatever its state; their names and order are what the API shows.
#[derive(Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(rename = "Financing")]
pub(super) struct FinancingRecord {
    financing: u32,
    instrument: Instrument,
    fund: FundId,
    requested: Xof,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    budget_line: Option<Slug>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    co_finances: Option<u32>,
    request: Signed,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    approval: Option<Signed>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refusal: Option<Signed>,
    approved: Xof,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tranches: Vec<Tranche>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    schedule: Vec<Instalment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    agreement_on: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    paid: Vec<PaidTranche>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    repaid: Vec<PaidBack>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    written_off_on: Option<NaiveDate>,
    reschedulings: u32,
    repaid_since_schedule: Xof,
    /// Interest of the schedule in force that is not paid yet, due or not.
    #[serde(default, skip_serializing_if = "Xof::is_zero")]
    interest_owed: Xof,
    /// Paid back above all that was owed, and not refunded yet.
    #[serde(default, skip_serializing_if = "Xof::is_zero")]
    credit: Xof,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    refunds: Vec<OtherPayment>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    recovered: Vec<OtherPayment>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    calls: Vec<OtherPayment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    released_on: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    reversed: Vec<ReversedPayment>,
}

impl From<FinancingState> for FinancingRecord {
    fn from(financing: FinancingState) -> Self {
        Self {
            financing: financing.financing(),
            instrument: financing.instrument(),
            fund: financing.fund(),
            requested: financing.requested(),
            budget_line: financing.budget_line().cloned(),
            co_finances: financing.co_finances(),
            request: financing.request().clone(),
            approval: financing.approval().cloned(),
            refusal: financing.refusal().cloned(),
            approved: financing.approved(),
            tranches: financing.tranches().to_vec(),
            schedule: financing.schedule().to_vec(),
            agreement_on: financing.agreement_on(),
            paid: financing.paid().to_vec(),
            repaid: financing.repaid().to_vec(),
            written_off_on: financing.written_off_on(),
            reschedulings: financing.reschedulings(),
            repaid_since_schedule: financing.repaid_since_schedule(),
            interest_owed: financing.interest_owed(),
            credit: financing.credit(),
            refunds: financing.refunds().to_vec(),
            recovered: financing.recovered().to_vec(),
            calls: financing.calls().to_vec(),
            released_on: financing.released_on(),
            reversed: financing.reversed().to_vec(),
        }
    }
}

impl From<FinancingRecord> for FinancingState {
    fn from(record: FinancingRecord) -> Self {
        let asked = RequestedFinancing {
            financing: record.financing,
            instrument: record.instrument,
            fund: record.fund,
            requested: record.requested,
            budget_line: record.budget_line,
            co_finances: record.co_finances,
            request: record.request,
        };
        let loan = Loan {
            schedule: record.schedule,
            repaid: record.repaid,
            reschedulings: record.reschedulings,
            written_off_on: record.written_off_on,
        };
        let award = record.approval.map(|approval| Award {
            approval,
            amount: record.approved,
            tranches: record.tranches,
            agreement_on: record.agreement_on,
            paid: record.paid,
            loan: (!loan.schedule.is_empty()).then_some(loan),
            refunds: record.refunds,
            recovered: record.recovered,
            calls: record.calls,
            released_on: record.released_on,
            reversed: record.reversed,
        });
        match (award, record.refusal) {
            (None, None) => Self::Requested(asked),
            (Some(award), None) => Self::Approved(asked, award),
            (None, Some(refusal)) => Self::Refused(asked, refusal),
            (Some(award), Some(refusal)) => Self::CutShort(asked, award, refusal),
        }
    }
}
