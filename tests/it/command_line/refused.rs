//! How each command refuses: what was typed, what is missing, what cannot be opened.

use std::process::Command;

use sira::clock::Clock;
use sira::keys::{KeyStore, MasterKey};

use super::{LANGUAGES, told};
use crate::api::app::MASTER;
use crate::support::Engine;
use crate::support::program::{sira, surround};

/// What tests set that a configuration file can say.
const SET: [&str; 5] = [
    "SIRA_DATABASE_URL",
    "SIRA_KEYS_DATABASE_URL",
    "SIRA_READ_DATABASE_URL",
    "SIRA_DATA_DIR",
    "SIRA_DOCUMENTS_URL",
];

/// What is typed wrongly, each on databases that hold nothing but a programme's journal yet to come.
const WRONG: &[&str] = &[
    "",
    "serv",
    "serve --listne 127.0.0.1:1",
    "serve --demo --without-projections",
    "serve --listen nowhere",
    "token issue --actor awa",
    "token issue --actor Awa --role adviser",
    "token issue --actor awa --role chief",
    "token issue --actor awa --role adviser --region atlantis",
    "token issue --actor awa --role adviser --ttl soon",
    "token issue --actor awa --role adviser --region segou --office segou-1",
    "token revoke 1",
    "token revoke 00000000-0000-7000-8000-000000000000",
    "history",
    "history AAAA-AAAA-A",
    "history 00000000-0000-7000-8000-000000000000",
    "history 00000000-0000-7000-8000-000000000000 --as-of soon",
    "history 00000000-0000-7000-8000-000000000000 --version last",
    "history 00000000-0000-7000-8000-000000000000 --to-version 2",
    "evidence",
    "evidence key --every",
    "evidence 00000000-0000-7000-8000-000000000000",
    "evidence rotate",
    "evidence witness --url nowhere --key k --token t",
    "verify --bundle bundle.json",
    "verify --bundle bundle.json --key no-key",
    "verify --against checkpoint",
    "verify --second-reader --copy",
    "activity Awa",
    "activity awa --from yesterday",
    "access 00000000-0000-7000-8000-000000000000",
    "access 00000000-0000-7000-8000-000000000000 --actor awa",
    "person 00000000-0000-7000-8000-000000000000 --actor awa -o person.pdf",
    "person 00000000-0000-7000-8000-000000000000 --actor awa -o person.html",
    "retention erase --actor awa --all",
    "retention erase --actor awa --reason x",
    "generate --cases 0",
    "generate --cases 10 --until 2001-01-01",
    "import",
    "import rows.csv",
    "import rows.csv --map map.toml",
    "import rows.csv --map map.toml --set x",
    "import --withdraw 0000 --reason essai",
    "projections rebuild nothing",
    "report freeze",
    "report freeze r --query colour=red",
    "report show nothing",
    "export visits --format pdf -o out",
    "export visits --format csv",
    "export nothing --format csv -o out",
    "export events --format xlsx -o out",
    "export activity_log --format csv -o out",
    "export case_status --format csv -o out --as-of-position 1 --every-version",
    "backup -o full",
    "restore --from full",
    "completions cmd",
    "migrate --config nothing.toml",
    "migrate --lang de",
    "migrate --cache-mib much",
    "migrate --database-url mysql://x",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_says_what_is_wrong_in_the_language_asked_for() {
    for language in LANGUAGES {
        let engine = Engine::sqlite();
        engine.journal().await.close().await;
        std::fs::create_dir(engine.folder().join("full")).unwrap();
        std::fs::write(engine.folder().join("full/something"), "x").unwrap();
        std::fs::write(engine.folder().join("rows.csv"), "row\n1\n").unwrap();
        // A usage tells what was set beside what was typed: nothing is, but by the file.
        let place = |name: &str| engine.folder().join(name).display().to_string();
        let file = format!(
            "database_url = '{}'\nkeys_database_url = 'sqlite:{}'\nread_database_url = 'sqlite:{}'\ndata_dir = '{}'\n",
            engine.url(),
            place("keys.db"),
            place("read.db"),
            place("data"),
        );
        std::fs::write(engine.folder().join("sira.toml"), file).unwrap();
        let mut all = String::new();
        for words in WRONG {
            let mut typed: Vec<&str> = words.split_whitespace().collect();
            if !words.contains("--lang") {
                typed.extend(["--lang", language]);
            } else if language == "en" {
                continue;
            }
            let mut command = Command::new(env!("CARGO_BIN_EXE_sira"));
            surround(&mut command, &engine);
            for name in SET {
                command.env_remove(name);
            }
            let output = command.args(&typed).output().unwrap();
            assert!(!output.status.success(), "{words}");
            all.push_str(&told(words, &output, engine.folder()));
        }
        insta::assert_snapshot!(format!("refused_{language}"), all);
    }
}

/// Maps that cannot be used.
const MAPS: &[(&str, &str)] = &[
    ("no_form", "source = 1"),
    ("no_command", "source='s'\nkey='k'\n[[step]]\ncommand='fly'"),
    ("no_register", "source='s'\nkey='k'\n[[step]]\ncommand='add-note'"),
    ("other_role", "source='s'\nkey='k'\n[[step]]\ncommand='register'\nrole='analyst'"),
    ("delimiter", "source='s'\nkey='k'\ndelimiter='é'\n[[step]]\ncommand='register'"),
    ("unset", "source='s'\nkey='k'\n[[step]]\ncommand='register'\nfields={office='$office'}"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_map_that_cannot_be_used_says_why_in_the_language_asked_for() {
    let engine = Engine::sqlite();
    engine.journal().await.close().await;
    std::fs::write(engine.folder().join("rows.csv"), "row\n1\n").unwrap();
    for language in LANGUAGES {
        let mut all = String::new();
        for (name, map) in MAPS {
            std::fs::write(engine.folder().join("map.toml"), map).unwrap();
            let words = ["import", "rows.csv", "--map", "map.toml", "--lang", language];
            all.push_str(&told(name, &sira(&engine, &words), engine.folder()));
        }
        insta::assert_snapshot!(format!("maps_{language}"), all);
    }
}

/// Writes.
const ISSUE: &[&str] = &["token", "issue", "--actor", "a", "--role", "admin", "--all"];
/// Reads.
const LIST: &[&str] = &["token", "list"];

/// A program that finds another installation than the one that it was started with, or none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_opened_says_so_in_the_language_asked_for() {
    let engine = Engine::sqlite();
    engine.journal().await.close().await;
    assert!(sira(&engine, ISSUE).status.success());
    let other_key = "ff".repeat(32);
    let of_another = format!("sqlite:{}", engine.folder().join("other-keys.db").display());
    let master = MasterKey::from_text(MASTER).unwrap();
    KeyStore::open(&of_another, master, Clock::System).await.unwrap().close().await;
    let nowhere = format!("sqlite:{}", engine.folder().join("nowhere.db").display());
    let file = engine.folder().join("file");
    std::fs::write(&file, "x").unwrap();
    std::fs::write(engine.folder().join("wrong.toml"), "colour = 1\n").unwrap();
    let surroundings: &[(&str, &[&str], (&str, &str))] = &[
        ("another master key", ISSUE, ("SIRA_MASTER_KEY", &other_key)),
        ("no master key", ISSUE, ("SIRA_MASTER_KEY", "short")),
        ("no token key", ISSUE, ("SIRA_TOKEN_KEY", "short")),
        ("another key store", ISSUE, ("SIRA_KEYS_DATABASE_URL", &of_another)),
        ("another key store to read", LIST, ("SIRA_KEYS_DATABASE_URL", &of_another)),
        ("no key store", ISSUE, ("SIRA_KEYS_DATABASE_URL", "mysql://x")),
        ("keys that are not here", ISSUE, ("SIRA_KEYS_DATABASE_URL", &nowhere)),
        ("no journal", ISSUE, ("SIRA_DATABASE_URL", "sqlite:no/such/folder/journal.db")),
        ("no journal to read", LIST, ("SIRA_DATABASE_URL", "sqlite:no/such/folder/journal.db")),
        ("a journal that is none", ISSUE, ("SIRA_DATABASE_URL", "sqlite:file")),
        ("no read models", &["retention", "list"], ("SIRA_READ_DATABASE_URL", &nowhere)),
        ("a data directory that is a file", ISSUE, ("SIRA_DATA_DIR", "file")),
        ("a configuration that is none", ISSUE, ("SIRA_CONFIG", "wrong.toml")),
    ];
    for language in LANGUAGES {
        let mut all = String::new();
        for (about, words, (name, value)) in surroundings {
            let mut command = Command::new(env!("CARGO_BIN_EXE_sira"));
            surround(&mut command, &engine);
            command.env(name, value).args(*words).args(["--lang", language]);
            all.push_str(&told(about, &command.output().unwrap(), engine.folder()));
        }
        insta::assert_snapshot!(format!("not_opened_{language}"), all);
    }
}
