//! `sira serve`.

use std::net::SocketAddr;
use std::sync::Arc;

use chrono::Duration;
use sira_projections::Runner;
use tokio::net::{TcpListener, TcpSocket};

use super::evidence::keep_evidence;
use super::open::{Opened, open, open_read};
use super::signals::Signals;
use super::{CliError, Say, demo};
use crate::clock::Clock;
use crate::config::Config;
use crate::figures::Figures;
use crate::http::{App, Gate, Metrics, ServeLimits, router};
use crate::oidc::Oidc;
use crate::read_side::start_projections;

/// Where `sira serve` listens when nothing is said: this machine alone.
const LISTEN: &str = "127.0.0.1:8080";
/// Connections that may wait to be accepted.
const WAITING_MAX: u32 = 4_096;
/// How long an idempotency key is honoured.
const KEYS_KEPT: Duration = Duration::days(30);
/// How often older keys are forgotten.
const FORGET_EVERY: std::time::Duration = std::time::Duration::from_hours(1);

/// Arguments of `sira serve`.
#[derive(Debug, clap::Args)]
pub struct ServeArgs {
    /// Address to listen on [default: 127.0.0.1:8080]
    #[arg(long, env = "SIRA_LISTEN")]
    listen: Option<String>,
    /// Show a living programme of invented people, in a folder of its own. / Montre un programme
    /// vivant, peuplé de personnes fictives, dans un dossier à part.
    #[arg(long)]
    demo: bool,
    /// Leave the read models to another process: this one takes commands and answers from them. / Laisse
    /// les projections à un autre processus.
    #[arg(long, env = "SIRA_WITHOUT_PROJECTIONS", conflicts_with = "demo")]
    without_projections: bool,
    /// Leave the evidence to another process: this one signs no checkpoint and gives no proof. / Laisse
    /// les preuves à un autre processus.
    #[arg(long, env = "SIRA_WITHOUT_EVIDENCE")]
    without_evidence: bool,
}

/// Serves until it is told to stop.
pub async fn serve(config: &Config, args: ServeArgs, say: Say) -> Result<(), CliError> {
    let demo = if args.demo { Some(demo::prepare(config, say).await?) } else { None };
    let config = demo.as_ref().unwrap_or(config);
    let opened = open(config, say).await?;
    let finished = opened.commands.finish_erasures().await;
    finished.map_err(|error| CliError::failed("erasures", error))?;
    let read = open_read(config, &opened, say).await?;
    let address =
        args.listen.or_else(|| config.listen.clone()).unwrap_or_else(|| LISTEN.to_owned());
    let gate = gate(config, opened.commands.clock())?;
    let signals = Signals::install()?;
    let listener =
        listen(&address).await.map_err(|error| CliError::failed(address.clone(), error))?;
    let local = listener.local_addr().map_err(|error| CliError::failed(address, error))?;
    let fr = format!("Sira écoute sur http://{local}  (référence : http://{local}/docs)");
    let en = format!("Sira listens on http://{local}  (reference: http://{local}/docs)");
    say.note(&fr, &en);
    if args.demo {
        demo::introduce(&opened, local, say).await?;
    } else {
        demo::warn(&opened, say).await?;
    }
    let housekeeping = tokio::spawn(keep_house(opened.commands.clone()));
    let (commands, tokens) = (opened.commands.clone(), opened.tokens.clone());
    let start = || start_projections(commands.journal(), commands.keys(), &read);
    let projections = (!args.without_projections).then(start);
    let keeper = if args.without_evidence {
        None
    } else {
        Some(keep_evidence(config, &commands, say).await?)
    };
    let figures = Figures::new(commands.clone(), read.clone());
    let warming = tokio::spawn(warm(figures.clone()));
    let app = App {
        figures,
        evidence: keeper.as_ref().map(|keeper| keeper.evidence().clone()),
        commands,
        tokens,
        gate,
        read: read.clone(),
        projections: projections.as_ref().map(Runner::statuses).unwrap_or_default(),
        metrics: Arc::new(Metrics::default()),
    };
    crate::http::serve(listener, router(app), ServeLimits::default(), signals.stop(say)).await;
    housekeeping.abort();
    warming.abort();
    if let Some(projections) = projections {
        projections.stop().await;
    }
    if let Some(keeper) = keeper {
        keeper.stop().await;
    }
    read.close().await;
    // What was accepted is committed before the process ends.
    opened.close().await;
    say.note("Arrêt en bon ordre.", "Stopped in good order.");
    Ok(())
}

/// The gate that the configuration describes.
fn gate(config: &Config, clock: &Clock) -> Result<Gate, CliError> {
    let oidc = config.oidc.clone().map(|oidc| Oidc::new(oidc, clock.clone())).transpose();
    let oidc = oidc.map_err(|error| CliError::failed("oidc", error))?;
    if let Some(oidc) = oidc.clone() {
        // The first token need not wait for the keys; an issuer that is down stops no start.
        tokio::spawn(async move { oidc.warm().await });
    }
    Ok(Gate::new(config.rate_limits, config.trusted_proxies.clone(), oidc, clock.clone()))
}

/// Listens, on the first address of those that the name has. The system's default lets 128 connections
/// wait to be accepted: when a network comes back, an office knocks all at once, and whoever finds the
/// queue full tries again a second later.
async fn listen(address: &str) -> std::io::Result<TcpListener> {
    let mut last = std::io::Error::from(std::io::ErrorKind::AddrNotAvailable);
    for address in tokio::net::lookup_host(address).await? {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        socket.set_reuseaddr(true)?;
        match socket.bind(address).and_then(|()| socket.listen(WAITING_MAX)) {
            Ok(listener) => return Ok(listener),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// At start and every hour: forgets old idempotency keys, and removes documents that a crash left.
async fn keep_house(commands: crate::commands::Commands) {
    let mut ticks = tokio::time::interval(FORGET_EVERY);
    loop {
        ticks.tick().await;
        let before = commands.clock().now() - KEYS_KEPT;
        match commands.journal().forget_requests_before(before).await {
            Ok(0) => {}
            Ok(count) => {
                tracing::info!(count, "idempotency keys older than 30 days were forgotten");
            }
            Err(error) => {
                tracing::warn!(error = %error, "old idempotency keys could not be forgotten");
            }
        }
        let Some(documents) = commands.documents() else { continue };
        match documents.sweep(&commands).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "documents that belong to nothing were removed"),
            Err(error) => tracing::warn!(error = %error, "the documents could not be swept"),
        }
    }
}

/// Reads the facts that figures are made of. When it fails, the first question reads them.
async fn warm(figures: Figures) {
    if let Err(error) = figures.warm().await {
        tracing::warn!(error = %error, "the figures could not be made ready");
    }
}

/// Closes what a command has opened, whatever it came to.
pub async fn with_open<T>(
    config: &Config,
    say: Say,
    work: impl AsyncFnOnce(&Opened) -> Result<T, CliError>,
) -> Result<T, CliError> {
    let opened = open(config, say).await?;
    let outcome = work(&opened).await;
    opened.close().await;
    outcome
}
