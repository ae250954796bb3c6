//! Follow-up visits.

use chrono::{DateTime, NaiveDate, Utc};
use sira_domain::values::{SignedXof, Xof};
use sira_numbers::Sequence;
use uuid::Uuid;

use super::common::{AGGREGATE, OCCURRED, RECORDED, SEQUENCE, STARTED_ON};
use crate::table::define::{Word, means, table};
use crate::table::definition::Keeping;

table! {
    Visits (broken down), "visits" of "visits",
    Read, Keeping::Versioned, key ["since_position", "part"],
    "Follow-up visits, with what was seen.",
    "Visites de suivi, avec ce qui a été constaté.",
    indexes ["aggregate_id", "milestone, occurred_on"],
    /// A follow-up visit.
    VisitRow {
        aggregate_id: Uuid = AGGREGATE;
        sequence: Sequence = SEQUENCE;
        milestone: Option<u32> = means(
            "Échéance",
            "Months after the start that it is made for; empty beside the milestones.",
        ).of("months");
        occurred_on: NaiveDate = OCCURRED;
        recorded_at: DateTime<Utc> = RECORDED;
        started_on: Option<NaiveDate> = STARTED_ON;
        business_status: Word = means("État de l'activité", "How the business stood.");
        monthly_revenue: Option<Xof> = means(
            "Chiffre d'affaires mensuel",
            "Turnover of the month before.",
        );
        monthly_profit: Option<SignedXof> = means("Bénéfice mensuel", "Profit of the month before.");
        jobs_women: Option<u32> = means("Emplois de femmes", "Jobs held by women.").of("jobs");
        jobs_men: Option<u32> = means("Emplois d'hommes", "Jobs held by men.").of("jobs");
        jobs_under_35: Option<u32> = means(
            "Emplois de moins de 35 ans",
            "Jobs held by people under 35.",
        ).of("jobs");
        jobs_full_time_hundredths: Option<u32> = means(
            "Équivalents temps plein (centièmes)",
            "Full-time equivalents, 40 hours a week.",
        ).of("1/100 FTE");
    }
}
