//! The tree against implementations of others: `ct-merkle` and `tlog_tiles` leaf for leaf, `tlog_tiles`
//! and `signed_note` as clients of a real server, and pymerkle, which is not even of this language.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ct_merkle::{InclusionProof, RootHash};
use proptest::prelude::*;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use signed_note::{StandardVerifier, VerifierList};
use sira::evidence::growth::{Growth, Tile};
use sira::evidence::merkle::{
    Hash, complete_root, consistency_ranges, inclusion_ranges, join, subtrees, verify_consistency,
    verify_inclusion,
};
use sira_domain::role::Role;
use tlog_tiles::{Error, HashReader, TileHashReader, TileReader};

use crate::api::app::TestApp;
use crate::export::mining::python;
use crate::on_both_engines;
use crate::proof::life::Life;

/// Commands that make more than one full tile of events.
const COMMANDS: usize = 900;

fn leaf(bytes: &[u8]) -> Hash {
    Sha256::digest([&[0], bytes].concat()).into()
}

/// The hashes of ranges of leaves, which is what a proof is.
fn hashes(leaves: &[Hash], ranges: Vec<std::ops::Range<u64>>) -> Vec<Hash> {
    let part = |part: sira::evidence::merkle::Subtree| {
        let (low, high) = (part.index << part.height, (part.index + 1) << part.height);
        complete_root(&leaves[usize::try_from(low).unwrap()..usize::try_from(high).unwrap()])
    };
    let whole = |range| join(&subtrees(range).into_iter().map(part).collect::<Vec<_>>());
    ranges.into_iter().map(whole).collect()
}

fn grown(leaves: &[Hash]) -> Growth {
    let mut growth = Growth::default();
    for leaf in leaves {
        growth.push(*leaf, &mut |_| {});
    }
    growth
}

/// What `tlog_tiles` stores of a tree, in its own order.
#[derive(Default)]
struct StoredHashes(Vec<tlog_tiles::Hash>);

impl HashReader for StoredHashes {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, Error> {
        Ok(indexes.iter().map(|index| self.0[usize::try_from(*index).unwrap()]).collect())
    }
}

impl StoredHashes {
    fn of(entries: &[Vec<u8>]) -> Self {
        let mut stored = Self::default();
        for (place, entry) in (0..).zip(entries) {
            let more = tlog_tiles::stored_hashes(place, entry, &stored).unwrap();
            stored.0.extend(more);
        }
        stored
    }
}

fn theirs(hashes: &[Hash]) -> Vec<tlog_tiles::Hash> {
    hashes.iter().map(|hash| tlog_tiles::Hash(*hash)).collect()
}

fn ours(hashes: &[tlog_tiles::Hash]) -> Vec<Hash> {
    hashes.iter().map(|hash| hash.0).collect()
}

proptest! {
    #[test]
    fn roots_and_proofs_are_those_of_two_other_implementations(
        entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..700),
        (index, from) in (any::<prop::sample::Index>(), any::<prop::sample::Index>()),
    ) {
        let leaves: Vec<Hash> = entries.iter().map(|entry| leaf(entry)).collect();
        let size = leaves.len() as u64;
        let (index, from) = (index.index(leaves.len()), from.index(leaves.len()) + 1);
        let (root, old) = (grown(&leaves).root(), grown(&leaves[..from]).root());
        let inclusion = hashes(&leaves, inclusion_ranges(index as u64, size));
        let consistency = hashes(&leaves, consistency_ranges(from as u64, size));

        let stored = StoredHashes::of(&entries);
        prop_assert_eq!(tlog_tiles::tree_hash(size, &stored).unwrap().0, root);
        let proved = tlog_tiles::prove_record(size, index as u64, &stored).unwrap();
        prop_assert_eq!(ours(&proved), inclusion.clone());
        let proved = tlog_tiles::prove_tree(size, from as u64, &stored).unwrap();
        prop_assert_eq!(ours(&proved), consistency.clone());

        let mut tree = MemoryBackedTree::<Sha256, Vec<u8>>::new();
        for entry in &entries {
            tree.push(entry.clone());
        }
        let computed = tree.root();
        prop_assert_eq!(computed.as_bytes().as_slice(), root);
        let proved = tree.prove_inclusion(index);
        prop_assert_eq!(proved.as_bytes(), inclusion.as_flattened());
        let proved = tree.prove_consistency(entries.len() - from);
        prop_assert_eq!(proved.as_bytes(), consistency.as_flattened());

        prop_assert!(verify_inclusion(&leaves[index], index as u64, size, &inclusion, &root).is_ok());
        let pair = ((from as u64, &old), (size, &root));
        prop_assert!(verify_consistency(pair.0, pair.1, &consistency).is_ok());
    }

    #[test]
    fn what_others_refuse_is_refused(
        size in 2_u64..300,
        (index, changed, bit) in (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..8),
    ) {
        let entries: Vec<Vec<u8>> = (0..size).map(|place| place.to_be_bytes().to_vec()).collect();
        let leaves: Vec<Hash> = entries.iter().map(|entry| leaf(entry)).collect();
        let root = grown(&leaves).root();
        let index = index.index(leaves.len());
        let mut proof = hashes(&leaves, inclusion_ranges(index as u64, size));
        let changed = changed.index(proof.len() * 32);
        proof[changed / 32][changed % 32] ^= 1_u8 << bit;

        let refused = verify_inclusion(&leaves[index], index as u64, size, &proof, &root);
        prop_assert!(refused.is_err());
        let one = tlog_tiles::Hash(leaves[index]);
        let held = tlog_tiles::check_record(
            &theirs(&proof), size, tlog_tiles::Hash(root), index as u64, one,
        );
        prop_assert!(held.is_err());
        let root = RootHash::<Sha256>::new(root.into(), size);
        let proof = InclusionProof::<Sha256>::from_bytes(proof.as_flattened().to_vec());
        prop_assert!(root.verify_inclusion(&entries[index], index as u64, &proof).is_err());
    }
}

/// Tiles in memory.
struct Tiles(HashMap<(u8, u64), Vec<Hash>>);

impl TileReader for Tiles {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[tlog_tiles::Tile]) -> Result<Vec<Vec<u8>>, Error> {
        let bytes = |tile: &tlog_tiles::Tile| {
            let hashes = &self.0[&(tile.level(), tile.level_index())];
            hashes[..tile.width() as usize].as_flattened().to_vec()
        };
        Ok(tiles.iter().map(bytes).collect())
    }

    fn save_tiles(&self, _: &[tlog_tiles::Tile], _: &[Vec<u8>]) {}
}

#[test]
fn the_tiles_of_a_tree_of_three_levels_are_read_by_others() {
    let (mut growth, mut full, mut leaves) = (Growth::default(), Vec::new(), Vec::new());
    let size = 70_000_u64;
    for place in 0..size {
        leaves.push(leaf(&place.to_be_bytes()));
        growth.push(leaves[leaves.len() - 1], &mut |tile| full.push(tile));
    }
    let all = full.into_iter().chain(growth.edge_tiles());
    let placed = |tile: Tile| ((u8::try_from(tile.level).unwrap(), tile.index), tile.hashes);
    let tiles = Tiles(all.map(placed).collect());
    assert!(tiles.0.contains_key(&(2, 0)));
    let root = tlog_tiles::Hash(growth.root());
    let reader = TileHashReader::new(size, root, &tiles);
    for index in [0, 1, 255, 256, 65_535, 65_536, 69_887, 69_888, 69_999] {
        let proof = tlog_tiles::prove_record(size, index, &reader).unwrap();
        let one = tlog_tiles::Hash(leaves[usize::try_from(index).unwrap()]);
        tlog_tiles::check_record(&proof, size, root, index, one).unwrap();
        assert_eq!(ours(&proof), hashes(&leaves, inclusion_ranges(index, size)));
    }
    for from in [1, 255, 256, 257, 65_535, 65_536, 65_537, 69_999, 70_000] {
        let old = tlog_tiles::Hash(grown(&leaves[..usize::try_from(from).unwrap()]).root());
        let proof = tlog_tiles::prove_tree(size, from, &reader).unwrap();
        tlog_tiles::check_tree(&proof, size, root, from, old).unwrap();
        assert_eq!(ours(&proof), hashes(&leaves, consistency_ranges(from, size)));
    }
}

/// A server, as a client of tiles sees it.
struct Remote<'a> {
    app: &'a TestApp,
    token: String,
}

impl Remote<'_> {
    async fn bytes(&self, path: &str) -> Vec<u8> {
        let request = self.app.request(Method::GET, path).bearer_auth(&self.token);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200, "{path}");
        answer.bytes().await.unwrap().to_vec()
    }

    async fn json(&self, path: &str) -> Value {
        serde_json::from_slice(&self.bytes(path).await).unwrap()
    }

    /// The published checkpoint, read and verified by others' code with the key that the server shows.
    async fn checkpoint(&self) -> tlog_tiles::Checkpoint {
        let note = self.bytes("/v1/evidence/checkpoint").await;
        let note = signed_note::Note::from_bytes(&note).unwrap();
        let shown = self.json("/v1/evidence/key").await;
        let key = StandardVerifier::new(shown["key"].as_str().unwrap()).unwrap();
        let (verified, others) = note.verify(&VerifierList::new(vec![Box::new(key)])).unwrap();
        assert_eq!((verified.len(), others.len()), (1, 0));
        let checkpoint = tlog_tiles::Checkpoint::from_bytes(note.text()).unwrap();
        assert_eq!(checkpoint.origin(), shown["origin"].as_str().unwrap());
        checkpoint
    }

    /// The path of a tile as C2SP writes it: `tlog_tiles` writes Go's, with the height in it.
    fn path(tile: &tlog_tiles::Tile) -> String {
        let path = tile.path().replacen("tile/8/", "/v1/evidence/tile/", 1);
        path.replacen("/data/", "/entries/", 1)
    }

    /// Every entry of a tree of that size, in the bundles that the server makes.
    async fn bundles(&self, size: u64) -> Vec<u8> {
        let mut all = Vec::new();
        for first in (0..size).step_by(256) {
            let width = u32::try_from((size - first).min(256)).unwrap();
            let tile = tlog_tiles::Tile::new(8, 0, first / 256, width, true);
            all.extend(self.bytes(&Self::path(&tile)).await);
        }
        all
    }
}

impl TileReader for Remote<'_> {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[tlog_tiles::Tile]) -> Result<Vec<Vec<u8>>, Error> {
        let here = tokio::runtime::Handle::current();
        let read = |tile| here.block_on(self.bytes(&Self::path(tile)));
        Ok(tokio::task::block_in_place(|| tiles.iter().map(read).collect()))
    }

    fn save_tiles(&self, _: &[tlog_tiles::Tile], _: &[Vec<u8>]) {}
}

fn entries_of(mut bundles: &[u8]) -> Vec<&[u8]> {
    let mut entries = Vec::new();
    while let Some((length, rest)) = bundles.split_first_chunk::<2>() {
        let (entry, rest) = rest.split_at(usize::from(u16::from_be_bytes(*length)));
        entries.push(entry);
        bundles = rest;
    }
    assert!(bundles.is_empty());
    entries
}

/// A server with a history of some hundred events, all of them covered by the published checkpoint.
async fn recorded(app: &TestApp) -> u64 {
    let mut life = Life::begin(app.commands.clone(), 11).await;
    for _ in 0..COMMANDS {
        life.go_on().await;
    }
    let last = app.commands.journal().head().await.unwrap().position;
    let head = last.get();
    assert!(head > 300, "{head}");
    let published = app.evidence.covering(last, Duration::from_secs(20)).await.unwrap();
    assert_eq!(published.checkpoint.size, head);
    head
}

fn decoded(proof: &Value) -> Vec<tlog_tiles::Hash> {
    let hash = |hash: &Value| tlog_tiles::Hash::parse_hash(hash.as_str().unwrap()).unwrap();
    proof.as_array().unwrap().iter().map(hash).collect()
}

on_both_engines! {
    async fn a_client_of_others_verifies_checkpoint_tiles_entries_and_proofs_of_a_server(engine) {
        let app = TestApp::on(engine).await;
        let head = recorded(&app).await;
        let remote = Remote { app: &app, token: app.token(Role::Auditor).await };
        let checkpoint = remote.checkpoint().await;
        let (size, root) = (checkpoint.size(), *checkpoint.hash());
        assert_eq!(size, head);

        // The tiles lead to the signed root, or the reader refuses them.
        let reader = TileHashReader::new(size, root, &remote);
        let places: Vec<u64> = (0..size).map(|index| tlog_tiles::stored_hash_index(0, index)).collect();
        let leaves = reader.read_hashes(&places).unwrap();
        assert_eq!(tlog_tiles::tree_hash(size, &reader).unwrap(), root);
        let bundles = remote.bundles(size).await;
        let entries = entries_of(&bundles);
        assert_eq!(entries.len() as u64, size);
        for (entry, leaf) in entries.iter().zip(&leaves) {
            assert_eq!(tlog_tiles::record_hash(entry), *leaf);
        }

        for position in [1, 2, 255, 256, 257, size - 1, size] {
            let path = format!("/v1/evidence/inclusion?position={position}&size={size}");
            let proof = decoded(&remote.json(&path).await["proof"]);
            let index = position - 1;
            let leaf = leaves[usize::try_from(index).unwrap()];
            tlog_tiles::check_record(&proof, size, root, index, leaf).unwrap();
            assert_eq!(proof, tlog_tiles::prove_record(size, index, &reader).unwrap());
        }
        let stored: Vec<Hash> = ours(&leaves);
        for from in [1, 2, 255, 256, 257, size - 1, size] {
            let path = format!("/v1/evidence/consistency?from={from}&to={size}");
            let proof = decoded(&remote.json(&path).await["proof"]);
            let old = grown(&stored[..usize::try_from(from).unwrap()]).root();
            tlog_tiles::check_tree(&proof, size, root, from, tlog_tiles::Hash(old)).unwrap();
            assert_eq!(proof, tlog_tiles::prove_tree(size, from, &reader).unwrap());
        }
    }

    async fn pymerkle_computes_the_signed_root_and_takes_the_proofs_of_a_server(engine) {
        let app = TestApp::on(engine).await;
        let size = recorded(&app).await;
        let remote = Remote { app: &app, token: app.token(Role::Auditor).await };
        let checkpoint = remote.checkpoint().await;
        let mut proofs = Vec::new();
        for (position, size) in [(1, 1), (1, size), (200, 256), (256, 257), (257, size), (size, size)] {
            let path = format!("/v1/evidence/inclusion?position={position}&size={size}");
            proofs.push(remote.json(&path).await);
        }
        // And one that is wrong.
        let mut wrong = proofs[1].clone();
        wrong["leaf_hash"] = proofs[4]["leaf_hash"].clone();
        proofs.push(wrong);
        let (entries, given) = (engine.folder().join("entries"), engine.folder().join("proofs.json"));
        std::fs::write(&entries, remote.bundles(size).await).unwrap();
        std::fs::write(&given, json!(proofs).to_string()).unwrap();
        let told = tokio::task::spawn_blocking(move || pymerkle(&entries, &given)).await.unwrap();
        assert_eq!(told["taken"], json!([true, true, true, true, true, true, false]));
        let roots: Vec<Hash> = told["roots"].as_array().unwrap().iter().map(hash).collect();
        assert_eq!(roots.last(), Some(&checkpoint.hash().0));
        // Its roots of older trees, and the server's proofs that the signed one extends them.
        for from in [1, 100, 256, 300, size - 1] {
            let path = format!("/v1/evidence/consistency?from={from}&to={size}");
            let proof = ours(&decoded(&remote.json(&path).await["proof"]));
            let old = &roots[usize::try_from(from - 1).unwrap()];
            verify_consistency((from, old), (size, &checkpoint.hash().0), &proof).unwrap();
        }
    }
}

fn hash(text: &Value) -> Hash {
    STANDARD.decode(text.as_str().unwrap()).unwrap().try_into().unwrap()
}

/// What pymerkle says of files.
fn pymerkle(entries: &Path, proofs: &Path) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mining/merkle.py");
    let python = python();
    let ran = Command::new(&python).arg(script).arg(entries).arg(proofs).output();
    let ran = ran.unwrap_or_else(|error| {
        panic!("{}: {error}: run tests/run.sh once, which sets it up", python.display())
    });
    let told = String::from_utf8(ran.stdout).unwrap();
    assert!(ran.status.success(), "{told}{}", String::from_utf8_lossy(&ran.stderr));
    serde_json::from_str(&told).unwrap()
}
