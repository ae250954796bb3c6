#![no_main]

use libfuzzer_sys::fuzz_target;
use sira_fuzz::server::properties;

fuzz_target!(|given: (&str, &str)| {
    properties::import_map(given.0, given.1);
});
