//! Reading a statement's lines.

use std::borrow::Cow;

use chrono::NaiveDate;
use sira_domain::values::{EARLIEST_DATE, PaymentReference};

use super::amount::{AmountRule, read_amount};
use super::map::{AmountColumns, StatementMap, StatementMapError};
use super::statement::{Direction, Statement, StatementLine, UnreadLine};
use super::{LINES_MAX, ReconcileError};

/// Signs that part columns, when the map names none: that of which the heading line has most.
const DELIMITERS: [u8; 4] = [b';', b'\t', b',', b'|'];

/// What stands at 0x80 to 0x9f of Windows-1252, in which spreadsheets of French offices write; a sign that is
/// none there is that of Latin-1.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// The text of a file: UTF-8, or else Windows-1252, in which every file is some text.
fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => bytes
            .iter()
            .map(|byte| match byte {
                0x80..=0x9f => WINDOWS_1252[usize::from(byte - 0x80)],
                byte => char::from(*byte),
            })
            .collect::<String>()
            .into(),
    }
}

/// Reads a statement by its map.
///
/// # Errors
/// A map that does not fit its heading line; more lines than may be.
pub(super) fn read(map: &StatementMap, bytes: &[u8]) -> Result<Statement, ReconcileError> {
    let text = text_of(bytes);
    let skipped: usize = text.split_inclusive('\n').take(map.skip as usize).map(str::len).sum();
    let table = &text[skipped..];
    let delimiter = map.delimiter.unwrap_or_else(|| delimiter_of(table));
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .trim(csv::Trim::All)
        .flexible(true)
        .from_reader(table.as_bytes());
    let header = reader.headers().map_err(|_| StatementMapError::Empty)?.clone();
    let places = Places::find(map, &header)?;
    let (mut statement, mut record) = (Statement::default(), csv::StringRecord::new());
    loop {
        let more = reader.read_record(&mut record);
        let line = record.position().map_or(0, csv::Position::line);
        let line = u32::try_from(line).unwrap_or(u32::MAX).saturating_add(map.skip);
        match more {
            Ok(false) => break,
            Ok(true) => match places.line(map, &record, line) {
                Ok(Some(read)) => statement.lines.push(read),
                Ok(None) => statement.passed_over += 1,
                Err(unread) => statement.unread.push(unread),
            },
            Err(_) => statement.unread.push(UnreadLine { line, column: None, rule: "ragged" }),
        }
        if statement.lines.len() + statement.unread.len() > LINES_MAX {
            return Err(ReconcileError::TooLong);
        }
    }
    Ok(statement)
}

fn delimiter_of(table: &str) -> u8 {
    let heading = table.lines().next().unwrap_or_default();
    let count = |sign: &u8| heading.bytes().filter(|byte| byte == sign).count();
    // Of equals the first: `max_by_key` gives the last, so they are walked backwards.
    DELIMITERS.iter().rev().copied().max_by_key(count).unwrap_or(b',')
}

/// Where the columns of a map stand.
struct Places {
    day: usize,
    reference: usize,
    amounts: [usize; 2],
}

impl Places {
    fn find(map: &StatementMap, header: &csv::StringRecord) -> Result<Self, StatementMapError> {
        if header.iter().all(str::is_empty) {
            return Err(StatementMapError::Empty);
        }
        let place = |name: &str| {
            let mut found = header.iter().enumerate().filter(|(_, column)| *column == name);
            let first = found.next().ok_or_else(|| StatementMapError::NoColumn(name.to_owned()))?;
            match found.next() {
                None => Ok(first.0),
                Some(_) => Err(StatementMapError::Twice(name.to_owned())),
            }
        };
        let places = map.columns().into_iter().map(place).collect::<Result<Vec<_>, _>>()?;
        let amount = places[2];
        let amounts = [amount, places.get(3).copied().unwrap_or(amount)];
        Ok(Self { day: places[0], reference: places[1], amounts })
    }

    /// A line that moves money under a reference; none for one that does not.
    fn line(
        &self,
        map: &StatementMap,
        record: &csv::StringRecord,
        line: u32,
    ) -> Result<Option<StatementLine>, UnreadLine> {
        let unread =
            |column: &str, rule| UnreadLine { line, column: Some(column.to_owned()), rule };
        let at = |place: usize| record.get(place).unwrap_or_default();
        let reference = at(self.reference);
        if reference.is_empty() {
            return Ok(None);
        }
        let Some((amount, direction)) = self.amount(map, record, line)? else { return Ok(None) };
        let on = NaiveDate::parse_from_str(at(self.day), &map.day_form).ok();
        let on = on.filter(|on| *on >= EARLIEST_DATE).ok_or_else(|| unread(&map.day, "day"))?;
        let reference = PaymentReference::try_new(reference);
        let reference = reference.map_err(|_| unread(&map.reference, "reference"))?;
        Ok(Some(StatementLine { line, on, amount, direction, reference }))
    }

    /// Amount and direction; none where nothing moved.
    fn amount(
        &self,
        map: &StatementMap,
        record: &csv::StringRecord,
        line: u32,
    ) -> Result<Option<(u64, Direction)>, UnreadLine> {
        let unread =
            |column: &str, rule| UnreadLine { line, column: Some(column.to_owned()), rule };
        let [first, second] = self.amounts.map(|place| record.get(place).unwrap_or_default());
        let read = |column: &str, text: &str| {
            if text.is_empty() {
                return Ok((0, false));
            }
            read_amount(text, map.thousands).map_err(|rule| {
                let rule = match rule {
                    AmountRule::Form => "amount",
                    AmountRule::Ambiguous => "ambiguous_amount",
                    AmountRule::Cents => "part_of_a_franc",
                };
                unread(column, rule)
            })
        };
        let some = |amount: u64, direction| (amount > 0).then_some((amount, direction));
        Ok(match &map.amount {
            AmountColumns::Signed(column) => {
                let (amount, negative) = read(column, first)?;
                some(amount, if negative { Direction::Out } else { Direction::In })
            }
            AmountColumns::Worded { amount: column, direction, out_word } => {
                let (amount, _) = read(column, first)?;
                if amount > 0 && second.is_empty() {
                    return Err(unread(direction, "direction"));
                }
                let is_out = second.to_lowercase() == out_word.to_lowercase();
                some(amount, if is_out { Direction::Out } else { Direction::In })
            }
            // Some banks write what went out below zero in its own column.
            AmountColumns::Apart { paid_out, paid_in } => {
                let (out, _) = read(paid_out, first)?;
                let (into, back) = read(paid_in, second)?;
                if (out > 0 && into > 0) || back {
                    return Err(unread(paid_in, "direction"));
                }
                some(out, Direction::Out).or_else(|| some(into, Direction::In))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(text: &str) -> StatementMap {
        StatementMap::read(text).unwrap()
    }

    fn told(statement: &Statement) -> Vec<(u32, String, u64, &'static str, String)> {
        let told = |line: &StatementLine| {
            let reference = line.reference.to_string();
            (line.line, line.on.to_string(), line.amount, line.direction.word(), reference)
        };
        statement.lines.iter().map(told).collect()
    }

    const APART: &str = "day = \"Date\"\nday_form = \"%d/%m/%Y\"\nreference = \"Référence\"\n\
                         paid_out = \"Débit\"\npaid_in = \"Crédit\"\nskip = 2";

    #[test]
    fn a_bank_statement_in_windows_1252_is_read_without_its_holder() {
        let text = "Banque;;;;\nTitulaire;Fonds;;;\nDate;Libellé;Référence;Débit;Crédit\n\
                    01/03/2022;Solde initial;;;1 200 000,00\n\
                    02/03/2022;VIR AWA;OM-1;450 000;\n\
                    05/03/2022;Retour;RC-1;;1\u{a0}000,00\n";
        let bytes: Vec<u8> =
            text.chars().map(|sign| u8::try_from(u32::from(sign)).unwrap()).collect();
        let statement = read(&map(APART), &bytes).unwrap();
        assert_eq!(
            told(&statement),
            [
                (5, "2022-03-02".to_owned(), 450_000, "out", "OM-1".to_owned()),
                (6, "2022-03-05".to_owned(), 1_000, "in", "RC-1".to_owned()),
            ]
        );
        assert_eq!((statement.passed_over, statement.unread.len()), (1, 0));
        assert!(!format!("{statement:?}").contains("AWA"));
    }

    #[test]
    fn one_bad_line_is_one_unread_line() {
        let text = "jour,sens,montant,ref\n2022-03-02,D,1.500,A-1\n2022-02-30,D,10,A-2\n2022-03-02,,10,A-3\n\
                    2022-03-02,C,10,A-4\n2022-03-02,d,\"10,5\",A-5\n2022-03-02,D,x,A-6\n2022-03-02,d,7,A-7\n";
        let worded = "day = \"jour\"\nreference = \"ref\"\namount = \"montant\"\ndirection = \"sens\"\nout_word = \"D\"";
        let statement = read(&map(worded), text.as_bytes()).unwrap();
        let unread: Vec<_> =
            statement.unread.iter().map(|unread| (unread.line, unread.rule)).collect();
        assert_eq!(
            unread,
            [
                (2, "ambiguous_amount"),
                (3, "day"),
                (4, "direction"),
                (6, "part_of_a_franc"),
                (7, "amount")
            ]
        );
        let words: Vec<_> = told(&statement).into_iter().map(|line| (line.0, line.3)).collect();
        assert_eq!(words, [(5, "in"), (8, "out")]);
    }

    #[test]
    fn a_heading_line_that_does_not_fit_is_named_once() {
        let signed = map("day = \"d\"\nreference = \"r\"\namount = \"m\"");
        let wrong = |text: &str| match read(&signed, text.as_bytes()) {
            Err(ReconcileError::Map(error)) => error,
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(wrong("d;m\n"), StatementMapError::NoColumn("r".to_owned()));
        assert_eq!(wrong("d;r;m;m\n"), StatementMapError::Twice("m".to_owned()));
        assert_eq!(wrong(""), StatementMapError::Empty);
        let tabs = read(&signed, b"d\tr\tm\n2022-01-02\tX\t-5\n").unwrap();
        assert_eq!(told(&tabs)[0].3, "out");
    }
}
