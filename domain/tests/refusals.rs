//! Every refusal in both languages, as one golden text that a reader of each has looked at. When a
//! sentence changes on purpose: `SIRA_WRITE_GOLDEN=1 cargo test -p sira-domain --test refusals`, and
//! read the difference.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use chrono::NaiveDate;
use sira_domain::jurisdiction::Ground;
use sira_domain::path::{Stage, Status};
use sira_domain::reference::{Language, RegionCode};
use sira_domain::refusal::{Amount, Duty, Item, Quantity, Refusal, Step};
use sira_domain::role::Role;
use sira_domain::values::{BeneficiaryId, OfficeCode, Period, Xof};
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

const STEPS: [Step; 14] = [
    Step::Eligibility,
    Step::Interview,
    Step::BusinessPlan,
    Step::ValidatedPlan,
    Step::Approval,
    Step::Agreement,
    Step::WriteOff,
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
const ITEMS: [(Item, &str, &str); 45] = [
    (Item::Event, "9", "ud"),
    (Item::Financing, "2", "unds"),
    (Item::Tranche, "3", "us"),
    (Item::Grievance, "1", "unds"),
    (Item::Referral, "1", "unds"),
    (Item::Party, "donor", "u"),
    (Item::Commitment, "2", "uns"),
    (Item::Consent, "photo", "un"),
    (Item::BusinessPlan, "2", "uds"),
    (Item::Office, "gao", "und"),
    (Item::Programme, "0176bb3e-7000-7000-8000-000000000001", "u"),
    (Item::Call, "2022-01-01 2022-03-31", "ns"),
    (Item::Application, "0176bb3e-7000-7000-8000-000000000009", "s"),
    (Item::Milestone, "6", "ud"),
    (Item::Session, "gp-1", "unds"),
    (Item::Register, "gp-1", "un"),
    (Item::Lottery, "draw-1", "uds"),
    (Item::Sector, "fishing", "u"),
    (Item::Module, "cooking", "u"),
    (Item::Registration, "RRZN-CR20-D", "d"),
    (Item::Training, "0176bb3e-7000-7000-8000-000000000005", "s"),
    (Item::Convention, "Essai", "ds"),
    (Item::Payment, "17", "uns"),
    (Item::PaymentReference, "OM-1", "us"),
    (Item::Business, "C", "s"),
    (Item::Closure, "C", "s"),
    (Item::Income, "2020-01-01 2020-12-31", "d"),
    (Item::PersonalData, "", "s"),
    (Item::Cohort, "g1", "udsp"),
    (Item::Seat, "0176bb3e-7000-7000-8000-000000000005", "s"),
    (Item::Fund, "bailleur", "udsp"),
    (Item::Member, "0176bb3e-7000-7000-8000-000000000003", "uds"),
    (Item::Duplicate, "0176bb3e-7000-7000-8000-000000000003", "uns"),
    (Item::Link, "0176bb3e-7000-7000-8000-000000000003", "s"),
    (Item::Dismissal, "0176bb3e-7000-7000-8000-000000000003", "us"),
    (Item::Path, "RRZN-CR20-D", "up"),
    (Item::Waiver, "", "s"),
    (Item::Command, "dance", "u"),
    (Item::Entry, "3", "s"),
    (Item::Selection, "2022-02", "s"),
    (Item::RankedList, "2022-02", "ud"),
    (Item::PaymentOfFund, "OM-1", "us"),
    (Item::StatementLine, "14", "us"),
    (Item::BudgetLine, "dons", "ud"),
    (Item::Currency, "EUR", "u"),
];

const QUANTITIES: [Quantity; 13] = [
    Quantity::InterviewTotal,
    Quantity::Attendance,
    Quantity::ModulesPassed,
    Quantity::Items,
    Quantity::Seats,
    Quantity::Jobs,
    Quantity::JobsUnder35,
    Quantity::FullTime,
    Quantity::JobsExpected,
    Quantity::PeopleReached,
    Quantity::SessionMinutes,
    Quantity::Places,
    Quantity::MinutesPresent,
];

/// The pairs of fields that rules call contradictory.
const PAIRS: [(&str, &str); 33] = [
    ("minutes_present", "present"),
    ("continues", "id"),
    ("schedule", "instrument"),
    ("financing", "instrument"),
    ("of", "instrument"),
    ("age", "birth_year"),
    ("ground", "reason"),
    ("kind", "payment"),
    ("tranches", "tranche"),
    ("schedule", "due_on"),
    ("cohort", "enrolment"),
    ("rules", "eligible"),
    ("decision", "session"),
    ("region", "entries"),
    ("warn_above", "refuse_above"),
    ("hours", "minutes"),
    ("passed", "score"),
    ("attended_minutes", "planned_minutes"),
    ("office", "from_office"),
    ("to", "from"),
    ("keys", "identity"),
    ("total", "scores"),
    ("commitment", "fulfilled"),
    ("age_women", "min, max"),
    ("age_men", "min, max"),
    ("figures_published", "figures_reason"),
    ("occurred_on", "session"),
    ("session", "code"),
    ("budget_line", "fund"),
    ("budget_line", "instrument"),
    ("instruments", "overheads"),
    ("line", "overheads"),
    ("fund", "co_finances"),
];

fn of_the_path() -> Vec<Refusal> {
    let both = &[Stage::Idea, Stage::Recruitment];
    let three = &[Status::Active, Status::Suspended, Status::Exited];
    let mut all = vec![
        Refusal::NotRegistered,
        Refusal::WrongStage { stage: Stage::Training, allowed: both },
        Refusal::WrongStatus { status: Status::Completed, allowed: three },
        Refusal::WrongStatus { status: Status::Active, allowed: &[Status::Suspended] },
        Refusal::StatusThen {
            status: Status::Suspended,
            period: period(),
            given: day("2022-03-01"),
            allowed: &[Status::Active],
        },
        Refusal::StatusThen {
            status: Status::Exited,
            period: Period { to: NaiveDate::MAX, ..period() },
            given: day("2022-03-01"),
            allowed: &[Status::Active, Status::Suspended],
        },
        Refusal::NotEligible,
        Refusal::Unchanged { field: "sex" },
        Refusal::Erased,
        Refusal::KeyLost,
        Refusal::Frozen { continues: person() },
        Refusal::NeedsRole { role: Role::Director },
        Refusal::NotRetractable { sequence: 15.into(), event: "FinancingApproved" },
        Refusal::NotRetractable { sequence: 15.into(), event: "AttendanceRecorded" },
        Refusal::RestsOn {
            sequence: 6.into(),
            event: "SelectionDecided",
            because: Box::new(Refusal::MissingStep { step: Step::Interview }),
        },
        Refusal::Line {
            line: 3,
            beneficiary: person(),
            because: Box::new(Refusal::MissingStep { step: Step::RegisterLine }),
        },
    ];
    all.push(Refusal::Entry {
        entry: 3,
        beneficiary: person(),
        because: Box::new(Refusal::NotEligible),
    });
    all.push(Refusal::SameList { session: "draw-1".parse().unwrap() });
    all.push(Refusal::PassedOver { rank: 7, over: 5, waiting: 2 });
    let quota =
        |value| serde_json::from_value::<sira_domain::programme::SelectionQuota>(value).unwrap();
    for one in [
        serde_json::json!({"sex": "female", "min_percent": 50}),
        serde_json::json!({"sex": "male", "age_max": 35, "region": "segou", "max_seats": 4}),
        serde_json::json!({"max_seats": 4}),
    ] {
        all.push(Refusal::QuotaBroken { quota: quota(one), limit: 4, given: 5 });
    }
    all.extend(STEPS.map(|step| Refusal::MissingStep { step }));
    let actor: sira_domain::values::ActorId = "moussa".parse().unwrap();
    let duties = [
        (Duty::Decider, Duty::Interviewer),
        (Duty::Approver, Duty::Requester),
        (Duty::Payer, Duty::Approver),
        (Duty::Reverser, Duty::Recorder),
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
        Amount::InterestOwed,
        Amount::Refund,
        Amount::Lost,
        Amount::Guaranteed,
        Amount::Reversed,
        Amount::ReversedCredit,
        Amount::MonthlyRevenue,
        Amount::MonthlyProfit,
        Amount::ProfitOfRevenue,
        Amount::MonthlyIncome,
        Amount::StartUpCost,
        Amount::PersonCeiling,
        Amount::PersonCeilingInAll,
        Amount::NeedCeiling,
        Amount::LineBalance,
        Amount::FundPaidOut,
        Amount::FundReceived,
        Amount::FundCredit,
    ];
    all.extend(most.map(|what| Refusal::TooMuch { what, limit: low, given: high }));
    let none =
        [Amount::LeftOwed, Amount::LeftCommitted, Amount::LeftBeforeCredit, Amount::AlreadyPaid];
    all.extend(none.map(|what| Refusal::TooMuch { what, limit: Xof::ZERO, given: low }));
    let exact =
        [Amount::Tranches, Amount::Tranche, Amount::Schedule, Amount::Owed, Amount::BudgetLines];
    all.extend(exact.map(|what| Refusal::OtherAmount { what, expected: high, given: low }));
    let some = [
        Amount::Requested,
        Amount::Approved,
        Amount::Tranche,
        Amount::Repayment,
        Amount::Refund,
        Amount::Lost,
        Amount::Guaranteed,
        Amount::Overhead,
    ];
    let (one, zero) = (Xof::of(1), Xof::ZERO);
    all.extend(some.map(|what| Refusal::OtherAmount { what, expected: one, given: zero }));
    all.push(Refusal::TooLittle { what: Amount::Committed, least: high, given: low });
    all.push(Refusal::TooLittle { what: Amount::LineCommitted, least: high, given: low });
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
        Refusal::InFuture { field: "identity/birth_date", given, today },
        Refusal::TooEarly { field: "occurred_on", given: today, earliest: given },
        Refusal::OutsideTerm { term: period(), given },
        Refusal::OutsidePeriod { item: Item::Fund, period: period(), given },
        Refusal::OutsidePeriod { item: Item::Cohort, period: period(), given },
        Refusal::CallNotOpen { call: period(), closed_on: None, given },
        Refusal::CallNotOpen { call: period(), closed_on: Some(day("2022-02-01")), given },
        Refusal::OutsidePeriod { item: Item::Member, period: period(), given },
        Refusal::TooFarBack { given: day("2022-03-01"), earliest: given, days: 60 },
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

fn of_reach() -> Vec<Refusal> {
    let office: OfficeCode = "bamako-1".parse().unwrap();
    let region = |code: &str| -> RegionCode { code.parse().unwrap() };
    let (kidal, gao) = (region("kidal"), region("gao"));
    let fund = || "bailleur-2022".parse().unwrap();
    let at = Ground::Office { programme: person().0, office: office.clone(), region: None };
    let needed =
        [Ground::Everywhere, Ground::of_regions([kidal]), Ground::of_regions([kidal, gao]), at];
    let mut all: Vec<_> = needed.map(|needs| Refusal::OutsideReach { needs }).to_vec();
    all.push(Refusal::OfficeElsewhere { office, region: region("bamako"), given: kidal });
    let one = BTreeSet::from([gao]);
    all.push(Refusal::NotServed { fund: fund(), region: Some(kidal), serves: one.clone() });
    all.push(Refusal::NotServed { fund: fund(), region: None, serves: one });
    all.push(Refusal::NotServed {
        fund: fund(),
        region: Some(region("mopti")),
        serves: [kidal, gao].into(),
    });
    all.push(Refusal::NotCalled { region: kidal, called: [gao, region("mopti")].into() });
    all
}

fn all() -> Vec<Refusal> {
    [of_the_path(), of_numbers(), of_things(), of_days(), of_reach()].concat()
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
        Refusal::OutsideReach { .. } => 28,
        Refusal::OfficeElsewhere { .. } => 29,
        Refusal::NotServed { .. } => 30,
        Refusal::CallNotOpen { .. } => 31,
        Refusal::NotCalled { .. } => 32,
        Refusal::StatusThen { .. } => 33,
        Refusal::TooFarBack { .. } => 34,
        Refusal::Entry { .. } => 35,
        Refusal::SameList { .. } => 36,
        Refusal::PassedOver { .. } => 37,
        Refusal::QuotaBroken { .. } => 38,
        Refusal::Unchanged { .. } => 39,
        Refusal::KeyLost => 40,
    }
}

#[test]
fn every_refusal_says_in_both_languages_what_was_agreed() {
    let places: BTreeSet<_> = all().iter().map(place).collect();
    assert_eq!(places, (0..41).collect(), "a refusal is not shown");
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

/// What was given stands first, then the number that forbids it; where only one may be told, it is the one
/// that forbids.
#[test]
fn each_amount_of_a_refusal_stands_in_its_place() {
    for refusal in of_numbers() {
        let (given, forbids, is_turned) = match refusal {
            Refusal::TooMuch { what, limit, given } => (given, limit, what == Amount::Approved),
            Refusal::OtherAmount { expected, given, .. } => (given, expected, false),
            Refusal::TooLittle { least, given, .. } => (given, least, false),
            _ => continue,
        };
        for language in [Language::Fr, Language::En] {
            let told = refusal.detail(language);
            let place = |amount: Xof| told.find(&amount.to_string());
            match (given, forbids) {
                // That nothing may be is said in words.
                (Xof::ZERO, _) => assert_eq!(place(forbids), None, "{told}"),
                (_, Xof::ZERO) => assert!(place(given).is_some(), "{told}"),
                _ => {
                    let (first, second) = (place(given).unwrap(), place(forbids).unwrap());
                    assert_eq!(first < second, !is_turned, "{told}");
                }
            }
        }
    }
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
