//! The end of applications: what a server does every hour, and `sira open-call sweep`.

use crate::commands::{CommandError, Commands};
use crate::keys::{ApplicationQuestion, DecidedBy, StoredApplication};

/// Applications that are looked through at once.
const LOOKED_AT_ONCE: u32 = 500;
/// Who has destroyed what a crash had left: no member of the staff.
const SWEEPER: &str = "sira";

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Applications that were a path already, and had not been destroyed.
    pub accepted: u64,
    /// Applications whose days were over.
    pub ended: u64,
}

/// Destroys what a crash has left of applications that are a path, and those whose days are over, key and row.
///
/// A path that is registered under the id that an application has drawn for it was made by its acceptance: the
/// server ended between the append and the destruction, or the key store came back from a backup of before it.
///
/// # Errors
/// When a store cannot be reached: the next sweep goes on.
pub async fn sweep(commands: &Commands) -> Result<Swept, CommandError> {
    let mut swept = Swept::default();
    for refused in [false, true] {
        swept.accepted += finish_acceptances(commands, refused).await?;
    }
    let now = commands.clock().now();
    swept.ended = commands.keys().sweep_applications(now.date_naive(), now).await?;
    Ok(swept)
}

async fn finish_acceptances(commands: &Commands, refused: bool) -> Result<u64, CommandError> {
    let (mut finished, mut after) = (0, None);
    loop {
        let question = ApplicationQuestion {
            places: None,
            programme: None,
            region: None,
            refused,
            kept_on: None,
            after,
            limit: LOOKED_AT_ONCE,
        };
        let page = commands.keys().applications(&question).await?;
        let drawn: Vec<_> = page.iter().map(|application| application.path).collect();
        let paths = commands.paths_now(&drawn).await?;
        for application in &page {
            let path = paths.get(&application.path);
            if path.is_some_and(|path| !path.state.past().is_empty()) {
                finish(commands, application).await?;
                finished += 1;
            }
        }
        match page.last().filter(|_| page.len() == LOOKED_AT_ONCE as usize) {
            Some(last) => after = Some(last.id),
            None => return Ok(finished),
        }
    }
}

async fn finish(commands: &Commands, application: &StoredApplication) -> Result<(), CommandError> {
    let by = DecidedBy { actor: SWEEPER, at: commands.clock().now() };
    Ok(commands.keys().destroy_accepted(application, by).await?)
}
