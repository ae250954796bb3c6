//! Numbers that cannot be are refused, and numbers that the rules do not hold plausible are refused or warned of.

use serde_json::{Value, json};
use sira_domain::path::{BeneficiaryEvent, decide, may_follow, warnings};
use sira_domain::programme::{Programme, ProgrammeCommand};
use sira_domain::reference::Language;
use sira_domain::refusal::{Amount, Quantity, Refusal};
use sira_domain::role::Role;
use sira_domain::values::Xof;

use super::given::{context, give, parse, programme, up_to};

fn visit(field: &str, value: Value) -> Value {
    let mut body = json!({"business_status": "trading"});
    body[field] = value;
    body
}

fn bounded() -> Programme {
    let bounds = json!({
        "visit_revenue": {"warn_above": 1_000_000, "refuse_above": 10_000_000},
        "monthly_income": {"warn_above": 300_000},
        "jobs": {"warn_above": 20, "refuse_above": 100},
        "people_reached": {"refuse_above": 1_000},
    });
    let mut programme = programme();
    let rules = json!({"effective_from": "2021-07-07", "rules": {"plausibility": bounds}});
    let command = ProgrammeCommand::parse("set-rules", rules).unwrap().unwrap();
    let director = context("directrice", Role::Director, "2021-07-07", Programme::default());
    for event in sira_domain::programme::decide(&programme, command, &director).unwrap() {
        programme.take(&event);
    }
    programme
}

fn told(word: &str, body: &Value) -> Result<BeneficiaryEvent, Refusal> {
    let adviser = context("adviser", Role::Adviser, "2022-08-01", bounded());
    let path = up_to("record-business-start");
    let events = decide(&path, parse(word, body), &adviser);
    events.map(|mut events| {
        assert_eq!(may_follow(&path, &events[0], &adviser), Ok(()));
        events.remove(0)
    })
}

#[test]
fn no_part_is_above_its_whole_whatever_the_rules_say() {
    let jobs = |under_35: u32, full_time: u32| {
        let jobs =
            json!({"women": 1, "men": 1, "under_35": under_35, "full_time_hundredths": full_time});
        let step = ("record-visit", "adviser", "2022-06-02", visit("jobs", jobs));
        give(&up_to("record-business-start"), &step).map(|events| events.len())
    };
    assert_eq!(jobs(2, 200), Ok(1));
    let refusal = Refusal::Above { what: Quantity::JobsUnder35, limit: 2, given: 50 };
    assert_eq!(jobs(50, 200), Err(refusal));
    let refusal = Refusal::Above { what: Quantity::FullTime, limit: 200, given: 99_999 };
    assert!(refusal.detail(Language::Fr).contains("999,99"), "{refusal}");
    assert_eq!(jobs(2, 99_999), Err(refusal));
    let mut body = visit("monthly_revenue", json!(100));
    body["monthly_profit"] = json!(101);
    let step = ("record-visit", "adviser", "2022-06-02", body);
    let (limit, given) = (Xof::of(100), Xof::of(101));
    let refusal = Refusal::TooMuch { what: Amount::ProfitOfRevenue, limit, given };
    assert_eq!(give(&up_to("record-business-start"), &step), Err(refusal));
}

#[test]
fn a_number_above_what_the_rules_hold_possible_is_refused_with_the_bound() {
    let (limit, given) = (Xof::of(10_000_000), Xof::of(100_000_000_000));
    let refusal = Refusal::TooMuch { what: Amount::MonthlyRevenue, limit, given };
    let asked = told("record-visit", &visit("monthly_revenue", json!(100_000_000_000_u64)));
    assert_eq!(asked, Err(refusal));
    let reached = json!({"kind": "mediation", "people_reached": 1_001});
    let refusal = Refusal::Above { what: Quantity::PeopleReached, limit: 1_000, given: 1_001 };
    assert_eq!(told("record-community-action", &reached), Err(refusal));
}

#[test]
fn a_number_above_what_is_plausible_is_taken_with_a_warning() {
    let event = told("record-visit", &visit("monthly_revenue", json!(1_000_001))).unwrap();
    let warned = warnings(&event, &bounded());
    let words: Vec<_> = warned.iter().map(|one| (one.field, one.rule)).collect();
    assert_eq!(words, [("monthly_revenue", "implausible")]);
    let text = warned[0].text(Language::Fr);
    assert!(
        text.contains("1\u{202f}000\u{202f}001") && text.contains("1\u{202f}000\u{202f}000"),
        "{text}"
    );
    let plain = told("record-visit", &visit("monthly_revenue", json!(1_000_000))).unwrap();
    assert!(warnings(&plain, &bounded()).is_empty());
    assert!(warnings(&event, &programme()).is_empty(), "the rules of the day say nothing of it");
}

#[test]
fn an_income_is_compared_over_thirty_days_of_its_period() {
    let income = |amount: u64| {
        let body = json!({"survey": "baseline", "from": "2021-01-01", "to": "2021-12-31", "amount": amount, "source": "salary"});
        warnings(&told("record-income", &body).unwrap(), &bounded()).len()
    };
    assert_eq!((income(3_650_000), income(3_660_000)), (0, 1));
}

#[test]
fn a_bound_that_warns_lies_below_the_one_that_refuses() {
    let rules = json!({"effective_from": "2022-01-01", "rules": {"plausibility": {"jobs": {"warn_above": 5, "refuse_above": 5}}}});
    let command = ProgrammeCommand::parse("set-rules", rules).unwrap().unwrap();
    let director = context("directrice", Role::Director, "2022-01-01", Programme::default());
    let refusal = Refusal::Disagree { field: "warn_above", other: "refuse_above" };
    assert_eq!(sira_domain::programme::decide(&programme(), command, &director), Err(refusal));
}
