//! How days, moments and numbers are written for people.

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use sira_domain::reference::Language;

/// A day as people write it.
#[must_use]
pub fn day(on: NaiveDate, language: Language) -> String {
    match language {
        Language::Fr => format!("{:02}/{:02}/{}", on.day(), on.month(), on.year()),
        Language::En => on.to_string(),
    }
}

/// A moment as people write it.
#[must_use]
pub fn moment(at: DateTime<Utc>, language: Language) -> String {
    format!("{} {} UTC", day(at.date_naive(), language), at.format("%H:%M"))
}

/// Digits with their thousands apart.
#[must_use]
pub fn grouped(digits: &str, language: Language) -> String {
    let between = match language {
        Language::Fr => "\u{202f}",
        Language::En => ",",
    };
    let mut grouped = String::with_capacity(digits.len() * 2);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push_str(between);
        }
        grouped.push(digit);
    }
    grouped
}

/// A whole number, whose thousands stand apart where it has five digits or more: a year is no amount. What is no
/// whole number stays as it is.
#[must_use]
pub fn whole(text: &str, language: Language) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    if digits.len() < 5 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.to_owned();
    }
    format!("{sign}{}", grouped(digits, language))
}
