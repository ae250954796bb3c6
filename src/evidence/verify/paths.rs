//! The paths, judged part by part on all cores: in memory are the states of one part's paths for each core.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::available_parallelism;

use sira_domain::context::Context;
use sira_domain::path::{Beneficiary, BeneficiaryEvent, Fact};
use sira_numbers::{Position, Sequence};
use tokio::runtime::Handle;
use tokio::sync::watch;
use uuid::Uuid;

use super::CheckProgress;
use super::legality::Heard;
use super::older::Older;
use super::recorded::{check_recorded, context, read, told};
use super::report::{Deviation, DeviationKind};
use super::timeline::ProgrammesAt;
use crate::evidence::EvidenceError;
use crate::journal::{Journal, RecordedEvent};

/// Events between two words to whoever watches.
const TELL_EVERY: u64 = 2_000;

/// Judges the events of paths that were heard of after `since`.
///
/// # Errors
/// When a path cannot be read again, or what waited for its judge is not there any more.
pub(super) async fn judge(
    journal: &Journal,
    since: Position,
    heard: Heard,
    progress: &watch::Sender<CheckProgress>,
) -> Result<Vec<Deviation>, EvidenceError> {
    let (heard, next) = (Arc::new(heard), Arc::new(AtomicUsize::new(0)));
    let cores = available_parallelism().map_or(1, usize::from);
    let judges: Vec<_> = (0..cores.min(heard.parts.count()))
        .map(|_| {
            let (journal, heard, next) = (journal.clone(), heard.clone(), next.clone());
            let (progress, handle) = (progress.clone(), Handle::current());
            tokio::task::spawn_blocking(move || {
                judge_parts(&Bench { journal, since, heard, progress, handle }, &next)
            })
        })
        .collect();
    let mut by_part = Vec::new();
    for judge in judges {
        let found = judge.await;
        by_part
            .extend(found.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))?);
    }
    by_part.sort_by_key(|(part, _)| *part);
    let by_part = by_part.into_iter().flat_map(|(_, faults)| faults);
    Ok(heard.faults.iter().cloned().chain(by_part).collect())
}

/// What every judge has before him.
struct Bench {
    journal: Journal,
    since: Position,
    heard: Arc<Heard>,
    progress: watch::Sender<CheckProgress>,
    handle: Handle,
}

/// Judges the parts that nobody else has taken yet.
fn judge_parts(
    bench: &Bench,
    next: &AtomicUsize,
) -> Result<Vec<(usize, Vec<Deviation>)>, EvidenceError> {
    let mut found = Vec::new();
    loop {
        let part = next.fetch_add(1, Ordering::Relaxed);
        if part >= bench.heard.parts.count() {
            return Ok(found);
        }
        match PartJudge::new(bench).judge(part) {
            Ok(faults) => found.push((part, faults)),
            Err(error) => {
                // Nothing comes of the others' work either.
                next.store(bench.heard.parts.count(), Ordering::Relaxed);
                return Err(error);
            }
        }
    }
}

/// Judges one part.
struct PartJudge<'b> {
    bench: &'b Bench,
    older: Older,
    programmes: ProgrammesAt<'b>,
    /// The paths under way; none for one that cannot be judged any further, since an event of it is missing or cannot
    /// be read, which the pass over the contents names.
    paths: HashMap<Uuid, Option<Box<Beneficiary>>>,
    faults: Vec<Deviation>,
}

impl<'b> PartJudge<'b> {
    fn new(bench: &'b Bench) -> Self {
        Self {
            bench,
            older: Older::new(&bench.journal, bench.since),
            programmes: ProgrammesAt::new(&bench.heard.timeline),
            paths: HashMap::new(),
            faults: Vec::new(),
        }
    }

    fn judge(mut self, part: usize) -> Result<Vec<Deviation>, EvidenceError> {
        let (bench, mut untold) = (self.bench, 0);
        let tell = |untold| bench.progress.send_modify(|progress| progress.done += untold);
        bench.heard.parts.each(part, |event| {
            untold += 1;
            if untold == TELL_EVERY {
                tell(std::mem::take(&mut untold));
            }
            self.hear(event)
        })?;
        tell(untold);
        self.faults.append(&mut self.older.faults);
        Ok(self.faults)
    }

    fn hear(&mut self, event: &RecordedEvent) -> Result<(), EvidenceError> {
        self.programmes.reach(event.position);
        let id = event.stream.aggregate_id;
        if !self.paths.contains_key(&id) {
            let path = match event.sequence {
                Sequence::FIRST => Some(Box::default()),
                _ => load(&mut self.older, event, &self.bench.handle)?,
            };
            self.paths.insert(id, path);
        }
        let Entry::Occupied(mut entry) = self.paths.entry(id) else { return Ok(()) };
        let is_next = |path: &Beneficiary| event.sequence == path.version().next_sequence();
        let Some(path) = entry.get_mut().as_deref_mut().filter(|path| is_next(path)) else {
            entry.insert(None);
            return Ok(());
        };
        if let Err(why) = judge_path(path, event, &self.programmes, self.bench) {
            self.faults.push(Deviation::at(event.position, DeviationKind::Illegal).because(why));
        }
        Ok(())
    }
}

/// A path as it stood before an event, read again from its beginning; none when it cannot be followed. Its events
/// were judged by the run before, or when they were heard of.
fn load(
    older: &mut Older,
    event: &RecordedEvent,
    handle: &Handle,
) -> Result<Option<Box<Beneficiary>>, EvidenceError> {
    let (mut path, mut after) = (Box::<Beneficiary>::default(), Older::beginning(event));
    while let Some(page) = handle.block_on(older.next(&mut after, event))? {
        for older in &page.events {
            if let Ok((fact, _)) = read::<BeneficiaryEvent>(older) {
                path.take(fact);
            }
        }
        if page.is_broken {
            return Ok(None);
        }
    }
    Ok(Some(path))
}

/// Judges an event and takes it in.
fn judge_path(
    path: &mut Beneficiary,
    event: &RecordedEvent,
    programmes: &ProgrammesAt<'_>,
    bench: &Bench,
) -> Result<(), String> {
    let (fact, recorded) = read::<BeneficiaryEvent>(event)?;
    let registration = match &fact.fact {
        Fact::Registered(registration) => Some(registration.programme.0),
        _ => path.state().registration.as_ref().map(|one| one.programme.0),
    };
    let programme = programmes.get(registration);
    let context = context(event, &fact.by, &recorded, fact.occurred_on, programme);
    let verdict = check_recorded(&recorded, &fact.by, &context)
        .and_then(|()| sira_domain::path::may_follow(path, &fact, &context).map_err(told))
        .and_then(|()| check_sessions(&fact, &context, event.position, bench));
    path.take(fact);
    verdict
}

/// A completed training says the minutes that its group had planned then. A group of which this run has
/// heard nothing was not written to since the last one: it is taken at its word.
fn check_sessions(
    event: &BeneficiaryEvent,
    context: &Context,
    at: Position,
    bench: &Bench,
) -> Result<(), String> {
    let Fact::TrainingCompleted(completion) = &event.fact else { return Ok(()) };
    let rules = context.programme.rules_of(event.rules);
    let (Some(cohort), None) = (completion.cohort, rules.planned_hours) else { return Ok(()) };
    match bench.heard.timeline.minutes_before(at, cohort.0) {
        Some(minutes) if completion.planned_minutes != Some(minutes) => {
            Err("fields_disagree".to_owned())
        }
        _ => Ok(()),
    }
}
