//! The first stage: registration and idea.

use serde_json::{Value, json};
use sira_domain::path::Stage;
use sira_domain::refusal::{Item, Refusal};
use sira_domain::values::{EARLIEST_DATE, Period, Reference};

use super::given::{OTHER, SEALED, Step, day, give, recorded, refused, then, up_to};
use super::walk::registration;

fn register(on: &'static str) -> Step {
    ("register", "adviser", on, registration())
}

fn registering_with(field: &str, value: Value) -> Step {
    let mut body = registration();
    body[field] = value;
    ("register", "adviser", "2022-01-10", body)
}

fn submit(on: &'static str, sector: &str) -> Step {
    let body =
        json!({"title": SEALED, "sector": sector, "start_up_cost": 450_000, "jobs_expected": 3});
    ("submit-idea", "adviser", on, body)
}

fn revise(sector: &str) -> Step {
    let body =
        json!({"title": OTHER, "sector": sector, "start_up_cost": 400_000, "jobs_expected": 2});
    ("revise-idea", "adviser", "2022-01-12", body)
}

#[test]
fn a_person_is_registered_once() {
    let path = recorded(up_to(""), &register("2022-01-10"), "Registered");
    assert_eq!(path.state().stage, Stage::Idea);
}

#[test]
fn a_retry_of_a_registration_is_the_same_whatever_reference_the_server_drew() {
    let drawn = Reference::from_bits(5).unwrap();
    let again = registering_with("reference", json!(drawn.to_string()));
    assert_eq!(give(&up_to("register"), &again), Ok(Vec::new()));
}

#[test]
fn nobody_is_registered_a_second_time_with_other_content() {
    let standing = "RRZN-CR20-D".into();
    let refusal = Refusal::Differs { item: Item::Registration, name: standing };
    refused(&up_to("register"), &registering_with("sex", json!("male")), &refusal);
}

#[test]
fn nobody_is_registered_outside_the_convention() {
    let term = Period { from: day("2021-07-06"), to: day("2027-07-05") };
    let refusal = Refusal::OutsideTerm { term, given: day("2020-01-10") };
    refused(&up_to(""), &register("2020-01-10"), &refusal);
}

#[test]
fn nobody_is_registered_on_a_day_to_come() {
    let refusal = Refusal::InFuture {
        field: "occurred_on",
        given: day("2026-06-02"),
        today: day("2026-06-01"),
    };
    refused(&up_to(""), &register("2026-06-02"), &refusal);
}

#[test]
fn nobody_is_registered_before_any_programme_could_be() {
    let refusal = Refusal::TooEarly {
        field: "occurred_on",
        given: day("1949-06-02"),
        earliest: EARLIEST_DATE,
    };
    refused(&up_to(""), &register("1949-06-02"), &refusal);
}

#[test]
fn nobody_is_registered_by_an_office_that_there_is_not() {
    let refusal =
        Refusal::OfficeClosed { office: "gao".parse().unwrap(), open: None, on: day("2022-01-10") };
    refused(&up_to(""), &registering_with("office", json!("gao")), &refusal);
}

#[test]
fn nobody_lives_in_a_region_that_does_not_exist_yet() {
    let refusal = Refusal::RegionNotValid {
        region: "nioro".parse().unwrap(),
        on: day("2022-01-10"),
        then: "kayes".parse().unwrap(),
    };
    refused(&up_to(""), &registering_with("region", json!("nioro")), &refusal);
}

#[test]
fn nobody_is_born_after_their_registration() {
    let refusal = Refusal::InFuture {
        field: "birth_year",
        given: day("2030-01-01"),
        today: day("2022-01-10"),
    };
    refused(&up_to(""), &registering_with("birth_year", json!(2030)), &refusal);
}

#[test]
fn an_idea_moves_the_path_to_recruitment() {
    let path = recorded(up_to("register"), &submit("2022-01-11", "C"), "IdeaSubmitted");
    assert_eq!(path.state().stage, Stage::Recruitment);
}

#[test]
fn an_idea_is_not_older_than_the_registration() {
    let refusal = Refusal::TooEarly {
        field: "occurred_on",
        given: day("2022-01-09"),
        earliest: day("2022-01-10"),
    };
    refused(&up_to("register"), &submit("2022-01-09", "C"), &refusal);
}

#[test]
fn an_idea_is_of_a_sector_that_the_programme_knows() {
    let refusal = Refusal::Unknown { item: Item::Sector, name: "fishing".into(), field: "sector" };
    refused(&up_to("register"), &submit("2022-01-11", "fishing"), &refusal);
}

#[test]
fn an_idea_is_submitted_once() {
    let refusal = Refusal::WrongStage { stage: Stage::Recruitment, allowed: &[Stage::Idea] };
    refused(&up_to("submit-idea"), &submit("2022-01-12", "D"), &refusal);
}

#[test]
fn an_idea_may_be_revised_into_a_sector_of_the_programmes_own() {
    let path = recorded(up_to("submit-idea"), &revise("poultry"), "IdeaRevised");
    assert_eq!(path.state().idea.as_ref().unwrap().sector.as_str(), "poultry");
}

#[test]
fn an_idea_that_was_never_submitted_is_not_revised() {
    let allowed = &[Stage::Recruitment, Stage::Training, Stage::Financing];
    let refusal = Refusal::WrongStage { stage: Stage::Idea, allowed };
    refused(&up_to("register"), &revise("C"), &refusal);
}

#[test]
fn a_revision_back_to_the_first_idea_is_no_retry_of_it() {
    let back = ("revise-idea", "adviser", "2022-01-12", submit("2022-01-12", "C").3);
    let path = then(up_to("submit-idea"), &[revise("poultry"), back]);
    assert_eq!(path.version(), 4.into());
}
