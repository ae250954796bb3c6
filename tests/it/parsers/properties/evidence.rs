//! What the readers of proofs keep, and that of references on paper: what others hand to us, or we to them.

use sira_domain::values::Reference;
use sira_evidence::bundle::{Bundle, BundledEvent, FORM};
use sira_evidence::tile_path::{TilePlace, read_place, write_place};
use sira_evidence::{Checkpoint, Note, NoteKey, SignatureLine, VerifierKey};
use sira_numbers::{Position, Sequence};

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
        assert!(
            fault.is_some() || (sequence > Sequence::START && position > Position::START),
            "{event:?} is no event"
        );
    }
    let last = bundle.events.last().map(|event| event.sequence);
    assert!(!verdict.holds() || last == Some(bundle.last.sequence));
}

/// The bundle with its checkpoint, or another one, signed by [`key`].
fn signed(bundle: Bundle) -> Bundle {
    let stated = bundle.checkpoint.parse::<Note>().ok().and_then(|note| note.text.parse().ok());
    let stated: Checkpoint = stated.unwrap_or(Checkpoint {
        origin: String::new(),
        size: bundle.events.last().map_or(1, |event| event.position.get()),
        root: [0; 32],
        streams: Some([0; 32]),
    });
    let key = key();
    let checkpoint = Checkpoint { origin: key.verifier().name().to_owned(), ..stated };
    let text = checkpoint.to_string();
    let signatures = vec![key.sign(&text, chrono::DateTime::UNIX_EPOCH)];
    Bundle {
        form: FORM.to_owned(),
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

/// A reference however it is typed is the one that is written on paper.
pub fn reference(text: &str) {
    let Ok(reference) = Reference::try_new(text) else { return };
    let paper = reference.as_str();
    assert_eq!(Reference::try_new(paper), Ok(reference));
    assert_eq!(paper.len(), 11);
    let bare = |text: &str| -> String {
        let typed = text.chars().filter(char::is_ascii_alphanumeric);
        let typed = typed.map(|letter| letter.to_ascii_uppercase());
        typed.map(|letter| if letter == 'O' { '0' } else { letter }).collect()
    };
    assert_eq!(bare(text).replace(['I', 'L'], "1"), bare(paper));
}
