//! What looks nearly right: right texts with a few places changed.

use proptest::prelude::*;
use proptest::sample::{Index, select};

/// One change of a text.
#[derive(Clone, Debug)]
enum Edit {
    Insert(Index, String),
    Remove(Index),
    Replace(Index, String),
    Repeat(Index, Index),
    CutOff(Index),
}

impl Edit {
    fn any() -> impl Strategy<Value = Self> {
        let at = any::<Index>;
        prop_oneof![
            (at(), piece()).prop_map(|(at, piece)| Self::Insert(at, piece)),
            at().prop_map(Self::Remove),
            (at(), piece()).prop_map(|(at, piece)| Self::Replace(at, piece)),
            (at(), at()).prop_map(|(from, to)| Self::Repeat(from, to)),
            at().prop_map(Self::CutOff),
        ]
    }

    fn apply(&self, letters: &mut Vec<char>) {
        if letters.is_empty() {
            return;
        }
        let count = letters.len();
        match self {
            Self::Insert(at, piece) => {
                let at = at.index(count);
                letters.splice(at..at, piece.chars());
            }
            Self::Remove(at) => {
                letters.remove(at.index(count));
            }
            Self::Replace(at, piece) => {
                let at = at.index(count);
                letters.splice(at..=at, piece.chars());
            }
            Self::Repeat(from, to) => {
                let (from, to) = (from.index(count), to.index(count));
                let again = letters[from.min(to)..=from.max(to)].to_vec();
                letters.splice(to..to, again);
            }
            Self::CutOff(at) => letters.truncate(at.index(count)),
        }
    }
}

/// What is put into texts: what has a meaning in one of the forms, and what has none in any.
fn piece() -> impl Strategy<Value = String> {
    let telling = [
        "\n",
        "\n\n",
        "\r\n",
        " ",
        "\t",
        "\0",
        "+",
        "-",
        "=",
        "==",
        "/",
        ".",
        ".p/",
        "x",
        "X",
        "0",
        "00",
        "1",
        "9",
        "255",
        "256",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775808",
        "9223372036854775807",
        "1e400",
        "\"",
        "\\",
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        ";",
        ";q=0",
        ";q=1.000",
        "*/*",
        "*",
        "null",
        "true",
        "é",
        "\u{2014} ",
        "\u{1f511}",
        "\u{202e}",
        "\u{feff}",
        "A",
        "a",
        "O",
        "I",
        "l",
        "U",
        "W/",
        "::",
        "::ffff:10.0.0.1",
        "/0",
    ];
    prop_oneof![
        4 => select(telling.to_vec()).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ]
}

/// One of the texts, as it is or with up to five places changed.
pub fn nearly(texts: Vec<String>) -> impl Strategy<Value = String> {
    let edits = prop::collection::vec(Edit::any(), 0..=5);
    (select(texts), edits).prop_map(|(text, edits)| {
        let mut letters: Vec<char> = text.chars().collect();
        for edit in edits {
            edit.apply(&mut letters);
        }
        letters.into_iter().collect()
    })
}
