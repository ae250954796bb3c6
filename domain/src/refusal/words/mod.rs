//! The sentences of refusals, one file a language; what both need stands here.

pub(super) mod english;
pub(super) mod french;

use chrono::NaiveDate;

/// Alternatives, with the last one set apart by `or`.
fn either<'a>(words: impl IntoIterator<Item = &'a str>, or: &str) -> String {
    let words: Vec<&str> = words.into_iter().collect();
    match words.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} {or} {last}", others.join(", ")),
        None => String::new(),
    }
}

/// Tells whether a name stands for several numbers, as `1, 2` does.
fn is_several(name: &str) -> bool {
    name.contains(", ")
}

/// The two days of an income's name.
fn period_of(name: &str) -> (&str, &str) {
    name.split_once(' ').unwrap_or((name, name))
}

/// Tells whether a day stands for a period without an end.
fn is_open_ended(day: NaiveDate) -> bool {
    day == NaiveDate::MAX
}
