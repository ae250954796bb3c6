//! What may be asked at every stage.

use serde_json::{Value, json};
use sira_domain::path::{Fact, Status};
use sira_domain::refusal::{Item, Refusal};
use sira_domain::values::{BeneficiaryId, Period};

use super::given::{
    OTHER, PERSON, SEALED, Step, day, last_fact, recorded, refused, subject, then, up_to,
};

const ON: &str = "2022-02-01";

fn by_adviser(word: &'static str, body: Value) -> Step {
    (word, "adviser", ON, body)
}

fn by_director(word: &'static str, body: Value) -> Step {
    (word, "director", ON, body)
}

fn suspend() -> Step {
    by_adviser("suspend", json!({"reason": "insecurity"}))
}

fn exit() -> Step {
    by_adviser("exit", json!({"reason": "moved"}))
}

fn lodge() -> Step {
    by_adviser("lodge-grievance", json!({"category": "staff", "channel": "box", "text": SEALED}))
}

fn resolve(grievance: u32) -> Step {
    by_director("resolve-grievance", json!({"grievance": grievance, "outcome": "upheld"}))
}

fn income(from: &str, to: &str, amount: u64) -> Step {
    let body =
        json!({"survey": "baseline", "from": from, "to": to, "amount": amount, "source": "salary"});
    by_adviser("record-income", body)
}

fn employment(status: &str, work_since: Option<&str>) -> Step {
    let mut body = json!({"survey": "tracer", "employment_status": status});
    if let Some(change) = work_since {
        body["work_since"] = json!(change);
    }
    by_adviser("record-employment", body)
}

fn transfer(office: &str) -> Step {
    by_director("transfer", json!({"office": office, "region": "mopti", "reason": SEALED}))
}

fn link(continues: &str) -> Step {
    by_director("link-duplicate", json!({ "continues": continues }))
}

fn unlink() -> Step {
    by_director("unlink-duplicate", json!({"reason": SEALED}))
}

fn erase() -> Step {
    ("erase-personal-data", "admin", ON, json!({"ground": "request"}))
}

fn note() -> Step {
    by_adviser("add-note", json!({"text": SEALED}))
}

fn other_path() -> BeneficiaryId {
    serde_json::from_value(json!(PERSON)).unwrap()
}

#[test]
fn nothing_is_recorded_of_whom_nobody_registered() {
    refused(&up_to(""), &note(), &Refusal::NotRegistered);
}

#[test]
fn an_adviser_is_assigned() {
    let step = by_adviser("assign-adviser", json!({"adviser": "conseiller-2"}));
    let path = recorded(up_to("register"), &step, "AdviserAssigned");
    assert_eq!(path.state().adviser.as_ref().unwrap().as_str(), "conseiller-2");
}

#[test]
fn a_completed_path_has_no_adviser_assigned() {
    let step = ("assign-adviser", "adviser", "2024-07-01", json!({"adviser": "conseiller-2"}));
    let allowed = &[Status::Active, Status::Suspended];
    let refusal = Refusal::WrongStatus { status: Status::Completed, allowed };
    refused(&up_to("complete-path"), &step, &refusal);
}

#[test]
fn a_path_is_transferred_and_its_adviser_stays_behind() {
    let adviser = by_adviser("assign-adviser", json!({"adviser": "conseiller-2"}));
    let path = recorded(then(up_to("register"), &[adviser]), &transfer("mopti"), "Transferred");
    assert_eq!(path.state().office.as_ref().unwrap().as_str(), "mopti");
    assert_eq!(path.state().adviser, None);
}

#[test]
fn a_path_is_not_transferred_to_an_office_that_there_is_not() {
    let refusal = Refusal::OfficeClosed { office: "gao".parse().unwrap(), open: None, on: day(ON) };
    refused(&up_to("register"), &transfer("gao"), &refusal);
}

#[test]
fn a_path_is_not_transferred_to_where_it_is() {
    let refusal = Refusal::Disagree { field: "office", other: "from_office" };
    refused(&up_to("register"), &transfer("segou"), &refusal);
}

#[test]
fn a_path_is_suspended_and_goes_on() {
    let path = recorded(up_to("register"), &suspend(), "Suspended");
    assert_eq!(path.state().status, Status::Suspended);
    let path = recorded(path, &by_adviser("resume", json!({})), "Resumed");
    assert_eq!(path.state().status, Status::Active);
}

#[test]
fn a_path_that_goes_on_is_not_resumed() {
    let refusal = Refusal::WrongStatus { status: Status::Active, allowed: &[Status::Suspended] };
    refused(&up_to("register"), &by_adviser("resume", json!({})), &refusal);
}

#[test]
fn a_suspended_path_does_not_move() {
    let assess = by_adviser("assess-eligibility", json!({}));
    let path = then(up_to("submit-idea"), &[suspend()]);
    let period = Period { from: day(ON), to: chrono::NaiveDate::MAX };
    let (given, allowed) = (day(ON), &[Status::Active] as &[Status]);
    let refusal = Refusal::StatusThen { status: Status::Suspended, period, given, allowed };
    refused(&path, &assess, &refusal);
}

#[test]
fn a_person_leaves_and_comes_back() {
    let path = recorded(up_to("register"), &exit(), "Exited");
    assert_eq!(path.state().path_closed_on, Some(day(ON)));
    let path = recorded(path, &by_director("reopen", json!({"reason": SEALED})), "Reopened");
    assert_eq!((path.state().status, path.state().path_closed_on), (Status::Active, None));
}

#[test]
fn a_path_that_goes_on_is_not_reopened() {
    let allowed = &[Status::Closed, Status::Exited, Status::Completed];
    let refusal = Refusal::WrongStatus { status: Status::Active, allowed };
    refused(&up_to("register"), &by_director("reopen", json!({"reason": SEALED})), &refusal);
}

#[test]
fn notes_documents_and_actions_are_recorded_after_the_path_has_ended_too() {
    let digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let document = json!({"name": SEALED, "media_type": "application/pdf", "size_bytes": 12, "sha256": digest});
    let path = then(up_to("register"), &[exit()]);
    let path = recorded(path, &note(), "NoteAdded");
    let path = recorded(path, &by_adviser("attach-document", document), "DocumentAttached");
    let action = by_adviser("record-community-action", json!({"kind": "mediation"}));
    let path = recorded(path, &action, "CommunityActionRecorded");
    assert_eq!((path.state().actions.notes, path.state().documents.len()), (1, 1));
}

#[test]
fn an_income_is_told_of_a_time_before_the_registration() {
    let path =
        recorded(up_to("register"), &income("2020-01-01", "2020-12-31", 1), "IncomeRecorded");
    assert_eq!(path.state().incomes.len(), 1);
}

#[test]
fn an_income_is_of_a_period_that_begins_before_it_ends() {
    let refusal = Refusal::Disagree { field: "to", other: "from" };
    refused(&up_to("register"), &income("2020-02-01", "2020-01-01", 1), &refusal);
}

#[test]
fn an_income_is_of_a_period_that_is_over() {
    let refusal = Refusal::InFuture { field: "to", given: day("2022-12-31"), today: day(ON) };
    refused(&up_to("register"), &income("2022-01-01", "2022-12-31", 1), &refusal);
}

#[test]
fn an_income_of_one_period_is_told_once() {
    let path = then(up_to("register"), &[income("2020-01-01", "2020-12-31", 1)]);
    let name = "2020-01-01 2020-12-31".into();
    let refusal = Refusal::Differs { item: Item::Income, name };
    refused(&path, &income("2020-01-01", "2020-12-31", 2), &refusal);
}

#[test]
fn what_somebody_does_for_a_living_is_told_in_a_survey_and_again() {
    let path = recorded(up_to("register"), &employment("unemployed", None), "EmploymentRecorded");
    let path = recorded(path, &employment("own_account", Some("better")), "EmploymentRecorded");
    recorded(path, &employment("own_account", Some("worse")), "EmploymentRecorded");
}

#[test]
fn who_has_no_work_does_not_say_how_it_is() {
    let refusal = Refusal::Disagree { field: "work_since", other: "employment_status" };
    for status in ["unemployed", "outside_labour_force"] {
        refused(&up_to("register"), &employment(status, Some("better")), &refusal);
    }
}

#[test]
fn a_grievance_is_lodged_and_answered() {
    let path = recorded(up_to("register"), &lodge(), "GrievanceLodged");
    let path = recorded(path, &resolve(1), "GrievanceResolved");
    assert!(path.state().grievances[0].resolved.is_some());
}

#[test]
fn no_grievance_is_answered_where_none_was_lodged() {
    let refusal =
        Refusal::Unknown { item: Item::Grievance, name: String::new(), field: "grievance" };
    refused(&up_to("register"), &resolve(3), &refusal);
}

#[test]
fn a_grievance_that_there_is_not_is_not_answered() {
    let refusal = Refusal::Unknown { item: Item::Grievance, name: "3".into(), field: "grievance" };
    refused(&then(up_to("register"), &[lodge()]), &resolve(3), &refusal);
}

#[test]
fn a_grievance_is_answered_once() {
    let path = then(up_to("register"), &[lodge(), resolve(1)]);
    let later = ("resolve-grievance", "director", "2022-02-02", resolve(1).3);
    let refusal = Refusal::Settled { item: Item::Grievance, name: "1".into() };
    refused(&path, &later, &refusal);
}

#[test]
fn a_duplicate_is_frozen_and_names_the_path_that_continues() {
    let path = recorded(up_to("register"), &link(PERSON), "DuplicateLinked");
    assert_eq!(path.state().continues_as, Some(other_path()));
    refused(&path, &suspend(), &Refusal::Frozen { continues: other_path() });
}

#[test]
fn a_path_is_not_linked_to_itself() {
    let refusal = Refusal::Disagree { field: "continues", other: "id" };
    refused(&up_to("register"), &link(&subject().to_string()), &refusal);
}

#[test]
fn a_frozen_path_is_unlinked_and_goes_on() {
    let path = then(up_to("register"), &[link(PERSON)]);
    let path = recorded(path, &unlink(), "DuplicateUnlinked");
    assert_eq!(path.state().continues_as, None);
    recorded(path, &suspend(), "Suspended");
}

#[test]
fn a_path_that_is_not_frozen_is_not_unlinked() {
    let refusal = Refusal::Unknown { item: Item::Duplicate, name: String::new(), field: "reason" };
    refused(&up_to("register"), &unlink(), &refusal);
}

#[test]
fn an_identity_is_corrected() {
    let step = by_adviser("update-identity", json!({"birth_year": 1998, "identity": OTHER}));
    let path = recorded(up_to("register"), &step, "IdentityUpdated");
    assert_eq!(path.state().registration.as_ref().unwrap().birth_year.get(), 1998);
}

#[test]
fn a_consent_is_given_and_withdrawn() {
    let body = json!({"scope": "photo", "text_version": "fr-1", "method": "oral_witness"});
    let path = recorded(up_to("register"), &by_adviser("record-consent", body), "ConsentRecorded");
    assert_eq!(path.state().consents.len(), 2);
    let withdraw = by_adviser("withdraw-consent", json!({"scope": "photo"}));
    let path = recorded(path, &withdraw, "ConsentWithdrawn");
    assert_eq!(path.state().consents.len(), 1);
}

#[test]
fn a_consent_that_was_not_given_is_not_withdrawn() {
    let refusal = Refusal::Unknown { item: Item::Consent, name: "photo".into(), field: "scope" };
    let step = by_adviser("withdraw-consent", json!({"scope": "photo"}));
    refused(&up_to("register"), &step, &refusal);
}

#[test]
fn where_no_consent_stands_none_is_withdrawn() {
    let path =
        then(up_to("register"), &[by_adviser("withdraw-consent", json!({"scope": "programme"}))]);
    let refusal = Refusal::Unknown { item: Item::Consent, name: String::new(), field: "scope" };
    refused(&path, &by_adviser("withdraw-consent", json!({"scope": "photo"})), &refusal);
}

#[test]
fn an_erasure_names_every_key_of_the_path() {
    let path = recorded(up_to("register"), &erase(), "PersonalDataErased");
    let Fact::PersonalDataErased(erasure) = last_fact(&path) else { panic!("another fact") };
    assert_eq!(erasure.keys, path.state().keys);
    assert_eq!(erasure.keys.len(), 1);
}

#[test]
fn an_erased_person_takes_no_sealed_text() {
    let path = then(up_to("register"), &[erase()]);
    refused(&path, &note(), &Refusal::Erased);
}

#[test]
fn an_erased_persons_path_keeps_its_figures_and_takes_money_back() {
    let before = up_to("record-support");
    let erasing = ("erase-personal-data", "admin", "2022-07-01", json!({"ground": "request"}));
    let path = recorded(before.clone(), &erasing, "PersonalDataErased");
    assert!(path.state().is_erased() && path.state().identity.is_none());
    assert_eq!(path.state().financings, before.state().financings);
    let repayment = json!({"financing": 1, "principal": 10, "interest": 0, "method": "in_kind", "payment_reference": "R"});
    recorded(path, &("record-repayment", "finance", "2022-07-02", repayment), "RepaymentRecorded");
}
