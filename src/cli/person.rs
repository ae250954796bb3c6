//! `sira person`: everything that is held about a person, into a file for that person.

use std::path::PathBuf;

use sira_domain::role::Role;
use sira_domain::values::ActorId;

use super::CliError;
use super::path::{events_of, find, not_found, record_reading};
use crate::app::{open_read, with_open};
use crate::config::Config;
use crate::files::write_secret;
use crate::replay::person::{held, page};
use crate::say::Say;

/// Arguments of `sira person`.
#[derive(Debug, clap::Args)]
pub struct PersonArgs {
    /// The path's id or reference. / L'identifiant ou la référence du parcours.
    id: String,
    /// The file, which must not be there yet: `.html` for a page to print, `.json` for programs. / Le
    /// fichier à créer : `.html` pour une page à imprimer, `.json` pour les programmes.
    #[arg(short, long)]
    output: PathBuf,
    /// Who makes it: recorded as a reading of everything. / Qui l'établit : c'est enregistré comme une
    /// consultation de tout.
    #[arg(long)]
    actor: ActorId,
}

/// Runs `sira person`. The file is its owner's alone to read.
pub async fn run(config: &Config, args: PersonArgs, say: Say) -> Result<(), CliError> {
    let ending = args.output.extension().and_then(|ending| ending.to_str());
    let is_page = match ending {
        Some("html") => true,
        Some("json") => false,
        _ => return Err(CliError::Usage("-o: .html, .json".to_owned())),
    };
    if args.output.exists() {
        let what = say.pick("ce fichier existe déjà", "this file is there already");
        return Err(CliError::Usage(format!("{}: {what}", args.output.display())));
    }
    with_open(config, say, async |opened| {
        let id = find(opened, &args.id, say).await?;
        if events_of(opened, id).await?.is_empty() {
            return Err(not_found(say));
        }
        record_reading(opened, &args.actor, Role::Admin, "person", id).await?;
        let read = open_read(config, opened, say).await?;
        let found = held(&opened.commands, &read, id, say.0).await;
        read.close().await;
        let found = found.map_err(|error| CliError::failed("person", error))?;
        let found = found.ok_or_else(|| not_found(say))?;
        let text = if is_page {
            page(&found, say.0)
        } else {
            serde_json::to_string_pretty(&found)
                .map_err(|error| CliError::failed("person", error))?
        };
        let written = write_secret(&args.output, &text);
        let written = written.map_err(|error| CliError::failed("person", error))?;
        if written != text {
            let what = say.pick("un autre fichier a été mis là", "another file was put there");
            return Err(CliError::Failed(format!("{}: {what}", args.output.display()), None));
        }
        say.note(
            "Écrit. Ce fichier dit tout d'une personne : remettez-le, puis supprimez-le.",
            "Written. This file says everything of a person: hand it over, then remove it.",
        );
        Ok(())
    })
    .await
}
