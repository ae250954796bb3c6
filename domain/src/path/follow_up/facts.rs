//! What a start, a visit, a support, a closure and the end of a path say.

use crate::path::declare::bodies;
use crate::reference::{
    BusinessStatus, ClosureReason, Difficulty, LegalForm, SectorCode, SupportKind,
};
use crate::values::{Sealed, SignedXof, Within, Xof};

bodies! {
    /// A business that starts.
    Start {
        /// Legal form of the business.
        form: LegalForm,
        /// Registration number of the business, if it has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        registration_number: Option<Sealed>,
        /// Sector of the business.
        sector: SectorCode,
        /// Village or quarter.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        locality: Option<Sealed>,
    }

    /// Jobs seen at a visit, the owner's included.
    Jobs {
        /// Held by women.
        women: Within<0, 10_000>,
        /// Held by men.
        men: Within<0, 10_000>,
        /// Held by people under 35.
        under_35: Within<0, 20_000>,
        /// Full-time equivalents in hundredths: 150 is one and a half (40 hours a week).
        full_time_hundredths: Within<0, 2_000_000>,
    }

    /// A follow-up visit.
    Visit {
        /// Months after the start that it is made for; none for a visit beside the milestones.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        milestone: Option<Within<1, 120>>,
        /// State of the business on that day.
        business_status: BusinessStatus,
        /// Turnover of the month before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        monthly_revenue: Option<Xof>,
        /// Profit of the month before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        monthly_profit: Option<SignedXof>,
        /// Jobs seen at the visit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        jobs: Option<Jobs>,
        /// Difficulties that the business has met.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        difficulties: Vec<Difficulty>,
        /// Next step that was agreed with the owner.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_step: Option<Sealed>,
    }

    /// Support given after the start.
    Support {
        /// Kind of support.
        kind: SupportKind,
        /// Remarks in free text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<Sealed>,
    }

    /// A business that closes.
    Closure {
        /// Reason of the closure, from its list.
        reason: ClosureReason,
        /// Remarks in free text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<Sealed>,
    }

    /// The end of a path.
    PathEnd {
        /// A director's reason to end it with a visit missing or a loan open.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        override_reason: Option<Sealed>,
    }
}
