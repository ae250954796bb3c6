//! The schema of a body, compiled once.

use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

use chrono::NaiveDate;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};
use sira_domain::STREAM_KINDS;
use sira_domain::catalogue::CommandEntry;
use sira_domain::reference::BackdatingReason;
use uuid::Uuid;

/// Longest code of any list.
pub(super) const CODE_MAX_BYTES: usize = 80;

/// The form of one kind of body.
pub struct Form {
    /// The name of the body's type.
    name: String,
    /// The schema, in the plain shape that [`plain`] gives it.
    root: Value,
    pub(super) validator: jsonschema::Validator,
}

/// A field's own schema, and the name of the type that it is of.
#[derive(Clone, Copy)]
pub(super) struct Field<'a> {
    pub name: &'a str,
    pub schema: &'a Value,
}

/// By stage and word: a retraction has one word in every kind of stream, and another body in a path.
type CommandForms = HashMap<(&'static str, &'static str), (&'static CommandEntry, OnceLock<Form>)>;

static FORMS: LazyLock<CommandForms> = LazyLock::new(|| {
    let entries = STREAM_KINDS.iter().flat_map(|kind| kind.commands);
    entries.map(|entry| ((entry.stage, entry.word), (entry, OnceLock::new()))).collect()
});

impl Form {
    /// The form of a command's body, with the day of the fact.
    #[must_use]
    pub fn of_command(entry: &CommandEntry) -> &'static Self {
        let (entry, form) = FORMS.get(&(entry.stage, entry.word)).unwrap_or_else(|| {
            unreachable!("every command stands in the table of its kind of stream")
        });
        form.get_or_init(|| {
            let mut generator = generator();
            let body = (entry.schema)(&mut generator);
            let reason = BackdatingReason::json_schema(&mut generator);
            let (name, mut root) = root_of(body, generator);
            root["properties"]["backdating_reason"] = reason.into();
            root["properties"]["occurred_on"] = json!({ "type": "string", "format": "date" });
            Self::compile(name, root)
        })
    }

    /// The form of a type's JSON.
    #[must_use]
    pub fn of<T: JsonSchema>() -> Self {
        let mut generator = generator();
        let body = generator.subschema_for::<T>();
        let (name, root) = root_of(body, generator);
        Self::compile(name, root)
    }

    fn compile(name: String, mut root: Value) -> Self {
        plain(&mut root);
        let validator = jsonschema::options()
            .should_validate_formats(true)
            // As our own types read them, which is a little wider than the standard says.
            .with_format("date", |text: &str| text.parse::<NaiveDate>().is_ok())
            .with_format("uuid", |text: &str| Uuid::try_parse(text).is_ok())
            .build(&root)
            .unwrap_or_else(|error| {
                unreachable!("a schema of ours compiles, see the tests: {error}")
            });
        Self { name, root, validator }
    }

    /// The whole body.
    pub(super) fn body(&self) -> Field<'_> {
        self.resolve(&self.name, &self.root)
    }

    /// The field that a pointer leads to; none when the form has no such place.
    pub(super) fn field<'a>(&'a self, pointer: &'a str) -> Option<Field<'a>> {
        pointer.split('/').skip(1).try_fold(self.body(), |field, name| {
            if let Some(property) = field.schema["properties"].get(name) {
                return Some(self.resolve(name, property));
            }
            name.parse::<usize>().ok()?;
            field.schema.get("items").map(|items| self.resolve(name, items))
        })
    }

    /// Follows references and leaves `null` aside.
    pub(super) fn resolve<'a>(&'a self, name: &'a str, schema: &'a Value) -> Field<'a> {
        if let Some(type_name) =
            schema["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/"))
        {
            return self.resolve(type_name, &self.root["$defs"][type_name]);
        }
        match schema.get("else") {
            Some(present) => self.resolve(name, present),
            None => Field { name, schema },
        }
    }
}

impl Field<'_> {
    /// Names of its fields.
    pub fn fields(&self) -> Vec<&str> {
        self.schema["properties"]
            .as_object()
            .map_or_else(Vec::new, |fields| fields.keys().map(String::as_str).collect())
    }

    /// Whether it holds values of this JSON type.
    pub fn is_of(&self, kind: &str) -> bool {
        match &self.schema["type"] {
            Value::String(known) => known == kind,
            Value::Array(kinds) => kinds.iter().any(|known| known == kind),
            _ => false,
        }
    }

    /// The codes that it takes; empty when it is no choice.
    pub fn codes(&self) -> Vec<&str> {
        self.schema["enum"]
            .as_array()
            .map_or_else(Vec::new, |codes| codes.iter().filter_map(Value::as_str).collect())
    }

    /// The limits of a whole number. Where the schema gives none they are those of the type.
    pub fn range(&self) -> (i64, i64) {
        let limit = |name: &str| self.schema.get(name).and_then(Value::as_i64);
        let (least, most) = match self.schema["format"].as_str() {
            Some("uint32") => (0, i64::from(u32::MAX)),
            Some("uint64") => (0, i64::MAX),
            _ => (i64::MIN, i64::MAX),
        };
        (limit("minimum").unwrap_or(least), limit("maximum").unwrap_or(most))
    }

    /// A number of its schema.
    pub fn count(&self, keyword: &str) -> Option<u64> {
        self.schema.get(keyword).and_then(Value::as_u64)
    }

    /// A text of its schema.
    pub fn text(&self, keyword: &str) -> Option<&str> {
        self.schema.get(keyword).and_then(Value::as_str)
    }
}

fn generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12().into_generator()
}

/// The name of the body's type and its own schema as the root, the types that it names beside it.
fn root_of(body: Schema, mut generator: SchemaGenerator) -> (String, Value) {
    let mut definitions = generator.take_definitions(true);
    let body = Value::from(body);
    let name = body["$ref"].as_str().and_then(|path| path.rsplit('/').next());
    let name = name.unwrap_or_default().to_owned();
    let mut root = definitions.remove(&name).unwrap_or(body);
    if let Some(root) = root.as_object_mut() {
        root.insert("$defs".to_owned(), Value::Object(definitions));
    }
    (name, root)
}

/// Writes choices in one way, so that a fault is told of the field and not of an alternative:
/// "this or nothing" as a condition, and a choice of documented constants as an `enum`.
fn plain(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.values_mut().for_each(plain);
            plain_option(fields);
            plain_choice(fields);
        }
        Value::Array(items) => items.iter_mut().for_each(plain),
        _ => {}
    }
}

fn plain_option(fields: &mut Map<String, Value>) {
    let nothing = json!({ "type": "null" });
    let Some(Value::Array(choices)) = fields.get_mut("anyOf") else { return };
    if choices.len() != 2 || !choices.contains(&nothing) {
        return;
    }
    choices.retain(|choice| *choice != nothing);
    let Some(present) = choices.pop() else { return };
    fields.remove("anyOf");
    fields.extend([
        ("if".to_owned(), nothing),
        ("then".to_owned(), Value::Bool(true)),
        ("else".to_owned(), present),
    ]);
}

fn plain_choice(fields: &mut Map<String, Value>) {
    let Some(Value::Array(choices)) = fields.get("oneOf") else { return };
    let of_choice = |choice: &Value| match (choice.get("const"), choice.get("enum")) {
        (Some(code), _) => Some(vec![code.clone()]),
        (None, Some(Value::Array(codes))) => Some(codes.clone()),
        _ => None,
    };
    let Some(codes) = choices.iter().map(of_choice).collect::<Option<Vec<_>>>() else { return };
    let codes = codes.concat();
    fields.remove("oneOf");
    fields.insert("type".to_owned(), "string".into());
    fields.insert("enum".to_owned(), Value::Array(codes));
}
