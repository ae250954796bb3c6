//! A registration that said something wrong is put right: as if it had said so from the beginning.

use serde_json::{Value, json};
use sira_domain::path::facts::Sex;
use sira_domain::path::{AsCorrected, Beneficiary, Fact, State};
use sira_domain::refusal::{Quantity, Refusal};

use super::given::{OTHER, SEALED, Step, day, give, last_fact, recorded, refused, then, up_to};

fn correct(fields: &Value) -> Step {
    let mut body = fields.clone();
    body["reason"] = json!(SEALED);
    ("correct-registration", "adviser", "2022-02-25", body)
}

fn corrected(path: Beneficiary, fields: &Value) -> Beneficiary {
    recorded(path, &correct(fields), "RegistrationCorrected")
}

fn retract(sequence: u32) -> Step {
    ("retract", "adviser", "2022-02-26", json!({"sequence": sequence, "reason": SEALED}))
}

/// The state folded naively: with the registration itself changed by hand.
fn as_if(
    path: &Beneficiary,
    change: impl Fn(&mut sira_domain::path::facts::Registration),
) -> State {
    let mut state = State::default();
    state.keys.clone_from(&path.state().keys);
    for (_, event) in path.standing() {
        let mut event = event.clone();
        if let Fact::Registered(said) = &mut event.fact {
            change(said);
        }
        state.fold(&event);
    }
    state
}

#[test]
fn every_field_is_corrected_as_if_the_registration_had_said_so_and_both_values_are_kept() {
    let fields = json!({
        "sex": "male", "region": "mopti", "cercle": "Djenné", "education": "3",
        "disability": {"seeing": 1, "hearing": 1, "walking": 3, "remembering": 1, "self_care": 1, "communicating": 1},
        "displaced": true, "intake": "facilitator",
        "consent": {"scope": "programme", "text_version": "fr-2", "method": "oral_witness"}
    });
    let path = corrected(up_to("decide-selection"), &fields);
    let state = path.state();
    let registration = state.registration.as_ref().unwrap();
    assert_eq!(registration.sex, Sex::Male);
    assert_eq!(state.region.unwrap().code(), "mopti");
    assert_eq!((registration.disability, registration.displaced), (Some(true), Some(true)));
    assert_eq!(registration.on, day("2022-01-10"));
    assert_eq!(state.consents[0].text_version.as_str(), "fr-2");
    let Fact::RegistrationCorrected(correction) = last_fact(&path) else { panic!("a correction") };
    let sex = correction.sex.as_ref().unwrap();
    assert_eq!((sex.before, sex.after), (Some(Sex::Female), Sex::Male));
    assert_eq!(correction.displaced.as_ref().unwrap().before, None);
    let expected = as_if(&path, |said| {
        said.sex = Sex::Male;
        said.region = "mopti".parse().unwrap();
        said.education = Some("3".parse().unwrap());
        said.disability = correction.disability.as_ref().map(|change| change.after.clone());
        said.displaced = Some(true);
        said.intake = "facilitator".parse().unwrap();
        said.consent = correction.consent.as_ref().unwrap().after.clone();
    });
    assert_eq!(*state, expected);
}

#[test]
fn a_corrected_year_of_birth_counts_for_the_age_that_was_found() {
    let path = corrected(up_to("decide-selection"), &json!({"birth_year": 1998}));
    let state = path.state();
    assert_eq!(state.registration.as_ref().unwrap().birth_year.get(), 1998);
    let age = state.eligibility.as_ref().unwrap().assessment.age.as_ref().unwrap();
    assert_eq!(age.years, 24);
}

#[test]
fn a_correction_after_which_an_assessment_would_conclude_otherwise_is_refused_with_it() {
    let step = correct(&json!({"birth_year": 1950}));
    let refusal = give(&up_to("decide-selection"), &step).unwrap_err();
    let Refusal::RestsOn { sequence, event, because } = refusal else { panic!("{refusal}") };
    assert_eq!((sequence, event), (4.into(), "EligibilityAssessed"));
    assert_eq!(*because, Refusal::Disagree { field: "rules", other: "eligible" });
    // Once nothing rests on it, it may be told.
    corrected(up_to("revise-idea"), &json!({"birth_year": 1950}));
}

#[test]
fn a_correction_of_nothing_or_of_what_stands_already_is_refused() {
    let path = up_to("submit-idea");
    let none = Refusal::Below { what: Quantity::Items, required: 1, given: 0 };
    refused(&path, &correct(&json!({})), &none);
    refused(&path, &correct(&json!({"sex": "female"})), &Refusal::Unchanged { field: "sex" });
    let both = json!({"displaced": true, "region": "segou"});
    refused(&path, &correct(&both), &Refusal::Unchanged { field: "region" });
}

#[test]
fn what_could_not_have_been_registered_on_its_day_is_refused() {
    let path = up_to("submit-idea");
    let born = Refusal::InFuture {
        field: "birth_year",
        given: day("2023-01-01"),
        today: day("2022-01-10"),
    };
    refused(&path, &correct(&json!({"birth_year": 2023})), &born);
    let region = Refusal::RegionNotValid {
        region: "nioro".parse().unwrap(),
        on: day("2022-01-10"),
        then: "kayes".parse().unwrap(),
    };
    refused(&path, &correct(&json!({"region": "nioro"})), &region);
}

#[test]
fn a_correction_is_corrected_again_and_retracted_again() {
    let path = corrected(up_to("submit-idea"), &json!({"sex": "male"}));
    let again = corrected(path.clone(), &json!({"sex": "female", "intake": "facilitator"}));
    assert_eq!(again.state().registration.as_ref().unwrap().sex, Sex::Female);
    // The second tells what the first had said: without that it would be wrong.
    let refusal = give(&again, &retract(3)).unwrap_err();
    assert!(
        matches!(&refusal, Refusal::RestsOn { sequence, .. } if *sequence == 4.into()),
        "{refusal}"
    );
    // The first, told once more, is no retry of it.
    let third = give(&again, &correct(&json!({"sex": "male"}))).unwrap();
    assert_eq!(third.len(), 1);
    let back = then(again, &[retract(4), retract(3)]);
    assert_eq!(back.state(), up_to("submit-idea").state());
}

#[test]
fn a_correction_that_an_assessment_rests_on_is_not_retracted() {
    let path = corrected(up_to("revise-idea"), &json!({"birth_year": 1950}));
    let assessed = then(path, &[("assess-eligibility", "adviser", "2022-03-01", json!({}))]);
    let refusal = give(&assessed, &retract(4)).unwrap_err();
    assert!(
        matches!(&refusal, Refusal::RestsOn { sequence, .. } if *sequence == 5.into()),
        "{refusal}"
    );
}

#[test]
fn a_registration_is_not_retracted_under_its_correction() {
    let path = corrected(up_to("register"), &json!({"sex": "male"}));
    let refusal = give(&path, &retract(1)).unwrap_err();
    assert!(
        matches!(&refusal, Refusal::RestsOn { because, .. } if **because == Refusal::NotRegistered),
        "{refusal}"
    );
}

#[test]
fn a_correction_holds_against_what_an_identity_told_before_and_yields_to_one_told_later() {
    let identity = |year: u32| {
        let body = json!({"birth_year": year, "identity": OTHER});
        ("update-identity", "adviser", "2022-01-11", body)
    };
    let year = |path: &Beneficiary| path.state().registration.as_ref().unwrap().birth_year.get();
    let path = then(up_to("register"), &[identity(1998)]);
    let path = corrected(path, &json!({"birth_year": 1997}));
    assert_eq!(year(&path), 1997);
    assert_eq!(year(&then(path, &[identity(1996)])), 1996);
}

#[test]
fn a_transfer_that_left_the_region_as_it_was_leaves_it_as_corrected() {
    let to = |body: Value| ("transfer", "adviser", "2022-02-01", body);
    let stayed = to(json!({"office": "mopti", "reason": SEALED}));
    let path = corrected(then(up_to("submit-idea"), &[stayed]), &json!({"region": "kayes"}));
    assert_eq!(path.state().region.unwrap().code(), "kayes");
    let moved = to(json!({"office": "mopti", "region": "mopti", "reason": SEALED}));
    let path = corrected(then(up_to("submit-idea"), &[moved]), &json!({"region": "kayes"}));
    assert_eq!(path.state().region.unwrap().code(), "mopti");
    assert_eq!(path.state().registration.as_ref().unwrap().region.code(), "kayes");
}

#[test]
fn a_transfer_that_is_returned_brings_back_the_region_as_corrected() {
    let to = |body: Value| ("transfer", "adviser", "2022-02-01", body);
    let back = ("return-transfer", "conseillere", "2022-02-03", json!({"reason": SEALED}));
    let moved = to(json!({"office": "mopti", "region": "mopti", "reason": SEALED}));
    let stayed = to(json!({"office": "mopti", "reason": SEALED}));
    let kayes = json!({"region": "kayes"});
    for transfer in [moved, stayed] {
        let away = then(up_to("submit-idea"), &[transfer]);
        // It is corrected after the return, or while the path waits at the other office.
        for path in [
            corrected(then(away.clone(), std::slice::from_ref(&back)), &kayes),
            then(corrected(away, &kayes), std::slice::from_ref(&back)),
        ] {
            assert_eq!(path.state().office.as_ref().unwrap().as_str(), "segou");
            assert_eq!(path.state().region.unwrap().code(), "kayes");
            // Told once more, it counts from the first return on.
            let again = corrected(path, &json!({"region": "sikasso"}));
            assert_eq!(again.state().region.unwrap().code(), "sikasso");
        }
    }
}

#[test]
fn a_transfer_that_is_returned_to_where_the_person_had_moved_keeps_that_region() {
    let to = |office: &str, region: &str| {
        let body = json!({"office": office, "region": region, "reason": SEALED});
        ("transfer", "adviser", "2022-02-01", body)
    };
    let accept = ("accept-transfer", "conseillere", "2022-02-02", json!({}));
    let back = ("return-transfer", "conseillere", "2022-02-03", json!({"reason": SEALED}));
    let steps = [to("mopti", "mopti"), accept, to("segou", "segou"), back];
    let path = corrected(then(up_to("submit-idea"), &steps), &json!({"region": "kayes"}));
    assert_eq!(path.state().region.unwrap().code(), "mopti");
}

#[test]
fn nobody_who_is_erased_is_corrected_and_no_frozen_path_is() {
    let erase = ("erase-personal-data", "admin", "2022-02-01", json!({"ground": "request"}));
    let erased = then(up_to("register"), &[erase]);
    refused(&erased, &correct(&json!({"sex": "male"})), &Refusal::Erased);
}

#[test]
fn events_without_a_correction_are_read_as_they_are() {
    let path = up_to("complete-path");
    let mut corrected = AsCorrected::by(path.standing());
    for (sequence, event) in path.standing() {
        assert_eq!(*corrected.read(sequence, event), *event);
    }
}
