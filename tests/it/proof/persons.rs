//! Figures of people against the oracle, where links are told and taken back: somebody who has two paths counts
//! once, with the facts and the money of both.

use std::collections::{BTreeMap, BTreeSet};

use sira::journal::RecordedEvent;
use sira_numbers::Position;
use sira_projections::ReadStore;
use sira_projections::analytics::{
    AnalyticsQuery, Cube, CubeState, Dimension, Indicators, LiveCube, Moment, compute,
};

use super::oracle::{self, Story};
use super::tables::stories;

/// Beside the links: every so many positions.
const EVERY: usize = 149;

/// What is above the line of an indicator, of all time.
fn part(cube: &Cube, name: &str, groups: &[Dimension], moment: Moment) -> BTreeMap<String, i128> {
    let indicator = Indicators::named(name).unwrap();
    let query = AnalyticsQuery { group_by: groups.to_vec(), ..AnalyticsQuery::default() };
    let asked = query.on(cube, &[indicator], moment).unwrap();
    let mut parts = BTreeMap::new();
    let figures = compute(cube, &[indicator], &asked, moment);
    for cell in figures.into_iter().flat_map(|one| one.cells) {
        let key = if groups.is_empty() {
            name.to_owned()
        } else {
            format!("{name} in {}", cell.words[0])
        };
        *parts.entry(key).or_default() += cell.part.unwrap();
    }
    parts
}

/// The positions at which somebody becomes one person or two, those around them, and some in between.
fn positions(events: &[RecordedEvent], head: Position) -> BTreeSet<Position> {
    let is_link = |event: &&RecordedEvent| event.event_type.starts_with("Duplicate");
    let links = events
        .iter()
        .filter(is_link)
        .flat_map(|event| [event.position.before(), event.position, event.position.next()]);
    let between = (1..=head.get()).step_by(EVERY).map(Position::of_count);
    let mut all: BTreeSet<Position> = links.chain(between).collect();
    all.insert(head);
    all.retain(|position| *position <= head);
    all
}

/// Checks figures at every position at which links change them.
pub async fn check(events: &[RecordedEvent], store: &ReadStore, head: Position) {
    let live = LiveCube::new(store.clone(), "main");
    assert_eq!(live.refresh().await.unwrap(), CubeState::At(head));
    let cube = live.read();
    let known = stories(events);
    let paths = known.iter().filter(|((kind, _), _)| kind == "beneficiary").map(|(_, story)| story);
    let paths: Vec<&Story> = paths.collect();
    let day = "2026-10-01".parse().unwrap();
    let mut joined = 0;
    for position in positions(events, head) {
        let then: Vec<Story> = paths.iter().map(|story| story.at(position)).collect();
        let moment = Moment { position, day };
        let figures = oracle::persons::figures(&then, day);
        let registered = then.iter().filter(|path| path.registration().is_some()).count();
        joined +=
            usize::from(figures.get("registered").is_some_and(|told| *told < registered as i128));
        for (name, expected) in figures {
            let (indicator, groups): (&str, &[Dimension]) = match name.split_once(" in ") {
                Some((indicator, _)) => (indicator, &[Dimension::Region]),
                None => (&name, &[]),
            };
            let found = part(&cube, indicator, groups, moment).get(&name).copied();
            assert_eq!(found.unwrap_or_default(), expected, "{name} at {position}");
        }
    }
    assert!(joined > 0, "nobody had two paths");
}
