//! `sira analyst-login`: a login for an analyst's or an auditor's tool.

use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sira_projections::ReadStore;
use sira_projections::face::logins::{LoginError, LoginKind};
use sira_projections::face::settle;
use sqlx::postgres::PgConnectOptions;

use super::CliError;
use crate::app::JOURNAL;
use crate::config::Config;
use crate::say::Say;

/// Bytes of a password: nobody types it.
const PASSWORD_BYTES: usize = 24;

/// Arguments of `sira analyst-login`.
#[derive(Debug, clap::Args)]
pub struct AnalystLoginArgs {
    /// Its name: small letters, digits and _. One that there is gets a new password. / Son nom.
    name: String,
    /// An auditor's: all rows with their history, and the events. / Pour un auditeur.
    #[arg(long)]
    auditor: bool,
}

/// Runs `sira analyst-login`: prints the connection string, and nothing else, on standard output.
pub async fn run(config: &Config, args: AnalystLoginArgs, say: Say) -> Result<(), CliError> {
    let url = &config.read_database_url;
    let Ok(server) = PgConnectOptions::from_str(url) else { return Err(not_here(say)) };
    if url.starts_with("sqlite:") {
        return Err(not_here(say));
    }
    let failed = |error| {
        let what =
            say.pick("la base de lecture ne s'ouvre pas", "the read database cannot be opened");
        CliError::failed(what, error)
    };
    let store = ReadStore::open(url).await.map_err(failed)?;
    let kind = if args.auditor { LoginKind::Auditor } else { LoginKind::Analyst };
    let password = password()?;
    let made = store.make_login(&args.name, kind, &password).await;
    let settled = settle(&store, JOURNAL).await;
    store.close().await;
    let left = made.map_err(|error| refused(error, say))?;
    for held in settled.map_err(failed)? {
        let by = held.by.join(", ");
        let fr = format!("{} attend : {by}", held.what);
        let en = format!("{} waits for: {by}", held.what);
        say.note(&fr, &en);
    }
    tell_what_is_left(&left, say);
    say.note(
        "Ce mot de passe n'est montré qu'ici : gardez-le avec les secrets de l'outil.",
        "This password is shown here only: keep it with the tool's secrets.",
    );
    println!("{}", connection_string(&server, &args.name, &password));
    Ok(())
}

fn not_here(say: Say) -> CliError {
    let what = say.pick(
        "la base de lecture est un fichier, que le serveur seul ouvre : les comptes demandent PostgreSQL",
        "the read database is a file, which the server alone opens: logins need PostgreSQL",
    );
    CliError::Usage(what.to_owned())
}

fn refused(error: LoginError, say: Say) -> CliError {
    match error {
        LoginError::NotHere => not_here(say),
        LoginError::Name => CliError::Usage(
            say.pick(
                "le nom d'un compte commence par une minuscule ; suivent minuscules, chiffres et _, 63 au plus",
                "a login's name begins with a small letter; small letters, digits and _ follow, 63 at most",
            )
            .to_owned(),
        ),
        LoginError::Taken => CliError::Usage(
            say.pick(
                "un rôle de ce nom existe et n'est ni analyste ni auditeur : prenez un autre nom",
                "a role of this name is there and is no analyst or auditor: take another name",
            )
            .to_owned(),
        ),
        other => CliError::failed(
            say.pick("le compte n'est pas créé", "the login was not made"),
            other,
        ),
    }
}

/// What the login can do all the same: somebody else has to take it away.
fn tell_what_is_left(left: &[String], say: Say) {
    if left.is_empty() {
        return;
    }
    let statements = left.join(";\n  ");
    let fr = format!(
        "Cet utilisateur n'a pas le droit de tout retirer. Qu'un administrateur de la base lance, dans \
         cette base :\n  {statements};"
    );
    let en = format!(
        "This user may not take everything away. Let a database administrator run, in this database:\n  \
         {statements};"
    );
    say.note(&fr, &en);
}

fn password() -> Result<String, CliError> {
    let mut bytes = [0; PASSWORD_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| CliError::failed("password", error))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// The server as the configuration reaches it, with the login's name and password.
fn connection_string(server: &PgConnectOptions, name: &str, password: &str) -> String {
    let database = server.get_database().unwrap_or(server.get_username());
    let port = server.get_port();
    match server.get_socket() {
        Some(folder) => format!(
            "postgresql://{name}:{password}@/{database}?host={}&port={port}",
            folder.display()
        ),
        None => format!("postgresql://{name}:{password}@{}:{port}/{database}", server.get_host()),
    }
}
