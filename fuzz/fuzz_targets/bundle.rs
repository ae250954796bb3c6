#![no_main]

use libfuzzer_sys::fuzz_target;
use sira_fuzz::evidence as properties;

fuzz_target!(|bytes: &[u8]| {
    properties::bundle(bytes);
});
