//! What every reader of foreign bytes keeps, whatever it is given: it does not panic, what it reads it
//! writes again alike, and what is not written in the one form is refused, or read as what has it.
//!
//! Each is a function that panics when its reader does not keep it. The property tests beside this file
//! call them with what looks nearly right, the fuzz targets (`fuzz/`) with what the coverage leads to.

use std::collections::BTreeMap;
use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderValue};
use serde_json::{Map, Value};
use sira::evidence::bundle::{Bundle, BundledEvent};
use sira::evidence::tile_path::{TilePlace, read_place, write_place};
use sira::evidence::{Checkpoint, Note, NoteKey, SignatureLine, VerifierKey};
use sira::formats::{Format, asked_for};
use sira::http::{TrustedProxies, foreign};
use sira::import::{Map as ImportMap, Row};
use sira_domain::catalogue::CommandEntry;
use sira_domain::path::BENEFICIARY_COMMANDS;
use sira_domain::reference::Language;
use sira_domain::values::Reference;

/// A key that signs in these tests alone.
const SECRET: &str =
    "PRIVATE+KEY+example.org/tree+02a76b08+AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The key that checks what [`SECRET`] signs.
pub fn key() -> NoteKey {
    SECRET.parse().expect("a key")
}

/// A note is read and written alike, and its signatures can be looked at.
pub fn note(text: &str) {
    let Ok(note) = text.parse::<Note>() else { return };
    assert_eq!(note.to_string(), text);
    let _ = note.verify(&key().verifier());
    for line in &note.signatures {
        assert_eq!(line.to_string().parse().as_ref(), Ok(line));
    }
}

/// A signature line is written in one way.
pub fn signature_line(text: &str) {
    if let Ok(line) = text.parse::<SignatureLine>() {
        assert_eq!(line.to_string(), text);
    }
}

/// A key that checks is read from more than one spelling, and written in one.
pub fn verifier_key(text: &str) {
    if let Ok(key) = text.parse::<VerifierKey>() {
        let written = key.to_string();
        assert!(written.eq_ignore_ascii_case(text.trim()));
        assert_eq!(written.parse().as_ref(), Ok(&key));
    }
    let _ = text.parse::<NoteKey>();
}

/// A checkpoint says after reading what it said before; extension lines of others are left out.
pub fn checkpoint(text: &str) {
    let Ok(checkpoint) = text.parse::<Checkpoint>() else { return };
    let written = checkpoint.to_string();
    assert_eq!(written.parse().as_ref(), Ok(&checkpoint));
    let lines = 3 + usize::from(checkpoint.streams.is_some());
    if text.lines().count() == lines && text.split('\n').count() == lines + 1 {
        assert_eq!(written, text);
    }
}

/// A bundle is read and written alike, and the check of it comes to a verdict on every event.
pub fn bundle(bytes: &[u8]) {
    let Ok(bundle) = serde_json::from_slice::<Bundle>(bytes) else { return };
    let written = serde_json::to_vec(&bundle).expect("it can be written");
    assert_eq!(serde_json::from_slice::<Bundle>(&written).expect("it can be read"), bundle);
    judged(&bundle);
    // The same under a checkpoint that is signed as it should be: the check goes on to the events.
    judged(&signed(bundle));
}

fn judged(bundle: &Bundle) {
    let verdict = bundle.verify(&key().verifier());
    assert_eq!(verdict.events.len(), bundle.events.len());
    for (event, fault) in bundle.events.iter().zip(&verdict.events) {
        let BundledEvent { sequence, position, .. } = *event;
        assert!(fault.is_some() || (sequence > 0 && position > 0), "{event:?} is no event");
    }
    let last = bundle.events.last().map(|event| event.sequence);
    assert!(!verdict.holds() || last == Some(bundle.last.sequence));
}

/// The bundle with its checkpoint, or another one, signed by [`key`].
fn signed(bundle: Bundle) -> Bundle {
    let stated = bundle.checkpoint.parse::<Note>().ok().and_then(|note| note.text.parse().ok());
    let stated: Checkpoint = stated.unwrap_or(Checkpoint {
        origin: String::new(),
        size: bundle.events.last().map_or(1, |event| event.position),
        root: [0; 32],
        streams: Some([0; 32]),
    });
    let key = key();
    let checkpoint = Checkpoint { origin: key.verifier().name().to_owned(), ..stated };
    let text = checkpoint.to_string();
    let signatures = vec![key.sign(&text, chrono::DateTime::UNIX_EPOCH)];
    Bundle {
        form: sira::evidence::bundle::FORM.to_owned(),
        checkpoint: Note { text, signatures }.to_string(),
        key: key.verifier().to_string(),
        introductions: Vec::new(),
        ..bundle
    }
}

/// A tile's place is written in one way.
pub fn tile_place(text: &str) {
    if let Some(place) = read_place(text) {
        assert_eq!(write_place(place), text);
    }
}

/// Every place of a tile can be written and read.
pub fn written_tile_place(index: u64, width: usize) {
    let place = TilePlace { index, width };
    assert_eq!(read_place(&write_place(place)), Some(place));
}

/// The columns of a row that has every column that is asked for.
struct AnyRow<'a>(&'a str);

impl Row for AnyRow<'_> {
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

/// A reference however it is typed is the one that is written on paper.
pub fn reference(text: &str) {
    let Ok(reference) = Reference::try_new(text) else { return };
    let paper = reference.as_str();
    assert_eq!(Reference::try_new(paper), Ok(reference));
    assert_eq!(paper.len(), 11);
    let bare = |text: &str| -> String {
        let typed = text.chars().filter(|letter| letter.is_ascii_alphanumeric());
        let typed = typed.map(|letter| letter.to_ascii_uppercase());
        typed.map(|letter| if letter == 'O' { '0' } else { letter }).collect()
    };
    assert_eq!(bare(text).replace(['I', 'L'], "1"), bare(paper));
}

/// An entity tag is written in one way.
pub fn etag(text: &str) {
    if let Some(version) = foreign::etag(text) {
        assert_eq!(format!("\"{version}\""), text.trim());
    }
}

/// The format of an answer is one that the client takes.
pub fn accept(text: &str) {
    match Format::negotiate(Some(text)) {
        Some(format) => {
            assert!(text.trim().is_empty() || asked_for(text, format.media_type()) > 0);
        }
        None => {
            let asked = Format::ALL.map(|format| asked_for(text, format.media_type()));
            assert_eq!(asked, [0; 4]);
        }
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
    if let Err(name) = foreign::command_headers(&headers) {
        assert!(headers.contains_key(name), "{name} was not sent");
    }
    let _ = foreign::wants_stream(&headers);
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
