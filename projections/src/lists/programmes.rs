//! Programmes: the first signed comes first.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sira_database::on_engine;
use sira_domain::programme::Party;
use sira_numbers::{Position, Version};
use uuid::Uuid;

use super::offices::{of_an_office_in, of_own_funds};
use super::page::{DayPlace, ListPage, bounded, page};
use super::statement::{Condition, Statement, Value};
use crate::{Reach, ReadError, ReadStore};

/// The projection that keeps which programmes there are.
pub const PROGRAMMES: &str = "programme_status";

/// Where a programme stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema, sqlx::FromRow)]
pub struct ProgrammeItem {
    /// The programme's id.
    #[sqlx(rename = "programme")]
    pub id: String,
    /// Its name.
    pub name: String,
    /// Day of signature, the first of the term.
    pub signed_on: NaiveDate,
    /// Last day of the term, its renewals included.
    pub ends_on: NaiveDate,
    /// Years of the term, its renewals included.
    pub term_years: i64,
    /// How often it was renewed.
    pub renewals: i64,
    /// Whether the convention may be renewed.
    pub renewable: bool,
    /// Offices that were ever opened.
    pub offices: i64,
    /// Offices without a day of closing.
    pub offices_open: i64,
    /// Newest version of its rules; 0 while the defaults apply.
    pub rules_version: i64,
    /// The parties to the convention.
    #[sqlx(try_from = "String")]
    pub parties: Parties,
    /// Sequence of the last event.
    #[sqlx(try_from = "i64")]
    #[schemars(with = "i64")]
    pub version: Version,
    /// Its position.
    #[sqlx(try_from = "i64")]
    #[schemars(with = "i64")]
    pub position: Position,
}

/// The parties to a convention, as they are stored in one column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Parties(pub Vec<Party>);

impl TryFrom<String> for Parties {
    type Error = serde_json::Error;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        serde_json::from_str(&text)
    }
}

/// Which programmes are asked for.
#[derive(Clone, Debug)]
pub struct ProgrammeQuestion<'a> {
    /// Those with an office in this region, a key of the list.
    pub region: Option<String>,
    /// Those with an office of this code.
    pub office: Option<String>,
    /// Those whose term goes on today, or those whose term has ended.
    pub open: Option<bool>,
    /// Today, by the clock of whoever asks.
    pub today: NaiveDate,
    /// What the reader is shown: a region's or an office's programmes, a donor's funds' programmes.
    pub reach: &'a Reach,
    /// Where the page before ended: a day of signature and a programme.
    pub after: Option<DayPlace>,
    /// Rows; at most [`super::MAX_PAGE`].
    pub limit: u32,
}

/// A page of programmes.
///
/// # Errors
/// [`ReadError`].
pub async fn programmes(
    store: &ReadStore,
    question: &ProgrammeQuestion<'_>,
) -> Result<ListPage<ProgrammeItem, DayPlace>, ReadError> {
    let place = |last: &ProgrammeItem| DayPlace { on: last.signed_on, id: last.id.clone() };
    page(store, &statement(question), place).await
}

/// How the database finds a page.
///
/// # Errors
/// [`ReadError`].
pub async fn explain_programmes(
    store: &ReadStore,
    question: &ProgrammeQuestion<'_>,
) -> Result<Vec<String>, ReadError> {
    statement(question).explain(store).await
}

/// That the programme of a row `c` is within a reach: a region's or an office's programmes, a donor's funds'.
pub(super) fn programmes_within(reach: &Reach) -> Option<Condition> {
    match reach {
        Reach::All => None,
        Reach::Regions(regions) => Some(of_an_office_in("c.programme", "region", regions)),
        Reach::Offices(offices) => {
            let own = Condition::of_offices("o", offices);
            let theirs = "EXISTS (SELECT 1 FROM offices AS o WHERE o.programme = c.programme AND ";
            Some(own.within(theirs))
        }
        Reach::Funds(funds) => Some(of_own_funds("c.programme", funds)),
    }
}

fn statement(question: &ProgrammeQuestion<'_>) -> Statement {
    let mut conditions = Vec::new();
    if let Some(region) = &question.region {
        conditions.push(of_an_office_in("c.programme", "region", std::slice::from_ref(region)));
    }
    if let Some(office) = &question.office {
        conditions.push(of_an_office_in("c.programme", "office", std::slice::from_ref(office)));
    }
    if let Some(open) = question.open {
        let than = if open { ">=" } else { "<" };
        conditions.push(Condition::of(format!("c.ends_on {than} ?"), [question.today.into()]));
    }
    conditions.extend(programmes_within(question.reach));
    Statement {
        columns: "c.programme, c.name, c.signed_on, c.ends_on, c.term_years, c.renewals, c.renewable, \
                  c.offices, c.offices_open, c.rules_version, c.parties, c.version, c.position",
        from: "programme_status AS c",
        ordered: "c",
        order: &["signed_on", "programme"],
        descending: false,
        conditions,
        walks: vec![Vec::new()],
        after: question.after.clone().map(|place| vec![place.on.into(), Value::Text(place.id)]),
        limit: bounded(question.limit),
    }
}

/// The ids of every programme whose convention was signed.
///
/// # Errors
/// [`ReadError`].
pub async fn programme_ids(store: &ReadStore) -> Result<Vec<Uuid>, ReadError> {
    let mut handle = store.query().await?;
    let found: Vec<String> = on_engine!(handle.connection(), db => {
        sqlx::query_scalar("SELECT programme FROM programme_status ORDER BY programme")
            .fetch_all(db)
            .await
    })?;
    let id = |text: &String| {
        Uuid::try_parse(text)
            .map_err(|_| ReadError::Inconsistent { table: "programme_status", id: text.clone() })
    };
    found.iter().map(id).collect()
}
