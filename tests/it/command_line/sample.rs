//! `sira sample`: whoever knows the seed draws the same events, and sees that none was left out beforehand.

use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::api::app::{NAME, TestApp};
use crate::support::Engine;
use crate::support::program::sira;

/// Position, path and lot of each event that was drawn.
type Drawn = Vec<(u64, String, String)>;

fn draw(engine: &Engine, seed: &str, up_to: u64, folder: &Path) -> Drawn {
    let (up_to, folder) = (up_to.to_string(), folder.to_str().unwrap());
    let words = ["sample", "--of", "registrations", "--n", "4", "--seed", seed];
    let words: Vec<_> = words.into_iter().chain(["--up-to", &up_to, "-o", folder]).collect();
    let output = sira(engine, &words);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told = String::from_utf8(output.stdout).unwrap();
    let line = |line: &str| {
        let parts: Vec<_> = line.split('\t').map(str::to_owned).collect();
        (parts[0].parse().unwrap(), parts[1].clone(), parts[2].clone())
    };
    told.lines().map(line).collect()
}

crate::on_both_engines! {
    async fn a_sample_is_drawn_again_by_whoever_knows_its_seed(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        for _ in 0..12 {
            app.register(&programme).await;
        }
        let head = app.caught_up().await.get();
        let folder = tempfile::tempdir().unwrap();
        let (first, again) = (folder.path().join("one"), folder.path().join("again"));
        let drawn = draw(engine, "cour des comptes 2026", head, &first);
        // What is recorded later changes nothing of what was drawn up to a position.
        app.register(&programme).await;
        assert_eq!(drawn, draw(engine, "cour des comptes 2026", head, &again));
        assert_ne!(drawn, draw(engine, "une autre", head, &folder.path().join("other")));
        assert_eq!(drawn.len(), 4);
        for (position, path, lot) in &drawn {
            let own: [u8; 32] = Sha256::digest(format!("cour des comptes 2026\n{position}")).into();
            assert_eq!(&sira_evidence::leaf::hex(&own), lot);
            let bundle = std::fs::read_to_string(first.join(format!("{path}.json"))).unwrap();
            assert!(bundle.contains(path) && !bundle.contains(NAME), "{bundle}");
        }
        assert!(drawn.is_sorted_by_key(|(.., lot)| lot.clone()), "the smallest lots, in their order");
        assert!(first.join("echantillon.xlsx").exists() || first.join("sample.xlsx").exists());
    }
}
