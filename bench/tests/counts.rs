//! The gate's look at the instruction counts. An integration test, since the bench is then built with what the
//! other tests are built with: by itself it would have every dependency compiled again.

use std::process::Command;

#[test]
#[ignore = "takes Valgrind, and counts nothing else: .ci/run asks for it"]
fn no_path_takes_many_more_instructions_than_are_kept() {
    let counted = Command::new(env!("CARGO_BIN_EXE_sira-bench")).arg("counts").output().unwrap();
    println!("{}", String::from_utf8_lossy(&counted.stdout));
    assert!(counted.status.success(), "{}", String::from_utf8_lossy(&counted.stderr));
}
