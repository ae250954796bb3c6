//! What a process tells of its work: logs on standard error, and, when an endpoint is named, spans of
//! requests and commands over OTLP. Neither says anything of a person: spans carry routes and commands by
//! their names, never an address, an id or a caller.

mod client;
pub mod spans;

use std::io::IsTerminal;
use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{
    ExporterBuildError, Protocol, SpanExporter, WithExportConfig, WithHttpConfig,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::runtime::Handle;
use tracing::Subscriber;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use client::Client;

/// What is logged when `SIRA_LOG` does not say. The exporter's own words matter when it fails.
const LOGGED: &str = "info,sqlx=warn,opentelemetry=warn";
/// How long an export may take, and the last one at the end of the process.
const EXPORT_WITHIN: Duration = Duration::from_secs(5);

/// What was started; to be ended before the process is.
pub struct Telemetry(Option<SdkTracerProvider>);

/// Starts logging, and the export of spans when an endpoint is named (such as `http://collector:4318`).
/// Without one, spans are not even made. `SIRA_LOG` sets the level of the logs, `info` by default; they
/// are readable on a terminal, and JSON lines elsewhere.
///
/// # Errors
/// When the endpoint is no URL.
pub fn start(endpoint: Option<&str>, runtime: &Handle) -> Result<Telemetry, ExporterBuildError> {
    let provider = endpoint.map(|endpoint| provider(endpoint, runtime)).transpose()?;
    let export = provider.as_ref().map(|provider| {
        tracing_opentelemetry::layer()
            .with_tracer(provider.tracer("sira"))
            .with_location(false)
            .with_threads(false)
            .with_level(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_filter(filter_fn(|metadata| metadata.target() == spans::TARGET))
    });
    // A second start in one process (a test) keeps the first.
    let _ = tracing_subscriber::registry().with(export).with(logs()).try_init();
    Ok(Telemetry(provider))
}

fn logs<S>() -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
{
    let filter = EnvFilter::try_from_env("SIRA_LOG").unwrap_or_else(|_| EnvFilter::new(LOGGED));
    // Spans are for the export alone: in the logs they would only repeat what is there.
    let filter = match format!("{}=off", spans::TARGET).parse() {
        Ok(directive) => filter.add_directive(directive),
        Err(_) => filter,
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() {
        lines.with_filter(filter).boxed()
    } else {
        lines.json().with_filter(filter).boxed()
    }
}

/// Spans are gathered in bounded memory and sent by a thread of their own; a collector that is away costs
/// spans, and delays nobody.
fn provider(endpoint: &str, runtime: &Handle) -> Result<SdkTracerProvider, ExporterBuildError> {
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Client::new(runtime.clone()))
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .with_timeout(EXPORT_WITHIN)
        .build()?;
    let version = opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let resource = Resource::builder().with_service_name("sira").with_attribute(version).build();
    Ok(SdkTracerProvider::builder().with_resource(resource).with_batch_exporter(exporter).build())
}

impl Telemetry {
    /// Sends what is left. The runtime must still be there.
    pub fn end(self) {
        if let Some(provider) = self.0
            && let Err(error) = provider.shutdown_with_timeout(EXPORT_WITHIN)
        {
            tracing::warn!(error = %error, "the last spans were not sent");
        }
    }
}
