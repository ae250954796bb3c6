//! What a request, an approval and a payment say.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::path::declare::bodies;
use crate::reference::{Instrument, LoanChangeGround, PaymentMethod, RefusalReason};
use crate::values::{FundId, PaymentReference, Sealed, Slug, Xof};

/// A condition that must be met before a tranche is paid, each seen in the path itself.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum TrancheCondition {
    /// The agreement is signed.
    AgreementSigned,
    /// The business has started.
    BusinessStarted,
    /// A visit was made after the tranche before.
    VisitRecorded,
    /// A document was attached after the tranche before.
    DocumentAttached,
}

bodies! {
    /// A request for financing.
    FinancingApplication {
        /// Grant, kit, loan or guarantee.
        instrument: Instrument,
        /// Amount that is asked for.
        amount: Xof,
        /// Amount that the owner brings, in money or in kind.
        own_contribution: Xof,
        /// The donor's envelope.
        fund: FundId,
        /// Budget line that it draws from, of a fund with lines.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        budget_line: Option<Slug>,
        /// Number of the financing, from another fund, that it is for one need with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        co_finances: Option<u32>,
    }

    /// A request for financing, numbered.
    FinancingCase {
        /// Number within the path, from 1.
        financing: u32,
        /// Grant, kit, loan or guarantee.
        instrument: Instrument,
        /// Amount that is asked for.
        amount: Xof,
        /// Amount that the owner brings, in money or in kind.
        own_contribution: Xof,
        /// The donor's envelope.
        fund: FundId,
        /// Budget line that it draws from, of a fund with lines.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        budget_line: Option<Slug>,
        /// Number of the financing, from another fund, that it is for one need with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        co_finances: Option<u32>,
    }

    /// A part of an approved financing that is to be paid at once, when its conditions are met. That it was
    /// paid is told by a disbursement.
    Tranche {
        /// Number within the financing, from 1.
        tranche: u32,
        /// Amount in whole francs.
        amount: Xof,
        /// Conditions that must be met before it is paid.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        conditions: Vec<TrancheCondition>,
    }

    /// One instalment of a loan.
    Instalment {
        /// Day it is due.
        due_on: NaiveDate,
        /// Principal due on that day.
        principal: Xof,
        /// Interest due on that day.
        interest: Xof,
    }

    /// An approval of a requested financing.
    Approval {
        /// Number of the financing.
        financing: u32,
        /// Amount approved: the sum of the tranches.
        amount: Xof,
        /// Tranches, 1 to 20.
        tranches: Vec<Tranche>,
        /// Repayment schedule; for a loan, and only then.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        schedule: Vec<Instalment>,
    }

    /// A refusal of a requested financing.
    FinancingRefusal {
        /// Number of the financing.
        financing: u32,
        /// Reason of the refusal, from its list.
        reason: RefusalReason,
        /// Remarks in free text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<Sealed>,
    }

    /// Names a financing.
    FinancingNumber {
        /// Number of the financing.
        financing: u32,
    }

    /// A payment to the beneficiary.
    Disbursement {
        /// Number of the financing.
        financing: u32,
        /// Number of the tranche.
        tranche: u32,
        /// Amount: that of the tranche.
        amount: Xof,
        /// Method by which it was paid.
        method: PaymentMethod,
        /// The payment's own reference, used once in a fund.
        payment_reference: PaymentReference,
    }

    /// A repayment by the beneficiary.
    Repayment {
        /// Number of the financing.
        financing: u32,
        /// Principal paid back.
        principal: Xof,
        /// Interest paid with it.
        interest: Xof,
        /// Amount above all that is owed, kept as the person's credit until it is refunded. None of an
        /// event that was stored before credit could be told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        credit: Option<Xof>,
        /// Method by which it was paid.
        method: PaymentMethod,
        /// The payment's own reference.
        payment_reference: PaymentReference,
    }

    /// A new schedule for what is still owed.
    Rescheduling {
        /// Number of the financing.
        financing: u32,
        /// The new schedule; its principal is what is still owed.
        schedule: Vec<Instalment>,
        /// Reason, from its list; it outlives an erasure.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ground: Option<LoanChangeGround>,
        /// Reason in free text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Sealed>,
    }

    /// A loan that is given up.
    WriteOff {
        /// Number of the financing.
        financing: u32,
        /// Principal given up: all that is still owed.
        amount: Xof,
        /// Reason, from its list; it outlives an erasure.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ground: Option<LoanChangeGround>,
        /// Reason in free text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Sealed>,
    }
}
