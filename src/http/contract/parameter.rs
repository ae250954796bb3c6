//! Parameters as the OpenAPI document describes them, from the schema of the type that reads them.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

/// A word of ours in a schema: how a value is written, where the schema alone does not tell it. It is not
/// shown.
pub const FORM: &str = "x-form";

/// A parameter of an address.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// What it asks for.
    pub about: String,
    /// Whether it has to be given.
    pub required: bool,
    /// What its value is.
    pub schema: Value,
    /// The same in a few words, for who has given something else.
    pub expected: String,
}

impl Parameter {
    /// A parameter with a schema; what is expected is told by the schema.
    #[must_use]
    pub fn new(name: &str, about: &str, required: bool, schema: Value) -> Self {
        let expected = expected(&schema);
        let mut schema = schema;
        if let Some(fields) = schema.as_object_mut() {
            fields.remove(FORM);
            fields.remove("description");
        }
        Self { name: name.to_owned(), about: about.to_owned(), required, schema, expected }
    }

    /// As the document writes it; `place` is `query`, `path` or `header`.
    #[must_use]
    pub fn shown(&self, place: &str) -> Value {
        let mut shown = json!({
            "in": place, "name": self.name, "required": self.required, "description": self.about,
            "schema": self.schema,
        });
        if self.schema["type"] == "array" {
            shown["style"] = "form".into();
            shown["explode"] = false.into();
        }
        shown
    }
}

/// The parameters of a type: its fields.
#[must_use]
pub fn parameters<Q: JsonSchema>() -> Vec<Parameter> {
    let settings =
        SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let schema = Value::from(settings.into_generator().into_root_schema_for::<Q>());
    let required: Vec<_> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let fields = schema["properties"].as_object().cloned().unwrap_or_default();
    let one = |(name, schema): (String, Value)| {
        let is_required = required.contains(&name.as_str());
        let about = schema["description"].as_str().unwrap_or_default().to_owned();
        Parameter::new(&name, &about, is_required, without_null(schema))
    };
    fields.into_iter().map(one).collect()
}

/// What is not given is left out: an address has no null.
fn without_null(mut schema: Value) -> Value {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|one| one != "null");
        if let [one] = types.as_slice() {
            schema["type"] = one.clone();
        }
    }
    for list in ["enum", "anyOf"] {
        if let Some(Value::Array(all)) = schema.get_mut(list) {
            all.retain(|one| !one.is_null() && *one != json!({ "type": "null" }));
        }
    }
    if let Some([only]) = schema["anyOf"].as_array().map(Vec::as_slice) {
        let only = only.as_object().cloned().unwrap_or_default();
        if let Some(fields) = schema.as_object_mut() {
            fields.remove("anyOf");
            let own: Map<_, _> = only.into_iter().filter(|(key, _)| key != "description").collect();
            fields.extend(own);
        }
    }
    if schema["default"].is_null()
        && let Some(fields) = schema.as_object_mut()
    {
        fields.remove("default");
    }
    schema
}

/// What a schema takes, in a few words that need no language.
fn expected(schema: &Value) -> String {
    let text = |key: &str| schema[key].as_str();
    if let Some(form) = text(FORM) {
        return form.to_owned();
    }
    if let Some(words) = schema["enum"].as_array() {
        return join(words.iter());
    }
    if let Some(variants) = schema["oneOf"].as_array() {
        let words = variants.iter().flat_map(|one| {
            one["enum"].as_array().cloned().unwrap_or_else(|| vec![one["const"].clone()])
        });
        return join(words.collect::<Vec<_>>().iter());
    }
    if let Some(pattern) = text("pattern") {
        return pattern.trim_start_matches('^').trim_end_matches('$').to_owned();
    }
    match (text("type"), text("format")) {
        (Some("integer"), _) => {
            let bound = |key: &str| schema[key].as_i64().map(|bound| bound.to_string());
            let (least, most) = (bound("minimum"), bound("maximum"));
            format!("{}..{}", least.unwrap_or_default(), most.unwrap_or_default())
        }
        (Some("boolean"), _) => "true, false".to_owned(),
        (Some("array"), _) => format!("{}, ...", expected(&schema["items"])),
        (_, Some("date")) => "YYYY-MM-DD".to_owned(),
        (_, Some("uuid")) => "UUID".to_owned(),
        (_, Some("date-time")) => "RFC 3339".to_owned(),
        _ => "...".to_owned(),
    }
}

fn join<'a>(words: impl Iterator<Item = &'a Value>) -> String {
    let words: Vec<_> = words.filter_map(Value::as_str).collect();
    words.join(", ")
}
