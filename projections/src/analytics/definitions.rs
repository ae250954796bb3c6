//! The definitions of indicators as a section of the data dictionary.

use std::fmt::Write as _;

use super::catalogue::INDICATORS;
use super::indicator::{Indicator, Kind};
use super::words::Dimension;

/// Every indicator as Markdown: name, unit, formula, source, and what it can be broken down by.
#[must_use]
pub fn definitions_md() -> String {
    let dimensions: Vec<_> =
        Dimension::ALL.iter().map(|dimension| format!("`{}`", dimension.word())).collect();
    let mut out = format!(
        "## Indicators\n\nComputed from the tables above; each can be broken down by {}.\n\n\
         | indicator | name | unit | over | formula | source |\n| --- | --- | --- | --- | --- | --- |\n",
        dimensions.join(", ")
    );
    for indicator in INDICATORS {
        write_row(indicator, &mut out);
    }
    out
}

fn write_row(indicator: &Indicator, out: &mut String) {
    let over = match indicator.kind {
        Kind::Flow => "the period",
        Kind::Stock => "the day",
    };
    let Indicator { name, fr, en, formula_fr, formula_en, source, .. } = indicator;
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "| `{name}` | {en} ({fr}) | {} | {over} | {formula_en} ({formula_fr}) | {source} |",
        indicator.unit.word()
    );
}
