#![no_main]

use libfuzzer_sys::fuzz_target;
use sira_fuzz::server::properties;

fuzz_target!(|text: &str| {
    properties::accept(text);
});
