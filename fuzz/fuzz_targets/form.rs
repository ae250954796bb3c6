#![no_main]

use libfuzzer_sys::fuzz_target;
use sira_fuzz::server::form;

fuzz_target!(|given: (u8, &str)| {
    form(given.0, given.1);
});
