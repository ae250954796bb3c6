//! Every command's body, broken in every place that its schema has.

use serde_json::{Map, Value, json};
use sira_domain::STREAM_KINDS;
use sira_domain::catalogue::CommandEntry;
use sira_domain::path::BeneficiaryCommand;
use sira_domain::reference::Language;
use sira_domain::values::ValueError;

use super::schema::Field;
use super::*;

/// A value that may be personal: no answer repeats it.
const PERSON: &str = "Personne Inventée 76123456";

fn entries() -> impl Iterator<Item = &'static CommandEntry> {
    STREAM_KINDS.iter().flat_map(|kind| kind.commands)
}

fn entry(word: &str) -> &'static CommandEntry {
    entries().find(|entry| entry.word == word).unwrap()
}

/// A value that has the form of a field.
fn sample(form: &Form, field: Field<'_>) -> Value {
    let text = |text: &str| Value::from(text.to_owned());
    if let Some(code) = field.codes().first() {
        return text(code);
    }
    match (field.name, field.text("format")) {
        ("Phone", _) => return text("+223 70 00 00 01"),
        ("Nina", _) => return text("10000000000000A"),
        (_, Some("date")) => return text("2022-03-01"),
        (_, Some("uuid")) => return text("01890a5d-ac96-774b-bcce-b302099a8057"),
        _ => {}
    }
    if field.is_of("object") {
        let fields = field.schema["properties"].as_object().cloned().unwrap_or_default();
        let filled = fields.iter().map(|(name, schema)| {
            let place = form.resolve("", schema);
            (name.clone(), sample(form, Field { name: place.name, schema: place.schema }))
        });
        return Value::Object(filled.collect());
    }
    if field.is_of("array") {
        return json!([sample(form, form.resolve("", &field.schema["items"]))]);
    }
    if field.is_of("integer") {
        return field.range().0.max(1).into();
    }
    if field.is_of("boolean") {
        return true.into();
    }
    let shape = field.text("pattern").and_then(CodeShape::of_pattern);
    text(shape.map_or("Beurre de karité", |shape| shape.example))
}

/// Every place of a body, with its field.
fn places(form: &Form, field: Field<'_>, value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let pointer = format!("{at}/{name}");
                let inner = form.resolve(name, &field.schema["properties"][name]);
                places(form, inner, value, &pointer, found);
                found.push(pointer);
            }
        }
        Value::Array(items) => {
            let inner = form.resolve("", &field.schema["items"]);
            for (place, value) in items.iter().enumerate() {
                let pointer = format!("{at}/{place}");
                places(form, inner, value, &pointer, found);
                found.push(pointer);
            }
        }
        _ => {}
    }
}

fn set(body: &Value, pointer: &str, value: Value) -> Value {
    let mut body = body.clone();
    *body.pointer_mut(pointer).unwrap() = value;
    body
}

fn without(body: &Value, pointer: &str) -> Value {
    let mut body = body.clone();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    body.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name).unwrap();
    body
}

/// The rule that is told of a place.
fn rule_at(errors: &FormErrors, pointer: &str) -> Option<&'static str> {
    errors.fields().iter().find(|error| error.pointer == pointer).map(FieldError::rule)
}

fn check_words(errors: &FormErrors) {
    for error in errors.fields() {
        let [fr, en] = [Language::Fr, Language::En].map(|language| error.detail(language));
        for (language, detail) in [("fr", &fr), ("en", &en)] {
            assert!(detail.len() > 10, "{language} {error}: {detail}");
            assert!(!detail.contains("Personne") && !detail.contains("76123456"), "{detail}");
            assert!(!detail.contains("i64") && !detail.contains('{'), "{detail}");
        }
        assert_ne!(fr, en, "{error}");
    }
}

fn explained(entry: &CommandEntry, body: &Value) -> FormErrors {
    let errors = Form::of_command(entry).explain(body, []);
    check_words(&errors);
    errors
}

#[test]
fn a_body_of_the_form_of_its_schema_has_no_fault() {
    for entry in entries() {
        let form = Form::of_command(entry);
        let body = sample(form, form.body());
        let errors = explained(entry, &body);
        // The sample's birth date and year are not of one person.
        let fields = errors.fields().iter().filter(|error| error.rule() != "fields_disagree");
        assert_eq!(fields.count(), 0, "{}: {errors} {body}", entry.word);
    }
}

#[test]
fn every_missing_field_of_every_command_is_named() {
    for entry in entries() {
        let form = Form::of_command(entry);
        let required = form.body().schema["required"].as_array().cloned().unwrap_or_default();
        let errors = explained(entry, &json!({}));
        for name in &required {
            let pointer = format!("/{}", name.as_str().unwrap());
            assert_eq!(rule_at(&errors, &pointer), Some("missing_field"), "{}", entry.word);
        }
        assert_eq!(errors.fields().len(), required.len(), "{}: {errors}", entry.word);
    }
    assert_eq!(explained(entry("register"), &json!({})).fields().len(), 9);
}

#[test]
fn every_place_of_every_command_is_named_when_it_is_left_out_or_of_another_kind() {
    for entry in entries() {
        let form = Form::of_command(entry);
        let body = sample(form, form.body());
        let mut pointers = Vec::new();
        places(form, form.body(), &body, "", &mut pointers);
        for pointer in &pointers {
            let field = form.field(pointer).unwrap();
            let wrong =
                if field.is_of("object") { json!([PERSON]) } else { json!({ "x": PERSON }) };
            let rule = if pointer == "/occurred_on" { "code_form" } else { "wrong_type" };
            let errors = explained(entry, &set(&body, pointer, wrong));
            assert_eq!(rule_at(&errors, pointer), Some(rule), "{}: {errors}", entry.word);
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            let parent = form.field(parent).unwrap_or_else(|| form.body());
            let is_required =
                parent.schema["required"].as_array().is_some_and(|all| all.contains(&name.into()));
            if is_required && pointer != "/birth_year" {
                let errors = explained(entry, &without(&body, pointer));
                assert_eq!(rule_at(&errors, pointer), Some("missing_field"), "{}", entry.word);
            }
        }
    }
}

/// Values that break one rule of a field, with the rule.
fn faults(field: Field<'_>) -> Vec<(Value, &'static str)> {
    let mut faults = Vec::new();
    if !field.codes().is_empty() {
        return vec![(json!(PERSON), "unknown_code"), (json!(12), "wrong_type")];
    }
    if field.is_of("integer") {
        let (min, max) = field.range();
        faults.push((json!(min - 1), "number_range"));
        if max < i64::MAX {
            faults.push((json!(max + 1), "number_range"));
            faults.push((json!(u64::MAX), "wrong_type"));
        }
        faults.push((json!(2.5), "wrong_type"));
        faults.push((json!(f64::from(7)), "wrong_type"));
    }
    if field.is_of("string") && field.text("format").is_none() {
        let form = match (field.name, field.text("pattern").and_then(CodeShape::of_pattern)) {
            ("Phone", _) => "phone_form",
            ("Nina", _) => "nina_form",
            (_, Some(_)) => "code_form",
            _ => "text_length",
        };
        faults.push((json!(PERSON.repeat(400)), form));
        faults.push((json!(""), form));
        if form == "text_length" {
            faults.push((json!("  "), form));
            faults.push((json!(format!("{PERSON}\u{7}")), "control_character"));
        } else {
            faults.push((json!(PERSON), form));
        }
    }
    if field.text("format") == Some("date") || field.text("format") == Some("uuid") {
        faults.push((json!(PERSON), "wrong_type"));
    }
    faults
}

#[test]
fn every_value_out_of_its_limits_is_named_by_its_rule_and_never_repeated() {
    for entry in entries() {
        let form = Form::of_command(entry);
        let body = sample(form, form.body());
        let mut pointers = Vec::new();
        places(form, form.body(), &body, "", &mut pointers);
        let mut all_wrong = body.clone();
        let mut expected = Vec::new();
        for pointer in pointers.iter().filter(|pointer| *pointer != "/occurred_on") {
            for (value, rule) in faults(form.field(pointer).unwrap()) {
                let errors = explained(entry, &set(&body, pointer, value.clone()));
                assert_eq!(
                    rule_at(&errors, pointer),
                    Some(rule),
                    "{} {pointer} {value}",
                    entry.word
                );
                all_wrong = set(&all_wrong, pointer, value);
            }
            if !faults(form.field(pointer).unwrap()).is_empty() {
                expected.push(pointer.clone());
            }
        }
        let errors = explained(entry, &all_wrong);
        for pointer in expected {
            assert!(rule_at(&errors, &pointer).is_some(), "{} {pointer}: {errors}", entry.word);
        }
    }
}

#[test]
fn the_schema_of_a_value_says_what_its_constructor_says() {
    fn agree<T: DeserializeOwned + schemars::JsonSchema>(samples: &[Value]) {
        let form = Form::of::<T>();
        for sample in samples {
            let read = serde_json::from_value::<T>(sample.clone()).is_ok();
            let name = std::any::type_name::<T>();
            let found = check::check(&form, sample);
            assert_eq!(found.is_empty(), read, "{name} {sample}: {found:?}");
        }
    }
    use sira_domain::identity::{Nina, Phone};
    use sira_domain::path::facts::Sha256Hex;
    use sira_domain::reference::{ModuleCode, RegionCode, SectorCode};
    use sira_domain::values::*;
    let long = "x".repeat(61);
    let texts = [
        "",
        " ",
        "a",
        "A",
        "U",
        "V",
        "AB",
        "XOF",
        "xof",
        "poultry",
        "segou-1",
        "s.1",
        "a b",
        "é",
        "a\u{7}",
        "a\nb",
        "\u{7f}",
        "a\u{85}b",
        " a ",
        "bamako",
        "a@b",
        "70 00 00 01",
        "+223 70000001",
        "00223-70-00-00-01",
        "70.00.00.01",
        "7000000",
        "10000000",
        "+33 6 12 34 56 78",
        "19901020304056k",
        "1 9901020304056 K",
        "19901020304056",
        "2022-03-01",
        "2022-02-30",
        "hier",
        "01890a5d-ac96-774b-bcce-b302099a8057",
        &long,
        &long[..60],
        &long[..41],
        &long[..40],
        "70\u{a0}00 00 01",
    ]
    .map(|text| Value::from(text.to_owned()));
    agree::<Text<60>>(&texts);
    agree::<ActorId>(&texts);
    agree::<OfficeCode>(&texts);
    agree::<Slug>(&texts);
    agree::<CurrencyCode>(&texts);
    agree::<SectorCode>(&texts);
    agree::<ModuleCode>(&texts);
    agree::<RegionCode>(&texts);
    agree::<Phone>(&texts);
    agree::<Nina>(&texts);
    agree::<Sha256Hex>(&texts);
    agree::<ProgrammeId>(&texts);
    agree::<chrono::NaiveDate>(&texts);
    let numbers = [
        json!(0),
        json!(1),
        json!(-1),
        json!(100),
        json!(101),
        json!(2.0),
        json!(2.5),
        json!(u64::MAX),
        json!("1"),
        json!(null),
        json!(1_000_000_000_000_i64),
        json!(1_000_000_000_001_i64),
        json!(-1_000_000_000_001_i64),
    ];
    agree::<Score>(&numbers);
    agree::<Within<1, 100>>(&numbers);
    agree::<Xof>(&numbers);
    agree::<SignedXof>(&numbers);
    let period = |from: &str, to: &str| json!({ "from": from, "to": to });
    agree::<Period>(&[
        period("2022-01-01", "2022-01-01"),
        period("2022-01-02", "2022-01-01"),
        json!({ "from": "2022-01-01" }),
        json!({ "from": "2022-01-01", "to": "2022-01-02", "x": 1 }),
    ]);
}

#[test]
fn a_free_text_may_have_lines_and_a_text_of_one_line_may_not() {
    for text in ["a\nb\tc", "a", " a ", "a\u{7}", "", "  \n", "a\u{b}b"] {
        let found = Form::of_command(entry("add-note")).explain(&json!({ "text": text }), []);
        let checked = sira_domain::values::check_free_text(text);
        assert_eq!(
            found.fields().first().map(FieldError::rule),
            checked.err().map(|error| error.rule),
            "{text:?}"
        );
    }
}

#[test]
fn every_rule_of_a_value_is_known_here_by_its_own_word() {
    for (rule, ..) in ValueError::RULES {
        let limit = match *rule {
            "code_form" => "[a-z0-9_]{1,40}",
            "date_range" => "2020-01-01..2021-01-01",
            _ => "1..20",
        };
        let known = FormRule::of_value(rule, limit);
        assert_eq!(known.word(), *rule);
        check_words(&FieldError::new("/x", known).into());
    }
    assert_eq!(FormRule::of_value("unknown_code", "grant, kit").word(), "unknown_code");
    assert_eq!(FormRule::of_value("another", "").word(), "wrong_type");
}

fn error_of(word: &str, body: &Value) -> FormErrors {
    let read = BeneficiaryCommand::parse(word, body.clone()).unwrap();
    let errors = Form::of_command(entry(word)).explain(body, [first_error(&read.unwrap_err())]);
    check_words(&errors);
    errors
}

#[test]
fn what_serde_stops_at_and_what_the_schema_finds_are_one_fault() {
    let cases = [
        (json!({ "adviser": "awa", "secret": "Personne" }), "/secret", "unknown_field"),
        (json!({ "adviser": "awa", "Madame Personne": 1 }), "", "unknown_field"),
        (json!({}), "/adviser", "missing_field"),
        (json!({ "adviser": 12345 }), "/adviser", "wrong_type"),
        (json!({ "adviser": "Madame Personne" }), "/adviser", "code_form"),
        (json!({ "adviser": null }), "/adviser", "wrong_type"),
        (json!([]), "", "wrong_type"),
    ];
    for (body, pointer, rule) in cases {
        let errors = error_of("assign-adviser", &body);
        let told: Vec<_> =
            errors.fields().iter().map(|error| (&*error.pointer, error.rule())).collect();
        assert_eq!(told, [(pointer, rule)], "{body}");
    }
    let body = json!({ "scores": [{ "criterion": "motivation", "score": 101, "out_of": 20 }] });
    let errors = error_of("record-interview", &body);
    let range = FormRule::NumberRange { min: 0, max: 100, given: Some(101) };
    assert_eq!(errors.fields(), [FieldError::new("/scores/0/score", range)]);
}

#[test]
fn an_exact_birth_date_fills_the_year_that_is_left_out_and_must_agree_with_one_that_is_given() {
    let register = entry("register");
    let body = |identity: Value, year: Value| json!({ "identity": identity, "birth_year": year });
    let born = |date: &str| json!({ "name": "Personne", "birth_date": date });
    let cases = [
        (body(born("1997-01-01"), Value::Null), None),
        (body(born("1997-01-01"), json!(1997)), None),
        (body(born("1997-01-01"), json!(1998)), Some("fields_disagree")),
        (body(born("hier"), Value::Null), None),
        (json!({ "identity": { "name": "Personne" } }), Some("missing_field")),
    ];
    for (body, rule) in cases {
        assert_eq!(rule_at(&explained(register, &body), "/birth_year"), rule, "{body}");
    }
}

#[test]
fn one_answer_names_a_bounded_number_of_fields() {
    let lines: Vec<Value> = (0..200).map(|_| json!({ "x": PERSON })).collect();
    let mut body = Map::new();
    body.insert("session".to_owned(), "s1".into());
    body.insert("lines".to_owned(), lines.into());
    let errors = explained(entry("record-register"), &Value::Object(body));
    assert_eq!(errors.fields().len(), ERRORS_MAX);
}
