//! The loop that every task of projections goes round.

use std::future::Future;

use super::pace::{Pace, told};
use crate::FoldError;

/// What a step came to.
pub(super) enum Step {
    /// There is probably more.
    Full,
    /// All there was.
    Idle,
    /// Everything has stopped for good.
    Stopped,
}

/// What a task does, a step at a time.
pub(super) trait Work: Send + 'static {
    /// What it is called in the log.
    fn name(&self) -> &'static str;

    /// Takes the next batch, if there is one and nothing else has to be done first.
    ///
    /// # Errors
    /// [`FoldError`] when a database is out of reach: it is tried again later.
    fn step(&mut self, pace: &mut Pace) -> impl Future<Output = Result<Step, FoldError>> + Send;

    /// Writes down what has stopped since the last step, for `sira projections list`.
    fn note_halts(&mut self) -> impl Future<Output = ()> + Send;

    /// What is known may be another's by now: it is read anew.
    fn forget(&mut self);

    /// A database is out of reach: whoever asks is told so.
    fn note_retrying(&mut self);

    /// Another process feeds: says how far it has come.
    fn follow(&mut self) -> impl Future<Output = ()> + Send;
}

/// Goes on until it is stopped, or has nothing left that runs.
pub(super) async fn run(mut work: impl Work, mut pace: Pace) {
    while !pace.is_told() {
        if !pace.leads() {
            work.forget();
            work.follow().await;
            pace.follow().await;
            continue;
        }
        pace.mark();
        let step = work.step(&mut pace).await;
        work.note_halts().await;
        match step {
            Ok(Step::Full) => {}
            Ok(Step::Idle) => pace.rest().await,
            Ok(Step::Stopped) => {
                told(pace.stop.clone()).await;
                return;
            }
            Err(error) => {
                work.forget();
                work.note_retrying();
                pace.wait_after(work.name(), &error).await;
            }
        }
    }
}
