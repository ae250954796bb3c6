//! A batch whose commands stand each by itself.

use std::collections::HashMap;

use futures::StreamExt as _;
use uuid::Uuid;

use super::given::{Batch, Given, On};
use crate::http::App;
use crate::http::contract::caller::Caller;

/// Streams of one batch that are under way at once: as many as fill the transactions of the journal, and few
/// enough that those who send a command by itself are not kept waiting.
const STREAMS_AT_ONCE: usize = 64;

/// The commands on one stream, by their places in the batch.
type Lane = Vec<usize>;

/// What the commands of one lane have in common.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum LaneKey {
    Stream(Uuid),
    /// Of the stream that the line at this place begins.
    Begun(usize),
}

/// Gives the commands: those of one stream in their order, those of several beside each other. Each is durable
/// when its answer is there; a crash in between, or a client that hangs up, leaves those before it done, which the
/// same batch, sent again, finds by their keys.
pub async fn run(app: &App, caller: &Caller, batch: &Batch) {
    for lanes in lanes_of(batch) {
        let under_way = lanes.into_iter().map(|lane| walk(app, caller, batch, lane));
        let done = futures::stream::iter(under_way).buffer_unordered(STREAMS_AT_ONCE);
        done.for_each(std::future::ready).await;
    }
}

async fn walk(app: &App, caller: &Caller, batch: &Batch, lane: Lane) {
    for place in lane {
        let Some(given) = &batch.commands[place] else { continue };
        let outcome = match batch.stream_of(given) {
            Ok(stream) => given.give(app, caller, stream).await,
            Err(error) => Err(error),
        };
        // A line is given once.
        let _ = batch.outcomes[place].set(outcome);
    }
}

/// The lanes that go beside each other, and after them those that go then: a command that reaches beyond one path
/// waits for all before it, and all after it wait for it.
fn lanes_of(batch: &Batch) -> Vec<Vec<Lane>> {
    let mut stages: Vec<Vec<Lane>> = Vec::new();
    let (mut stage, mut at) = (Vec::<Lane>::new(), HashMap::new());
    let mut keys: Vec<LaneKey> = Vec::with_capacity(batch.commands.len());
    for (place, given) in batch.commands.iter().enumerate() {
        let key = match given.as_ref().map(|given| given.on) {
            Some(On::Stream(id)) => LaneKey::Stream(id),
            Some(On::Line(earlier)) => keys[earlier],
            Some(On::New) | None => LaneKey::Begun(place),
        };
        keys.push(key);
        if given.as_ref().is_some_and(Given::is_alone) {
            stages.push(std::mem::take(&mut stage));
            stages.push(vec![vec![place]]);
            at.clear();
            continue;
        }
        let lane = *at.entry(key).or_insert_with(|| {
            stage.push(Vec::new());
            stage.len() - 1
        });
        stage[lane].push(place);
    }
    stages.push(stage);
    stages
}
