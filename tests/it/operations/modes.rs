//! What the program makes is its owner's alone to read, whatever the process's mask, and a secret that others
//! may read is refused by name.

use std::fs::{Permissions, metadata, set_permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::crash::server::{Place, Server};

/// The program under a mask that takes nothing away.
fn sira(place: &Place, words: &[&str]) -> Command {
    let usual = place.sira();
    let mut command = Command::new("sh");
    command.args(["-c", "umask 0; exec \"$0\" \"$@\""]).arg(usual.get_program()).args(words);
    command.current_dir(place.folder());
    for (name, value) in usual.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

/// The entries of a folder that others than its owner may read, change or enter.
fn exposed(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let open = entries.filter(|path| metadata(path).unwrap().permissions().mode() & 0o077 != 0);
    open.map(|path| path.display().to_string()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_is_made_is_its_owners_alone_whatever_the_mask() {
    let place = Place::embedded();
    assert!(sira(&place, &["generate", "--cases", "3", "--seed", "7"]).status().unwrap().success());
    let started =
        sira(&place, &["serve", "--listen", "127.0.0.1:0"]).stderr(Stdio::piped()).spawn();
    let server = Server::of(started.unwrap()).await;
    for words in
        [&["backup", "--output", "saved"][..], &["backup", "--keys", "--output", "saved-keys"]]
    {
        assert!(sira(&place, words).status().unwrap().success());
    }
    let names: Vec<_> = std::fs::read_dir(place.folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    let expected = [
        "journal.db",
        "journal.db-wal",
        "journal.db-shm",
        "read.db",
        "read.db-wal",
        "read.db-shm",
        "keys.db",
        "documents",
        "incoming",
        "token.key",
        "signing.key",
        "master.key",
        "saved",
    ];
    for name in expected {
        assert!(
            names.iter().any(|found| found == name),
            "the test sees what it looks for: {name} {names:?}"
        );
    }
    for folder in ["", "saved", "saved-keys"] {
        assert_eq!(exposed(&place.folder().join(folder)), Vec::<String>::new());
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_that_others_may_read_or_change_is_refused_by_name_with_what_mends_it() {
    let place = Place::embedded();
    Server::start(&place).await.stop().await;
    for name in ["token.key", "signing.key", "master.key"] {
        let path = place.folder().join(name);
        for mode in [0o640, 0o604, 0o620] {
            set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            for (language, words) in [("fr", "lancez"), ("en", "run")] {
                let refused = place
                    .sira()
                    .env("SIRA_LANG", language)
                    .args(["serve", "--listen", "127.0.0.1:0"])
                    .output()
                    .unwrap();
                let told = String::from_utf8_lossy(&refused.stderr);
                assert_eq!(refused.status.code(), Some(3), "{name} {told}");
                assert!(told.contains(&format!("chmod 600 {}", path.display())), "{told}");
                assert!(name == "master.key" || told.contains(words), "{told}");
            }
        }
        set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    }
    Server::start(&place).await.stop().await;
}
