//! The model against what comes out: a simulation without a journal, counted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sira_domain::values::SEALED_PREFIX;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::calendar::Calendar;
use crate::keys::{KeyFailure, PersonalKey};
use crate::world::{Settings, World};

/// A key that hides nothing: nobody real is behind it.
struct OpenKey;

impl PersonalKey for OpenKey {
    fn seal(&self, _: &str, plain: &[u8]) -> Result<String, KeyFailure> {
        Ok(format!("{SEALED_PREFIX}{}:{}", Uuid::nil().simple(), URL_SAFE_NO_PAD.encode(plain)))
    }

    fn open(&self, _: &str, sealed: &str) -> Result<Zeroizing<Vec<u8>>, KeyFailure> {
        let (_, encoded) = sealed.rsplit_once(':').ok_or("not sealed")?;
        Ok(Zeroizing::new(URL_SAFE_NO_PAD.decode(encoded)?))
    }
}

/// Streams by type of event, events in all, and refusals.
struct Counted {
    streams: BTreeMap<String, BTreeSet<Uuid>>,
    events: u64,
    refused: u64,
    selected: usize,
}

/// People of the population that is looked at most closely.
const CASES: u64 = 5_000;
static POPULATION: LazyLock<Counted> = LazyLock::new(|| simulate(CASES, 5));

fn simulate(cases: u64, seed: u64) -> Counted {
    let calendar = Calendar::new("2026-11-25".parse().unwrap(), 1);
    let keys = Box::new(|| Ok(Box::new(OpenKey) as Box<dyn PersonalKey>));
    let mut world = World::new(Settings { cases, seed, calendar }, keys).unwrap();
    let mut streams: BTreeMap<String, BTreeSet<Uuid>> = BTreeMap::new();
    let mut selected = BTreeSet::new();
    for slot in 0..calendar.slots() {
        world.run_slot(slot).unwrap();
        for write in world.ledger.requests.drain(..).flat_map(|request| request.writes) {
            let id = write.stream.aggregate_id;
            for event in write.events {
                if event.payload.contains(r#""decision":"selected""#) {
                    selected.insert(id);
                }
                streams.entry(event.event_type.into_owned()).or_default().insert(id);
            }
        }
    }
    let refused = world.ledger.refusals.values().sum();
    Counted { streams, events: world.ledger.events, refused, selected: selected.len() }
}

impl Counted {
    /// In a hundred of those who registered.
    fn percent(&self, event: &str) -> usize {
        let of = |name: &str| self.streams.get(name).map_or(0, BTreeSet::len);
        of(event) * 100 / of("Registered").max(1)
    }
}

#[test]
fn the_funnel_is_that_of_the_model() {
    let counted = &*POPULATION;
    let chain = [
        ("IdeaSubmitted", 97, 2),
        ("EligibilityAssessed", 75, 4),
        ("TrainingEnrolled", 28, 4),
        ("TrainingCompleted", 25, 3),
        ("FinancingApproved", 14, 3),
        ("BusinessStarted", 13, 3),
        ("AdviserAssigned", 84, 4),
    ];
    for (event, expected, tolerance) in chain {
        let found = counted.percent(event);
        assert!(found.abs_diff(expected) <= tolerance, "{event}: {found} instead of {expected}");
    }
    let selected = counted.selected * 100 / counted.streams["Registered"].len();
    assert!(selected.abs_diff(31) <= 4, "selected: {selected}");
    let each = counted.events / CASES;
    assert!((12..=20).contains(&each), "{each} events a person");
}

#[test]
fn everything_that_happens_to_people_happens_in_a_population() {
    let counted = &*POPULATION;
    let mut wrong: Vec<&str> = Vec::new();
    for (event, _, _, _) in sira_domain::path::FACTS {
        // No office here takes a link back, judges a pair that is none, or asks for a status in employment yet.
        let is_left_out = [
            "DuplicateUnlinked",
            "DuplicateDismissed",
            "DuplicateReconsidered",
            "EmploymentRecorded",
        ]
        .contains(event);
        if counted.streams.contains_key(*event) == is_left_out {
            wrong.push(*event);
        }
    }
    assert_eq!(wrong, Vec::<&str>::new());
}

#[test]
fn rules_refuse_little_of_what_the_simulated_offices_do() {
    for seed in 1..=3 {
        let counted = simulate(500, seed);
        assert!(counted.refused * 500 < counted.events, "seed {seed}: {} refused", counted.refused);
    }
}
