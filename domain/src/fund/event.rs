//! The facts of a fund, as they are stored for ever.

use chrono::NaiveDate;
use cqrs_es::DomainEvent;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::values::{ActorId, BeneficiaryId, Period, ProgrammeId, Slug, Text, Xof};

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
}

/// A new budget.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// The whole budget from now on.
    pub budget: Xof,
    /// Reference of the donor's amendment that changes the budget.
    pub amendment: Text<60>,
}

/// Nothing more to say than the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Closing {}

/// Money promised to a financing, or given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commitment {
    /// The path that the money goes to or comes from.
    pub beneficiary: BeneficiaryId,
    /// Number of the financing within the path.
    pub financing: u32,
    /// Amount in whole francs.
    pub amount: Xof,
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
    pub payment_reference: Text<60>,
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
    /// The payment's reference, used once in the fund.
    pub payment_reference: Text<60>,
}

/// A fact in the life of a fund. The last four come from beneficiaries' decisions and are appended with
/// them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FundFact {
    /// The fund was opened.
    FundOpened(Envelope),
    /// Its budget was changed.
    BudgetAdjusted(Budget),
    /// It was closed.
    FundClosed(Closing),
    /// Money was promised to an approved financing.
    Committed(Commitment),
    /// Money promised was given up.
    Released(Commitment),
    /// A tranche was paid out.
    Disbursed(Outlay),
    /// Money came back.
    Repaid(Return),
}

/// Every type of fact of a fund: name, version, and what it is called in French and English.
pub const FUND_FACTS: &[(&str, &str, &str, &str)] = &[
    ("FundOpened", "1.0", "Fonds ouvert", "Fund opened"),
    ("BudgetAdjusted", "1.0", "Budget modifié", "Budget adjusted"),
    ("FundClosed", "1.0", "Fonds clos", "Fund closed"),
    ("Committed", "1.0", "Engagement", "Committed"),
    ("Released", "1.0", "Dégagement", "Released"),
    ("Disbursed", "1.0", "Décaissé", "Disbursed"),
    ("Repaid", "1.0", "Remboursé", "Repaid"),
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
        }
    }
}

impl DomainEvent for FundEvent {
    fn event_type(&self) -> String {
        self.fact.event_type().to_owned()
    }

    fn event_version(&self) -> String {
        "1.0".to_owned()
    }
}
