//! Somebody with the database in their hands: whatever they change, `verify` or a checkpoint that was
//! kept elsewhere names it.

mod base;
mod bytes;
mod expected;
mod forge;
mod guarded;
mod innocent;
mod rows;
mod second_reader;
mod since;
mod unlawful;
mod ways;

use sira::evidence::verify::{DeviationKind, Options};

use base::{Base, Copy};
use expected::{expected, named, names};
use forge::{Effort, forge};
use ways::{WAYS, Way};

use crate::support::Engine;

/// Tries one way with one effort; what went otherwise than it must.
async fn try_way(base: &Base, way: &Way, effort: Effort) -> Result<(), String> {
    let copy = base.copy("way").await;
    let outcome = tried(base, &copy, way, effort).await;
    copy.discard().await;
    outcome
}

async fn tried(base: &Base, copy: &Copy<'_>, way: &Way, effort: Effort) -> Result<(), String> {
    let mut after = base.events.clone();
    let at = (way.change)(base, &mut after);
    let mut hand = copy.hand().await;
    forge(base, &mut hand, after.clone(), effort).await;
    hand.close().await;
    if effort != Effort::Rows {
        for event in &mut after {
            event.leaf_hash = forge::leaf(event);
        }
    }
    let report =
        copy.verified(&base.holding_the_last()).await.map_err(|error| error.to_string())?;
    let (found, mut must) = (named(&report), expected(base, &after, effort));
    let is_exact = !(way.leaves_holes && matches!(effort, Effort::OtherKey | Effort::OwnKey));
    if !is_exact {
        // A forger's tree ends at the first hole: where its checkpoints are depends on them.
        must.retain(|(kind, _)| *kind != DeviationKind::Signature);
    }
    let agrees = if is_exact { found == must } else { found.is_superset(&must) };
    let more: Vec<_> = found.difference(&must).take(5).collect();
    let less: Vec<_> = must.difference(&found).take(5).collect();
    if must.is_empty() || !agrees {
        return Err(format!("at {at}: too much {more:?}, missing {less:?}"));
    }
    if effort == Effort::OwnKey && way.is_lawful {
        // Whoever has the key can rewrite all of it: without what others keep, nothing shows.
        let alone = copy.verified(&base.knowing_the_key()).await.unwrap();
        // A frozen report still names the event that was there.
        if alone.deviations.iter().any(|one| one.kind != DeviationKind::Report) {
            return Err(format!("at {at}: {:?}", alone.deviations));
        }
    }
    Ok(())
}

async fn every_way_is_named(base: &Base) {
    let mut wrong = Vec::new();
    for way in WAYS {
        for effort in Effort::ALL {
            if let Err(error) = try_way(base, way, effort).await {
                wrong.push(format!("{} ({effort:?}): {error}", way.name));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} ways are not named as they must be:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// Every change of the tables that is not a change of an event's contents.
async fn every_row_is_named(base: &Base) {
    let copy = base.copy("facts").await;
    let cases = rows::cases(base, &copy).await;
    copy.discard().await;
    let mut wrong = Vec::new();
    for case in &cases {
        let copy = base.copy("rows").await;
        let mut hand = copy.hand().await;
        hand.run(&case.sql).await;
        hand.close().await;
        match copy.verified(&case.options).await {
            Ok(report) if case.names.iter().all(|one| names(&report, *one)) => {}
            Ok(report) => wrong.push(format!(
                "{}: {:?} and not {:?}",
                case.name,
                &report.deviations[..report.deviations.len().min(4)],
                case.names
            )),
            Err(error) => wrong.push(format!("{}: {error:?}", case.name)),
        }
        copy.discard().await;
    }
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    assert!(cases.len() > 65, "{}", cases.len());
}

async fn the_untouched_copy_holds(base: &Base) {
    let copy = base.copy("untouched").await;
    // Whoever holds a checkpoint that is not stored any more still finds it borne out.
    let holding_removed = Options { against: base.removed.clone(), ..base.knowing_the_key() };
    assert!(!base.removed.is_empty());
    let others = [Options::default(), base.knowing_the_key(), base.holding_the_last()];
    for options in others.into_iter().chain([holding_removed]) {
        let report = copy.verified(&options).await.unwrap();
        assert!(report.holds(), "{:?}", report.deviations);
        assert_eq!(report.checkpoints, base.checkpoints.len() as u64);
        assert_eq!(report.events, base.events.len() as u64);
    }
    copy.discard().await;
}

async fn table(engine: Engine) {
    let base = Base::on(engine).await;
    the_untouched_copy_holds(&base).await;
    every_row_is_named(&base).await;
    guarded::every_guard_is_watched(&base).await;
    if base.is_file() {
        guarded::every_bit_of_an_index_is_watched(&base).await;
    }
    since::every_change_that_is_read_is_named(&base).await;
    unlawful::every_unlawful_event_is_named(&base).await;
    unlawful::no_event_stands_alone_but_a_first_one(&base).await;
    innocent::an_event_of_an_older_form_is_not_accused(&base).await;
    if base.is_file() {
        bytes::every_byte_of_an_event_is_watched(&base).await;
    }
    every_way_is_named(&base).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_changed_is_named_on_sqlite() {
    table(Engine::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_changed_is_named_on_postgres() {
    table(Engine::postgres().await).await;
}
