//! Every refusal in both languages, as one golden text that a reader of each has looked at. When a
//! sentence changes on purpose: `SIRA_WRITE_GOLDEN=1 cargo test -p sira-domain --test refusals`, and
//! read the difference.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use chrono::NaiveDate;
use sira_domain::path::{Stage, Status};
use sira_domain::reference::Language;
use sira_domain::refusal::{Amount, Duty, Item, Quantity, Refusal, Step};
use sira_domain::role::Role;
use sira_domain::values::{BeneficiaryId, Period, Xof};
use uuid::Uuid;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn period() -> Period {
    Period { from: day("2022-01-01"), to: day("2023-12-31") }
}

fn person() -> BeneficiaryId {
    BeneficiaryId(Uuid::from_u128(7))
}

const STEPS: [Step; 13] = [
    Step::Eligibility,
    Step::Interview,
    Step::BusinessPlan,
    Step::ValidatedPlan,
    Step::Approval,
    Step::Agreement,
    Step::Financing,
    Step::BusinessStart,
    Step::FinalVisit,
    Step::Visit,
    Step::Document,
    Step::Enrolment,
    Step::RegisterLine,
];

/// Things with a name that they may have, and what rules say of them: unknown (u), none at all (n),
/// different (d), settled (s), of another programme (p).
const ITEMS: [(Item, &str, &str); 29] = [
    (Item::Event, "9", "ud"),
    (Item::Financing, "2", "unds"),
    (Item::Tranche, "3", "us"),
    (Item::Grievance, "1", "unds"),
    (Item::Consent, "photo", "un"),
    (Item::BusinessPlan, "2", "uds"),
    (Item::Office, "gao", "und"),
    (Item::Programme, "0176bb3e-7000-7000-8000-000000000001", "u"),
    (Item::Milestone, "6", "ud"),
    (Item::Session, "gp-1", "und"),
    (Item::Lottery, "draw-1", "ud"),
    (Item::Sector, "fishing", "u"),
    (Item::Module, "cooking", "u"),
    (Item::Registration, "RRZN-CR20-D", "d"),
    (Item::Training, "0176bb3e-7000-7000-8000-000000000005", "s"),
    (Item::Convention, "Essai", "ds"),
    (Item::PaymentReference, "OM-1", "s"),
    (Item::Business, "C", "s"),
    (Item::Closure, "C", "s"),
    (Item::Income, "2020-01-01 2020-12-31", "d"),
    (Item::PersonalData, "", "s"),
    (Item::Cohort, "g1", "udsp"),
    (Item::Seat, "0176bb3e-7000-7000-8000-000000000005", "s"),
    (Item::Fund, "bailleur", "udsp"),
    (Item::Member, "0176bb3e-7000-7000-8000-000000000003", "uds"),
    (Item::Duplicate, "0176bb3e-7000-7000-8000-000000000003", "uns"),
    (Item::Path, "RRZN-CR20-D", "up"),
    (Item::Waiver, "", "s"),
    (Item::Command, "dance", "u"),
];

const QUANTITIES: [Quantity; 5] = [
    Quantity::InterviewTotal,
    Quantity::Attendance,
    Quantity::ModulesPassed,
    Quantity::Items,
    Quantity::Seats,
];

/// The pairs of fields that rules call contradictory.
const PAIRS: [(&str, &str); 18] = [
    ("continues", "id"),
    ("schedule", "instrument"),
    ("tranches", "tranche"),
    ("schedule", "due_on"),
    ("cohort", "enrolment"),
    ("rules", "eligible"),
    ("decision", "session"),
    ("hours", "minutes"),
    ("passed", "score"),
    ("attended_minutes", "planned_minutes"),
    ("office", "from_office"),
    ("to", "from"),
    ("keys", "identity"),
    ("total", "scores"),
    ("age_women", "min, max"),
    ("age_men", "min, max"),
    ("occurred_on", "session"),
    ("session", "code"),
];

fn of_the_path() -> Vec<Refusal> {
    let both = &[Stage::Idea, Stage::Recruitment];
    let three = &[Status::Active, Status::Suspended, Status::Exited];
    let mut all = vec![
        Refusal::NotRegistered,
        Refusal::WrongStage { stage: Stage::Training, allowed: both },
        Refusal::WrongStatus { status: Status::Completed, allowed: three },
        Refusal::WrongStatus { status: Status::Active, allowed: &[Status::Suspended] },
        Refusal::NotEligible,
        Refusal::Erased,
        Refusal::Frozen { continues: person() },
        Refusal::NeedsRole { role: Role::Director },
        Refusal::NotRetractable { sequence: 15, event: "FinancingApproved" },
        Refusal::RestsOn {
            sequence: 6,
            event: "SelectionDecided",
            because: Box::new(Refusal::MissingStep { step: Step::Interview }),
        },
        Refusal::Line {
            line: 3,
            beneficiary: person(),
            because: Box::new(Refusal::MissingStep { step: Step::RegisterLine }),
        },
    ];
    all.extend(STEPS.map(|step| Refusal::MissingStep { step }));
    let actor: sira_domain::values::ActorId = "moussa".parse().unwrap();
    let duties = [
        (Duty::Decider, Duty::Interviewer),
        (Duty::Approver, Duty::Requester),
        (Duty::Payer, Duty::Approver),
    ];
    all.extend(duties.map(|(duty, other)| Refusal::SameActor {
        actor: actor.clone(),
        duty,
        other,
    }));
    all
}

fn of_numbers() -> Vec<Refusal> {
    let mut all = Vec::new();
    for what in QUANTITIES {
        all.extend([0, 1, 2].map(|given| Refusal::Below { what, required: 3, given }));
        all.push(Refusal::Above { what, limit: 20, given: 21 });
    }
    all.push(Refusal::Above { what: Quantity::Seats, limit: 1, given: 2 });
    let (low, high) = (Xof::of(290_000), Xof::of(300_000));
    let most = [
        Amount::Ceiling,
        Amount::Requested,
        Amount::Approved,
        Amount::Owed,
        Amount::FreeBalance,
        Amount::OpenCommitments,
    ];
    all.extend(most.map(|what| Refusal::TooMuch { what, limit: low, given: high }));
    let none = [Amount::LeftOwed, Amount::LeftCommitted];
    all.extend(none.map(|what| Refusal::TooMuch { what, limit: Xof::ZERO, given: low }));
    let exact = [Amount::Tranches, Amount::Tranche, Amount::Schedule, Amount::Owed];
    all.extend(exact.map(|what| Refusal::OtherAmount { what, expected: high, given: low }));
    let some = [Amount::Requested, Amount::Approved, Amount::Tranche, Amount::Repayment];
    let (one, zero) = (Xof::of(1), Xof::ZERO);
    all.extend(some.map(|what| Refusal::OtherAmount { what, expected: one, given: zero }));
    all.push(Refusal::TooLittle { what: Amount::Committed, least: high, given: low });
    all.push(Refusal::TooLittle { what: Amount::Budget, least: Xof::of(1), given: Xof::ZERO });
    all
}

fn of_things() -> Vec<Refusal> {
    let mut all = Vec::new();
    for (item, name, said) in ITEMS {
        for what in said.chars() {
            let name = name.to_owned();
            all.push(match what {
                'u' => Refusal::Unknown { item, name, field: "field" },
                'n' => Refusal::Unknown { item, name: String::new(), field: "field" },
                'd' => Refusal::Differs { item, name },
                's' => Refusal::Settled { item, name },
                _ => Refusal::OtherProgramme { item, name },
            });
        }
    }
    for item in [Item::Financing, Item::Grievance] {
        all.push(Refusal::Settled { item, name: "1, 2".into() });
    }
    all.extend(PAIRS.map(|(field, other)| Refusal::Disagree { field, other }));
    all.push(Refusal::Disagree { field: "one", other: "another" });
    all
}

fn of_days() -> Vec<Refusal> {
    let (given, today) = (day("2026-06-02"), day("2026-06-01"));
    let office = || "gao".parse().unwrap();
    let since = Period { from: day("2022-01-01"), to: NaiveDate::MAX };
    vec![
        Refusal::InFuture { field: "occurred_on", given, today },
        Refusal::InFuture { field: "birth_year", given: day("2030-01-01"), today },
        Refusal::TooEarly { field: "occurred_on", given: today, earliest: given },
        Refusal::OutsideTerm { term: period(), given },
        Refusal::OutsidePeriod { item: Item::Fund, period: period(), given },
        Refusal::OutsidePeriod { item: Item::Cohort, period: period(), given },
        Refusal::RegionNotValid {
            region: "nioro".parse().unwrap(),
            on: day("2022-01-10"),
            then: "kayes".parse().unwrap(),
        },
        Refusal::OfficeClosed { office: office(), open: None, on: given },
        Refusal::OfficeClosed { office: office(), open: Some(period()), on: given },
        Refusal::OfficeClosed { office: office(), open: Some(since), on: day("2021-01-01") },
    ]
}

fn all() -> Vec<Refusal> {
    [of_the_path(), of_numbers(), of_things(), of_days()].concat()
}

/// Which variant it is; a new one does not compile until it is named here.
const fn place(refusal: &Refusal) -> usize {
    match refusal {
        Refusal::NotRegistered => 0,
        Refusal::WrongStage { .. } => 1,
        Refusal::WrongStatus { .. } => 2,
        Refusal::MissingStep { .. } => 3,
        Refusal::SameActor { .. } => 4,
        Refusal::NeedsRole { .. } => 5,
        Refusal::Below { .. } => 6,
        Refusal::Above { .. } => 7,
        Refusal::TooMuch { .. } => 8,
        Refusal::OtherAmount { .. } => 9,
        Refusal::Unknown { .. } => 10,
        Refusal::Differs { .. } => 11,
        Refusal::Settled { .. } => 12,
        Refusal::InFuture { .. } => 13,
        Refusal::TooEarly { .. } => 14,
        Refusal::OutsideTerm { .. } => 15,
        Refusal::RegionNotValid { .. } => 16,
        Refusal::OfficeClosed { .. } => 17,
        Refusal::NotEligible => 18,
        Refusal::Disagree { .. } => 19,
        Refusal::Erased => 20,
        Refusal::NotRetractable { .. } => 21,
        Refusal::Frozen { .. } => 22,
        Refusal::OutsidePeriod { .. } => 23,
        Refusal::TooLittle { .. } => 24,
        Refusal::OtherProgramme { .. } => 25,
        Refusal::Line { .. } => 26,
        Refusal::RestsOn { .. } => 27,
    }
}

#[test]
fn every_refusal_says_in_both_languages_what_was_agreed() {
    let places: BTreeSet<_> = all().iter().map(place).collect();
    assert_eq!(places, (0..28).collect(), "a refusal is not shown");
    let mut said = String::new();
    for refusal in all() {
        writeln!(said, "{}", refusal.rule()).unwrap();
        writeln!(said, "  {}", refusal.detail(Language::Fr)).unwrap();
        writeln!(said, "  {}", refusal.detail(Language::En)).unwrap();
    }
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/words/refusals.txt");
    if std::env::var_os("SIRA_WRITE_GOLDEN").is_some() {
        std::fs::write(&file, &said).unwrap();
    }
    let agreed = std::fs::read_to_string(&file).unwrap();
    for (number, (is, was)) in said.lines().zip(agreed.lines()).enumerate() {
        assert_eq!(is, was, "line {}", number + 1);
    }
    assert_eq!(said.len(), agreed.len(), "lines more or fewer than were agreed");
}

#[test]
fn no_sentence_stumbles_over_an_article_or_an_elision() {
    let wrong = [
        " de le ", " de les ", " à le ", " à les ", " que il ", " si il ", " de un ", " le a",
        " de é", "  ",
    ];
    for refusal in all() {
        let said = refusal.detail(Language::Fr);
        for stumble in wrong {
            assert!(!said.contains(stumble), "{stumble:?} in {said:?}");
        }
    }
}
