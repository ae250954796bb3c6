//! What an operation takes and gives, told by the types of its handler: each extractor describes what it
//! reads, each answer what it is. So the OpenAPI document cannot say other than the handler does.

use std::collections::{BTreeMap, BTreeSet};

use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::parameter::Parameter;
use crate::formats::Format;

/// An operation while it is described.
pub struct Operation<'g> {
    /// What makes schemas, and keeps those that are shared.
    pub generator: &'g mut SchemaGenerator,
    parameters: Vec<Value>,
    body: Option<Value>,
    answers: BTreeMap<u16, Value>,
    problems: BTreeSet<u16>,
}

/// A header of an answer, as the document names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerHeader {
    /// `ETag`.
    ETag,
    /// `Sira-Position`.
    Position,
    /// `Sira-Cursor`.
    Cursor,
    /// `Idempotency-Replayed`.
    Replayed,
    /// `Location`.
    Location,
    /// `Content-Disposition`.
    Disposition,
}

impl AnswerHeader {
    /// The headers' names.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::ETag, "ETag"),
        (Self::Position, "Sira-Position"),
        (Self::Cursor, "Sira-Cursor"),
        (Self::Replayed, "Idempotency-Replayed"),
        (Self::Location, "Location"),
        (Self::Disposition, "Content-Disposition"),
    ];

    fn name(self) -> &'static str {
        let found = Self::ALL.iter().find(|(known, _)| *known == self);
        found.map_or("", |(_, name)| name)
    }
}

impl<'g> Operation<'g> {
    /// An operation of which nothing is known yet.
    pub fn new(generator: &'g mut SchemaGenerator) -> Self {
        Self {
            generator,
            parameters: Vec::new(),
            body: None,
            answers: BTreeMap::new(),
            problems: BTreeSet::new(),
        }
    }

    /// Reads a parameter; `place` is `query` or `path`.
    pub fn parameter(&mut self, place: &str, parameter: &Parameter) {
        self.parameters.push(parameter.shown(place));
    }

    /// Reads a header that several operations read, by its key in the document's components.
    pub fn header(&mut self, key: &str) {
        self.parameters.push(json!({ "$ref": format!("#/components/parameters/{key}") }));
    }

    /// Takes a body.
    pub fn body(&mut self, media_type: &str, schema: &Value) {
        self.body =
            Some(json!({ "required": true, "content": { media_type: { "schema": schema } } }));
        self.problems(&[400, 408, 413, 415, 422]);
    }

    /// May meet problems with these statuses.
    pub fn problems(&mut self, statuses: &[u16]) {
        self.problems.extend(statuses);
    }

    /// The schema of a type, shared by its name.
    pub fn schema_of<T: JsonSchema>(&mut self) -> Value {
        self.generator.subschema_for::<T>().into()
    }

    /// Gives JSON of a type.
    pub fn json<T: JsonSchema>(&mut self, status: u16, about: &str, headers: &[AnswerHeader]) {
        let schema = self.schema_of::<T>();
        self.answer(status, about, headers, &[("application/json", schema)]);
    }

    /// Gives a table in every format that it is written in: JSON of a type, or a file's bytes.
    pub fn table<T: JsonSchema>(&mut self, status: u16, about: &str, headers: &[AnswerHeader]) {
        let json_form = self.schema_of::<T>();
        let schema = |format: &Format| match format {
            Format::Json => json_form.clone(),
            Format::Csv => json!({ "type": "string" }),
            Format::Parquet | Format::Xlsx => json!({ "type": "string", "format": "binary" }),
        };
        let content: Vec<_> =
            Format::ALL.iter().map(|format| (format.media_type(), schema(format))).collect();
        self.answer(status, about, headers, &content);
    }

    /// Gives an answer in one of these media types; no body where there are none.
    pub fn answer(
        &mut self,
        status: u16,
        about: &str,
        headers: &[AnswerHeader],
        content: &[(&str, Value)],
    ) {
        let name = |header: &AnswerHeader| header.name();
        let reference = |name: &str| json!({ "$ref": format!("#/components/headers/{name}") });
        let told = headers.iter().map(name).chain(["X-Request-Id"]);
        let headers: Map<_, _> = told.map(|name| (name.to_owned(), reference(name))).collect();
        let content: Map<_, _> = content
            .iter()
            .map(|(kind, schema)| ((*kind).to_owned(), json!({ "schema": schema })))
            .collect();
        let mut answer = json!({ "description": about, "headers": headers });
        if !content.is_empty() {
            answer["content"] = content.into();
        }
        self.answers.insert(status, answer);
    }

    /// Writes what is known into the document's object for the operation.
    pub fn write(self, operation: &mut Value) {
        if !self.parameters.is_empty() {
            operation["parameters"] = self.parameters.into();
        }
        if let Some(body) = self.body {
            operation["requestBody"] = body;
        }
        let problem = |status: &u16| {
            let reference = json!({ "$ref": format!("#/components/responses/Problem{status}") });
            (status.to_string(), reference)
        };
        let answers =
            self.answers.iter().map(|(status, answer)| (status.to_string(), answer.clone()));
        let problems = self.problems.iter().filter(|status| !self.answers.contains_key(status));
        let mut responses: Vec<_> = answers.chain(problems.map(problem)).collect();
        responses.sort_by(|one, other| one.0.cmp(&other.0));
        operation["responses"] = responses.into_iter().collect::<Map<_, _>>().into();
    }
}

/// What a handler reads of a request.
pub trait Input {
    /// Says what it reads; nothing when it is no part of the contract.
    fn describe(_: &mut Operation) {}
}

/// What a handler answers.
pub trait Output {
    /// Says what the answer is.
    fn describe(operation: &mut Operation);
}

impl<T: Output, E> Output for Result<T, E> {
    fn describe(operation: &mut Operation) {
        T::describe(operation);
    }
}

/// A handler whose inputs and answer describe themselves.
pub trait Described<Inputs> {
    /// Describes the whole.
    fn describe(operation: &mut Operation);
}

macro_rules! described {
    ($($part:ident)*) => {
        impl<F, Answering, R, $($part,)*> Described<($($part,)*)> for F
        where
            F: FnOnce($($part),*) -> Answering,
            Answering: Future<Output = R>,
            R: Output,
            $($part: Input,)*
        {
            fn describe(operation: &mut Operation) {
                $($part::describe(operation);)*
                R::describe(operation);
            }
        }
    };
}
described!();
described!(A);
described!(A B);
described!(A B C);
described!(A B C D);
described!(A B C D E);
described!(A B C D E G);
described!(A B C D E G H);

impl<S> Input for axum::extract::State<S> {}
impl Input for axum::http::Extensions {}
impl Input for axum::http::HeaderMap {}
impl Input for axum::extract::Request {}
impl Input for super::envelope::Envelope {}
impl Input for super::caller::Caller {}
