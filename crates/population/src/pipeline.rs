//! Three hands at once: one makes keys, one simulates and hashes, one appends. While a moment is being
//! committed the next one is simulated.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use sira_domain::values::KeyId;
use sira_journal::clock::Clock;
use sira_journal::{AppendOutcome, Bulk, Journal, MAX_EVENTS};
use sira_numbers::at_most;
use tokio::sync::mpsc;

use crate::calendar::Calendar;
use crate::error::GenerateError;
use crate::keys::{KeySource, PersonalKey};
use crate::mark::{MarkState, claim, complete};
use crate::world::{Keys, Settings, World};
use crate::{Generated, GenerationProgress, Population};

/// Moments that are simulated ahead of the journal.
const AHEAD: usize = 4;
/// Events after which a moment's appends are handed over. One append more has to fit.
const HANDED_OVER: usize = MAX_EVENTS - 500;

/// Keys that were made at once.
type Block = Result<Vec<Box<dyn PersonalKey>>, GenerateError>;

/// What the simulation hands over.
enum Handed {
    /// Appends of one moment.
    Bulk(DateTime<Utc>, Bulk),
    /// A moment is over.
    Moment(u64),
}

/// Generates a population into an empty journal. The journal's clock must be `clock`, a manual one: it
/// is set to each simulated moment in turn and stands at the last one afterwards.
///
/// Durable when it returns. A crash leaves a journal that is marked, and refused as unfinished.
///
/// # Errors
/// [`GenerateError`].
pub async fn generate(
    journal: &Journal,
    keys: &impl KeySource,
    clock: &Clock,
    population: Population,
    progress: impl Fn(GenerationProgress),
) -> Result<Generated, GenerateError> {
    if let MarkState::Whole(position) = claim(journal, &population).await? {
        let (cases, events) = (population.cases, position.get());
        return Ok(Generated { cases, events, already_there: true, ..Generated::default() });
    }
    let (keys_in, keys_out) = mpsc::channel(2);
    let making = tokio::spawn(make_keys(keys.clone(), population.cases, keys_in));
    let (handed_in, mut handed) = mpsc::channel(AHEAD);
    let simulating =
        tokio::task::spawn_blocking(move || simulate(population, keys_out, &handed_in));
    let appended = append_all(journal, clock, &population, &mut handed, progress).await;
    // Closed, so that a simulation that is ahead ends as well.
    drop(handed);
    let simulated = simulating.await.map_err(|_| GenerateError::Stopped)?;
    making.abort();
    appended?;
    let (generated, erased) = simulated?;
    // The facts are durable: now the keys. A crash before this line is mended by the next server.
    keys.destroy(&erased).await.map_err(GenerateError::Keys)?;
    complete(journal, journal.head().await?.position).await?;
    Ok(generated)
}

/// Makes as many keys as there are people, ahead of demand.
async fn make_keys<K: KeySource>(keys: K, cases: u64, keys_in: mpsc::Sender<Block>) {
    let mut left = cases;
    while left > 0 {
        let count = left.min(K::BLOCK_MAX as u64);
        left -= count;
        let block = keys.take_block(at_most(count, K::BLOCK_MAX)).await;
        let failed = block.is_err();
        if keys_in.send(block.map_err(GenerateError::Keys)).await.is_err() || failed {
            return;
        }
    }
}

fn shelf(mut keys: mpsc::Receiver<Block>) -> Keys {
    let mut block = VecDeque::<Box<dyn PersonalKey>>::new();
    Box::new(move || {
        if block.is_empty() {
            block = keys.blocking_recv().ok_or(GenerateError::Stopped)??.into();
        }
        block.pop_front().ok_or(GenerateError::Stopped)
    })
}

/// The simulation, in a thread of its own.
fn simulate(
    population: Population,
    keys: mpsc::Receiver<Block>,
    handed: &mpsc::Sender<Handed>,
) -> Result<(Generated, Vec<KeyId>), GenerateError> {
    let calendar = Calendar::new(population.until, population.moments());
    let settings = Settings { cases: population.cases, seed: population.seed, calendar };
    let mut world = World::new(settings, shelf(keys))?;
    for slot in 0..calendar.slots() {
        world.run_slot(slot)?;
        hand_over(&mut world, handed)?;
        let moment = Handed::Moment(u64::from(slot) + 1);
        handed.blocking_send(moment).map_err(|_| GenerateError::Stopped)?;
    }
    let generated = Generated {
        cases: world.registered,
        events: world.ledger.events,
        most_on_the_way: world.cases.most(),
        refusals: std::mem::take(&mut world.ledger.refusals),
        already_there: false,
    };
    Ok((generated, world.erased))
}

/// Hands the appends of a moment over, in pieces that a transaction takes.
fn hand_over(world: &mut World, handed: &mpsc::Sender<Handed>) -> Result<(), GenerateError> {
    let at = world.now();
    world.ledger.waiting = 0;
    let (mut piece, mut events) = (Vec::new(), 0);
    for request in std::mem::take(&mut world.ledger.requests) {
        events += request.writes.iter().map(|write| write.events.len()).sum::<usize>();
        piece.push(request);
        if events >= HANDED_OVER {
            let bulk = Bulk::new(std::mem::take(&mut piece))?;
            handed.blocking_send(Handed::Bulk(at, bulk)).map_err(|_| GenerateError::Stopped)?;
            events = 0;
        }
    }
    if !piece.is_empty() {
        let bulk = Bulk::new(piece)?;
        handed.blocking_send(Handed::Bulk(at, bulk)).map_err(|_| GenerateError::Stopped)?;
    }
    Ok(())
}

/// Appends what is handed over, each piece under its own time. Commit order: a piece is durable before
/// the clock moves on, so that no event gets a later moment's time.
async fn append_all(
    journal: &Journal,
    clock: &Clock,
    population: &Population,
    handed: &mut mpsc::Receiver<Handed>,
    progress: impl Fn(GenerationProgress),
) -> Result<(), GenerateError> {
    let calendar = Calendar::new(population.until, population.moments());
    let (total, mut events) = (u64::from(calendar.slots()), 0);
    while let Some(piece) = handed.recv().await {
        match piece {
            Handed::Moment(done) => progress(GenerationProgress { done, total, events }),
            Handed::Bulk(at, bulk) => {
                events += bulk.events() as u64;
                clock.set(at);
                let outcomes = journal.append_bulk(bulk).await?;
                let recorded =
                    |outcome: &&AppendOutcome| !matches!(outcome, AppendOutcome::Committed(_));
                if let Some(other) = outcomes.iter().find(recorded) {
                    return Err(GenerateError::NotRecorded(format!("{other:?}")));
                }
            }
        }
    }
    Ok(())
}
