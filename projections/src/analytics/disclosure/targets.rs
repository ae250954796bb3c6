//! Targets beside what was published of them.

use chrono::NaiveDate;

use super::super::indicators::{Indicator, IndicatorKind};
use super::super::targets::{KnownTarget, Progress, Reached, Untold};
use super::super::words::Dimension;
use super::answer::cells;
use super::{Ask, Audience, PublishedTable, Schedule};

/// What was published of a target by a reporting moment, to those who may see these regions (all when
/// none are named); or why it is not told. A target is of a whole programme: a donor, who is told figures
/// of its own funds, is told none of it.
#[must_use]
pub fn reached(
    table: &PublishedTable,
    target: &KnownTarget,
    regions: Option<&Vec<String>>,
    schedule: &Schedule,
    moment: NaiveDate,
) -> Reached {
    let Some(indicator) = super::super::Indicators::named(&target.indicator) else {
        return Reached::untold(target, None);
    };
    match period(indicator, target, schedule, moment) {
        _ if !is_of_its_people(table.audience, target, regions) => {
            Reached::untold(target, Some(Untold::OtherPeople))
        }
        _ if !indicator.is_published() => Reached::untold(target, Some(Untold::Unpublished)),
        Err(untold) => Reached::untold(target, Some(untold)),
        Ok((before, to)) => told(table, indicator, target, (before, to)),
    }
}

fn is_of_its_people(
    audience: Audience,
    target: &KnownTarget,
    regions: Option<&Vec<String>>,
) -> bool {
    let is_within =
        |list: &Vec<String>| target.region.as_ref().is_some_and(|one| list.contains(one));
    audience == Audience::Analyst && regions.is_none_or(is_within)
}

/// The last day before the period of a target and the last day of it that is over.
fn period(
    indicator: &Indicator,
    target: &KnownTarget,
    schedule: &Schedule,
    moment: NaiveDate,
) -> Result<(Option<NaiveDate>, NaiveDate), Untold> {
    // Before it begins nothing of it was published.
    if moment < target.from_on {
        return Err(Untold::Unpublished);
    }
    let to = target.to_on.min(moment);
    let is_border = |day| schedule.publishes(&target.programme, day);
    if to < moment && !is_border(to) {
        return Err(Untold::Borders);
    }
    if indicator.kind != IndicatorKind::Flow {
        return Ok((None, to));
    }
    if !indicator.adds_up() {
        return Err(Untold::NoPeriod);
    }
    let before = target.from_on.pred_opt();
    let first = schedule.moments.first().map(|first| first.day);
    // Before anything was recorded one day is as good as another.
    let is_early = |day| first.is_none_or(|first| day < first);
    if before.is_some_and(|day| !is_border(day) && !is_early(day)) {
        return Err(Untold::Borders);
    }
    Ok((before, to))
}

fn told(
    table: &PublishedTable,
    indicator: &'static Indicator,
    target: &KnownTarget,
    (before, to): (Option<NaiveDate>, NaiveDate),
) -> Reached {
    let mut filters = vec![(Dimension::Programme, vec![target.programme.clone()])];
    let named = [(Dimension::Region, &target.region), (Dimension::Sex, &target.sex)];
    filters.extend(named.iter().filter_map(|(name, word)| Some((*name, vec![(*word).clone()?]))));
    let ask = Ask { filters, groups: Vec::new(), before, to, funds: None, regions: None };
    // An indicator that is told apart by a word of its own, a currency, has no one value.
    let found = cells(table, indicator, &ask);
    match found.as_slice() {
        [one] if !one.suppressed => {
            let progress = Progress::on(to, indicator, target, one.value);
            Reached {
                target: target.clone(),
                actual: one.value,
                untold: None,
                progress,
                held: one.held,
            }
        }
        _ => Reached::untold(target, Some(Untold::Unpublished)),
    }
}
