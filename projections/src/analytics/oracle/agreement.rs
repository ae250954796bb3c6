//! Columns against rows: the same facts, the same cells, whatever is asked.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use sira_numbers::Position;

use super::super::columns::BLOCK;
use super::super::compute::{Key, cells_of, compute};
use super::super::counting::Tallies;
use super::super::facts::{DayNumber, Measure, day_of, number_of};
use super::super::indicators::{INDICATORS, Indicator, IndicatorKind, Indicators};
use super::super::persons::Persons;
use super::super::query::{AnalyticsQuery, FigureReach, Moment};
use super::super::series::{compute_series, span, spans};
use super::super::tally::Tally;
use super::super::targets::{KnownTarget, reached};
use super::super::words::Dimension;
use super::invented::{Dice, Invented, uuid};
use super::{RowFacts, RowQuestion};
use crate::table::Decimal;
use crate::{ProgrammeOffice, Reach};

/// Facts of one programme: the measures told often have more than two blocks each.
const FACTS: u32 = 14_000;
/// Measures that one programme tells often.
const OFTEN: usize = 4;

/// A question at random: breakdown, filters, period, reach.
fn query(invented: &Invented, dice: &mut Dice) -> AnalyticsQuery {
    let mut group_by = Vec::new();
    for _ in 0..dice.below(4) {
        let dimension = *dice.pick(Dimension::ALL);
        if !group_by.contains(&dimension) {
            group_by.push(dimension);
        }
    }
    let mut filters: Vec<(Dimension, Vec<String>)> = Vec::new();
    for _ in 0..dice.below(3) {
        let dimension = *dice.pick(Dimension::ALL);
        let words = (0..=dice.below(3)).map(|_| word(dice, dimension)).collect();
        if filters.iter().all(|(known, _)| *known != dimension) {
            filters.push((dimension, words));
        }
    }
    let reach = match dice.below(4) {
        0 => FigureReach::Offices(
            (0..dice.below(4))
                .map(|_| ProgrammeOffice {
                    programme: uuid(2, dice.below(3)),
                    office: format!("office{}", dice.below(6)),
                })
                .collect(),
        ),
        1 => FigureReach::Funds((0..dice.below(3)).map(|_| uuid(3, dice.below(5))).collect()),
        _ => FigureReach::All,
    };
    let borders = borders(invented);
    let mut day = || if dice.one_in(2) { day_of(*dice.pick(&borders)) } else { dice.day() };
    let (one, other) = (day(), day());
    let from = dice.one_in(2).then(|| one.min(other));
    let to = dice.one_in(2).then(|| one.max(other));
    AnalyticsQuery { filters, from, to, group_by, series: None, reach }
}

/// The first and last days of blocks, and those on which the last of a block ends, with the days beside them: where a
/// block is or is not passed over.
fn borders(invented: &Invented) -> Vec<i32> {
    let blocks = invented.rows.iter().flat_map(|rows| rows.chunks_exact(BLOCK));
    let days = blocks.flat_map(|block| {
        let on = block.iter().map(|fact| fact.on);
        let ends = block.iter().filter_map(|fact| fact.ends_on).map(DayNumber::number);
        [on.clone().min(), on.max(), ends.max()].into_iter().flatten()
    });
    days.flat_map(|day| [day - 1, day, day + 1]).collect()
}

/// A word that some fact has, or none has.
fn word(dice: &mut Dice, dimension: Dimension) -> String {
    let number = dice.below(5);
    match dimension {
        _ if number == 0 && !dimension.is_time() => "none".to_owned(),
        Dimension::Programme => uuid(2, number).to_string(),
        Dimension::Fund => uuid(3, number).to_string(),
        Dimension::Region => format!("region{number}"),
        Dimension::Office => format!("office{number}"),
        Dimension::Sex => ["female", "male"][number as usize % 2].to_owned(),
        Dimension::AgeBand => format!("band{number}"),
        Dimension::Disability | Dimension::Displaced | Dimension::Trained => {
            number.is_multiple_of(2).to_string()
        }
        Dimension::Sector => format!("sector{number}"),
        Dimension::Education => format!("level{number}"),
        Dimension::Cohort => format!("cohort{number}"),
        Dimension::Tag => format!("word{number}"),
        Dimension::Year => format!("{}", 2021 + number),
        Dimension::Quarter => format!("2023-Q{}", number % 4 + 1),
        Dimension::Month => format!("2024-{:02}", number + 1),
    }
}

/// The indicators that have all that is asked for.
fn asked_of(query: &AnalyticsQuery) -> Vec<&'static Indicator> {
    let asked: Vec<_> =
        query.group_by.iter().copied().chain(query.filters.iter().map(|(one, _)| *one)).collect();
    let holds = |indicator: &&Indicator| {
        let held = indicator.dimensions();
        asked.iter().all(|one| held.contains(one))
    };
    INDICATORS.iter().filter(holds).collect()
}

/// The measures that a programme of a number tells often.
fn often(number: usize) -> Vec<Measure> {
    Measure::ALL.iter().copied().cycle().skip(number * OFTEN).take(OFTEN).collect()
}

fn programmes() -> impl Iterator<Item = (Invented, Dice)> {
    let count = Measure::ALL.len().div_ceil(OFTEN);
    (0..count).map(|number| {
        let seed = number as u64 * 7_919 + 17;
        (Invented::new(seed, FACTS, &often(number)), Dice::new(seed ^ 0x00ff_00ff))
    })
}

/// A position of the programme: its last one often, or any, also before all.
fn moment(invented: &Invented, dice: &mut Dice) -> Moment {
    let told: Vec<Position> = invented.rows.iter().flatten().map(|fact| fact.since).collect();
    let position = match dice.below(4) {
        0 => invented.cube.position,
        1 => *dice.pick(&told),
        2 => dice.pick(&told).before(),
        _ => invented.cube.position.plus(1),
    };
    Moment { position, day: dice.day() }
}

#[test]
fn every_measure_is_walked_as_its_rows_are_at_every_position() {
    for (invented, mut dice) in programmes() {
        let rows = RowFacts { rows: invented.rows.clone(), words: &invented.cube };
        for measure in Measure::ALL {
            let own = &invented.rows[*measure as usize];
            assert!(invented.cube.facts(*measure).eq(own.iter().copied()), "{measure:?}");
        }
        for _ in 0..3 {
            let at = moment(&invented, &mut dice).position;
            let persons = Persons::at(&invented.cube, at);
            for measure in Measure::ALL {
                let (mut expected, mut found) = (Vec::new(), Vec::new());
                rows.walk(*measure, at, |fact, path| expected.push((*fact, path)));
                invented.cube.walk(*measure, &persons, |fact, path| found.push((*fact, path)));
                assert_eq!(found, expected, "{measure:?} at {at}");
                let told = rows.rows[*measure as usize].iter().filter(|fact| fact.since <= at);
                assert_eq!(invented.cube.told(*measure, at), told.count(), "{measure:?} at {at}");
            }
        }
    }
}

#[test]
fn every_cell_of_every_indicator_is_what_a_walk_over_all_rows_tells() {
    let (mut cells, mut held) = (0, 0);
    for (invented, mut dice) in programmes() {
        let (cube, rows) =
            (&invented.cube, RowFacts { rows: invented.rows.clone(), words: &invented.cube });
        for _ in 0..5 {
            let (query, at) = (query(&invented, &mut dice), moment(&invented, &mut dice));
            let indicators = asked_of(&query);
            let asked = query.on(cube, &indicators, at).unwrap();
            let expected = RowQuestion::new(&rows, &query, at);
            for (indicator, figures) in
                indicators.iter().zip(compute(cube, &indicators, &asked, at))
            {
                let told = cells_of(cube, indicator, &query.group_by, expected.tally(indicator));
                assert_eq!(figures.cells, told.cells, "{}: {query:?} at {at:?}", indicator.name);
                cells += told.cells.len();
                held += usize::from(
                    told.cells.iter().any(|cell| cell.part.is_some_and(|part| part != 0)),
                );
                // Who is behind a cell is asked of the same facts.
                for measure in indicator.measures {
                    let mut found = Vec::new();
                    let kind = (*measure, indicator.kind);
                    asked.walk(cube, kind, |fact, path| found.push((*fact, path)));
                    assert_eq!(found, expected.walk(kind), "{}: {query:?}", indicator.name);
                }
            }
        }
    }
    assert!(cells > 5_000 && held > 500, "{cells} cells, and {held} answers that tell anything");
}

/// The words of a cell, and what is above and below its line.
type ToldCell = (Vec<String>, Option<i128>, Option<i128>);

/// A series as rows tell it, each period a question of its own.
fn series(
    rows: &RowFacts<'_>,
    indicator: &'static Indicator,
    query: &AnalyticsQuery,
    at: Moment,
) -> Vec<Vec<ToldCell>> {
    let interval = query.series.unwrap();
    let to = query.to.map_or(at.day, |to| to.min(at.day));
    let whole = query.of_period((NaiveDate::MIN, to));
    let of_all = RowQuestion::new(rows, &whole, at);
    let measures = indicator.measures.iter();
    let facts = measures.flat_map(|measure| of_all.walk((*measure, IndicatorKind::Flow)));
    let first = facts.map(|(fact, _)| fact.on).min().filter(|first| *first <= number_of(to));
    let from = query.from.or(first.map(|first| span(interval, day_of(first)).unwrap().1));
    let periods: Vec<(String, Tallies)> = from
        .filter(|from| *from <= to)
        .map_or_else(Vec::new, |from| spans(interval, (from, to)))
        .into_iter()
        .map(|(word, from, to)| {
            let own = query.of_period((from, to));
            (word, RowQuestion::new(rows, &own, at).tally(indicator))
        })
        .collect();
    let keys: BTreeSet<Key> = periods.iter().flat_map(|(_, told)| told.keys().copied()).collect();
    let told = periods.into_iter().map(|(word, mut tallies)| {
        for key in &keys {
            tallies.entry(*key).or_default();
        }
        let cells = cells_of(rows.words, indicator, &whole.group_by, tallies).cells;
        let own = |words: Vec<String>| std::iter::once(word.clone()).chain(words).collect();
        cells.into_iter().map(|cell| (own(cell.words), cell.part, cell.whole)).collect()
    });
    told.collect()
}

#[test]
fn every_period_of_a_series_is_a_question_of_its_own() {
    for (invented, mut dice) in programmes().step_by(3) {
        let rows = RowFacts { rows: invented.rows.clone(), words: &invented.cube };
        for interval in [Dimension::Year, Dimension::Quarter] {
            let (mut query, at) = (query(&invented, &mut dice), moment(&invented, &mut dice));
            query.group_by.retain(|group| !group.is_time());
            let indicators: Vec<_> = asked_of(&query).into_iter().step_by(5).collect();
            query.series = Some(interval);
            query.group_by.insert(0, interval);
            let found = compute_series(&invented.cube, &indicators, &query, interval, at).unwrap();
            for (indicator, figures) in indicators.iter().zip(found) {
                let mut told: Vec<_> =
                    series(&rows, indicator, &query, at).into_iter().flatten().collect();
                told.sort();
                let mut found: Vec<_> = figures
                    .cells
                    .into_iter()
                    .map(|cell| (cell.words, cell.part, cell.whole))
                    .collect();
                found.sort();
                assert_eq!(found, told, "{}: {query:?} at {at:?}", indicator.name);
            }
        }
    }
}

/// A target at random.
fn target(invented: &Invented, dice: &mut Dice) -> KnownTarget {
    let targeted = [Dimension::Programme, Dimension::Region, Dimension::Sex];
    let may_be = |one: &&Indicator| targeted.iter().all(|held| one.dimensions().contains(held));
    let indicators: Vec<_> = INDICATORS.iter().filter(may_be).collect();
    let borders = borders(invented);
    let (one, other) = (day_of(*dice.pick(&borders)), dice.day());
    KnownTarget {
        programme: uuid(2, dice.below(2)).to_string(),
        indicator: dice.pick(&indicators).name.to_owned(),
        from_on: one.min(other),
        to_on: one.max(other),
        region: dice.one_in(2).then(|| word(dice, Dimension::Region)),
        sex: dice.one_in(2).then(|| word(dice, Dimension::Sex)),
        value: 10,
    }
}

/// What rows tell of a target within a reach: the value, and of how many facts.
fn told_of(
    rows: &RowFacts<'_>,
    target: &KnownTarget,
    reach: &FigureReach,
    at: Moment,
) -> (Option<Decimal>, u64) {
    let words = &rows.words.dictionary;
    let indicator = Indicators::named(&target.indicator).unwrap();
    let query = AnalyticsQuery {
        from: Some(target.from_on),
        to: Some(target.to_on),
        group_by: vec![Dimension::Programme, Dimension::Region, Dimension::Sex],
        reach: reach.clone(),
        ..AnalyticsQuery::default()
    };
    let at = Moment { day: at.day.min(target.to_on), ..at };
    let named = [Some(&target.programme), target.region.as_ref(), target.sex.as_ref()];
    let mut total = Tally::default();
    for (key, tally) in RowQuestion::new(rows, &query, at).tally(indicator) {
        let fits = |(place, word): (usize, Option<&String>)| {
            word.is_none_or(|word| words.find(query.group_by[place], word) == Some(key[place]))
        };
        if named.into_iter().enumerate().all(fits) {
            total.merge(&tally);
        }
    }
    (total.value(indicator.finish), total.facts)
}

#[test]
fn every_target_is_what_rows_tell_of_its_people() {
    let mut told = 0;
    for (invented, mut dice) in programmes() {
        let rows = RowFacts { rows: invented.rows.clone(), words: &invented.cube };
        let at = moment(&invented, &mut dice);
        let targets: Vec<_> = (0..12).map(|_| target(&invented, &mut dice)).collect();
        let own = query(&invented, &mut dice).reach;
        let found = reached(&invented.cube, &targets, (&Reach::All, &own), at).unwrap();
        for (target, found) in targets.iter().zip(found) {
            let (value, facts) = told_of(&rows, target, &FigureReach::All, at);
            let is_whole = told_of(&rows, target, &own, at).1 == facts;
            assert_eq!(found.untold.is_none(), is_whole, "{target:?}");
            assert_eq!(found.actual, value.filter(|_| is_whole), "{target:?}");
            told += usize::from(is_whole && facts > 0);
        }
    }
    assert!(told > 20, "{told} targets of anybody");
}
