//! `sira serve`.

use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket};

use super::signals::Signals;
use super::{CliError, demo};
use crate::app::{Parts, Server, open};
use crate::config::Config;
use crate::http::ServeLimits;
use crate::say::Say;

/// Where `sira serve` listens when nothing is said: this machine alone.
const LISTEN: &str = "127.0.0.1:8080";
/// Connections that may wait to be accepted: after an outage all offices come back at once, and a refused
/// connection is a slow start for them; beyond `somaxconn` of the system it has no effect.
const WAITING_MAX: u32 = 4_096;
/// Arguments of `sira serve`.
#[derive(Debug, clap::Args)]
pub struct ServeArgs {
    /// Address to listen on [default: 127.0.0.1:8080] / Adresse d'écoute [défaut : 127.0.0.1:8080]
    #[arg(long, env = "SIRA_LISTEN")]
    listen: Option<String>,
    /// Show a living programme of invented people, in a folder of its own. / Montre un programme
    /// vivant, peuplé de personnes fictives, dans un dossier à part.
    #[arg(long)]
    demo: bool,
    /// Leave the read models to another process: this one takes commands and answers from them. / Laisse
    /// les projections à un autre processus : celui-ci prend les commandes et y répond.
    #[arg(long, env = "SIRA_WITHOUT_PROJECTIONS", conflicts_with = "demo")]
    without_projections: bool,
    /// Leave the evidence to another process: this one signs no checkpoint and gives no proof. / Laisse
    /// les preuves à un autre processus : celui-ci ne signe aucun point de contrôle.
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
    let address =
        args.listen.or_else(|| config.listen.clone()).unwrap_or_else(|| LISTEN.to_owned());
    let signals = Signals::install()?;
    let listener =
        listen(&address).await.map_err(|error| CliError::failed(address.clone(), error))?;
    let local = listener.local_addr().map_err(|error| CliError::failed(address, error))?;
    let parts = Parts { projections: !args.without_projections, evidence: !args.without_evidence };
    let server = Server::start(config, &opened, parts, say).await?;
    let fr = format!("Sira écoute sur http://{local}  (référence : http://{local}/docs)");
    let en = format!("Sira listens on http://{local}  (reference: http://{local}/docs)");
    say.note(&fr, &en);
    if args.demo {
        demo::introduce(&opened, local, say).await?;
    } else {
        demo::warn(&opened, say).await?;
    }
    crate::http::serve(listener, server.router(), ServeLimits::default(), signals.stop(say)).await;
    server.stop().await;
    // What was accepted is committed before the process ends.
    opened.close().await;
    say.note("Arrêt en bon ordre.", "Stopped in good order.");
    Ok(())
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
