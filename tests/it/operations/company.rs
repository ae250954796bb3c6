//! What belongs together is checked before anything is made: a lost file is not made anew beside those that are
//! there, where it would stand in the way of its backup.

use std::collections::BTreeSet;

use crate::crash::server::{Place, Server};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_file_is_named_and_not_made_anew() {
    for (lost, says) in [
        (&["journal.db", "journal.db-wal", "journal.db-shm"][..], "its journal is not"),
        (&["keys.db"][..], "keys are not here"),
        (&["master.key"][..], "its master key is not"),
    ] {
        let place = Place::embedded();
        Server::start(&place).await.stop().await;
        for name in lost {
            let _ = std::fs::remove_file(place.folder().join(name));
        }
        let names = || -> BTreeSet<String> {
            let listed = std::fs::read_dir(place.folder()).unwrap();
            listed.map(|one| one.unwrap().file_name().into_string().unwrap()).collect()
        };
        let before = names();
        assert!(!before.contains(lost[0]), "{before:?}");
        for words in [&["serve", "--listen", "127.0.0.1:0"][..], &["migrate"]] {
            // A journal that is there is brought up to date without its keys.
            if words == ["migrate"] && lost[0] != "journal.db" {
                continue;
            }
            let refused = place.sira().env("SIRA_LANG", "en").args(words).output().unwrap();
            let told = String::from_utf8_lossy(&refused.stderr);
            assert_eq!(refused.status.code(), Some(3), "{lost:?} {words:?} {told}");
            assert!(told.contains(says), "{lost:?} {words:?} {told}");
            let made: Vec<_> = names().difference(&before).cloned().collect();
            assert!(!made.iter().any(|name| lost.contains(&name.as_str())), "{words:?} {made:?}");
        }
    }
}
