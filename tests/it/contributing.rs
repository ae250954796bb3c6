//! The worked examples of CONTRIBUTING.md are true: every file that they name is there and holds the text
//! beside which the new lines go, and none touches more files than somebody new can keep in mind.
//!
//! A step is a line that begins with "- `path`"; each further text in backticks on that line stands in that
//! file. A file that the example makes is marked "(new)"; the texts after it are files like it.
//!
//! Likewise every path and link of the pages that lead a stranger through the tree.

use std::collections::BTreeSet;
use std::path::Path;

/// Files that an example touches at most, generated ones aside.
const FILES_MAX: usize = 9;
/// The same for a new aggregate, which is a kind of stream with routes of its own.
const FILES_OF_AN_AGGREGATE_MAX: usize = 10;
/// The pages that lead through the tree.
const PAGES: [&str; 8] = [
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/ARCHITECTURE.md",
    "docs/configuration.md",
    "docs/operations.md",
    "docs/tour.md",
    "docs/trust.md",
];
/// What a path in the text of a page begins with.
const FOLDERS: [&str; 9] = [
    "bench/",
    "crates/",
    "docs/",
    "domain/",
    "examples/",
    "fuzz/",
    "projections/",
    "src/",
    "tests/",
];

#[derive(Debug)]
struct Step<'a> {
    path: &'a str,
    is_new: bool,
    /// Texts in the file; of a new one, files like it.
    beside: Vec<&'a str>,
}

#[derive(Debug)]
struct Example<'a> {
    title: &'a str,
    steps: Vec<Step<'a>>,
}

/// The examples: the third-level sections under "Worked examples".
fn examples(text: &str) -> Vec<Example<'_>> {
    let (_, examples) = text.split_once("\n## Worked examples\n").unwrap();
    let examples = examples.split_once("\n## ").map_or(examples, |(examples, _)| examples);
    examples.split("\n### ").skip(1).map(example).collect()
}

fn example(section: &str) -> Example<'_> {
    let title = section.lines().next().unwrap_or_default();
    Example { title, steps: section.lines().filter_map(step).collect() }
}

fn step(line: &str) -> Option<Step<'_>> {
    let (path, rest) = line.strip_prefix("- `")?.split_once('`')?;
    let beside = rest.split('`').skip(1).step_by(2).collect();
    Some(Step { path, is_new: rest.starts_with(" (new)"), beside })
}

/// What is not as a step says.
fn faults(root: &Path, step: &Step) -> Vec<String> {
    let Step { path, is_new, beside } = step;
    let (path, mut faults) = (*path, Vec::new());
    if beside.is_empty() {
        faults.push(format!("{path}: nothing says where in it"));
    }
    if *is_new {
        if root.join(path).exists() {
            faults.push(format!("{path} is there already"));
        }
        let missing = beside.iter().filter(|like| !root.join(like).is_file());
        faults.extend(missing.map(|like| format!("{path}: there is no {like}")));
        return faults;
    }
    let Ok(text) = std::fs::read_to_string(root.join(path)) else {
        return vec![format!("there is no {path}")];
    };
    let missing = beside.iter().filter(|anchor| !text.contains(**anchor));
    faults.extend(missing.map(|anchor| format!("{path} does not hold {anchor}")));
    faults
}

#[test]
fn each_step_of_the_worked_examples_leads_to_its_place() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("CONTRIBUTING.md")).unwrap();
    let examples = examples(&text);
    assert!(examples.len() >= 6, "only {} examples were found", examples.len());
    let faults: Vec<_> = examples
        .iter()
        .flat_map(|example| &example.steps)
        .flat_map(|step| faults(root, step))
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn no_worked_example_touches_more_files_than_one_can_keep_in_mind() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("CONTRIBUTING.md")).unwrap();
    for Example { title, steps } in examples(&text) {
        let files: BTreeSet<_> = steps.iter().map(|step| step.path).collect();
        let limit = if title == "An aggregate" { FILES_OF_AN_AGGREGATE_MAX } else { FILES_MAX };
        assert!((1..=limit).contains(&files.len()), "{title}: {} files", files.len());
    }
}

#[test]
fn a_step_that_is_not_true_is_told() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let told = |line: &str| faults(root, &step(line).unwrap());
    assert!(told("- `Cargo.toml`, after `[workspace]` a member").is_empty());
    assert_eq!(told("- `Cargo.toml`, after `[no such]`"), ["Cargo.toml does not hold [no such]"]);
    assert_eq!(told("- `no/such.rs`, after `mod a;`"), ["there is no no/such.rs"]);
    assert_eq!(told("- `Cargo.toml`: a member"), ["Cargo.toml: nothing says where in it"]);
    assert_eq!(told("- `Cargo.toml` (new), like `README.md`"), ["Cargo.toml is there already"]);
    assert_eq!(told("- `a.rs` (new), like `b.rs`"), ["a.rs: there is no b.rs"]);
    assert!(step("- a point that names no file").is_none());
}

/// The paths in backticks; a pattern such as `src/{a,b}/` is none.
fn paths(text: &str) -> impl Iterator<Item = &str> {
    let is_plain = |one: char| one.is_ascii_alphanumeric() || "/._-".contains(one);
    let spans = text.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
    spans.filter(move |span| {
        FOLDERS.iter().any(|folder| span.starts_with(folder)) && span.chars().all(is_plain)
    })
}

/// The targets of links to files.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let files = targets.map(|target| target.split('#').next().unwrap_or_default());
    files.filter(|file| !file.is_empty() && !file.contains(':'))
}

#[test]
fn every_path_and_link_of_the_pages_leads_to_something() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut lost = Vec::new();
    for page in PAGES {
        let whole = std::fs::read_to_string(root.join(page)).unwrap();
        // The examples name files that they make; they have a test of their own.
        let text = whole.split("\n## Worked examples\n").next().unwrap_or_default();
        let folder = root.join(page).parent().unwrap().to_owned();
        let paths = paths(text).filter(|path| !root.join(path).exists());
        lost.extend(paths.map(|path| format!("{page}: {path}")));
        let links = links(text).filter(|link| !folder.join(link).exists());
        lost.extend(links.map(|link| format!("{page}: {link}")));
    }
    assert!(lost.is_empty(), "{lost:#?}");
}

#[test]
fn a_path_or_a_link_that_leads_nowhere_is_found() {
    let text = "See `src/no_such.rs`, `serve`, `src/{a,b}.rs`, [this](no_such.md#part), [that](https://a.b/).";
    assert_eq!(paths(text).collect::<Vec<_>>(), ["src/no_such.rs"]);
    assert_eq!(links(text).collect::<Vec<_>>(), ["no_such.md"]);
}
