//! `read.figures`: the published cells, the same that the API answers with.
//!
//! Which cells are published, and which of them are held back, is decided where the API's are; this only
//! keeps what it is given. Nothing that was not published may be written here.

use chrono::NaiveDate;

use super::READ_SCHEMA;
use super::view::{View, ViewColumn};
use crate::store::{ReadConnection, ReadError, ReadStore};
use crate::table::{DATA_SCHEMA, Decimal};

/// What a published cell is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FigurePeriod {
    /// The facts of the month.
    Month,
    /// What there is at the end of the month.
    EndOfMonth,
    /// The facts from the beginning to the end of the month.
    SinceBeginning,
}

impl FigurePeriod {
    /// The word in the table.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::EndOfMonth => "end_of_month",
            Self::SinceBeginning => "since_beginning",
        }
    }
}

/// A published cell; an empty breakdown means all.
#[derive(Clone, Debug)]
pub struct PublishedCell {
    /// The first day of the month that it is of.
    pub month: NaiveDate,
    /// Id of the programme.
    pub programme: String,
    /// The indicator's word.
    pub indicator: String,
    /// The region's code.
    pub region: Option<String>,
    /// The sex.
    pub sex: Option<String>,
    /// The band of age.
    pub age_band: Option<String>,
    /// The category of the indicator's own, such as a module or a currency; none where it has none.
    pub category: Option<String>,
    /// What of time it is of.
    pub period: FigurePeriod,
    /// The value, in the indicator's unit, as it was published; none where nothing was.
    pub value: Option<Decimal>,
    /// Whether some of it stands as it was published before: too few people have changed it since.
    pub held: bool,
}

impl ReadStore {
    /// Whether people connect to this database: on the embedded engine nobody does.
    #[must_use]
    pub fn has_a_face(&self) -> bool {
        self.is_postgres()
    }

    /// Puts all published cells of a programme in place of those that were there, in one transaction:
    /// a reader sees the old ones or the new ones. Nothing is done on the embedded engine, where nobody
    /// connects. Two servers that publish at once do so one after the other; readers wait for neither.
    ///
    /// # Errors
    /// [`ReadError`]: the cells are as they were.
    pub async fn publish_figures(
        &self,
        programme: &str,
        cells: &[PublishedCell],
    ) -> Result<(), ReadError> {
        if !self.has_a_face() {
            return Ok(());
        }
        let mut transaction = self.begin().await?;
        let ReadConnection::Postgres(db) = transaction.connection() else { return Ok(()) };
        sqlx::query("LOCK TABLE published_figures IN SHARE ROW EXCLUSIVE MODE")
            .execute(&mut *db)
            .await?;
        sqlx::query("DELETE FROM published_figures WHERE programme = $1")
            .bind(programme)
            .execute(&mut *db)
            .await?;
        let of = |part: fn(&PublishedCell) -> Option<String>| cells.iter().map(part).collect();
        let (regions, sexes): (Vec<_>, Vec<_>) =
            (of(|cell| cell.region.clone()), of(|cell| cell.sex.clone()));
        let (bands, values): (Vec<_>, Vec<_>) = (
            of(|cell| cell.age_band.clone()),
            of(|cell| cell.value.map(|value| value.to_string())),
        );
        sqlx::query(
            "INSERT INTO published_figures
                 (month, programme, indicator, region, sex, age_band, value, held, category, period)
             SELECT month, $1, indicator, region, sex, age_band, value::numeric, held, category, period
               FROM unnest($2::date[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::boolean[],
                           $9::text[], $10::text[])
                 AS cell (month, indicator, region, sex, age_band, value, held, category, period)",
        )
        .bind(programme)
        .bind(cells.iter().map(|cell| cell.month).collect::<Vec<_>>())
        .bind(cells.iter().map(|cell| cell.indicator.clone()).collect::<Vec<_>>())
        .bind(regions)
        .bind(sexes)
        .bind(bands)
        .bind(values)
        .bind(cells.iter().map(|cell| cell.held).collect::<Vec<_>>())
        .bind(cells.iter().map(|cell| cell.category.clone()).collect::<Vec<_>>())
        .bind(cells.iter().map(|cell| cell.period.word()).collect::<Vec<_>>())
        .execute(db)
        .await?;
        Ok(transaction.commit().await?)
    }
}

/// The view's columns, with what each means.
const COLUMNS: &[(&str, &str)] = &[
    ("month", "Mois, par son premier jour. The month, as its first day."),
    ("indicator", "Indicateur (dim_indicator). The indicator."),
    ("region", "Région ; vide pour toutes. The region; empty for all."),
    ("sex", "Sexe ; vide pour les deux. The sex; empty for both."),
    ("age_band", "Tranche d'âge ; vide pour toutes. The band of age; empty for all."),
    ("value", "Valeur, dans l'unité de l'indicateur. The value, in the indicator's unit."),
    (
        "held",
        "En attente : telle que publiée avant, trop peu de personnes ayant changé. Stands as published before: too few people changed.",
    ),
    ("programme", "Programme. Id of the programme."),
    (
        "category",
        "Catégorie propre à l'indicateur (module, monnaie) ; vide s'il n'en a pas. The indicator's own category (a module, a currency); empty where it has none.",
    ),
    (
        "period",
        "Ce que couvre la valeur : month, le mois ; end_of_month, l'état à la fin du mois ; since_beginning, du début du programme à la fin du mois. What the value covers: the month, the state at its end, or everything from the beginning to its end.",
    ),
];

pub(super) fn view() -> View {
    let column = |(name, about): &(&str, &str)| ViewColumn {
        name: (*name).to_owned(),
        sql: format!("t.{name}"),
        about: (*about).to_owned(),
    };
    View {
        schema: READ_SCHEMA,
        name: "figures".to_owned(),
        about: "Les chiffres publiés, les mêmes que ceux de l'API ; une dimension vide est le total : fixez chacune, \
                n'additionnez pas le total et ses parts. The published figures, the same as the API's; an empty \
                dimension is the total: fix each, and do not add the total to its parts. Clé / key: programme, \
                month, indicator, region, sex, age_band, category."
            .to_owned(),
        columns: COLUMNS.iter().map(column).collect(),
        from: format!("{DATA_SCHEMA}.published_figures AS t"),
    }
}
