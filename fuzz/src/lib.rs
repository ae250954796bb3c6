//! The properties that the fuzz targets check: those of the property tests, from what a fuzzer gives.

#[path = "../../tests/it/parsers/properties/evidence.rs"]
pub mod evidence;
#[cfg(feature = "server")]
pub mod server;
