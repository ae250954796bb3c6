//! A statement as it was read: four things of each line, and nothing of whose account it is.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;
use sira_domain::values::{PaymentReference, Period};

/// The way that money went, as the fund sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Out of the fund's account.
    Out,
    /// Into it.
    In,
}

impl Direction {
    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Out => "out",
            Self::In => "in",
        }
    }

    /// The other way.
    #[must_use]
    pub const fn back(self) -> Self {
        match self {
            Self::Out => Self::In,
            Self::In => Self::Out,
        }
    }
}

/// A line of a statement that moves money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementLine {
    /// Line of the file, from 1.
    pub line: u32,
    /// Its day.
    pub on: NaiveDate,
    /// Whole francs.
    pub amount: u64,
    /// Its way.
    pub direction: Direction,
    /// Its reference.
    pub reference: PaymentReference,
}

/// A line that could not be read. It carries nothing of what stands there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UnreadLine {
    /// Line of the file, from 1.
    pub line: u32,
    /// The column that is wrong, as the map names it; none when the line is no line of a table.
    pub column: Option<String>,
    /// The broken rule's word: `ragged`, `day`, `amount`, `ambiguous_amount`, `part_of_a_franc`, `direction` or
    /// `reference`.
    pub rule: &'static str,
}

/// A statement.
#[derive(Clone, Debug, Default)]
pub(super) struct Statement {
    /// Lines that move money.
    pub lines: Vec<StatementLine>,
    /// Lines that could not be read.
    pub unread: Vec<UnreadLine>,
    /// How many lines move no money under a reference: balances, fees, headings.
    pub passed_over: u32,
}

impl Statement {
    /// From the first day of a line to the last; none without a line.
    pub fn period(&self) -> Option<Period> {
        let days = || self.lines.iter().map(|line| line.on);
        Some(Period { from: days().min()?, to: days().max()? })
    }
}
