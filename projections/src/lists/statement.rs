//! One page as a statement: the rows after a place in an order, from one walk or from several put
//! together in that order.

use chrono::NaiveDate;
use sira_database::on_engine;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Database, Encode, FromRow, QueryBuilder, Type};

use crate::{ProgrammeOffice, ReadConnection, ReadError, ReadStore};

/// A value that a statement binds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Text(String),
    Int(i64),
    Day(NaiveDate),
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<NaiveDate> for Value {
    fn from(day: NaiveDate) -> Self {
        Self::Day(day)
    }
}

/// What rows must meet: a condition with a `?` for each value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Condition {
    text: String,
    values: Vec<Value>,
}

impl Condition {
    pub fn of(text: impl Into<String>, values: impl IntoIterator<Item = Value>) -> Self {
        Self { text: text.into(), values: values.into_iter().collect() }
    }

    /// Without values.
    pub fn plain(text: &str) -> Self {
        Self::of(text, [])
    }

    /// The same within a text that is left open, such as a subquery; it is closed here.
    pub fn within(mut self, opening: &str) -> Self {
        self.text = format!("{opening}{})", self.text);
        self
    }

    /// What meets both.
    pub fn and(self, other: Self) -> Self {
        self.joined("AND", other)
    }

    /// What meets either.
    pub fn or(self, other: Self) -> Self {
        self.joined("OR", other)
    }

    fn joined(mut self, word: &str, other: Self) -> Self {
        self.text = format!("({} {word} {})", self.text, other.text);
        self.values.extend(other.values);
        self
    }

    /// That no row meets.
    pub fn never() -> Self {
        Self::plain("1 = 0")
    }

    /// That a table's row is of one of some offices, each of its programme.
    pub fn of_offices(table: &str, offices: &[ProgrammeOffice]) -> Self {
        if offices.is_empty() {
            return Self::never();
        }
        let each = format!("({table}.programme = ? AND {table}.office = ?)");
        let values = offices.iter().flat_map(|one| {
            [Value::Text(one.programme.to_string()), Value::Text(one.office.clone())]
        });
        Self::of(format!("({})", vec![each; offices.len()].join(" OR ")), values)
    }

    /// That an expression is one of some texts.
    pub fn one_of(expression: &str, texts: &[String]) -> Self {
        if texts.is_empty() {
            return Self::never();
        }
        let places = vec!["?"; texts.len()].join(", ");
        Self::of(format!("{expression} IN ({places})"), texts.iter().cloned().map(Value::Text))
    }
}

/// One page.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    /// The columns of a row, those of the order among them.
    pub columns: &'static str,
    /// The tables.
    pub from: &'static str,
    /// The table whose columns the order is of: no two rows are alike in all of them.
    pub ordered: &'static str,
    /// The columns of the order, the same way each.
    pub order: &'static [&'static str],
    /// Whether the greatest come first.
    pub descending: bool,
    /// What every row meets.
    pub conditions: Vec<Condition>,
    /// What the rows of each walk meet besides: as many walks as there are entries.
    pub walks: Vec<Vec<Condition>>,
    /// The values of the order's columns in the last row of the page before.
    pub after: Option<Vec<Value>>,
    /// Rows of the page.
    pub limit: u32,
}

/// Both engines' rows become this.
pub(super) trait AnyRow:
    for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow> + Send + Unpin
{
}

impl<T> AnyRow for T where
    T: for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow> + Send + Unpin
{
}

impl Statement {
    /// The page's rows, and one more when there is one.
    pub async fn fetch<R: AnyRow>(&self, store: &ReadStore) -> Result<Vec<R>, ReadError> {
        if self.walks.is_empty() {
            return Ok(Vec::new());
        }
        let mut handle = store.query().await?;
        Ok(on_engine!(handle.connection(), db => {
            let mut query = QueryBuilder::new("");
            self.push(&mut query);
            query.build_query_as().fetch_all(db).await
        })?)
    }

    /// How the database would find them; nothing when it is not asked.
    pub async fn explain(&self, store: &ReadStore) -> Result<Vec<String>, ReadError> {
        if self.walks.is_empty() {
            return Ok(Vec::new());
        }
        let mut handle = store.query().await?;
        match handle.connection() {
            ReadConnection::Postgres(db) => {
                let mut query = QueryBuilder::new("EXPLAIN (COSTS OFF) ");
                self.push(&mut query);
                Ok(query.build_query_scalar().fetch_all(db).await?)
            }
            ReadConnection::Sqlite(db) => {
                let mut query = QueryBuilder::new("EXPLAIN QUERY PLAN ");
                self.push(&mut query);
                let steps: Vec<(i64, i64, i64, String)> =
                    query.build_query_as().fetch_all(db).await?;
                Ok(steps.into_iter().map(|(_, _, _, step)| step).collect())
            }
        }
    }

    fn push<'args, DB>(&self, query: &mut QueryBuilder<'args, DB>)
    where
        DB: Database,
        String: Encode<'args, DB> + Type<DB>,
        i64: Encode<'args, DB> + Type<DB>,
        NaiveDate: Encode<'args, DB> + Type<DB>,
    {
        if let [only] = self.walks.as_slice() {
            self.push_walk(query, only);
            return;
        }
        for (place, walk) in self.walks.iter().enumerate() {
            query.push(if place == 0 { "SELECT * FROM (" } else { " UNION ALL SELECT * FROM (" });
            self.push_walk(query, walk);
            query.push(format!(") AS walk_{place}"));
        }
        self.push_order(query, "");
    }

    fn push_walk<'args, DB>(&self, query: &mut QueryBuilder<'args, DB>, own: &[Condition])
    where
        DB: Database,
        String: Encode<'args, DB> + Type<DB>,
        i64: Encode<'args, DB> + Type<DB>,
        NaiveDate: Encode<'args, DB> + Type<DB>,
    {
        query.push(format!("SELECT {} FROM {}", self.columns, self.from));
        let mut word = " WHERE ";
        for condition in self.conditions.iter().chain(own) {
            query.push(word);
            push_condition(query, condition);
            word = " AND ";
        }
        if let Some(after) = &self.after {
            let columns: Vec<_> = self.order.iter().map(|column| self.of(column)).collect();
            let than = if self.descending { "<" } else { ">" };
            let places = vec!["?"; after.len()].join(", ");
            let text = format!("({}) {than} ({places})", columns.join(", "));
            query.push(word);
            push_condition(query, &Condition::of(text, after.iter().cloned()));
        }
        self.push_order(query, &format!("{}.", self.ordered));
    }

    fn of(&self, column: &str) -> String {
        format!("{}.{column}", self.ordered)
    }

    fn push_order<'args, DB>(&self, query: &mut QueryBuilder<'args, DB>, table: &str)
    where
        DB: Database,
        i64: Encode<'args, DB> + Type<DB>,
    {
        let way = if self.descending { " DESC" } else { "" };
        let columns: Vec<_> =
            self.order.iter().map(|column| format!("{table}{column}{way}")).collect();
        query.push(format!(" ORDER BY {} LIMIT ", columns.join(", ")));
        query.push_bind(i64::from(self.limit) + 1);
    }
}

/// Writes a condition with its values.
pub(crate) fn push_condition<'args, DB>(query: &mut QueryBuilder<'args, DB>, condition: &Condition)
where
    DB: Database,
    String: Encode<'args, DB> + Type<DB>,
    i64: Encode<'args, DB> + Type<DB>,
    NaiveDate: Encode<'args, DB> + Type<DB>,
{
    let mut values = condition.values.iter().cloned();
    for (place, text) in condition.text.split('?').enumerate() {
        if place > 0 {
            match values.next() {
                Some(Value::Text(text)) => query.push_bind(text),
                Some(Value::Int(number)) => query.push_bind(number),
                Some(Value::Day(day)) => query.push_bind(day),
                None => query.push("NULL"),
            };
        }
        query.push(text);
    }
}
