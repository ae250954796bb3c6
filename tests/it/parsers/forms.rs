//! Bodies of commands: every command of a person's path, with any JSON object.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};
use sira_domain::path::BENEFICIARY_COMMANDS;

use super::properties;

/// The fields of every command, and of what stands in them.
fn field_names() -> Vec<String> {
    let mut generator = schemars::SchemaGenerator::default();
    for entry in BENEFICIARY_COMMANDS {
        (entry.schema)(&mut generator);
    }
    let mut names = vec!["identity".to_owned(), "occurred_on".to_owned(), "reference".to_owned()];
    for schema in generator.definitions().values() {
        collect(schema, &mut names);
    }
    names.sort_unstable();
    names.dedup();
    names
}

fn collect(schema: &Value, names: &mut Vec<String>) {
    match schema {
        Value::Object(fields) => {
            if let Some(Value::Object(properties)) = fields.get("properties") {
                names.extend(properties.keys().cloned());
            }
            fields.values().for_each(|value| collect(value, names));
        }
        Value::Array(items) => items.iter().for_each(|value| collect(value, names)),
        _ => {}
    }
}

fn value(names: Vec<String>) -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        select(vec![
            "",
            "2022-01-11",
            "2022-13-41",
            "70 00 00 01",
            "19901020304056K",
            "bamako",
            "f",
            "0190f7f5-0000-7000-8000-000000000001",
            "sealed:v1:0190f7f500007000800000000000001:AAAA"
        ])
        .prop_map(str::to_owned),
        "\\PC{0,30}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-100_i64..3_000).prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 6, move |inner| {
        let object = object_of(names.clone(), inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::Array),
            object.prop_map(Value::Object),
        ]
    })
}

fn object_of(
    names: Vec<String>,
    value: impl Strategy<Value = Value>,
) -> impl Strategy<Value = Map<String, Value>> {
    let name = prop_oneof![9 => select(names), 1 => "\\PC{0,12}"];
    prop::collection::vec((name, value), 0..8).prop_map(|fields| fields.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_body_is_refused_without_saying_what_is_personal(
        place in 0..BENEFICIARY_COMMANDS.len(),
        body in object_of(field_names(), value(field_names())),
    ) {
        let word = BENEFICIARY_COMMANDS[place].word;
        properties::form(word, &Value::Object(body).to_string());
    }
}
