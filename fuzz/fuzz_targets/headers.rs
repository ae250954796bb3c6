#![no_main]

use libfuzzer_sys::fuzz_target;
use sira_fuzz::server::headers;

fuzz_target!(|values: Vec<(u8, Vec<u8>)>| {
    headers(values);
});
