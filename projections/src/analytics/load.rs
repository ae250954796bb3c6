//! Reading facts from the tables.

use chrono::NaiveDate;
use sira_database::{bound, on_engine, unsigned};
use sqlx::FromRow;
use uuid::Uuid;

use super::cube::{Cube, until_at};
use super::fact::{Dims, Fact, Measure, Source, number_of};
use super::words::flag_place;
use crate::{ReadConnection, ReadError, ReadStore};

/// The projections that facts are read from: the cube stands where the last of them stands.
pub const PROJECTIONS: [&str; 7] = [
    "case_milestones",
    "training_attendance",
    "finance_lines",
    "loan_status",
    "visits",
    "indicator_values",
    "grievances",
];

/// Events of one reading: an event tells a row or two, so a step holds some 100,000 rows at most.
const STEP: u64 = 50_000;

/// What is read from each table: the measure's word, the value, what it is of, the tag, the trained
/// flag, and the day.
struct Reading {
    source: Source,
    table: &'static str,
    measure: &'static str,
    value: &'static str,
    of: &'static str,
    of_day: &'static str,
    tag: &'static str,
    trained: &'static str,
}

const READINGS: [Reading; 8] = [
    Reading {
        source: Source::CaseMilestones,
        table: "case_milestones",
        measure: "milestone",
        value: "days",
        of: "CAST(0 AS bigint)",
        of_day: "CAST(NULL AS date)",
        tag: "CAST(NULL AS text)",
        trained: "CAST(NULL AS boolean)",
    },
    Reading {
        source: Source::TrainingAttendance,
        table: "training_attendance",
        measure: "'attendance'",
        value: "attended_minutes",
        of: "minutes",
        of_day: "CAST(NULL AS date)",
        tag: "CAST(NULL AS text)",
        trained: "CAST(NULL AS boolean)",
    },
    Reading {
        source: Source::TrainingAssessments,
        table: "training_assessments",
        measure: "'assessment'",
        value: "CASE WHEN passed THEN CAST(1 AS bigint) ELSE CAST(0 AS bigint) END",
        of: "score",
        of_day: "CAST(NULL AS date)",
        tag: "module",
        trained: "CAST(NULL AS boolean)",
    },
    Reading {
        source: Source::FinanceLines,
        table: "finance_lines",
        measure: "line",
        value: "amount",
        of: "CAST(0 AS bigint)",
        of_day: "CAST(NULL AS date)",
        tag: "instrument",
        trained: "CAST(NULL AS boolean)",
    },
    Reading {
        source: Source::LoanStatus,
        table: "loan_status",
        measure: "'loan'",
        value: "outstanding",
        of: "reschedulings",
        of_day: "oldest_unpaid_due_on",
        tag: "CAST(NULL AS text)",
        trained: "CAST(NULL AS boolean)",
    },
    Reading {
        source: Source::Visits,
        table: "visits",
        measure: "'visit'",
        value: "coalesce(milestone, 0)",
        of: "CAST(0 AS bigint)",
        of_day: "CAST(NULL AS date)",
        tag: "business_status",
        trained: "CAST(NULL AS boolean)",
    },
    Reading {
        source: Source::IndicatorValues,
        table: "indicator_values",
        measure: "measure",
        value: "value",
        of: "CAST(0 AS bigint)",
        of_day: "CAST(NULL AS date)",
        tag: "currency",
        trained: "trained",
    },
    Reading {
        source: Source::Grievances,
        table: "grievances",
        measure: "'grievance'",
        value: "CAST(0 AS bigint)",
        of: "CAST(0 AS bigint)",
        of_day: "resolved_on",
        tag: "category",
        trained: "CAST(NULL AS boolean)",
    },
];

#[derive(FromRow)]
struct FactRow {
    since_position: i64,
    part: i64,
    until_position: Option<i64>,
    aggregate_id: String,
    sequence: i64,
    occurred_on: NaiveDate,
    measure: String,
    value: i64,
    of_value: i64,
    of_day: Option<NaiveDate>,
    tag: Option<String>,
    trained: Option<bool>,
    programme: String,
    office: String,
    region: String,
    sex: String,
    age_band: String,
    disability: Option<bool>,
    displaced: Option<bool>,
    cohort: Option<String>,
    fund: Option<String>,
}

/// A row that ended: since, part and until.
type EndRow = (i64, i64, i64);

/// What the tables tell beyond what a cube holds.
pub struct Told {
    /// The position that it leads to.
    pub position: u64,
    rows: Vec<(Source, Vec<FactRow>)>,
    ended: Vec<(Source, Vec<EndRow>)>,
}

/// The position up to which every table that facts are read from is told, and how often they were put
/// in place; none before all of them were built.
///
/// # Errors
/// [`ReadError`].
pub async fn told(store: &ReadStore, journal: &str) -> Result<Option<(u64, Vec<u64>)>, ReadError> {
    let stored = store.projections(journal).await?;
    let of = |name: &str| stored.iter().find(|one| one.name == name);
    let found: Option<Vec<_>> = PROJECTIONS.into_iter().map(of).collect();
    Ok(found.map(|found| {
        let position = found.iter().map(|one| one.position).min().unwrap_or(0);
        (position, found.iter().map(|one| one.built).collect())
    }))
}

/// Reads what was told and ended after `from`, up to `to` or one step, so that a large database is
/// taken in pieces. Says at which position the step ends.
///
/// # Errors
/// [`ReadError`].
pub async fn read(store: &ReadStore, from: u64, to: u64) -> Result<Told, ReadError> {
    let mut handle = store.connection().await?;
    let position = to.min(from + STEP);
    let (mut rows, mut ended) = (Vec::new(), Vec::new());
    for reading in &READINGS {
        let told = rows_of(handle.connection(), reading, (from, position)).await?;
        rows.push((reading.source, told));
        ended.push((
            reading.source,
            ended_of(handle.connection(), reading, (from, position)).await?,
        ));
    }
    Ok(Told { position, rows, ended })
}

fn select(reading: &Reading) -> String {
    let Reading { table, measure, value, of, of_day, tag, trained, .. } = reading;
    format!(
        "SELECT since_position, part, until_position, aggregate_id, sequence, occurred_on, \
         {measure} AS measure, {value} AS value, {of} AS of_value, {of_day} AS of_day, \
         {tag} AS tag, {trained} AS trained, programme, office, region, sex, age_band, \
         disability, displaced, cohort, fund FROM {table} \
         WHERE since_position > $1 AND since_position <= $2 ORDER BY since_position, part"
    )
}

async fn rows_of(
    connection: ReadConnection<'_>,
    reading: &Reading,
    (from, to): (u64, u64),
) -> Result<Vec<FactRow>, ReadError> {
    let statement = select(reading);
    Ok(on_engine!(connection, db => {
        sqlx::query_as(&statement).bind(bound(from)).bind(bound(to)).fetch_all(db).await
    })?)
}

async fn ended_of(
    connection: ReadConnection<'_>,
    reading: &Reading,
    (from, to): (u64, u64),
) -> Result<Vec<EndRow>, ReadError> {
    let statement = format!(
        "SELECT since_position, part, until_position FROM {} \
         WHERE until_position > $1 AND until_position <= $2 AND since_position <= $1",
        reading.table
    );
    Ok(on_engine!(connection, db => {
        sqlx::query_as(&statement).bind(bound(from)).bind(bound(to)).fetch_all(db).await
    })?)
}

impl Told {
    /// Takes what was read into a cube that stands where the reading began.
    ///
    /// # Errors
    /// [`ReadError::Inconsistent`] for a row that is none of ours.
    pub fn into_cube(self, cube: &mut Cube) -> Result<(), ReadError> {
        for (source, ended) in self.ended {
            for (since, part, until) in ended {
                let part = u16::try_from(part).unwrap_or(u16::MAX);
                cube.end(source, (unsigned(since)?, part), unsigned(until)?);
            }
        }
        for (source, rows) in self.rows {
            for row in &rows {
                add(cube, source, row, self.position)?;
            }
        }
        cube.position = self.position;
        Ok(())
    }
}

fn add(cube: &mut Cube, source: Source, row: &FactRow, position: u64) -> Result<(), ReadError> {
    let damaged = || ReadError::Inconsistent {
        table: "a table of facts",
        id: format!("{} {}", row.since_position, row.part),
    };
    // A measure of a newer program is none of ours.
    let Some(measure) = Measure::find(source, &row.measure) else { return Ok(()) };
    let id = Uuid::try_parse(&row.aggregate_id).map_err(|_| damaged())?;
    let words = &mut cube.dictionary;
    let short = |place: u32| u16::try_from(place).map_err(|_| damaged());
    let tiny = |place: u32| u8::try_from(place).map_err(|_| damaged());
    let dims = Dims {
        cohort: words.cohorts.place(row.cohort.as_deref().unwrap_or_default()),
        programme: short(words.programmes.place(&row.programme))?,
        office: short(words.offices.place(&row.office))?,
        fund: short(words.funds.place(row.fund.as_deref().unwrap_or_default()))?,
        tag: short(words.tags.place(row.tag.as_deref().unwrap_or_default()))?,
        region: short(words.regions.place(&row.region))?,
        sex: tiny(words.sexes.place(&row.sex))?,
        age_band: tiny(words.age_bands.place(&row.age_band))?,
        disability: flag_place(row.disability),
        displaced: flag_place(row.displaced),
        trained: flag_place(row.trained),
    };
    // A loan's flag of rescheduling rides on `trained`, which loans do not have.
    let dims = match source {
        Source::LoanStatus => Dims { trained: flag_place(Some(row.of_value > 0)), ..dims },
        _ => dims,
    };
    let of = row.of_day.map_or(row.of_value, |day| number_of(day).into());
    let of = match (source, row.of_day) {
        (Source::LoanStatus | Source::Grievances, None) => i64::MAX,
        _ => of,
    };
    let fact = Fact {
        since: unsigned(row.since_position)?,
        until: until_at(row.until_position, position),
        value: row.value,
        of,
        case: cube.cases.place(id),
        sequence: u32::try_from(row.sequence).map_err(|_| damaged())?,
        on: number_of(row.occurred_on),
        part: u16::try_from(row.part).map_err(|_| damaged())?,
        dims,
    };
    cube.add(measure, fact);
    Ok(())
}
