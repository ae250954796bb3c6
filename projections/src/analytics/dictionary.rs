//! The definitions of indicators as a section of the data dictionary.

use std::fmt::Write as _;

use super::disclosure::Audience;
use super::indicators::INDICATORS;
use super::indicators::{Indicator, IndicatorKind};
use super::words::Dimension;

/// Every indicator as Markdown: name, unit, formula, source, and what it can be broken down by.
#[must_use]
pub fn definitions_md() -> String {
    let common: Vec<_> =
        Dimension::ALL.iter().copied().filter(|dimension| is_common(*dimension)).collect();
    let mut out = format!(
        "## Indicators\n\nComputed from the tables above; each can be broken down and filtered by {}. What \
         some have beside is in the last column; what an indicator has not is refused.\n\n\
         Analysts and donors are told what was published by the end of closed periods: analysts by {}, donors by {}. \
         A cell moves on when at least five people in it changed. A period is what was published at its end less \
         what was published before it, so that what is recorded late counts when it is published; an indicator that \
         does not add up so is published from the beginning on alone.\n\n\
         A *flow* is counted over the period. A *stock* is a balance at the end of the period, or on the day asked of before \
         that: of what occurred by then and was recorded by `as_of`, so that the two are free of each other. A *ratio* is of \
         sums with the same dimensions on both sides, a *duration* of days between two facts.\n\n\
         The office and the region of a fact are the person's at the event that tells it: of an instalment, at the payment that \
         paid it, and else at the one that made it due; of a balance, at the last event that it is made of; of a grievance, at its \
         answer, and before that when it was lodged. The group and the funds are the person's, whenever they got them; of money, \
         the fund that gives it. Somebody whom two funds finance is one of each fund's people, so that the lines of a breakdown by \
         fund add up to more than the whole. `DIMENSION=none` asks for what has no word of it.\n\n\
         An income is in the currency in which it was told: nothing is converted, and prices are current. Amounts are whole francs. \
         A module counts by its last assessment, a change of revenue on the day of the last visit that told any. A fact of a \
         path that is frozen as a duplicate is one of the person's.\n\n\
         Somebody who has two paths, one frozen for the other, is one person, with the facts and the money of both, \
         each once: what both have reached counts on the first day, and the sums are over both. (Une personne qui a \
         deux parcours, l'un gelé au profit de l'autre, compte une fois, avec les faits et l'argent des deux : ce que les \
         deux ont atteint compte au premier jour, et les sommes portent sur les deux.)\n\n\
         | indicator | name | unit | kind | over | formula | source | also by | published over |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
        words(&common),
        words(Audience::Analyst.dimensions()),
        words(Audience::Donor.dimensions())
    );
    for indicator in INDICATORS {
        write_row(indicator, &mut out);
    }
    out
}

/// Whether every indicator has a dimension.
fn is_common(dimension: Dimension) -> bool {
    INDICATORS.iter().all(|indicator| indicator.dimensions().contains(&dimension))
}

fn words(dimensions: &[Dimension]) -> String {
    let words = dimensions.iter().map(|dimension| format!("`{}`", dimension.word()));
    words.collect::<Vec<_>>().join(", ")
}

fn write_row(indicator: &Indicator, out: &mut String) {
    let over = match indicator.kind {
        IndicatorKind::Flow => "the period",
        IndicatorKind::Stock => "the end of the period",
        IndicatorKind::Trailing => "twelve months to the end of the period",
    };
    let published = match indicator.kind {
        _ if !indicator.is_published() => "not published",
        IndicatorKind::Stock | IndicatorKind::Trailing => "the day",
        IndicatorKind::Flow if indicator.adds_up() => "periods",
        IndicatorKind::Flow => "all time",
    };
    let Indicator { name, fr, en, formula_fr, formula_en, source, .. } = indicator;
    let mut own = indicator.dimensions();
    own.retain(|dimension| !is_common(*dimension));
    let own = words(&own);
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "| `{name}` | {en} ({fr}) | {} | {} | {over} | {formula_en} ({formula_fr}) | {source} | {own} | {published} |",
        indicator.unit.word(),
        indicator.nature().word()
    );
}
