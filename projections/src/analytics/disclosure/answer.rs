//! Answers from what was published: released cells added up, and nothing else.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::super::compute::{FigureCell, groups};
use super::super::indicators::{Finish, Indicator, IndicatorKind};
use super::super::series::span;
use super::super::tally::{PLACES, Tally};
use super::super::words::Dimension;
use super::served::Unserved;
use super::table::{PublishedTable, Series};
use super::{Audience, FEW};
use crate::table::Decimal;

/// A question to those tables.
#[derive(Clone, Debug)]
pub struct Ask {
    /// For each dimension, the words of which one must fit.
    pub filters: Vec<(Dimension, Vec<String>)>,
    /// What to break down by, in order: dimensions of the audience, and an interval in the first place of
    /// a series over time.
    pub groups: Vec<Dimension>,
    /// The last day before the period; none from the beginning on.
    pub before: Option<NaiveDate>,
    /// The last day of the period, a reporting moment.
    pub to: NaiveDate,
    /// The funds that may be seen; none for all.
    pub funds: Option<Vec<String>>,
    /// The regions that may be seen; none for all.
    pub regions: Option<Vec<String>>,
}

impl Ask {
    /// Refuses what is not published to an audience: of several indicators those that are not published have no value
    /// in the answer, and where none is, there is none. A series over time has its interval in the first
    /// place, which decides over the slices.
    ///
    /// # Errors
    /// [`Unserved`].
    pub fn check(
        &self,
        audience: Audience,
        indicators: &[&'static Indicator],
        is_series: bool,
    ) -> Result<(), Unserved> {
        let published = audience.dimensions();
        let groups = self.groups.iter().skip(usize::from(is_series)).map(|one| (*one, false));
        let filters = self.filters.iter().map(|(one, _)| (*one, true));
        let unknown = groups.chain(filters).find(|(one, _)| !published.contains(one));
        if let Some((dimension, is_filter)) = unknown {
            return Err(Unserved::Dimension { dimension, is_filter, published });
        }
        if let [first, ..] = indicators
            && indicators.iter().all(|one| !one.is_published())
        {
            return Err(Unserved::NotPublished(first.name));
        }
        let is_cut = is_series || self.before.is_some();
        let whole = |one: &&&Indicator| {
            one.is_published() && one.kind == IndicatorKind::Flow && !one.adds_up()
        };
        match indicators.iter().find(whole) {
            Some(one) if is_cut => Err(Unserved::NoPeriod(one.name)),
            _ => Ok(()),
        }
    }

    /// The interval of a series over time.
    fn interval(&self) -> Option<Dimension> {
        self.groups.first().copied().filter(|group| group.is_time())
    }

    fn fits(&self, series: &Series) -> bool {
        let holds = |list: &Option<Vec<String>>, dimension| {
            list.as_ref().is_none_or(|list| list.iter().any(|one| one == series.word(dimension)))
        };
        let is_asked = |(dimension, words): &(Dimension, Vec<String>)| {
            words.iter().any(|word| word == series.word(*dimension))
        };
        holds(&self.funds, Dimension::Fund)
            && holds(&self.regions, Dimension::Region)
            && self.filters.iter().all(is_asked)
    }
}

/// A stretch of time that one cell tells of: its word in a series, the day before and the last day.
struct Slice {
    word: Option<String>,
    before: Option<NaiveDate>,
    to: NaiveDate,
}

/// The cells of an indicator of a table. Without a breakdown there is exactly one, without a value where
/// nothing was released.
#[must_use]
pub fn cells(table: &PublishedTable, indicator: &'static Indicator, ask: &Ask) -> Vec<FigureCell> {
    let groups = groups(indicator, &ask.groups);
    let Some(place) = table.indicators.iter().position(|one| one.name == indicator.name) else {
        return if groups.is_empty() { vec![untold()] } else { Vec::new() };
    };
    let mut keyed: BTreeMap<Vec<String>, Vec<&Series>> = BTreeMap::new();
    for series in table.cells.iter().filter(|series| ask.fits(series)) {
        if series.standing(ask.to).is_some() {
            let own = groups.iter().filter(|group| !group.is_time());
            let words = own.map(|group| series.word(*group).to_owned()).collect();
            keyed.entry(words).or_default().push(series);
        }
    }
    if groups.is_empty() && keyed.is_empty() {
        keyed.insert(Vec::new(), Vec::new());
    }
    let mut cells = Vec::new();
    for (words, series) in &keyed {
        let first = series.iter().filter_map(|one| one.releases.first()).map(|one| one.on).min();
        for slice in slices(ask, first.unwrap_or(ask.to)) {
            let words = slice.word.iter().chain(words).cloned().collect();
            let mut cell = cell(indicator, place, words, series, &slice);
            if is_counted_twice(table, indicator, series, slice.to) {
                cell =
                    FigureCell { value: None, part: None, whole: None, suppressed: true, ..cell };
            }
            cells.push(cell);
        }
    }
    cells.sort_by(|one, other| one.words.cmp(&other.words));
    cells
}

/// What is told of an indicator that is not published.
const fn untold() -> FigureCell {
    FigureCell {
        words: Vec::new(),
        value: None,
        part: None,
        whole: None,
        detail: None,
        suppressed: true,
        held: false,
    }
}

/// The stretches of time of a question: one, or the whole intervals from the first release on.
fn slices(ask: &Ask, first: NaiveDate) -> Vec<Slice> {
    let Some(interval) = ask.interval() else {
        return vec![Slice { word: None, before: ask.before, to: ask.to }];
    };
    let mut slices = Vec::new();
    let begin =
        ask.before.and_then(|before| before.succ_opt()).map_or(first, |from| from.max(first));
    let mut day = begin;
    while let Some((word, from, to)) = span(interval, day).filter(|(.., to)| *to <= ask.to) {
        slices.push(Slice { word: Some(word), before: from.pred_opt(), to });
        let Some(next) = to.succ_opt() else { break };
        day = next;
    }
    slices
}

/// Whether cells that would be added up may hold somebody twice: of people, and of several funds, once anybody is of
/// two of them. Asked fund by fund they are told.
fn is_counted_twice(
    table: &PublishedTable,
    indicator: &Indicator,
    series: &[&Series],
    to: NaiveDate,
) -> bool {
    let is_shared = table.shared_since.is_some_and(|since| since <= to);
    let of_money = indicator.measures.iter().all(|measure| measure.has_fund_of_its_own());
    let fund = series.first().map(|one| one.word(Dimension::Fund));
    is_shared && !of_money && series.iter().any(|one| Some(one.word(Dimension::Fund)) != fund)
}

/// What is told of some base cells together over a stretch of time.
fn cell(
    indicator: &'static Indicator,
    place: usize,
    words: Vec<String>,
    series: &[&Series],
    slice: &Slice,
) -> FigureCell {
    let mut tally = Tally::default();
    let mut held = false;
    let mut is_told = false;
    for one in series {
        let Some(release) = one.standing(slice.to) else { continue };
        is_told = true;
        held |= release.on < slice.to;
        tally.merge(&release.tallies[place]);
        let before = slice.before.filter(|_| indicator.kind == IndicatorKind::Flow);
        if let Some(earlier) = before.and_then(|before| one.standing(before)) {
            tally.take_away(&earlier.tallies[place]);
        }
    }
    let (value, part, whole) = if is_told { told(indicator, &tally) } else { (None, None, None) };
    let suppressed = !is_told || is_hidden_middle(indicator, &tally);
    FigureCell { words, value, part, whole, detail: None, suppressed, held }
}

type Told = (Option<Decimal>, Option<i128>, Option<i128>);

/// What a tally comes to for those who must see nobody. Of a share of people the whole percent alone is
/// told: what it is made of is told by other indicators, which move on at other moments, and the two would
/// be set against each other. So it is of those whom a middle or a difference of means is taken of.
fn told(indicator: &Indicator, tally: &Tally) -> Told {
    let value = tally.value(indicator.finish);
    match indicator.finish {
        Finish::Total { .. } => (value, Some(tally.part), None),
        Finish::Percent if indicator.of_people => {
            let whole = Decimal::of_ratio(tally.part * 100, tally.whole, 0);
            (whole.and_then(whole_percent), None, None)
        }
        Finish::Percent | Finish::Mean => (value, Some(tally.part), Some(tally.whole)),
        Finish::Difference => (value, None, None),
        Finish::Quantile(percent) => (tally.quantile_among(percent, FEW), None, None),
        Finish::Median => (tally.median_among(FEW), None, None),
        Finish::Survival { .. } => (value.and_then(whole_percent), None, None),
    }
}

/// A percent without what is behind its point, with [`PLACES`] places.
fn whole_percent(value: Decimal) -> Option<Decimal> {
    let parts = 10_i128.pow(value.scale().into());
    let whole = Decimal::of_ratio(value.unscaled().into(), parts, 0)?;
    Decimal::of_ratio(whole.unscaled().into(), 1, PLACES)
}

/// Whether an order statistic is not told, as fewer than [`FEW`] people lie on one side of it.
fn is_hidden_middle(indicator: &Indicator, tally: &Tally) -> bool {
    match indicator.finish {
        Finish::Quantile(percent) => tally.quantile_among(percent, FEW).is_none(),
        Finish::Median => tally.median_among(FEW).is_none(),
        _ => false,
    }
}
