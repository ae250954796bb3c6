//! A whole path, and every command that stands beside it: what the tests start from.

use serde_json::{Value, json};

use super::given::{COHORT, FUND, OTHER, PERSON, PROGRAMME, SEALED, Step};

pub fn registration() -> Value {
    json!({
        "reference": "RRZN-CR20-D", "programme": PROGRAMME, "office": "segou", "region": "segou",
        "intake": "open_call", "channel": "office", "sex": "female", "birth_year": 1999, "education": "2",
        "consent": {"scope": "programme", "text_version": "fr-1", "method": "written"}, "identity": SEALED
    })
}

pub fn visit(milestone: u32) -> Value {
    json!({"milestone": milestone, "business_status": "trading", "monthly_revenue": 100_000, "next_step": SEALED})
}

/// A whole path with a loan in two tranches, each duty held by somebody else.
pub fn walk() -> Vec<Step> {
    [to_training(), from_financing()].concat()
}

fn to_training() -> Vec<Step> {
    vec![
        ("register", "adviser", "2022-01-10", registration()),
        (
            "submit-idea",
            "adviser",
            "2022-01-11",
            json!({"title": SEALED, "sector": "C", "start_up_cost": 450_000, "jobs_expected": 3}),
        ),
        (
            "revise-idea",
            "adviser",
            "2022-01-12",
            json!({"title": OTHER, "sector": "poultry", "start_up_cost": 400_000, "jobs_expected": 2}),
        ),
        ("assess-eligibility", "adviser", "2022-02-01", json!({})),
        (
            "record-interview",
            "interviewer",
            "2022-02-03",
            json!({"scores": [{"criterion": "motivation", "score": 16, "out_of": 20}]}),
        ),
        (
            "decide-selection",
            "committee",
            "2022-02-20",
            json!({"decision": "selected", "method": "committee", "session": "2022-02"}),
        ),
        (
            "record-attendance",
            "trainer",
            "2022-03-01",
            json!({"session": "gp-1", "hours": 8, "present": true}),
        ),
        (
            "record-attendance",
            "trainer",
            "2022-03-02",
            json!({"session": "gp-2", "hours": 2, "present": false}),
        ),
        (
            "record-assessment",
            "trainer",
            "2022-03-03",
            json!({"module": "leadership", "score": 72}),
        ),
        (
            "record-assessment",
            "trainer",
            "2022-03-03",
            json!({"module": "management", "score": 50}),
        ),
        ("complete-training", "trainer", "2022-03-05", json!({})),
    ]
}

fn from_financing() -> Vec<Step> {
    let tranches = json!([{"tranche": 1, "amount": 60_000, "conditions": ["agreement_signed"]}, {"tranche": 2, "amount": 40_000, "conditions": ["business_started"]}]);
    let schedule = json!([{"due_on": "2022-12-01", "principal": 50_000, "interest": 1_000}, {"due_on": "2023-03-01", "principal": 50_000, "interest": 500}]);
    vec![
        (
            "submit-business-plan",
            "adviser",
            "2022-03-20",
            json!({"title": SEALED, "amount_needed": 150_000, "own_contribution": 15_000}),
        ),
        ("validate-business-plan", "committee", "2022-04-01", json!({"conclusion": "validated"})),
        (
            "request-financing",
            "adviser",
            "2022-04-02",
            json!({"instrument": "loan", "amount": 120_000, "own_contribution": 15_000, "fund": FUND}),
        ),
        (
            "approve-financing",
            "committee",
            "2022-04-20",
            json!({"financing": 1, "amount": 100_000, "tranches": tranches, "schedule": schedule}),
        ),
        ("sign-agreement", "director", "2022-04-25", json!({"financing": 1})),
        (
            "record-disbursement",
            "finance",
            "2022-05-01",
            json!({"financing": 1, "tranche": 1, "amount": 60_000, "method": "mobile_money", "payment_reference": "OM-1"}),
        ),
        (
            "record-business-start",
            "adviser",
            "2022-05-02",
            json!({"form": "individual", "sector": "C", "locality": SEALED}),
        ),
        (
            "record-disbursement",
            "finance",
            "2022-06-01",
            json!({"financing": 1, "tranche": 2, "amount": 40_000, "method": "mobile_money", "payment_reference": "OM-2"}),
        ),
        ("record-visit", "adviser", "2022-06-02", visit(1)),
        ("record-support", "adviser", "2022-06-10", json!({"kind": "coaching", "comment": SEALED})),
        (
            "record-repayment",
            "finance",
            "2022-12-01",
            json!({"financing": 1, "principal": 50_000, "interest": 1_000, "method": "bank_transfer", "payment_reference": "RB-1"}),
        ),
        (
            "reschedule-loan",
            "finance",
            "2023-02-01",
            json!({"financing": 1, "schedule": [{"due_on": "2023-06-01", "principal": 50_000, "interest": 500}], "reason": SEALED}),
        ),
        (
            "record-repayment",
            "finance",
            "2023-06-01",
            json!({"financing": 1, "principal": 50_000, "interest": 500, "method": "bank_transfer", "payment_reference": "RB-2"}),
        ),
        ("record-visit", "adviser", "2024-05-02", visit(24)),
        ("complete-path", "director", "2024-06-01", json!({})),
    ]
}

/// A command of each kind that the walk has not.
pub fn asides() -> Vec<Step> {
    [asides_of_money(), asides_of_people()].concat()
}

fn asides_of_money() -> Vec<Step> {
    vec![
        (
            "recognise-training",
            "director",
            "2021-09-01",
            json!({"proof": SEALED, "reason": SEALED}),
        ),
        (
            "refuse-financing",
            "committee",
            "2022-04-20",
            json!({"financing": 1, "reason": "over_budget"}),
        ),
        ("waive-financing", "director", "2022-04-15", json!({"reason": SEALED})),
        (
            "write-off-loan",
            "director",
            "2024-01-01",
            json!({"financing": 1, "amount": 100_000, "reason": SEALED}),
        ),
        (
            "reverse-disbursement",
            "comptable",
            "2022-06-15",
            json!({"sequence": 19, "ground": "bounced", "payment_reference": "RJ-1"}),
        ),
        (
            "reverse-repayment",
            "comptable",
            "2023-01-15",
            json!({"sequence": 22, "ground": "bounced", "reason": SEALED}),
        ),
        (
            "record-refund",
            "finance",
            "2023-07-01",
            json!({"financing": 1, "amount": 500, "method": "bank_transfer", "payment_reference": "RT-1"}),
        ),
        (
            "record-recovery",
            "finance",
            "2024-02-01",
            json!({"financing": 1, "amount": 20_000, "method": "bank_transfer", "payment_reference": "RV-1"}),
        ),
        (
            "call-guarantee",
            "finance",
            "2023-07-01",
            json!({"financing": 1, "amount": 20_000, "method": "bank_transfer", "payment_reference": "AG-1"}),
        ),
        ("release-guarantee", "finance", "2023-07-02", json!({"financing": 1})),
        (
            "cancel-financing",
            "committee",
            "2022-04-28",
            json!({"financing": 1, "ground": "renounced"}),
        ),
    ]
}

fn asides_of_people() -> Vec<Step> {
    vec![
        ("record-business-closure", "adviser", "2022-09-01", json!({"reason": "no_market"})),
        ("assign-adviser", "adviser", "2022-01-10", json!({"adviser": "conseiller-2"})),
        (
            "transfer",
            "director",
            "2022-02-01",
            json!({"office": "mopti", "region": "mopti", "reason": SEALED}),
        ),
        ("accept-transfer", "conseiller-2", "2022-02-03", json!({"adviser": "conseiller-2"})),
        ("return-transfer", "conseiller-2", "2022-02-04", json!({"reason": SEALED})),
        ("enrol-in-training", "adviser", "2022-02-25", json!({"cohort": COHORT})),
        ("link-duplicate", "director", "2022-02-01", json!({"continues": PERSON})),
        ("dismiss-duplicate", "director", "2022-02-01", json!({"other": PERSON, "reason": SEALED})),
        ("suspend", "adviser", "2022-02-01", json!({"reason": "insecurity"})),
        ("exit", "adviser", "2022-02-01", json!({"reason": "moved"})),
        ("reopen", "director", "2024-07-01", json!({"reason": SEALED})),
        ("add-note", "adviser", "2022-02-01", json!({"text": SEALED})),
        (
            "attach-document",
            "adviser",
            "2022-02-01",
            json!({"name": SEALED, "media_type": "application/pdf", "size_bytes": 12, "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}),
        ),
        (
            "record-income",
            "adviser",
            "2022-02-01",
            json!({"survey": "baseline", "from": "2020-01-01", "to": "2020-12-31", "amount": 240_000, "source": "salary"}),
        ),
        (
            "record-employment",
            "adviser",
            "2022-02-01",
            json!({"survey": "tracer", "employment_status": "own_account", "work_since": "better"}),
        ),
        ("record-community-action", "adviser", "2022-02-01", json!({"kind": "mediation"})),
        (
            "refer-to-partner",
            "adviser",
            "2022-02-01",
            json!({"partner": "agency", "service": "microfinance", "comment": SEALED}),
        ),
        (
            "lodge-grievance",
            "adviser",
            "2022-02-01",
            json!({"category": "staff", "channel": "box", "text": SEALED}),
        ),
        (
            "correct-registration",
            "adviser",
            "2022-02-01",
            json!({"sex": "male", "displaced": true, "reason": SEALED}),
        ),
        ("retract", "adviser", "2022-02-01", json!({"sequence": 2, "reason": SEALED})),
        (
            "update-identity",
            "adviser",
            "2022-02-01",
            json!({"birth_year": 1998, "identity": OTHER}),
        ),
        (
            "record-consent",
            "adviser",
            "2022-02-01",
            json!({"scope": "photo", "text_version": "fr-1", "method": "oral_witness"}),
        ),
        ("withdraw-consent", "adviser", "2022-02-01", json!({"scope": "programme"})),
        ("erase-personal-data", "admin", "2022-02-01", json!({"ground": "request"})),
        ("withdraw-from-training", "adviser", "2022-03-01", json!({"comment": SEALED})),
        ("resume", "adviser", "2022-03-01", json!({})),
        (
            "record-referral-outcome",
            "adviser",
            "2022-03-01",
            json!({"referral": 1, "outcome": "served", "comment": SEALED}),
        ),
        (
            "resolve-grievance",
            "director",
            "2022-03-01",
            json!({"grievance": 1, "outcome": "upheld"}),
        ),
        ("unlink-duplicate", "director", "2022-03-01", json!({"reason": SEALED})),
        (
            "reconsider-duplicate",
            "director",
            "2022-03-01",
            json!({"other": PERSON, "reason": SEALED}),
        ),
    ]
}
