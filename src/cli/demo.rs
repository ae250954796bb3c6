//! `sira serve --demo`: a living programme of invented people in a folder of its own, and a token for
//! every role.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use chrono::Duration;
use sira_domain::role::Role;
use sira_domain::values::{ActorId, FundId, OfficeCode};
use sira_numbers::Position;
use uuid::Uuid;

use super::CliError;
use super::generate::fill;
use crate::app::{Opened, secret};
use crate::clock::Clock;
use crate::config::Config;
use crate::files::FileError;
use crate::generate::{Population, population_of};
use crate::grant::AskedScope;
use crate::keys::MasterKey;
use crate::say::Say;

/// The demonstration's folder, in the data directory.
const FOLDER: &str = "demo";
/// Where it is made: renamed once it is whole, so that a crash leaves no half of it.
const DRAFT: &str = "demo.draft";
/// People of the demonstration, and their seed.
const CASES: u64 = 500;
const SEED: u64 = 1;
/// How long its tokens are valid.
const TOKEN_DAYS: i64 = 7;
/// The office and the region that its people work in.
const OFFICE: &str = "bamako-1";
const REGION: &str = "bamako";
/// Events in which the first funds are found.
const FIRST_EVENTS: u32 = 100;

/// Every role with the account that plays it.
const CAST: [(Role, &str); 9] = [
    (Role::Adviser, "conseiller.bamako-1.1"),
    (Role::Trainer, "formateur.bamako-1"),
    (Role::Committee, "comite.bamako"),
    (Role::Finance, "finance.bamako"),
    (Role::Director, "directeur.bamako"),
    (Role::Analyst, "analyste"),
    (Role::Auditor, "auditeur"),
    (Role::Donor, "bailleur"),
    (Role::Admin, "administration"),
];

/// The configuration of the demonstration, whose population is made on the first start. Whatever
/// databases are configured otherwise are left alone.
pub(super) async fn prepare(config: &Config, say: Say) -> Result<Config, CliError> {
    let folder = config.data_dir.join(FOLDER);
    if !folder.exists() {
        say.note("Génération d'une population fictive…", "Generating an invented population…");
        let draft = config.data_dir.join(DRAFT);
        remove(&draft)?;
        make(config, &draft, say).await?;
        std::fs::rename(&draft, &folder).map_err(|source| failed(folder.clone(), source))?;
    }
    Ok(within(config, &folder))
}

async fn make(config: &Config, draft: &Path, say: Say) -> Result<(), CliError> {
    std::fs::create_dir_all(draft).map_err(|source| failed(draft.to_owned(), source))?;
    // Made here, so that nobody is asked to keep a copy of it.
    let given = secret("SIRA_MASTER_KEY");
    MasterKey::load_or_create(draft, given.as_deref().map(String::as_str))
        .map_err(|error| CliError::failed("master key", error))?;
    let until = Clock::System.now().date_naive();
    let population = Population { cases: CASES, seed: SEED, until };
    fill(&within(config, draft), population, say).await.map(drop)
}

fn remove(draft: &Path) -> Result<(), CliError> {
    match std::fs::remove_dir_all(draft) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(failed(draft.to_owned(), source))
        }
        _ => Ok(()),
    }
}

fn failed(path: PathBuf, source: std::io::Error) -> CliError {
    CliError::failed("demo", FileError { path, source })
}

fn within(config: &Config, folder: &Path) -> Config {
    let embedded = |name: &str| format!("sqlite:{}", folder.join(name).display());
    Config {
        database_url: embedded("journal.db"),
        keys_database_url: embedded("keys.db"),
        read_database_url: embedded("read.db"),
        documents_url: folder.join("documents").display().to_string(),
        data_dir: folder.to_owned(),
        ..config.clone()
    }
}

/// Prints where it is and a token for each role.
pub(super) async fn introduce(opened: &Opened, at: SocketAddr, say: Say) -> Result<(), CliError> {
    let funds = first_funds(opened).await?;
    let known = opened.commands.known_places().await;
    let known = known.map_err(|error| CliError::failed("demo", error))?;
    let title = say.pick(
        "DÉMONSTRATION : toutes les personnes sont inventées. Jetons :",
        "DEMONSTRATION: all people are invented. Tokens:",
    );
    println!("\n{title}");
    for (role, account) in CAST {
        let actor = ActorId::try_new(account).map_err(|error| CliError::failed("demo", error))?;
        let scope = asked_of(role, &funds)?.resolve(role, &known);
        let scope = scope.map_err(|error| CliError::failed("demo", error))?;
        let issued = opened.tokens()?.issue(actor, role, scope, Duration::days(TOKEN_DAYS)).await;
        let token = issued.map_err(|error| CliError::failed("token", error))?;
        println!("\n{} ({account})\n{token}", role.label(say.0));
    }
    let example =
        format!("curl -H \"Authorization: Bearer $TOKEN\" http://{at}/v1/beneficiaries/...");
    println!("\n{example}\nhttp://{at}/docs\n");
    Ok(())
}

/// Says so when the people of a journal are invented.
pub(super) async fn warn(opened: &Opened, say: Say) -> Result<(), CliError> {
    let found = population_of(opened.commands.journal()).await;
    if let Some(found) = found.map_err(|error| CliError::failed("journal", error))? {
        let fr = format!("ATTENTION : les personnes de ce journal sont inventées ({found}).");
        let en = format!("WARNING: the people of this journal are invented ({found}).");
        say.note(&fr, &en);
    }
    Ok(())
}

fn asked_of(role: Role, funds: &[FundId]) -> Result<AskedScope, CliError> {
    let mut asked = AskedScope::default();
    match role {
        Role::Adviser | Role::Trainer => {
            let office = OfficeCode::try_new(OFFICE);
            asked.offices = vec![office.map_err(|error| CliError::failed("demo", error))?];
        }
        Role::Committee | Role::Finance | Role::Director => {
            let region = REGION.parse();
            asked.regions = vec![region.map_err(|error| CliError::failed("demo", error))?];
        }
        Role::Donor => asked.funds = funds.to_vec(),
        Role::Analyst | Role::Auditor | Role::Admin => asked.all = true,
    }
    Ok(asked)
}

/// The funds of the first year: the donor's own.
async fn first_funds(opened: &Opened) -> Result<Vec<FundId>, CliError> {
    let events = opened.commands.journal().read_feed(Position::START, FIRST_EVENTS).await;
    let events = events.map_err(|error| CliError::failed("journal", error))?;
    let funds: Vec<Uuid> = events
        .iter()
        .filter(|event| event.event_type == "FundOpened")
        .map(|event| event.stream.aggregate_id)
        .collect();
    Ok(funds.into_iter().map(FundId).collect())
}
