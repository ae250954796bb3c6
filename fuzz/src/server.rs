//! The properties of the server's readers, from what a fuzzer gives.

use std::net::IpAddr;

use sira_domain::path::BENEFICIARY_COMMANDS;

#[path = "../../tests/it/parsers/properties/server.rs"]
pub mod properties;

/// Headers that are read.
const HEADERS: [&str; 10] = [
    "accept-language",
    "x-request-id",
    "if-match",
    "sira-device",
    "sira-device-time",
    "sira-correlation-id",
    "sira-causation-id",
    "idempotency-key",
    "authorization",
    "accept",
];

/// The headers of a request, each by its place in the table.
pub fn headers(values: Vec<(u8, Vec<u8>)>) {
    let name = |place: u8| HEADERS[usize::from(place) % HEADERS.len()];
    let values: Vec<_> = values.into_iter().map(|(place, value)| (name(place), value)).collect();
    properties::headers(&values);
}

/// A body of a command, which is named by its place in the table.
pub fn form(place: u8, text: &str) {
    let entry = &BENEFICIARY_COMMANDS[usize::from(place) % BENEFICIARY_COMMANDS.len()];
    properties::form(entry.word, text);
}

/// A chain of proxies, behind one whose address is given in bytes.
pub fn forwarded(trusted: &[String], address: [u8; 16], is_short: bool, lines: &[Vec<u8>]) {
    let [a, b, c, d, ..] = address;
    let peer = if is_short { IpAddr::from([a, b, c, d]) } else { IpAddr::from(address) };
    properties::forwarded(trusted, peer, lines);
}
