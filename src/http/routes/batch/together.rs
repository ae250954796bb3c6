//! A batch of which all is recorded or nothing.

use std::sync::{Arc, OnceLock};

use super::given::Batch;
use crate::commands::{Answer, CommandError, Together, TogetherOutcome};
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::server::metrics::Metrics;
use crate::http::{App, AppParts};

/// Times that a batch is decided anew when something moved under it. Each loss means that somebody else won.
const ATTEMPTS_MAX: u32 = 8;

/// How an attempt ended.
enum Attempt {
    /// All are recorded.
    Recorded(Vec<Answer>),
    /// One is refused, at this place, and nothing is recorded.
    Refused(usize, ApiError),
    /// Something moved.
    Anew,
}

/// Decides the commands one after the other, each on what those before it lead to, and records all of them in one
/// append; or none, and then the first that is refused says why and the others that nothing of them is recorded.
pub async fn run(app: &App, caller: &Caller, batch: &mut Batch) -> Result<(), ApiError> {
    let unread = batch.outcomes.iter().position(|outcome| outcome.get().is_some());
    if let Some(place) = unread {
        withhold(batch, place);
        return Ok(());
    }
    for attempt in 0..ATTEMPTS_MAX {
        // Which keys have their answer already is asked once it is known that some may.
        let together = app.commands.together(attempt > 0);
        match decide(app, caller, batch, together).await? {
            Attempt::Anew => batch.outcomes.iter_mut().for_each(|one| *one = OnceLock::new()),
            Attempt::Recorded(answers) => {
                let answers = answers.into_iter().map(|answer| OnceLock::from(Ok(answer)));
                batch.outcomes = answers.collect();
                count(app, batch);
                return Ok(());
            }
            Attempt::Refused(place, error) => {
                batch.outcomes.iter_mut().for_each(|one| *one = OnceLock::new());
                let _ = batch.outcomes[place].set(Err(error));
                count(app, batch);
                withhold(batch, place);
                return Ok(());
            }
        }
    }
    Err(CommandError::Contended(ATTEMPTS_MAX).into())
}

async fn decide(
    app: &App,
    caller: &Caller,
    batch: &Batch,
    mut together: Together,
) -> Result<Attempt, ApiError> {
    // What is decided here is counted once it is known what became of it.
    let metrics = Arc::new(Metrics::default());
    let commands = together.commands().clone();
    let staged = App::from(AppParts { commands, metrics, ..AppParts::clone(app) });
    for (place, given) in batch.commands.iter().enumerate() {
        let Some(given) = given else { continue };
        let outcome = match batch.stream_of(given) {
            Ok(stream) => given.give(&staged, caller, stream).await,
            Err(error) => Err(error),
        };
        match outcome {
            Ok(answer) => {
                together.note(answer.clone());
                let _ = batch.outcomes[place].set(Ok(answer));
            }
            Err(ApiError::Command(CommandError::Contended(_))) => return Ok(Attempt::Anew),
            // What no line is at fault for is said of the whole: it may be sent again as it is.
            Err(error) if error.problem(caller.language()).kind().status >= 500 => {
                return Err(error);
            }
            Err(error) => return Ok(Attempt::Refused(place, error)),
        }
    }
    Ok(match together.record().await? {
        TogetherOutcome::Recorded(answers) => Attempt::Recorded(answers),
        TogetherOutcome::Anew => Attempt::Anew,
        TogetherOutcome::Refused { index, error } => Attempt::Refused(index, error.into()),
    })
}

/// Says of every line that has no outcome that nothing of it is recorded.
fn withhold(batch: &Batch, place: usize) {
    for outcome in &batch.outcomes {
        let _ = outcome.set(Err(ApiError::Withheld { line: place + 1 }));
    }
}

fn count(app: &App, batch: &Batch) {
    for (given, outcome) in batch.commands.iter().zip(&batch.outcomes) {
        if let (Some(given), Some(outcome)) = (given, outcome.get()) {
            app.metrics.count_command(given.entry.word, outcome.is_ok());
        }
    }
}
