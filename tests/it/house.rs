//! The house: no arrow runs up. Each member of the workspace uses only those below it, and so does each folder of
//! `src/`; what must run in a browser knows no runtime, database, file, thread or clock.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The members, each with those of ours that it may use.
const MEMBERS: &[(&str, &[&str])] = &[
    ("crates/numbers", &[]),
    ("domain", &["sira_numbers"]),
    ("crates/evidence", &["sira_numbers"]),
    ("crates/database", &["sira_numbers"]),
    ("crates/journal", &["sira_database", "sira_evidence", "sira_numbers"]),
    ("crates/population", &["sira_domain", "sira_evidence", "sira_journal", "sira_numbers"]),
    ("projections", &["sira_database", "sira_domain", "sira_numbers"]),
];

/// The modules of `src/`, the lowest first; one line is one floor, whose modules do not use each other.
const FLOORS: &[&[&str]] = &[
    &["at_once", "files", "formats", "grant", "say", "telemetry"],
    &["keys", "token", "access_log"],
    &["oidc", "stored"],
    &["documents", "read_side"],
    &["commands"],
    &[
        "present",
        "evidence",
        "export",
        "figures",
        "generate",
        "retention",
        "reassignment",
        "open_call",
        "import",
        "reconcile",
    ],
    &["backup", "paper", "replay", "reports"],
    &["http"],
    &["config"],
    &["app"],
    &["cli"],
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            found.push(path);
        }
    }
    found
}

/// The code of a file, without what stands after `//` in a line.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}

/// The first words after each `before` in a text, those of a list in braces too.
fn named(text: &str, before: &str) -> BTreeSet<String> {
    let word = |text: &str| -> String {
        text.chars().take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect()
    };
    let mut found = BTreeSet::new();
    for part in text.split(before).skip(1) {
        match part.strip_prefix('{') {
            Some(list) => {
                let list = list.split('}').next().unwrap_or_default();
                found.extend(list.split(',').map(|one| word(one.trim())));
            }
            None => {
                found.insert(word(part));
            }
        }
    }
    found
}

#[test]
fn a_member_uses_only_those_below_it() {
    for (member, below) in MEMBERS {
        for file in sources(&root().join(member).join("src")) {
            let code = code(&file);
            for used in
                named(&code, "sira_").iter().filter(|used| code.contains(&format!("sira_{used}::")))
            {
                let used = format!("sira_{used}");
                assert!(below.contains(&used.as_str()), "{} uses {used}", file.display());
            }
        }
    }
}

/// What a position, a version or a sequence is called: one of these words, alone or at the end of a name.
const NUMBERED: &[&str] = &["position", "version", "sequence", "head"];

/// The names of fields, parameters and functions in some code that are called so and are bare numbers.
fn bare_numbers(code: &str) -> Vec<&str> {
    let is_of_a_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let name_before = |end: usize| {
        let begin = code[..end].rfind(|letter| !is_of_a_name(letter)).map_or(0, |at| at + 1);
        &code[begin..end]
    };
    let fields = [": u64", ": &u64", ": Option<u64>"].into_iter().flat_map(|bare| {
        let whole = code.match_indices(bare).filter(move |(at, _)| {
            bare.ends_with('>') || !code[at + bare.len()..].starts_with(is_of_a_name)
        });
        whole.map(|(at, _)| name_before(at))
    });
    let functions = code.split("fn ").skip(1).filter_map(|after| {
        let signature = after.split(['{', ';']).next().unwrap_or_default();
        let answer = signature.rsplit_once("-> ")?.1.trim();
        let is_bare = ["u64", "Option<u64>", "Result<u64, "].iter().any(|bare| {
            answer.strip_prefix(bare).is_some_and(|rest| rest.is_empty() || bare.ends_with(' '))
        });
        is_bare.then(|| after.split(|letter| !is_of_a_name(letter)).next().unwrap_or_default())
    });
    let is_numbered = |name: &&str| {
        let mut kinds = NUMBERED.iter().filter_map(|kind| name.strip_suffix(kind));
        kinds.any(|rest| rest.is_empty() || rest.ends_with('_'))
    };
    fields.chain(functions).filter(is_numbered).collect()
}

#[test]
fn a_position_a_version_and_a_sequence_have_types_of_their_own() {
    let bare = "struct A { position: u64, size: u64, rules_version: u32, until_position: Option<u64> } \
                fn take(head: &u64, subversion: u64, sequence: Sequence) -> u64 {} \
                fn last_position(&self) -> Result<u64, Error>; fn version(&self) -> Version {}";
    assert_eq!(bare_numbers(bare), ["position", "head", "until_position", "last_position"]);
    let members = MEMBERS.iter().map(|(member, _)| root().join(member).join("src"));
    for file in members.chain([root().join("src")]).flat_map(|folder| sources(&folder)) {
        let code = code(&file);
        let found = bare_numbers(&code);
        assert!(found.is_empty(), "{}: a bare u64 is called {found:?}", file.display());
    }
}

/// A transaction on a connection that goes back to a pool is begun by `crates/database` alone, which closes that
/// connection where the transaction is not ended: the driver's own leaves one open when its beginning is cut off.
#[test]
fn a_transaction_is_begun_where_a_cut_closes_its_connection() {
    let members = MEMBERS.iter().map(|(member, _)| root().join(member).join("src"));
    for file in members.chain([root().join("src")]).flat_map(|folder| sources(&folder)) {
        if file.starts_with(root().join("crates/database")) {
            continue;
        }
        let code = code(&file);
        for begun in ["Connection::begin(", "Acquire::begin(", "begin_with(", "sqlx::Transaction"] {
            assert!(!code.contains(begun), "{}: {begun}", file.display());
        }
    }
}

#[test]
fn a_module_of_the_edges_uses_only_those_below_it() {
    let floor_of = |module: &str| FLOORS.iter().position(|floor| floor.contains(&module));
    let src = root().join("src");
    for file in sources(&src) {
        let place = file.strip_prefix(&src).unwrap();
        let module = place.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs");
        if ["lib", "main"].contains(&module) {
            continue;
        }
        let own = floor_of(module).unwrap_or_else(|| panic!("{module} stands on no floor"));
        for used in named(&code(&file), "crate::").iter().filter(|used| *used != module) {
            let Some(floor) = floor_of(used) else { continue };
            assert!(floor < own, "{} uses {used}, which stands no lower", place.display());
        }
    }
}

/// The modules of each row of the layers in `docs/ARCHITECTURE.md`, the first row first.
fn drawn(text: &str) -> Vec<BTreeSet<&str>> {
    let rows = text.split("\n| layer |").nth(1).unwrap().split("\n\n").next().unwrap();
    let mut drawn = Vec::new();
    for row in rows.lines().skip(2) {
        let names = row.split('|').nth(2).unwrap().split('`').skip(1).step_by(2);
        drawn.push(names.map(|name| name.split(['/', '.']).next().unwrap()).collect());
    }
    drawn
}

#[test]
fn the_layers_are_drawn_as_they_are_kept() {
    let text = fs::read_to_string(root().join("docs/ARCHITECTURE.md")).unwrap();
    let drawn = drawn(&text);
    assert_eq!(drawn.len(), FLOORS.len());
    for (mut row, floor) in drawn.into_iter().zip(FLOORS) {
        row.remove("main");
        assert_eq!(row, floor.iter().copied().collect());
    }
}

/// What a bundle is checked with can be built for a browser: nothing in it, nor below it, reaches for the system.
#[test]
fn the_check_of_a_bundle_rests_on_nothing_of_the_system() {
    let tree = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--package",
            "sira-evidence",
            "--edges",
            "normal,features",
            "--prefix",
            "none",
        ])
        .args(["--locked", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let tree = String::from_utf8(tree.stdout).unwrap();
    assert!(tree.contains("sha2 v"), "{tree}");
    for kept_out in [
        "tokio v",
        "sqlx",
        "rusqlite",
        "getrandom v",
        "rayon",
        "chrono feature \"clock\"",
        "chrono feature \"now\"",
    ] {
        assert!(!tree.contains(kept_out), "sira-evidence rests on {kept_out}");
    }
    for file in sources(&root().join("crates/evidence/src")) {
        let code = code(&file);
        for kept_out in ["std::fs", "std::net", "std::thread", "std::time", "std::env", "Utc::now"]
        {
            assert!(!code.contains(kept_out), "{} uses {kept_out}", file.display());
        }
    }
}
