//! `sira projections`: how the read models stand, and building them anew.

use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use sira_numbers::Position;
use sira_projections::case_identity::{self, CaseIdentity};
use sira_projections::models::{MODELS, Model};
use sira_projections::rebuild::{RebuildProgress, rebuild_models, rebuild_projection};
use tokio::sync::watch;

use super::CliError;
use crate::app::{Opened, open_read_that_is_there, open_read_to_feed, renewal_of, with_read};
use crate::config::Config;
use crate::read_side::{JournalFeed, OpenedKeys, ProjectionLag, projection_names, stored_lags};
use crate::say::Say;

/// Arguments of `sira projections`.
#[derive(Debug, clap::Args)]
pub struct ProjectionsArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Show each projection: version, position, lag, state. / Montre chaque projection : version, position,
    /// retard, état.
    List {
        /// JSON, one object a projection. / JSON, un objet par projection.
        #[arg(long)]
        json: bool,
    },
    /// Build projections anew beside the live ones, and put them in place. / Reconstruit des projections à
    /// côté de celles en service, puis les met en place.
    Rebuild {
        /// Their names; all of them when none is given. / Leurs noms ; toutes si aucun n'est donné.
        names: Vec<String>,
    },
}

/// Runs `sira projections`.
pub async fn run(config: &Config, args: ProjectionsArgs, say: Say) -> Result<(), CliError> {
    // Building read models makes their database, and no key: a copy without keys has all but the index of
    // people.
    with_read(config, say, async |opened| match args.action {
        Action::List { json } => list(config, opened, json, say).await,
        Action::Rebuild { names } => Box::pin(rebuild(config, opened, &names, say)).await,
    })
    .await
}

async fn list(config: &Config, opened: &Opened, json: bool, say: Say) -> Result<(), CliError> {
    let store = open_read_that_is_there(config, opened, say).await?;
    let (journal, clock) = (opened.commands.journal(), opened.commands.clock());
    let lags = stored_lags(&store, journal, clock).await;
    store.close().await;
    let lags = lags.map_err(|error| CliError::Failed("projections".into(), Some(error)))?;
    if json {
        let text = serde_json::to_string_pretty(&lags).unwrap_or_default();
        println!("{text}");
        return Ok(());
    }
    let heads = if say.pick("fr", "en") == "fr" {
        ["projection", "version", "position", "retard", "secondes", "état"]
    } else {
        ["projection", "version", "position", "lag", "seconds", "state"]
    };
    let [name, version, position, events, seconds, state] = heads;
    println!("{name:<22} {version:>7} {position:>10} {events:>10} {seconds:>9}  {state}");
    for lag in &lags {
        println!(
            "{:<22} {:>7} {:>10} {:>10} {:>9}  {}",
            lag.name,
            lag.version,
            lag.position,
            lag.lag_events,
            lag.lag_seconds,
            state_text(lag, say)
        );
    }
    Ok(())
}

fn state_text(lag: &ProjectionLag, say: Say) -> String {
    let word = match lag.state {
        "live" => say.pick("à jour", "live"),
        "behind" => say.pick("en retard", "behind"),
        "retrying" => say.pick("nouvel essai", "retrying"),
        "rebuilding" => say.pick("en reconstruction", "being rebuilt"),
        "stopped" => say.pick("arrêtée", "stopped"),
        _ => say.pick("pas encore construite", "not built yet"),
    };
    let at = lag.stopped_at.map(|at| format!(" @{at}")).unwrap_or_default();
    let cause = lag.cause.as_ref().map(|cause| format!(" ({cause})")).unwrap_or_default();
    format!("{word}{at}{cause}")
}

/// Rebuilds while servers go on: each takes the new rows with its next statement. Killed at any point,
/// the next call goes on from the last commit.
async fn rebuild(
    config: &Config,
    opened: &Opened,
    names: &[String],
    say: Say,
) -> Result<(), CliError> {
    check_names(opened, names, say)?;
    let wanted = |name: &str| names.is_empty() || names.iter().any(|one| one == name);
    let models: Vec<&'static Model> = MODELS.iter().filter(|model| wanted(model.name)).collect();
    let store = open_read_to_feed(config, opened, say).await?;
    let feed = JournalFeed::new(opened.commands.journal().clone());
    let (_told, stop) = watch::channel(false);
    let bars = MultiProgress::new();
    let started = std::time::Instant::now();
    let of_models = async {
        if models.is_empty() {
            return Ok(Vec::new());
        }
        let bar = bar(&bars, say.pick("modèles de lecture", "read models"));
        let failures = rebuild_models(&feed, &store, &models, &|at| show(&bar, at), &stop).await;
        bar.finish();
        failures
    };
    let of_identity = async {
        if !wanted(case_identity::NAME) {
            return Ok(());
        }
        if !opened.commands.keys().is_here() {
            say.note(
                "case_identity ne se construit pas sans les clés : le reste est construit.",
                "case_identity cannot be built without the keys: the others are built.",
            );
            return Ok(());
        }
        let bar = bar(&bars, case_identity::NAME);
        // Under another index key: whoever was erased is in no copy of the index any more.
        let keys = OpenedKeys::new(opened.commands.keys().clone()).renewing();
        let identity = CaseIdentity::new(feed.clone(), keys);
        let done = rebuild_projection(&feed, &store, &identity, &|at| show(&bar, at), &stop).await;
        bar.finish();
        done
    };
    let (failures, identity) = tokio::join!(of_models, of_identity);
    let done = failures.and_then(|failures| identity.map(|()| failures));
    let taken = started.elapsed();
    let done = match done {
        Ok(failures) if opened.commands.keys().is_here() => {
            let renewed = renewal_of(&opened.commands, &store).step().await;
            renewed.map(|()| failures).map_err(|error| CliError::failed("keys", error))
        }
        done => done.map_err(|error| CliError::failed("projections rebuild", error)),
    };
    store.close().await;
    let failures = done?;
    if let Some(failure) = failures.first() {
        return Err(CliError::IsFalse(failure.to_string()));
    }
    finished(opened, taken, say).await;
    Ok(())
}

/// Refuses a name that is no projection's, and the index of people where the keys are not.
fn check_names(opened: &Opened, names: &[String], say: Say) -> Result<(), CliError> {
    let known: Vec<_> = projection_names().collect();
    if let Some(unknown) = names.iter().find(|name| !known.contains(&name.as_str())) {
        let list = known.join(", ");
        let fr = format!("« {unknown} » n'est pas une projection : {list}");
        let en = format!("`{unknown}` is no projection: {list}");
        return Err(CliError::Usage(say.pick(&fr, &en).to_owned()));
    }
    if names.iter().any(|name| name == case_identity::NAME) && !opened.commands.keys().is_here() {
        let what = say.pick(
            "case_identity ne se construit pas sans les clés",
            "case_identity cannot be built without the keys",
        );
        return Err(CliError::Usage(what.to_owned()));
    }
    Ok(())
}

async fn finished(opened: &Opened, taken: Duration, say: Say) {
    let head = opened.commands.journal().head().await.map_or(Position::START, |head| head.position);
    let seconds = taken.as_secs_f64();
    let fr = format!("Reconstruit jusqu'à la position {head} en {seconds:.1} s.");
    let en = format!("Rebuilt up to position {head} in {seconds:.1} s.");
    say.note(&fr, &en);
}

/// A bar with an estimate; drawn on a terminal only.
fn bar(bars: &MultiProgress, name: &str) -> ProgressBar {
    let style = "{msg:<20} {bar:40} {pos}/{len} ({per_sec}, {eta})";
    let style =
        ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar());
    bars.add(ProgressBar::new(0)).with_style(style).with_message(name.to_owned())
}

fn show(bar: &ProgressBar, at: RebuildProgress) {
    bar.set_length(at.total);
    bar.set_position(at.done);
}
