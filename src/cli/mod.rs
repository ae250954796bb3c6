//! The command line.
//!
//! Exit status: 0 done, 1 the thing checked is false, 2 wrong use, 3 the environment failed.

mod accept_clock;
mod access;
mod activity;
mod analyst_login;
mod backup;
mod causes;
mod demo;
mod evidence;
mod export;
mod generate;
mod history;
mod import;
mod lottery;
mod open_call;
mod paper;
mod path;
mod person;
mod projections;
mod reconcile;
mod report;
mod restore;
mod retention;
mod sample;
mod second_reader;
mod serve;
mod signals;
mod token;
mod verify;
mod witness;
mod words;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::config::ConfigArgs;
use crate::say::Say;

/// Case management for self-employment programmes. / Suivi des parcours d'auto-emploi.
#[derive(Debug, Parser)]
#[command(name = "sira", version)]
struct Cli {
    #[command(flatten)]
    config: ConfigArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the HTTP API. / Lance le serveur HTTP.
    Serve(serve::ServeArgs),
    /// Bring the database's schema up to date. / Met à jour le schéma de la base.
    Migrate,
    /// Issue, list and revoke tokens. / Émet, liste et révoque les jetons.
    Token(token::TokenArgs),
    /// Show a path's history, or its state at a past moment. / Montre l'historique d'un parcours, ou son état à
    /// un moment passé.
    History(history::HistoryArgs),
    /// Write a path with its proofs to a file; the log's keys; a witness. / Écrit un parcours et ses preuves ;
    /// gère les clés du registre ; témoigne.
    Evidence(Box<evidence::EvidenceArgs>),
    /// Check a bundle without any access, or the whole journal. / Vérifie un dossier de preuves sans aucun
    /// accès, ou tout le journal.
    Verify(verify::VerifyArgs),
    /// Draw events for an audit, with their proofs. / Tire des événements pour un contrôle, avec leurs preuves.
    Sample(sample::SampleArgs),
    /// Show what one member of the staff did. / Montre ce qu'un agent a fait.
    Activity(activity::ActivityArgs),
    /// Show who read a person's data. / Montre qui a consulté les données d'une personne.
    Access(access::AccessArgs),
    /// Write everything that is held about a person. / Écrit tout ce qui est détenu sur une personne.
    Person(person::PersonArgs),
    /// List and erase personal data past retention. / Liste et efface les données à ne plus conserver.
    Retention(retention::RetentionArgs),
    /// Destroy applications whose days are over. / Détruit les candidatures à ne plus conserver.
    OpenCall(open_call::OpenCallArgs),
    /// Fill an empty journal with an invented population. / Génère une population fictive.
    Generate(generate::GenerateArgs),
    /// Turn the rows of a CSV file into commands. / Importe les lignes d'un fichier CSV.
    Import(import::ImportArgs),
    /// Draw public lotteries again. / Refait les tirages au sort publics.
    Lottery(lottery::LotteryArgs),
    /// Compare a statement with the payments of a fund. / Compare un relevé aux paiements d'un fonds.
    Reconcile(reconcile::ReconcileArgs),
    /// Show and rebuild the read models. / Montre et reconstruit les projections.
    Projections(projections::ProjectionsArgs),
    /// Freeze figures under a name, and show what changed since. / Fige des chiffres sous un nom, et montre ce
    /// qui a changé depuis.
    Report(report::ReportArgs),
    /// Make a login for an analyst's or an auditor's tool. / Crée un compte pour l'outil d'un analyste.
    AnalystLogin(analyst_login::AnalystLoginArgs),
    /// Write a read model, the event log or the paths to a file. / Exporte une table, les événements ou les parcours.
    Export(export::ExportArgs),
    /// Save the journal, or the keys, to a folder. / Sauvegarde le journal, ou les clés, dans un dossier.
    Backup(backup::BackupArgs),
    /// Restore a backup into an empty database of either engine. / Restaure une sauvegarde dans une base vide.
    Restore(restore::RestoreArgs),
    /// Accept the last recorded time, after somebody has looked at the clock. / Accepte la dernière heure
    /// enregistrée, après avoir vérifié l'horloge.
    AcceptClock(accept_clock::AcceptClockArgs),
    /// Print completions for a shell. / Écrit la complétion pour un interpréteur de commandes.
    Completions {
        /// The shell. / L'interpréteur.
        shell: clap_complete::Shell,
    },
}

/// How a command ended.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The thing checked is false.
    #[error("{0}")]
    IsFalse(String),
    /// Wrong use.
    #[error("{0}")]
    Usage(String),
    /// The environment failed.
    #[error("{0}")]
    Failed(String, #[source] Option<Box<dyn std::error::Error + Send + Sync>>),
}

impl CliError {
    /// An error of the environment, with its cause.
    pub fn failed(
        what: impl Into<String>,
        cause: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        Self::Failed(what.into(), Some(Box::new(cause)))
    }

    const fn status(&self) -> u8 {
        match self {
            Self::IsFalse(_) => 1,
            Self::Usage(_) => 2,
            Self::Failed(..) => 3,
        }
    }
}

impl From<crate::app::StartError> for CliError {
    fn from(error: crate::app::StartError) -> Self {
        let (what, cause) = error.into_parts();
        Self::Failed(what, cause)
    }
}

/// Who reads what a command prints may stop reading, as `head` does: that is no fault, and the standard
/// library's way to say so is a panic.
fn end_quietly_when_nobody_reads() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let said = panic.payload().downcast_ref::<String>();
        if said.is_some_and(|said| said.starts_with("failed printing to stdout: Broken pipe")) {
            std::process::exit(0);
        }
        usual(panic);
    }));
}

/// Runs the command line.
#[must_use]
pub fn run() -> ExitCode {
    end_quietly_when_nobody_reads();
    let words: Vec<_> = std::env::args_os().collect();
    let say = Say(words::language_of(&words));
    let mut command = words::in_language(Cli::command(), say.0);
    let cli = command.try_get_matches_from_mut(words);
    let cli = cli.and_then(|found| Cli::from_arg_matches(&found));
    let outcome = match cli {
        Err(error) => return not_understood(&error, say),
        Ok(Cli { command: Command::Completions { shell }, .. }) => {
            clap_complete::generate(shell, &mut command, "sira", &mut std::io::stdout());
            Ok(())
        }
        Ok(cli) => run_async(cli),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error, say);
            ExitCode::from(error.status())
        }
    }
}

/// Shows the help or the version that was asked for, or says what is wrong with what was typed.
fn not_understood(error: &clap::Error, say: Say) -> ExitCode {
    match words::wrong_use(error, say) {
        Some(told) => eprint!("{told}"),
        // Nobody may be reading any more: the exit status says the rest.
        None => drop(error.print()),
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

fn report(error: &CliError, say: Say) {
    eprintln!("sira: {}", causes::place(&error.to_string(), say));
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        eprintln!("  : {}", causes::told(error, say));
        cause = error.source();
    }
}

fn run_async(cli: Cli) -> Result<(), CliError> {
    let config = cli.config.resolve().map_err(|error| CliError::failed("configuration", error))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| CliError::failed("runtime", error))?;
    let telemetry = crate::telemetry::start(config.otlp_endpoint.as_deref(), runtime.handle());
    let telemetry = telemetry.map_err(|error| CliError::failed("otlp", error))?;
    let say = Say(config.language);
    let outcome = runtime.block_on(async {
        match cli.command {
            Command::Serve(args) => serve::serve(&config, args, say).await,
            Command::Migrate => Ok(crate::app::migrate(&config, say).await?),
            Command::Token(args) => token::run(&config, args, say).await,
            Command::History(args) => history::run(&config, args, say).await,
            Command::Evidence(args) => evidence::run(&config, *args, say).await,
            Command::Verify(args) => verify::run(&config, args, say).await,
            Command::Activity(args) => activity::run(&config, args, say).await,
            Command::Access(args) => access::run(&config, args, say).await,
            Command::Person(args) => person::run(&config, args, say).await,
            Command::Retention(args) => retention::run(&config, args, say).await,
            Command::OpenCall(args) => open_call::run(&config, args, say).await,
            Command::Generate(args) => generate::run(&config, args, say).await,
            Command::Import(args) => import::run(&config, args, say).await,
            Command::Lottery(args) => lottery::run(&config, args, say).await,
            Command::Reconcile(args) => reconcile::run(&config, args, say).await,
            Command::Projections(args) => projections::run(&config, args, say).await,
            Command::AnalystLogin(args) => analyst_login::run(&config, args, say).await,
            Command::Report(args) => report::run(&config, args, say).await,
            Command::Sample(args) => sample::run(&config, args, say).await,
            Command::Export(args) => export::run(&config, args, say).await,
            Command::Backup(args) => backup::back_up(&config, args, say).await,
            Command::Restore(args) => restore::restore(&config, args, say).await,
            Command::AcceptClock(args) => accept_clock::run(&config, args, say).await,
            Command::Completions { .. } => Ok(()),
        }
    });
    telemetry.end();
    outcome
}
