//! The spans there are. Their fields are names of ours and numbers: what a caller wrote is in none.

use axum::http::{HeaderMap, Method, StatusCode};
use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use tracing::field::Empty;
use tracing::{Span, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The target of every span that is exported, and of nothing else.
pub const TARGET: &str = "sira::span";

/// A request, under the trace that its caller has begun, if any (W3C `traceparent`; `tracestate` is the
/// caller's own text and is not taken over). `route` is the route's form, not the address.
#[must_use]
pub fn request(method: &Method, route: &str, headers: &HeaderMap) -> Span {
    let method = known(method);
    let span = info_span!(
        target: TARGET, "request", otel.name = format!("{method} {route}"), otel.kind = "server",
        http.request.method = method, http.route = route, http.response.status_code = Empty,
        otel.status_code = Empty,
    );
    if !span.is_disabled()
        && let Some(parent) = headers.get("traceparent").and_then(|value| value.to_str().ok())
        && let Some(parent) = read_parent(parent)
    {
        // Fails only where nothing is exported.
        let _ = span.set_parent(Context::new().with_remote_span_context(parent));
    }
    span
}

/// Tells a request's span how it was answered.
pub fn answered(span: &Span, status: StatusCode) {
    span.record("http.response.status_code", status.as_u16());
    if status.is_server_error() {
        span.record("otel.status_code", "ERROR");
    }
}

/// A command; `word` is one of the catalogue's.
#[must_use]
pub fn command(word: &str) -> Span {
    info_span!(target: TARGET, "command", otel.name = format!("command {word}"), sira.command = word)
}

/// The wait for the journal's commit.
#[must_use]
pub fn append() -> Span {
    info_span!(target: TARGET, "append")
}

/// The method as the standards name it: a caller may send any word as one.
fn known(method: &Method) -> &str {
    match *method {
        Method::GET
        | Method::POST
        | Method::HEAD
        | Method::OPTIONS
        | Method::PUT
        | Method::PATCH
        | Method::DELETE => method.as_str(),
        _ => "_OTHER",
    }
}

/// Reads `00-<trace>-<span>-<flags>`.
fn read_parent(text: &str) -> Option<SpanContext> {
    let parts: Vec<_> = text.trim().split('-').collect();
    let [version, trace, span, flags] = parts.as_slice() else { return None };
    if (version.len(), trace.len(), span.len(), flags.len()) != (2, 32, 16, 2) || *version == "ff" {
        return None;
    }
    let (trace, span) = (TraceId::from_hex(trace).ok()?, SpanId::from_hex(span).ok()?);
    let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?);
    let parent = SpanContext::new(trace, span, flags, true, TraceState::default());
    parent.is_valid().then_some(parent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parent_is_read_in_the_form_of_the_standard_alone() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let parent = read_parent(good).unwrap();
        assert_eq!(parent.trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
        assert!(parent.is_sampled() && parent.is_remote());
        for bad in [
            "",
            "00",
            &good[1..],
            &good.replace("0af7", "zzzz"),
            &good.replace("00-", "ff-"),
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        ] {
            assert!(read_parent(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_word_that_is_no_method_is_not_repeated() {
        assert_eq!(known(&Method::from_bytes(b"AMINATA").unwrap()), "_OTHER");
        assert_eq!(known(&Method::POST), "POST");
    }
}
