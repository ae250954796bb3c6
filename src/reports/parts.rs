//! The parts of a report, out of figures as its audience is told them.

use chrono::NaiveDate;
use sira_domain::reference::{Language, RegionCode};
use sira_projections::analytics::compute::groups;
use sira_projections::analytics::targets::{Pace, Reached, Untold};
use sira_projections::analytics::{
    AnalyticsQuery, Dimension, Family, FigureCell, INDICATORS, Indicator, Indicators, PLACES, Unit,
};
use sira_projections::lists::{FundQuestion, funds};
use sira_projections::table::Decimal;
use sira_projections::{Reach, ReadStore};
use uuid::Uuid;

use super::content::{
    BothLanguages, ReportCell, ReportColumn, ReportColumnKind, ReportDefinition, ReportPart,
};
use super::form::{Narrative, ReportPartName};
use super::store::ReportDocumentError;
use crate::figures::{
    FigureError, Figures, FoundMoment, Question, Reader, Refused, ReportAudience, Rule, Telling,
    When,
};
use crate::grant::Scope;

/// Funds of one report at most: more are a list of their own.
const FUNDS_MAX: u32 = 200;

/// What a report is asked of.
pub(super) struct AskedReport<'a> {
    pub figures: &'a Figures,
    pub read: &'a ReadStore,
    pub reader: Reader,
    pub audience: &'a ReportAudience,
    pub programme: Uuid,
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub when: When,
}

/// The cells of an indicator, and whether they are of the period or of all time.
struct ToldIndicator {
    indicator: &'static Indicator,
    cells: Vec<FigureCell>,
    is_of_period: bool,
}

fn column(fr: &str, en: &str, kind: ReportColumnKind) -> ReportColumn {
    ReportColumn { heading: BothLanguages::of(fr, en), kind }
}

fn words(fr: &str, en: &str) -> ReportCell {
    ReportCell::Words(BothLanguages::of(fr, en))
}

fn label(indicator: &Indicator) -> BothLanguages {
    BothLanguages::of(indicator.fr, indicator.en)
}

/// What a unit is called.
fn unit(unit: Unit) -> BothLanguages {
    let (fr, en) = match unit {
        Unit::Count => ("nombre", "count"),
        Unit::Percent => ("%", "%"),
        Unit::Xof => ("FCFA", "XOF"),
        Unit::CurrencyPerYear => ("monnaie par an", "currency a year"),
        Unit::Days => ("jours", "days"),
        Unit::Jobs => ("emplois", "jobs"),
        Unit::FullTime => ("équivalents temps plein", "full-time equivalents"),
        Unit::Points => ("points sur 100", "points out of 100"),
    };
    BothLanguages::of(fr, en)
}

/// What an indicator is, for the end of the report.
pub(super) fn defined(indicator: &Indicator) -> ReportDefinition {
    let (fr, en) = indicator.nature().labels();
    ReportDefinition {
        name: indicator.name.to_owned(),
        label: label(indicator),
        formula: BothLanguages::of(indicator.formula_fr, indicator.formula_en),
        unit: unit(indicator.unit),
        kind: BothLanguages::of(fr, en),
        source: indicator.source.to_owned(),
        caveat: indicator
            .caveat
            .map_or_else(BothLanguages::default, |(fr, en)| BothLanguages::of(fr, en)),
    }
}

/// What a report shows of a value: nothing that was not published as such.
fn value(cell: &FigureCell) -> ReportCell {
    match cell.value {
        Some(value) => ReportCell::maybe(Some(value)),
        None if cell.suppressed => words("non publié", "not published"),
        None => ReportCell::Nothing(()),
    }
}

/// The indicators of an overview: each that has a page of its own stands there alone.
fn of_overview() -> Vec<&'static Indicator> {
    let elsewhere = [Family::Finance, Family::Survival, Family::Funnel, Family::Durations];
    let is_own = |indicator: &&Indicator| {
        indicator.families.contains(&Family::Indicators)
            && !elsewhere.iter().any(|family| indicator.families.contains(family))
    };
    INDICATORS.iter().filter(is_own).collect()
}

impl AskedReport<'_> {
    /// Those of some indicators that this audience is told.
    fn told_of(
        &self,
        indicators: impl IntoIterator<Item = &'static Indicator>,
    ) -> impl Iterator<Item = &'static Indicator> {
        let is_exact = matches!(self.reader, Reader::Exact(_));
        indicators.into_iter().filter(move |indicator| is_exact || indicator.is_published())
    }

    fn question(&self, indicator: &'static Indicator, of_period: bool) -> Question {
        let query = AnalyticsQuery {
            filters: vec![(Dimension::Programme, vec![self.programme.to_string()])],
            from: of_period.then_some(self.from),
            to: Some(self.to),
            ..AnalyticsQuery::default()
        };
        Question {
            indicators: vec![indicator],
            query,
            when: self.when,
            is_series: false,
            headings: Language::Fr,
            cursor: None,
            limit: None,
        }
    }

    async fn ask(
        &self,
        question: &Question,
    ) -> Result<(FoundMoment, Vec<FigureCell>), FigureError> {
        let (found, computed) = match &self.reader {
            Reader::Exact(reach) => {
                let found = self.figures.moment(question.when).await?;
                let query = AnalyticsQuery { reach: reach.clone(), ..question.query.clone() };
                let computed =
                    self.figures.compute(question.indicators.clone(), query, found.at).await?;
                (found, computed)
            }
            Reader::Published(to) => self.figures.published(question, to).await?,
        };
        Ok((found, computed.into_iter().flat_map(|one| one.cells).collect()))
    }

    /// The moment of the report.
    pub(super) async fn moment(&self) -> Result<FoundMoment, FigureError> {
        let first = Indicators::named("registered").unwrap_or(&INDICATORS[0]);
        match &self.reader {
            Reader::Exact(_) => self.figures.moment(self.when).await,
            Reader::Published(_) => Ok(self.ask(&self.question(first, true)).await?.0),
        }
    }

    /// An indicator over the period, or from the beginning on where it is published so alone.
    async fn told(
        &self,
        indicator: &'static Indicator,
        change: impl Fn(&mut AnalyticsQuery),
    ) -> Result<ToldIndicator, FigureError> {
        let ask = async |of_period| {
            let mut question = self.question(indicator, of_period);
            change(&mut question.query);
            self.ask(&question).await
        };
        match ask(true).await {
            Ok((_, cells)) => Ok(ToldIndicator { indicator, cells, is_of_period: true }),
            Err(FigureError::Refused(Refused { rule: Rule::NoPeriod, .. })) => {
                let (_, cells) = ask(false).await?;
                Ok(ToldIndicator { indicator, cells, is_of_period: false })
            }
            Err(error) => Err(error),
        }
    }

    pub(super) async fn part(
        &self,
        part: ReportPartName,
        narrative: Option<&Narrative>,
        used: &mut Vec<&'static Indicator>,
    ) -> Result<ReportPart, ReportDocumentError> {
        let made = match part {
            ReportPartName::Narrative => text(narrative),
            ReportPartName::Funnel => self.funnel(used).await?,
            ReportPartName::Indicators => self.values(of_overview(), used).await?,
            ReportPartName::Finance => self.values(Indicators::of(Family::Finance), used).await?,
            ReportPartName::Survival => self.survival(used).await?,
            ReportPartName::Regions => self.regions(used).await?,
            ReportPartName::Targets => self.targets(used).await?,
            ReportPartName::Funds => self.funds().await?,
        };
        Ok(ReportPart { part: part.word().to_owned(), title: part.title(), ..made })
    }

    /// One line an indicator, and one for each of its categories.
    async fn values(
        &self,
        indicators: Vec<&'static Indicator>,
        used: &mut Vec<&'static Indicator>,
    ) -> Result<ReportPart, ReportDocumentError> {
        let mut rows = Vec::new();
        for indicator in self.told_of(indicators) {
            let told = self.told(indicator, |_| ()).await?;
            for cell in &told.cells {
                rows.push(vec![
                    ReportCell::Words(named(&told, cell)),
                    value(cell),
                    ReportCell::Words(unit(indicator.unit)),
                    ReportCell::maybe(cell.part),
                    ReportCell::maybe(cell.whole),
                    over(&told),
                ]);
            }
            used.push(indicator);
        }
        let columns = vec![
            column("Indicateur", "Indicator", ReportColumnKind::Text),
            column("Valeur", "Value", ReportColumnKind::Number),
            column("Unité", "Unit", ReportColumnKind::Text),
            column("Numérateur", "Numerator", ReportColumnKind::Number),
            column("Dénominateur", "Denominator", ReportColumnKind::Number),
            column("Sur", "Over", ReportColumnKind::Text),
        ];
        Ok(table(columns, rows))
    }

    async fn funnel(
        &self,
        used: &mut Vec<&'static Indicator>,
    ) -> Result<ReportPart, ReportDocumentError> {
        let mut rows = Vec::new();
        for indicator in self.told_of(Indicators::of(Family::Funnel)) {
            let all = self.told(indicator, |_| ()).await?;
            let women = self.told(indicator, of_women).await?;
            let count = |told: &ToldIndicator| match told.cells.first() {
                Some(cell) if cell.suppressed => value(cell),
                cell => ReportCell::maybe(cell.and_then(|cell| cell.part)),
            };
            let share = all.cells.first().map_or(ReportCell::Nothing(()), value);
            let is_share = indicator.unit == Unit::Percent;
            rows.push(vec![
                ReportCell::Words(label(indicator)),
                count(&all),
                if is_share { share } else { ReportCell::Nothing(()) },
                count(&women),
                over(&all),
            ]);
            used.push(indicator);
        }
        let columns = vec![
            column("Étape", "Stage", ReportColumnKind::Text),
            column("Personnes", "People", ReportColumnKind::Number),
            column("Part des inscrits", "Share of the registered", ReportColumnKind::Percent),
            column("Dont femmes", "Of whom women", ReportColumnKind::Number),
            column("Sur", "Over", ReportColumnKind::Text),
        ];
        Ok(table(columns, rows))
    }

    async fn survival(
        &self,
        used: &mut Vec<&'static Indicator>,
    ) -> Result<ReportPart, ReportDocumentError> {
        let mut rows = Vec::new();
        let mut is_of_period = true;
        for (name, low, high) in [
            ("survival_6", "survival_6_low", "survival_6_seen"),
            ("survival_12", "survival_12_low", "survival_12_seen"),
            ("survival_24", "survival_24_low", "survival_24_seen"),
        ] {
            let mut row = Vec::new();
            for (place, name) in [name, low, high].into_iter().enumerate() {
                let Some(indicator) = Indicators::named(name) else { continue };
                if self.told_of([indicator]).next().is_none() {
                    row.push(words("non publié", "not published"));
                    continue;
                }
                let told = self.told(indicator, |_| ()).await?;
                used.push(indicator);
                is_of_period &= told.is_of_period;
                let Some(cell) = told.cells.first() else { continue };
                if place == 0 {
                    row.push(ReportCell::Words(label(indicator)));
                }
                row.push(value(cell));
                if place == 0 {
                    let detail = cell.detail.as_ref();
                    let interval = detail.and_then(|detail| detail.interval);
                    row.push(ReportCell::maybe(interval.map(|(low, _)| low)));
                    row.push(ReportCell::maybe(interval.map(|(_, high)| high)));
                    for word in ["businesses", "at_risk", "closed", "unknown"] {
                        let numbers = detail.into_iter().flat_map(|detail| &detail.numbers);
                        let mut of_it = numbers.filter(|(known, _)| *known == word);
                        row.push(ReportCell::maybe(of_it.next().map(|(_, count)| count)));
                    }
                }
            }
            rows.push(row);
        }
        let percent = |fr, en| column(fr, en, ReportColumnKind::Percent);
        let number = |fr, en| column(fr, en, ReportColumnKind::Number);
        let columns = vec![
            column("Survie", "Survival", ReportColumnKind::Text),
            percent("Estimée", "Estimated"),
            percent("de (95 %)", "from (95 %)"),
            percent("à (95 %)", "to (95 %)"),
            number("Activités", "Businesses"),
            number("Suivies jusque-là", "Followed until then"),
            number("Cessées", "Closed"),
            number("Sans nouvelles", "Not known"),
            percent("Au moins", "At least"),
            percent("De celles dont on sait", "Of those known of"),
        ];
        let mut part = table(columns, rows);
        part.note = if is_of_period {
            BothLanguages::of(
                "Activités démarrées dans la période, telles que connues à la date du rapport.",
                "Businesses started in the period, as known on the day of the report.",
            )
        } else {
            BothLanguages::of(
                "Activités démarrées depuis le début du programme : la survie n'est pas publiée par période.",
                "Businesses started since the beginning of the programme: survival is not published by period.",
            )
        };
        Ok(part)
    }

    async fn regions(
        &self,
        used: &mut Vec<&'static Indicator>,
    ) -> Result<ReportPart, ReportDocumentError> {
        const SHOWN: [&str; 5] =
            ["registered", "trained", "financed", "businesses_started", "amount_disbursed"];
        let mut columns = vec![column("Région", "Region", ReportColumnKind::Text)];
        let mut rows: Vec<(RegionCode, Vec<ReportCell>)> =
            RegionCode::all().map(|region| (region, Vec::new())).collect();
        for indicator in SHOWN.iter().filter_map(|name| Indicators::named(name)) {
            let told =
                self.told(indicator, |query| query.group_by = vec![Dimension::Region]).await?;
            columns
                .push(ReportColumn { heading: label(indicator), kind: ReportColumnKind::Number });
            for (region, row) in &mut rows {
                let of_it = |cell: &&FigureCell| {
                    cell.words.first().is_some_and(|word| word == region.code())
                };
                row.push(told.cells.iter().find(of_it).map_or(ReportCell::Nothing(()), value));
            }
            used.push(indicator);
        }
        let is_there =
            |row: &Vec<ReportCell>| row.iter().any(|cell| *cell != ReportCell::Nothing(()));
        let rows = rows.into_iter().filter(|(_, row)| is_there(row)).map(|(region, row)| {
            let name = BothLanguages::same(region.name_fr());
            std::iter::once(ReportCell::Words(name)).chain(row).collect()
        });
        Ok(table(columns, rows.collect()))
    }

    async fn targets(
        &self,
        used: &mut Vec<&'static Indicator>,
    ) -> Result<ReportPart, ReportDocumentError> {
        let first = Indicators::named("registered").unwrap_or(&INDICATORS[0]);
        let question = self.question(first, true);
        let reached = match &self.reader {
            Reader::Exact(own) => {
                let found = self.figures.moment(self.when).await?;
                let query = AnalyticsQuery { reach: own.clone(), ..question.query };
                self.figures.targets(query, self.audience.scope.reach(), found.at).await?
            }
            Reader::Published(to) => self.figures.published_targets(&question, to).await?.1,
        };
        for one in &reached {
            used.extend(Indicators::named(&one.target.indicator));
        }
        let columns = vec![
            column("Indicateur", "Indicator", ReportColumnKind::Text),
            column("De qui", "Of whom", ReportColumnKind::Text),
            column("Du", "From", ReportColumnKind::Date),
            column("Au", "To", ReportColumnKind::Date),
            column("Cible", "Target", ReportColumnKind::Number),
            column("Réalisé", "Reached", ReportColumnKind::Number),
            column("Réalisé / cible", "Reached / target", ReportColumnKind::Percent),
            column("Période écoulée", "Period over", ReportColumnKind::Percent),
            column("Avancement", "Progress", ReportColumnKind::Text),
        ];
        Ok(table(columns, reached.iter().map(target).collect()))
    }

    async fn funds(&self) -> Result<ReportPart, ReportDocumentError> {
        let columns = vec![
            column("Fonds", "Fund", ReportColumnKind::Text),
            column("Bailleur", "Donor", ReportColumnKind::Text),
            column("Du", "From", ReportColumnKind::Date),
            column("Au", "To", ReportColumnKind::Date),
            column("Enveloppe (FCFA)", "Budget (XOF)", ReportColumnKind::Number),
            column("Engagé", "Committed", ReportColumnKind::Number),
            column("Décaissé", "Disbursed", ReportColumnKind::Number),
            column("Remboursé", "Repaid", ReportColumnKind::Number),
            column("Disponible", "Free", ReportColumnKind::Number),
        ];
        let own = match &self.audience.scope {
            Scope::Funds(funds) => Reach::Funds(funds.iter().map(|fund| fund.0).collect()),
            _ => Reach::All,
        };
        let question = FundQuestion {
            programme: Some(self.programme),
            donor: None,
            open: None,
            reach: &own,
            after: None,
            limit: FUNDS_MAX,
        };
        let found = funds(self.read, &question).await.map_err(FigureError::Read)?;
        // What one payment moves is told to nobody who must see nobody.
        let is_exact = self.audience.told == Telling::Exact;
        let moved = |amount: Option<i64>| ReportCell::maybe(amount.filter(|_| is_exact));
        let row = |fund: &sira_projections::lists::FundItem| {
            vec![
                ReportCell::Words(BothLanguages::same(&fund.code)),
                ReportCell::Words(BothLanguages::same(&fund.donor)),
                ReportCell::maybe(Some(fund.starts_on)),
                ReportCell::maybe(Some(fund.ends_on)),
                ReportCell::maybe(Some(fund.budget)),
                moved(fund.committed),
                moved(fund.disbursed),
                moved(fund.repaid),
                moved(fund.free),
            ]
        };
        let mut part = table(columns, found.items.iter().map(row).collect());
        part.note = BothLanguages::of(
            "Tels qu'ils sont le jour où le rapport est établi.",
            "As they stand on the day on which the report is made.",
        );
        if found.next.is_some() {
            part.note = BothLanguages::of(
                format!("{} Les {FUNDS_MAX} plus récents.", part.note.fr),
                format!("{} The {FUNDS_MAX} latest.", part.note.en),
            );
        }
        Ok(part)
    }
}

fn of_women(query: &mut AnalyticsQuery) {
    query.filters.push((Dimension::Sex, vec!["female".to_owned()]));
}

/// What a line is called: its indicator, and the category where it has one.
fn named(told: &ToldIndicator, cell: &FigureCell) -> BothLanguages {
    let mut name = label(told.indicator);
    let own = groups(told.indicator, &[]);
    for word in own.iter().zip(&cell.words).map(|(_, word)| word).filter(|word| !word.is_empty()) {
        name = BothLanguages::of(format!("{} : {word}", name.fr), format!("{}: {word}", name.en));
    }
    name
}

fn over(told: &ToldIndicator) -> ReportCell {
    use sira_projections::analytics::IndicatorKind::{Flow, Stock, Trailing};
    match told.indicator.kind {
        Flow if told.is_of_period => words("la période", "the period"),
        Flow => words("depuis le début", "since the beginning"),
        Stock => words("la fin de la période", "the end of the period"),
        Trailing => words("douze mois", "twelve months"),
    }
}

fn target(one: &Reached) -> Vec<ReportCell> {
    let target = &one.target;
    let indicator = Indicators::named(&target.indicator);
    let name = indicator.map_or_else(|| BothLanguages::same(&target.indicator), label);
    let region = target.region.as_ref().and_then(|code| code.parse::<RegionCode>().ok());
    let of = |language| {
        let place = match (&region, language) {
            (Some(region), _) => region.name_fr(),
            (None, Language::Fr) => "toutes les régions",
            (None, Language::En) => "every region",
        };
        let who = match (target.sex.as_deref(), language) {
            (Some("female"), Language::Fr) => ", femmes",
            (Some("female"), Language::En) => ", women",
            (Some(_), Language::Fr) => ", hommes",
            (Some(_), Language::En) => ", men",
            (None, _) => "",
        };
        format!("{place}{who}")
    };
    let aim = Decimal::of_ratio(target.value.into(), 1, PLACES);
    let parts = |value: Decimal| i128::from(value.unscaled());
    let share = one
        .actual
        .zip(aim)
        .and_then(|(actual, aim)| Decimal::of_ratio(parts(actual) * 100, parts(aim), PLACES));
    let progress = match (one.untold, one.progress.pace) {
        (Some(Untold::OtherPeople), _) => words("d'autres personnes", "of other people"),
        (Some(Untold::NoPeriod), _) => words("non publié par période", "not published by period"),
        (Some(Untold::Borders), _) => {
            words("période sans bornes publiées", "period not on reporting moments")
        }
        (Some(Untold::Unpublished), _) => words("rien de publié", "nothing published"),
        (None, Some(Pace::NotBegun)) => words("pas commencé", "not begun"),
        (None, Some(Pace::Reached)) => words("atteint", "reached"),
        (None, Some(Pace::OnTrack)) => words("dans les temps", "on track"),
        (None, Some(Pace::Behind)) => words("en retard", "behind"),
        (None, None) => ReportCell::Nothing(()),
    };
    vec![
        ReportCell::Words(name),
        ReportCell::Words(BothLanguages::of(of(Language::Fr), of(Language::En))),
        ReportCell::maybe(Some(target.from_on)),
        ReportCell::maybe(Some(target.to_on)),
        ReportCell::maybe(aim),
        ReportCell::maybe(one.actual),
        ReportCell::maybe(share),
        ReportCell::maybe(one.progress.elapsed),
        progress,
    ]
}

fn table(columns: Vec<ReportColumn>, rows: Vec<Vec<ReportCell>>) -> ReportPart {
    ReportPart {
        part: String::new(),
        title: BothLanguages::default(),
        note: BothLanguages::default(),
        columns,
        rows,
        text: BothLanguages::default(),
    }
}

fn text(narrative: Option<&Narrative>) -> ReportPart {
    let told = narrative.cloned().unwrap_or_default();
    ReportPart { text: BothLanguages::of(told.fr, told.en), ..table(Vec::new(), Vec::new()) }
}
