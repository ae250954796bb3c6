#![no_main]

use libfuzzer_sys::fuzz_target;
use sira_fuzz::server::forwarded;

fuzz_target!(|given: (Vec<String>, [u8; 16], bool, Vec<Vec<u8>>)| {
    forwarded(&given.0, given.1, given.2, &given.3);
});
