//! What the readers of the server keep: of requests, and of the map of an import.

use std::collections::BTreeMap;
use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderValue};
use serde_json::{Map, Value};
use sira::formats::{Format, asked_for};
use sira::http::{TrustedProxies, foreign};
use sira::import::{ImportMap, SourceRow};
use sira_domain::catalogue::CommandEntry;
use sira_domain::path::BENEFICIARY_COMMANDS;
use sira_domain::reference::Language;

/// The columns of a row that has every column that is asked for.
struct AnyRow<'a>(&'a str);

impl SourceRow for AnyRow<'_> {
    fn column(&self, name: &str) -> Option<&str> {
        (name != "missing").then_some(self.0)
    }
}

/// A map of an import fills its commands from any row, or names the column that does not fit.
pub fn import_map(text: &str, cell: &str) {
    let variables = BTreeMap::from([("programme".to_owned(), "p".to_owned())]);
    let Ok(map) = ImportMap::read(text, variables) else { return };
    assert!(map.delimiter.is_ascii());
    assert!(map.steps.first().is_some_and(|step| step.entry.word == "register"));
    for step in &map.steps {
        assert!(step.entry.roles.contains(&step.role));
        let _ = ImportMap::applies(step, &AnyRow(cell));
        let Ok(body) = map.fill(step, &AnyRow(cell)) else { continue };
        for name in body.keys() {
            let _ = map.column_of(step, &format!("/{name}"));
        }
        form_of(step.entry, &body);
    }
}

/// A cursor leads back to its place, in its own question alone.
pub fn written_cursor(question: &str, place: &str) {
    let cursor = foreign::write_cursor(question, place);
    let read = foreign::read_cursor(question, &cursor);
    assert!(read.is_none() || read.as_deref() == Some(place));
    assert!(read.is_some() || place.len() > 370, "{place}");
    assert_eq!(foreign::read_cursor(&format!("{question}\n"), &cursor), None);
}

/// A cursor is written in one way.
pub fn cursor(text: &str) {
    if let Some(place) = foreign::read_cursor("/v1/beneficiaries", text) {
        assert_eq!(foreign::write_cursor("/v1/beneficiaries", &place), text);
    }
}

/// A place in a list is read as what has its one form.
pub fn case_place(text: &str) {
    if let Some(written) = foreign::case_place(text) {
        assert_eq!(foreign::case_place(&written), Some(written));
    }
}

/// Longest condition that is read.
const CONDITION_MAX_BYTES: usize = 1_024;

/// A condition on entity tags means the same when it is written again, with a space after each comma: unless that
/// makes it longer than what is read.
pub fn etag(text: &str) {
    if let Some(written) = foreign::condition(text) {
        let read = foreign::condition(&written);
        assert_eq!(read.as_ref(), Some(&written).filter(|text| text.len() <= CONDITION_MAX_BYTES));
    }
}

/// The format of an answer is one that the client takes.
pub fn accept(text: &str) {
    if let Some(format) = Format::negotiate(Some(text)) {
        assert!(text.trim().is_empty() || asked_for(text, format.media_type()) > 0);
    } else {
        let asked = Format::ALL.map(|format| asked_for(text, format.media_type()));
        assert_eq!(asked, [0; 4]);
    }
    for kind in ["application/json", "text/html"] {
        assert!(asked_for(text, kind) <= 1000);
    }
    let is_taken = ["application/json", "text/html"].map(|kind| asked_for(text, kind) > 0);
    let is_blank = text.trim().is_empty();
    assert_eq!(foreign::is_person_acceptable(Some(text)), is_blank || is_taken.contains(&true));
}

/// Headers of a request are read, or the one that is wrong is named; what goes on into answers and
/// events from them is short and plain.
pub fn headers(values: &[(&'static str, Vec<u8>)]) {
    let mut headers = HeaderMap::new();
    for (name, value) in values {
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.append(*name, value);
        }
    }
    let (id, _) = foreign::envelope(&headers);
    assert!((1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic()));
    if let Err(said) = foreign::command_headers(&headers) {
        let sent = headers.keys().any(|name| said.to_lowercase().contains(name.as_str()));
        assert!(sent, "{said} was not sent");
    }
    let accept = headers.get("accept").and_then(|value| value.to_str().ok());
    let _ = foreign::wants_stream(accept);
    if let Some(token) = foreign::bearer(&headers) {
        assert_eq!(token.trim(), token);
    }
}

/// Nobody is believed who is not trusted, and what a trusted proxy says is an address or nothing.
pub fn forwarded(trusted: &[String], peer: IpAddr, lines: &[Vec<u8>]) {
    let mut headers = HeaderMap::new();
    for line in lines {
        if let Ok(line) = HeaderValue::from_bytes(line) {
            headers.append("x-forwarded-for", line);
        }
    }
    let alone = foreign::counted_address(&TrustedProxies::default(), peer, headers.clone());
    let silent = foreign::counted_address(&TrustedProxies::default(), peer, HeaderMap::new());
    assert_eq!(alone, silent, "somebody untrusted was believed");
    let Ok(trusted) = TrustedProxies::read(trusted) else { return };
    let counted = foreign::counted_address(&trusted, peer, headers).expect("an address");
    if let IpAddr::V6(counted) = counted {
        assert_eq!(counted.to_bits() & u128::from(u64::MAX), 0);
        assert!(counted.to_ipv4_mapped().is_none(), "{counted} is one of IPv4");
    }
}

/// Stands before every text that is personal, and in nothing that the program says.
const MARK: char = '\u{1f511}';
/// Stands for every number that is personal.
const MARKED_NUMBER: u64 = 31_415_926_535;

/// The body of a command has its form or is refused; what is personal in it is never said back.
pub fn form(word: &str, text: &str) {
    let Some(entry) = BENEFICIARY_COMMANDS.iter().find(|entry| entry.word == word) else { return };
    if let Ok(Value::Object(body)) = serde_json::from_str(text) {
        form_of(entry, &body);
    }
}

fn form_of(entry: &'static CommandEntry, body: &Map<String, Value>) {
    let mut marked = body.clone();
    for name in entry.sealed.iter().copied().chain(["identity"]) {
        if let Some(value) = marked.get_mut(name) {
            mark(value);
        }
    }
    for language in [Language::Fr, Language::En] {
        let _ = foreign::form_problem(entry, body, language);
        let said = foreign::form_problem(entry, &marked, language).unwrap_or_default();
        assert!(!said.contains(MARK), "{} says what is personal: {said}", entry.word);
        assert!(!said.contains(&MARKED_NUMBER.to_string()), "{}: {said}", entry.word);
    }
}

fn mark(value: &mut Value) {
    match value {
        Value::String(text) => text.insert(0, MARK),
        Value::Number(number) => *number = MARKED_NUMBER.into(),
        Value::Array(items) => items.iter_mut().for_each(mark),
        Value::Object(fields) => fields.values_mut().for_each(mark),
        Value::Null | Value::Bool(_) => {}
    }
}
