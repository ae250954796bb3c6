//! Hashes for everybody: as files that any static server publishes, and without a token where it is said so.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::Method;
use signed_note::{StandardVerifier, VerifierList};
use sira::clock::Clock;
use sira::evidence::{EvidenceError, TilesExported, Witnesses, export_tiles};
use sira::http::{Gate, RateLimits, TrustedProxies};
use sira::journal::Journal;
use sira_domain::role::Role;
use tempfile::tempdir;
use tlog_tiles::{Error, HashReader, TileHashReader, TileReader};

use super::log_key;
use super::marks::{put_back, record, record_and_sign, signed as signed_journal};
use crate::api::app::{Reply, TestApp};
use crate::export::command::run;
use crate::on_both_engines;
use crate::proof::life::Life;

/// A folder of tiles, as others' code reads it: nothing of ours, and no server.
struct Folder(PathBuf);

impl TileReader for Folder {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[tlog_tiles::Tile]) -> Result<Vec<Vec<u8>>, Error> {
        let read = |tile: &tlog_tiles::Tile| {
            // `tlog_tiles` writes Go's path, with the height in it.
            let path = tile.path().replacen("tile/8/", "tile/", 1);
            std::fs::read(self.0.join(&path)).unwrap_or_else(|error| panic!("{path}: {error}"))
        };
        Ok(tiles.iter().map(read).collect())
    }

    fn save_tiles(&self, _: &[tlog_tiles::Tile], _: &[Vec<u8>]) {}
}

impl Folder {
    fn checkpoint(&self) -> tlog_tiles::Checkpoint {
        let note = std::fs::read(self.0.join("checkpoint")).unwrap();
        let note = signed_note::Note::from_bytes(&note).unwrap();
        let key = StandardVerifier::new(&log_key().to_string()).unwrap();
        let (verified, others) = note.verify(&VerifierList::new(vec![Box::new(key)])).unwrap();
        assert_eq!((verified.len(), others.len()), (1, 0));
        tlog_tiles::Checkpoint::from_bytes(note.text()).unwrap()
    }

    /// Proves every leaf, and that the tree extends that of an older size, from files alone.
    fn prove(&self, older: (u64, tlog_tiles::Hash)) -> (u64, tlog_tiles::Hash) {
        let checkpoint = self.checkpoint();
        let (size, root) = (checkpoint.size(), *checkpoint.hash());
        let reader = TileHashReader::new(size, root, self);
        assert_eq!(tlog_tiles::tree_hash(size, &reader).unwrap(), root);
        for index in 0..size {
            let leaf = reader.read_hashes(&[tlog_tiles::stored_hash_index(0, index)]).unwrap()[0];
            let proof = tlog_tiles::prove_record(size, index, &reader).unwrap();
            tlog_tiles::check_record(&proof, size, root, index, leaf).unwrap();
        }
        let proof = tlog_tiles::prove_tree(size, older.0, &reader).unwrap();
        tlog_tiles::check_tree(&proof, size, root, older.0, older.1).unwrap();
        (size, root)
    }

    /// Every file, with its bytes.
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let (mut found, mut folders) = (BTreeMap::new(), vec![self.0.clone()]);
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(&self.0).unwrap().to_str().unwrap().to_owned();
                    found.insert(name, std::fs::read(&path).unwrap());
                }
            }
        }
        found
    }
}

async fn export(journal: &Journal, folder: &Path) -> Result<TilesExported, EvidenceError> {
    export_tiles(journal, &Witnesses::default(), folder).await
}

async fn live(app: &TestApp, seed: u64, commands: usize) -> u64 {
    let mut life = Life::begin(app.commands.clone(), seed).await;
    for _ in 0..commands {
        life.go_on().await;
    }
    let head = app.commands.journal().head().await.unwrap().position;
    app.evidence.covering(head, Duration::from_secs(20)).await.unwrap().checkpoint.size
}

on_both_engines! {
    async fn a_folder_of_tiles_proves_inclusion_and_consistency_to_a_client_of_others(engine) {
        let app = TestApp::on(engine).await;
        let size = live(&app, 11, 700).await;
        assert!(size > 256, "{size}");
        let written = run(engine, "evidence export-tiles publies");
        assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
        let folder = Folder(engine.folder().join("publies"));
        let first = folder.checkpoint();
        assert_eq!(first.size(), size);
        folder.prove((size, *first.hash()));
        let before = folder.files();
        assert!(before.contains_key("tile/0/000") && before.contains_key("tile/1/000.p/1"), "{:?}", before.keys());
        assert_eq!(before["tile/0/000"].len(), 256 * 32);
        assert!(before.keys().all(|name| !name.contains("entries") && !name.contains("data")), "{:?}", before.keys());
        // Run again it only adds: nothing is written where nothing is new, and what is there stays.
        let journal = app.commands.journal();
        assert_eq!(export(journal, &folder.0).await.unwrap(), TilesExported { size, written: 0 });
        let later = live(&app, 12, 40).await;
        assert!(later > size);
        export(journal, &folder.0).await.unwrap();
        let after = folder.files();
        for (name, bytes) in before.iter().filter(|(name, _)| *name != "checkpoint") {
            assert_eq!(after.get(name), Some(bytes), "{name}");
        }
        assert_eq!(folder.prove((size, *first.hash())).0, later);
    }

    async fn no_checkpoint_names_tiles_that_are_not_there_wherever_the_export_breaks_off(engine) {
        let app = TestApp::on(engine).await;
        let size = live(&app, 11, 120).await;
        let folder = Folder(tempdir().unwrap().keep());
        let journal = app.commands.journal();
        export(journal, &folder.0).await.unwrap();
        let old = folder.checkpoint();
        assert!(size < 256 && live(&app, 13, 500).await > 256);
        // The export breaks off at each tile that is new, as on a full disk: a folder stands in the file's place.
        let whole = Folder(tempdir().unwrap().keep());
        export(journal, &whole.0).await.unwrap();
        let there = folder.files();
        let new: Vec<String> = whole.files().into_keys().filter(|name| !there.contains_key(name)).collect();
        assert!(new.len() >= 3, "{new:?}");
        for name in &new {
            std::fs::create_dir_all(folder.0.join(name).join("x")).unwrap();
            export(journal, &folder.0).await.unwrap_err();
            assert_eq!(folder.checkpoint().size(), size, "{name}");
            folder.prove((size, *old.hash()));
            std::fs::remove_dir_all(folder.0.join(name)).unwrap();
        }
        export(journal, &folder.0).await.unwrap();
        let (mended, whole) = (folder.files(), whole.files());
        assert!(whole.iter().all(|(name, bytes)| mended.get(name) == Some(bytes)));
        folder.prove((size, *old.hash()));
    }

    async fn another_history_is_not_written_over_what_was_published(engine) {
        let (journal, kept, size) = signed_journal(engine).await;
        let folder = Folder(tempdir().unwrap().keep());
        assert_eq!(export(&journal, &folder.0).await.unwrap().size, size);
        let before = folder.files();
        // The database is put back, and signed anew by a server that knows of no mark.
        let journal = put_back(engine, journal, size - 2).await;
        let refused = export(&journal, &folder.0).await;
        assert!(matches!(refused, Err(EvidenceError::OtherTiles { .. })), "fewer: {refused:?}");
        let elsewhere = tempdir().unwrap();
        for _ in 0..4 {
            record_and_sign(&journal, elsewhere.path()).await;
        }
        let refused = export(&journal, &folder.0).await;
        assert!(matches!(refused, Err(EvidenceError::OtherTiles { .. })), "others: {refused:?}");
        assert_eq!(folder.files(), before);
        // Nor is a file that somebody changed passed over.
        let fresh = Folder(tempdir().unwrap().keep());
        let TilesExported { size: now, .. } = export(&journal, &fresh.0).await.unwrap();
        let tile = fresh.0.join(format!("tile/0/000.p/{now}"));
        let mut bytes = std::fs::read(&tile).unwrap();
        bytes[0] ^= 1;
        std::fs::write(&tile, bytes).unwrap();
        assert!(matches!(export(&journal, &fresh.0).await, Err(EvidenceError::OtherTiles { path }) if path == tile));
        drop(kept);
    }

    async fn what_is_not_signed_or_was_changed_is_not_exported(engine) {
        let journal = engine.journal().await;
        record(&journal).await;
        let folder = tempdir().unwrap();
        assert!(matches!(export(&journal, folder.path()).await, Err(EvidenceError::NotCovered)));
        let kept = tempdir().unwrap();
        sira::evidence::load_or_create_key(&journal, kept.path(), Some(crate::api::app::SIGNING_KEY), None).await.unwrap();
        let size = record_and_sign(&journal, kept.path()).await;
        // Nobody has witnessed it: nothing is published.
        let witness = sira::evidence::generate_key("temoin", sira::evidence::Algorithm::Cosignature).unwrap();
        let asked = Witnesses { keys: vec![witness.verifier()], quorum: 1 };
        assert!(matches!(export_tiles(&journal, &asked, folder.path()).await, Err(EvidenceError::NotCovered)));
        let (guard, of) = match journal.pool() {
            sira::journal::Pool::Postgres(_) => ("DROP TRIGGER events_append_only ON events", "decode(repeat('ab', 32), 'hex')"),
            sira::journal::Pool::Sqlite(_) => ("DROP TRIGGER events_no_update", "unhex(replace(hex(zeroblob(32)), '00', 'ab'))"),
        };
        for sql in [guard.to_owned(), format!("UPDATE events SET leaf_hash = {of} WHERE position = 1")] {
            sira_database::on_engine!(journal.pool(), db => sqlx::query(&sql).execute(db).await.map(drop)).unwrap();
        }
        let refused = export(&journal, folder.path()).await;
        assert!(matches!(refused, Err(EvidenceError::Contradiction { size: of }) if of == size), "{refused:?}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    async fn hashes_are_read_without_a_token_where_the_configuration_says_so_and_nothing_else_is(engine) {
        let limits = RateLimits { address: 40, ..RateLimits::OFF };
        let gate = Gate::new(limits, TrustedProxies::read(&["127.0.0.1".to_owned()]).unwrap(), None, Clock::System);
        let app = TestApp::with_public_hashes(engine, gate).await;
        let size = live(&app, 11, 500).await;
        assert!(size > 256, "{size}");
        let stranger = async |path: &str, address: &str| {
            let request = app.request(Method::GET, path).header("x-forwarded-for", address);
            Reply::of(request).await
        };
        let edge = size % 256;
        for (path, kept) in [
            ("/v1/evidence/checkpoint".to_owned(), "public, max-age=5"),
            ("/v1/evidence/tile/0/000".to_owned(), "public, max-age=31536000, immutable"),
            (format!("/v1/evidence/tile/0/{:03}.p/{edge}", size / 256), "public, max-age=86400, immutable"),
        ] {
            let reply = stranger(&path, "192.0.2.1").await;
            assert_eq!((reply.status, reply.header("cache-control")), (200, kept), "{path}");
            // Who brings a token is judged by it.
            app.get("x.y.z", &path).await.problem(401, "unauthenticated");
            let basic = app.request(Method::GET, &path).header("authorization", "Basic eDp4");
            Reply::of(basic).await.problem(401, "unauthenticated");
            assert_eq!(app.get(&app.token(Role::Donor).await, &path).await.status, 200, "{path}");
        }
        for path in [
            "/v1/evidence/checkpoint?pending=true",
            "/v1/evidence/key",
            "/v1/evidence/inclusion?position=1",
            "/v1/evidence/consistency?from=1",
            "/v1/evidence/tile/entries/000",
            "/v1/events",
            "/v1/reference",
        ] {
            stranger(path, "192.0.2.2").await.problem(401, "unauthenticated");
        }
        let refused = app.request(Method::POST, "/v1/evidence/cosignatures").body("x");
        Reply::of(refused).await.problem(401, "unauthenticated");
        // An address has its quota, as with anything that brings no token.
        for _ in 0..40 {
            assert_eq!(stranger("/v1/evidence/checkpoint", "192.0.2.3").await.status, 200);
        }
        stranger("/v1/evidence/checkpoint", "192.0.2.3").await.problem(429, "too-many-requests");
        assert_eq!(stranger("/v1/evidence/checkpoint", "192.0.2.4").await.status, 200);
    }

    async fn hashes_are_for_those_who_have_a_token_unless_the_configuration_says_otherwise(engine) {
        let app = TestApp::on(engine).await;
        app.registered().await;
        app.covered().await;
        for path in ["/v1/evidence/checkpoint", "/v1/evidence/tile/0/000.p/1"] {
            Reply::of(app.request(Method::GET, path)).await.problem(401, "unauthenticated");
            let reply = app.get(&app.token(Role::Donor).await, path).await;
            assert!(!reply.header("cache-control").contains("public"), "{path}");
        }
    }
}

#[test]
fn the_configuration_says_nothing_of_public_hashes_and_they_are_not() {
    let config: sira::evidence::EvidenceConfig = toml::from_str("").unwrap();
    assert!(!config.public_hashes);
    let config: sira::evidence::EvidenceConfig = toml::from_str("public_hashes = true").unwrap();
    assert!(config.public_hashes);
}
