//! An embedded read database that is damaged is made anew by itself: nothing is in it that is not computed again.

use std::path::Path;

use sira_domain::role::Role;
use sira_projections::ReadStore;

use crate::api::app::{TestApp, read_url};
use crate::support::Engine;

type Damage = fn(&Path);

/// Bytes that are no page of anything, from a place on.
fn overwrite(file: &Path, from: usize) {
    let mut bytes = std::fs::read(file).unwrap();
    let end = bytes.len().min(from + 4_096);
    bytes[from..end].fill(0xAB);
    std::fs::write(file, bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_read_database_is_made_anew_and_lists_go_on() {
    let damages: [(&str, Damage); 4] = [
        ("its head", |file| overwrite(file, 0)),
        ("a page", |file| overwrite(file, 12 * 4_096)),
        ("another program's file", |file| std::fs::write(file, "tout autre chose").unwrap()),
        ("nothing", |file| std::fs::write(file, "").unwrap()),
    ];
    for (what, damage) in damages {
        let engine = Engine::sqlite();
        let app = TestApp::on(&engine).await;
        app.registered().await;
        app.caught_up().await;
        app.read.close().await;
        let url = read_url(&engine);
        let file = Path::new(url.strip_prefix("sqlite:").unwrap());
        // All that was written is in the file.
        for side in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{side}", file.display()));
        }
        damage(file);
        ReadStore::open_or_remake(&url)
            .await
            .unwrap_or_else(|error| panic!("{what}: {error:?}"))
            .close()
            .await;
        let again = TestApp::on(&engine).await;
        again.caught_up().await;
        let token = again.token(Role::Admin).await;
        let listed = again.get(&token, "/v1/beneficiaries").await.ok(200);
        assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{what}");
    }
}
