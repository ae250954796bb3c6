//! The map of an import: which commands a row becomes, and from which columns.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map as Object, Value};
use sira_domain::catalogue::CommandEntry;
use sira_domain::path::BENEFICIARY_COMMANDS;
use sira_domain::role::Role;
use sira_domain::values::{ActorId, Slug};

use crate::commands::form::{FormRule, Nearest, Wanted};

/// Most steps a row may become: a path has nearly fifty commands, and each step is a command for every row of a
/// file.
pub(crate) const STEPS_MAX: usize = 50;

/// A map, as its file says it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MapFile {
    source: Slug,
    key: String,
    #[serde(default)]
    actor: Option<ActorId>,
    #[serde(default)]
    delimiter: Option<char>,
    #[serde(default)]
    lookup: BTreeMap<String, BTreeMap<String, String>>,
    step: Vec<StepFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StepFile {
    command: String,
    #[serde(default)]
    role: Option<Role>,
    #[serde(default)]
    when: Option<StepCondition>,
    #[serde(default)]
    occurred_on: Option<Value>,
    #[serde(default)]
    fields: Object<String, Value>,
}

/// The condition on which a step is taken.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepCondition {
    /// The column looked at.
    pub column: String,
    /// The text it must hold.
    pub equals: String,
}

/// One command that a row becomes.
#[derive(Debug)]
pub struct MapStep {
    /// The command that it gives.
    pub entry: &'static CommandEntry,
    /// The role it is given in.
    pub role: Role,
    /// The condition on which it is taken; without one it always is.
    pub when: Option<StepCondition>,
    /// Its fields, with the places that columns fill.
    pub fields: Object<String, Value>,
}

/// A checked map.
#[derive(Debug)]
pub struct ImportMap {
    /// The system or file that the rows are from. With a row's key it makes the id of its path, so
    /// that the same row is the same path whenever it is imported.
    pub source: Slug,
    /// A row's lasting key, such as `{row}`.
    pub key: String,
    /// The actor who stands in the events.
    pub actor: ActorId,
    /// Between two columns.
    pub delimiter: u8,
    /// Steps, in order.
    pub steps: Vec<MapStep>,
    lookup: BTreeMap<String, BTreeMap<String, String>>,
    variables: BTreeMap<String, String>,
}

/// A map that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MapError {
    /// It is not TOML of the map's form.
    #[error("the map does not have its form: {0}")]
    Form(#[from] Box<toml::de::Error>),
    /// A step names no command of a path.
    #[error("no command is called {0}")]
    NoSuchCommand(String),
    /// A role that may not use the command.
    #[error("{0} is not for the role {1}")]
    Role(&'static str, Role),
    /// The delimiter is not one ASCII character.
    #[error("the delimiter is one ASCII character")]
    Delimiter,
    /// There must be some steps, and not too many; the first registers.
    #[error("1..{STEPS_MAX} steps, the first of them `register`")]
    Steps,
    /// A `$name` that no `--set name=value` gives.
    #[error("${0} is not set: give it by --set {0}=VALUE")]
    Unset(String),
}

/// A place that a row does not fill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FillError {
    /// The name of the column.
    pub column: String,
    /// The broken rule.
    pub rule: FormRule,
}

/// One row: its columns by name.
pub trait SourceRow {
    /// The text of a column; none when there is no such column.
    fn column(&self, name: &str) -> Option<&str>;
}

impl ImportMap {
    /// Reads and checks a map, with the variables that `--set` gave.
    ///
    /// # Errors
    /// [`MapError`].
    pub fn read(text: &str, variables: BTreeMap<String, String>) -> Result<Self, MapError> {
        let file: MapFile = toml::from_str(text).map_err(Box::new)?;
        let steps = file.step.into_iter().map(read_step).collect::<Result<Vec<_>, _>>()?;
        let begins_well = steps
            .first()
            .is_some_and(|step: &MapStep| step.entry.word == "register" && step.when.is_none());
        if !begins_well || steps.len() > STEPS_MAX {
            return Err(MapError::Steps);
        }
        let actor =
            file.actor.or_else(|| ActorId::try_new("import").ok()).ok_or(MapError::Steps)?;
        let delimiter = file.delimiter.unwrap_or(',');
        // A letter of Latin-1 fits a byte as well, and would cut the letters of UTF-8 in two.
        let delimiter = u8::try_from(delimiter).ok().filter(u8::is_ascii);
        let delimiter = delimiter.ok_or(MapError::Delimiter)?;
        let map = Self {
            source: file.source,
            key: file.key,
            actor,
            delimiter,
            steps,
            lookup: file.lookup,
            variables,
        };
        map.check_variables()?;
        Ok(map)
    }

    fn check_variables(&self) -> Result<(), MapError> {
        let unset = self.steps.iter().flat_map(|step| step.fields.values()).find_map(|field| {
            let name = field.as_str()?.strip_prefix('$')?;
            (!self.variables.contains_key(name)).then(|| name.to_owned())
        });
        unset.map_or(Ok(()), |name| Err(MapError::Unset(name)))
    }

    /// The column that a field of a command is filled from, when it is just one; else the name of the
    /// innermost field on the way.
    #[must_use]
    pub fn column_of(&self, step: &MapStep, pointer: &str) -> String {
        let mut place: Option<&Value> = None;
        let mut name = "";
        for field in pointer.split('/').skip(1) {
            let inner = match place {
                None => step.fields.get(field),
                Some(Value::Object(fields)) => fields.get(field),
                Some(Value::Array(items)) => {
                    field.parse().ok().and_then(|place: usize| items.get(place))
                }
                Some(_) => None,
            };
            name = field;
            place = inner;
            match inner {
                None => break,
                Some(inner) => {
                    if let Some(column) = column_in(inner) {
                        return column.to_owned();
                    }
                }
            }
        }
        name.to_owned()
    }

    /// The body of a step for one row.
    ///
    /// # Errors
    /// Every column that does not fill its place, in the order of the map, each with its rule once.
    pub fn fill(
        &self,
        step: &MapStep,
        row: &impl SourceRow,
    ) -> Result<Object<String, Value>, Vec<FillError>> {
        let (mut body, mut wrong) = (Object::new(), Vec::new());
        for (name, place) in &step.fields {
            let value = self.fill_place(place, row, &mut wrong);
            if !value.is_null() {
                body.insert(name.clone(), value);
            }
        }
        if wrong.is_empty() { Ok(body) } else { Err(wrong) }
    }

    /// Whether a step is taken for a row.
    ///
    /// # Errors
    /// When the row has no such column.
    pub fn applies(step: &MapStep, row: &impl SourceRow) -> Result<bool, FillError> {
        let Some(condition) = &step.when else { return Ok(true) };
        Ok(column(row, &condition.column)? == condition.equals)
    }

    /// What a place is filled with; nothing, and a note of what is wrong, where a column does not fill it.
    fn fill_place(&self, place: &Value, row: &impl SourceRow, wrong: &mut Vec<FillError>) -> Value {
        let filled = match place {
            Value::String(text) => {
                match text.strip_prefix('$').and_then(|name| self.variables.get(name)) {
                    Some(value) => Ok(Value::from(value.clone())),
                    None => fill_text(text, row).map(Value::from),
                }
            }
            Value::Object(fields) if fields.contains_key("column") => {
                self.fill_column(fields, row).map_err(|error| vec![error])
            }
            Value::Object(fields) => {
                let mut filled = Object::new();
                for (name, place) in fields {
                    filled.insert(name.clone(), self.fill_place(place, row, wrong));
                }
                Ok(Value::Object(filled))
            }
            Value::Array(items) => {
                Ok(items.iter().map(|place| self.fill_place(place, row, wrong)).collect())
            }
            other => Ok(other.clone()),
        };
        filled.unwrap_or_else(|errors| {
            note(wrong, errors);
            Value::Null
        })
    }

    /// `{ column = "re74", as = "amount" }` and its like. An empty column leaves the field out.
    fn fill_column(
        &self,
        place: &Object<String, Value>,
        row: &impl SourceRow,
    ) -> Result<Value, FillError> {
        let name = place.get("column").and_then(Value::as_str).unwrap_or_default();
        let text = column(row, name)?.trim();
        if text.is_empty() {
            return Ok(Value::Null);
        }
        let wrong = |rule| FillError { column: name.to_owned(), rule };
        let no_number =
            || wrong(FormRule::WrongType(Wanted::WholeNumber { min: i64::MIN, max: i64::MAX }));
        match place.get("as").and_then(Value::as_str).unwrap_or("text") {
            "text" => Ok(Value::from(text)),
            "integer" => text.parse::<i64>().map(Value::from).map_err(|_| no_number()),
            "amount" => {
                let amount = read_amount(text).map(Value::from);
                amount.ok_or_else(|| wrong(FormRule::WrongType(Wanted::Amount)))
            }
            "boolean" => {
                let yes_or_no = read_boolean(text).map(Value::from);
                yes_or_no.ok_or_else(|| wrong(FormRule::WrongType(Wanted::YesNoColumn)))
            }
            "years_before" => {
                let year = place
                    .get("of")
                    .and_then(Value::as_i64)
                    .ok_or_else(|| wrong(FormRule::Missing))?;
                let years = text.parse::<i64>().map_err(|_| no_number())?;
                let year = year.checked_sub(years).ok_or_else(no_number)?;
                Ok(Value::from(year))
            }
            "lookup" => {
                let name = place.get("table").and_then(Value::as_str).unwrap_or_default();
                let table = self.lookup.get(name);
                let code = table.and_then(|table| table.get(text));
                let code =
                    code.ok_or_else(|| wrong(FormRule::NotInTable { table: name.to_owned() }))?;
                Ok(Value::from(code.clone()))
            }
            other => {
                let nearest = Nearest::of_codes(None, CONVERSIONS.iter().copied(), Some(other));
                Err(wrong(FormRule::UnknownCode(nearest)))
            }
        }
    }
}

/// Ways to read a column.
const CONVERSIONS: &[&str] = &["text", "integer", "amount", "boolean", "years_before", "lookup"];

/// Commands that no row of a table can give.
const NOT_IMPORTED: &[&str] = &[
    "attach-document",
    "link-duplicate",
    "unlink-duplicate",
    "dismiss-duplicate",
    "reconsider-duplicate",
];

fn read_step(file: StepFile) -> Result<MapStep, MapError> {
    let entry = BENEFICIARY_COMMANDS.iter().find(|entry| entry.word == file.command);
    // A table has no bytes to attach, and a link needs a decision about two people.
    let entry = entry.filter(|entry| !NOT_IMPORTED.contains(&entry.word));
    let entry = entry.ok_or(MapError::NoSuchCommand(file.command))?;
    let role = file.role.or(entry.roles.first().copied()).unwrap_or(Role::Adviser);
    if !entry.roles.contains(&role) {
        return Err(MapError::Role(entry.word, role));
    }
    let mut fields = file.fields;
    if let Some(day) = file.occurred_on {
        fields.insert("occurred_on".to_owned(), day);
    }
    Ok(MapStep { entry, role, when: file.when, fields })
}

fn column<'a>(row: &'a impl SourceRow, name: &str) -> Result<&'a str, FillError> {
    row.column(name)
        .ok_or_else(|| FillError { column: name.to_owned(), rule: FormRule::MissingColumn })
}

/// The column that one place is filled from: `{ column = "educ" }`, or the first of `"{year}-01-02"`.
fn column_in(place: &Value) -> Option<&str> {
    match place {
        Value::String(text) => text.split(['{', '}']).nth(1),
        place => place.get("column").and_then(Value::as_str),
    }
}

/// Adds what is wrong to what is known to be, but for what stands there already: a column that fills two
/// places is wrong once.
pub(super) fn note(wrong: &mut Vec<FillError>, errors: impl IntoIterator<Item = FillError>) {
    for error in errors {
        if !wrong.contains(&error) {
            wrong.push(error);
        }
    }
}

/// Fills the `{column}` places of a text; every column that is missing, where one is.
pub(super) fn fill_text(text: &str, row: &impl SourceRow) -> Result<String, Vec<FillError>> {
    let (mut filled, mut wrong) = (String::with_capacity(text.len()), Vec::new());
    for (index, part) in text.split(['{', '}']).enumerate() {
        // Every second part stands between braces.
        match if index % 2 == 1 { column(row, part) } else { Ok(part) } {
            Ok(part) => filled.push_str(if index % 2 == 1 { part.trim() } else { part }),
            Err(error) => note(&mut wrong, [error]),
        }
    }
    if wrong.is_empty() { Ok(filled) } else { Err(wrong) }
}

/// A decimal number as whole units, halves rounded up; no float is involved.
fn read_amount(text: &str) -> Option<u64> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || !is_digits(decimals) {
        return None;
    }
    let up = decimals.bytes().next().is_some_and(|digit| digit >= b'5');
    whole.parse::<u64>().ok()?.checked_add(u64::from(up))
}

fn read_boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "oui" => Some(true),
        "0" | "false" | "no" | "non" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl SourceRow for BTreeMap<&str, &str> {
        fn column(&self, name: &str) -> Option<&str> {
            self.get(name).copied()
        }
    }

    #[test]
    fn an_amount_is_rounded_half_up_without_a_float() {
        let cases = [
            ("0.0", Some(0)),
            ("9930.05", Some(9930)),
            ("7506.5", Some(7507)),
            ("24909.49", Some(24909)),
            ("12", Some(12)),
        ];
        for (text, amount) in cases {
            assert_eq!(read_amount(text), amount, "{text}");
        }
        for text in ["", "-1", "1e3", "1.", ".5", "1 000"] {
            assert_eq!(read_amount(text), None, "{text}");
        }
    }

    #[test]
    fn a_row_fills_a_command_and_an_empty_column_leaves_the_field_out() {
        let text = r#"
            source = "survey"
            key = "{row}"
            [lookup.levels]
            "11" = "2"
            [[step]]
            command = "register"
            occurred_on = "{year}-01-02"
            [step.fields]
            programme = "$programme"
            birth_year = { column = "age", as = "years_before", of = 1976 }
            education = { column = "educ", as = "lookup", table = "levels" }
            displaced = { column = "moved", as = "boolean" }
            identity = { name = "Personne {row}" }
        "#;
        let variables = BTreeMap::from([("programme".to_owned(), "p-1".to_owned())]);
        let map = ImportMap::read(text, variables).unwrap();
        let row = BTreeMap::from([
            ("row", "7"),
            ("year", "1976"),
            ("age", "37"),
            ("educ", "11"),
            ("moved", ""),
        ]);
        let body = map.fill(&map.steps[0], &row).unwrap();
        let expected = serde_json::json!({
            "occurred_on": "1976-01-02", "programme": "p-1", "birth_year": 1939, "education": "2",
            "identity": { "name": "Personne 7" },
        });
        assert_eq!(Value::Object(body), expected);
        assert_eq!(map.column_of(&map.steps[0], "/birth_year"), "age");
    }

    #[test]
    fn a_map_that_names_no_command_or_an_unset_variable_is_refused() {
        let map = |step: &str| {
            ImportMap::read(&format!("source='s'\nkey='k'\n[[step]]\n{step}"), BTreeMap::new())
        };
        assert!(matches!(map("command='fly'"), Err(MapError::NoSuchCommand(_))));
        assert!(matches!(map("command='add-note'"), Err(MapError::Steps)));
        assert!(matches!(
            map("command='register'\nfields={office='$office'}"),
            Err(MapError::Unset(_))
        ));
        assert!(matches!(map("command='register'\nrole='analyst'"), Err(MapError::Role(..))));
        let no_table = map("command='attach-document'");
        assert!(matches!(no_table, Err(MapError::NoSuchCommand(..))));
    }
}
