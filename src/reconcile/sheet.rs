//! A comparison as a sheet.

use chrono::{DateTime, Utc};
use sira_domain::reference::Language;
use sira_projections::table::{Cell, Kind};

use super::compare::{Compared, ComparedRow};
use crate::formats::{Format, FormatError, Sheet, SheetColumn, write_sheet};

/// The sheet of a comparison: what its columns are, and what it was made of.
#[must_use]
pub fn sheet_of(compared: &Compared, as_of: DateTime<Utc>) -> Sheet {
    let column = |name, kind, fr| SheetColumn::new(name, kind, fr);
    let columns = vec![
        column("state", Kind::Text, "Situation"),
        column("differs", Kind::Text, "Écart"),
        column("line", Kind::Int, "Ligne du relevé"),
        column("line_on", Kind::Date, "Jour au relevé"),
        column("line_amount", Kind::Int, "Montant au relevé").of("XOF"),
        column("line_direction", Kind::Text, "Sens au relevé"),
        column("line_reference", Kind::Text, "Référence au relevé"),
        column("kind", Kind::Text, "Nature du paiement"),
        column("occurred_on", Kind::Date, "Jour du paiement"),
        column("amount", Kind::Int, "Montant du paiement").of("XOF"),
        column("payment_reference", Kind::Text, "Référence du paiement"),
        column("reversed_on", Kind::Date, "Annulé le"),
        column("reversal_reference", Kind::Text, "Référence de l'annulation"),
        column("reference", Kind::Text, "Parcours"),
        column("financing", Kind::Int, "Financement"),
        column("tranche", Kind::Int, "Tranche"),
        column("confirmed", Kind::Flag, "Confirmé"),
    ];
    let mut sheet =
        Sheet::new("reconciliation", columns, as_of).about("statement", &compared.statement);
    if let Some(period) = compared.period {
        sheet = sheet.about("from", period.from).about("to", period.to);
    }
    sheet.about("unread", compared.counts.unread).about("passed_over", compared.counts.passed_over)
}

/// A comparison in one format.
///
/// # Errors
/// That it cannot be written.
pub fn write_compared(
    compared: &Compared,
    format: Format,
    language: Language,
    as_of: DateTime<Utc>,
) -> Result<Vec<u8>, FormatError> {
    if format == Format::Json {
        return serde_json::to_vec(compared)
            .map_err(|error| FormatError::Output(std::io::Error::from(error)));
    }
    let rows: Vec<Vec<Cell>> = compared.rows.iter().map(row).collect();
    write_sheet(format, sheet_of(compared, as_of), language, rows.iter().map(Vec::as_slice))
}

fn row(row: &ComparedRow) -> Vec<Cell> {
    let payment = row.payment.as_ref();
    let text = |text: Option<&String>| Cell::maybe(text.cloned());
    let amount = row.line_amount.map(|amount| i64::try_from(amount).unwrap_or(i64::MAX));
    let of = |pick: fn(&sira_projections::lists::ListedPayment) -> Option<i64>| {
        Cell::maybe(payment.and_then(pick))
    };
    vec![
        row.state.word().into(),
        Cell::maybe((!row.differs.is_empty()).then(|| row.differs.join(" "))),
        Cell::maybe(row.line.map(i64::from)),
        Cell::maybe(row.line_on),
        Cell::maybe(amount),
        Cell::maybe(row.line_direction.map(super::Direction::word)),
        text(row.line_reference.as_ref()),
        text(payment.map(|payment| &payment.kind)),
        Cell::maybe(payment.map(|payment| payment.occurred_on)),
        of(|payment| Some(payment.amount)),
        text(payment.map(|payment| &payment.payment_reference)),
        Cell::maybe(payment.and_then(|payment| payment.reversed_on)),
        text(payment.and_then(|payment| payment.reversal_reference.as_ref())),
        text(payment.and_then(|payment| payment.reference.as_ref())),
        of(|payment| payment.financing),
        of(|payment| payment.tranche),
        row.confirmed.into(),
    ]
}
