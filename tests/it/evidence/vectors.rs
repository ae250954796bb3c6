//! The Merkle tree against the vectors of another project; see `tests/vectors/README.md`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use sira::evidence::merkle::{Hash, empty_root, verify_consistency, verify_inclusion};

const VECTORS: &str = include_str!("../../vectors/merkle.json");

#[derive(Deserialize)]
struct Vectors {
    inclusion: Vec<Inclusion>,
    consistency: Vec<Consistency>,
    subtreeinclusion: Vec<SubtreeInclusion>,
    subtreeconsistency: Vec<SubtreeConsistency>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Inclusion {
    path: String,
    leaf_idx: u64,
    tree_size: u64,
    root: String,
    leaf_hash: String,
    proof: Option<Vec<String>>,
    want_err: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Consistency {
    path: String,
    size1: u64,
    size2: u64,
    root1: String,
    root2: String,
    proof: Option<Vec<String>>,
    want_err: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SubtreeInclusion {
    path: String,
    leaf_idx: u64,
    start: u64,
    end: u64,
    root: String,
    leaf_hash: String,
    proof: Option<Vec<String>>,
    want_err: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SubtreeConsistency {
    path: String,
    start: u64,
    end: u64,
    size: u64,
    root1: String,
    root2: String,
    proof: Option<Vec<String>>,
    want_err: bool,
}

fn vectors() -> Vectors {
    serde_json::from_str(VECTORS).unwrap()
}

/// A hash of a case. Ours have 32 bytes by their type: no bytes at all are refused wherever we read
/// one, and a word in its place ("`WrongRoot`") is stood for by its own hash, which is as wrong.
fn hash(text: &str) -> Option<Hash> {
    let bytes = STANDARD.decode(text).unwrap();
    match bytes.len() {
        0 => None,
        32 => bytes.try_into().ok(),
        _ => Some(Sha256::digest(bytes).into()),
    }
}

fn proof(hashes: Option<&Vec<String>>) -> Option<Vec<Hash>> {
    hashes.map_or(Some(Vec::new()), |hashes| hashes.iter().map(|one| hash(one)).collect())
}

fn includes(
    leaf: &str,
    (index, size): (u64, u64),
    steps: Option<&Vec<String>>,
    root: &str,
) -> bool {
    let (Some(leaf), Some(root), Some(steps)) = (hash(leaf), hash(root), proof(steps)) else {
        return false;
    };
    verify_inclusion(&leaf, index, size, &steps, &root).is_ok()
}

fn extends(
    (from, from_root): (u64, &str),
    (to, to_root): (u64, &str),
    steps: Option<&Vec<String>>,
) -> bool {
    let (Some(old), Some(new), Some(steps)) = (hash(from_root), hash(to_root), proof(steps)) else {
        return false;
    };
    verify_consistency((from, &old), (to, &new), &steps).is_ok()
}

#[test]
fn every_inclusion_vector_has_the_verdict_of_its_authors() {
    let cases = vectors().inclusion;
    assert_eq!(cases.len(), 98);
    for case in &cases {
        let at = (case.leaf_idx, case.tree_size);
        let held = includes(&case.leaf_hash, at, case.proof.as_ref(), &case.root);
        assert_eq!(held, !case.want_err, "{}", case.path);
    }
    assert_eq!(cases.iter().filter(|case| !case.want_err).count(), 6);
}

#[test]
fn every_consistency_vector_has_the_verdict_of_its_authors() {
    let cases = vectors().consistency;
    assert_eq!(cases.len(), 98);
    for case in &cases {
        let (from, to) = ((case.size1, &*case.root1), (case.size2, &*case.root2));
        let held = extends(from, to, case.proof.as_ref());
        assert_eq!(held, !case.want_err, "{}", case.path);
    }
    assert_eq!(cases.iter().filter(|case| !case.want_err).count(), 6);
}

#[test]
fn every_run_of_leaves_that_is_one_proves_its_leaves_as_a_tree_does() {
    let cases = vectors().subtreeinclusion;
    assert_eq!(cases.len(), 204);
    let (mut run, mut right) = (0, 0);
    for case in &cases {
        if case.end <= case.start {
            assert!(case.want_err, "{}", case.path);
            continue;
        }
        run += 1;
        right += usize::from(!case.want_err);
        let size = case.end - case.start;
        // A run begins where a complete tree of its height could; others have no place in a tree.
        let width = size.checked_next_power_of_two();
        let is_run = width.map_or(case.start == 0, |width| case.start % width == 0);
        let held = case.leaf_idx.checked_sub(case.start).is_some_and(|index| {
            includes(&case.leaf_hash, (index, size), case.proof.as_ref(), &case.root)
        });
        assert_eq!(held && is_run, !case.want_err, "{}", case.path);
    }
    assert_eq!((run, right), (187, 12));
}

#[test]
fn every_run_of_leaves_from_the_first_is_extended_as_a_tree_is() {
    let cases = vectors().subtreeconsistency;
    assert_eq!(cases.len(), 118);
    let from_the_first = |case: &&SubtreeConsistency| case.start == 0 && case.end > 0;
    let cases: Vec<_> = cases.iter().filter(from_the_first).collect();
    for case in &cases {
        let (from, to) = ((case.end, &*case.root1), (case.size, &*case.root2));
        let held = extends(from, to, case.proof.as_ref());
        assert_eq!(held, !case.want_err, "{}", case.path);
    }
    assert_eq!(cases.len(), 91);
}

#[test]
fn the_root_of_no_leaves_is_that_of_the_vectors() {
    let case = vectors().inclusion.into_iter().find(|case| case.path == "0/empty-root").unwrap();
    assert_eq!(STANDARD.encode(empty_root()), case.root);
}
