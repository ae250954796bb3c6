//! What `sira` prints, word for word, in French and in English: its help, how it refuses, and what it says when all
//! is well. What differs from one run to the next is told apart by its form and left out.

mod done;
mod help;
mod lottery;
mod refused;
mod sample;

use std::path::Path;
use std::process::Output;

const LANGUAGES: [&str; 2] = ["fr", "en"];

/// What a call printed and how it ended, without what is another at each run.
fn told(words: &str, output: &Output, folder: &Path) -> String {
    let text = |bytes: &[u8]| {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let text = without_runs(&text.replace(folder.to_str().unwrap(), "FOLDER"));
        // Lines keep their spaces inside; those at their ends are nobody's.
        text.lines().flat_map(|line| ["  ", line.trim_end(), "\n"]).collect::<String>()
    };
    let status = output.status.code().unwrap();
    let words = words.replace(folder.to_str().unwrap(), "FOLDER");
    format!("$ sira {words}\n{}{}  = {status}\n\n", text(&output.stdout), text(&output.stderr))
}

/// A text with ids, hashes, times, tokens and references replaced by what they are.
fn without_runs(text: &str) -> String {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "-_:.+/=@".contains(letter);
    let mut left = text;
    let mut out = String::new();
    while !left.is_empty() {
        let end = left.find(|letter| !is_part(letter)).unwrap_or(left.len());
        let (word, rest) = left.split_at(end);
        let bare = word.trim_end_matches([':', '.']);
        out.push_str(kind_of(bare).unwrap_or(bare));
        out.push_str(&word[bare.len()..]);
        let next = rest.find(is_part).unwrap_or(rest.len());
        out.push_str(&rest[..next]);
        left = &rest[next..];
    }
    out
}

/// What a word is that differs from run to run; none for one that stays.
fn kind_of(word: &str) -> Option<&'static str> {
    let shape: String = word
        .chars()
        .map(|letter| match letter {
            '0'..='9' => '9',
            'a'..='f' => 'a',
            'A'..='Z' => 'A',
            other => other,
        })
        .collect();
    let is_hex = |length| word.len() == length && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_id = word.len() == 36 && uuid::Uuid::try_parse(word).is_ok();
    let is_reference = word.len() == 11
        && [4, 9].iter().all(|place| word.as_bytes()[*place] == b'-')
        && word
            .replace('-', "")
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    match shape.as_str() {
        _ if is_id => Some("ID"),
        _ if is_hex(64) => Some("HASH"),
        _ if is_hex(16) => Some("BATCH"),
        _ if is_reference => Some("REFERENCE"),
        // Whoever runs the tests.
        _ if word.starts_with("local:") => Some("local:WHO@ACCOUNT"),
        _ if word.starts_with("eyJ") => Some("TOKEN"),
        _ if word.starts_with("sira") && word.contains('+') => Some("VERIFIER-KEY"),
        _ if shape.starts_with("99:99:99") => Some("HH:MM:SS"),
        _ if shape.starts_with("9999-99-99A") => Some("TIME"),
        "9999-99-99" if word >= "2024-07-01" => Some("DAY"),
        _ => None,
    }
}
