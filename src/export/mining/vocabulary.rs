//! Which events and which of their fields process mining sees. What is not named here is not
//! exported: a field is added when it is known to hold a code, a number, a day or an id.

use sira_domain::STREAM_KINDS;
use sira_domain::reference::Language;
use sira_domain::retraction::is_retraction;

/// The kinds of objects, which are those of streams.
pub const OBJECT_TYPES: [&str; 4] = ["beneficiary", "cohort", "fund", "programme"];

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// A code.
    Text,
    /// A whole number.
    Int,
    /// Yes or no.
    Flag,
    /// A moment.
    Time,
}

/// A field, by its name in the event's fact.
pub type Field = (&'static str, Of);

/// Attributes that every event may have.
pub const COMMON: &[Field] = &[
    ("label", Of::Text),
    ("recorded_at", Of::Time),
    ("position", Of::Int),
    ("sequence", Of::Int),
    ("role", Of::Text),
    ("office", Of::Text),
];

/// Attributes of an object of each type.
pub const OBJECT_FIELDS: [&[Field]; 4] = [
    &[
        ("sex", Of::Text),
        ("age_band", Of::Text),
        ("education", Of::Text),
        ("disability", Of::Flag),
        ("displaced", Of::Flag),
        ("intake", Of::Text),
        ("channel", Of::Text),
        ("region", Of::Text),
        ("office", Of::Text),
        ("counted", Of::Flag),
        ("duplicate", Of::Flag),
        ("erased", Of::Flag),
        ("withdrawn", Of::Flag),
    ],
    &[("code", Of::Text), ("office", Of::Text), ("capacity", Of::Int)],
    &[("code", Of::Text), ("budget", Of::Int)],
    &[("term_years", Of::Int)],
];

/// Events that tell in one stream what another's event tells: not told twice.
const MIRRORS: [&str; 12] = [
    "SeatTaken",
    "SeatReturned",
    "Committed",
    "Released",
    "Disbursed",
    "Repaid",
    "Refunded",
    "CreditRefunded",
    "Recovered",
    "Called",
    "OutlayReversed",
    "ReturnReversed",
];

/// Every type of event that is exported, with its label.
pub fn event_types(language: Language) -> impl Iterator<Item = (&'static str, &'static str)> {
    let all = STREAM_KINDS.iter().flat_map(|kind| kind.facts);
    all.filter(|(name, ..)| !is_retraction(name) && !MIRRORS.contains(name)).map(
        move |(name, _, fr, en)| match language {
            Language::Fr => (*name, *fr),
            Language::En => (*name, *en),
        },
    )
}

/// What an event of a stream of one of our kinds is to process mining.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// An event.
    Event,
    /// Told by another stream's event.
    Mirror,
    /// Of no type that this program knows.
    Unknown,
}

pub(super) fn part_of(event_type: &str) -> Part {
    let mut all = STREAM_KINDS.iter().flat_map(|kind| kind.facts);
    if MIRRORS.contains(&event_type) {
        Part::Mirror
    } else if all.any(|(name, ..)| *name == event_type) {
        Part::Event
    } else {
        Part::Unknown
    }
}

/// The fields of a type of event.
#[must_use]
#[expect(clippy::too_many_lines, reason = "a table: one arm a type")]
pub fn fields(event_type: &str) -> &'static [Field] {
    use Of::{Flag, Int, Text};
    match event_type {
        "Registered" => &[("intake", Text), ("channel", Text), ("region", Text)],
        "IdeaSubmitted" | "IdeaRevised" => {
            &[("sector", Text), ("start_up_cost", Int), ("jobs_expected", Int)]
        }
        "EligibilityAssessed" => &[("eligible", Flag)],
        "InterviewRecorded" => &[("total", Int)],
        "SelectionDecided" => &[("decision", Text), ("method", Text), ("rank", Int)],
        "AttendanceRecorded" => &[
            ("session", Text),
            ("hours", Int),
            ("minutes", Int),
            ("present", Flag),
            ("minutes_present", Int),
        ],
        "ModuleAssessed" => &[("module", Text), ("score", Int), ("passed", Flag)],
        "TrainingCompleted" => {
            &[("basis", Text), ("attended_minutes", Int), ("planned_minutes", Int)]
        }
        "BusinessPlanSubmitted" => {
            &[("plan", Int), ("amount_needed", Int), ("own_contribution", Int)]
        }
        "BusinessPlanValidated" => &[("plan", Int), ("conclusion", Text)],
        "FinancingRequested" => {
            &[("financing", Int), ("instrument", Text), ("amount", Int), ("own_contribution", Int)]
        }
        "FinancingApproved" => &[("financing", Int), ("amount", Int)],
        "LoanWrittenOff" => &[("financing", Int), ("amount", Int), ("ground", Text)],
        "FinancingRefused" => &[("financing", Int), ("reason", Text)],
        "AgreementSigned" | "GuaranteeReleased" => &[("financing", Int)],
        "LoanRescheduled" | "FinancingCancelled" => &[("financing", Int), ("ground", Text)],
        "DisbursementRecorded" => {
            &[("financing", Int), ("tranche", Int), ("amount", Int), ("method", Text)]
        }
        "RepaymentRecorded" => &[
            ("financing", Int),
            ("principal", Int),
            ("interest", Int),
            ("credit", Int),
            ("method", Text),
        ],
        "DisbursementReversed" | "RepaymentReversed" => &[
            ("financing", Int),
            ("kind", Text),
            ("tranche", Int),
            ("amount", Int),
            ("interest", Int),
            ("credit", Int),
            ("ground", Text),
        ],
        "RefundRecorded" => &[("financing", Int), ("of", Text), ("amount", Int), ("method", Text)],
        "RecoveryRecorded" | "GuaranteeCalled" => {
            &[("financing", Int), ("amount", Int), ("method", Text)]
        }
        "BusinessStarted" => &[("form", Text), ("sector", Text)],
        "VisitRecorded" => &[
            ("milestone", Int),
            ("business_status", Text),
            ("monthly_revenue", Int),
            ("monthly_profit", Int),
        ],
        "SupportProvided" => &[("kind", Text)],
        "BusinessClosed" | "Suspended" | "Exited" => &[("reason", Text)],
        "Transferred" | "TransferReturned" => {
            &[("from_office", Text), ("office", Text), ("region", Text)]
        }
        "DocumentAttached" => &[("media_type", Text), ("size_bytes", Int)],
        "IncomeRecorded" => {
            &[("survey", Text), ("amount", Int), ("currency", Text), ("source", Text)]
        }
        "EmploymentRecorded" => {
            &[("survey", Text), ("employment_status", Text), ("work_since", Text)]
        }
        "CommunityActionRecorded" => &[("kind", Text), ("people_reached", Int)],
        "GrievanceLodged" => &[("grievance", Int), ("category", Text), ("channel", Text)],
        "GrievanceResolved" => &[("grievance", Int), ("outcome", Text)],
        "ReferredToPartner" => &[("referral", Int), ("partner", Text), ("service", Text)],
        "ReferralOutcomeRecorded" => &[("referral", Int), ("outcome", Text)],
        "ConsentRecorded" => &[("scope", Text), ("method", Text)],
        "ConsentWithdrawn" => &[("scope", Text)],
        "PersonalDataErased" => &[("ground", Text)],
        "ConventionSigned" | "ConventionRenewed" => &[("term_years", Int)],
        "RulesSet" => &[("version", Int)],
        "TargetSet" => &[("indicator", Text), ("region", Text), ("sex", Text), ("value", Int)],
        "OfficeOpened" => &[("region", Text)],
        "LotteryDrawn" => &[("places", Int)],
        "CallOpened" => &[("from", Text), ("to", Text), ("keep_days", Int)],
        "CommitmentRecorded" => &[("commitment", Int), ("indicator", Text), ("due_on", Text)],
        "CommitmentFulfilled" | "CommitmentReopened" | "CommitmentWithdrawn" => {
            &[("commitment", Int)]
        }
        "CandidatesRanked" => &[("session", Text), ("region", Text), ("seats", Int)],
        "CohortPlanned" => &[("code", Text), ("capacity", Int)],
        "SessionScheduled" => {
            &[("session", Text), ("hours", Int), ("minutes", Int), ("module", Text)]
        }
        "SessionMoved" | "SessionCancelled" | "AttendanceCorrected" => &[("session", Text)],
        "RegisterRecorded" | "RegisterCorrected" => {
            &[("session", Text), ("present", Int), ("absent", Int)]
        }
        "CohortAmended" => &[("capacity", Int)],
        "FundOpened" => &[("code", Text), ("budget", Int)],
        "BudgetAdjusted" => &[("budget", Int)],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use serde_json::Value;

    use super::*;

    /// The golden form of a type of event, in the version that is written now.
    fn golden(event_type: &str) -> Value {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("domain/tests/golden");
        let mut known = STREAM_KINDS.iter().flat_map(|kind| kind.facts);
        let (_, version, ..) = known.find(|(name, ..)| *name == event_type).unwrap();
        let text = std::fs::read_to_string(folder.join(format!("{event_type}.{version}.json")));
        serde_json::from_str(&text.unwrap()).unwrap()
    }

    #[test]
    fn every_field_is_of_its_event_and_in_clear() {
        for (event_type, _) in event_types(Language::En) {
            let event = golden(event_type);
            let fact = &event["fact"][event_type];
            for (name, of) in fields(event_type) {
                // A field that may be left out may be missing from the golden form too.
                let Some(value) = fact.get(name) else {
                    let optional = [
                        "currency",
                        "minutes",
                        "minutes_present",
                        "rank",
                        "milestone",
                        "people_reached",
                        "module",
                    ];
                    assert!(
                        optional.contains(name) || *name == "region" || *name == "sex",
                        "{event_type} {name}"
                    );
                    continue;
                };
                let fits = match of {
                    Of::Text => value.as_str().is_some_and(|text| !text.starts_with("sealed:")),
                    Of::Int => value.is_i64(),
                    Of::Flag => value.is_boolean(),
                    Of::Time => false,
                };
                assert!(fits, "{event_type} {name}: {value}");
            }
        }
    }

    #[test]
    fn types_have_one_name_each_and_fields_do_not_hide_what_all_events_have() {
        let names: Vec<_> = event_types(Language::Fr).map(|(name, _)| name).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        assert!(names.iter().all(|name| part_of(name) == Part::Event));
        assert_eq!(part_of("SeatTaken"), Part::Mirror);
        assert_eq!(part_of("Essayed"), Part::Unknown);
    }
}
