//! Counters for Prometheus. Labels are routes and words of the catalogue, never ids or names.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use sira_numbers::{Position, at_most};
use sira_projections::{ProjectionStatus, RunState};

use crate::read_side::ProjectionLag;

/// Bounds of the duration histogram, in seconds.
const SECONDS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CommandLabels {
    command: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ProjectionLabels {
    projection: &'static str,
}

/// The process's counters.
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    seconds: Histogram,
    commands: Family<CommandLabels, Counter>,
    position: Gauge,
    hole: Gauge,
    published: Gauge,
    feed_readers: Gauge,
    feed_events: Counter,
    of_projections: OfProjections,
}

/// Gauges by projection.
struct OfProjections {
    projected: Family<ProjectionLabels, Gauge>,
    stopped: Family<ProjectionLabels, Gauge>,
    stopped_at: Family<ProjectionLabels, Gauge>,
    lag: Family<ProjectionLabels, Gauge>,
    lag_seconds: Family<ProjectionLabels, Gauge>,
}

impl OfProjections {
    fn register(registry: &mut Registry) -> Self {
        let mut gauge = |name, help| {
            let family = Family::<ProjectionLabels, Gauge>::default();
            registry.register(name, help, family.clone());
            family
        };
        Self {
            projected: gauge(
                "projection_position",
                "Every event up to here is in the projection's rows",
            ),
            stopped: gauge(
                "projection_stopped",
                "1 when the projection has stopped: its log says at which event",
            ),
            stopped_at: gauge(
                "projection_stopped_position",
                "Position of the event at which the projection has stopped; 0 when at none",
            ),
            lag: gauge("projection_lag_events", "Events that are not in the projection's rows yet"),
            lag_seconds: gauge(
                "projection_lag_seconds",
                "Seconds since the oldest of them was recorded",
            ),
        }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("sira");
        let (requests, commands, position) =
            (Family::default(), Family::default(), Gauge::default());
        let seconds = Histogram::new(SECONDS);
        registry.register("http_requests", "Requests answered", requests.clone());
        registry.register("http_request_seconds", "Time to answer a request", seconds.clone());
        registry.register("commands", "Commands by outcome", commands.clone());
        registry.register(
            "journal_position",
            "Last position known to be committed",
            position.clone(),
        );
        let hole = Gauge::default();
        let help = "Seconds since a recorded event cannot be read; 0 when every one can";
        registry.register("journal_hole_seconds", help, hole.clone());
        let (feed_readers, feed_events) = (Gauge::default(), Counter::default());
        registry.register("feed_readers", "Readers that follow the events", feed_readers.clone());
        registry.register("feed_events", "Events handed to them", feed_events.clone());
        let of_projections = OfProjections::register(&mut registry);
        let published = Gauge::default();
        let help = "Events that the published checkpoint covers; 0 when there is none";
        registry.register("evidence_size", help, published.clone());
        Self {
            registry,
            requests,
            seconds,
            commands,
            position,
            hole,
            published,
            feed_readers,
            feed_events,
            of_projections,
        }
    }
}

impl Metrics {
    /// Counts an answer.
    pub fn count_request(&self, method: &Method, route: &str, status: StatusCode, took: Duration) {
        let labels = RequestLabels {
            method: method.to_string(),
            route: route.to_owned(),
            status: status.as_u16(),
        };
        self.requests.get_or_create(&labels).inc();
        self.seconds.observe(took.as_secs_f64());
    }

    /// Counts a command; `word` is one of the catalogue's.
    pub fn count_command(&self, word: &str, done: bool) {
        let outcome = if done { "done" } else { "not_done" };
        self.commands.get_or_create(&CommandLabels { command: word.to_owned(), outcome }).inc();
    }

    /// One reader more or one less that follows the events.
    pub fn count_feed_readers(&self, change: i64) {
        self.feed_readers.inc_by(change);
    }

    /// Counts events that were handed to such a reader.
    pub fn count_feed_events(&self, count: u64) {
        self.feed_events.inc_by(count);
    }

    /// The counters in Prometheus' text form; `published` is the size of the published checkpoint, `hole` the age of
    /// the journal's hole.
    #[must_use]
    pub fn text(
        &self,
        (position, hole): (Position, Option<Duration>),
        published: u64,
        projections: &[ProjectionStatus],
        lags: &[ProjectionLag],
    ) -> String {
        let signed = |count: u64| at_most(count, i64::MAX);
        self.position.set(position.stored());
        self.hole.set(signed(hole.map_or(0, |hole| hole.as_secs().max(1))));
        self.published.set(signed(published));
        for status in projections {
            let labels = ProjectionLabels { projection: status.name };
            self.of_projections.projected.get_or_create(&labels).set(status.position.stored());
            let has_stopped = matches!(status.state, RunState::Stopped { .. });
            self.of_projections.stopped.get_or_create(&labels).set(has_stopped.into());
            let at =
                if let RunState::Stopped { position, .. } = status.state { position } else { None };
            let at = at.unwrap_or_default().stored();
            self.of_projections.stopped_at.get_or_create(&labels).set(at);
            let Some(lag) = lags.iter().find(|lag| lag.name == status.name) else { continue };
            self.of_projections.lag.get_or_create(&labels).set(signed(lag.lag_events));
            self.of_projections.lag_seconds.get_or_create(&labels).set(signed(lag.lag_seconds));
        }
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
