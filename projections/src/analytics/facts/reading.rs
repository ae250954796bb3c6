//! Reading facts from the tables: what every row has, and what a kind of row has beside.

use chrono::NaiveDate;
use sira_database::{number, on_engine};
use sira_numbers::Position;
use sqlx::FromRow;
use uuid::Uuid;

use super::super::cube::{Cube, until_at};
use super::super::words::{Dictionary, flag_place};
use super::assessment::AssessmentRow;
use super::attendance::AttendanceRow;
use super::business::BusinessRow;
use super::day::{DayNumber, number_of};
use super::due::DueRow;
use super::employment::EmploymentRow;
use super::fact::{Dims, FigureFact, Tells};
use super::grievance::GrievanceRow;
use super::jobs::JobCountRow;
use super::link::LinkRow;
use super::loan::LoanRow;
use super::measure::Measure;
use super::milestone::MilestoneRow;
use super::money::MoneyRow;
use super::own::{OwnColumns, Unfit};
use super::spell::SpellRow;
use super::value::ValueRow;
use super::visit::VisitRow;
use super::visit_due::VisitDueRow;
use crate::{ReadConnection, ReadError, ReadStore};

/// Events of one reading: an event tells a row or two, so a step holds some 100,000 rows at most.
const STEP: u64 = 50_000;

#[derive(FromRow)]
struct FactRow<O> {
    since_position: i64,
    part: i64,
    until_position: Option<i64>,
    aggregate_id: String,
    sequence: i64,
    occurred_on: NaiveDate,
    programme: String,
    office: String,
    region: String,
    sex: String,
    age_band: String,
    disability: Option<bool>,
    displaced: Option<bool>,
    cohort: Option<String>,
    fund: Option<String>,
    sector: Option<String>,
    education: Option<String>,
    #[sqlx(flatten)]
    own: O,
}

/// A row that ended: since, part and until.
type EndRow = (i64, i64, i64);

/// What one table tells of a step.
struct Rows<O> {
    told: Vec<FactRow<O>>,
    ended: Vec<EndRow>,
}

/// What the tables tell beyond what a cube holds.
pub struct ToldFacts {
    /// The position that it leads to.
    pub position: Position,
    links: Rows<LinkRow>,
    milestones: Rows<MilestoneRow>,
    attendance: Rows<AttendanceRow>,
    assessments: Rows<AssessmentRow>,
    money: Rows<MoneyRow>,
    loans: Rows<LoanRow>,
    dues: Rows<DueRow>,
    jobs: Rows<JobCountRow>,
    businesses: Rows<BusinessRow>,
    spells: Rows<SpellRow>,
    employment: Rows<EmploymentRow>,
    visits: Rows<VisitRow>,
    visits_due: Rows<VisitDueRow>,
    values: Rows<ValueRow>,
    grievances: Rows<GrievanceRow>,
}

/// Reads what was told and ended after `from`, up to `to` or one step, so that a large database is
/// taken in pieces. Says at which position the step ends.
///
/// # Errors
/// [`ReadError`].
pub async fn read(store: &ReadStore, from: Position, to: Position) -> Result<ToldFacts, ReadError> {
    let mut handle = store.connection().await?;
    let position = to.min(from.plus(STEP));
    let step = (from, position);
    Ok(ToldFacts {
        position,
        links: rows_of(handle.connection(), step).await?,
        milestones: rows_of(handle.connection(), step).await?,
        attendance: rows_of(handle.connection(), step).await?,
        assessments: rows_of(handle.connection(), step).await?,
        money: rows_of(handle.connection(), step).await?,
        loans: rows_of(handle.connection(), step).await?,
        dues: rows_of(handle.connection(), step).await?,
        jobs: rows_of(handle.connection(), step).await?,
        businesses: rows_of(handle.connection(), step).await?,
        spells: rows_of(handle.connection(), step).await?,
        employment: rows_of(handle.connection(), step).await?,
        visits: rows_of(handle.connection(), step).await?,
        visits_due: rows_of(handle.connection(), step).await?,
        values: rows_of(handle.connection(), step).await?,
        grievances: rows_of(handle.connection(), step).await?,
    })
}

async fn rows_of<O: OwnColumns>(
    mut connection: ReadConnection<'_>,
    (from, to): (Position, Position),
) -> Result<Rows<O>, ReadError> {
    let told = format!(
        "SELECT since_position, part, until_position, aggregate_id, sequence, occurred_on, \
         programme, office, region, sex, age_band, disability, displaced, cohort, fund, sector, education, {} \
         FROM {} WHERE since_position > $1 AND since_position <= $2 ORDER BY since_position, part",
        O::COLUMNS,
        O::TABLE
    );
    let ended = format!(
        "SELECT since_position, part, until_position FROM {} \
         WHERE until_position > $1 AND until_position <= $2 AND since_position <= $1",
        O::TABLE
    );
    let told = on_engine!(connection.again(), db => {
        sqlx::query_as(&told).bind(from.stored()).bind(to.stored()).fetch_all(db).await
    })?;
    let ended = on_engine!(connection, db => {
        sqlx::query_as(&ended).bind(from.stored()).bind(to.stored()).fetch_all(db).await
    })?;
    Ok(Rows { told, ended })
}

impl ToldFacts {
    /// Takes what was read into a cube that stands where the reading began.
    ///
    /// # Errors
    /// [`ReadError::Inconsistent`] for a row that is none of ours.
    pub fn into_cube(self, cube: &mut Cube) -> Result<(), ReadError> {
        let position = self.position;
        self.links.into_cube(cube, position)?;
        self.milestones.into_cube(cube, position)?;
        self.attendance.into_cube(cube, position)?;
        self.assessments.into_cube(cube, position)?;
        self.money.into_cube(cube, position)?;
        self.loans.into_cube(cube, position)?;
        self.dues.into_cube(cube, position)?;
        self.jobs.into_cube(cube, position)?;
        self.businesses.into_cube(cube, position)?;
        self.spells.into_cube(cube, position)?;
        self.employment.into_cube(cube, position)?;
        self.visits.into_cube(cube, position)?;
        self.visits_due.into_cube(cube, position)?;
        self.values.into_cube(cube, position)?;
        self.grievances.into_cube(cube, position)?;
        cube.position = position;
        Ok(())
    }
}

impl<O: OwnColumns<Told: Into<Tells>>> Rows<O> {
    fn into_cube(self, cube: &mut Cube, position: Position) -> Result<(), ReadError> {
        for (since, part, until) in self.ended {
            let part = u16::try_from(part).map_err(|_| damaged::<O>(since, part))?;
            cube.end(O::SOURCE, (number(since)?, part), number(until)?);
        }
        for row in &self.told {
            add(cube, row, position)?;
        }
        Ok(())
    }
}

fn add<O: OwnColumns<Told: Into<Tells>>>(
    cube: &mut Cube,
    row: &FactRow<O>,
    position: Position,
) -> Result<(), ReadError> {
    let damaged = || damaged::<O>(row.since_position, row.part);
    // A measure of a newer program is none of ours.
    let Some(measure) = Measure::find(O::SOURCE, row.own.measure()) else { return Ok(()) };
    let id = Uuid::try_parse(&row.aggregate_id).map_err(|_| damaged())?;
    let dims = dims(&mut cube.dictionary, row).map_err(|Unfit| damaged())?;
    let tells = row.own.tells(cube).map_err(|Unfit| damaged())?;
    let fact = FigureFact {
        since: number(row.since_position)?,
        until: until_at(row.until_position.map(number).transpose()?, position),
        tells: tells.into(),
        dims,
        case: cube.cases.place(id),
        sequence: u32::try_from(row.sequence).map_err(|_| damaged())?,
        on: number_of(row.occurred_on),
        ends_on: row.own.ends_on().map(DayNumber::from),
        part: u16::try_from(row.part).map_err(|_| damaged())?,
    };
    cube.add(measure, fact);
    Ok(())
}

/// What is said of a row that is none of ours.
fn damaged<O: OwnColumns>(since: i64, part: i64) -> ReadError {
    ReadError::Inconsistent { table: O::TABLE, id: format!("{since} {part}") }
}

fn dims<O>(words: &mut Dictionary, row: &FactRow<O>) -> Result<Dims, Unfit> {
    let (short, tiny) = (|place: u32| u16::try_from(place), |place: u32| u8::try_from(place));
    Ok(Dims {
        cohort: words.cohorts.place(row.cohort.as_deref().unwrap_or_default()),
        programme: short(words.programmes.place(&row.programme))?,
        office: short(words.offices.place(&row.office))?,
        fund: short(words.funds.place(row.fund.as_deref().unwrap_or_default()))?,
        region: short(words.regions.place(&row.region))?,
        sex: tiny(words.sexes.place(&row.sex))?,
        age_band: tiny(words.age_bands.place(&row.age_band))?,
        disability: flag_place(row.disability),
        displaced: flag_place(row.displaced),
        education: tiny(words.educations.place(row.education.as_deref().unwrap_or_default()))?,
        sector: tiny(words.sectors.place(row.sector.as_deref().unwrap_or_default()))?,
    })
}
