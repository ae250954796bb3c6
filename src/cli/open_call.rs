//! `sira open-call`: applications of people without an account, at the machine.

use super::CliError;
use crate::app::with_open;
use crate::config::Config;
use crate::open_call::sweep;
use crate::say::Say;

/// Arguments of `sira open-call`.
#[derive(Debug, clap::Args)]
pub struct OpenCallArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Destroy applications whose days are over, key and text; a server does it every hour. / Détruit les
    /// candidatures à ne plus conserver, clé et texte ; un serveur le fait chaque heure.
    Sweep,
}

/// Runs `sira open-call`.
pub async fn run(config: &Config, args: OpenCallArgs, say: Say) -> Result<(), CliError> {
    match args.action {
        Action::Sweep => {
            with_open(config, say, async |opened| {
                let swept = sweep(&opened.commands).await;
                let swept = swept.map_err(|error| CliError::failed("open-call", error))?;
                let (ended, accepted) = (swept.ended, swept.accepted);
                println!(
                    "{}",
                    say.pick(
                        &format!(
                            "Candidatures détruites : {ended} arrivées à leur terme, {accepted} déjà acceptées."
                        ),
                        &format!("Applications destroyed: {ended} at their end, {accepted} accepted before."),
                    )
                );
                Ok(())
            })
            .await
        }
    }
}
