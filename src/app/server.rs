//! A running server: everything that goes on beside the requests, wired together once.

use std::sync::Arc;

use chrono::Duration;
use sira_numbers::Position;
use sira_projections::{ReadStore, Runner};
use tokio::task::JoinHandle;

use super::StartError;
use super::evidence::keep_evidence;
use super::open::{Opened, open_read_to_feed};
use crate::commands::Commands;
use crate::config::Config;
use crate::evidence::Keeper;
use crate::evidence::verify::sample_names;
use crate::figures::Figures;
use crate::http::{App, AppParts, Gate, Metrics, router};
use crate::oidc::Oidc;
use crate::read_side::{IndexRenewal, JournalFeed, mark_history, start_projections};
use crate::say::Say;

/// How long an idempotency key is honoured.
const KEYS_KEPT: Duration = Duration::days(30);
/// How often older keys are forgotten.
const FORGET_EVERY: std::time::Duration = std::time::Duration::from_hours(1);
/// How often is looked whether the index of people holds on to somebody who was erased.
const RENEW_EVERY: std::time::Duration = std::time::Duration::from_secs(10);

/// What a process does beside answering; another process may be left to do it.
#[derive(Clone, Copy, Debug)]
pub struct Parts {
    /// Feed the read models.
    pub projections: bool,
    /// Follow the journal with the evidence, and sign.
    pub evidence: bool,
}

/// How often the history of the read models is marked.
const MARK_EVERY: std::time::Duration = std::time::Duration::from_secs(5);
/// How often it is looked whether another period of reporting is over.
const PUBLISH_EVERY: std::time::Duration = std::time::Duration::from_mins(10);

/// For how long a start looks at second names.
const NAMES_WITHIN: std::time::Duration = std::time::Duration::from_secs(2);

/// A running server.
pub struct Server {
    app: App,
    read: ReadStore,
    projections: Option<Runner<JournalFeed>>,
    keeper: Option<Keeper>,
    beside: [JoinHandle<()>; 5],
}

impl Server {
    /// Starts what goes on beside the requests. Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// [`StartError`], which says what could not be opened.
    pub async fn start(
        config: &Config,
        opened: &Opened,
        parts: Parts,
        say: Say,
    ) -> Result<Self, StartError> {
        let read = open_read_to_feed(config, opened, say).await?;
        let (commands, tokens) = (opened.commands.clone(), opened.tokens()?.clone());
        let gate = gate(config, &commands).await?;
        let start = || start_projections(commands.journal(), commands.keys(), &read);
        let projections = parts.projections.then(start);
        let keeper =
            if parts.evidence { Some(keep_evidence(config, &commands, say).await?) } else { None };
        let figures = Figures::new(commands.clone(), read.clone());
        let renewal = renewal_of(&commands, &read);
        let beside = [
            tokio::spawn(keep_house(commands.clone())),
            tokio::spawn(warm(figures.clone(), parts.projections)),
            tokio::spawn(keep_index(renewal)),
            tokio::spawn(keep_history(commands.clone(), read.clone())),
            tokio::spawn(look_at_names(commands.clone())),
        ];
        let app = App::from(AppParts {
            figures,
            evidence: keeper.as_ref().map(|keeper| keeper.evidence().clone()),
            commands,
            tokens,
            gate,
            read: read.clone(),
            projections: projections.as_ref().map(Runner::statuses).unwrap_or_default(),
            metrics: Arc::new(Metrics::default()),
            public_hashes: config.evidence.public_hashes,
            public_url: config.public_url.as_ref().map(|url| url.as_str().into()),
        });
        Ok(Self { app, read, projections, keeper, beside })
    }

    /// The routes, over this server's parts.
    pub fn router(&self) -> axum::Router {
        router(self.app.clone())
    }

    /// Ends what goes on beside the requests: projections finish their batch, the signer gives its place
    /// back. To be called when nobody is answered any more.
    pub async fn stop(self) {
        self.beside.iter().for_each(JoinHandle::abort);
        if let Some(projections) = self.projections {
            projections.stop().await;
        }
        if let Some(keeper) = self.keeper {
            keeper.stop().await;
        }
        // What was taken in since the last mark.
        if let Err(error) = mark_history(self.app.commands.journal(), &self.read).await {
            tracing::warn!(error = %error, "the read models' history could not be marked");
        }
        self.read.close().await;
    }
}

/// Looks at some of the second names, and says which do not lead where their events say. Nobody waits for it: a
/// name is looked at again whenever it is used.
async fn look_at_names(commands: Commands) {
    match sample_names(commands.journal(), NAMES_WITHIN).await {
        Ok(found) => {
            for one in found {
                commands.note_misnamed();
                let (position, detail) = (one.position.map(Position::get), one.detail);
                tracing::error!(
                    position,
                    detail,
                    "a second name does not lead where its event says"
                );
            }
        }
        Err(error) => tracing::warn!(error = %error, "the second names could not be looked at"),
    }
}

/// The gate that the configuration describes.
async fn gate(config: &Config, commands: &Commands) -> Result<Gate, StartError> {
    let clock = commands.clock();
    let oidc = match config.oidc.clone() {
        None => None,
        Some(trusted) => {
            let known = commands.known_places().await;
            let known = known.map_err(|error| StartError::new("oidc", error))?;
            let trusted =
                trusted.resolve(&known).map_err(|error| StartError::new("oidc", error))?;
            let oidc = Oidc::new(trusted, clock.clone());
            Some(oidc.map_err(|error| StartError::new("oidc", error))?)
        }
    };
    if let Some(oidc) = oidc.clone() {
        // The first token need not wait for the keys; an issuer that is down stops no start.
        tokio::spawn(async move { oidc.warm().await });
    }
    Ok(Gate::new(config.rate_limits, config.trusted_proxies.clone(), oidc, clock.clone()))
}

/// At start and every hour: forgets old idempotency keys, destroys applications whose days are over, and
/// removes documents that a crash left.
async fn keep_house(commands: Commands) {
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
        match crate::open_call::sweep(&commands).await {
            Ok(swept) if swept == crate::open_call::Swept::default() => {}
            Ok(swept) => {
                let (ended, accepted) = (swept.ended, swept.accepted);
                tracing::info!(ended, accepted, "applications were destroyed");
            }
            Err(error) => tracing::warn!(error = %error, "the applications could not be swept"),
        }
        let Some(documents) = commands.documents() else { continue };
        match commands.sweep_documents(documents).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "documents that belong to nothing were removed"),
            Err(error) => tracing::warn!(error = %error, "the documents could not be swept"),
        }
    }
}

/// What renews the index key of an installation.
#[must_use]
pub fn renewal_of(commands: &Commands, read: &ReadStore) -> IndexRenewal {
    IndexRenewal::new(commands.journal().clone(), commands.keys().clone(), read.clone())
}

/// Marks the history that the read models are of, so that a journal that is put back is noticed at the next start.
async fn keep_history(commands: Commands, read: ReadStore) {
    let mut ticks = tokio::time::interval(MARK_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match mark_history(commands.journal(), &read).await {
            Ok(true) => {}
            Ok(false) => tracing::error!(
                "the journal was put back under a running server: restart it, its read models are made anew then"
            ),
            Err(error) => {
                tracing::warn!(error = %error, "the read models' history could not be marked");
            }
        }
    }
}

/// Takes the steps that keep the index of people from outliving them, as they become due.
async fn keep_index(mut renewal: IndexRenewal) {
    let mut ticks = tokio::time::interval(RENEW_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = renewal.step().await {
            tracing::warn!(error = %error, "the index key could not be renewed");
        }
    }
}

/// Reads the facts that figures are made of. When it fails, the first question reads them. Then, where it is
/// this process that feeds the read models, puts what is published where people connect to.
async fn warm(figures: Figures, is_publisher: bool) {
    if let Err(error) = figures.warm().await {
        tracing::warn!(error = %error, "the figures could not be made ready");
    }
    let (mut published, mut ticks) = (None, tokio::time::interval(PUBLISH_EVERY));
    if !is_publisher {
        return;
    }
    loop {
        ticks.tick().await;
        match figures.publish_on_the_face(published).await {
            Ok(last) => published = last,
            Err(error) => {
                tracing::warn!(error = %error, "read.figures could not be brought up to date");
            }
        }
    }
}
