//! The facts of a fund, as they are stored for ever.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use cqrs_es::DomainEvent;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::lines::{BudgetLine, LineBudget};
use super::overheads::{Overhead, OverheadReversal};
use super::reconciliation::{Reconciliation, ReconciliationWithdrawal};
use crate::path::facts::{Nothing, PaymentKind};
use crate::reference::{Instrument, RegionCode};
use crate::retraction::{ClearReason, ClearRetraction};
use crate::values::{
    ActorId, BeneficiaryId, CurrencyCode, PaymentReference, Period, ProgrammeId, Slug, Text, Xof,
};

/// One event of a fund's stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FundEvent {
    /// The day on which it happened.
    pub occurred_on: NaiveDate,
    /// The member of staff who recorded it.
    pub by: ActorId,
    /// The fact itself.
    pub fact: FundFact,
}

/// A donor's envelope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Envelope {
    /// The programme that it finances.
    pub programme: ProgrammeId,
    /// The fund's own word, unique in its programme.
    pub code: Slug,
    /// Name of the donor.
    pub donor: Text<120>,
    /// Period within which it may be committed.
    pub period: Period,
    /// The amount that the donor gives.
    pub budget: Xof,
    /// The regions that the fund is given to: it serves people there alone, and is kept by those who
    /// reach them all. None when it serves every region, and is kept nationally.
    #[serde(default)]
    pub regions: BTreeSet<RegionCode>,
    /// Lines of the budget, which add up to it; none of a fund without lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<BudgetLine>,
    /// Currency that the fund is kept in: XOF, in which payments are made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<CurrencyCode>,
}

/// A new budget.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// The whole budget from now on.
    pub budget: Xof,
    /// Reference of the donor's amendment that changes the budget.
    pub amendment: Text<60>,
    /// New amounts of lines; those that are not named keep theirs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<LineBudget>,
}

/// What changes in an envelope; what is left out stays. The budget has a command of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FundAmendment {
    /// Name of the donor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub donor: Option<Text<120>>,
    /// Period within which it may be committed; it holds every commitment that was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
    /// Reason in clear: nobody is named in it.
    pub reason: ClearReason,
}

/// Money promised to a financing, or given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commitment {
    /// The path that the money goes to or comes from.
    pub beneficiary: BeneficiaryId,
    /// Number of the financing within the path.
    pub financing: u32,
    /// Amount in whole francs.
    pub amount: Xof,
    /// The budget line that it draws from, of a fund with lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_line: Option<Slug>,
    /// The financing's instrument, of a fund with lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instrument: Option<Instrument>,
}

/// A tranche paid out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outlay {
    /// The path that the money goes to or comes from.
    pub beneficiary: BeneficiaryId,
    /// Number of the financing within the path.
    pub financing: u32,
    /// Number of the tranche.
    pub tranche: u32,
    /// Amount in whole francs.
    pub amount: Xof,
    /// The payment's reference, used once in the fund.
    pub payment_reference: PaymentReference,
}

/// Money that came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Return {
    /// The path that the money goes to or comes from.
    pub beneficiary: BeneficiaryId,
    /// Number of the financing within the path.
    pub financing: u32,
    /// Principal: it can be committed again.
    pub principal: Xof,
    /// Interest: it is counted, and not committed again.
    pub interest: Xof,
    /// Above all that was owed: it is held for the person, and not committed again. None of an event that
    /// was stored before credit could be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit: Option<Xof>,
    /// The payment's reference, used once in the fund.
    pub payment_reference: PaymentReference,
}

/// Money that moved beyond the ways of tranches and repayments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Movement {
    /// The path that the money goes to or comes from.
    pub beneficiary: BeneficiaryId,
    /// Number of the financing within the path.
    pub financing: u32,
    /// Amount in whole francs.
    pub amount: Xof,
    /// The payment's reference, used once in the fund.
    pub payment_reference: PaymentReference,
}

/// A payment that is undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Undoing {
    /// The path that the money went to or came from.
    pub beneficiary: BeneficiaryId,
    /// Number of the financing within the path.
    pub financing: u32,
    /// Kind of the payment.
    pub kind: PaymentKind,
    /// Number of the tranche that is undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tranche: Option<u32>,
    /// Amount in whole francs; of a repayment, its principal.
    pub amount: Xof,
    /// Interest that is undone.
    pub interest: Xof,
    /// Credit that is undone.
    pub credit: Xof,
    /// Reference of the payment that is undone.
    pub undone_reference: PaymentReference,
    /// The reversal's own reference, used once in the fund.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_reference: Option<PaymentReference>,
}

/// A fact in the life of a fund. From `Committed` on they come from beneficiaries' decisions and are
/// appended with them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FundFact {
    /// The fund was opened.
    FundOpened(Envelope),
    /// Its budget was changed.
    BudgetAdjusted(Budget),
    /// It was closed.
    FundClosed(Nothing),
    /// Money was promised to an approved financing.
    Committed(Commitment),
    /// Money promised was given up.
    Released(Commitment),
    /// A tranche was paid out.
    Disbursed(Outlay),
    /// Money came back.
    Repaid(Return),
    /// An unspent grant or kit came back.
    Refunded(Movement),
    /// A loan's credit was paid back to the person.
    CreditRefunded(Movement),
    /// Money came in after a write-off or a call.
    Recovered(Movement),
    /// A guarantee was paid to the lender.
    Called(Movement),
    /// A payment out was undone.
    OutlayReversed(Undoing),
    /// A payment in was undone.
    ReturnReversed(Undoing),
    /// The envelope was changed.
    FundAmended(FundAmendment),
    /// A fact of the fund was taken back.
    FundFactRetracted(ClearRetraction),
    /// Payments were found on a statement.
    PaymentsReconciled(Reconciliation),
    /// Lines of a statement were confirmed by mistake.
    ReconciliationWithdrawn(ReconciliationWithdrawal),
    /// A cost of the fund itself was paid.
    OverheadPaid(Overhead),
    /// A cost of the fund itself was undone.
    OverheadReversed(OverheadReversal),
}

/// Every type of fact of a fund: name, version, and what it is called in French and English.
pub const FUND_FACTS: &[(&str, &str, &str, &str)] = &[
    ("FundOpened", "3.0", "Fonds ouvert", "Fund opened"),
    ("BudgetAdjusted", "2.0", "Budget modifié", "Budget adjusted"),
    ("FundClosed", "1.0", "Fonds clos", "Fund closed"),
    ("Committed", "2.0", "Engagement", "Committed"),
    ("Released", "1.0", "Dégagement", "Released"),
    ("Disbursed", "1.0", "Décaissé", "Disbursed"),
    ("Repaid", "2.0", "Remboursé", "Repaid"),
    ("Refunded", "1.0", "Restitué", "Refunded"),
    ("CreditRefunded", "1.0", "Trop-perçu remis", "Credit refunded"),
    ("Recovered", "1.0", "Recouvré", "Recovered"),
    ("Called", "1.0", "Garantie payée", "Guarantee paid"),
    ("OutlayReversed", "1.0", "Décaissement annulé", "Outlay reversed"),
    ("ReturnReversed", "1.0", "Encaissement annulé", "Return reversed"),
    ("FundAmended", "1.0", "Fonds modifié", "Fund amended"),
    ("FundFactRetracted", "1.0", "Retrait d'un événement du fonds", "Event of the fund retracted"),
    ("PaymentsReconciled", "1.0", "Paiements rapprochés", "Payments reconciled"),
    ("ReconciliationWithdrawn", "1.0", "Rapprochement repris", "Reconciliation withdrawn"),
    ("OverheadPaid", "1.0", "Frais du fonds payés", "Overhead paid"),
    ("OverheadReversed", "1.0", "Frais du fonds annulés", "Overhead reversed"),
];

impl FundFact {
    /// The type's name in the journal.
    #[must_use]
    pub const fn event_type(&self) -> &'static str {
        match self {
            Self::FundOpened(_) => "FundOpened",
            Self::BudgetAdjusted(_) => "BudgetAdjusted",
            Self::FundClosed(_) => "FundClosed",
            Self::Committed(_) => "Committed",
            Self::Released(_) => "Released",
            Self::Disbursed(_) => "Disbursed",
            Self::Repaid(_) => "Repaid",
            Self::Refunded(_) => "Refunded",
            Self::CreditRefunded(_) => "CreditRefunded",
            Self::Recovered(_) => "Recovered",
            Self::Called(_) => "Called",
            Self::OutlayReversed(_) => "OutlayReversed",
            Self::ReturnReversed(_) => "ReturnReversed",
            Self::FundAmended(_) => "FundAmended",
            Self::FundFactRetracted(_) => "FundFactRetracted",
            Self::PaymentsReconciled(_) => "PaymentsReconciled",
            Self::ReconciliationWithdrawn(_) => "ReconciliationWithdrawn",
            Self::OverheadPaid(_) => "OverheadPaid",
            Self::OverheadReversed(_) => "OverheadReversed",
        }
    }
}

impl DomainEvent for FundEvent {
    fn event_type(&self) -> String {
        self.fact.event_type().to_owned()
    }

    fn event_version(&self) -> String {
        let own = self.fact.event_type();
        let known = FUND_FACTS.iter().find(|(name, ..)| *name == own);
        known.map_or("1.0", |(_, version, ..)| version).to_owned()
    }
}
