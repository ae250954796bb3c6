//! `sira accept-clock`: somebody has looked at the clock, and the last recorded time stays as it is.

use sira_domain::values::ActorId;

use super::CliError;
use crate::app::{journal_config, open_journal_alone};
use crate::config::Config;
use crate::say::Say;

/// Arguments of `sira accept-clock`.
#[derive(Debug, clap::Args)]
pub struct AcceptClockArgs {
    /// Who has looked at the clock. / Qui a vérifié l'horloge.
    #[arg(long)]
    actor: ActorId,
}

/// Runs `sira accept-clock`.
pub async fn run(config: &Config, args: AcceptClockArgs, say: Say) -> Result<(), CliError> {
    let journal = open_journal_alone(&journal_config(config), say).await?;
    let accepted = journal.accept_clock(args.actor.as_str()).await;
    journal.close().await;
    let accepted =
        accepted.map_err(|error| CliError::failed(say.pick("horloge", "clock"), error))?;
    if accepted {
        say.note(
            "La dernière heure enregistrée est acceptée, et le journal le dit pour toujours : les enregistrements \
             reprennent.",
            "The last recorded time is accepted, and the journal says so for ever: recording goes on.",
        );
    } else {
        say.note("L'horloge concorde : rien à accepter.", "The clock agrees: nothing to accept.");
    }
    Ok(())
}
