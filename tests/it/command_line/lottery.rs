//! `sira lottery verify` on a list and a seed, with no database at all: the example of `docs/lottery.md`.

use std::process::{Command, Output};

const SEED: &str = "Bamako, 12 août 2022, boules 7 31 4";

fn id(number: u32) -> String {
    format!("0176bb3e-7000-7000-8000-{number:012}")
}

/// Draws four people again, for one place, and compares with what was announced.
fn verify(announced: &[u32]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, people: &[u32]| {
        let lines: String = people.iter().map(|one| id(*one) + "\n").collect();
        let path = folder.path().join(name);
        std::fs::write(&path, lines).unwrap();
        path
    };
    let (entries, result) = (write("entries", &[1, 2, 3, 4]), write("result", announced));
    let mut command = Command::new(env!("CARGO_BIN_EXE_sira"));
    command.current_dir(folder.path()).args(["lottery", "verify", "--lang", "en", "--places", "1"]);
    command.arg("--entries").arg(entries).arg("--result").arg(result).args(["--seed", SEED]);
    command.output().unwrap()
}

#[test]
fn the_example_of_the_document_is_drawn_as_it_is_told() {
    let output = verify(&[2, 3, 4, 1]);
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{told}");
    let ranked: Vec<&str> =
        told.lines().filter_map(|line| line.split_whitespace().nth(1)).collect();
    assert_eq!(ranked, [2, 3, 4, 1].map(id));
    assert!(told.lines().next().unwrap().ends_with("drawn"), "{told}");
}

#[test]
fn a_result_that_is_not_the_draws_is_told_as_false() {
    assert_eq!(verify(&[1, 2, 3, 4]).status.code(), Some(1));
    assert_eq!(verify(&[]).status.code(), Some(1));
    assert_eq!(verify(&[2]).status.code(), Some(0), "those who were drawn are enough");
}
