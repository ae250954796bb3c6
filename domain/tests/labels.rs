//! Every field and every value of every command has a label in both languages.

use std::collections::{BTreeMap, BTreeSet};

use schemars::SchemaGenerator;
use serde_json::Value;
use sira_domain::STREAM_KINDS;
use sira_domain::labels::{field_label, list_of, record_label, record_value, value_label};
use sira_domain::reference::{Language, lists};

const LANGUAGES: [Language; 2] = [Language::Fr, Language::En];

/// Every schema that the commands of the four aggregates name, by its name.
fn schemas() -> BTreeMap<String, Value> {
    let mut generator = SchemaGenerator::default();
    for entry in STREAM_KINDS.iter().flat_map(|kind| kind.commands) {
        (entry.schema)(&mut generator);
    }
    let definitions = generator.definitions().iter();
    definitions.map(|(name, schema)| (name.clone(), schema.clone())).collect()
}

/// Every field by the schema that it stands in.
fn fields(schemas: &BTreeMap<String, Value>) -> BTreeSet<(&str, &str)> {
    let mut found = BTreeSet::new();
    for (owner, schema) in schemas {
        if let Some(properties) = schema["properties"].as_object() {
            found.extend(properties.keys().map(|field| (owner.as_str(), field.as_str())));
        }
    }
    found
}

/// Every value of every enumerated type.
fn values(schemas: &BTreeMap<String, Value>) -> Vec<(&str, String)> {
    let mut found = Vec::new();
    for (owner, schema) in schemas {
        let listed = schema["enum"].as_array().into_iter().flatten();
        let told_apart = schema["oneOf"].as_array().into_iter().flatten();
        let all = listed.chain(told_apart.map(|one| &one["const"]));
        found.extend(all.map(|value| (owner.as_str(), value.as_str().unwrap().to_owned())));
    }
    found
}

fn is_label(label: &str) -> bool {
    !label.is_empty() && label == label.trim() && label.chars().count() <= 60
}

#[test]
fn every_field_of_every_command_has_a_label_in_both_languages() {
    let schemas = schemas();
    let fields = fields(&schemas);
    assert!(fields.len() > 200, "only {} fields were found", fields.len());
    let unlabelled: Vec<_> = fields
        .iter()
        .filter(|(owner, field)| {
            !LANGUAGES.iter().all(|language| {
                field_label(owner, field, *language)
                    .is_some_and(|label| is_label(label) && !label.ends_with('.'))
            })
        })
        .collect();
    assert!(unlabelled.is_empty(), "{unlabelled:?}");
}

#[test]
fn no_two_fields_of_one_body_have_the_same_label() {
    let schemas = schemas();
    for language in LANGUAGES {
        let mut seen = BTreeSet::new();
        for (owner, field) in fields(&schemas) {
            let label = field_label(owner, field, language).unwrap();
            assert!(seen.insert((owner, label)), "{owner}.{field}: {label}");
        }
    }
}

#[test]
fn every_value_of_every_enumerated_field_has_a_label_in_both_languages() {
    let schemas = schemas();
    let values = values(&schemas);
    assert!(values.len() > 150, "only {} values were found", values.len());
    for (owner, value) in values {
        for language in LANGUAGES {
            let label = value_label(owner, &value, language);
            assert!(label.is_some_and(is_label), "{owner} {value}: {label:?}");
        }
    }
}

#[test]
fn every_coded_field_names_a_list_that_there_is() {
    let schemas = schemas();
    let of_the_domain = [
        "Sex",
        "Decision",
        "PlanConclusion",
        "TrancheCondition",
        "ErasureGround",
        "Reporting",
        "Role",
        "TieBreaker",
    ];
    let coded: BTreeSet<_> = values(&schemas).into_iter().map(|(owner, _)| owner).collect();
    let open = ["SectorCode", "ModuleCode"];
    for owner in coded.into_iter().chain(open).filter(|owner| !of_the_domain.contains(owner)) {
        let list = list_of(owner).unwrap_or_else(|| panic!("{owner} has no list"));
        let is_known = list == "regions" || lists().iter().any(|known| known.name == list);
        assert!(is_known, "{owner}: there is no list {list}");
    }
    assert_eq!(list_of("Sex"), None);
}

#[test]
fn one_name_that_means_different_things_has_a_label_by_body() {
    let label = |owner| field_label(owner, "amount", Language::Fr);
    assert_eq!(label("FinancingApplication"), Some("Montant demandé"));
    assert_eq!(label("Approval"), Some("Montant approuvé"));
    assert_eq!(field_label("Approval", "nothing", Language::Fr), None);
}

/// The names of the fields of a stored value, at any depth.
fn names(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.keys().cloned());
            fields.values().for_each(|value| names(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| names(item, found)),
        _ => {}
    }
}

#[test]
fn every_field_of_a_stored_fact_of_a_path_has_a_label_in_both_languages() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
    let types: BTreeSet<_> = sira_domain::path::FACTS.iter().map(|(name, ..)| *name).collect();
    let mut found = BTreeSet::new();
    for file in std::fs::read_dir(folder).unwrap() {
        // Every version of a type: a fact of an older form is shown too.
        let event: Value =
            serde_json::from_str(&std::fs::read_to_string(file.unwrap().path()).unwrap()).unwrap();
        let fact = event["fact"].as_object().unwrap();
        let of_a_path = fact.iter().filter(|(name, _)| types.contains(name.as_str()));
        of_a_path.for_each(|(_, body)| names(body, &mut found));
    }
    // Ids of keys are not shown to a person.
    found.remove("keys");
    assert!(found.len() > 90, "only {} fields were found", found.len());
    for field in found {
        for language in LANGUAGES {
            assert!(record_label(&field, language).is_some_and(is_label), "{field} has no label");
        }
    }
}

#[test]
fn a_field_of_a_command_needs_no_second_label_for_a_record() {
    for (owner, field) in fields(&schemas()) {
        for language in LANGUAGES {
            assert!(record_label(field, language).is_some_and(is_label), "{owner}.{field}");
        }
    }
}

#[test]
fn a_code_of_a_record_is_told_by_its_field_and_a_text_is_left_as_it_is() {
    assert_eq!(record_value("reason", "moved", Language::Fr), Some("Déménagement"));
    assert_eq!(record_value("sex", "female", Language::En), Some("Woman"));
    assert_eq!(
        record_value("conditions", "business_started", Language::Fr),
        Some("Activité démarrée")
    );
    assert_eq!(record_value("text", "training", Language::Fr), None);
    assert_eq!(record_value("region", "segou", Language::En), Some("Ségou"));
    assert_eq!(record_label("no_such_field", Language::Fr), None);
}
